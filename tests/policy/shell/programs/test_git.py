"""Git: files of revisions, remotes, settings that run something."""

import pytest
from asking import ask, deeds, edited, perhaps, read, written

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
