"""What the matrix found: ``results.json``, which a run is held against and README's table of agents is made of."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"
BEFORE = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
UPDATE = bool(os.environ.get("GUARDIAN_UPDATE_README"))
INEXACT = frozenset({"seconds"})
"""What differs from run to run."""

CHANGES = {
    "answer": "its chunk left out",
    "request max_tool_calls": "searches bounded",
    "request stream_options": "usage asked for",
}
"""What is changed in calls although the policy asks for nothing."""

Results = dict[str, Any]


def load() -> Results:
    """Return what is written of every agent: its version, and a cell for each scenario."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8"))) if RESULTS.exists() else {}


def begin(agent: str, scenario: str) -> None:
    """Forget what is known of a cell, where all is written anew: what then fails stays unknown."""
    if UPDATE:
        with _changing() as results:
            results.get(agent, {}).get("cells", {}).pop(scenario, None)


def hold(agent: str, version: str, scenario: str, cell: Mapping[str, object]) -> None:
    """Write a cell down, or fail where it differs from what is written."""
    row = BEFORE.get(agent, {"version": None, "cells": {}})
    written = row["cells"].get(scenario, {})
    if UPDATE:
        with _changing() as results:
            mine = results.setdefault(agent, {"cells": {}})
            mine["version"] = version
            mine["cells"][scenario] = cell
        return
    assert (version, _exact(cell)) == (row["version"], _exact(written)), (
        "what README says of this agent is no longer so; GUARDIAN_UPDATE_README=1 writes it anew"
    )


def _exact(cell: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in cell.items() if name not in INEXACT}


@contextmanager
def _changing() -> Iterator[Results]:
    """Change the file; tests that run beside this one wait."""
    with (RESULTS.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        results = load()
        yield results
        RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def rows(results: Results) -> Iterator[tuple[str, ...]]:
    """Yield what README's table says of each agent, with its head first."""
    yield "Agent", "Version", "Clean run", "Budget spent", "Cut in mid-answer", "Denied tool", "Blocked file"
    for name, row in sorted(results.items(), key=lambda item: item[0].lower()):
        cells = row["cells"]
        yield (
            name,
            row["version"],
            _clean(cells.get("clean")),
            _end(cells.get("budget"), "refused"),
            _end(cells.get("cut"), "more"),
            _goes_on(cells.get("denied"), "not run"),
            _goes_on(cells.get("blocked"), "not read"),
        )


def _clean(cell: Mapping[str, Any] | None) -> str:
    if cell is None:
        return "not known"
    changed = ", ".join(CHANGES.get(change, change) for change in cell["changed"]) or "bytes as they are"
    return f"{'to the token' if cell['metered'] else 'not metered'}, {changed}"


def _end(cell: Mapping[str, Any] | None, what: str) -> str:
    if cell is None:
        return "not known"
    shown = "our text" if cell["shown"] else "no text"
    return f"{cell['requests']} {what}, ≤ {cell['seconds']} s, exit {cell['exit']}, {shown}"


def _goes_on(cell: Mapping[str, Any] | None, what: str) -> str:
    if cell is None:
        return "no tools"
    told = "told why" if cell["told"] else "not told why"
    return f"{what}, {'goes on' if cell['went_on'] else 'ends'}, {told}"
