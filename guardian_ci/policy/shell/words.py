"""The words of a shell command, by pattern.

This reads words, not grammar: the line is cut at white space and at the characters that the shell gives a meaning to,
and quotes inside a word are taken away, so that ``cat "$HOME"/.ss'h'/id_rsa`` still says what it says. It knows no
variables but the home folder's, no substitutions and no encodings. It reads what no parser can: broken commands, the
texts of programs that nobody knows, arguments that are no JSON.
"""

import re
from collections.abc import Iterator
from typing import Final

_LINE_JOIN: Final = re.compile(r"\\\r?\n")
_BRACED: Final = re.compile(r"\$\{(\w++)[^{}]*+\}")
_BREAKS: Final = re.compile(r"[\s;&|<>(){}=,`\x00]+")
_QUOTES: Final = re.compile(r"""["'\\]""")
_QUOTED: Final = re.compile(r"\"([^\"\n]*+)\"|'([^'\n]*+)'")
_URL: Final = re.compile(r"(?!file:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_FILE_URL: Final = re.compile(r"file:/{0,3}(?=[/~.$])", re.IGNORECASE)
_FLAG: Final = re.compile(r"-\w(?=[./~$])")
_JOINTS: Final = re.compile(r"[:@]")
_DRESSING: Final = "@:#![]$?"
_PATH_LIKE: Final = re.compile(r"[/~.\\]|^id_", re.IGNORECASE)


def words(command: str) -> Iterator[str]:
    """Yield every word of a command that could be a path, each once, as it is most likely meant first."""
    seen: set[str] = {""}
    for word in _all_words(_BRACED.sub(r"$\1", _LINE_JOIN.sub("", command))):
        if word not in seen:
            seen.add(word)
            yield word


def path_words(text: str) -> tuple[str, ...]:
    """Return the words of a text that look like paths: they hold a slash, a dot or a tilde."""
    return tuple(word for word in words(text) if _PATH_LIKE.search(word))


def _all_words(command: str) -> Iterator[str]:
    for chunk in _BREAKS.split(command):
        if chunk:
            yield from _readings(chunk)
    for double, single in _QUOTED.findall(command):
        if " " in (text := double or single):
            yield text  # a path with blanks in it


def _readings(chunk: str) -> Iterator[str]:
    """Yield what a run of characters may say: as the shell joins it, as a program text splits it, as Windows has it."""
    bare = _QUOTES.sub("", chunk)
    if _URL.match(bare.lstrip(_DRESSING)):
        return
    yield bare
    yield bare.strip(_DRESSING)
    if bare != chunk:
        yield from (part.strip(_DRESSING) for part in _QUOTES.split(chunk))
        yield chunk.strip("\"'").replace("\\\\", "/").replace("\\", "/")
    for reading in (_FLAG, _FILE_URL):
        if (dressed := reading.match(bare)) is not None:
            yield bare[dressed.end() :]
    if _JOINTS.search(bare):
        yield from _JOINTS.split(bare)
