"""Which paths the patterns of a list mean."""

import pathspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.default import KEY_FILES
from guardian_ci.policy.paths import Allowlist, Blocklist, Match, is_relative
from guardian_ci.policy.shell.facts import TAME, UNKNOWN


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
                ".env.",
                "file:///a/.env",
                ".env::$DATA",
                "/proc/self/cwd/.env",
                "~+/.env",
                "{README,.env}",
                f"{UNKNOWN}/.env",
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
                "**/*",
                "**/*.py",
                "src/**",
                ".env.x/y",
                "\uff0eenv",
                f"src/{UNKNOWN}.py",
                f"src/{UNKNOWN}",
                f"{TAME}/.git/hooks/{UNKNOWN}",
                f"{UNKNOWN}/x.py",
                f"{UNKNOWN}/*",
                f"{UNKNOWN}/**",
                f"/tmp/{UNKNOWN}",
                f"/usr/local/bin/{UNKNOWN}",
                TAME,
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
                f"{UNKNOWN}/.ssh/id_x",
                "//wsl$/Ubuntu/home/x/.ssh/y",
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
                "~/**/*.py",
                "~/src/**",
                f"~/{UNKNOWN}/main.py",
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
        (
            "~/.npmrc",
            ["~/.npmrc", "/root/.npmrc", "../../root/.npmrc", "~/../me/.npmrc", "$NPM_CONFIG_USERCONFIG"],
            [".npmrc", "/srv/repo/.npmrc", "../repo/.npmrc"],
        ),
        (
            "/proc/**/environ",
            ["/proc/self/environ", "/proc/*/environ", "/proc/1/task/1/environ"],
            ["/proc/1/status", "/*/**", "/*"],
        ),
        ("\\!odd", ["!odd"], ["odd"]),
        ("~/*", ["~/x", "/home/me/x/y"], ["x", "/srv/x"]),
        ("*", ["x", "/a/b", "~/x", ".env"], []),
        ("[a-c].txt", ["b.txt"], ["d.txt"]),
        ("file name.txt", ["a/file name.txt"], ["file"]),
    ],
)
def test_a_pattern_means_these_paths_and_not_those(pattern: str, blocked: list[str], free: list[str]) -> None:
    patterns = Blocklist([pattern])
    assert [path for path in blocked if patterns.match(path) != Match(0, certain=True)] == []
    assert [path for path in free if patterns.match(path) is not None] == []


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        (
            ".env",
            [
                ".*",
                ".??*",
                ".[a-z]*",
                "src/.*",
                "?env",
                "*env*",
                UNKNOWN,
                f"./{UNKNOWN}",
                f".e{UNKNOWN}",
                f"{UNKNOWN}.env",
                f"src{UNKNOWN}.env",
                f"{UNKNOWN}/{UNKNOWN}",
                "{" + ",".join(str(number) for number in range(100)) + "}",
            ],
        ),
        (
            "~/.ssh/*",
            [
                "~/*",
                "~/*/id",
                "~/**",
                "/root/**",
                "/home/me/**",
                "/home/**",
                "/**",
                "~/**/*",
                "~/**/id_rsa",
                "~/**/id_*",
                "/**/credentials",
                "~/.*",
                f"~/{UNKNOWN}",
                f"~/{UNKNOWN}/.ssh/x",
                f"{UNKNOWN}.ssh/x",
                UNKNOWN,
            ],
        ),
        ("~/.kube/config", [f"~/.{UNKNOWN}/config", "~/*/config", "~/**/config", f"{UNKNOWN}/.{UNKNOWN}/config"]),
        ("~/.npmrc", [f"{UNKNOWN}/.npmrc", f"~/{UNKNOWN}"]),
        ("/etc/shadow", ["/etc/**", "/etc/s*", f"{UNKNOWN}/etc/shadow", "/**"]),
        ("config/secrets.yml", ["config/*", "config/**", "*/secrets.yml", f"{UNKNOWN}/secrets.yml"]),
    ],
)
def test_a_path_that_may_as_well_be_another_only_may_be_meant(pattern: str, paths: list[str]) -> None:
    patterns = Blocklist([pattern])
    assert [path for path in paths if patterns.match(path) != Match(0, certain=False)] == [
        path for path in paths if path == "~/*/id"
    ]


def test_a_later_exception_takes_out_what_it_matches_itself() -> None:
    patterns = Blocklist(["id_rsa*", "!*.pub", "secret.pub"])
    assert patterns.match("~/.ssh/id_rsa.pub") is None
    assert patterns.match("id_*.pub") is None
    assert patterns.match("x/secret.pub") == Match(2, certain=True)
    assert patterns.match("x.pub/id_rsa") == Match(0, certain=True)
    assert patterns.match("id_rsa*") == Match(0, certain=True)


def test_a_match_names_the_last_pattern_that_blocks() -> None:
    assert Blocklist(["*.txt", "a.*", "b"]).match("a.txt") == Match(1, certain=True)


def test_a_pattern_that_surely_blocks_goes_before_one_that_may() -> None:
    assert Blocklist(["id_rsa", "~/.kube/config"]).match(f"~/.{UNKNOWN}/id_rsa") == Match(0, certain=True)


@pytest.mark.parametrize("word", ["secrets", ".key", "deploy", UNKNOWN, "*rsa*", ".*", "?env"])
def test_a_bare_word_of_a_command_is_not_a_folder_not_an_ending_and_not_a_guess(word: str) -> None:
    patterns = Blocklist(["secrets/*", "*.key", "deploy/**", "id_rsa", ".env"])
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
        "*.md",
        "src/*",
        "**/*.ts",
        "**/test_*.py",
        "*.*",
        "*.json",
        ".git/**",
        ".github/*",
        "./**",
        "app/[id]/page.tsx",
        "app/[...slug]/page.tsx",
        "~/.config/pip/pip.conf",
        "~/projects/**",
        f"build-{UNKNOWN}",
        f"{UNKNOWN}/dist",
        f"{UNKNOWN}/config.json",
        f"dist/{UNKNOWN}.whl",
        f"log-{TAME}.txt",
    ]
    assert [path for path in paths if patterns.match(path) is not None] == []


homes = st.sampled_from(
    ["~", "$HOME", "${HOME}", "/root", "/home/me", "/Users/me", "%USERPROFILE%", "~me", "C:/Users/me"]
)
detours = st.lists(st.sampled_from(["./", "/", "x/../", ".//", "a b/../", "../x/"]), max_size=4).map("".join)


def recased(draw: st.DrawFn, text: str) -> str:
    flips = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    return "".join(letter.swapcase() if flip else letter for letter, flip in zip(text, flips, strict=True))


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A path to a blocked file, however it is written."""
    where = draw(homes)
    way = draw(detours.filter(lambda detour: ".." not in detour.partition("x/")[0]))
    folder = draw(st.sampled_from([".ssh", ".s\u017fh", ".s\u200csh"]))
    name = draw(st.sampled_from(["id_rsa", "config", "ü", "u\u0308", "a b"]))
    end = draw(st.sampled_from(["", "/", "/.", ".", " ", "\n", "\0x"]))
    path = f"{where}/{way}{recased(draw, folder)}/{recased(draw, name)}{end}"
    return path.replace("/", "\\") if draw(st.booleans()) and not where.startswith("/") else path


@given(spelled())
def test_a_blocked_file_is_found_however_its_path_is_spelled(path: str) -> None:
    assert Blocklist(["~/.ssh/*"]).match(path) == Match(0, certain=True)


names = st.text(st.sampled_from("ab.é"), min_size=1, max_size=4).filter(lambda name: name.strip("."))
parts = (
    st.lists(st.sampled_from(["a", "b", "*", "?", "[ab]", "é", "."]), min_size=1, max_size=3)
    .map("".join)
    .filter(lambda part: part.strip("."))
)


@given(
    st.lists(parts | st.just("**"), min_size=1, max_size=3).filter(lambda way: way[-1] not in {"*", "**"}),
    st.lists(names.filter(lambda name: not name.endswith(".")), min_size=1, max_size=4),
)
def test_patterns_and_paths_agree_with_gitignore(pattern: list[str], path: list[str]) -> None:
    if any(part.endswith(".") for part in pattern):
        return  # a dot at a name's end is left out here, as Windows does
    # Here a pattern matches at any depth, as one that begins with "**" does in .gitignore.
    oracle = pathspec.PathSpec.from_lines("gitignore", ["**/" + "/".join(pattern)])
    found = Blocklist(["/".join(pattern)]).match("/".join(path))
    assert (found == Match(0, certain=True)) == oracle.match_file("/".join(path))


path_texts = st.text(st.sampled_from("ab.*/~\\$[]!:?-{},()@" + UNKNOWN + TAME), max_size=12)


@given(st.lists(path_texts.filter(lambda text: text.strip("!./\\ ")), max_size=4), path_texts)
def test_no_path_and_no_pattern_breaks_the_match(patterns: list[str], path: str) -> None:
    found = Blocklist(patterns).match(path)
    assert found is None or 0 <= found.index < len(patterns)
    assert Allowlist(patterns).allows(path) in {True, False, None}
    assert Allowlist(patterns, "/work/repo").allows(path) in {True, False, None}


@given(st.lists(st.sampled_from(["a", "b", ".env", "..", ".", "", "x y", UNKNOWN, "*"]), max_size=6))
def test_a_last_part_is_found_on_whatever_way(parts: list[str]) -> None:
    assert Blocklist([".env"]).match("/".join([*parts, ".env"])) == Match(0, certain=True)


@pytest.mark.parametrize(
    "path",
    [
        "a/" * 100_000,
        "*" * 100_000,
        "[" * 100_000,
        ("a*" * 200 + "/") * 50,
        "../" * 100_000,
        "*a/" * 50_000,
        f"{UNKNOWN}/" * 50_000,
        "**/" * 50_000,
        "{a,b}/" * 20_000,
        "@(a|b)/" * 20_000,
    ],
)
def test_a_long_path_costs_no_more_than_its_length(path: str) -> None:
    for patterns in (Blocklist(["**/a/**/b/**/c/**/d", "*a*a*a*a*b", "~/.ssh/*", ".env"]), Blocklist(KEY_FILES)):
        found = patterns.match(path)
        assert found is None or not found.certain


@pytest.mark.parametrize(
    ("patterns", "allowed", "open_", "denied"),
    [
        (
            ["./**"],
            [
                "src/a.py",
                "./x",
                ".",
                "a/../b",
                "src/**",
                "*.py",
                f"src/{UNKNOWN}",
                "/proc/self/cwd/x",
                "/dev/null",
                ".",
            ],
            [UNKNOWN, f"{UNKNOWN}/x", f"{UNKNOWN}/../x", TAME, f"{TAME}/x"],
            ["../x", "/etc/passwd", "~/x", "a/../../b", "/tmp/x", "C:\\x", "/", "$HOME"],
        ),
        (
            ["src/**", "*.md", "!src/secret/**"],
            ["src/a.py", "src", "README.md", "docs/x.md", "src/secretary"],
            ["*", "s*", "src/s*", "docs/*", "src/*/x"],
            ["setup.py", "src/secret/x.py", "src/secret", ".", "docs/x.py", "../x.md", "other/src/x"],
        ),
        (["~/.cache/**", "/tmp/**"], ["~/.cache/x", "/home/me/.cache/x", "/tmp/x", TAME], ["/tm?/x"], ["x", "/var/x"]),
        (["../shared/**"], ["../shared/x"], [], ["shared/x", "../x", "../../shared/x"]),
        ([], [], [], ["x", "/x"]),
        (["**"], ["x", "a/b"], [UNKNOWN], ["/x", "../x"]),
    ],
)
def test_a_file_is_allowed_if_the_list_holds_all_that_it_can_be(
    patterns: list[str], allowed: list[str], open_: list[str], denied: list[str]
) -> None:
    ready = Allowlist(patterns)
    said = {path: ready.allows(path) for path in (*allowed, *open_, *denied)}
    assert said == dict.fromkeys(allowed, True) | dict.fromkeys(open_) | dict.fromkeys(denied, False)


def test_a_known_folder_lets_absolute_paths_into_it() -> None:
    patterns = Allowlist(["src/**", "*.md", "../shared/**"], "/work/re[p]o")
    allowed = ["/work/re[p]o/src/x", "src/x", "/work/re[p]o/a/b.md", "../shared/x", "/work/shared/x"]
    denied = ["/work/repo/src/x", "/work/re[p]o/x", "/work/b.md", "../src/x", "/src/x", "~/src/x"]
    said = {path: patterns.allows(path) for path in (*allowed, *denied)}
    assert said == dict.fromkeys(allowed, True) | dict.fromkeys(denied, False)


def test_a_pattern_with_its_whole_way_lets_relative_paths_of_a_known_folder_in() -> None:
    assert Allowlist(["/work/repo/src/**"], "/work/repo").allows("src/x") is True
    assert Allowlist(["/work/repo/src/**"]).allows("src/x") is False


@pytest.mark.parametrize(
    ("path", "relative"), [("a", True), ("../a", True), ("/a", False), ("~/a", False), ("C:\\a", False)]
)
def test_a_path_is_relative_if_it_begins_where_somebody_is(path: str, relative: bool) -> None:
    assert is_relative(path) is relative
