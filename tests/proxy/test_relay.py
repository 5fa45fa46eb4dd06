"""One call from its request to its settlement, over real sockets, when all is well and when nothing is."""

import json
from collections.abc import Callable, Sequence

import anthropic
import brotli
import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig import AGENT_KEY, KEY, TIMEOUTS, Rig, Run
from scripted import (
    LAST_CHUNK,
    End,
    Forever,
    Gate,
    Pause,
    Reset,
    Script,
    Step,
    Upstream,
    chunk,
    chunked_head,
    head,
    response,
    stream,
)
from speech import CHAT, INPUT, MESSAGES, OUTPUT, RESPONSES, SPEECHES, Speech

PROVIDER_HEADERS = [
    ("request-id", "req_of_the_provider"),
    ("anthropic-ratelimit-tokens-remaining", "12"),
    ("x-ratelimit-limit-requests", "60"),
    ("set-cookie", "a=1"),
    ("set-cookie", "b=2"),
]


GEMINI_PATH = "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"
LIMITS = [
    ("retry-after", "7"),
    ("retry-after-ms", "7001"),
    ("x-should-retry", "true"),
    ("request-id", "req_1"),
    ("x-request-id", "req_2"),
    ("anthropic-ratelimit-unified-reset", "1795331978"),
    ("x-ratelimit-remaining-tokens", "0"),
]
"""What providers say beside an error, for the client's own pace."""


def answer_of(speech: Speech, *, streamed: bool) -> Script:
    return stream(speech.frames()) if streamed else [response(json.dumps(speech.whole()).encode())]


def bytes_of(speech: Speech, *, streamed: bool) -> bytes:
    return b"".join(speech.frames()) if streamed else json.dumps(speech.whole()).encode()


class TestWhatNeedsNoEdit:
    """Bytes that need no edit pass untouched, both ways."""

    def test_a_call_and_its_answer_keep_every_byte(self, shared: Run, speech: Speech, streamed: bool) -> None:
        # Odd spacing, escapes and members that nobody knows: all of it is the agent's own.
        body = speech.body("caf\u00e9 \U0001f600", streamed=streamed, unheard_of={"a": [1, 2.50, None]})
        body = b"\n " + body.replace(b", ", b" ,\t") + b"  "
        shared.upstream.says(answer_of(speech, streamed=streamed))
        got = shared.post(speech, body)
        assert shared.upstream.seen[-1].body == body
        assert got.content == bytes_of(speech, streamed=streamed)
        record = shared.record_of(got)
        assert (record["input_tokens"], record["output_tokens"]) == (INPUT, OUTPUT)
        assert (record["decision"], record["outcome"], record["estimated"]) == ("approved", "complete", False)

    def test_headers_pass_both_ways_except_those_of_the_hop_and_the_key(
        self,
        shared: Run,
        speech: Speech,
        streamed: bool,
    ) -> None:
        whole = json.dumps(speech.whole()).encode()
        shared.upstream.says(
            stream(speech.frames(), headers=PROVIDER_HEADERS) if streamed else response(whole, headers=PROVIDER_HEADERS)
        )
        sent = {"anthropic-beta": "one,two", "user-agent": "agent/1.0", "x-stainless-lang": "python"}
        got = shared.post(speech, speech.body(streamed=streamed), **sent)
        for name, value in PROVIDER_HEADERS:
            assert value in got.headers.get_list(name)
        seen = shared.upstream.seen[-1]
        assert {name: seen.header(name) for name in sent} == sent
        name, before = speech.key_header
        assert seen.header(name) == f"{before}{KEY}"
        assert seen.header("host") == shared.upstream.url.removeprefix("http://")

    def test_the_official_sdk_reads_what_comes_through(self, shared: Run, speech: Speech, streamed: bool) -> None:
        shared.upstream.says(answer_of(speech, streamed=streamed))
        said = speech.ask(shared.url, streamed=streamed)
        assert said == ("word0 word1 word2 " if streamed else "Well then.")

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 413, 429, 500, 503, 529])
    @pytest.mark.parametrize("path", [MESSAGES.path, CHAT.path, RESPONSES.path, GEMINI_PATH])
    def test_the_upstreams_own_refusals_pass_untouched_and_cost_nothing(
        self, shared: Run, path: str, status: int
    ) -> None:
        body = b'{"type": "error",  "error": {"type": "overloaded_error", "message": "Caf\\u00e9"}}\n'
        shared.upstream.says(response(body, status=status, headers=LIMITS))
        speech = next((each for each in SPEECHES if each.path == path), None)
        sent = b'{"contents": [{"role": "user", "parts": [{"text": "Hello."}]}]}' if speech is None else speech.body()
        got = shared.request("POST", path, speech, sent, **({} if speech else {"x_goog_api_key": AGENT_KEY}))
        assert (got.status_code, got.content) == (status, body)
        assert [got.headers.get(name) for name, _ in LIMITS] == [value for _, value in LIMITS]
        assert "x-guardian-reason" not in got.headers
        record = shared.record_of(got)
        assert (record["cost_picodollars"], record["outcome"]) == (0, "upstream_error")
        assert (record["status"], record["upstream_status"]) == (status, status)


@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_a_stream_keeps_its_bytes_wherever_the_network_cuts_it(shared: Run, data: st.DataObject) -> None:
    speech = data.draw(st.sampled_from(SPEECHES))
    whole = b"".join(speech.frames(("bash", {"command": "ls -l"})))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=12)))
    parts = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    shared.upstream.says(stream(parts))
    got = shared.post(speech, speech.body(streamed=True))
    assert got.content == whole
    assert shared.record_of(got)["outcome"] == "complete"


def test_a_stream_of_one_byte_a_chunk_comes_out_the_same(shared: Run, speech: Speech) -> None:
    whole = b"".join(speech.frames(("bash", {"command": "ls -l"})))
    shared.upstream.says(stream([bytes([byte]) for byte in whole]))
    got = shared.post(speech, speech.body(streamed=True))
    assert got.content == whole
    assert shared.record_of(got)["tool_calls"][0]["name"] == "bash"


def test_a_whole_answer_of_one_byte_a_chunk_comes_out_the_same(shared: Run, speech: Speech) -> None:
    whole = json.dumps(speech.whole(("bash", {"command": "ls -l"}))).encode()
    shared.upstream.says([chunked_head("application/json"), *(chunk(bytes([byte])) for byte in whole), LAST_CHUNK])
    got = shared.post(speech)
    assert got.content == whole
    assert shared.record_of(got)["tool_calls"][0]["name"] == "bash"


class TestBadRequests:
    """Each is answered in its protocol's own shape, recorded, and not forwarded."""

    @staticmethod
    def bodies(speech: Speech) -> dict[str, bytes]:
        good = speech.body()
        said = "input" if speech is RESPONSES else "messages"
        return {
            "empty": b"",
            "no JSON": b"{'model': 'x'}",
            "half of it": good[:-5],
            "two documents": good + good,
            "a list": b"[" + good + b"]",
            "a number": b"1e999",
            "null": b"null",
            "no UTF-8": good.replace(b"Hello", b"\xff\xfe\x80"),
            "UTF-16": good.decode().encode("utf-16"),
            "NaN": speech.body(temperature=float("nan")),
            "too deep": b'{"model": "x", "deep": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
            "no model": json.dumps({k: v for k, v in speech.request().items() if k != "model"}).encode(),
            "model of a wrong type": speech.body(model=["a"]),
            "model twice": good[:-1] + b', "model": "another"}',
            "maximum twice": good[:-1] + f', "{speech.maximum}": 7}}'.encode(),
            "negative maximum": speech.body(**{speech.maximum: -1}),
            "maximum of a wrong type": speech.body(**{speech.maximum: "many"}),
            "half a token": speech.body(**{speech.maximum: 1.5}),
            "maximum true": speech.body(**{speech.maximum: True}),
            "endless maximum": good.replace(b": 100", b": " + b"9" * 5000),
            "no conversation": speech.body(**{said: 7}),
            "stream of a wrong type": speech.body(stream="yes"),
            "tools of a wrong type": speech.body(tools={"a": 1}),
        }

    def test_what_cannot_be_understood_is_refused_in_the_protocols_own_shape(self, shared: Run, speech: Speech) -> None:
        before = len(shared.upstream.seen)
        for name, body in self.bodies(speech).items():
            got = shared.post(speech, body)
            assert got.status_code == 400, (name, got.content)
            assert speech.message_of(got.json()).startswith("guardian-ci: "), name
            assert got.headers["content-type"] == "application/json"
            assert got.headers["x-should-retry"] == "false"
            assert got.headers["x-guardian-reason"] == "bad_request"
            record = shared.record_of(got)
            assert (record["decision"], record["status"], record["cost_picodollars"]) == ("rejected", 400, 0), name
        assert len(shared.upstream.seen) == before

    @given(data=st.data())
    @settings(max_examples=40, deadline=None)
    def test_any_change_of_a_request_is_forwarded_or_refused_in_shape(self, shared: Run, data: st.DataObject) -> None:
        speech = data.draw(st.sampled_from(SPEECHES))
        body = bytearray(speech.body(streamed=data.draw(st.booleans()), tools=[{"type": "function", "name": "a"}]))
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, len(body) - 1))
            body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        shared.upstream.says(answer_of(speech, streamed=False))
        got = shared.post(speech, bytes(body))
        assert got.status_code in {200, 400}
        if got.status_code == 400:
            assert speech.message_of(got.json())
        assert shared.record_of(got)

    @pytest.mark.parametrize("declared", [True, False], ids=["length", "chunked"])
    def test_a_body_of_50_mb_is_refused_and_recorded(self, shared: Run, declared: bool) -> None:
        speech = RESPONSES
        body = speech.body("x" * (50 << 20))
        parts = (body[start : start + (1 << 20)] for start in range(0, len(body), 1 << 20))
        with shared.client(speech) as client:
            got = client.post(speech.path, content=body if declared else parts)
        assert got.status_code == 400
        assert "larger than 32 MB" in speech.message_of(got.json())
        assert shared.record_of(got)["reason"] == "bad_request"

    def test_a_body_that_the_policy_makes_room_for_passes(self, start: Rig, upstream: Upstream) -> None:
        run = start({"name": "tests", "max_request_mb": 64, "timeouts": {"silence_seconds": 20}})
        upstream.says(answer_of(MESSAGES, streamed=False))
        body = MESSAGES.body("x" * (50 << 20))
        assert run.post(MESSAGES, body).status_code == 200
        assert upstream.seen[0].body == body

    def test_an_unknown_model_is_refused_with_the_line_that_allows_it(self, shared: Run, speech: Speech) -> None:
        got = shared.post(speech, speech.body(model="no-such-model-1"))
        assert got.status_code == 400
        assert got.headers["x-guardian-reason"] == "unknown_model"
        assert "prices" in speech.message_of(got.json())
        assert shared.record_of(got)["trace"]

    def test_the_official_sdks_raise_their_own_exceptions(self, shared: Run) -> None:
        with (
            anthropic.Anthropic(base_url=shared.url, api_key="agent") as claude,
            pytest.raises(anthropic.BadRequestError, match=r"guardian-ci: .*unheard-of"),
        ):
            claude.messages.create(model="unheard-of", max_tokens=9, messages=[{"role": "user", "content": "Hello."}])
        with openai.OpenAI(base_url=f"{shared.url}/v1", api_key="agent") as gpt:
            with pytest.raises(openai.BadRequestError, match=r"guardian-ci: .*unheard-of"):
                gpt.chat.completions.create(model="unheard-of", messages=[{"role": "user", "content": "Hello."}])
            with pytest.raises(openai.BadRequestError, match=r"guardian-ci: .*unheard-of"):
                gpt.responses.create(model="unheard-of", input="Hello.")


def whole_but(*steps: Step) -> Callable[[Speech, bool], Script]:
    return lambda speech, streamed: steps


def after_the_start(*steps: Step) -> Callable[[Speech, bool], Script]:
    """The head and a first part of the answer, then these steps."""

    def script(speech: Speech, streamed: bool) -> Script:
        if streamed:
            return [chunked_head(), *(chunk(frame) for frame in speech.frames()[:4]), *steps]
        whole = json.dumps(speech.whole()).encode()
        return [head("application/json", headers=[("content-length", str(len(whole)))]), whole[:30], *steps]

    return script


HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
FAILURES: dict[str, tuple[Callable[[Speech, bool], Script], str]] = {
    "resets at once": (whole_but(Reset()), "broke off"),
    "closes at once": (whole_but(End()), "broke off"),
    "no HTTP": (whole_but(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", End()), "broke off"),
    "half a head": (whole_but(b"HTTP/1.1 200 OK\r\ncontent-ty", End()), "broke off"),
    "a bad length": (whole_but(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", End()), "broke off"),
    "never answers": (whole_but(Pause(30)), "did not answer within 0.4 s"),
    "HTML": (whole_but(response(HTML, content_type="text/html")), "text/html"),
    "no type": (whole_but(response(b"hello", content_type=None)), "not JSON"),
    "redirect": (
        whole_but(response(b"", status=302, headers=[("location", "http://127.0.0.1:1/")])),
        "redirects (302)",
    ),
    "resets in the middle": (after_the_start(Reset()), "broke off"),
    "stops in the middle": (after_the_start(End()), "broke off"),
    "falls silent": (after_the_start(Pause(30)), "sent nothing for 0.4 s"),
    "a broken chunk": (
        lambda speech, streamed: [
            chunked_head("text/event-stream" if streamed else "application/json"),
            *(chunk(frame) for frame in speech.frames()[:4]),
            b"zzz\r\n",
            End(),
        ],
        "broke off",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_an_upstream_that_fails_is_told_in_shape_recorded_and_charged_at_most_as_reserved(
    shared: Run,
    speech: Speech,
    streamed: bool,
    failure: str,
) -> None:
    script, said = FAILURES[failure]
    shared.upstream.says(script(speech, streamed))
    got = shared.post(speech, speech.body(streamed=streamed))
    if got.status_code == 200:
        assert streamed
        begun = b"".join(speech.frames()[:4])
        assert got.content.startswith(begun)
        message = speech.stream_message_of(got.content)
    else:
        assert got.status_code in {502, 504}
        message = speech.message_of(got.json())
        assert "x-should-retry" not in got.headers
    assert message.startswith("guardian-ci: ")
    assert said in message
    record = shared.record_of(got)
    assert record["outcome"] == "upstream_error"
    assert record["estimated"] is True
    assert record["cost_picodollars"] > 0
    assert record["status"] == got.status_code


def test_an_upstream_that_is_down_costs_nothing(start: Rig, speech: Speech) -> None:
    run = start(upstream="http://127.0.0.1:9")
    got = run.post(speech)
    assert got.status_code == 502
    assert "http://127.0.0.1:9 cannot be reached" in speech.message_of(got.json())
    record = run.call()
    assert (record["outcome"], record["cost_picodollars"], record["estimated"]) == ("upstream_error", 0, False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_with_the_key(shared: Run, status: int) -> None:
    before = len(shared.upstream.seen)
    shared.upstream.says(response(b"", status=status, headers=[("location", f"{shared.upstream.url}/elsewhere")]))
    assert shared.post(MESSAGES).status_code == 502
    assert len(shared.upstream.seen) == before + 1


@pytest.mark.parametrize("status", [200, 429, 503])
@pytest.mark.parametrize("declared", [True, False], ids=["length", "chunked"])
def test_an_answer_that_breaks_off_behind_its_head_never_looks_whole(shared: Run, status: int, declared: bool) -> None:
    # The upstream's own error (or a count of tokens) is passed on as it comes, so its head is with the agent already.
    length = [("content-length", "100")] if declared else [("transfer-encoding", "chunked")]
    begun = b'{"type": "er'
    part = begun if declared else chunk(begun)
    shared.upstream.says([head("application/json", status=status, headers=length), part, Pause(0.05), Reset()])
    path = "/v1/messages/count_tokens" if status == 200 else "/v1/messages"
    before = len(shared.calls)
    with pytest.raises(httpx.RemoteProtocolError):
        shared.post(MESSAGES, path=path)
    (record,) = shared.wait_for_calls(before + 1)[before:]
    assert (record["status"], record["cost_picodollars"]) == (status, 0)


def test_a_frame_that_cannot_be_parsed_passes_on_and_is_recorded(shared: Run, speech: Speech) -> None:
    frames = speech.frames()
    frames[3:3] = [b"data: {no json\n\n", b"data: \xff\xfe\n\n", b": a comment\n\n", b"nonsense\n\n"]
    shared.upstream.says(stream(frames))
    got = shared.post(speech, speech.body(streamed=True))
    assert got.content == b"".join(frames)
    record = shared.record_of(got)
    assert record["unparsed_frames"] == 3
    assert record["outcome"] == "complete"


def test_a_stream_in_which_nothing_can_be_parsed_is_charged_by_an_upper_estimate(shared: Run, speech: Speech) -> None:
    shared.upstream.says(stream([b"data: {no json\n\n"] * 3))
    got = shared.post(speech, speech.body(streamed=True))
    assert speech.stream_message_of(got.content)
    record = shared.record_of(got)
    assert (record["unparsed_frames"], record["estimated"]) == (3, True)
    assert record["cost_picodollars"] > 0


def test_a_whole_answer_that_cannot_be_parsed_passes_on_and_is_charged_by_an_upper_estimate(
    shared: Run, speech: Speech
) -> None:
    shared.upstream.says(response(b'{"content": [{"type": "te'))
    got = shared.post(speech)
    assert got.content == b'{"content": [{"type": "te'
    record = shared.record_of(got)
    assert (record["unparsed_frames"], record["estimated"]) == (1, True)
    assert record["cost_picodollars"] > 0


def test_an_answer_without_usage_is_charged_by_an_upper_estimate(shared: Run, speech: Speech) -> None:
    shared.upstream.says(response(json.dumps(speech.whole(usage=False)).encode()))
    got = shared.post(speech)
    assert got.status_code == 200
    record = shared.record_of(got)
    assert record["estimated"] is True
    assert record["cost_picodollars"] > 0


def test_an_error_frame_of_the_upstream_passes_on_and_is_on_disk_before_the_agent_knows(
    shared: Run, speech: Speech
) -> None:
    told = {"type": "overloaded_error", "message": "Overloaded", "code": "server_error", "param": None}
    errors = {
        MESSAGES.name: (b"error", {"type": "error", "error": told, "request_id": "req_1"}),
        CHAT.name: (b"", {"error": told}),
        RESPONSES.name: (
            b"response.failed",
            {"type": "response.failed", "sequence_number": 3, "response": {"status": "failed", "error": told}},
        ),
    }
    name, payload = errors[speech.name]
    frame = (b"event: %s\n" % name if name else b"") + f"data: {json.dumps(payload)}\n\n".encode()
    shared.upstream.says([*stream(speech.frames()[:3])[:-1], chunk(frame), Pause(30)])
    with shared.client(speech) as client, client.stream("POST", speech.path, content=speech.body(streamed=True)) as got:
        seen = b""
        for part in got.iter_raw():
            seen += part
            if frame in seen:
                record = shared.record_of(got)
                break
    assert frame in seen
    assert (record["outcome"], record["estimated"]) == ("upstream_error", True)


def test_an_endless_stream_of_text_is_cut_at_what_was_reserved(start: Rig, upstream: Upstream, speech: Speech) -> None:
    run = start({"name": "tests", "budgets": {"run": {"tokens": 2000}}})
    upstream.says([chunked_head(), chunk(speech.frames()[0]), Forever(chunk(speech.text_frame("word " * 40)))])
    got = run.post(speech, speech.body(streamed=True))
    assert "guardian-ci" in speech.stream_message_of(got.content)
    record = run.call()
    assert (record["outcome"], record["reason"]) == ("cut", "token_budget_exceeded")
    late = run.post(speech, speech.body("Something else."))
    assert late.headers["x-guardian-reason"] == "token_budget_exceeded"


def test_an_endless_stream_of_pings_ends_with_the_calls_time(start: Rig, upstream: Upstream, speech: Speech) -> None:
    run = start({"name": "tests", "timeouts": TIMEOUTS | {"call_seconds": 0.5}})
    upstream.says([chunked_head(), chunk(speech.frames()[0]), Forever(chunk(b": ping\n\n"))])
    got = run.post(speech, speech.body(streamed=True))
    assert "timeouts.call_seconds" in speech.stream_message_of(got.content)
    assert run.call()["estimated"] is True


@pytest.mark.parametrize("data", [b"data: " + b"x" * (1 << 20), b"x" * (1 << 20)], ids=["a line", "no line"])
def test_a_frame_without_an_end_is_not_kept_for_ever(
    start: Rig, upstream: Upstream, speech: Speech, data: bytes
) -> None:
    run = start({"name": "tests", "timeouts": TIMEOUTS | {"call_seconds": 20}})
    upstream.says([chunked_head(), Forever(chunk(data))])
    got = run.post(speech, speech.body(streamed=True))
    assert "frame of more than" in speech.stream_message_of(got.content)
    assert run.call()["estimated"] is True


def test_a_whole_answer_without_an_end_is_not_kept_for_ever(start: Rig, upstream: Upstream) -> None:
    run = start({"name": "tests", "timeouts": TIMEOUTS | {"call_seconds": 20}})
    upstream.says([chunked_head("application/json"), Forever(chunk(b" " * (4 << 20)))])
    got = run.post(MESSAGES)
    assert got.status_code == 502
    assert "answer of more than" in MESSAGES.message_of(got.json())


def test_a_bomb_in_a_compressed_answer_is_not_kept(start: Rig, upstream: Upstream, streamed: bool) -> None:
    run = start({"name": "tests", "timeouts": TIMEOUTS | {"call_seconds": 20}})
    bomb = brotli.compress(b" " * (160 << 20), quality=2)
    kind = "text/event-stream" if streamed else "application/json"
    upstream.says(response(bomb, content_type=kind, headers=[("content-encoding", "br")]))
    got = run.post(MESSAGES, MESSAGES.body(streamed=streamed))
    message = MESSAGES.stream_message_of(got.content) if streamed else MESSAGES.message_of(got.json())
    assert "of more than" in message


class TestMidStream:
    """What happens between the first frame and the last."""

    def test_text_is_not_held_back(self, shared: Run, speech: Speech) -> None:
        gate = Gate()
        frames = speech.frames()
        shared.upstream.says([chunked_head(), *(chunk(each) for each in frames[:4]), gate, *stream(frames[4:])[1:]])
        asked = {"content": speech.body(streamed=True)}
        with shared.client(speech) as client, client.stream("POST", speech.path, **asked) as got:
            seen = b""
            for part in got.iter_raw():
                seen += part
                if seen == b"".join(frames[:4]):
                    gate.open()
        assert seen == b"".join(frames)

    def test_the_record_is_on_disk_before_the_terminal_frame_is_sent(self, shared: Run, speech: Speech) -> None:
        frames = speech.frames()
        shared.upstream.says([*stream(frames)[:-1], Pause(30)])
        asked = {"content": speech.body(streamed=True)}
        with shared.client(speech) as client, client.stream("POST", speech.path, **asked) as got:
            seen = b""
            for part in got.iter_raw():
                seen += part
                if frames[-1] in seen:
                    record = shared.record_of(got)
                    break
        assert (record["outcome"], record["output_tokens"]) == ("complete", OUTPUT)

    def test_a_tool_call_is_on_disk_before_the_agent_sees_it(self, shared: Run, speech: Speech) -> None:
        shared.upstream.says(stream(speech.frames(("bash", {"command": "echo a-mark-to-find"}))))
        asked = {"content": speech.body(streamed=True)}
        with shared.client(speech) as client, client.stream("POST", speech.path, **asked) as got:
            seen = b""
            for part in got.iter_raw():
                seen += part
                if b"a-mark-to-find" in seen:
                    request = got.headers["x-guardian-request-id"]
                    judged = [line for line in shared.log if line["type"] == "tool_call"]
                    assert request in {line["request_id"] for line in judged}
        assert b"a-mark-to-find" in seen

    def test_a_denied_tool_call_keeps_the_conversation_valid(
        self,
        start: Rig,
        upstream: Upstream,
        speech: Speech,
        streamed: bool,
    ) -> None:
        run = start({"name": "tests", "allowed_tools": ["read_file"]})
        tools = (("read_file", {"path": "a.txt"}), ("bash", {"command": "rm -rf /"}))
        whole = json.dumps(speech.whole(*tools)).encode()
        upstream.says(stream(speech.frames(*tools)) if streamed else response(whole))
        got = run.post(speech, speech.body(streamed=streamed))
        assert got.status_code == 200
        assert b"rm -rf" not in got.content
        assert b"guardian_denied_bash" in got.content
        assert b"a.txt" in got.content
        record = run.call()
        assert [tool["verdict"] for tool in record["tool_calls"]] == ["allow", "block"]
        assert record["outcome"] == "complete"

    def test_a_denied_tool_call_can_end_the_run(
        self,
        start: Rig,
        upstream: Upstream,
        speech: Speech,
        streamed: bool,
    ) -> None:
        run = start({"name": "tests", "allowed_tools": ["read_file"], "tool_denial": "stop"})
        tools = (("bash", {"command": "rm -rf /"}),)
        whole = json.dumps(speech.whole(*tools)).encode()
        upstream.says(stream(speech.frames(*tools)) if streamed else response(whole))
        got = run.post(speech, speech.body(streamed=streamed))
        assert b"rm -rf" not in got.content
        message = speech.stream_message_of(got.content) if streamed else speech.message_of(got.json())
        assert "bash" in message
        assert got.status_code == (200 if streamed else 400)
        record = run.call()
        assert (record["outcome"], record["reason"]) == ("cut", "tool_not_allowed")
        late = run.post(speech, speech.body("Something else."))
        assert (late.status_code, late.headers["x-guardian-reason"]) == (400, "tool_not_allowed")

    def test_an_answer_that_breaks_its_budget_is_cut_latched_and_the_next_call_refused(
        self, start: Rig, upstream: Upstream, speech: Speech
    ) -> None:
        run = start({"name": "tests", "token_budget": 3000, "budget_status": 402})
        # The upstream ignores its maximum: it says far more than it was granted.
        frames = speech.frames(words=1)
        long = [speech.text_frame("word " * 200) for _ in range(60)]
        upstream.says(stream([*frames[:2], *long, *frames[2:]]))
        got = run.post(speech, speech.body(streamed=True))
        assert "3000" in speech.stream_message_of(got.content).replace(",", "").replace("_", "")
        record = run.call()
        assert (record["outcome"], record["reason"]) == ("cut", "token_budget_exceeded")
        assert record["findings"][-1]["violation"] is True
        assert len(got.content) < len(b"".join(long)) / 2
        late = run.post(speech, speech.body("Something else."))
        assert (late.status_code, late.headers["x-guardian-reason"]) == (402, "token_budget_exceeded")

    @pytest.mark.parametrize(
        ("speech", "error"),
        [(MESSAGES, anthropic.APIError), (CHAT, openai.APIError), (RESPONSES, RuntimeError)],
        ids=lambda value: getattr(value, "name", None),
    )
    def test_the_official_sdk_raises_what_ends_the_stream(
        self, start: Rig, upstream: Upstream, speech: Speech, error: type[Exception]
    ) -> None:
        run = start({"name": "tests", "allowed_tools": [], "tool_denial": "stop"})
        upstream.says(stream(speech.frames(("bash", {"command": "ls"}))))
        with pytest.raises(error, match=r"guardian-ci: .*bash"):
            speech.ask(run.url, streamed=True)
        assert run.call()["outcome"] == "cut"

    def test_an_operators_stop_cuts_the_answer(self, start: Rig, upstream: Upstream, speech: Speech) -> None:
        run = start()
        gate = Gate()
        frames = speech.frames()
        more = [chunk(speech.text_frame("more ")) for _ in range(400)]
        upstream.says([chunked_head(), *(chunk(each) for each in frames[:4]), gate, *more, *stream(frames[4:])[1:]])
        asked = {"content": speech.body(streamed=True)}
        with run.client(speech) as client, client.stream("POST", speech.path, **asked) as got:
            seen = b""
            for part in got.iter_raw():
                if not seen:
                    run.loop.loop.call_soon_threadsafe(run.server.stop)
                    gate.open()
                seen += part
        assert "stopped" in speech.stream_message_of(seen)
        assert run.call()["outcome"] == "cut"


class TestHangUps:
    """A hang-up is billed: by the true usage if it can be had, else as it was reserved."""

    @staticmethod
    def hang_up(run: Run, speech: Speech) -> None:
        asked = {"content": speech.body(streamed=True)}
        with run.client(speech) as client, client.stream("POST", speech.path, **asked) as got:
            next(got.iter_raw())

    def test_a_hang_up_is_drained_and_settled_by_the_true_usage(self, shared: Run, speech: Speech) -> None:
        before = len(shared.calls)
        frames = speech.frames()
        shared.upstream.says([chunked_head(), chunk(b"".join(frames[:3])), Pause(0.15), *stream(frames[3:])[1:]])
        self.hang_up(shared, speech)
        (record,) = shared.wait_for_calls(before + 1)[before:]
        assert (record["input_tokens"], record["output_tokens"], record["estimated"]) == (INPUT, OUTPUT, False)

    def test_a_hang_up_before_the_answer_begins_is_drained_too(self, shared: Run, speech: Speech) -> None:
        before = len(shared.calls)
        shared.upstream.says([Pause(0.3), *stream(speech.frames())])
        with shared.client(speech) as client, pytest.raises(httpx.ReadTimeout):
            client.post(speech.path, content=speech.body(streamed=True), timeout=0.1)
        (record,) = shared.wait_for_calls(before + 1)[before:]
        assert (record["output_tokens"], record["estimated"]) == (OUTPUT, False)

    @pytest.mark.parametrize(
        "rest", [[Pause(30)], [Reset()], [Forever(chunk(b": ping\n\n"))]], ids=["stalls", "resets", "never ends"]
    )
    def test_a_hang_up_that_cannot_be_drained_is_charged_as_reserved(
        self, shared: Run, speech: Speech, rest: Sequence[Step]
    ) -> None:
        before = len(shared.calls)
        shared.upstream.says([chunked_head(), chunk(b"".join(speech.frames()[:3])), Pause(0.05), *rest])
        self.hang_up(shared, speech)
        (record,) = shared.wait_for_calls(before + 1)[before:]
        assert (record["outcome"], record["estimated"]) == ("client_gone", True)
        *_, admitted = [line for line in shared.log if line["type"] == "call_admitted"]
        assert record["cost_picodollars"] == admitted["reservation"]["cost_picodollars"]

    def test_a_hang_up_in_the_middle_of_the_request_leaves_nothing_open(self, start: Rig, upstream: Upstream) -> None:
        run = start()
        upstream.says(answer_of(MESSAGES, streamed=False))
        with httpx.Client(timeout=5, trust_env=False) as client:

            def half() -> Sequence[bytes]:
                yield MESSAGES.body()[:20]
                raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                client.post(f"{run.url}/v1/messages", content=half(), headers=MESSAGES.headers(str(run.token)))
        assert run.post(MESSAGES).status_code == 200
        assert len(upstream.seen) == 1


def test_a_stopped_run_settles_what_is_still_open(start: Rig, upstream: Upstream, speech: Speech) -> None:
    run = start()
    upstream.says([chunked_head(), chunk(b"".join(speech.frames()[:3])), Pause(30)])
    asked = {"content": speech.body(streamed=True)}
    with run.client(speech) as client, client.stream("POST", speech.path, **asked) as got:
        next(got.iter_raw())
        log = run.end()
    assert [line["type"] for line in log][-2:] == ["call", "run_ended"]
