"""Programs that list, copy, move, link, change and delete files."""

import pytest
from asking import ask, deeds, edited, read, written
from deeds import deeds_of, printed_by, rows

from guardian_ci.policy.shell.facts import TAME
from guardian_ci.policy.shell.programs.table import TAME_LINE

PATCH = "--- a/src/one.py\n+++ b/src/one.py\n@@ -1 +1 @@\n-a\n+b\n"


CODEX = "*** Begin Patch\n*** Update File: src/one.py\n@@\n-a\n+b\n*** End Patch\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cp a b", read("a") | written("b")),
        ("cp -t there a b", read("a", "b") | written("there")),
        ("cp -r ../conf here", read("../conf", "../conf/**") | written("here")),
        ("install -m 600 a b", read("a") | written("b")),
        ("install -d there", written("there")),
        ("mv a b", edited("a") | written("b")),
        ("mv -t there a b", edited("a", "b") | written("there")),
        ("ln a b", read("a") | written("b")),
        ("ln -s ../a sub/b", read("../a", "sub/../a") | written("sub/b")),
        ("ln -s /etc/hosts sub/b", read("/etc/hosts") | written("sub/b")),
        ("rm -rf a b", written("a", "b")),
        ("mkdir -p -m 700 a", written("a")),
        ("touch -r a b", read("a") | written("b")),
        ("chmod 600 a", written("a")),
        ("chown root a", written("a")),
        ("truncate -s 0 a", written("a")),
        ("shred -n 3 a", written("a")),
        ("rename 's/a/b/' a", edited("a")),
        ("unlink a", written("a")),
    ],
)
def test_a_program_reads_what_it_copies_and_writes_what_it_makes_or_removes(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


@pytest.mark.parametrize(
    ("line", "stdin", "expected"),
    [
        ("patch -p1", PATCH, edited("src/one.py")),
        ("patch a.txt fix.patch", None, edited("a.txt") | read("fix.patch")),
        ("patch -p1 -i fix.patch", None, edited("src/one.py") | read("fix.patch")),
        ("apply_patch", CODEX, edited("src/one.py")),
    ],
)
def test_a_patch_names_the_files_it_changes(line: str, stdin: str | None, expected: set[str]) -> None:
    assert deeds(line, stdin, {"fix.patch": PATCH}) >= expected


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("ls", "*\n"),
        ("ls -a", "*\n.*\n"),
        ("ls -d .env", ".env\n"),
        ("tree src", "src/**\n"),
        ("mktemp", f"/tmp/tmp.{TAME}\n"),
        ("mktemp -p out --suffix .env", f"out/tmp.{TAME}.env\n"),
        ("stat -c %n a", "a\n"),
        ("stat a", TAME_LINE),
        ("df -h", TAME_LINE),
        ("pwd", ".\n"),
    ],
)
def test_a_listing_prints_names_that_may_be_and_facts_that_name_nothing(line: str, output: str) -> None:
    assert ask(line).output == output


@pytest.mark.parametrize("line", ["ls -la .env", "stat .env", "getfacl .env", "ls .ssh/"])
def test_a_listing_reads_nothing_of_what_is_in_the_files(line: str) -> None:
    assert deeds(line) == set()


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
