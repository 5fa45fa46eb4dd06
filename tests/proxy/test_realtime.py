"""OpenAI Realtime: refused without a ceiling, and cut before it costs more than that."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from rig import Rig, Run
from scripted import End, LoopThread
from scripted_socket import SocketUpstream, socket_upstream_of
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

PATH = "/v1/realtime?model=gpt-realtime"
SESSION = {"type": "realtime", "max_output_tokens": "inf", "tools": []}
UPDATED = json.dumps({"type": "session.updated", "session": SESSION | {"max_output_tokens": 4096}})
GREETING = [json.dumps({"type": "session.created", "session": SESSION}), UPDATED]
CREATE = json.dumps({"type": "response.create"})
CEILING = {"websockets": {"realtime_ceiling_usd": 2.00}}


@pytest.fixture
def provider(loop_thread: LoopThread) -> Iterator[SocketUpstream]:
    with socket_upstream_of(loop_thread) as served:
        yield served


def response(input_tokens: int = 100, output_tokens: int = 50, **done: object) -> list[str]:
    usage = {
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
        "output_token_details": {"audio_tokens": output_tokens, "text_tokens": 0},
    }
    ended = {"id": "resp_1", "status": "completed", "output": [], "usage": usage, **done}
    return [
        json.dumps({"type": "response.created", "response": {"id": "resp_1"}}),
        json.dumps({"type": "response.output_audio.delta", "delta": "AAAA"}),
        json.dumps({"type": "response.done", "response": ended}),
    ]


@contextlib.contextmanager
def opened(run: Run, path: str = PATH) -> Iterator[ClientConnection]:
    headers = {"authorization": f"Bearer {run.token}"}
    with connect(f"ws{run.url.removeprefix('http')}{path}", additional_headers=headers, proxy=None) as socket:
        yield socket


def refused(run: Run, path: str = PATH) -> Any:
    with pytest.raises(InvalidStatus) as caught, opened(run, path):
        pass
    return caught.value.response


def heard(socket: ClientConnection, last: str) -> list[str]:
    got: list[str] = []
    while not got or json.loads(got[-1])["type"] != last:
        got.append(str(socket.recv(timeout=5)))
    return got


def test_it_is_refused_with_the_key_that_would_allow_it(start: Rig, provider: SocketUpstream) -> None:
    run = start(upstream=provider.url)
    for path in (PATH, f"/openai{PATH}", f"/s/one{PATH}"):
        got = refused(run, path)
        assert got.status_code == 400
        assert b"websockets.realtime_ceiling_usd" in got.body
    assert provider.handshakes == []
    assert all(call["findings"][0]["violation"] for call in run.calls)


@pytest.mark.parametrize("query", ["", "?model=", "?model=a&model=b", "?call_id=1&model=gpt-realtime"])
def test_an_address_that_says_more_or_less_than_the_model_is_refused(
    start: Rig, provider: SocketUpstream, query: str
) -> None:
    assert refused(start(CEILING, upstream=provider.url), f"/v1/realtime{query}").status_code == 400
    assert provider.handshakes == []


def test_a_budget_of_tokens_cannot_hold_it(start: Rig, provider: SocketUpstream) -> None:
    run = start(CEILING | {"token_budget": 10**9}, upstream=provider.url)
    assert b"budget in tokens" in refused(run).body


def test_the_ceiling_is_reserved_and_must_fit_the_budget(start: Rig, provider: SocketUpstream) -> None:
    run = start(CEILING | {"cost_limit_usd": 1.00}, upstream=provider.url)
    assert b"cost" in refused(run).body or b"budget" in refused(run).body
    assert provider.handshakes == []


def test_a_conversation_passes_byte_for_byte_and_is_billed_for_each_response(
    start: Rig, provider: SocketUpstream
) -> None:
    provider.says(GREETING, response(), response(300, 70))
    run = start(CEILING, upstream=provider.url)
    with opened(run) as socket:
        assert heard(socket, "session.updated") == GREETING
        for said in (response(), response(300, 70)):
            socket.send(CREATE)
            assert heard(socket, "response.done") == said
    assert json.loads(provider.seen[0])["session"]["max_output_tokens"] == 4096
    assert provider.seen[1:] == [CREATE, CREATE]
    record = run.wait_for_calls(1)[0]
    assert (record["input_tokens"], record["output_tokens"], record["estimated"]) == (400, 120, False)
    assert record["cost_picodollars"] == 400 * 4_000_000 + 120 * 64_000_000
    admitted = next(line for line in run.log if line["type"] == "call_admitted")
    assert admitted["reservation"]["cost_usd"] == 2.00


def test_it_is_cut_as_soon_as_the_next_response_may_not_fit(start: Rig, provider: SocketUpstream) -> None:
    provider.says(GREETING, response(10_000, 4000), response(20_000, 4000), response(30_000, 4000))
    run = start({"websockets": {"realtime_ceiling_usd": 1.00}}, upstream=provider.url)
    rounds = 0
    with opened(run) as socket:
        heard(socket, "session.updated")
        with contextlib.suppress(ConnectionClosed):
            while True:
                socket.send(CREATE)
                heard(socket, "response.done")
                rounds += 1
    record = run.wait_for_calls(1)[0]
    assert rounds in {1, 2}
    assert record["cost_usd"] <= 1.00
    assert record["reason"] == "realtime_ceiling"


def test_words_that_would_make_the_next_response_too_dear_do_not_reach_the_model(
    start: Rig, provider: SocketUpstream
) -> None:
    provider.says(GREETING)
    run = start({"websockets": {"realtime_ceiling_usd": 0.50}}, upstream=provider.url)
    with opened(run) as socket:
        heard(socket, "session.updated")
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x" * 50_000}]}
        socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
        assert "ceiling" in heard(socket, "error")[-1]
    assert len(provider.seen) == 1
    assert run.wait_for_calls(1)[0]["cost_picodollars"] == 0


def test_tools_are_refused_and_say_so_and_the_conversation_goes_on(start: Rig, provider: SocketUpstream) -> None:
    provider.says(GREETING, response())
    run = start(CEILING, upstream=provider.url)
    with opened(run) as socket:
        heard(socket, "session.updated")
        socket.send(json.dumps({"type": "session.update", "session": {"tools": [{"type": "function", "name": "a"}]}}))
        assert "no tool is judged in Realtime" in heard(socket, "error")[-1]
        socket.send(CREATE)
        heard(socket, "response.done")
    assert len(provider.seen) == 2


def test_a_tool_call_that_comes_all_the_same_never_reaches_the_agent(start: Rig, provider: SocketUpstream) -> None:
    call = {"type": "function_call", "name": "bash", "arguments": "{}"}
    provider.says(GREETING, [response()[0], json.dumps({"type": "response.output_item.done", "item": call})])
    run = start(CEILING, upstream=provider.url)
    with opened(run) as socket:
        heard(socket, "session.updated")
        socket.send(CREATE)
        got = heard(socket, "error")
    assert not [text for text in got if "function_call" in text]
    record = run.wait_for_calls(1)[0]
    assert (record["estimated"], record["cost_usd"]) == (True, 2.00)


def test_a_secret_in_a_message_is_kept_back_where_policy_says_so(start: Rig, provider: SocketUpstream) -> None:
    provider.says(GREETING)
    run = start(CEILING | {"secrets": {"prompts": "block"}}, upstream=provider.url)
    with opened(run) as socket:
        heard(socket, "session.updated")
        socket.send(json.dumps({"type": "conversation.item.create", "item": {"text": "AKIA" + "Q7ZX2MWJ5RT4KLNV"}}))
        assert "a secret (aws-key-id)" in heard(socket, "error")[-1]
    assert len(provider.seen) == 1


def test_an_agent_that_hangs_up_is_billed_for_the_response_that_is_open(start: Rig, provider: SocketUpstream) -> None:
    provider.says(GREETING, response()[:2])
    run = start(CEILING, upstream=provider.url)
    with opened(run) as socket:
        heard(socket, "session.updated")
        socket.send(CREATE)
        heard(socket, "response.output_audio.delta")
    record = run.wait_for_calls(1)[0]
    assert (record["outcome"], record["estimated"], record["cost_usd"]) == ("client_gone", True, 2.00)


@pytest.mark.parametrize("script", [[GREETING[0], End()], [GREETING[0]]], ids=["closed", "silent"])
def test_an_upstream_that_does_not_bound_its_responses_is_left(
    start: Rig, provider: SocketUpstream, script: list[Any]
) -> None:
    provider.says(script)
    run = start(CEILING, upstream=provider.url)
    with opened(run) as socket:
        assert "guardian-ci: " in heard(socket, "error")[-1]
    assert run.wait_for_calls(1)[0]["cost_picodollars"] == 0


def test_the_upstreams_refusal_of_the_handshake_costs_nothing(start: Rig, provider: SocketUpstream) -> None:
    provider.refuse(401, b"no")
    run = start(CEILING, upstream=provider.url)
    assert refused(run).status_code == 401
    assert run.wait_for_calls(1)[0]["cost_picodollars"] == 0
