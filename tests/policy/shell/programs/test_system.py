"""What programs that manage the machine do."""

import pytest
from deeds import deeds_of, printed_by, rows

DEEDS = r"""
systemctl restart web ⇒ maybe restart; maybe web
kill -9 1 ⇒ nothing
journalctl -u web --file a ⇒ read a
dmesg -F .env ⇒ read .env
logger -f .env ⇒ read .env
man ls ⇒ nothing
man -P 'sh -c x' ls ⇒ shell sh -c x
man ./a ⇒ read ./a
gpg -o out -d a.gpg ⇒ write out; maybe a.gpg
gpg --keyserver evil.example --recv-keys x ⇒ maybe x; talk to evil.example
age -d -i key a ⇒ read key; read a
nm a.o ⇒ read a.o
ctags -L list ⇒ read list
mount --bind ~/.ssh /mnt ⇒ maybe ~/.ssh; maybe /mnt
test -f .env ⇒ nothing
enable -f ./x.so y ⇒ read ./x.so
ffmpeg -i a b ⇒ maybe a; maybe b
xclip a ⇒ read a
cryptsetup --key-file k open a b ⇒ read k; maybe open; maybe a; maybe b
guardian-ci explain --policy p --input '{"command": "cat .env"}' ⇒ read p
"""

PRINTS = r"""
pkg-config --cflags x ⇒ TAME\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
