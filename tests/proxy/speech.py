"""How each wire protocol speaks, written out by hand: requests, answers, and what an error must look like."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import anthropic
import openai

Json = dict[str, Any]

INPUT: Final = 20
OUTPUT: Final = 7


def event(name: str | None, payload: object) -> bytes:
    prefix = f"event: {name}\n" if name else ""
    return f"{prefix}data: {json.dumps(payload)}\n\n".encode()


class Speech(ABC):
    """One protocol."""

    name: ClassVar[str]
    provider: ClassVar[str]
    path: ClassVar[str]
    model: ClassVar[str]
    maximum: ClassVar[str]
    """The member that bounds the output."""
    key_header: ClassVar[tuple[str, str]]
    """How an agent sends its key: the header, and what stands before the key."""

    @abstractmethod
    def request(self, text: str = "Hello.", *, streamed: bool = False, **more: object) -> Json: ...

    @abstractmethod
    def whole(self, *tools: tuple[str, Mapping[str, object]], usage: bool = True) -> Json: ...

    @abstractmethod
    def frames(self, *tools: tuple[str, Mapping[str, object]], words: int = 3) -> list[bytes]:
        """A stream, frame by frame; the last one is the terminal frame (with what the protocol puts behind it)."""

    @abstractmethod
    def text_frame(self, text: str) -> bytes: ...

    @abstractmethod
    def message_of(self, body: Json) -> str:
        """The message of a refusal; it must have the protocol's shape."""

    @abstractmethod
    def stream_message_of(self, data: bytes) -> str:
        """The message of the error that ends a stream; it must be the last frame."""

    @abstractmethod
    def ask(self, base_url: str, *, streamed: bool, **more: Any) -> str:
        """Ask with the official SDK; the text of the answer."""

    def body(self, text: str = "Hello.", *, streamed: bool = False, **more: object) -> bytes:
        return json.dumps(self.request(text, streamed=streamed, **more)).encode()

    def headers(self, key: str) -> dict[str, str]:
        name, before = self.key_header
        return {name: f"{before}{key}", "content-type": "application/json"}


def last_event(data: bytes) -> tuple[str | None, Json]:
    """The last frame of a stream."""
    assert data.endswith(b"\n\n"), data[-200:]
    lines = data[:-2].split(b"\n\n")[-1].decode().splitlines()
    name = next((line.removeprefix("event: ") for line in lines if line.startswith("event: ")), None)
    text = next(line.removeprefix("data: ") for line in lines if line.startswith("data: "))
    return name, json.loads(text)


class Messages(Speech):
    name = "anthropic-messages"
    provider = "anthropic"
    path = "/v1/messages"
    model = "claude-opus-5-5"
    maximum = "max_tokens"
    key_header = ("x-api-key", "")

    def request(self, text: str = "Hello.", *, streamed: bool = False, **more: object) -> Json:
        said = {"role": "user", "content": text}
        return {"model": self.model, "max_tokens": 100, "messages": [said], "stream": streamed} | more

    def whole(self, *tools: tuple[str, Mapping[str, object]], usage: bool = True) -> Json:
        blocks: list[Json] = [{"type": "text", "text": "Well then."}]
        blocks += [{"type": "tool_use", "id": f"toolu_{i}", "name": n, "input": g} for i, (n, g) in enumerate(tools)]
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": blocks,
            "stop_reason": "tool_use" if tools else "end_turn",
            "stop_sequence": None,
        } | ({"usage": {"input_tokens": INPUT, "output_tokens": OUTPUT}} if usage else {})

    def frames(self, *tools: tuple[str, Mapping[str, object]], words: int = 3) -> list[bytes]:
        start = self.whole() | {"content": [], "stop_reason": None}
        start["usage"] = {"input_tokens": INPUT, "output_tokens": 1}
        frames = [
            event("message_start", {"type": "message_start", "message": start}),
            self._block(0, {"type": "text", "text": ""}),
            event("ping", {"type": "ping"}),
            *(self.text_frame(f"word{i} ") for i in range(words)),
            self._stop(0),
        ]
        for i, (name, given) in enumerate(tools, start=1):
            frames += [
                self._block(i, {"type": "tool_use", "id": f"toolu_{i}", "name": name, "input": {}}),
                self._delta(i, {"type": "input_json_delta", "partial_json": json.dumps(given)}),
                self._stop(i),
            ]
        reason = {"stop_reason": "tool_use" if tools else "end_turn", "stop_sequence": None}
        usage = {"input_tokens": INPUT, "output_tokens": OUTPUT}
        frames.append(event("message_delta", {"type": "message_delta", "delta": reason, "usage": usage}))
        return [*frames, event("message_stop", {"type": "message_stop"})]

    def text_frame(self, text: str) -> bytes:
        return self._delta(0, {"type": "text_delta", "text": text})

    @staticmethod
    def _block(index: int, block: Json) -> bytes:
        return event("content_block_start", {"type": "content_block_start", "index": index, "content_block": block})

    @staticmethod
    def _delta(index: int, delta: Json) -> bytes:
        return event("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta})

    @staticmethod
    def _stop(index: int) -> bytes:
        return event("content_block_stop", {"type": "content_block_stop", "index": index})

    def message_of(self, body: Json) -> str:
        assert body["type"] == "error"
        assert set(body["error"]) == {"type", "message"}
        assert body["request_id"].startswith("req_")
        return str(body["error"]["message"])

    def stream_message_of(self, data: bytes) -> str:
        name, payload = last_event(data)
        assert name == "error"
        assert payload["error"]["type"] == "invalid_request_error"
        return self.message_of(payload)

    def ask(self, base_url: str, *, streamed: bool, **more: Any) -> str:
        with anthropic.Anthropic(base_url=base_url, api_key="agent", max_retries=0, **more) as client:
            asked = self.request()
            del asked["stream"]
            if not streamed:
                return str(client.messages.create(**asked).content[0].text)
            with client.messages.stream(**asked) as answer:
                return answer.get_final_text()


class Chat(Speech):
    name = "openai-chat"
    provider = "openai"
    path = "/v1/chat/completions"
    model = "gpt-4.1"
    maximum = "max_completion_tokens"
    key_header = ("authorization", "Bearer ")

    def request(self, text: str = "Hello.", *, streamed: bool = False, **more: object) -> Json:
        said = {"role": "user", "content": text}
        asked: Json = {"model": self.model, "max_completion_tokens": 100, "messages": [said]}
        return asked | ({"stream": True, "stream_options": {"include_usage": True}} if streamed else {}) | more

    def whole(self, *tools: tuple[str, Mapping[str, object]], usage: bool = True) -> Json:
        message: Json = {"role": "assistant", "content": "Well then.", "refusal": None}
        if tools:
            message["tool_calls"] = [self._call(i, *tool) for i, tool in enumerate(tools)]
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if tools else "stop", "logprobs": None}
        answer = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": self.model}
        return answer | {"choices": [choice]} | ({"usage": self._usage()} if usage else {})

    @staticmethod
    def _usage() -> Json:
        return {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}

    @staticmethod
    def _call(index: int, name: str, given: Mapping[str, object]) -> Json:
        function = {"name": name, "arguments": json.dumps(given)}
        return {"id": f"call_{index}", "type": "function", "function": function}

    def frames(self, *tools: tuple[str, Mapping[str, object]], words: int = 3) -> list[bytes]:
        frames = [self._chunk({"role": "assistant", "content": ""})]
        frames += [self.text_frame(f"word{i} ") for i in range(words)]
        calls = [{"index": i, **self._call(i, *tool)} for i, tool in enumerate(tools)]
        frames += [self._chunk({"tool_calls": [call]}) for call in calls]
        frames.append(self._chunk({}, "tool_calls" if tools else "stop"))
        usage = self._answer() | {"choices": [], "usage": self._usage()}
        return [*frames, event(None, usage), b"data: [DONE]\n\n"]

    def _answer(self) -> Json:
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": self.model}

    def _chunk(self, delta: Json, reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return event(None, self._answer() | {"choices": [choice], "usage": None})

    def text_frame(self, text: str) -> bytes:
        return self._chunk({"content": text})

    def message_of(self, body: Json) -> str:
        assert {"message", "type", "code", "param"} <= set(body["error"])
        return str(body["error"]["message"])

    def stream_message_of(self, data: bytes) -> str:
        name, payload = last_event(data)
        assert name is None
        return self.message_of(payload)

    def ask(self, base_url: str, *, streamed: bool, **more: Any) -> str:
        with openai.OpenAI(base_url=f"{base_url}/v1", api_key="agent", max_retries=0, **more) as client:
            if not streamed:
                return str(client.chat.completions.create(**self.request()).choices[0].message.content)
            chunks = client.chat.completions.create(**self.request(streamed=True))
            return "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)


class Responses(Speech):
    name = "openai-responses"
    provider = "openai"
    path = "/v1/responses"
    model = "gpt-4.1"
    maximum = "max_output_tokens"
    key_header = ("authorization", "Bearer ")

    def request(self, text: str = "Hello.", *, streamed: bool = False, **more: object) -> Json:
        asked: Json = {"model": self.model, "max_output_tokens": 100, "input": text}
        return asked | ({"stream": True} if streamed else {}) | more

    def whole(self, *tools: tuple[str, Mapping[str, object]], usage: bool = True) -> Json:
        items = [self._text_item("Well then."), *(self._call(i, *tool) for i, tool in enumerate(tools))]
        return self._answer("completed", items, usage=usage)

    def _answer(self, status: str, items: list[Json], *, usage: bool) -> Json:
        used = {
            "input_tokens": INPUT,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": OUTPUT,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT + OUTPUT,
        }
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "model": self.model,
            "output": items,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": used if usage else None,
        }

    @staticmethod
    def _text_item(text: str) -> Json:
        part = {"type": "output_text", "text": text, "annotations": []}
        return {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]}

    @staticmethod
    def _call(index: int, name: str, given: Mapping[str, object]) -> Json:
        call = {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": name}
        return call | {"arguments": json.dumps(given), "status": "completed"}

    def frames(self, *tools: tuple[str, Mapping[str, object]], words: int = 3) -> list[bytes]:
        text = "".join(f"word{i} " for i in range(words))
        item = self._text_item(text)
        events: list[tuple[str, Json]] = [
            ("response.created", {"response": self._answer("in_progress", [], usage=False)}),
            (
                "response.output_item.added",
                {"output_index": 0, "item": item | {"content": [], "status": "in_progress"}},
            ),
            *(("response.output_text.delta", self._text(f"word{i} ")) for i in range(words)),
            ("response.output_text.done", {"item_id": "msg_1", "output_index": 0, "content_index": 0, "text": text}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
        ]
        calls = [self._call(i, *tool) for i, tool in enumerate(tools)]
        for i, call in enumerate(calls, start=1):
            where = {"output_index": i, "item_id": call["id"]}
            begun = call | {"arguments": "", "status": "in_progress"}
            events += [
                ("response.output_item.added", {"output_index": i, "item": begun}),
                ("response.function_call_arguments.delta", where | {"delta": call["arguments"]}),
                ("response.function_call_arguments.done", where | {"arguments": call["arguments"]}),
                ("response.output_item.done", {"output_index": i, "item": call}),
            ]
        events.append(("response.completed", {"response": self._answer("completed", [item, *calls], usage=True)}))
        return [event(name, {"type": name, "sequence_number": n} | fields) for n, (name, fields) in enumerate(events)]

    @staticmethod
    def _text(text: str) -> Json:
        return {"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text, "logprobs": []}

    def text_frame(self, text: str) -> bytes:
        name = "response.output_text.delta"
        return event(name, {"type": name, "sequence_number": 2} | self._text(text))

    def message_of(self, body: Json) -> str:
        assert {"message", "type", "code", "param"} <= set(body["error"])
        return str(body["error"]["message"])

    def stream_message_of(self, data: bytes) -> str:
        name, payload = last_event(data)
        assert name == payload["type"] == "response.failed"
        assert payload["response"]["status"] == "failed"
        assert payload["response"]["error"]["code"] == "invalid_prompt"
        return str(payload["response"]["error"]["message"])

    def ask(self, base_url: str, *, streamed: bool, **more: Any) -> str:
        with openai.OpenAI(base_url=f"{base_url}/v1", api_key="agent", max_retries=0, **more) as client:
            if not streamed:
                return client.responses.create(**self.request()).output_text
            said: list[str] = []
            for each in client.responses.create(**self.request(streamed=True)):
                if each.type == "response.failed":
                    raise RuntimeError(each.response.error and each.response.error.message)
                if each.type == "response.output_text.delta":
                    said.append(each.delta)
            return "".join(said)


MESSAGES: Final = Messages()
CHAT: Final = Chat()
RESPONSES: Final = Responses()
SPEECHES: Final[tuple[Speech, ...]] = (MESSAGES, CHAT, RESPONSES)
Make = Callable[..., Any]
