"""What the wire protocols share in reading answers: streams of frames, and whole JSON documents."""

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from guardian_ci.errors import UpstreamError
from guardian_ci.model import DENIED_PREFIX, Call, Finding, ToolUse, Usage, WireProtocol
from guardian_ci.policy.tools import describe_tool
from guardian_ci.wire.fields import Object
from guardian_ci.wire.interface import MAX_ANSWER_BYTES, MAX_HELD_BYTES, AnswerReader, Path, Piece
from guardian_ci.wire.json_text import Node, Splice, as_object, clean, parse_leniently, spliced
from guardian_ci.wire.sse import Frame, Framer
from guardian_ci.wire.usage import read_usage

_LONGEST_NAME: Final = 64
_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]")


def is_stream(content_type: str, *, asked: bool) -> bool:
    """Whether an answer is a stream: as it says, or as it was asked for where it says neither."""
    kind = content_type.lower()
    return "event-stream" in kind or (asked and "json" not in kind and "html" not in kind)


def denied_name(name: str) -> str:
    """Make the name of a tool that the agent does not have; valid at every provider."""
    return DENIED_PREFIX + _NO_NAME.sub("_", name)[: _LONGEST_NAME - len(DENIED_PREFIX)]


def denied_arguments(finding: Finding) -> str:
    """Write the reason as a call's arguments."""
    return json.dumps({"reason": finding.message, "rule": finding.rule})


def utf8_length(*texts: object) -> int:
    """Count the bytes of those that are text."""
    return sum(len(text.encode("utf-8", "replace")) for text in texts if isinstance(text, str))


class Answer(AnswerReader):
    """What both kinds of reader do."""

    def __init__(self, call: Call, provider: str | None) -> None:
        super().__init__()
        self.call = call
        self.provider = provider
        self._judging: tuple[Piece, Callable[[Finding], bytes]] | None = None

    def deny(self, piece: Piece, finding: Finding) -> bytes:
        """Turn the call of the piece that was given last into one that the agent does not know."""
        if self._judging is None or self._judging[0] is not piece:
            raise ValueError("only the piece that was given last can be denied, and only once")
        deny = self._judging[1]
        self._judging = None
        return deny(finding)

    def _judged(self, tool: ToolUse, data: bytes, deny: Callable[[Finding], bytes], *, boundary: bool = False) -> Piece:
        """Make the piece of a complete tool call."""
        piece = Piece(data=data, tool=tool, boundary=boundary)
        self.state.tool_calls.append(tool)
        self._judging = (piece, deny)
        return piece

    def note_usage(self, raw: object, **extra: object) -> bool:
        """Read a usage object; whether it says anything."""
        usage = self._read_usage(as_object(raw), extra) if isinstance(raw, dict) else None
        if usage is not None:
            self.state.usage = usage
        return usage is not None

    def _read_usage(self, raw: Object, extra: Object) -> Usage | None:
        protocol: WireProtocol = self.call.protocol
        return read_usage(
            protocol,
            raw,
            model=self.state.model or self.call.model,
            provider=self.provider,
            response_extra={name: value for name, value in extra.items() if value is not None},
            cache_ttl=self.call.cache_ttl,
        )


def tool_use(identity: object, name: str, arguments: str) -> ToolUse:
    """Describe a complete tool call; whatever JSON can escape is made fit for UTF-8."""
    return describe_tool(clean(identity) if isinstance(identity, str) else "", clean(name), clean(arguments))


Spoken = tuple[str, str]
"""A run of text that the model writes, by its name, and the next words of it."""


def spoken(piece: Piece, texts: Sequence[Spoken]) -> Iterator[Piece]:
    """Tell what the model writes: each text in a piece of its own, the last one in the piece that carries the rest."""
    told = [(block, clean(text)) for block, text in texts if text]
    for block, text in told[:-1]:
        yield Piece(block=block, text=text)
    yield replace(piece, block=told[-1][0], text=told[-1][1]) if told else piece


@dataclass(slots=True)
class Held:
    """A frame that waits for a verdict. ``entries`` says which calls it has parts of, and where."""

    frame: Frame
    event: Node
    entries: list[tuple[object, Path]] = field(default_factory=list)

    def edited(self, splices: Sequence[Splice]) -> bytes:
        """Return the frame's bytes with its JSON edited; the raw bytes where there is nothing to edit."""
        return self.frame.with_data(spliced(self.event.text, splices)) if splices else self.frame.raw


class StreamAnswer(Answer):
    """An answer that comes in server-sent events."""

    def __init__(self, call: Call, provider: str | None = None, framer: Framer | None = None) -> None:
        super().__init__(call, provider)
        self._framer = framer or Framer()
        self._held_bytes = 0

    @abstractmethod
    def _event(self, frame: Frame, event: Node) -> Iterator[Piece]:
        """Read a frame whose data is JSON."""

    @abstractmethod
    def _end(self) -> None:
        """Note what the end of the stream means."""

    def _unparsed(self, frame: Frame) -> Iterator[Piece]:
        """Read a frame whose data is no JSON."""
        yield Piece(data=frame.raw, unparsed=True)

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Read the next bytes."""
        for frame in self._framer.feed(data):
            yield from self._frame(frame)

    def close(self) -> Iterator[Piece]:
        """Read what the upstream left without an end; a tool call without one is dropped."""
        for frame in self._framer.close():
            yield from self._frame(frame)
        self._end()

    def rest(self) -> bytes:
        """Nothing is left: a stream is relayed piece by piece."""
        return b""

    @property
    def holding(self) -> bool:
        """Whether a part of a tool call is held back until the rest has come."""
        return self._held_bytes > 0

    def _frame(self, frame: Frame) -> Iterator[Piece]:
        if frame.data is None:
            yield Piece(data=frame.raw, unparsed=frame.odd)
            return
        event = _parsed(frame.data)
        if event is None or not isinstance(event.value, dict):
            yield from self._unparsed(frame)
        else:
            yield from self._event(frame, event)

    def _hold(self, held: Held) -> None:
        self._held_bytes += len(held.frame.raw)
        if self._held_bytes > MAX_HELD_BYTES:
            raise UpstreamError(f"the upstream sent a tool call of more than {MAX_HELD_BYTES} bytes")

    def _unhold(self, held: Sequence[Held]) -> bytes:
        self._held_bytes -= sum(len(item.frame.raw) for item in held)
        return b"".join(item.frame.raw for item in held)

    def _forget(self) -> None:
        """Drop what is held: its end will not come."""
        self._held_bytes = 0

    def _failed(self, frame: Frame, error: object, *, usage: bool = False) -> Piece:
        """Make the piece of the upstream's own error, which ends the stream."""
        self.state.error = error_text(error)
        self.state.complete = False
        return Piece(data=frame.raw, error=True, terminal=True, usage=usage)


class WholeAnswer(Answer):
    """An answer that is one JSON document: kept until it is complete, then judged, then relayed."""

    def __init__(self, call: Call, provider: str | None = None) -> None:
        super().__init__(call, provider)
        self._body = bytearray()
        self._document: Node | None = None
        self._splices: list[Splice] = []

    @abstractmethod
    def _facts(self, document: Object) -> bool:
        """Note the model, the id and the usage; whether it is an answer at all and no error."""

    @abstractmethod
    def _calls(self, document: Node) -> Iterator[tuple[ToolUse, Callable[[Finding], list[Splice]]]]:
        """Yield the tool calls, each with the edits that deny it."""

    @abstractmethod
    def _texts(self, document: Object) -> Iterator[Spoken]:
        """Yield what the model wrote, but for its tool calls."""

    @abstractmethod
    def _arguments(self, document: Object) -> Iterator[str]:
        """Yield what the model wrote in its tool calls."""

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Keep the next bytes."""
        self._body += data
        if len(self._body) > MAX_ANSWER_BYTES:
            raise UpstreamError(f"the upstream sent an answer of more than {MAX_ANSWER_BYTES} bytes")
        return iter(())

    def close(self) -> Iterator[Piece]:
        """Judge the answer's tool calls."""
        if not self._body:
            return
        document = _parsed(_decoded(self._body))
        if document is None or not isinstance(document.value, dict):
            self._check_no_stream()
            yield Piece(unparsed=True)
            return
        yield from self._pieces(document, document.value)

    def _pieces(self, document: Node, value: Object) -> Iterator[Piece]:
        self._document = document
        complete = self._facts(value)
        usage = self.state.usage is not None
        if not complete:
            self.state.error = error_text(value.get("error"))
            yield Piece(error=True, terminal=True, usage=usage)
            return
        texts = list(self._texts(value))
        written = utf8_length(*(text for _, text in texts), *self._arguments(value))
        yield from spoken(Piece(output_bytes=written, usage=usage), texts)
        for tool, edits in self._calls(document):
            yield self._judged(tool, b"", partial(self._note_denial, edits))
        self.state.complete = True
        yield Piece(boundary=True, terminal=True)

    def _note_denial(self, edits: Callable[[Finding], list[Splice]], finding: Finding) -> bytes:
        self._splices += edits(finding)
        return b""

    def _check_no_stream(self) -> None:
        """Refuse a stream that calls itself JSON: agents would read the tool calls that we did not."""
        if self.call.stream and re.search(rb"^data:", self._body, re.MULTILINE):
            raise UpstreamError("the upstream sent a stream of events under another content type")

    def rest(self) -> bytes:
        """Return the body, with the denied calls rewritten."""
        if self._document is None or not self._splices:
            return bytes(self._body)
        return spliced(self._document.text, self._splices).encode("utf-8", "replace")


def error_text(error: object) -> str:
    """Say an upstream's error in one line."""
    told = as_object(error)
    message = told.get("message") or told.get("type") or (error if isinstance(error, str) else "an error")
    return clean(str(message))[:500]


def _decoded(body: bytearray) -> str:
    """Decode as clients do, which look for the encoding in the first bytes."""
    return body.decode(json.detect_encoding(body), "replace").removeprefix("\ufeff")


def _parsed(text: str) -> Node | None:
    """Parse what agents might be able to parse; None where nobody can."""
    try:
        return parse_leniently(text)
    except RecursionError:
        raise UpstreamError("the upstream sent JSON that is nested too deeply to be judged") from None
    except ValueError:
        return None
