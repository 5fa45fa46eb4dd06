"""A set-up as a shell, a workflow or a program reads it."""

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Final

from guardian_ci.cli.agents.changes import Changes

# PowerShell takes each of these for the end of a text in single quotes; twice, it stands for itself.
_SINGLE_QUOTES: Final = re.compile("['\u2018\u2019\u201a\u201b]")


def sh(changes: Changes) -> str:
    """For ``eval "$(…)"`` in sh, bash and zsh."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in changes.variables.items()]
    return _lines(*lines, *(f"unset {name}" for name in changes.removed), *_flags(changes))


def fish(changes: Changes) -> str:
    """For ``… | source`` in fish."""

    def quoted(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    lines = [f"set -gx {name} {quoted(value)}" for name, value in changes.variables.items()]
    return _lines(*lines, *(f"set -e {name}" for name in changes.removed), *_flags(changes))


def powershell(changes: Changes) -> str:
    """For ``… | Out-String | Invoke-Expression``."""

    def quoted(value: str) -> str:
        return "'" + _SINGLE_QUOTES.sub(lambda quote: quote[0] * 2, value) + "'"

    lines = [f"$env:{name} = {quoted(value)}" for name, value in changes.variables.items()]
    gone = (f"Remove-Item Env:{name} -ErrorAction Ignore" for name in changes.removed)
    return _lines(*lines, *gone, *_flags(changes))


def github(changes: Changes) -> str:
    """For ``>> "$GITHUB_ENV"``, where nothing can be taken out: what is empty means nothing to the agents."""
    values = dict(changes.variables) | dict.fromkeys(changes.removed, "")
    return _lines(*(_assignment(name, value) for name, value in values.items()))


def _assignment(name: str, value: str) -> str:
    """Write one variable; one of several lines between marks that no value can hold, being its own digest."""
    if len(value.splitlines()) <= 1 and value == value.strip():
        return f"{name}={value}"
    mark = sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{name}<<{mark}\n{value}\n{mark}"


def as_json(changes: Changes) -> str:
    """For programs."""
    document = {"environment": changes.variables, "removed": changes.removed, "arguments": changes.arguments}
    return json.dumps(document, indent=2) + "\n"


FORMATS: Final[Mapping[str, Callable[[Changes], str]]] = {
    "sh": sh,
    "fish": fish,
    "powershell": powershell,
    "github": github,
    "json": as_json,
}
"""Every format of ``env``. A new one is a function here and a line in this list."""


def _flags(changes: Changes) -> Iterator[str]:
    for name, arguments in changes.arguments.items():
        yield f"# {name}: a repository's own files cannot lead it elsewhere with {shlex.join(arguments)}"


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
