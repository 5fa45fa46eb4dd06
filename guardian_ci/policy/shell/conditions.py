"""Decides conditions (``test``, ``[``, ``[[``) where their words are known, and says so where they are not."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from guardian_ci.policy.shell.arithmetic import Variables, evaluate
from guardian_ci.policy.shell.marks import is_bare, is_known
from guardian_ci.policy.shell.matching import escaped, may_mean

Token: TypeAlias = tuple[str, bool]
"""A word, and whether it is a sign of the syntax (``&&``, ``(``) and not just a word that looks like one."""

_DEEPEST: Final = 16
_UNARY: Final = frozenset("-" + letter for letter in "abcdefghknoprstuvwxzGLNORS")
_NUMERIC: Final[dict[str, Callable[[int, int], bool]]] = {
    "-eq": int.__eq__,
    "-ne": int.__ne__,
    "-lt": int.__lt__,
    "-le": int.__le__,
    "-gt": int.__gt__,
    "-ge": int.__ge__,
}
_FILES: Final = frozenset({"-nt", "-ot", "-ef"})
_TEXTS: Final = frozenset({"=", "==", "!=", "<", ">", "=~"})


class _Malformed(Exception):  # noqa: N818 - caught in this module: nothing is decided
    pass


def decide(
    tokens: Sequence[Token], variables: Variables, *, patterns: bool, regex: Callable[[str, str], bool | None]
) -> bool | None:
    """Return whether a condition holds; None where that is not known. ``patterns``: ``==`` takes a glob, as in ``[[``.

    ``regex`` decides ``=~``.
    """
    reader = _Reader(tokens, variables, patterns=patterns, regex=regex)
    try:
        return reader.whole()
    except _Malformed:
        return None


class _Reader:
    def __init__(
        self,
        tokens: Sequence[Token],
        variables: Variables,
        *,
        patterns: bool,
        regex: Callable[[str, str], bool | None],
    ) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._variables = variables
        self._patterns = patterns
        self._regex = regex

    def whole(self) -> bool | None:
        if not self._tokens:
            return False
        value = self._either()
        if self._at < len(self._tokens):
            raise _Malformed
        return value

    def _take(self, *signs: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1] and self._tokens[self._at][0] in signs:
            self._at += 1
            return True
        return False

    def _word(self) -> str:
        if self._at == len(self._tokens):
            raise _Malformed
        self._at += 1
        return self._tokens[self._at - 1][0]

    def _either(self) -> bool | None:
        value = self._both()
        while self._take("||", "-o"):
            other = self._both()
            value = True if value or other else None if value is None or other is None else False
        return value

    def _both(self) -> bool | None:
        value = self._not()
        while self._take("&&", "-a"):
            other = self._not()
            value = False if value is False or other is False else None if value is None or other is None else True
        return value

    def _not(self) -> bool | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Malformed
        if self._take("!"):
            value = self._not()
            value = None if value is None else not value
        elif self._take("("):
            value = self._either()
            if not self._take(")"):
                raise _Malformed
        else:
            value = self._primary()
        self._depth -= 1
        return value

    def _primary(self) -> bool | None:
        left = self._word()
        following = self._tokens[self._at][0] if self._at < len(self._tokens) else ""
        if following in _NUMERIC or following in _FILES or following in _TEXTS:
            self._at += 1
            return self._compared(left, following, self._word())
        if left in _UNARY and self._at < len(self._tokens) and not self._tokens[self._at][1]:
            return self._unary(left, self._word())
        return _is_filled(left)

    def _unary(self, sign: str, text: str) -> bool | None:
        filled = _is_filled(text)
        if sign == "-n":
            return filled
        if sign == "-z":
            return None if filled is None else not filled
        return None

    def _compared(self, left: str, sign: str, right: str) -> bool | None:
        if sign in _FILES:
            return None
        if sign in _NUMERIC:
            numbers = evaluate(left, self._variables), evaluate(right, self._variables)
            return None if None in numbers else _NUMERIC[sign](int(numbers[0] or 0), int(numbers[1] or 0))
        if sign == "=~":
            return self._regex(left, right)
        if not (is_known(left) and is_known(right)):
            return None
        if sign in {"<", ">"}:
            return left < right if sign == "<" else left > right
        equal = may_mean(right if self._patterns else escaped(right), left)
        return equal if equal is None or sign != "!=" else not equal


def _is_filled(text: str) -> bool | None:
    """Whether a text is not empty; what is not known may be."""
    return None if is_bare(text) else bool(text)
