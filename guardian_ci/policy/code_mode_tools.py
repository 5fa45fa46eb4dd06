"""Where a program of Codex's code mode calls tools: through ``tools``, and through other names that it gives them.

Only what is plain is followed: ``tools.x(…)``, ``tools["x"](…)``, ``(tools.x)(…)``, ``tools.x.call(null, …)``, and a
name that is declared with a tool or with all of them (``const run = tools.x``, ``const {x: run} = tools``). Every place
where such a name stands is a call that is read, or such a declaration, or it is ``missed``: a tool may go anywhere from
there.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

from guardian_ci.policy.javascript import END, Kind
from guardian_ci.policy.javascript_program import Program
from guardian_ci.policy.javascript_values import NOBODY_KNOWS, Reader, Values
from guardian_ci.policy.shell.facts import UNKNOWN

_BEFORE_GROUPS: Final = frozenset({"await", "return"})
_OPERANDS: Final = frozenset({")", "]", "}", ".", "?."})
"""Signs behind which round brackets call something, or may."""

_GOES_ON: Final = frozenset({"in", "instanceof"})
_POINTS: Final = frozenset({".", "?."})


class ToolCalls:
    """The calls of tools in one program. ``followed`` and ``missed`` are whole when all calls have been taken."""

    def __init__(self, program: Program, reader: Reader) -> None:
        self._program, self._reader = program, reader
        self._sign, self._name = program.sign, program.name
        self._known: dict[str, Values | None] = {"tools": None}
        """For each name that stands for tools, what those are called; None for all tools, each a member."""
        self._unseen = ["tools"]
        self.followed: set[int] = set()
        """Places of words that are read with a call or a declaration, and lead nowhere else."""
        self.missed: set[int] = set()
        """Places of names of tools that are neither."""

    def __iter__(self) -> Iterator[tuple[object, object]]:
        """Yield what each called tool is called, and its argument."""
        while self._unseen:
            name = self._unseen.pop()
            for at in self._program.places.get(name, ()):
                if at in self.followed:
                    continue
                if not self._program.is_member(at):
                    yield from self._used(at, at, self._known[name])
                elif name == "tools" and self._is_global(at - 2):
                    self.followed.add(at - 2)
                    yield from self._used(at - 2, at, None)
        self.missed -= self.followed

    def _is_global(self, at: int) -> bool:
        return self._name(at) == "globalThis" and self._sign(at + 1) in _POINTS and not self._program.is_member(at)

    def _used(self, first: int, last: int, names: Values | None) -> Iterator[tuple[object, object]]:
        """Follow an expression that stands for tools to what calls one of them, or gives it a name."""
        place, end = last, last + 1
        while True:
            opened = end + (self._sign(end) == "?.")
            member = self._name(end + 1) if self._sign(end) in _POINTS else ""
            if self._is_group(first, end):
                first, end = first - 1, end + 1
            elif names is None and member:
                names, end = [member], end + 2
            elif names is None and self._sign(opened) == "[":
                names, end = self._member(opened)
            elif names is not None and self._sign(opened) == "(":
                yield from product(names, self._argument(opened + 1))
                return
            elif names is not None and member == "bind" and (bound := self._bound(end + 2)):
                end = bound
            elif names is not None and member in {"call", "apply"}:
                yield from product(names, self._borrowed(end + 2, member))
                return
            else:
                break
        if not self._is_named(first, end, names):
            self.missed.add(place)

    def _is_group(self, first: int, end: int) -> bool:
        """Whether an expression stands in round brackets that neither call anything nor are a list of parameters."""
        if self._sign(first - 1) != "(" or self._sign(end) != ")" or self._sign(end + 1) == "=>":
            return False
        before = first - 2
        if self._name(before) in _BEFORE_GROUPS:
            return self._sign(before - 1) not in _POINTS
        return before < 0 or (self._sign(before) != "" and self._sign(before) not in _OPERANDS)

    def _member(self, opened: int) -> tuple[Values, int]:
        """Return the names that square brackets may say, and where they end."""
        close = self._program.partner[opened]
        names, end = self._reader.value(opened + 1)
        self.followed.add(opened)
        return (names if end == close else NOBODY_KNOWS), close + 1

    def _argument(self, at: int) -> Values:
        return [{}] if self._sign(at) == ")" else self._reader.value(at)[0]

    def _borrowed(self, at: int, method: str) -> Values:
        """Return what a tool is handed by ``.call(owner, argument)`` or ``.apply(owner, [argument])``."""
        opened = at + (self._sign(at) == "?.")
        # An owner of several words may be a spread list that holds the argument.
        one_word = self._sign(opened + 1) == "" and self._sign(opened + 2) in {",", ")"}
        if self._sign(opened) != "(" or not one_word:
            self.missed.add(at - 1)
            return NOBODY_KNOWS
        self.followed.add(opened + 1)
        given = self._argument(opened + 2 + (self._sign(opened + 2) == ","))
        if method == "call" or given == [{}]:
            return given
        return [(each[0] if each else {}) if isinstance(each, list) else UNKNOWN for each in given]

    def _bound(self, opened: int) -> int:
        """Return where ``.bind(owner)`` ends; 0 where an argument is bound as well."""
        if self._sign(opened) != "(" or self._program.partner[opened] != opened + 2:
            return 0
        self.followed.add(opened + 1)
        return opened + 3

    def _is_named(self, first: int, end: int, names: Values | None) -> bool:
        """Whether an expression is all that a declaration gives to names, which are followed from now on."""
        following = self._program.at(end)
        ends = self._name(end) not in _GOES_ON if self._name(end) else following.text in {";", ",", "}"}
        if self._sign(first - 1) != "=" or following.kind not in {Kind.NAME, Kind.SIGN}:
            return False
        if not ends and following is not END:
            return False
        before = first - 2
        if self._sign(before) == "}" and names is None:
            return self._takes_apart(self._program.partner[before], before)
        return self._follow(before, names) if before in self._program.declared else False

    def _takes_apart(self, opened: int, close: int) -> bool:
        """Whether a declaration takes single tools out of all (``{x, y: name, "z": other}``), which are followed."""
        found: list[tuple[int, str]] = []
        at = opened + 1
        while at < close:
            place = at + 2 if self._sign(at + 1) == ":" else at
            key = self._program.at(at)
            if key.kind not in {Kind.NAME, Kind.TEXT} or not self._name(place):
                return False
            if self._sign(place + 1) not in {",", "}"}:
                return False
            found.append((place, key.text))
            at = place + 2
        return opened in self._program.declared and all(self._follow(place, [name]) for place, name in found)

    def _follow(self, at: int, names: Values | None) -> bool:
        """Follow a name from here on; False for one that has been given a value before."""
        name = self._name(at)
        if not name or name in self._known:
            return False
        self._known[name] = names
        self._unseen.append(name)
        self.followed.add(at)
        return True
