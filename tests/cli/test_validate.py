"""``guardian-ci validate``, as a user meets it."""

import argparse
import io
import json
from pathlib import Path

import pytest

from guardian_ci.cli import validate
from guardian_ci.errors import PolicyError

POLICY = "policies:\n  - name: dev\n    cost_limit_usd: 5.00\n"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    validate.add_parser(parser.add_subparsers())
    return validate.run(parser.parse_args(["validate", *words]))


def written(folder: Path, data: bytes | str) -> str:
    path = folder / "guardian.yml"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


def test_a_valid_policy_is_described_with_exit_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, POLICY)
    assert run(file) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"policy dev ({file}), for all sessions:\n  budget: $5.00 per session\n")
    assert err == ""


def test_all_problems_go_to_stderr_with_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, POLICY + "    token_bugdet: 5\n    rate_limit: 3\n")
    assert run(file) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"{file}:4:5: policies[0].token_bugdet: unknown key; did you mean token_budget?",
        f"{file}:5:17: policies[0].rate_limit: must be a mapping, not 3",
        "guardian-ci: 2 problems; this policy cannot be obeyed",
    ]


def test_a_program_reads_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(written(tmp_path, POLICY), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"valid": True, "problems": []}
    file = written(tmp_path, POLICY + "    token_bugdet: 5\n")
    assert run(file, "--json") == 2
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "valid": False,
        "problems": [
            {
                "file": file,
                "line": 4,
                "column": 5,
                "field": "policies[0].token_bugdet",
                "message": "unknown key",
                "suggestion": "did you mean token_budget?",
            }
        ],
    }


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "1:1: policy: the file is empty"),
        (b"name: x\nfile_blocklist: [\xff]\n", "2:18: policy: is not UTF-8: the byte 0xff cannot stand here"),
        (b"\xff\xfen\0a\0", "1:1: policy: is not UTF-8"),
        (b"\x00\x01\x02", "1:1: policy: the character U+0000 is not allowed in YAML"),
        (b"#" * 300_000, "1:1: policy: the file is larger than 256 KiB"),
    ],
)
def test_a_file_that_is_no_policy_is_told_so(
    data: bytes, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, data)
    assert run(file) == 2
    assert capsys.readouterr().err.startswith(f"{file}:{problem}")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "none.yml")) == 2
    assert "none.yml:1:1: policy: there is no such file; check the path" in capsys.readouterr().err
    assert run(str(tmp_path)) == 2
    assert f"{tmp_path}:1:1: policy: is a folder; name the file in it" in capsys.readouterr().err


def test_a_file_that_may_not_be_read_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)  # a test may run as root, whom no mode stops
    assert run("guardian.yml") == 2
    assert "guardian.yml:1:1: policy: may not be read by this user" in capsys.readouterr().err


def test_a_name_that_no_file_can_have_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("a\0b") == 2
    assert "a?b:1:1: policy: cannot be read" in capsys.readouterr().err


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(POLICY.encode())))
    assert run("-") == 0
    assert capsys.readouterr().out.startswith("policy dev (-)")


def test_other_commands_read_a_policy_or_get_one_error_with_all_problems(tmp_path: Path) -> None:
    assert validate.read_policy(written(tmp_path, POLICY)).settings[0].name == "dev"
    with pytest.raises(PolicyError, match="unknown key") as raised:
        validate.read_policy(written(tmp_path, "a: 1\nb: 2\n"))
    assert len(raised.value.problems) == 2
