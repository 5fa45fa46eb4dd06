"""What every wire protocol can do: facts out of a request, edited bytes back, an answer in judgeable pieces."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from guardian_ci.model import Call, Finding, Operation, Origin, ToolUse, Usage, WireProtocol
from guardian_ci.wire.json_text import Node, Steps

MAX_FRAME_BYTES: Final = 8 * 1024 * 1024
"""The largest frame of a stream that is read; a larger one is an upstream that does not speak its protocol."""

MAX_HELD_BYTES: Final = 16 * 1024 * 1024
"""The most that is held back until a tool call is complete."""

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""The largest unstreamed answer."""

Path = Steps
"""Where something stands in a JSON document: member names and list indexes from the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A request, understood. ``offers`` tells for each of ``call.tools`` where it stands in the document."""

    call: Call
    body: bytes
    document: Node | None = None
    offers: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a request's path says of it, where it stands there: the model, and the wish for a stream (Gemini)."""

    model: str = ""
    stream: bool = False


NO_ADDRESS: Final = Address()
"""The path of a protocol that says all in the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One text of a request: where it stands in the document, where it comes from, whether it is new in this turn."""

    path: Path
    text: str
    origin: Origin
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What a request is changed in before it is forwarded; all else keeps its bytes.

    ``max_output_tokens`` is per choice; a lower maximum in the request stays. ``remove_tools`` are indexes in
    ``call.tools``. ``notice`` goes to the end of the agent's last message, never into ``system``.
    ``max_web_searches`` bounds the searches of a request that does not bound them itself. ``texts`` are passages
    that become other texts, by their places. ``provider`` (an id of the price table) says who reads the request,
    where several speak this protocol and differ.
    """

    max_output_tokens: int | None = None
    remove_tools: frozenset[int] = frozenset()
    model: str | None = None
    notice: str | None = None
    max_web_searches: int | None = None
    texts: Mapping[Path, str] = field(default_factory=dict)
    provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of an answer, in order.

    ``data`` goes to the agent: at once where ``tool`` is None, else after the tool call was allowed (where it was
    denied, what ``AnswerReader.deny`` returns goes instead). It may be empty: a held frame is counted
    (``output_bytes``) when it comes and relayed when its call is complete; of several calls in one frame the last
    piece carries the bytes. ``boundary``: a block has just ended, a good place to cut. ``terminal``: the protocol
    says that the answer ends here, be it by an error. ``unparsed``: passes on as it is, to be recorded.
    ``usage``: the reader's usage has changed. ``error``: the upstream's own error in the stream. ``text`` is what
    the model writes in this piece, its thinking included, and ``block`` names the run of text that it goes on; of
    several texts in one frame each has its piece, and the last piece carries the bytes.
    """

    data: bytes = b""
    tool: ToolUse | None = None
    output_bytes: int = 0
    boundary: bool = False
    terminal: bool = False
    unparsed: bool = False
    usage: bool = False
    error: bool = False
    text: str = ""
    block: str = ""


@dataclass(slots=True, kw_only=True)
class AnswerState:
    """What is known of an answer so far.

    ``usage_final``: the usage may be the last word; False while only an answer's beginning has told one.
    ``complete``: it ended as its protocol says and without an error, so that ``usage`` is final.
    """

    usage: Usage | None = None
    usage_final: bool = True
    complete: bool = False
    error: str | None = None
    model: str | None = None
    response_id: str | None = None
    tool_calls: list[ToolUse] = field(default_factory=list)


class AnswerReader(ABC):
    """Reads one answer.

    ``feed`` and ``close`` are generators and must be exhausted, also where nothing is relayed any more. Judge
    (and ``deny``) each piece before asking for the next: a later frame may repeat a tool call that was denied.
    Both raise ``UpstreamError`` where a limit is passed; nothing may be relayed after that but an error.
    """

    def __init__(self) -> None:
        self.state = AnswerState()

    @property
    def streams(self) -> bool:
        """Whether the answer is relayed as it comes, whatever its content type says."""
        return False

    @property
    def usage(self) -> Usage | None:
        """The latest usage: cumulative and merged, None while the upstream has told none."""
        return self.state.usage

    @property
    def complete(self) -> bool:
        """Whether the answer ended as its protocol says, without an error."""
        return self.state.complete

    @property
    def tool_calls(self) -> tuple[ToolUse, ...]:
        """The complete tool calls so far."""
        return tuple(self.state.tool_calls)

    @property
    def holding(self) -> bool:
        """Whether a part of a tool call is held back until the rest has come."""
        return False

    @abstractmethod
    def feed(self, data: bytes) -> Iterator[Piece]:
        """Read the next bytes of the (uncompressed) answer."""

    @abstractmethod
    def close(self) -> Iterator[Piece]:
        """End at the upstream's end of file. An unstreamed answer is judged here; half a tool call is dropped."""

    @abstractmethod
    def rest(self) -> bytes:
        """Return the body of an unstreamed answer with the denials applied, after all pieces; of a stream ``b""``."""

    @abstractmethod
    def deny(self, piece: Piece, finding: Finding) -> bytes:
        """Turn the piece's tool call into one that the agent does not know, with the reason as its arguments."""


class Wire(ABC):
    """One wire protocol."""

    protocol: ClassVar[WireProtocol]

    @abstractmethod
    def parse_call(
        self, body: bytes, *, operation: Operation, headers: Mapping[str, str], address: Address = NO_ADDRESS
    ) -> Parsed:
        """Read a request's decoded body; ``headers`` have lower-case names. Raises ``BadRequest``."""

    @abstractmethod
    def passages(self, parsed: Parsed) -> Iterator[Passage]:
        """Yield the texts of a request, in its order: system, tool definitions, messages, tool calls and results."""

    @abstractmethod
    def edit(self, parsed: Parsed, edits: Edits) -> bytes:
        """Return the body to forward; the same bytes object where there is nothing to edit."""

    @abstractmethod
    def reader(self, parsed: Parsed, *, content_type: str, provider: str | None = None) -> AnswerReader:
        """Make the reader for the answer to ``parsed``: a stream or one JSON document, as ``content_type`` says.

        ``provider`` (an id of the price table) says whose usage it is, where several speak this protocol.
        """

    @abstractmethod
    def refusal(self, *, status: int, code: str, message: str, request_id: str) -> bytes:
        """Return the JSON body of a refusal, in the shape that the protocol's SDKs turn into their exceptions."""

    @abstractmethod
    def stream_error(
        self, *, message: str, request_id: str, reader: AnswerReader | None = None, agent: str = ""
    ) -> bytes:
        """Return the frame that ends a stream by an error that no agent retries.

        ``b""`` where only a lost connection ends one so. ``reader``, where given, lets the frame agree with the answer
        that it ends (its id and numbering); ``agent`` is what the agent calls itself, where agents differ.
        """
