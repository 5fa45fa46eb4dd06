"""The socket: opens when policy, ledger and log are ready, and ends with the log's last line."""

import contextlib
import json
import socket
import threading
from pathlib import Path

import httpx
import pytest
from rig import KEY, NO_TLS, TOKEN, Rig, open_reservations
from scripted import LoopThread, Pause, Upstream, chunk, chunked_head, response
from speech import MESSAGES

from guardian_ci.errors import GuardianError, StartError, StoreError
from guardian_ci.policy import default_policy
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.server import ProxyServer
from guardian_ci.stores import MemoryStore, SqliteStore


def server_on(folder: Path, **config: object) -> ProxyServer:
    told = {"policy": default_policy(), "log": folder / "log.ndjson", "port": 0} | config
    return ProxyServer(ProxyConfig(**told), SqliteStore(folder / "state"))  # type: ignore[arg-type]


def test_before_it_is_started_it_has_no_gatekeeper(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = server_on(tmp_path).gatekeeper


def test_the_first_line_says_who_runs_by_which_policy_and_shows_no_key(start: Rig) -> None:
    run = start({"name": "nightly", "log_level": "debug", "file_blocklist": [f"*{KEY}*"]})
    (first,) = run.log
    assert (first["type"], first["store"], first["log_level"]) == ("run_started", "sqlite", "debug")
    assert (first["policy"]["name"], first["policy"]["file"]) == ("nightly", "guardian.yml")
    assert first["recovered"] == []


def test_the_last_line_counts_calls_and_violations(start: Rig, upstream: Upstream) -> None:
    run = start()
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    run.post(MESSAGES)
    run.request("POST", "/v1/embeddings", MESSAGES)
    last = run.end()[-1]
    assert (last["reason"], last["calls"], last["violations"]) == ("finished", 2, 1)


def test_the_first_reason_of_a_stop_is_the_one_that_is_told(start: Rig) -> None:
    run = start()
    run.loop.loop.call_soon_threadsafe(run.server.stop, "signal")
    run.loop.loop.call_soon_threadsafe(run.server.stop, "stopped")
    run.loop.do(run.server.stopped.wait())
    assert run.end()[-1]["reason"] == "signal"


def test_no_file_of_the_run_can_be_read_by_others(start: Rig) -> None:
    run = start()
    files = [path for path in (run.folder / "state").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in [*files, run.server.config.log] if path.stat().st_mode & 0o77]


class TestAFailedStart:
    """Is told with the way out, and leaves nothing behind that is in the way of the next one."""

    def failed(self, loop: LoopThread, server: ProxyServer) -> GuardianError:
        with pytest.raises((StartError, StoreError)) as failure:
            loop.do(server.__aenter__())
        return failure.value

    def works(self, loop: LoopThread, folder: Path) -> None:
        server = server_on(folder)
        loop.do(server.__aenter__())
        loop.do(server.__aexit__(None, None, None))

    def test_a_port_that_is_taken(self, loop_thread: LoopThread, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            error = self.failed(loop_thread, server_on(tmp_path, port=other.getsockname()[1]))
        assert "name another with --port" in str(error)
        assert not list(tmp_path.iterdir())
        self.works(loop_thread, tmp_path)

    @pytest.mark.parametrize("host", ["no such host", "192.0.2.1", "host.invalid"])
    def test_an_address_that_is_not_ours(self, loop_thread: LoopThread, tmp_path: Path, host: str) -> None:
        error = self.failed(loop_thread, server_on(tmp_path, host=host))
        assert isinstance(error, StartError)
        assert host in str(error)

    def test_a_ledger_that_cannot_be_used(self, loop_thread: LoopThread, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("in the way")
        assert "--state" in str(self.failed(loop_thread, server_on(tmp_path)))
        (tmp_path / "state").unlink()
        self.works(loop_thread, tmp_path)

    def test_a_log_that_cannot_be_made(self, loop_thread: LoopThread, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        error = self.failed(loop_thread, server_on(tmp_path, log=tmp_path / "file" / "log.ndjson"))
        assert "--log" in str(error)
        self.works(loop_thread, tmp_path)

    def test_a_log_that_another_run_writes(self, start: Rig, loop_thread: LoopThread) -> None:
        run = start()
        error = self.failed(loop_thread, server_on(run.folder, log=run.server.config.log))
        assert "another guardian-ci" in str(error)


def test_what_a_dead_run_left_open_is_recovered_and_told_even_if_a_start_between_them_fails(
    start: Rig, loop_thread: LoopThread, upstream: Upstream
) -> None:
    run = start({"name": "tests", "timeouts": {"silence_seconds": 3, "drain_seconds": 3}})
    run.torn = True
    upstream.says([chunked_head(), chunk(b"".join(MESSAGES.frames()[:3])), Pause(30)])

    def ask() -> None:
        with contextlib.suppress(httpx.HTTPError):
            run.post(MESSAGES, MESSAGES.body(streamed=True))

    thread = threading.Thread(target=ask)
    thread.start()
    while not upstream.seen:
        pass
    # As if the process had died: its lock is free, its reservation open.
    store = run.server._store
    assert isinstance(store, SqliteStore)
    assert store._lock is not None
    loop_thread.loop.call_soon_threadsafe(store._lock.release)
    store._lock = None
    (run.folder / "file").write_text("in the way")
    between = server_on(run.folder, log=run.folder / "file" / "log.ndjson")
    with pytest.raises(StartError):
        loop_thread.do(between.__aenter__())
    assert open_reservations(run.folder / "state") == 1
    again = start({"name": "again"})
    (recovered,) = again.log[0]["recovered"]
    (admitted,) = [line for line in run.log if line["type"] == "call_admitted"]
    assert recovered["call_id"] == admitted["request_id"]
    assert recovered["cost_picodollars"] == admitted["reservation"]["cost_picodollars"]
    assert recovered["session_id"].startswith("key-")
    loop_thread.do(run.server.__aexit__(None, None, None))
    run.ended = True
    thread.join(20)


def test_it_listens_on_ipv6_too(loop_thread: LoopThread, tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    server = server_on(tmp_path, host="::1")
    try:
        loop_thread.do(server.__aenter__())
    except StartError:
        pytest.skip("this machine has no IPv6 loopback")
    assert httpx.get(f"{server.url}/healthz", trust_env=False, verify=NO_TLS).status_code == 200
    loop_thread.do(server.__aexit__(None, None, None))


def test_a_ledger_in_memory_serves_as_well(start: Rig, upstream: Upstream) -> None:
    run = start(store=MemoryStore())
    run.torn = True
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    assert run.post(MESSAGES).status_code == 200
    assert [line["type"] for line in run.end()] == ["run_started", "call_admitted", "call", "run_ended"]
    assert TOKEN not in run.server.config.log.read_text()
