"""The summary in a terminal is short, and its colours are its own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_log import ANY_TEXT, hostile_summary
from hypothesis import given, settings
from recorded_log import RecordedLog, finding, tool

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.summary import Summary
from guardian_ci.reports.terminal import TerminalReport


def test_the_whole_report(rich: Summary, expected: Callable[[str, str], None]) -> None:
    expected("terminal.txt", TerminalReport().render(rich))


def test_colours_change_no_word(rich: Summary) -> None:
    coloured = TerminalReport(colour=True).render(rich)
    assert "\033[31;1mFAIL\033[0m" in coloured
    assert re.sub(r"\033\[[0-9;]*m", "", coloured) == TerminalReport().render(rich)


def test_a_clean_run_passes(tmp_path: Path) -> None:
    summary = Summary.of(read_log(RecordedLog(tmp_path / "log.ndjson").start().call().end()))
    assert TerminalReport().render(summary).startswith("guardian-ci PASS no violation\n")


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    log.call(
        findings=[finding()] * 12, tool_calls=[tool(name=f"t{number}", canonical=f"t{number}") for number in range(14)]
    )
    text = TerminalReport().render(Summary.of(read_log(log.end())))
    assert "… and 2 more violations" in text
    assert " and 4 more" in text


@settings(max_examples=40)
@given(ANY_TEXT)
def test_no_text_steers_the_terminal_or_a_runner(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    rendered = TerminalReport().render(hostile_summary(tmp_path_factory.mktemp("log"), text))
    assert "\033" not in rendered
    assert "##[" not in rendered
    for line in rendered.splitlines():
        assert line.startswith(("guardian-ci ", "  "))
        assert not line.lstrip().startswith("::")
    assert len(rendered.splitlines()) < 20
