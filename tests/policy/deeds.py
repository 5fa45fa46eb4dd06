r"""What a program does, as one line that can be read: for the tables in the tests of programs.

A row is ``command ⇒ deeds``; ``command <<< text`` gives it standard input, in which ``\n`` is a new line and
``UNKNOWN`` what is not known.
"""

import shlex
from collections.abc import Mapping
from types import MappingProxyType

from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Contact, Touch
from guardian_ci.policy.shell.programs import effects_of

NO_FILES: Mapping[str, str] = MappingProxyType({})


def rows(table: str) -> list[tuple[str, str]]:
    """Return the rows of a table: what stands before the arrow, and what behind it."""
    pairs = [line.split(" ⇒ ") for line in table.splitlines() if line.strip()]
    return [(command.strip(), deeds.strip()) for command, deeds in pairs]


def asked(command: str, files: Mapping[str, str] = NO_FILES) -> Effects:
    """Return what a command line of one program does."""
    words, given, stdin = command.partition(" <<< ")
    text = stdin.replace("\\n", "\n").replace("\\0", "\0").replace("UNKNOWN", UNKNOWN) if given else None
    return effects_of(Invocation(argv=tuple(shlex.split(words)), stdin=text, files=files))


def deeds_of(command: str, files: Mapping[str, str] = NO_FILES) -> str:
    """Return what a command line does, as a row says it."""
    return said(asked(command, files))


def printed_by(command: str) -> str | None:
    """Return what a command line prints, with words for what is not known."""
    output = asked(command).output
    return None if output is None else readable(output) or "EMPTY"


def readable(text: str) -> str:
    """Write a text as a row does."""
    return text.replace("\n", "\\n").replace(UNKNOWN, "UNKNOWN").replace(TAME, "TAME")


def said(effects: Effects) -> str:
    """Say what a program does."""
    deeds = [_touch(touch) for touch in effects.touches]
    deeds += [_contact(contact) for contact in effects.contacts]
    deeds += ["dark" for _ in effects.opaque]
    for run in effects.runs:
        if run.argv:
            deeds.append("run " + " ".join(run.argv))
        else:
            deeds.append(f"shell {run.source}" if run.source is not None else f"script {run.file}")
    return readable("; ".join(dict.fromkeys(deeds))) or "nothing"


def _touch(touch: Touch) -> str:
    return f"{touch.access} {touch.path}" if touch.sure else f"maybe {touch.path}"


def _contact(contact: Contact) -> str:
    if contact.host is not None:
        return f"talk to {contact.host}"
    return f"talk to registry {contact.registry}" if contact.registry is not None else "talk to somebody"
