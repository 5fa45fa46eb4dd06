"""What jq makes of known texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.jq import queried

DOCUMENT = '{"a": {"b": ".env"}, "l": ["x", ".env"], "e": "LmVudg=="}'


@pytest.mark.parametrize(
    ("program", "result"),
    [
        (".a.b", ".env"),
        (".l[1]", ".env"),
        ('.["a"].b', ".env"),
        (".e | @base64d", ".env"),
        ('"." + .l[0]', ".x"),
        ("[46, 101] | implode", ".e"),
        ('[".", "env"] | join("")', ".env"),
        ('.a.b | ltrimstr(".")', "env"),
        (".a.b | explode | reverse | implode", "vne."),
        (".a.b, .l[0]", ".env\nx"),
        ('["a", "b"] | add', "ab"),
    ],
)
def test_paths_constants_and_decoders_are_followed(program: str, result: str) -> None:
    assert queried(program, DOCUMENT, raw=True) == f"{result}\n"


def test_without_raw_output_a_text_has_its_quotes() -> None:
    assert queried(".a.b", DOCUMENT, raw=False) == '".env"\n'


def test_raw_input_is_one_text() -> None:
    assert queried(". | @base64d", "LmVudg==\n", raw=True, read_raw=True) == ".env\n"


@pytest.mark.parametrize(
    "program", [".a[]", ".x", "map(.)", '"\\(.a)"', "if . then 1 else 2 end", "input", "(" * 100, "|"]
)
def test_what_is_not_followed_is_not_known(program: str) -> None:
    assert queried(program, DOCUMENT, raw=True) is None


@pytest.mark.parametrize("text", ["", "{", UNKNOWN, "[" * 100_000])
def test_of_what_is_no_document_nothing_is_known(text: str) -> None:
    assert queried(".a", text, raw=True) is None


@given(st.text(alphabet='."ab[]()|,+@123 ', max_size=30))
def test_no_program_makes_it_fail(program: str) -> None:
    queried(program, DOCUMENT, raw=True)


@pytest.mark.parametrize("program", [("." + ",." * 9 + "|") * 20 + ".", "[.,.,.]|" * 18 + ".", "[" * 400, "(" * 400])
def test_values_that_multiply_are_followed_for_so_long(program: str) -> None:
    assert queried(program, '"a"', raw=True) is None


def test_joining_does_not_grow_without_bound() -> None:
    assert queried(f'explode | join("{"a" * 10_000}")', "a" * 60_000, raw=True, read_raw=True) is None
