"""Every line that is built of events and commands is what the schema says, and holds no secret."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_log import problems_of
from recorded_run import RecordedRun, asked, used

from guardian_ci.audit import records
from guardian_ci.audit.chain import LineChain
from guardian_ci.audit.records import Attribution, Exchange
from guardian_ci.audit.redact import Redactor
from guardian_ci.model import (
    Amount,
    Call,
    Cost,
    Evaluation,
    Finding,
    InputSize,
    Limit,
    Operation,
    Place,
    ToolOffer,
    ToolResult,
    ToolUse,
    Usage,
    Verdict,
    WireProtocol,
)
from guardian_ci.pricing.table import digest
from guardian_ci.session.commands import Forward, Settle
from guardian_ci.session.events import Caller, CallReceived, Ended, Outcome, Progressed
from guardian_ci.session.ledger import Balance, Demand

AT: Final = 1_795_348_800.0
SECRET: Final = "sk-ant-api03-" + "Zq7" * 12
"""Of a known format, and known to the redactor of the tests as the run's own."""
REDACTOR: Final = Redactor(["correct horse battery staple"])
OWN: Final = "correct horse battery staple"
RUN_SECRET: Final = "a-secret-to-redact"

Json = dict[str, Any]


def _line(kind: str, fields: Json) -> Json:
    """The line as it stands in the log."""
    raw = LineChain("run-1").line(kind, datetime.fromtimestamp(AT, UTC), fields)
    line: Json = json.loads(raw)
    assert problems_of(line) == []
    assert SECRET not in raw.decode()
    assert OWN not in raw.decode()
    return line


def _call(text: str = "text", **fields: Any) -> Call:
    usual: Json = {
        "protocol": WireProtocol.ANTHROPIC_MESSAGES,
        "operation": Operation.GENERATE,
        "model": text,
        "stream": True,
        "fingerprint": text,
        "size": InputSize(text_bytes=9),
        "tools": (ToolOffer(name=text, canonical=text), ToolOffer(name=text, canonical=text, provider_executed=True)),
        "tool_results": (ToolResult(id=text, ok=True),),
        "service_tier": text,
        "geo": text,
        "other_models": (text,),
        "previous_response_id": text,
        "conversation": text,
    }
    return Call(**usual | fields)


def _exchange(text: str = "text", **fields: Any) -> Exchange:
    call = _call(text)
    caller = Caller(session="one", run="R", provider="anthropic", user=text, pull_request=text)
    received = CallReceived(
        request="req-1", at=AT, caller=caller, call=call, remembered={"name": "one", text: {text: [text]}}
    )
    usual: Json = {
        "request_id": "req-1",
        "started": AT,
        "session": "one",
        "path": text,
        "agent": text,
        "attribution": Attribution(agent_session=text, subagent=text, parent=text),
        "call": call,
        "received": received,
        "findings": [_finding(text)],
        "trace": [Evaluation(rule="tool_allowlist", verdict=Verdict.BLOCK, detail=text)],
        "tool_calls": [records.judged_tool(_tool(text), Verdict.BLOCK, "tool_not_allowed", REDACTOR)],
    }
    return Exchange(**usual | fields)


def _finding(text: str = "text", **fields: Any) -> Finding:
    usual: Json = {
        "rule": "tool_allowlist",
        "verdict": Verdict.BLOCK,
        "reason": "tool_not_allowed",
        "message": text,
        "subject": text,
        "place": Place(file="guardian.yml", line=3),
    }
    return Finding(**usual | fields)


def _tool(text: str = "text", **fields: Any) -> ToolUse:
    usual: Json = {"id": text, "name": text, "canonical": text, "arguments": text, "paths": (text,), "command": text}
    return ToolUse(**usual | fields)


def _demands(text: str = "text") -> tuple[Demand, ...]:
    return (
        Demand(scope="session:one#1", limit=Limit(picodollars=5 * 10**12, tokens=50_000)),
        Demand(scope=f"model:{text}@2026-11-22", limit=Limit(tokens=7)),
    )


_BALANCES: Final = (
    Balance(spent=Amount(picodollars=3, tokens=2), reserved=Amount(picodollars=10**12, tokens=1)),
    Balance(),
)


def _forward(text: str = "text", **fields: Any) -> Forward:
    usual: Json = {
        "request": "req-1",
        "findings": (_finding(text),),
        "trace": (Evaluation(rule="tool_allowlist", verdict=Verdict.WARN, detail=text),),
        "max_output_tokens": 100,
        "remove_tools": (1,),
        "model": text,
        "notice": text,
        "reserved": Amount(picodollars=10**9, tokens=100),
        "demands": _demands(text),
        "balances": _BALANCES,
    }
    return Forward(**usual | fields)


def _usage(text: str = "text") -> Usage:
    return Usage(
        model=text,
        input_tokens=1,
        cache_read_tokens=2,
        cache_write_5m_tokens=4,
        output_tokens=8,
        service_tier=text,
        speed=text,
        geo=text,
        parts=(Usage(model=text, input_tokens=1),),
    )


def _settle(text: str = "text", **fields: Any) -> Settle:
    usual: Json = {
        "request": "req-1",
        "charge": Amount(picodollars=140_000_000, tokens=15),
        "reserved": True,
        "session": ("one", {}),
        "cost": Cost(picodollars=140_000_000, source="a table", as_of="2026-11-01", model=text),
        "usage": _usage(text),
        "estimated": False,
        "demands": _demands(text),
    }
    return Settle(**usual | fields)


def _ended(text: str = "text", **fields: Any) -> Ended:
    usual: Json = {"request": "req-1", "at": AT + 2, "outcome": Outcome.COMPLETE, "response_id": text}
    return Ended(**usual | fields)


def _every_line(text: str) -> dict[str, tuple[str, Json]]:
    """One line of each builder, with ``text`` in every place that is not the proxy's own word."""
    exchange = _exchange(text)
    progressed = Progressed(request="req-1", at=AT, usage=_usage(text), output_bytes=5)
    policy = {"name": "dev", "file": "guardian.yml", "digest": "0" * 64, "document": {}}
    return {
        "run_started": (
            "run_started",
            records.run_started(
                version="0.1.0",
                pid=7,
                policy=policy,
                log_level="info",
                store="memory",
                prices=digest(),
                recovered=[],
                direct_connections="watched",
            ),
        ),
        "call_admitted": ("call_admitted", records.call_admitted(exchange, _forward(text), REDACTOR, text)),
        "tool_call": (
            "tool_call",
            records.tool_call(exchange, _tool(text), AT, Verdict.BLOCK, [_finding(text)], exchange.trace, REDACTOR),
        ),
        "tool_result": ("tool_result", records.tool_result(exchange, text, text, REDACTOR, well=True)),
        "rejected": (
            "call",
            records.rejected(exchange, _finding(text), AT, REDACTOR, _demands(text), _BALANCES),
        ),
        "finished": ("call", records.finished(exchange, _ended(text), _settle(text), _BALANCES, REDACTOR)),
        "extended": (
            "notice",
            records.extension(progressed, Amount(picodollars=5), _demands(text), _BALANCES, REDACTOR, granted=True),
        ),
        "tunnelled": ("notice", records.tunnelled(text, REDACTOR)),
        "observed": ("notice", records.observed(_finding(text), REDACTOR)),
        "notice": ("notice", records.notice("info", "a_code", REDACTOR.text(text), "req-1")),
    }


_BUILDERS: Final = sorted(_every_line(""))


@pytest.mark.parametrize("builder", _BUILDERS)
@pytest.mark.parametrize("secret", [SECRET, OWN])
def test_a_secret_in_any_text_of_an_agent_or_a_model_does_not_reach_the_log(builder: str, secret: str) -> None:
    _line(*_every_line(secret)[builder])
    _line(*_every_line(f"a word before, {secret}, and one behind")[builder])
    _line(*_every_line("x" * 290 + secret * 100)[builder])


@settings(max_examples=40)
@given(st.text(max_size=30) | st.sampled_from(["\ud800", "\x00\x1b[31m", "é" * 400, "x" * 70_000]))
def test_every_line_is_what_the_schema_says_whatever_the_texts_are(text: str) -> None:
    for kind, fields in _every_line(text).values():
        _line(kind, fields)


def test_an_admitted_call_tells_its_edits_its_reservation_and_its_facts() -> None:
    line = _line("call_admitted", records.call_admitted(_exchange(), _forward(), REDACTOR, None))
    assert line["edits"] == {"max_output_tokens": 100, "remove_tools": ["text"], "model": "text", "notice": "text"}
    assert {name: line["reservation"][name] for name in ("cost_usd", "cost_picodollars", "tokens")} == {
        "cost_usd": 0.001,
        "cost_picodollars": 10**9,
        "tokens": 100,
    }
    first = line["reservation"]["scopes"][0]
    assert (first["scope"], first["reserved_picodollars"], first["limit_usd"]) == ("session:one#1", 10**12, 5)
    assert line["facts"]["call"]["fingerprint"] == "text"
    assert "prompt" not in line


def test_a_call_that_reserves_nothing_and_is_not_edited_says_so() -> None:
    forward = Forward(request="req-1")
    line = _line("call_admitted", records.call_admitted(_exchange(), forward, REDACTOR, None))
    assert (line["reservation"], line["edits"]) == (None, {})


@pytest.mark.parametrize(("asked", "granted", "edit"), [(8, 2, 2), (8, 8, None), (0, None, None)])
def test_fewer_searches_are_an_edit(asked: int, granted: int | None, edit: int | None) -> None:
    exchange = _exchange()
    exchange.call = _call(max_web_searches=asked)
    forward = Forward(request="req-1", max_web_searches=granted)
    assert records.call_admitted(exchange, forward, REDACTOR, None)["edits"] == (
        {} if edit is None else {"max_web_searches": edit}
    )


def test_a_prompt_is_in_the_line_only_where_it_is_given() -> None:
    line = _line("call_admitted", records.call_admitted(_exchange(), _forward(), REDACTOR, f"Read it: {SECRET}"))
    assert line["prompt"] == "Read it: [redacted:api-key]"


def test_a_call_that_nobody_received_cannot_have_been_admitted() -> None:
    exchange = Exchange(request_id="req-1", started=AT)
    with pytest.raises(ValueError, match="req-1 was admitted before it was received"):
        records.call_admitted(exchange, _forward(), REDACTOR, None)


def test_the_record_of_an_answered_call_tells_what_it_cost_and_did() -> None:
    exchange = _exchange(status=200, upstream_status=200, first_byte=AT + 0.25, findings=[])
    line = _line("call", records.finished(exchange, _ended(), _settle(), _BALANCES, REDACTOR))
    told = ("decision", "reason", "outcome", "status", "estimated", "cost_usd", "cost_picodollars", "budget")
    assert {name: line[name] for name in told} == {
        "decision": "approved",
        "reason": None,
        "outcome": "complete",
        "status": 200,
        "estimated": False,
        "cost_usd": 0.00014,
        "cost_picodollars": 140_000_000,
        "budget": 50_000,
    }
    tokens = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cumulative_tokens")
    assert [line[name] for name in tokens] == [7, 8, 2, 4, 2]
    assert line["latency"] == {"time_to_first_token_ms": 250.0, "total_ms": 2000.0}
    assert line["price"] == {"model": "text", "source": "a table", "as_of": "2026-11-01"}
    assert (line["budget_usd"], line["usage"]["input_tokens"]) == (5, 1)


def test_an_estimate_counts_what_was_charged_as_input() -> None:
    settle = _settle(usage=None, cost=None, estimated=True)
    line = _line("call", records.finished(_exchange(), _ended(), settle, _BALANCES, REDACTOR))
    assert [line[name] for name in ("input_tokens", "output_tokens", "usage", "price")] == [15, 0, None, None]


@pytest.mark.parametrize(
    ("outcome", "gone", "told"),
    [
        (Outcome.COMPLETE, False, "complete"),
        (Outcome.COMPLETE, True, "client_gone"),
        (Outcome.CLIENT_GONE, True, "client_gone"),
        (Outcome.REFUSED_UPSTREAM, False, "upstream_error"),
        (Outcome.UNREACHED, False, "upstream_error"),
        (Outcome.UPSTREAM_ERROR, False, "upstream_error"),
        (Outcome.CUT, False, "cut"),
    ],
)
def test_each_outcome_has_its_word(outcome: Outcome, *, gone: bool, told: str) -> None:
    exchange = _exchange(client_gone=gone)
    line = _line("call", records.finished(exchange, _ended(outcome=outcome), _settle(), _BALANCES, REDACTOR))
    assert line["outcome"] == told
    assert line["facts"]["ended"]["outcome"] == outcome.value


def test_an_answered_call_that_held_a_violation_names_the_first_one_as_its_reason() -> None:
    findings = [_finding(verdict=Verdict.WARN), _finding(reason="file_blocked"), _finding()]
    line = _line("call", records.finished(_exchange(findings=findings), _ended(), _settle(), _BALANCES, REDACTOR))
    assert (line["decision"], line["reason"]) == ("approved", "file_blocked")
    assert [each["violation"] for each in line["findings"]] == [False, True, True]


def test_the_record_of_a_refusal_tells_why_and_by_which_rules() -> None:
    line = _line("call", records.rejected(_exchange(), _finding(), AT, REDACTOR, _demands(), _BALANCES))
    told = ("decision", "reason", "message", "outcome", "cost_picodollars", "input_tokens", "usage", "price")
    assert [line[name] for name in told] == ["rejected", "tool_not_allowed", "text", "refused", 0, 0, None, None]
    assert line["trace"] == [{"rule": "tool_allowlist", "verdict": "block", "detail": "text"}]
    assert line["facts"]["received"]["at"] == AT


def test_a_refusal_of_what_could_not_be_read_has_a_record_too() -> None:
    line = _line("call", records.rejected(Exchange(request_id="req-1", started=AT), _finding(), AT, REDACTOR))
    assert (line["protocol"], line["model"], line["session_id"], line["scopes"]) == (None, None, None, [])
    assert "facts" not in line


def test_a_throttle_tells_when_to_come_back_and_is_no_violation() -> None:
    plain = records.finding(_finding(retry_after=30, throttle=True, place=None), REDACTOR)
    assert (plain["retry_after"], plain["throttle"], plain["violation"]) == (30, True, False)
    assert (plain["file"], plain["line"]) == (None, None)


@pytest.mark.parametrize(
    ("verdict", "status"), [(Verdict.ALLOW, "unknown"), (Verdict.WARN, "unknown"), (Verdict.BLOCK, "denied")]
)
def test_a_tool_calls_result_is_known_only_where_it_was_denied(verdict: Verdict, status: str) -> None:
    assert records.judged_tool(_tool(), verdict, None, REDACTOR)["result_status"] == status


def test_long_texts_are_cut_in_a_calls_record() -> None:
    tool = _tool(name="n" * 5000, arguments="a" * 5000, command="c" * 50_000)
    plain = records.judged_tool(tool, Verdict.ALLOW, None, REDACTOR)
    assert [len(str(plain[name])) for name in ("name", "arguments", "command")] == [300, 2000, 16_384]


@pytest.mark.parametrize(("granted", "code"), [(True, "reservation_extended"), (False, "reservation_exceeded")])
def test_an_extension_tells_what_the_ledger_said_and_what_it_was_asked(*, granted: bool, code: str) -> None:
    event = Progressed(request="req-1", at=AT, usage=None, output_bytes=9000)
    extra = Amount(picodollars=7)
    line = _line("notice", records.extension(event, extra, _demands(), _BALANCES, REDACTOR, granted=granted))
    assert (line["code"], line["request_id"]) == (code, "req-1")
    assert line["facts"]["extra"] == {"picodollars": 7}
    assert [scope["scope"] for scope in line["facts"]["scopes"]] == ["session:one#1", "model:text@2026-11-22"]


@pytest.mark.parametrize(
    ("picodollars", "dollars"), [(0, "0.0"), (1, "1e-12"), (140_000_000, "0.00014"), (10**12 // 10, "0.1")]
)
def test_dollars_are_written_short_and_exactly(picodollars: int, dollars: str) -> None:
    assert json.dumps(records.usd(picodollars)) == dollars


# The same, as the proxy's own gatekeeper writes them: run by run, with nothing made by hand.


def recorded_lines(run: RecordedRun) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in run.end().read_bytes().splitlines()]
    for line in lines:
        assert problems_of(line) == []
    return lines


def calls_of(run: RecordedRun) -> list[dict[str, Any]]:
    return [line for line in recorded_lines(run) if line["type"] == "call"]


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("told", [None, used(40)], ids=["silent", "told"])
def test_every_end_has_a_valid_record_that_says_whether_it_is_an_estimate(
    tmp_path: Path, outcome: Outcome, told: Any
) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {})
    exchange = run.ask()
    assert exchange is not None
    run.ends(exchange, outcome, told)
    (call,) = calls_of(run)
    free = outcome in (Outcome.REFUSED_UPSTREAM, Outcome.UNREACHED) and told is None
    complete = outcome is Outcome.COMPLETE and told is not None
    assert call["estimated"] is not (free or complete)
    assert (call["cost_picodollars"] == 0) == free


def test_secrets_reach_no_field(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {"file_blocklist": [f"*{RUN_SECRET}*"], "unknown_model": "ceiling"})
    exchange = run.ask(asked(model=f"model-{RUN_SECRET}", service_tier=RUN_SECRET, cache_ttl="5m"))
    assert exchange is not None
    exchange.agent, exchange.path = f"agent {RUN_SECRET}", f"/v1/{RUN_SECRET}"
    run.calls_tool(
        exchange, f"Bash{RUN_SECRET}", json.dumps({"command": f"echo {RUN_SECRET}", "file_path": f"/{RUN_SECRET}"})
    )
    run.calls_tool(exchange, "Bash", json.dumps({"command": f"cat {RUN_SECRET}"}))
    run.keeper.notice("warning", "a_code", f"it is {RUN_SECRET}")
    run.ends(exchange, usage=used(service_tier=RUN_SECRET))
    assert run.ask(asked(model=f"x-{RUN_SECRET}", size=InputSize(text_bytes=10**9))) is not None
    text = json.dumps([{name: v for name, v in line.items() if name != "policy"} for line in recorded_lines(run)])
    assert RUN_SECRET not in text


@pytest.mark.parametrize("text", ["\ud800", "\x00\x1b[31m", "\u202e", "x" * 100_000, "é漢🎉", ""])
def test_whatever_a_model_says_makes_a_valid_line(tmp_path: Path, text: str) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {"allowed_tools": ["bash"]})
    exchange = run.ask(asked(fingerprint=text, service_tier=text))
    assert exchange is not None
    run.calls_tool(exchange, text, text)
    run.ends(exchange, usage=used(service_tier=text))
    assert [line["type"] for line in recorded_lines(run)].count("tool_call") == 1
