"""A small agent on OpenAI's SDK, run as a user's program is: base URL and key are in the environment.

``sdk_openai.py (chat|responses) (whole|stream|hang-up) PROMPT``
"""

import json
import sys
from typing import Any

import openai
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessage
from openai.types.responses import Response, ResponseStreamEvent
from sdk_tools import NAMES, use

SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}


def streamed(chunks: openai.Stream[ChatCompletionChunk], how: str) -> ChatCompletionMessage:
    """Put a stream together; the SDK's own helper raises where an answer is cut by its limit."""
    text, calls = "", dict[int, Any]()
    for chunk in chunks:
        delta = chunk.choices[0].delta
        text += delta.content or ""
        if how == "hang-up" and text:
            sys.exit(7)
        for part in delta.tool_calls or []:
            function = calls.setdefault(
                part.index, {"id": part.id, "type": "function", "function": {"name": "", "arguments": ""}}
            )["function"]
            if part.function:
                function["name"] += part.function.name or ""
                function["arguments"] += part.function.arguments or ""
    return ChatCompletionMessage.model_validate(
        {"role": "assistant", "content": text, "tool_calls": list(calls.values()) or None}
    )


def chat(how: str, prompt: str) -> None:
    """Talk to OpenAI, chat."""
    client = openai.OpenAI()
    said: list[Any] = [{"role": "user", "content": prompt}]
    tools: list[Any] = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in NAMES]
    given: dict[str, Any] = {"model": "gpt-4.1", "tools": tools}
    while True:
        if how == "whole":
            message = client.chat.completions.create(messages=said, **given).choices[0].message
        else:
            message = streamed(client.chat.completions.create(messages=said, stream=True, **given), how)
        print(message.content or "")
        if not message.tool_calls:
            return
        said.append(message.to_dict())
        for call in message.tool_calls:
            if call.type == "function":
                result = use(call.function.name, json.loads(call.function.arguments))
                said.append({"role": "tool", "tool_call_id": call.id, "content": result})


def finished(events: openai.Stream[ResponseStreamEvent], how: str) -> Response:
    """Return a stream's last response; the SDK's own helper raises where an answer is cut by its limit."""
    for event in events:
        if how == "hang-up" and event.type == "response.output_text.delta":
            sys.exit(7)
        if event.type in {"response.completed", "response.incomplete"}:
            return event.response
        if event.type == "response.failed" and event.response.error:
            raise RuntimeError(event.response.error.message)
    raise RuntimeError("the stream ended early")


def responses(how: str, prompt: str) -> None:
    """Talk to OpenAI, responses."""
    client = openai.OpenAI()
    said: list[Any] = [{"role": "user", "content": prompt}]
    tools: list[Any] = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in NAMES]
    given: dict[str, Any] = {"model": "gpt-5.4", "tools": tools, "store": False}
    while True:
        if how == "whole":
            answer = client.responses.create(input=said, **given)
        else:
            answer = finished(client.responses.create(input=said, stream=True, **given), how)
        print(answer.output_text)
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            return
        said += [item.to_dict() for item in answer.output]
        for call in calls:
            result = use(call.name, json.loads(call.arguments))
            said.append({"type": "function_call_output", "call_id": call.call_id, "output": result})


if __name__ == "__main__":
    {"chat": chat, "responses": responses}[sys.argv[1]](sys.argv[2], sys.argv[3])
