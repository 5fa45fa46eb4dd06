"""The OpenAI chat completions API: ``POST /v1/chat/completions``, and whoever speaks like it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final

from guardian_ci.model import Call, Operation, Origin, ToolResult, WireProtocol
from guardian_ci.wire import fields, results, texts
from guardian_ci.wire.answer import is_stream
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import Address, AnswerReader, Edits, Parsed, Passage
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text, clean
from guardian_ci.wire.media import Media
from guardian_ci.wire.openai_chat_answer import PARTS, Stream, Whole
from guardian_ci.wire.openai_chat_variants import (
    NEW,
    OLD,
    asks_for_usage,
    knows_one_maximum,
    maximum_edits,
    usage_edits,
    without_unknown,
)
from guardian_ci.wire.openai_shared import ORIGINS, add_part, cache_lifetime, error_object, refusal_body
from guardian_ci.wire.removal import Gone
from guardian_ci.wire.request import JsonWire, Offers, check_spelling, fingerprint, last_turn, threads
from guardian_ci.wire.sse import data_frame

_KNOWN: Final = (
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "stream",
    "stream_options",
    "tools",
    "functions",
    "web_search_options",
    "search_parameters",
    "plugins",
    "service_tier",
    "prompt_cache_retention",
    "prompt_cache_options",
)
_PROVIDER_MEMBERS: Final = ("web_search_options", "search_parameters")
"""Members that make the provider search the web (OpenAI's, xAI's)."""

_ANSWERED_BY_AGENT: Final = frozenset({"user", "tool", "function"})
_CALLS: Final = frozenset({"tool_calls", "function_call"})
_NEEDED_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "tools": ("tool_choice", "parallel_tool_calls"),
    "functions": ("function_call",),
}
"""The members that are refused without the list that they choose from."""


class OpenAIChat(JsonWire):
    """The wire protocol of most agents."""

    protocol = WireProtocol.OPENAI_CHAT
    maximum_names: ClassVar[tuple[str, ...]] = (NEW, OLD)
    tool_dependents: ClassVar[frozenset[str]] = frozenset({"tool_choice", "parallel_tool_calls", "function_call"})

    def _read(self, body: bytes, document: Node, operation: Operation, address: Address) -> Parsed:
        request = fields.record({"body": document.value}, "body")
        check_spelling(request, _KNOWN)
        model = address.model if address.model and "model" not in request else fields.model_id(request)
        messages = fields.required_items(request, "messages")
        fields.record(request, "stream_options")
        maxima = [fields.count(request, name) for name in self.maximum_names]
        answers = _answers(messages)
        new = last_turn(messages, answers)
        conversation, continues = threads(messages, answers)
        offers = _offers(request)
        call = Call(
            protocol=self.protocol,
            operation=operation,
            model=model,
            stream=fields.flag(request, "stream"),
            fingerprint=fingerprint(model, operation, messages[new:]),
            size=_media(messages).size(body, has_tools=bool(offers.tools)),
            max_output_tokens=max((maximum for maximum in maxima if maximum is not None), default=None),
            choices=fields.count(request, "n", least=1) or 1,
            tools=tuple(offers.tools),
            tool_results=tuple(_results(messages[new:], _names(messages[:new]))),
            service_tier=fields.text(request, "service_tier"),
            cache_ttl=cache_lifetime(request),
            max_web_searches=sum(request.get(name) is not None for name in _PROVIDER_MEMBERS),
            conversation=conversation,
            continues=continues,
        )
        return Parsed(call=call, body=body, document=document, offers=tuple(offers.paths))

    def _passages(self, request: Object, call: Call) -> Iterator[Passage]:  # noqa: ARG002 - the messages tell all
        messages: Sequence[Object] = fields.items(request, "messages")
        new = last_turn(messages, _answers(messages))
        for name in ("tools", "functions"):
            yield from texts.definitions(as_list(request.get(name)), (name,), fresh=new == 0)
        for i, message in enumerate(messages):
            origin = ORIGINS.get(as_text(message.get("role")), Origin.PROMPT)
            for passage in texts.passages(message, ("messages", i), origin, fresh=i >= new):
                yield replace(passage, origin=Origin.TOOL_CALL) if passage.path[2] in _CALLS else passage
        prediction = as_object(request.get("prediction"))
        yield from texts.passages(prediction, ("prediction",), Origin.PROMPT, fresh=True)

    def _dependents(self, parsed: Parsed, gone: Gone) -> Iterable[str]:
        """Name the members that are refused when a list of tools is gone, whatever else can still be called."""
        kept = {parsed.offers[i][0] for i in gone.kept}
        lists = {parsed.offers[i][0] for i in gone.gone} - kept
        named = [member for name in lists for member in _NEEDED_FOR.get(str(name), ())]
        return [*named, *super()._dependents(parsed, gone)]

    def edit(self, parsed: Parsed, edits: Edits) -> bytes:
        """Return the body with only the edited members changed, as its reader wants it."""
        body = super().edit(parsed, edits)
        return without_unknown(body, edits.provider) if knows_one_maximum(edits.provider) else body

    def _protocol_edits(self, root: Node, parsed: Parsed, edits: Edits) -> Iterator[Splice]:
        if parsed.call.stream:
            yield from usage_edits(root, edits.provider)
        if knows_one_maximum(edits.provider):
            yield from maximum_edits(root, edits.max_output_tokens)

    def _lower_maximum(self, root: Node, maximum: int, provider: str | None) -> Iterator[Splice]:
        """Lower the maximum under each name that it has, where both names are known."""
        return iter(()) if knows_one_maximum(provider) else super()._lower_maximum(root, maximum, provider)

    def _name_model(self, root: Node, model: str) -> Iterator[Splice]:
        """Name the model, also where only the path did (Azure's)."""
        return (
            iter([root.with_member("model", model)]) if root.step("model") is None else super()._name_model(root, model)
        )

    def _notice(self, root: Node, notice: str) -> Iterator[Splice]:
        messages = root.step("messages")
        ours = [message for message in messages.elements() if _is_ours(message)] if messages else []
        content = ours[-1].step("content") if ours else None
        if content is not None and isinstance(content.value, str):
            yield content.appended_text(f"\n\n{notice}")
        elif content is not None and isinstance(content.value, list):
            yield content.with_element({"type": "text", "text": notice})

    def reader(self, parsed: Parsed, *, content_type: str, provider: str | None = None) -> AnswerReader:
        """Make the reader for the answer."""
        if not is_stream(content_type, asked=parsed.call.stream):
            return Whole(parsed.call, provider)
        asked = parsed.document is not None and asks_for_usage(parsed.document)
        return Stream(parsed.call, provider, keep_usage=asked)

    def refusal(self, *, status: int, code: str, message: str, request_id: str) -> bytes:
        """Return the body of a refusal."""
        return refusal_body(status=status, code=code, message=message, request_id=request_id)

    def stream_error(
        self,
        *,
        message: str,
        request_id: str,
        reader: AnswerReader | None = None,  # noqa: ARG002 - nothing of the answer is repeated
        agent: str = "",  # noqa: ARG002 - the same for all
    ) -> bytes:
        """Return the error that ends a stream."""
        return data_frame(
            error_object(status=400, code="invalid_request_error", message=message, request_id=request_id)
        )


def _is_ours(message: Node) -> bool:
    return as_text(as_object(message.value).get("role")) in _ANSWERED_BY_AGENT


def _answers(messages: Sequence[Object]) -> list[bool]:
    return [message.get("role") == "assistant" for message in messages]


def _offers(request: Object) -> Offers:
    offers = Offers()
    for i, tool in enumerate(fields.items(request, "tools")):
        kind = as_text(tool.get("type")) or "function"
        if kind in PARTS:
            offers.add(as_text(as_object(tool.get(kind)).get("name")), ("tools", i))
        else:
            offers.add(kind, ("tools", i), provider_executed=True)
    for i, function in enumerate(fields.items(request, "functions")):
        offers.add(as_text(function.get("name")), ("functions", i))
    for i, plugin in enumerate(fields.items(request, "plugins")):
        offers.add(as_text(plugin.get("id")) or "plugin", ("plugins", i), provider_executed=True)
    for name in _PROVIDER_MEMBERS:
        if request.get(name) is not None:
            offers.add("web_search", (name,), provider_executed=True)
    return offers


def _media(messages: Sequence[Object]) -> Media:
    media = Media()
    for i, message in enumerate(messages):
        for part in fields.blocks(message, "content", f"messages[{i}]"):
            add_part(media, part)
    return media


def _names(messages: Sequence[Object]) -> Mapping[str, str]:
    """The names of the tool calls in these messages, by their ids."""
    calls = (as_object(call) for message in messages for call in as_list(message.get("tool_calls")))
    return {
        as_text(call.get("id")): clean(
            as_text((as_object(call.get("function")) or as_object(call.get("custom"))).get("name"))
        )
        for call in calls
    }


def _results(messages: Sequence[Object], names: Mapping[str, str]) -> Iterator[ToolResult]:
    for message in messages:
        if as_text(message.get("role")) in {"tool", "function"}:
            named = as_text(message.get("name"))
            identity = as_text(message.get("tool_call_id")) or named
            content = message.get("content")
            yield ToolResult(
                id=clean(identity),
                ok=results.succeeded(content),
                digest=results.digest(content),
                name=names.get(identity, clean(named)),
            )
