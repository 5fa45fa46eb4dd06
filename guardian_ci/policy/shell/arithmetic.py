"""Works out the shell's arithmetic: 64-bit numbers, names, assignments. What is not known gives None."""

import re
from collections.abc import Callable
from typing import Final, NoReturn, Protocol

_LONGEST: Final = 2_000
_DEEPEST: Final = 20
_MOST_DIGITS: Final = 40
_WORD: Final = 1 << 64
_TOP: Final = 1 << 63
_TOKEN: Final = re.compile(
    r"\s*+(?:(0[xX][0-9a-fA-F]++|[0-9]{1,2}#[0-9A-Za-z@_]++|[0-9]++)|([A-Za-z_][A-Za-z0-9_]*+(?:\[[^\[\]]*+\])?)"
    r"|(\*\*|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%<>=!~&|^?:(),]))"
)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_"
_LEVELS: Final = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", "<=", ">", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
_ASSIGNING: Final = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="})
_CASELESS_BASES: Final = 36


class Variables(Protocol):
    """Where names have their values."""

    def number(self, name: str, depth: int) -> int | None:
        """Return what a name is worth; None where that is not known."""

    def set_number(self, name: str, value: int | None) -> None:
        """Give a name a value."""


class _Unknown(Exception):  # noqa: N818 - caught in this module: not known
    pass


def evaluate(expression: str, variables: Variables, depth: int = 0) -> int | None:
    """Return an expression's value; an empty one is 0, as in the shell."""
    if len(expression) > _LONGEST or depth > _DEEPEST:
        return None
    try:
        return _Evaluator(_tokens(expression), variables, depth).all()
    except _Unknown:
        return None


def _tokens(expression: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    expression = expression.rstrip()
    while position < len(expression):
        if (found := _TOKEN.match(expression, position)) is None:
            raise _Unknown
        tokens.append(found.group().strip())
        position = found.end()
    return tokens


class _Evaluator:
    """Reads an expression by its operators' precedence. The side that does not count is read without its effects."""

    def __init__(self, tokens: list[str], variables: Variables, depth: int) -> None:
        self._tokens = tokens
        self._at = 0
        self._variables = variables
        self._depth = depth
        self._nesting = 0

    def all(self) -> int | None:
        """Return the value of the whole."""
        if not self._tokens:
            return 0
        value = self._comma()
        if self._at < len(self._tokens):
            raise _Unknown
        return value

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *signs: str) -> str:
        sign = self._peek()
        if sign not in signs:
            return ""
        self._at += 1
        return sign

    def _fail(self) -> NoReturn:
        raise _Unknown

    def _comma(self) -> int | None:
        self._nesting += 1
        if self._nesting > _DEEPEST:
            self._fail()
        value = self._assignment()
        while self._take(","):
            value = self._assignment()
        self._nesting -= 1
        return value

    def _assignment(self) -> int | None:
        name = self._peek()
        following = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""
        if not _is_name(name) or following not in _ASSIGNING:
            return self._choice()
        self._at += 2
        self._nesting += 1
        if self._nesting > _DEEPEST:
            self._fail()
        value = self._assignment()
        self._nesting -= 1
        if following != "=":
            value = _combined(following[:-1], self._variables.number(name, self._depth), value)
        self._variables.set_number(name, value)
        return value

    def _choice(self) -> int | None:
        condition = self._level(0)
        if not self._take("?"):
            return condition
        yes = self._comma()
        if not self._take(":"):
            self._fail()
        self._nesting += 1
        if self._nesting > _DEEPEST:
            self._fail()
        no = self._choice()
        self._nesting -= 1
        return None if condition is None else yes if condition else no

    def _level(self, level: int) -> int | None:
        if level == len(_LEVELS):
            return self._power()
        value = self._level(level + 1)
        while sign := self._take(*_LEVELS[level]):
            value = _combined(sign, value, self._level(level + 1))
        return value

    def _power(self) -> int | None:
        base = self._unary()
        if not self._take("**"):
            return base
        self._nesting += 1
        if self._nesting > _DEEPEST:
            self._fail()
        exponent = self._power()
        self._nesting -= 1
        return _combined("**", base, exponent)

    def _unary(self) -> int | None:
        signs: list[str] = []
        while sign := self._take("+", "-", "!", "~", "++", "--"):
            signs.append(sign)
        value = self._operand(signs[-1] if signs else "")
        for sign in reversed(signs):
            value = _signed(sign, value)
        return value

    def _operand(self, before: str) -> int | None:
        if self._take("("):
            value = self._comma()
            if not self._take(")"):
                self._fail()
            return value
        token = self._peek()
        self._at += 1
        if _is_name(token):
            return self._named(token, before)
        if not token or not token[0].isdigit():
            self._fail()
        return _number(token)

    def _named(self, name: str, before: str) -> int | None:
        value = self._variables.number(name, self._depth)
        if before in {"++", "--"}:
            value = _combined(before[0], value, 1)
            self._variables.set_number(name, value)
            return value
        if after := self._take("++", "--"):
            self._variables.set_number(name, _combined(after[0], value, 1))
        return value


def _is_name(token: str) -> bool:
    return token[:1].isalpha() or token.startswith("_")


def _number(token: str) -> int:
    if len(token) > _MOST_DIGITS:
        raise _Unknown
    base, sign, digits = token.partition("#")
    if sign:
        radix = int(base)
        digits = digits.lower() if radix <= _CASELESS_BASES else digits
        values = [_DIGITS.find(digit) for digit in digits]
        if not 2 <= radix <= len(_DIGITS) or max(values) >= radix:  # noqa: PLR2004 - no smaller base has digits
            raise _Unknown
        value = 0
        for each in values:
            value = value * radix + each
        return _wrapped(value)
    try:
        return _wrapped(int(token, 16) if token[:2].lower() == "0x" else int(token, 8 if token[0] == "0" else 10))
    except ValueError:
        raise _Unknown from None


def _wrapped(value: int) -> int:
    return (value + _TOP) % _WORD - _TOP


def _signed(sign: str, value: int | None) -> int | None:
    if value is None or sign in {"+", "++", "--"}:
        return value
    if sign == "!":
        return int(not value)
    return _wrapped(-value if sign == "-" else ~value)


def _quotient(left: int, right: int) -> int | None:
    if right == 0:
        return None
    result = abs(left) // abs(right)
    return result if (left < 0) == (right < 0) else -result


def _remainder(left: int, right: int) -> int | None:
    quotient = _quotient(left, right)
    return None if quotient is None else left - quotient * right


def _raised(left: int, right: int) -> int | None:
    return pow(left, right, _WORD) if right >= 0 else None


_OPERATIONS: Final[dict[str, Callable[[int, int], int | None]]] = {
    "||": lambda left, right: int(bool(left) or bool(right)),
    "&&": lambda left, right: int(bool(left) and bool(right)),
    "|": int.__or__,
    "^": int.__xor__,
    "&": int.__and__,
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "<": lambda left, right: int(left < right),
    "<=": lambda left, right: int(left <= right),
    ">": lambda left, right: int(left > right),
    ">=": lambda left, right: int(left >= right),
    "<<": lambda left, right: left << (right % 64),
    ">>": lambda left, right: left >> (right % 64),
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "/": _quotient,
    "%": _remainder,
    "**": _raised,
}


def _combined(sign: str, left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    value = _OPERATIONS[sign](left, right)
    return None if value is None else _wrapped(value)
