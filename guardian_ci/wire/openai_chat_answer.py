"""Answers of the OpenAI chat completions API: streams of chunks, and whole completions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from guardian_ci.errors import UpstreamError
from guardian_ci.model import Call, Finding, ToolUse
from guardian_ci.wire.answer import (
    Held,
    Spoken,
    StreamAnswer,
    WholeAnswer,
    denied_arguments,
    denied_name,
    spoken,
    tool_use,
    utf8_length,
)
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import Path, Piece
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text
from guardian_ci.wire.sse import Frame

PARTS: Final[Mapping[str, tuple[str, ...]]] = {"function": ("name", "arguments"), "custom": ("name", "input")}
"""The kinds of tool calls, and where each keeps its name and its arguments."""


_PROSE: Final = ("content", "refusal", "reasoning", "reasoning_content")


@dataclass(slots=True)
class _Parts:
    """A tool call as its pieces come in."""

    identity: str = ""
    names: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)

    def add(self, entry: Object) -> None:
        """Add what one frame says of it; ``entry`` is a tool call, or the old ``function_call``."""
        self.identity = self.identity or as_text(entry.get("id"))
        for holder, (name, text) in _holders(entry):
            self.names += [part] if (part := as_text(holder.get(name))) else []
            self.arguments.append(as_text(holder.get(text)))

    def tool(self) -> ToolUse:
        """Describe the complete call. Some servers repeat the name in each frame, others send it in parts."""
        name = self.names[0] if len(set(self.names)) == 1 else "".join(self.names)
        return tool_use(self.identity, name, "".join(self.arguments))


_Index = int | str
_Slot = tuple[_Index, _Index]


class _Key(NamedTuple):
    """What tells a stream's tool calls apart."""

    slot: _Slot
    identity: str


def _index(holder: Object, place: _Index) -> _Index:
    index = holder.get("index")
    return index if isinstance(index, int) else place


def _holders(entry: Object) -> Iterator[tuple[Object, tuple[str, ...]]]:
    """Yield where a tool call keeps its name and its arguments."""
    nested = [(as_object(entry[kind]), parts) for kind, parts in PARTS.items() if isinstance(entry.get(kind), dict)]
    yield from nested or [(entry, PARTS["function"])]


def _part_nodes(entry: Node) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """``_holders`` as places."""
    nested = [(node, parts) for kind, parts in PARTS.items() if (node := entry.step(kind)) and as_object(node.value)]
    yield from nested or [(entry, PARTS["function"])]


@dataclass(slots=True)
class _Group:
    """Tool calls that are held together, with the frames that have parts of them."""

    frames: list[Held] = field(default_factory=list)
    blocks: set[str] = field(default_factory=set)
    parts: dict[_Key, _Parts] = field(default_factory=dict)
    latest: dict[_Slot, _Key] = field(default_factory=dict)
    waiting: set[_Index] = field(default_factory=set)
    denials: dict[_Key, Finding] = field(default_factory=dict)

    def deny(self, key: _Key, finding: Finding) -> bytes:
        """Note that a call is denied; its frames come with the last call."""
        self.denials[key] = finding
        return b""

    def deny_last(self, key: _Key, finding: Finding) -> bytes:
        """Deny the last call and return all frames."""
        self.denials[key] = finding
        return self.rewritten()

    def rewritten(self) -> bytes:
        """Return all frames, those of denied calls rewritten."""
        splices: list[list[Splice]] = [[] for _ in self.frames]
        for key, finding in self.denials.items():
            places = [
                (splices[i], item.event.at(*path))
                for i, item in enumerate(self.frames)
                for entry, path in item.entries
                if entry == key
            ]
            _deny(places, self.parts[key].tool().name, denied_arguments(finding))
        return b"".join(item.edited(edits) for item, edits in zip(self.frames, splices, strict=True))


class Stream(StreamAnswer):
    """A streamed answer: tool calls are held together until their choice is finished.

    Until then any frame may add to any of them. What follows a held frame in its choice (its finish, and text
    where the held frame carries text too) waits behind it; all else passes.
    """

    def __init__(self, call: Call, provider: str | None, *, keep_usage: bool) -> None:
        super().__init__(call, provider)
        self._keep_usage = keep_usage
        self._service_tier: object = None
        self._group = _Group()
        self._released: dict[_Slot, str] = {}
        self._finished: set[_Index] = set()

    def _unparsed(self, frame: Frame) -> Iterator[Piece]:
        if frame.data is None or frame.data.strip() != "[DONE]":
            yield from super()._unparsed(frame)
            return
        yield from self._release()
        self.state.complete = self.state.error is None
        yield Piece(data=frame.raw, boundary=True, terminal=True)

    def _event(self, frame: Frame, event: Node) -> Iterator[Piece]:
        value = as_object(event.value)
        self._identify(value)
        usage = self.note_usage(value.get("usage"), service_tier=self._service_tier)
        if value.get("error"):
            self._drop()
            yield self._failed(frame, value["error"], usage=usage)
            return
        choices = [as_object(choice) for choice in as_list(value.get("choices"))]
        if not choices and usage and not self._keep_usage:
            yield Piece(usage=True)
            return
        yield from self._choices(Held(frame, event), choices, usage=usage)

    def _identify(self, value: Object) -> None:
        self.state.model = as_text(value.get("model")) or self.state.model
        self.state.response_id = self.state.response_id or as_text(value.get("id")) or None
        self._service_tier = value.get("service_tier") or self._service_tier

    def _choices(self, held: Held, choices: Sequence[Object], *, usage: bool) -> Iterator[Piece]:
        for i, choice in enumerate(choices):
            self._note_calls(held, i, choice)
        ended = {_index(choice, i) for i, choice in enumerate(choices) if choice.get("finish_reason") is not None}
        deltas = [(_index(choice, i), as_object(choice.get("delta"))) for i, choice in enumerate(choices)]
        texts = [text for index, delta in deltas for text in _texts(index, delta) if text[1]]
        blocks = {block for block, _ in texts}
        written = utf8_length(*(text for _, text in texts), *(part for _, delta in deltas for part in _written(delta)))
        self._finished |= ended
        if not (held.entries or ended & self._group.waiting or blocks & self._group.blocks):
            boundary = not self._group.frames
            yield from spoken(Piece(data=held.frame.raw, output_bytes=written, usage=usage, boundary=boundary), texts)
            return
        self._hold(held)
        self._group.frames.append(held)
        self._group.blocks |= blocks
        yield from spoken(Piece(output_bytes=written, usage=usage), texts)
        self._group.waiting -= ended
        if not self._group.waiting:
            yield from self._release()

    def _note_calls(self, held: Held, i: int, choice: Object) -> None:
        delta = as_object(choice.get("delta"))
        index = _index(choice, i)
        path: Path = ("choices", i, "delta")
        found = [
            (as_object(entry), (*path, "tool_calls", j)) for j, entry in enumerate(as_list(delta.get("tool_calls")))
        ]
        if isinstance(delta.get("function_call"), dict):
            found.append((as_object(delta["function_call"]), (*path, "function_call")))
        for entry, place in found:
            key = self._key(index, entry, place)
            self._group.parts.setdefault(key, _Parts()).add(entry)
            held.entries.append((key, place))
            self._group.waiting.add(index)

    def _key(self, choice: _Index, entry: Object, place: Path) -> _Key:
        """Tell the calls of a choice apart: by index, and by id where a server gives all of them one index."""
        slot = (choice, _index(entry, place[-1]))
        identity = as_text(entry.get("id"))
        if slot in self._released and identity in {"", self._released[slot]}:
            raise UpstreamError("the upstream added to a tool call that it had finished")
        latest = self._group.latest.get(slot)
        if latest is None or (identity and self._group.parts[latest].identity not in {"", identity}):
            latest = _Key(slot, identity)
            self._group.latest[slot] = latest
        return latest

    def _release(self) -> Iterator[Piece]:
        """Give the held calls to be judged; the last one's piece carries the frames of all."""
        group = self._group
        keys = list(group.parts)
        for key in keys[:-1]:
            yield self._judged(group.parts[key].tool(), b"", partial(group.deny, key))
        if keys:
            tool = group.parts[keys[-1]].tool()
            yield self._judged(tool, group.rewritten(), partial(group.deny_last, keys[-1]), boundary=True)
        self._released |= {key.slot: group.parts[key].identity for key in keys}
        self._drop()

    def _drop(self) -> None:
        self._forget()
        self._group = _Group()

    def _end(self) -> None:
        """Take an end without ``[DONE]``, as some servers have it, for complete if all choices are finished."""
        self._drop()
        if not self.state.complete and self.state.error is None:
            self.state.complete = len(self._finished) >= self.call.choices


def _texts(index: _Index, delta: Object) -> Iterator[Spoken]:
    """Read what a delta, or a whole message, says in words."""
    for name in _PROSE:
        told = delta.get(name)
        for part in told if isinstance(told, list) else [told]:
            yield f"{index}.{name}", part if isinstance(part, str) else as_text(as_object(part).get("text"))
    yield f"{index}.audio", as_text(as_object(delta.get("audio")).get("transcript"))


def _written(delta: Object) -> Iterator[str]:
    """Read the arguments of the tool calls in a delta or a message."""
    for call in [*as_list(delta.get("tool_calls")), delta.get("function_call")]:
        yield from (as_text(holder.get(text)) for holder, (_, text) in _holders(as_object(call)))


def _deny(places: Sequence[tuple[list[Splice], Node | None]], name: str, arguments: str) -> None:
    """Rewrite one call over its frames: the whole new name and arguments where each first stands, nothing after."""
    new_name = denied_name(name)
    first: tuple[list[Splice], Node, str] | None = None
    for splices, entry in places:
        for holder, (name_key, text_key) in _part_nodes(entry) if entry else ():
            first = first or (splices, holder, text_key)
            named, written = holder.step(name_key), holder.step(text_key)
            if named is not None and named.value:
                splices.append(named.replaced(new_name))
                new_name = ""
            if written is not None:
                splices.append(written.replaced(arguments))
                arguments = ""
    if arguments and first is not None:
        splices, holder, text_key = first
        splices.append(holder.with_member(text_key, arguments))


class Whole(WholeAnswer):
    """An unstreamed answer."""

    def _facts(self, document: Object) -> bool:
        self.state.model = as_text(document.get("model")) or None
        self.state.response_id = as_text(document.get("id")) or None
        self.note_usage(document.get("usage"), service_tier=document.get("service_tier"))
        return not document.get("error")

    def _texts(self, document: Object) -> Iterator[Spoken]:
        for i, choice in enumerate(as_list(document.get("choices"))):
            yield from _texts(i, as_object(as_object(choice).get("message")))

    def _arguments(self, document: Object) -> Iterator[str]:
        for choice in as_list(document.get("choices")):
            yield from _written(as_object(as_object(choice).get("message")))

    def _calls(self, document: Node) -> Iterator[tuple[ToolUse, Callable[[Finding], list[Splice]]]]:
        choices = document.step("choices")
        for choice in choices.elements() if choices else ():
            message = choice.step("message")
            for entry in _entries(message) if message else ():
                parts = _Parts()
                parts.add(as_object(entry.value))
                tool = parts.tool()
                yield tool, partial(_denied_entry, entry, tool.name)


def _entries(message: Node) -> Iterator[Node]:
    calls, function = message.step("tool_calls"), message.step("function_call")
    yield from calls.elements() if calls else ()
    if function is not None and isinstance(function.value, dict):
        yield function


def _denied_entry(entry: Node, name: str, finding: Finding) -> list[Splice]:
    splices: list[Splice] = []
    _deny([(splices, entry)], name, denied_arguments(finding))
    return splices
