"""The variables of a shell: what is set, what a runner's environment brings along, and what nobody knows.

A name that a command never sets is not set in a fresh shell, or it comes from the environment. For what a runner has
(``CI``, ``GITHUB_SHA``, ``TMPDIR``) the value is ``TAME`` or what it usually is; any other may be either, nothing or
``GIVEN``.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from guardian_ci.policy.shell.arithmetic import evaluate
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.folders import ANCHORED
from guardian_ci.policy.shell.marks import GIVEN, HERE, is_bare, is_known
from guardian_ci.policy.shell.state import (
    MOST_NAMES,
    Array,
    Reading,
    State,
    Value,
    clipped,
    one_of,
    texts_of,
    with_entry,
    without_entry,
)

DEFAULT_SEPARATORS: Final = " \t\n"
HOME: Final = "~"

_USUAL_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_USUAL: Final = {
    "HOME": HOME,
    "USERPROFILE": HOME,
    "PATH": _USUAL_PATH,
    "IFS": DEFAULT_SEPARATORS,
    "SHELL": "/bin/bash",
    "BASH": "/bin/bash",
    "TMPDIR": "/tmp",  # noqa: S108 - what it usually is
    "RUNNER_TEMP": "/tmp",  # noqa: S108
    "OPTIND": "1",
    "PS4": "+ ",
    "-": "hBc",
    "?": "0",
}
_TAME: Final = """
    CI USER LOGNAME USERNAME HOSTNAME HOST UID EUID GID RANDOM SRANDOM SECONDS LINENO PPID BASHPID EPOCHSECONDS
    EPOCHREALTIME BASH_VERSION BASH_SUBSHELL SHLVL OSTYPE HOSTTYPE MACHTYPE COLUMNS LINES TERM LANG LANGUAGE LC_ALL TZ
    EDITOR VISUAL PAGER BROWSER DISPLAY NODE_ENV RAILS_ENV PYTHONPATH NODE_PATH JAVA_HOME GOPATH GOROOT CARGO_HOME
    RUSTUP_HOME NVM_DIR PYENV_ROOT VIRTUAL_ENV CONDA_PREFIX ANDROID_HOME ANDROID_SDK_ROOT LD_LIBRARY_PATH
    PKG_CONFIG_PATH MANPATH CC CXX CPP LD AR MAKE MAKEFLAGS CFLAGS CXXFLAGS LDFLAGS CMAKE PYTHON PYTHON3 PIP NODE NPM
    YARN GO CARGO RUSTC JAVA MVN GRADLE DOCKER KUBECTL SUDO GIT CURL WGET SED AWK GREP TAR FUNCNAME BASH_SOURCE
    BASH_LINENO PIPESTATUS BASH_COMMAND DIRSTACK GROUPS BRANCH TAG VERSION RELEASE ARCH OS PLATFORM PORT PREFIX DESTDIR
    TARGET COMMIT SHA CONDA_DEFAULT_ENV COLORTERM TERM_PROGRAM XDG_RUNTIME_DIR DEBIAN_FRONTEND $ !
"""
_TAME_NAMES: Final = frozenset(_TAME.split())
_TAME_FAMILIES: Final = re.compile(r"(?:GITHUB|RUNNER|CI|GITLAB|BUILDKITE|CIRCLE|TRAVIS|LC|npm)_[A-Za-z0-9_]++")
_REFERENCE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+|[0-9]++|[@*])(?:\[(.*)\])?+", re.DOTALL)
_MOST_REFERENCES: Final = 8
_GLOB: Final = frozenset("*?[")
_NEGATIVE: Final = re.compile(r"-[0-9]{1,9}")


class Variables:
    """Reads and sets variables in the current state. Arithmetic asks and sets through it too."""

    state: State

    def readings(self, name: str) -> Value:
        """Return the values that a name may have."""
        name = self.referred(name)
        value = self.state.variables.get(name)
        if value is None:
            return self.unset(name)
        if None not in value:
            return value
        return one_of((*(each for each in value if each is not None), *self.unset(name)), UNKNOWN)

    def unset(self, name: str) -> Value:
        """Return what a name is worth that the command has not set."""
        if name in {"PWD", "OLDPWD"}:
            return tuple(said(folder) for folder in self.state.folders) if name == "PWD" else (GIVEN,)
        if (usual := _USUAL.get(name)) is not None:
            return (usual,)
        if name in _TAME_NAMES or _TAME_FAMILIES.fullmatch(name) is not None:
            return (TAME,)
        return (None, GIVEN)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts that a name may stand for."""
        return texts_of(scalar(reading) for reading in self.readings(name))

    def separators(self) -> str:
        """Return what unquoted values are split at."""
        return self.texts("IFS")[0]

    def referred(self, name: str) -> str:
        """Follow ``declare -n`` from a name to the one that it stands for."""
        for _ in range(_MOST_REFERENCES):
            if "n" not in self.state.attributes.get(name, ()):
                break
            target = self.state.variables.get(name, ("",))[0]
            if not isinstance(target, str) or not target:
                break
            name = target
        return name

    def set_texts(self, name: str, texts: tuple[str, ...], *, append: bool = False) -> None:
        """Give a name a text, or one of several."""
        name = self.referred(name)
        if (reference := _REFERENCE.fullmatch(name)) is not None and reference.group(2) is not None:
            self.set_element(reference.group(1), (reference.group(2),), texts, append=append)
            return
        flags = self.state.attributes.get(name, ())
        texts = tuple(self._shaped(text, flags) for text in texts)
        old = self._appendable(name) if append else ()
        if not append or not old:
            self.state = self.state.with_variable(name, texts)
        elif "i" in flags:
            sums = (self._shaped(f"{scalar(before)}+{text}", flags) for before in old for text in texts)
            self.state = self.state.with_variable(name, texts_of(sums))
        else:
            values = (_appended(before, text) for before in old for text in texts)
            self.state = self.state.with_variable(name, one_of(values, UNKNOWN))

    def _appendable(self, name: str) -> Value:
        """Return what there is to append to; what the environment is not known to bring is nothing."""
        return tuple(reading for reading in self.readings(name) if reading != GIVEN) or (GIVEN,)

    def _shaped(self, text: str, flags: tuple[str, ...]) -> str:
        """Give a text the form that the name's attributes ask for."""
        if "i" in flags and is_known(text):
            number = evaluate(text, self)
            return TAME if number is None else str(number)
        text = text.lower() if "l" in flags else text.upper() if "u" in flags else text
        return clipped(text)

    def set_array(self, name: str, arrays: tuple[Array, ...]) -> None:
        """Give a name an array."""
        self.state = self.state.with_variable(self.referred(name), arrays)

    def set_element(self, name: str, keys: tuple[str, ...], texts: tuple[str, ...], *, append: bool = False) -> None:
        """Set one element of an array."""
        name = self.referred(name)
        value = self.state.variables.get(name, (None,))
        arrays: list[Reading] = []
        for old in value:
            for key in keys:
                place = self.key(key, as_array(old), name)
                for text in texts:
                    before = as_array(old).get(place, "") if append else ""
                    arrays.append(with_entry(as_array(old), place, clipped(before + text)))
        self.state = self.state.with_variable(name, one_of(arrays, UNKNOWN))

    def key(self, key: str, array: Array, name: str = "") -> str:
        """Return the key under which an element lies: as written in a table, as a number in a list."""
        if key in array or "A" in self.state.attributes.get(name, ()):
            return key
        number = evaluate(key, self)
        if number is None:
            return key
        if number < 0 and array:
            numbers = [int(each) for each in array if each.isdigit()]
            return str(max(numbers, default=-1) + 1 + number)
        return str(number)

    def forget(self, name: str) -> None:
        """Unset a name."""
        reference = _REFERENCE.fullmatch(name)
        if reference is not None and reference.group(2) is not None:
            arrays = tuple(
                without_entry(as_array(old), self.key(reference.group(2), as_array(old)))
                for old in self.readings(reference.group(1))
            )
            self.state = self.state.with_variable(reference.group(1), arrays)
            return
        self.state = self.state.with_variable(self.referred(name), (None,))

    def add_attributes(self, name: str, flags: str) -> None:
        """Add what ``declare`` says of a name."""
        old = self.state.attributes.get(name, ())
        new = tuple(flag for flag in flags if flag not in old)
        if new:
            attributes = with_entry(self.state.attributes, name, old + new)
            self.state = replace(self.state, attributes=attributes)

    # --- what arithmetic asks ---

    def number(self, name: str, depth: int) -> int | None:
        """Return what a name is worth in an expression: its value is an expression itself."""
        texts = tuple(text for text in self.referenced(name) if text != GIVEN)  # what nobody has set is 0
        if len(texts) != 1:
            return None
        return evaluate(self.expression_text(texts[0]), self, depth + 1)

    def expression_text(self, text: str) -> str:
        """Return a value as arithmetic reads it."""
        return text

    def set_number(self, name: str, value: int | None) -> None:
        """Set a name to what an expression is worth."""
        self.set_texts(name, (TAME if value is None else str(value),))

    def referenced(self, name: str) -> tuple[str, ...]:
        """Return the texts that a name, an argument or an element (``name[key]``) may stand for."""
        reference = _REFERENCE.fullmatch(name)
        if reference is None:
            return (UNKNOWN,)
        base, key = reference.groups()
        if base.isdigit():
            return texts_of(self.argument(int(base)))
        if base in {"@", "*"}:
            return texts_of(" ".join(arguments) for arguments in self.state.arguments)
        if key is None:
            return self.texts(base)
        if key in {"@", "*"}:
            return texts_of(" ".join(elements(reading)) for reading in self.readings(base))
        return texts_of(self.element(reading, key, base) or "" for reading in self.readings(base))

    def argument(self, number: int) -> Iterator[str]:
        """Yield the readings of an argument of the shell."""
        if number == 0:
            yield self.state.name
            return
        for arguments in self.state.arguments:
            yield arguments[number - 1] if number <= len(arguments) else ""

    def element(self, reading: Reading, key: str, name: str = "") -> str | None:
        """Return an element of a variable; None where it is not set."""
        if isinstance(reading, str) and is_bare(reading):
            return reading
        array = as_array(reading)
        return array.get(self.key(key, array, name))


def said(folder: str | None) -> str:
    """Return what ``$PWD`` says in a folder."""
    if folder is None or folder == ".":
        return HERE
    return folder if ANCHORED.match(folder) is not None or not is_known(folder[:1]) else f"{HERE}/{folder}"


def scalar(reading: Reading) -> str:
    """Return a reading as the text that ``$name`` gives."""
    if reading is None:
        return ""
    return reading if isinstance(reading, str) else reading.get("0", "")


def as_array(reading: Reading) -> Array:
    """Return a reading as an array; a text is its first element."""
    if reading is None:
        return {}
    return {"0": reading} if isinstance(reading, str) else reading


def elements(reading: Reading) -> tuple[str, ...]:
    """Return the elements of a reading."""
    return tuple(as_array(reading).values())


def array_of(texts: tuple[str, ...]) -> Array:
    """Return an array of texts."""
    return {str(number): text for number, text in enumerate(texts[:MOST_NAMES])}


def any_order(texts: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the lists that a list of names may be: where a glob is among them, anyone may be at any place."""
    if len(texts) < 2 or not any(not _GLOB.isdisjoint(text) for text in texts):  # noqa: PLR2004 - one has no order
        return (texts,)
    names = dict.fromkeys(text for text in texts if not _GLOB.isdisjoint(text))
    return (texts, *((name,) * len(texts) for name in list(names)[:_MOST_REFERENCES]))


def _appended(before: Reading, text: str) -> Reading:
    if isinstance(before, str) or before is None:
        return clipped((before or "") + text)
    return {**before, "0": clipped(before.get("0", "") + text)}
