"""A provider that writes its own bill: it counts tokens and prices them without a line of the product's code.

What one call shall meet stands in its ``x-plan`` header (``Plan``). The bill is written before the first byte of an
answer leaves, so that nothing that happens to the proxy can shorten it.
"""

import asyncio
import json
import logging
import re
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Final

import uvicorn

Json = dict[str, Any]

PRICES: Final[Mapping[str, Mapping[str, int]]] = {
    "claude-opus-5-5": {"input": 4_000_000, "output": 20_000_000, "read": 200_000, "5m": 5_000_000, "1h": 8_000_000},
    "claude-haiku-4-5": {"input": 1_000_000, "output": 5_000_000, "read": 100_000, "5m": 1_250_000, "1h": 2_000_000},
    "gpt-4.1": {"input": 2_000_000, "output": 8_000_000},
    "gpt-5.1": {"input": 1_250_000, "output": 10_000_000},
}
"""Picodollars a token, as the providers list them; the cache's lifetimes are the prices of writing to it."""

MOST_OUTPUT: Final[Mapping[str, int]] = {
    "claude-opus-5-5": 128_000,
    "claude-haiku-4-5": 64_000,
    "gpt-4.1": 32_768,
    "gpt-5.1": 128_000,
}

# Hundredths of o200k's count, and the most hundredths of a token that a byte of ordinary text has (FACTS §2).
_CLASSES: Final[Mapping[str, tuple[int, int]]] = {
    "claude-opus-5-5": (155, 60),
    "claude-haiku-4-5": (122, 50),
    "gpt-4.1": (100, 35),
    "gpt-5.1": (100, 35),
}

_PIECE: Final = re.compile(r"[A-Za-z]+|\d{1,3}|\s{2,}|[^\sA-Za-z\d]")
_TOOLS: Final = 346
_FRAME: Final = 2
_BYTES_A_TOKEN: Final = 4


Counter = Callable[[str, str, bool], int]
"""Counts the tokens that a model reads in a request's text, given whether it offers tools."""


@cache
def _vocabulary() -> Callable[[str], Sequence[int]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import bpe_openai  # noqa: PLC0415 - a second of loading that most tests need not wait for

        return bpe_openai.get_encoding("o200k_base").encode_ordinary


def count_really(model: str, text: str, tools: bool) -> int:
    """Count by the vocabulary that the GPT models use: what the JSON says, and a frame for each turn."""
    del tools
    assert model.startswith("gpt")
    said = list(_strings(json.loads(text)))
    return sum(len(_vocabulary()(each)) for each in said) + _FRAME * len(said)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(each)


def count_tokens(model: str, text: str, tools: bool) -> int:
    """Count as a tokenizer might: words in pieces of five letters, numbers by three digits, signs and scripts each."""
    factor, most = _CLASSES[model]
    pieces = sum(-(-len(piece) // 5) if piece[0].isalpha() and piece.isascii() else 1 for piece in _PIECE.findall(text))
    ordinary = min(pieces * factor, len(text.encode()) * most) // 100
    return ordinary + (_TOOLS if tools and model.startswith("claude") else 0)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one call meets.

    ``output``: tokens that the model would write, cut at the request's maximum. ``hidden``: whether they are
    reasoning that nobody sees. ``status``: refuse with this instead, for nothing. ``reset``, ``stall``: break off or
    fall silent in the middle. ``mute``: never say the usage. ``garbage``: write the last usage as no JSON.
    ``warm``: all but the last turn is read from the cache.
    """

    output: int = 100
    hidden: bool = False
    status: int = 200
    reset: bool = False
    stall: bool = False
    mute: bool = False
    garbage: bool = False
    delay: float = 0.0
    warm: bool = False

    def header(self) -> str:
        """The plan as the value of ``x-plan``."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the bill."""

    model: str
    input_tokens: int
    output_tokens: int
    picodollars: int
    kind: str = "input"
    """The price of the input that was not read from the cache."""
    read_tokens: int = 0
    labels: tuple[str, ...] = ()
    """What the agent calls the scopes of this call, in its ``x-labels`` header."""

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(kw_only=True)
class Bill:
    """What the provider would send at the end of the month."""

    lines: list[Line] = field(default_factory=list)

    def of(self, label: str) -> "Bill":
        """The part of it that one scope made."""
        return Bill(lines=[line for line in self.lines if label in line.labels])

    @property
    def labels(self) -> set[str]:
        return {label for line in self.lines for label in line.labels}

    @property
    def picodollars(self) -> int:
        return sum(line.picodollars for line in self.lines)

    @property
    def tokens(self) -> int:
        return sum(line.tokens for line in self.lines)

    def add(self, line: Line) -> None:
        self.lines.append(line)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    protocol: str
    model: str
    stream: bool
    plan: Plan
    line: Line
    choices: int
    cut: bool

    @property
    def text(self) -> str:
        return "" if self.plan.hidden else "word " * (self.line.output_tokens // self.choices * _BYTES_A_TOKEN // 5)


def _understand(path: str, body: Json, count_by: Counter, text: str, plan: Plan, labels: tuple[str, ...]) -> _Answer:
    """Price the call by what it asks for. All text is input: what the provider adds itself is in ``_TOOLS``."""
    protocol = path.rsplit("/v1/", maxsplit=1)[-1]
    model = body["model"]
    told = [body[name] for name in ("max_tokens", "max_completion_tokens", "max_output_tokens") if body.get(name)]
    most = min([*told, MOST_OUTPUT[model]])
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled" and not 1024 <= thinking["budget_tokens"] < body["max_tokens"]:
        msg = "thinking.budget_tokens must be at least 1024 and below max_tokens"
        raise ValueError(msg)
    choices = body.get("n") or 1
    output = min(plan.output, most) * choices
    count = count_by(model, text, bool(body.get("tools")))
    prices = PRICES[model]
    marked = "cache_control" in text and "5m" in prices
    kind = "input" if not marked else "1h" if '"1h"' in text else "5m"
    last = json.dumps(body["messages"][-1]) if "messages" in body else ""
    read = count * (len(text) - len(last)) // len(text) if plan.warm and marked else 0
    line = Line(
        model=model,
        input_tokens=count,
        output_tokens=output,
        picodollars=(count - read) * prices[kind] + read * prices.get("read", 0) + output * prices["output"],
        kind=kind,
        read_tokens=read,
        labels=labels,
    )
    return _Answer(
        protocol=protocol,
        model=model,
        stream=bool(body.get("stream")),
        plan=plan,
        line=line,
        choices=choices,
        cut=plan.output > most,
    )


class Upstream:
    """The provider's server, in a thread of its own."""

    def __init__(self, count: Counter = count_tokens) -> None:
        self.count = count
        self.bill = Bill()
        self.seen: list[Json] = []
        self.url = ""

    async def __call__(self, scope: Json, receive: Any, send: Any) -> None:
        """Answer one call."""
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        plan = Plan(**json.loads(headers.get("x-plan", "{}")))
        labels = tuple(headers.get("x-labels", "").split())
        if plan.delay:
            await asyncio.sleep(plan.delay)
        request = json.loads(body)
        if plan.status != 200:
            await _respond(send, plan.status, {"type": "error", "error": {"type": "overloaded_error", "message": "x"}})
            return
        try:
            answer = _understand(scope["path"], request, self.count, body.decode(), plan, labels)
        except ValueError as error:
            problem = {"type": "invalid_request_error", "message": str(error)}
            await _respond(send, 400, {"type": "error", "error": problem})
            return
        self.seen.append(request)
        self.bill.add(answer.line)
        if answer.stream:
            await _stream(send, answer, request)
        else:
            await _whole(send, answer)


async def _respond(send: Any, status: int, document: Json) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})


async def _whole(send: Any, answer: _Answer) -> None:
    plan = answer.plan
    if plan.stall:
        await asyncio.sleep(30)
    document = _DOCUMENTS[answer.protocol](answer)
    if plan.mute:
        del document["usage"]
    if not plan.reset:
        await _respond(send, 200, document)
        return
    content = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
    msg = "a planned reset"
    raise ConnectionResetError(msg)


async def _stream(send: Any, answer: _Answer, request: Json) -> None:
    plan = answer.plan
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    frames = list(_FRAMES[answer.protocol](answer, request))
    for index, frame in enumerate(frames):
        if index == len(frames) // 2:
            if plan.reset:
                msg = "a planned reset"
                raise ConnectionResetError(msg)
            if plan.stall:
                await asyncio.sleep(30)
        if plan.garbage and "usage" in frame and index > len(frames) // 2:
            frame = {"__garbage__": True}  # noqa: PLW2901 - that is the plan
        await send({"type": "http.response.body", "body": _sse(frame), "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


def _sse(frame: Json | str) -> bytes:
    if isinstance(frame, str):
        return f"data: {frame}\n\n".encode()
    if "__garbage__" in frame:
        return b"data: {this is no JSON\n\n"
    event = f"event: {frame['type']}\n" if "type" in frame else ""
    return f"{event}data: {json.dumps(frame)}\n\n".encode()


def _parts(text: str) -> Iterator[str]:
    step = max(1, len(text) // 4)
    yield from (text[at : at + step] for at in range(0, len(text), step))


# The three protocols, whole and streamed.


def _messages_usage(answer: _Answer, output: int) -> Json:
    """Each token in one field: what is read from the cache or written to it is not counted as input again."""
    line = answer.line
    fresh = line.input_tokens - line.read_tokens
    usage: Json = {"output_tokens": output, "cache_read_input_tokens": line.read_tokens}
    if line.kind == "input":
        return usage | {"input_tokens": fresh}
    split = {f"ephemeral_{line.kind}_input_tokens": fresh}
    return usage | {"input_tokens": 0, "cache_creation_input_tokens": fresh, "cache_creation": split}


def _messages(answer: _Answer) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [{"type": "text", "text": answer.text}],
        "stop_reason": "max_tokens" if answer.cut else "end_turn",
        "stop_sequence": None,
        "usage": _messages_usage(answer, answer.line.output_tokens),
    }


def _messages_frames(answer: _Answer, _: Json) -> Iterator[Json]:
    start = _messages(answer) | {"content": [], "stop_reason": None, "usage": _messages_usage(answer, 1)}
    if answer.plan.mute:
        del start["usage"]
    yield {"type": "message_start", "message": start}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "ping"}
    for part in _parts(answer.text):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}}
    yield {"type": "content_block_stop", "index": 0}
    end: Json = {"type": "message_delta", "delta": {"stop_reason": "max_tokens" if answer.cut else "end_turn"}}
    if not answer.plan.mute:
        end["usage"] = {"output_tokens": answer.line.output_tokens}
    yield end
    yield {"type": "message_stop"}


def _chat_usage(answer: _Answer) -> Json:
    line = answer.line
    return {
        "prompt_tokens": line.input_tokens,
        "completion_tokens": line.output_tokens,
        "total_tokens": line.tokens,
        "completion_tokens_details": {"reasoning_tokens": line.output_tokens if answer.plan.hidden else 0},
    }


def _chat(answer: _Answer) -> Json:
    finish = "length" if answer.cut else "stop"
    message = {"role": "assistant", "content": answer.text}
    choices = [{"index": index, "message": message, "finish_reason": finish} for index in range(answer.choices)]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": answer.model,
        "choices": choices,
        "usage": _chat_usage(answer),
    }


def _chat_frames(answer: _Answer, request: Json) -> Iterator[Json | str]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": answer.model}
    for choice in range(answer.choices):
        for part in _parts(answer.text):
            yield head | {"choices": [{"index": choice, "delta": {"content": part}, "finish_reason": None}]}
        yield head | {"choices": [{"index": choice, "delta": {}, "finish_reason": "stop"}]}
    if (request.get("stream_options") or {}).get("include_usage") and not answer.plan.mute:
        yield head | {"choices": [], "usage": _chat_usage(answer)}
    yield "[DONE]"


def _responses(answer: _Answer) -> Json:
    line = answer.line
    content = [{"type": "output_text", "text": answer.text, "annotations": []}]
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": content}
    return {
        "id": "resp_1",
        "object": "response",
        "status": "incomplete" if answer.cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if answer.cut else None,
        "model": answer.model,
        "output": [item],
        "usage": {
            "input_tokens": line.input_tokens,
            "output_tokens": line.output_tokens,
            "output_tokens_details": {"reasoning_tokens": line.output_tokens if answer.plan.hidden else 0},
            "total_tokens": line.tokens,
        },
    }


def _responses_frames(answer: _Answer, _: Json) -> Iterator[Json]:
    whole = _responses(answer)
    if answer.plan.mute:
        del whole["usage"]
    started = {**whole, "status": "in_progress", "output": []}
    started.pop("usage", None)
    yield {"type": "response.created", "sequence_number": 0, "response": started}
    item = whole["output"][0]
    empty = {**item, "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": empty}
    number = 1
    for number, part in enumerate(_parts(answer.text), start=2):
        delta = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": part}
        yield {"type": "response.output_text.delta", "sequence_number": number, **delta}
    yield {"type": "response.output_item.done", "sequence_number": number + 1, "output_index": 0, "item": item}
    kind = "response.incomplete" if answer.cut else "response.completed"
    yield {"type": kind, "sequence_number": number + 2, "response": whole}


_DOCUMENTS: Final = {"messages": _messages, "chat/completions": _chat, "responses": _responses}
_FRAMES: Final = {"messages": _messages_frames, "chat/completions": _chat_frames, "responses": _responses_frames}


@contextmanager
def serving(count: Counter = count_tokens) -> Iterator[Upstream]:
    """Serve on loopback until the end of the block."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    upstream = Upstream(count)
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(
        upstream, lifespan="off", log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=0
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    upstream.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield upstream
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listener.close()
