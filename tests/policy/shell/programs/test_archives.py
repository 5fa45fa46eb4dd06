"""What programs that pack and unpack do."""

import pytest
from deeds import deeds_of, printed_by, rows

DEEDS = r"""
tar czf a.tgz src ⇒ write a.tgz; read src
tar -cf - -C dir x ⇒ read dir; read dir/x
tar xf a.tar ⇒ read a.tar
tar xzf a.tgz -C out ⇒ read a.tgz; write out
tar -xOf a.tar file ⇒ read a.tar; maybe file
tar xO ⇒ dark
tar c . ⇒ read .
tar cT list ⇒ read list
tar --create --file=a.tar --files-from=- <<< .env\n ⇒ read .env; write a.tar
tar xf a.tar --to-command='sh x' ⇒ read a.tar; shell sh x
tar cf a.tar x --checkpoint=1 --checkpoint-action=exec='sh x' ⇒ write a.tar; read x; shell sh x
tar -I 'sh -c x' -xf a.tar ⇒ read a.tar; shell sh -c x
tar cf host.example:a.tar x ⇒ read x; talk to host.example
tar tvf a.tar ⇒ read a.tar
tar cz ~ ⇒ read ~; read ~/**
tar rf a.tar b ⇒ write a.tar; read b
zip -r a.zip src ⇒ write a.zip; read src
zip a.zip .env -T -TT 'sh -c x' ⇒ write a.zip; read .env; shell sh -c x
zip -r a.zip . -i .env ⇒ write a.zip; read .; read .env
zip -@ a.zip <<< .env ⇒ write a.zip; read .env
unzip a.zip -d out ⇒ write out; read a.zip
unzip -p a.zip ⇒ read a.zip; dark
unzip -p a.zip member ⇒ read a.zip; maybe member
7z a a.7z src ⇒ write a.7z; read src
7z x a.7z -oout ⇒ read a.7z; write out
7z a a.7z @list ⇒ write a.7z; read list
cpio -o <<< .env\n ⇒ read .env
cpio -i -F a.cpio ⇒ maybe a.cpio
ar rcs lib.a a.o ⇒ read lib.a; write lib.a; read a.o
mksquashfs a b out.sq ⇒ read a; read b; write out.sq
"""

PRINTS = r"""
tar c . ⇒ UNKNOWN./**
tar cz ~ ⇒ UNKNOWN./**
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
