from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.tool_patterns import Kind, parse


@pytest.mark.parametrize(
    ("entry", "canonical", "kind", "argument"),
    [
        ("Bash", "bash", Kind.ALL, ""),
        ("read_file", "read_file", Kind.ALL, ""),
        ("mcp__github__*", "mcp__github__*", Kind.ALL, ""),
        ("Bash(*)", "bash", Kind.ALL, "*"),
        ("Task(*)", "task", Kind.ALL, "*"),
        ("Bash(git diff:*)", "bash", Kind.COMMAND, "git diff:*"),
        ("run_shell_command(git diff:*)", "bash", Kind.COMMAND, "git diff:*"),
        ("bash(node -e 'f(x)')", "bash", Kind.COMMAND, "node -e 'f(x)'"),
        ("Bash(npm run test:unit)", "bash", Kind.COMMAND, "npm run test:unit"),
        ("Read(./src/**)", "read_file", Kind.FILE, "./src/**"),
        ("read_file(//etc/**)", "read_file", Kind.FILE, "//etc/**"),
        ("Write(*)", "write_file", Kind.FILE, "*"),
        ("MultiEdit(a)", "edit_file", Kind.FILE, "a"),
        ("Grep(src/**)", "grep", Kind.FILE, "src/**"),
        ("WebFetch(domain:*.example.com)", "web_fetch", Kind.HOST, "*.example.com"),
        ("Task(Explore)", "task", Kind.NAME, "Explore"),
        ("Agent(plugin:reviewer)", "task", Kind.NAME, "plugin:reviewer"),
        ("Skill(deploy *)", "skill", Kind.NAME, "deploy *"),
    ],
)
def test_an_entry_is_a_tool_and_what_its_pattern_speaks_of(
    entry: str, canonical: str, kind: Kind, argument: str
) -> None:
    pattern = parse(entry)
    assert (pattern.entry, pattern.canonical, pattern.kind, pattern.argument) == (entry, canonical, kind, argument)


@pytest.mark.parametrize(
    ("entry", "argument"),
    [
        ("Agent(model:opus)", "model:opus"),
        ("Bash(run_in_background:true)", "run_in_background:true"),
        ("mcp__jira__create(project:OPS*)", "project:OPS*"),
    ],
)
def test_one_argument_may_deny_and_not_allow(entry: str, argument: str) -> None:
    assert (parse(entry, denies=True).kind, parse(entry, denies=True).argument) == (Kind.ARGUMENT, argument)
    with pytest.raises(ValueError, match="one argument cannot show that a call is safe; write "):
        parse(entry)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("Bash(git diff", 'the brackets in "Bash(git diff" do not fit; write "Bash(git diff)"'),
        ("Bash)", 'the brackets in "Bash)" do not fit; write "Tool(pattern)"'),
        ("Bash(a) b", 'the brackets in "Bash(a) b" do not fit; write "Tool(pattern)"'),
        ("Bash()", '"Bash()" has nothing in its brackets; write "Bash" for every call'),
        ("Bash( a)", '"Bash( a)" has a blank at an end of its pattern; write "Bash(a)"'),
        ("(a)", '"(a)" names no tool'),
        ("*(a)", '"*(a)" has a pattern for more than one tool; write an entry for each'),
        ("mcp__x__*(a:b)", '"mcp__x__*(a:b)" has a pattern for more than one tool; write an entry for each'),
        ("TodoWrite(x)", '"TodoWrite(x)": patterns of "TodoWrite" are not known; write "TodoWrite"'),
        ("WebSearch(x)", '"WebSearch(x)": patterns of "WebSearch" are not known; write "WebSearch"'),
        (
            "Bash(git:push)",
            '"Bash(git:push)": a colon means something only in :* at the end; write "Bash(git push)"',
        ),
        ("Bash(a | b)", '"a | b" names several commands; write an entry for each of them'),
        ("Read(!a)", '"Read(!a)": a single pattern takes nothing out; name what it means without the !'),
        ("Read(./)", '"Read(./)" names no file; write ** for every file below'),
        (
            "WebFetch(https://example.com/x)",
            '"WebFetch(https://example.com/x)" does not say domain:; write "WebFetch(domain:example.com)"',
        ),
        ("WebFetch(domain:.example.com)", '".example.com" is no host; write "*.example.com"'),
    ],
)
def test_what_is_no_entry_is_refused_with_the_way_out(entry: str, fault: str) -> None:
    for denies in (False, True):
        with pytest.raises(ValueError) as raised:
            parse(entry, denies=denies)
        assert str(raised.value) == fault


@given(st.text(st.sampled_from("BashReadmcp__WebFetchdomain:()*[]!./ '\"|\n"), max_size=30), st.booleans())
def test_any_text_is_an_entry_or_is_refused(text: str, denies: bool) -> None:
    with suppress(ValueError):
        assert parse(text, denies=denies).entry == text
