"""Places that agents are set up in."""

from collections.abc import Mapping
from pathlib import Path

from guardian_ci.cli.agents.agent import Place

BASE = "http://127.0.0.1:8080/s/nightly"
TOKEN = "gci-token-of-this-run"
ALL = frozenset({"anthropic", "openai", "gemini"})


def place(
    home: Path, environment: Mapping[str, str] | None = None, *, held: frozenset[str] = ALL, base: str = BASE
) -> Place:
    """A place whose user has this environment, and a home folder with nothing in it unless it is told."""
    return Place(
        base=base, token=TOKEN, held=held, environment={"HOME": str(home / "user"), **(environment or {})}, home=home
    )
