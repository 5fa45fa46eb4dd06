"""Go's expressions match in Python what they match in Go."""

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.scan.go_regex import Untranslatable, to_python

SAME = (True, False)


@pytest.mark.parametrize(
    ("regex", "matching", "other"),
    [
        (r"abc(?i)def", ["abcDEF", "abcdef"], ["ABCdef"]),
        (r"(?i)a|b", ["A", "B"], ["c"]),
        (r"a(?i)b|c", ["aB", "C"], ["AB"]),
        (r"(x(?i)y)z", ["xYz", "xyz"], ["XYz", "xYZ"]),
        (r"(?i:a(?-i:b))", ["ab", "Ab"], ["aB"]),
        (r"key\z", ["key"], ["key\n", "keys"]),
        (r"key$", ["key"], ["key\n"]),
        (r"(?m)^key$", ["a\nkey\nb"], ["a keys"]),
        (r"(?m:^key$)x?$", ["a\nkey"], ["a\nkey\n."]),
        (r"[[:alnum:]_]{4}", ["aB3_"], ["a-b"]),
        (r"[^[:space:]]{3}", ["abc"], ["a b"]),
        (r"[]a]+", ["]", "a]"], ["b"]),
        (r"[&&~~||--[]{2}", ["&~", "[|"], ["aa"]),
        (r"(?P<name>a)(?<other>b)", ["ab"], ["a"]),
        (r"\Qa.b\E.", ["a.bX"], ["aXbX"]),
        (r"\x{1F600}", ["😀"], ["a"]),
        (r"(?s).", ["\n"], [""]),
        (r"a{2,3}?b", ["aab"], ["ab"]),
        (r"a\|b", ["a|b"], ["a"]),
        (r"(?:a|b)*?c", ["abc"], ["ab"]),
    ],
)
def test_an_expression_means_in_python_what_it_means_in_go(regex: str, matching: list[str], other: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pattern = re.compile(to_python(regex)[0], re.ASCII)
    assert all(pattern.search(text) for text in matching)
    assert not any(pattern.search(text) for text in other)


@pytest.mark.parametrize(
    "regex", ["(a+)+", "(?:a*b*)*", "(a|b+){2,}", "((?:x{1,9}y)?z)+", "(?:.*?,){1,5}", r"((?i)a+|b)*c", "(?:(?:a+))*"]
)
def test_a_repeated_repetition_is_told(regex: str) -> None:
    assert to_python(regex)[1]


@pytest.mark.parametrize(
    "regex", ["(a{4}-){3}", "(?:ab)+c*", "(a+)?", "(a+)(b+)", r"[(+]+\(a+\)+", "(?:a|b)*", "(a+){1}"]
)
def test_a_repetition_of_what_has_one_length_is_none(regex: str) -> None:
    assert not to_python(regex)[1]


@pytest.mark.parametrize(
    "regex",
    [r"\pL", r"[\p{Greek}]", "(?U)a+", r"\C", "a)", "(a", "[a", "(?=a)", "(?!a)", "(?<!a)b", "\\", "[[:^alpha:]]"],
)
def test_what_python_has_no_words_for_is_refused(regex: str) -> None:
    with pytest.raises(Untranslatable):
        to_python(regex)


@given(st.text(alphabet="ab|()[]{}?*+\\^$.:im-zQE<>P1,{2}&~", max_size=20))
def test_any_text_is_translated_or_refused(regex: str) -> None:
    try:
        translated, _ = to_python(regex)
    except Untranslatable:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            re.compile(translated)
        except (re.error, OverflowError):
            return
