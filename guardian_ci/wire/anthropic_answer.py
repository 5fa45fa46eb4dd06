"""Answers of the Anthropic messages API: streams of events, and whole messages."""

import json
from collections.abc import Callable, Iterator, Sequence
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
from guardian_ci.wire.sse import Frame, event_frame
from guardian_ci.wire.usage import merge_stream

_PROSE: Final = ("text", "thinking", "content")
"""Where a block, or what is added to it, keeps what the model writes: text, thinking, the summary of a compaction."""


def _is_tool_use(block: Object) -> bool:
    """Whether the agent is to run this block. What Anthropic runs itself passes: it was judged in the request."""
    kind = as_text(block.get("type"))
    return kind.endswith("tool_use") and kind not in {"server_tool_use", "mcp_tool_use"}


def _tool(block: Object, arguments: str) -> ToolUse:
    """Describe a tool call; the members of a toolset are named with it (``browser_navigate``)."""
    toolset = as_text(block.get("toolset_name"))
    name = as_text(block.get("name"))
    return tool_use(block.get("id"), f"{toolset}_{name}" if toolset else name, arguments)


class Stream(StreamAnswer):
    """A streamed answer: tool_use blocks are held from their start to their stop, each alone."""

    def __init__(self, call: Call, provider: str | None) -> None:
        super().__init__(call, provider)
        self._open: dict[int, list[Held]] = {}
        self._usage: Object = {}

    def _event(self, frame: Frame, event: Node) -> Iterator[Piece]:
        value = as_object(event.value)
        kind = as_text(value.get("type")) or frame.event
        told = value.get("index")
        index = told if kind.startswith("content_block_") and isinstance(told, int) else None
        if kind == "content_block_start" and _is_tool_use(as_object(value.get("content_block"))):
            yield from self._start(index, Held(frame, event))
        elif index is not None and index in self._open:
            yield from self._continue(index, kind, Held(frame, event))
        elif kind == "error":
            self._end()
            yield self._failed(frame, value.get("error"))
        elif kind == "message_stop":
            for unfinished in list(self._open):
                yield from self._release(unfinished)
            self.state.complete = self.state.error is None
            yield Piece(data=frame.raw, boundary=True, terminal=True)
        else:
            yield from spoken(self._passing(frame, kind, value), _texts(index, value))

    def _start(self, index: int | None, held: Held) -> Iterator[Piece]:
        if index is None or index in self._open:
            raise UpstreamError("the upstream opened a tool call that is open already, or without an index")
        self._hold(held)
        self._open[index] = [held]
        yield Piece()

    def _continue(self, index: int, kind: str, held: Held) -> Iterator[Piece]:
        self._hold(held)
        self._open[index].append(held)
        written = Piece(output_bytes=utf8_length(_partial(held)))
        yield from spoken(written, _texts(index, as_object(held.event.value)))
        if kind == "content_block_stop":
            yield from self._release(index)

    def _release(self, index: int) -> Iterator[Piece]:
        held = self._open.pop(index)
        block = as_object(as_object(held[0].event.value).get("content_block"))
        written = "".join(_partial(item) for item in held)
        tool = _tool(block, written or json.dumps(block.get("input") or {}))
        yield self._judged(tool, self._unhold(held), partial(_denied, held, as_text(block.get("name"))), boundary=True)

    def _passing(self, frame: Frame, kind: str, value: Object) -> Piece:
        if kind == "message_start":
            return Piece(data=frame.raw, usage=self._started(as_object(value.get("message"))))
        if kind == "message_delta":
            told = self._merge(value.get("usage"))
            self.state.usage_final = self.state.usage_final or told
            return Piece(data=frame.raw, usage=told)
        delta = as_object(value.get("delta")) if kind == "content_block_delta" else {}
        written = utf8_length(*(delta.get(name) for name in (*_PROSE, "partial_json")))
        return Piece(data=frame.raw, output_bytes=written, boundary=kind == "content_block_stop")

    def _started(self, message: Object) -> bool:
        self.state.model = as_text(message.get("model")) or None
        self.state.response_id = as_text(message.get("id")) or None
        self.state.usage_final = False  # its count of the output is the first token's
        return self._merge(message.get("usage"))

    def _merge(self, usage: object) -> bool:
        if not isinstance(usage, dict):
            return False
        self._usage = merge_stream(self.call.protocol, self._usage, usage)
        return self.note_usage(self._usage)

    def _end(self) -> None:
        self._open.clear()
        self._forget()


def _texts(index: int | None, value: Object) -> list[Spoken]:
    """Read the text of an event of a block: what it begins with, or goes on with."""
    holder = as_object(value.get("delta") or value.get("content_block")) if index is not None else {}
    return [(str(index), as_text(holder.get(name))) for name in _PROSE]


def _partial(held: Held) -> str:
    return as_text(as_object(as_object(held.event.value).get("delta")).get("partial_json"))


def _denied(held: Sequence[Held], name: str, finding: Finding) -> bytes:
    """Rewrite a block: another name, and the reason in the place of its arguments, frame by frame."""
    arguments = denied_arguments(finding)
    parts: list[bytes] = []
    for item in held:
        kind = as_text(as_object(item.event.value).get("type")) or item.frame.event
        if kind == "content_block_stop" and arguments:
            parts.append(_arguments_frame(item, arguments))
        parts.append(item.edited(list(_denying(item.event, name, arguments))))
        if item.event.at("delta", "partial_json") is not None:
            arguments = ""
    return b"".join(parts)


def _denying(event: Node, name: str, arguments: str) -> Iterator[Splice]:
    for path, value in (
        (("content_block", "name"), denied_name(name)),
        (("content_block", "input"), {}),
        (("delta", "partial_json"), arguments),
    ):
        node = event.at(*path)
        if node is not None:
            yield node.replaced(value)


def _arguments_frame(stop: Held, arguments: str) -> bytes:
    delta = {"type": "input_json_delta", "partial_json": arguments}
    index = as_object(stop.event.value).get("index")
    return event_frame("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta})


class Whole(WholeAnswer):
    """An unstreamed answer, or a count of tokens."""

    def _facts(self, document: Object) -> bool:
        if document.get("type") == "error":
            return False
        self.state.model = as_text(document.get("model")) or None
        self.state.response_id = as_text(document.get("id")) or None
        self.note_usage(document.get("usage"))
        return True

    def _texts(self, document: Object) -> Iterator[Spoken]:
        for i, block in enumerate(as_list(document.get("content"))):
            yield from ((str(i), as_text(as_object(block).get(name))) for name in _PROSE)

    def _arguments(self, document: Object) -> Iterator[str]:
        blocks = [as_object(block) for block in as_list(document.get("content"))]
        yield from (json.dumps(block["input"]) for block in blocks if "input" in block)

    def _calls(self, document: Node) -> Iterator[tuple[ToolUse, Callable[[Finding], list[Splice]]]]:
        content = document.step("content")
        for node in content.elements() if content else ():
            block = as_object(node.value)
            if _is_tool_use(block):
                yield _tool(block, json.dumps(block.get("input", {}))), partial(_denied_block, node)


def _denied_block(block: Node, finding: Finding) -> list[Splice]:
    name, given = block.step("name"), block.step("input")
    reason = {"reason": finding.message, "rule": finding.rule}
    return [
        *([name.replaced(denied_name(str(name.value)))] if name else [block.with_member("name", denied_name(""))]),
        *([given.replaced(reason)] if given else [block.with_member("input", reason)]),
    ]
