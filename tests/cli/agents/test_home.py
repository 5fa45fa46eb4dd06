"""The private folder of a set-up's files."""

import os
import stat
from pathlib import Path

import pytest

from guardian_ci.cli.agents.changes import Changes
from guardian_ci.cli.agents.home import temporary_home, write_files
from guardian_ci.errors import StartError


def made(**given: dict[str, str] | dict[str, Path]) -> Changes:
    nothing: dict[str, object] = {"variables": {}, "removed": (), "arguments": {}, "files": {}, "links": {}}
    return Changes(**{**nothing, "remarks": (), **given})  # type: ignore[arg-type]


def test_a_folder_of_a_run_is_private_to_its_user_and_gone_at_the_end(tmp_path: Path) -> None:
    with temporary_home(tmp_path / "state") as home, temporary_home(tmp_path / "state") as other:
        assert home != other
        write_files(made(files={"codex/config.toml": "a = 1\n"}), home)
        file = home / "codex" / "config.toml"
        assert file.read_text() == "a = 1\n"
        assert [stat.S_IMODE(each.stat().st_mode) for each in (home, file.parent, file)] == [0o700, 0o700, 0o600]
    assert not home.exists()


def test_what_a_link_leads_to_outlives_the_folder(tmp_path: Path) -> None:
    own = tmp_path / "sessions"
    own.mkdir()
    with temporary_home(tmp_path / "state") as home:
        write_files(made(files={"codex/a": ""}, links={"codex/sessions": own}), home)
        (home / "codex" / "sessions" / "one").touch()
    assert (own / "one").exists()


def test_written_again_files_are_new_and_links_are_kept(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.touch()
    for text in ("first", "second"):
        write_files(made(files={"a/b": text}, links={"a/own": own}), tmp_path / "home")
    assert (tmp_path / "home" / "a" / "b").read_text() == "second"
    assert (tmp_path / "home" / "a" / "own").is_symlink()


def test_where_no_link_can_be_made_a_copy_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("links are for administrators")

    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "file").write_text("mine")
    monkeypatch.setattr(os, "symlink", refused)
    links = {"a/folder": tmp_path / "own", "a/file": tmp_path / "own" / "file"}
    write_files(made(files={"a/b": ""}, links=links), tmp_path / "home")
    assert (tmp_path / "home" / "a" / "folder" / "file").read_text() == "mine"
    assert (tmp_path / "home" / "a" / "file").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(StartError, match="--state"), temporary_home(tmp_path / "state"):
        pass
    with pytest.raises(StartError, match="name another folder"):
        write_files(made(files={"a": ""}), tmp_path / "state")
