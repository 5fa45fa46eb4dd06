"""A scripted agent: as small as an agent can be, over a real socket. It runs nothing and writes nothing.

Like the real ones it streams its calls, turns a tool that it does not know into an error result with the tool's
arguments, so that the model can go on, and ends when a call is refused.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPResponse
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.errors import UpstreamError

MODEL: Final = "claude-opus-5-5"
MAX_TOKENS: Final = 4000
_TIMEOUT: Final = 30
_TURNS: Final = 20
_OK: Final = 200

_TOOLS: Final[Mapping[str, tuple[str, str]]] = {
    "read_file": ("path", "Read a file."),
    "write_file": ("path", "Write a file."),
    "bash": ("command", "Run a shell command."),
    "web_fetch": ("url", "Fetch a page."),
}


class Kind(StrEnum):
    """What an event is."""

    TASK = "task"
    SAID = "said"
    TOOL = "tool"
    DENIED = "denied"
    CUT = "cut"
    REFUSED = "refused"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that the agent saw. ``about`` is a tool's name and subject, or a refusal's status and reason."""

    kind: Kind
    text: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer, as content blocks, and why it ended."""

    content: Sequence[Mapping[str, object]]
    stop: str


class _RefusedError(UpstreamError):
    """The call was answered by an error."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.about = f"{status} {reason}".strip()


class Agent:
    """An agent in a pretended workspace. ``files`` are what it can read; ``outputs`` what its commands print."""

    def __init__(self, base_url: str, key: str, files: Mapping[str, str], outputs: Mapping[str, str]) -> None:
        self.base_url = urlsplit(base_url)
        self.key = key
        self.files = dict(files)
        self.outputs = outputs

    def work(self, task: str) -> Iterator[Event]:
        """Work on a task until the model is done or a call is refused; yield what happens."""
        messages: list[Mapping[str, object]] = [{"role": "user", "content": task}]
        yield Event(kind=Kind.TASK, text=task.partition("demo-script:")[0].strip())
        for _ in range(_TURNS):
            try:
                reply = self._ask(messages)
            except _RefusedError as refusal:
                yield Event(kind=Kind.REFUSED, text=str(refusal), about=refusal.about)
                return
            yield from (Event(kind=Kind.SAID, text=str(block["text"])) for block in reply.content if "text" in block)
            if reply.stop == "max_tokens":
                yield Event(kind=Kind.CUT)
            results = []
            for block in reply.content:
                if block["type"] == "tool_use":
                    event = self._use(str(block["name"]), block["input"])
                    yield event
                    results.append(_result(block, event))
            if not results:
                yield Event(kind=Kind.DONE)
                return
            messages += [{"role": "assistant", "content": reply.content}, {"role": "user", "content": results}]

    def _ask(self, messages: Sequence[Mapping[str, object]]) -> _Reply:
        """Send one call and read its answer to the end."""
        connection = HTTPConnection(self.base_url.hostname or "", self.base_url.port, timeout=_TIMEOUT)
        body = {
            "model": MODEL,
            "max_tokens": MAX_TOKENS,
            "stream": True,
            "tools": [_offer(name, key, text) for name, (key, text) in _TOOLS.items()],
            "messages": messages,
        }
        headers = {"content-type": "application/json", "x-api-key": self.key, "anthropic-version": "2023-06-01"}
        try:
            connection.request("POST", f"{self.base_url.path}/v1/messages", json.dumps(body), headers)
            response = connection.getresponse()
            if response.status != _OK:
                message = _error_message(json.loads(response.read()))
                raise _RefusedError(response.status, response.headers.get("x-guardian-reason", ""), message)
            return _read(response)
        finally:
            connection.close()

    def _use(self, name: str, given: object) -> Event:
        """Pretend to use a tool."""
        arguments = given if isinstance(given, dict) else {}
        if name not in _TOOLS:
            return Event(kind=Kind.DENIED, about=name, text=str(arguments.get("reason", "no such tool")))
        key, _ = _TOOLS[name]
        subject = str(arguments.get(key, ""))
        if name == "write_file":
            self.files[subject] = str(arguments.get("content", ""))
        known = {**self.outputs, **self.files}
        return Event(kind=Kind.TOOL, about=f"{name} {subject}", text=known.get(subject, "ok"))


def _read(response: HTTPResponse) -> _Reply:
    """Put the blocks of a stream together."""
    blocks: list[dict[str, object]] = []
    texts: list[str] = []
    stop = ""
    for line in response:
        if not line.startswith(b"data: "):
            continue
        event = json.loads(line.removeprefix(b"data: "))
        match event["type"]:
            case "content_block_start":
                blocks.append(event["content_block"])
                texts.append("")
            case "content_block_delta":
                delta = event["delta"]
                texts[event["index"]] += delta.get("text", "") + delta.get("partial_json", "")
            case "message_delta":
                stop = event["delta"]["stop_reason"]
            case "error":
                raise _RefusedError(response.status, "", _error_message(event))
    if not stop:
        raise _RefusedError(response.status, "", "the stream ended before its end")
    for block, text in zip(blocks, texts, strict=True):
        if block["type"] == "tool_use":
            block["input"] = json.loads(text or "{}")
        else:
            block["text"] = text
    return _Reply(blocks, stop)


def _error_message(document: object) -> str:
    """Return what an error body says."""
    error = document.get("error") if isinstance(document, dict) else None
    return str(error.get("message", error)) if isinstance(error, dict) else str(document)


def _offer(name: str, key: str, text: str) -> Mapping[str, object]:
    """Return a tool as a request offers it."""
    schema = {"type": "object", "properties": {key: {"type": "string"}}, "required": [key]}
    return {"name": name, "description": text, "input_schema": schema}


def _result(block: Mapping[str, object], event: Event) -> Mapping[str, object]:
    """Return a tool's result as the next request reports it."""
    return {
        "type": "tool_result",
        "tool_use_id": block["id"],
        "content": event.text,
        "is_error": event.kind is Kind.DENIED,
    }
