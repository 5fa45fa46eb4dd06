"""The form in which the families declare their programs."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, Kind, Usage, name_set
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access
from guardian_ci.policy.shell.filters import printed

Program = Callable[[Invocation], Effects]
"""What a program does when it is started."""

_SWEEP: Final = re.compile(r"(?:\.{1,2}(?:/\.\.){0,20}|~|\$\{?(?:HOME|PWD)\}?|)/\*\*")

TAME_LINE: Final = f"{TAME}\n"
"""What a program prints that tells numbers, versions, dates: it names no file that matters."""


SWEPT: Final = f"{UNKNOWN}./**"
"""What a program prints that packs every file of a folder."""


def name_of(invocation: Invocation) -> str:
    """Return the program's name without its folder."""
    return invocation.argv[0].rpartition("/")[2]


def collector_of(invocation: Invocation) -> Collector:
    """Return a collector for one start of a program."""
    return Collector(name_of(invocation), invocation.stdin, invocation.files)


def declared(table: Mapping[str, Usage], output: str | None = None) -> dict[str, Program]:
    """Return the programs of a table whose keys are names and whose values say which words they take."""
    return {name: partial(_declared, how, output) for names, how in table.items() for name in names.split()}


def _declared(how: Usage, output: str | None, invocation: Invocation) -> Effects:
    collector = collector_of(invocation)
    collector.all(invocation.argv[1:], how)
    return collector.effects(output)


_PLAIN: Final = frozenset({"echo", "printf"})
"""Programs whose words are printed even where they look like options (``echo '--- a/file'``)."""


def filtering(table: Mapping[str, Usage]) -> dict[str, Program]:
    """Return the programs of a table that print what they make of their input, where no file is read."""
    return {name: partial(_filtering, name, how) for names, how in table.items() for name in names.split()}


def _filtering(name: str, how: Usage, invocation: Invocation) -> Effects:
    collector = collector_of(invocation)
    if name in _PLAIN:
        return collector.effects(printed(name, invocation.argv[1:], invocation.stdin))
    given = collector.all(invocation.argv[1:], how)
    if name in DUMPERS:
        note_sweep(collector)
    return collector.effects(output_of(name, how, invocation, given, collector))


def note_sweep(collector: Collector) -> None:
    """Note that a program that prints all of its files is given every file of a folder, or an archive of them."""
    if collector.stdin == SWEPT and collector.program not in _PASS_ON:
        collector.opaque("prints or sends every file of a folder", collector.program)
    for touch in collector.effects().touches:
        if touch.sure and touch.access is Access.READ and is_sweep(touch.path):
            collector.opaque("prints or sends every file of a folder", touch.word)


def is_sweep(path: str) -> bool:
    """Whether a glob means every file below the folder one is in, above it, the home folder or the root."""
    return _SWEEP.fullmatch(path) is not None


DUMPERS: Final = name_set(
    "cat tac bat batcat less more head tail nl rev od xxd hexdump hd strings base64 base32 basenc curl wget scp nc"
    " tee dd gzip openssl paste"
)
"""Programs that print or send all of a file: with names that nobody chose, they take keys along with the rest."""

_PASS_ON: Final = frozenset({"gzip", "tee", "dd", "openssl", "paste"})
"""Those that do not show what they are piped."""


def output_of(name: str, how: Usage, invocation: Invocation, given: Arguments, collector: Collector) -> str | None:
    """Return what a filter prints: of its input and its words, unless it reads files."""
    if any(touch.access is Access.READ for touch in collector.effects().touches):
        return None
    files = {Kind.READ, Kind.EDIT, Kind.WRITE, Kind.MAYBE}
    named = [
        word
        for position, word in enumerate(given.operands)
        if word == "-" and how.kind_of(position, len(given.operands)) in files
    ]
    return printed(name, without(invocation.argv[1:], named), invocation.stdin)


def without(words: Sequence[str], unwanted: Sequence[str]) -> list[str]:
    """Return words without some."""
    return [word for word in words if word not in unwanted]


def joined(names: str, program: Program) -> dict[str, Program]:
    """Return one program under several names."""
    return dict.fromkeys(names.split(), program)
