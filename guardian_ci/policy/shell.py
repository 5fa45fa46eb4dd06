"""The words of a shell command, by pattern.

This reads words, not grammar: the line is cut at white space, quotes and the characters that the shell gives a
meaning to, and quotes inside a word are taken away, so that ``cat "$HOME"/.ss'h'/id_rsa`` still says what it says.
It knows no variables, no substitutions and no encodings; a parser takes this module's place when it does.
"""

import re
from collections.abc import Iterator
from typing import Final

_BREAKS: Final = re.compile(r"[\s;&|<>(){}=,`\x00]+")
_QUOTES: Final = re.compile(r"""["'\\]""")
_LINE_JOIN: Final = re.compile(r"\\\r?\n")
_QUOTED: Final = re.compile(r'"([^"\n]*)"|\'([^\'\n]*)\'')
_DRESSING: Final = "@:#![]"
_PATH_LIKE: Final = re.compile(r"[/~.\\]|^id_", re.IGNORECASE)


def words(command: str) -> Iterator[str]:
    """Yield every word of a command that could be a path, each once."""
    seen: set[str] = set()
    for word in _raw_words(_LINE_JOIN.sub("", command)):
        if word and word not in seen:
            seen.add(word)
            yield word


def path_words(text: str) -> tuple[str, ...]:
    """Return the words of a text that look like paths: they hold a slash, a dot or a tilde."""
    return tuple(word for word in words(text) if _PATH_LIKE.search(word))


def _raw_words(command: str) -> Iterator[str]:
    for chunk in _BREAKS.split(command):
        bare = _QUOTES.sub("", chunk)
        yield bare
        yield bare.strip(_DRESSING)
        # Two strings that touch only by their quotes, as in JSON or Python text: ["cat",".env"]
        for part in _QUOTES.split(chunk):
            yield part.strip(_DRESSING)
        # -f.env, --file:.env, user@host:.env, if@.env
        yield from (part for part in re.split(r"[:@]", bare) if part != bare)
    for double, single in _QUOTED.findall(command):
        yield double or single  # a path with blanks in it
