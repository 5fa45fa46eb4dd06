"""What a program text given on a command line does: Python, Node, Perl and others, as far as constants go."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from guardian_ci.policy.shell import awk
from guardian_ci.policy.shell.collector import Collector, is_dark
from guardian_ci.policy.shell.effects import Effects, Language
from guardian_ci.policy.shell.literals import effects_of_literals
from guardian_ci.policy.shell.python import effects_of_python


def effects_of_program(
    source: str,
    language: Language,
    arguments: Sequence[str] = (),
    *,
    stdin: str | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Effects:
    """Return what a program text does.

    ``arguments`` are the program's words, its own name first (``-c`` or the script's); ``stdin`` is what it reads;
    ``environment`` holds the variables that are known.
    """
    if is_dark(source):
        collector = Collector(language.value)
        collector.opaque("runs a program that is not known", source)
        return collector.effects()
    if language is Language.SHELL:
        collector = Collector("sh", stdin)
        collector.shell(source, tuple(arguments), stdin)
        return collector.effects()
    if language is Language.AWK:
        return _effects_of_awk(source, tuple(arguments))
    if language is Language.PYTHON:
        effects = effects_of_python(source, arguments, stdin, environment)
        if effects is not None:
            return effects
    return effects_of_literals(source, language, arguments, stdin, environment)


def _effects_of_awk(source: str, arguments: tuple[str, ...]) -> Effects:
    collector = Collector("awk")
    deeds = awk.deeds_of(source, {}, arguments[1:])
    collector.read(*arguments[1:], *deeds.reads)
    collector.write(*deeds.writes)
    for line in deeds.shells:
        collector.shell(line)
    return collector.effects()
