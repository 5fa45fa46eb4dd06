"""What a program of Codex's code mode says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.code_mode import COMPUTED, Said, is_program, said_in


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('await tools.exec_command({cmd: "cat .env"})', [("cmd", "cat .env")]),
        ("tools.exec_command({'cmd': 'ls', \"workdir\": `/x`})", [("cmd", "ls"), ("workdir", "/x")]),
        ('const cmd = "cat .e" + "nv"; tools.exec_command({cmd})', [("cmd", "cat .env")]),
        ('const c = "ls"; tools.exec_command({cmd: c})', [("c", "ls"), ("cmd", "ls")]),
        (
            'for (const c of ["ls", "cat x"]) await tools.exec_command({cmd: c})',
            [("", "ls"), ("", "cat x"), ("cmd", None)],
        ),
        ('f({cmd: "cat " + name})', [("cmd", f"cat {COMPUTED}")]),
        ("f({cmd: `cat ${name}/x`})", [("cmd", f"cat {COMPUTED}/x")]),
        ("f({cmd: name()})", [("cmd", None)]),
        ("const n = '.e' + 'nv'; f({cmd: `cat ${ n } ` + n})", [("n", ".env"), ("cmd", "cat .env .env")]),
        ('f({cmd: ["bash", "-c", "ls"]})', [("", "bash"), ("", "-c"), ("", "ls")]),
        (r'f("\x2eenv \u002e \u{2e} \056 \n\"")', [("", '.env . . . \n"')]),
        ('f("a") // "b"\n/* "c" */ f("d")', [("", "a"), ("", "d")]),
        ('a == "b"', [("", "b")]),
        ('f("open', [("", "open")]),
        ("text(1 + 2)", []),
        ("", []),
    ],
)
def test_the_strings_of_a_program_are_read_with_their_names(text: str, said: list[tuple[str, str | None]]) -> None:
    assert [(each.name, None if each.computed else each.text) for each in said_in(text)] == said


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ('await tools.exec_command({cmd: "ls"})', True),
        ("text(tools.x)", True),
        ("const a = 1", True),
        ("cat .env", False),
        ("npm run tools", False),
    ],
)
def test_a_program_is_told_from_a_command(text: str, program: bool) -> None:
    assert is_program(text) is program


@given(st.text(st.sampled_from("ab\"'`\\${}+:=/*\n ({[u0"), max_size=30))
def test_any_text_can_be_read(text: str) -> None:
    assert all(isinstance(each, Said) for each in said_in(text))


@pytest.mark.parametrize(
    "text", ['"' * 50_000, "/*" * 50_000, "`${" * 30_000, "\\" * 50_000, '"a"+' * 20_000, "a:" * 30_000, "'\n" * 30_000]
)
def test_a_long_text_costs_no_more_than_its_length(text: str) -> None:
    assert len(said_in(text)) <= len(text)
