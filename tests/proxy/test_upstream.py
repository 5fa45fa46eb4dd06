"""The client of the upstream: exactly the bytes that it is given, and one kind of error for each thing that fails."""

import socket

import pytest
from scripted import LAST_CHUNK, End, LoopThread, Pause, Reset, Step, Upstream, chunk, chunked_head, head, response

from guardian_ci.errors import UpstreamError
from guardian_ci.policy.settings import Timeouts
from guardian_ci.proxy.direct_lookout import OwnConnections
from guardian_ci.proxy.upstream import Answer, BrokenError, UnreachedError, UpstreamClient

TIMEOUTS = Timeouts(connect_seconds=2, silence_seconds=0.3)
HEADERS = [(b"x-One", b"1"), (b"x-two", b"a"), (b"x-two", b"b")]


async def sent(url: str, body: bytes = b"", method: str = "POST") -> tuple[Answer, bytes]:
    async with UpstreamClient(OwnConnections()) as client:
        answer = await client.send(method, url, HEADERS, body, TIMEOUTS)
        try:
            return answer, b"".join([part async for part in answer.chunks()])
        finally:
            await answer.close()


def test_the_request_has_exactly_the_headers_that_it_is_given(loop_thread: LoopThread, upstream: Upstream) -> None:
    upstream.says(response(b"yes"))
    loop_thread.do(sent(f"{upstream.url}/v1/messages?beta=true", b"body"))
    (seen,) = upstream.seen
    assert (seen.method, seen.target, seen.body) == ("POST", "/v1/messages?beta=true", b"body")
    own = [("host", upstream.url.removeprefix("http://")), ("content-length", "4")]
    assert sorted(seen.headers) == sorted([("x-one", "1"), ("x-two", "a"), ("x-two", "b"), *own])


def test_the_answer_keeps_its_headers_and_its_compressed_bytes(loop_thread: LoopThread, upstream: Upstream) -> None:
    upstream.says(response(b"\x1f\x8bzipped", headers=[("Content-Encoding", "gzip"), ("X-A", "1"), ("x-a", "2")]))
    answer, body = loop_thread.do(sent(upstream.url))
    assert body == b"\x1f\x8bzipped"
    assert answer.header(b"content-encoding") == "gzip"
    assert [value for name, value in answer.headers if name == b"x-a"] == [b"1", b"2"]
    assert answer.header(b"none") == ""


def test_a_connection_serves_the_next_call_too(loop_thread: LoopThread, upstream: Upstream) -> None:
    async def twice() -> None:
        async with UpstreamClient(OwnConnections()) as client:
            for _ in range(2):
                answer = await client.send("GET", upstream.url, [], b"", TIMEOUTS)
                assert [part async for part in answer.chunks()] == [b"yes"]

    upstream.says(response(b"yes"))
    loop_thread.do(twice())
    assert len(upstream.seen) == 2


@pytest.mark.parametrize(
    ("status", "refuses", "redirects"),
    [(200, False, False), (204, False, False), (302, False, True), (400, True, False), (529, True, False)],
)
def test_what_a_status_means(
    loop_thread: LoopThread, upstream: Upstream, status: int, refuses: bool, redirects: bool
) -> None:
    upstream.says([response(b"", status=status)])
    answer, _ = loop_thread.do(sent(upstream.url))
    assert (answer.refuses, answer.redirects) == (refuses, redirects)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/v1?key=secret", "http://127.0.0.1:9 cannot be reached"),
        ("http://user:secret@127.0.0.1:9/", "http://127.0.0.1:9 cannot be reached"),
        ("http://no-such-host.invalid/", "http://no-such-host.invalid cannot be reached"),
        ("ftp://127.0.0.1/", "is no address to send to"),
        ("http://[::1/", "is no address to send to"),
    ],
)
def test_where_nothing_has_left_nothing_can_be_billed(loop_thread: LoopThread, url: str, said: str) -> None:
    with pytest.raises(UnreachedError, match=said.replace("[", r"\[")) as failed:
        loop_thread.do(sent(url))
    assert failed.value.status == 502
    assert "secret" not in str(failed.value)


def test_an_upstream_that_does_not_take_connections_is_not_waited_for(loop_thread: LoopThread) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        # With the queue full, a further connection attempt just hangs.
        address = full.getsockname()
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.settimeout(0)
            other.connect_ex(address)
        with pytest.raises((UnreachedError, BrokenError)):
            loop_thread.do(sent(f"http://127.0.0.1:{address[1]}/"))
        for other in others:
            other.close()


@pytest.mark.parametrize(
    ("script", "status", "said"),
    [
        ([Reset()], 502, "broke off"),
        ([End()], 502, "broke off"),
        ([b"nonsense\r\n\r\n", End()], 502, "broke off"),
        ([Pause(30)], 504, r"did not answer within 0.3 s"),
        ([chunked_head(), chunk(b"a"), Reset()], 502, "broke off its answer"),
        ([chunked_head(), chunk(b"a"), End()], 502, "broke off its answer"),
        ([head(headers=[("content-length", "10")]), b"half", End()], 502, "broke off its answer"),
        ([chunked_head(), chunk(b"a"), Pause(30)], 504, r"sent nothing for 0.3 s"),
        ([chunked_head(), b"x\r\n", End()], 502, "broke off its answer"),
    ],
)
def test_where_a_request_has_left_it_may_be_billed(
    loop_thread: LoopThread, upstream: Upstream, script: list[Step], status: int, said: str
) -> None:
    upstream.says(script)
    with pytest.raises(BrokenError, match=said) as failed:
        loop_thread.do(sent(upstream.url, b"body"))
    assert failed.value.status == status
    assert isinstance(failed.value, UpstreamError)


def test_pings_keep_a_silent_answer_alive(loop_thread: LoopThread, upstream: Upstream) -> None:
    pings: list[Step] = [step for _ in range(5) for step in (chunk(b": ping\n\n"), Pause(0.15))]
    upstream.says([chunked_head(), *pings, LAST_CHUNK])
    _, body = loop_thread.do(sent(upstream.url))
    assert body == b": ping\n\n" * 5
