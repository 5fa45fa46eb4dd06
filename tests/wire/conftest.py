"""How the tests of the wire protocols read an answer: whole, byte by byte, or cut anywhere."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from guardian_ci.model import Finding, Operation, ToolUse, Usage, Verdict
from guardian_ci.wire.interface import AnswerReader, Parsed, Piece, Wire

SSE = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What became of one answer."""

    pieces: list[Piece]
    relayed: bytes
    usage: Usage | None
    complete: bool
    error: str | None
    reader: AnswerReader

    @property
    def tools(self) -> list[ToolUse]:
        return [piece.tool for piece in self.pieces if piece.tool is not None]

    @property
    def output_bytes(self) -> int:
        return sum(piece.output_bytes for piece in self.pieces)

    def same_as(self, other: "Reading") -> bool:
        mine = (self.pieces, self.relayed, self.usage, self.complete, self.error)
        return mine == (other.pieces, other.relayed, other.usage, other.complete, other.error)


def parse(wire: Wire, body: bytes, operation: Operation = Operation.GENERATE) -> Parsed:
    return wire.parse_call(body, operation=operation, headers={"content-type": "application/json"})


def finding(tool: ToolUse) -> Finding:
    return Finding(
        rule="tool_allowlist",
        verdict=Verdict.BLOCK,
        reason="tool_not_allowed",
        message=f"no {tool.name} \u2013 \U0001f512",
    )


def chunks(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def read(
    wire: Wire,
    request: bytes,
    parts: Iterable[bytes],
    *,
    denied: Iterable[str] = (),
    content_type: str = SSE,
) -> Reading:
    reader = wire.reader(parse(wire, request), content_type=content_type)
    pieces: list[Piece] = []
    relayed: list[bytes] = []

    def take(piece: Piece) -> None:
        deny = piece.tool is not None and piece.tool.name in set(denied)
        pieces.append(piece)
        relayed.append(reader.deny(piece, finding(piece.tool)) if deny and piece.tool else piece.data)

    for part in parts:
        for piece in reader.feed(part):
            take(piece)
    for piece in reader.close():
        take(piece)
    relayed.append(reader.rest())
    return Reading(
        pieces=pieces,
        relayed=b"".join(relayed),
        usage=reader.usage,
        complete=reader.complete,
        error=reader.state.error,
        reader=reader,
    )


@dataclass(frozen=True)
class Tools:
    """What the tests are handed, stateless, so that properties may use it."""

    parse: Callable[..., Parsed] = parse
    read: Callable[..., Reading] = read
    chunks: Callable[..., list[bytes]] = chunks
    finding: Callable[[ToolUse], Finding] = finding

    def everywhere(self, wire: Wire, request: bytes, answer: bytes, cuts: Iterable[int], **how: object) -> Reading:
        """Read whole, byte by byte and at cuts; all must come to the same."""
        whole = read(wire, request, [answer], **how)  # type: ignore[arg-type]
        single = read(wire, request, [answer[i : i + 1] for i in range(len(answer))], **how)  # type: ignore[arg-type]
        random = read(wire, request, chunks(answer, cuts), **how)  # type: ignore[arg-type]
        assert whole.same_as(single)
        assert whole.same_as(random)
        return whole


@pytest.fixture(scope="session")
def wired() -> Tools:
    return Tools()


CUTS = st.lists(st.integers(min_value=0, max_value=10**6), max_size=8)
HEADERS: Mapping[str, str] = {}
