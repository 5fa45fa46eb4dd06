"""AWS's event streams, held against botocore's own parser and against damage."""

import contextlib
import random
import struct
import zlib
from collections.abc import Iterator

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.errors import UpstreamError
from guardian_ci.wire.eventstream import Message, Messages

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)
MESSAGES = st.lists(
    st.builds(Message, st.dictionaries(NAMES, st.text(max_size=50), max_size=4), st.binary(max_size=300))
)


def read(pieces: Iterator[bytes] | list[bytes]) -> list[Message]:
    messages = Messages()
    return [message for piece in pieces for message in messages.feed(piece)]


@given(MESSAGES)
def test_botocore_reads_what_is_written(messages: list[Message]) -> None:
    theirs = EventStreamBuffer()
    theirs.add_data(b"".join(message.encoded() for message in messages))
    assert [Message(dict(each.headers), each.payload) for each in theirs] == messages


@given(MESSAGES, st.randoms(use_true_random=False))
def test_messages_are_read_whole_byte_by_byte_and_at_any_cuts(messages: list[Message], rand: random.Random) -> None:
    data = b"".join(message.encoded() for message in messages)
    cuts = sorted(rand.choices(range(len(data) + 1), k=5))
    parts = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))], parts):
        assert read(pieces) == messages


@given(st.binary(max_size=400), st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_is_an_error_of_the_upstream_or_waits_for_more(payload: bytes, at: int, mask: int) -> None:
    data = bytearray(Message({":event-type": "chunk"}, payload).encoded())
    data[at % len(data)] ^= mask
    with pytest.raises(UpstreamError, match=r"checksum|event of"):
        read([bytes(data)])


def raw_message(headers: bytes, payload: bytes = b"") -> bytes:
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    head = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return head + struct.pack(">I", zlib.crc32(head))


def test_headers_of_every_type_are_passed_over() -> None:
    values = {0: b"", 1: b"", 2: b"1", 3: b"22", 4: b"4444", 5: b"8" * 8, 6: b"\0\3abc", 8: b"8" * 8, 9: b"9" * 16}
    headers = b"".join(b"\1" + bytes([97 + kind, kind]) + value for kind, value in values.items())
    headers += b"\1z\7\0\2ok"
    assert read([raw_message(headers, b"x")]) == [Message({"z": "ok"}, b"x")]


@pytest.mark.parametrize(
    "headers", [b"\5ab", b"\1a\x0b", b"\1a\7\0", b"\1a\7\0\5abc", b"\1a\5abc", b"\1\xff\7\0\0", b"\1a\7\0\1\xff"]
)
def test_headers_that_cannot_be_read_are_an_error_of_the_upstream(headers: bytes) -> None:
    with pytest.raises(UpstreamError, match="headers cannot be read"):
        read([raw_message(headers)])


@pytest.mark.parametrize(("total", "headers"), [(9 << 20, 0), (1 << 20, 200_000), (100, 85), (15, 0), (0, 0)])
def test_a_length_that_no_event_has_is_refused_before_anything_is_kept(total: int, headers: int) -> None:
    lengths = struct.pack(">II", total, headers)
    with pytest.raises(UpstreamError, match=f"an event of {total} bytes"):
        read([lengths + struct.pack(">I", zlib.crc32(lengths))])


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_an_error_of_the_upstream(data: bytes) -> None:
    with contextlib.suppress(UpstreamError):
        read([data])
