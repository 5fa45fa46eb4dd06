"""What programs that search in texts and for files do."""

import pytest
from deeds import deeds_of, printed_by, rows

DEEDS = r"""
grep x a b ⇒ read a; read b
grep -e x a ⇒ read a
grep -f patterns a ⇒ read patterns; read a
grep -rn x src ⇒ read src
grep -r x ⇒ nothing
grep -r --include=.env x . ⇒ read .; read ./**/.env
grep -r '' . ⇒ read .; dark
grep -r . src ⇒ read src
grep -rl '' . ⇒ read .
grep -x --file=patterns a ⇒ read patterns; read a
grep -c x a ⇒ read a
zgrep x a.gz ⇒ read a.gz
rg x ⇒ nothing
rg -g .env x src ⇒ read src; read src/**/.env
rg --hidden --no-ignore '' ⇒ dark
rg --pre ./x y ⇒ shell ./x
ag -G '\.env$' x ⇒ read ./**/*.env; read ./**/.*.env; read ./**/.env
ack --type=py x lib ⇒ read lib
find src -name '.e*' -exec cat {} + ⇒ run cat src/**/.e*
find . -type f -exec cat {} \; ⇒ dark
find . -type f -exec grep -l x {} + ⇒ run grep -l x ./**
find . -name a -o -name b -delete ⇒ write ./**/a; write ./**/b
find . -name .env -fprint list ⇒ write list; read ./**/.env
find . -name '*.sh' -exec sh -c 'cat "$1"' _ {} \; ⇒ run sh -c cat "$1" _ ./**/*.sh ./**/.*.sh ./**/.sh
fd '^\.env$' -x cat ⇒ run cat ./**/.env
fzf --preview 'cat {}' ⇒ shell cat {}
"""

PRINTS = r"""
grep -rl '' . ⇒ ./**\n
grep nv <<< *\n.*\n ⇒ *nv*\n.*nv*\n
rg --files -g '*.py' ⇒ ./**/*.py\n
find . -name '*.py' ⇒ ./**/*.py\n./**/.*.py\n./**/.py\n
find . -type f ⇒ ./**\n
find . -name a -o -name b -delete ⇒ ./**/a\n./**/b\n
find . ! -name a -name b ⇒ ./**/b\n
find . -newer ref -name a ⇒ ./**/a\n
find . -name .env -fprint list ⇒ ./**/.env\n
find . -regex '.*/\.env' ⇒ ./**/.env\n
find . -path './a/*' ⇒ ./**/a/*\n
find / -name id_rsa ⇒ /**/id_rsa\n
fd -e py ⇒ ./**/*.py\n
fd -H . src ⇒ src/**\n
locate db.txt ⇒ /**/*db.txt*\n
which python3 ⇒ /usr/bin/python3\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
