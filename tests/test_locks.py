"""What is installed is locked: every requirement with its hash, and no lock file names a registry."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
RUN_TIME = [*PROJECT["project"]["dependencies"], *EXTRAS["compression"]]
"""What the action installs, with the clouds' extras where the policy names one; who wants the others installs them."""

APART = "intercept"
"""The extra with a lock of its own: mitmproxy wants exact versions of what it shares with others."""

SHARED_EXTRAS = [line for name, extra in EXTRAS.items() if name != APART for line in extra]
DEVELOPMENT = [*RUN_TIME, *SHARED_EXTRAS, *PROJECT["dependency-groups"]["dev"]]
PYTHON_LOCKS = (
    "requirements.txt",
    "requirements-clouds.txt",
    "tests/requirements.txt",
    "tests/intercept.txt",
    "tests/agents/aider.txt",
)
NPM_LOCKS = ("tests/agents/package-lock.json", ".github/actions/post/package-lock.json")


def locked(file: str) -> dict[str, str]:
    """Read a requirements file: the version of each package, whose lines must all carry hashes."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    found = [re.match(r"([a-z0-9.-]+)==(\S+)(?: ;.*?)?(?:\s+--hash=sha256:[0-9a-f]{64})+$", line) for line in entries]
    assert all(found), [line[:80] for line, match in zip(entries, found, strict=True) if not match]
    return {match[1]: match[2] for match in found if match}


def names(requirements: list[str]) -> set[str]:
    """Return the packages that requirements ask for."""
    return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace("_", "-") for line in requirements}


@pytest.mark.parametrize("file", PYTHON_LOCKS)
def test_every_python_requirement_is_locked_with_its_hash(file: str) -> None:
    assert locked(file)


def test_the_locks_have_what_the_project_asks_for() -> None:
    assert names(RUN_TIME) <= set(locked("requirements.txt"))
    assert names([*RUN_TIME, *EXTRAS["bedrock"], *EXTRAS["vertex"]]) <= set(locked("requirements-clouds.txt"))
    assert names(DEVELOPMENT) <= set(locked("tests/requirements.txt"))


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-clouds.txt"])
def test_the_tests_run_on_the_versions_that_users_get(file: str) -> None:
    run_time = locked(file)
    development = locked("tests/requirements.txt")
    assert {name: development.get(name) for name in run_time} == run_time


@pytest.mark.parametrize("file", NPM_LOCKS)
def test_every_npm_package_is_locked_with_its_hash(file: str) -> None:
    packages = json.loads((ROOT / file).read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


@pytest.mark.parametrize("file", [*PYTHON_LOCKS, *NPM_LOCKS])
def test_no_lock_names_a_registry(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host| @ http", text)
