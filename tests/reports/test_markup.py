"""Untrusted text gets into Markdown by two doors, and stays text behind both of them."""

import itertools

import pytest
from hostile_log import ANY_TEXT, HOSTILE
from hypothesis import example, given
from markdown_it import MarkdownIt

from guardian_ci.reports.markup import NOTHING, code, prose, section

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PLAIN = {"text", "code_inline", "text_special", "softbreak"}


def cells(table: str) -> list[list[str]]:
    """Return what kinds of content a one-row table holds, a list a cell."""
    found = GITHUB.parse(table)
    assert [token.type for token in found].count("tr_open") == 2
    return [
        [child.type for child in token.children or []]
        for before, token in itertools.pairwise(found)
        if before.type == "td_open"
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_cell(text: str) -> None:
    one, other = cells(section("Title", ("A", "B"), [(code(text), prose(text, 600))], rows=1, size=10_000))
    assert set(one) <= {*PLAIN, "html_inline"}  # <code>, where the text holds a pipe
    assert set(other) <= PLAIN


@given(ANY_TEXT)
@example("a|b")
def test_any_text_stays_on_its_line(text: str) -> None:
    for written in (code(text), prose(text, 600)):
        assert written
        assert len(written.splitlines()) == 1


def test_nothing_is_shown_as_such() -> None:
    assert (code(None), code(""), prose("", 10)) == (NOTHING, NOTHING, NOTHING)


def test_a_table_says_how_many_rows_it_leaves_out() -> None:
    rows = [(str(number),) for number in range(10)]
    assert "*7 more are not shown here" in section("Title", ("A",), rows, rows=3, size=10_000)
    assert "*8 more are not shown here" in section("Title", ("A",), rows, rows=5, size=16)
    assert section("Title", ("A",), [], rows=3, size=10) == ""
