"""What a program text given on a command line does: Python, Node, Perl and others, as far as constants go."""

from collections.abc import Sequence

from guardian_ci.policy.shell.effects import Effects, Language
from guardian_ci.policy.shell.facts import Access, Touch
from guardian_ci.policy.shell.words import words


def effects_of_program(source: str, language: Language, arguments: Sequence[str] = ()) -> Effects:
    """Return what a program text does."""
    del language
    touches = tuple(
        Touch(path=word, access=access, word=word, sure=False)
        for text in (source, *arguments)
        for word in words(text)
        for access in Access
    )
    return Effects(touches=touches)
