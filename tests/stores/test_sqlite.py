"""The ledger of one machine: shared by processes, whole after a kill, closed where its file fails."""

import asyncio
import json
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

import pytest

from guardian_ci.errors import StoreError
from guardian_ci.model import Amount, Limit
from guardian_ci.session.ledger import Ask, Balance, Demand, Denial, Grant
from guardian_ci.session.store import Recovered
from guardian_ci.stores import SqliteStore
from guardian_ci.stores import sqlite as module

Start = Callable[[str], "subprocess.Popen[str]"]
_T = TypeVar("_T")


def run(coroutine: Coroutine[object, object, _T]) -> _T:
    return asyncio.run(coroutine)


def opened(folder: Path, run_id: str = "run-1") -> SqliteStore:
    store = SqliteStore(folder)
    run(store.open(run_id))
    return store


def ask(key: str, picodollars: int, limit: int = 10_000) -> Ask:
    demands = (Demand(scope="run", limit=Limit(picodollars=limit)), Demand(scope="day"))
    return Ask(id=key, demands=demands, fixed=Amount(picodollars=picodollars, tokens=1))


def balance(store: SqliteStore) -> Balance:
    return run(store.balances(["run"]))[0]


def read(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


_BURST = """
async def main():
    store = SqliteStore(STATE)
    await store.open(sys.argv[0] + NAME)
    print("ready", flush=True)
    sys.stdin.readline()
    spent = 0
    for number in range(200):
        key = f"{NAME}-{number}"
        demands = (Demand(scope="run", limit=Limit(picodollars=1000)), Demand(scope="day"))
        answer = await store.reserve(Ask(id=key, demands=demands, fixed=Amount(picodollars=9)))
        if isinstance(answer, Grant):
            await store.settle(key, Amount(picodollars=5))
            spent += 5
    await store.close()
    print(spent, flush=True)
asyncio.run(main())
"""


def test_processes_that_share_a_file_never_pass_a_limit_together(tmp_path: Path, start: Start) -> None:
    """Three processes begin on a new file at once, and spend its limit to the last useful call."""
    processes = [start(f"NAME = {name!r}\n{_BURST}") for name in "abc"]
    assert [read(process) for process in processes] == ["ready"] * 3
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    spent = sum(int(read(process)) for process in processes)
    assert 990 < spent <= 1000
    store = opened(tmp_path / "state", "after")
    assert balance(store) == Balance(spent=Amount(picodollars=spent))
    run(store.close())


_RESERVES = """
async def main():
    store = SqliteStore(STATE)
    await store.open("killed")
    for number in range(3):
        demands = (Demand(scope="run"), Demand(scope="session:s#1", limit=Limit(tokens=1000)))
        amount = Amount(picodollars=100 + number, tokens=10)
        assert isinstance(await store.reserve(Ask(id=f"call-{number}", demands=demands, fixed=amount)), Grant)
    await store.settle("call-0", Amount(picodollars=1, tokens=1), ("s", '{"name": "s"}'))
    print("reserved", flush=True)
    sys.stdin.read()
asyncio.run(main())
"""


def test_what_a_killed_run_had_reserved_counts_as_spent_from_the_next_run_on(tmp_path: Path, start: Start) -> None:
    process = start(_RESERVES)
    assert read(process) == "reserved"
    process.kill()
    process.wait()
    store = SqliteStore(tmp_path / "state")
    scopes = ("run", "session:s#1")
    assert sorted(run(store.open("next")), key=lambda each: each.id) == [
        Recovered(id="call-1", run_id="killed", scopes=scopes, amount=Amount(picodollars=101, tokens=10)),
        Recovered(id="call-2", run_id="killed", scopes=scopes, amount=Amount(picodollars=102, tokens=10)),
    ]
    spent = Balance(spent=Amount(picodollars=204, tokens=21))
    assert run(store.balances(scopes)) == [spent, spent]
    assert run(store.session("s")) == '{"name": "s"}'
    with pytest.raises(StoreError, match="not open"):
        run(store.settle("call-1", Amount()))
    run(store.close())
    again = SqliteStore(tmp_path / "state")
    assert list(run(again.open("third"))) == []
    run(again.close())


def test_a_living_run_keeps_its_reservations_while_others_begin(tmp_path: Path, start: Start) -> None:
    process = start(_RESERVES)
    assert read(process) == "reserved"
    store = SqliteStore(tmp_path / "state")
    assert list(run(store.open("beside"))) == []
    reserved = Amount(picodollars=203, tokens=20)
    assert balance(store) == Balance(spent=Amount(picodollars=1, tokens=1), reserved=reserved)
    run(store.close())


def test_a_closed_run_leaves_its_open_reservations_to_the_next(tmp_path: Path) -> None:
    first = opened(tmp_path)
    run(first.reserve(ask("a", 100)))
    run(first.close())
    second = SqliteStore(tmp_path)
    assert [each.id for each in run(second.open("run-2"))] == ["a"]
    run(second.close())


def test_balances_and_sessions_outlive_the_process(tmp_path: Path) -> None:
    first = opened(tmp_path)
    run(first.reserve(ask("a", 100)))
    run(first.settle("a", Amount(picodollars=40, tokens=4), ("one", '{"x": 1}')))
    run(first.close())
    second = opened(tmp_path, "run-2")
    assert balance(second) == Balance(spent=Amount(picodollars=40, tokens=4))
    assert run(second.session("one")) == '{"x": 1}'
    run(second.close())


def test_another_process_commit_is_seen_at_the_next_step(tmp_path: Path) -> None:
    """The cache holds only until somebody else writes: a limit that another proxy has filled is full here too."""
    mine, other = opened(tmp_path, "mine"), opened(tmp_path, "other")
    assert isinstance(run(mine.reserve(ask("a", 6000))), Grant)
    assert balance(other) == Balance(reserved=Amount(picodollars=6000, tokens=1))
    assert isinstance(run(other.reserve(ask("b", 3000))), Grant)
    denied = run(mine.reserve(ask("c", 3000)))
    assert isinstance(denied, Denial)
    assert denied.reserved == 9000
    run(other.settle("b", Amount(picodollars=10)))
    assert isinstance(run(mine.reserve(ask("c", 3000))), Grant)
    run(mine.close())
    run(other.close())


def test_one_process_reads_a_scope_once_while_nobody_else_writes(tmp_path: Path) -> None:
    store = opened(tmp_path)
    run(store.reserve(ask("a", 1)))
    statements: list[str] = []
    assert store._connection is not None
    store._connection.set_trace_callback(statements.append)
    run(store.reserve(ask("b", 1)))
    assert not [text for text in statements if "FROM balances" in text]
    run(store.close())


def test_the_file_is_the_users_own(tmp_path: Path) -> None:
    store = opened(tmp_path / "state")
    assert stat.S_IMODE((tmp_path / "state" / "ledger.sqlite3").stat().st_mode) == 0o600
    run(store.close())


# Where the file fails: one clear error, nothing lost, nothing half done.


def refused(coroutine: Coroutine[object, object, object], *words: str) -> str:
    with pytest.raises(StoreError) as caught:
        run(coroutine)
    message = str(caught.value)
    assert "\n" not in message
    for word in (*words, "ledger.sqlite3"):
        assert word in message
    return message


def test_a_file_that_another_process_holds_is_waited_for_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.05)
    store = opened(tmp_path)
    run(store.reserve(ask("a", 100)))
    other = sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused(store.reserve(ask("b", 100)), "locked", "--state")
    refused(store.settle("a", Amount(picodollars=1)), "locked")
    other.execute("ROLLBACK")
    run(store.settle("a", Amount(picodollars=1, tokens=1)))
    assert balance(store) == Balance(spent=Amount(picodollars=1, tokens=1))
    other.close()
    run(store.close())


def test_a_full_disk_refuses_calls_and_loses_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert store._connection is not None
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    granted: list[str] = []
    message = ""
    for number in range(10_000):
        key = f"call-{number:06}" + "x" * 200
        try:
            run(store.reserve(ask(key, 1, limit=10**6)))
        except StoreError as error:
            message = str(error)
            break
        granted.append(key)
    assert "full" in message
    assert "free disk space" in message
    assert balance(store) == Balance(reserved=Amount(picodollars=len(granted), tokens=len(granted)))
    run(store.settle(granted[0], Amount(picodollars=1, tokens=1)))
    store._connection.execute(f"PRAGMA max_page_count = {pages + 100}")
    assert isinstance(run(store.reserve(ask("after", 1, limit=10**6))), Grant)
    run(store.close())
    later = SqliteStore(tmp_path)
    assert {each.id for each in run(later.open("run-2"))} == {*granted[1:], "after"}
    run(later.close())


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough for a header" * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(content)
    refused(SqliteStore(tmp_path).open("run-1"), "damaged", "--state")
    assert path.read_bytes() == content


def test_a_ledger_damaged_in_its_middle_is_refused_when_a_run_begins(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(300):
        run(store.reserve(ask(f"call-{number}", 1)))
    run(store.close())
    path = tmp_path / "ledger.sqlite3"
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\x00" * 4096 + b"\x5a" * (len(whole) - 12288))
    refused(SqliteStore(tmp_path).open("run-2"), "damaged")


def test_a_ledger_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    run(opened(tmp_path).close())
    other = sqlite3.connect(tmp_path / "ledger.sqlite3")
    other.execute("PRAGMA user_version = 99")
    other.close()
    before = (tmp_path / "ledger.sqlite3").read_bytes()
    refused(SqliteStore(tmp_path).open("run-2"), "version 99", "upgrade guardian-ci")
    assert (tmp_path / "ledger.sqlite3").read_bytes() == before


def test_a_ledger_that_cannot_be_opened_holds_no_lock_behind(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no ledger" * 1000)
    store = SqliteStore(tmp_path)
    refused(store.open("run-1"))
    assert not list((tmp_path / "runs").iterdir())
    (tmp_path / "ledger.sqlite3").unlink()
    run(store.open("run-1"))
    run(store.close())


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    refused(SqliteStore(tmp_path / "state").open("run-1"), "--state")


def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    store = opened(tmp_path)
    run(store.close())
    refused(store.reserve(ask("a", 1)), "closed")


def test_an_amount_beyond_what_the_file_can_hold_fails_closed(tmp_path: Path) -> None:
    store = opened(tmp_path)
    huge = Ask(id="a", demands=(Demand(scope="run"),), fixed=Amount(picodollars=2**63))
    with pytest.raises(StoreError, match="more than a ledger can hold"):
        run(store.reserve(huge))
    assert balance(store) == Balance()
    run(store.close())


def test_an_error_in_the_middle_of_a_step_undoes_the_whole_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    run(store.reserve(ask("a", 100)))

    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(store, "_add", broken)
        refused(store.settle("a", Amount(picodollars=1)), "disk I/O error")
        refused(store.reserve(ask("b", 1)), "disk I/O error")
    assert balance(store) == Balance(reserved=Amount(picodollars=100, tokens=1))
    run(store.settle("a", Amount(picodollars=60)))
    assert balance(store) == Balance(spent=Amount(picodollars=60))
    run(store.close())


def test_the_scopes_of_a_reservation_are_kept_as_json(tmp_path: Path) -> None:
    """Any name that an agent gives its session comes back as it was."""
    store = opened(tmp_path)
    odd = 'session:"quoted", [1]\\\u2028#1'
    run(store.reserve(Ask(id="a", demands=(Demand(scope=odd),), fixed=Amount(picodollars=5))))
    run(store.close())
    later = SqliteStore(tmp_path)
    assert [json.dumps(each.scopes) for each in run(later.open("run-2"))] == [json.dumps((odd,))]
    run(later.close())


def test_who_takes_a_dead_proxys_place_in_its_run_recovers_what_that_had_open(tmp_path: Path) -> None:
    dead = opened(tmp_path)
    run(dead.reserve(ask("req-1", 7)))
    assert dead._lock is not None
    dead._lock.release()  # as the operating system does
    dead._lock = None
    next_one = SqliteStore(tmp_path)
    (left,) = run(next_one.open("run-1"))
    assert (left.id, left.run_id, left.amount.picodollars) == ("req-1", "run-1", 7)
    assert balance(next_one) == Balance(spent=Amount(picodollars=7, tokens=1))
    for store in (dead, next_one):
        run(store.close())
