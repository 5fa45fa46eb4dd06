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
"""


def program(seed: int) -> str:
    """Write a program in which names are given values in every way that is read, and in some that are not."""
    draw = random.Random(seed)
    choose: Callable[..., str] = lambda *texts: draw.choice(texts)  # noqa: E731 - a name for a word

    def text() -> str:
        return draw.choice(TEXTS)

    def call() -> str:
        given = choose(text(), f"{{k: {text()}}}", "{c}", f"{{...{{k: {text()}}}}}", "o", f"[{text()}, d]")
        return choose("tools.x(", "tools['x'](", "tools[`x`](") + given + ")"

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
            *([f"l[0] = {text()}", f"o.k = {text()}"] if seed % 3 == 1 else []),
        )

    return START + ";\n".join(statement(0) for _ in range(4))


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


@pytest.mark.skipif(not NODE.exists(), reason="npm ci has not installed tests/agents")
def test_every_call_that_a_program_makes_was_read_before() -> None:
    programs = [program(seed) for seed in range(120)]
    told = subprocess.run([NODE, "-e", ENGINE], input=json.dumps(programs).encode(), capture_output=True, check=True)
    ran, known = 0, 0
    for text, calls in zip(programs, json.loads(told.stdout), strict=True):
        read = calls_in(text)
        for name, given in calls:
            ran += 1
            assert any(each in {name, UNREAD} and covers(said, given) for each, said in read), (text, name, given)
        known += UNKNOWN not in json.dumps(read, ensure_ascii=False)
    assert ran > 400
    assert known > 8
