"""Commands that give variables their values: assignments, ``declare``, ``read``, ``mapfile``, ``set`` and their kin."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from guardian_ci.policy.shell.arithmetic import evaluate
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access, Touch
from guardian_ci.policy.shell.hosts import contacts_of_variable
from guardian_ci.policy.shell.machine import DOT_GLOB, Machine
from guardian_ci.policy.shell.marks import GIVEN, HERE, is_bare, is_known
from guardian_ci.policy.shell.state import MOST_READINGS, Outcome, Stream, with_entry
from guardian_ci.policy.shell.syntax import Assignment, Element, Word
from guardian_ci.policy.shell.variables import any_order, array_of, as_array

RUN_AS_COMMANDS: Final = frozenset(
    {
        "PROMPT_COMMAND",
        "PAGER",
        "MANPAGER",
        "GIT_PAGER",
        "EDITOR",
        "VISUAL",
        "GIT_EDITOR",
        "GIT_SEQUENCE_EDITOR",
        "GIT_SSH_COMMAND",
        "GIT_EXTERNAL_DIFF",
        "GIT_ASKPASS",
        "GIT_PROXY_COMMAND",
        "SSH_ASKPASS",
        "LESSOPEN",
        "LESSCLOSE",
        "BROWSER",
        "RSYNC_RSH",
    }
)
"""Variables whose values are run by the programs that know them."""

_RUN_AS_FILES: Final = frozenset({"BASH_ENV", "ENV"})
_EXPANDED: Final = frozenset({"PS0", "PS1", "PS2", "PS4"})
_FILE_NAMES: Final = ("_FILE", "_CONFIG", "_CREDENTIALS", "_KUBECONFIG", "KUBECONFIG", "DOCKER_CONFIG", "CREDENTIALS")
_MOST_LINES: Final = 400
_READ_OPTIONS: Final = "adeiNnptu"
_MAP_OPTIONS: Final = "dnOsuCc"


class Assigner(Machine):
    """Sets variables, and notes which ones."""

    @abstractmethod
    def run_text(self, text: str, why: str) -> Outcome:
        """Run a program text in the current shell."""

    @abstractmethod
    def source_file(self, path: str) -> Outcome:
        """Run a file's text in the current shell."""

    @abstractmethod
    def output_of(self, argv: tuple[str, ...]) -> str | None:
        """Return what a program prints, asked for nothing else."""

    def succeeded(self) -> Outcome:
        """Say that a command did what it should, in the state as it is."""
        return Outcome(self.state, self.state, holds=True)

    def perhaps(self) -> Outcome:
        """Say that a command ended, and how is not known."""
        return Outcome(self.state, self.state)

    # --- assignments ---

    def assign(self, assignment: Assignment, *, exported: bool = False) -> None:
        """Do what ``name=value`` says."""
        self.spend()
        self.record.assigned(assignment.name)
        if isinstance(assignment.value, tuple):
            self._assign_elements(assignment, assignment.value)
            return
        texts = self.texts_in(assignment.value)
        if assignment.index is not None:
            keys = tuple(self.expression_text(key) for key in self.texts_in(assignment.index))
            self.set_element(assignment.name, keys, texts, append=assignment.append)
            if assignment.name == "BASH_ALIASES":
                self.set_alias(keys[0], texts)
            return
        self.set_texts(assignment.name, texts, append=assignment.append)
        self.heed(assignment.name, texts, assignment.source, exported=exported)

    def _assign_elements(self, assignment: Assignment, given: tuple[Element, ...]) -> None:
        """Do what ``name=(…)`` says; where elements may be several things, each is one array."""
        old = self.readings(assignment.name) if assignment.append else ({},)
        arrays: list[dict[str, str]] = [dict(as_array(reading)) for reading in old]
        for element in given:
            self.spend()
            if element.key is not None:
                keys, texts = self.texts_in(element.key), self.texts_in(element.value)
                arrays = [
                    {**array, self.key(key, array, assignment.name): text}
                    for array in arrays
                    for key in keys
                    for text in texts
                ]
            else:
                options = self.fields(element.value)
                orders = [order for fields in options for order in any_order(fields)]
                if len(orders) == 1:  # thousands of plain words are many: no copy for each
                    for array in arrays:
                        _extend(array, orders[0])
                else:
                    arrays = [_extend(dict(array), fields) for array in arrays for fields in orders]
            arrays = arrays[:MOST_READINGS]
        self.set_array(assignment.name, tuple(arrays))

    def heed(self, name: str, texts: Iterable[str], word: str, *, exported: bool = True) -> None:
        """Follow what the value of a variable that the shell or programs know sets going."""
        if name == "GLOBIGNORE":
            self.add_option(DOT_GLOB)
        for text in texts:
            for contact in contacts_of_variable(name, text):
                self.record.contact(contact)
            if name in RUN_AS_COMMANDS and text.strip() and is_known(text.replace(HERE, "")):
                self.apart(partial(self.run_text, text.lstrip("|"), name))
            elif name in _RUN_AS_FILES and text:
                self.apart(partial(self.source_file, text))
            elif name in _EXPANDED:
                self.expanded_text(text)
            elif exported and name.endswith(_FILE_NAMES) and text:
                self.touch(Touch(path=text, access=Access.READ, word=word, sure=False))

    def set_alias(self, name: str, texts: tuple[str, ...]) -> None:
        """Give a command another name."""
        self.state = replace(self.state, aliases=with_entry(self.state.aliases, name, texts))

    def add_option(self, option: str) -> None:
        """Set an option of the shell."""
        self.state = replace(self.state, attributes=with_entry(self.state.attributes, option, ("o",)))

    # --- declare, export, local, readonly ---

    def declare(self, name: str, words: Sequence[Word | Assignment], *, local: bool) -> Outcome:
        """Do what ``declare`` and its kin say with their words, of which some are assignments."""
        flags = ""
        for word in words:
            if isinstance(word, Assignment):
                self._declare_name(word.name, flags, local=local and "g" not in flags)
                self.assign(word, exported=name == "export" or "x" in flags)
                continue
            for text in dict.fromkeys(text for fields in self.fields(word) for text in fields):
                if text.startswith(("-", "+")):
                    flags += text[1:] if text[0] == "-" else ""
                else:
                    self._declare_text(
                        text, flags, local=local and "g" not in flags, exported=name == "export" or "x" in flags
                    )
        return self.succeeded()

    def _declare_text(self, text: str, flags: str, *, local: bool, exported: bool) -> None:
        name, sign, value = text.partition("=")
        append = bool(sign) and name.endswith("+")
        name = name.removesuffix("+")
        self.record.assigned(name)
        self._declare_name(name, flags, local=local)
        if sign:
            self.set_texts(name, (value,), append=append)
            self.heed(name, (value,), text, exported=exported)
        elif exported and name in self.state.variables:
            self.heed(name, self.texts(name), text)

    def _declare_name(self, name: str, flags: str, *, local: bool) -> None:
        if local:
            self.make_local(name)
        self.add_attributes(name, "".join(flag for flag in flags if flag in "Aaluni"))

    @abstractmethod
    def make_local(self, name: str) -> None:
        """Let a name have its old value again when the function ends."""

    # --- read, mapfile ---

    def read(self, argv: tuple[str, ...]) -> Outcome:
        """``read``: a line of what comes in, split into names."""
        options, names = _options(argv[1:], _READ_OPTIONS)
        stream = self._stream_of(options)
        end = options["d"][:1] or "\0" if "d" in options else "\n"
        line = stream.line(end)
        known = stream.text is not None
        text = line if line is not None else "" if known else GIVEN
        if "r" not in options:
            text = text.replace("\\", "")
        if (count := options.get("n", options.get("N", ""))).isdigit() and is_known(text):
            stream.text = text[int(count) :] + end + (stream.text or "")
            text = text[: int(count)]
        if "a" in options:
            self.record.assigned(options["a"])
            self.set_array(options["a"], (array_of(tuple(self._shares(text, 0))),))
        else:
            self._set_names(names or ["REPLY"], text, whole=not names)
        if line is None and known:
            return Outcome(self.state, self.state, holds=False)
        return self.succeeded() if is_known(text) else self.perhaps()

    def _stream_of(self, options: dict[str, str]) -> Stream:
        return self.state.streams.get(options["u"], Stream()) if "u" in options else self.stdin()

    def _set_names(self, names: list[str], text: str, *, whole: bool) -> None:
        shares = [text] if whole else self._shares(text, len(names))
        for place, name in enumerate(names):
            share = shares[place] if place < len(shares) else text if is_bare(text) else ""
            self.record.assigned(name)
            self.set_texts(name, (share,))

    def _shares(self, text: str, count: int) -> list[str]:
        """Split a line as ``IFS`` says; the last name gets all that is left."""
        separators = self.separators()
        if count == 1 or not separators:
            return [text.strip("".join(sign for sign in separators if sign.isspace()))]
        fields = [token for token in self.split(text) if token is not None]
        if not count or len(fields) <= count:
            return fields
        rest = text.strip(" \t\n")
        for field in fields[: count - 1]:
            rest = rest[rest.find(field) + len(field) :].lstrip(separators)
        return [*fields[: count - 1], rest]

    def map_file(self, argv: tuple[str, ...]) -> Outcome:
        """``mapfile``: all lines of what comes in, as an array."""
        options, names = _options(argv[1:], _MAP_OPTIONS)
        stream = self._stream_of(options)
        lines: list[str] = []
        while len(lines) < _MOST_LINES and (line := stream.line()) is not None:
            lines.append(line)
            if not is_known(line) and "\n" not in (stream.text or ""):
                break
        if stream.text is None:
            lines = [GIVEN]
        name = names[0] if names else "MAPFILE"
        self.record.assigned(name)
        self.set_array(name, tuple(array_of(order) for order in any_order(tuple(lines))))
        if callback := options.get("C"):
            for number, line in enumerate(lines[:MOST_READINGS]):
                self.run_text(f"{callback} {number} {line}", "mapfile")
        return self.succeeded()

    # --- set, shift, let, printf -v, unset, getopts ---

    def set_arguments(self, argv: tuple[str, ...]) -> Outcome:
        """``set``: options, and the shell's own arguments."""
        words = list(argv[1:])
        while words and words[0][:1] in {"-", "+"}:
            word = words.pop(0)
            if word in {"--", "-"}:
                self.state = replace(self.state, arguments=any_order(tuple(words)))
                return self.succeeded()
            if "o" in word and words:
                words.pop(0)
        if words:
            self.state = replace(self.state, arguments=any_order(tuple(words)))
        if len(words) > 1 and words[0].isidentifier():
            self.set_texts(words[0], tuple(words[1:]))  # what fish means by it
        return self.succeeded()

    def shift(self, argv: tuple[str, ...]) -> Outcome:
        """``shift``: the arguments without the first ones."""
        count = int(argv[1]) if len(argv) > 1 and argv[1].isdigit() and len(argv[1]) < len("1000") else 1
        arguments = tuple(dict.fromkeys(each[count:] for each in self.state.arguments))
        self.state = replace(self.state, arguments=arguments)
        return self.succeeded()

    def let(self, argv: tuple[str, ...]) -> Outcome:
        """``let``: expressions."""
        value: int | None = 0
        for expression in argv[1:]:
            value = evaluate(self.expression_text(expression), self)
        return Outcome(self.state, self.state, holds=None if value is None else bool(value))

    def set_number(self, name: str, value: int | None) -> None:
        """Set a name to what an expression is worth."""
        self.record.assigned(name.partition("[")[0])
        super().set_number(name, value)

    def print_into(self, name: str, argv: tuple[str, ...]) -> Outcome:
        """``printf -v name``: what would be printed becomes a value."""
        printed = self.output_of(argv)
        self.record.assigned(name)
        self.set_texts(name, (UNKNOWN if printed is None else printed,))
        return self.succeeded()

    def unset_names(self, argv: tuple[str, ...]) -> Outcome:
        """``unset``: variables and functions."""
        for name in argv[1:]:
            if name.startswith("-"):
                continue
            if name in self.state.functions and "-v" not in argv:
                functions = {key: body for key, body in self.state.functions.items() if key != name}
                self.state = replace(self.state, functions=functions)
            else:
                self.forget(name)
        return self.succeeded()

    def next_option(self, argv: tuple[str, ...]) -> Outcome:
        """``getopts``: a letter, and perhaps its argument."""
        if len(argv) > 2:  # noqa: PLR2004 - getopts LETTERS NAME
            given = argv[3:] or tuple(text for arguments in self.state.arguments for text in arguments)
            self.set_texts(argv[2], (TAME,))
            self.set_texts("OPTARG", tuple(dict.fromkeys(given)) or (TAME,))
        return self.perhaps()


def _extend(array: dict[str, str], texts: tuple[str, ...]) -> dict[str, str]:
    """Put texts behind an array's last number; return the array."""
    last = str(len(array) - 1)
    if array and next(reversed(array)) != last:
        last = str(max((int(key) for key in array if key.isdigit()), default=-1))
    first = int(last) + 1
    array.update((str(first + place), text) for place, text in enumerate(texts[:_MOST_LINES]))
    return array


def _options(words: Sequence[str], with_values: str) -> tuple[dict[str, str], list[str]]:
    """Return a builtin's options, with the values of those that have one, and its other words."""
    options: dict[str, str] = {}
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] != "-":
        word = words[place]
        place += 1
        if word == "--":
            break
        for position, letter in enumerate(word[1:], start=2):
            if letter not in with_values:
                options[letter] = ""
                continue
            options[letter] = word[position:]
            if not word[position:] and place < len(words):
                options[letter] = words[place]
                place += 1
            break
    return options, list(words[place:])
