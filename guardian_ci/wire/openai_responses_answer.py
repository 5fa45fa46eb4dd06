"""Answers of the OpenAI responses API: streams of events, and whole responses."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

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
from guardian_ci.wire.interface import Piece
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text
from guardian_ci.wire.sse import Frame, Framer

_NAMED_CALLS: Final[Mapping[str, str]] = {"function_call": "arguments", "custom_tool_call": "input"}
"""Items that name their tool, and where they keep its arguments."""

_NAMELESS_CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "local_shell_call": ("local_shell", "action"),
    "shell_call": ("shell", "action"),
    "apply_patch_call": ("apply_patch", "operation"),
    "computer_call": ("computer", "action"),
    "tool_search_call": ("tool_search", "arguments"),
}
"""Items that are a tool of their own: its name, and where they keep its arguments."""

_PROVIDER_CALLS: Final = frozenset(
    {"web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call"}
)
_SEARCHES: Final = frozenset({"web_search_call", "file_search_call"})
_CALL_EVENTS: Final = (
    "response.function_call_arguments.",
    "response.custom_tool_call_input.",
    "response.shell_call_command.",
    "response.apply_patch_call_operation_diff.",
)
_PROSE_EVENTS: Final[Mapping[str, str]] = {
    "response.output_text.delta": "content",
    "response.output_text.done": "content",
    "response.refusal.delta": "content",
    "response.refusal.done": "content",
    "response.reasoning_text.delta": "content",
    "response.reasoning_text.done": "content",
    "response.audio.transcript.delta": "audio",
    "response.audio.transcript.done": "audio",
    "response.content_part.added": "content",
    "response.content_part.done": "content",
    "response.reasoning_summary_text.delta": "summary",
    "response.reasoning_summary_text.done": "summary",
    "response.reasoning_summary_part.added": "summary",
    "response.reasoning_summary_part.done": "summary",
}
"""Events with words in them, and which part of their item these go to."""

_ENDS: Final = frozenset({"response.completed", "response.incomplete"})
_FAILURES: Final = frozenset({"response.failed", "response.cancelled", "error"})
LAST_EVENTS: Final = _ENDS | _FAILURES
"""The events that a response ends with, well or not."""


def qualified(namespace: object, name: object) -> str:
    """Name a tool of a namespace as one: ``mcp__server__tool``."""
    space = as_text(namespace).rstrip("_")
    return f"{space}__{as_text(name)}" if space else as_text(name)


def _is_call(item: Object) -> bool:
    """Whether the agent is to run this item. An unknown kind of call is one: better judged than waved through."""
    kind = as_text(item.get("type"))
    if kind == "shell_call":
        return not as_text(as_object(item.get("environment")).get("type")).startswith("container")
    if kind == "tool_search_call":
        return item.get("execution") == "client"
    return kind.endswith("_call") and kind not in _PROVIDER_CALLS


def _written(item: Object) -> str:
    """Read the arguments of a call as text."""
    kind = as_text(item.get("type"))
    if kind in _NAMED_CALLS:
        return as_text(item.get(_NAMED_CALLS[kind]))
    key = _NAMELESS_CALLS.get(kind, ("", ""))[1]
    return json.dumps(item.get(key) or item.get("actions") or item)


def _name(item: Object) -> str:
    kind = as_text(item.get("type"))
    if kind in _NAMED_CALLS:
        return qualified(item.get("namespace"), item.get("name"))
    return _NAMELESS_CALLS.get(kind, (kind.removesuffix("_call"), ""))[0]


def _identity(item: Object) -> str:
    return as_text(item.get("call_id")) or as_text(item.get("id"))


def _denied_item(item: Node, finding: Finding) -> Iterator[Splice]:
    """Rewrite a call: another name, and the reason as its arguments where it has any by now."""
    value = as_object(item.value)
    kind = as_text(value.get("type"))
    if kind not in _NAMED_CALLS:
        yield item.replaced(_as_function_call(value, finding))
        return
    name, arguments = item.step("name"), item.step(_NAMED_CALLS[kind])
    if name is not None:
        yield name.replaced(denied_name(as_text(name.value)))
    if arguments is not None and (arguments.value or value.get("status") != "in_progress"):
        yield arguments.replaced(denied_arguments(finding))


def _as_function_call(item: Object, finding: Finding) -> Object:
    """Make a call that has no name into one that has: there is no other way to say that it is denied."""
    unfinished = item.get("status") == "in_progress"
    return {
        "type": "function_call",
        "id": item.get("id"),
        "call_id": _identity(item),
        "name": denied_name(_name(item)),
        "arguments": "" if unfinished else denied_arguments(finding),
        "status": item.get("status", "completed"),
    }


class _Prose:
    """What a streamed answer says in words: told word by word, and again, as a whole, by up to four later events.

    What an event repeats is left out; what it tells otherwise is another text, which some agent may read.
    """

    def __init__(self) -> None:
        self._running: dict[str, hashlib._Hash] = {}
        self._said: set[bytes] = set()

    def of_event(self, kind: str, value: Object) -> Iterator[Spoken]:
        """Yield what an event says."""
        index = _output_index(value)
        if kind in _PROSE_EVENTS:
            holder = _PROSE_EVENTS[kind]
            number = value.get(f"{holder}_index")
            block = f"{index}.{holder}.{number if isinstance(number, int) else 0}"
            if kind.endswith(".delta"):
                yield self._goes_on(block, as_text(value.get("delta")))
            else:
                yield from self._whole(block, _prose_of(value.get("part")) or _prose_of(value))
        elif kind.startswith("response.output_item."):
            for block, text in _item_texts(index, as_object(value.get("item"))):
                yield from self._whole(block, text)

    def of_items(self, output: Sequence[object]) -> Iterator[Spoken]:
        """Yield what the last event's items say that no other has said."""
        for i, item in enumerate(output):
            for block, text in _item_texts(i, as_object(item)):
                yield from self._whole(block, text)

    def _goes_on(self, block: str, text: str) -> Spoken:
        running = self._running.setdefault(block, hashlib.sha256())
        running.update(text.encode("utf-8", "replace"))
        return block, text

    def _whole(self, block: str, text: str) -> Iterator[Spoken]:
        if not text:
            return
        if (running := self._running.pop(block, None)) is not None:
            self._said.add(running.digest())
        digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        if digest not in self._said:
            self._said.add(digest)
            yield f"{block}.whole", text


def _item_texts(index: int, item: Object) -> Iterator[Spoken]:
    """Read the words of a message or of a thought; other items have none."""
    for holder in ("content", "summary"):
        for i, part in enumerate(as_list(item.get(holder))):
            yield f"{index}.{holder}.{i}", _prose_of(part)


def _prose_of(part: object) -> str:
    told = as_object(part)
    return next((text for name in ("text", "refusal", "transcript") if (text := as_text(told.get(name)))), "")


class Stream(StreamAnswer):
    """A streamed answer: each call's item is held, alone, from its first frame to ``response.output_item.done``."""

    def __init__(self, call: Call, provider: str | None, framer: Framer | None = None) -> None:
        super().__init__(call, provider, framer)
        self.last_number = -1
        self.created_at: object = 0
        self._open: dict[int, list[Held]] = {}
        self._searches: list[Object] = []
        self._judged_items: dict[str, tuple[str, str]] = {}
        self._denials: dict[str, Finding] = {}
        self._prose = _Prose()

    def _event(self, frame: Frame, event: Node) -> Iterator[Piece]:
        value = as_object(event.value)
        kind = as_text(value.get("type")) or frame.event
        number = value.get("sequence_number")
        self.last_number = number if isinstance(number, int) else self.last_number
        if kind in _ENDS:
            yield from self._ended(frame, event)
        elif kind in _FAILURES:
            self._end()
            usage = self._identify(as_object(value.get("response")))
            error = as_object(value.get("response")).get("error") or value.get("error") or value
            yield self._failed(frame, error, usage=usage)
        elif self._belongs_to_call(kind, value):
            yield from self._call_frame(kind, Held(frame, event))
        else:
            yield from spoken(self._passing(frame, kind, value), list(self._prose.of_event(kind, value)))

    def _belongs_to_call(self, kind: str, value: Object) -> bool:
        if kind.startswith("response.output_item.") and _is_call(as_object(value.get("item"))):
            return True
        return ("output_index" in value and _output_index(value) in self._open) or kind.startswith(_CALL_EVENTS)

    def _call_frame(self, kind: str, held: Held) -> Iterator[Piece]:
        value = as_object(held.event.value)
        self._hold(held)
        index = _output_index(value)
        self._open.setdefault(index, []).append(held)
        yield Piece(output_bytes=utf8_length(value.get("delta")))
        if kind == "response.output_item.done":
            yield from self._release(index)

    def _release(self, index: int) -> Iterator[Piece]:
        held = self._open.pop(index)
        item = _complete_item(held)
        self._judged_items[_identity(item)] = (_name(item), _written(item))
        versions = dict.fromkeys([_written(item), *_versions(held, item)])
        tool = tool_use(_identity(item), _name(item), "\n".join(version for version in versions if version))
        yield self._judged(tool, self._unhold(held), partial(self._deny_held, held, item), boundary=True)

    def _deny_held(self, held: Sequence[Held], item: Object, finding: Finding) -> bytes:
        self._denials[_identity(item)] = finding
        return b"".join(_denied_frames(held, as_text(item.get("type")) in _NAMED_CALLS, finding))

    def _passing(self, frame: Frame, kind: str, value: Object) -> Piece:
        usage = False
        if kind in {"response.created", "response.in_progress", "response.queued"}:
            usage = self._identify(as_object(value.get("response")))
        item = as_object(value.get("item"))
        done = kind == "response.output_item.done"
        if done and as_text(item.get("type")) in _SEARCHES:
            self._searches.append({"type": item.get("type"), "action": item.get("action")})
        written = utf8_length(value.get("delta")) if kind.endswith(".delta") else 0
        return Piece(data=frame.raw, output_bytes=written, usage=usage, boundary=done)

    def _identify(self, response: Object) -> bool:
        self.created_at = response.get("created_at", self.created_at)
        output = as_list(response.get("output"))
        return identify(self, response, output if len(output) >= len(self._searches) else self._searches)

    def _ended(self, frame: Frame, event: Node) -> Iterator[Piece]:
        """Judge what only the last frame tells, and make it agree with what was denied."""
        for index in list(self._open):
            yield from self._release(index)
        usage = self._identify(as_object(as_object(event.value).get("response")))
        output = event.at("response", "output")
        items = [item for item in output.elements() if _is_call(as_object(item.value))] if output else []
        for item in items:
            yield from self._judge_late(as_object(item.value))
        denied = [(item, self._denials.get(_identity(as_object(item.value)))) for item in items]
        splices = [splice for item, finding in denied if finding for splice in _denied_item(item, finding)]
        self.state.complete = self.state.error is None
        texts = list(self._prose.of_items(as_list(as_object(as_object(event.value).get("response")).get("output"))))
        last = Piece(data=Held(frame, event).edited(splices), usage=usage, boundary=True, terminal=True)
        yield from spoken(last, texts)

    def _judge_late(self, item: Object) -> Iterator[Piece]:
        """Judge a call that no earlier frame told, or told otherwise."""
        if self._judged_items.get(_identity(item)) != (_name(item), _written(item)):
            tool = tool_use(_identity(item), _name(item), _written(item))
            yield self._judged(tool, b"", partial(self._note_denial, _identity(item)))

    def _note_denial(self, identity: str, finding: Finding) -> bytes:
        self._denials[identity] = finding
        return b""

    def _end(self) -> None:
        self._open.clear()
        self._forget()


def identify(reader: StreamAnswer | WholeAnswer, response: Object, output: Sequence[object]) -> bool:
    """Note a response's id, model and usage; whether there is a usage."""
    reader.state.response_id = as_text(response.get("id")) or reader.state.response_id
    reader.state.model = as_text(response.get("model")) or reader.state.model
    return reader.note_usage(response.get("usage"), service_tier=response.get("service_tier"), output=output)


def _output_index(value: Object) -> int:
    index = value.get("output_index")
    return index if isinstance(index, int) else -1


def _complete_item(held: Sequence[Held]) -> Object:
    """Find the item as it was told last; fail where its frames do not agree on what it is."""
    items = [as_object(as_object(item.event.value).get("item")) for item in held]
    told = [item for item in items if item]
    if not told or not _is_call(told[-1]) or len({(_name(item), item.get("type")) for item in told}) > 1:
        raise UpstreamError("the upstream sent a tool call whose frames contradict each other")
    return told[-1]


def _versions(held: Sequence[Held], item: Object) -> Iterator[str]:
    """Yield a call's arguments as the frames between its first and its last tell them: agents may read any."""
    events = [as_object(frame.event.value) for frame in held] if as_text(item.get("type")) in _NAMED_CALLS else []
    yield "".join(as_text(event.get("delta")) for event in events)
    for event in events:
        if "item" not in event:
            yield as_text(event.get("arguments")) or as_text(event.get("input"))


def _denied_frames(held: Sequence[Held], named: bool, finding: Finding) -> Iterator[bytes]:  # noqa: FBT001 - a kind
    """Rewrite a call's frames; one that becomes a function call loses those that only its own kind has."""
    arguments = denied_arguments(finding)
    left = arguments
    for frame in held:
        item, delta = frame.event.step("item"), frame.event.step("delta")
        if item is not None:
            yield frame.edited(list(_denied_item(item, finding)))
        elif named:
            done = [node for key in ("arguments", "input") if (node := frame.event.step(key))]
            splices = [node.replaced(arguments) for node in done]
            name = frame.event.step("name")
            splices += [name.replaced(denied_name(as_text(name.value)))] if name else []
            splices += [delta.replaced(left)] if delta else []
            left = "" if delta else left
            yield frame.edited(splices)


class Whole(WholeAnswer):
    """An unstreamed answer."""

    def _facts(self, document: Object) -> bool:
        identify(self, document, as_list(document.get("output")))
        return not document.get("error")

    def _texts(self, document: Object) -> Iterator[Spoken]:
        for i, item in enumerate(as_list(document.get("output"))):
            yield from _item_texts(i, as_object(item))

    def _arguments(self, document: Object) -> Iterator[str]:
        items = [as_object(item) for item in as_list(document.get("output"))]
        yield from (_written(item) for item in items if _is_call(item))

    def _calls(self, document: Node) -> Iterator[tuple[ToolUse, Callable[[Finding], list[Splice]]]]:
        output = document.step("output")
        for node in output.elements() if output else ():
            item = as_object(node.value)
            if _is_call(item):
                tool = tool_use(_identity(item), _name(item), _written(item))
                yield tool, partial(_denied_whole, node)


def _denied_whole(item: Node, finding: Finding) -> list[Splice]:
    return list(_denied_item(item, finding))
