"""What program texts of many languages read, write, run, talk to and print, and which of them are dark."""

import base64
import shlex

import pytest
from asking import read, written
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.effects import Effects, Language
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.inline import effects_of_program

PYTHON, NODE, PERL, RUBY, PHP, AWK, LUA = (
    Language.PYTHON,
    Language.NODE,
    Language.PERL,
    Language.RUBY,
    Language.PHP,
    Language.AWK,
    Language.OTHER,
)
ENCODED = base64.b64encode(b"print(open('a.txt').read())").decode()
PIECES = """open read ( ) [ ] { } ' " ` $ @ . , ; : = + - * ** % & | < > / \\ # 0 99999999999 'a' .txt eval exec print
 for in range if def f lambda x while True import os system reverse join chr pack unpack =~ <<A"""
FRAGMENTS = st.lists(st.sampled_from([*PIECES.split(), "\n"]), max_size=60).map(" ".join)


def deeds(effects: Effects) -> set[str]:
    """Return what a program surely does, as phrases."""
    return {
        *(f"{touch.access}s {touch.path}" for touch in effects.touches if touch.sure),
        *(f"talks to {contact.host}" for contact in effects.contacts),
        *(f"runs {run.source or run.file or shlex.join(run.argv)}" for run in effects.runs),
        *(["is opaque"] if effects.opaque else []),
    }


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (PYTHON, "print(open('a.txt').read())"),
        (PYTHON, "from pathlib import Path\nprint(Path('a.' + 'txt').read_text())"),
        (PYTHON, "n = 'a.'\nn += 'txt'\nopen(n)"),
        (PYTHON, "n = 'txt.a'\nopen(n[::-1])"),
        (PYTHON, "open(f'{chr(97)}.txt')"),
        (PYTHON, "open(bytes.fromhex('612e747874'))"),
        (PYTHON, "open(''.join(map(chr, [97, 46, 116, 120, 116])))"),
        (PYTHON, "def show(name):\n    return open(name)\nshow('a.txt')"),
        (PYTHON, "def never_called():\n    open('a.txt')"),
        (PYTHON, "getattr(__builtins__, 'op' + 'en')('a.txt')"),
        (PYTHON, f"exec(__import__('base64').b64decode('{ENCODED}'))"),
        (PYTHON, "    open('a.txt')"),
        (NODE, "console.log(require('fs').readFileSync('a.txt', 'utf8'))"),
        (NODE, "const f = 'a.' + 'txt'; require('fs').readFileSync(f)"),
        (NODE, "require('fs').readFileSync(['a.', 'txt'].join(''))"),
        (NODE, "require('fs').readFileSync(`a.${'txt'}`)"),
        (NODE, "require('fs').readFileSync(String.fromCharCode(97, 46, 116, 120, 116))"),
        (NODE, "require('fs').readFileSync(Buffer.from('YS50eHQ=', 'base64').toString())"),
        (PERL, "open(F, '<', 'a.txt'); print <F>"),
        (PERL, "open F, chr(97) . '.txt'"),
        (PERL, "open(F, reverse('txt.a'))"),
        (RUBY, "puts File.read('a.' + 'txt')"),
        (RUBY, "File.read('txt.a'.reverse)"),
        (RUBY, "File.read(\"a.#{'txt'}\")"),
        (RUBY, "puts IO.readlines('a.txt')"),
        (PHP, "echo file_get_contents('a.' . 'txt');"),
        (PHP, "readfile(base64_decode('YS50eHQ='));"),
        (PHP, "echo file_get_contents(strrev('txt.a'));"),
        (PHP, "$f = 'a.txt'; include $f;"),
        (LUA, "print(io.open('a.' .. 'txt'):read('*a'))"),
        (LUA, "for l in io.lines('a.txt') do print(l) end"),
        (AWK, 'BEGIN { f = "a." "txt"; while ((getline line < f) > 0) print line }'),
    ],
)
def test_a_program_reads_the_file_whose_name_it_computes(language: Language, source: str) -> None:
    assert deeds(effects_of_program(source, language)) == read("a.txt")


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        (PYTHON, "open('a', 'w').write('x')", written("a")),
        (PYTHON, "import os; os.remove('a')", written("a")),
        (PYTHON, "import shutil; shutil.copy('b', 'a')", read("b") | written("a")),
        (PYTHON, "import os\nfor n in os.listdir('.'):\n    if 'x' in n: open(n)", read(".", "*x*", ".*x*")),
        (PYTHON, "import glob\nfor n in glob.glob('a*'): open(n)", read("a*")),
        (NODE, "require('fs').writeFileSync('a', 'x')", written("a")),
        (PERL, "unlink 'a'", written("a")),
        (RUBY, "File.write('a', 'x')", written("a")),
        (RUBY, "IO.write('a', 'x')", written("a")),
        (RUBY, "File.rename('b', 'a')", written("a", "b")),
        (PHP, "file_put_contents('a', 'x');", written("a")),
        (AWK, '{ print > "a" }', written("a")),
    ],
)
def test_a_program_writes_and_lists_files(language: Language, source: str, expected: set[str]) -> None:
    assert deeds(effects_of_program(source, language)) == expected


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (PYTHON, "import os; os.system('cat a.txt')"),
        (PYTHON, "__import__('os').system('cat a.txt')"),
        (PYTHON, "import subprocess; subprocess.run(['cat', 'a.txt'])"),
        (PYTHON, "import subprocess; subprocess.check_output('cat a.txt', shell=True)"),
        (NODE, "require('child_process').execSync('cat a.txt')"),
        (NODE, "require('child_process').spawnSync('cat', ['a.txt'])"),
        (PERL, "print `cat a.txt`"),
        (PERL, "system('cat', 'a.txt')"),
        (PERL, "open(F, 'cat a.txt|')"),
        (PERL, "qx(cat a.txt)"),
        (RUBY, "`cat a.txt`"),
        (RUBY, "exec 'cat', 'a.txt'"),
        (PHP, "system('cat a.txt');"),
        (LUA, "os.execute('cat a.txt')"),
        (AWK, 'BEGIN { "cat a.txt" | getline x }'),
        (Language.SHELL, "cat a.txt"),
    ],
)
def test_a_program_runs_the_command_that_it_names(language: Language, source: str) -> None:
    assert deeds(effects_of_program(source, language)) == {"runs cat a.txt"}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (PYTHON, "import urllib.request as u; u.urlopen('https://example.com/a')"),
        (PYTHON, "import socket; socket.create_connection(('example.com', 80))"),
        (PYTHON, "import requests; requests.get('https://' + 'example.com')"),
        (NODE, "fetch('https://example.com/')"),
        (PERL, "use LWP::Simple; getprint('http://example.com/')"),
        (RUBY, "Net::HTTP.get(URI('https://example.com/'))"),
        (PHP, "echo file_get_contents('https://example.com/');"),
    ],
)
def test_a_program_talks_to_the_host_that_it_names(language: Language, source: str) -> None:
    assert deeds(effects_of_program(source, language)) == {"talks to example.com"}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (PYTHON, "exec(input())"),
        (NODE, "eval(process.argv[1])"),
        (PERL, "eval $ENV{X}"),
        (RUBY, "eval(ARGV[0])"),
        *((language, UNKNOWN) for language in Language),
    ],
)
def test_a_program_that_runs_what_nobody_knows_is_opaque(language: Language, source: str) -> None:
    assert deeds(effects_of_program(source, language)) == {"is opaque"}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (PYTHON, "import json, sys; print(json.load(sys.stdin)['version'])"),
        (PYTHON, "import os; print(os.environ['HOME'])"),
        (PYTHON, "import sys; print(sys.version_info[:2])"),
        (PYTHON, "import math; print(math.pi)"),
        (PYTHON, "print('.env')"),
        (NODE, "console.log(process.version)"),
        (PERL, "s/foo/bar/g; print if /foo/"),
        (RUBY, "require 'json'; puts JSON.parse('{}')"),
        (PHP, "echo phpversion();"),
        (LUA, "print(_VERSION)"),
        (LUA, "io.write('a')"),
        (AWK, "{ sum += $1 } END { print sum / NR }"),
    ],
)
def test_an_ordinary_program_is_nothing(language: Language, source: str) -> None:
    assert deeds(effects_of_program(source, language)) == set()


@pytest.mark.parametrize(
    ("language", "source", "output"),
    [
        (PYTHON, "print('a' + '.txt', end='')", "a.txt"),
        (PYTHON, "print(1 + 1)", "2\n"),
        (NODE, "console.log('a' + '.txt')", "a.txt\n"),
        (PERL, "print 'a' . '.txt'", "a.txt"),
        (RUBY, "puts 'a.txt'", "a.txt\n"),
        (PHP, "echo 'a' . '.txt';", "a.txt"),
        (PYTHON, "print(open('a.txt').read())", f"{UNKNOWN}\n"),
    ],
)
def test_what_a_program_prints_is_known_as_far_as_it_is_constant(language: Language, source: str, output: str) -> None:
    assert effects_of_program(source, language).output == output


def test_a_program_gets_its_arguments_its_input_and_its_variables() -> None:
    source = "import os, sys; open(sys.argv[1]); open(sys.stdin.read()); open(os.environ['NAME'])"
    effects = effects_of_program(source, PYTHON, ("-c", "one"), stdin="two", environment={"NAME": "three"})
    assert deeds(effects) == read("one", "two", "three")


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    open('a.txt')",
        "for i in range(10 ** 9):\n    open('a.txt')",
        "def f(n):\n    return f(n) + f(n)\nopen('a.txt')\nf('x')",
        "x = 'x'\nfor i in range(60):\n    x = x + x\nopen('a.txt')",
        "x = 9 ** 9 ** 9 ** 9\n'x' * 10 ** 12\n1 << 10 ** 9\nopen('a.txt')",
        "open('a.txt')\n'%999999999d' % 1\n'{:999999999}'.format(1)\nf'{1:999999999}'",
    ],
)
def test_what_has_no_end_is_followed_for_so_long_and_keeps_its_files(source: str) -> None:
    touches = effects_of_program(source, PYTHON).touches
    assert "a.txt" in {touch.path for touch in touches}


@given(language=st.sampled_from(Language), source=FRAGMENTS | st.text(max_size=200))
def test_no_text_is_too_broken(language: Language, source: str) -> None:
    effects_of_program(source, language, ("-c", "a"), stdin="b")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("part", ["(", "[", "'a' +", "f(", "-", "`", "{", "a.b", "$(", "eval('", "not "])
def test_deep_and_long_texts_cost_so_much_and_no_more(language: Language, part: str) -> None:
    effects_of_program(part * 20_000, language)
