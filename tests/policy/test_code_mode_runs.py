"""Programs of the code mode in a real engine: what they call there is what was read of them, or was read as unknown."""

import json
import platform
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from guardian_ci.policy.code_mode import UNREAD, calls_in
from guardian_ci.policy.shell.facts import UNKNOWN

_MACHINE = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
NODE = Path(__file__).resolve().parents[1] / f"agents/node_modules/node-linux-{_MACHINE}/bin/node"
ENGINE = r"""
const programs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const Program = Object.getPrototypeOf(async function () {}).constructor;
globalThis.load = () => 'loaded';
process.on('unhandledRejection', () => {});
(async () => {
  const told = [];
  for (const text of programs) {
    const calls = [];
    globalThis.tools = {};
    for (const name of 'xyz') globalThis.tools[name] = async (given) => { calls.push([name, given ?? {}]) };
    try { await new Program('"use strict";' + text)() } catch { /* what it called before counts */ }
    told.push(JSON.parse(JSON.stringify(calls)));
  }
  console.log(JSON.stringify(told));
})();
"""
TEXTS = [
    "'ls'",
    '"cat"',
    "`w`",
    "'x'+'y'",
    "`p${'q'}`",
    "c",
    "d",
    "l.join('-')",
    "['m','n'].join('-')",
    "o.k",
    "(c)",
    "c||'z'",
    "true?c:d",
    "c+d",
    "`${c}-${d}`",
    "String.raw`\\n`",
    "c.trim()",
    "l[0]",
    "load('k')",
    "c.replace('l','m')",
]
START = """let c = 'c0', d = 'd0', f, m = ['u'];
const l = ['l0', 'l1'], o = {k: 'o0'};
function g(c) { return tools.y(c) } g('g');
const n = async (q, w) => tools.z({q, w}); n('1', '2');
const r = tools.x, t = globalThis.tools, {y: s, z} = t;
"""
CALLED = [
    "tools.x(", "tools['x'](", "tools[`x`](", "tools?.x?.(", "(tools.x)(", "(tools)['x'](",
    "r(", "s(", "z(", "(r)(", "t.x(", "t?.['x'](", "(t).y(", "tools.x.call(null, ", "s.call(t, ", "r.bind(null)(",
]  # fmt: skip
NAMES = r"""
let A = tools.x
const A = tools, B = A.y
var A = B = tools.z
A = tools.x
[A] = [tools.x]
({x: A, y: B} = tools)
var {x: A, ...B} = tools
var {x: A = tools.y, z: B} = tools
const {y: A, 'z': B} = tools
let A = (tools), {x: B} = A
let A = (0, tools.x), B = A
let A = A ? tools.x : tools.y
var A = tools.x, A = tools.y
var A = tools.x.bind(null, {k: 'bound'}), B = tools.y.bind(tools)
function A(B) { B('ls') } A(tools.x)
const A = (B) => { B('ls') }; A(tools.y)
const A = (B = tools.x) => B('ls'); A(); A(tools.y)
(function (A) { A('ls'); A.x('cat') })(tools)
{ const A = tools.x; A('in') }
{ const A = (k) => tools.y(k); A('in') }
for (const A of [tools.x, tools.y]) A('of')
for (const A of ['x', 'y']) { const B = tools[A]; B('of') }
[tools].map((A) => A.x('cat'))
const A = {B: tools.x}; A.B('ls')
const A = {...tools}; A.x('ls')
function A() {} const B = () => { const o = 1\nreturn o, A = tools.x }; B()('ls')
let B = 'x', A = tools[B]; B = 'y'
let B = 'x'; const A = () => tools[B]; B = 'y'; A()('cat')
let A = function (B) { B('cat') }\n(tools.x)('ls')
const of = (A) => A('cat'); of(tools.x)('ls')
try { throw tools.y } catch (A) { A('thrown') }
class A { static B = tools.x; static z(B) { B('ls') } } A.B('st'); A.z(tools.y)
globalThis.B = tools.y; globalThis.B('global')
tools.x = tools.y; tools.x('other')
tools.w = (k) => tools.z(k); tools.w('own')
tools.x.call(...[null, 'spread'])
tools.x.call([, 'ls'][0], 'cat')
tools.x.apply(null, ['ls', 'cat'])
[1].forEach(tools.x)
Promise.resolve(tools).then((A) => A.x('cat'))
Object.values(tools).forEach((A) => A('cat'))
""".strip().split("\n")
"""Ways in which a tool gets another name, plain and odd; A and B are any names."""
USES = """
A('ls')
B({k: 'ls'})
A.x('ls')
A?.y?.('cat')
A.call(null, 'ls')
B.apply(null, ['cat'])
A.z.bind(null)('ls')
(A)('ls')
[A, B][0]('ls')
[A.x][0]('ls')
""".strip().split("\n")
"""Ways in which a tool is called by such a name."""


def program(seed: int) -> str:
    """Write a program in which names are given values in every way that is read, and in some that are not."""
    draw = random.Random(seed)
    choose: Callable[..., str] = lambda *texts: draw.choice(texts)  # noqa: E731 - a name for a word

    def text() -> str:
        return draw.choice(TEXTS)

    def call() -> str:
        given = choose(text(), f"{{k: {text()}}}", "{c}", f"{{...{{k: {text()}}}}}", "o", f"[{text()}, d]")
        return choose(*CALLED) + given + ")"

    def statement(depth: int) -> str:
        inner = call() if depth > 1 else "; ".join(statement(depth + 1) for _ in range(2))
        return choose(
            *[call()] * 6,
            f"c = {text()}",
            f"for (const c of {choose('l', '[c, d]', 'm')}) {{ {inner} }}",
            f"{choose('l', 'm')}.forEach((c, i) => {{ {call()} }})",
            f"await Promise.all(l.map(async c => {call()}))",
            f"if ({text()}) {{ {inner} }} else {{ {call()} }}",
            f"f = (c) => {call()}; f({text()})",
            f"g({text()})",
            f"n({text()}, {text()})",
            f"{{ let c = {text()}; {inner} }}",
            *(["[c, d] = [d, c]", f"({{k: c}} = {{k: {text()}}})", f"c += {text()}"] if seed % 3 == 0 else []),
            *([f"{{ const r = t.y; {inner} }}", f"var v = tools.z; v({text()})"] if seed % 9 == 2 else []),
            *([f"l[0] = {text()}", f"o.k = {text()}"] if seed % 3 == 1 else []),
        )

    return START + ";\n".join(statement(0) for _ in range(4))


def odd_program(seed: int) -> str:
    """Write a program that gives tools other names, in ways that are read and in others; what throws is left out."""
    draw = random.Random(seed)
    lines = []
    for line in [*draw.sample(NAMES, draw.choice([1, 1, 2])), *draw.sample(USES, 3)]:
        names = draw.sample(["a", "b", "tools"], 2) if draw.random() < 0.1 else draw.sample(["a", "b"], 2)
        for sign, name in zip("AB", names, strict=True):
            line = re.sub(rf"\b{sign}\b", name, line)  # noqa: PLW2901 - the line with its names
        lines.append(line.replace("\\n", "\n"))
    if draw.random() < 0.2:
        draw.shuffle(lines)
    return draw.choice([";\n", "\n", "\n;;"]).join(lines)


def covers(read: object, real: object) -> bool:
    """Whether what was read of an argument means what it really was."""
    if isinstance(read, str):
        pattern = ".*".join(map(re.escape, read.split(UNKNOWN)))
        return read == UNKNOWN or (isinstance(real, str) and re.fullmatch(pattern, real, re.DOTALL) is not None)
    if isinstance(read, dict) and isinstance(real, dict):
        return read.keys() == real.keys() and all(covers(member, real[name]) for name, member in read.items())
    if isinstance(read, list) and isinstance(real, list):
        return len(read) == len(real) and all(map(covers, read, real))
    return read == real


def calls_made(programs: list[str]) -> list[list[tuple[str, object]]]:
    """Return what each program calls in a real engine, in its order."""
    told = subprocess.run([NODE, "-e", ENGINE], input=json.dumps(programs).encode(), capture_output=True, check=True)
    return [[(name, given) for name, given in calls] for calls in json.loads(told.stdout)]


@pytest.mark.skipif(not NODE.exists(), reason="npm ci has not installed tests/agents")
@pytest.mark.parametrize(
    ("write", "count", "least_run", "least_known"), [(program, 120, 400, 8), (odd_program, 1_000, 600, 15)]
)
def test_every_call_that_a_program_makes_was_read_before(
    write: Callable[[int], str], count: int, least_run: int, least_known: int
) -> None:
    programs = [write(seed) for seed in range(count)]
    ran, known = 0, 0
    for text, calls in zip(programs, calls_made(programs), strict=True):
        read = calls_in(text)
        for name, given in calls:
            ran += 1
            assert any(each in {name, UNREAD} and covers(said, given) for each, said in read), (text, name, given)
        known += bool(calls) and UNKNOWN not in json.dumps(read, ensure_ascii=False)
    assert ran > least_run, ran
    assert known > least_known, known
