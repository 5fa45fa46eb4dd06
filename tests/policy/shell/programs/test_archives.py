"""Archives: what is packed is read, what is unpacked is written, and commands hide in options."""

import pytest
from asking import ask, deeds, edited, perhaps, read, written

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
