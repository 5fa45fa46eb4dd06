"""The list of formats: each is met by a drawn secret, none looks further than a stream holds."""

import re
from random import Random

import pytest
from harmless import PLACEHOLDERS
from planted import planted

from guardian_ci.policy.scan.formats import BACK, FORMATS, REACH, Format, compiled

TEXTS = [each.text for each in planted(Random(3))]
FOUND = [each for each in FORMATS if each.pattern is not None]
_OF_ONE_ALPHABET = 50


def matches(known: Format, mark: str, text: str) -> bool:
    """Whether a format finds its secret at one of the places of its mark."""
    pattern = compiled(known.pattern or "")
    for place in re.finditer(re.escape(mark), text):
        starts = [place.start() - before for before in known.before] or [place.end() if known.behind else place.start()]
        if any((match := pattern.match(text, start)) and known.check(match) for start in starts if start >= 0):
            return True
    return False


def name(known: Format) -> str:
    return f"{known.kind} {known.marks[0]}"


@pytest.mark.parametrize("known", FOUND, ids=name)
def test_every_format_finds_a_drawn_secret(known: Format) -> None:
    assert any(matches(known, mark, text) for mark in known.marks for text in TEXTS if mark in text)


@pytest.mark.parametrize(
    ("known", "mark"),
    [
        (known, mark)
        for known in FOUND
        if not known.behind and len(known.marks) < _OF_ONE_ALPHABET
        for mark in known.marks
    ],
    ids=lambda each: each if isinstance(each, str) else each.kind,
)
def test_every_prefix_is_drawn_and_found(known: Format, mark: str) -> None:
    assert any(matches(known, mark, text) for text in TEXTS if mark in text)


@pytest.mark.parametrize("known", FOUND, ids=name)
def test_no_pattern_looks_further_than_its_reach(known: Format) -> None:
    _, longest = re._parser.parse(known.pattern or "", re.ASCII).getwidth()  # type: ignore[attr-defined]
    assert longest + max(map(len, known.marks)) + 100 <= REACH + max(known.before, default=0)
    assert max(known.before, default=0) < BACK


@pytest.mark.parametrize("known", [each for each in FORMATS if each.stop], ids=name)
def test_what_ends_a_secret_is_looked_for_one_character_at_a_time_or_by_a_short_mark(known: Format) -> None:
    _, longest = re._parser.parse(known.stop or "", re.ASCII).getwidth()  # type: ignore[attr-defined]
    assert longest <= 80


def test_marks_are_plain_ascii_of_two_characters_and_more() -> None:
    marks = {mark for known in FORMATS for mark in known.marks}
    assert all(mark.isascii() and "?" not in mark and len(mark) >= 2 for mark in marks)


def test_a_format_is_for_finding_or_for_redaction_or_both() -> None:
    assert all(known.pattern is not None or known.wide is not None for known in FORMATS)


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_no_format_takes_a_stand_in_for_a_key(value: str) -> None:
    for text in (f'API_KEY = "{value}"', f"token: {value}", f"--token {value} "):
        assert not [
            known.kind for known in FOUND for mark in known.marks if mark in text and matches(known, mark, text)
        ]
