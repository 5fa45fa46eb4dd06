"""How the tests of the wire protocols read an answer: whole, byte by byte, or cut anywhere."""

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.model import Call, Finding, Operation, Origin, ToolUse, Usage, Verdict
from guardian_ci.wire.interface import Address, AnswerReader, Edits, Parsed, Piece, Wire
from guardian_ci.wire.json_text import value_at

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
    headers = {"content-type": "application/json"}
    return wire.parse_call(body, operation=operation, headers=headers, address=Address(model="m"))


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


def everywhere(
    wire: Wire,
    request: bytes,
    answer: bytes,
    cuts: Iterable[int],
    *,
    denied: Iterable[str] = (),
    content_type: str = SSE,
) -> Reading:
    """Read whole, byte by byte and at cuts; all must come to the same."""
    whole, single, random = (
        read(wire, request, parts, denied=denied, content_type=content_type)
        for parts in ([answer], [answer[i : i + 1] for i in range(len(answer))], chunks(answer, cuts))
    )
    assert whole.same_as(single)
    assert whole.same_as(random)
    return whole


def facts(wire: Wire, base: Mapping[str, object], **members: object) -> Call:
    """Parse a request that differs from ``base`` in these members."""
    return parse(wire, json.dumps({**base, **members}).encode()).call


def texts(wire: Wire, base: Mapping[str, object], **members: object) -> list[tuple[str, Origin, bool]]:
    """List the texts of a request that differs from ``base`` in these members: origin and freshness, in order."""
    request = {**base, **members}
    told = list(wire.passages(parse(wire, json.dumps(request).encode())))
    assert all(value_at(request, passage.path) == passage.text for passage in told)
    return [(passage.text, passage.origin, passage.fresh) for passage in told]


def edit(
    wire: Wire,
    request: bytes,
    edits: Edits,
    operation: Operation = Operation.GENERATE,
) -> bytes:
    """Parse and edit a request."""
    return wire.edit(parse(wire, request, operation), edits)


CUTS = st.lists(st.integers(min_value=0, max_value=10**6), max_size=8)


def cut_anywhere(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test of ``cuts`` at a few dozen random cuts; it reads whole and byte by byte besides."""
    return settings(max_examples=15, deadline=None)(given(cuts=CUTS)(test))
