"""``guardian-ci run``: one agent beside a proxy of its own, as a shell sees it."""

import json
import signal
import socket
import sys
from pathlib import Path

import pytest
from rig import KEY, open_reservations
from scripted import Pause, Upstream, response
from shell import Shell
from speech import MESSAGES

from guardian_ci.cli.main import main

POLICY = "policies:\n  - name: strict\n    allowed_models: [claude-haiku-*]\n"


def test_a_clean_run_reports_and_ends_with_0(shell: Shell) -> None:
    code, out, err = shell.run("ask")
    assert code == 0
    assert out.startswith('answered 200 {"id": "msg_1"')
    reports = shell.folder / "guardian-report"
    assert {path.name for path in reports.iterdir()} == {"junit.xml", "summary.md", "log.ndjson"}
    assert [line["type"] for line in shell.log] == ["run_started", "call_admitted", "call", "run_ended"]
    assert shell.log[-1]["reason"] == "finished"
    assert "guardian-ci: proxy on http://127.0.0.1:" in err
    assert KEY not in out + err
    (seen,) = shell.upstream.seen
    assert seen.header("x-api-key") == KEY


@pytest.mark.parametrize(
    ("steps", "policy", "code"),
    [
        (["exit:0"], None, 0),
        (["exit:5"], None, 5),
        (["exit:255"], None, 255),
        (["ask", "exit:0"], POLICY, 1),
        (["ask", "exit:5"], POLICY, 1),
        (["kill:SIGKILL"], None, 137),
        (["kill:SIGTERM"], None, 143),
        (["ask:no-such-model"], None, 1),
    ],
)
def test_the_exit_code_is_1_on_a_violation_else_the_agents_own(
    shell: Shell, steps: list[str], policy: str | None, code: int
) -> None:
    (shell.folder / "guardian.yml").write_text(policy or "name: none\n")
    ended, _, err = shell.run(*steps, options=["--policy", "guardian.yml"])
    assert ended == code, err
    assert shell.log[-1]["type"] == "run_ended"


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 7), ("SIGINT", 8), ("SIGHUP", 9)])
def test_signals_pass_to_the_agent_whose_code_it_is(shell: Shell, name: str, code: int) -> None:
    with shell.started("run", *shell.options, *shell.agent(f"trap:{name}:{code}", "wait")) as command:
        command.read_until("waiting")
        command.process.send_signal(getattr(signal, name))
        ended, _, _ = command.end()
    assert ended == code
    assert shell.log[-1]["type"] == "run_ended"


def test_an_agent_that_a_signal_ends_is_told_as_a_shell_does(shell: Shell) -> None:
    with shell.started("run", *shell.options, *shell.agent("wait")) as command:
        command.read_until("waiting")
        command.process.terminate()
        ended, _, err = command.end()
    assert ended == 128 + signal.SIGTERM
    assert f"was ended by signal {signal.SIGTERM.value}" in err


def test_input_output_and_errors_pass_through(shell: Shell) -> None:
    code, out, err = shell.run("stdin", "err:to-stderr")
    assert (code, out) == (0, "read \n")
    assert "to-stderr" in err


def test_the_agents_environment_has_the_proxy_and_no_key(shell: Shell) -> None:
    secrets = {"ANTHROPIC_AUTH_TOKEN": "sk-ant-own-login", "NO_PROXY": "example.org", "CODEX_API_KEY": KEY}
    file = shell.folder / "key"
    file.write_text(KEY)
    shell.run("env:env.json", options=["--session", "nightly"], GEMINI_API_KEY_FILE=str(file), **secrets)
    env = json.loads((shell.folder / "env.json").read_text())
    base = env["ANTHROPIC_BASE_URL"]
    assert base.startswith("http://127.0.0.1:")
    assert base.endswith("/s/nightly")
    assert {env[name] for name in ("ANTHROPIC_API_BASE", "GOOGLE_GEMINI_BASE_URL")} == {base}
    assert {env[name] for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE")} == {f"{base}/v1"}
    tokens = {env[f"{name}_API_KEY"] for name in ("ANTHROPIC", "OPENAI", "CODEX", "GEMINI", "GOOGLE")}
    (token,) = tokens
    assert token.startswith("gci-")
    assert KEY not in json.dumps(env)
    assert not {"ANTHROPIC_AUTH_TOKEN", "GEMINI_API_KEY_FILE", "GUARDIAN_TOKEN"} & set(env)
    assert env["NO_PROXY"] == "example.org,127.0.0.1,localhost,::1"
    assert env["no_proxy"] == "127.0.0.1,localhost,::1"
    assert token not in (shell.folder / "guardian-report" / "log.ndjson").read_text()


def test_json_is_the_summary_behind_the_agents_output(shell: Shell) -> None:
    code, out, _ = shell.run("ask", options=["--json"])
    assert code == 0
    first, _, rest = out.partition("\n")
    assert first.startswith("answered 200")
    assert json.loads(rest)["calls"]["total"] == 1


def test_a_budget_of_the_command_line_ends_the_agent(shell: Shell) -> None:
    code, out, _ = shell.run("ask", "ask", options=["--budget", "0.000001"])
    assert code == 1
    assert "answered 400" in out
    assert "cost_limit" in json.dumps(shell.log[-2]["findings"])
    assert shell.upstream.seen == []


def test_a_ledger_outlives_the_run_and_a_named_session_goes_on(shell: Shell, upstream: Upstream) -> None:
    upstream.says(response(json.dumps(MESSAGES.whole()).replace('_tokens": 7', '_tokens": 100').encode()))
    (shell.folder / "guardian.yml").write_text("token_budget: 250\nmin_output_tokens: 1\n")
    options = ["--policy", "guardian.yml", "--session", "nightly"]
    assert [shell.run("ask", options=options)[0] for _ in range(3)] == [0, 0, 1]
    assert shell.run("ask", options=["--policy", "guardian.yml", "--session", "another"])[0] == 0


# The supervisor has no threads; the tests, which play it here, have one.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
class TestWhatCannotRun:
    """Each is said in one line, with the way out, and nothing is left behind."""

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))

    def said(self, capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
        assert main(["run", "--state", "state", *arguments]) == code
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("guardian-ci: ")
        return line

    def test_a_command_that_cannot_be_found(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "'no-such-command' is no command" in self.said(capsys, 3, "--", "no-such-command", "-p")
        assert not Path("guardian-report").exists()

    def test_no_command_at_all(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "write it behind --" in self.said(capsys, 2)
        assert "write it behind --" in self.said(capsys, 2, "--")

    def test_a_port_that_is_taken(self, capsys: pytest.CaptureFixture[str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            assert f"port {port} of 127.0.0.1 cannot be opened" in self.said(capsys, 3, "--port", port, "--", "true")

    def test_an_address_that_is_not_ours(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "--host" in self.said(capsys, 3, "--host", "no such host", "--", "true")

    def test_a_policy_with_a_typo(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("guardian.yml").write_text("policies:\n  - name: a\n    token_budgit: 5\n")
        line = self.said(capsys, 2, "--policy", "guardian.yml", "--", "true")
        assert "guardian.yml:3:5: " in line
        assert "token_budget" in line

    def test_a_policy_that_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "there is no such file" in self.said(capsys, 2, "--policy", "none.yml", "--", "true")

    def test_a_ledger_that_cannot_be_used(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("state").write_text("a file, no folder")
        assert "--state" in self.said(capsys, 3, "--", "true")

    def test_a_ledger_that_is_no_ledger(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("state").mkdir()
        Path("state/ledger.sqlite3").write_text("not a database, but long enough to be read as one" * 50)
        assert "ledger.sqlite3" in self.said(capsys, 3, "--", "true")

    def test_a_log_that_cannot_be_written(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("there").write_text("a file, no folder")
        assert "--log" in self.said(capsys, 3, "--log", "there/log.ndjson", "--", "true")

    @pytest.mark.parametrize(
        "options",
        [
            ["--budget", "much"],
            ["--budget=-1"],
            ["--budget", "1e999999"],
            ["--token-budget", "1.5"],
            ["--upstream", "anthropic"],
            ["--upstream", "nobody=http://a"],
            ["--session", "a/b"],
        ],
    )
    def test_wrong_words(self, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
        assert options[0].partition("=")[0] in self.said(capsys, 2, *options, "--", "true")

    def test_a_key_with_a_line_break(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-one\nsk-two")
        line = self.said(capsys, 2, "--", "true")
        assert "ANTHROPIC_API_KEY" in line
        assert "sk-one" not in line


def test_a_killed_proxy_leaves_a_whole_log_and_the_next_run_recovers_what_was_open(
    shell: Shell, upstream: Upstream
) -> None:
    upstream.says([Pause(30)])
    with shell.started("run", *shell.options, *shell.agent("ask")) as command:
        while not upstream.seen:
            assert command.process.poll() is None
        command.kill()
    log = shell.log
    assert [line["type"] for line in log] == ["run_started", "call_admitted"]
    assert open_reservations(shell.folder / "state") == 1
    code, _, err = shell.run("exit:0")
    assert code == 0
    assert "1 call of a run that was killed counts as spent: $" in err
    (recovered,) = shell.log[0]["recovered"]
    assert recovered["call_id"] == log[1]["request_id"]
    assert recovered["cost_picodollars"] == log[1]["reservation"]["cost_picodollars"]
    assert open_reservations(shell.folder / "state") == 0
    # The killed run's log was moved aside, not overwritten, and the user is told where it is.
    (earlier,) = (shell.folder / "guardian-report").glob("log.run-*.ndjson")
    assert earlier.name in err


def test_run_works_where_python_is_the_only_thing_on_the_path(shell: Shell) -> None:
    code, _, _ = shell.run("exit:0", PATH=str(Path(sys.executable).parent))
    assert code == 0
