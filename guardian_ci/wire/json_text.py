"""JSON text with places: one parse by the C scanner, and edits that leave every other byte alone."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NoReturn

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},]', re.DOTALL)
"""What a valid JSON text is built of, but for numbers and words."""

_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


Steps = tuple[str | int, ...]
"""Member names and indexes, from the top of a document to a value in it."""


class _AmbiguousError(ValueError):
    """A JSON text that readers understand differently."""


def _refuse_constant(name: str) -> NoReturn:
    raise _AmbiguousError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _AmbiguousError(f"the member {_first_double(pairs)!r} appears twice in one object")
    return members


def _first_double(pairs: Iterable[tuple[str, object]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name[:80]
        seen.add(name)
    return ""


STRICT: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
"""For requests: a double member or a NaN is refused, since the upstream might read them otherwise than we do."""


def _any_int(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts; JavaScript takes them for infinity
        return float(digits)


LENIENT: Final = json.JSONDecoder(parse_int=_any_int, strict=False)
"""For answers: whatever some agent's parser may accept must be read here too, so that it is judged."""


@dataclass(frozen=True, slots=True)
class Splice:
    """``text[start:end]`` becomes ``replacement``."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object: its name, where its name begins, and its value."""

    name: str
    start: int
    node: "Node"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value within a JSON text that is known to be valid: its span and what stands there."""

    text: str
    start: int
    end: int
    value: object
    decoder: json.JSONDecoder = LENIENT
    known_members: "list[Member] | None" = None

    def members(self) -> list[Member]:
        """List the members of an object; none where it is no object."""
        if self.known_members is not None:
            return self.known_members
        return _members(self.text, self.start, self.decoder)[0] if isinstance(self.value, dict) else []

    def elements(self) -> "list[Node]":
        """List the elements of a list; none where it is no list."""
        return _elements(self.text, self.start, self.decoder) if isinstance(self.value, list) else []

    def at(self, *path: str | int) -> "Node | None":
        """Find the value at a path of member names and indexes (from the end, where negative)."""
        node: Node | None = self
        for step in path:
            node = node.step(step) if node is not None else None
        return node

    def step(self, step: str | int) -> "Node | None":
        """Find one member (the last of that name, as readers do) or element."""
        if isinstance(step, str):
            return next((member.node for member in reversed(self.members()) if member.name == step), None)
        elements = self.elements()
        return elements[step] if -len(elements) <= step < len(elements) else None

    def replaced(self, replacement: object) -> Splice:
        """Put another value in this one's place."""
        return Splice(self.start, self.end, json.dumps(replacement))

    def appended_text(self, addition: str) -> Splice:
        """Lengthen a string at its end."""
        return Splice(self.end - 1, self.end - 1, json.dumps(addition)[1:-1])

    def with_member(self, name: str, value: object) -> Splice:
        """Add a member at the end of an object; anything else becomes an object of it."""
        if not isinstance(self.value, dict):
            return self.replaced({name: value})
        text = f"{json.dumps(name)}:{json.dumps(value)}"
        members = self.members()
        return _addition(text, self.start, members[-1].node.end if members else None)

    def with_element(self, value: object) -> Splice:
        """Add an element at the end of a list; anything else becomes a list of it."""
        if not isinstance(self.value, list):
            return self.replaced([value])
        elements = self.elements()
        return _addition(json.dumps(value), self.start, elements[-1].end if elements else None)

    def without_members(self, names: Iterable[str]) -> list[Splice]:
        """Remove members with the commas that they leave."""
        wanted = frozenset(names)
        members = self.members()
        spans = [(member.start, member.node.end) for member in members]
        return _removals(spans, {i for i, member in enumerate(members) if member.name in wanted})

    def without_elements(self, indexes: Iterable[int]) -> list[Splice]:
        """Remove elements with the commas that they leave."""
        return _removals([(element.start, element.end) for element in self.elements()], frozenset(indexes))


def parse_strictly(text: str) -> Node:
    """Parse a whole text. Raises ``ValueError`` or ``RecursionError`` with a message fit for the agent."""
    return _parse(text, STRICT)


def parse_leniently(text: str) -> Node:
    """Parse a whole text as agents do. Raises ``ValueError`` or ``RecursionError``."""
    return _parse(text, LENIENT)


def _parse(text: str, decoder: json.JSONDecoder) -> Node:
    start = _space(text, 0)
    if decoder is STRICT and text.startswith("{", start):
        node = _object(text, start)
    else:
        value, end = decoder.raw_decode(text, start)
        node = Node(text, start, end, value, decoder)
    if _space(text, node.end) != len(text):
        raise json.JSONDecodeError("Extra data", text, node.end)
    return node


def _object(text: str, start: int) -> Node:
    """Parse a request member by member, so that one parse gives the values and their places: most are edited."""
    members, end = _members(text, start, STRICT)
    value = _unique([(member.name, member.node.value) for member in members])
    return Node(text, start, end, value, STRICT, members)


def _members(text: str, start: int, decoder: json.JSONDecoder) -> tuple[list[Member], int]:
    members: list[Member] = []
    at = _space(text, start + 1)
    if text.startswith("}", at):
        return members, at + 1
    while True:
        if not text.startswith('"', at):
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        name, colon = decoder.raw_decode(text, at)
        colon = _expected(":", text, colon)
        value, end = decoder.raw_decode(text, _space(text, colon))
        members.append(Member(name, at, Node(text, _space(text, colon), end, value, decoder)))
        end = _space(text, end)
        if text.startswith("}", end):
            return members, end + 1
        at = _space(text, _expected(",", text, end))


def _elements(text: str, start: int, decoder: json.JSONDecoder) -> list[Node]:
    elements: list[Node] = []
    at = _space(text, start + 1)
    while not text.startswith("]", at):
        value, end = decoder.raw_decode(text, at)
        elements.append(Node(text, at, end, value, decoder))
        end = _space(text, end)
        at = end if text.startswith("]", end) else _space(text, _expected(",", text, end))
    return elements


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expected(sign: str, text: str, at: int) -> int:
    at = _space(text, at)
    if not text.startswith(sign, at):
        raise json.JSONDecodeError(f"Expecting {sign!r} delimiter", text, at)
    return at + 1


def _addition(item: str, container_start: int, last_end: int | None) -> Splice:
    at = container_start + 1 if last_end is None else last_end
    return Splice(at, at, item if last_end is None else "," + item)


def _removals(spans: Sequence[tuple[int, int]], removed: AbstractSet[int]) -> list[Splice]:
    """Remove each up to the next one's start, those at the end from the last kept one's end."""
    kept = [i for i in range(len(spans)) if i not in removed]
    last_kept = kept[-1] if kept else -1
    splices = [Splice(spans[i][0], spans[i + 1][0], "") for i in sorted(removed) if i < last_kept]
    if last_kept < len(spans) - 1:
        start = spans[last_kept][1] if kept else spans[0][0]
        splices.append(Splice(start, spans[-1][1], ""))
    return splices


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """Apply edits; insertions at one place keep their order, and an edit within another one is dropped."""
    parts: list[str] = []
    done = 0
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        if splice.start >= done:
            parts += (text[done : splice.start], splice.replacement)
            done = splice.end
    parts.append(text[done:])
    return "".join(parts)


def value_at(value: object, path: Sequence[str | int]) -> object:
    """Find the value at a path of member names and indexes; None where there is none."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def nodes_at(root: Node, paths: Iterable[Steps]) -> Iterator[tuple[Steps, Node]]:
    """Find the values at several paths, in no order; each container on the way is read once."""
    wanted = set(paths)
    todo: list[tuple[Steps, Node, dict[str | int, object]]] = [((), root, _tree(dict.fromkeys(wanted)))]
    while todo:
        path, node, branch = todo.pop()
        inner: dict[str | int, Node] = {member.name: member.node for member in node.members()}
        inner.update(enumerate(node.elements()))
        for step, rest in branch.items():
            if step in inner and (*path, step) in wanted:
                yield (*path, step), inner[step]
            if step in inner and isinstance(rest, dict):
                todo.append(((*path, step), inner[step], rest))


def rewritten(root: Node, texts: Mapping[Steps, str]) -> Iterator[Splice]:
    """Put other strings in the place of those at these paths: one pass over the text, however deep they stand."""
    open_ones: list[_Open] = []
    wanted: object = _tree(texts)
    for token in _TOKEN.finditer(root.text, root.start, root.end):
        sign = root.text[token.start()]
        owner = open_ones[-1] if open_ones else None
        if sign in "[{":
            owner = _Open(wanted if isinstance(wanted, dict) else {}, 0 if sign == "[" else None)
            open_ones.append(owner)
            wanted = owner.wanted.get(0) if sign == "[" else None
        elif sign in "]}":
            open_ones.pop()
            wanted = None
        elif sign == "," and owner is not None:
            owner.step = owner.step + 1 if isinstance(owner.step, int) else None
            wanted = None if owner.step is None else owner.wanted.get(owner.step)
        elif sign == '"' and owner is not None and owner.step is None:
            owner.step = json.loads(token[0]) if owner.wanted else ""
            wanted = owner.wanted.get(owner.step)
        elif sign == '"' and isinstance(wanted, str):
            yield Splice(token.start(), token.end(), json.dumps(wanted))


@dataclass(slots=True)
class _Open:
    """A list or an object that is being read: what is wanted in it, and its index or name (None: that comes next)."""

    wanted: Mapping[str | int, object]
    step: str | int | None


def _tree(leaves: Mapping[Steps, object]) -> dict[str | int, object]:
    """Make nested maps of paths. Where a path leads through another one's end, the longer one counts."""
    tree: dict[str | int, object] = {}
    for path, leaf in leaves.items():
        branch = tree
        for step in path[:-1]:
            inner = branch.get(step)
            if not isinstance(inner, dict):
                inner = branch[step] = {}
            branch = inner
        if path and not isinstance(branch.get(path[-1]), dict):
            branch[path[-1]] = leaf
    return tree


def clean(text: str) -> str:
    """Replace lone surrogates, which JSON can escape and UTF-8 cannot hold."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def as_object(value: object) -> Mapping[str, object]:
    """Take a value for an object; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[object]:
    """Take a value for a list; an empty one where it is none."""
    return value if isinstance(value, list) else ()


def as_text(value: object) -> str:
    """Take a value for a string; an empty one where it is none."""
    return value if isinstance(value, str) else ""
