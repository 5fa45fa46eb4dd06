"""The JUnit report is read alike by the three readers that people use."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_log import ANY_TEXT, hostile_summary
from hypothesis import given, settings
from recorded_log import RecordedLog, finding

from guardian_ci.audit.reader import Problem, read_log
from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import MAX_FINDINGS_A_RULE
from guardian_ci.reports.junit import JunitReport
from guardian_ci.reports.rules import RUN_RULES, SESSION_RULES


def parsed(summary: Summary) -> ET.Element:
    text = JunitReport().render(summary)
    root = ET.fromstring(text.encode())
    check_dialect(root)
    return root


def check_dialect(root: ET.Element) -> None:
    """Check what each of the readers trips over."""
    assert root.tag == "testsuites"
    suites = list(root)
    assert suites
    assert all(suite.tag == "testsuite" and suite.get("name") for suite in suites)
    assert not root.findall("testsuite/testsuite")
    assert len({suite.get("name") for suite in suites}) == len(suites)
    for suite in suites:
        cases = suite.findall("testcase")
        assert cases
        assert len({case.get("name") for case in cases}) == len(cases)
        assert {case.get("classname") for case in cases} == {suite.get("name")}
        assert all(len(case.findall("failure")) <= 1 for case in cases)
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("tests") == str(len(cases))


def case(root: ET.Element, suite: str, rule: str) -> ET.Element:
    cases = [one for parent in root if parent.get("name") == suite for one in parent.iter("testcase")]
    (found,) = [one for one in cases if one.get("name") == rule]
    return found


def text(element: ET.Element | None) -> str:
    assert element is not None
    return element.text or ""


def test_the_whole_report(rich: Summary, expected: Callable[[str, str], None]) -> None:
    expected("junit.xml", JunitReport().render(rich))


def test_a_run_without_calls_has_its_suite_all_the_same(tmp_path: Path) -> None:
    root = parsed(Summary.of(read_log(RecordedLog(tmp_path / "log.ndjson").start().end())))
    assert [suite.get("name") for suite in root] == ["guardian-ci run"]
    assert [one.get("name") for one in root.iter("testcase")] == list(RUN_RULES)


def test_a_log_that_is_not_there_fails_the_case_of_its_integrity() -> None:
    summary = Summary.of(problems=[Problem(kind="no_log", file="log.ndjson", line=0, message="it never started")])
    failure = case(parsed(summary), "guardian-ci run", "run_integrity").find("failure")
    assert failure is not None
    assert failure.get("message") == "it never started"


def test_each_session_is_a_suite_and_each_rule_a_case(rich: Summary) -> None:
    root = parsed(rich)
    assert [suite.get("name") for suite in root] == ["guardian-ci run", "dev", "docs"]
    for suite in root[1:]:
        assert [one.get("name") for one in suite.iter("testcase")] == list(SESSION_RULES)


def test_a_failure_says_what_where_and_why(rich: Summary) -> None:
    one = case(parsed(rich), "docs", "tool_allowlist")
    failure = one.find("failure")
    assert failure is not None
    assert (one.get("file"), one.get("line")) == (".github/guardian.yml", "7")
    assert failure.get("type") == "tool_not_allowed"
    assert failure.get("message") == "The tool WebFetch is not allowed; allowed_tools names read_file and bash"
    assert "about WebFetch, request req-2, at 2026-11-22T12:00:02.000Z" in text(failure)


def test_a_rule_that_the_policy_turned_off_is_skipped(rich: Summary) -> None:
    assert case(parsed(rich), "dev", "retry_loop").find("skipped") is not None


def test_a_warning_and_a_slow_down_are_output_of_a_case_that_passed(rich: Summary) -> None:
    root = parsed(rich)
    warned, slowed = case(root, "docs", "file_blocklist"), case(root, "dev", "rate_limit")
    assert warned.find("failure") is slowed.find("failure") is None
    assert text(warned.find("system-out")).startswith("warning: careful")
    assert text(slowed.find("system-out")).startswith("slowed down: wait 12 s")


def test_what_no_session_did_fails_the_run(rich: Summary) -> None:
    assert case(parsed(rich), "guardian-ci run", "unmetered_endpoint").find("failure") is not None


def test_a_rule_that_is_not_known_gets_a_case_too(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start().call(findings=[finding(rule="new_rule")])
    assert case(parsed(Summary.of(read_log(log.end()))), "dev", "new_rule").find("failure") is not None


def test_very_many_findings_of_a_rule_are_one_failure_that_counts_them(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    log.call(findings=[finding()] * (MAX_FINDINGS_A_RULE + 7))
    failure = case(parsed(Summary.of(read_log(log.end()))), "dev", "tool_allowlist").find("failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("57 violations; the first: The tool WebFetch")
    assert text(failure).endswith("… and 7 more: see log.ndjson")


def test_sessions_whose_names_look_alike_stay_apart(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    for name in ("a", "a\n", "a\t", "", " ", "guardian-ci run"):
        log.call(session_id=name)
    root = parsed(Summary.of(read_log(log.end())))
    assert len(list(root)) == 7


@settings(max_examples=40)
@given(ANY_TEXT)
def test_no_text_breaks_the_report(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    summary = hostile_summary(tmp_path_factory.mktemp("log"), text)
    parsed(summary)
    assert JunitReport().render(summary) == JunitReport().render(summary)
