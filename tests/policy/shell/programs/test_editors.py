"""Editors: files that are opened, and commands that are given with them."""

import pytest
from asking import deeds, edited, read, written
from deeds import deeds_of, rows

RUNS = {"runs the text cat a.txt"}


@pytest.mark.parametrize("editor", ["vim", "nano", "code", "ed", "emacs", "hx"])
def test_an_editor_reads_and_writes_the_files_it_opens(editor: str) -> None:
    assert deeds(f"{editor} notes.txt") == edited("notes.txt")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("vim -c '!cat a.txt'", RUNS),
        ("vim -c 'silent !cat a.txt'", RUNS),
        ("vim -c 'exe \"!cat a.txt\"'", RUNS),
        ("vim -c 'silent execute \"!cat a | sort\"'", {"runs the text cat a | sort"}),
        ("vim '+r !cat a.txt'", RUNS),
        ("vim -c 'silent! 1,5write b.txt'", written("b.txt")),
        ("vim -c 'filetype on' -c 'echo 1'", set()),
        ("vim -c 'r a.txt' -c 'w b.txt'", read("a.txt") | written("b.txt")),
        ("vim -c 'e a.txt | w b.txt'", read("a.txt") | written("b.txt")),
        ("vim -es -c 'call system(\"cat a.txt\")'", RUNS),
        ("vim -c 'let x = readfile(\"a.txt\")'", read("a.txt")),
        ("vim -c 'call writefile([], \"b.txt\")'", written("b.txt")),
        ("vim -S a.vim", read("a.vim")),
        ("vim -c 'py3 open(\"a.txt\").read()'", read("a.txt")),
        ("vim +12 notes.txt", edited("notes.txt")),
    ],
)
def test_the_commands_of_vim_read_write_and_run(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


@pytest.mark.parametrize(
    ("line", "stdin", "expected"),
    [
        ("ed -s", "r a.txt\nw b.txt\nq\n", read("a.txt") | written("b.txt")),
        ("ed -s", "!cat a.txt\nq\n", RUNS),
        ("ed '!cat a.txt'", None, RUNS),
        ("ex notes.txt", "r a.txt\n", edited("notes.txt") | read("a.txt")),
    ],
)
def test_a_line_editor_takes_commands_from_standard_input(line: str, stdin: str | None, expected: set[str]) -> None:
    assert deeds(line, stdin) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("emacs --batch --eval '(find-file \"a.txt\")'", edited("a.txt")),
        ("emacs --batch --eval '(shell-command \"cat a.txt\")'", RUNS),
        ('emacs --batch --eval \'(call-process "cat" nil t nil "a.txt")\'', {"runs cat a.txt"}),
        ("emacs --script a.el", read("a.el")),
    ],
)
def test_the_lisp_of_emacs_reads_writes_and_runs(line: str, expected: set[str]) -> None:
    assert deeds(line) >= expected


DEEDS = r"""
vim a ⇒ read a; write a
vim -c 'r .env' -c 'w out' -c q ⇒ read .env; write out
vim -es -c ':!cat .env' -c q ⇒ shell cat .env
vim +'r .env' a ⇒ read a; write a; read .env
vim -S x.vim ⇒ read x.vim
vim -c 'call writefile(readfile(".env"), "out")' a ⇒ read a; write a; write out; read .env
vim -c "call system('cat .env')" ⇒ shell cat .env
vim -c 'py3 open(".env")' ⇒ read .env
vim -es -c 'r .env|%p|q!' ⇒ read .env
ed a <<< r .env\n!cat b\nw out ⇒ read a; write a; read .env; write out; shell cat b
ex -s a <<< %p ⇒ read a
emacs --batch --eval '(insert-file-contents ".env")' ⇒ read .env; write .env; maybe .env
emacs --batch --eval '(shell-command "cat .env")' ⇒ maybe cat .env; maybe .env; maybe cat; shell cat .env
emacs --batch -l x.el a ⇒ read x.el; read a; write a
nano a ⇒ read a; write a
code --goto a:1 ⇒ nothing
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds
