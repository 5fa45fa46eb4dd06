"""Agents that are set up for a cloud, with the official SDKs as such agents."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import anthropic
import httpx
import pytest
from botocore.eventstream import EventStreamBuffer
from rig import KEY, NO_TLS, TOKEN, Json, Rig, Run
from scripted import Reset, Script, Upstream, chunk, chunked_head, response, stream
from speech import INPUT, MESSAGES, OUTPUT

from guardian_ci.proxy.doors import EventStreamSend, opened
from guardian_ci.wire.eventstream import CONTENT_TYPE, Message, Messages

BEDROCK_ID = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
POLICY: Json = {"prices": {"*": {"input": 3, "output": 15}}, "rules": {"retry_loop": "off"}}
REQUEST: Json = {"max_tokens": 100, "messages": [{"role": "user", "content": "Hello."}]}


def bedrock(run: Run) -> anthropic.AnthropicBedrock:
    http = anthropic.DefaultHttpxClient(trust_env=False, verify=NO_TLS)
    base = f"{run.url}/s/one"
    return anthropic.AnthropicBedrock(
        api_key=TOKEN, aws_region="us-east-1", base_url=base, max_retries=0, http_client=http
    )


def vertex(run: Run, base: str = "/v1") -> anthropic.AnthropicVertex:
    http = anthropic.DefaultHttpxClient(trust_env=False, verify=NO_TLS)
    return anthropic.AnthropicVertex(
        access_token=TOKEN,
        project_id="acme",
        region="us-east5",
        base_url=run.url + base,
        max_retries=0,
        http_client=http,
    )


def served(*, streamed: bool) -> Script:
    return stream(MESSAGES.frames()) if streamed else [response(json.dumps(MESSAGES.whole()).encode())]


def ask(client: Any, model: str, *, streamed: bool) -> tuple[str, int, int]:
    """The answer's text and usage."""
    if streamed:
        with client.messages.stream(model=model, **REQUEST) as answer:
            message = answer.get_final_message()
    else:
        message = client.messages.create(model=model, **REQUEST)
    return message.content[0].text, message.usage.input_tokens, message.usage.output_tokens


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("open_client", "model"), [(bedrock, BEDROCK_ID), (vertex, "claude-sonnet-4-5@20250929")], ids=["bedrock", "vertex"]
)
def test_an_agent_of_a_cloud_is_served_by_anthropic_itself(
    start: Rig, upstream: Upstream, open_client: Any, model: str, streamed: bool
) -> None:
    run = start(POLICY)
    upstream.says(served(streamed=streamed))
    with open_client(run) as client:
        text, used, wrote = ask(client, model, streamed=streamed)
    assert text
    assert (used, wrote) == (INPUT, OUTPUT)
    (seen,) = upstream.seen
    assert seen.target == "/v1/messages"
    assert seen.json() == REQUEST | {"model": model, "stream": streamed}
    assert (seen.header("x-api-key"), seen.header("authorization")) == (KEY, None)
    assert seen.header("anthropic-version") == "2023-06-01"
    record = run.call()
    assert (record["model"], record["input_tokens"], record["output_tokens"]) == (model, INPUT, OUTPUT)
    assert record["cost_picodollars"] == (INPUT * 3 + OUTPUT * 15) * 10**6


def test_an_agent_of_bedrocks_may_name_an_arn(start: Rig, upstream: Upstream) -> None:
    run = start(POLICY)
    upstream.says(served(streamed=False))
    arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"
    with bedrock(run) as client:
        ask(client, arn, streamed=False)
    assert upstream.seen[0].json()["model"] == arn


def test_a_base_url_for_vertex_needs_no_version(start: Rig, upstream: Upstream) -> None:
    run = start(POLICY)
    upstream.says(served(streamed=False))
    with vertex(run, "/s/one") as client:
        ask(client, "claude-sonnet-4-5@20250929", streamed=False)
    assert run.call()["session_id"] == "one"


def test_tokens_are_counted_for_an_agent_of_vertex(start: Rig, upstream: Upstream) -> None:
    run = start(POLICY)
    upstream.says(response(b'{"input_tokens": 5}'))
    with vertex(run) as client:
        got = client.messages.count_tokens(model="claude-opus-4-6", messages=[{"role": "user", "content": "Hi."}])
    assert got.input_tokens == 5
    assert upstream.seen[0].target == "/v1/messages/count_tokens"
    assert upstream.seen[0].json()["model"] == "claude-opus-4-6"


def test_betas_in_the_body_become_the_header_that_anthropic_reads(start: Rig, upstream: Upstream) -> None:
    run = start(POLICY)
    upstream.says(served(streamed=False))
    body = REQUEST | {"anthropic_version": "bedrock-2023-05-31", "anthropic_beta": ["a-1", "b-2"]}
    run.post(MESSAGES, json.dumps(body).encode(), path=f"/model/{BEDROCK_ID}/invoke")
    (seen,) = upstream.seen
    assert seen.header("anthropic-beta") == "a-1,b-2"
    assert not {"anthropic_version", "anthropic_beta"} & set(seen.json())


def test_a_compressed_request_is_opened_too(start: Rig, upstream: Upstream) -> None:
    run = start(POLICY)
    upstream.says(served(streamed=False))
    body = gzip.compress(json.dumps(REQUEST).encode())
    got = run.post(MESSAGES, body, path=f"/model/{BEDROCK_ID}/invoke", content_encoding="gzip")
    assert got.status_code == 200
    assert (upstream.seen[0].json()["model"], upstream.seen[0].header("content-encoding")) == (BEDROCK_ID, None)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"[" * 100_000, b"\xff"])
@pytest.mark.parametrize("action", ["invoke", "invoke-with-response-stream"])
def test_what_is_no_request_is_refused(start: Rig, upstream: Upstream, action: str, body: bytes) -> None:
    run = start(POLICY)
    got = run.post(MESSAGES, body, path=f"/model/{BEDROCK_ID}/{action}")
    assert (got.status_code, upstream.seen, run.call()["reason"]) == (400, [], "bad_request")


def test_a_denied_tool_call_reaches_an_agent_of_bedrocks_as_one_that_it_does_not_know(
    start: Rig, upstream: Upstream
) -> None:
    run = start(POLICY | {"denied_tools": ["Bash"]})
    upstream.says(stream(MESSAGES.frames(("Bash", {"command": "ls"}))))
    with bedrock(run) as client, client.messages.stream(model=BEDROCK_ID, **REQUEST) as answer:
        blocks = answer.get_final_message().content
    assert [block.name for block in blocks if block.type == "tool_use"] == ["guardian_denied_Bash"]


def test_a_refusal_is_an_error_that_the_sdk_shows(start: Rig, upstream: Upstream) -> None:
    run = start(POLICY | {"budgets": {"run": {"usd": 0}}})
    with bedrock(run) as client, pytest.raises(anthropic.APIStatusError, match="budget"):
        ask(client, BEDROCK_ID, streamed=True)
    assert upstream.seen == []


def test_a_stream_that_breaks_off_ends_in_an_exception_with_our_words(start: Rig, upstream: Upstream) -> None:
    run = start(POLICY)
    upstream.says([chunked_head(), *(chunk(frame) for frame in MESSAGES.frames()[:3]), Reset()])
    body = json.dumps(REQUEST).encode()
    got = run.post(MESSAGES, body, path=f"/model/{BEDROCK_ID}/invoke-with-response-stream")
    assert got.headers["content-type"] == CONTENT_TYPE
    theirs = EventStreamBuffer()
    theirs.add_data(got.content)
    *_, last = [message.to_response_dict() for message in theirs]
    assert last["headers"][":exception-type"] == "validationException"
    assert "the upstream broke off its answer" in json.loads(last["body"])["message"]


def test_both_clouds_at_once_an_agent_of_bedrocks_on_bedrock(
    start: Rig, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"kind": "bedrock", "region": "us-east-1", "url": upstream.url, "models": ["*anthropic.claude-*"]}
    run = start({"upstreams": {"aws": entry | {"key_variable": "K"}}}, more_keys={"K": "bedrock-key-0123456789"})
    frames = [frame.partition(b"data: ")[2].strip() for frame in MESSAGES.frames()]
    payloads = [json.dumps({"bytes": base64.b64encode(frame).decode()}).encode() for frame in frames]
    headers = {":event-type": "chunk", ":message-type": "event"}
    upstream.says(stream([Message(headers, payload).encoded() for payload in payloads], CONTENT_TYPE))
    with bedrock(run) as client:
        assert ask(client, BEDROCK_ID, streamed=True)[1:] == (INPUT, OUTPUT)
    assert (
        upstream.seen[0].target == "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream"
    )
    assert upstream.seen[0].json() == REQUEST | {"anthropic_version": "bedrock-2023-05-31"}
    assert run.call()["cost_picodollars"] == INPUT * 3_300_000 + OUTPUT * 16_500_000


class Sent:
    """What an ASGI server was told."""

    def __init__(self) -> None:
        self.messages: list[Mapping[str, Any]] = []

    async def __call__(self, message: Mapping[str, Any]) -> None:
        self.messages.append(message)


@pytest.mark.anyio
@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_events_leave_as_they_come_wherever_they_are_cut(size: int) -> None:
    sent = Sent()
    send = EventStreamSend(sent)
    data = b"".join(MESSAGES.frames())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for at in range(0, len(data), size):
        await send({"type": "http.response.body", "body": data[at : at + size], "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    assert sent.messages[0]["headers"] == [(b"content-type", CONTENT_TYPE.encode())]
    reader = Messages()
    messages = [each for part in sent.messages[1:] for each in reader.feed(part["body"])]
    told = [base64.b64decode(json.loads(each.payload)["bytes"]) for each in messages]
    assert told == [frame.partition(b"data: ")[2].strip() for frame in MESSAGES.frames()]


@pytest.mark.anyio
async def test_what_does_not_stream_leaves_as_it_is() -> None:
    sent = Sent()
    send = EventStreamSend(sent)
    start_ = {"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"application/json")]}
    body = {"type": "http.response.body", "body": b"{}", "more_body": False}
    await send(start_)
    await send(body)
    assert sent.messages == [start_, body]


def test_what_the_headers_say_already_is_kept() -> None:
    headers = [(b"anthropic-version", b"2024"), (b"anthropic-beta", b"x"), (b"content-encoding", b"gzip")]
    _, kept = opened(b'{"a": 1, "anthropic_beta": ["y"]}', headers, model="m", stream=False)
    assert kept == headers[:2]


def test_httpx_sends_an_id_as_claude_code_does(start: Rig, upstream: Upstream) -> None:
    """Claude Code escapes the colon of an id."""
    run = start(POLICY)
    upstream.says(served(streamed=False))
    url = f"{run.url}/model/{BEDROCK_ID.replace(':', '%3A')}/invoke"
    got = httpx.post(url, json=REQUEST, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, verify=NO_TLS)
    assert (got.status_code, upstream.seen[0].json()["model"]) == (200, BEDROCK_ID)
