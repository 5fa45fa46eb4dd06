"""What shells do themselves, as far as files and further commands are concerned; variables and folders are theirs."""

from collections.abc import Mapping
from typing import Final

from guardian_ci.policy.shell.arguments import read_arguments, usage
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.programs.table import Program, collector_of, declared, joined


def _eval(invocation: Invocation) -> Effects:
    """Run the words as a text."""
    collector = collector_of(invocation)
    words = invocation.argv[2:] if invocation.argv[1:2] == ("--",) else invocation.argv[1:]
    collector.shell(" ".join(words), stdin=invocation.stdin)
    return collector.effects()


def _source(invocation: Invocation) -> Effects:
    """Run a file in this shell."""
    collector = collector_of(invocation)
    words = invocation.argv[2:] if invocation.argv[1:2] == ("--",) else invocation.argv[1:]
    if not words:
        return collector.effects()
    if words[0] in {"/dev/stdin", "/dev/fd/0"}:
        collector.run(("sh",), stdin=invocation.stdin)
    else:
        collector.script(words[0], arguments=tuple(words[1:]), stdin=invocation.stdin)
    return collector.effects()


def _exec(invocation: Invocation) -> Effects:
    """Become another program."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("text*", stops=True, text="-a"))
    collector.run(given.operands, stdin=invocation.stdin)
    return collector.effects()


def _command(invocation: Invocation) -> Effects:
    """Run a program past functions of its name, or say where it lies."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("text*", stops=True))
    if given.has("-v", "-V"):
        return collector.effects("".join(f"/usr/bin/{name}\n" for name in given.operands))
    collector.run(given.operands, stdin=invocation.stdin)
    return collector.effects()


def _trap(invocation: Invocation) -> Effects:
    """Run a text when a signal comes, at the latest at the end."""
    collector = collector_of(invocation)
    operands = read_arguments(invocation.argv[1:], usage("text*")).operands
    if len(operands) > 1 and operands[0] not in {"", "-"}:
        collector.shell(operands[0])
    return collector.effects()


def _alias(invocation: Invocation) -> Effects:
    """Name a text that runs when its name is called; it is read as if it ran now."""
    collector = collector_of(invocation)
    for word in invocation.argv[1:]:
        _, equals, text = word.partition("=")
        if equals:
            collector.shell(text)
    return collector.effects()


def _callback(options: str) -> Program:
    """Return a builtin some of whose options hold a text that is run."""
    how = usage("text*", runs=options, text="-n -u -O -s -c -F -W -P -S -X -o -A -d")

    def run(invocation: Invocation) -> Effects:
        collector = collector_of(invocation)
        collector.all(invocation.argv[1:], how)
        return collector.effects()

    return run


def _history(invocation: Invocation) -> Effects:
    """Read or write the list of commands."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("text*"))
    if given.has("-a", "-w"):
        collector.write(*given.operands)
    elif given.has("-r", "-n"):
        collector.read(*given.operands)
    return collector.effects()


def _bind(invocation: Invocation) -> Effects:
    """Bind keys: ``-x 'key:command'`` runs one, ``-f`` reads a file."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("text*", text="-x -m -q -u -r", read="-f"))
    collector.options(given)
    for binding in given.values("-x"):
        collector.shell(binding.rpartition('":')[2])
    return collector.effects()


def _hash(invocation: Invocation) -> Effects:
    """``hash -p PATH NAME`` makes a name mean a program."""
    collector = collector_of(invocation)
    collector.all(invocation.argv[1:], usage("text*", read="-p", text="-d -t"))
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    "eval": _eval,
    **joined("source .", _source),
    "exec": _exec,
    "command": _command,
    "trap": _trap,
    "alias": _alias,
    **joined("mapfile readarray", _callback("-C")),
    **joined("complete compopt compgen", _callback("-C")),
    "history": _history,
    "bind": _bind,
    "hash": _hash,
    **declared(
        {
            ": [ [[ test cd pushd popd dirs export declare typeset local readonly unset set shift shopt setopt unsetopt read"
            " return exit break continue let ulimit umask wait jobs fg bg disown suspend logout times getopts help unalias"
            " caller kill fc autoload zmodload zstyle rehash compinit bindkey emulate vared abbr function setenv unsetenv": usage(
                "text*"
            ),
            "enable": usage("text*", read="-f"),
        }
    ),
}
"""Builtins of shells, by name."""
