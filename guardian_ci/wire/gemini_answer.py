"""Answers of Google's Gemini API: a stream of events, a stream that is one JSON array, or one document.

A function call comes whole, within one part of one frame. Where a server streams its arguments in parts, nobody could
judge it before the agent has begun to read it, so the answer is refused.
"""

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
    denied_name,
    spoken,
    tool_use,
    utf8_length,
)
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import Piece
from guardian_ci.wire.json_array import ArrayFramer
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text
from guardian_ci.wire.sse import Frame

_CALLS: Final = ("functionCall", "function_call")
_PARTIAL: Final = ("willContinue", "will_continue", "partialArgs", "partial_args")


def candidates(document: Object) -> list[Object]:
    """Return the candidates of an answer."""
    return [as_object(each) for each in as_list(document.get("candidates"))]


def parts(holder: Object) -> list[Object]:
    """Return the parts of a candidate's content."""
    return [as_object(part) for part in as_list(as_object(holder.get("content")).get("parts"))]


def function_call(part: Object) -> Object | None:
    """Return the function call in a part, whichever way it is spelled; None without one."""
    return next((as_object(part[name]) for name in _CALLS if isinstance(part.get(name), dict)), None)


def described(call: Object) -> ToolUse:
    """Describe a function call. One without an id is known by its name, as its result will name it."""
    if any(call.get(name) for name in _PARTIAL):
        raise UpstreamError("the upstream sends a function call's arguments in parts, which cannot be judged")
    name = as_text(call.get("name"))
    return tool_use(call.get("id") or name, name, json.dumps(call.get("args") or {}))


def _texts(document: Object) -> Iterator[Spoken]:
    """Yield what the model writes, with the name of the run of text that it belongs to."""
    for index, candidate in enumerate(candidates(document)):
        place = candidate.get("index", index)
        for part in parts(candidate):
            if isinstance(text := part.get("text"), str):
                yield f"{place}{' thought' if part.get('thought') is True else ''}", text


def _arguments(document: Object) -> Iterator[str]:
    """Yield what the model writes in its function calls."""
    for candidate in candidates(document):
        for part in parts(candidate):
            if (call := function_call(part)) is not None:
                yield json.dumps(call)


def _call_nodes(document: Node) -> Iterator[Node]:
    """Yield the places of an answer's function calls, in order."""
    found = document.step("candidates")
    for candidate in found.elements() if found else ():
        content = candidate.at("content", "parts")
        for part in content.elements() if content else ():
            for name in _CALLS:
                if (call := part.step(name)) is not None and isinstance(call.value, dict):
                    yield call


def _denied(call: Node, finding: Finding) -> list[Splice]:
    """Rewrite a function call: a name that the agent has no tool for, and the reason as its arguments."""
    reason = {"reason": finding.message, "rule": finding.rule}
    name, given = call.step("name"), call.step("args")
    return [
        *([name.replaced(denied_name(str(name.value)))] if name else [call.with_member("name", denied_name(""))]),
        *([given.replaced(reason)] if given else [call.with_member("args", reason)]),
    ]


class _Facts:
    """What both kinds of answer note: the last usage counts, since each frame repeats the sums."""

    def __init__(self) -> None:
        self.finished: set[object] = set()
        self.blocked = False
        self.searches: dict[object, object] = {}

    def note(self, document: Object) -> Mapping[str, object]:
        """Note which candidates have ended and what they searched; the facts that price an answer beside its usage."""
        for index, candidate in enumerate(candidates(document)):
            place = candidate.get("index", index)
            if candidate.get("finishReason"):
                self.finished.add(place)
            if isinstance(grounding := candidate.get("groundingMetadata"), dict):
                self.searches[place] = {"groundingMetadata": grounding}
        self.blocked = self.blocked or bool(as_object(document.get("promptFeedback")).get("blockReason"))
        return {"candidates": list(self.searches.values()) or None}

    def complete(self, call: Call) -> bool:
        """Whether every candidate has told its end."""
        return self.blocked or len(self.finished) >= call.choices


class EventStream(StreamAnswer):
    """An answer in server-sent events (``alt=sse``). No frame is terminal: the stream ends with its connection."""

    def __init__(self, call: Call, provider: str | None = None) -> None:
        super().__init__(call, provider)
        self._facts = _Facts()

    def _event(self, frame: Frame, event: Node) -> Iterator[Piece]:
        value = as_object(event.value)
        self.state.model = as_text(value.get("modelVersion")) or self.state.model
        self.state.response_id = self.state.response_id or as_text(value.get("responseId")) or None
        extra = self._facts.note(value)
        usage = self.note_usage(value.get("usageMetadata"), **extra)
        if value.get("error"):
            yield self._failed(frame, value["error"], usage=usage)
            return
        texts = list(_texts(value))
        written = utf8_length(*(text for _, text in texts), *_arguments(value))
        calls = list(_call_nodes(event))
        if not calls:
            yield from spoken(Piece(data=frame.raw, output_bytes=written, usage=usage, boundary=True), texts)
            return
        yield from spoken(Piece(output_bytes=written, usage=usage), texts)
        held, denials = Held(frame, event), list[Splice]()
        for call in calls[:-1]:
            yield self._judged(described(as_object(call.value)), b"", partial(_note, denials, call))
        last = calls[-1]
        yield self._judged(
            described(as_object(last.value)),
            held.edited(denials),
            partial(_deny_last, held, denials, last),
            boundary=True,
        )

    def _end(self) -> None:
        if self.state.error is None:
            self.state.complete = self._facts.complete(self.call)


def _note(denials: list[Splice], call: Node, finding: Finding) -> bytes:
    denials += _denied(call, finding)
    return b""


def _deny_last(held: Held, denials: Sequence[Splice], call: Node, finding: Finding) -> bytes:
    return held.edited([*denials, *_denied(call, finding)])


class ArrayStream(EventStream):
    """An answer that is one JSON array, element by element."""

    def __init__(self, call: Call, provider: str | None = None) -> None:
        super().__init__(call, provider)
        self._elements = ArrayFramer()

    @property
    def streams(self) -> bool:
        """An array comes element by element."""
        return True

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Read the next bytes."""
        for frame in self._elements.feed(data):
            yield from self._frame(frame)

    def close(self) -> Iterator[Piece]:
        """Read what stands behind the last element."""
        for frame in self._elements.close():
            yield from self._frame(frame)
        self._end()


class Whole(WholeAnswer):
    """An unstreamed answer, or a count of tokens."""

    def _facts(self, document: Object) -> bool:
        if document.get("error"):
            return False
        self.state.model = as_text(document.get("modelVersion")) or None
        self.state.response_id = as_text(document.get("responseId")) or None
        self.note_usage(document.get("usageMetadata"), **_Facts().note(document))
        return True

    def _texts(self, document: Object) -> Iterator[Spoken]:
        return _texts(document)

    def _arguments(self, document: Object) -> Iterator[str]:
        return _arguments(document)

    def _calls(self, document: Node) -> Iterator[tuple[ToolUse, Callable[[Finding], list[Splice]]]]:
        for call in _call_nodes(document):
            yield described(as_object(call.value)), partial(_denied, call)
