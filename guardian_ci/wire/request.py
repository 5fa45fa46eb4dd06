"""What the wire protocols share whose request is one JSON object: reading it, and editing its bytes."""

import hashlib
import json
import re
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from guardian_ci.errors import BadRequest
from guardian_ci.model import Call, InputSize, Operation, ToolOffer
from guardian_ci.policy.tools import canonical_name
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import NO_ADDRESS, Address, Edits, Parsed, Passage, Path, Wire
from guardian_ci.wire.json_text import Node, Splice, as_object, clean, parse_strictly, rewritten, spliced
from guardian_ci.wire.removal import Gone, choice_edits, removals, undeferred
from guardian_ci.wire.texts import may_hold_surrogates

_ENCODINGS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})

_CACHE_MARK: Final = re.compile(r',"cache_control":(?:\{[^{}]*\}|null)|"cache_control":(?:\{[^{}]*\}|null),?')

_OWN_ACTS: Final = frozenset({"file_search"})
"""Kinds of provider tools that do something else than the agents' tools of their name: OpenAI's searches uploads."""

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
        canonical = kind if kind in _OWN_ACTS else canonical
        self.tools.append(ToolOffer(name=clean(name), canonical=clean(canonical), provider_executed=provider_executed))
        self.paths.append(path)


class JsonWire(Wire):
    """A wire protocol whose request is one JSON object."""

    maximum_names: ClassVar[tuple[str, ...]]
    """The members that bound the output; the first is the one that is added where all are absent."""
    tool_dependents: ClassVar[frozenset[str]]
    """The members that are refused in a request without tools."""

    @abstractmethod
    def _read(self, body: bytes, document: Node, operation: Operation, address: Address) -> Parsed:
        """Turn a request's document into facts. Raises ``BadRequest``."""

    @abstractmethod
    def _protocol_edits(self, root: Node, parsed: Parsed, edits: Edits) -> Iterator[Splice]:
        """Yield the edits that only this protocol needs."""

    @abstractmethod
    def _notice(self, root: Node, notice: str) -> Iterator[Splice]:
        """Yield the edit that adds a text at the end of the agent's last message."""

    def parse_call(
        self, body: bytes, *, operation: Operation, headers: Mapping[str, str], address: Address = NO_ADDRESS
    ) -> Parsed:
        """Read a request's decoded body."""
        if operation is Operation.MODELS:
            return Parsed(call=_listing(self, body), body=body)
        _check_encoding(headers.get("content-type", ""))
        try:
            return self._read(body, document_of(body), operation, address)
        except RecursionError:
            raise BadRequest("the body is nested too deeply") from None

    @abstractmethod
    def _passages(self, request: Object, call: Call) -> Iterator[Passage]:
        """Yield the texts of a request that is known to be well-formed."""

    def passages(self, parsed: Parsed) -> Iterator[Passage]:
        """Yield the texts of a request, fit for UTF-8."""
        if parsed.document is None:
            return
        ragged = may_hold_surrogates(parsed.document.text)
        for passage in self._passages(as_object(parsed.document.value), parsed.call):
            yield replace(passage, text=clean(passage.text)) if ragged else passage

    def edit(self, parsed: Parsed, edits: Edits) -> bytes:
        """Return the body with only the edited members changed."""
        root = parsed.document
        if root is None:
            return parsed.body
        try:
            splices = [*self._protocol_edits(root, parsed, edits), *self._shared_edits(root, parsed, edits)]
        except RecursionError:  # it could be parsed, from a little higher up
            raise BadRequest("the body is nested too deeply") from None
        if edits.texts:
            splices = _with_texts(splices, rewritten(root, edits.texts))
        return spliced(root.text, splices).encode() if splices else parsed.body

    def _shared_edits(self, root: Node, parsed: Parsed, edits: Edits) -> Iterator[Splice]:
        if edits.max_output_tokens is not None and parsed.call.operation is Operation.GENERATE:
            yield from self._lower_maximum(root, edits.max_output_tokens, edits.provider)
        if edits.model is not None:
            yield from self._name_model(root, edits.model)
        if edits.remove_tools:
            yield from self._remove_tools(root, parsed, edits.remove_tools)
        if edits.notice is not None:
            yield from self._notice(root, edits.notice)

    def _name_model(self, root: Node, model: str) -> Iterator[Splice]:
        """Name another model where the request names one."""
        named = root.step("model")
        if named is not None and named.value != model:
            yield named.replaced(model)

    def _lower_maximum(self, root: Node, maximum: int, provider: str | None) -> Iterator[Splice]:  # noqa: ARG002 - for those who differ by it
        """Lower the maximum under each name that it has; a null is an absent one whose place is taken."""
        named = [node for name in self.maximum_names if (node := root.step(name)) is not None]
        told = [node for node in named if node.value is not None]
        yield from (splice for node in told for splice in lowered(node, maximum))
        if not told:
            yield named[0].replaced(maximum) if named else root.with_member(self.maximum_names[0], maximum)

    def _remove_tools(self, root: Node, parsed: Parsed, indexes: Collection[int]) -> Iterator[Splice]:
        gone = Gone.of(parsed, indexes)
        dependents = set(self._dependents(parsed, gone))
        for member in ("tool_choice", "function_call"):
            edits, goes = choice_edits(root, member, gone)
            dependents |= {member} if goes else set()
            yield from () if member in dependents else edits
        paths = [*(parsed.offers[i] for i in gone.gone), *self._pointers(root, gone)]
        yield from removals(root, paths, dependents)
        yield from undeferred(root, parsed, gone)

    def _dependents(self, parsed: Parsed, gone: Gone) -> Iterable[str]:  # noqa: ARG002 - for those who look closer
        """Name the members that are refused when these tools are gone."""
        return () if gone.kept else self.tool_dependents

    def _pointers(self, root: Node, gone: Gone) -> Iterator[Path]:  # noqa: ARG002 - for those who have any
        """Yield the places that only point to tools that go."""
        return iter(())


def _with_texts(splices: Iterable[Splice], texts: Iterable[Splice]) -> list[Splice]:
    """Join edits with those of whole strings: what lengthens such a string comes behind its new text."""
    whole = {splice.end: splice for splice in texts}
    others: list[Splice] = []
    for splice in splices:
        owner = whole.get(splice.end + 1) if splice.start == splice.end else None
        if owner is None:
            others.append(splice)
        else:
            whole[owner.end] = Splice(owner.start, owner.end, owner.replacement[:-1] + splice.replacement + '"')
    return [*others, *whole.values()]


def document_of(body: bytes) -> Node:
    """Read a body that must be one JSON object. Raises ``BadRequest``, ``RecursionError``."""
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
    """Digest all turns, and those before the last answer (``""`` without one): what came of which earlier request."""
    before = last_turn(turns, is_answer)
    while before and is_answer[before - 1]:
        before -= 1
    running, earlier = hashlib.sha256(), ""
    for index, turn in enumerate(turns):
        if index == before and before:
            earlier = running.hexdigest()[:32]
        running.update(unmarked(turn).encode())
        running.update(b"\n")
    return running.hexdigest()[:32], earlier


def unmarked(turn: object) -> str:
    """Write a part of a request without its cache marks: agents move them from turn to turn."""
    text = json.dumps(turn, separators=(",", ":"))
    # It is far faster to ask than to search for the marks.
    return _CACHE_MARK.sub("", text) if "cache_control" in text else text


def lowered(node: Node | None, maximum: int) -> Iterator[Splice]:
    """Lower a number that is above the maximum."""
    if node is not None and isinstance(node.value, int) and node.value > maximum:
        yield node.replaced(maximum)


def last_turn(turns: Sequence[object], is_answer: Sequence[bool]) -> int:
    """Find where the new part begins: behind the last answer, or behind the one before a prefilled one."""
    end = len(turns)
    while end and is_answer[end - 1]:
        end -= 1
    for i in range(end - 1, -1, -1):
        if is_answer[i]:
            return i + 1
    return 0
