"""The words of a JavaScript text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.javascript import Kind, UnreadableError, tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.b(1)", ["a", ".", "b", "(", "1", ")"]),
        ("a?.b ?? c ? .5 : 1e3", ["a", "?.", "b", "??", "c", "?", ".5", ":", "1e3"]),
        (r"'\x2eenv \u002e \u{2e} \056 \n\'' + " + '"\\\n"', [".env . . . \n'", "+", ""]),
        ("'a\u2028b'", ["a\u2028b"]),
        ("a // b\u2028c /* d \n */ e", ["a", "c", "e"]),
        ('a = /[/"]\\//g; b / c / d', ["a", "=", '/[/"]\\//g', ";", "b", "/", "c", "/", "d"]),
        ("return /'/", ["return", "/'/"]),
        ("a.return /b/ c", ["a", ".", "return", "/", "b", "/", "c"]),
        ("(a) / 2", ["(", "a", ")", "/", "2"]),
        ("`a${ `b${c}` + {d: 1}.d }e`", ["a", "b", "c", "", "+", "{", "d", ":", "1", "}", ".", "d", "e"]),
        ("#a $b ünï", ["#a", "$b", "ünï"]),
        ("", []),
    ],
)
def test_a_text_is_its_words(text: str, words: list[str]) -> None:
    assert [word.text for word in tokens(text)] == words


def test_a_templates_parts_tell_how_they_are_written_and_what_goes_on() -> None:
    found = tokens(r"`\n${a}\t`")
    assert [(word.kind, word.text, word.raw, word.opens, word.continues) for word in found] == [
        (Kind.CHUNK, "\n", r"\n", True, False),
        (Kind.NAME, "a", "", False, False),
        (Kind.CHUNK, "\t", r"\t", False, True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "(a) /b/ 1",
        "a++ /b/ 1",
        "} /'/ 1",
        "of /'/ 1",
        "'a",
        "`a",
        "`${a",
        "/*",
        "= /a",
        r"\u0061",
        "#!/bin/node\na",
        "§",
    ],
)
def test_what_is_no_program_or_may_be_two_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        tokens(text)


@given(st.text(st.sampled_from("ab\"'`\\${}+:=/*\n ({[u0")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = tokens(text)
    except UnreadableError:
        return
    assert all(isinstance(word.kind, Kind) for word in found)
