"""The words of a JavaScript text: names, literals, signs. Enough to see what a program says, never to run it.

Where two readings are possible (a slash that divides or begins a pattern) or a trick of spelling is in play (an escape
in a name), the text is refused as a whole: what is read here is what an engine reads.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

_LINE_END: Final = "\\n\\r\u2028\u2029"
_BLANK: Final = re.compile(rf"(?:\s|\ufeff|//[^{_LINE_END}]*|/\*(?:[^*]|\*(?!/))*+\*/)+")
_NAME: Final = re.compile(r"#?[^\W\d][\w$]*|\$[\w$]*")
_NUMBER: Final = re.compile(r"\.?\d[\w.]*")
_STRING: Final = re.compile(r"\"((?:[^\"\\\n\r]|\\(?:\r\n|[\s\S]))*+)\"|'((?:[^'\\\n\r]|\\(?:\r\n|[\s\S]))*+)'")
_CHUNK: Final = re.compile(r"((?:[^`\\$]|\\[\s\S]|\$(?!\{))*+)(`|\$\{)")
_PATTERN: Final = re.compile(
    rf"/(?![*/])(?:[^\\/\[{_LINE_END}]|\\[^{_LINE_END}]|\[(?:[^\\\]{_LINE_END}]|\\[^{_LINE_END}])*+\])++/[A-Za-z]*"
)
_SIGN: Final = re.compile(
    r">>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\*\*|<<|>>"
    r"|[-+*/%&|^]=|[-{}()\[\];,<>+*/%&|^!~?:=.@]"
)
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([0-3]?[0-7]{1,2})"
    r"|(\r\n|[\n\r\u2028\u2029])|([\s\S]))"
)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_MOST_WORDS: Final = 10_000
_LARGEST_CODE_POINT: Final = 0x10FFFF
_BEFORE_PATTERNS_WORDS: Final = "return typeof case in instanceof void delete throw new do else await"
_BEFORE_PATTERNS: Final = frozenset(_BEFORE_PATTERNS_WORDS.split())
_MAYBE_NAMES: Final = frozenset({"of", "yield", "async", "let", "static", "get", "set"})
"""Words of the language in one place, names in another."""

_MAYBE_ENDS: Final = frozenset({")", "}", "++", "--"})
"""Signs behind which a slash divides, or begins a pattern."""


class Kind(Enum):
    """What a word is."""

    NAME = "name"
    NUMBER = "number"
    TEXT = "text"
    CHUNK = "chunk"
    """A part of a template: up to a hole or its end."""
    PATTERN = "pattern"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """One word. ``text`` of a literal is what it says; ``raw`` is a chunk as it is written.

    ``opens``: a hole follows, up to the next chunk that ``continues`` its template.
    """

    kind: Kind
    text: str
    raw: str = ""
    opens: bool = False
    continues: bool = False


END: Final = Token(Kind.SIGN, "")
"""What stands behind the last word."""


class UnreadableError(ValueError):
    """A text that is no JavaScript, or that can be read in two ways. It says why."""


def tokens(text: str) -> list[Token]:
    """Return the words of a program, which are not too many. Raises ``UnreadableError``."""
    if text.startswith("#!"):
        raise UnreadableError("a first line for another interpreter")
    return _Lexer(text).read()


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: list[Token] = []
        self._holes: list[int] = []
        """For each template that is open, how many braces are open in its hole."""

    def read(self) -> list[Token]:
        while True:
            if (blank := _BLANK.match(self._text, self._at)) is not None:
                self._at = blank.end()
            if self._at >= len(self._text):
                break
            self._next()
            if len(self._found) > _MOST_WORDS:
                raise UnreadableError("more words than anybody reads")
        if self._holes:
            raise UnreadableError("a template without an end")
        return self._found

    def _next(self) -> None:
        sign = self._text[self._at]
        if sign == "`":
            self._at += 1
            self._chunk(continues=False)
        elif sign == "}" and self._holes and self._holes[-1] == 0:
            self._at += 1
            self._holes.pop()
            self._chunk(continues=True)
        elif sign == "/" and self._begins_pattern():
            self._take(Kind.PATTERN, _PATTERN)
        elif (string := _STRING.match(self._text, self._at)) is not None:
            self._at = string.end()
            self._found.append(Token(Kind.TEXT, _cooked(string[1] if string[1] is not None else string[2])))
        else:
            for kind, regex in ((Kind.NAME, _NAME), (Kind.NUMBER, _NUMBER), (Kind.SIGN, _SIGN)):
                if regex.match(self._text, self._at) is not None:
                    self._take(kind, regex)
                    return
            raise UnreadableError("a word that is none")

    def _take(self, kind: Kind, regex: re.Pattern[str]) -> None:
        found = regex.match(self._text, self._at)
        if found is None:
            raise UnreadableError("a pattern without an end")
        if self._holes and kind is Kind.SIGN:
            self._holes[-1] += {"{": 1, "}": -1}.get(found[0], 0)
        self._at = found.end()
        self._found.append(Token(kind, found[0]))

    def _chunk(self, *, continues: bool) -> None:
        found = _CHUNK.match(self._text, self._at)
        if found is None:
            raise UnreadableError("a template without an end")
        opens = found[2] == "${"
        if opens:
            self._holes.append(0)
        self._at = found.end()
        raw = found[1].replace("\r\n", "\n").replace("\r", "\n")
        self._found.append(Token(Kind.CHUNK, _cooked(raw), raw, opens, continues))

    def _begins_pattern(self) -> bool:
        """Whether a slash begins a pattern. Raises ``UnreadableError`` where it may, and may divide as well."""
        before = self._found[-1] if self._found else END
        owner = self._found[-2] if len(self._found) > 1 else END
        if before.kind is Kind.NAME and owner.text not in {".", "?."}:
            if before.text in _BEFORE_PATTERNS:
                return True
            maybe = before.text in _MAYBE_NAMES
        elif before.kind is Kind.SIGN:
            if before.text not in {*_MAYBE_ENDS, "]"}:
                return True
            maybe = before.text in _MAYBE_ENDS
        elif before.kind is Kind.CHUNK:
            return before.opens
        else:
            maybe = False
        if maybe and _PATTERN.match(self._text, self._at) is not None:
            raise UnreadableError("a slash that divides or begins a pattern")
        return False


def _cooked(text: str) -> str:
    return _ESCAPE.sub(_resolved, text) if "\\" in text else text


def _resolved(escape: re.Match[str]) -> str:
    if (code := escape[1] or escape[2] or escape[3]) is not None:
        number = int(code, 16)
        return chr(number) if number <= _LARGEST_CODE_POINT else ""
    if escape[4] is not None:
        return chr(int(escape[4], 8))
    return "" if escape[5] is not None else _LETTERS.get(escape[6], escape[6])
