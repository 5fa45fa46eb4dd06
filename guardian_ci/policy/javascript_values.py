"""What the expressions of a JavaScript program may stand for, as far as its text tells.

Literals, what is joined of them, names that were given them, the elements of a list that is gone through, what a
function is called with. A part that is computed is ``UNKNOWN``.
"""

from collections.abc import Mapping, Sequence
from itertools import islice, product
from typing import Final

from guardian_ci.policy.javascript import END, Kind
from guardian_ci.policy.javascript_program import ASSIGNS, CLOSING, DECLARES, Program
from guardian_ci.policy.shell.facts import UNKNOWN

_MOST_READINGS: Final = 64
_DEEPEST: Final = 24

_CHANGERS_WORDS: Final = "splice fill copyWithin unshift push reverse sort pop shift assign set delete"
_CHANGERS: Final = frozenset(_CHANGERS_WORDS.split())
"""Words that change a list or an object."""

_EACH: Final = frozenset({"map", "forEach", "flatMap", "filter", "some", "every", "find"})
"""Methods that hand each element of a list to a function."""

_COUNTS: Final = frozenset({"+=", "-=", "*=", "++", "--"})
_LITERALS: Final[Mapping[str, object]] = {"true": True, "false": False, "null": None, "undefined": None}
_ENDS: Final = frozenset({",", ";", ")", "]", "}", ""})

Values = list[object]
"""What a text of a program may stand for: every reading that there is."""

NOBODY_KNOWS: Final[Values] = [UNKNOWN]
"""What is computed."""


class Reader:
    """Reads the expressions of one program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._at, self._sign, self._name = program.at, program.sign, program.name
        self._known: dict[str, Values] = {}
        self._asked: set[str] = set()
        self._depth = 0
        # Lists and objects that may be changed after they were made are not known.
        self._changes = any(self._is_change(at) for at in range(len(program.words)))

    def _named(self, name: str) -> Values:
        """Return all that a name may stand for, wherever in the program it is given a value."""
        if name in self._known:
            return self._known[name]
        if name in self._asked:
            return NOBODY_KNOWS
        self._asked.add(name)
        found: Values = []
        for at in self._program.places[name]:
            if self._program.binds(at) and len(found) <= _MOST_READINGS:
                found += self._bound(at)
        self._asked.discard(name)
        changed = self._changes and any(isinstance(each, list | dict) for each in found)
        if not found or changed or len(found) > _MOST_READINGS:
            found = NOBODY_KNOWS
        self._known[name] = found
        return found

    def _bound(self, at: int) -> Values:
        following = self._sign(at + 1)
        if self._name(at + 1) == "of":
            return _elements(self.value(at + 2)[0])
        if following == "=>":
            return self._handed(at, 0)
        if self._program.in_pattern(at):
            opened = self._program.owner.get(at, -1)
            place = sum(self._sign(i) == "," and self._program.owner.get(i) == opened for i in range(opened, at))
            plain = self._sign(opened) == "(" and self._sign(at - 1) in {"(", ","} and following in {")", ","}
            return self._handed(opened, place) if plain else NOBODY_KNOWS
        return self.value(at + 2)[0] if following == "=" else NOBODY_KNOWS

    def _handed(self, parameters: int, place: int) -> Values:
        """Return what a function may be handed at a place, by where its parameters begin."""
        if place == 0 and (given := self._list_of(parameters)) is not None:
            return _elements(given)
        before = parameters - (2 if self._name(parameters - 1) == "async" else 1)
        if self._sign(before) == "=" and self._at(before - 2).text in DECLARES:
            return self._arguments(self._name(before - 1), place)
        if self._name(before) and self._name(before - 1) == "function":
            return self._arguments(self._name(before), place)
        return NOBODY_KNOWS

    def _arguments(self, function: str, place: int) -> Values:
        """Return what a function of this name is called with; nobody knows where it goes by another name as well."""
        found: Values = []
        for at in self._program.places.get(function, ()):
            if self._program.is_member(at) or self._program.binds(at):
                continue
            opened = at + 1
            spread = any(
                self._sign(i) == "..." and self._program.owner.get(i) == opened for i in self._program.inside(opened)
            )
            if self._sign(opened) != "(" or spread:
                return NOBODY_KNOWS
            end = opened
            for _ in range(place + 1):
                values, end = self.value(end + 1) if self._sign(end) in {"(", ","} else (NOBODY_KNOWS, end)
            found += values
        return found or [None]

    def _list_of(self, parameters: int) -> Values | None:
        """Return the list whose elements a function is handed, by where its parameters begin; None for no list."""
        opened = parameters - (2 if self._name(parameters - 1) == "async" else 1)
        method = self._name(opened - 1)
        if self._sign(opened) != "(" or method not in _EACH or self._sign(opened - 2) != ".":
            return None
        if (name := self._name(opened - 3)) and self._sign(opened - 4) not in {".", "?."}:
            return self._named(name) if name in self._program.places else None
        if self._sign(opened - 3) == "]" and not self._program.ends_operand(
            (first := self._program.partner[opened - 3]) - 1
        ):
            return self._list(first)[0]
        return None

    def counts(self, name: str) -> bool:
        """Whether a name only ever stands for a number."""
        bound = [at for at in self._program.places.get(name, ()) if self._program.binds(at)]
        return bool(bound) and all(self._binds_number(at) for at in bound)

    def _binds_number(self, at: int) -> bool:
        following = self._sign(at + 1)
        if following in _COUNTS or self._sign(at - 1) in {"++", "--"}:
            return True
        if following == "=" and not self._program.in_pattern(at):
            return self._at(at + 2).kind is Kind.NUMBER and self._sign(at + 3) in _ENDS
        behind_first = self._sign(at - 1) == "," and self._sign(at - 3) == "(" and self._sign(at + 1) == ")"
        return behind_first and self._list_of(at - 3) is not None

    def _is_change(self, at: int) -> bool:
        """Whether a word changes a list or an object: by its methods, or by giving a member a value."""
        name = self._name(at)
        if name in _CHANGERS and not (self._sign(at + 1) == ":" and self._program.is_member(at)):
            grows = name == "push" and self._sign(at - 1) == "." and self._sign(at + 1) == "(" and self._name(at - 2)
            return not (grows and self._grows_alone(grows))
        assigned = self._sign(at + 1) in ASSIGNS or self._sign(at - 1) in {"++", "--"}
        if name:
            return assigned and self._sign(at - 1) in {".", "?."}
        is_member = self._sign(at) == "]" and self._program.ends_operand(self._program.partner.get(at, at) - 1)
        return is_member and self._sign(at + 1) in ASSIGNS

    def _grows_alone(self, name: str) -> bool:
        """Whether a name only ever stands for a list that was made empty for it; what it grows to is not known."""
        bound = [at for at in self._program.places.get(name, ()) if self._program.binds(at)]
        fresh = all([self._sign(at + i) for i in (1, 2, 3)] == ["=", "[", "]"] for at in bound)
        if bound and fresh:
            self._known[name] = NOBODY_KNOWS
        return bool(bound) and fresh

    def value(self, at: int) -> tuple[Values, int]:
        """Return what an expression may stand for, and where it ends."""
        self._depth += 1
        if self._depth > _DEEPEST:
            self._depth -= 1
            return NOBODY_KNOWS, self._skipped(at)
        values, end = self._sum(at)
        if self._sign(end) == "?" and values:
            first, middle = self.value(end + 1)
            second, end = self.value(middle + 1) if self._sign(middle) == ":" else (NOBODY_KNOWS, middle)
            values = [*first, *second]
        elif self._sign(end) in {"||", "??"}:
            other, end = self.value(end + 1)
            values = [*values, *other]
        self._depth -= 1
        if (self._sign(end) not in _ENDS and self._sign(end) != ":") or self._name(end) in {
            "in",
            "instanceof",
        }:
            return NOBODY_KNOWS, self._skipped(at)
        if len(values) > _MOST_READINGS:
            return NOBODY_KNOWS, end
        return values, end

    def _sum(self, at: int) -> tuple[Values, int]:
        values, end = self._operand(at)
        while self._sign(end) == "+":
            more, end = self._operand(end + 1)
            values = [_joined([one, other]) for one, other in islice(product(values, more), _MOST_READINGS + 1)]
        return values, end

    def _operand(self, at: int) -> tuple[Values, int]:
        values, end = self._simple(at)
        while self._sign(end) == "." and self._name(end + 1):
            method = self._name(end + 1)
            if self._sign(end + 2) != "(":
                values, end = [_member(each, method) for each in values], end + 2
            elif method == "join" and self._at(end + 3).kind is Kind.TEXT and self._sign(end + 4) == ")":
                values, end = [_lines(each, self._at(end + 3).text) for each in values], end + 5
            elif method in {"trim", "trimStart", "trimEnd"} and self._sign(end + 3) == ")":
                end += 4
            else:
                break
        return values, end

    def _simple(self, at: int) -> tuple[Values, int]:
        word = self._at(at)
        match word.kind:
            case Kind.TEXT:
                return [word.text], at + 1
            case Kind.NUMBER:
                return [int(word.text) if word.text.isdecimal() else UNKNOWN], at + 1
            case Kind.NAME:
                return self._word(at)
            case Kind.CHUNK if not word.continues:
                return self._template(at, raw=False)
            case Kind.SIGN if (within := self._brackets(at)) is not None:
                return within
        return NOBODY_KNOWS, self._skipped(at)

    def _brackets(self, at: int) -> tuple[Values, int] | None:
        """Read a list, an object, or what stands in round brackets; None for anything else."""
        close = self._program.partner.get(at, at)
        match self._sign(at):
            case "[":
                return self._list(at)
            case "{":
                return self._object(at)
            case "(" if self._sign(close + 1) != "=>":
                values, end = self.value(at + 1)
                return (values if end == close else NOBODY_KNOWS), close + 1
        return None

    def _word(self, at: int) -> tuple[Values, int]:
        name = self._name(at)
        if name == "String" and self._name(at + 2) == "raw" and self._at(at + 3).kind is Kind.CHUNK:
            return self._template(at + 3, raw=True)
        if name in _LITERALS:
            return [_LITERALS[name]], at + 1
        tags = (following := self._at(at + 1)).kind is Kind.CHUNK and not following.continues
        if tags or self._sign(at + 1) == "=>":
            return NOBODY_KNOWS, self._skipped(at)
        return self._named(name), at + 1

    def _template(self, at: int, *, raw: bool) -> tuple[Values, int]:
        parts: list[Values] = []
        while (chunk := self._at(at)).kind is Kind.CHUNK:
            parts.append([chunk.raw if raw else chunk.text])
            at += 1
            if not chunk.opens:
                break
            hole, end = self.value(at)
            while not (self._at(end).kind is Kind.CHUNK and self._at(end).continues) and self._at(end) is not END:
                hole, end = NOBODY_KNOWS, self._skipped(end + 1)
            parts.append(hole)
            at = end
        return [_joined(each) for each in islice(product(*parts), _MOST_READINGS + 1)], at

    def _list(self, at: int) -> tuple[Values, int]:
        close = self._program.partner.get(at, len(self._program.words))
        members: list[Values] = []
        at += 1
        while at < close:
            spread = self._sign(at) == "..."
            values, end = self.value(at + spread)
            # What a spread list holds may stand anywhere: each of its elements is a reading of this place.
            members.append(_elements(values) if spread else values)
            at = max(end, at) + 1
        return [list(each) for each in islice(product(*members), _MOST_READINGS + 1)], close + 1

    def _object(self, at: int) -> tuple[Values, int]:
        close = self._program.partner.get(at, len(self._program.words))
        members: dict[str, Values] = {}
        known = True
        at += 1
        while at < close:
            key = self._at(at)
            if key.kind in {Kind.NAME, Kind.TEXT, Kind.NUMBER} and self._sign(at + 1) == ":":
                members[key.text], end = self.value(at + 2)
            elif key.kind is Kind.NAME and self._sign(at + 1) in {",", "}"}:
                members[key.text], end = self._named(key.text), at + 1
            else:
                known, end = False, self._skipped(at)
            at = max(end, at) + 1
        made: Values = [
            dict(zip(members, each, strict=True)) for each in islice(product(*members.values()), _MOST_READINGS + 1)
        ]
        return (made if known else [*made, UNKNOWN]), close + 1

    def _skipped(self, at: int) -> int:
        """Return where an expression ends that is not read."""
        while at < len(self._program.words):
            word = self._program.words[at]
            if self._sign(at) in CLOSING or (word.kind is Kind.CHUNK and word.opens and not word.continues):
                at = self._closing(at)
            elif (word.kind is Kind.CHUNK and word.continues) or (word.kind is Kind.SIGN and word.text in _ENDS):
                break
            at += 1
        return at

    def _closing(self, at: int) -> int:
        if self._program.words[at].kind is Kind.SIGN:
            return self._program.partner.get(at, len(self._program.words))
        while at < len(self._program.words) and self._program.words[at].opens:
            at = self._skipped(at + 1)
        return at


def _joined(parts: Sequence[object]) -> object:
    """Return texts and numbers as one text; two numbers are not joined but added."""
    if not any(isinstance(part, str) for part in parts):
        return UNKNOWN
    plain = (isinstance(part, str | int) and not isinstance(part, bool) for part in parts)
    return "".join(str(part) if fits else UNKNOWN for part, fits in zip(parts, plain, strict=True))


def _elements(values: Values) -> Values:
    """Return the elements of lists, each a reading."""
    found: Values = []
    for value in values:
        found += value if isinstance(value, list) else NOBODY_KNOWS
    return found if len(found) <= _MOST_READINGS else NOBODY_KNOWS


def _member(value: object, name: str) -> object:
    return value.get(name, UNKNOWN) if isinstance(value, dict) else UNKNOWN


def _lines(value: object, between: str) -> object:
    if not isinstance(value, list):
        return UNKNOWN
    return between.join(str(_joined(["", each])) for each in value)
