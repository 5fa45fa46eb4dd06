"""What programs that list, copy, move, link and change files do."""

import pytest
from deeds import deeds_of, printed_by, rows

DEEDS = r"""
cp a b ⇒ read a; write b
cp -r src dst ⇒ read src; write dst
cp -t dst a b ⇒ write dst; read a; read b
cp --target-directory=dst a ⇒ write dst; read a
cp -r ~ /tmp/x ⇒ read ~; write /tmp/x; read ~/**
install -m 600 a b ⇒ read a; write b
install -d new ⇒ write new
mv a b ⇒ read a; write a; write b
mv -t dst a b ⇒ write dst; read a; write a; read b; write b
ln -s ../.env sub/link ⇒ read ../.env; write sub/link; read sub/../.env
ln a b ⇒ read a; write b
ln -s target ⇒ read target; write .
rm -rf a b ⇒ write a; write b
rmdir a ⇒ write a
mkdir -p -m 700 a/b ⇒ write a/b
touch -r ref a ⇒ read ref; write a
chmod 600 a ⇒ write a
chmod --reference=ref a ⇒ read ref
chown user:group a b ⇒ write a; write b
truncate -s 0 a ⇒ write a
shred -u a ⇒ write a
patch -i fix.diff ⇒ read fix.diff
rename s/a/b/ a.txt ⇒ read a.txt; write a.txt
trash-put a ⇒ write a
unlink a ⇒ write a
"""

PRINTS = r"""
ls -la .env ⇒ .env\n*\n.*\n
ls -a ⇒ *\n.*\n
ls -d .* ⇒ .*\n
ls src/ ⇒ *\n
stat -c %n .e* ⇒ .e*\n
stat -c %s a ⇒ TAME\n
tree -L 2 src ⇒ src/**\n
mktemp -d ⇒ /tmp/tmp.TAME\n
mktemp /tmp/work.XXXX ⇒ /tmp/work.TAME\n
pwd ⇒ .\n
basename /a/b.txt .txt ⇒ b\n
du -sh a ⇒ TAME\n
du -a ⇒ TAME	./**\n
df -h ⇒ TAME\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
