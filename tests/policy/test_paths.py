"""Which paths the patterns of a blocklist mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.default import KEY_FILES
from guardian_ci.policy.paths import Blocklist


@pytest.mark.parametrize(
    ("pattern", "blocked", "free"),
    [
        (
            ".env",
            [
                ".env",
                "./.env",
                "a/.env",
                "/srv/a/.env",
                ".ENV",
                "a/../.env",
                "../.env",
                ".env/x",
                "a\\.env",
                "~/.env",
                ".e*",
                ".en[v]",
            ],
            [
                ".env.example",
                "x.env",
                ".envrc",
                "env",
                "environment.md",
                "process.env",
                ".en",
                "*",
                ".*",
                "?env",
                ".env.x/y",
            ],
        ),
        (
            "~/.ssh/*",
            [
                "~/.ssh/id_rsa",
                "$HOME/.ssh/id_rsa",
                "${HOME}/.ssh/id_rsa",
                "/home/x/.ssh/id_rsa",
                "/root/.ssh/id_rsa",
                "/Users/x/.ssh/id_rsa",
                "/github/home/.ssh/id_rsa",
                "/var/lib/jenkins/.ssh/id_rsa",
                "C:\\Users\\x\\.ssh\\id",
                "c:/users/x/.ssh/id",
                "/mnt/c/Users/x/.ssh/id",
                "%USERPROFILE%\\.ssh\\id",
                "$env:USERPROFILE\\.ssh\\id",
                "~root/.ssh/a/b/c",
                "~/.ssh",
                "~/.ssh/",
                "/home/x/.ssh",
                "../../root/.ssh/x",
                ".ssh/id_rsa",
                "~/x/../.ssh/y",
                "/proc/self/root/root/.ssh/x",
                "//root//.ssh//x",
                "/root/./.ssh/x",
                "~/.s*/id_rsa",
                "~/.ss?/x",
                "~/../x/.ssh/y",
            ],
            [
                "~/ssh/x",
                "~/.sshx/y",
                "ssh",
                "src/ssh/x",
                "tests/.ssh/x",
                "~",
                "/home/x",
                "/root",
                "~/.s",
                "/home/x/ssh",
            ],
        ),
        ("*.pem", ["x.pem", "a/b/X.PEM", "/x.pem", ".pem", "x.pem/y", "*.pem"], ["x.pem.md", "pem", "xpem", "*"]),
        ("id_rsa*", ["id_rsa", "~/.ssh/id_rsa.old", "id_rsa_x"], ["grid_rsa", "id_rs"]),
        (
            "config/secrets.yml",
            ["config/secrets.yml", "/app/config/secrets.yml", "./config/secrets.yml"],
            ["secrets.yml", "config/x"],
        ),
        ("./secrets/", ["secrets/x", "a/secrets/b/c", "secrets"], ["secret/x", "secrets.md"]),
        ("secrets/*", ["secrets/x", "secrets"], ["x/secret"]),
        ("secrets/**/*.key", ["secrets/a.key", "secrets/x/y/a.key", "z/secrets/a.key"], ["secrets/a.txt", "a.key"]),
        ("**/private/**", ["private/x", "a/b/private/c", "a/private"], ["privates/x"]),
        (
            "/etc/shadow",
            ["/etc/shadow", "../../etc/shadow", "etc/shadow"],
            ["/etc/passwd", "/srv/etc/shadow", "~/etc/shadow"],
        ),
        ("/root/.ssh/*", ["/root/.ssh/x", "~/.ssh/x", "~root/.ssh/x", "$HOME/.ssh/x"], ["/etc/x"]),
        ("/home/*/.aws/*", ["/home/me/.aws/credentials", "~/.aws/credentials"], ["/home/me/aws", "/home"]),
        (
            "~/notes.txt",
            ["~/notes.txt", "/home/me/notes.txt", "/root/notes.txt"],
            ["notes.txt", "/srv/notes.txt", "docs/notes.txt"],
        ),
        ("~/.npmrc", ["~/.npmrc", "/root/.npmrc"], [".npmrc", "/srv/repo/.npmrc"]),
        ("~/*", ["~/x", "/home/me/x/y"], ["x", "/srv/x"]),
        ("*", ["x", "/a/b", "~/x", ".env"], []),
        ("[a-c].txt", ["b.txt"], ["d.txt"]),
        ("file name.txt", ["a/file name.txt"], ["file"]),
    ],
)
def test_a_pattern_means_these_paths_and_not_those(pattern: str, blocked: list[str], free: list[str]) -> None:
    patterns = Blocklist([pattern])
    assert [path for path in blocked if patterns.match(path) is None] == []
    assert [path for path in free if patterns.match(path) is not None] == []


def test_a_later_exception_takes_out_what_it_matches_itself() -> None:
    patterns = Blocklist(["id_rsa*", "!*.pub", "secret.pub"])
    assert patterns.match("~/.ssh/id_rsa.pub") is None
    assert patterns.match("x/secret.pub") == 2
    assert patterns.match("x.pub/id_rsa") == 0


def test_a_match_names_the_last_pattern_that_blocks() -> None:
    assert Blocklist(["*.txt", "a.*", "b"]).match("a.txt") == 1


@pytest.mark.parametrize("word", ["secrets", ".key", "deploy"])
def test_a_bare_word_of_a_command_is_not_a_folder_and_not_an_ending(word: str) -> None:
    patterns = Blocklist(["secrets/*", "*.key", "deploy/**"])
    assert patterns.match_word(word) is None
    assert patterns.match_word(f"./{word}") is not None


def test_the_default_patterns_leave_a_working_folder_alone() -> None:
    patterns = Blocklist(KEY_FILES)
    paths = [
        "src/main.py",
        ".env.example",
        ".github/workflows/ci.yml",
        "package.json",
        "docs/keys.md",
        "~/.cache/pip",
        ".npmrc",
        "/srv/repo/.npmrc",
        "id_rsa.pub",
        "tests/fixtures/key.txt",
        "/tmp/x",
        "README.md",
        "~/.gitconfig",
    ]
    assert [path for path in paths if patterns.match(path) is not None] == []


path_texts = st.text(st.sampled_from("ab.*/~\\$[]!:?-"), max_size=12)


@given(st.lists(path_texts.filter(lambda text: text.strip("!./\\ ")), max_size=4), path_texts)
def test_no_path_and_no_pattern_breaks_the_match(patterns: list[str], path: str) -> None:
    index = Blocklist(patterns).match(path)
    assert index is None or 0 <= index < len(patterns)


@given(st.lists(st.sampled_from(["a", "b", ".env", "..", ".", "", "x y"]), max_size=6))
def test_a_last_part_is_found_on_whatever_way(parts: list[str]) -> None:
    assert Blocklist([".env"]).match("/".join([*parts, ".env"])) == 0


@pytest.mark.parametrize(
    "path", ["a/" * 100_000, "*" * 100_000, "[" * 100_000, ("a*" * 200 + "/") * 50, "../" * 100_000]
)
def test_a_long_path_costs_no_more_than_its_length(path: str) -> None:
    patterns = Blocklist(["**/a/**/b/**/c/**/d", "*a*a*a*a*b", "~/.ssh/*", ".env"])
    assert patterns.match(path) is None
