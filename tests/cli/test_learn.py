"""``guardian-ci learn``, as a user meets it."""

import zipfile
from pathlib import Path

import pytest
from recorded_log import RecordedLog
from shell import Shell

from guardian_ci.cli.main import main
from guardian_ci.policy import load_policy

EXAMPLES = Path(__file__).parents[2] / "examples"
CODEX = EXAMPLES / "codex" / "log.ndjson"


def test_it_prints_a_policy_and_tells_what_was_denied(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", str(CODEX)]) == 0
    out, err = capsys.readouterr()
    entry = load_policy(out, "guardian.yml").settings[0]
    assert "bash" not in (entry.allowed_tools or ("bash",))
    assert "guardian-ci: denied in the logs (1 x): file_blocklist .env" in err


def test_a_file_gets_it_and_its_own_log_is_decided_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "guardian.yml"
    assert main(["learn", str(CODEX), "-o", str(policy)]) == 0
    assert capsys.readouterr().out == ""
    assert main(["validate", str(policy)]) == 0
    assert main(["replay", str(CODEX), "--policy", str(policy)]) == 0


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "guardian.yml"
    policy.write_text("name: mine\n")
    assert main(["learn", str(CODEX), "-o", str(policy)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert policy.read_text() == "name: mine\n"
    assert main(["learn", str(CODEX), "-o", str(policy), "--force"]) == 0
    assert "mine" not in policy.read_text()


def test_folders_and_artifacts_are_read_as_the_gate_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(CODEX, "log.ndjson")
    (tmp_path / "b.ndjson").write_bytes((EXAMPLES / "aider" / "log.ndjson").read_bytes())
    assert main(["learn", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "# 2 runs, 9 model calls, 3 tool calls." in out
    assert '  - "gpt-4.1"' in out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello\n", "this is no log of guardian-ci"),
        (b"", "the log is empty"),
        (b"PK\x03\x04 torn", "no archive that can be read"),
    ],
)
def test_what_is_no_log_is_told_in_one_line(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_bytes(content)
    assert main(["learn", str(tmp_path / "log")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_log_without_an_allowed_call_teaches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", str(RecordedLog(tmp_path / "log.ndjson").start().end())]) == 2
    assert "nothing to learn from" in capsys.readouterr().err
    assert main(["learn", str(tmp_path / "none")]) == 2


def test_what_is_wrong_with_a_log_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = RecordedLog(tmp_path / "log.ndjson").start().admitted().call(request_id="req-1").cut()
    assert main(["learn", str(path)]) == 0
    assert "guardian-ci: warning: " in capsys.readouterr().err


def test_names_in_a_log_steer_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = RecordedLog(tmp_path / "log.ndjson").start().admitted()
    found = {"rule": "tool_allowlist", "verdict": "block", "reason": "x", "message": "m", "violation": True}
    log.judged(
        verdict="block",
        findings=[found | {"subject": "\x1b[31m##[error]x\nguardian-ci: fine", "file": None, "line": None}],
    )
    assert main(["learn", str(log.call(request_id="req-1").end())]) == 0
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "##[" not in err
    assert sum(line.startswith("guardian-ci: denied") for line in err.splitlines()) == 1


def test_it_runs_as_a_command(shell: Shell) -> None:
    assert shell.run("ask")[0] == 0
    with shell.started("learn", "guardian-report/log.ndjson") as command:
        code, out, err = command.end()
    assert (code, err) == (0, "")
    assert "allowed_models:" in out
