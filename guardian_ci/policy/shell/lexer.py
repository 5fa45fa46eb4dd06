"""Reads the words of a shell program: quotes, escapes, expansions, each as bash reads it.

Every place of a program has its own idea of what ends a word and which quotes count there; a ``_Mode`` says it. The
reader goes through the text once, from left to right. What bounds it (``Bound``) is how deep a text nests and how many
parts it has, never how long its literal runs are.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Final

from guardian_ci.policy.shell.syntax import (
    Arithmetic,
    Literal,
    Parameter,
    Part,
    ProcessFile,
    Sequence,
    Substitution,
    Word,
)

DEEPEST: Final = 32
"""How many constructs may lie in each other."""

MOST_PARTS: Final = 30_000
"""How many parts of words, and commands, may be read for one command of an agent."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+")
_PARAMETER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+|[0-9]|[@*#?$!-]")
_MORE_NAME: Final = re.compile(r"[A-Za-z0-9_]++")
_SIGNS: Final = frozenset("0123456789@*#?$!-")
_BRACED_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+|[0-9]++|[@*#?$!-]")
_LENGTH: Final = re.compile(r"#(?=[A-Za-z0-9_@*?$!-]|#\})")
_OPERATOR: Final = re.compile(r":[-=+?]|##|%%|//|/#|/%|/|\^\^|,,|~~|[-=+?#%^,~:@]")
_ANSI: Final = re.compile(r"(?:[^'\\]++|\\.)*+'", re.DOTALL)
_ANSI_ESCAPE: Final = re.compile(
    r"\\(?:x\{([0-9a-fA-F]{0,8})\}?|x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c(.)|(.))",
    re.DOTALL,
)
_BACKQUOTED: Final = re.compile(r"(?:[^`\\]++|\\.)*+`", re.DOTALL)
_ANSI_LETTERS: Final = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_EXTGLOB: Final = frozenset("?*+@!")
_BREAKS: Final = " \t\n;&|<>()"
_LAST_CODE_POINT: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
_ASCII_END: Final = 0x80
_BYTE: Final = 0xFF
_MORE_THAN_CONSTANT: Final = re.compile(r"\{|[?*+@!]\(")


class NotShell(Exception):  # noqa: N818 - caught in the grammar: what a text is, not what went wrong here
    """A text is no command of this shell."""


class Bound(Exception):  # noqa: N818 - likewise: the reader gives up
    """A text nests too deeply or has too many parts."""


@dataclass(frozen=True, slots=True)
class _Mode:
    """How a place is read: what ends it, which quotes count, what a backslash escapes (None: everything)."""

    plain: re.Pattern[str]
    ends: str
    quoted: bool = False
    single: bool = True
    double: bool = True
    escapes: str | None = None
    opens: str = ""
    closes: str = ""
    bare: bool = False
    """A word of a command, which the end of the text ends too."""
    whole: bool = False
    """A text that only its own end ends."""
    argument: bool = False
    """The word of a ``${x:-…}`` between double quotes: a pair of single quotes hides a brace, and stays."""


def _plain(special: str) -> re.Pattern[str]:
    return re.compile(f"[^{re.escape(special)}]++")


_IN_WORD: Final = _Mode(_plain(_BREAKS + "'\"\\$`"), _BREAKS, bare=True)
_IN_QUOTES: Final = _Mode(_plain('"\\$`'), '"', quoted=True, single=False, double=False, escapes='$`"\\')
_IN_HERE: Final = _Mode(_plain("\\$`"), "", quoted=True, single=False, double=False, escapes="$`\\", whole=True)
_IN_ARITHMETIC: Final = _Mode(
    _plain("()'\"\\$`"), ")", quoted=True, single=False, escapes='$`"\\', opens="(", closes=")"
)
_IN_CLAUSE: Final = replace(_IN_ARITHMETIC, plain=_plain(";()'\"\\$`"), ends=";")
_IN_OLD_ARITHMETIC: Final = replace(_IN_ARITHMETIC, plain=_plain("[]'\"\\$`"), ends="]", opens="[", closes="]")
_IN_BRACES: Final = _Mode(_plain("}'\"\\$`"), "}")
_IN_QUOTED_BRACES: Final = replace(_IN_BRACES, quoted=True, single=False, escapes='$`"\\}', argument=True)
_IN_PATTERN: Final = _Mode(_plain("}/'\"\\$`"), "}/")
_IN_SLICE: Final = _Mode(_plain("}:()'\"\\$`"), "}:", quoted=True, opens="(", closes=")")
_IN_INDEX: Final = _Mode(_plain("[]'\"\\$`"), "]", opens="[", closes="]")
_IN_EXTGLOB: Final = _Mode(_plain("()'\"\\$`"), ")", opens="(", closes=")")
_IN_REGEX: Final = _Mode(_plain(" \t\n()'\"\\$`"), " \t\n", bare=True, opens="(", closes=")")


@dataclass(slots=True)
class Budget:
    """How much may still be read; shared by all the readers of one text."""

    left: int = field(default=MOST_PARTS)

    def spend(self) -> None:
        """Count one part."""
        self.left -= 1
        if self.left < 0:
            raise Bound("more parts than can be followed")


class Lexer(ABC):
    """Reads words from a place in a text. The grammar on top of it reads the commands in them."""

    def __init__(self, text: str, *, budget: Budget | None = None, depth: int = 0) -> None:
        self.text = text
        self.position = 0
        self.budget = Budget() if budget is None else budget
        self.depth = depth
        self._closing = -1

    @abstractmethod
    def enclosed(self, closer: str) -> Sequence:
        """Read commands up to the sign that closes them, and the sign."""

    @abstractmethod
    def nested(self, text: str) -> Sequence:
        """Read another text in the place of a part of this one."""

    def word(self) -> Word:
        """Read one word of a command; raise NotShell where there is none."""
        start = self.position
        parts = self._read(_IN_WORD)
        if self.position == start:
            raise NotShell(f"no word at {self._here()!r}")
        return _word(parts, self.text[start : self.position])

    def regex(self) -> Word:
        """Read what stands behind ``=~``."""
        start = self.position
        return _word(self._read(_IN_REGEX), self.text[start : self.position])

    def index(self) -> Word:
        """Read what stands behind a ``[`` that counts elements, and its ``]``."""
        return self._until(_IN_INDEX)

    def here_text(self) -> Word:
        """Read all of the text as an unquoted here-document."""
        return _word(self._read(_IN_HERE), "")

    def expression(self) -> Word | None:
        """Read up to the ``))`` that ends an expression; None, and no step further, where a command begins instead."""
        start, depth = self.position, self.depth
        try:
            word = self._until(_IN_ARITHMETIC)
        except NotShell:
            word = None
        if word is not None and self.text.startswith(")", self.position):
            self.position += 1
            return word
        self.position, self.depth = start, depth
        return None

    def clauses(self) -> tuple[Word, Word, Word]:
        """Read ``begin; condition; step))``."""
        begin, condition, step = self._until(_IN_CLAUSE), self._until(_IN_CLAUSE), self._until(_IN_ARITHMETIC)
        if not self.text.startswith(")", self.position):
            raise NotShell("a loop over numbers that does not end")
        self.position += 1
        return begin, condition, step

    def enter(self) -> None:
        """Go one construct deeper."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Bound("nested too deeply")

    def leave(self) -> None:
        """Come back from it."""
        self.depth -= 1

    def _here(self) -> str:
        return self.text[self.position : self.position + 20]

    def _until(self, mode: _Mode) -> Word:
        start = self.position
        parts = self._read(mode)
        word = _word(parts, self.text[start : self.position])
        self.position += 1
        return word

    def _read(self, mode: _Mode) -> list[Part]:
        """Read parts up to a sign that ends the mode, which is left in its place."""
        parts: list[Part] = []
        text, size, open_ones = self.text, len(self.text), 0
        while self.position < size:
            if (run := mode.plain.match(text, self.position)) is not None:
                parts.append(Literal(run.group(), mode.quoted))
                self.position = run.end()
                if self.position == size:
                    break
            sign = text[self.position]
            if sign in mode.ends and not open_ones and not self._goes_on(parts, sign, mode):
                return parts
            self.budget.spend()
            if sign in mode.opens or sign in mode.closes:
                open_ones += 1 if sign in mode.opens else -1
                self._literal(parts, sign, mode)
            else:
                self._special(parts, sign, mode)
        if not (mode.bare or mode.whole) or open_ones:
            raise NotShell("the text ends in the middle of a word")
        return parts

    def _goes_on(self, parts: list[Part], sign: str, mode: _Mode) -> bool:
        """Whether a sign that would end a bare word begins a part of it instead."""
        if mode is not _IN_WORD:
            return False
        if sign in "<>":
            return self.text.startswith("(", self.position + 1)
        last = parts[-1] if parts else None
        return sign == "(" and isinstance(last, Literal) and not last.quoted and last.text[-1:] in _EXTGLOB

    def _literal(self, parts: list[Part], text: str, mode: _Mode) -> None:
        parts.append(Literal(text, mode.quoted))
        self.position += len(text)

    def _special(self, parts: list[Part], sign: str, mode: _Mode) -> None:
        match sign:
            case "\\":
                self._escape(parts, mode)
            case "$":
                self._dollar(parts, mode)
            case "`":
                self._backquotes(parts, mode)
            case "'" if mode.single:
                self._single(parts)
            case "'" if mode.argument:
                self._hidden(parts)
            case '"' if mode.double:
                self._double(parts)
            case "<" | ">":
                self._process(parts, sign)
            case "(":
                self._extglob(parts)
            case _:
                self._literal(parts, sign, mode)

    def _escape(self, parts: list[Part], mode: _Mode) -> None:
        escaped = self.text[self.position + 1 : self.position + 2]
        self.position += 2
        if escaped == "\n":
            self._go_on(parts)  # a line that goes on: both characters are as if they were not there
            return
        if not escaped:
            self.position -= 1
            parts.append(Literal("\\", quoted=True))
        elif mode.escapes is None or escaped in mode.escapes or escaped in mode.ends:
            parts.append(Literal(escaped, quoted=True))
        else:
            parts.append(Literal("\\" + escaped, mode.quoted))

    def _go_on(self, parts: list[Part]) -> None:
        last = parts[-1] if parts else None
        if (
            isinstance(last, Parameter)
            and last.bare
            and (more := _MORE_NAME.match(self.text, self.position)) is not None
        ):
            parts[-1] = replace(last, name=last.name + more.group())
            self.position = more.end()

    def _single(self, parts: list[Part]) -> None:
        end = self.text.find("'", self.position + 1)
        if end < 0:
            raise NotShell("a quote is not closed")
        parts.append(Literal(self.text[self.position + 1 : end], quoted=True))
        self.position = end + 1

    def _hidden(self, parts: list[Part]) -> None:
        """Read a single quote of a ``${x:-…}`` between double quotes: with the one that closes it, it hides braces."""
        end = self.position + 1
        if self.position != self._closing:
            self._closing = self.text.find("'", end)
            if "}" in self.text[end : max(self._closing, end)]:
                end = self._closing + 1
        parts.append(Literal(self.text[self.position : end], quoted=True))
        self.position = end

    def _double(self, parts: list[Part]) -> None:
        self.position += 1
        inner = self._read(_IN_QUOTES)
        self.position += 1
        parts.extend(inner or [Literal("", quoted=True)])

    def _dollar(self, parts: list[Part], mode: _Mode) -> None:
        following = self.text[self.position + 1 : self.position + 2]
        if following == "'" and ((mode.single and not mode.quoted) or mode.argument):
            self.position += 2
            parts.append(Literal(self._ansi(), quoted=True))
        elif following == '"' and mode.double and not mode.quoted:
            self.position += 1
            self._double(parts)
        elif following in {"(", "[", "{"}:
            self.enter()
            self.position += 2
            parts.append(self._bracketed(following, quoted=mode.quoted))
            self.leave()
        elif (name := _PARAMETER.match(self.text, self.position + 1)) is not None:
            self.position = name.end()
            parts.append(Parameter(name.group(), mode.quoted, bare=name.group()[0] not in _SIGNS))
        else:
            self._literal(parts, "$", mode)

    def _bracketed(self, opener: str, *, quoted: bool) -> Part:
        if opener == "{":
            return self._braced(quoted=quoted)
        if opener == "[":
            return Arithmetic(self._until(_IN_OLD_ARITHMETIC), quoted)
        if self.text.startswith("(", self.position):
            self.position += 1
            if (expression := self.expression()) is not None:
                return Arithmetic(expression, quoted)
            self.position -= 1
        return Substitution(self.enclosed(")"), quoted)

    def _ansi(self) -> str:
        if (found := _ANSI.match(self.text, self.position)) is None:
            raise NotShell("a quote is not closed")
        self.position = found.end()
        return ansi_text(found.group()[:-1])

    def _backquotes(self, parts: list[Part], mode: _Mode) -> None:
        if (found := _BACKQUOTED.match(self.text, self.position + 1)) is None:
            raise NotShell("a backquote is not closed")
        self.position = found.end()
        escaped = r'\\([$`\\"])' if mode.quoted else r"\\([$`\\])"
        self.enter()
        parts.append(Substitution(self.nested(re.sub(escaped, r"\1", found.group()[:-1])), mode.quoted))
        self.leave()

    def _process(self, parts: list[Part], sign: str) -> None:
        self.enter()
        self.position += 2
        parts.append(ProcessFile(self.enclosed(")"), reads=sign == "<"))
        self.leave()

    def _extglob(self, parts: list[Part]) -> None:
        self.enter()
        self.position += 1
        inner = self._read(_IN_EXTGLOB)
        self.position += 1
        self.leave()
        parts.extend([Literal("("), *inner, Literal(")")])

    def _braced(self, *, quoted: bool) -> Part:
        """Read ``${…}`` behind its brace."""
        if self.text[self.position : self.position + 1] in {" ", "\t", "\n", "|"}:
            self.position += self.text[self.position] == "|"
            return Substitution(self.enclosed("}"), quoted)
        length = _LENGTH.match(self.text, self.position) is not None
        self.position += length
        indirect = self.text.startswith("!", self.position) and not self.text.startswith("!}", self.position)
        self.position += indirect
        name = _BRACED_NAME.match(self.text, self.position)
        if name is None:
            return self._unreadable(quoted=quoted)
        self.position = name.end()
        index = None
        if self.text.startswith("[", self.position):
            self.position += 1
            index = self.index()
        parameter = Parameter(name.group(), quoted, index=index, length=length, indirect=indirect)
        if indirect and self.text[self.position : self.position + 2] in {"*}", "@}"}:
            parameter = replace(parameter, operator="prefix")
            self.position += 1
        return self._operated(parameter)

    def _operated(self, parameter: Parameter) -> Part:
        if self.text.startswith("}", self.position):
            self.position += 1
            return parameter
        found = _OPERATOR.match(self.text, self.position)
        if found is None:
            return self._unreadable(quoted=parameter.quoted)
        operator = found.group()
        self.position = found.end()
        if operator == ":":
            return self._two(parameter, operator, _IN_SLICE, _IN_SLICE)
        if operator.startswith("/"):
            return self._two(parameter, operator, _IN_PATTERN, self._argument(quoted=parameter.quoted))
        mode = _IN_BRACES
        if operator[-1] in "-=+?":
            mode = self._argument(quoted=parameter.quoted)
        return replace(parameter, operator=operator, first=self._until(mode))

    def _argument(self, *, quoted: bool) -> _Mode:
        """How the text of ``${x:-…}`` is read: between double quotes, a single quote is a character."""
        return _IN_QUOTED_BRACES if quoted else _IN_BRACES

    def _two(self, parameter: Parameter, operator: str, first: _Mode, second: _Mode) -> Part:
        one = self._until(first)
        if self.text[self.position - 1] == "}":
            return replace(parameter, operator=operator, first=one)
        if second is _IN_SLICE:
            second = replace(_IN_SLICE, plain=_plain("}()'\"\\$`"), ends="}")
        return replace(parameter, operator=operator, first=one, second=self._until(second))

    def _unreadable(self, *, quoted: bool) -> Part:
        """Step over an expansion of another shell: its value is not known."""
        self._until(_IN_BRACES)
        return Parameter("", quoted)


def ansi_text(escaped: str) -> str:
    r"""Decode what stood between ``$'`` and ``'``; a NUL ends it, as in C."""
    if "\\" not in escaped:
        return escaped
    data = bytearray()
    end = 0
    for escape in _ANSI_ESCAPE.finditer(escaped):
        data += _utf8(escaped[end : escape.start()])
        end = escape.end()
        decoded = _unescaped(escape)
        if decoded == b"\0":
            return data.decode(errors="replace")
        data += decoded
    return (data + _utf8(escaped[end:])).decode(errors="replace")


def _unescaped(escape: re.Match[str]) -> bytes:
    braced, two, octal, four, eight, control, letter = escape.groups()
    if control is not None:
        return bytes([ord(control[0]) & 0x1F])
    if letter is not None:
        return _utf8(_ANSI_LETTERS.get(letter, "\\" + letter))
    if octal is not None:
        return bytes([int(octal, 8) & _BYTE])
    if two is not None or braced is not None:
        return bytes([int(two or braced or "0", 16) & _BYTE])
    point = int(four or eight, 16)
    return chr(point).encode() if point <= _LAST_CODE_POINT and point not in _SURROGATES else b"?"


def _utf8(text: str) -> bytes:
    return text.encode(errors="replace")


def _word(parts: list[Part], source: str) -> Word:
    """Make a word of its parts, and say its text where nothing in it must be expanded."""
    if len(parts) == 1 and isinstance(parts[0], Literal):
        part = parts[0]
        fixed = part.quoted or not (part.text.startswith("~") or _MORE_THAN_CONSTANT.search(part.text))
        return Word(tuple(parts), source, part.text if fixed else None)
    if not all(isinstance(part, Literal) for part in parts):
        return Word(tuple(parts), source)
    merged = _merged(parts)
    first = merged[0] if merged else Literal("", quoted=True)
    bare = "".join(part.text if not part.quoted else "\0" for part in merged)
    fixed = not (not first.quoted and first.text.startswith("~")) and not _MORE_THAN_CONSTANT.search(bare)
    return Word(tuple(merged), source, "".join(part.text for part in merged) if fixed else None)


def _merged(parts: list[Part]) -> list[Literal]:
    """Join neighbouring literals of the same kind; an empty pair of quotes is dropped where something else is there."""
    merged: list[Literal] = []
    for part in parts:
        if not isinstance(part, Literal):
            continue
        if merged and merged[-1].quoted == part.quoted:
            merged[-1] = Literal(merged[-1].text + part.text, part.quoted)
        else:
            merged.append(part)
    return merged
