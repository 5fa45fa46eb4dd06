"""What a program of Codex's code mode asks tools for: ``await tools.exec_command({cmd: "cat x"})``.

Such a program runs where there are neither files nor a network, and where ``tools`` is its only door. So its calls of
tools are all that matters: each is found, with its arguments as far as the program tells them (literals, what is
joined of them, names that were given them, the elements of a list that is gone through). A part that is computed is
``UNKNOWN``. A program that may reach a tool in a way that is not read here (another name for ``tools``, a computed
member, text that is run) says so by a call of ``UNREAD``, a tool that no policy names.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Final

from guardian_ci.policy.javascript import END, Kind, Token, UnreadableError, tokens
from guardian_ci.policy.shell.facts import UNKNOWN

UNREAD: Final = "tools[computed]"
"""The tool that a program calls of which nobody can say which tools it calls."""

_TOOL: Final = "exec"
"""What the code mode's tool is called."""

_SIGNS: Final = re.compile(
    r"\btools\s*[.\[]|\bawait\s|\b(?:const|let|var)\s|=>|\bfunction\b|^\s*(?:text|notify|exit)\("
)

_MOST_CALLS: Final = 64
_MOST_READINGS: Final = 64
_DEEPEST: Final = 24

_DOORS_WORDS: Final = (
    "eval Function constructor prototype __proto__ toJSON globalThis global self window frames this import require "
    "Reflect Proxy WebAssembly ShadowRealm getPrototypeOf setPrototypeOf getOwnPropertyDescriptor "
    "getOwnPropertyDescriptors getOwnPropertyNames defineProperty defineProperties __defineGetter__ __lookupGetter__ "
    "prepareStackTrace with"
)
_DOORS: Final = frozenset(_DOORS_WORDS.split())
"""Words that lead to ``tools`` without saying it, or change what is handed to a tool."""

_CHANGERS_WORDS: Final = "splice fill copyWithin unshift push reverse sort pop shift assign set delete"
_CHANGERS: Final = frozenset(_CHANGERS_WORDS.split())
"""Words that change a list or an object."""

_EACH: Final = frozenset({"map", "forEach", "flatMap", "filter", "some", "every", "find"})
"""Methods that hand each element of a list to a function."""

_ASSIGNS_WORDS: Final = "= += -= *= /= %= **= <<= >>= >>>= &= |= ^= &&= ||= ??= ++ --"
_ASSIGNS: Final = frozenset(_ASSIGNS_WORDS.split())
_COUNTS: Final = frozenset({"+=", "-=", "*=", "++", "--"})
_DECLARES: Final = frozenset({"const", "let", "var"})
_HEADS: Final = frozenset({"if", "for", "while", "switch", "await"})
"""What stands before round brackets that are no list of parameters, though a block follows."""

_CLOSING: Final[Mapping[str, str]] = {"(": ")", "[": "]", "{": "}"}
_LITERALS: Final[Mapping[str, object]] = {"true": True, "false": False, "null": None, "undefined": None}
_ENDS: Final = frozenset({",", ";", ")", "]", "}", ""})

Values = list[object]
"""What a text of a program may stand for: every reading that there is. ``[UNKNOWN]`` where nobody can tell."""

_NOBODY_KNOWS: Final[Values] = [UNKNOWN]


def runs_programs(tool: str) -> bool:
    """Whether a tool is the code mode's: what it is given is a program."""
    return tool.removeprefix("functions.") == _TOOL


def looks_like_program(text: str) -> bool:
    """Whether a text is surely a program and no shell command."""
    return _SIGNS.search(text) is not None


def calls_in(text: str) -> list[tuple[str, object]]:
    """Return the tools that a program calls, each with its argument: text, or an object as JSON has it."""
    try:
        found = list(islice(_Program(tokens(text)).calls(), _MOST_CALLS + 1))
    except (UnreadableError, RecursionError):
        return [(UNREAD, UNKNOWN)]
    return found if len(found) <= _MOST_CALLS else [*found[:_MOST_CALLS], (UNREAD, UNKNOWN)]


@dataclass(slots=True)
class _Program:
    words: Sequence[Token]
    _partner: dict[int, int] = field(default_factory=dict)
    """For each bracket the place of the one that belongs to it."""
    _owner: dict[int, int] = field(default_factory=dict)
    """For each word the place of the bracket that it stands in."""
    _places: dict[str, list[int]] = field(default_factory=dict)
    """Where each name stands."""
    _known: dict[str, Values] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    """Names whose values are being looked for."""
    _changes: bool = False
    """Whether lists and objects may be changed after they were made."""
    _depth: int = 0

    def calls(self) -> Iterator[tuple[str, object]]:
        """Yield the calls of tools, and ``UNREAD`` where there may be others."""
        read = self._match_brackets()
        for at, word in enumerate(self.words):
            if word.kind is Kind.NAME:
                self._places.setdefault(word.text, []).append(at)
        self._changes = any(self._is_change(at) for at in range(len(self.words)))
        for at in self._places.get("tools", ()):
            if self._is_member(at):
                continue
            called = list(self._called(at))
            yield from called
            read = read and bool(called)
        if not read or any(self._is_door(at) for at in range(len(self.words))):
            yield UNREAD, UNKNOWN

    # Words and brackets

    def _at(self, position: int) -> Token:
        return self.words[position] if 0 <= position < len(self.words) else END

    def _sign(self, position: int) -> str:
        word = self._at(position)
        return word.text if word.kind is Kind.SIGN else ""

    def _name(self, position: int) -> str:
        word = self._at(position)
        return word.text if word.kind is Kind.NAME else ""

    def _match_brackets(self) -> bool:
        """Pair the brackets; whether each has its partner."""
        open_ones: list[int] = []
        for at, word in enumerate(self.words):
            if word.continues and (not open_ones or self.words[open_ones.pop()].kind is not Kind.CHUNK):
                return False
            sign = self._sign(at)
            if sign in {")", "]", "}"}:
                if not open_ones or _CLOSING.get(self._sign(open_ones[-1])) != sign:
                    return False
                opened = open_ones.pop()
                self._partner |= {opened: at, at: opened}
            if open_ones:
                self._owner[at] = open_ones[-1]
            if sign in _CLOSING or (word.kind is Kind.CHUNK and word.opens):
                open_ones.append(at)
        return not open_ones

    def _inside(self, opened: int) -> range:
        """Return the places between a bracket and its partner; none where it is no bracket."""
        return range(opened + 1, self._partner.get(opened, opened))

    def _is_member(self, at: int) -> bool:
        """Whether a name stands for a member: behind a point, or as a key of an object."""
        if self._sign(at - 1) in {".", "?."}:
            return True
        return (
            self._sign(at + 1) == ":"
            and self._sign(at - 1) in {"{", ","}
            and self._sign(self._owner.get(at, -1)) == "{"
        )

    def _ends_operand(self, at: int) -> bool:
        word = self._at(at)
        if word.kind is Kind.SIGN:
            return word.text in {")", "]", "?."}
        if word.kind is Kind.NAME:
            return word.text not in {*_DECLARES, "of", "in", "return", "await", "case", "yield", "typeof", "else", "do"}
        return word.kind is Kind.TEXT or (word.kind is Kind.CHUNK and not word.opens)

    # What cannot be read

    def _is_door(self, at: int) -> bool:
        word = self.words[at]
        if word.kind is Kind.NAME:
            return word.text in _DOORS
        if word.kind is Kind.TEXT:
            return word.text in _DOORS and (self._sign(at + 1) == ":" or self._sign(at - 1) == "[")
        return self._sign(at) == "[" and self._is_computed_member(at)

    def _is_computed_member(self, at: int) -> bool:
        """Whether square brackets may lead to a member that is a door."""
        close = self._partner.get(at, at)
        inside = self.words[at + 1 : close]
        if self._ends_operand(at - 1):
            if self._name(at - 1) == "tools" and not self._is_member(at - 1):
                return False  # read where the tools are
            if len(inside) == 1 and inside[0].kind is Kind.TEXT:
                return False  # its text is looked at by itself
            numeric = self._is_numeric(range(at + 1, close))
            told = self._sign(close + 1) == "." and self._name(close + 2) not in {"call", "apply", "bind"}
            return not numeric and not told
        is_key = self._sign(at - 1) in {"{", ","} and self._sign(self._owner.get(at, -1)) == "{"
        return is_key and self._sign(close + 1) == ":" and not (len(inside) == 1 and inside[0].kind is Kind.TEXT)

    def _is_numeric(self, places: Sequence[int]) -> bool:
        """Whether words say a number. A length is one only where it is calculated with: any object may have its own."""
        calculates = any(self._sign(at) in {"-", "*", "%"} for at in places)
        for at in places:
            word = self.words[at]
            if word.kind is Kind.NAME:
                length = word.text == "length" and self._sign(at - 1) == "." and calculates
                owner = self._sign(at + 1) == "." and self._name(at + 2) == "length"
                if not (length or owner or self._counts(word.text)):
                    return False
            elif self._sign(at) not in {"+", "-", "*", "%", ".", "(", ")"} and word.kind is not Kind.NUMBER:
                return False
        return len(places) > 0

    def _counts(self, name: str) -> bool:
        """Whether a name only ever stands for a number."""
        bound = [at for at in self._places.get(name, ()) if self._binds(at)]
        return bool(bound) and all(self._binds_number(at) for at in bound)

    def _binds_number(self, at: int) -> bool:
        following = self._sign(at + 1)
        if following in _COUNTS or self._sign(at - 1) in {"++", "--"}:
            return True
        if following == "=" and not self._in_pattern(at):
            return self._at(at + 2).kind is Kind.NUMBER and self._sign(at + 3) in _ENDS
        behind_first = self._sign(at - 1) == "," and self._sign(at - 3) == "(" and self._sign(at + 1) == ")"
        return behind_first and self._list_of(at - 3) is not None

    def _is_change(self, at: int) -> bool:
        """Whether a word changes a list or an object: by its methods, or by giving a member a value."""
        name = self._name(at)
        if name in _CHANGERS and not (self._sign(at + 1) == ":" and self._is_member(at)):
            grows = name == "push" and self._sign(at - 1) == "." and self._sign(at + 1) == "(" and self._name(at - 2)
            return not (grows and self._grows_alone(grows))
        assigned = self._sign(at + 1) in _ASSIGNS or self._sign(at - 1) in {"++", "--"}
        if name:
            return assigned and self._sign(at - 1) in {".", "?."}
        is_member = self._sign(at) == "]" and self._ends_operand(self._partner.get(at, at) - 1)
        return is_member and self._sign(at + 1) in _ASSIGNS

    def _grows_alone(self, name: str) -> bool:
        """Whether a name only ever stands for a list that was made empty for it; what it grows to is not known."""
        bound = [at for at in self._places.get(name, ()) if self._binds(at)]
        fresh = all([self._sign(at + i) for i in (1, 2, 3)] == ["=", "[", "]"] for at in bound)
        if bound and fresh:
            self._known[name] = _NOBODY_KNOWS
        return bool(bound) and fresh

    # The calls

    def _called(self, at: int) -> Iterator[tuple[str, object]]:
        """Yield what is called where ``tools`` stands; nothing where that cannot be read."""
        if self._sign(at + 1) == "." and self._name(at + 2) and self._sign(at + 3) == "(":
            names: Values = [self._name(at + 2)]
            opened = at + 3
        elif self._sign(at + 1) == "[" and self._sign((close := self._partner.get(at + 1, at)) + 1) == "(":
            names, end = self._value(at + 2)
            names = names if end == close else _NOBODY_KNOWS
            opened = close + 1
        else:
            return
        given: Values = [{}] if self._sign(opened + 1) == ")" else self._value(opened + 1)[0]
        for name, argument in product(names, given):
            known = isinstance(name, str) and UNKNOWN not in name
            yield (str(name) if known else UNREAD), argument

    # What a name stands for

    def _named(self, name: str) -> Values:
        """Return all that a name may stand for, wherever in the program it is given a value."""
        if name in self._known:
            return self._known[name]
        if name in self._asked:
            return _NOBODY_KNOWS
        self._asked.add(name)
        found: Values = []
        for at in self._places[name]:
            if self._binds(at) and len(found) <= _MOST_READINGS:
                found += self._bound(at)
        self._asked.discard(name)
        changed = self._changes and any(isinstance(each, list | dict) for each in found)
        if not found or changed or len(found) > _MOST_READINGS:
            found = _NOBODY_KNOWS
        self._known[name] = found
        return found

    def _binds(self, at: int) -> bool:
        """Whether a name is given a value here."""
        if self._is_member(at):
            return False
        before, following = self._at(at - 1).text, self._sign(at + 1)
        if following in _ASSIGNS or following == "=>" or before in {"++", "--", "function", "class"}:
            return True
        goes_through = before in _DECLARES or (before == "(" and self._name(at - 2) in {"for", "await"})
        return (goes_through and self._name(at + 1) in {"of", "in"}) or self._in_pattern(at)

    def _bound(self, at: int) -> Values:
        following = self._sign(at + 1)
        if self._name(at + 1) == "of":
            return _elements(self._value(at + 2)[0])
        if following == "=>":
            return self._handed(at, 0)
        if self._in_pattern(at):
            opened = self._owner.get(at, -1)
            place = sum(self._sign(i) == "," and self._owner.get(i) == opened for i in range(opened, at))
            plain = self._sign(opened) == "(" and self._sign(at - 1) in {"(", ","} and following in {")", ","}
            return self._handed(opened, place) if plain else _NOBODY_KNOWS
        return self._value(at + 2)[0] if following == "=" else _NOBODY_KNOWS

    def _in_pattern(self, at: int) -> bool:
        """Whether a name stands among parameters, or among names that take a value apart."""
        opened = self._owner.get(at)
        while opened is not None:
            close, sign = self._partner.get(opened, opened), self._sign(opened)
            following = self._sign(close + 1)
            if sign == "(":
                head = self._name(opened - 1) in _HEADS
                return following == "=>" or (following == "{" and not head)
            if sign not in {"[", "{"}:
                return False
            if following == "=" or self._name(close + 1) in {"of", "in"}:
                return not self._ends_operand(opened - 1) or self._at(opened - 1).text in _DECLARES
            if self._is_block(opened):
                return False
            opened = self._owner.get(opened)
        return False

    def _is_block(self, opened: int) -> bool:
        return self._sign(opened) == "{" and (
            self._sign(opened - 1) in {")", "=>", ";", "}", "{"}
            or self._name(opened - 1) in {"else", "do", "try", "finally"}
        )

    def _handed(self, parameters: int, place: int) -> Values:
        """Return what a function may be handed at a place, by where its parameters begin."""
        if place == 0 and (given := self._list_of(parameters)) is not None:
            return _elements(given)
        before = parameters - (2 if self._name(parameters - 1) == "async" else 1)
        if self._sign(before) == "=" and self._at(before - 2).text in _DECLARES:
            return self._arguments(self._name(before - 1), place)
        if self._name(before) and self._name(before - 1) == "function":
            return self._arguments(self._name(before), place)
        return _NOBODY_KNOWS

    def _arguments(self, function: str, place: int) -> Values:
        """Return what a function of this name is called with; nobody knows where it goes by another name as well."""
        found: Values = []
        for at in self._places.get(function, ()):
            if self._is_member(at) or self._binds(at):
                continue
            opened = at + 1
            spread = any(self._sign(i) == "..." and self._owner.get(i) == opened for i in self._inside(opened))
            if self._sign(opened) != "(" or spread:
                return _NOBODY_KNOWS
            end = opened
            for _ in range(place + 1):
                values, end = self._value(end + 1) if self._sign(end) in {"(", ","} else (_NOBODY_KNOWS, end)
            found += values
        return found or [None]

    def _list_of(self, parameters: int) -> Values | None:
        """Return the list whose elements a function is handed, by where its parameters begin; None for no list."""
        opened = parameters - (2 if self._name(parameters - 1) == "async" else 1)
        method = self._name(opened - 1)
        if self._sign(opened) != "(" or method not in _EACH or self._sign(opened - 2) != ".":
            return None
        if (name := self._name(opened - 3)) and self._sign(opened - 4) not in {".", "?."}:
            return self._named(name) if name in self._places else None
        if self._sign(opened - 3) == "]" and not self._ends_operand((first := self._partner[opened - 3]) - 1):
            return self._list(first)[0]
        return None

    # Values

    def _value(self, at: int) -> tuple[Values, int]:
        """Return what an expression may stand for, and where it ends."""
        self._depth += 1
        if self._depth > _DEEPEST:
            self._depth -= 1
            return _NOBODY_KNOWS, self._skipped(at)
        values, end = self._sum(at)
        if self._sign(end) == "?" and values:
            first, middle = self._value(end + 1)
            second, end = self._value(middle + 1) if self._sign(middle) == ":" else (_NOBODY_KNOWS, middle)
            values = [*first, *second]
        elif self._sign(end) in {"||", "??"}:
            other, end = self._value(end + 1)
            values = [*values, *other]
        self._depth -= 1
        if (self._sign(end) not in _ENDS and self._sign(end) != ":") or self._name(end) in {"in", "instanceof"}:
            return _NOBODY_KNOWS, self._skipped(at)
        if len(values) > _MOST_READINGS:
            return _NOBODY_KNOWS, end
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
        return _NOBODY_KNOWS, self._skipped(at)

    def _brackets(self, at: int) -> tuple[Values, int] | None:
        """Read a list, an object, or what stands in round brackets; None for anything else."""
        close = self._partner.get(at, at)
        match self._sign(at):
            case "[":
                return self._list(at)
            case "{":
                return self._object(at)
            case "(" if self._sign(close + 1) != "=>":
                values, end = self._value(at + 1)
                return (values if end == close else _NOBODY_KNOWS), close + 1
        return None

    def _word(self, at: int) -> tuple[Values, int]:
        name = self._name(at)
        if name == "String" and self._name(at + 2) == "raw" and self._at(at + 3).kind is Kind.CHUNK:
            return self._template(at + 3, raw=True)
        if name in _LITERALS:
            return [_LITERALS[name]], at + 1
        tags = (following := self._at(at + 1)).kind is Kind.CHUNK and not following.continues
        if tags or self._sign(at + 1) == "=>":
            return _NOBODY_KNOWS, self._skipped(at)
        return self._named(name), at + 1

    def _template(self, at: int, *, raw: bool) -> tuple[Values, int]:
        parts: list[Values] = []
        while (chunk := self._at(at)).kind is Kind.CHUNK:
            parts.append([chunk.raw if raw else chunk.text])
            at += 1
            if not chunk.opens:
                break
            hole, end = self._value(at)
            while not (self._at(end).kind is Kind.CHUNK and self._at(end).continues) and self._at(end) is not END:
                hole, end = _NOBODY_KNOWS, self._skipped(end + 1)
            parts.append(hole)
            at = end
        return [_joined(each) for each in islice(product(*parts), _MOST_READINGS + 1)], at

    def _list(self, at: int) -> tuple[Values, int]:
        close = self._partner.get(at, len(self.words))
        members: list[Values] = []
        at += 1
        while at < close:
            spread = self._sign(at) == "..."
            values, end = self._value(at + spread)
            # What a spread list holds may stand anywhere: each of its elements is a reading of this place.
            members.append(_elements(values) if spread else values)
            at = max(end, at) + 1
        return [list(each) for each in islice(product(*members), _MOST_READINGS + 1)], close + 1

    def _object(self, at: int) -> tuple[Values, int]:
        close = self._partner.get(at, len(self.words))
        members: dict[str, Values] = {}
        known = True
        at += 1
        while at < close:
            key = self._at(at)
            if key.kind in {Kind.NAME, Kind.TEXT, Kind.NUMBER} and self._sign(at + 1) == ":":
                members[key.text], end = self._value(at + 2)
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
        while at < len(self.words):
            word = self.words[at]
            if self._sign(at) in _CLOSING or (word.kind is Kind.CHUNK and word.opens and not word.continues):
                at = self._closing(at)
            elif (word.kind is Kind.CHUNK and word.continues) or (word.kind is Kind.SIGN and word.text in _ENDS):
                break
            at += 1
        return at

    def _closing(self, at: int) -> int:
        if self.words[at].kind is Kind.SIGN:
            return self._partner.get(at, len(self.words))
        while at < len(self.words) and self.words[at].opens:
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
        found += value if isinstance(value, list) else _NOBODY_KNOWS
    return found if len(found) <= _MOST_READINGS else _NOBODY_KNOWS


def _member(value: object, name: str) -> object:
    return value.get(name, UNKNOWN) if isinstance(value, dict) else UNKNOWN


def _lines(value: object, between: str) -> object:
    if not isinstance(value, list):
        return UNKNOWN
    return between.join(str(_joined(["", each])) for each in value)
