"""Which texts the shell's patterns mean."""

import subprocess
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.matching import (
    choices_of,
    escaped,
    matches,
    may_mean,
    replaced,
    without_prefix,
    without_suffix,
)

PATTERNS: Final = (
    "*", "?", "a*", "*a", "*a*", "a?c", "[abc]*", "[!a]*", "[^a]*", "[a-c]?", "[]a]", "[a-]", "[[:alpha:]]*", "\\*",
    "a\\?", "[", "a[", "@(a|b)*", "?(a)b", "*.env", ".[!.]*", "[[:digit:]]", "**", "a**b", "",
)  # fmt: skip
TEXTS: Final = ("", "a", "b", "abc", "a*", "*", "]", "-", ".env", "a?", "1", "[", "a[", "aab", "é")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_what_it_means_for_bash(pattern: str) -> None:
    program = "shopt -s extglob; p=$1; shift; for t; do [[ $t == $p ]] && echo 1 || echo 0; done"
    found = subprocess.run(["bash", "-c", program, "_", pattern, *TEXTS], capture_output=True, text=True, check=True)
    assert [matches(pattern, text) for text in TEXTS] == [line == "1" for line in found.stdout.split()]


@pytest.mark.parametrize("pattern", ["*/", "*", "a*", "?", "*.", "[ab]", "@(a|ab)", "x", ""])
def test_prefixes_and_suffixes_are_taken_as_bash_takes_them(pattern: str) -> None:
    text = "ab/cd.e/ab"
    program = 'shopt -s extglob; t=$1 p=$2; printf "%s\\n" "${t#$p}" "${t##$p}" "${t%$p}" "${t%%$p}"'
    found = subprocess.run(["bash", "-c", program, "_", text, pattern], capture_output=True, text=True, check=True)
    assert [
        without_prefix(text, pattern, longest=False),
        without_prefix(text, pattern, longest=True),
        without_suffix(text, pattern, longest=False),
        without_suffix(text, pattern, longest=True),
    ] == found.stdout.split("\n")[:4]


@pytest.mark.parametrize("pattern", ["a", "?", "*", "b*", "[ac]", "x", "", "@(ab|a)"])
@pytest.mark.parametrize("text", ["abcab", "", "b"])
def test_replacements_are_made_as_bash_makes_them(pattern: str, text: str) -> None:
    program = 'shopt -s extglob; t=$1 p=$2; printf "%s\\n" "${t/$p/_}" "${t//$p/_}" "${t/#$p/_}" "${t/%$p/_}"'
    found = subprocess.run(["bash", "-c", program, "_", text, pattern], capture_output=True, text=True, check=True)
    assert [
        replaced(text, pattern, "_") if pattern else text,
        replaced(text, pattern, "_", everywhere=True) if pattern else text,
        replaced(text, pattern, "_", at="#"),
        replaced(text, pattern, "_", at="%"),
    ] == found.stdout.split("\n")[:4]


@pytest.mark.parametrize("text", [UNKNOWN, f"a{UNKNOWN}", TAME])
def test_of_what_is_not_known_only_a_star_is_sure(text: str) -> None:
    assert matches("*", text) is True
    assert matches("a*", text) is None
    assert replaced(text, "a", "b") is None


def test_a_listing_s_glob_may_be_any_name() -> None:
    assert may_mean(".env", "*") is None
    assert may_mean(".env", "x") is False


def test_groups_of_choices_are_taken_apart_and_others_are_not_decided() -> None:
    assert set(choices_of("a@(b|c)?(d)") or ()) == {"ab", "ac", "abd", "acd"}
    assert matches("+(a)", "aa") is None
    assert matches("!(a)", "b") is None


@pytest.mark.parametrize("pattern", ["*a" * 300 + "b", "@(a|b)" * 50, "[" * 500, "(" * 500, "?" * 2000])
def test_a_hostile_pattern_costs_a_bounded_time(pattern: str) -> None:
    text = "a" * 50_000
    assert matches(pattern, text) in {None, False}
    assert replaced(text, pattern, "x", everywhere=True) in {None, text}


@given(st.text(max_size=20))
def test_an_escaped_text_means_itself_and_nothing_else(text: str) -> None:
    if UNKNOWN not in text and TAME not in text:
        assert matches(escaped(text), text) is True
        assert matches(escaped(text), text + "x") is False


@given(st.text(alphabet="ab*?[]!-\\@(|)", max_size=30), st.text(alphabet="ab]-", max_size=12))
def test_any_pattern_is_answered(pattern: str, text: str) -> None:
    assert matches(pattern, text) in {True, False, None}
    for part in (without_prefix(text, pattern, longest=True), without_suffix(text, pattern, longest=False)):
        assert part is None or part in text
