"""How a wire protocol is spoken by a provider: the interface, and the reading of JSON that all share."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final

from guardian_ci.demo.answer import Answer
from guardian_ci.errors import BadRequest
from guardian_ci.model import WireProtocol

_STEP: Final = re.compile(r"demo_(\d+)_")


class Caching(Enum):
    """What the provider's prompt cache does with a request."""

    NONE = "none"
    READS = "reads"
    WRITES = "writes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn of the conversation: the user's texts, or one answer of the model."""

    texts: tuple[str, ...] = ()
    answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request asks for. ``new`` is what stands behind the last answer."""

    model: str
    stream: bool
    limit: int | None
    turns: tuple[Turn, ...]
    new: object
    caching: Caching
    document: Mapping[str, object]
    choices: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame of a stream and the output tokens it carries.

    ``content``: the model's own words are in it. ``last``: all words have been said before it.
    """

    data: bytes
    tokens: int = 0
    content: bool = False
    last: bool = False


class Dialect(ABC):
    """A wire protocol, from the provider's side."""

    protocol: ClassVar[WireProtocol]
    request_id_header: ClassVar[str]
    id_prefix: ClassVar[str]

    @abstractmethod
    def read(self, document: Mapping[str, object]) -> Ask:
        """Return what a request asks for; what the provider would not take is a ``BadRequest``."""

    @abstractmethod
    def whole(self, answer: Answer) -> Mapping[str, object]:
        """Return the answer as one JSON document."""

    @abstractmethod
    def frames(self, answer: Answer) -> Iterator[Frame]:
        """Yield the answer as the frames of a stream."""

    def stream_type(self, answer: Answer) -> str:  # noqa: ARG002 - for those who have several
        """Return the media type of a stream."""
        return "text/event-stream; charset=utf-8"

    def counted(self, tokens: int) -> Mapping[str, object]:
        """Return the answer to a request for a count."""
        return {"input_tokens": tokens}

    @abstractmethod
    def refusal(self, status: int, message: str, request_id: str) -> Mapping[str, object]:
        """Return an error's body."""

    @abstractmethod
    def error_frame(self, message: str, request_id: str) -> bytes:
        """Return the frame that ends a stream with an error of the provider's own."""


def sse(document: Mapping[str, object], *, event: str | None = None) -> bytes:
    """Return a server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {compact(document)}\n\n".encode()


def compact(document: object) -> str:
    """Return JSON without spaces."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def required_text(document: Mapping[str, object], key: str) -> str:
    """Return a member that must be a text."""
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{key}: a text is required")
    return value


def optional_count(document: Mapping[str, object], key: str) -> int | None:
    """Return a member that must be a positive number where it is given."""
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadRequest(f"{key}: a number of at least 1 is required")
    return value


def objects(value: object, place: str) -> tuple[Mapping[str, object], ...]:
    """Return a list of objects; nothing is the empty list."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadRequest(f"{place}: a list is required")
    for number, item in enumerate(value):
        if not isinstance(item, dict):
            raise BadRequest(f"{place}.{number}: an object is required")
    return tuple(value)


def content_texts(content: object, *kinds: str) -> tuple[str, ...]:
    """Return the texts of a message's content: a text, or a list of parts."""
    if isinstance(content, str):
        return (content,)
    if not isinstance(content, list):
        return ()
    return tuple(
        part["text"]
        for part in content
        if isinstance(part, dict) and part.get("type") in kinds and isinstance(part.get("text"), str)
    )


def scripted_step(call_id: object) -> int | None:
    """Return the step that a tool call's id was made in; None for an id from elsewhere."""
    found = _STEP.search(call_id) if isinstance(call_id, str) else None
    return int(found.group(1)) if found else None


def require_pattern(names: Iterable[object], pattern: re.Pattern[str], place: str) -> None:
    """Refuse a tool's name that the provider would not take."""
    for name in names:
        if not isinstance(name, str) or not pattern.fullmatch(name):
            raise BadRequest(f"{place}.name: {name!r} does not match {pattern.pattern}")


def behind_last(items: Sequence[object], answers: Sequence[bool]) -> Sequence[object]:
    """Return the items behind the last one that is an answer."""
    last = max((number for number, answer in enumerate(answers) if answer), default=-1)
    return items[last + 1 :]


def media_bytes(value: object) -> tuple[int, int]:
    """Return how many images or documents a request holds in base64, and their size in bytes."""
    count = size = 0
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            if item.get("type") == "base64" and isinstance(item.get("data"), str):
                count, size = count + 1, size + len(item["data"])
                continue
            rest.extend(item.values())
        elif isinstance(item, list):
            rest.extend(item)
        elif isinstance(item, str) and item.startswith("data:") and ";base64," in item[:100]:
            count, size = count + 1, size + len(item)
    return count, size
