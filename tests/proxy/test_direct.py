"""A connection past the proxy is told as what it is, once, and watching is in nobody's way."""

import json
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from detour import HOST, Program, known_of
from rig import Rig
from scripted import LoopThread, Upstream, response
from scripted_socket import socket_upstream_of
from speech import MESSAGES
from websockets.sync.client import connect

from guardian_ci.audit.reader import read_log
from guardian_ci.audit.replay import replay
from guardian_ci.audit.summary import Summary
from guardian_ci.errors import StoreError
from guardian_ci.model import Verdict
from guardian_ci.policy import Settings, policy_from_document
from guardian_ci.proxy.direct import DirectWatch, finding_of, strictest
from guardian_ci.proxy.direct_hosts import KnownAddresses
from guardian_ci.proxy.direct_lookout import PROC, Lookout, OwnConnections, Sighting
from guardian_ci.proxy.direct_process import Process
from guardian_ci.proxy.direct_table import connections, end

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows connections")


@pytest.mark.parametrize(
    ("process", "uid", "hosts", "said"),
    [
        (Process(7, "node"), None, ("api.openai.com",), "node (pid 7) opened a connection to 10.0.0.1 port 443, an "),
        (Process(7, ""), None, ("a",), "a program (pid 7) opened"),
        (None, 1001, ("a",), "a process of user 1001 opened"),
        (None, None, ("a",), "a process that had closed it opened"),
        (None, 1, ("a", "b"), "an address of a and b, past the proxy (first seen 07:31:02 UTC): what goes there"),
        (None, 1, tuple("abcdef"), "an address of a and b and c and d and 2 more, past"),
        (None, 1, ("a",), "Other hosts may share the address."),
    ],
)
def test_a_finding_says_who_where_and_when_and_claims_no_more(
    process: Process | None, uid: int | None, hosts: tuple[str, ...], said: str
) -> None:
    first = datetime(2026, 11, 22, 7, 31, 2, tzinfo=UTC)
    sighting = Sighting(process=process, uid=uid, hosts=hosts, remote=("10.0.0.1", 443), first=first)
    found = finding_of(sighting, Settings())
    assert found is not None
    assert said in found.message
    assert (found.rule, found.verdict, found.subject) == ("direct_connection", Verdict.WARN, hosts[0])
    assert finding_of(sighting, Settings(rules={"direct_connection": "off"})) is None


@pytest.mark.parametrize(
    ("actions", "strict"),
    [(["warn"], "warn"), (["off", "warn"], "warn"), (["warn", "block", "off"], "block"), (["off", "off"], "off")],
)
def test_of_several_entries_the_strictest_says_what_follows(actions: list[str], strict: str) -> None:
    entries = [
        {"name": f"p{number}", "sessions": [f"s{number}"], "rules": {"direct_connection": action}}
        for number, action in enumerate(actions)
    ]
    assert strictest(policy_from_document({"policies": entries}, "guardian.yml")).action("direct_connection") == strict


async def watch(lookout: Lookout, known: KnownAddresses, saw: Callable[[Sighting], None]) -> tuple[list[str], str]:
    """Watch for the shortest while; the messages of the notices, and why nothing was seen."""
    notices: list[str] = []
    watching = DirectWatch(lookout, known, saw=saw, notice=lambda _, __, message: notices.append(message))
    async with watching:
        pass
    return notices, watching.unseen


@pytest.mark.anyio
async def test_the_end_tells_how_often_what_was_seen_was_seen(provider: socket.socket, own: OwnConnections) -> None:
    known = known_of(provider.getsockname()[1])
    seen: list[Sighting] = []
    lookout = Lookout(known, own)
    with Program(*provider.getsockname(), connections=4):
        notices, _ = await watch(lookout, known, seen.append)
    (sighting,) = seen
    assert notices == [f"{sighting.who} opened 4 connections to addresses of {HOST} past the proxy"]


@pytest.mark.anyio
async def test_without_names_it_says_why_nothing_could_be_seen(own: OwnConnections) -> None:
    def unknown(host: str) -> list[str]:
        raise OSError(f"no resolver for {host}")

    known = KnownAddresses([("api.openai.com", 443)], unknown)
    known.learn()
    _, unseen = await watch(Lookout(known, own), known, lambda _: None)
    assert unseen == "no provider's name could be resolved (api.openai.com: no resolver for api.openai.com)"


@pytest.mark.anyio
async def test_a_table_that_cannot_be_read_any_more_is_why_nothing_could_be_seen(
    own: OwnConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Lookout) -> list[Sighting]:
        raise PermissionError("not any more")

    known = known_of(443)
    monkeypatch.setattr(Lookout, "look", broken)
    assert await watch(Lookout(known, own), known, lambda _: None) == ([], "not any more")


@pytest.mark.anyio
async def test_a_log_that_cannot_be_written_ends_the_watch_and_not_the_proxy(
    provider: socket.socket, own: OwnConnections
) -> None:
    def full(_: Sighting) -> None:
        raise StoreError("the disk is full")

    known = known_of(provider.getsockname()[1])
    lookout = Lookout(known, own)
    with Program(*provider.getsockname()):
        notices, _ = await watch(lookout, known, full)
    assert notices == []


@pytest.mark.parametrize(("action", "kind"), [(None, "warnings"), ("warn", "warnings"), ("block", "violations")])
def test_a_run_tells_of_a_direct_connection_and_of_none_of_its_own(
    start: Rig, upstream: Upstream, action: str | None, kind: str
) -> None:
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    rules = {} if action is None else {"rules": {"direct_connection": action}}
    run = start(rules, resolve=lambda host: [host] if host[0].isdigit() else [])
    assert run.log[0]["direct_connections"] == "watched"
    run.post(MESSAGES)
    address, port = upstream.url.removeprefix("http://").split(":")
    with Program(address, int(port)) as program:
        log = run.end()
    lines = [line for line in log if line.get("code") == "direct_connection"]
    ((found,),) = (line["findings"] for line in lines)
    assert f"(pid {program.pid}) opened a connection to {address} port {port} past the proxy" in found["message"]
    assert "sk-secret" not in found["message"]
    assert log[-1]["violations"] == (kind == "violations")
    summary = Summary.of(read_log(run.server.config.log))
    assert getattr(summary, kind).by_rule() == {"direct_connection": 1}
    assert [session.id for session in summary.sessions] == [run.calls[0]["session_id"]]
    assert replay(read_log(run.server.config.log)).differences == []


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """The proxy's own ends of its connections, as it is told them."""
    ends: set[tuple[str, int]] = set()
    monkeypatch.setattr(OwnConnections, "add", lambda _, local: ends.add(tuple(local[:2])))
    return ends


def locals_of(url: str) -> set[tuple[str, int]]:
    """The near ends of what is connected to an address now."""
    port = int(url.rpartition(":")[2])
    table = (PROC / "net" / "tcp").read_bytes().splitlines()
    return {end(each.local) for each in connections(table, (port,))}


def test_each_connection_for_a_call_is_known_as_the_proxys_own(
    start: Rig, upstream: Upstream, told: set[tuple[str, int]]
) -> None:
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    start().post(MESSAGES)
    assert told == locals_of(upstream.url) != set()


def test_each_connection_for_a_websocket_is_known_as_the_proxys_own(
    start: Rig, loop_thread: LoopThread, told: set[tuple[str, int]]
) -> None:
    with socket_upstream_of(loop_thread) as provider:
        run = start(upstream=provider.url)
        bearer = {"authorization": f"Bearer {run.token}"}
        url = f"ws{run.url.removeprefix('http')}/v1/responses"
        with connect(url, additional_headers=bearer, proxy=None, close_timeout=2):
            assert told == locals_of(provider.url) != set()


@pytest.mark.parametrize("config", [{}, {"resolve": lambda _: []}])
def test_where_the_policy_or_nobody_asks_for_it_the_log_says_that_it_is_off(
    start: Rig, config: dict[str, object]
) -> None:
    run = start({"rules": {"direct_connection": "off"}} if config else {}, **config)
    assert run.log[0]["direct_connections"] == "off"


def test_where_the_system_shows_nothing_the_log_says_so(start: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(*_: object) -> Lookout:
        raise PermissionError(f"{PROC}/net/tcp")

    monkeypatch.setattr("guardian_ci.proxy.server.Lookout", hidden)
    assert start(resolve=lambda _: []).log[0]["direct_connections"] == "unsupported"
