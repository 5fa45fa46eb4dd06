"""Disguises, and texts without them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.scan.disguise import disguises, views


def readings(text: str) -> list[str]:
    return [view.text for view in views(text, disguises(text.encode("utf-8", "replace")))]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("plain", ["plain"]),
        ("ig\u200bno\u00adre", ["ignore"]),
        ("i\u0336g\u0336n\u0336ore", ["ignore"]),
        ("précédentes, früher, ÇA", ["precedentes, fruher, CA"]),
        ("Ｉｇｎｏｒｅ", ["Ｉｇｎｏｒｅ", "Ignore"]),
        ("𝗶𝗴𝗻𝗼𝗿𝗲 𝓅𝓇ℯ𝓋", ["𝗶𝗴𝗻𝗼𝗿𝗲 𝓅𝓇ℯ𝓋", "ignore prev"]),
        ("ⓘⓖⓝⓞⓡⓔ", ["ⓘⓖⓝⓞⓡⓔ", "ignore"]),
        ("🅸🅶🅽🅾🆁🅴", ["🅸🅶🅽🅾🆁🅴", "ignore"]),
        ("ɪɢɴᴏʀᴇ", ["ɪɢɴᴏʀᴇ", "ignore"]),
        ("Іgnоrе", ["іgnоrе", "ignore"]),
        ("ЗАБУДЬ ВСЁ", ["забудь все", "зaбyдь bce"]),
        ("忽略 — “text”…", ["忽略 — “text”…"]),
    ],
)
def test_a_text_is_read_in_its_own_script_and_as_latin(text: str, read: list[str]) -> None:
    assert readings(text) == read


def test_many_different_disguises_are_taken_off_at_once() -> None:
    letters = "𝐚𝐛𝐜𝐝𝐞𝐟𝐠𝐡𝐢𝐣𝐤𝐥𝐦𝐧𝐨𝐩"
    assert readings(letters)[-1] == "abcdefghijklmnop"


@given(st.text(alphabet="aé\u200bІ😀\u0336 Ｉ", max_size=60))
def test_a_place_in_what_is_read_has_its_place_in_the_text(text: str) -> None:
    kept = [index for index, each in enumerate(text) if each not in "\u200b\u0336"]
    for view in views(text, disguises(text.encode())):
        assert len(view.text) == len(kept)
        for index, place in enumerate(kept):
            assert view.origin(index, index + 1) == (place, place + 1)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert all(len(read) <= len(text) for read in readings(text))
