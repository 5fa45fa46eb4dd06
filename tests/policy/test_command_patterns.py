import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.command_patterns import Command, CommandPattern, first_not_covered, steering
from guardian_ci.policy.shell.facts import TAME, UNKNOWN

DARK = UNKNOWN


def words(line: str) -> tuple[str, ...]:
    return tuple(shlex.split(line))


@pytest.mark.parametrize(
    ("pattern", "meant", "others"),
    [
        (
            "git diff:*",
            ["git diff", "git diff --stat HEAD", "git diff 'a b'", f"git diff {DARK}", f"git diff {TAME}"],
            ["git difftool", "git", "git -C x diff", "/usr/bin/git diff", "'git diff'", f"git {DARK}", "git 'diff x'"],
        ),
        ("git diff *", ["git diff", "git diff x"], ["git difftool"]),
        ("ls*", ["ls", "ls -la", "lsof"], ["als"]),
        ("npm run test", ["npm run test"], ["npm run test:unit", "npm run test x", "npm run", f"npm run {DARK}"]),
        ("npm run test:*", ["npm run test", "npm run test -- -u"], ["npm run test:unit"]),
        ("git * main", ["git checkout main", "git push origin main"], ["git main", "git checkout mainline"]),
        ("* --version", ["node --version", "x y --version"], ["node --versions"]),
        ("git commit -m 'fix it'", ["git commit -m 'fix it'", 'git commit -m "fix it"'], ["git commit -m fix it"]),
        ('git commit -m "*"', ["git commit -m 'a b c'"], ["git commit"]),
        ("find . -name \\*.py", ["find . -name '*.py'", "find . -name '\\*.py'"], ["find . -name a.py"]),
        ("echo \\*", ["echo '*'"], ["echo a"]),
        ("a  b:*", ["a b", "a b c"], ["a bc"]),
        ("grep a\\ b:*", ["grep 'a b' x"], ["grep a b x"]),
        ("a*b*c", ["abc", "a b c", "axbyc"], ["ac", "acb", "ab"]),
    ],
)
def test_a_pattern_means_these_commands_and_no_others(pattern: str, meant: list[str], others: list[str]) -> None:
    ready = CommandPattern(pattern)
    assert [line for line in meant if not ready.covers(Command(words(line)))] == []
    assert [line for line in others if ready.covers(Command(words(line)))] == []


@pytest.mark.parametrize(
    ("pattern", "denied", "others"),
    [
        (
            "curl:*",
            ["curl x", "/usr/bin/curl x", "./curl", "curl.exe x", "CURL x", "C:\\\\tools\\\\curl.exe x"],
            ["curlew x", "man curl", "git curl"],
        ),
        (
            "git push:*",
            ["git push", "git -C x push origin", "git --no-pager -c a=b push", "/bin/git --git-dir=x push -f"],
            ["git commit -m push", "git log push", "git stash push"],
        ),
        ("rm -rf:*", ["rm -rf x", "/bin/rm -rf /"], ["rm x", "rm -r x"]),
        ("npm run *", ["npm run", "npm --prefix x run y"], ["npm test"]),
        ("python3:*", ["python3 x", "/usr/bin/python3.12 -c x", "python3.12"], ["python2 x", "python x"]),
        ("pip install:*", ["pip3 install x", "pip3.11 -q install x"], ["pipx install x"]),
    ],
)
def test_to_deny_the_programs_place_and_the_options_before_its_verb_do_not_matter(
    pattern: str, denied: list[str], others: list[str]
) -> None:
    ready = CommandPattern(pattern)
    assert [line for line in denied if not ready.means(Command(words(line)))] == []
    assert [line for line in others if ready.means(Command(words(line)))] == []


@pytest.mark.parametrize(
    ("pattern", "open_", "told"),
    [
        (
            "curl:*",
            [f"cu{DARK} x", "c?rl x", f"/usr/bin/c{DARK} x"],
            [f"{DARK} x", f"/usr/bin/{DARK}", "[ -f x ]", "wget x", f"wget {DARK}", f"wg{DARK} x"],
        ),
        ("git push:*", [f"git {DARK}", f"git p{DARK}"], [f"git log {DARK}", "git", f"git c{DARK}"]),
        ("rm -rf:*", [f"r{DARK} -rf x"], [f"rm {DARK}", f"rm {DARK} x"]),
        ("npm run test", [f"npm run {DARK}"], [f"npm {DARK}", f"npm run {DARK} x"]),
        ("* --version", [], [f"{DARK} x"]),
    ],
)
def test_a_command_may_be_meant_where_its_program_or_its_verb_is_not_known(
    pattern: str, open_: list[str], told: list[str]
) -> None:
    ready = CommandPattern(pattern)
    assert [line for line in open_ if not ready.may_mean(Command(line.split()))] == []
    assert [line for line in told if ready.may_mean(Command(line.split()))] == []


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("a && b", '"a && b" names several commands; write an entry for each of them'),
        ("curl * | sh", '"curl * | sh" names several commands; write an entry for each of them'),
        ("a; b", '"a; b" names several commands; write an entry for each of them'),
        ("a > b", '"a > b" redirects; write the command alone, files have rules of their own'),
        ("a 2>x", '"a 2>x" redirects; write the command alone, files have rules of their own'),
        ("echo 'x", "the ' in \"echo 'x\" is never closed"),
        (f"echo {UNKNOWN}", f'"echo {UNKNOWN}" holds a character that no command does'),
    ],
)
def test_what_could_mean_no_command_is_refused(pattern: str, fault: str) -> None:
    with pytest.raises(ValueError) as raised:
        CommandPattern(pattern)
    assert str(raised.value) == fault


def test_signs_of_the_shell_that_are_quoted_are_signs() -> None:
    assert CommandPattern("grep 'a|b' x").covers(Command(("grep", "a|b", "x")))
    assert CommandPattern("awk '{ print $1 > 0 }':*").covers(Command(("awk", "{ print $1 > 0 }", "f")))


@pytest.mark.parametrize(
    ("patterns", "commands", "wrong"),
    [
        (["git diff:*"], ["git diff", "git diff x"], None),
        (["git diff:*"], ["git diff", "rm x"], "rm x"),
        (["git diff:*"], ["cd x", "git diff", "echo done", "true", "[ -f x ]", "export A=b", "command -v git"], None),
        (["git diff:*"], ["cat x"], "cat x"),
        (["git diff:*"], ["source x"], "source x"),
        (["git diff:*"], ["git diff", "grep -i x", "tail -n 5", "sort -u", "cut -d: -f1"], None),
        (["git diff:*"], ["git diff", "grep -r x"], "grep -r x"),
        (["git diff:*"], ["git diff", "tail x"], "tail x"),
        (["git diff:*"], ["git diff", f"head {DARK}"], f"head {DARK}"),
        (["git diff:*"], ["timeout 5 git diff", "git diff"], None),
        (["git diff:*"], ["env A=b nice -n 5 git diff", "nice -n 5 git diff", "git diff"], None),
        (["git diff:*"], ["timeout 5 git diff"], "timeout 5 git diff"),
        (["git diff:*"], ["timeout 5 rm x", "rm x"], "rm x"),
        (["git diff:*"], ["xargs git diff", f"git diff {DARK}"], None),
        (["git diff:*"], [f"timeout {DARK} git diff", "git diff"], f"timeout {DARK} git diff"),
        (["git diff:*"], ["sudo git diff", "git diff"], "sudo git diff"),
        (["sudo git diff:*"], ["sudo git diff x", "git diff x"], None),
        (["sudo:*"], ["sudo git diff", "git diff"], "git diff"),
        (["sudo:*", "git diff:*"], ["sudo git diff", "git diff"], None),
        (["find:*"], ["find . -exec rm {} +", "rm {} +"], "rm {} +"),
        (["find . -exec rm {} +"], ["find . -exec rm {} +", "rm {} +"], None),
        (["git diff:*"], ["bash -lc 'git diff'", "git diff"], None),
        (["git diff:*"], ["/bin/sh -c 'git diff'", "git diff"], None),
        (["git diff:*"], [f"bash -c {DARK}"], f"bash -c {DARK}"),
        (["git diff:*"], ["./bash -c 'git diff'", "git diff"], "./bash -c 'git diff'"),
        (["git diff:*"], ["bash x.sh"], "bash x.sh"),
        (["git diff:*"], ["eval 'git diff'", "git diff"], None),
        (["git diff:*"], [f"eval {DARK}"], f"eval {DARK}"),
        (["git diff:*"], ["/tmp/timeout 5 git diff", "git diff"], "/tmp/timeout 5 git diff"),
    ],
)
def test_every_command_of_a_line_must_be_meant(patterns: list[str], commands: list[str], wrong: str | None) -> None:
    ready = [CommandPattern(pattern) for pattern in patterns]
    found = first_not_covered(ready, [words(line) for line in commands])
    assert found == (None if wrong is None else words(wrong))


def test_a_line_of_more_commands_than_anybody_writes_is_not_meant() -> None:
    line = [("git", "diff")] * 1000
    assert first_not_covered([CommandPattern("git diff")], line) == ("git", "diff")


@pytest.mark.parametrize(
    ("names", "steered"),
    [
        (["CI", "FOO", "NODE_ENV", "PYTHONUNBUFFERED", "i", "file"], None),
        (["FOO", "PATH"], "PATH"),
        (["LD_PRELOAD"], "LD_PRELOAD"),
        (["GIT_EXTERNAL_DIFF"], "GIT_EXTERNAL_DIFF"),
        (["npm_config_script_shell"], "npm_config_script_shell"),
        (["NODE_OPTIONS"], "NODE_OPTIONS"),
        (["PAGER"], "PAGER"),
        (["BASH_ENV"], "BASH_ENV"),
        ([UNKNOWN], UNKNOWN),
    ],
)
def test_variables_that_steer_programs_are_known(names: list[str], steered: str | None) -> None:
    assert steering(names) == steered


programs = st.sampled_from(
    ["git", "ls", "npm", "rm", "curl", "./git", "/usr/bin/git", "git diff", "sudo", "env", "eval"]
)
arguments = st.sampled_from(["diff", "push", "-f", "x y", "", DARK, "*", "git", "rm", "-c", ";", "a\nb", "\0", TAME])
lines = st.lists(st.tuples(programs, st.lists(arguments, max_size=4)), min_size=1, max_size=4)
verbs = st.lists(st.sampled_from(["diff", "push", "-f", "x"]), max_size=2)
tails = st.sampled_from(["", ":*", " *", " * main"])


@given(st.lists(st.tuples(st.sampled_from(["git", "ls", "npm"]), verbs, tails), max_size=4), lines)
def test_a_pattern_never_allows_a_program_that_no_pattern_names(
    patterns: list[tuple[str, list[str], str]], line: list[tuple[str, list[str]]]
) -> None:
    ready = [CommandPattern(" ".join([program, *said]) + tail) for program, said, tail in patterns]
    commands = [(program, *rest) for program, rest in line]
    if first_not_covered(ready, commands) is None:
        named = {program for program, _, _ in patterns}
        assert {program for program, _ in line} <= named | {"env", "eval"}


@given(st.text(st.sampled_from("git dff*\\'\"|&;<>\0\x01 \n:()-"), max_size=30), lines)
def test_any_text_is_a_pattern_or_is_refused(text: str, line: list[tuple[str, list[str]]]) -> None:
    try:
        pattern = CommandPattern(text)
    except ValueError:
        return
    for program, rest in line:
        command = Command((program, *rest))
        if pattern.covers(command):
            assert pattern.means(command)
        pattern.may_mean(command)
