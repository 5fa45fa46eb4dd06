"""Where paths lead, by their letters and over links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.folders import (
    descriptor_of,
    followed,
    found_as,
    in_folder,
    is_pseudo,
    name_of,
    normal,
    parent,
)


@pytest.mark.parametrize(
    ("folder", "path", "place"),
    [
        (None, "a", "a"),
        (None, "./a", "./a"),
        ("src", "a", "src/a"),
        ("src", "../a", "a"),
        ("src", "../../a", "../a"),
        ("..", "../a", "../../a"),
        ("~", "../a", "~/../a"),
        ("/a", "../../b", "/b"),
        ("src", "/a", "/a"),
        ("src", "~/a", "~/a"),
        ("src", "C:\\a", "C:\\a"),
        ("src", "file:///a", "file:///a"),
        ("src", UNKNOWN, UNKNOWN),
        (UNKNOWN, "../a", f"{UNKNOWN}/../a"),
        ("src", ".", "src"),
        ("src", "", ""),
    ],
)
def test_a_path_is_read_from_the_folder_it_is_used_in(folder: str | None, path: str, place: str) -> None:
    assert in_folder(folder, path) == place


def test_links_are_followed_from_link_to_link_and_never_for_ever() -> None:
    links = {"a": ("b",), "b": ("~/.ssh",), "c": ("c/c",), "d": ("e",), "e": ("d",)}
    assert "~/.ssh/id" in followed("a/id", links)
    assert followed("x", links) == ("x",)
    assert len(followed("c/x", links)) <= 16
    assert set(followed("d", links)) == {"d", "e"}


def test_a_file_is_found_though_it_is_written_from_further_above() -> None:
    paths = ["/w/x.sh", "x.sh", "src/x.sh", "y.sh", "../x.sh"]
    assert list(found_as("./x.sh", paths)) == ["/w/x.sh", "x.sh", "src/x.sh", "../x.sh"]
    assert list(found_as("/w/x.sh", paths)) == ["/w/x.sh", "x.sh"]


@pytest.mark.parametrize("path", ["/dev/null", "/dev/stdin", "/dev/fd/3", "/proc/self/fd/0", "/dev/tty"])
def test_the_systems_own_files_are_known(path: str) -> None:
    assert is_pseudo(path)
    assert not is_pseudo(path + "/x")


def test_a_descriptor_has_its_number() -> None:
    assert [descriptor_of(path) for path in ("/dev/stdin", "/dev/fd/7", "/proc/self/fd/1", "a")] == [
        "0",
        "7",
        "1",
        None,
    ]


def test_the_parts_of_a_path_are_told_apart() -> None:
    assert (parent("a/b"), parent("a"), parent("/a")) == ("a", ".", "/")
    assert (name_of("a/b"), name_of("a/b/"), name_of("a")) == ("b", "b", "a")


@given(st.text(alphabet="ab./~", max_size=20))
def test_a_normal_path_stays_as_it_is(path: str) -> None:
    assert normal(normal(path)) == normal(path)
