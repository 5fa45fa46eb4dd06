"""What programs do with their arguments: the files, the hosts, the commands that they name."""

from typing import Final

from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import Access, Touch
from guardian_ci.policy.shell.words import words

_LONGEST_WORD: Final = 4096


def effects_of(invocation: Invocation) -> Effects:
    """Return what a program does with its arguments; of one that nobody knows, every word may be a file."""
    return Effects(touches=_unsure(invocation.argv[1:]))


def _unsure(arguments: tuple[str, ...]) -> tuple[Touch, ...]:
    readings = {
        reading: argument
        for argument in arguments
        for reading in (argument, *words(argument[:_LONGEST_WORD]))
        if reading
    }
    return tuple(
        Touch(path=reading, access=access, word=argument, sure=False)
        for reading, argument in readings.items()
        for access in Access
    )
