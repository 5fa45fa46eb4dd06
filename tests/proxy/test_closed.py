"""What stands in the place of a proxy that cannot be brought back: every request is refused in its protocol's shape."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import pytest
from rig import NO_TLS
from scripted import LoopThread
from speech import Speech

from guardian_ci.policy import default_policy
from guardian_ci.proxy.closed import refuse_all
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.listener import base_url, listen

TOKEN = "gci-token"


class Door:
    """A closed door, and the end of the pipe that its supervisor holds."""

    def __init__(self, url: str, beside: str, control: Connection, ended: "Future[int]") -> None:
        self.beside = beside
        self.control = control
        self.ended = ended
        self.client = httpx.Client(base_url=url, timeout=10, trust_env=False, verify=NO_TLS)


@pytest.fixture(params=[True, False], ids=["serve", "run"])
def door(request: pytest.FixtureRequest, loop_thread: LoopThread, tmp_path: Path) -> Iterator[Door]:
    config = ProxyConfig(policy=default_policy(), log=tmp_path / "log", token=TOKEN)
    ours, theirs = multiprocessing.Pipe()
    listeners = [listen("127.0.0.1", 0), listen("127.0.0.1", 0)]
    work = refuse_all(config, listeners, theirs, leaves=request.param)
    url, beside = (base_url("127.0.0.1", each) for each in listeners)
    door = Door(url, beside, ours, asyncio.run_coroutine_threadsafe(work, loop_thread.loop))
    yield door
    door.client.close()
    ours.close()
    assert door.ended.result(20) == 0
    theirs.close()


def test_it_refuses_in_the_protocols_own_shape_for_good(door: Door, speech: Speech) -> None:
    answer = door.client.post(f"/s/nightly{speech.path}", content=speech.body(), headers=speech.headers(TOKEN))
    assert (answer.status_code, answer.headers["x-guardian-reason"]) == (400, "proxy_lost")
    assert answer.headers["x-should-retry"] == "false"
    assert "is not started again" in speech.message_of(answer.json())


def test_each_agent_gets_what_ends_it(door: Door) -> None:
    claude = door.client.post("/v1/messages", content=b"{}", headers={"user-agent": "claude-cli/2.1.330 (external)"})
    assert (claude.status_code, claude.json()["error"]["type"]) == (402, "billing_error")
    gemini = door.client.post("/v1beta/models/gemini-9-pro:streamGenerateContent?alt=sse", content=b"{}")
    assert (gemini.status_code, gemini.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    socket = door.client.get("/v1/responses", headers={"upgrade": "websocket", "connection": "upgrade"})
    assert socket.status_code == 426
    assert door.client.get("/anything").json()["error"]["type"] == "invalid_request_error"


def test_who_goes_by_the_forward_proxy_finds_it_closed_too(door: Door) -> None:
    with (
        httpx.Client(proxy=door.beside, timeout=10, verify=NO_TLS) as client,
        pytest.raises(httpx.ProxyError, match="404"),
    ):
        client.post("https://api.anthropic.com/v1/messages")


def test_it_ends_with_its_supervisor_and_when_the_run_is_stopped(door: Door, request: pytest.FixtureRequest) -> None:
    assert door.client.post("/guardian/stop").status_code == 403
    told = door.client.post("/guardian/stop", headers={"authorization": f"Bearer {TOKEN}"})
    assert told.json() == {"status": "stopping"}
    if request.node.callspec.id == "run":
        assert door.client.get("/healthz").status_code == 400  # an agent is still there: the door stays
        door.control.send("finished")
    assert door.ended.result(20) == 0
