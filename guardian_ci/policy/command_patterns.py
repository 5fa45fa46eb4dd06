r"""Patterns of shell commands, as Claude Code's users write them: ``git diff:*``, ``npm run test``, ``git * main``.

A pattern is held against one simple command, word by word as the program gets it: quotes are resolved on both sides,
and a blank within a word is no border of words. ``*`` stands for anything, several words included; ``:*`` or a blank
and ``*`` at the end also for nothing (``ls:*`` and ``ls *`` mean ``ls`` and ``ls -la``, not ``lsof``; ``ls*`` means all
three). Without a ``*`` the command must be that and no more. ``\*`` is the character itself.

What an allowed command may look like is decided strictly, what a denied one may look like generously: ``sudo curl``,
``/usr/bin/curl`` and ``git -C x push`` are what ``curl:*`` and ``git push:*`` deny, and nothing that they allow. What
needs no pattern: builtins that touch no file (``cd``, ``echo``), filters that name none (``| tail -20``), and wrappers
that add nothing (``timeout``, ``env``, ``xargs``, ``sh -c``) where what they run has one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from guardian_ci.policy.problems import quote
from guardian_ci.policy.shell.effects import Invocation
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.programs import effects_of

Words = Sequence[str]

_BLANK: Final = "\0"
"""A blank within a word."""
_STAR: Final = "\x01"
_ESCAPED: Final = re.compile(r"\\([*?\[\]{}\\])")
_OPERATORS: Final = frozenset("|&;")
_REDIRECTIONS: Final = re.compile(r"(?:^| )\d{0,3}[<>]")
_IN_DOUBLE_QUOTES: Final = frozenset('$`"\\*')
_GLOB: Final = re.compile(r"[*?\[{]")
_VERSION: Final = re.compile(r"([a-z+_-]{2,40})(\d{1,3})(?:\.\d{1,3}){0,3}")
"""A program's name with its version: ``python3.12`` is a ``python3`` and a ``python``."""
_MOST_OPTIONS: Final = 16
_MOST_COMMANDS: Final = 512
_MOST_WORDS: Final = 32
"""By how many words a command is known again."""

_HARMLESS: Final = frozenset(
    {":", "true", "false", "cd", "pushd", "popd", "dirs", "pwd", "echo", "test", "[", "[[", "eval"}
) | {"exit", "return", "break", "continue", "shift", "wait", "times", "umask", "type", "let", "set", "getopts"}
"""Builtins that read and write no file and run nothing themselves: no pattern needs to name them."""
_ASSIGNING: Final = frozenset({"printf", "export", "local", "declare", "typeset", "readonly", "read"})
"""Such builtins too; what they set is ``Analysis.assigned``."""
_FILTERS: Final = frozenset(
    {
        "cat",
        "head",
        "tail",
        "grep",
        "egrep",
        "fgrep",
        "wc",
        "sort",
        "uniq",
        "cut",
        "tr",
        "nl",
        "column",
        "tac",
        "rev",
        "fold",
    }
)
"""Programs that only pass on what they are given, as long as they name no file (``npm test | tail -20``)."""
_SEARCHES: Final = re.compile(r"-[A-Za-z0-9]*[rRd]|--(?:rec|deref|dir)")
"""The options of ``grep`` that let it look for files itself."""
_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
_SHELL_TEXT: Final = re.compile(r"-[a-z]{0,4}c")
_WRAPPERS: Final = frozenset(
    {"timeout", "time", "nice", "nohup", "stdbuf", "ionice", "setsid", "chrt", "command", "builtin"}
) | {"exec", "env", "xargs"}
"""Programs that run the command behind them as it is and add no power to it (``sudo`` does)."""
_STEERING: Final = re.compile(
    r"(?:LD|DYLD|GIT|BASH|PYTHON|PERL\d?|RUBY|NODE|NPM_CONFIG|PIP|CARGO|RUSTC?|JAVA|MAVEN|GRADLE|GO|SSH|LESS|ZDOT)_?\w*"
    r"|\w*(?:PATH|OPTS|OPTIONS|FLAGS|PAGER|EDITOR|VISUAL|BROWSER|SHELL|WRAPPER|CONFIG|ASKPASS|COMMAND|PRELOAD|_RSH)"
    r"|ENV|IFS|PS[0-4]|HOME|SHELLOPTS|CC|CXX|LD|AR|MAKE|XDG_\w*|TMPDIR",
    re.IGNORECASE,
)
"""Variables that make a program run something else, or read its settings elsewhere."""
_NAME: Final = re.compile(r"[A-Za-z_]\w{0,200}")
_TAME_VARIABLES: Final = frozenset(
    {"node_env", "pythonunbuffered", "pythondontwritebytecode", "pythonhashseed", "pythonioencoding", "pythonutf8"}
    | {
        "git_terminal_prompt",
        "pip_disable_pip_version_check",
        "pip_no_input",
        "rust_backtrace",
        "rust_log",
        "cargo_term_color",
    }
    | {"goos", "goarch", "python_version", "git_sha", "git_branch", "node_version", "pythonwarnings"}
)


class Command:
    """A simple command as patterns see it, read once for all of them."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.text = _text(words)
        self.dark = any(UNKNOWN in word for word in words) or bool(words and _GLOB.search(words[0]))
        """Whether it may become more than one command."""

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """What it may be meant as: the program by its name alone, without its version, and without its options."""
        return tuple(dict.fromkeys(_spellings(self.words, self.text)))


class CommandPattern:
    """One pattern, ready to be asked. ValueError says why a text is none."""

    def __init__(self, source: str) -> None:
        text = source
        if text.endswith(":*") and not text.endswith("\\:*"):
            text = text[:-2].rstrip(" ") + " *"
        if not text.isprintable() or UNKNOWN in text or TAME in text:
            raise ValueError(f"{quote(source)} holds a character that no command does")
        self._parts = tuple(_read(text, source).split(_STAR))
        self._whole = len(self._parts) == 1
        self._bare = self._parts[0][:-1] if self._parts[1:] == ("",) and self._parts[0].endswith(" ") else None

    def covers(self, command: Command) -> bool:
        """Whether the pattern surely means a command: what is not known in it falls to a ``*``."""
        return self._matches(command.text)

    def covers_through(self, command: Command, count: int) -> bool:
        """Whether it means a command, and says the first words of it itself."""
        said, text = self._parts[0], _text(command.words[:count])
        return (self._whole or said == text or said.startswith(text + " ")) and self.covers(command)

    def means(self, command: Command) -> bool:
        """Whether the pattern means a command in some spelling."""
        return any(map(self._matches, command.spellings))

    def may_mean(self, command: Command) -> bool:
        """Whether the pattern means what a command may become: its program is not known, or its verb is not."""
        if not command.dark:
            return False
        words, said = command.words, [word for word in self._parts[0].split(" ") if word]
        if not said or (not self._whole and not self._parts[0].endswith(" ")):
            said = said[:-1]  # the last word goes on behind the star
        if not said or len(words) < len(said) or (self._whole and len(words) != len(said)):
            return False
        pairs = [(position, *pair) for position, pair in enumerate(zip(words, said, strict=False))]
        dark = [(word, wanted, position == 0) for position, word, wanted in pairs if word != wanted]
        return bool(dark) and all(_may_be(word, wanted, program=first) for word, wanted, first in dark)

    def _matches(self, text: str) -> bool:
        if self._whole:
            return text == self._parts[0]
        if text == self._bare:
            return True
        first, *middle, last = self._parts
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or end < len(first):
            return False
        position = len(first)
        for part in middle:
            found = text.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return True


def _read(text: str, source: str) -> str:
    """Return a pattern as the words' text, its stars marked."""
    read: list[str] = []
    quoting = ""
    position = 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "\\" and quoting != "'" and position < len(text):
            following = text[position]
            if quoting and following not in _IN_DOUBLE_QUOTES:
                read.append("\\")
            read.append(_BLANK if following == " " else following)
            position += 1
        elif character == quoting or (not quoting and character in {'"', "'"}):
            quoting = "" if quoting else character
        elif character == "*":
            read.append(_STAR)
        elif quoting:
            read.append(_BLANK if character == " " else character)
        elif character in _OPERATORS:
            raise ValueError(f"{quote(source)} names several commands; write an entry for each of them")
        else:
            read.append(character)
    if quoting:
        raise ValueError(f"the {quoting} in {quote(source)} is never closed")
    plain = re.sub(" {2,}", " ", "".join(read)).lstrip(" ")
    if _REDIRECTIONS.search(plain):
        raise ValueError(f"{quote(source)} redirects; write the command alone, files have rules of their own")
    return plain


def _text(words: Words) -> str:
    return " ".join(word.replace(_BLANK, UNKNOWN).replace(" ", _BLANK) for word in map(_literal, words))


def _literal(word: str) -> str:
    """Return a word without the backslashes that mark its glob characters as quoted."""
    return _ESCAPED.sub(r"\1", word)


def _spellings(words: Words, text: str) -> Iterator[str]:
    yield text
    if not words:
        return
    program = words[0].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    version = _VERSION.fullmatch(program)
    names = [program] if version is None else [program, f"{version[1]}{version[2]}", version[1]]
    starts = [1]
    for start in range(1, min(len(words), _MOST_OPTIONS)):
        if not words[start].startswith("-") and not words[start - 1].startswith("-"):
            break
        starts.append(start + 1)
    for start in starts:
        rest = _text(words[start:])
        yield from (f"{_text((name,))} {rest}" if len(words) > start else _text((name,)) for name in names)


def _may_be(word: str, wanted: str, *, program: bool) -> bool:
    """Whether a word that is not known may become a program or its verb.

    An option is said where it matters. A program of which nothing is known is none of a pattern's: it is opaque itself,
    or a variable that the run brought with it (``$PYTHON``).
    """
    word = word.rpartition("/")[2] if program else word
    if not (UNKNOWN in word or (program and _GLOB.search(word))) or wanted.startswith("-"):
        return False
    if program and not any(map(str.isalnum, word)):
        return False
    pattern = "".join(_as_regex(character, glob=program) for character in word[:256])
    return re.fullmatch(pattern, wanted) is not None


def _as_regex(character: str, *, glob: bool) -> str:
    if character in {UNKNOWN, TAME} or (glob and character in "*?[]{}"):
        return ".*"
    return re.escape(character)


def first_not_covered(
    patterns: Sequence[CommandPattern], commands: Sequence[tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Return the first of a line's commands that no pattern means; None where all of them are meant.

    A wrapper needs no pattern where the command that it runs has one, and a command needs none where a pattern names
    it behind its wrapper (``sudo apt-get install:*``).
    """
    if len(commands) > _MOST_COMMANDS:
        return commands[_MOST_COMMANDS]
    read = [Command(words) for words in commands]
    run = frozenset(commands)
    begun = frozenset(words[:count] for words in commands for count in range(1, min(len(words), _MOST_WORDS) + 1))
    named = {
        words[start:]
        for command, words in zip(read, commands, strict=True)
        for start in range(1, min(len(words), _MOST_OPTIONS))
        if words[start:] in run and any(pattern.covers_through(command, start + 1) for pattern in patterns)
    }
    for command, words in zip(read, commands, strict=True):
        meant = words in named or _is_harmless(words) or any(pattern.covers(command) for pattern in patterns)
        if not meant and not _only_wraps(words, begun):
            return words
    return None


def steering(names: Iterable[str]) -> str | None:
    """Return the first of some variables that may make an allowed program do something else."""
    return next((name for name in names if UNKNOWN in name or _steers(name)), None)


def _steers(name: str) -> bool:
    if _NAME.fullmatch(name) is None:
        return True  # the shell runs what stands in an element's brackets
    return name.lower() not in _TAME_VARIABLES and _STEERING.fullmatch(name) is not None


def _is_harmless(words: Words) -> bool:
    if not words or words[0] in _ASSIGNING:
        return True
    if words[0] == "unset":  # without PATH a shell takes programs from the folder that it is in
        return steering(word for word in words[1:] if not word.startswith("-")) is None
    if words[0] == "command":  # tells where a program is, and does not run it
        return len(words) > 1 and words[1] in {"-v", "-V"}
    if words[0] in _FILTERS:
        return _only_filters(words)
    return words[0] in _HARMLESS and (words[0] != "eval" or UNKNOWN not in "".join(words))


def _only_filters(words: Words) -> bool:
    if words[0].endswith("grep") and any(map(_SEARCHES.match, words[1:])):
        return False
    effects = effects_of(Invocation(argv=tuple(words), stdin=""))
    return not (effects.touches or effects.contacts or effects.opaque or effects.runs)


def _only_wraps(words: tuple[str, ...], begun: frozenset[tuple[str, ...]]) -> bool:
    """Whether a command does no more than run another one of the line, perhaps with more words (``xargs``)."""
    program = words[0].rpartition("/")[2]
    if program in _SHELLS and words[0] in {program, f"/bin/{program}", f"/usr/bin/{program}"}:
        return len(words) > 2 and _SHELL_TEXT.fullmatch(words[1]) is not None and UNKNOWN not in words[2]  # noqa: PLR2004
    if words[0] not in _WRAPPERS:
        return False
    for start in range(1, min(len(words), _MOST_OPTIONS)):
        if UNKNOWN in words[start - 1]:
            return False
        if words[start : start + _MOST_WORDS] in begun:
            return True
    return False
