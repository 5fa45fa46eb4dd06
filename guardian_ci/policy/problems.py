"""What is wrong with a policy, and where: one ``Problem`` each, so that people and programs read the same."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Path = tuple[str | int, ...]
"""The way to a field in a document: keys and list indexes."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that keeps a policy from being obeyed. ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int
    field: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: {self.field}: {self.message}"
        return f"{place}; {self.suggestion}" if self.suggestion else place


def field_name(path: Sequence[str | int]) -> str:
    """Write a path as people do: ``policies[0].budgets.model["gpt-4.1"].usd``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{quote(step)}]"
    return text or "policy"


def quote(text: str) -> str:
    """Show a text of the user's on one line, in quotes, cut where it is long."""
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in json.dumps(shown, ensure_ascii=False))
