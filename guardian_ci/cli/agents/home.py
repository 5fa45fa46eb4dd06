"""The private folder that a set-up's files lie in."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from guardian_ci.cli.agents.changes import Changes
from guardian_ci.errors import StartError


@contextlib.contextmanager
def temporary_home(state: Path) -> Iterator[Path]:
    """Make a folder in the state's that only this user may read, for one run. Raises ``StartError``."""
    parent = state.absolute() / "agents"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    except OSError as error:
        raise StartError(
            f"{parent} cannot be written: {error.strerror or error}; name a folder with --state"
        ) from error
    try:
        yield home
    finally:
        # Windows keeps what a process that the agent left behind still has open.
        shutil.rmtree(home, ignore_errors=True)


def write_files(changes: Changes, home: Path) -> None:
    """Write the files of a set-up, for this user's eyes: some hold the token. Raises ``StartError``."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, text in changes.files.items():
            file = home / path
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as sink:
                sink.write(text)
        for path, target in changes.links.items():
            _link(home / path, target.absolute())
    except OSError as error:
        raise StartError(f"{home} cannot be written: {error.strerror or error}; name another folder") from error


def _link(name: Path, target: Path) -> None:
    if name.is_symlink() or name.exists():
        return
    try:
        name.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        # Windows lets not everybody make links: a copy serves, though what the agent adds stays in it.
        if target.is_dir():
            shutil.copytree(target, name)
        else:
            shutil.copy(target, name)
