"""What a pull request has cost, over all the logs of its runs."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_log import RecordedLog, scope

from guardian_ci.audit import gate as gate_module
from guardian_ci.audit.gate import GateResult, gate
from guardian_ci.audit.sources import find_logs
from guardian_ci.errors import LogError
from guardian_ci.model import Amount

CENT = 10**10
OF_7: dict[str, Any] = {"facts": {"at": 1.5, "caller": {"session": "dev", "pull_request": "7"}}}
OF_8: dict[str, Any] = {"facts": {"at": 1.5, "caller": {"session": "dev", "pull_request": "8"}}}
OF_NONE: dict[str, Any] = {"facts": {"at": 1.5, "caller": {"session": "dev"}}}


def costs(cents: int, **fields: Any) -> dict[str, Any]:
    """Return the fields of a call of so many cents and of 1,200 tokens."""
    return {"cost_picodollars": cents * CENT, "cost_usd": cents / 100} | fields


def logged(path: Path, *cents: int, run_id: str | None = None, of: dict[str, Any] = OF_7) -> Path:
    """Write the whole log of a run with calls of so many cents."""
    log = RecordedLog(path, run_id or f"run-{path.stem}").start()
    for each in cents:
        log.admitted(**of)
        log.call(request_id=f"req-{log.requests}", **costs(each))
    return log.end()


def gated(*paths: Path, cents: int = 100, tokens: int | None = None, **options: Any) -> GateResult:
    return gate(find_logs(paths), "7", limit_picodollars=cents * CENT, limit_tokens=tokens, **options)


def said(result: GateResult) -> str:
    return "\n".join(each.message for each in result.unknown)


@pytest.mark.parametrize(
    ("cents", "tokens", "verdict", "over"),
    [
        (61, None, "within", ()),
        (60, None, "within", ()),
        (59, None, "over", ("usd",)),
        (60, 3600, "within", ()),
        (60, 3599, "over", ("tokens",)),
        (0, 0, "over", ("usd", "tokens")),
    ],
)
def test_the_calls_of_all_logs_are_added_up_against_the_limits(
    tmp_path: Path, cents: int, tokens: int | None, verdict: str, over: tuple[str, ...]
) -> None:
    one, two = logged(tmp_path / "one.ndjson", 10, 20), logged(tmp_path / "two.ndjson", 30)
    result = gated(one, two, cents=cents, tokens=tokens)
    assert (result.verdict, result.over) == (verdict, over)
    assert (result.calls, result.spent) == (3, Amount(picodollars=60 * CENT, tokens=3600))
    assert [run.calls for run in result.runs.values()] == [2, 1]
    assert result.unknown == []


@given(costs_of_runs=st.lists(st.lists(st.integers(0, 10**15), max_size=4), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_sums_are_exact_however_calls_are_spread_over_runs(
    tmp_path_factory: pytest.TempPathFactory, costs_of_runs: list[list[int]]
) -> None:
    folder = tmp_path_factory.mktemp("sums")
    for number, each in enumerate(costs_of_runs):
        log = RecordedLog(folder / f"{number}.ndjson", f"run-{number}").start()
        for picodollars in each:
            log.admitted(**OF_7)
            log.call(request_id=f"req-{log.requests}", cost_picodollars=picodollars, cost_usd=picodollars / 10**12)
        log.end()
    result = gated(folder)
    assert result.spent.picodollars == sum(sum(each) for each in costs_of_runs)


class TestWhose:
    """A call belongs to the pull request that its proxy knew of."""

    def test_the_calls_of_other_pull_requests_do_not_count_and_are_told(self, tmp_path: Path) -> None:
        mine, other = logged(tmp_path / "one.ndjson", 10), logged(tmp_path / "two.ndjson", 90, of=OF_8)
        result = gated(mine, other)
        assert (result.calls, result.spent.picodollars) == (1, 10 * CENT)
        assert (result.other_calls, result.other.picodollars) == (1, 90 * CENT)

    def test_a_scope_of_the_record_names_it_too(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start()
        log.call(**costs(10, scopes=[scope(), scope(scope="pull_request:8")]))
        log.call(**costs(20, scopes=[scope(), scope(scope="pull_request:7")]))
        result = gated(log.end())
        assert (result.spent.picodollars, result.other.picodollars) == (20 * CENT, 10 * CENT)

    @pytest.mark.parametrize(
        ("assume", "cents", "assumed", "other", "unknown"),
        [("this", 40, 30, 0, 0), ("other", 10, 0, 30, 0), ("unknown", 10, 0, 0, 30)],
    )
    def test_a_call_whose_log_names_none_is_as_it_is_assumed(
        self, tmp_path: Path, assume: str, cents: int, assumed: int, other: int, unknown: int
    ) -> None:
        mine, nobodys = logged(tmp_path / "one.ndjson", 10), logged(tmp_path / "two.ndjson", 30, of=OF_NONE)
        result = gated(mine, nobodys, assume=assume)
        assert result.spent.picodollars == cents * CENT
        assert result.assumed.picodollars == assumed * CENT
        assert result.other.picodollars == other * CENT
        assert result.most_open.picodollars == unknown * CENT
        assert result.verdict == ("unknown" if unknown else "within")

    def test_a_refused_call_costs_nothing_whosever_it_is(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start()
        log.refused({"rule": "cost_limit", "verdict": "block", "reason": "no", "message": "No.", "subject": "",
                     "violation": True, "file": None, "line": None})  # fmt: skip
        result = gated(log.end(), assume="unknown")
        assert (result.verdict, result.calls) == ("within", 0)


class TestDoubles:
    """A run counts once however often its log is found."""

    def test_a_copy_is_not_counted_again_and_is_said(self, tmp_path: Path) -> None:
        log = logged(tmp_path / "log.ndjson", 10, 20)
        (tmp_path / "report").mkdir()
        (tmp_path / "report" / "log.ndjson").write_bytes(log.read_bytes())
        with zipfile.ZipFile(tmp_path / "artifact.zip", "w") as file:
            file.writestr("log.ndjson", log.read_bytes())
        result = gated(tmp_path)
        assert (result.calls, result.spent.picodollars) == (2, 30 * CENT)
        assert result.doubles == 2 * 6
        (run,) = result.runs.values()
        assert len(run.again) == 2
        assert result.verdict == "within"

    @pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
    @pytest.mark.parametrize("lines", range(1, 6))
    def test_a_copy_that_was_taken_earlier_adds_nothing_and_hides_nothing(
        self, tmp_path: Path, names: tuple[str, str], lines: int
    ) -> None:
        whole = logged(tmp_path / f"{names[0]}.ndjson", 10, 20, run_id="run-1")
        part = b"".join(whole.read_bytes().splitlines(keepends=True)[:lines])
        (tmp_path / f"{names[1]}.ndjson").write_bytes(part)
        result = gated(tmp_path)
        assert (result.calls, result.spent.picodollars, result.other_calls) == (2, 30 * CENT, 0)
        assert (result.verdict, result.assumed_calls) == ("within", 0)

    @pytest.mark.parametrize("number", range(6))
    def test_two_logs_of_one_run_that_differ_are_an_error(self, tmp_path: Path, number: int) -> None:
        log = logged(tmp_path / "one.ndjson", 10, 20)
        lines = [json.loads(line) for line in log.read_bytes().splitlines()]
        lines[number]["timestamp"] = "2026-11-22T00:00:00.000Z"
        changed = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / "two.ndjson").write_text(changed)
        with pytest.raises(LogError, match=r"two\.ndjson:\d.*one\.ndjson holds the same run \('run-one'\)"):
            gated(tmp_path)

    def test_a_line_that_is_found_twice_in_one_log_counts_once_and_is_no_true_log(self, tmp_path: Path) -> None:
        log = logged(tmp_path / "log.ndjson", 10)
        lines = log.read_bytes().splitlines(keepends=True)
        log.write_bytes(b"".join([*lines[:3], lines[2], *lines[3:]]))
        result = gated(log)
        assert (result.spent.picodollars, result.doubles, result.verdict) == (10 * CENT, 1, "unknown")

    @pytest.mark.parametrize("names", [("a", "b", "c"), ("b", "c", "a")])
    def test_logs_that_were_put_together_count_once_beside_their_own_files(
        self, tmp_path: Path, names: tuple[str, str, str]
    ) -> None:
        one, two, both = (tmp_path / f"{name}.ndjson" for name in names)
        both.write_bytes(logged(one, 10).read_bytes() + logged(two, 20).read_bytes())
        result = gated(tmp_path)
        # The file is no whole log of one run, and that is said.
        assert (result.spent.picodollars, result.calls, result.verdict) == (30 * CENT, 2, "unknown")

    def test_a_copy_that_goes_on_behind_the_end_is_not_forgiven(self, tmp_path: Path) -> None:
        data = logged(tmp_path / "a.ndjson", 10).read_bytes()
        more = json.loads(data.splitlines()[2]) | {"seq": 4, "request_id": "req-9"}
        (tmp_path / "b.ndjson").write_bytes(data + json.dumps(more).encode() + b"\n")
        assert gated(tmp_path).verdict == "unknown"

    @pytest.mark.parametrize("seq", [-1, -4, 10**6, 10**18, 10**40])
    def test_a_number_that_no_line_has_is_no_trouble(self, tmp_path: Path, seq: int) -> None:
        log = logged(tmp_path / "log.ndjson", 10)
        log.write_bytes(log.read_bytes().replace(b'"seq":2', b'"seq":%d' % seq))
        result = gated(log, log)
        assert result.verdict == "unknown"
        assert result.spent.picodollars >= 10 * CENT

    @given(copies=st.lists(st.integers(0, 2), max_size=3), order=st.randoms(use_true_random=False))
    @settings(max_examples=15, deadline=None)
    def test_the_sum_is_the_same_in_any_order_and_with_any_copies(
        self, tmp_path_factory: pytest.TempPathFactory, copies: list[int], order: Any
    ) -> None:
        folder = tmp_path_factory.mktemp("copies")
        logs = [
            logged(folder / "0.ndjson", 1, 2),
            logged(folder / "1.ndjson", 4, of=OF_8),
            logged(folder / "2.ndjson", 8),
        ]
        found = [*logs, *(logs[number] for number in copies)]
        order.shuffle(found)
        result = gated(*found)
        assert (result.spent.picodollars, result.other.picodollars, result.calls) == (11 * CENT, 4 * CENT, 3)
        assert result.verdict == "within"

    def test_two_runs_with_the_same_request_ids_both_count(self, tmp_path: Path) -> None:
        logged(tmp_path / "one.ndjson", 10)
        logged(tmp_path / "two.ndjson", 10)
        assert gated(tmp_path).spent.picodollars == 20 * CENT


def torn(data: bytes) -> bytes:
    return data[:-20]


def no_end(data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[:-1])


def a_line_out(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[:2] + lines[3:])


def a_line_changed(data: bytes) -> bytes:
    return data.replace(b'"cost_picodollars":100000000000', b'"cost_picodollars":1')


def garbage(data: bytes) -> bytes:
    return data.replace(b'{"v":1,"seq":2', b'nonsense{"v":1,"seq":2')


class TestUnknown:
    """What is not known is told apart from nothing."""

    @pytest.mark.parametrize("damage", [torn, no_end, a_line_out, a_line_changed, garbage])
    def test_a_log_that_is_not_whole_is_not_known(self, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
        log = logged(tmp_path / "log.ndjson", 10, 20)
        log.write_bytes(damage(log.read_bytes()))
        result = gated(log)
        assert result.verdict == "unknown"
        assert all(each.file == str(log) for each in result.unknown)

    def test_a_log_that_is_missing_or_no_log_is_not_known(self, tmp_path: Path) -> None:
        folder = tmp_path / "artifacts"
        folder.mkdir()
        (folder / "log.ndjson").write_bytes(b"")
        result = gated(folder, tmp_path / "missing")
        assert result.verdict == "unknown"
        assert len(result.unknown) == 2
        assert "no log" in said(result)

    def test_what_is_over_stays_over_whatever_is_unknown_beside_it(self, tmp_path: Path) -> None:
        log = logged(tmp_path / "log.ndjson", 101)
        log.write_bytes(no_end(log.read_bytes()))
        assert gated(log).verdict == "over"

    def test_a_call_without_an_end_is_not_known_with_its_reservation_as_the_most(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start().admitted(**OF_7).cut()
        result = gated(log)
        assert result.verdict == "unknown"
        assert result.most_open == Amount(picodollars=25 * CENT, tokens=9_000)
        assert "has no end" in said(result)

    def test_an_extended_reservation_is_part_of_the_most(self, tmp_path: Path) -> None:
        facts = {"at": 2.0, "usage": None, "output_bytes": 9, "extra": {"picodollars": 7, "tokens": 3}, "scopes": []}
        log = RecordedLog(tmp_path / "log.ndjson").start().admitted(**OF_7)
        log.notice(level="info", code="reservation_extended", request_id="req-1", facts=facts)
        assert gated(log.cut()).most_open == Amount(picodollars=25 * CENT + 7, tokens=9_003)

    def test_two_killed_runs_with_the_same_request_ids_are_both_open(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            RecordedLog(tmp_path / f"{name}.ndjson", name).start().admitted(**OF_7).cut()
        assert gated(tmp_path).most_open.picodollars == 50 * CENT

    def test_a_call_without_an_end_of_another_pull_request_is_not_ours(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start().admitted(**OF_8).end()
        assert gated(log).verdict == "within"

    def test_a_call_that_a_later_run_recovered_counts_as_it_was_reserved(self, tmp_path: Path) -> None:
        killed = RecordedLog(tmp_path / "a.ndjson", "run-a").start().admitted(**OF_7).cut()
        recovered = {
            "call_id": "req-1", "session_id": "dev", "scopes": ["session:dev#1"],
            "cost_usd": 0.25, "cost_picodollars": 25 * CENT, "tokens": 9_000,
        }  # fmt: skip
        RecordedLog(tmp_path / "b.ndjson", "run-b").start(recovered=[recovered]).end()
        result = gated(tmp_path)
        assert (result.recovered_calls, result.spent.picodollars) == (1, 25 * CENT)
        assert result.most_open == Amount()
        # The killed run's log still has no end.
        assert [each.file for each in result.unknown] == [str(killed)]

    def test_a_call_that_was_recovered_in_the_same_run_counts_as_it_was_reserved(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "a.ndjson", "run-a").start().admitted(**OF_7)
        recovered = {
            "call_id": "req-1", "session_id": "dev", "scopes": ["session:dev#1"],
            "cost_usd": 0.25, "cost_picodollars": 25 * CENT, "tokens": 9_000,
        }  # fmt: skip
        log.notice(code="proxy_restarted", facts={"pid": 2, "recovered": [recovered]})
        result = gated(log.end())
        assert (result.recovered_calls, result.spent.picodollars, result.unknown) == (1, 25 * CENT, [])

    def test_a_recovered_call_that_has_its_record_after_all_counts_once(self, tmp_path: Path) -> None:
        logged(tmp_path / "a.ndjson", 10)
        recovered = {
            "call_id": "req-1", "session_id": "dev", "scopes": ["pull_request:7"],
            "cost_usd": 0.25, "cost_picodollars": 25 * CENT, "tokens": 9_000,
        }  # fmt: skip
        RecordedLog(tmp_path / "b.ndjson", "run-b").start(recovered=[recovered]).end()
        result = gated(tmp_path)
        assert (result.recovered_calls, result.spent.picodollars) == (0, 10 * CENT)

    @pytest.mark.parametrize(
        ("fields", "known"),
        [
            ({"price": None}, False),
            ({"price": None, "estimated": True}, True),
            ({"price": None, "usage": None, "input_tokens": 0, "output_tokens": 0}, True),
            ({"operation": "count_tokens", "price": None}, True),
        ],
    )
    def test_a_call_without_a_price_is_not_known(self, tmp_path: Path, fields: dict[str, Any], known: bool) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start().call(**costs(0, **fields)).end()
        result = gated(log, assume="this")
        assert (result.verdict == "within") == known

    @pytest.mark.parametrize("value", [b'"many"', b"null", b"-5", b"1.5", b"true", b"1" + b"0" * 30])
    def test_a_cost_that_is_no_cost_is_not_known(self, tmp_path: Path, value: bytes) -> None:
        log = logged(tmp_path / "log.ndjson", 10)
        data = log.read_bytes().replace(b'"cost_picodollars":100000000000', b'"cost_picodollars":' + value)
        log.write_bytes(data.replace(b'"cost_usd":0.1', b'"cost_usd":null'))
        result = gated(log)
        assert "the call's record has no cost" in said(result)

    def test_estimated_costs_count_and_are_told(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start().admitted(**OF_7)
        result = gated(log.call(request_id="req-1", **costs(10, estimated=True)).end())
        assert (result.estimated_calls, result.estimated.picodollars, result.verdict) == (1, 10 * CENT, "within")

    def test_of_very_many_unknown_things_the_first_are_kept_and_all_are_counted(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start()
        for _ in range(150):
            log.call(**costs(0, price=None))
        result = gated(log.end(), assume="this")
        assert (len(result.unknown), result.more_unknown) == (100, 50)

    def test_the_most_is_of_all_unknown_things_also_of_those_that_are_not_kept(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start()
        for _ in range(150):
            log.admitted(**OF_7)
        result = gated(log.end())
        assert (len(result.unknown), result.more_unknown) == (100, 50)
        assert result.most_open.picodollars == 150 * 25 * CENT

    def test_the_calls_of_a_run_that_name_no_pull_request_are_said_at_once(self, tmp_path: Path) -> None:
        (unknown,) = gated(logged(tmp_path / "log.ndjson", 10, 20, of=OF_NONE)).unknown
        assert (unknown.line, unknown.most) == (3, Amount(picodollars=30 * CENT, tokens=2_400))
        assert unknown.message == "calls of which the log names no pull request: 2 (see --assume-pull-request)"

    def test_a_call_without_a_cost_and_without_an_owner_is_not_known(self, tmp_path: Path) -> None:
        log = RecordedLog(tmp_path / "log.ndjson").start().call(input_tokens=0, output_tokens=0).end()
        data = log.read_bytes().replace(b'"cost_usd":0.5,"cost_picodollars":500000000000', b'"cost_usd":null')
        log.write_bytes(data)
        assert "no cost and no pull request" in said(gated(log))

    def test_a_whole_log_without_a_call_is_a_known_nothing(self, tmp_path: Path) -> None:
        result = gated(logged(tmp_path / "log.ndjson"))
        assert (result.verdict, result.spent) == ("within", Amount())

    def test_a_run_says_whether_it_is_known(self, tmp_path: Path) -> None:
        logged(tmp_path / "one.ndjson", 10)
        two = logged(tmp_path / "two.ndjson", 10)
        two.write_bytes(torn(two.read_bytes()))
        assert {name: run.known for name, run in gated(tmp_path).runs.items()} == {"run-one": True, "run-two": False}

    @given(cut=st.integers(1))
    @settings(max_examples=30, deadline=None)
    def test_a_log_that_is_cut_anywhere_is_not_known_and_never_dearer(
        self, tmp_path_factory: pytest.TempPathFactory, cut: int
    ) -> None:
        log = logged(tmp_path_factory.mktemp("cut") / "log.ndjson", 10, 20)
        data = log.read_bytes()
        least = len(data.splitlines(keepends=True)[0])
        log.write_bytes(data[: least + cut % (len(data) - least)])
        result = gated(log)
        assert result.verdict == "unknown"
        assert result.spent.picodollars in (0, 10 * CENT, 30 * CENT)


def test_more_records_than_can_be_compared_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "MAX_RECORDS", 5)
    with pytest.raises(LogError, match="more than 5 records"):
        gated(logged(tmp_path / "log.ndjson", 1, 2))


def test_more_open_calls_than_a_proxy_holds_are_no_true_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_MAX_OPEN", 2)
    log = RecordedLog(tmp_path / "log.ndjson").start().admitted().admitted().admitted().end()
    with pytest.raises(LogError, match="no true log"):
        gated(log)
