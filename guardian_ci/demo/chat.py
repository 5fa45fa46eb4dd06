"""openai-chat, as OpenAI speaks it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import ClassVar, Final

from guardian_ci.demo.answer import Answer, Block, Kind, Stop, chunks, tokens_of
from guardian_ci.demo.dialect import (
    Ask,
    Caching,
    Dialect,
    Frame,
    Turn,
    behind_last,
    content_texts,
    objects,
    optional_count,
    require_pattern,
    required_text,
    sse,
)
from guardian_ci.errors import BadRequest
from guardian_ci.model import WireProtocol

NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MAX_CHOICES: Final = 8
_ERRORS: Final[Mapping[int, tuple[str, str | None]]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}
_STOPS: Final = {Stop.END: "stop", Stop.TOOLS: "tool_calls", Stop.LIMIT: "length"}


def openai_error(status: int, message: str, request_id: str) -> Mapping[str, Mapping[str, object]]:
    """Return an error's body, the same for all of OpenAI's protocols."""
    kind, code = _ERRORS.get(
        status, ("server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error", None)
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        message = f"{message} (request {request_id})"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class Chat(Dialect):
    """``POST /v1/chat/completions``."""

    protocol: ClassVar = WireProtocol.OPENAI_CHAT
    request_id_header: ClassVar = "x-request-id"
    id_prefix: ClassVar = "chatcmpl-"

    def read(self, document: Mapping[str, object]) -> Ask:
        """Return what a request asks for."""
        messages = objects(document.get("messages"), "messages")
        if not messages:
            raise BadRequest("messages: at least one message is required")
        functions = (tool.get("function") for tool in objects(document.get("tools"), "tools"))
        require_pattern((tool.get("name") for tool in functions if isinstance(tool, dict)), NAME, "tools.function")
        _check_pairs(messages)
        choices = optional_count(document, "n") or 1
        if choices > _MAX_CHOICES:
            raise BadRequest(f"n: at most {_MAX_CHOICES} choices")
        return Ask(
            model=required_text(document, "model"),
            stream=document.get("stream") is True,
            limit=optional_count(document, "max_completion_tokens") or optional_count(document, "max_tokens"),
            turns=tuple(_turns(messages)),
            new=behind_last(messages, [message.get("role") == "assistant" for message in messages]),
            caching=Caching.READS,
            document=document,
            choices=choices,
        )

    def whole(self, answer: Answer) -> Mapping[str, object]:
        """Return the answer as one JSON document."""
        message: dict[str, object] = {
            "role": "assistant",
            "content": answer.texts(Kind.TEXT) or None,
            "refusal": None,
            "annotations": [],
        }
        if answer.tools:
            message["tool_calls"] = [_tool(block) for block in answer.tools]
        stop = _STOPS[answer.stop]
        return {
            **_head(answer, "chat.completion"),
            "choices": [
                {"index": choice, "message": message, "logprobs": None, "finish_reason": stop}
                for choice in range(_choices(answer))
            ],
            "usage": _usage(answer),
        }

    def frames(self, answer: Answer) -> Iterator[Frame]:
        """Yield the answer as the frames of a stream."""
        choices = _choices(answer)
        for choice in range(choices):
            yield _chunk(answer, choice, {"role": "assistant", "content": "", "refusal": None})
            yield from _deltas(answer, choice)
            yield replace(
                _chunk(answer, choice, {}, stop=_STOPS[answer.stop]),
                last=choice == choices - 1,
            )
        if _with_usage(answer):
            head = _head(answer, "chat.completion.chunk")
            yield Frame(data=sse({**head, "choices": [], "usage": _usage(answer)}))
        yield Frame(data=b"data: [DONE]\n\n")

    def refusal(self, status: int, message: str, request_id: str) -> Mapping[str, object]:
        """Return an error's body."""
        return openai_error(status, message, request_id)

    def error_frame(self, message: str, request_id: str) -> bytes:
        """Return the frame that ends a stream with an error of the provider's own."""
        return sse(openai_error(500, message, request_id))


def _check_pairs(messages: Sequence[Mapping[str, object]]) -> None:
    """Refuse a tool call that the messages right behind it do not answer."""
    open_calls: list[object] = []
    for number, message in enumerate(messages):
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise BadRequest(f"messages.{number}: a 'tool' message must follow a message with its 'tool_calls'")
            open_calls.remove(message.get("tool_call_id"))
            continue
        if open_calls:
            break
        open_calls = [call.get("id") for call in objects(message.get("tool_calls"), f"messages.{number}.tool_calls")]
    if open_calls:
        raise BadRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {open_calls}"
        )


def _turns(messages: Sequence[Mapping[str, object]]) -> Iterator[Turn]:
    """Yield the conversation's turns."""
    for message in messages:
        if message.get("role") == "assistant":
            yield Turn(answer=True)
        elif message.get("role") == "user":
            yield Turn(texts=content_texts(message.get("content"), "text"))


def _choices(answer: Answer) -> int:
    """Return how many answers are asked for."""
    return optional_count(answer.asked, "n") or 1


def _with_usage(answer: Answer) -> bool:
    """Return whether the client asked for the usage of a stream."""
    options = answer.asked.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _head(answer: Answer, kind: str) -> Mapping[str, object]:
    """Return what every document of the answer begins with."""
    return {
        "id": answer.id,
        "object": kind,
        "created": answer.created,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": "fp_demo",
    }


def _usage(answer: Answer) -> Mapping[str, object]:
    """Return the usage of all choices."""
    tokens, output = answer.tokens, answer.tokens.output
    thought = sum(block.tokens for block in answer.blocks if block.kind is Kind.THINKING) + answer.hidden
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": output,
        "total_tokens": tokens.input + output,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _tool(block: Block) -> Mapping[str, object]:
    """Return a whole tool call."""
    function = {"name": block.name, "arguments": block.text}
    return {"id": f"call_{block.id}", "type": "function", "function": function}


def _deltas(answer: Answer, choice: int) -> Iterator[Frame]:
    """Yield the content of one choice; thinking is billed and not shown."""
    number = -1
    for block in answer.blocks:
        left = block.tokens
        if block.kind is Kind.TOOL:
            number += 1
            start = {**_tool(block), "function": {"name": block.name, "arguments": ""}}
            yield _chunk(answer, choice, {"tool_calls": [{"index": number, **start}]}, content=True)
        for piece in chunks(block.text, answer.chunk) if block.text else ():
            tokens = min(left, tokens_of(piece))
            left -= tokens
            if block.kind is Kind.TEXT:
                yield _chunk(answer, choice, {"content": piece}, tokens=tokens, content=True)
            elif block.kind is Kind.TOOL:
                part = {"index": number, "function": {"arguments": piece}}
                yield _chunk(answer, choice, {"tool_calls": [part]}, tokens=tokens, content=True)


def _chunk(
    answer: Answer,
    choice: int,
    delta: Mapping[str, object],
    *,
    stop: str | None = None,
    tokens: int = 0,
    content: bool = False,
) -> Frame:
    """Return one chunk; ``usage`` is null in it where the client asked for usage at the end."""
    document = {
        **_head(answer, "chat.completion.chunk"),
        "choices": [{"index": choice, "delta": delta, "logprobs": None, "finish_reason": stop}],
        **({"usage": None} if _with_usage(answer) else {}),
    }
    return Frame(data=sse(document), tokens=tokens, content=content)
