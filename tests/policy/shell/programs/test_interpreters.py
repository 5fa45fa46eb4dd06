"""Interpreters: programs that come as texts, as files, as modules, or on standard input."""

import base64

import pytest
from asking import ask, deeds, edited, perhaps, read, written

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.programs.table import TAME_LINE

RUNS = {"runs the text cat a.txt"}


@pytest.mark.parametrize(
    ("line", "stdin", "expected"),
    [
        ("sh -c 'cat a.txt'", None, RUNS),
        ("bash -lc 'cat a.txt' name one", None, RUNS),
        ("bash -o pipefail -c 'cat a.txt'", None, RUNS),
        ("bash", "cat a.txt", RUNS),
        ("bash -s -- one", "cat a.txt", RUNS),
        ("bash -", "cat a.txt", RUNS),
        ("bash run.sh one", None, read("run.sh") | {"runs the file run.sh"}),
        ("bash --rcfile a.sh -c 'cat a.txt'", None, RUNS | read("a.sh") | {"runs the file a.sh"}),
        ("bash", None, set()),
    ],
)
def test_a_shell_runs_a_text_a_file_or_its_input(line: str, stdin: str | None, expected: set[str]) -> None:
    assert deeds(line, stdin) == expected


def test_a_text_gets_its_arguments() -> None:
    assert ask("bash -c 'cat $1' name one").runs[0].arguments == ("name", "one")


@pytest.mark.parametrize(
    ("line", "stdin"),
    [("sh", UNKNOWN), (f"sh -c {UNKNOWN}", None), (f"python -m {UNKNOWN}", None), (f"pwsh -Command {UNKNOWN}", None)],
)
def test_a_program_of_which_nothing_is_known_is_opaque(line: str, stdin: str | None) -> None:
    assert deeds(line, stdin) == {"is opaque"}


@pytest.mark.parametrize(
    ("line", "stdin", "expected"),
    [
        ("python -c 'open(\"a.txt\")'", None, read("a.txt")),
        ('python3.12 -Ic \'open("a.txt", "w")\'', None, written("a.txt")),
        ("python -", 'open("a.txt")', read("a.txt")),
        ("python run.py one", None, read("run.py") | {"runs the file run.py"}),
        ("python -m pip install x", None, {"runs pip install x"}),
        ("python -m http.server", None, read(".")),
        ("python -m http.server -d there", None, read("there")),
        ("python -m json.tool a.json", None, edited("a.json")),
        ("python -m pdb run.py", None, read("run.py") | {"runs the file run.py"}),
        ("python -m timeit 'open(\"a.txt\")'", None, read("a.txt")),
        ('node -e \'require("fs").readFileSync("a.txt")\'', None, read("a.txt")),
        ("node run.js", None, read("run.js") | {"runs the file run.js"}),
        ("node -r ./hook.js run.js", None, read("./hook.js", "run.js") | {"runs the file run.js"}),
        ("node -r dotenv/config run.js", None, read("dotenv/config", ".env", "run.js") | {"runs the file run.js"}),
        ("perl -e 'open(F, \"<a.txt\")'", None, read("a.txt")),
        ("perl -pi -e 's/a/b/' a.txt", None, edited("a.txt")),
        ("perl -ne print a.txt", None, read("a.txt")),
        ("ruby -e 'puts File.read(\"a.txt\")'", None, read("a.txt")),
        ("php -r 'readfile(\"a.txt\");'", None, read("a.txt")),
        ("php -f run.php", None, read("run.php")),
        ("deno eval 'Deno.readTextFileSync(\"a.txt\")'", None, read("a.txt")),
        ("deno run https://example.com/a.ts", None, {"talks to example.com"}),
        ("bun run a.ts", None, read("a.ts") | {"runs the file a.ts"}),
        ("java -Dhttps.proxyHost=example.com -jar a.jar", None, {"talks to example.com"} | read("a.jar")),
    ],
)
def test_an_interpreter_does_what_its_program_does(line: str, stdin: str | None, expected: set[str]) -> None:
    assert deeds(line, stdin) == expected


def test_an_encoded_command_is_decoded() -> None:
    text = base64.b64encode("Get-Content a.txt".encode("utf-16-le")).decode()
    assert "a.txt" in perhaps(f"pwsh -EncodedCommand {text}")


@pytest.mark.parametrize(
    ("line", "stdin", "output"),
    [
        ('python -c \'print(".e" + "nv")\'', None, ".env\n"),
        ("perl -pe 's/x/v/'", ".enx\n", ".env\n"),
        ("python --version", None, TAME_LINE),
    ],
)
def test_what_a_short_program_prints_is_known(line: str, stdin: str | None, output: str) -> None:
    assert ask(line, stdin).output == output
