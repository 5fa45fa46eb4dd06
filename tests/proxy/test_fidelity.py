"""Bytes pass as they are where the policy changes nothing: in every protocol, both ways. And what is edited."""

import gzip
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig import Run
from scripted import response, stream
from speech import CHAT, INPUT, OUTPUT, RESPONSES, SPEECHES, Speech

TOOL = ("bash", {"command": "ls -l caf\u00e9"})
SURVIVING = {
    "accept": "application/json, text/event-stream",
    "anthropic-beta": "one,two",
    "anthropic-version": "2023-06-01",
    "openai-beta": "responses=v1",
    "openai-organization": "org-1",
    "session-id": "0199-aa",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "user-agent": "agent/1.0 (linux)",
    "x-claude-code-session-id": "s-1",
    "x-goog-api-client": "gl-node/24",
    "x-stainless-retry-count": "0",
}
"""What providers, gateways and their own logs go by. (Codex's and others' headers of a session are of this kind.)"""


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to ask: where, with what, and what is answered. Frames are pairs of an event's name and its data."""

    name: str
    path: str
    request: Mapping[str, Any]
    whole: Mapping[str, Any] | None = None
    frames: Sequence[tuple[str | None, Any]] = ()
    array: bool = False


def _parted(frame: bytes) -> tuple[str | None, Any]:
    lines = dict(line.split(": ", 1) for line in frame.decode().strip().splitlines())
    data = lines["data"]
    return lines.get("event"), data if data == "[DONE]" else json.loads(data)


def _ways(speech: Speech) -> list[Way]:
    frames = [_parted(frame) for frame in speech.frames(TOOL, words=4)]
    return [
        Way(name=f"{speech.name}, whole", path=speech.path, request=speech.request(), whole=speech.whole(TOOL)),
        Way(name=f"{speech.name}, stream", path=speech.path, request=speech.request(streamed=True), frames=frames),
    ]


def _google(*parts: Mapping[str, Any], **more: object) -> Mapping[str, Any]:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0, **more}
    usage = {"promptTokenCount": INPUT, "candidatesTokenCount": OUTPUT, "totalTokenCount": INPUT + OUTPUT}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-pro", "responseId": "r"}


_CALL = {"functionCall": {"name": TOOL[0], "args": TOOL[1]}}
_ASKED = {"contents": [{"role": "user", "parts": [{"text": "Hello."}]}], "generationConfig": {"maxOutputTokens": 100}}
_FRAMES = [(None, _google({"text": "One "})), (None, _google(_CALL)), (None, _google(finishReason="STOP"))]
_MODEL = "/v1beta/models/gemini-2.5-pro"
WAYS = [
    *(way for speech in SPEECHES for way in _ways(speech)),
    Way(
        name="gemini-generate, whole",
        path=f"{_MODEL}:generateContent",
        request=_ASKED,
        whole=_google({"text": "Well."}, _CALL, finishReason="STOP"),
    ),
    Way(name="gemini-generate, stream", path=f"{_MODEL}:streamGenerateContent?alt=sse", request=_ASKED, frames=_FRAMES),
    Way(
        name="gemini-generate, array",
        path=f"{_MODEL}:streamGenerateContent",
        request=_ASKED,
        frames=_FRAMES,
        array=True,
    ),
]

every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
NUMBERS = ("123456789012345678901234567890", "-0", "1.0", "1E-7", "0.1000")
ODD: Mapping[str, Any] = {"x_unheard_of": {"z": [None, True, "\u2028 \U0001f600 </script> \\ \x7f"], "": {}}}


class Style:
    """Writes JSON as somebody might: with any spacing, any escapes, and members that nobody knows."""

    def __init__(self, seed: int) -> None:
        self._any = random.Random(seed)

    def blank(self) -> str:
        return self._any.choice(["", "", " ", "\n", "\t ", "\r\n"])

    def text(self, text: str) -> str:
        return '"' + "".join(map(self._letter, text)) + '"'

    def _letter(self, letter: str) -> str:
        plain = json.dumps(letter)[1:-1]
        if letter.isalnum() and self._any.random() < 0.1:
            return "".join(f"\\u{ord(each):04x}" for each in letter) if ord(letter) < 0x10000 else plain
        return letter if ord(letter) > 0x7F and self._any.random() < 0.7 else plain

    def json(self, value: object) -> str:
        between, before = f"{self.blank()},{self.blank()}", f"{self.blank()}:{self.blank()}"
        if isinstance(value, dict):
            members = [f"{self.text(name)}{before}{self.json(member)}" for name, member in value.items()]
            return f"{{{self.blank()}{between.join(members)}{self.blank()}}}"
        if isinstance(value, list):
            return f"[{self.blank()}{between.join(map(self.json, value))}{self.blank()}]"
        return self.text(value) if isinstance(value, str) else json.dumps(value)

    def chunks(self, data: bytes) -> list[bytes]:
        cuts = sorted({self._any.randrange(1, len(data)) for _ in range(self._any.randrange(9))})
        return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    def events(self, frames: Sequence[tuple[str | None, Any]]) -> bytes:
        end = self._any.choice(["\n", "\r\n"])
        comments = ["", f": keep-alive{end}{end}", f"retry: 3000{end}{end}"]
        written = self._any.choice(comments)
        for name, data in frames:
            value = data if isinstance(data, str) else self.json(data).replace("\r", " ").replace("\n", " ")
            lines = [f"event: {name}"] if name else []
            lines += ["id: 7"] if self._any.random() < 0.2 else []
            written += end.join([*lines, f"data:{self._any.choice([' ', ''])}{value}", "", ""])
        return written.encode()

    def array(self, frames: Sequence[tuple[str | None, Any]]) -> bytes:
        return ("[" + ",\r\n".join(self.json(data) for _, data in frames) + "]\n").encode()


def _answered(way: Way, style: Style) -> tuple[bytes, str]:
    if way.whole is not None:
        return style.json({**way.whole, **ODD}).encode(), "application/json"
    if way.array:
        return style.array(way.frames), "application/json; charset=UTF-8"
    return style.events(way.frames), "text/event-stream; charset=utf-8"


@every_way
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_requests_and_answers_keep_every_byte(shared: Run, way: Way, seed: int) -> None:
    style = Style(seed)
    asked = style.blank() + style.json({**way.request, **ODD}) + style.blank()
    answer, kind = _answered(way, style)
    shared.upstream.says(stream(style.chunks(answer), kind))
    got = shared.request("POST", way.path, CHAT, asked.encode())
    assert (got.status_code, got.content) == (200, answer)
    assert got.headers["content-type"] == kind
    seen = shared.upstream.seen[-1]
    assert (seen.target, seen.body) == (way.path, asked.encode())
    record = shared.record_of(got)
    assert (record["input_tokens"], record["output_tokens"], record["outcome"]) == (INPUT, OUTPUT, "complete")
    assert [tool["name"] for tool in record["tool_calls"]] == [TOOL[0]]


@every_way
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_keep_their_digits(shared: Run, way: Way, number: str) -> None:
    asked = json.dumps(way.request)[:-1] + f', "x_number": {number}}}'
    answer, kind = _answered(way, Style(0))
    shared.upstream.says(stream([answer], kind))
    got = shared.request("POST", way.path, CHAT, asked.encode())
    assert (got.status_code, shared.upstream.seen[-1].body) == (200, asked.encode())


@every_way
def test_packed_requests_and_answers_keep_every_byte(shared: Run, way: Way) -> None:
    asked = gzip.compress(json.dumps(way.request).encode())
    answer, kind = _answered(way, Style(1))
    shared.upstream.says(response(gzip.compress(answer), content_type=kind, headers=[("content-encoding", "gzip")]))
    got = shared.request("POST", way.path, CHAT, asked, content_encoding="gzip", accept_encoding="gzip")
    assert got.content == answer
    seen = shared.upstream.seen[-1]
    assert (seen.body, seen.header("content-encoding")) == (asked, "gzip")
    # A document that is kept whole stays packed; of a stream each frame is looked at, so it goes on plain.
    assert ("content-encoding" in got.headers) is (way.whole is not None)


@every_way
def test_headers_and_queries_pass_as_they_are(shared: Run, way: Way) -> None:
    answer, kind = _answered(way, Style(2))
    told = [
        ("request-id", "req_1"),
        ("x-ratelimit-remaining-tokens", "5"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]
    shared.upstream.says(stream([answer], kind, headers=told))
    path = f"{way.path}{'&' if '?' in way.path else '?'}beta=true&x=%2F+%c3%A9&empty=&flag"
    got = shared.request("POST", path, CHAT, json.dumps(way.request).encode(), **SURVIVING)
    seen = shared.upstream.seen[-1]
    assert seen.target == path
    assert {name: seen.header(name) for name in SURVIVING} == SURVIVING
    assert [(name, value) for name, value in got.headers.multi_items() if name in dict(told)] == told


def test_where_no_money_is_bounded_searches_are_not(shared: Run) -> None:
    asked = RESPONSES.body(tools=[{"type": "web_search"}])
    shared.upstream.says(response(json.dumps(RESPONSES.whole()).encode()))
    shared.post(RESPONSES, asked)
    assert shared.upstream.seen[-1].body == asked


class TestWhatIsEditedUnasked:
    """The whole list. Each has its reason; nothing else differs."""

    def test_a_stream_of_chat_is_asked_for_its_usage_and_the_chunk_that_tells_it_is_taken_out(
        self, shared: Run
    ) -> None:
        # Without it nobody could bill the call.
        asked = CHAT.body(streamed=True, stream_options=None)
        frames = CHAT.frames()
        shared.upstream.says(stream(frames))
        got = shared.post(CHAT, asked)
        told = b'"stream_options": {"include_usage": true}'
        assert shared.upstream.seen[-1].body.replace(b" ", b"") == asked.replace(
            b'"stream_options": null', told
        ).replace(b" ", b"")
        assert got.content == b"".join(frame for frame in frames if b'"choices": []' not in frame)

    @pytest.mark.parametrize("streamed", [False, True])
    def test_a_stream_is_asked_for_unpacked(self, shared: Run, speech: Speech, streamed: bool) -> None:
        # A held tool call must not hold the text that is packed with it.
        frames = stream(speech.frames())
        shared.upstream.says(frames if streamed else response(json.dumps(speech.whole()).encode()))
        shared.post(speech, speech.body(streamed=streamed), accept_encoding="gzip, br, zstd, x-new")
        wished = shared.upstream.seen[-1].header("accept-encoding")
        assert wished == ("identity" if streamed else "gzip, br, zstd")

    def test_the_key_and_the_connections_own_headers_are_the_proxys(self, shared: Run, speech: Speech) -> None:
        shared.upstream.says(response(json.dumps(speech.whole()).encode()))
        own = {"x-guardian-session": "one", "te": "trailers", "keep-alive": "5", "proxy-authorization": "Basic eA=="}
        shared.post(speech, **own)
        seen = shared.upstream.seen[-1]
        assert {name: seen.header(name) for name in own} == dict.fromkeys(own)
        assert shared.token is not None
        assert shared.token not in str(seen.headers)

    def test_a_key_in_the_query_moves_into_its_header(self, shared: Run) -> None:
        # Addresses are written into logs, headers are not.
        shared.upstream.says(response(json.dumps(_google({"text": "x"}, finishReason="STOP")).encode()))
        path = f"{_MODEL}:generateContent?key=AIza-agent&a=b"
        with shared.client() as client:
            got = client.post(path, content=json.dumps(_ASKED).encode(), headers={"content-type": "application/json"})
        seen = shared.upstream.seen[-1]
        assert (got.status_code, seen.target) == (200, f"{_MODEL}:generateContent?a=b")
        assert seen.header("x-goog-api-key") == "AIza-agent"

    @pytest.mark.parametrize(
        "body", [b'{"model": "gpt-4.1", "model": "gpt-5.4", "messages": []}', b'{"Model": "gpt-4.1", "messages": []}']
    )
    def test_what_readers_would_read_in_two_ways_is_refused_and_not_mended(self, shared: Run, body: bytes) -> None:
        before = len(shared.upstream.seen)
        assert shared.post(CHAT, body).status_code == 400
        assert len(shared.upstream.seen) == before
