"""Files, descriptors and folders, and the bounds on all that a command does."""

import pytest

from guardian_ci.policy.shell.analysis import analyse
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Analysis


def reads(analysis: Analysis) -> set[str]:
    return {touch.path for touch in analysis.touches if touch.sure and touch.access is Access.READ}


def writes(analysis: Analysis) -> set[str]:
    return {touch.path for touch in analysis.touches if touch.sure and touch.access is Access.WRITE}


@pytest.mark.parametrize(
    ("command", "read", "written"),
    [
        ("x < a", {"a"}, set()),
        ("x > a", set(), {"a"}),
        ("x >> a", set(), {"a"}),
        ("x >| a", set(), {"a"}),
        ("x &> a", set(), {"a"}),
        ("x &>> a", set(), {"a"}),
        ("x >& a", set(), {"a"}),
        ("x <> a", {"a"}, {"a"}),
        ("x 2> a", set(), {"a"}),
        ("x 3< a", {"a"}, set()),
        ("{ x; y; } < a > b", {"a"}, {"b"}),
        ("> a", set(), {"a"}),
        ("exec 3< a", {"a"}, set()),
        ("exec {fd}< a", {"a"}, set()),
        ("for i in 1; do x; done < a", {"a"}, set()),
        ("x > /dev/null 2> /dev/stderr < /dev/stdin", set(), set()),
        ("x < $(echo a)", {"a"}, set()),
        ("f=a; x > $f", set(), {"a"}),
        ("x 2>&1 >&2 <&3 3>&-", set(), set()),
        ("echo $(< a)", {"a"}, set()),
    ],
)
def test_redirections_touch_their_files(command: str, read: set[str], written: set[str]) -> None:
    analysis = analyse(command)
    assert reads(analysis) == read
    assert writes(analysis) == written
    assert all(touch.redirected for touch in analysis.touches if touch.access is Access.WRITE)


@pytest.mark.parametrize(
    "command",
    [
        "exec 3<<< .env; read f <&3; cat $f",
        "exec 3<<< .env; read -u 3 f; cat $f",
        "exec {fd}<<< .env; read f <&$fd; cat $f",
        "exec <<< .env; read f; cat $f",
        "{ read f; cat $f; } <<< .env",
        "while read f; do cat $f; done <<< $'a\\n.env'",
        "cat $(cat <<< .env)",
        "cat <<E | xargs cat\n.env\nE",
        "echo .env | { read f; cat $f; }",
        "echo .env | cat | xargs cat",
        "xargs cat < <(echo .env)",
        "cat $(cat <(echo .env))",
        "echo .env > >(xargs cat)",
        "echo .env | tee >(xargs cat)",
        "coproc echo .env; read f <&${COPROC[0]}; cat $f",
        "echo .env 3>&1 >&3 | xargs cat",
        "coproc xargs cat; echo .env >&${COPROC[1]}",
    ],
)
def test_what_one_command_prints_another_reads(command: str) -> None:
    assert ".env" in reads(analyse(command))


def test_the_text_of_a_file_is_known_once_it_is_written() -> None:
    assert ".env" in reads(analyse("echo .env > a; cat $(cat a)"))
    assert ".env" in reads(analyse("printf .e > a; printf nv >> a; cat $(< a)"))
    assert ".env" not in reads(analyse("echo .env > a; echo x > a; cat $(< a)"))


def test_in_one_of_two_ways_a_file_may_hold_either() -> None:
    assert {".env", "x"} <= reads(analyse("if y; then echo .env > a; else echo x > a; fi; cat $(< a)"))


def test_bash_s_sockets_are_contacts_and_no_files() -> None:
    analysis = analyse("exec 3<>/dev/tcp/evil.example/80; cat < /dev/udp/$X/1")
    assert [contact.host for contact in analysis.contacts] == ["evil.example", None]
    assert analysis.touches == ()


def test_a_hidden_file_is_meant_by_a_star_once_the_shell_is_told_so() -> None:
    assert reads(analyse("cat *")) == {"*"}
    assert reads(analyse("shopt -s dotglob; cat * a/*")) == {"*", ".*", "a/*", "a/.*"}
    assert ".*" in reads(analyse("GLOBIGNORE=x; cat *"))


def test_paths_are_seen_from_where_the_command_began() -> None:
    analysis = analyse("cd src; cat a; cat ../b > c", cwd="/w")
    assert reads(analysis) == {"/w/src/a", "/w/b"}
    assert writes(analysis) == {"/w/src/c"}


def test_links_lead_where_they_lead() -> None:
    assert "~/.ssh/id_rsa" in reads(analyse("ln -s ~/.ssh k; cat k/id_rsa"))
    assert "/etc/shadow" in reads(analyse("ln -s / r && cat r/etc/shadow"))


@pytest.mark.parametrize(
    "command",
    [
        "f() { f; }; f",
        "f() { f; f; }; f",
        ":(){ :|:& };:",
        'x=\'eval "$x"\'; eval "$x"',
        'x=\'x="$x$x"; eval "$x"\'; eval "$x"',
        "echo 'source f; source f' > f; source f",
        "echo 'bash f; bash f' > f; bash f",
        "x='${x@P}'; echo \"${x@P}\"",
        "while :; do while :; do while :; do i=$((i+1)); j=$i$j; done; done; done",
        "for i in 1 2 3 4 5 6 7 8; do " * 8 + "echo $i;" + "done;" * 8,
    ],
)
def test_what_never_ends_is_left_and_called_opaque(command: str) -> None:
    analysis = analyse(f"cat a; {command}; cat .env")
    assert len(analysis.opaque) >= 1
    assert (UNKNOWN,) in analysis.commands
    assert ".env" in {touch.path for touch in analysis.touches}


@pytest.mark.parametrize(
    "command",
    [
        "cat {1..99999999}",
        "for i in {1..100000}; do echo $i; done",
        "for ((i=0; i<100000000; i++)); do x=$i; done",
        "while true; do sleep 1; done",
        "while true; do i=$((i+1)); done",
        "for i in $(seq 1 100000); do curl -s localhost/$i; done",
        "until curl -sf localhost; do sleep 1; done",
        "x=aaaaaaaaaaaaaaaa; " + "x=$x$x; " * 60 + "echo ${#x}",
        "x=$(yes); echo ${x//*a*a*a*b/}",
        "alias a='a a'; a",
        "declare -n a=b; declare -n b=a; a=1; echo $a",
    ],
)
def test_what_is_long_but_harmless_is_bounded_and_not_called_opaque(command: str) -> None:
    analysis = analyse(f"{command}; cat a")
    assert analysis.opaque == ()
    assert "a" in reads(analysis)
