"""Programs that list, copy, move, link, change and delete files."""

import pytest
from asking import ask, deeds, edited, read, written

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
