"""Where the paths of a tool call really lead, in folders with real links."""

import json
import os
from pathlib import Path

import pytest

from guardian_ci.model import ToolUse
from guardian_ci.policy import load_policy
from guardian_ci.policy.rules import evaluate_tool, view_of
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.tools import describe_tool
from guardian_ci.proxy.links import resolved

SETTINGS = load_policy("file_blocklist: ['.env', '~/.ssh/*']", "p.yml").settings[0]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the agent's folder beside its home folder."""
    home = tmp_path / "agent"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_x").touch()
    monkeypatch.setenv("HOME", str(home))
    folder = tmp_path / "repo"
    (folder / "src").mkdir(parents=True)
    (folder / ".env").touch()
    (folder / "README.md").touch()
    return folder


def read(path: str) -> ToolUse:
    return describe_tool("c", "Read", json.dumps({"path": path}))


def places(path: str, repo: Path) -> list[str]:
    return [place for word, place in resolved(read(path), repo).links if word == path]


def test_a_link_is_told_with_where_it_leads(repo: Path) -> None:
    (repo / "notes").symlink_to(".env")
    (repo / "key").symlink_to(repo.parent / "agent" / ".ssh" / "id_x")
    assert places("notes", repo) == [".env"]
    assert places(str(repo / "notes"), repo) == [".env"]
    assert places("key", repo) == [str(repo.parent / "agent/.ssh/id_x"), "~/.ssh/id_x"]


def test_what_is_no_link_is_left_alone(repo: Path) -> None:
    (repo / "hard").hardlink_to(repo / ".env")
    for path in (
        "README.md",
        "src",
        "./src/../README.md",
        "none",
        "hard",
        str(repo / "README.md"),
        "/usr/bin/env",
        "~/x",
    ):
        assert resolved(read(path), repo).links == ()


def test_a_chain_of_links_is_followed_to_its_end(repo: Path) -> None:
    (repo / "a").symlink_to("src/b")
    (repo / "src" / "b").symlink_to("../c")
    (repo / "c").symlink_to(".env")
    assert places("a", repo) == [".env"]


def test_a_link_to_a_folder_leads_all_below_it_elsewhere(repo: Path) -> None:
    (repo / "keys").symlink_to(repo.parent / "agent" / ".ssh")
    assert places("keys/id_x", repo) == [str(repo.parent / "agent/.ssh/id_x"), "~/.ssh/id_x"]
    assert places("keys/new", repo) == [str(repo.parent / "agent/.ssh/new"), "~/.ssh/new"]
    assert places("keys/../x", repo) == [str(repo.parent / "agent/x"), "~/x"]


def test_a_link_that_dangles_is_told_since_a_write_would_make_its_target(repo: Path) -> None:
    (repo / "later").symlink_to("secrets/key.pem")
    assert places("later", repo) == ["secrets/key.pem"]


def test_links_in_a_circle_end(repo: Path) -> None:
    (repo / "one").symlink_to("two")
    (repo / "two").symlink_to("one")
    (repo / "self").symlink_to("self/x")
    for path in ("one", "one/x", "self"):
        assert len(resolved(read(path), repo).links) <= 1


def test_a_home_folder_in_an_unusual_place_is_still_home(repo: Path) -> None:
    path = str(repo.parent / "agent" / ".ssh" / "id_x")
    assert places(path, repo) == ["~/.ssh/id_x"]
    assert places("../agent/.ssh/id_x", repo) == ["~/.ssh/id_x"]


def test_a_link_below_the_home_folder_is_followed(repo: Path) -> None:
    (repo.parent / "agent" / "work").symlink_to(repo)
    for path in ("~/work/.env", "$HOME/work/.env", "${HOME}/work/.env"):
        assert places(path, repo) == [".env"]


def test_a_glob_is_looked_up_name_by_name(repo: Path) -> None:
    (repo / "src" / "x1").symlink_to("../.env")
    (repo / "src" / "x2").symlink_to("../README.md")
    (repo / "odd[1]").symlink_to(".env")
    assert sorted(places("src/x*", repo)) == [".env", "README.md"]
    assert sorted(places("*/X?", repo)) == [".env", "README.md"]
    assert places("odd[1]", repo) == [".env"]


def test_the_links_in_a_folder_that_is_searched_as_a_whole_are_not_followed(repo: Path) -> None:
    (repo / "src" / "notes").symlink_to("../.env")
    assert places("src/**", repo) == []
    assert places("**/notes", repo) == []


def test_the_files_of_a_command_are_looked_up_too(repo: Path) -> None:
    (repo / "notes").symlink_to(".env")
    tool = resolved(describe_tool("c", "Bash", '{"command": "cat notes"}'), repo)
    assert ("notes", ".env") in tool.links
    findings, _ = evaluate_tool(SETTINGS, tool, view_of(tool))
    assert [finding.reason for finding in findings] == ["file_blocked"]


def test_a_relative_path_is_looked_up_from_the_folder_that_the_shell_is_in(repo: Path) -> None:
    (repo / "src" / "notes").symlink_to("../.env")
    assert resolved(read("notes"), repo).links == ()
    assert resolved(read("notes"), repo, cwd="src").links == (("notes", ".env"),)
    assert resolved(read("notes"), repo, cwd=UNKNOWN).links == ()


def test_both_names_of_a_link_are_judged(repo: Path) -> None:
    (repo / "notes").symlink_to(".env")
    (repo / "sub").mkdir()
    (repo / "sub" / ".env").symlink_to("../README.md")
    for path, blocked in (("notes", True), ("sub/.env", True), ("README.md", False)):
        tool = resolved(read(path), repo)
        findings, _ = evaluate_tool(SETTINGS, tool, view_of(tool))
        assert bool(findings) is blocked


@pytest.mark.parametrize(
    "path",
    ["", "\0", "a\0b", "x" * 300, "x/" * 5000, f"{UNKNOWN}/x", "\ud800", "~nobody/x", "[", "file://[", "**/*/*/*"],
)
def test_what_cannot_be_looked_up_has_no_links(path: str, repo: Path) -> None:
    tool = read(path)
    assert resolved(tool, repo) == tool


def test_a_folder_that_may_not_be_entered_raises_nothing(repo: Path) -> None:
    (repo / "closed").mkdir(mode=0)
    (repo / "closed-link").symlink_to("closed/x")
    assert resolved(read("closed/*"), repo).links == ()
    assert len(resolved(read("closed-link"), repo).links) <= 1
    assert resolved(read("x"), repo / "none").links == ()


def test_no_call_costs_more_than_a_look_at_a_few_files(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    real = os.path.realpath
    monkeypatch.setattr(os.path, "realpath", lambda path: looks.append(path) or real(path))
    (repo / "many").mkdir()
    for number in range(200):
        (repo / "many" / f"{number}").symlink_to("../.env")
    tool = describe_tool("c", "read_files", json.dumps({"paths": [f"many/{number}" for number in range(200)]}))
    assert len(resolved(tool, repo).links) == 64
    assert len(looks) < 100
    assert len(resolved(read("many/*"), repo).links) == 1


def test_links_within_the_process_file_system_are_not_followed(repo: Path) -> None:
    assert resolved(read("/proc/self/cwd/x"), repo).links == ()
    assert resolved(read("/x/../proc/self/cwd/x"), repo).links == ()
