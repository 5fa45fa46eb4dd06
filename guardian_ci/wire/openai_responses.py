"""The OpenAI responses API over HTTP: ``POST /v1/responses``, the wire protocol of Codex."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from guardian_ci.errors import BadRequest
from guardian_ci.model import Call, Operation, Origin, ToolResult, WireProtocol
from guardian_ci.wire import fields, results, texts
from guardian_ci.wire.answer import is_stream
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import Address, AnswerReader, Edits, Parsed, Passage, Path
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text, clean
from guardian_ci.wire.media import Media
from guardian_ci.wire.openai_responses_answer import Stream, Whole, qualified
from guardian_ci.wire.openai_shared import ORIGINS, add_part, cache_lifetime, refusal_body
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
    "input",
    "max_output_tokens",
    "max_tool_calls",
    "stream",
    "background",
    "conversation",
    "previous_response_id",
    "prompt",
    "tools",
    "service_tier",
    "prompt_cache_retention",
    "prompt_cache_options",
)
_UNMETERABLE: Final[Mapping[str, str]] = {
    "background": "a response in the background tells no usage; ask without it",
    "conversation": "the size of a conversation that OpenAI keeps is unknown; send its items, or previous_response_id",
    "prompt": "the size of a prompt that OpenAI keeps is unknown; send its text",
}

_CLIENT_TOOLS: Final = frozenset(
    {"function", "custom", "namespace", "local_shell", "apply_patch", "computer", "computer_use_preview"}
)
_DEFINED_HERE: Final = frozenset({"additional_tools", "tool_search_output", "mcp_list_tools"})
"""Items that define tools."""

_BROUGHT: Final = frozenset({"output", "outputs", "results", "error"})
"""Where an item that is a call keeps what came of it."""


class OpenAIResponses(JsonWire):
    """The wire protocol of Codex."""

    protocol = WireProtocol.OPENAI_RESPONSES
    maximum_names: ClassVar[tuple[str, ...]] = ("max_output_tokens",)
    tool_dependents: ClassVar[frozenset[str]] = frozenset({"tool_choice", "parallel_tool_calls", "max_tool_calls"})

    def _read(self, body: bytes, document: Node, operation: Operation, address: Address) -> Parsed:  # noqa: ARG002 - all stands in the body
        request = fields.record({"body": document.value}, "body")
        check_spelling(request, _KNOWN)
        _check_meterable(request)
        model = fields.model_id(request)
        items = _input(request)
        answers = [_is_answer(item) for item in items]
        new = last_turn(items, answers)
        conversation, continues = threads(items, answers)
        walk = _Walk()
        walk.request(request, items)
        call = Call(
            protocol=self.protocol,
            operation=operation,
            model=model,
            stream=fields.flag(request, "stream"),
            fingerprint=fingerprint(model, operation, items[new:] or [request.get("input")]),
            size=walk.media.size(body, has_tools=bool(walk.offers.tools)),
            max_output_tokens=fields.count(request, "max_output_tokens"),
            tools=tuple(walk.offers.tools),
            tool_results=tuple(_results(items[new:], _names(items[:new]))),
            service_tier=fields.text(request, "service_tier"),
            cache_ttl=cache_lifetime(request),
            max_web_searches=_searches(request) if walk.may_search else 0,
            previous_response_id=fields.text(request, "previous_response_id"),
            item_references=walk.references,
            conversation=conversation,
            continues=continues,
        )
        return Parsed(call=call, body=body, document=document, offers=tuple(walk.offers.paths))

    def _steered(self, body: bytes, document: Node, model: str) -> Call:
        """Read the input of a request that has nothing else."""
        request = as_object(document.value)
        items = _input(request)
        walk = _Walk()
        walk.request({}, items)
        if walk.offers.tools:
            raise BadRequest("input: this event takes no definitions of tools")
        return Call(
            protocol=self.protocol,
            operation=Operation.GENERATE,
            model=model,
            stream=True,
            fingerprint=fingerprint(model, Operation.GENERATE, items),
            size=walk.media.size(body, has_tools=False),
            tool_results=tuple(_results(items, {})),
        )

    def _passages(self, request: Object, call: Call) -> Iterator[Passage]:
        given = request.get("input")
        items: Sequence[Object] = fields.items(request, "input") if isinstance(given, list) else ()
        # What OpenAI keeps of earlier answers is no part of the request: all of its items are new.
        new = 0 if call.previous_response_id else last_turn(items, [_is_answer(item) for item in items])
        first = new == 0 and not call.previous_response_id
        yield from texts.passages(request.get("instructions"), ("instructions",), Origin.SYSTEM, fresh=first)
        yield from texts.definitions(as_list(request.get("tools")), ("tools",), fresh=first)
        if isinstance(given, str):
            yield from texts.passages(given, ("input",), Origin.PROMPT, fresh=True)
        for i, item in enumerate(items):
            yield from _item_texts(item, ("input", i), fresh=i >= new)

    def _protocol_edits(self, root: Node, parsed: Parsed, edits: Edits) -> Iterator[Splice]:
        if edits.max_web_searches is None or not parsed.call.max_web_searches:
            return
        told = root.step("max_tool_calls")
        if told is None:
            yield root.with_member("max_tool_calls", edits.max_web_searches)
        elif told.value is None:
            yield told.replaced(edits.max_web_searches)
        else:
            yield from lowered(told, edits.max_web_searches)

    def _notice(self, root: Node, notice: str) -> Iterator[Splice]:
        given = root.step("input")
        if given is None or isinstance(given.value, str):
            yield from [given.appended_text(f"\n\n{notice}")] if given else []
            return
        elements = given.elements()
        content = elements[-1].step("content") if elements and _role(elements[-1]) == "user" else None
        part = {"type": "input_text", "text": notice}
        if content is not None and isinstance(content.value, str):
            yield content.appended_text(f"\n\n{notice}")
        elif content is not None and isinstance(content.value, list):
            yield content.with_element(part)
        else:
            yield given.with_element({"type": "message", "role": "user", "content": [part]})

    def reader(self, parsed: Parsed, *, content_type: str, provider: str | None = None) -> AnswerReader:
        """Make the reader for the answer."""
        if is_stream(content_type, asked=parsed.call.stream):
            return Stream(parsed.call, provider)
        return Whole(parsed.call, provider)

    def refusal(self, *, status: int, code: str, message: str, request_id: str) -> bytes:
        """Return the body of a refusal."""
        return refusal_body(status=status, code=code, message=message, request_id=request_id)

    def stream_error(
        self,
        *,
        message: str,
        request_id: str,
        reader: AnswerReader | None = None,
        agent: str = "",  # noqa: ARG002 - the same for all
    ) -> bytes:
        """Return the failure that ends a stream."""
        return event_frame("response.failed", self.failure(message=message, request_id=request_id, reader=reader))

    @staticmethod
    def failure(*, message: str, request_id: str, reader: AnswerReader | None) -> Object:
        """Make the event that ends a response, numbered behind what came before it."""
        told = reader if isinstance(reader, Stream) else None
        response = {
            "id": (told.state.response_id if told else None) or f"resp_{request_id}",
            "object": "response",
            "created_at": told.created_at if told else 0,
            "status": "failed",
            "error": {"code": "invalid_prompt", "message": message},
            "incomplete_details": None,
            "model": (told.state.model or told.call.model) if told else "",
            "output": [],
            "usage": None,
            "metadata": {"guardian_request_id": request_id},
        }
        number = told.last_number + 1 if told else 0
        return {"type": "response.failed", "sequence_number": number, "response": response}


def _check_meterable(request: Object) -> None:
    for name, why in _UNMETERABLE.items():
        if request.get(name) not in (None, False):
            raise BadRequest(f"{name}: {why}")


def _input(request: Object) -> Sequence[Object]:
    """Read the input's items; a text is one message."""
    given = request.get("input")
    if isinstance(given, str):
        return ({"role": "user", "content": given},)
    if given is not None and not isinstance(given, list):
        raise fields.wrong("input", "a string or a list", given)
    return fields.items(request, "input")


def _is_answer(item: Object) -> bool:
    """Whether the model made this item."""
    kind = as_text(item.get("type"))
    return item.get("role") == "assistant" or kind == "reasoning" or kind.endswith("_call") or kind == "program"


def _item_texts(item: Object, path: Path, *, fresh: bool) -> Iterator[Passage]:
    kind = as_text(item.get("type"))
    if kind in _DEFINED_HERE:
        yield from texts.definitions(as_list(item.get("tools")), (*path, "tools"), fresh=fresh)
        return
    origin = ORIGINS.get(as_text(item.get("role")), Origin.PROMPT)
    if kind == "reasoning":
        origin = Origin.ANSWER
    elif kind.endswith("_output"):
        origin = Origin.TOOL_RESULT
    elif kind.endswith("_call") or kind in {"program", "mcp_approval_request"}:
        origin = Origin.TOOL_CALL
    for passage in texts.passages(item, path, origin, fresh=fresh):
        brought = origin is Origin.TOOL_CALL and passage.path[2] in _BROUGHT
        yield replace(passage, origin=Origin.TOOL_RESULT) if brought else passage


def _searches(request: Object) -> int:
    told = fields.count(request, "max_tool_calls")
    return UNBOUNDED_SEARCHES if told is None else told


@dataclass(slots=True)
class _Walk:
    """One pass over a request: what it offers, what media it carries."""

    offers: Offers = field(default_factory=Offers)
    media: Media = field(default_factory=Media)
    may_search: bool = False
    references: int = 0

    def request(self, request: Object, items: Sequence[Object]) -> None:
        """Look at every part of a request."""
        for i, tool in enumerate(fields.items(request, "tools")):
            self._tool(tool, ("tools", i))
        for i, item in enumerate(items):
            self._item(item, i)

    def _item(self, item: Object, i: int) -> None:
        kind = as_text(item.get("type"))
        self.references += kind == "item_reference" or (not kind and "role" not in item)
        if kind in {"additional_tools", "tool_search_output"}:
            for j, tool in enumerate(as_list(item.get("tools"))):
                self._tool(as_object(tool), ("input", i, "tools", j))
        for block in fields.blocks(item, "content", f"input[{i}]"):
            add_part(self.media, block)
        output = item.get("output")
        parts: Sequence[object] = [output] if isinstance(output, dict) else as_list(output)
        for part in parts:
            add_part(self.media, as_object(part))

    def _tool(self, tool: Object, path: Path) -> None:
        kind = as_text(tool.get("type")) or "function"
        if kind == "namespace":
            for i, function in enumerate(as_list(tool.get("tools"))):
                name = qualified(tool.get("name"), as_object(function).get("name"))
                self.offers.add(name, (*path, "tools", i))
            return
        self.may_search |= kind.startswith("web_search")
        label = as_text(tool.get("server_label")) if kind == "mcp" else ""
        name = f"mcp__{label}" if label else as_text(tool.get("name")) or kind
        kind_of_act = "" if kind in {"function", "custom", "mcp"} else kind
        self.offers.add(name, path, kind=kind_of_act, provider_executed=not _runs_at_client(kind, tool))


def _runs_at_client(kind: str, tool: Object) -> bool:
    if kind == "shell":
        return not as_text(as_object(tool.get("environment")).get("type")).startswith("container")
    if kind == "tool_search":
        return tool.get("execution") == "client"
    return kind in _CLIENT_TOOLS


def _names(items: Sequence[Object]) -> Mapping[str, str]:
    """The names of the tool calls among these items, by their ids."""
    calls = (item for item in items if as_text(item.get("type")).endswith("_call"))
    return {as_text(call.get("call_id")): clean(as_text(call.get("name"))) for call in calls}


def _results(items: Sequence[Object], names: Mapping[str, str]) -> Iterator[ToolResult]:
    for item in items:
        kind = as_text(item.get("type"))
        if kind.endswith("_output"):
            identity = as_text(item.get("call_id")) or as_text(item.get("id"))
            yield ToolResult(
                id=clean(identity),
                ok=_succeeded(kind, item),
                digest=results.digest(item.get("output") or _without_ids(item)),
                name=names.get(identity, ""),
            )


def _without_ids(item: Object) -> Object:
    """Take an item that has no output of its own for what it tells: the tools that a search found, a status."""
    return {name: value for name, value in item.items() if name not in {"id", "call_id"}}


def _succeeded(kind: str, item: Object) -> bool | None:
    if kind == "apply_patch_call_output":
        return item.get("status") == "completed"
    if kind == "shell_call_output":
        outcomes = [as_object(as_object(part).get("outcome")) for part in as_list(item.get("output"))]
        return all(outcome.get("type") == "exit" and outcome.get("exit_code") == 0 for outcome in outcomes)
    return results.succeeded(item.get("output"))


def _role(item: Node) -> object:
    return as_object(item.value).get("role")
