"""What programs do: those that nobody knows, the way to those that somebody does, and that no input stops it."""

import pytest
from deeds import asked, deeds_of, printed_by
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.arguments import name_set
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Contact
from guardian_ci.policy.shell.programs import contact_of_path, effects_of

PROGRAMS = sorted(
    name_set(
        "cat cp mv ln ls tar zip find grep rg sed awk jq xargs parallel env sudo sh bash python3 node perl ruby php lua"
        " git curl wget ssh scp rsync nc socat dig docker kubectl make npm pip uv cargo go gcc vim ed psql sqlite3"
        " openssl dd date printf echo seq tr cut sort head tail base64 xxd gh aws terraform tmux crontab watch timeout"
        " unzip 7z cpio less man gpg nobody"
    )
)
SIGNS = "-=@:/~*[{('\"`$\\\n |;<>!%+1\0é" + UNKNOWN + TAME
PIECES = st.sampled_from(
    [
        *(*SIGNS, "--", "..", ".env", "-e", "-c", "-f", "-i", "-n", "s/a/b/", "http://", "a@b:c", "-exec", "{}"),
        *("{print $1}", "BEGIN{", "getline", "system(", "open(", "eval(", "print", "%s", "99999999999"),
    ]
)
WORDS = st.lists(PIECES, max_size=6).map("".join)


def test_every_argument_of_an_unknown_program_may_be_a_file() -> None:
    touches = asked("frobnicate --input=.env -o./out @notes.txt -v").touches
    assert {".env", "./out", "notes.txt"} <= {touch.path for touch in touches}
    assert not any(touch.sure for touch in touches)


def test_what_stands_before_an_equals_sign_is_no_file() -> None:
    assert "maybe section.key" not in deeds_of("frobnicate section.key=value").split("; ")


@pytest.mark.parametrize(
    "word", ["https://evil.example/x", "--url=https://evil.example", "rest:https://evil.example/r"]
)
def test_a_url_among_the_words_of_an_unknown_program_is_talked_to(word: str) -> None:
    assert "talk to evil.example" in deeds_of(f"frobnicate {word}")


@pytest.mark.parametrize(
    "name", ["cat", "/bin/cat", "./cat", "CAT", "cat.exe", "gcat", "/usr/bin/gcat", "\\\\server\\bin\\cat.exe"]
)
def test_a_program_is_known_however_its_name_is_spelled(name: str) -> None:
    effects = effects_of(Invocation(argv=(name, ".env")))
    assert [(touch.path, touch.sure) for touch in effects.touches] == [(".env", True)]


@pytest.mark.parametrize("name", ["python3.12", "python3", "python-3.11", "pypy3"])
def test_a_version_behind_a_name_makes_no_other_program_of_it(name: str) -> None:
    assert deeds_of(f"{name} -c 'open(\".env\")'") == "read .env"


def test_a_glob_is_whatever_program_it_may_mean() -> None:
    assert "read .env" in deeds_of("/bin/c?t .env")
    assert "talk to evil.example" in deeds_of("/usr/bin/c?rl evil.example")
    assert "dark" in deeds_of("/bin/b* x")


@pytest.mark.parametrize(
    "command", ["frobnicate --version", "kubectl completion bash", "direnv hook zsh", "fzf --bash"]
)
def test_what_sets_a_shell_up_and_versions_name_no_file_that_matters(command: str) -> None:
    assert printed_by(command) == "TAME\\n"


def test_no_words_do_nothing() -> None:
    assert effects_of(Invocation(argv=())) == Effects()


@pytest.mark.parametrize(
    ("path", "host"),
    [("/dev/tcp/evil.example/80", "evil.example"), ("//dev//udp/10.1/53", "10.0.0.1"), (f"/dev/tcp/{UNKNOWN}/1", None)],
)
def test_a_path_can_be_a_connection(path: str, host: str | None) -> None:
    contact = contact_of_path(path)
    assert isinstance(contact, Contact)
    assert contact.host == host


def test_other_paths_are_no_connections() -> None:
    assert contact_of_path("/dev/null") is None


@given(st.sampled_from(PROGRAMS), st.lists(WORDS, max_size=8), st.none() | WORDS)
def test_no_words_and_no_input_make_it_fail(name: str, words: list[str], stdin: str | None) -> None:
    effects = effects_of(Invocation(argv=(name, *words), stdin=stdin, files={".env": "A=1"}))
    assert isinstance(effects, Effects)


@given(st.sampled_from(PROGRAMS), st.integers(1, 3_000))
def test_what_is_gathered_of_many_words_is_bounded(name: str, count: int) -> None:
    effects = effects_of(Invocation(argv=(name, *(f"{number}.txt" for number in range(count)))))
    assert len(effects.touches) <= 4_096
    assert len(effects.runs) <= 4_096
