"""Gathers what one program does, word by word."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from guardian_ci.policy.shell.arguments import Arguments, Kind, Usage, read_arguments
from guardian_ci.policy.shell.effects import Effects, Language, Runs
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Contact, Opaque, Touch
from guardian_ci.policy.shell.hosts import (
    contact_of_path,
    is_url,
    name_of_address,
    names_of_url,
    remote_host,
    scheme_of,
)
from guardian_ci.policy.shell.words import words

_LONGEST_WORD: Final = 4096
_MOST: Final = 4096
_MOST_URLS: Final = 16
_STANDARD_STREAMS: Final = frozenset({"", "-", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/null", "/dev/fd/0"})
_NOTHING: Final[Mapping[str, str]] = {}
_HOSTLESS: Final = re.compile(r"(?:data|about|javascript|blob):", re.IGNORECASE)
_STDIN: Final = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_URL_INSIDE: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>|]{1,2000}", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[=,]|(?<=[a-z]):(?=[a-z])|^//", re.IGNORECASE)
_HOST: Final = re.compile(
    r"(?:[\w.+-]{1,64}@)?((?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|edu|gov|io|dev|info|biz|xyz|site|online|cloud|example|test"
    r"|invalid|internal|top)|\d{1,3}(?:\.\d{1,3}){3})(?::\d{0,5}|/[^=,]{0,1000}|:[^=,]{0,1000})?",
    re.IGNORECASE,
)
_FILE_URL: Final = re.compile(r"(?:view-source:)?file:(?://(?:localhost(?=/))?)?", re.IGNORECASE)


class Collector:
    """The touches, contacts, dark corners and further commands of one program, each once and not without bound."""

    def __init__(self, program: str, stdin: str | None = None, files: Mapping[str, str] = _NOTHING) -> None:
        self.program = program
        self.stdin = stdin
        self.files = files
        """The texts of files that were written before, by path."""
        self.folder = ""
        """The folder that the program has changed to."""
        self._touches: dict[Touch, None] = {}
        self._contacts: dict[Contact, None] = {}
        self._opaque: dict[Opaque, None] = {}
        self._runs: list[Runs] = []

    def effects(self, output: str | None = None) -> Effects:
        """Return what was gathered, with what the program prints."""
        return Effects(
            touches=tuple(self._touches),
            contacts=tuple(self._contacts),
            opaque=tuple(self._opaque),
            runs=tuple(self._runs),
            output=output,
        )

    def add(self, effects: Effects) -> None:
        """Take over what something else does; its output is the caller's matter."""
        for touch in effects.touches:
            self._touch(touch)
        for contact in effects.contacts:
            self._contact(contact)
        self._opaque |= dict.fromkeys(effects.opaque)
        self._runs += effects.runs

    def read(self, *paths: str, sure: bool = True) -> None:
        """Note files that are read."""
        self._file(paths, (Access.READ,), sure=sure)

    def tree(self, *paths: str) -> None:
        """Note files, or folders with all that is below them, that are read."""
        self.read(*paths)
        outside = (path.rstrip("/") for path in paths if path[:1] in {"/", "~", "$"} or path.startswith(".."))
        self.read(*(f"{path}/**" for path in outside if not path.endswith("*")))

    def write(self, *paths: str, sure: bool = True) -> None:
        """Note files that are created, changed, moved or deleted."""
        self._file(paths, (Access.WRITE,), sure=sure)

    def edit(self, *paths: str, sure: bool = True) -> None:
        """Note files that are read and written."""
        self._file(paths, (Access.READ, Access.WRITE), sure=sure)

    def maybe(self, *texts: str) -> None:
        """Note words that may be files, or hold a file behind ``=``, ``@``, ``:``, or that are URLs."""
        for text in texts:
            if is_url(text) and scheme_of(text) != "file":
                self.url(text)
                continue
            for host in _hosts_in(text):
                self.host(host)
            for inside in _URL_INSIDE.findall(text[:_LONGEST_WORD])[:_MOST_URLS]:
                self.url(inside)
            setting = text.partition("=")[0] if "=" in text else ""
            for reading in dict.fromkeys((text, *words(text[:_LONGEST_WORD]))):
                if (reading.startswith("-") and reading == text) or reading == setting:
                    continue
                for access in Access:
                    self._touch(Touch(path=reading, access=access, word=text, sure=False))

    def url(self, text: str) -> None:
        """Note a URL that is opened; one of a file is a file that is read."""
        if _FILE_URL.match(text) is not None:
            self.read(text)
        elif not _HOSTLESS.match(text):
            for host in names_of_url(text):
                self._contact(Contact(host=host, program=self.program, word=text))

    def host(self, text: str) -> None:
        """Note a host, perhaps with a user before and a port behind it, that is talked to."""
        for host in names_of_url(text) if is_url(text) else (name_of_address(text),):
            self._contact(Contact(host=host, program=self.program, word=text))

    def somewhere(self, word: str) -> None:
        """Note that a host is talked to which nobody can know from here."""
        self._contact(Contact(host=None, program=self.program, word=word))

    def registry(self, name: str, word: str) -> None:
        """Note that a package manager talks to its usual registry."""
        self._contact(Contact(host=None, program=self.program, word=word, registry=name))

    def remote(self, text: str, *, write: bool = False) -> bool:
        """Note ``host:path`` or a URL as a contact, anything else as a file; say whether it was remote."""
        is_remote, host = remote_host(text)
        if is_remote:
            self._contact(Contact(host=host, program=self.program, word=text))
        elif write:
            self.write(text)
        else:
            self.read(text)
        return is_remote

    def opaque(self, reason: str, word: str) -> None:
        """Note something that nobody can know before."""
        self._opaque[Opaque(reason=reason, word=word)] = None

    def run(self, argv: Iterable[str], stdin: str | None = None, variables: Mapping[str, str] = _NOTHING) -> None:
        """Note another command that is run."""
        command = tuple(argv)
        if command and self.folder:
            self._runs.append(Runs(source=self._inside(shlex.join(command)), stdin=stdin, variables=variables))
        elif command:
            self._runs.append(Runs(argv=command, stdin=stdin, variables=variables))

    def shell(self, source: str, arguments: tuple[str, ...] = (), stdin: str | None = None) -> None:
        """Note a text that a shell runs; one of which nothing is known is opaque."""
        if is_dark(source):
            self.opaque("runs a text that is not known", source)
        elif source.strip():
            self._runs.append(Runs(source=self._inside(source), arguments=arguments, stdin=stdin))

    def _inside(self, source: str) -> str:
        return f"cd {shlex.quote(self.folder)} && {source}" if self.folder else source

    def script(
        self, file: str, language: Language = Language.SHELL, arguments: tuple[str, ...] = (), stdin: str | None = None
    ) -> None:
        """Note a file whose text is run."""
        self.read(file)
        self._runs.append(Runs(file=file, language=language, arguments=arguments, stdin=stdin))

    def take(self, kind: Kind | None, text: str) -> None:  # noqa: C901 - one branch for each kind of word
        """Note a word as what it is to the program."""
        match kind:
            case Kind.TEXT:
                return
            case Kind.READ:
                self.read(text)
            case Kind.WRITE:
                self.write(text)
            case Kind.EDIT:
                self.edit(text)
            case Kind.LIST:
                self.listed(text)
            case Kind.AT:
                if text.startswith("@"):
                    self.read(text[1:])
            case Kind.URL:
                self.url(text)
            case Kind.HOST:
                self.host(text)
            case Kind.REMOTE:
                self.remote(text)
            case Kind.SHELL:
                self.shell(text)
            case _:
                self.maybe(text)

    def listed(self, file: str) -> None:
        """Note a file that names files; where its text is known, also those."""
        self.read(file)
        self.read(*self.lines(file))

    def text_of(self, file: str) -> str | None:
        """Return the text of a file, or of standard input, where that is known."""
        return self.stdin if file in _STDIN else self.files.get(file)

    def lines(self, file: str) -> list[str]:
        """Return the lines of a file whose text is known, up to a bound."""
        text = self.text_of(file)
        return [] if text is None else [line for line in text.replace("\0", "\n").splitlines()[:_MOST] if line]

    def options(self, arguments: Arguments) -> None:
        """Note what the options' values name."""
        for option in arguments.options:
            if option.value is not None:
                self.take(option.kind, option.value)

    def operands(self, arguments: Arguments, how: Usage) -> None:
        """Note what the operands name."""
        for position, operand in enumerate(arguments.operands):
            self.take(how.kind_of(position, len(arguments.operands)), operand)

    def all(self, words: Iterable[str], how: Usage) -> Arguments:
        """Read arguments, note all that they name, and return them."""
        arguments = read_arguments(tuple(words), how)
        self.options(arguments)
        self.operands(arguments, how)
        return arguments

    def _file(self, paths: Iterable[str], accesses: tuple[Access, ...], *, sure: bool) -> None:
        for path in paths:
            if path in _STANDARD_STREAMS:
                continue
            if (device := contact_of_path(path)) is not None:
                self._contact(device)
            elif is_url(path) and scheme_of(path) != "file":
                self.url(path)
            else:
                scheme = _FILE_URL.match(path)
                text = path if scheme is None else unquote(path[scheme.end() :])
                if self.folder and text[:1] not in {"/", "~", "$"}:
                    text = f"{self.folder.rstrip('/')}/{text}"
                for access in accesses:
                    self._touch(Touch(path=text, access=access, word=path, sure=sure))

    def _touch(self, touch: Touch) -> None:
        if len(self._touches) < _MOST:
            self._touches[touch] = None
        else:
            self.opaque("names more files than are looked at", "")

    def _contact(self, contact: Contact) -> None:
        if len(self._contacts) < _MOST:
            self._contacts[contact] = None
        else:
            self.opaque("names more hosts than are looked at", "")


def _hosts_in(text: str) -> Iterator[str]:
    """Yield what in a word looks like a host and like nothing else: by its last part, or by its four numbers."""
    for part in _BETWEEN.split(text[:_LONGEST_WORD])[:_MOST_URLS]:
        if (host := _HOST.fullmatch(part)) is not None:
            yield host[1]


def is_dark(text: str) -> bool:
    """Whether nothing of a text is known."""
    return UNKNOWN in text and not text.replace(UNKNOWN, "").strip()
