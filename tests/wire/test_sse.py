"""A stream is cut into frames wherever the network has cut it, and every byte is kept."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.errors import UpstreamError
from guardian_ci.wire.sse import Frame, Framer, data_frame, event_frame

STREAMS = [
    b"data: a\n\ndata: b\n\n",
    b"event: x\r\ndata: a\r\n\r\nevent: y\r\ndata: b\r\n\r\n",
    b"data: a\r\rdata: b\r\r",
    b"data: a\r\n\ndata: b\n\r\ndata: c\n\rdata: d\r\n\r\n",
    b"\xef\xbb\xbfdata: a\n\n: a comment\n\n\n\n\ndata:b\ndata: c\n\n",
    b"data: a\n\ndata: no end",
    "data: gr\u00fc\u00df \U0001f600\n\n".encode(),
    b"id: 1\nretry: 5\nnonsense\n\ndata\n\ndata:\n\n",
    b"data: half a line end\r",
    b"",
]
ANY_STREAM = st.lists(st.sampled_from([b"data: ", b"a", b"\n", b"\r", b"\r\n", b":", b"event: e", b"\xff"])).map(
    b"".join
)


def frames(parts: list[bytes]) -> list[Frame]:
    framer = Framer()
    found = [frame for part in parts for frame in framer.feed(part)]
    return [*found, *framer.close()]


def test_frames_end_with_an_empty_line_however_lines_end() -> None:
    assert [frame.data for frame in frames([STREAMS[3]])] == ["a", "b", "c", "d"]


def test_the_event_name_and_joined_data_lines_are_read() -> None:
    (frame,) = frames([b"event: message\ndata: a\ndata:  b\n\n"])
    assert (frame.event, frame.data) == ("message", "a\n b")


def test_a_byte_order_mark_is_skipped_once_and_relayed() -> None:
    first, second = frames([b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n"])
    assert (first.data, first.raw[:3]) == ("a", b"\xef\xbb\xbf")
    assert second.data is None


def test_comments_and_empty_frames_pass_as_frames_without_data() -> None:
    assert [(frame.data, frame.odd) for frame in frames([b": ping\n\n\n\n"])] == [(None, False), (None, False)]


def test_lines_that_the_format_does_not_know_are_odd() -> None:
    assert [frame.odd for frame in frames([b"<html>\n<p>\n\n"])] == [True]


def test_a_frame_is_given_as_soon_as_its_end_is_there() -> None:
    for end in (b"\n\n", b"\r\n\r\n", b"\r\r"):
        assert len(list(Framer().feed(b"data: a" + end))) == 1


@pytest.mark.parametrize("stream", STREAMS)
@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(min_value=0, max_value=100), max_size=6))
def test_cuts_change_nothing(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted({min(cut, len(stream)) for cut in cuts}), len(stream)]
    parts = [stream[start:end] for start, end in itertools.pairwise(edges)]
    whole = frames([stream])
    assert b"".join(frame.raw for frame in whole) == stream
    assert frames([stream[i : i + 1] for i in range(len(stream))]) == whole == frames(parts)


@settings(max_examples=40, deadline=None)
@given(stream=ANY_STREAM)
def test_any_bytes_come_out_as_they_went_in(stream: bytes) -> None:
    whole = frames([stream])
    assert b"".join(frame.raw for frame in whole) == stream
    assert frames([stream[i : i + 1] for i in range(len(stream))]) == whole


def test_a_frame_without_an_end_is_refused_at_the_limit() -> None:
    framer = Framer(limit=10)
    with pytest.raises(UpstreamError, match="more than 10 bytes"):
        list(framer.feed(b"data: 12345"))


def test_other_data_keeps_the_other_lines_and_the_line_ends() -> None:
    (frame,) = frames([b"event: e\r\ndata: {\r\n: note\r\ndata: }\r\nid: 7\r\n\r\n"])
    assert frame.with_data('{"a":\n1}') == b'event: e\r\ndata: {"a": 1}\r\n: note\r\nid: 7\r\n\r\n'


def test_written_frames_are_read_back() -> None:
    payload = {"text": "line\nbreak \u2028 \U0001f600"}
    first, second = frames([data_frame(payload) + event_frame("error", payload)])
    assert [json.loads(frame.data or "") for frame in (first, second)] == [payload, payload]
    assert (first.event, second.event) == ("", "error")
