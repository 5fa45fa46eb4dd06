"""Compressed bodies, both ways: undone piece by piece, within a limit, and kept where nothing is edited."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from rig import Run
from scripted import chunk, chunked_head, response
from speech import CHAT, MESSAGES, Speech

from guardian_ci.errors import BadRequest
from guardian_ci.proxy.encoding import accepted, decode_request, decoder


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
CASES = [
    *PACK.items(),
    ("deflate", raw_deflate),
    ("gzip", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
]


def unpacked(name: str, parts: list[bytes]) -> bytes:
    undo = decoder(name)
    assert undo is not None
    return b"".join(piece for part in parts for piece in undo.decode(part))


@pytest.mark.parametrize(("name", "pack"), CASES)
@given(data=st.data())
def test_what_is_packed_comes_out_the_same_wherever_it_is_cut(
    name: str, pack: Callable[[bytes], bytes], data: st.DataObject
) -> None:
    plain = data.draw(st.binary(max_size=300))
    packed = pack(plain)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(packed)), max_size=4)))
    parts = [packed[start:end] for start, end in zip([0, *cuts], [*cuts, len(packed)], strict=True)]
    assert unpacked(name, parts) == plain
    assert unpacked(name, [packed]) == plain
    assert unpacked(name, [bytes([byte]) for byte in packed]) == plain


@pytest.mark.parametrize("name", PACK)
@given(data=st.binary(min_size=1, max_size=200))
def test_what_is_not_of_its_encoding_is_refused_and_nothing_worse(name: str, data: bytes) -> None:
    try:
        decode_request(data, name, 1 << 20)
    except BadRequest as error:
        assert str(error).startswith("the request's body cannot be decompressed")  # noqa: PT017 - it may also succeed


@pytest.mark.parametrize("name", PACK)
def test_a_bomb_is_refused_before_it_has_unfolded(name: str) -> None:
    bomb = PACK[name](b" " * (100 << 20)) if name != "br" else brotli.compress(b" " * (100 << 20), quality=5)
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest, match="larger than 4 MB when it is decompressed"):
            decode_request(bomb, name, 4 << 20)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["", "identity", " Identity "])
def test_a_body_without_an_encoding_is_itself(name: str) -> None:
    assert decoder(name) is None
    assert decode_request(b"as it is", name, 100) == b"as it is"


@pytest.mark.parametrize("name", ["compress", "gzip, gzip", "\u00e9", "gzip;q=1"])
def test_an_encoding_that_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match="not known here; send gzip, deflate or none"):
        decode_request(b"", name, 100)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("gzip, deflate, br, zstd", "gzip, deflate, br, zstd"),
        ("gzip;q=1.0, exotic;q=0.5, *;q=0", "gzip;q=1.0"),
        ("exotic", "identity"),
        ("", "identity"),
        ("identity", "identity"),
    ],
)
def test_an_agents_wish_passes_without_what_cannot_be_undone_here(asked: str, sent: str) -> None:
    assert accepted(asked) == sent


class TestOverTheWire:
    @pytest.mark.parametrize("name", PACK)
    def test_a_compressed_request_is_understood_and_keeps_its_bytes(
        self, shared: Run, speech: Speech, name: str
    ) -> None:
        packed = PACK[name](speech.body("A compressed greeting."))
        shared.upstream.says(response(json.dumps(speech.whole()).encode()))
        got = shared.post(speech, packed, content_encoding=name)
        assert got.status_code == 200
        seen = shared.upstream.seen[-1]
        assert (seen.body, seen.header("content-encoding")) == (packed, name)
        assert shared.record_of(got)["model"] == speech.model

    def test_a_compressed_request_that_is_edited_leaves_decoded(self, shared: Run) -> None:
        asked = CHAT.body(streamed=True, stream_options=None)
        shared.upstream.says([*[chunked_head()], *[chunk(frame) for frame in CHAT.frames()], b"0\r\n\r\n"])
        got = shared.post(CHAT, gzip.compress(asked), content_encoding="gzip")
        assert got.status_code == 200
        seen = shared.upstream.seen[-1]
        assert seen.header("content-encoding") is None
        assert seen.json()["stream_options"] == {"include_usage": True}

    @pytest.mark.parametrize("name", PACK)
    def test_a_compressed_answer_that_needs_no_edit_keeps_its_bytes(
        self, shared: Run, speech: Speech, name: str
    ) -> None:
        packed = PACK[name](json.dumps(speech.whole()).encode())
        shared.upstream.says(response(packed, headers=[("content-encoding", name)]))
        with (
            shared.client(speech) as client,
            client.stream("POST", speech.path, content=speech.body(), headers={"accept-encoding": "gzip, br"}) as got,
        ):
            raw = b"".join(got.iter_raw())
        assert (raw, got.headers["content-encoding"], got.headers["content-length"]) == (packed, name, str(len(packed)))
        assert shared.upstream.seen[-1].header("accept-encoding") == "gzip, br"
        assert shared.record_of(got)["outcome"] == "complete"

    @pytest.mark.parametrize("name", PACK)
    def test_a_stream_is_asked_for_plain_and_understood_if_it_comes_compressed(
        self, shared: Run, speech: Speech, name: str
    ) -> None:
        packed = PACK[name](b"".join(speech.frames()))
        halves = [chunk(packed[:40]), chunk(packed[40:])]
        shared.upstream.says([chunked_head(headers=[("content-encoding", name)]), *halves, b"0\r\n\r\n"])
        got = shared.post(speech, speech.body(streamed=True))
        assert shared.upstream.seen[-1].header("accept-encoding") == "identity"
        assert got.content == b"".join(speech.frames())
        assert "content-encoding" not in got.headers
        assert shared.record_of(got)["outcome"] == "complete"

    @pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(MESSAGES.body())[:-12]], ids=["none", "torn"])
    def test_a_request_that_cannot_be_decompressed_is_refused_in_shape(self, shared: Run, body: bytes) -> None:
        got = shared.post(MESSAGES, body, content_encoding="gzip")
        assert got.status_code == 400
        assert MESSAGES.message_of(got.json())

    def test_an_answer_that_cannot_be_decompressed_is_an_upstream_that_failed(
        self,
        shared: Run,
        speech: Speech,
        streamed: bool,
    ) -> None:
        kind = "text/event-stream" if streamed else "application/json"
        shared.upstream.says(response(b"no gzip at all", content_type=kind, headers=[("content-encoding", "gzip")]))
        got = shared.post(speech, speech.body(streamed=streamed))
        message = speech.stream_message_of(got.content) if streamed else speech.message_of(got.json())
        assert "cannot be decompressed" in message
        assert shared.record_of(got)["estimated"] is True

    def test_an_encoding_that_is_not_known_is_an_upstream_that_failed(self, shared: Run) -> None:
        shared.upstream.says(response(b"x", headers=[("content-encoding", "exotic")]))
        got = shared.post(MESSAGES)
        assert got.status_code == 502
        assert "not known here" in MESSAGES.message_of(got.json())
