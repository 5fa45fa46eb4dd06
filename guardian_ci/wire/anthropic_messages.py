"""The Anthropic messages API: ``POST /v1/messages`` and ``/v1/messages/count_tokens``."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Final

from guardian_ci.errors import BadRequest, UpstreamError
from guardian_ci.model import Call, Finding, Operation, ToolResult, ToolUse, WireProtocol
from guardian_ci.wire import fields
from guardian_ci.wire.answer import (
    Held,
    StreamAnswer,
    WholeAnswer,
    denied_arguments,
    denied_name,
    is_stream,
    tool_use,
    utf8_length,
)
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import AnswerReader, Edits, Parsed, Path, Piece
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text, clean
from guardian_ci.wire.media import Media
from guardian_ci.wire.request import (
    UNBOUNDED_SEARCHES,
    JsonWire,
    Offers,
    check_spelling,
    fingerprint,
    last_turn,
    lowered,
    threads,
)
from guardian_ci.wire.sse import Frame, event_frame
from guardian_ci.wire.usage import merge_stream

_KNOWN: Final = (
    "model",
    "messages",
    "max_tokens",
    "stream",
    "tools",
    "mcp_servers",
    "thinking",
    "service_tier",
    "speed",
    "inference_geo",
    "cache_control",
    "fallbacks",
    "thread",
)
_CLIENT_EXECUTED: Final = ("bash_", "text_editor_", "computer_", "memory_", "browser_")
"""Types of tools that Anthropic defines and the agent runs; all others but ``custom`` run at Anthropic."""

_LEAST_THINKING: Final = 1024
"""The smallest ``budget_tokens`` that the API takes."""

_ERROR_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class AnthropicMessages(JsonWire):
    """The wire protocol of Claude Code."""

    protocol = WireProtocol.ANTHROPIC_MESSAGES
    maximum_names: ClassVar[tuple[str, ...]] = ("max_tokens",)
    tool_dependents: ClassVar[frozenset[str]] = frozenset({"tool_choice"})

    def _read(self, body: bytes, document: Node, operation: Operation) -> Parsed:
        request = fields.record({"body": document.value}, "body")
        check_spelling(request, _KNOWN)
        model = fields.model_id(request)
        messages = fields.required_items(request, "messages")
        walk = _Walk()
        walk.request(request, messages)
        answers = [message.get("role") == "assistant" for message in messages]
        new = last_turn(messages, answers)
        conversation, continues = threads(messages, answers)
        call = Call(
            protocol=self.protocol,
            operation=operation,
            model=model,
            stream=fields.flag(request, "stream"),
            fingerprint=fingerprint(model, operation, messages[new:]),
            size=walk.media.size(body, has_tools=bool(walk.offers.tools)),
            max_output_tokens=fields.count(request, "max_tokens"),
            tools=tuple(walk.offers.tools),
            tool_results=tuple(_results(messages[new:])),
            service_tier=fields.text(request, "service_tier"),
            speed=fields.text(request, "speed"),
            geo=fields.text(request, "inference_geo"),
            cache_ttl=walk.cache_ttl,
            max_web_searches=walk.searches,
            other_models=tuple(_other_models(request)),
            previous_response_id=_previous(request),
            conversation=conversation,
            continues=continues,
        )
        return Parsed(call=call, body=body, document=document, offers=tuple(walk.offers.paths))

    def _protocol_edits(self, root: Node, parsed: Parsed, edits: Edits) -> Iterator[Splice]:
        if edits.max_output_tokens is not None and parsed.call.operation is Operation.GENERATE:
            yield from _lower_thinking(root, edits.max_output_tokens)
            fallbacks = root.step("fallbacks")
            for fallback in fallbacks.elements() if fallbacks else ():
                yield from lowered(fallback.step("max_tokens"), edits.max_output_tokens)
                yield from _lower_thinking(fallback, edits.max_output_tokens)
        if edits.max_web_searches is not None and parsed.call.max_web_searches:
            yield from _bound_searches(root, edits.max_web_searches)

    def _notice(self, root: Node, notice: str) -> Iterator[Splice]:
        messages = root.step("messages")
        users = [message for message in messages.elements() if _role(message) == "user"] if messages else []
        content = users[-1].step("content") if users else None
        if content is not None and isinstance(content.value, str):
            yield content.appended_text(f"\n\n{notice}")
        elif content is not None:
            yield content.with_element({"type": "text", "text": notice})

    def reader(self, parsed: Parsed, *, content_type: str, provider: str | None = None) -> AnswerReader:
        """Make the reader for the answer."""
        if is_stream(content_type, asked=parsed.call.stream):
            return _Stream(parsed.call, provider)
        return _Whole(parsed.call, provider)

    def refusal(self, *, status: int, code: str, message: str, request_id: str) -> bytes:
        """Return the body of a refusal; a code that is no error type of the API gives way to its status's type."""
        kind = code if code in _ERROR_TYPES.values() else _ERROR_TYPES.get(status, "invalid_request_error")
        return json.dumps(_error(kind, message, request_id)).encode()

    def stream_error(self, *, message: str, request_id: str, reader: AnswerReader | None = None) -> bytes:  # noqa: ARG002 - nothing of the answer is repeated
        """Return the error event that ends a stream."""
        return event_frame("error", _error("invalid_request_error", message, request_id))


def _error(kind: str, message: str, request_id: str) -> Object:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


@dataclass(slots=True)
class _Walk:
    """One pass over a request: what it offers, what media it carries, what it may write to the cache."""

    offers: Offers = field(default_factory=Offers)
    media: Media = field(default_factory=Media)
    cache_ttl: str | None = None
    searches: int = 0

    def request(self, request: Object, messages: Sequence[Object]) -> None:
        """Look at every part of a request."""
        self._cached(request)
        for i, tool in enumerate(fields.items(request, "tools")):
            self._tool(tool, ("tools", i))
        for i, server in enumerate(fields.items(request, "mcp_servers")):
            self.offers.add(f"mcp__{as_text(server.get('name'))}", ("mcp_servers", i), provider_executed=True)
        for block in fields.blocks(request, "system", "request"):
            self._cached(block)
        for i, message in enumerate(messages):
            for j, block in enumerate(fields.blocks(message, "content", f"messages[{i}]")):
                self._block(block, ("messages", i, "content", j))

    def _tool(self, tool: Object, path: Path) -> None:
        self._cached(tool)
        kind = as_text(tool.get("type")) or "custom"
        if kind == "custom":
            self.offers.add(as_text(tool.get("name")), path)
            return
        provider_executed = not kind.startswith(_CLIENT_EXECUTED)
        if kind == "mcp_toolset":
            name = f"mcp__{as_text(tool.get('mcp_server_name'))}"
            self.offers.add(name, path, provider_executed=True)
        else:
            self.offers.add(as_text(tool.get("name")) or kind, path, kind=kind, provider_executed=provider_executed)
        if kind.startswith("web_search"):
            self.searches += _uses(tool)
        if kind.startswith("advisor"):
            self._cached({"cache_control": tool.get("caching")})

    def _block(self, block: Object, path: Path) -> None:
        self._cached(block)
        kind = as_text(block.get("type"))
        if kind in {"image", "document"}:
            self._medium(kind == "image", as_object(block.get("source")))
        elif kind == "tool_result":
            for inner in as_list(block.get("content")):
                self._block(as_object(inner), path)
        elif kind == "tool_addition":
            definition = as_object(as_object(block.get("tool")).get("definition"))
            if definition:
                self._tool(definition, path)

    def _medium(self, is_image: bool, source: Object) -> None:  # noqa: FBT001 - one of two kinds
        data = as_text(source.get("data")) if source.get("type") == "base64" else ""
        if is_image:
            self.media.add_image(data)
        elif as_text(source.get("type")) not in {"text", "content"}:
            self.media.add_document(data)
        else:
            for inner in as_list(source.get("content")):
                self._block(as_object(inner), ())

    def _cached(self, holder: Object) -> None:
        """Note the longest lifetime that a ``cache_control`` asks for."""
        control = holder.get("cache_control")
        if isinstance(control, dict):
            self.cache_ttl = "1h" if "1h" in (control.get("ttl"), self.cache_ttl) else "5m"


def _uses(tool: Object) -> int:
    uses = fields.count(tool, "max_uses")
    return UNBOUNDED_SEARCHES if uses is None else uses


def _results(messages: Sequence[Object]) -> Iterator[ToolResult]:
    for message in messages:
        for block in as_list(message.get("content")):
            result = as_object(block)
            if result.get("type") == "tool_result":
                yield ToolResult(id=clean(as_text(result.get("tool_use_id"))), ok=result.get("is_error") is not True)


def _other_models(request: Object) -> Iterator[str]:
    fallbacks = request.get("fallbacks")
    for holder in [*as_list(fallbacks), *as_list(request.get("tools"))]:
        model = as_object(holder).get("model")
        if isinstance(model, str):
            yield clean(model)


def _previous(request: Object) -> str | None:
    thread = fields.record(request, "thread")
    if thread.get("type") != "continue":
        return None
    previous = thread.get("previous_message_id")
    if not isinstance(previous, str):
        raise BadRequest("thread.previous_message_id: must be a string")
    return clean(previous)


def _role(message: Node) -> object:
    return as_object(message.value).get("role")


def _lower_thinking(holder: Node, maximum: int) -> Iterator[Splice]:
    """Keep the thinking budget below a maximum that is lowered; without room for the least budget, do not think."""
    told, thinking = holder.step("max_tokens"), holder.step("thinking")
    if thinking is None or as_object(thinking.value).get("type") != "enabled":
        return
    budget = thinking.step("budget_tokens")
    unchanged = told is not None and isinstance(told.value, int) and told.value <= maximum
    if unchanged or budget is None or not isinstance(budget.value, int) or budget.value < maximum:
        return
    yield budget.replaced(maximum - 1) if maximum > _LEAST_THINKING else thinking.replaced({"type": "disabled"})


def _bound_searches(root: Node, maximum: int) -> Iterator[Splice]:
    tools = root.step("tools")
    for tool in tools.elements() if tools else ():
        if as_text(as_object(tool.value).get("type")).startswith("web_search"):
            uses = tool.step("max_uses")
            if uses is None:
                yield tool.with_member("max_uses", maximum)
            elif uses.value is None or (isinstance(uses.value, int) and uses.value > maximum):
                yield uses.replaced(maximum)


def _is_tool_use(block: Object) -> bool:
    """Whether the agent is to run this block. What Anthropic runs itself passes: it was judged in the request."""
    kind = as_text(block.get("type"))
    return kind.endswith("tool_use") and kind not in {"server_tool_use", "mcp_tool_use"}


def _tool(block: Object, arguments: str) -> ToolUse:
    """Describe a tool call; the members of a toolset are named with it (``browser_navigate``)."""
    toolset = as_text(block.get("toolset_name"))
    name = as_text(block.get("name"))
    return tool_use(block.get("id"), f"{toolset}_{name}" if toolset else name, arguments)


class _Stream(StreamAnswer):
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
            self._open.clear()
            yield self._failed(frame, value.get("error"))
        elif kind == "message_stop":
            for unfinished in list(self._open):
                yield from self._release(unfinished)
            self.state.complete = self.state.error is None
            yield Piece(data=frame.raw, boundary=True, terminal=True)
        else:
            yield self._passing(frame, kind, value)

    def _start(self, index: int | None, held: Held) -> Iterator[Piece]:
        if index is None or index in self._open:
            raise UpstreamError("the upstream opened a tool call that is open already, or without an index")
        self._hold(held)
        self._open[index] = [held]
        yield Piece()

    def _continue(self, index: int, kind: str, held: Held) -> Iterator[Piece]:
        self._hold(held)
        self._open[index].append(held)
        yield Piece(output_bytes=utf8_length(_partial(held)))
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
        written = utf8_length(delta.get("text"), delta.get("thinking"), delta.get("partial_json"))
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


class _Whole(WholeAnswer):
    """An unstreamed answer, or a count of tokens."""

    def _facts(self, document: Object) -> bool:
        if document.get("type") == "error":
            return False
        self.state.model = as_text(document.get("model")) or None
        self.state.response_id = as_text(document.get("id")) or None
        self.note_usage(document.get("usage"))
        return True

    def _output(self, document: Object) -> int:
        blocks = [as_object(block) for block in as_list(document.get("content"))]
        inputs = [json.dumps(block["input"]) for block in blocks if "input" in block]
        return utf8_length(*inputs, *(block.get(key) for block in blocks for key in ("text", "thinking")))

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
