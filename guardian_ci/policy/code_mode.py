"""What a program text of Codex's code mode asks tools for: ``await tools.exec_command({cmd: "cat x"})``.

The text runs where there are neither files nor a network, so only what it hands to tools matters. Its string literals
are read, with the names that they are given (``cmd:``, ``path =``); pieces that are joined are joined here too, and a
piece that is computed becomes a variable that no shell knows, so that a command with it is judged as one that nobody
could resolve.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

COMPUTED: Final = "$__computed"
"""Stands in a text for what the program computes."""

_TOKEN: Final = re.compile(
    r"""//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)
    |"(?:[^"\\\n]|\\.)*+(?:"|$|\Z)|'(?:[^'\\\n]|\\.)*+(?:'|$|\Z)|`(?:[^`\\]|\\.)*+(?:`|\Z)
    |[A-Za-z_$][\w$]*+|=>|[=!<>]=+|[^\s\w]""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([0-7]{1,3})|(\r?\n)|(.))", re.DOTALL
)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_HOLE: Final = re.compile(r"\$\{\s*([^{}]*?)\s*\}")
_SIGNS: Final = re.compile(r"\btools\s*[.\[]|\bawait\s|\b(?:const|let|var)\s|=>|\bfunction\b")
_QUOTES: Final = frozenset("\"'`")
_LARGEST_CODE_POINT: Final = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Said:
    """A string of a program and the name that it is given, "" for none; ``computed``: nothing of it is known."""

    name: str
    text: str
    computed: bool = False


def is_program(text: str) -> bool:
    """Whether a text is a program rather than a shell command."""
    return _SIGNS.search(text) is not None


def said_in(text: str) -> list[Said]:
    """Return the strings of a program in their order, and the named values that are none."""
    reader = _Reader([token for token in _TOKEN.findall(text) if not token.startswith(("//", "/*"))])
    found = list(reader.read())
    return [
        Said(each.name, known, computed=False) if (known := reader.known.get(each.text)) and each.computed else each
        for each in found
    ]


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    known: dict[str, str] = field(default_factory=dict)
    """What variables were given, by their names."""

    def read(self) -> Iterator[Said]:
        position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            if token[0] in _QUOTES and not self._is_name(position):
                text, position = self._joined(position)
                yield Said("", text)
            elif self._names(position) and (value := position + 2) < len(self.tokens):
                name = self._text(token)
                if self.tokens[value][0] in _QUOTES:
                    text, position = self._joined(value)
                    self.known.setdefault(name, text)
                    yield Said(name, text)
                else:
                    if self.tokens[value] not in {"{", "[", "("}:
                        yield Said(name, self.tokens[value], computed=True)
                    position = value
            else:
                position += 1

    def _is_name(self, position: int) -> bool:
        return self._names(position) and self.tokens[position + 1] == ":"

    def _names(self, position: int) -> bool:
        """Whether a name stands here that is given a value."""
        token = self.tokens[position]
        if position + 1 >= len(self.tokens) or self.tokens[position + 1] not in {":", "="}:
            return False
        return token[0].isalpha() or token[0] in _QUOTES | {"_", "$"}

    def _joined(self, position: int) -> tuple[str, int]:
        """Return the text of literals that are added to each other, and where they end."""
        pieces = [self._text(self.tokens[position])]
        position += 1
        while position + 1 < len(self.tokens) and self.tokens[position] == "+":
            token = self.tokens[position + 1]
            pieces.append(self._text(token) if token[0] in _QUOTES else self.known.get(token, COMPUTED))
            position += 2
        return "".join(pieces), position

    def _text(self, token: str) -> str:
        """Return what a literal says, with the variables in it whose values are known."""
        quote = token[0]
        if quote not in _QUOTES:
            return token
        inside = token[1:-1] if len(token) > 1 and token.endswith(quote) else token[1:]
        if quote == "`":
            inside = _HOLE.sub(lambda hole: self.known.get(hole[1], COMPUTED), inside)
        return _ESCAPE.sub(_resolved, inside)


def _resolved(escape: re.Match[str]) -> str:
    if (code := escape[1] or escape[2] or escape[3]) is not None:
        number = int(code, 16)
        return chr(number) if number <= _LARGEST_CODE_POINT else ""
    if escape[4] is not None:
        return chr(int(escape[4], 8))
    return "" if escape[5] is not None else _LETTERS.get(escape[6], escape[6])
