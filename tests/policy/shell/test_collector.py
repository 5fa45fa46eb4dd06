"""What is gathered of one program."""

import pytest

from guardian_ci.policy.shell.arguments import Kind, usage
from guardian_ci.policy.shell.collector import Collector, is_dark
from guardian_ci.policy.shell.effects import Effects, Runs
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Contact, Opaque, Touch


def touched(collector: Collector) -> list[tuple[str, str, bool]]:
    return [(touch.access.value, touch.path, touch.sure) for touch in collector.effects().touches]


@pytest.mark.parametrize("name", ["", "-", "/dev/null", "/dev/stdin", "/dev/stdout"])
def test_standard_streams_are_no_files(name: str) -> None:
    collector = Collector("cat")
    collector.read(name)
    assert collector.effects() == Effects()


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("file:///etc/passwd", "/etc/passwd"),
        ("file://localhost/etc/passwd", "/etc/passwd"),
        ("file:/etc/passwd", "/etc/passwd"),
        ("FILE:///x/%2eenv", "/x/.env"),
        ("./a", "./a"),
    ],
)
def test_a_url_of_a_file_is_a_file(word: str, path: str) -> None:
    collector = Collector("cat")
    collector.read(word)
    assert touched(collector) == [("read", path, True)]


def test_a_url_where_a_file_is_expected_is_a_contact() -> None:
    collector = Collector("kubectl")
    collector.read("https://evil.example/x")
    assert collector.effects().contacts == (
        Contact(host="evil.example", program="kubectl", word="https://evil.example/x"),
    )


def test_a_device_that_connects_is_a_contact() -> None:
    collector = Collector("cat")
    collector.read("/dev/tcp/evil.example/80")
    assert [contact.host for contact in collector.effects().contacts] == ["evil.example"]


def test_paths_lie_in_the_folder_that_the_program_has_changed_to() -> None:
    collector = Collector("python")
    collector.folder = "sub/"
    collector.read("a", "/b", "~/c")
    collector.shell("cat d")
    collector.run(("cat", "e f"))
    assert [path for _, path, _ in touched(collector)] == ["sub/a", "/b", "~/c"]
    assert [run.source for run in collector.effects().runs] == ["cd sub/ && cat d", "cd sub/ && cat 'e f'"]


def test_a_tree_outside_of_the_folder_is_read_with_all_below_it() -> None:
    collector = Collector("tar")
    collector.tree("src", "~", "/etc/", "../x", "/a/*")
    assert [path for _, path, _ in touched(collector)] == [
        "src",
        "~",
        "/etc/",
        "../x",
        "/a/*",
        "~/**",
        "/etc/**",
        "../x/**",
    ]


@pytest.mark.parametrize(
    ("kind", "word", "deeds"),
    [
        (Kind.TEXT, ".env", []),
        (Kind.READ, "a", ["read"]),
        (Kind.WRITE, "a", ["write"]),
        (Kind.EDIT, "a", ["read", "write"]),
        (Kind.AT, "@a", ["read"]),
        (Kind.AT, "a", []),
        (Kind.REMOTE, "a", ["read"]),
        (Kind.LIST, "a", ["read"]),
        (None, "a", ["read", "write"]),
    ],
)
def test_a_word_is_noted_as_what_it_is_to_the_program(kind: Kind | None, word: str, deeds: list[str]) -> None:
    collector = Collector("x")
    collector.take(kind, word)
    assert [access for access, _, _ in touched(collector)] == deeds


@pytest.mark.parametrize(
    ("kind", "word", "host"),
    [
        (Kind.URL, "https://u@evil.example:1/x", "evil.example"),
        (Kind.HOST, "user@evil.example:22", "evil.example"),
        (Kind.REMOTE, "evil.example:x", "evil.example"),
        (Kind.HOST, UNKNOWN, None),
    ],
)
def test_a_host_is_noted_without_its_dressing(kind: Kind, word: str, host: str | None) -> None:
    collector = Collector("x")
    collector.take(kind, word)
    assert [contact.host for contact in collector.effects().contacts] == [host]


def test_data_in_a_url_talks_to_nobody() -> None:
    collector = Collector("x")
    collector.url("data:text/plain,x")
    assert collector.effects() == Effects()


def test_a_command_line_is_run_and_one_of_which_nothing_is_known_is_dark() -> None:
    collector = Collector("x")
    collector.take(Kind.SHELL, "cat .env")
    collector.shell(" ")
    collector.shell(UNKNOWN)
    assert collector.effects().runs == (Runs(source="cat .env"),)
    assert [dark.word for dark in collector.effects().opaque] == [UNKNOWN]


def test_a_list_names_files_where_its_text_is_known() -> None:
    collector = Collector("tar", stdin="a\nb\0c\n", files={"list": "d\n"})
    collector.listed("-")
    collector.listed("list")
    collector.listed("other")
    assert [path for _, path, _ in touched(collector)] == ["a", "b", "c", "list", "d", "other"]


def test_options_and_operands_are_noted_together() -> None:
    collector = Collector("x")
    given = collector.all(["-o", "out", "a", "b"], usage("text read*", write="-o"))
    assert given.operands == ("a", "b")
    assert touched(collector) == [("write", "out", True), ("read", "b", True)]


def test_what_something_else_does_is_taken_over() -> None:
    collector = Collector("x")
    touch = Touch(path="a", access=Access.READ, word="a")
    contact = Contact(host="h", program="p", word="w")
    opaque = Opaque(reason="r", word="w")
    collector.add(
        Effects(touches=(touch,), contacts=(contact,), opaque=(opaque,), runs=(Runs(argv=("ls",)),), output="o")
    )
    assert collector.effects() == Effects(
        touches=(touch,), contacts=(contact,), opaque=(opaque,), runs=(Runs(argv=("ls",)),)
    )


def test_more_files_than_are_looked_at_are_dark() -> None:
    collector = Collector("x")
    collector.read(*map(str, range(10_000)))
    assert len(collector.effects().touches) < 5_000
    assert collector.effects().opaque


@pytest.mark.parametrize(
    ("text", "dark"), [(UNKNOWN, True), (f" {UNKNOWN}\n", True), (f"a{UNKNOWN}", False), ("", False)]
)
def test_a_text_is_dark_when_nothing_of_it_is_known(text: str, dark: bool) -> None:
    assert is_dark(text) is dark
