"""What a program does with its arguments, said in phrases that a table can hold."""

import shlex
from collections.abc import Mapping

from guardian_ci.policy.shell.effects import Effects, Invocation, Runs
from guardian_ci.policy.shell.facts import Access, Contact
from guardian_ci.policy.shell.programs import effects_of

_NO_FILES: Mapping[str, str] = {}


def ask(line: str, stdin: str | None = None, files: Mapping[str, str] = _NO_FILES) -> Effects:
    """Ask what a program does; the line is split into words as a shell would, and nothing in it is expanded."""
    return effects_of(Invocation(argv=tuple(shlex.split(line)), stdin=stdin, files=files))


def deeds(line: str, stdin: str | None = None, files: Mapping[str, str] = _NO_FILES) -> set[str]:
    """Return what a program surely does, each deed as a phrase: ``reads a``, ``talks to b``, ``runs c d``."""
    effects = ask(line, stdin, files)
    return {
        *(f"{touch.access}s {touch.path}" for touch in effects.touches if touch.sure),
        *map(_contact, effects.contacts),
        *map(_run, effects.runs),
        *(["is opaque"] if effects.opaque else []),
    }


def perhaps(line: str, stdin: str | None = None, files: Mapping[str, str] = _NO_FILES) -> set[str]:
    """Return the words that a program may take for files."""
    return {touch.path for touch in ask(line, stdin, files).touches if not touch.sure}


def read(*paths: str) -> set[str]:
    """Return the phrases of files that are read."""
    return {f"{Access.READ}s {path}" for path in paths}


def written(*paths: str) -> set[str]:
    """Return the phrases of files that are written."""
    return {f"{Access.WRITE}s {path}" for path in paths}


def edited(*paths: str) -> set[str]:
    """Return the phrases of files that are read and written."""
    return read(*paths) | written(*paths)


def _contact(contact: Contact) -> str:
    if contact.registry is not None:
        return f"talks to the registry {contact.registry}"
    return f"talks to {contact.host or 'somebody'}"


def _run(run: Runs) -> str:
    if run.argv:
        return f"runs {shlex.join(run.argv)}"
    return f"runs the text {run.source}" if run.file is None else f"runs the file {run.file}"
