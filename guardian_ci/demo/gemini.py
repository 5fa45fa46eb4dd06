"""gemini-generate, as Google speaks it. The model, the method and ``alt`` stand in the address, not in the body."""

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

from guardian_ci.demo.answer import Answer, Block, Kind, Stop, chunks, tokens_of
from guardian_ci.demo.chat import NAME
from guardian_ci.demo.dialect import (
    Ask,
    Caching,
    Dialect,
    Frame,
    Turn,
    behind_last,
    compact,
    objects,
    optional_count,
    require_pattern,
    required_text,
    sse,
)
from guardian_ci.errors import BadRequest
from guardian_ci.model import WireProtocol

ADDRESS: Final = "address"
"""The member under which the endpoint puts what the address says: model, method, alt."""

_STOPS: Final = {Stop.END: "STOP", Stop.TOOLS: "STOP", Stop.LIMIT: "MAX_TOKENS"}
_STATUSES: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


class Gemini(Dialect):
    """``POST /v1beta/models/MODEL:generateContent`` and its siblings."""

    protocol: ClassVar = WireProtocol.GEMINI_GENERATE
    request_id_header: ClassVar = "x-request-id"
    id_prefix: ClassVar = ""

    def read(self, document: Mapping[str, object]) -> Ask:
        """Return what a request asks for."""
        address = _object(document.get(ADDRESS))
        asked = _object(document.get("generateContentRequest")) or document
        contents = objects(asked.get("contents"), "contents")
        if not contents:
            raise BadRequest("* GenerateContentRequest.contents: contents is not specified")
        for tool in objects(asked.get("tools"), "tools"):
            functions = objects(tool.get("functionDeclarations"), "tools.functionDeclarations")
            require_pattern((function.get("name") for function in functions), NAME, "tools.functionDeclarations")
        config = _object(asked.get("generationConfig"))
        return Ask(
            model=required_text(address, "model"),
            stream=address.get("method") == "streamGenerateContent",
            limit=optional_count(config, "maxOutputTokens"),
            # Gemini CLI asks a small model for a judgement in JSON: the script is for the conversation itself.
            turns=() if _wants_json(document) else tuple(_turns(contents)),
            new=behind_last(contents, [content.get("role") == "model" for content in contents]),
            caching=Caching.READS,
            document=document,
        )

    def whole(self, answer: Answer) -> Mapping[str, object]:
        """Return the answer as one JSON document."""
        parts = [_part(block) for block in answer.blocks if block.kind is not Kind.THINKING]
        if _wants_json(answer.asked):
            config = _object(answer.asked.get("generationConfig"))
            schema = _object(config.get("responseJsonSchema") or config.get("responseSchema"))
            parts = [{"text": json.dumps(_instance(schema))}]
        return _document(answer, parts, stop=_STOPS[answer.stop])

    def frames(self, answer: Answer) -> Iterator[Frame]:
        """Yield the answer as the frames of a stream."""
        write = sse if _object(answer.asked.get(ADDRESS)).get("alt") == "sse" else _Array()
        for block in answer.blocks:
            if block.kind is Kind.TOOL:
                yield Frame(data=write(_document(answer, [_part(block)])), tokens=block.tokens, content=True)
                continue
            left = block.tokens
            for piece in chunks(block.text, answer.chunk):
                tokens = min(left, tokens_of(piece))
                left -= tokens
                part = {"text": piece, **({"thought": True} if block.kind is Kind.THINKING else {})}
                yield Frame(data=write(_document(answer, [part])), tokens=tokens, content=True)
        end = write(_document(answer, [{"text": ""}], stop=_STOPS[answer.stop]))
        yield Frame(data=end + (write.end() if isinstance(write, _Array) else b""), last=True)

    def stream_type(self, answer: Answer) -> str:
        """Return the media type of a stream."""
        wanted = _object(answer.asked.get(ADDRESS)).get("alt")
        return super().stream_type(answer) if wanted == "sse" else "application/json; charset=UTF-8"

    def counted(self, tokens: int) -> Mapping[str, object]:
        """Return the answer to a request for a count."""
        return {"totalTokens": tokens}

    def refusal(self, status: int, message: str, request_id: str) -> Mapping[str, object]:
        """Return an error's body."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            message = f"{message} (request {request_id})"
        return {"error": {"code": status, "message": message, "status": _STATUSES.get(status, "INTERNAL")}}

    def error_frame(self, message: str, request_id: str) -> bytes:
        """Return the frame that ends a stream with an error of the provider's own."""
        return sse(self.refusal(503, message, request_id))


class _Array:
    """Writes documents as the elements of one array."""

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, document: Mapping[str, object]) -> bytes:
        """Return an element with what stands before it."""
        head, self._begun = (b",\r\n" if self._begun else b"["), True
        return head + compact(document).encode()

    def end(self) -> bytes:
        """Return what stands behind the last element."""
        return b"]"


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _wants_json(document: Mapping[str, object]) -> bool:
    return _object(document.get("generationConfig")).get("responseMimeType") == "application/json"


def _instance(schema: Mapping[str, object]) -> object:
    """Return something that a schema allows."""
    options = schema.get("enum")
    if isinstance(options, list) and options:
        return options[0]
    kind = str(schema.get("type")).lower()
    if kind == "object":
        return {name: _instance(_object(inner)) for name, inner in _object(schema.get("properties")).items()}
    return {"number": 0, "integer": 0, "boolean": False, "array": []}.get(kind, "demo")


def _turns(contents: Sequence[Mapping[str, object]]) -> Iterator[Turn]:
    """Yield the conversation's turns."""
    for content in contents:
        if content.get("role") == "model":
            yield Turn(answer=True)
        else:
            parts = objects(content.get("parts"), "contents.parts")
            yield Turn(texts=tuple(str(part["text"]) for part in parts if isinstance(part.get("text"), str)))


def _part(block: Block) -> Mapping[str, object]:
    """Return a block as a part of the answer's content."""
    if block.kind is Kind.TOOL:
        return {"functionCall": {"id": block.id, "name": block.name, "args": json.loads(block.text)}}
    return {"text": block.text}


def _document(answer: Answer, parts: Sequence[object], *, stop: str | None = None) -> Mapping[str, object]:
    """Return a whole answer, or a chunk of one."""
    tokens = answer.tokens
    thought = sum(block.tokens for block in answer.blocks if block.kind is Kind.THINKING) + answer.hidden
    usage = {
        "promptTokenCount": tokens.input,
        "candidatesTokenCount": tokens.output - thought,
        "totalTokenCount": tokens.input + tokens.output,
        **({"cachedContentTokenCount": tokens.cache_read} if tokens.cache_read else {}),
        **({"thoughtsTokenCount": thought} if thought else {}),
    }
    candidate = {
        "content": {"parts": list(parts), "role": "model"},
        **({"finishReason": stop} if stop else {}),
        "index": 0,
    }
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": answer.model, "responseId": answer.id}
