"""What a ``jq`` program makes of a known text: paths, text constants, and the decoders that can hide a name."""

import json
import re
from typing import Final

from guardian_ci.policy.shell.encodings import LONGEST, from_base32, from_base64, is_constant, joined_within, to_base64

_TOKEN: Final = re.compile(
    r"""\s*(?:("(?:[^"\\]|\\.)*+")|(@?[A-Za-z_]\w*)|(\.[A-Za-z_]\w*)|(-?\d{1,9})|([|,+.\[\](){}]))""", re.DOTALL
)
_MOST_TOKENS: Final = 500
_DEEPEST: Final = 20
_MOST_STEPS: Final = 2_000
"""Values that are looked at: each ``|`` may multiply them."""


class _Unknown(Exception):  # noqa: N818 - caught where it is raised: what is not followed is not known
    pass


def queried(program: str, text: str | None, *, raw: bool, read_raw: bool = False) -> str | None:
    """Return what a program prints; None where that is not followed. ``text`` is None for ``-n``."""
    if text is not None and not is_constant(text):
        return None
    try:
        value: object = None
        if text is not None:
            value = text.removesuffix("\n") if read_raw else json.loads(text)
        results = _Query(program).run(value)
        return joined_within(
            (each if raw and isinstance(each, str) else json.dumps(each, ensure_ascii=False)) + "\n" for each in results
        )
    except (_Unknown, ValueError, RecursionError, IndexError, KeyError, TypeError, OverflowError):
        return None


class _Query:
    """Evaluates while it reads, once for each value that comes through a pipe."""

    def __init__(self, program: str) -> None:
        self._tokens: list[str] = []
        position = 0
        while program[position:].strip():
            token = _TOKEN.match(program, position)
            if token is None or len(self._tokens) > _MOST_TOKENS:
                raise _Unknown
            self._tokens.append(token[0].strip())
            position = token.end()
        self._position = 0
        self._steps = _MOST_STEPS

    def run(self, value: object) -> list[object]:
        results = self._pipe(value, 0)
        if self._position < len(self._tokens):
            raise _Unknown
        return results

    def _pipe(self, value: object, depth: int) -> list[object]:
        """``a | b``, ``a, b``: the values of the left each go through the right."""
        if depth > _DEEPEST:
            raise _Unknown
        results = [self._sum(value, depth)]
        while self._next_is(","):
            results.append(self._sum(value, depth))
        if not self._next_is("|"):
            return results
        begin = self._position
        piped: list[object] = []
        for result in results:
            self._position = begin
            piped += self._pipe(result, depth + 1)
        return piped

    def _sum(self, value: object, depth: int) -> object:
        self._steps -= 1
        if self._steps < 0:
            raise _Unknown
        total = self._term(value, depth)
        while self._next_is("+"):
            right = self._term(value, depth)
            if isinstance(total, str) and isinstance(right, str):
                total += right
            elif isinstance(total, list) and isinstance(right, list):
                total = _bounded(total + right)
            else:
                raise _Unknown
            if len(total) > LONGEST:
                raise _Unknown
        return total

    def _term(self, value: object, depth: int) -> object:
        word = self._tokens[self._position]
        self._position += 1
        if word.startswith('"') and "\\(" not in word:
            return json.loads(word)
        if word.lstrip("-").isdigit():
            return int(word)
        if word == "[":
            return self._array(value, depth)
        if word == "(":
            (result,) = self._pipe(value, depth + 1)
            self._expect(")")
            return result
        if word.startswith("."):
            self._position -= 1
            return self._path(value)
        return self._called(word, value, depth)

    def _array(self, value: object, depth: int) -> list[object]:
        if self._next_is("]"):
            return []
        results = self._pipe(value, depth + 1)
        self._expect("]")
        return _bounded(results)

    def _path(self, value: object) -> object:
        while self._position < len(self._tokens):
            word = self._tokens[self._position]
            if word.startswith(".") and len(word) > 1:
                value = value[word[1:]] if isinstance(value, dict) else _unknown()
            elif word == "[":
                index = self._tokens[self._position + 1]
                self._position += 2
                key: object = json.loads(index)
                value = value[key] if isinstance(value, list | dict) else _unknown()  # type: ignore[call-overload]
                if self._tokens[self._position] != "]":
                    raise _Unknown
            elif word != ".":
                break
            self._position += 1
        return value

    def _called(self, name: str, value: object, depth: int) -> object:  # noqa: PLR0911 - one line a function
        match name, value:
            case "@base64d", str():
                return _known(from_base64(value))
            case "@base32d", str():
                return _known(from_base32(value))
            case "@base64", str():
                return _known(to_base64(value))
            case "explode", str():
                return list(map(ord, value))
            case "implode", list():
                return "".join(map(chr, value))
            case "reverse", str() | list():
                return value[::-1]
            case (("join" | "ltrimstr" | "rtrimstr"), _):
                return self._with_text(name, value, depth)
            case (("tostring" | "ascii_downcase" | "ascii_upcase"), str()):
                return {"tostring": value, "ascii_downcase": value.lower()}.get(name, value.upper())
            case ("add", list()) if all(isinstance(each, str) for each in value):
                return "".join(value)
            case _:
                raise _Unknown

    def _with_text(self, name: str, value: object, depth: int) -> str:
        self._expect("(")
        text = self._sum(value, depth + 1)
        self._expect(")")
        if not isinstance(text, str):
            raise _Unknown
        if name == "join" and isinstance(value, list):
            return _known(joined_within(map(str, value), text))
        if not isinstance(value, str):
            raise _Unknown
        return value.removeprefix(text) if name == "ltrimstr" else value.removesuffix(text)

    def _next_is(self, token: str) -> bool:
        if self._tokens[self._position : self._position + 1] == [token]:
            self._position += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._next_is(token):
            raise _Unknown


def _bounded(values: list[object]) -> list[object]:
    """Return an array that is not too long when it is written out, however often it holds the same."""
    if len(json.dumps(values)) > LONGEST:
        raise _Unknown
    return values


def _known(text: str | None) -> str:
    if text is None:
        raise _Unknown
    return text


def _unknown() -> object:
    raise _Unknown
