"""A JSON array in pieces: cut before each element, whole again when the pieces are joined."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.errors import UpstreamError
from guardian_ci.wire.json_array import ArrayFramer
from guardian_ci.wire.sse import Frame

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=4)


def framed(data: bytes, size: int) -> list[Frame]:
    framer = ArrayFramer()
    frames = [frame for start in range(0, len(data), size) for frame in framer.feed(data[start : start + size])]
    return [*frames, *framer.close()]


@given(documents=DOCUMENTS, indent=st.none() | st.integers(0, 2), size=st.integers(1, 50))
def test_every_cut_gives_the_elements_and_the_frames_are_the_stream(
    documents: list[object], indent: int | None, size: int
) -> None:
    data = json.dumps(documents, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
    frames = framed(data, size)
    assert b"".join(frame.raw for frame in frames) == data
    assert [json.loads(frame.data) for frame in frames if frame.data is not None] == json.loads(data)
    assert not any(frame.odd for frame in frames if documents)


@given(data=st.binary(max_size=200), size=st.integers(1, 20))
def test_whatever_bytes_come_all_of_them_are_kept(data: bytes, size: int) -> None:
    assert b"".join(frame.raw for frame in framed(data, size)) == data


def test_an_element_is_edited_and_what_stands_before_it_stays() -> None:
    _, second, _ = framed(b'[{"a": 1},\r\n {"a": 2}]', 4)
    assert second.with_data('{"b":3}') == b',\r\n {"b":3}'


def test_half_an_element_at_the_end_is_odd() -> None:
    *_, last = framed(b'[{"a": 1}, {"a"', 3)
    assert (last.data, last.odd) == (None, True)


def test_an_element_without_an_end_is_not_kept_for_ever() -> None:
    framer = ArrayFramer(limit=100)
    with pytest.raises(UpstreamError, match="more than 100 bytes"):
        list(framer.feed(b'[{"a": "' + b"x" * 200))
