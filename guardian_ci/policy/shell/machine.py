"""What a shell runs on: files and descriptors, the folder it is in, and the bounds on all that it does."""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from guardian_ci.policy.shell.expand import Expander
from guardian_ci.policy.shell.facts import UNKNOWN, Access, Contact, Touch
from guardian_ci.policy.shell.folders import (
    descriptor_of,
    followed,
    found_as,
    in_folder,
    is_pseudo,
    normal,
)
from guardian_ci.policy.shell.lexer import Bound, Budget
from guardian_ci.policy.shell.marks import GIVEN, as_shown, as_word, is_known, without_marks
from guardian_ci.policy.shell.record import Record
from guardian_ci.policy.shell.state import (
    NOTHING_TOLD,
    Outcome,
    State,
    Stream,
    texts_of,
    with_entry,
)
from guardian_ci.policy.shell.syntax import HereDocument, Node, Redirect, Sequence, Word
from guardian_ci.policy.shell.variables import array_of

_MOST_STEPS: Final = 6_000
_CHARACTERS_A_STEP: Final = 2_000
_DEEPEST: Final = 56
_MOST_CONTENTS: Final = 8
_SOCKET: Final = re.compile(r"/dev/(?:tcp|udp)/([^/]*)/[^/]*")
_FIRST_FREE: Final = 10
_GLOB_SIGN: Final = re.compile(r"[*?\[]")
_DOT_GLOB: Final = re.compile(r"(^|/)(?=[*?\[])")
DOT_GLOB: Final = "dotglob"


class Machine(Expander):
    """Opens files, joins descriptors, captures what is printed. ``scripts`` are the files that were written before.

    ``origin`` says of the words of the command that runs how they were written; those in ``literal`` had quoted signs
    of a glob: to a program that nobody knows, they are more likely a regular expression.
    """

    def __init__(self, folder: str | None, scripts: Mapping[str, str]) -> None:
        self.state = State(folders=(folder,))
        self.record = Record()
        self.budget = Budget()
        self.origin: Mapping[str, str] = {}
        self.literal: frozenset[str] = frozenset()
        self._scripts = {normal(path): text for path, text in scripts.items()}
        self._steps = _MOST_STEPS
        self._depth = 0
        self._opened = 0
        self._writers: list[tuple[str, Node]] = []
        self.late_writers: list[tuple[str, Node]] = []

    @abstractmethod
    def run(self, node: Node) -> Outcome:
        """Run a command in the current state, and go on in the one after it."""

    def note_assigned(self, name: str) -> None:
        """Note that a variable is set."""
        self.record.assigned(name)

    # --- bounds ---

    def spend(self, text: str = "") -> None:
        """Count a step, or as many as a text is long."""
        self._steps -= 1 + len(text) // _CHARACTERS_A_STEP
        if self._steps < 0:
            raise Bound("more steps than can be followed")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Go one level deeper, if that is not too deep."""
        self.spend()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Bound("calls itself too often, or nests too deeply")
        try:
            yield
        finally:
            self._depth -= 1

    # --- subshells and what they print ---

    def apart(self, body: Callable[[], object]) -> None:
        """Do something in a subshell: of what it changes, only files stay."""
        before = self.state
        body()
        after = self.state
        self.state = replace(before, files=after.files, links=after.links, printed=after.printed)

    def captured(self, body: Callable[[], object]) -> tuple[str, ...]:
        """Do something in a subshell and return what it may print."""
        before = self.state
        streams = with_entry(before.streams, "1", Stream(captured=True, reads=False))
        self.state = replace(before, printed=("",), streams=streams)
        body()
        after = self.state
        self.state = replace(before, files=after.files, links=after.links)
        return after.printed

    def capture(self, body: Sequence) -> tuple[str, ...]:
        """Run commands apart and return what they may print."""
        with self.deeper():
            return self.captured(lambda: self.run(body))

    def print(self, text: str) -> None:
        """Print a text to wherever it goes now."""
        self.spend(text)
        self.state = self.state.written(text)

    def process_file(self, body: Sequence, *, reads: bool) -> str:
        """Return the name of a file that holds what commands print, or that they will read."""
        self._opened += 1
        path = f"/dev/fd/{_FIRST_FREE + 50 + self._opened}"
        if reads:
            self.state = self.state.with_file(path, self.capture(body))
        else:
            self.state = self.state.with_file(path, ("",))
            self._writers.append((path, body))
        return path

    def feed_writers(self) -> None:
        """Run the commands of ``>(…)`` with what has been written to them."""
        writers, self._writers = self._writers, []
        for path, body in writers:
            for text in self.state.files.get(path, (UNKNOWN,))[:_MOST_CONTENTS]:
                self.with_input(text or UNKNOWN, body)

    def with_input(self, text: str, body: Node) -> None:
        """Run a command in a subshell with a text to read."""

        def run() -> None:
            self.state = self.state.with_stream("0", Stream(text=text))
            self.run(body)

        with self.deeper():
            self.apart(run)

    # --- files ---

    def places(self, path: str) -> tuple[str, ...]:
        """Return where a path may lead from the current folder."""
        path = as_word(path)
        places = dict.fromkeys(as_word(in_folder(folder, path)) for folder in self.state.folders)
        if not self.state.links:
            return tuple(places)
        return tuple(dict.fromkeys(end for place in places for end in followed(place, self.state.links)))

    def touch(self, touch: Touch) -> None:
        """Note that a file is touched, by the path that it has from where the command began."""
        if is_pseudo(touch.path):
            return
        word = as_shown(self.origin.get(touch.word, touch.word))
        if not touch.sure and touch.word in self.literal:
            touch = replace(touch, path=_GLOB_SIGN.sub(r"\\\g<0>", touch.path))
        for path in self.places(touch.path):
            self.record.touch(replace(touch, path=path, word=word))
            if DOT_GLOB in self.state.attributes and touch.sure and (hidden := _DOT_GLOB.sub(r"\1.", path)) != path:
                self.record.touch(replace(touch, path=hidden, word=word))

    def contents(self, path: str) -> tuple[str, ...] | None:
        """Return what a file may hold; None where nothing is known of it."""
        if (descriptor := descriptor_of(path)) is not None and path not in self.state.files:
            text = self.state.streams.get(descriptor, NOTHING_TOLD).text
            return None if text is None else (text,)
        if not self.state.files and not self._scripts:
            return None
        for place in self.places(path):
            place_key = normal(place)
            if place_key in self.state.files:
                return self.state.files[place_key]
            if place_key in self._scripts:
                return (self._script_text(place_key),)
        path = as_word(path)
        written = [*(self.state.files[each] for each in found_as(path, self.state.files))]
        written += [
            (self._script_text(each),) for each in found_as(path, self._scripts) if each not in self.state.files
        ]
        texts = texts_of(text for contents in written for text in contents)
        return texts[:_MOST_CONTENTS] or None

    def _script_text(self, path: str) -> str:
        """Return what an earlier command wrote; it may have come with ``UNKNOWN`` in it, from here."""
        return without_marks(self._scripts[path], but=UNKNOWN)

    def keep(self, path: str, contents: tuple[str, ...]) -> None:
        """Remember what a file holds now."""
        if UNKNOWN not in path:
            self.state = self.state.with_file(self.file_key(path), contents)

    def file_key(self, path: str) -> str:
        """Return the name under which a file is remembered."""
        return normal(in_folder(self.state.folders[0], as_word(path)))

    def link(self, target: str, path: str) -> None:
        """Remember that a path leads elsewhere."""
        self.spend("/" * len(self.state.links) * 20)
        key = self.file_key(path)
        if target and key != target and UNKNOWN not in path:
            targets = (*self.state.links.get(key, ()), target)[-_MOST_CONTENTS:]
            self.state = replace(self.state, links=with_entry(self.state.links, key, targets))

    # --- descriptors ---

    def stdin(self) -> Stream:
        """Return what is read from."""
        return self.state.streams.get("0", NOTHING_TOLD)

    def redirected(self, redirects: tuple[Redirect, ...], body: Callable[[], Outcome]) -> Outcome:
        """Run something with its descriptors joined to what redirections say, and join them back."""
        if not redirects:
            return body()
        streams = self.state.streams
        self.redirect(redirects)
        return self.ended(body().changed(lambda state: replace(state, streams=streams)))

    def ended(self, outcome: Outcome) -> Outcome:
        """Go on in the state after a command, whatever its success."""
        self.state = outcome.after
        return outcome

    def redirect(self, redirects: tuple[Redirect, ...]) -> None:
        """Join descriptors to what redirections say."""
        for redirect in redirects:
            self.spend()
            if isinstance(redirect.target, HereDocument):
                self._read_text(redirect, redirect.target.body, "")
            elif redirect.operator == "<<<":
                self._read_text(redirect, redirect.target, "\n")
            else:
                self._redirect(redirect, redirect.target)

    def _read_text(self, redirect: Redirect, word: Word, end: str) -> None:
        texts = self.texts_in(word)
        # Several readings are read one after the other: what is done with any of them is done.
        text = end.join(texts) + end if len(texts) > 1 else texts[0] + end
        self._join(redirect, Stream(text=text), "0")

    def _redirect(self, redirect: Redirect, target: Word) -> None:
        operator = redirect.operator
        words = [(word, target.source) for fields in self.fields(target) for word in fields]
        for word, source in dict.fromkeys(words):
            if operator in {"<&", ">&"} and (word.rstrip("-").isdigit() or word == "-"):
                stream = self.state.streams.get(word.rstrip("-"), NOTHING_TOLD)
                self._join(redirect, stream, "0" if operator == "<&" else "1")
            elif operator in {"<", "<&"}:
                self._join(redirect, self.reading(word, source), "0")
            elif operator == "<>":
                self.writing(word, source, append=True)
                self._join(redirect, self.reading(word, source), "0")
            else:
                self._join(redirect, self.writing(word, source, append=operator.endswith(">>")), "1")

    def _join(self, redirect: Redirect, stream: Stream, usual: str) -> None:
        descriptor = redirect.fd or usual
        if not descriptor.isdigit():
            self._opened += 1
            number = str(_FIRST_FREE + self._opened)
            self.set_texts(descriptor, (number,))
            self.record.assigned(descriptor)
            descriptor = number
        self.state = self.state.with_stream(descriptor, stream)

    def reading(self, path: str, word: str) -> Stream:
        """Open a file for reading."""
        if self._is_socket(path, word):
            return Stream(text=UNKNOWN)
        self.touch(Touch(path=path, access=Access.READ, word=word, redirected=True))
        if path == "/dev/null":
            return Stream(text="")
        contents = self.contents(path)
        text = GIVEN if contents is None else "\n".join(contents) if len(contents) > 1 else contents[0]
        return Stream(text=text, path=path)

    def writing(self, path: str, word: str, *, append: bool) -> Stream:
        """Open a file for writing."""
        if (descriptor := descriptor_of(path)) is not None and path not in self.state.files:
            return self.state.streams.get(descriptor, NOTHING_TOLD)
        if self._is_socket(path, word) or path == "/dev/null":
            return Stream(reads=False)
        self.touch(Touch(path=path, access=Access.WRITE, word=word, redirected=True))
        old = self.contents(path) if append else None
        self.keep(path, ("",) if old is None else old)
        return Stream(path=self.file_key(path), reads=False)

    def _is_socket(self, path: str, word: str) -> bool:
        if (socket := _SOCKET.fullmatch(path)) is None:
            return False
        host = socket.group(1)
        self.record.contact(Contact(host=host if host and is_known(host) else None, program="bash", word=word))
        return True

    def coprocess(self, name: str, body: Node) -> None:
        """Run a command whose ends are in an array; what is written to it, it reads at the end."""
        texts = self.captured(lambda: self.run(body))
        self.set_array(name, (array_of(("63", "60")),))
        path = f"/dev/fd/{name}"
        self.state = self.state.with_stream("63", Stream(text="".join(texts))).with_file(path, ("",))
        self.state = self.state.with_stream("60", Stream(path=path, reads=False))
        self.late_writers.append((path, body))
