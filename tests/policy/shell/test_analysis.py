"""What commands are said to do: the whole of the reading, with the real knowledge of programs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardian_ci.policy.shell.analysis import analyse
from guardian_ci.policy.shell.facts import NOTHING, TAME, UNKNOWN, Access, Analysis

TRICKS = (
    "cat .env", "cat $'\\x2eenv'", "x=.env; cat $x", "cat <<E | sh\ncat .env\nE", "eval \"cat .e''nv\"",
    "f() { cat $1; }; f .env", "for f in .e*; do cat $f; done", "a=(cat .env); ${a[@]}",
    "echo Y2F0IC5lbnY= | base64 -d | sh", "bash -c 'cat $0' .env", "while read f; do cat $f; done <<< .env",
    "case x in x) cat .env;; esac", "cat {.env,x}", "cd ~ && cat .ssh/id_rsa", "echo 'cat .env' > x; sh x",
    "exec 3<.env; cat <&3", "cat ${x:-.env}", "[[ .env =~ (.*) ]]; cat ${BASH_REMATCH[1]}",
)  # fmt: skip


def test_nothing_does_nothing() -> None:
    for text in ("", "\n", "# a", " \t", "\\\n"):
        assert analyse(text) == NOTHING


@pytest.mark.parametrize("command", TRICKS)
def test_a_trick_is_seen_through(command: str) -> None:
    assert any(
        touch.sure and (".env" in touch.path or ".e*" in touch.path or "id_rsa" in touch.path)
        for touch in analyse(command).touches
    )


@pytest.mark.parametrize(
    "command",
    [
        "git add -A && git commit -m 'Read .env first'",
        "npm ci && npm test -- --watch=false",
        'for f in src/*.py; do echo "$f"; done',
        'DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"; source "$DIR/lib.sh"',
        "python -m pytest -x -q 2>&1 | tail -20",
        'if [ -z "$CI" ]; then echo local; fi',
        'set -euo pipefail\nexport PATH="$HOME/.local/bin:$PATH"\nmake build',
        'tmp=$(mktemp -d); trap \'rm -rf "$tmp"\' EXIT; tar xzf a.tgz -C "$tmp"',
        'docker run --rm -v "$PWD:/w" -w /w node:22 npm test',
        'kubectl get pods -o json | jq -r ".items[].metadata.name"',
        'VERSION=$(git describe --tags); echo "v${VERSION#v}"',
        "while ! curl -sf localhost:8080; do sleep 1; done",
        "find . -name '*.pyc' -delete; ls -la | grep src | awk '{print $9}'",
        "cat > a.txt <<'EOF'\n$(not run) `nor this`\nEOF",
        'echo "${#files[@]} files, ${files[*]}"',
        "[[ $BRANCH =~ ^release/([0-9]+)$ ]] && echo ${BASH_REMATCH[1]}",
        'cp "$SRC" "$DEST"; rm -f "$PIDFILE"; cat "$file" | head',
        "bash build.sh && python tools/gen.py > out.txt",
    ],
)
def test_an_ordinary_command_is_not_opaque(command: str) -> None:
    assert analyse(command).opaque == ()


@pytest.mark.parametrize(
    "command",
    ["cat '\ufffc.env'", "eval '\ufff9'", "cat \ufff8", "a=\ufffc; $a", "cat .e\0nv"],
)
def test_a_command_cannot_bring_its_own_marks(command: str) -> None:
    said = repr(analyse(command))
    assert UNKNOWN not in said
    assert TAME not in said


def test_a_nul_is_left_out_as_the_shell_leaves_it_out() -> None:
    assert {touch.path for touch in analyse("cat .e\0nv").touches} == {".env"}


def test_a_text_longer_than_is_read_is_opaque_but_looked_into() -> None:
    analysis = analyse("cat .env; " + "#" * 1_100_000)
    assert {dark.reason for dark in analysis.opaque} == {"longer than what is read"}
    assert (".env", True) in {(touch.path, touch.sure) for touch in analysis.touches}


def test_a_large_here_document_is_ordinary() -> None:
    analysis = analyse("cat > a.txt <<'EOF'\n" + "some `text` with $signs\n" * 20_000 + "EOF\ncat b")
    assert analysis.opaque == ()
    assert "b" in {touch.path for touch in analysis.touches}


def test_the_same_command_is_read_once() -> None:
    assert analyse("cat a", cwd="/w") is analyse("cat a", cwd="/w")


def test_the_folder_and_the_scripts_of_the_session_count() -> None:
    assert analyse("cat a", cwd="src").touches[0].path == "src/a"
    assert ".env" in {touch.path for touch in analyse("sh x.sh", scripts={"x.sh": "cat .env"}).touches}


def sane(analysis: Analysis) -> bool:
    return (
        len(analysis.touches) <= 6_000
        and len(analysis.commands) <= 1_001
        and all(isinstance(touch.access, Access) and len(touch.path) <= 4_200 for touch in analysis.touches)
    )


@settings(deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_answered(text: str) -> None:
    assert sane(analyse(text))


PIECES = st.sampled_from(
    [
        "cat", ".env", " ", " ", "\n", ";", "|", "&&", "&", "$x", "x=", "$(", ")", "`", "'", '"', "{", "}", "((",
        "))", "[[", "]]", "if ", "then ", "fi", "for x in ", "do ", "done", "while ", "case x in ", "esac", ";;",
        "x) ", "f() ", "f", "eval ", "bash -c ", "<", ">", "<<E\n", "\nE\n", "<<<", "<(", ">&", "$'\\x2e'", "${x:-",
        "${x//", "/", "*", "{a,b}", "{1..9}", "~", "\\", "!", "#", "export ", "local ", "read x", "set -- ", "$@",
        "$1", "shift", "cd ", "..", "trap ", "alias ", "source ", "exec ", "printf -v x ", "$((", "x++", "a=(",
        "${a[@]}", "declare -n ", "echo ", "xargs ", "base64 -d ", "python -c ", "tee f", "sh f",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=40))
def test_any_mixture_of_what_shells_know_is_answered(pieces: list[str]) -> None:
    assert sane(analyse("".join(pieces)))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(TRICKS), st.integers(0, 60), st.integers(0, 5), PIECES)
def test_any_change_to_a_trick_is_answered(trick: str, begin: int, length: int, piece: str) -> None:
    assert sane(analyse(trick[:begin] + piece + trick[begin + length :]))
