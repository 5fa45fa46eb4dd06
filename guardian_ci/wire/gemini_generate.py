"""Google's Gemini API: ``POST /v1beta/models/MODEL:generateContent``, ``:streamGenerateContent``, ``:countTokens``.

The model and the wish for a stream stand in the path. Google's servers take each member in camel case and in snake
case; a request that says one thing in both is refused, since nobody here can tell which of them counts.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from guardian_ci.errors import BadRequest
from guardian_ci.model import Call, Operation, Origin, ToolResult, WireProtocol
from guardian_ci.wire import fields, texts
from guardian_ci.wire.answer import is_stream
from guardian_ci.wire.fields import Object
from guardian_ci.wire.gemini_answer import ArrayStream, EventStream, Whole
from guardian_ci.wire.interface import Address, AnswerReader, Edits, Parsed, Passage, Path
from guardian_ci.wire.json_text import Node, Splice, as_list, as_object, as_text, clean
from guardian_ci.wire.media import Media
from guardian_ci.wire.request import (
    UNBOUNDED_SEARCHES,
    JsonWire,
    Offers,
    check_spelling,
    fingerprint,
    last_turn,
    threads,
)
from guardian_ci.wire.results import digest
from guardian_ci.wire.sse import data_frame

_KNOWN: Final = (
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "cachedContent",
    "serviceTier",
    "generateContentRequest",
)
_SEARCHES: Final = frozenset({"googleSearch", "googleSearchRetrieval", "googleMaps", "enterpriseWebSearch"})
_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,199}")
"""A model's name becomes a part of the upstream's path, where a colon, a slash or a ? would be another method."""

_RESOURCE: Final = "models/"
_CAPITAL: Final = re.compile(r"[A-Z]")
_UNDERSCORE: Final = re.compile(r"_([a-z])")
_MEMBER: Final = 3
"""Steps to a tool of the provider's own: ``tools``, an index, its name. A function's place has one more."""

_SDK: Final = "gl-python/"
"""Stands in what an agent calls itself that is made with Google's SDK for Python."""

_LEAST_THINKING: Final = 128
"""The smallest ``thinkingBudget`` that every thinking model takes."""

_STATUSES: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class GeminiGenerate(JsonWire):
    """The wire protocol of Gemini CLI."""

    protocol = WireProtocol.GEMINI_GENERATE
    maximum_names: ClassVar[tuple[str, ...]] = ()
    tool_dependents: ClassVar[frozenset[str]] = frozenset({"toolConfig", "tool_config"})

    def _read(self, body: bytes, document: Node, operation: Operation, address: Address) -> Parsed:
        request = fields.record({"body": document.value}, "body")
        _check_casing(request)
        if not _MODEL.fullmatch(address.model):
            raise BadRequest(
                "the path names no model: letters, digits, points, hyphens and @ are what a name is made of"
            )
        root: Path = ()
        if (name := _spelling(request, "generateContentRequest")) in request:
            # Counting may be asked for the whole request that is to be sent.
            request, root = fields.record(request, name), (name,)
            _check_casing(request)
        if "contents" not in request:
            raise BadRequest("contents: is missing")
        contents = _items(request, "contents")
        answers = [as_text(content.get("role")) == "model" for content in contents]
        new = last_turn(contents, answers)
        conversation, continues = threads(contents, answers)
        walk = _Walk(root=root)
        walk.request(request, contents)
        config = _record(request, "generationConfig")
        call = Call(
            protocol=self.protocol,
            operation=operation,
            model=address.model,
            stream=address.stream,
            fingerprint=fingerprint(address.model, operation, contents[new:]),
            size=walk.media.size(body, has_tools=bool(walk.offers.tools)),
            max_output_tokens=_count(config, "maxOutputTokens"),
            choices=_count(config, "candidateCount") or 1,
            tools=tuple(walk.offers.tools),
            tool_results=tuple(_results(contents[new:])),
            service_tier=_text(request, "serviceTier"),
            max_web_searches=walk.searches,
            previous_response_id=_text(request, "cachedContent") or walk.elsewhere,
            conversation=conversation,
            continues=continues,
        )
        return Parsed(call=call, body=body, document=document, offers=tuple(walk.offers.paths))

    def _passages(self, request: Object, call: Call) -> Iterator[Passage]:  # noqa: ARG002 - every turn is in the request
        root: Path = ()
        if (name := _spelling(request, "generateContentRequest")) in request:
            request, root = as_object(request.get(name)), (name,)
        contents = _items(request, "contents")
        new = last_turn(contents, [as_text(content.get("role")) == "model" for content in contents])
        system, tools, turns = (_spelling(request, each) for each in ("systemInstruction", "tools", "contents"))
        yield from texts.passages(request.get(system), (*root, system), Origin.SYSTEM, fresh=new == 0)
        yield from texts.definitions(as_list(request.get(tools)), (*root, tools), fresh=new == 0)
        for index, content in enumerate(contents):
            for place, part in enumerate(as_list(content.get("parts"))):
                path: Path = (*root, turns, index, "parts", place)
                yield from texts.passages(part, path, _origin(content, as_object(part)), fresh=index >= new)

    def _protocol_edits(self, root: Node, parsed: Parsed, edits: Edits) -> Iterator[Splice]:  # noqa: ARG002 - shared
        return iter(())

    def _name_model(self, root: Node, model: str) -> Iterator[Splice]:
        """Name another model where the body names one as well, be it with the prefix that a resource has."""
        outer = step(root, "generateContentRequest")
        for holder in [root] if outer is None else [root, outer]:
            named = holder.step("model")
            told = as_text(named.value) if named else ""
            if named is not None and (name := f"{_RESOURCE if told.startswith(_RESOURCE) else ''}{model}") != told:
                yield named.replaced(name)

    def _lower_maximum(self, root: Node, maximum: int, provider: str | None) -> Iterator[Splice]:  # noqa: ARG002 - one provider
        """Lower ``maxOutputTokens``, and keep the thinking within it: thoughts count as output."""
        config = step(root, "generationConfig")
        if config is None or config.value is None:
            wanted = {"maxOutputTokens": maximum}
            yield config.replaced(wanted) if config else root.with_member("generationConfig", wanted)
            return
        told = step(config, "maxOutputTokens")
        if told is None:
            yield config.with_member("maxOutputTokens", maximum)
        elif not isinstance(told.value, int) or told.value > maximum:
            yield told.replaced(maximum)
        thinking = step(config, "thinkingConfig")
        budget = step(thinking, "thinkingBudget") if thinking else None
        if budget is not None and isinstance(budget.value, int) and budget.value >= maximum:
            yield budget.replaced(max(_LEAST_THINKING, maximum - 1))

    def _remove_tools(self, root: Node, parsed: Parsed, indexes: Collection[int]) -> Iterator[Splice]:
        """Remove functions and the provider's own tools; a tool entry of several kinds keeps the others."""
        outer = next((node for name in _both("generateContentRequest") if (node := root.step(name))), None)
        offers = parsed.offers if outer is None else tuple(path[1:] for path in parsed.offers)
        root = outer or root
        chosen = [offers[index] for index in sorted(indexes) if 0 <= index < len(offers)]
        if len(chosen) == len(offers):
            yield from root.without_members([*_both("tools"), *self.tool_dependents])
            return
        by_entry: dict[Path, list[Path]] = {}
        for path in chosen:
            by_entry.setdefault(path[:2], []).append(path)
        gone: list[int] = []
        for entry, paths in by_entry.items():
            holder = root.at(*entry)
            if holder is None:
                continue
            if len(paths) == sum(offer[:2] == entry for offer in offers):
                gone.append(int(entry[1]))
                continue
            members = {str(path[2]) for path in paths if len(path) == _MEMBER}
            yield from holder.without_members(members)
            functions = next((node for name in _both("functionDeclarations") if (node := holder.step(name))), None)
            removed = {int(path[3]) for path in paths if len(path) > _MEMBER}
            if functions is not None and removed:
                yield from functions.without_elements(removed)
        tools = step(root, "tools")
        if tools is not None and gone:
            yield from tools.without_elements(gone)
        if chosen and step(root, "toolConfig") is not None:
            yield from self._allowed_names(root, parsed, indexes)

    def _allowed_names(self, root: Node, parsed: Parsed, indexes: Collection[int]) -> Iterator[Splice]:
        """Take removed functions out of ``allowedFunctionNames``, which may name only what is offered."""
        config = step(root, "toolConfig")
        calling = step(config, "functionCallingConfig") if config else None
        names = step(calling, "allowedFunctionNames") if calling else None
        removed = {parsed.call.tools[index].name for index in indexes}
        gone = [i for i, name in enumerate(names.elements()) if name.value in removed] if names else []
        if names is not None and gone:
            yield from (
                names.without_elements(gone)
                if len(gone) < len(names.elements())
                else root.without_members(self.tool_dependents)
            )

    def _notice(self, root: Node, notice: str) -> Iterator[Splice]:
        contents = step(root, "contents")
        users = [each for each in contents.elements() if _is_ours(each)] if contents else []
        parts = users[-1].step("parts") if users else None
        if parts is not None and isinstance(parts.value, list):
            yield parts.with_element({"text": notice})

    def reader(self, parsed: Parsed, *, content_type: str, provider: str | None = None) -> AnswerReader:
        """Make the reader for the answer."""
        if is_stream(content_type, asked=False):
            return EventStream(parsed.call, provider)
        return ArrayStream(parsed.call, provider) if parsed.call.stream else Whole(parsed.call, provider)

    def refusal(self, *, status: int, code: str, message: str, request_id: str) -> bytes:  # noqa: ARG002 - the status tells the code
        """Return the body of a refusal."""
        return json.dumps(_error(status, message, request_id)).encode()

    def stream_error(
        self, *, message: str, request_id: str, reader: AnswerReader | None = None, agent: str = ""
    ) -> bytes:
        """Return the error for Google's SDK for Python, and nothing for others before the connection is lost.

        They take an error in a stream for its good end (Gemini CLI), and only a lost connection for none.
        """
        reads_errors = _SDK in agent and not isinstance(reader, ArrayStream)
        return data_frame(_error(400, message, request_id)) if reads_errors else b""


def _error(status: int, message: str, request_id: str) -> Object:
    details = [{"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": request_id}]
    said = _STATUSES.get(status, _STATUSES[400])
    return {"error": {"code": status, "message": message, "status": said, "details": details}}


# Members under either spelling


def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda match: f"_{match[0].lower()}", name)


def _both(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((name, _snake(name))))


def _spelling(holder: Object, name: str) -> str:
    """Return how an object spells a member. Raises ``BadRequest`` where it says it twice."""
    told = [spelled for spelled in _both(name) if spelled in holder]
    if len(told) > 1:
        raise BadRequest(f"{told[0]} and {told[1]} are one member; say it once")
    return told[0] if told else name


def member(holder: Object, name: str) -> object:
    """Return a member under either spelling; None without it."""
    return holder.get(_spelling(holder, name))


def step(holder: Node, name: str) -> Node | None:
    """Return the place of a member under either spelling."""
    return next((node for spelled in _both(name) if (node := holder.step(spelled)) is not None), None)


def _check_casing(request: Object) -> None:
    check_spelling(request, [spelled for name in _KNOWN for spelled in _both(name)])
    for name in _KNOWN:
        _spelling(request, name)


def _record(holder: Object, name: str) -> Object:
    return fields.record(holder, _spelling(holder, name))


def _items(holder: Object, name: str) -> Sequence[Object]:
    value = member(holder, name)
    if isinstance(value, dict):  # Google's servers take one element for a list of it
        raise BadRequest(f"{name}: must be a list, not an object")
    return fields.items(holder, _spelling(holder, name))


def _count(holder: Object, name: str) -> int | None:
    return fields.count(holder, _spelling(holder, name))


def _text(holder: Object, name: str) -> str | None:
    return fields.text(holder, _spelling(holder, name))


@dataclass(slots=True)
class _Walk:
    """One pass over a request: what it offers, what media it carries, what stands elsewhere."""

    root: Path = ()
    offers: Offers = field(default_factory=Offers)
    media: Media = field(default_factory=Media)
    searches: int = 0
    elsewhere: str | None = None
    """The first file that the request names instead of holding it: nobody here can see how long it is."""

    def request(self, request: Object, contents: Sequence[Object]) -> None:
        """Look at every part of a request."""
        for index, tool in enumerate(_items(request, "tools")):
            self._tool(tool, (*self.root, _spelling(request, "tools"), index))
        for index, content in enumerate(contents):
            for part in fields.blocks(content, "parts", f"contents[{index}]"):
                self._part(part)
        for part in fields.blocks(_record(request, "systemInstruction"), "parts", "systemInstruction"):
            self._part(part)

    def _tool(self, tool: Object, path: Path) -> None:
        functions = _spelling(tool, "functionDeclarations")
        for index, function in enumerate(fields.items(tool, functions)):
            self.offers.add(as_text(function.get("name")), (*path, functions, index))
        for name, value in tool.items():
            if name == functions or value is None:
                continue
            kind = _camel(name)
            self.offers.add(kind, (*path, name), provider_executed=kind != "computerUse")
            if kind in _SEARCHES:
                self.searches = UNBOUNDED_SEARCHES

    def _part(self, part: Object) -> None:
        inline = as_object(member(part, "inlineData"))
        if inline:
            self._medium(as_text(member(inline, "mimeType")).lower(), as_text(inline.get("data")))
        file = as_object(member(part, "fileData"))
        if file:
            self.elsewhere = self.elsewhere or as_text(member(file, "fileUri")) or "a file"
        result = as_object(member(part, "functionResponse"))
        for inner in as_list(result.get("parts")):
            self._part(as_object(inner))

    def _medium(self, kind: str, data: str) -> None:
        if kind.startswith("image/"):
            self.media.add_image(data)
        elif kind.startswith("audio/"):
            self.media.add_audio(data)
        elif kind == "application/pdf":
            self.media.add_document(data)
        elif kind.startswith("video/"):
            self.elsewhere = self.elsewhere or "a video"


def _camel(name: str) -> str:
    return _UNDERSCORE.sub(lambda match: match[1].upper(), name)


def _results(contents: Sequence[Object]) -> Iterator[ToolResult]:
    for content in contents:
        for part in as_list(content.get("parts")):
            result = as_object(member(as_object(part), "functionResponse"))
            if result:
                name = clean(as_text(result.get("name")))
                response = as_object(result.get("response"))
                ok = False if "error" in response else True if "output" in response or "result" in response else None
                yield ToolResult(
                    id=clean(as_text(result.get("id"))) or name,
                    ok=ok,
                    digest=digest(result.get("response")),
                    name=name,
                )


def _origin(content: Object, part: Object) -> Origin:
    if any(name in part for name in _both("functionResponse")):
        return Origin.TOOL_RESULT
    if any(name in part for name in _both("functionCall")):
        return Origin.TOOL_CALL
    return Origin.ANSWER if as_text(content.get("role")) == "model" else Origin.PROMPT


def _is_ours(content: Node) -> bool:
    return as_text(as_object(content.value).get("role")) != "model"
