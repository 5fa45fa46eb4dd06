"""The action in whole jobs with a real Claude Code: what each job's end looks like to its owner."""

import json
import os
import time
from pathlib import Path

import pytest
from act_runner import KEY, Job, Runner, claude

pytestmark = pytest.mark.e2e

WRITE = {"tools": [{"name": "Write", "input": {"file_path": "hello.txt", "content": "hello"}}]}
BASH = {"tools": [{"name": "Bash", "input": {"command": 'touch "$OUT/ran"', "description": "Make a file"}}]}
DONE = {"text": "All done."}
NO_BASH = "allowed_tools: [read_file]\n"
LOG = "${{ steps.guardian.outputs.log }}"
BASE_URL = "${{ steps.guardian.outputs.base-url }}"
PROXY_PID = f"""head -n 1 '{LOG}' | python3 -c 'import json; print(json.loads(input())["pid"])'"""
SHOW_ENVIRONMENT = {"run": 'env >"$OUT/env.txt"', "if": "always()"}


def vouched(job: Job) -> None:
    """Check what holds at the end of every job whose proxy ran: no key leaked, and nothing left behind."""
    environment = (job.out / "env.txt").read_text()
    assert "ANTHROPIC_API_KEY=gci-" in environment
    assert "ANTHROPIC_BASE_URL=http://127.0.0.1:" in environment
    assert "OPENAI_API_KEY" not in environment  # there is no key to stand for
    token = environment.partition("ANTHROPIC_API_KEY=")[2].partition("\n")[0]
    for text in (environment, job.output.replace(f"KEY={KEY}", ""), *map(bytes.decode, job.artifact.values())):
        assert KEY not in text
    for content in job.artifact.values():
        assert token not in content.decode()
    assert_gone(proxy_of(job))


def proxy_of(job: Job) -> int:
    pid = job.log[0]["pid"]
    assert isinstance(pid, int)
    return pid


def assert_gone(pid: int) -> None:
    """Check that the proxy has ended; its last moments after the log's last line may take a little."""
    for _ in range(200):
        command = Path(f"/proc/{pid}/cmdline")
        if not command.exists() or b"launch.py" not in command.read_bytes():
            return
        time.sleep(0.05)
    os.kill(pid, 9)
    pytest.fail(f"the proxy {pid} outlived its job")


def test_a_clean_job_is_green_and_leaves_its_reports(runner: Runner) -> None:
    job = runner.run(
        [
            claude([WRITE, DONE]),
            {"run": 'cp hello.txt "$OUT"'},
            {"run": f'cp "{LOG}" "$OUT/log"; curl -sf "{BASE_URL}/healthz"'},
            {"run": f'cat "/proc/$({PROXY_PID})/environ" >"$OUT/proxy-env"'},
            SHOW_ENVIRONMENT,
        ],
        policy="allowed_tools: [write_file, bash]\ncost_limit_usd: 5\n",
    )
    assert job.exit_code == 0, job.output
    vouched(job)
    assert job.verdict == "clean"
    assert (job.out / "hello.txt").read_text() == "hello"
    assert (job.out / "log").stat().st_size > 0
    assert KEY not in (job.out / "proxy-env").read_text()  # not even the proxy's environment shows the key
    assert "| guardian-ci: policy" in job.output  # the start step says what holds
    assert sorted(job.artifact) == ["junit.xml", "log.ndjson", "summary.md"]
    assert job.failures == {}
    assert job.summary == job.artifact["summary.md"].decode()
    assert "All done." in job.output
    assert [line["type"] for line in (job.log[0], job.log[-1])] == ["run_started", "run_ended"]
    assert [(call["decision"], call["outcome"]) for call in job.calls()] == [("approved", "complete")] * 2


def test_a_denied_tool_does_not_run_and_the_job_is_red_though_the_agent_ends_well(runner: Runner) -> None:
    job = runner.run([claude([BASH, DONE]), SHOW_ENVIRONMENT], policy=NO_BASH)
    assert job.exit_code == 1, job.output
    vouched(job)
    assert job.verdict == "violation"
    assert not (job.out / "ran").exists()
    assert "All done." in job.output
    assert "Bash" in job.failures["tool_allowlist"]
    assert "tool_allowlist" in job.summary
    assert "::error" in job.output or "tool_allowlist" in job.output


def test_fail_on_never_lets_the_same_job_pass_and_keeps_the_verdict(runner: Runner) -> None:
    job = runner.run([claude([BASH, DONE]), SHOW_ENVIRONMENT], policy=NO_BASH, inputs={"fail-on": "never"})
    assert job.exit_code == 0, job.output
    vouched(job)
    assert job.verdict == "violation"
    assert "tool_allowlist" in job.failures


def test_a_budget_that_runs_out_ends_the_agent_and_the_job(runner: Runner) -> None:
    thousand = {**BASH, "output_tokens": 1000}
    job = runner.run(
        [claude([thousand] * 40), SHOW_ENVIRONMENT],
        inputs={"budget-usd": "0.75"},
    )
    assert job.exit_code == 1, job.output
    vouched(job)
    assert job.verdict == "violation"
    assert "cost_limit" in job.failures
    refused = job.calls()[-1]
    assert (refused["decision"], refused["reason"]) == ("rejected", "cost_limit_exceeded")
    assert refused["trace"]
    assert 0 < sum(float(str(call["cost_usd"])) for call in job.calls()) <= 0.75


def test_codex_goes_to_the_proxy_where_the_action_is_told_that_it_is_codex(runner: Runner) -> None:
    call = {"tools": [{"name": "exec_command", "input": {"cmd": "touch ran"}}]}
    codex = "codex exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox -m gpt-5.5"
    prompt = f"Do it. demo-script: {json.dumps([call, DONE])}"
    job = runner.run(
        [{"run": f'{codex} "$PROMPT"', "env": {"PROMPT": prompt}}, {"run": 'cp ran "$CODEX_HOME/config.toml" "$OUT"'}],
        inputs={
            "agents": "codex",
            "session": "nightly",
            "openai-api-key": "${{ secrets.KEY }}",
            "openai-upstream": runner.upstream,
        },
    )
    assert job.exit_code == 0, job.output
    assert (job.out / "ran").exists()
    assert [(call["protocol"], call["session_id"]) for call in job.calls()] == [("openai-responses", "nightly")] * 2
    assert KEY not in (job.out / "config.toml").read_text()
    assert_gone(proxy_of(job))


def test_an_agent_that_hangs_up_is_billed_and_the_job_is_green(runner: Runner) -> None:
    slow = {"text": "slow answer ", "repeat": 100, "chunk_delay_ms": 30, "output_tokens": 777}
    hang_up = """
      claude -p "$PROMPT" --dangerously-skip-permissions & agent=$!
      wait_for() { timeout 60 bash -c 'until grep -q "$0" "$LOG"; do sleep 0.1; done' "$1"; }
      wait_for '"type":"call_admitted"'
      kill -KILL "$agent"
      wait_for '"type":"call"'
    """
    step = {**claude([slow]), "run": hang_up}
    step["env"] = {**step["env"], "LOG": LOG}  # type: ignore[dict-item]
    job = runner.run([step, SHOW_ENVIRONMENT])
    assert job.exit_code == 0, job.output
    vouched(job)
    assert "slow answer" not in job.output  # nobody read it to its end
    [call] = job.calls()
    assert call["output_tokens"] == 777
    assert float(str(call["cost_usd"])) > 0


def test_a_proxy_killed_in_mid_job_is_back_for_the_next_agent_and_a_violation(runner: Runner) -> None:
    job = runner.run([claude([DONE]), SHOW_ENVIRONMENT, {"run": f'kill -KILL "$({PROXY_PID})"'}, claude([DONE])])
    assert job.exit_code == 1, job.output
    vouched(job)
    assert job.verdict == "violation"
    assert "was brought back" in job.failures["run_integrity"]
    assert job.output.count("All done.") == 2
    assert [call["outcome"] for call in job.calls()] == ["complete", "complete"]
    assert job.log[-1]["type"] == "run_ended"
    (restarted,) = (line["facts"]["pid"] for line in job.log if line.get("code") == "proxy_restarted")
    assert_gone(restarted)


def test_a_policy_with_a_typo_starts_nothing_and_names_the_line(runner: Runner) -> None:
    job = runner.run([{"run": 'touch "$OUT/ran"'}], policy="cost_limit_usd: 5\nallowd_tools: [bash]\n")
    assert job.exit_code == 1, job.output
    assert not (job.out / "ran").exists()
    assert job.verdict == "violation"
    assert "guardian.yml:2:1" in job.output
    assert "allowed_tools" in job.output
    assert "run_integrity" in job.failures
    assert "guardian.yml:2:1" in job.failures["run_integrity"]
    assert "guardian.yml:2:1: allowd" in job.summary.replace("&#95;", "_")
    assert "log.ndjson" not in job.artifact


def test_without_a_python_the_job_says_so_and_still_reports(runner: Runner, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("node", "bash", "git", "env"):
        found = next(Path(folder) / name for folder in runner.path.split(":") if (Path(folder) / name).exists())
        (bare / name).symlink_to(found)
    job = runner.run([{"run": 'touch "$OUT/ran"'}], path=str(bare))
    assert job.exit_code == 1, job.output
    assert not (job.out / "ran").exists()
    assert "actions/setup-python" in job.output
    assert job.verdict == "violation"
    assert sorted(job.artifact) == ["junit.xml", "summary.md"]
    assert "No Python 3.11" in job.failures["run_integrity"]
    assert "No Python 3.11" in job.summary
