#!/usr/bin/env python3
"""Tells what the newest agents do otherwise: ``agent_drift.py BEFORE AFTER FAILED``, the text of an issue, or nothing.

BEFORE and AFTER are a ``results.json`` of the conformance matrix, FAILED is a file with a line for each of its tests
that failed. AFTER and FAILED come from a job in which the agents ran, so nothing in them is trusted: what is told is
cut, and stands in a block of code.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

INEXACT = frozenset({"seconds"})
"""What differs from run to run."""
ANEW = "GUARDIAN_UPDATE_README=1 tests/run -m matrix tests/matrix"
MOST_LINES = 200
LONGEST_LINE = 200

Results = Mapping[str, Any]


def main() -> int:
    """Print the issue's text; 2 where AFTER is no such file."""
    before, after, failed = map(Path, sys.argv[1:])
    try:
        told = [*differences(_results(before), _results(after)), *failed.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError, AttributeError) as error:
        print(f"::error title=agent drift::{after.name} is no result of the matrix: {plain(repr(error))}")
        return 2
    if told:
        print("The newest agents do not do what README's table says of the pinned ones:\n")
        print("".join(f"    {plain(line)}\n" for line in islice(told, MOST_LINES)), end="")
        if len(told) > MOST_LINES:
            print(f"    and {len(told) - MOST_LINES} lines more")
        print(f"\nTo take them over, raise the versions in tests/agents, run `{ANEW}`, and look at what has changed.")
    return 0


def differences(before: Results, after: Results) -> Iterator[str]:
    """Yield a line for each fact of each cell that has changed; versions and times alone are no change."""
    for agent in sorted({*before, *after}):
        old, new = before.get(agent, {}), after.get(agent, {})
        versions = f"{agent} {old.get('version', 'not there')} -> {new.get('version', 'not there')}"
        old_cells, new_cells = old.get("cells", {}), new.get("cells", {})
        for scenario in sorted({*old_cells, *new_cells}):
            yield from _changes(f"{versions}, {scenario}", old_cells.get(scenario), new_cells.get(scenario))


def _changes(place: str, old: Mapping[str, object] | None, new: Mapping[str, object] | None) -> Iterator[str]:
    if old is None or new is None:
        if old is not new:
            yield f"{place}: {'no result any more' if new is None else 'a first result'}"
        return
    for fact in sorted({*old, *new} - INEXACT):
        if old.get(fact) != new.get(fact):
            yield f"{place}: {fact} was {json.dumps(old.get(fact))} and is {json.dumps(new.get(fact))}"


def plain(line: str) -> str:
    """Return a line that can stand in a block of code and in a workflow command: printable, in one line, not long."""
    return "".join(letter for letter in line if letter.isprintable())[:LONGEST_LINE]


def _results(file: Path) -> Results:
    return dict(json.loads(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
