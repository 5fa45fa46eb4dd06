"""openai-responses over HTTP, as OpenAI speaks it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import ClassVar, Final

from guardian_ci.demo.answer import Answer, Block, Kind, Stop, chunks, tokens_of
from guardian_ci.demo.chat import NAME, openai_error
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
    scripted_step,
    sse,
)
from guardian_ci.errors import BadRequest
from guardian_ci.model import WireProtocol

_CALLS: Final = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
_ANSWERS: Final = {*_CALLS, "reasoning"}


class Responses(Dialect):
    """``POST /v1/responses``."""

    protocol: ClassVar = WireProtocol.OPENAI_RESPONSES
    request_id_header: ClassVar = "x-request-id"
    id_prefix: ClassVar = "resp_"

    def read(self, document: Mapping[str, object]) -> Ask:
        """Return what a request asks for."""
        given = document.get("input")
        if isinstance(given, str):
            given = [{"role": "user", "content": given}]
        items = objects(given, "input")
        if not items:
            raise BadRequest("input: a text or a list of items is required")
        offered = objects(document.get("tools"), "tools")
        require_pattern((tool.get("name") for tool in offered if tool.get("type") == "function"), NAME, "tools")
        _check_pairs(items)
        return Ask(
            model=required_text(document, "model"),
            stream=document.get("stream") is True,
            limit=optional_count(document, "max_output_tokens"),
            turns=tuple(_turns(items)),
            new=behind_last(items, [_is_answer(item) for item in items]),
            caching=Caching.READS,
            document=document,
        )

    def whole(self, answer: Answer) -> Mapping[str, object]:
        """Return the answer as one JSON document."""
        return _response(answer, done=True)

    def frames(self, answer: Answer) -> Iterator[Frame]:
        """Yield the answer as the frames of a stream."""
        numbers = count()
        for document, tokens, content in _events(answer):
            numbered = {**document, "sequence_number": next(numbers)}
            kind = str(document["type"])
            last = kind in {"response.completed", "response.incomplete"}
            yield Frame(data=sse(numbered, event=kind), tokens=tokens, content=content, last=last)

    def refusal(self, status: int, message: str, request_id: str) -> Mapping[str, object]:
        """Return an error's body."""
        return openai_error(status, message, request_id)

    def error_frame(self, message: str, request_id: str) -> bytes:
        """Return the frame that ends a stream with an error of the provider's own."""
        error = {"code": "server_error", "message": message}
        response = {"id": request_id, "object": "response", "status": "failed", "error": error, "output": []}
        return sse({"type": "response.failed", "response": response}, event="response.failed")


_Event = tuple[Mapping[str, object], int, bool]


def _is_answer(item: Mapping[str, object]) -> bool:
    """Return whether an item of the input is the model's own."""
    return item.get("type") in _ANSWERS or item.get("role") == "assistant"


def _check_pairs(items: Sequence[Mapping[str, object]]) -> None:
    """Refuse a tool call whose output is nowhere."""
    outputs = {(item.get("type"), item.get("call_id")) for item in items}
    for item in items:
        output = _CALLS.get(str(item.get("type")))
        if output is not None and (output, item.get("call_id")) not in outputs:
            raise BadRequest(f"No tool output found for function call {item.get('call_id')}.")


def _turns(items: Sequence[Mapping[str, object]]) -> Iterator[Turn]:
    """Yield the conversation's turns: items in a row are one answer, and so are calls with the same step in their id.

    A client may put each call's output right behind it, between calls of the same answer.
    """
    within, last = False, None
    for item in items:
        if _is_answer(item):
            step = scripted_step(item.get("call_id"))
            if not within and (step is None or step != last):
                yield Turn(answer=True)
            within, last = True, step if step is not None else last
        elif item.get("role") == "user":
            within = False
            yield Turn(texts=content_texts(item.get("content"), "input_text", "text"))
        elif item.get("type") in _CALLS.values():
            within = False


def _events(answer: Answer) -> Iterator[_Event]:
    """Yield the stream's events, each with its tokens and whether the model's words are in it."""
    opening = _response(answer, done=False)
    yield {"type": "response.created", "response": opening}, answer.hidden, False
    yield {"type": "response.in_progress", "response": opening}, 0, False
    shown = [block for block in answer.blocks if block.kind is not Kind.THINKING]
    for index, block in enumerate(shown):
        yield from (_text_events if block.kind is Kind.TEXT else _tool_events)(answer, index, block)
    last = "response.incomplete" if answer.stop is Stop.LIMIT else "response.completed"
    yield {"type": last, "response": _response(answer, done=True)}, 0, False


def _text_events(answer: Answer, index: int, block: Block) -> Iterator[_Event]:
    """Yield a message's events."""
    item = _item(answer, index, block)
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    part = {"type": "output_text", "annotations": [], "logprobs": []}
    started = {**item, "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "output_index": index, "item": started}, 0, False
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}, 0, False
    for piece, tokens in _pieces(answer, block):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}, tokens, True
    yield {"type": "response.output_text.done", **place, "text": block.text, "logprobs": []}, 0, False
    yield {"type": "response.content_part.done", **place, "part": {**part, "text": block.text}}, 0, False
    yield {"type": "response.output_item.done", "output_index": index, "item": item}, 0, False


def _tool_events(answer: Answer, index: int, block: Block) -> Iterator[_Event]:
    """Yield a tool call's events."""
    item = _item(answer, index, block)
    kind, key = ("custom_tool_call_input", "input") if block.freeform else ("function_call_arguments", "arguments")
    place = {"item_id": item["id"], "output_index": index}
    started = {**item, "status": "in_progress", key: ""}
    yield {"type": "response.output_item.added", "output_index": index, "item": started}, 0, False
    for piece, tokens in _pieces(answer, block):
        yield {"type": f"response.{kind}.delta", **place, "delta": piece}, tokens, True
    yield {"type": f"response.{kind}.done", **place, key: block.text}, 0, False
    yield {"type": "response.output_item.done", "output_index": index, "item": item}, 0, False


def _pieces(answer: Answer, block: Block) -> Iterator[tuple[str, int]]:
    """Yield a block's text in chunks, with the tokens of each."""
    left = block.tokens
    for piece in chunks(block.text, answer.chunk) if block.text else ():
        tokens = min(left, tokens_of(piece))
        left -= tokens
        yield piece, tokens


def _item(answer: Answer, index: int, block: Block) -> Mapping[str, object]:
    """Return an output item as it is when it is done."""
    status = "completed" if block.complete else "incomplete"
    if block.kind is Kind.TEXT:
        content = [{"type": "output_text", "annotations": [], "logprobs": [], "text": block.text}]
        name = f"msg_{answer.id}_{index}"
        return {"id": name, "type": "message", "status": status, "role": "assistant", "content": content}
    call = {"status": status, "call_id": f"call_{block.id}", "name": block.name}
    if block.freeform:
        return {"id": f"ctc_{block.id}", "type": "custom_tool_call", **call, "input": block.text}
    return {"id": f"fc_{block.id}", "type": "function_call", **call, "arguments": block.text}


def _response(answer: Answer, *, done: bool) -> Mapping[str, object]:
    """Return the response object, at its beginning or at its end."""
    cut = done and answer.stop is Stop.LIMIT
    shown = [block for block in answer.blocks if block.kind is not Kind.THINKING]
    asked = answer.asked
    return {
        "id": answer.id,
        "object": "response",
        "created_at": answer.created,
        "status": ("incomplete" if cut else "completed") if done else "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "model": answer.model,
        "output": [_item(answer, index, block) for index, block in enumerate(shown)] if done else [],
        "parallel_tool_calls": asked.get("parallel_tool_calls", True),
        "previous_response_id": asked.get("previous_response_id"),
        "reasoning": asked.get("reasoning") or {"effort": None, "summary": None},
        "service_tier": "default" if done else "auto",
        "store": asked.get("store", True),
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": asked.get("tool_choice", "auto"),
        "tools": asked.get("tools", []),
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": _usage(answer) if done else None,
        "user": None,
        "metadata": asked.get("metadata") or {},
    }


def _usage(answer: Answer) -> Mapping[str, object]:
    """Return the usage."""
    tokens = answer.tokens
    thought = sum(block.tokens for block in answer.blocks if block.kind is Kind.THINKING) + answer.hidden
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cache_read, "cache_write_tokens": 0},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": tokens.input + tokens.output,
    }
