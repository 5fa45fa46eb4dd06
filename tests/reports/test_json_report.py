"""The JSON report holds all that the summary does, for programs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_log import ANY_TEXT, hostile_summary
from hypothesis import given, settings

from guardian_ci.audit.summary import Summary
from guardian_ci.reports.json_report import JsonReport


def test_the_whole_report(rich: Summary, expected: Callable[[str, str], None]) -> None:
    expected("summary.json", JsonReport().render(rich))


def test_money_is_exact_in_both_forms(rich: Summary) -> None:
    cost = json.loads(JsonReport().render(rich))["cost"]
    assert (cost["usd"], cost["picodollars"]) == ("1.5", 1_500_000_000_000)


def test_the_verdict_is_a_word(rich: Summary) -> None:
    assert json.loads(JsonReport().render(rich))["verdict"] == "violation"


def test_a_runner_finds_no_command_in_it(tmp_path: Path) -> None:
    text = JsonReport().render(hostile_summary(tmp_path, "##[add-mask]x"))
    assert "##[" not in text
    assert json.loads(text)["sessions"][0]["id"] == "##[add-mask]x"


@settings(max_examples=40)
@given(ANY_TEXT)
def test_any_text_reads_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    rendered = JsonReport().render(hostile_summary(tmp_path_factory.mktemp("log"), text))
    assert rendered.isascii()
    assert json.loads(rendered)["sessions"][0]["id"] == text
    assert json.loads(rendered)["violations"]["list"][0]["message"] == text
