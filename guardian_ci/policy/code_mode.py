"""What a program of Codex's code mode asks tools for: ``await tools.exec_command({cmd: "cat x"})``.

Such a program runs where there are neither files nor a network, and where ``tools`` is its only door. So its calls of
tools are all that matters: each is found, with its arguments as far as the program tells them (literals, what is
joined of them, names that were given them, the elements of a list that is gone through). A part that is computed is
``UNKNOWN``. A program that may reach a tool in a way that is not read here (one that is handed on, a computed member,
text that is run) says so by a call of ``UNREAD``, a tool that no policy names.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from guardian_ci.policy.code_mode_tools import ToolCalls
from guardian_ci.policy.javascript import Kind, UnreadableError, tokens
from guardian_ci.policy.javascript_program import Program
from guardian_ci.policy.javascript_values import Reader
from guardian_ci.policy.shell.facts import UNKNOWN

UNREAD: Final = "tools[computed]"
"""The tool that a program calls of which nobody can say which tools it calls."""

_TOOL: Final = "exec"
"""What the code mode's tool is called."""

_SIGNS: Final = re.compile(
    r"\btools\s*[.\[]|\bawait\s|\b(?:const|let|var)\s|=>|\bfunction\b|^\s*(?:text|notify|exit)\("
)

_MOST_CALLS: Final = 64

_DOORS_WORDS: Final = (
    "eval Function constructor prototype __proto__ toJSON globalThis global self window frames this import require "
    "Reflect Proxy WebAssembly ShadowRealm getPrototypeOf setPrototypeOf getOwnPropertyDescriptor "
    "getOwnPropertyDescriptors getOwnPropertyNames defineProperty defineProperties __defineGetter__ __lookupGetter__ "
    "prepareStackTrace with"
)
_DOORS: Final = frozenset(_DOORS_WORDS.split())
"""Words that lead to ``tools`` without saying it, or change what is handed to a tool."""


def runs_programs(tool: str) -> bool:
    """Whether a tool is the code mode's: what it is given is a program."""
    return tool.removeprefix("functions.") == _TOOL


def looks_like_program(text: str) -> bool:
    """Whether a text is surely a program and no shell command."""
    return _SIGNS.search(text) is not None


def calls_in(text: str) -> list[tuple[str, object]]:
    """Return the tools that a program calls, each with its argument: text, or an object as JSON has it."""
    try:
        program = Program(tokens(text))
        if not program.whole:
            return [(UNREAD, UNKNOWN)]
        found = list(islice(_CodeMode(program).calls(), _MOST_CALLS + 1))
    except (UnreadableError, RecursionError):
        return [(UNREAD, UNKNOWN)]
    return found if len(found) <= _MOST_CALLS else [*found[:_MOST_CALLS], (UNREAD, UNKNOWN)]


class _CodeMode:
    """One program of the code mode."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._sign, self._name = program.sign, program.name
        self._reader = Reader(program)
        self._tools = ToolCalls(program, self._reader)

    def calls(self) -> Iterator[tuple[str, object]]:
        """Yield the calls of tools, and ``UNREAD`` where there may be others, or one of which nobody knows which."""
        all_known = True
        for name, argument in self._tools:
            known = isinstance(name, str) and UNKNOWN not in name
            all_known = all_known and known
            yield (str(name) if known else UNREAD), argument
        read = all_known and not self._tools.missed
        if not read or any(self._is_door(at) for at in range(len(self._program.words))):
            yield UNREAD, UNKNOWN

    def _is_door(self, at: int) -> bool:
        if at in self._tools.followed:
            return False
        word = self._program.words[at]
        if word.kind is Kind.NAME:
            return word.text in _DOORS
        if word.kind is Kind.TEXT:
            return word.text in _DOORS and (self._sign(at + 1) == ":" or self._sign(at - 1) == "[")
        return self._sign(at) == "[" and self._is_computed_member(at)

    def _is_computed_member(self, at: int) -> bool:
        """Whether square brackets may lead to a member that is a door."""
        close = self._program.partner.get(at, at)
        inside = self._program.words[at + 1 : close]
        if self._program.ends_operand(at - 1):
            if len(inside) == 1 and inside[0].kind is Kind.TEXT:
                return False  # its text is looked at by itself
            numeric = self._is_numeric(range(at + 1, close))
            told = self._sign(close + 1) == "." and self._name(close + 2) not in {
                "call",
                "apply",
                "bind",
            }
            return not numeric and not told
        is_key = self._sign(at - 1) in {"{", ","} and self._sign(self._program.owner.get(at, -1)) == "{"
        return is_key and self._sign(close + 1) == ":" and not (len(inside) == 1 and inside[0].kind is Kind.TEXT)

    def _is_numeric(self, places: Sequence[int]) -> bool:
        """Whether words say a number. A length is one only where it is calculated with: any object may have its own."""
        calculates = any(self._sign(at) in {"-", "*", "%"} for at in places)
        for at in places:
            word = self._program.words[at]
            if word.kind is Kind.NAME:
                length = word.text == "length" and self._sign(at - 1) == "." and calculates
                owner = self._sign(at + 1) == "." and self._name(at + 2) == "length"
                if not (length or owner or self._reader.counts(word.text)):
                    return False
            elif self._sign(at) not in {"+", "-", "*", "%", ".", "(", ")"} and word.kind is not Kind.NUMBER:
                return False
        return len(places) > 0
