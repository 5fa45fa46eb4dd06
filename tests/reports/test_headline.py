"""Every report says the verdict in the same words."""

from pathlib import Path

from recorded_log import RecordedLog, finding

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import ScopeRow
from guardian_ci.reports.headline import calls_line, headline, named_counts, open_line, tightest_first


def test_a_clean_run_says_so(tmp_path: Path) -> None:
    summary = Summary.of(read_log(RecordedLog(tmp_path / "log.ndjson").start().call().end()))
    assert (headline(summary), calls_line(summary), open_line(summary)) == ("no violation", "1 call", "")


def test_violations_are_counted_by_rule(rich: Summary) -> None:
    assert headline(rich) == "3 violations: cost_limit, tool_allowlist, unmetered_endpoint"
    assert calls_line(rich) == "6 calls (3 refused, 1 of these only slowed down)"


def test_a_call_in_flight_is_named(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start().admitted().judged(findings=[finding()])
    assert open_line(Summary.of(read_log(log.cut()))).startswith("1 call in flight when the proxy died: up to $0.2500")


def test_many_rules_are_not_all_named() -> None:
    assert named_counts({"a": 2, "b": 1, "c": 1}, most=2) == "a (2), b and 1 more"


def test_the_budget_that_is_spent_most_comes_first_and_no_budget_not_at_all() -> None:
    rows = [
        ScopeRow(scope="a", picodollars=1, tokens=0),
        ScopeRow(scope="b", picodollars=1, tokens=9, limit_picodollars=10, limit_tokens=10),
        ScopeRow(scope="c", picodollars=5, tokens=0, limit_picodollars=10),
        ScopeRow(scope="d", picodollars=5, tokens=0, limit_picodollars=0),
    ]
    assert [row.scope for row in tightest_first(rows)] == ["d", "b", "c"]
