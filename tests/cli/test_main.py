"""The parser, and the one place where an error becomes a line and an exit code."""

import argparse
import subprocess
import sys
from types import SimpleNamespace

import pytest

from guardian_ci import __version__
from guardian_ci.cli import commands
from guardian_ci.cli.main import main, make_parser
from guardian_ci.errors import GuardianError, LogError, PolicyError, StartError, StoreError, UsageError


def command_that(error: BaseException) -> SimpleNamespace:
    """A command that fails."""

    def fail(_: argparse.Namespace) -> int:
        raise error

    def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        subparsers.add_parser("fail").set_defaults(run=fail)

    return SimpleNamespace(add_parser=add_parser)


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (UsageError("no"), 2, ["no"]),
        (PolicyError(["a:1:1: one", "a:2:1: two"]), 2, ["a:1:1: one", "a:2:1: two"]),
        (LogError("no"), 2, ["no"]),
        (StoreError("no"), 3, ["no"]),
        (StartError("no"), 3, ["no"]),
        (GuardianError("no"), 3, ["no"]),
        (KeyboardInterrupt(), 130, []),
    ],
)
def test_an_error_is_its_lines_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    lines: list[str],
) -> None:
    monkeypatch.setattr(commands, "COMMANDS", (command_that(error),))
    assert main(["fail"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"guardian-ci: {line}" for line in lines]


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMANDS", (command_that(ZeroDivisionError()),))
    with pytest.raises(ZeroDivisionError):
        main(["fail"])


def test_every_command_has_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    names = [module.__name__.rpartition(".")[2] for module in commands.COMMANDS]
    assert names == sorted(set(names), key=names.index)
    for name in names:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: guardian-ci {name}")
    text = make_parser().format_help()
    assert all(f"    {name} " in text for name in names)
    assert "exit codes: 0 clean, 1 a violation, 2 wrong usage, policy or input, 3 could not run" in text


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["run", "--no-such-option"], ["serve", "--port", "x"]])
def test_wrong_words_end_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"guardian-ci {__version__}\n")


def test_a_reader_that_has_had_enough_is_no_error_of_ours() -> None:
    command = f"{sys.executable} -m guardian_ci validate /dev/null --json | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() in {"0", "2"}
    assert done.stderr == ""
