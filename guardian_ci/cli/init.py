"""``guardian-ci init``: a first policy for a repository, with a word on each line."""

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from guardian_ci.errors import EXIT_CLEAN, StartError, UsageError
from guardian_ci.policy import load_policy
from guardian_ci.policy.starter import PLACES, Ecosystem, recognised, starter_policy
from guardian_ci.reports import write_text

_EPILOG: Final = """\
The names of files say what a repository is made of; nothing that stands in them gets into the policy. Links are not
followed, and folders of installed packages are passed over.

examples:
  guardian-ci init                          guardian.yml, for the repository in this folder
  guardian-ci init .github/guardian.yml     where the action looks for it
  guardian-ci init ../other                 guardian.yml in another folder, for what lies there
  guardian-ci init -                        to standard output

exit codes: 0 written, 2 there is one already, or no such folder, 3 could not write
"""
_DEEPEST: Final = 2
_MOST_NAMES: Final = 20_000
_PASSED_OVER: Final = frozenset(
    {"node_modules", "vendor", "venv", "__pycache__", "target", "dist", "build", "site-packages", "third_party"}
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "init",
        help="write a first policy for a repository",
        description="Write a commented policy, fitted to the languages and tools that a repository uses.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "path", metavar="PATH", nargs="?", default=PLACES[0], help="the file, or a folder (default: %(default)s)"
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Look at the repository and write the policy; 2 where there is one already."""
    file, repository = _places(args.path)
    seen = recognised(_names(repository))
    own_path = next((place for place in PLACES if file == repository / place), "")
    text = starter_policy(seen, own_path)
    load_policy(text, str(file))  # what is proposed can be obeyed
    if args.path == "-":
        sys.stdout.write(text)
        return EXIT_CLEAN
    if not args.force and os.path.lexists(file):
        raise UsageError(f"{_plain(file)} is there already; name another file, or replace it with --force")
    if file.is_symlink():
        raise UsageError(f"{_plain(file)} is a symbolic link; name the file that it means, or remove it")
    if not file.parent.is_dir():
        _make_folder(file.parent)
    write_text(file, text)
    _say(file, seen)
    return EXIT_CLEAN


def _places(path: str) -> tuple[Path, Path]:
    """Return the file to write, and the folder to look at."""
    named = Path(PLACES[0] if path == "-" else path)
    if named.is_dir():
        return named / PLACES[0], named
    if path.endswith("/"):
        raise UsageError(f"{_plain(named)}: there is no such folder")
    folder = named.parent.parent if named.parent.name == ".github" else named.parent
    return named, folder if folder.is_dir() else Path()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StartError(
            f"{_plain(folder)} cannot be made ({error.strerror or error}); name a file in another folder"
        ) from error


def _names(folder: Path) -> Iterator[str]:
    """Yield the names of files and folders here and a little below, as many as are worth a look."""
    return islice(_names_below(folder, _DEEPEST), _MOST_NAMES)


def _names_below(folder: Path, depth: int) -> Iterator[str]:
    below: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, _MOST_NAMES):
                yield entry.name
                if depth and entry.is_dir(follow_symlinks=False) and not _is_passed_over(entry.name):
                    below.append(folder / entry.name)
    except OSError as error:
        if depth == _DEEPEST:
            raise UsageError(f"{_plain(folder)} cannot be read: {error.strerror or error}") from error
    for each in below:
        yield from _names_below(each, depth - 1)


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or name.lower() in _PASSED_OVER


def _plain(path: Path) -> str:
    """Show a path of which nothing steers a terminal."""
    return "".join(each if each.isprintable() else "?" for each in str(path))


def _say(file: Path, seen: tuple[Ecosystem, ...]) -> None:
    shown = _plain(file)
    saw = ", ".join(each.name for each in seen) or "nothing that it knows"
    quoted = shlex.quote(shown)
    print(f"{shown} is written; the repository holds {saw}.")
    print("Next:")
    print(f"  guardian-ci validate {quoted}")
    print(f'  guardian-ci run --policy {quoted} -- claude -p "…"')
    print("  guardian-ci learn guardian-report/log.ndjson    a tighter one, from what the agent did")
