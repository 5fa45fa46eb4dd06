"""Keeps what a command was seen to do: each fact once, and no more of them than are of use."""

from typing import Final

from guardian_ci.policy.shell.facts import UNKNOWN, Access, Analysis, Contact, Opaque, Touch
from guardian_ci.policy.shell.lexer import Bound
from guardian_ci.policy.shell.marks import as_shown, is_known

_MOST_FACTS: Final = 4_000
_MOST_COMMANDS: Final = 1_000
_LONGEST_COMMAND: Final = 400
_LONGEST_WORD: Final = 4_096
_SHOWN_WORD: Final = 200


class Record:
    """What was seen so far. While it is ``hushed``, what is dark is not noted: nothing of it runs yet.

    Once it is ``full``, only what closes it is added: nothing is a reason to stop any more.
    """

    def __init__(self) -> None:
        self.hushed = False
        self.full = False
        self._touches: dict[tuple[str, Access, bool, bool], Touch] = {}
        self._contacts: dict[Contact, None] = {}
        self._opaque: dict[Opaque, None] = {}
        self._commands: dict[tuple[str, ...], None] = {}
        self._assigned: dict[str, None] = {}

    def touch(self, touch: Touch) -> None:
        """Note a file."""
        if len(touch.path) > _LONGEST_WORD:
            return  # no file system has such a name
        self._touches.setdefault((touch.path, touch.access, touch.sure, touch.redirected), touch)
        self._bound()

    def contact(self, contact: Contact) -> None:
        """Note a host."""
        self._contacts[contact] = None
        self._bound()

    def opaque(self, reason: str, word: str) -> None:
        """Note what cannot be known."""
        if not self.hushed:
            self._opaque[Opaque(reason=reason, word=as_shown(word[:_SHOWN_WORD]))] = None
            self._bound()

    def command(self, argv: tuple[str, ...]) -> None:
        """Note a simple command."""
        if len(self._commands) >= _MOST_COMMANDS and not self.full:
            raise Bound("more commands than can be followed")
        self._commands[tuple(as_shown(word[:_LONGEST_WORD]) for word in argv[:_LONGEST_COMMAND])] = None

    def assigned(self, name: str) -> None:
        """Note the name of a variable that is set."""
        self._assigned[name if is_known(name) else UNKNOWN] = None
        self._bound()

    def _bound(self) -> None:
        facts = len(self._touches) + len(self._contacts) + len(self._opaque) + len(self._assigned)
        if facts > _MOST_FACTS and not self.full:
            raise Bound("more files and hosts than can be followed")

    def analysis(self, cwd: str | None, written: tuple[tuple[str, str], ...]) -> Analysis:
        """Return all that was seen."""
        return Analysis(
            commands=tuple(self._commands),
            touches=tuple(self._touches.values()),
            contacts=tuple(self._contacts),
            opaque=tuple(self._opaque),
            assigned=tuple(self._assigned),
            written=written,
            cwd=cwd,
        )
