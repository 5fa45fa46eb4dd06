"""The fields of each line: what the schema asks for, exact in money, and free of secrets."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_log import problems_of
from recorded_run import OFFERS, RecordedRun, asked, results, used

from guardian_ci.audit import records
from guardian_ci.audit.redact import Redactor
from guardian_ci.model import Finding, InputSize, Place, Verdict
from guardian_ci.session.events import Outcome

SECRET = "a-secret-to-redact"
Json = dict[str, Any]


def lines_of(run: RecordedRun) -> list[Json]:
    lines = [json.loads(line) for line in run.end().read_bytes().splitlines()]
    for line in lines:
        assert problems_of(line) == []
    return lines


def of_type(lines: list[Json], kind: str) -> list[Json]:
    return [line for line in lines if line["type"] == kind]


@given(picodollars=st.integers(0, 10**18))
def test_dollars_read_back_as_what_they_are_worth(picodollars: int) -> None:
    told = json.loads(json.dumps(records.usd(picodollars)))
    assert abs(told * 10**12 - picodollars) <= picodollars * 1e-15


def test_a_call_that_was_approved_tells_its_tokens_cost_and_price(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {"cost_limit_usd": 5, "token_budget": 50_000})
    exchange = run.ask()
    assert exchange is not None
    run.ends(exchange, usage=used(40, cache_read_tokens=20))
    (call,) = of_type(lines_of(run), "call")
    assert (call["input_tokens"], call["output_tokens"], call["cache_read_tokens"]) == (100, 40, 20)
    assert (call["decision"], call["outcome"], call["estimated"], call["reason"]) == (
        "approved",
        "complete",
        False,
        None,
    )
    assert call["cost_picodollars"] > 0
    assert call["cost_usd"] == call["cost_picodollars"] / 10**12
    assert set(call["price"]) == {"model", "source", "as_of"}
    assert (call["budget"], call["budget_usd"], call["cumulative_tokens"]) == (50_000, 5, 140)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("told", [None, used(40)], ids=["silent", "told"])
def test_every_end_has_a_valid_record_that_says_whether_it_is_an_estimate(
    tmp_path: Path, outcome: Outcome, told: Any
) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {})
    exchange = run.ask()
    assert exchange is not None
    run.ends(exchange, outcome, told)
    (call,) = of_type(lines_of(run), "call")
    free = outcome in (Outcome.REFUSED_UPSTREAM, Outcome.UNREACHED) and told is None
    complete = outcome is Outcome.COMPLETE and told is not None
    assert call["estimated"] is not (free or complete)
    assert (call["cost_picodollars"] == 0) == free


def test_a_rejection_has_the_trace_of_every_rule_and_the_line_of_the_policy(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {"allowed_models": ["gpt-*"]})
    assert run.ask() is None
    (call,) = of_type(lines_of(run), "call")
    assert (call["decision"], call["reason"], call["outcome"]) == ("rejected", "model_not_allowed", "refused")
    assert {"model_allowlist", "rate_limit", "retry_loop"} <= {each["rule"] for each in call["trace"]}
    (found,) = call["findings"]
    assert (found["violation"], found["file"], found["line"]) == (True, "guardian.yml", 1)


def test_an_admission_tells_facts_reservation_and_edits(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {"token_budget": 2000, "allowed_tools": ["bash"]})
    assert run.ask(asked(tools=OFFERS, max_output_tokens=90_000), pull_request="7") is not None
    (admitted,) = of_type(lines_of(run), "call_admitted")
    assert admitted["facts"]["caller"]["pull_request"] == "7"
    assert admitted["edits"]["remove_tools"] == ["web_search"]
    assert admitted["edits"]["max_output_tokens"] == admitted["reservation"]["max_output_tokens"] < 2000
    session = admitted["reservation"]["scopes"][0]
    assert (session["scope"], session["limit_tokens"], session["spent_tokens"]) == ("session:dev#1", 2000, 0)


def test_tools_are_told_with_verdict_and_later_with_their_result(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {"allowed_tools": ["bash"]})
    first = run.ask()
    assert first is not None
    run.calls_tool(first, "Bash", '{"command": "ls"}')
    run.calls_tool(first, "Write", '{"file_path": "a"}')
    run.ends(first, usage=used())
    run.ask(asked(number=2, tool_results=results("id-Bash")))
    lines = lines_of(run)
    assert [each["verdict"] for each in of_type(lines, "tool_call")] == ["allow", "block"]
    told = [(each["name"], each["verdict"], each["result_status"]) for each in of_type(lines, "call")[0]["tool_calls"]]
    assert told == [("Bash", "allow", "unknown"), ("Write", "block", "denied")]
    assert [(each["id"], each["status"]) for each in of_type(lines, "tool_result")] == [("id-Bash", "ok")]


def test_secrets_reach_no_field(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {"file_blocklist": [f"*{SECRET}*"], "unknown_model": "ceiling"})
    exchange = run.ask(asked(model=f"model-{SECRET}", service_tier=SECRET, cache_ttl="5m"))
    assert exchange is not None
    exchange.agent, exchange.path = f"agent {SECRET}", f"/v1/{SECRET}"
    run.calls_tool(exchange, f"Bash{SECRET}", json.dumps({"command": f"echo {SECRET}", "file_path": f"/{SECRET}"}))
    run.calls_tool(exchange, "Bash", json.dumps({"command": f"cat {SECRET}"}))
    run.keeper.notice("warning", "a_code", f"it is {SECRET}")
    run.ends(exchange, usage=used(service_tier=SECRET))
    assert run.ask(asked(model=f"x-{SECRET}", size=InputSize(text_bytes=10**9))) is not None
    text = json.dumps([{name: v for name, v in line.items() if name != "policy"} for line in lines_of(run)])
    assert SECRET not in text


@pytest.mark.parametrize("text", ["\ud800", "\x00\x1b[31m", "\u202e", "x" * 100_000, "é漢🎉", ""])
def test_whatever_a_model_says_makes_a_valid_line(tmp_path: Path, text: str) -> None:
    run = RecordedRun(tmp_path / "log.ndjson", {"allowed_tools": ["bash"]})
    exchange = run.ask(asked(fingerprint=text, service_tier=text))
    assert exchange is not None
    run.calls_tool(exchange, text, text)
    run.ends(exchange, usage=used(service_tier=text))
    assert len(of_type(lines_of(run), "tool_call")) == 1


def test_a_finding_is_told_whole() -> None:
    found = Finding(
        rule="rate_limit",
        verdict=Verdict.BLOCK,
        reason="why",
        message="No.",
        subject="it",
        place=Place(file="p.yml", line=3),
        retry_after=7,
        throttle=True,
    )
    assert records.finding(found, Redactor([])) == {
        "rule": "rate_limit",
        "verdict": "block",
        "reason": "why",
        "message": "No.",
        "subject": "it",
        "violation": False,
        "file": "p.yml",
        "line": 3,
        "retry_after": 7,
        "throttle": True,
    }
