"""The job summary shows any text as text, and always fits."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hostile_log import ANY_TEXT, HOSTILE, hostile_summary
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token
from recorded_log import RecordedLog, finding, scope, tool

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.summary import Summary
from guardian_ci.reports.markdown import MAX_BYTES, MarkdownReport

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"<sub>", "</sub>", "<br>", "<code>", "</code>"}
FOREIGN = {"link_open", "image", "html_block", "strong_open", "s_open", "code_block", "ordered_list_open", "hr"}
STRUCTURE = {"heading_open", "blockquote_open", "bullet_list_open", "table_open", "fence", "em_open", "hardbreak"}


def summed(path: Path) -> Summary:
    return Summary.of(read_log(path))


def tokens(text: str) -> Iterator[Token]:
    """Yield every token of a Markdown text, inner ones too."""
    for token in GITHUB.parse(text):
        yield token
        yield from token.children or []


def shape(text: str) -> list[str]:
    """Return what a Markdown text is built of; check that none of it is a link, an image or foreign HTML."""
    found = list(tokens(text))
    kinds = {token.type for token in found}
    assert not kinds & FOREIGN
    assert {token.content for token in found if token.type == "html_inline"} <= OURS
    for token in found:
        if token.type == "text":
            assert not re.search(r"@\w|#\d|://|www\.|GH-\d", token.content), token.content
    return [token.type for token in found if token.type in STRUCTURE]


def cells(text: str) -> list[int]:
    """Return the number of cells in each row of the tables."""
    counts = []
    for token in GITHUB.parse(text):
        if token.type == "tr_open":
            counts.append(0)
        elif token.type in ("td_open", "th_open"):
            counts[-1] += 1
    return counts


def test_the_whole_report(rich: Summary, expected: Callable[[str, str], None]) -> None:
    text = MarkdownReport().render(rich)
    shape(text)
    expected("summary.md", text)


def test_the_verdict_comes_first(rich: Summary, tmp_path: Path) -> None:
    clean = summed(RecordedLog(tmp_path / "clean.ndjson").start().call().end())
    assert MarkdownReport().render(clean).startswith("## ✅ guardian-ci: no violation\n")
    head, why = MarkdownReport().render(rich).split("\n\n")[:2]
    assert head == "## ❌ guardian-ci: 3 violations: cost_limit, tool_allowlist, unmetered_endpoint"
    assert why.startswith("> `tool_allowlist` The tool WebFetch is not allowed")


def test_spend_stands_against_its_budget(rich: Summary) -> None:
    assert "| `run` | $4.90 | $5.00 | `███████████████████░` 98 % |" in MarkdownReport().render(rich)


CHART = re.compile(
    r"```mermaid\n"
    r"%%\{init: \{.*\}\}%%\n"
    r"xychart-beta\n"
    r'    title "[^"\n]+"\n'
    r'    x-axis "(?:milliseconds|seconds|minutes) since the first call" 0 --> \d+\n'
    r'    y-axis "US dollars" 0 --> \d+(?:\.\d+)?\n'
    r"(?:    line \[\d+(?:\.\d+)?(?:, \d+(?:\.\d+)?)*\]\n){1,2}"
    r"```"
)


@pytest.mark.parametrize("picodollars", [1, 10**6, 10**9, 10**12, 10**18])
def test_the_chart_is_written_as_mermaid_reads_it(tmp_path: Path, picodollars: int) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    for _ in range(3):
        log.call(cost_picodollars=picodollars)
    text = MarkdownReport().render(summed(log.end()))
    chart = CHART.search(text)
    assert chart, text
    points = [float(number) for number in re.findall(r"line \[([^]]*)\]", chart[0])[0].split(", ")]
    assert len(points) <= 61
    assert points[0] == 0
    assert points[-1] == pytest.approx(3 * picodollars / 10**12, abs=1e-4 * 3 * picodollars / 10**12 + 1e-8)


def test_the_budget_of_the_run_is_drawn_once_it_is_near(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    log.call(scopes=[scope(limit_picodollars=10**12, limit_usd=1)])
    assert MarkdownReport().render(summed(log.end())).count("    line [") == 2


def test_a_run_that_cost_nothing_has_no_chart(tmp_path: Path) -> None:
    text = MarkdownReport().render(summed(RecordedLog(tmp_path / "log.ndjson").start().end()))
    assert "mermaid" not in text


@settings(max_examples=40)
@given(ANY_TEXT)
def test_any_text_is_shown_as_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    check_hostile(tmp_path_factory.mktemp("log"), text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(tmp_path: Path, text: str) -> None:
    check_hostile(tmp_path, text)


def check_hostile(folder: Path, text: str) -> None:
    (folder / "plain").mkdir()
    plain = MarkdownReport().render(hostile_summary(folder / "plain", "plain"))
    hostile = MarkdownReport().render(hostile_summary(folder, text))
    assert shape(hostile) == shape(plain)
    assert cells(hostile) == cells(plain)


def test_what_is_shown_is_what_was_written(tmp_path: Path) -> None:
    text = "`a|b` <b> [x](y) \\| & *c*"
    rendered = MarkdownReport().render(hostile_summary(tmp_path, text))
    shown = "".join(token.content for token in tokens(rendered) if token.type in ("text", "text_special"))
    assert shown.replace("\u200b", "").count(text) >= 4


def test_a_long_list_says_how_many_rows_it_leaves_out_and_where_they_are(tmp_path: Path) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start()
    log.call(findings=[finding(rule=f"rule_{index}") for index in range(130)])
    text = MarkdownReport().render(summed(log.end()))
    assert "*30 more are not shown here: they are in `log.ndjson`, in the run's artifact.*" in text


@pytest.mark.parametrize("text", ["|" * 600, "🎉" * 600, "`" * 600, "&" * 600])
def test_the_summary_is_less_than_a_mebibyte_whatever_the_log(tmp_path: Path, text: str) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start(policy={"name": text, "file": text})
    for number in range(150):
        name = f"{number}{text}"
        found = finding(message=name, reason=name, subject=name, file=name, rule=f"rule_{number}")
        soft = found | {"verdict": "warn", "violation": False}
        slow = found | {"violation": False, "throttle": True}
        used = tool(name=name, canonical=name, paths=[f"{path}{name}" for path in range(9)])
        log.writer.write(
            "call",
            log.now,
            log._call({})
            | {"session_id": name, "model": name, "findings": [found, soft, slow], "tool_calls": [used]}
            | {"scopes": [scope(scope=name, limit_tokens=5)]},
        )
        log.writer.write("notice", log.now, {"level": "error", "code": "x", "message": name, "request_id": None})
    rendered = MarkdownReport().render(summed(log.end()))
    assert len(rendered.encode()) < MAX_BYTES
    shape(rendered)
