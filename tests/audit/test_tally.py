"""Counts are complete, lists are bounded."""

from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.audit.tally import (
    MAX_FINDINGS_A_RULE,
    MAX_PATHS,
    MAX_SUBAGENTS,
    OTHERS,
    FindingRow,
    Findings,
    SessionTally,
    Tokens,
    finding_kind,
)


def row(session: str | None, rule: str) -> FindingRow:
    return FindingRow(kind="violation", rule=rule, reason="", message="", session=session)


def test_findings_are_all_counted_and_the_first_of_each_rule_kept() -> None:
    findings = Findings()
    for _ in range(MAX_FINDINGS_A_RULE + 5):
        findings.add(row("dev", "cost_limit"))
    findings.add(row("dev", "rate_limit"))
    assert findings.total == MAX_FINDINGS_A_RULE + 6
    assert findings.left_out == 5
    assert findings.by_rule() == {"cost_limit": MAX_FINDINGS_A_RULE + 5, "rate_limit": 1}
    assert len(findings.of("dev", "rate_limit")) == 1


@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from(["x", "y"]))))
def test_the_counts_of_the_rules_add_up(found: list[tuple[str | None, str]]) -> None:
    findings = Findings()
    for session, rule in found:
        findings.add(row(session, rule))
    assert sum(findings.by_rule().values()) == findings.total == len(found)


def test_a_finding_counts_as_what_it_does() -> None:
    assert finding_kind({"verdict": "block", "violation": True}) == "violation"
    assert finding_kind({"verdict": "block", "violation": False}) == "throttled"
    assert finding_kind({"verdict": "warn", "violation": False}) == "warning"
    assert finding_kind({"verdict": "allow"}) is None
    assert finding_kind({}) is None


def test_the_paths_of_a_session_stop_at_a_bound_and_say_so() -> None:
    session = SessionTally(id="dev")
    paths = [f"file-{number}" for number in range(MAX_PATHS + 1)]
    session.count({"tool_calls": [{"name": "Read", "paths": paths}]})
    assert list(session.paths) == paths[:MAX_PATHS]
    assert session.more_paths


def test_a_denied_tool_call_touches_no_file() -> None:
    session = SessionTally(id="dev")
    session.count({"tool_calls": [{"name": "Read", "paths": [".env"], "verdict": "block"}]})
    assert session.paths == {}
    assert session.tools == {"Read": 1}


def test_the_total_of_tokens_counts_cached_input_once() -> None:
    tokens = Tokens(input=100, output=10, cache_read=60, cache_write=20)
    assert (tokens + tokens).total == 220


def _attributed(subagent: str | None, agent_session: str = "s") -> dict[str, object]:
    told = {"agent_session": agent_session} | ({} if subagent is None else {"subagent": subagent, "parent": "p"})
    record: dict[str, object] = {"attribution": told, "decision": "approved"}
    return record | {"cost_picodollars": 5, "input_tokens": 3, "output_tokens": 1}


def test_main_agent_and_subagents_are_told_apart_and_add_up_to_the_session() -> None:
    session = SessionTally(id="dev")
    for subagent in ("a", None, "b", "b"):
        session.count(_attributed(subagent))
    session.count(_attributed("a") | {"decision": "rejected", "cost_picodollars": 0})
    assert [(one.subagent, one.parent, one.calls, one.refused, one.picodollars) for one in session.parts] == [
        (None, None, 1, 0, 5),
        ("b", "p", 2, 0, 10),
        ("a", "p", 2, 1, 5),
    ]
    assert sum(one.picodollars for one in session.parts) == session.picodollars
    assert sum(one.tokens.total for one in session.parts) == session.tokens.total


def test_a_session_of_one_agent_has_no_parts() -> None:
    session = SessionTally(id="dev")
    session.count(_attributed(None))
    assert (session.parts, list(session.attributed)) == ([], [("s", None)])


def test_subagents_beyond_the_bound_are_counted_together() -> None:
    session = SessionTally(id="dev")
    for number in range(MAX_SUBAGENTS + 7):
        session.count(_attributed(f"a{number}"))
    assert len(session.attributed) == MAX_SUBAGENTS + 1
    assert session.attributed[None, OTHERS].calls == 7
