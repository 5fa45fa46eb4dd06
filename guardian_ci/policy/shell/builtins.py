"""The shell's own commands: folders, evaluation, sources, conditions, traps. All others are programs."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Final

from guardian_ci.policy.shell.assigning import Assigner
from guardian_ci.policy.shell.conditions import Token, decide
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access, Touch
from guardian_ci.policy.shell.marks import is_known, nothing_known
from guardian_ci.policy.shell.patterns import TooMuch, compile_pattern
from guardian_ci.policy.shell.state import Outcome, joined
from guardian_ci.policy.shell.syntax import Word
from guardian_ci.policy.shell.variables import HOME, array_of, said

LOCAL: Final = frozenset({"local", "declare", "typeset"})
"""Declarations that hold for the function that they stand in."""

DECLARATIONS: Final = LOCAL | {"export", "readonly"}

_SIGNS: Final = frozenset({"!", "(", ")", "-a", "-o"})
_DOT_OPTIONS: Final = frozenset({"dotglob", "glob_dots", "globdots"})
_AT_THE_END: Final = frozenset({"EXIT", "0", "INT", "TERM", "HUP", "QUIT", "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"})
_LOUD: Final = frozenset({"v", "V"})


class Builtins(Assigner):
    """Does what the shell's own commands say. Each is given its words, the name first."""

    @abstractmethod
    def command(self, argv: tuple[str, ...]) -> Outcome:
        """Run a simple command by its words, whatever it is."""

    @abstractmethod
    def program(self, argv: tuple[str, ...]) -> Outcome:
        """Run a program, or a builtin, but no function."""

    @abstractmethod
    def defer(self, text: str) -> None:
        """Run a text when the shell ends."""

    def builtin(self, argv: tuple[str, ...]) -> Outcome | None:
        """Run a command if it is one of the shell's own; None if it is a program."""
        method = _METHODS.get(argv[0])
        return None if method is None else method(self, argv)

    # --- folders ---

    def change_folder(self, argv: tuple[str, ...]) -> Outcome:
        """``cd``: the folder that it fails to leave is the one of its failure."""
        words = [word for word in argv[1:] if not (word.startswith("-") and len(word) > 1)]
        before = self.state
        target = words[-1] if words else self.texts("HOME")[0]
        self._go(target)
        return Outcome(self.state, replace(before, variables=self.state.variables))

    def _go(self, target: str) -> None:
        folders = self.state.folders
        if target == "-":
            after: tuple[str | None, ...] = tuple(place for text in self.texts("OLDPWD") for place in self.places(text))
        else:
            bases = (*self._shortcuts(target), *folders)
            after = tuple(dict.fromkeys(place for base in bases for place in self._ways(base, target)))
        old = tuple(dict.fromkeys(said(folder) for folder in folders))
        self.state = replace(self.state.with_variable("OLDPWD", old), folders=after)

    def _ways(self, base: str | None, target: str) -> tuple[str, ...]:
        here = self.state
        self.state = replace(here, folders=(base,))
        ways = self.places(target)
        self.state = here
        return ways

    def _shortcuts(self, target: str) -> tuple[str, ...]:
        """Return the folders of ``CDPATH``, which come before the current one."""
        if "CDPATH" not in self.state.variables or target.startswith(("/", ".", HOME)):
            return ()
        return tuple(place for text in self.texts("CDPATH") for place in text.split(":") if place)

    def push_folder(self, argv: tuple[str, ...]) -> Outcome:
        """``pushd``: a folder, and the one before it remembered."""
        before = self.state
        self.state = replace(before, stack=(*before.stack, before.folders[0]))
        words = [word for word in argv[1:] if not word.startswith(("-", "+"))]
        if words:
            self._go(words[0])
        elif before.stack:
            self.state = replace(before, stack=(*before.stack[:-1], before.folders[0]), folders=(before.stack[-1],))
        return Outcome(self.state, before)

    def pop_folder(self, _argv: tuple[str, ...]) -> Outcome:
        """``popd``: back to the folder before."""
        before = self.state
        if before.stack:
            self.state = replace(before, stack=before.stack[:-1], folders=(before.stack[-1],))
        return Outcome(self.state, before)

    def print_folder(self, _argv: tuple[str, ...]) -> Outcome:
        """``pwd`` and ``dirs``."""
        self.print(said(self.state.folders[0]) + "\n")
        return self.succeeded()

    # --- running texts and commands ---

    def evaluate(self, argv: tuple[str, ...]) -> Outcome:
        """``eval``: its words as a program text."""
        return self.run_text(" ".join(argv[2:] if argv[1:2] == ("--",) else argv[1:]), "eval")

    def source(self, argv: tuple[str, ...]) -> Outcome:
        """``source``: a file's text, with arguments of its own if there are any."""
        words = argv[2:] if argv[1:2] == ("--",) else argv[1:]
        if not words:
            return self.succeeded()
        arguments = self.state.arguments
        if words[1:]:
            self.state = replace(self.state, arguments=(words[1:],))
        outcome = self.source_file(words[0])
        return outcome.changed(lambda state: replace(state, arguments=arguments))

    def execute(self, argv: tuple[str, ...]) -> Outcome:
        """``exec``: a program in the shell's place. Without one, its redirections stay (see the interpreter)."""
        words = list(argv[1:])
        while words and words[0].startswith("-"):
            word = words.pop(0)
            if word.startswith("-") and word.endswith("a") and words:
                words.pop(0)
        return self.program(tuple(words)) if words else self.succeeded()

    def run_directly(self, argv: tuple[str, ...]) -> Outcome:
        """``command``, ``builtin`` and the like: no function, no alias."""
        words = list(argv[1:])
        while words and words[0].startswith("-") and words[0] != "--":
            if argv[0] == "command" and _LOUD & set(words[0]):
                return self.say_where(("type", *words[1:]))
            words.pop(0)
        words = words[1:] if words[:1] == ["--"] else words
        if not words:
            return self.succeeded()
        self.record.command(tuple(words))
        return self.program(tuple(words))

    def say_where(self, argv: tuple[str, ...]) -> Outcome:
        """``type``: where a program is; its name leads to it as well."""
        names = [word for word in argv[1:] if not word.startswith("-")]
        self.print("".join(f"{name}\n" for name in names))
        return self.perhaps()

    def trap(self, argv: tuple[str, ...]) -> Outcome:
        """``trap``: a text that runs at the end, or whenever a signal comes."""
        words = [word for word in argv[1:] if word not in {"--", "-p", "-l"}]
        if len(words) > 1 and words[0] != "-":
            self.defer(words[0])
            if not _AT_THE_END.issuperset(words[1:]):
                before = self.state
                self.state = joined((before, self.run_text(words[0], "trap").after))
        return self.succeeded()

    def alias(self, argv: tuple[str, ...]) -> Outcome:
        """``alias name=value``."""
        for word in argv[1:]:
            name, sign, value = word.partition("=")
            if sign:
                self.set_alias(name, (value,))
        return self.succeeded()

    def unalias(self, argv: tuple[str, ...]) -> Outcome:
        """``unalias``."""
        aliases = {} if "-a" in argv else {key: text for key, text in self.state.aliases.items() if key not in argv[1:]}
        self.state = replace(self.state, aliases=aliases)
        return self.succeeded()

    def declare_words(self, argv: tuple[str, ...]) -> Outcome:
        """``export`` and its kin behind ``command``, where what looks like an assignment is a word."""
        words = [Word((), word, word) for word in argv[1:]]
        return self.declare(argv[0], words, local=argv[0] in LOCAL and "-g" not in argv)

    # --- conditions ---

    def test(self, argv: tuple[str, ...]) -> Outcome:
        """``test`` and ``[``."""
        words = argv[1:-1] if argv[0] == "[" and argv[-1] == "]" else argv[1:]
        tokens: list[Token] = [(word, word in _SIGNS) for word in words]
        holds = decide(tokens, self, patterns=False, regex=self.finds)
        return Outcome(self.state, self.state, holds=holds, doubtful=True)

    def finds(self, text: str, pattern: str) -> bool | None:
        """Decide ``=~``, and set what its groups found."""
        compiled = compile_pattern(pattern, extended=True) if is_known(pattern + text) else None
        try:
            match = None if compiled is None else compiled.search(text)
        except TooMuch:
            compiled = match = None
        if compiled is None:
            self.set_texts("BASH_REMATCH", (nothing_known(text),))
            return None
        if match is not None:
            groups = tuple(match.group(text, number) for number in range(len(match.spans)))
            self.set_array("BASH_REMATCH", (array_of(groups),))
        return match is not None

    # --- options, completion, ends ---

    def set_shell_option(self, argv: tuple[str, ...]) -> Outcome:
        """``shopt``, ``setopt``: whether a ``*`` means hidden files is all that matters here."""
        if "-u" not in argv and not _DOT_OPTIONS.isdisjoint(word.lower() for word in argv):
            self.add_option("dotglob")
        return self.succeeded()

    def complete(self, argv: tuple[str, ...]) -> Outcome:
        """``complete`` and ``bind``: commands that run while somebody types."""
        for option, value in pairwise(argv):
            if option in {"-C", "-x"}:
                self.defer(value.rpartition(":")[2].strip(" \"'") if option == "-x" else value)
        return self.succeeded()

    def generate(self, argv: tuple[str, ...]) -> Outcome:
        """``compgen``: names of files, as the glob that means them."""
        words = argv[1:]
        if "-G" in words[:-1]:
            self.print(words[words.index("-G") + 1] + "\n")
        elif {"-f", "-d", "-o"} & set(words) or {"file", "directory"} & set(words[:-1]):
            prefix = words[-1] if not words[-1].startswith("-") else ""
            self.print(f"{prefix}*\n" + ("" if prefix else ".*\n"))
        elif "-W" in words[:-1]:
            for text in self.expanded_text(words[words.index("-W") + 1]):
                self.print("\n".join(text.split()) + "\n")
        else:
            self.print(TAME)
        return self.succeeded()

    def recall(self, argv: tuple[str, ...]) -> Outcome:
        """``history`` and ``fc``: what was typed before, printed or run again."""
        if argv[0] == "fc" and {"-s", "-e"} & set(argv):
            self.record.opaque("runs commands of the history", " ".join(argv))
        for word, value in pairwise(argv):
            if word in {"-r", "-w", "-a", "-n"} and not value.startswith("-"):
                self.touch(Touch(path=value, access=Access.WRITE if word in "-w-a" else Access.READ, word=value))
        self.print(UNKNOWN)
        return self.succeeded()

    def leave(self, _argv: tuple[str, ...]) -> Outcome:
        """``exit``, ``return``, ``break`` and ``continue``."""
        return Outcome(self.state, self.state, leaves=True)

    def hold(self, _argv: tuple[str, ...]) -> Outcome:
        """``true`` and ``:``."""
        return self.succeeded()

    def fail(self, _argv: tuple[str, ...]) -> Outcome:
        """``false``."""
        return Outcome(self.state, self.state, holds=False, doubtful=True)

    def pass_by(self, _argv: tuple[str, ...]) -> Outcome:
        """Commands that neither read nor run anything."""
        return self.perhaps()

    def print_or_store(self, argv: tuple[str, ...]) -> Outcome | None:
        """``printf``: only with ``-v`` it is the shell's matter."""
        if argv[1:2] == ("-v",) and len(argv) > 3:  # noqa: PLR2004 - printf -v NAME FORMAT
            return self.print_into(argv[2], ("printf", *argv[3:]))
        return None

    def name_folder(self, argv: tuple[str, ...]) -> Outcome:
        """``hash -p path name``: another name for a program."""
        if argv[1:2] == ("-p",) and len(argv) > 3:  # noqa: PLR2004 - hash -p PATH NAME
            self.set_alias(argv[3], (argv[2],))
        return self.succeeded()


_Method = Callable[[Builtins, tuple[str, ...]], Outcome | None]

_METHODS: Final[dict[str, _Method]] = {
    "cd": Builtins.change_folder,
    "chdir": Builtins.change_folder,
    "pushd": Builtins.push_folder,
    "popd": Builtins.pop_folder,
    "pwd": Builtins.print_folder,
    "dirs": Builtins.print_folder,
    "eval": Builtins.evaluate,
    ".": Builtins.source,
    "source": Builtins.source,
    "exec": Builtins.execute,
    "command": Builtins.run_directly,
    "builtin": Builtins.run_directly,
    "noglob": Builtins.run_directly,
    "nocorrect": Builtins.run_directly,
    "type": Builtins.say_where,
    "which": Builtins.say_where,
    **dict.fromkeys(DECLARATIONS, Builtins.declare_words),
    "trap": Builtins.trap,
    "alias": Builtins.alias,
    "unalias": Builtins.unalias,
    "test": Builtins.test,
    "[": Builtins.test,
    "read": Builtins.read,
    "mapfile": Builtins.map_file,
    "readarray": Builtins.map_file,
    "set": Builtins.set_arguments,
    "shift": Builtins.shift,
    "let": Builtins.let,
    "unset": Builtins.unset_names,
    "getopts": Builtins.next_option,
    "printf": Builtins.print_or_store,
    "hash": Builtins.name_folder,
    "shopt": Builtins.set_shell_option,
    "setopt": Builtins.set_shell_option,
    "complete": Builtins.complete,
    "bind": Builtins.complete,
    "compgen": Builtins.generate,
    "history": Builtins.recall,
    "fc": Builtins.recall,
    "exit": Builtins.leave,
    "return": Builtins.leave,
    "break": Builtins.leave,
    "continue": Builtins.leave,
    "logout": Builtins.leave,
    "true": Builtins.hold,
    ":": Builtins.hold,
    "false": Builtins.fail,
    **dict.fromkeys(
        ("wait", "jobs", "bg", "fg", "disown", "umask", "ulimit", "times", "suspend", "caller", "enable", "help"),
        Builtins.pass_by,
    ),
}
