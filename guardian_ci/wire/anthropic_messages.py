"""The Anthropic messages API: ``POST /v1/messages`` and ``/v1/messages/count_tokens``."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from guardian_ci.errors import BadRequest
from guardian_ci.model import Call, Operation, Origin, ToolResult, WireProtocol
from guardian_ci.wire import fields, results, texts
from guardian_ci.wire.answer import is_stream
from guardian_ci.wire.anthropic_answer import Stream, Whole
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import Address, AnswerReader, Edits, Parsed, Passage, Path
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text, clean
from guardian_ci.wire.media import Media
from guardian_ci.wire.removal import Gone, references
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
from guardian_ci.wire.sse import event_frame

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

    def _read(self, body: bytes, document: Node, operation: Operation, address: Address) -> Parsed:  # noqa: ARG002 - all stands in the body
        request = fields.record({"body": document.value}, "body")
        check_spelling(request, _KNOWN)
        model = fields.model_id(request)
        messages = fields.required_items(request, "messages")
        walk = _Walk()
        walk.request(request, messages)
        answers = _answers(messages)
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
            tool_results=tuple(_results(messages[new:], _names(messages[:new]))),
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

    def _passages(self, request: Object, call: Call) -> Iterator[Passage]:
        messages: Sequence[Object] = fields.items(request, "messages")
        # An answer that the provider keeps is no part of the request: all of its messages are new.
        new = 0 if call.previous_response_id else last_turn(messages, _answers(messages))
        first = new == 0 and not call.previous_response_id
        yield from texts.passages(request.get("system"), ("system",), Origin.SYSTEM, fresh=first)
        yield from texts.definitions(as_list(request.get("tools")), ("tools",), fresh=first)
        for i, message in enumerate(messages):
            yield from _message_texts(message, ("messages", i), fresh=i >= new)

    def _pointers(self, root: Node, gone: Gone) -> Iterator[Path]:
        if "_reference" not in root.text:  # far faster to ask than to look at every block
            return
        for i, message in enumerate(as_list(as_object(root.value).get("messages"))):
            for j, block in enumerate(as_list(as_object(message).get("content"))):
                yield from _pointers(as_object(block), ("messages", i, "content", j), gone.names)

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
            return Stream(parsed.call, provider)
        return Whole(parsed.call, provider)

    def refusal(self, *, status: int, code: str, message: str, request_id: str) -> bytes:
        """Return the body of a refusal; a code that is no error type of the API gives way to its status's type."""
        kind = code if code in _ERROR_TYPES.values() else _ERROR_TYPES.get(status, "invalid_request_error")
        return json.dumps(_error(kind, message, request_id)).encode()

    def stream_error(
        self,
        *,
        message: str,
        request_id: str,
        reader: AnswerReader | None = None,  # noqa: ARG002 - nothing of the answer is repeated
        agent: str = "",  # noqa: ARG002 - the same for all
    ) -> bytes:
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
            for i, inner in enumerate(as_list(block.get("content"))):
                self._block(as_object(inner), (*path, "content", i))
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


def _names(messages: Sequence[Object]) -> Mapping[str, str]:
    """The names of the tool calls in these messages, by their ids."""
    blocks = (as_object(block) for message in messages for block in as_list(message.get("content")))
    calls = (block for block in blocks if block.get("type") == "tool_use")
    return {as_text(call.get("id")): clean(as_text(call.get("name"))) for call in calls}


def _results(messages: Sequence[Object], names: Mapping[str, str]) -> Iterator[ToolResult]:
    for message in messages:
        for block in as_list(message.get("content")):
            result = as_object(block)
            if result.get("type") == "tool_result":
                identity = as_text(result.get("tool_use_id"))
                yield ToolResult(
                    id=clean(identity),
                    ok=result.get("is_error") is not True,
                    digest=results.digest(result.get("content")),
                    name=names.get(identity, ""),
                )


def _answers(messages: Sequence[Object]) -> list[bool]:
    return [message.get("role") == "assistant" for message in messages]


_ORIGINS: Final[Mapping[str, Origin]] = {
    "assistant": Origin.ANSWER,
    "system": Origin.SYSTEM,
    "developer": Origin.SYSTEM,
}


def _message_texts(message: Object, path: Path, *, fresh: bool) -> Iterator[Passage]:
    origin = _ORIGINS.get(as_text(message.get("role")), Origin.PROMPT)
    content = message.get("content")
    if isinstance(content, str):
        yield from texts.passages(content, (*path, "content"), origin, fresh=fresh)
    for i, block in enumerate(as_list(content)):
        yield from _block_texts(as_object(block), (*path, "content", i), origin, fresh=fresh)


def _block_texts(block: Object, path: Path, origin: Origin, *, fresh: bool) -> Iterator[Passage]:
    """Yield a block's texts. What a tool brought is from outside, whoever ran the tool."""
    kind = as_text(block.get("type"))
    if kind == "tool_addition":
        added = as_object(block.get("tool")).get("definition")
        yield from texts.definition(added, (*path, "tool", "definition"), fresh=fresh)
    elif kind == "mcp_tool_listing":
        yield from texts.definitions(as_list(block.get("tools")), (*path, "tools"), fresh=fresh)
    elif kind.endswith("tool_use"):
        yield from texts.passages(block, path, Origin.TOOL_CALL, fresh=fresh)
    elif kind.endswith("tool_result") or kind == "search_result":
        yield from texts.passages(block, path, Origin.TOOL_RESULT, fresh=fresh)
    else:
        yield from texts.passages(block, path, origin, fresh=fresh)


def _pointers(block: Object, path: Path, names: frozenset[str]) -> Iterator[Path]:
    """Find what names a tool without defining it: the provider refuses such a name once the definition is gone."""
    kind = as_text(block.get("type"))
    content = block.get("content")
    if kind in {"tool_addition", "tool_removal"}:
        told = as_object(block.get("tool"))
        name = f"mcp__{as_text(told.get('server_name'))}" if "server_name" in told else as_text(told.get("name"))
        if as_text(told.get("type")).endswith("_reference") and name in names:
            yield path
    elif kind == "tool_search_tool_result":
        found = as_object(content).get("tool_references")
        yield from references(found, (*path, "content", "tool_references"), names)
    elif kind == "tool_result":
        yield from references(content, (*path, "content"), names)


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
