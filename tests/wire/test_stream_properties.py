"""What agents get of an answer: the upstream's bytes with exactly the denied calls changed, readable at every frame.

The streams are drawn by Hypothesis, the readers are the official SDKs. Parallel calls are interleaved where the
protocol allows it; Anthropic's sends one block after the other, and its SDK can read no other order.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import answers
import pytest
import sdks
from answers import Block, Framed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import CUTS, everywhere, finding, parse, read

from guardian_ci.model import WireProtocol
from guardian_ci.wire import WIRES
from guardian_ci.wire.interface import Wire


@dataclass(frozen=True, kw_only=True)
class Speech:
    """One protocol: who draws answers, who writes them, who reads them."""

    wire: Wire
    blocks: st.SearchStrategy[list[Block]]
    stream: Callable[[Sequence[Block]], list[Framed]]
    whole: Callable[[Sequence[Block]], Mapping[str, object]]
    interleaves: bool = True

    def understood(self, body: bytes, kind: str = sdks.SSE) -> sdks.Understood:
        return sdks.READERS[self.wire.protocol](body, kind)


SPEECHES = [
    Speech(
        wire=WIRES[WireProtocol.ANTHROPIC_MESSAGES],
        blocks=answers.MESSAGES,
        stream=answers.messages_stream,
        whole=answers.messages_whole,
        interleaves=False,
    ),
    Speech(
        wire=WIRES[WireProtocol.OPENAI_CHAT],
        blocks=answers.CHAT,
        stream=answers.chat_stream,
        whole=answers.chat_whole,
    ),
    Speech(
        wire=WIRES[WireProtocol.OPENAI_RESPONSES],
        blocks=answers.RESPONSES,
        stream=answers.responses_stream,
        whole=answers.responses_whole,
    ),
]
ALL = pytest.mark.parametrize("speech", SPEECHES, ids=lambda speech: str(speech.wire.protocol))
REQUEST = b'{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[],"input":[]}'
UNSTREAMED = b'{"model":"m","messages":[],"input":[]}'
DENIED = st.sets(st.sampled_from(["bash", "read_file", "mcp__gh__issue", "local_shell"]), max_size=3)
SOME = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def drawn(data: st.DataObject, speech: Speech) -> tuple[list[Block], list[Framed]]:
    """Draw an answer and its stream, the blocks' frames interleaved where the protocol allows it."""
    blocks = data.draw(speech.blocks)
    frames = speech.stream(blocks)
    if speech.interleaves and data.draw(st.booleans()):
        frames = interleaved(data, frames)
    if speech.wire.protocol is WireProtocol.ANTHROPIC_MESSAGES:
        for at in sorted(data.draw(st.lists(st.integers(1, len(frames) - 1), max_size=2)), reverse=True):
            frames.insert(at, answers.PING)
    return blocks, frames


def interleaved(data: st.DataObject, frames: Sequence[Framed]) -> list[Framed]:
    """Mix the blocks' frames; each block keeps its order, and they begin in theirs."""
    first = next((i for i, frame in enumerate(frames) if frame.block is not None), 0)
    queues: dict[int, list[Framed]] = {}
    for frame in frames:
        if frame.block is not None:
            queues.setdefault(frame.block, []).append(frame)
    mixed: list[Framed] = []
    begun: list[int] = []
    while queues:
        fresh = [block for block in sorted(queues) if block not in begun][:1]
        chosen = data.draw(st.sampled_from([*(block for block in begun if block in queues), *fresh]))
        begun += fresh if chosen in fresh else []
        mixed.append(queues[chosen].pop(0))
        if not queues[chosen]:
            del queues[chosen]
    return [*frames[:first], *mixed, *(frame for frame in frames[first:] if frame.block is None)]


def raw(frames: Sequence[Framed]) -> bytes:
    return b"".join(frame.raw for frame in frames)


def split(stream: bytes) -> list[bytes]:
    return [part + b"\n\n" for part in stream.split(b"\n\n")[:-1]]


def denied_in(understood: sdks.Understood, names: set[str]) -> sdks.Understood:
    """Say what an agent has to get in the place of an answer."""
    calls = [
        replace(
            call,
            name=f"guardian_denied_{call.name}",
            arguments={"reason": f"no {call.name} \u2013 \U0001f512", "rule": "tool_allowlist"},
        )
        if call.name in names
        else call
        for call in understood.calls
    ]
    return replace(understood, calls=tuple(calls))


def relayed_order(speech: Speech, blocks: Sequence[Block], frames: Sequence[Framed]) -> list[Framed]:
    """Say in what order frames are to reach the agent: a call's with its last (in chat the finish), others at once."""
    in_chat = speech.wire.protocol is WireProtocol.OPENAI_CHAT
    left = Counter(frame.block for frame in frames)
    order: list[Framed] = []
    waiting: list[Framed] = []
    for frame in frames:
        left[frame.block] -= 1
        if frame.block is not None and blocks[frame.block].is_call:
            waiting.append(frame)
            done = not left[frame.block] and not in_chat
            order += [held for held in waiting if done and held.block == frame.block]
            waiting = [held for held in waiting if not (done and held.block == frame.block)]
            continue
        if b'"finish_reason": "' in frame.raw:
            order += waiting
        order.append(frame)
    return order


@ALL
@SOME
@given(data=st.data(), denied=DENIED, cuts=CUTS)
def test_agents_get_the_upstreams_bytes_with_exactly_the_denied_calls_changed(
    speech: Speech, data: st.DataObject, denied: set[str], cuts: list[int]
) -> None:
    blocks, frames = drawn(data, speech)
    reading = everywhere(speech.wire, REQUEST, raw(frames), cuts, denied=denied)
    changed = {i for i, block in enumerate(blocks) if block.is_call and block.name in denied}
    repeats = frames[-1] if speech.wire.protocol is WireProtocol.OPENAI_RESPONSES else None
    for frame, got in zip(relayed_order(speech, blocks, frames), split(reading.relayed), strict=True):
        if frame.block in changed:
            name = blocks[frame.block or 0].name.encode()
            assert b"guardian_denied_" + name in got or name not in frame.raw
        elif not (changed and frame is repeats):
            assert got == frame.raw
    assert speech.understood(reading.relayed) == denied_in(speech.understood(raw(frames)), denied)
    assert reading.complete


@ALL
@SOME
@given(data=st.data(), denied=DENIED)
def test_what_came_so_far_can_be_read_by_the_official_sdk(
    speech: Speech, data: st.DataObject, denied: set[str]
) -> None:
    _, frames = drawn(data, speech)
    got = split(read(speech.wire, REQUEST, [raw(frames)], denied=denied).relayed)
    for end in range(len(got)):
        speech.understood(b"".join(got[:end]))


@ALL
@SOME
@given(data=st.data(), denied=DENIED)
def test_text_is_never_held_back(speech: Speech, data: st.DataObject, denied: set[str]) -> None:
    blocks, frames = drawn(data, speech)
    reader = speech.wire.reader(parse(speech.wire, REQUEST), content_type=sdks.SSE)
    for frame in frames:
        given_now = b""
        for piece in reader.feed(frame.raw):
            deny = piece.tool is not None and piece.tool.name in denied
            given_now += reader.deny(piece, finding(piece.tool)) if deny and piece.tool else piece.data
        if frame.block is not None and blocks[frame.block].is_call:
            assert reader.holding or given_now
        elif frame is not frames[-1]:
            assert given_now.endswith(frame.raw)
    list(reader.close())
    assert not reader.holding


@ALL
@SOME
@given(data=st.data(), cuts=CUTS)
def test_the_text_that_is_told_is_the_text_that_agents_read(
    speech: Speech, data: st.DataObject, cuts: list[int]
) -> None:
    blocks, frames = drawn(data, speech)
    told: dict[str, str] = {}
    for piece in everywhere(speech.wire, REQUEST, raw(frames), cuts).pieces:
        told[piece.block] = told.get(piece.block, "") + piece.text
    words = [block.text for block in blocks if not block.is_call]
    if speech.wire.protocol is WireProtocol.OPENAI_CHAT:
        words = [text for text in speech.understood(raw(frames)).texts if text]
    assert sorted(text for text in told.values() if text) == sorted(words)


@ALL
@SOME
@given(data=st.data(), denied=DENIED, indent=st.sampled_from([None, 1]))
def test_an_unstreamed_answer_has_exactly_the_denied_calls_changed(
    speech: Speech, data: st.DataObject, denied: set[str], indent: int | None
) -> None:
    blocks = data.draw(speech.blocks)
    body = json.dumps(speech.whole(blocks), indent=indent, ensure_ascii=False).encode()
    reading = read(speech.wire, UNSTREAMED, [body], denied=denied, content_type=sdks.JSON)
    expected = denied_in(speech.understood(body, sdks.JSON), denied)
    assert speech.understood(reading.relayed, sdks.JSON) == expected
    if not any(block.is_call and block.name in denied for block in blocks):
        assert reading.relayed == body
    words = [piece.text for piece in reading.pieces if piece.text]
    assert "".join(words) == "".join(block.text for block in blocks if not block.is_call)


@ALL
@SOME
@given(data=st.data(), end=st.integers(0, 10_000))
def test_a_stream_that_breaks_off_gives_no_part_of_a_call(speech: Speech, data: st.DataObject, end: int) -> None:
    blocks, frames = drawn(data, speech)
    cut = end % len(frames)
    reading = read(speech.wire, REQUEST, [raw(frames[:cut])])
    speech.understood(reading.relayed)
    left = Counter(frame.block for frame in frames[cut:] if frame.block is not None)
    for i, block in enumerate(blocks):
        if block.is_call and left[i]:
            assert block.id.encode() not in reading.relayed
