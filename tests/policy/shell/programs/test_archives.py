"""Archives: what is packed is read, what is unpacked is written, and commands hide in options."""

import pytest
from asking import ask, deeds, edited, perhaps, read, written
from deeds import deeds_of, printed_by, rows

from guardian_ci.policy.shell.programs.table import SWEPT


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tar czf out.tgz src .env", written("out.tgz") | read("src", ".env")),
        ("tar -cf out.tar -C conf key.pem", written("out.tar") | read("conf", "conf/key.pem")),
        ("tar -cf out.tar -C conf /etc/hosts", written("out.tar") | read("conf", "/etc/hosts", "/etc/hosts/**")),
        ("tar --create --file out.tar a", written("out.tar") | read("a")),
        ("zip -r out.zip src notes.txt", written("out.zip") | read("src", "notes.txt")),
        ("zip -r out.zip . -i .env", written("out.zip") | read(".", ".env")),
        ("zip -r out.zip . -x .env", written("out.zip") | read(".")),
        ("7z a out.7z src", written("out.7z") | read("src")),
        ("ar rcs lib.a one.o", edited("lib.a") | read("one.o")),
        ("mksquashfs src out.img", read("src") | written("out.img")),
    ],
)
def test_what_goes_into_an_archive_is_read(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tar xzf in.tgz", read("in.tgz")),
        ("tar xf in.tar -C there", read("in.tar") | written("there")),
        ("tar tf in.tar", read("in.tar")),
        ("unzip in.zip -d there", read("in.zip") | written("there")),
        ("7z x in.7z -othere", read("in.7z") | written("there")),
    ],
)
def test_unpacking_reads_the_archive_and_writes_where_it_is_told(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


def test_a_member_that_is_unpacked_may_become_a_file() -> None:
    assert ".env" in perhaps("tar xf in.tar .env") & perhaps("unzip in.zip .env") & perhaps("7z x in.7z .env")


@pytest.mark.parametrize(
    "line",
    [
        "tar xf in.tar --to-command 'sh run.sh'",
        "tar cf out.tar a -I 'sh run.sh'",
        "tar cf out.tar a --checkpoint=1 --checkpoint-action='exec=sh run.sh'",
        "zip out.zip a -T -TT 'sh run.sh'",
    ],
)
def test_an_option_that_takes_a_command_runs_it(line: str) -> None:
    assert "runs the text sh run.sh" in deeds(line)


@pytest.mark.parametrize("line", ["tar cf out.tar -T list", "7z a out.7z @list"])
def test_a_list_names_the_files_to_pack(line: str) -> None:
    assert deeds(line, files={"list": "a.txt\n.env\n"}) == written(line.split()[2]) | read("list", "a.txt", ".env")


@pytest.mark.parametrize("line", ["cpio -o", "zip out.zip -@"])
def test_names_to_pack_come_on_standard_input(line: str) -> None:
    assert read("a.txt", ".env") <= deeds(line, stdin="a.txt\n.env\n")


def test_an_archive_behind_a_host_is_sent_there() -> None:
    assert "talks to example.com" in deeds("tar cf example.com:out.tar src")
    assert "writes example.com:out.tar" in deeds("tar cf example.com:out.tar src --force-local")


@pytest.mark.parametrize("line", ["tar xOf -", "unzip -p in.zip"])
def test_all_of_an_archive_on_a_terminal_is_opaque(line: str) -> None:
    assert "is opaque" in deeds(line)


def test_one_member_on_a_terminal_is_not_opaque() -> None:
    assert "is opaque" not in deeds("tar xOf - README.md") | deeds("unzip -p in.zip README.md")


def test_a_whole_folder_that_is_piped_on_is_known_as_such() -> None:
    assert ask("tar czf - .").output == SWEPT
    assert ask("tar czf - src").output is None
    assert ask("tar czf out.tgz .").output is None


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
