"""Keeps a proxy serving: owns the socket, starts the proxy, and brings it back when it dies."""

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rig import NO_TLS, open_reservations
from scripted import Pause, Upstream, chunk, chunked_head, response
from shell import Shell, Started
from speech import CHAT, MESSAGES, RESPONSES, Speech

from guardian_ci.audit.gate import gate
from guardian_ci.audit.reader import read_log
from guardian_ci.audit.replay import replay
from guardian_ci.audit.sources import find_logs
from guardian_ci.audit.summary import Summary

TOKEN = "gci-token-for-tests-0123456789"
"""What agents hold, and who stops the run over HTTP."""


class Served:
    """A ``guardian-ci serve`` that is ready."""

    def __init__(self, command: Started) -> None:
        self.command = command
        self.url = str(json.loads(command.read_until('"url"'))["url"])
        self.log = command.shell.folder / "guardian-report" / "log.ndjson"

    @property
    def pid(self) -> int:
        """The proxy that serves now, or has served last."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        pids = [line.get("pid") or line.get("facts", {}).get("pid") for line in lines]
        return int([pid for pid in pids if pid][-1])

    def ask(self, speech: Speech = MESSAGES, text: str = "Hello.", *, stream: bool = False) -> httpx.Response:
        with httpx.Client(timeout=20, trust_env=False, verify=NO_TLS) as client:
            body = speech.body(text, streamed=stream)
            return client.post(self.url + speech.path, content=body, headers=speech.headers(TOKEN))

    def ask_in_vain(self) -> threading.Thread:
        """Ask for an answer that never comes to its end."""

        def ask() -> None:
            with contextlib.suppress(httpx.HTTPError):
                self.ask(text="in flight", stream=True)

        thread = threading.Thread(target=ask)
        thread.start()
        return thread

    def kill_proxy(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> tuple[int, str, str]:
        headers = {"authorization": f"Bearer {TOKEN}"}
        httpx.post(f"{self.url}/guardian/stop", headers=headers, trust_env=False, verify=NO_TLS)
        return self.command.end()


@pytest.fixture
def shell(tmp_path: Path, upstream: Upstream) -> Shell:
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    return Shell(tmp_path, upstream)


@pytest.fixture
def served(shell: Shell) -> Iterator[Served]:
    options = ["--pull-request", "7", *shell.options]
    with shell.started("serve", "--port", "0", "--json", *options, GUARDIAN_TOKEN=TOKEN) as command:
        yield Served(command)


def in_mid_stream() -> list[Any]:
    return [chunked_head(), chunk(b"".join(MESSAGES.frames()[:3])), Pause(30)]


def test_a_killed_proxy_is_back_at_once_in_the_same_log_with_the_same_ledger(
    served: Served, upstream: Upstream
) -> None:
    assert served.ask().status_code == 200
    upstream.says(in_mid_stream())
    asking = served.ask_in_vain()
    while len(upstream.seen) < 2:
        time.sleep(0.01)
    upstream.says(response(json.dumps(MESSAGES.whole()).encode()))
    first = served.pid
    served.kill_proxy()
    began = time.monotonic()
    assert served.ask().status_code == 200
    assert time.monotonic() - began < 5  # measured: 0.1 s; this machine may be busy
    asking.join(20)
    assert served.pid != first
    code, out, err = served.stop()
    assert code == 1
    assert "guardian-ci: the proxy died (signal 9); it is started again" in err
    lines = served.command.shell.log
    told = ["run_started", "call_admitted", "call", "call_admitted", "notice", "call_admitted", "call", "run_ended"]
    assert [line["type"] for line in lines] == told
    (recovered,) = lines[4]["facts"]["recovered"]
    assert recovered["call_id"] == lines[3]["request_id"]
    held = lines[3]["reservation"]["cost_picodollars"]
    assert recovered["cost_picodollars"] == held
    assert (lines[-1]["calls"], lines[-1]["violations"]) == (2, 1)
    # The run's budget knows what the dead proxy had spent, and what it held.
    scopes = {scope["scope"]: scope for scope in lines[-2]["scopes"]}
    run = scopes[f"run:{lines[0]['run_id']}"]
    billed = sum(line["cost_picodollars"] for line in lines if line["type"] == "call")
    assert run["spent_picodollars"] == billed + held
    assert open_reservations(served.command.shell.folder / "state") == 0
    assert json.loads(out)["verdict"] == "violation"
    log = read_log(served.log)
    assert replay(log).differences == []
    assert log.problems == []
    summary = Summary.of(log)
    assert [(row.rule, row.reason) for row in summary.violations.kept] == [("run_integrity", "proxy_restarted")]
    assert (summary.open_calls, summary.open_picodollars) == (1, held)
    gated = gate(find_logs([served.log]), "7")
    assert (gated.spent.picodollars, gated.recovered_calls, gated.unknown) == (billed + held, 1, [])


def test_one_that_dies_over_and_over_is_replaced_by_refusals_until_the_run_ends(served: Served) -> None:
    for _ in range(5):
        pid = served.pid
        served.kill_proxy()
        served.ask(text=f"after {pid}")
    for speech in (MESSAGES, CHAT, RESPONSES):
        answer = served.ask(speech)
        assert (answer.status_code, answer.headers["x-guardian-reason"]) == (400, "proxy_lost")
        assert "the proxy died too often" in speech.message_of(answer.json())
    code, _, err = served.stop()
    assert code == 1
    assert "the proxy died 5 times (signal 9); every call is refused from now on" in err
    lines = served.command.shell.log
    assert [line["code"] for line in lines if line["type"] == "notice"] == ["proxy_restarted"] * 4
    assert lines[-1]["type"] != "run_ended"


def test_without_its_supervisor_a_proxy_ends_its_run_and_says_so(served: Served) -> None:
    served.command.process.kill()
    served.command.process.wait(20)
    deadline = time.monotonic() + 20
    while served.command.shell.log[-1]["type"] != "run_ended":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    said, last = served.command.shell.log[-2:]
    assert (said["findings"][0]["reason"], last["reason"]) == ("supervisor_died", "supervisor_died")
    assert last["violations"] == 1


def test_an_agent_outlives_its_proxy(shell: Shell) -> None:
    code, out, _ = shell.run("ask", "kill-proxy", "ask", "exit:0")
    assert code == 1
    assert out.count("answered 200") == 2
    assert [line["type"] for line in shell.log].count("run_started") == 1
    assert shell.log[-1]["type"] == "run_ended"


def test_on_its_way_out_it_refuses_and_tells_who_is_in_mid_stream(served: Served, upstream: Upstream) -> None:
    upstream.says(in_mid_stream())
    url, body, headers = served.url + MESSAGES.path, MESSAGES.body(streamed=True), MESSAGES.headers(TOKEN)
    with httpx.Client(timeout=20, trust_env=False, verify=NO_TLS) as client:
        with client.stream("POST", url, content=body, headers=headers) as answer:
            chunks = answer.iter_raw()
            got = next(chunks)
            began = time.monotonic()
            served.command.process.send_signal(signal.SIGTERM)
            got += b"".join(chunks)
            assert time.monotonic() - began < 5
        assert "the run has been stopped" in MESSAGES.stream_message_of(got)
        refused = client.post(url, content=MESSAGES.body("more"), headers=headers)
    assert (refused.status_code, refused.headers["x-guardian-reason"]) == (400, "run_stopped")
    assert refused.headers["x-should-retry"] == "false"
    code, _, _ = served.command.end()
    assert code == 0  # whoever stops a run breaks no rule
    assert [line["type"] for line in served.command.shell.log][-3:] == ["call", "call", "run_ended"]
    assert replay(read_log(served.log)).differences == []
