"""Go's regular expressions in Python's words: flags in the middle, named classes, ends of text.

Only the syntax is read, never a text. What Python has no word for raises ``Untranslatable``.
"""

import re
from dataclasses import dataclass
from typing import Final

_CLASSES: Final = {
    "alnum": "A-Za-z0-9",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}
_GROUP: Final = re.compile(r"\((?:\?(?:P?<(\w{1,64})>|([imsU]{0,4}(?:-[imsU]{1,4})?)([:)])))?")
_REPEAT: Final = re.compile(r"[*+?]|\{(\d{1,4})(?:(,)(\d{0,4}))?\}")
_CODE: Final = re.compile(r"x\{([0-9a-fA-F]{1,6})\}")
_POSIX: Final = re.compile(r"\[:(\^?)([a-z]{1,10}):\]")


class Untranslatable(ValueError):  # noqa: N818 - what it says of the expression
    """An expression that Python's ``re`` has no words for."""


@dataclass(slots=True)
class _Group:
    """A group that is open: how many flags' groups of ours are open in it, and what was seen in it."""

    flags: list[str]
    multiline: bool
    varies: bool = False


def to_python(regex: str) -> tuple[str, bool]:
    """Return the expression as Python writes it, and whether it repeats a repetition."""
    return _Translation(regex).run()


class _Translation:
    """One expression on its way."""

    def __init__(self, regex: str) -> None:
        self._regex = regex
        self._at = 0
        self._written: list[str] = []
        self._open = [_Group([], multiline=False)]
        self._nested = False

    def run(self) -> tuple[str, bool]:
        steps = {
            "\\": self._escape,
            "[": self._class,
            "(": self._begin,
            ")": self._end,
            "|": self._or,
            "$": self._dollar,
        }
        while self._at < len(self._regex):
            character = self._regex[self._at]
            step = steps.get(character)
            if step is not None:
                step()
                continue
            repeat = _REPEAT.match(self._regex, self._at)
            if repeat is not None:
                self._repeat(repeat, of_group=None)
            else:
                self._take(character)
        if len(self._open) != 1:
            raise Untranslatable("a group is not closed")
        self._written.append(")" * len(self._open[0].flags))
        return "".join(self._written), self._nested

    def _take(self, text: str) -> None:
        self._written.append(text)
        self._at += len(text)

    def _escape(self) -> None:
        rest = self._regex[self._at + 1 : self._at + 2]
        if rest == "Q":
            end = self._regex.find(r"\E", self._at)
            end = len(self._regex) if end < 0 else end
            self._written.append(re.escape(self._regex[self._at + 2 : end]))
            self._at = end + 2
        elif rest == "z":
            self._written.append(r"\Z")
            self._at += 2
        else:
            self._written.append(self._character())

    def _character(self) -> str:
        """Read one escaped character, within a class or outside."""
        code = _CODE.match(self._regex, self._at + 1)
        if code is not None:
            self._at = code.end()
            value = int(code.group(1), 16)
            if value > 0x10FFFF:  # noqa: PLR2004 - Unicode's last
                raise Untranslatable(f"\\{code.group()} is no character")
            return f"\\U{value:08x}"
        two = self._regex[self._at : self._at + 2]
        if two in ("\\", r"\p", r"\P", r"\C", r"\E"):
            raise Untranslatable(f"{two} has no like in Python")
        self._at += 2
        return two

    def _class(self) -> None:
        self._take("[")
        if self._regex.startswith("^", self._at):
            self._take("^")
        first = True
        while first or not self._regex.startswith("]", self._at):
            first = False
            posix = _POSIX.match(self._regex, self._at)
            if self._at >= len(self._regex):
                raise Untranslatable("a class is not closed")
            if posix is not None:
                if posix.group(1) or posix.group(2) not in _CLASSES:
                    raise Untranslatable(f"{posix.group()} has no like in Python")
                self._written.append(_CLASSES[posix.group(2)])
                self._at = posix.end()
            elif self._regex[self._at] == "\\":
                self._written.append(self._character())
            elif self._regex[self._at] in "[]&~|" or self._regex.startswith("--", self._at):
                # Signs that Python may read otherwise one day.
                self._written.append("\\" + self._regex[self._at])
                self._at += 1
            else:
                self._take(self._regex[self._at])
        self._take("]")

    def _begin(self) -> None:
        match = _GROUP.match(self._regex, self._at)
        if match is None:
            raise Untranslatable(f"{self._regex[self._at : self._at + 4]} has no like in Python")
        name, flags, end = match.groups()
        if match.group() == "(" and self._regex.startswith("?", match.end()):
            raise Untranslatable(f"{self._regex[self._at : self._at + 4]} has no like in Python")
        self._at = match.end()
        around = self._open[-1]
        if flags and "U" in flags:
            raise Untranslatable("the flag U has no like in Python")
        multiline = _with_multiline(flags or "", before=around.multiline)
        if end == ")":
            around.multiline = multiline
            if flags:
                around.flags.append(flags)
                self._written.append(f"(?{flags}:")
            return
        self._written.append(f"(?P<{name}>" if name else f"(?{flags}:" if end else "(")
        self._open.append(_Group([], multiline))

    def _end(self) -> None:
        if len(self._open) == 1:
            raise Untranslatable("a group is closed that is not open")
        group = self._open.pop()
        self._written.append(")" * len(group.flags))
        self._take(")")
        repeat = _REPEAT.match(self._regex, self._at)
        if repeat is not None:
            self._repeat(repeat, of_group=group)
        self._open[-1].varies |= group.varies

    def _or(self) -> None:
        flags = self._open[-1].flags
        self._written.append(")" * len(flags))
        self._take("|")
        self._written += [f"(?{each}:" for each in flags]

    def _dollar(self) -> None:
        self._written.append("$" if self._open[-1].multiline else r"\Z")
        self._at += 1

    def _repeat(self, repeat: re.Match[str], of_group: _Group | None) -> None:
        self._take(repeat.group())
        if self._regex.startswith("?", self._at):
            self._take("?")
        least, comma, most = repeat.groups()
        many = repeat.group() in "*+" or (comma and not most) or max(int(most or 0), int(least or 0)) > 1
        varies = repeat.group() in "*+" or (bool(comma) and least != most)
        self._nested |= bool(many) and of_group is not None and of_group.varies
        self._open[-1].varies |= varies


def _with_multiline(flags: str, *, before: bool) -> bool:
    on, _, off = flags.partition("-")
    return ("m" in on or before) and "m" not in off
