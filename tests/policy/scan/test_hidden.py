"""Text that people do not see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.scan.hidden import hidden


def found(text: str) -> list[tuple[int, int]]:
    return list(hidden(text, "".join(each for each in text if not each.isascii())))


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a\U000e0041\U000e0042b", [(1, 3)]),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f flag", []),
        ("ab\u200b\u200b\u200b\u200bcd", [(2, 6)]),
        ("ab\u200b\u200bcd", []),
        ("h\u200be\u200bl\u200bl\u200bo", [(0, 9)]),
        ("a\u202eb", [(1, 2)]),
        ("a\u202ebcd\u202c e", [(1, 6)]),
        ("a\u202eאבג\u202c e", []),
        ("\u2067אבג\u2069 end", []),
        ("\u2067אבג\nend", [(0, 1)]),
        ("[\u202a\u202b\u202c\u202d\u202e]", []),
        ("\u2069 never opened", [(0, 1)]),
        ("x\U000e0101", [(0, 2)]),
        ("葛\U000e0100", []),
        ("\u2764\ufe0f\u200d\U0001f525", []),
        ("a\ufe00\ufe01\ufe02", [(1, 4)]),
    ],
)
def test_what_hides_text_is_told_from_what_languages_and_emoji_need(text: str, places: list[tuple[int, int]]) -> None:
    assert found(text) == places


def test_directions_are_turned_back_on_their_own_line() -> None:
    assert found("\u202aone\u202c\n\u202btwo\u202c\n") == []
    assert found("\u202aone\n\u202c") == [(0, 1), (5, 6)]


def test_marks_that_are_only_opened_end_the_search() -> None:
    assert len(found("\u202a a" * 5_000)) == 1


@given(
    st.text(
        alphabet="a b\n\u200b\u200d\u202a\u202c\u202e\u2066\u2069\ufe0f\U000e0041\U0001f3f4\U000e007f", max_size=200
    )
)
def test_no_text_raises_and_every_place_lies_in_it(text: str) -> None:
    for start, end in found(text):
        assert 0 <= start < end <= len(text)
