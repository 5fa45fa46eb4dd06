"""Annotations stay within GitHub's limits, and no text becomes a workflow command of its own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_log import ANY_TEXT, HOSTILE, hostile_summary
from hypothesis import given, settings
from recorded_log import RecordedLog, finding

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.summary import Summary
from guardian_ci.reports.annotations import MAX_A_TYPE, MAX_CHARACTERS, AnnotationsReport

COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^:,\r\n]*)(?:,[a-z]+=[^:,\r\n]*)*)::([^\r\n]*)")


def commands(summary: Summary) -> list[tuple[str, dict[str, str], str]]:
    """Read the annotations as a runner does."""
    found = []
    for line in AnnotationsReport().render(summary).removesuffix("\n").split("\n"):
        match = COMMAND.fullmatch(line)
        assert match, line
        assert "##[" not in line
        assert len(line) <= MAX_CHARACTERS
        properties = dict(one.split("=", 1) for one in match[2].split(","))
        assert set(properties) <= {"title", "file", "line"}
        assert not re.search("%(?!25|0D|0A|3A|2C)", match[2] + match[3])
        found.append((match[1], {name: unescaped(value) for name, value in properties.items()}, unescaped(match[3])))
    return found


def unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_the_whole_report(rich: Summary, expected: Callable[[str, str], None]) -> None:
    expected("annotations.txt", AnnotationsReport().render(rich))


def test_a_violation_is_an_error_at_the_line_of_the_policy(rich: Summary) -> None:
    kind, properties, message = commands(rich)[0]
    assert kind == "error"
    assert properties == {"title": "guardian-ci: tool_allowlist", "file": ".github/guardian.yml", "line": "7"}
    assert message == "The tool WebFetch is not allowed; allowed_tools names read_file and bash (session docs)"


def test_a_clean_run_says_so_in_a_notice(tmp_path: Path) -> None:
    summary = Summary.of(read_log(RecordedLog(tmp_path / "log.ndjson").start().call().end()))
    assert commands(summary) == [("notice", {"title": "guardian-ci: no violation"}, "1 call, $0.5000")]


@pytest.mark.parametrize(("number", "shown"), [(9, 9), (10, 10), (11, 10), (300, 10)])
def test_there_are_ten_of_a_type_at_most_and_the_last_counts_the_rest(tmp_path: Path, number: int, shown: int) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    log.call(findings=[finding(rule=f"rule_{index % 30}") for index in range(number)])
    errors = [message for kind, _, message in commands(Summary.of(read_log(log.end()))) if kind == "error"]
    assert len(errors) == shown <= MAX_A_TYPE
    if number > MAX_A_TYPE:
        assert errors[-1] == f"{number - 9} more violations: see the job summary"


@settings(max_examples=40)
@given(ANY_TEXT)
def test_no_text_breaks_out_of_its_annotation(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    found = commands(hostile_summary(tmp_path_factory.mktemp("log"), text))
    assert [kind for kind, _, _ in found] == ["error", "warning", "notice"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_breaks_out_of_its_annotation(tmp_path: Path, text: str) -> None:
    assert len(commands(hostile_summary(tmp_path, text))) == 3


def test_a_message_of_per_cent_signs_is_cut_between_its_escapes(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    path = log.call(findings=[finding(message="%" * 9_000, file="%" * 9_000)]).end()
    kind, _, message = commands(Summary.of(read_log(path)))[0]
    assert kind == "error"
    assert message.endswith("…")
