"""Which conditions are known to hold."""

import pytest

from guardian_ci.policy.shell.conditions import Token, decide
from guardian_ci.policy.shell.facts import TAME, UNKNOWN

SIGNS = {"!", "(", ")", "-a", "-o", "&&", "||"}


class Names:
    def number(self, name: str, depth: int) -> int | None:
        return {"x": 5}.get(name)

    def set_number(self, name: str, value: int | None) -> None:
        raise AssertionError


def decided(*words: str, patterns: bool = False) -> bool | None:
    tokens: list[Token] = [(word, word in SIGNS) for word in words]
    return decide(tokens, Names(), patterns=patterns, regex=lambda text, pattern: text == pattern)


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        (("a", "=", "a"), True),
        (("a", "!=", "a"), False),
        (("a", "<", "b"), True),
        (("3", "-lt", "5"), True),
        (("3", "-ge", "5"), False),
        (("x", "-eq", "5"), True),
        (("q", "-eq", "5"), None),
        (("-n", "a"), True),
        (("-z", "a"), False),
        (("-z", ""), True),
        (("a",), True),
        (("",), False),
        ((), False),
        (("!", "a"), False),
        (("-f", "a"), None),
        (("a", "-nt", "b"), None),
        (("a", "=", "a", "-a", "b", "=", "c"), False),
        (("a", "=", "b", "-o", "b", "=", "b"), True),
        (("-f", "a", "-a", "a", "=", "b"), False),
        (("-f", "a", "-o", "a", "=", "a"), True),
        (("(", "a", "=", "b", ")", "-o", "!", "-z", "c"), True),
        ((UNKNOWN, "=", "a"), None),
        (("-n", TAME), None),
        (("a", "=~", "a"), True),
        (("(",), None),
        (("a", "="), None),
        (("-n",), True),
        (("*", "=", "a"), None),
    ],
)
def test_a_condition_holds_or_does_not_or_is_not_known(words: tuple[str, ...], holds: bool | None) -> None:
    assert decided(*words) is holds


def test_between_double_brackets_the_right_side_is_a_pattern() -> None:
    assert decided("a.env", "==", "*.env", patterns=True) is True
    assert decided("a.env", "=", "*.env") is False


def test_a_condition_that_nests_without_end_is_not_known() -> None:
    assert decided(*["!"] * 100, "a") is None
    assert decided(*["("] * 100, "a") is None
