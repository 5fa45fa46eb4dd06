"""The demo upstream over WebSocket."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from guardian_ci.demo.upstream import Bill, running

BILL = Bill()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(BILL, key="sk-demo") as served:
        yield f"ws{served.removeprefix('http')}/v1/responses"


@pytest.fixture
def socket(url: str) -> Iterator[ClientConnection]:
    with connect(url, additional_headers={"authorization": "Bearer sk-demo"}, proxy=None) as opened:
        yield opened


def ask(socket: ClientConnection, **members: object) -> list[dict[str, Any]]:
    socket.send(json.dumps({"type": "response.create", "model": "gpt-5.4", **members}))
    got: list[dict[str, Any]] = []
    while not got or got[-1]["type"] not in {"response.completed", "response.failed", "error"}:
        got.append(json.loads(socket.recv(timeout=5)))
    return got


def prompt(*steps: object) -> str:
    return f"demo-script: {json.dumps(steps)}"


def test_a_conversation_goes_on_from_the_answer_before_and_is_on_the_bill(socket: ClientConnection) -> None:
    before = len(BILL.lines)
    call = {"name": "bash", "input": {"command": "ls"}}
    first = ask(socket, input=prompt({"tools": [call]}, {"text": "Done."}), stream_id="a")
    assert {event["stream_id"] for event in first} == {"a"}
    made = first[-1]["response"]["output"][0]
    output = {"type": "function_call_output", "call_id": made["call_id"], "output": "ok"}
    second = ask(socket, input=[output], previous_response_id=first[-1]["response"]["id"])
    assert "".join(event.get("delta", "") for event in second) == "Done."
    told = [event["response"]["usage"] for event in (first[-1], second[-1])]
    billed = [(line["input_tokens"], line["output_tokens"]) for line in BILL.lines[before:]]
    assert billed == [(usage["input_tokens"], usage["output_tokens"]) for usage in told]


def test_a_warm_up_writes_nothing_and_can_be_gone_on_from(socket: ClientConnection) -> None:
    warm = ask(socket, input=prompt({"text": "Hi."}), generate=False)
    assert [event["type"] for event in warm] == ["response.created", "response.in_progress", "response.completed"]
    assert warm[-1]["response"]["usage"]["output_tokens"] == 0
    answer = ask(socket, input=[], previous_response_id=warm[-1]["response"]["id"])
    assert "".join(event.get("delta", "") for event in answer) == "Hi."


def test_a_warm_up_may_have_no_input_yet(socket: ClientConnection) -> None:
    warm = ask(socket, input=[], instructions="Be brief.", generate=False)
    answer = ask(socket, input=prompt({"text": "Hi."}), previous_response_id=warm[-1]["response"]["id"])
    assert "".join(event.get("delta", "") for event in answer) == "Hi."


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"input": "a", "previous_response_id": "resp_0"}, "previous_response_not_found"),
        ({"input": 7}, None),
        ({"input": prompt({"status": 429})}, "rate_limit_exceeded"),
    ],
)
def test_what_cannot_be_answered_is_an_error_with_its_status(
    socket: ClientConnection, members: dict[str, object], code: str | None
) -> None:
    told = ask(socket, **members)[-1]
    assert (told["type"], told["error"]["code"]) == ("error", code)
    assert told["status"] >= 400


def test_another_key_is_refused_before_anything_is_opened(url: str) -> None:
    with pytest.raises(InvalidStatus) as caught, connect(url, proxy=None):
        pass
    assert caught.value.response.status_code == 401
