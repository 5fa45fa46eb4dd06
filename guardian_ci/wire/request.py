"""What the wire protocols share whose request is one JSON object: reading it, and editing its bytes."""

import hashlib
import json
import re
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from guardian_ci.errors import BadRequest
from guardian_ci.model import Call, InputSize, Operation, ToolOffer
from guardian_ci.policy.tools import canonical_name
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import Edits, Parsed, Passage, Path, Wire
from guardian_ci.wire.json_text import Node, Splice, clean, parse_strictly, spliced

_ENCODINGS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})

_CACHE_MARK: Final = re.compile(r',"cache_control":(?:\{[^{}]*\}|null)|"cache_control":(?:\{[^{}]*\}|null),?')

UNBOUNDED_SEARCHES: Final = 10
"""What a request that sets no bound to its web searches is taken to mean; ``Edits.max_web_searches`` makes it so."""


@dataclass(slots=True)
class Offers:
    """The tools that a request offers, and where each stands in it."""

    tools: list[ToolOffer] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)

    def add(self, name: str, path: Path, *, kind: str = "", provider_executed: bool = False) -> None:
        """Add a tool; ``kind`` is the provider's type of it, which says what it does where ``name`` may not."""
        by_kind = canonical_name(kind)
        canonical = by_kind if kind and by_kind != kind else canonical_name(name)
        self.tools.append(ToolOffer(name=clean(name), canonical=clean(canonical), provider_executed=provider_executed))
        self.paths.append(path)


class JsonWire(Wire):
    """A wire protocol whose request is one JSON object."""

    maximum_names: ClassVar[tuple[str, ...]]
    """The members that bound the output; the first is the one that is added where all are absent."""
    tool_dependents: ClassVar[frozenset[str]]
    """The members that are refused in a request without tools."""

    @abstractmethod
    def _read(self, body: bytes, document: Node, operation: Operation) -> Parsed:
        """Turn a request's document into facts. Raises ``BadRequest``."""

    @abstractmethod
    def _protocol_edits(self, root: Node, parsed: Parsed, edits: Edits) -> Iterator[Splice]:
        """Yield the edits that only this protocol needs."""

    @abstractmethod
    def _notice(self, root: Node, notice: str) -> Iterator[Splice]:
        """Yield the edit that adds a text at the end of the agent's last message."""

    def parse_call(self, body: bytes, *, operation: Operation, headers: Mapping[str, str]) -> Parsed:
        """Read a request's decoded body."""
        if operation is Operation.MODELS:
            return Parsed(call=_listing(self, body), body=body)
        _check_encoding(headers.get("content-type", ""))
        try:
            return self._read(body, _document(body), operation)
        except RecursionError:
            raise BadRequest("the body is nested too deeply") from None

    def passages(self, parsed: Parsed) -> Iterator[Passage]:  # noqa: ARG002
        """Yield the texts of a request."""
        return iter(())

    def edit(self, parsed: Parsed, edits: Edits) -> bytes:
        """Return the body with only the edited members changed."""
        root = parsed.document
        if root is None:
            return parsed.body
        splices = [*self._protocol_edits(root, parsed, edits), *self._shared_edits(root, parsed, edits)]
        return spliced(root.text, splices).encode() if splices else parsed.body

    def _shared_edits(self, root: Node, parsed: Parsed, edits: Edits) -> Iterator[Splice]:
        if edits.max_output_tokens is not None and parsed.call.operation is Operation.GENERATE:
            yield from self._lower_maximum(root, edits.max_output_tokens)
        if edits.model is not None and (model := root.step("model")) is not None:
            yield model.replaced(edits.model)
        if edits.remove_tools:
            yield from self._remove_tools(root, parsed, edits.remove_tools)
        if edits.notice is not None:
            yield from self._notice(root, edits.notice)

    def _lower_maximum(self, root: Node, maximum: int) -> Iterator[Splice]:
        """Lower the maximum under each name that it has; a null is an absent one whose place is taken."""
        named = [node for name in self.maximum_names if (node := root.step(name)) is not None]
        told = [node for node in named if node.value is not None]
        yield from (splice for node in told for splice in lowered(node, maximum))
        if not told:
            yield named[0].replaced(maximum) if named else root.with_member(self.maximum_names[0], maximum)

    def _remove_tools(self, root: Node, parsed: Parsed, indexes: Collection[int]) -> Iterator[Splice]:
        chosen = [i for i in sorted(indexes) if 0 <= i < len(parsed.offers)]
        dependents = frozenset[str]()
        if len(chosen) == len(parsed.offers):
            dependents = self.tool_dependents
        elif _names_any(root.step("tool_choice"), [parsed.call.tools[i] for i in chosen]):
            dependents = frozenset({"tool_choice"})
        yield from removals(root, [parsed.offers[i] for i in chosen], dependents)


def _document(body: bytes) -> Node:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8: byte {error.start} cannot be read") from None
    try:
        document = parse_strictly(text)
    except json.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    except ValueError as error:
        raise BadRequest(f"the body is not JSON that all readers agree on: {_short(error)}") from None
    if not isinstance(document.value, dict):
        raise BadRequest("the body must be a JSON object")
    return document


def _short(error: ValueError) -> str:
    return "a number has too many digits" if "digits" in str(error) else str(error)


def _check_encoding(content_type: str) -> None:
    """Refuse a body that the upstream would decode otherwise than we do."""
    _, named, charset = content_type.lower().partition("charset=")
    charset = charset.split(";")[0].strip(" \"'")
    if named and charset not in _ENCODINGS:
        raise BadRequest(f"the body must be UTF-8, not {charset[:40]!r}")


def _listing(wire: Wire, body: bytes) -> Call:
    """Describe a request for the list of models, which has no body and costs nothing."""
    return Call(
        protocol=wire.protocol,
        operation=Operation.MODELS,
        model="",
        stream=False,
        fingerprint="",
        size=InputSize(text_bytes=len(body)),
    )


def check_spelling(document: Object, names: Iterable[str]) -> None:
    """Refuse a member that differs from a known one only by its case: some servers read it, some do not."""
    known = {name.lower(): name for name in names}
    for name in document:
        if name not in known and (meant := known.get(name.lower())) is not None and name != meant:
            raise BadRequest(f"{clean(name)}: did you mean {meant}?")


def fingerprint(model: str, operation: Operation, new_part: Sequence[object]) -> str:
    """Digest what a call asks anew, so that the same prompt sent again is known."""
    text = json.dumps([operation, model, new_part], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def threads(turns: Sequence[object], is_answer: Sequence[bool]) -> tuple[str, str]:
    """Digest all turns, and those before the last answer (``""`` without one): what came of which earlier request.

    Cache marks are left out: agents move them from turn to turn.
    """
    before = last_turn(turns, is_answer)
    while before and is_answer[before - 1]:
        before -= 1
    running, earlier = hashlib.sha256(), ""
    for index, turn in enumerate(turns):
        if index == before and before:
            earlier = running.hexdigest()[:32]
        text = json.dumps(turn, separators=(",", ":"))
        if "cache_control" in text:  # far faster to ask than to search for the marks
            text = _CACHE_MARK.sub("", text)
        running.update(text.encode())
        running.update(b"\n")
    return running.hexdigest()[:32], earlier


def lowered(node: Node | None, maximum: int) -> Iterator[Splice]:
    """Lower a number that is above the maximum."""
    if node is not None and isinstance(node.value, int) and node.value > maximum:
        yield node.replaced(maximum)


def removals(root: Node, paths: Iterable[Path], names: Iterable[str] = ()) -> Iterator[Splice]:
    """Remove what stands at these places and under these names, and a list with its owner where it gets empty."""
    by_list: dict[Path, set[int]] = {}
    members = set(names)
    todo = list(paths)
    while todo:
        *owner, last = todo.pop()
        if isinstance(last, str):
            members.add(last)
            continue
        path = tuple(owner)
        removed = by_list.setdefault(path, set())
        removed.add(last)
        holder = root.at(*path)
        if holder is not None and len(removed) == len(holder.elements()):
            del by_list[path]
            todo.append(path[:1] if len(path) == 1 else path[:-1])
    yield from root.without_members(members)
    for path, removed in by_list.items():
        holder = root.at(*path)
        yield from holder.without_elements(removed) if holder is not None else ()


def _names_any(choice: Node | None, removed: Iterable[ToolOffer]) -> bool:
    """Whether ``tool_choice`` names a tool that goes: by its name, or by its type alone."""
    if choice is None:
        return False
    wanted = set(_words(choice.value))
    return any(wanted & {tool.name, tool.canonical} for tool in removed)


def _words(value: object) -> Iterator[str]:
    """Yield the names and types in a ``tool_choice`` with what they mean."""
    if isinstance(value, str):
        yield from (value, canonical_name(value))
    elif isinstance(value, dict):
        for member in value.values():
            yield from _words(member)
    elif isinstance(value, list):
        for element in value:
            yield from _words(element)


def last_turn(turns: Sequence[object], is_answer: Sequence[bool]) -> int:
    """Find where the new part begins: behind the last answer, or behind the one before a prefilled one."""
    end = len(turns)
    while end and is_answer[end - 1]:
        end -= 1
    for i in range(end - 1, -1, -1):
        if is_answer[i]:
            return i + 1
    return 0
