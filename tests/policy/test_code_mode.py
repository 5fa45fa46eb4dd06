"""What a program of Codex's code mode asks tools for."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.policy.code_mode import UNREAD, calls_in, looks_like_program, runs_programs
from guardian_ci.policy.shell.facts import UNKNOWN

NOBODY_KNOWS = (UNREAD, UNKNOWN)
"""A call of nobody knows what."""

OUT = "const out = []; for (const f of ['a', 'b']) { out.push(await tools.x(`cat ${f}`)) } text(out.join('\\n'))"
GROWS = "const q = []; q.push({c: 'cat'}); for (const e of q) tools.x(e)"
PATCH = "const p = ['*** Begin Patch', '*** Delete File: .env'].join('\\n'); await tools.apply_patch(p)"
RAW = r"tools.apply_patch(String.raw`+\n${'x'}`)"
NESTED = 'tools.x({c: `a ${await tools.y({c: "cat .env"})}`})'


@pytest.mark.parametrize(
    ("program", "calls"),
    [
        ('const r = await tools.exec_command({cmd: "ls"}); text(r.output)', [("exec_command", {"cmd": "ls"})]),
        ("tools.x({'cmd': 'ls', \"workdir\": `/x`, n: 3, y: true, z: null})",
         [("x", {"cmd": "ls", "workdir": "/x", "n": 3, "y": True, "z": None})]),
        ('tools.mcp__fs__read({path: ".env"})', [("mcp__fs__read", {"path": ".env"})]),
        ("tools.update_plan({plan: [{step: 'a'}]})", [("update_plan", {"plan": [{"step": "a"}]})]),
        ("tools.list_mcp_resources()", [("list_mcp_resources", {})]),
        ("tools['exec_' + 'command']('ls')", [("exec_command", "ls")]),
        ("for (const n of ['a', 'b']) tools[n]({})", [("a", {}), ("b", {})]),
        ("const c = 'cat .e' + 'nv'; tools.x({c})", [("x", {"c": "cat .env"})]),
        ("const n = '.e' + 'nv'; tools.x(`cat ${ n } ` + n)", [("x", "cat .env .env")]),
        ("const a = '1', b = '2'; tools.x(a + b + 3)", [("x", "123")]),
        ("let c; c = 'ls'; tools.x(c); c = 'cat'", [("x", "ls"), ("x", "cat")]),
        ("tools.x(dry ? 'ls' : 'cat')", [("x", "ls"), ("x", "cat")]),
        ("for (const c of ['ls', 'cat']) await tools.x({c})", [("x", {"c": "ls"}), ("x", {"c": "cat"})]),
        ("const l = ['ls', 'cat']; await Promise.all(l.map(c => tools.x(c)))", [("x", "ls"), ("x", "cat")]),
        ("['ls'].forEach(async (c, i) => { text(rs[i].a); tools.x(c) })", [("x", "ls")]),
        ("const l = [{c: 'ls'}]; for (const o of l) tools.x(o.c)", [("x", "ls")]),
        ("const run = (c, w) => tools.x({c, w}); run('ls', '/')", [("x", {"c": "ls", "w": "/"})]),
        ("async function run(c) { return tools.x(c) } run('ls'); run('cat')", [("x", "ls"), ("x", "cat")]),
        (OUT, [("x", "cat a"), ("x", "cat b")]),
        (PATCH, [("apply_patch", "*** Begin Patch\n*** Delete File: .env")]),
        (RAW, [("apply_patch", "+\\nx")]),
        (NESTED, [("x", {"c": f"a {UNKNOWN}"}), ("y", {"c": "cat .env"})]),
        ("const f = tools.x; await f('ls')", [("x", "ls")]),
        ("const f = tools.x\nawait f('ls')\nf({c: 'cat'})", [("x", "ls"), ("x", {"c": "cat"})]),
        ("f('ls')\nvar f = tools['x']", [("x", "ls")]),
        ("let a = [1, 2], f = (tools.x), g = f; g?.('ls')", [("x", "ls")]),
        ("const t = tools, f = t.x; f(); t.y('ls')", [("y", "ls"), ("x", {})]),
        ("const t = globalThis.tools; t.x('ls'); globalThis?.tools?.y('cat')", [("y", "cat"), ("x", "ls")]),
        ("const {x, 'y': f, z: g,} = tools; x(1); f(2); g(3)", [("z", 3), ("y", 2), ("x", 1)]),
        ("const {x} = tools, d = 'ls'; [d].map(c => x({c}))", [("x", {"c": "ls"})]),
        ("for (const f of ['x', 'y']) { const g = tools[f]; g('ls') }", [("x", "ls"), ("y", "ls")]),
        ("const f = tools.x; const o = {f: 1}; o.f", []),
        ("tools?.x('ls'); tools?.['y']?.('cat')", [("x", "ls"), ("y", "cat")]),
        ("(tools).x('ls'); await (tools.y)('cat'); return ((tools.z))(1)", [("x", "ls"), ("y", "cat"), ("z", 1)]),
        ("tools.x.call(null, 'ls'); tools.y.call(tools)", [("x", "ls"), ("y", {})]),
        ("tools.x.apply(this, ['ls', 'cat']); tools.y.apply(null)", [("x", "ls"), ("y", {})]),
        ("const f = tools.x.bind(tools); f('ls'); tools.y.bind(null)('cat')", [("y", "cat"), ("x", "ls")]),
        ('tools.x("a") // tools.y("b")\n/* tools.z("c") */', [("x", "a")]),
        ('// one line \r tools.x("a")', [("x", "a")]),
        ('const q = /"/; tools.x("a") //"', [("x", "a")]),
        ("text(r.output[0].b, rows[rows.length - 1], ALL_TOOLS.filter(t => t.tools))", []),
        ("", []),
    ],
)  # fmt: skip
def test_the_calls_of_tools_are_found_with_their_arguments(program: str, calls: list[tuple[str, object]]) -> None:
    assert calls_in(program) == calls


@pytest.mark.parametrize(
    ("program", "argument"),
    [
        ("tools.x(f())", UNKNOWN),
        ("tools.x(JSON.parse(a))", UNKNOWN),
        ("tools.x(load('a'))", UNKNOWN),
        ("tools.x('ls'.replace('ls', 'cat'))", UNKNOWN),
        ("tools.x(atob('Y2F0'))", UNKNOWN),
        ("tools.x(String.fromCharCode(99))", UNKNOWN),
        ("tools.x(['ls'].reverse().join(' '))", UNKNOWN),
        ("tools.x.apply(null, a)", UNKNOWN),
        ("tools.x.call(f(), 'cat')", UNKNOWN),
        ("const f = tools.x; f(a)", UNKNOWN),
        ("tools.x('cat ' + a)", f"cat {UNKNOWN}"),
        ("tools.x(`cat ${a}/b`)", f"cat {UNKNOWN}/b"),
        ("tools.x({c: a})", {"c": UNKNOWN}),
        ("tools.x(1 + 2)", UNKNOWN),
        ("tools.x(a`ls`)", UNKNOWN),
        ("tools.x(('ls', 'cat'))", UNKNOWN),
        ("tools.x(...['ls'])", UNKNOWN),
        ("tools.x(c = 'cat')", UNKNOWN),
        ("let c = 'ls'; c += ' .env'; tools.x(c)", UNKNOWN),
        ("let c = 'ls'; [c] = [a]; tools.x(c)", UNKNOWN),
        ("let c = 'ls'; ({d: c} = a); tools.x(c)", UNKNOWN),
        ("let c = 'ls'; for (c in a) tools.x(c)", UNKNOWN),
        ("const {a: c} = {a: 'ls'}; tools.x(c)", UNKNOWN),
        ("let c = 'ls'; (function (c) { tools.x(c) })('cat')", UNKNOWN),
        ("try { f() } catch (c) { tools.x(c) }", UNKNOWN),
        ("const run = c => tools.x(c); ['cat'].map(run)", UNKNOWN),
        ("const run = c => tools.x(c); const r = run; r('cat')", UNKNOWN),
        ("const run = (a, c) => tools.x(c); run(...['a', 'cat'], 'ls')", UNKNOWN),
        ("const l = ['ls']; l.push('cat'); l.map(c => tools.x(c))", UNKNOWN),
        ("const l = ['ls']; l[0] = 'cat'; l.map(c => tools.x(c))", UNKNOWN),
        ("const a = {c: 'ls'}, b = a; b.c = 'cat'; tools.x(a)", UNKNOWN),
        ("const a = ['ls']; Object.assign(a, b); tools.x(a)", UNKNOWN),
        (GROWS, UNKNOWN),
        ("tools.x({...a, c: 'ls'})", UNKNOWN),
        ("tools.x({[a]: 'ls'})", UNKNOWN),
        ("tools.x({get c() { return 'cat' }})", UNKNOWN),
    ],
)
def test_what_is_computed_is_unknown_and_never_left_out(program: str, argument: object) -> None:
    assert ("x", argument) in calls_in(program)


@pytest.mark.parametrize(
    "program",
    [
        "let f; f = tools.x; f('cat')",
        "let f = tools.x; f = tools.y; f('cat')",
        "const f = tools.x; { const f = tools.y; f('cat') }",
        "const f = tools.x || g; f('cat')",
        "const f = (0, tools.x); f('cat')",
        "const f = g = tools.x; g('cat')",
        "const f = tools.x\n`cat`",
        "const f = () => tools.x; f()('cat')",
        "function f() {} const g = () => { const b = 1\nreturn b, f = tools.x }; g()('cat')",
        "const a = g`${b, f = tools.x}`",
        "const f = tools.x; g(f)",
        "const f = tools.x; [f][0]('cat')",
        "const f = tools.x; const o = {f}; o.f('cat')",
        "const f = tools.x; f.toString()",
        "const t = tools; [t].map(t => t.x('cat'))",
        "const t = tools; t[a]('cat')",
        "const t = tools; g(t)",
        "const t = {...tools}; t.x('cat')",
        "const {x = 1} = tools; x('cat')",
        "const {...t} = tools; t.x('cat')",
        "const {[a]: f} = tools; f('cat')",
        "const {x: {call}} = tools; call(null, 'cat')",
        "const {call} = tools.x; call(null, 'cat')",
        "let f; ({x: f} = tools); f('cat')",
        "((t) => t.x('cat'))(tools)",
        "(function (f) { f('cat') })(tools.x)",
        "const g = function (f) { f('cat') }\n(tools.x)('ls')",
        "const of = f => f('cat'); of(tools.x)('ls')",
        "((tools) => tools.x('ls'))(a)",
        "function tools() {}",
        "tools.x.call(...[null, 'cat'])",
        "tools.x.call([, 'ls'][0], 'cat')",
        "tools.x.call",
        "tools.x.bind(null, 'cat')()",
        "tools.x = f; tools.x('cat')",
        "globalThis.tools = {x: f}",
        "globalThis.globalThis.tools.x('cat')",
        "const {tools: t} = globalThis; t.x('cat')",
        "for (const t of [tools]) t.x('cat')",
        "tools[a]('cat')",
        "tools[`${a}`]('cat')",
        "f(tools)",
        "Object.values(tools)[0]('cat')",
        "globalThis['to' + 'ols'].x('cat')",
        "eval(a)",
        "new Function('return to' + 'ols')()",
        "(() => {}).constructor('return tools')()",
        "f['constr' + 'uctor']('return tools')()",
        "f['constructor']('return tools')()",
        r"f['\x63onstructor']('return tools')()",
        "const {constructor: F} = f; F('return tools')()",
        "const {'constructor': F} = f; F('return tools')()",
        "const {['constr' + 'uctor']: F} = f; F('return tools')()",
        "const k = {length: 'constructor'}; f[k.length]('return tools')()",
        "Object.getPrototypeOf(f)",
        "String.prototype.toJSON = () => ({cmd: 'cat'})",
        "tools.x({toJSON() { return {cmd: 'cat'} }})",
        "import('data:,')",
        r"\u0074ools.x('cat')",
        "a = (b) /'/; tools.x('cat') //'",
        "#!/usr/bin/env node\ntools.x('cat')",
        "tools.x(",
        "`${",
        "'open",
        "tools.x({cmd: 'ls']",
        "/* open",
        "tools.x('ls');" * 100,
        "a;" * 10_000,
    ],
)
def test_a_program_that_may_reach_a_tool_in_another_way_says_so(program: str) -> None:
    called = calls_in(program)
    assert NOBODY_KNOWS in called or UNREAD in [name for name, _ in called]


@pytest.mark.parametrize("program", ["tools[a]({c: 'ls'})", "const f = tools[a]; f.call(null, {c: 'ls'})"])
def test_a_call_of_a_tool_whose_name_nobody_knows_is_judged_by_its_argument_and_as_unknown(program: str) -> None:
    assert calls_in(program) == [(UNREAD, {"c": "ls"}), NOBODY_KNOWS]


def test_only_the_code_modes_own_tool_is_given_programs() -> None:
    assert [runs_programs(name) for name in ("exec", "functions.exec", "shell")] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ('await tools.exec_command({cmd: "ls"})', True),
        ("text(tools.x)", True),
        ("text(1)", True),
        ("const a = 1", True),
        ("cat .env", False),
        ("npm run tools", False),
    ],
)
def test_a_program_is_told_from_a_command(text: str, program: bool) -> None:
    assert looks_like_program(text) is program


WORDS_TEXT = "tools . x ( ) [ ] { } , ; : = => + ? ` ${ 'a' \"b\" a b for of const in /* // / \\ \n 1"
WORDS = WORDS_TEXT.split(" ")


@settings(max_examples=50)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join) | st.text(max_size=30))
def test_any_text_can_be_read(text: str) -> None:
    for name, argument in calls_in(text):
        assert name
        json.dumps(argument)


@given(
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), st.sampled_from(["tools.x('cat')", "tools['x'](a)"])
)
def test_no_words_before_a_call_make_it_unseen(before: str, call: str) -> None:
    # Behind a line's end and a bracket nothing goes on: neither a comment of one line nor a text.
    hidden = any(mark in before for mark in ("/*", "`", "/", "\\"))
    assert hidden or calls_in(f"{before}\n;{call}")


@pytest.mark.parametrize(
    "text",
    ['"' * 50_000, "/*" * 50_000, "`${" * 10_000, "\\" * 50_000, '"a"+' * 10_000, "a:" * 20_000, "'\n" * 30_000,
     "tools.x(" * 2_000, "[" * 20_000, "/" * 50_000, "a=[a,a];" * 2_000 + "tools.x(a)", "tools.x(a=>" * 500,
     "const " + ",".join(f"a{i}=tools.x" for i in range(2_400)), "const a={" * 2_000 + "}" * 2_000, "let " * 9_000,
     ";".join(f"let a{i + 1}=a{i}" for i in range(1_900)).replace("a0;", "tools;"),
     "(" * 4_000 + "tools" + ")" * 4_000],
)  # fmt: skip
def test_a_long_text_costs_no_more_than_its_length(text: str) -> None:
    began = time.process_time()
    assert len(calls_in(text)) <= 65
    assert time.process_time() - began < 1
