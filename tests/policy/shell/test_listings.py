"""Lists of names that nobody knows, and what a filter by a pattern leaves of them."""

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.listings import hidden_too, is_listing, lines_of, narrowed

PATTERNS = st.lists(st.sampled_from(["e", "n", "v", ".", r"\.", ".*", "[en.]", "^", "$"]), min_size=1, max_size=6).map(
    "".join
)
NAMES = st.text("env.x", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("line", "source", "globs"),
    [
        ("*", "nv", ["*nv*"]),
        ("*", "^a", ["a*"]),
        ("*", "a$", ["*a"]),
        ("*", "a.*b", ["*a*b*"]),
        ("*", "[ab]c", ["*[ab]c*"]),
        ("there/*", "x", ["there/*x*"]),
        ("./**", "/a", ["./**/a*"]),
        ("./**", "nv", ["./**/*nv*", "./**/.*nv*"]),
        (".*", r"^\.e", [".e*"]),
        (".*", "^.e", ["?e*"]),
    ],
)
def test_a_line_is_narrowed_by_a_pattern(line: str, source: str, globs: list[str]) -> None:
    assert narrowed(line, source, extended=False) == globs


@pytest.mark.parametrize(("line", "source"), [("./**/*.py", "nv"), ("*", "."), ("*", ".*"), ("*", "^")])
def test_a_line_that_says_more_than_the_pattern_stays(line: str, source: str) -> None:
    assert narrowed(line, source, extended=False) == [line]


def test_a_fixed_text_and_a_whole_line_are_taken_as_they_are() -> None:
    assert narrowed("*", "a.b", extended=False, fixed=True) == ["*a.b*"]
    assert narrowed("*", "ab", extended=False, whole=True) == ["ab"]


@pytest.mark.parametrize("source", ["a|b", "(a", "a{3}"])
def test_what_no_glob_says_is_not_known(source: str) -> None:
    assert narrowed("*", source, extended=True) is None


def test_a_listing_is_told_by_its_star() -> None:
    assert is_listing("a\n*.py\n")
    assert not is_listing("a\nb\n")


def test_a_text_has_the_lines_that_its_newlines_end() -> None:
    assert lines_of("a\nb\n") == ["a", "b"]
    assert lines_of("a\n\nb") == ["a", "", "b"]
    assert lines_of("") == []
    assert len(lines_of("a\n" * 100_000)) < 10_000


@given(name=NAMES, source=PATTERNS)
def test_every_name_that_a_filter_lets_pass_is_within_the_globs(name: str, source: str) -> None:
    passes = re.search(source, name) is not None
    line = ".*" if name.startswith(".") else "*"
    globs = narrowed(line, source, extended=True)
    if passes and globs is not None:
        assert any(fnmatchcase(name, glob) for glob in globs)


@given(line=st.text("*./ax", max_size=12), source=st.text(max_size=30), extended=st.booleans(), fixed=st.booleans())
def test_no_pattern_is_too_broken(line: str, source: str, extended: bool, fixed: bool) -> None:
    for whole in (False, True):
        narrowed(line, source, extended=extended, fixed=fixed, whole=whole)


@pytest.mark.parametrize("part", ["a*", "(", "[", "a|", "\\", "?", "a{1,9}"])
def test_long_patterns_cost_so_much_and_no_more(part: str) -> None:
    narrowed("*", part * 10_000, extended=True)


@pytest.mark.parametrize(
    ("name", "globs"),
    [
        ("*v", ["*v", ".*v"]),
        ("*.py", ["*.py", ".*.py", ".py"]),
        ("?env", ["?env", ".env"]),
        ("[.]env", ["[.]env", ".env"]),
        ("src/*v", ["src/*v", "src/.*v"]),
        (".e*", [".e*"]),
        ("*", ["*"]),
        ("a*", ["a*"]),
    ],
)
def test_some_programs_mean_hidden_names_by_a_star(name: str, globs: list[str]) -> None:
    assert hidden_too(name) == globs
