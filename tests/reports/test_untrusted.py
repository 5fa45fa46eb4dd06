"""Text of a log is shown as what it is: visible characters, on one line, of bounded length."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.reports.untrusted import defuse, lines, one_line

ANY = st.text(st.characters(codec=None), max_size=80)


@given(ANY, st.integers(1, 100))
def test_one_line_is_one_visible_line_within_its_limit(text: str, limit: int) -> None:
    shown = one_line(text, limit)
    assert len(shown) <= limit
    assert not [character for character in shown if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    shown.encode("utf-8")


@given(ANY, st.integers(1, 100))
def test_lines_keep_their_breaks_and_nothing_else_that_steers(text: str, limit: int) -> None:
    shown = lines(text, limit)
    assert len(shown) <= limit
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char != "\n"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\ud800", "\ufffd"),
        ("\ufffe", "\ufffd"),
        ("é漢🎉", "é漢🎉"),
        ("abcdefghijklm", "abcdefghijkl…"[:9] + "…"),
    ],
)
def test_what_is_invisible_is_made_visible(text: str, shown: str) -> None:
    assert one_line(text, 10 if len(text) == 13 else 100) == shown


def test_a_very_long_text_is_not_looked_at_to_its_end() -> None:
    assert one_line(" " * 1_000 + "x", 10) == "…"


def test_an_old_workflow_command_is_broken_up() -> None:
    assert defuse("a ##[error]b") == "a ## [error]b"
