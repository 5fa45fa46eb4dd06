"""Regular expressions in bounded work: what they match is what Python's match, in linear time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.patterns import TooMuch, compile_pattern, globs_of

ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", "(a|b)", "(?:ab)", "^", "$"])
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{1,2}", "*?"])
PATTERNS = (
    st.lists(st.tuples(ATOMS, REPEATS).map("".join), max_size=5)
    .map("".join)
    .filter(lambda pattern: not re.search(r"[$^][*+?{]", pattern))
)


@given(PATTERNS, st.text(alphabet="ab1", max_size=12))
def test_it_finds_what_pythons_patterns_find(pattern: str, text: str) -> None:
    compiled = compile_pattern(pattern, extended=True)
    assert compiled is not None
    found, expected = compiled.search(text), re.search(pattern, text)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert (found.start, found.end) == expected.span()


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        (r"\(a*\)b", "xaab", "aab"),
        ("a+", "a+", "a+"),
        (r"a\+", "aa", "aa"),
        (r"a\|b", "b", "b"),
        (r"x\{2\}", "xxx", "xx"),
        ("[[:digit:]]*$", "ab12", "12"),
        ("^a", "ba", None),
        ("a^b$c", "a^b$c", "a^b$c"),
        ("*a", "*a", "*a"),
    ],
)
def test_basic_patterns_are_posix(pattern: str, text: str, match: str | None) -> None:
    compiled = compile_pattern(pattern, extended=False)
    if pattern == "*a":
        assert compiled is None or compiled.search(text) is not None
        return
    assert compiled is not None
    found = compiled.search(text)
    assert (found.group(text, 0) if found is not None else None) == match


def test_groups_are_told() -> None:
    compiled = compile_pattern("(a+)(b)?(c)", extended=True)
    assert compiled is not None
    found = compiled.search("xaac")
    assert found is not None
    assert [found.group("xaac", number) for number in range(5)] == ["aac", "aa", "", "c", ""]


def test_case_can_be_ignored_and_texts_be_fixed() -> None:
    loud = compile_pattern("E[a-c]", extended=True, ignore_case=True)
    fixed = compile_pattern("a.b*", extended=True, fixed=True)
    assert loud is not None
    assert fixed is not None
    assert loud.search("eB") is not None
    assert fixed.search("axbb") is None
    assert fixed.search("a.b*") is not None


def test_all_matches_are_found_once() -> None:
    compiled = compile_pattern("a*", extended=True)
    assert compiled is not None
    assert [(match.start, match.end) for match in compiled.find_all("aab")] == [(0, 2), (3, 3)]


@pytest.mark.parametrize(
    "pattern", ["(?=a)", r"(a)\1", "(", "[a", "a{1", "a{999999}", "(" * 100 + ")" * 100, "a" * 5_000, r"\p{L}"]
)
def test_what_it_cannot_read_is_no_pattern(pattern: str) -> None:
    assert compile_pattern(pattern, extended=True) is None


@pytest.mark.parametrize("pattern", ["((a*)*)*c", "(a|a)*c", "(a|aa)+c", "(.*.*.*.*)c"])
def test_a_hostile_pattern_is_given_up_in_bounded_steps(pattern: str) -> None:
    compiled = compile_pattern(pattern, extended=True)
    assert compiled is not None
    with pytest.raises(TooMuch):
        compiled.search("a" * 50_000)


@pytest.mark.parametrize(
    ("pattern", "globs"),
    [
        ("nv", ["*nv*", ".*nv*"]),
        (r"^\.e", [".e*"]),
        (r"\.env$", ["*.env", ".*.env", ".env"]),
        ("^.env$", ["?env"]),
        ("e.*v", ["*e*v*", ".*e*v*"]),
        ("^[ab]x", ["[ab]x*"]),
        ("^[^a]", ["[!a]*"]),
        ("(a|b)", None),
    ],
)
def test_a_pattern_of_names_is_a_glob(pattern: str, globs: list[str] | None) -> None:
    assert globs_of(pattern, extended=True) == globs


def test_a_fixed_text_of_names_is_a_glob_of_itself() -> None:
    assert globs_of("a*b", extended=False, fixed=True) == ["*a[*]b*", ".*a[*]b*"]
    assert globs_of("ab", extended=False, fixed=True, whole=True) == ["ab"]


@given(st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_no_pattern_makes_it_fail(pattern: str, text: str, extended: bool) -> None:
    compiled = compile_pattern(pattern, extended=extended)
    globs_of(pattern, extended=extended)
    if compiled is not None:
        list(compiled.find_all(text))
