"""Answers as the three upstreams write them, streamed and whole: what Hypothesis draws, in each protocol's words."""

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8)


_CALLS = {"call", "custom", "shell"}


@dataclass(frozen=True, kw_only=True)
class Block:
    """One thing that the model says, in pieces: ``text``, ``thinking``, a ``call``, a ``custom`` or a ``shell`` one."""

    kind: str
    pieces: tuple[str, ...]
    name: str = ""
    id: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def is_call(self) -> bool:
        return self.kind in _CALLS

    @property
    def arguments(self) -> object:
        return json.loads(self.text) if self.kind == "call" else self.text


@dataclass(frozen=True, kw_only=True)
class Framed:
    """A frame of a stream. ``block`` says whose it is: its number, None where it is of none."""

    raw: bytes
    block: int | None = None


def _cut(text: str, cuts: Iterable[int]) -> tuple[str, ...]:
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return tuple(text[start:end] for start, end in itertools.pairwise(edges))


@st.composite
def _prose(draw: st.DrawFn, kind: str) -> Block:
    return Block(kind=kind, pieces=tuple(draw(st.lists(WORDS, min_size=1, max_size=3))))


@st.composite
def _calls(draw: st.DrawFn, kind: str) -> Block:
    name = draw(st.sampled_from(["bash", "read_file", "mcp__gh__issue"])) if kind != "shell" else "local_shell"
    given = draw(st.dictionaries(WORDS, WORDS | st.lists(WORDS, max_size=2), max_size=2))
    text = json.dumps(given, ensure_ascii=draw(st.booleans())) if kind == "call" else draw(WORDS)
    pieces = _cut(text, draw(st.lists(st.integers(0, 999), max_size=3)))
    return Block(kind=kind, pieces=pieces, name=name)


def _answers(kinds: Sequence[str]) -> st.SearchStrategy[list[Block]]:
    one = st.sampled_from(kinds).flatmap(lambda kind: _calls(kind) if kind in _CALLS else _prose(kind))
    blocks = st.lists(one, min_size=1, max_size=5)
    return blocks.map(lambda found: [_numbered(block, i) for i, block in enumerate(found)])


def _numbered(block: Block, i: int) -> Block:
    return Block(kind=block.kind, pieces=block.pieces, name=block.name, id=f"id_{i}")


MESSAGES = _answers(["thinking", "text", "text", "call", "call", "call"])
CHAT = _answers(["text", "call", "call", "call"])
RESPONSES = _answers(["thinking", "text", "call", "call", "custom", "shell"])


def _event(value: Mapping[str, object], block: int | None = None) -> Framed:
    data = json.dumps(value, ensure_ascii=False)
    return Framed(raw=f"event: {value['type']}\ndata: {data}\n\n".encode(), block=block)


# Anthropic

_USAGE = {"input_tokens": 3, "output_tokens": 5}
_MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": _USAGE}
PING = Framed(raw=b'event: ping\ndata: {"type": "ping"}\n\n')


def _content(block: Block) -> Mapping[str, object]:
    if block.is_call:
        return {"type": "tool_use", "id": block.id, "name": block.name, "input": {}}
    more = {"signature": ""} if block.kind == "thinking" else {}
    return {"type": block.kind, block.kind: "", **more}


def _added(block: Block, piece: str) -> Mapping[str, object]:
    if block.is_call:
        return {"type": "input_json_delta", "partial_json": piece}
    return {"type": f"{block.kind}_delta", block.kind: piece}


def messages_stream(blocks: Sequence[Block]) -> list[Framed]:
    frames = [_event({"type": "message_start", "message": _MESSAGE})]
    for i, block in enumerate(blocks):
        frames.append(_event({"type": "content_block_start", "index": i, "content_block": _content(block)}, i))
        signed = [{"type": "signature_delta", "signature": "c2ln"}] if block.kind == "thinking" else []
        frames += [
            _event({"type": "content_block_delta", "index": i, "delta": delta}, i)
            for delta in [*(_added(block, piece) for piece in block.pieces), *signed]
        ]
        frames.append(_event({"type": "content_block_stop", "index": i}, i))
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    frames.append(_event({"type": "message_delta", "delta": end, "usage": {"output_tokens": 5}}))
    return _numbered_frames([*frames, _event({"type": "message_stop"})])


def _numbered_frames(frames: Sequence[Framed]) -> list[Framed]:
    """Give each frame a number, so that no two are the same; SDKs pass over members that they do not know."""
    return [replace(frame, raw=frame.raw.replace(b"}\n\n", b', "n": %d}\n\n' % i)) for i, frame in enumerate(frames)]


def messages_whole(blocks: Sequence[Block]) -> Mapping[str, object]:
    content = [
        {**_content(block), "input": block.arguments} if block.is_call else {**_content(block), block.kind: block.text}
        for block in blocks
    ]
    return {**_MESSAGE, "content": content, "stop_reason": "end_turn"}


# OpenAI chat

_CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def _chunk(block: int | None, finish: str | None = None, **delta: object) -> Framed:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    value = {**_CHUNK, "choices": [choice]}
    return Framed(raw=f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode(), block=block)


def chat_stream(blocks: Sequence[Block]) -> list[Framed]:
    frames = [_chunk(None, role="assistant", content="")]
    for i, block in enumerate(blocks):
        if not block.is_call:
            frames += [_chunk(i, content=piece) for piece in block.pieces]
            continue
        index = sum(before.is_call for before in blocks[:i])
        begun = {"index": index, "id": block.id, "type": "function", "function": {"name": block.name, "arguments": ""}}
        frames.append(_chunk(i, tool_calls=[begun]))
        frames += [_chunk(i, tool_calls=[{"index": index, "function": {"arguments": piece}}]) for piece in block.pieces]
    finish = "tool_calls" if any(block.is_call for block in blocks) else "stop"
    return [*_numbered_frames([*frames, _chunk(None, finish)]), Framed(raw=b"data: [DONE]\n\n")]


def chat_whole(blocks: Sequence[Block]) -> Mapping[str, object]:
    calls = [
        {"id": block.id, "type": "function", "function": {"name": block.name, "arguments": block.text}}
        for block in blocks
        if block.is_call
    ]
    said = "".join(block.text for block in blocks if not block.is_call)
    message = {"role": "assistant", "content": said, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop", "logprobs": None}
    return {**_CHUNK, "object": "chat.completion", "choices": [choice]}


# OpenAI responses


def _response(status: str, output: Sequence[object]) -> Mapping[str, object]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "model": "m",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _item(block: Block, i: int, *, whole: bool) -> Mapping[str, object]:
    text = block.text if whole else ""
    status = "completed" if whole else "in_progress"
    if block.kind == "thinking":
        return {"id": f"rs_{i}", "type": "reasoning", "summary": [_part(block, text)] if whole else []}
    if block.kind == "text":
        content = [_part(block, text)] if whole else []
        return {"id": f"msg_{i}", "type": "message", "role": "assistant", "status": status, "content": content}
    if block.kind == "shell":
        action = {"type": "exec", "command": [block.text], "env": {}}
        return {"id": f"it_{i}", "type": "local_shell_call", "status": status, "call_id": block.id, "action": action}
    kind, key = ("function_call", "arguments") if block.kind == "call" else ("custom_tool_call", "input")
    return {"id": f"it_{i}", "type": kind, "status": status, "call_id": block.id, "name": block.name, key: text}


def _part(block: Block, text: str) -> Mapping[str, object]:
    if block.kind == "thinking":
        return {"type": "summary_text", "text": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _item_events(block: Block, i: int) -> list[Mapping[str, object]]:
    at = {"item_id": _item(block, i, whole=True)["id"], "output_index": i}
    if block.kind == "shell":
        return []
    if block.is_call:
        name, key = (
            ("function_call_arguments", "arguments") if block.kind == "call" else ("custom_tool_call_input", "input")
        )
        told = [{"type": f"response.{name}.delta", **at, "delta": piece} for piece in block.pieces]
        return [*told, {"type": f"response.{name}.done", **at, key: block.text}]
    part, name, where = (
        ("reasoning_summary_part", "reasoning_summary_text", {"summary_index": 0})
        if block.kind == "thinking"
        else ("content_part", "output_text", {"content_index": 0, "logprobs": []})
    )
    at |= where
    told = [{"type": f"response.{name}.delta", **at, "delta": piece} for piece in block.pieces]
    return [
        {"type": f"response.{part}.added", **at, "part": _part(block, "")},
        *told,
        {"type": f"response.{name}.done", **at, "text": block.text},
        {"type": f"response.{part}.done", **at, "part": _part(block, block.text)},
    ]


def responses_stream(blocks: Sequence[Block]) -> list[Framed]:
    told: list[tuple[Mapping[str, object], int | None]] = [
        ({"type": "response.created", "response": _response("in_progress", [])}, None)
    ]
    for i, block in enumerate(blocks):
        begun, done = (_item(block, i, whole=whole) for whole in (False, True))
        told.append(({"type": "response.output_item.added", "output_index": i, "item": begun}, i))
        told += [(event, i) for event in _item_events(block, i)]
        told.append(({"type": "response.output_item.done", "output_index": i, "item": done}, i))
    told.append(({"type": "response.completed", "response": responses_whole(blocks)}, None))
    return [_event({**value, "sequence_number": number}, i) for number, (value, i) in enumerate(told)]


def responses_whole(blocks: Sequence[Block]) -> Mapping[str, object]:
    return _response("completed", [_item(block, i, whole=True) for i, block in enumerate(blocks)])
