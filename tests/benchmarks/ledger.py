"""How fast the SQLite ledger reserves and settles, and whether that changes as it grows to a million calls.

    python tests/benchmarks/ledger.py [--calls N] [--window N] [--folder DIR] [--json]

One call is what the proxy does for one: ``reserve`` in 8 scopes (session, run, day, user, pull request and three
models' budgets, all limited), then ``settle`` with the session to remember; two transactions. A session has ten
calls, so a million of them leave 100,000 sessions behind. Beside it, in the same process and on the same disk, a
baseline that decides nothing: one row inserted and updated for each call, two transactions with the same settings.

At each size (1,000, 10,000, … calls) a window of calls is timed on both, by turns of a tenth of it, so that both meet
the same noise. The ratios matter; the rates are those of the machine. ``--calls 1000000`` takes about ten minutes.
"""

import argparse
import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from guardian_ci.model import Amount, Limit
from guardian_ci.session.ledger import Ask, Demand, Grant
from guardian_ci.stores import SqliteStore

_LIMIT: Final = Limit(picodollars=10**18, tokens=10**15)
_STATE: Final = json.dumps({"name": "session", "calls": 7, "tools": {"bash": 3, "read_file": 12}, "recent": [1.5] * 32})
_CALLS_A_SESSION: Final = 10
_TURNS: Final = 10


class Ledger:
    """The product's ledger, one call after the other."""

    name = "reserve + settle, 8 scopes"

    def __init__(self, folder: Path) -> None:
        self._store = SqliteStore(folder)
        self._done = 0
        asyncio.run(self._store.open("benchmark"))

    async def calls(self, number: int) -> list[float]:
        """Make so many calls; the seconds of each."""
        seconds: list[float] = []
        for _ in range(number):
            key = f"req_{self._done:024x}"
            session = f"session-{self._done // _CALLS_A_SESSION}"
            begin = time.perf_counter()
            granted = await self._store.reserve(_ask(key, session))
            assert isinstance(granted, Grant)
            await self._store.settle(key, Amount(picodollars=10**9, tokens=900), (session, _STATE))
            seconds.append(time.perf_counter() - begin)
            self._done += 1
        return seconds

    def close(self) -> None:
        """End it."""
        asyncio.run(self._store.close())


def _ask(key: str, session: str) -> Ask:
    scopes = [f"session:{session}#1", "run:benchmark", "day:2026-11-22", "user:someone@2026-11-22", "pull_request:17"]
    scopes += [f"model:model-{number}@2026-11-22" for number in range(3)]
    return Ask(
        id=key,
        demands=tuple(Demand(scope=scope, limit=_LIMIT) for scope in scopes),
        fixed=Amount(picodollars=10**8, tokens=1000),
        per_output=Amount(picodollars=20_000_000, tokens=1),
        wanted_output=32_000,
        useful_output=256,
        comfortable_output=4096,
    )


class Baseline:
    """A row a call, inserted and updated: what any meter on SQLite does at least."""

    name = "insert + update, no decision"

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "baseline.sqlite3", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("CREATE TABLE calls (id TEXT PRIMARY KEY, session TEXT, held INTEGER, spent INTEGER)")
        self._done = 0

    async def calls(self, number: int) -> list[float]:
        """Make so many calls; the seconds of each."""
        db = self._db
        seconds: list[float] = []
        for _ in range(number):
            key = f"req_{self._done:024x}"
            begin = time.perf_counter()
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO calls VALUES (?, ?, ?, 0)", (key, "session", 10**9))
            db.execute("COMMIT")
            db.execute("BEGIN IMMEDIATE")
            db.execute("UPDATE calls SET held = 0, spent = ? WHERE id = ?", (10**8, key))
            db.execute("COMMIT")
            seconds.append(time.perf_counter() - begin)
            self._done += 1
        return seconds

    def close(self) -> None:
        """End it."""
        self._db.close()


def measure(calls: int, window: int, folder: Path, tell: Callable[[str], None]) -> list[dict[str, float]]:
    """Grow both ledgers to so many calls, timing a window at each power of ten."""
    sizes = [size for size in (10**power for power in range(3, 10)) if size <= calls] or [calls]
    ledger, baseline = Ledger(folder), Baseline(folder)
    rows: list[dict[str, float]] = []
    grown = 0
    try:
        for size in sizes:
            for runner in (ledger, baseline):
                asyncio.run(runner.calls(max(0, size - grown - window)))
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(_TURNS):
                ours += asyncio.run(ledger.calls(window // _TURNS))
                theirs += asyncio.run(baseline.calls(window // _TURNS))
            grown = size
            rows.append(_row(size, ours, theirs, folder))
            tell(f"{size:,} calls: {rows[-1]['per_second']:,.0f} a second, baseline {rows[-1]['baseline']:,.0f}")
    finally:
        ledger.close()
        baseline.close()
    for row in rows:
        row["against_first"] = row["median_us"] / rows[0]["median_us"]
    return rows


def _row(size: int, ours: list[float], theirs: list[float], folder: Path) -> dict[str, float]:
    return {
        "calls": size,
        "per_second": len(ours) / sum(ours),
        "median_us": statistics.median(ours) * 1e6,
        "p99_us": statistics.quantiles(ours, n=100)[98] * 1e6,
        "baseline": len(theirs) / sum(theirs),
        "baseline_median_us": statistics.median(theirs) * 1e6,
        "ratio": statistics.median(ours) / statistics.median(theirs),
        "megabytes": (folder / "ledger.sqlite3").stat().st_size / 1e6,
    }


def table(rows: list[dict[str, float]]) -> str:
    """The rows for people."""
    lines = [
        f"{Ledger.name} | {Baseline.name}",
        "     calls  a second   median      p99  x first    ledger |  a second   median |  ratio",
    ]
    lines += [
        f"{row['calls']:>10,.0f} {row['per_second']:>9,.0f} {row['median_us']:>5.0f} µs {row['p99_us']:>5.0f} µs "
        f"{row['against_first']:>8.2f} {row['megabytes']:>6.1f} MB | {row['baseline']:>9,.0f} "
        f"{row['baseline_median_us']:>5.0f} µs | {row['ratio']:>5.2f} x"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the SQLite ledger as it grows.", allow_abbrev=False)
    parser.add_argument(
        "--calls", type=int, default=100_000, metavar="N", help="grow to so many (default: %(default)s)"
    )
    parser.add_argument("--window", type=int, default=1000, metavar="N", help="calls timed at each size")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where the files lie (default: a temporary one)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rows = measure(
            options.calls, options.window, Path(folder), lambda text: print(text, file=sys.stderr, flush=True)
        )
    print(json.dumps(rows, indent=2) if options.json else table(rows))


if __name__ == "__main__":
    main()
