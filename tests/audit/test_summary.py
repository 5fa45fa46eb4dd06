"""The summary of a log: every call, finding and dollar counted once."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_log import RecordedLog, finding, scope, tool

from guardian_ci.audit.reader import Line, Problem, read_log
from guardian_ci.audit.summary import Summary, _Tally


@pytest.fixture
def log(tmp_path: Path) -> RecordedLog:
    return RecordedLog(tmp_path / "log.ndjson").start()


def summed(path: Path) -> Summary:
    return Summary.of(read_log(path))


def test_a_run_without_calls_is_clean(log: RecordedLog) -> None:
    summary = summed(log.end())
    assert (summary.verdict, summary.calls, summary.sessions, summary.spend) == ("clean", 0, (), ())


def test_calls_tokens_and_cost_add_up(log: RecordedLog) -> None:
    log.call().call(session_id="other", estimated=True, cost_picodollars=300_000_000_000).call(session_id="other")
    summary = summed(log.end())
    assert (summary.calls, summary.approved, summary.rejected) == (3, 3, 0)
    assert (summary.tokens.input, summary.tokens.output, summary.tokens.cache_read) == (3_000, 600, 1_200)
    assert summary.picodollars == 1_300_000_000_000
    assert (summary.estimated_calls, summary.estimated_picodollars) == (1, 300_000_000_000)
    assert summary.estimated_share == pytest.approx(3 / 13)
    assert [(session.id, session.calls) for session in summary.sessions] == [("dev", 1), ("other", 2)]


def test_a_session_knows_its_first_and_last_call_its_limits_and_what_it_used(log: RecordedLog) -> None:
    log.call(tool_calls=[tool(), tool(name="Bash", canonical="bash", paths=[])]).call(tool_calls=[tool()])
    (session,) = summed(log.end()).sessions
    assert session.first_call == "2026-11-22T12:00:01.000Z"
    assert session.last_call == "2026-11-22T12:00:02.000Z"
    assert (session.token_budget, session.budget_picodollars) == (50_000, 5_000_000_000_000)
    assert session.tools == {"read_file": 2, "bash": 1}
    assert list(session.paths) == ["src/app.py"]
    assert session.agents == {"claude-cli/2.1.330"}
    assert session.models == {"claude-opus-5-5"}


def test_a_violation_keeps_what_where_and_why(log: RecordedLog) -> None:
    summary = summed(log.refused(finding()).end())
    (row,) = summary.violations.kept
    assert summary.verdict == "violation"
    assert (row.rule, row.reason, row.subject) == ("tool_allowlist", "tool_not_allowed", "WebFetch")
    assert (row.session, row.request_id, row.file, row.line) == ("dev", "req-1", ".github/guardian.yml", 7)
    assert (row.timestamp, row.log_line) == ("2026-11-22T12:00:01.000Z", 2)


def test_a_finding_of_a_tool_counts_by_the_record_of_its_call_only(log: RecordedLog) -> None:
    log.admitted().judged(findings=[finding()], verdict="block")
    summary = summed(log.call(request_id="req-1", findings=[finding()]).end())
    assert summary.violations.total == 1
    assert summary.open_calls == 0


def test_a_finding_of_a_tool_whose_call_has_no_record_counts_all_the_same(log: RecordedLog) -> None:
    log.admitted().judged(findings=[finding()], verdict="block")
    summary = summed(log.cut())
    assert summary.violations.by_rule() == {"run_integrity": 1, "tool_allowlist": 1}
    assert [session.id for session in summary.sessions] == ["dev"]


def test_a_call_in_flight_when_the_proxy_died_is_named_with_what_it_had_reserved(log: RecordedLog) -> None:
    summary = summed(log.admitted().call(request_id="req-1").admitted().cut())
    assert (summary.calls, summary.open_calls, summary.open_picodollars) == (1, 1, 250_000_000_000)


def test_a_call_that_was_only_slowed_down_is_no_violation(log: RecordedLog) -> None:
    slow = finding(rule="rate_limit", reason="rate_limited", violation=False, throttle=True, retry_after=12)
    summary = summed(log.refused(slow, status=429).end())
    assert summary.verdict == "clean"
    assert (summary.rejected, summary.throttled_calls, summary.throttled.total) == (1, 1, 1)


def test_a_warning_is_no_violation(log: RecordedLog) -> None:
    summary = summed(log.call(findings=[finding(verdict="warn")]).end())
    assert (summary.verdict, summary.warnings.total, summary.violations.total) == ("clean", 1, 0)


def test_a_request_without_a_session_belongs_to_the_run(log: RecordedLog) -> None:
    path = finding(rule="unmetered_endpoint", reason="unmetered_endpoint", subject="/v1/files", file=None, line=None)
    summary = summed(log.refused(path, session_id=None, protocol=None, operation=None, model=None).call().end())
    assert [session.id for session in summary.sessions] == ["dev", None]
    assert summary.violations.of(None, "unmetered_endpoint")


def test_a_scope_stands_as_its_last_line_says(log: RecordedLog) -> None:
    day = scope(scope="day:2026-11-22", limit_usd=None, limit_picodollars=None, limit_tokens=9_000)
    log.call(scopes=[scope()]).call(scopes=[scope(spent_picodollars=10**12), day])
    assert [
        (row.scope, row.picodollars, row.limit_picodollars, row.limit_tokens) for row in summed(log.end()).scopes
    ] == [("day:2026-11-22", 500_000_000_000, None, 9_000), ("run", 10**12, 5 * 10**12, None)]


def test_tools_are_counted_with_their_denials_and_the_failures_that_agents_report(log: RecordedLog) -> None:
    denied = tool(name="WebFetch", canonical="web_fetch", verdict="block", reason="no", result_status="denied")
    log.call(tool_calls=[tool(), tool(), denied]).result(name="read_file")
    tools = summed(log.end()).tools
    assert (tools["read_file"].calls, tools["read_file"].failed) == (2, 1)
    assert (tools["web_fetch"].calls, tools["web_fetch"].denied) == (1, 1)


def test_models_are_counted_by_approved_calls(log: RecordedLog) -> None:
    log.call().call(model="gpt-5").refused(finding(), model="gpt-6")
    models = summed(log.end()).models
    assert {name: model.calls for name, model in models.items()} == {"claude-opus-5-5": 1, "gpt-5": 1}


def test_notices_for_people_are_kept_and_those_for_the_curious_not(log: RecordedLog) -> None:
    log.notice().notice(level="info", code="started").notice(level="error", code="store_trouble")
    assert [notice.code for notice in summed(log.end()).notices] == ["budget_warning", "store_trouble"]


@pytest.mark.parametrize(("verdict", "kind"), [("warn", "warnings"), ("block", "violations")])
def test_a_finding_outside_of_every_call_counts_once_and_makes_no_session(
    log: RecordedLog, verdict: str, kind: str
) -> None:
    found = finding(rule="direct_connection", verdict=verdict, message="past the proxy")
    log.notice(code="direct_connection", message="past the proxy", findings=[found])
    summary = summed(log.end())
    assert getattr(summary, kind).by_rule() == {"direct_connection": 1}
    assert (summary.sessions, summary.notices) == ((), ())


def test_a_run_knows_whether_direct_connections_were_watched_for(tmp_path: Path) -> None:
    told = []
    for number, unseen in enumerate(({}, {"direct_connections_unseen": "no resolver"})):
        log = RecordedLog(tmp_path / f"{number}.ndjson").start(direct_connections="watched")
        (run,) = summed(log.end(**unseen)).runs
        told.append((run.direct_connections, run.direct_connections_unseen))
    assert told == [("watched", None), ("watched", "no resolver")]


def test_a_run_knows_the_hosts_that_were_tunnelled_each_once(log: RecordedLog) -> None:
    for host in ("github.com:443", "docs.example.com:443", "github.com:443"):
        log.notice(level="info", code="host_tunnelled", host=host)
    summary = summed(log.end())
    assert [list(run.tunnelled) for run in summary.runs] == [["github.com:443", "docs.example.com:443"]]
    assert summary.notices == ()


def test_a_run_knows_its_policy_and_its_end(log: RecordedLog) -> None:
    (run,) = summed(log.end(reason="signal")).runs
    assert (run.run_id, run.policy_name, run.policy_file, run.ended) == ("run-1", "dev", ".github/guardian.yml", True)
    assert run.end_reason == "signal"


def test_what_a_killed_run_left_open_is_named(tmp_path: Path) -> None:
    left = {"call_id": "c", "session_id": "dev", "scopes": ["run"], "cost_usd": 0.25, "tokens": 9}
    path = RecordedLog(tmp_path / "log.ndjson").start(recovered=[left]).end()
    assert summed(path).runs[0].recovered_picodollars == 250_000_000_000


@pytest.mark.parametrize("cut", [0, 10])
def test_a_log_without_its_end_is_a_violation(log: RecordedLog, cut: int) -> None:
    path = log.call().end()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:cut])
    summary = summed(path)
    assert summary.verdict == "violation"
    assert set(summary.violations.by_rule()) == {"run_integrity"}
    assert summary.calls == 1


def test_a_changed_cost_is_a_violation(log: RecordedLog) -> None:
    path = log.call().end()
    path.write_bytes(path.read_bytes().replace(b'"cost_picodollars":500000000000', b'"cost_picodollars":0'))
    (row,) = summed(path).violations.kept
    assert (row.rule, row.reason, row.log_line) == ("run_integrity", "broken_chain", 3)


def test_a_problem_known_beforehand_is_a_violation_without_any_log() -> None:
    summary = Summary.of(problems=[Problem(kind="no_log", file="log.ndjson", line=0, message="never started")])
    assert summary.verdict == "violation"
    assert summary.violations.kept[0].message == "never started"


def test_several_logs_are_summed_as_one(tmp_path: Path) -> None:
    logs = [RecordedLog(tmp_path / f"{name}.ndjson", name).start().call().end() for name in ("a", "b")]
    summary = Summary.of(*map(read_log, logs))
    assert (summary.calls, len(summary.runs), len(summary.sessions)) == (2, 2, 1)


def test_what_subagents_cost_is_summed_over_several_logs(tmp_path: Path) -> None:
    main, sub = {"agent_session": "s"}, {"agent_session": "s", "subagent": "a"}
    logs = [
        RecordedLog(tmp_path / f"{name}.ndjson", name).start().call(attribution=main).call(attribution=sub).end()
        for name in ("a", "b")
    ]
    (session,) = Summary.of(*map(read_log, logs)).sessions
    assert [(part.subagent, part.calls, part.picodollars) for part in session.parts] == [
        (None, 2, 1_000_000_000_000),
        ("a", 2, 1_000_000_000_000),
    ]


def test_a_type_of_line_from_a_later_version_is_passed_over(log: RecordedLog) -> None:
    log.writer.write("news", log.now, {"headline": "x"})
    assert summed(log.end()).verdict == "clean"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=4) | st.just("block"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    [
        *["session_id", "request_id", "timestamp", "decision", "cost_usd", "cost_picodollars", "findings"],
        *["tool_calls", "scopes", "model", "policy", "reservation", "recovered", "level", "code", "message"],
        *["id", "name", "status", "reason", "estimated", "budget_usd"],
    ]
)
KINDS = st.sampled_from(["run_started", "call_admitted", "tool_call", "call", "tool_result", "notice", "run_ended"])


@given(st.lists(st.tuples(KINDS, st.dictionaries(NAMES, VALUES)), max_size=8))
def test_no_field_however_wrong_makes_the_summary_fail(lines: list[tuple[str, dict[str, Any]]]) -> None:
    tally = _Tally()
    for number, (kind, fields) in enumerate(lines, start=1):
        tally.take(Line(number=number, type=kind, seq=number, run_id="r", fields=fields), "log.ndjson")
    tally.close([])
    summary = tally.summary()
    assert summary.calls == sum(kind == "call" for kind, _ in lines)
    assert summary.verdict == ("violation" if summary.violations.total else "clean")


@given(st.data())
def test_a_log_cut_anywhere_is_never_clean_and_never_raises(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.ndjson"
    RecordedLog(path).start().admitted().call(request_id="req-1").end()
    whole = path.read_bytes()
    first = len(whole.splitlines(keepends=True)[0])
    cut = data.draw(st.integers(first, len(whole) - 1))
    path.write_bytes(whole[:cut])
    assert summed(path).verdict == "violation"


@given(st.data())
def test_a_byte_changed_before_the_last_line_is_never_clean(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.ndjson"
    RecordedLog(path).start().call().end()
    whole = bytearray(path.read_bytes())
    lines = bytes(whole).splitlines(keepends=True)
    place = data.draw(st.integers(len(lines[0]), len(lines[0]) + len(lines[1]) - 1))
    whole[place] ^= data.draw(st.integers(1, 127))
    path.write_bytes(bytes(whole))
    assert summed(path).verdict == "violation"
    assert json.loads(lines[0])["seq"] == 0
