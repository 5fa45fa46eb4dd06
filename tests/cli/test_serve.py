"""``guardian-ci serve``: the proxy until it is stopped, as a shell sees it."""

import json
import signal
from typing import Any

import httpx
import pytest
from rig import KEY, NO_TLS, open_reservations
from scripted import Pause, Upstream
from shell import Shell, Started
from speech import MESSAGES

from guardian_ci.cli.main import main

TOKEN = "gci-token-for-tests-0123456789"


def ready(command: Started) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(command.read_until('"url"'))
    return told


def ask(url: str, text: str = "Hello.", key: str = TOKEN) -> httpx.Response:
    with httpx.Client(timeout=20, trust_env=False, verify=NO_TLS) as client:
        return client.post(f"{url}/v1/messages", content=MESSAGES.body(text), headers=MESSAGES.headers(key))


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "POST"])
def test_a_stop_ends_the_run_with_its_reports_and_its_code(shell: Shell, how: str) -> None:
    with shell.started("serve", "--port", "0", "--json", *shell.options, GUARDIAN_TOKEN=TOKEN) as command:
        told = ready(command)
        assert httpx.get(f"{told['url']}/readyz", trust_env=False, verify=NO_TLS).status_code == 200
        assert ask(told["url"]).status_code == 200
        if how == "POST":
            headers = {"authorization": f"Bearer {TOKEN}"}
            httpx.post(f"{told['url']}/guardian/stop", headers=headers, trust_env=False, verify=NO_TLS)
        else:
            command.process.send_signal(getattr(signal, how))
        code, out, err = command.end()
    assert code == 0, err
    assert json.loads(out)["calls"]["total"] == 1
    assert shell.log[-1]["type"] == "run_ended"
    assert shell.log[-1]["reason"] == ("stopped" if how == "POST" else "signal")
    assert (shell.folder / "guardian-report" / "junit.xml").exists()
    assert KEY not in out + err
    assert TOKEN not in out + err


def test_a_violation_is_its_exit_code(shell: Shell) -> None:
    with shell.started("serve", "--port", "0", "--json", *shell.options) as command:
        url = ready(command)["url"]
        httpx.post(f"{url}/v1/embeddings", trust_env=False, verify=NO_TLS)
        command.process.terminate()
        code, out, _ = command.end()
    assert code == 1
    assert json.loads(out)["verdict"] == "violation"


def test_a_stop_settles_the_call_that_is_open(shell: Shell, upstream: Upstream) -> None:
    upstream.says([Pause(30)])
    (shell.folder / "guardian.yml").write_text("timeouts: {drain_seconds: 0.5}\n")
    options = ["--port", "0", "--json", "--policy", "guardian.yml", *shell.options]
    with shell.started("serve", *options) as command:
        url = ready(command)["url"]
        with pytest.raises(httpx.ReadTimeout), httpx.Client(trust_env=False, verify=NO_TLS) as client:
            client.post(f"{url}/v1/messages", content=MESSAGES.body(), headers=MESSAGES.headers("x"), timeout=0.3)
        command.process.terminate()
        code, _, _ = command.end()
    assert code == 0
    assert [line["type"] for line in shell.log][-2:] == ["call", "run_ended"]
    assert shell.log[-2]["estimated"] is True
    assert open_reservations(shell.folder / "state") == 0


def test_a_killed_serve_leaves_a_whole_log_and_the_next_one_recovers(shell: Shell, upstream: Upstream) -> None:
    with shell.started("serve", "--port", "0", "--json", *shell.options) as command:
        url = ready(command)["url"]
        assert ask(url).status_code == 200
        upstream.says([Pause(30)])
        with pytest.raises(httpx.ReadTimeout), httpx.Client(trust_env=False, verify=NO_TLS) as client:
            client.post(f"{url}/v1/messages", content=MESSAGES.body("2"), headers=MESSAGES.headers("x"), timeout=0.3)
        command.kill()
    types = [line["type"] for line in shell.log]
    assert types == ["run_started", "call_admitted", "call", "call_admitted"]
    assert open_reservations(shell.folder / "state") == 1
    with shell.started("serve", "--port", "0", "--json", *shell.options) as command:
        ready(command)
        command.process.terminate()
        command.end()
    assert len(shell.log[0]["recovered"]) == 1


def test_a_token_that_is_none_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUARDIAN_TOKEN", "sk-no-token")
    assert main(["serve"]) == 2
    said = capsys.readouterr().err
    assert "GUARDIAN_TOKEN" in said
    assert "sk-no-token" not in said
