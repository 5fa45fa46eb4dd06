"""anthropic-messages, as Anthropic speaks it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final

from guardian_ci.demo.answer import Answer, Block, Kind, Stop, Tokens, chunks, tokens_of
from guardian_ci.demo.dialect import (
    Ask,
    Caching,
    Dialect,
    Frame,
    Turn,
    behind_last,
    compact,
    content_texts,
    objects,
    optional_count,
    require_pattern,
    required_text,
    sse,
)
from guardian_ci.errors import BadRequest
from guardian_ci.model import WireProtocol

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MIN_THINKING: Final = 1024
_ERRORS: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_STOPS: Final = {Stop.END: "end_turn", Stop.TOOLS: "tool_use", Stop.LIMIT: "max_tokens"}


class Messages(Dialect):
    """``POST /v1/messages``; ``counting``: and ``/count_tokens``, which needs no ``max_tokens``."""

    protocol: ClassVar = WireProtocol.ANTHROPIC_MESSAGES
    request_id_header: ClassVar = "request-id"
    id_prefix: ClassVar = "msg_"

    def __init__(self, *, counting: bool = False) -> None:
        self.counting = counting

    def read(self, document: Mapping[str, object]) -> Ask:
        """Return what a request asks for."""
        limit = optional_count(document, "max_tokens")
        if limit is None and not self.counting:
            raise BadRequest("max_tokens: Field required")
        messages = objects(document.get("messages"), "messages")
        if not messages:
            raise BadRequest("messages: at least one message is required")
        _check_thinking(document.get("thinking"), limit)
        require_pattern((tool.get("name") for tool in objects(document.get("tools"), "tools")), _NAME, "tools")
        _check_pairs([message for message in messages if message.get("role") != "system"])
        answers = [message.get("role") == "assistant" for message in messages]
        return Ask(
            model=required_text(document, "model"),
            stream=document.get("stream") is True,
            limit=limit,
            turns=tuple(_turns(messages)),
            new=behind_last(messages, answers),
            caching=Caching.WRITES if '"cache_control"' in compact(document) else Caching.NONE,
            document=document,
        )

    def whole(self, answer: Answer) -> Mapping[str, object]:
        """Return the answer as one JSON document."""
        content = [_whole_block(block) for block in answer.blocks if block.kind is not Kind.TOOL or block.complete]
        return {
            **_message(answer, output=answer.tokens.output),
            "content": content,
            "stop_reason": _STOPS[answer.stop],
        }

    def frames(self, answer: Answer) -> Iterator[Frame]:
        """Yield the answer as the frames of a stream."""
        yield _frame({"type": "message_start", "message": _message(answer, output=1)}, tokens=answer.hidden)
        for index, block in enumerate(answer.blocks):
            yield _frame({"type": "content_block_start", "index": index, "content_block": _start(block)})
            if index == 0:
                yield Frame(data=b'event: ping\ndata: {"type": "ping"}\n\n')
            yield from _deltas(index, block, answer.chunk)
            yield _frame({"type": "content_block_stop", "index": index})
        yield _frame(
            {
                "type": "message_delta",
                "delta": {"stop_reason": _STOPS[answer.stop], "stop_sequence": None},
                "usage": {
                    "input_tokens": answer.tokens.fresh,
                    "cache_creation_input_tokens": answer.tokens.cache_write,
                    "cache_read_input_tokens": answer.tokens.cache_read,
                    "output_tokens": answer.tokens.output,
                },
            },
            last=True,
        )
        yield _frame({"type": "message_stop"})

    def refusal(self, status: int, message: str, request_id: str) -> Mapping[str, object]:
        """Return an error's body."""
        kind = _ERRORS.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}

    def error_frame(self, message: str, request_id: str) -> bytes:
        """Return the frame that ends a stream with an error of the provider's own."""
        return sse(self.refusal(529, message, request_id), event="error")


def _check_thinking(thinking: object, limit: int | None) -> None:
    """Refuse a thinking budget that the answer's limit does not hold."""
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int) or budget < _MIN_THINKING:
        raise BadRequest("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if limit is not None and budget >= limit:
        raise BadRequest("`max_tokens` must be greater than `thinking.budget_tokens`")


def _blocks(message: Mapping[str, object], kind: str, key: str) -> list[object]:
    """Return one member of all blocks of one kind in a message."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return [part.get(key) for part in parts if isinstance(part, dict) and part.get("type") == kind]


def _check_pairs(messages: Sequence[Mapping[str, object]]) -> None:
    """Refuse a tool call without its result in the next message, and a result without its call."""
    for number, message in enumerate(messages):
        if message.get("role") not in {"user", "assistant"}:
            raise BadRequest(f"messages.{number}.role: Input should be 'user', 'assistant' or 'system'")
        asked = _blocks(message, "tool_use", "id")
        require_pattern(_blocks(message, "tool_use", "name"), _NAME, f"messages.{number}.content.tool_use")
        following = messages[number + 1] if number + 1 < len(messages) else {}
        missing = [call for call in asked if call not in _blocks(following, "tool_result", "tool_use_id")]
        if missing:
            raise BadRequest(
                f"messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(map(str, missing))}"
            )
        before = _blocks(messages[number - 1], "tool_use", "id") if number else []
        for result in _blocks(message, "tool_result", "tool_use_id"):
            if result not in before:
                raise BadRequest(f"messages.{number}: unexpected `tool_use_id` in `tool_result` blocks: {result}")


def _turns(messages: Sequence[Mapping[str, object]]) -> Iterator[Turn]:
    """Yield the conversation's turns."""
    for message in messages:
        if message.get("role") == "assistant":
            yield Turn(answer=True)
        elif message.get("role") == "user":
            yield Turn(texts=content_texts(message.get("content"), "text"))


def _usage(tokens: Tokens, output: int) -> Mapping[str, object]:
    """Return usage with all that ``message_start`` tells of it."""
    return {
        "input_tokens": tokens.fresh,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.cache_write,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": output,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _message(answer: Answer, *, output: int) -> Mapping[str, object]:
    """Return the message's frame without its content."""
    return {
        "model": answer.model,
        "id": answer.id,
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": _usage(answer.tokens, output),
    }


def _whole_block(block: Block) -> Mapping[str, object]:
    """Return a block with its content."""
    if block.kind is Kind.TOOL:
        return {**_start(block), "input": _arguments(block)}
    if block.kind is Kind.THINKING:
        return {"type": "thinking", "thinking": block.text, "signature": "ZGVtbw=="}
    return {"type": "text", "text": block.text}


def _arguments(block: Block) -> object:
    """Return a tool's arguments; a whole answer cannot carry broken ones."""
    return {"input": block.text} if block.freeform else json.loads(block.text)


def _start(block: Block) -> Mapping[str, object]:
    """Return a block as ``content_block_start`` has it."""
    if block.kind is Kind.TOOL:
        return {"type": "tool_use", "id": f"toolu_{block.id}", "name": block.name, "input": {}}
    if block.kind is Kind.THINKING:
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {"type": "text", "text": ""}


def _deltas(index: int, block: Block, chunk: int) -> Iterator[Frame]:
    """Yield a block's content."""
    if block.kind is Kind.TOOL:
        yield _delta(index, {"type": "input_json_delta", "partial_json": ""})
    if not block.text:
        return
    left = block.tokens
    for piece in chunks(block.text, chunk):
        tokens = min(left, tokens_of(piece))
        left -= tokens
        yield _delta(index, _piece(block.kind, piece), tokens=tokens)
    if block.kind is Kind.THINKING:
        yield _delta(index, {"type": "signature_delta", "signature": "ZGVtbw=="})


def _piece(kind: Kind, text: str) -> Mapping[str, object]:
    """Return one delta's body."""
    if kind is Kind.TOOL:
        return {"type": "input_json_delta", "partial_json": text}
    if kind is Kind.THINKING:
        return {"type": "thinking_delta", "thinking": text}
    return {"type": "text_delta", "text": text}


def _delta(index: int, delta: Mapping[str, object], tokens: int = 0) -> Frame:
    """Return a ``content_block_delta``."""
    return _frame({"type": "content_block_delta", "index": index, "delta": delta}, tokens=tokens, content=True)


def _frame(document: Mapping[str, object], *, tokens: int = 0, content: bool = False, last: bool = False) -> Frame:
    """Return an event that is named as its type."""
    return Frame(data=sse(document, event=str(document["type"])), tokens=tokens, content=content, last=last)
