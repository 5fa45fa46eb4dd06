"""The responses API over WebSocket, over real sockets: every turn is a call, and nothing passes unmetered."""

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from rig import AGENT_KEY, KEY, TOKEN, Rig, Run
from scripted import End, Gate, LoopThread, Pause, Reset, Upstream
from scripted_socket import SocketUpstream, socket_upstream_of
from speech import INPUT, OUTPUT, RESPONSES
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

Json = dict[str, Any]


@pytest.fixture
def provider(loop_thread: LoopThread) -> Iterator[SocketUpstream]:
    with socket_upstream_of(loop_thread) as served:
        yield served


def events(*tools: tuple[str, Json], response: str = "resp_1", lane: str | None = None, words: int = 3) -> list[str]:
    """The messages of a response."""
    texts = [frame.decode().rstrip("\n").rpartition("data: ")[2] for frame in RESPONSES.frames(*tools, words=words)]
    texts = [text.replace('"resp_1"', json.dumps(response)) for text in texts]
    return texts if lane is None else [json.dumps(json.loads(text) | {"stream_id": lane}) for text in texts]


def create(text: str = "Hello.", **more: object) -> str:
    return json.dumps({"type": "response.create", **RESPONSES.request(text), **more})


@contextlib.contextmanager
def opened(run: Run, path: str = "/v1/responses", key: str | None = None, **headers: str) -> Iterator[ClientConnection]:
    told = {"authorization": f"Bearer {key or run.token or AGENT_KEY}"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    with connect(
        f"ws{run.url.removeprefix('http')}{path}", additional_headers=told, proxy=None, close_timeout=2, max_size=None
    ) as socket:
        yield socket


def heard(socket: ClientConnection, *ends: str) -> list[str]:
    """All messages until one of these types comes."""
    got: list[str] = []
    last = ends or ("response.completed", "response.failed", "response.incomplete", "error")
    while True:
        got.append(str(socket.recv(timeout=5)))
        with contextlib.suppress(ValueError):
            if json.loads(got[-1]).get("type") in last:
                return got


def error_of(message: str) -> Json:
    told: Json = json.loads(message)
    assert told["type"] == "error", told
    return told


def refused(run: Run, path: str = "/v1/responses", **headers: str) -> Any:
    with pytest.raises(InvalidStatus) as caught, opened(run, path, **headers):
        pass
    return caught.value.response


class TestHandshake:
    def test_headers_pass_both_ways_except_those_of_the_hop_and_the_key(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        provider.headers = {"x-codex-turn-state": "abc", "openai-model": "gpt-4.1"}
        run = start(upstream=provider.url)
        with opened(run, "/v1/responses?a=b", openai_beta="responses_websockets=2026-02-06", session_id="s1") as socket:
            assert socket.response is not None
            got = socket.response.headers
        assert (got["x-codex-turn-state"], got["openai-model"]) == ("abc", "gpt-4.1")
        seen = provider.handshakes[0]
        assert seen.path == "/v1/responses?a=b"
        assert seen.headers["authorization"] == f"Bearer {KEY}"
        assert (seen.headers["openai-beta"], seen.headers["session-id"]) == ("responses_websockets=2026-02-06", "s1")
        assert seen.headers["host"] == provider.url.removeprefix("http://")
        assert len(seen.headers.get_all("sec-websocket-key")) == 1

    @pytest.mark.parametrize("status", [401, 403, 426, 429, 500, 503])
    def test_the_upstreams_refusal_reaches_the_agent_as_it_is(
        self, start: Rig, provider: SocketUpstream, status: int
    ) -> None:
        body = b'{"error":  {"message": "No."}}'
        provider.refuse(status, body, retry_after="7", content_type="application/json")
        run = start(upstream=provider.url)
        got = refused(run)
        assert (got.status_code, got.body) == (status, body)
        assert got.headers["retry-after"] == "7"
        assert [line["code"] for line in run.log if line["type"] == "notice"] == ["handshake_refused"]

    def test_a_redirect_is_not_followed_and_the_key_stays(self, start: Rig, provider: SocketUpstream) -> None:
        with socket_upstream_of(provider._loop) as other:
            provider.refuse(307, b"", location=f"{other.url}/v1/responses".replace("http", "ws"))
            run = start(upstream=provider.url)
            assert refused(run).status_code == 502
            assert other.handshakes == []

    def test_an_upstream_that_is_not_there_is_a_502_that_says_so(self, start: Rig) -> None:
        run = start(upstream="http://127.0.0.1:9")
        got = refused(run)
        assert got.status_code == 502
        assert b"127.0.0.1:9 opens no WebSocket" in got.body

    def test_a_token_of_another_run_is_refused(self, start: Rig, provider: SocketUpstream) -> None:
        run = start(upstream=provider.url)
        got = refused(run, key="gci-of-another-run")
        assert got.status_code == 400
        assert b"token of another run" in got.body
        assert provider.handshakes == []
        assert run.call()["reason"] == "bad_request"

    def test_a_policy_that_refuses_websockets_answers_426(self, start: Rig, provider: SocketUpstream) -> None:
        run = start({"websockets": {"responses": "refuse"}}, upstream=provider.url)
        got = refused(run)
        assert got.status_code == 426
        assert b"websockets.responses" in got.body
        assert run.call()["findings"][0]["violation"] is False

    def test_where_the_model_decides_on_the_upstream_the_agent_falls_back_to_post(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        entry = {"url": "http://127.0.0.1:9", "models": ["llama*"], "protocols": ["openai-responses"]}
        run = start({"upstreams": {"mine": entry}}, upstream=provider.url)
        got = refused(run)
        assert got.status_code == 426
        assert b"send POST instead" in got.body
        assert provider.handshakes == []

    @pytest.mark.parametrize("path", ["/v1/messages", "/nowhere", "/openai/v1/chat/completions", "/s/x/v1/else"])
    def test_every_other_path_is_refused_and_recorded(self, start: Rig, provider: SocketUpstream, path: str) -> None:
        run = start(upstream=provider.url)
        assert refused(run, path).status_code == 426
        assert (run.call()["reason"], run.call()["path"]) == ("unmetered_endpoint", path)

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example:80", ""])
    def test_a_page_of_elsewhere_may_open_none(self, start: Rig, provider: SocketUpstream, origin: str) -> None:
        run = start(upstream=provider.url)
        assert refused(run, origin=origin).status_code == 400
        assert provider.handshakes == []

    def test_a_page_of_this_machine_may(self, start: Rig, provider: SocketUpstream) -> None:
        with opened(start(upstream=provider.url), origin="http://localhost:3000"):
            assert len(provider.handshakes) == 1

    def test_a_foreign_host_is_refused(self, start: Rig, provider: SocketUpstream) -> None:
        run = start(upstream=provider.url)
        with (
            pytest.raises(InvalidStatus) as caught,
            connect(
                f"ws{run.url.removeprefix('http')}/v1/responses",
                additional_headers={"host": "evil.example"},
                proxy=None,
            ),
        ):
            pass
        assert caught.value.response.status_code == 400


class TestTurns:
    @pytest.mark.parametrize("path", ["/v1/responses", "/openai/v1/responses", "/s/job/v1/responses"])
    def test_messages_that_need_no_edit_keep_every_byte(self, start: Rig, provider: SocketUpstream, path: str) -> None:
        sent = create("caf\u00e9 \U0001f600", unheard_of={"a": [1, 2.50, None]}).replace(", ", " ,\t")
        sent = f"\n {sent}  "
        script = [f" {text.replace(', ', ' ,  ')}\n" for text in events(("bash", {"command": "ls"}))]
        provider.says(['{"type":"codex.rate_limits", "plan": 1}', *script])
        run = start(upstream=provider.url)
        with opened(run, path) as socket:
            socket.send(sent)
            assert heard(socket) == ['{"type":"codex.rate_limits", "plan": 1}', *script]
        assert provider.seen == [sent]
        record = run.wait_for_calls(1)[0]
        assert (record["input_tokens"], record["output_tokens"], record["estimated"]) == (INPUT, OUTPUT, False)
        assert (record["decision"], record["outcome"], record["status"]) == ("approved", "complete", 200)
        assert [tool["name"] for tool in record["tool_calls"]] == ["bash"]
        assert record["transport"] == "websocket"
        if path.startswith("/s/"):
            assert record["session_id"] == "job"

    def test_turns_of_one_lane_come_one_after_the_other(self, start: Rig, provider: SocketUpstream) -> None:
        gate = Gate()
        first, second = events(response="resp_a"), events(response="resp_b")
        provider.says([first[0], gate, *first[1:]], second)
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create("One."))
            socket.send(create("Two.", previous_response_id="resp_a"))
            assert str(socket.recv(timeout=5)) == first[0]
            assert len(provider.seen) == 1
            gate.open()
            assert heard(socket) == first[1:]
            assert heard(socket) == second
        assert [call["outcome"] for call in run.wait_for_calls(2)] == ["complete", "complete"]

    def test_lanes_are_told_apart_and_settled_each_once(self, start: Rig, provider: SocketUpstream) -> None:
        gate = Gate()
        one, two = events(response="resp_a", lane="one"), events(response="resp_b", lane="two")
        provider.says([one[0], gate, *one[1:]], two)
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create("One.", stream_id="one"))
            assert str(socket.recv(timeout=5)) == one[0]
            socket.send(create("Two.", stream_id="two"))
            assert heard(socket) == two
            gate.open()
            assert heard(socket) == one[1:]
        ids = [call["facts"]["ended"]["response_id"] for call in run.wait_for_calls(2)]
        assert ids == ["resp_b", "resp_a"]

    def test_the_seventeenth_in_flight_is_refused(self, start: Rig, provider: SocketUpstream) -> None:
        gate = Gate()
        provider.says(*[[gate, *events(response=f"r{n}", lane=f"l{n}")] for n in range(16)])
        run = start({"rules": {"retry_loop": "off"}}, upstream=provider.url)
        with opened(run) as socket:
            for n in range(17):
                socket.send(create(f"{n}", stream_id=f"l{n}"))
            told = error_of(heard(socket)[-1])
            assert (told["status"], told["stream_id"]) == (400, "l16")
            assert "16 responses are in flight" in told["error"]["message"]
            gate.open()
            assert len([heard(socket) for _ in range(16)]) == 16
        assert [call["decision"] for call in run.wait_for_calls(17)].count("approved") == 16

    def test_a_warm_up_costs_its_input_and_bounds_what_goes_on_from_it(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        provider.says(events(response="resp_w", words=0), events(response="resp_x"))
        run = start({"cost_limit_usd": 0.01}, upstream=provider.url)
        with opened(run) as socket:
            socket.send(create(generate=False))
            heard(socket)
            socket.send(create(previous_response_id="resp_w"))
            heard(socket)
        assert 'max_output_tokens": 100' in provider.seen[0]
        first, second = (line for line in run.log if line["type"] == "call_admitted")
        assert first["facts"]["call"].get("fingerprint", "") == ""
        assert second["reservation"]["tokens"] < 2000, "what came before is known, so it needs no whole context"

    def test_a_warm_up_that_tells_no_usage_still_bounds_what_goes_on_from_it(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        warm = events(response="resp_w", words=0)
        told = json.loads(warm[-1])
        told["response"]["usage"] = None
        provider.says([warm[0], json.dumps(told)], events(response="resp_x"))
        run = start({"cost_limit_usd": 0.01}, upstream=provider.url)
        with opened(run) as socket:
            socket.send(create(generate=False))
            heard(socket)
            socket.send(create(previous_response_id="resp_w"))
            heard(socket)
        first, second = run.wait_for_calls(2)
        assert (first["estimated"], second["estimated"]) == (True, False)
        assert [line["reservation"]["tokens"] < 2000 for line in run.log if line["type"] == "call_admitted"] == [
            True
        ] * 2

    def test_the_output_is_bounded_by_the_budget_and_nothing_else_is_changed(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        provider.says(events())
        run = start({"token_budget": 5000}, upstream=provider.url)
        sent = create(max_output_tokens=90_000)
        with opened(run) as socket:
            socket.send(sent)
            heard(socket)
        got = json.loads(provider.seen[0])["max_output_tokens"]
        assert got < 5000
        assert provider.seen[0] == sent.replace("90000", str(got))


class TestRefusals:
    def test_a_spent_budget_is_the_protocols_error_and_nothing_reaches_the_upstream(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        run = start({"token_budget": 10}, upstream=provider.url)
        with opened(run) as socket:
            for _ in range(2):
                socket.send(create())
                told = error_of(heard(socket)[-1])
                assert told["status"] == 400
                assert told["error"]["message"].startswith("guardian-ci: ")
                assert told["error"]["type"] == "invalid_request_error"
        assert provider.seen == []
        assert [call["reason"] for call in run.wait_for_calls(2)] == ["token_budget_exceeded"] * 2

    @pytest.mark.parametrize(
        "sent",
        [
            "{'type': 1}",
            "[]",
            "{}",
            '{"type": 7}',
            '{"type": "response.inject", "response_id": "r", "input": []}',
            '{"type": "session.update"}',
            '{"type": "response.create"}',
            '{"type": "response.create", "model": "gpt-4.1", "model": "gpt-5.4", "input": "a"}',
            '{"type": "response.create", "model": "gpt-4.1", "background": true, "input": "a"}',
            '{"type": "response.create", "model": "gpt-4.1", "generate": "no", "input": "a"}',
            '{"type": "response.create", "Type": "response.cancel", "model": "gpt-4.1", "input": "a"}',
            '{"type": "response.steer", "previous_response_id": "resp_9", "input": "a"}',
            b'{"type": "response.create", "model": "gpt-4.1", "input": "a"}',
        ],
    )
    def test_what_cannot_be_understood_or_metered_is_refused(
        self, start: Rig, provider: SocketUpstream, sent: str | bytes
    ) -> None:
        run = start(upstream=provider.url)
        provider.says(events())
        with opened(run) as socket:
            socket.send(sent)
            told = json.loads(heard(socket, "error", "response.steer.failed")[-1])
            assert told["error"]["message"].startswith("guardian-ci: ")
            socket.send(create())
            assert len(heard(socket)) == len(events())
        assert len(provider.seen) == 1
        assert [call["decision"] for call in run.wait_for_calls(2)] == ["rejected", "approved"]

    def test_a_message_above_the_limit_is_refused(self, start: Rig, provider: SocketUpstream) -> None:
        run = start({"max_request_mb": 1}, upstream=provider.url)
        with opened(run) as socket:
            socket.send(create("x" * (1 << 20)))
            assert "max_request_mb" in error_of(heard(socket)[-1])["error"]["message"]
        assert provider.seen == []

    def test_a_message_that_is_too_large_to_be_heard_out_ends_the_connection_and_is_recorded(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        run = start({"max_request_mb": 1}, upstream=provider.url)
        with opened(run) as socket, contextlib.suppress(ConnectionClosed):
            socket.send(create("x" * (5 << 20)))
            socket.recv(timeout=5)
        assert run.wait_for_calls(1)[0]["reason"] == "bad_request"
        assert provider.seen == []

    def test_what_begins_nothing_passes(self, start: Rig, provider: SocketUpstream) -> None:
        run = start(upstream=provider.url)
        provider.says(['{"type":"a.b"}'])
        with opened(run) as socket:
            for kind in ("response.processed", "response.cancel"):
                socket.send(f'{{"type":  "{kind}", "response_id": "r"}}')
                assert heard(socket, "a.b") == ['{"type":"a.b"}']
        assert provider.seen == [
            '{"type":  "response.processed", "response_id": "r"}',
            '{"type":  "response.cancel", "response_id": "r"}',
        ]


class TestAnswers:
    def test_a_denied_tool_call_is_rewritten_and_the_rest_keeps_its_bytes(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        script = events(("bash", {"command": "ls"}), ("write_file", {"path": "a"}))
        provider.says(script)
        run = start({"denied_tools": ["bash"]}, upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            got = heard(socket)
        assert len(got) == len(script)
        changed = [index for index, (was, now) in enumerate(zip(script, got, strict=True)) if was != now]
        assert changed == [index for index, text in enumerate(script) if "call_0" in text or "fc_0" in text]
        assert not [text for text in got if '"bash"' in text]
        assert "guardian_denied_bash" in got[-1]
        assert run.wait_for_calls(1)[0]["tool_calls"][0]["verdict"] == "block"

    def test_no_part_of_a_tool_call_passes_before_all_of_it_has_come(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        gate = Gate()
        script = events(("bash", {"command": "ls"}))
        held = next(index for index, text in enumerate(script) if '"function_call"' in text)
        provider.says([*script[: held + 3], gate, *script[held + 3 :]])
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            assert [str(socket.recv(timeout=5)) for _ in range(held)] == script[:held]
            with pytest.raises(TimeoutError):
                socket.recv(timeout=0.2)
            gate.open()
            assert heard(socket) == script[held:]

    def test_an_answer_is_cut_by_the_protocols_failure_and_every_later_turn_is_refused(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        leak = "AKIA" + "Q7ZX2MWJ5RT4KLNV"
        script = events(words=200)
        script = [text.replace("word7 ", f"{leak} ") for text in script]
        provider.says([*script[:-1], Pause(0.2), script[-1]])
        run = start({"secrets": {"answers": "block"}}, upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            got = heard(socket)
            told = json.loads(got[-1])
            assert (told["type"], told["response"]["error"]["code"]) == ("response.failed", "invalid_prompt")
            assert script[-1] not in got
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=5)
        with opened(run) as socket:
            socket.send(create())
            assert error_of(heard(socket)[-1])["status"] == 400
        first, second = run.wait_for_calls(2)
        assert (first["outcome"], first["estimated"]) == ("cut", True)
        assert second["decision"] == "rejected"

    def test_a_cut_answer_leaves_the_others_of_its_connection_alone(self, start: Rig, provider: SocketUpstream) -> None:
        gate = Gate()
        leak = "AKIA" + "Q7ZX2MWJ5RT4KLNV"
        one = [text.replace("word7 ", f"{leak} ") for text in events(response="resp_a", lane="one", words=200)]
        two = events(response="resp_b", lane="two")
        provider.says([two[0], gate, *two[1:]], [*one[:-1], Pause(0.1), one[-1]])
        run = start({"secrets": {"answers": "block"}}, upstream=provider.url)
        with opened(run) as socket:
            socket.send(create("Two.", stream_id="two"))
            assert str(socket.recv(timeout=5)) == two[0]
            socket.send(create("One.", stream_id="one"))
            assert json.loads(heard(socket)[-1])["stream_id"] == "one"
            time.sleep(0.2)
            gate.open()
            assert heard(socket) == two[1:]
        assert sorted(call["outcome"] for call in run.wait_for_calls(2)) == ["complete", "cut"]

    def test_the_upstreams_own_error_passes_untouched_and_costs_nothing(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        message = '{"type":"error", "status":404, "error":{"code":"previous_response_not_found","message":"Gone."}}'
        provider.says([message], events())
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create(previous_response_id="resp_0"))
            assert heard(socket) == [message]
            socket.send(create())
            heard(socket)
        first, second = run.wait_for_calls(2)
        assert (first["cost_picodollars"], first["upstream_status"]) == (0, 404)
        assert second["outcome"] == "complete"

    @pytest.mark.parametrize(
        ("script", "spent"),
        [
            (['{"type":"error","status":400,"error":{"message":"no"}}'], False),
            (['{"type":"error","status":99999,"error":{"message":"no"}}'], False),
            (events(), True),
        ],
    )
    def test_what_comes_without_its_lane_is_of_the_only_turn(
        self, start: Rig, provider: SocketUpstream, script: list[str], spent: bool
    ) -> None:
        provider.says(script)
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create(stream_id="one"))
            assert heard(socket) == script
        assert (run.wait_for_calls(1)[0]["cost_picodollars"] > 0) is spent

    @pytest.mark.parametrize("end", [Reset(), End()], ids=["reset", "closed"])
    def test_an_upstream_that_goes_in_the_middle_is_charged_and_told(
        self, start: Rig, provider: SocketUpstream, end: Reset | End
    ) -> None:
        provider.says([*events()[:4], end])
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            told = json.loads(heard(socket)[-1])
            assert told["type"] == "response.failed"
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=5)
        record = run.wait_for_calls(1)[0]
        assert (record["outcome"], record["estimated"]) == ("upstream_error", True)
        assert record["cost_picodollars"] > 0

    def test_an_upstream_that_closes_an_idle_connection_closes_it_for_the_agent(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        limit = '{"type":"error","error":{"code":"websocket_connection_limit_reached","message":"60 minutes"}}'
        provider.says([*events(), limit, End()])
        with opened(start(upstream=provider.url)) as socket:
            socket.send(create())
            heard(socket)
            assert heard(socket) == [limit]
            with pytest.raises(ConnectionClosed) as caught:
                socket.recv(timeout=5)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1001

    def test_an_upstream_that_falls_silent_is_not_waited_for_for_ever(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        provider.says(events()[:3])
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            assert "sent nothing for 0.4 s" in heard(socket)[-1]
        assert run.wait_for_calls(1)[0]["estimated"] is True

    def test_an_agent_that_hangs_up_is_billed_to_the_end(self, start: Rig, provider: SocketUpstream) -> None:
        gate = Gate()
        script = events()
        provider.says([*script[:3], gate, *script[3:]])
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            socket.recv(timeout=5)
        gate.open()
        record = run.wait_for_calls(1)[0]
        assert (record["outcome"], record["estimated"]) == ("client_gone", False)
        assert record["output_tokens"] == OUTPUT

    def test_an_agent_that_hangs_up_is_charged_the_reservation_where_the_end_does_not_come(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        provider.says([*events()[:3], Gate()])
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            socket.recv(timeout=5)
        record = run.wait_for_calls(1)[0]
        assert (record["outcome"], record["estimated"]) == ("client_gone", True)

    def test_a_response_that_nobody_asked_for_ends_the_connection(self, start: Rig, provider: SocketUpstream) -> None:
        provider.says([*events(), *events(("bash", {"command": "rm -r ."}), response="resp_2")])
        with opened(start(upstream=provider.url)) as socket:
            socket.send(create())
            assert heard(socket) == events()
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=5)

    def test_a_run_that_ends_settles_what_is_open(self, start: Rig, provider: SocketUpstream) -> None:
        provider.says([*events()[:3], Gate()])
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            socket.recv(timeout=5)
            run.end()
        assert run.call()["estimated"] is True


class TestSteering:
    ACCEPTED = (
        '{"type":"response.steer.accepted","sequence_number":9,"steer":{"id":"s","previous_response_id":"resp_a"}}'
    )

    @staticmethod
    def steer(text: str = "Rather this.", response: str = "resp_a", **more: object) -> str:
        return json.dumps({"type": "response.steer", "previous_response_id": response, "input": text, **more})

    def test_the_successor_is_a_call_of_its_own(self, start: Rig, provider: SocketUpstream) -> None:
        gate = Gate()
        one, two = events(response="resp_a"), events(response="resp_b")
        provider.says([one[0], gate, *one[1:], *two], [self.ACCEPTED], events(response="resp_c"))
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            assert str(socket.recv(timeout=5)) == one[0]
            socket.send(self.steer())
            assert str(socket.recv(timeout=5)) == self.ACCEPTED
            socket.send(create("And then?"))
            gate.open()
            assert heard(socket) == one[1:]
            assert heard(socket) == two
            heard(socket)
        assert provider.seen[1] == self.steer()
        ids = [call["facts"]["ended"]["response_id"] for call in run.wait_for_calls(3)]
        assert ids == ["resp_a", "resp_b", "resp_c"]
        assert all(call["output_tokens"] == OUTPUT for call in run.calls)

    def test_a_steer_that_fails_costs_nothing(self, start: Rig, provider: SocketUpstream) -> None:
        gate = Gate()
        one = events(response="resp_a")
        failed = self.ACCEPTED.replace("accepted", "failed")
        provider.says([one[0], gate, *one[1:]], [failed])
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            socket.recv(timeout=5)
            socket.send(self.steer())
            assert str(socket.recv(timeout=5)) == failed
            gate.open()
            heard(socket)
        steered, asked = run.wait_for_calls(2)
        assert (steered["cost_picodollars"], asked["outcome"]) == (0, "complete")

    def test_what_the_upstream_keeps_of_a_steer_counts_in_the_next_request(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        gate = Gate()
        one = events(response="resp_a")
        pending = self.ACCEPTED.replace("accepted", "pending")
        provider.says([one[0], gate, *one[1:], pending], [self.ACCEPTED], events(response="resp_b"))
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            socket.recv(timeout=5)
            socket.send(self.steer("x" * 5000))
            socket.recv(timeout=5)
            gate.open()
            assert heard(socket, "response.steer.pending") == [*one[1:], pending]
            socket.send(create("Go on.", previous_response_id="resp_a"))
            heard(socket)
        last = [line for line in run.log if line["type"] == "call_admitted"][-1]
        assert last["facts"]["call"]["size"]["text_bytes"] > 5000

    def test_a_second_steer_and_one_of_a_response_that_is_over_are_given_back(
        self, start: Rig, provider: SocketUpstream
    ) -> None:
        gate = Gate()
        one = events(response="resp_a")
        provider.says([one[0], gate, *one[1:], *events(response="resp_b")], [self.ACCEPTED])
        run = start(upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            socket.recv(timeout=5)
            socket.send(self.steer())
            socket.recv(timeout=5)
            socket.send(self.steer("And that."))
            given_back = json.loads(str(socket.recv(timeout=5)))
            assert given_back["type"] == "response.steer.failed"
            assert given_back["steer"] == {"previous_response_id": "resp_a", "input": "And that."}
            gate.open()
            heard(socket)
            heard(socket)
            socket.send(self.steer("Too late."))
            assert json.loads(str(socket.recv(timeout=5)))["type"] == "response.steer.failed"
        assert [call["decision"] for call in run.wait_for_calls(4)].count("rejected") == 2

    def test_a_steer_that_the_budget_does_not_hold_is_given_back(self, start: Rig, provider: SocketUpstream) -> None:
        gate = Gate()
        one = events(response="resp_a")
        provider.says([one[0], gate, *one[1:]])
        run = start({"token_budget": 400, "reservation_wait_seconds": 0}, upstream=provider.url)
        with opened(run) as socket:
            socket.send(create())
            socket.recv(timeout=5)
            socket.send(self.steer())
            told = json.loads(str(socket.recv(timeout=5)))
            assert told["type"] == "response.steer.failed"
            assert told["error"]["message"].startswith("guardian-ci: ")
            gate.open()
            heard(socket)
        assert len(provider.seen) == 1


def test_a_get_without_an_upgrade_is_no_socket(start: Rig, upstream: Upstream) -> None:
    run = start()
    assert run.request("GET", "/v1/responses", RESPONSES).status_code in {404, 405}


def test_the_token_never_reaches_the_provider(start: Rig, provider: SocketUpstream) -> None:
    run = start(upstream=provider.url)
    with opened(run, x_api_key=TOKEN):
        assert TOKEN not in str(provider.handshakes[0].headers)
