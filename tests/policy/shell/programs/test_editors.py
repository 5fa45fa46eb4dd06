"""What editors do with files and commands."""

import pytest
from deeds import deeds_of, rows

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
