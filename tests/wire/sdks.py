"""The official SDKs as readers of an answer: what they make of its bytes, be they cut off at any frame."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anthropic
import httpx2
import openai

SSE = "text/event-stream"
JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Called:
    """A tool call as an SDK hands it to an agent."""

    index: int
    id: str
    name: str
    arguments: object


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What an agent gets of an answer."""

    texts: tuple[str, ...]
    calls: tuple[Called, ...]
    end: str | None = None


def _client(body: bytes, kind: str) -> httpx2.Client:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": kind}, content=body)

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def _openai(body: bytes, kind: str) -> openai.OpenAI:
    return openai.OpenAI(api_key="k", base_url="http://x", max_retries=0, http_client=_client(body, kind))


def _anthropic(body: bytes, kind: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="k", base_url="http://x", max_retries=0, http_client=_client(body, kind))


def messages(body: bytes, kind: str = SSE) -> Understood:
    """Read an answer as Anthropic's SDK does."""
    client = _anthropic(body, kind)
    if kind == JSON:
        return _message(client.messages.create(model="m", max_tokens=9, messages=[]))
    with client.messages.stream(model="m", max_tokens=9, messages=[]) as stream:
        began = [event.type for event in stream]
        return _message(stream.current_message_snapshot) if began else Understood(texts=(), calls=())


def _message(message: anthropic.types.Message) -> Understood:
    texts = [block.text if block.type == "text" else block.thinking for block in message.content if _is_prose(block)]
    calls = [
        Called(index=i, id=block.id, name=block.name, arguments=block.input)
        for i, block in enumerate(message.content)
        if block.type == "tool_use"
    ]
    return Understood(texts=tuple(texts), calls=tuple(calls), end=message.stop_reason)


def _is_prose(block: anthropic.types.ContentBlock) -> bool:
    return block.type in {"text", "thinking"}


def chat(body: bytes, kind: str = SSE) -> Understood:
    """Read an answer as OpenAI's SDK reads a completion."""
    client = _openai(body, kind)
    if kind == JSON:
        return _completion(client.chat.completions.create(model="m", messages=[]))
    with client.chat.completions.stream(model="m", messages=[]) as stream:
        began = [event.type for event in stream]
        return _completion(stream.current_completion_snapshot) if began else Understood(texts=(), calls=())


def _completion(completion: openai.types.chat.ChatCompletion) -> Understood:
    calls = [
        Called(index=choice.index * 100 + i, id=call.id, name=holder.name, arguments=_loaded(holder))
        for choice in completion.choices
        for i, call in enumerate(choice.message.tool_calls or [])
        if (holder := call.custom if call.type == "custom" else call.function)
    ]
    texts = [choice.message.content or "" for choice in completion.choices]
    end = completion.choices[0].finish_reason if completion.choices else None
    return Understood(texts=tuple(texts), calls=tuple(calls), end=end)


def responses(body: bytes, kind: str = SSE) -> Understood:
    """Read an answer as OpenAI's SDK reads a response."""
    client = _openai(body, kind)
    if kind == JSON:
        return _response(client.responses.create(model="m", input=[]))
    with client.responses.stream(model="m", input=[]) as stream:
        ended = [event for event in stream if event.type == "response.completed"]
        return _response(stream.get_final_response()) if ended else Understood(texts=(), calls=())


def _response(response: openai.types.responses.Response) -> Understood:
    texts: list[str] = []
    calls: list[Called] = []
    for i, item in enumerate(response.output):
        if item.type == "message":
            texts += [part.text for part in item.content if part.type == "output_text"]
        elif item.type == "reasoning":
            texts += [part.text for part in item.summary]
        elif item.type in {"function_call", "custom_tool_call"}:
            calls.append(Called(index=i, id=item.call_id, name=item.name, arguments=_loaded(item)))
        elif item.type == "local_shell_call":
            calls.append(Called(index=i, id=item.call_id, name="local_shell", arguments=tuple(item.action.command)))
    return Understood(texts=tuple(texts), calls=tuple(calls), end=response.status)


def _loaded(holder: object) -> object:
    text = getattr(holder, "arguments", None)
    text = getattr(holder, "input", "") if text is None else text
    try:
        return json.loads(text)
    except ValueError:
        return text


READERS: Mapping[str, Callable[..., Understood]] = {
    "anthropic-messages": messages,
    "openai-chat": chat,
    "openai-responses": responses,
}
