"""Starts programs: asks what they do with their arguments, follows what they run, remembers what they write."""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from guardian_ci.policy.shell.builtins import Builtins
from guardian_ci.policy.shell.effects import Effects, Invocation, Language, Runs
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access, Touch
from guardian_ci.policy.shell.folders import descriptor_of, in_folder, name_of, parent, way_back
from guardian_ci.policy.shell.grammar import parse
from guardian_ci.policy.shell.machine import DOT_GLOB
from guardian_ci.policy.shell.marks import (
    GIVEN,
    HERE,
    MARKS,
    PRINTED,
    as_program,
    as_shown,
    as_word,
    is_bare,
    nothing_known,
)
from guardian_ci.policy.shell.state import MOST_READINGS, Outcome, Stream, merged
from guardian_ci.policy.shell.syntax import Node
from guardian_ci.policy.shell.variables import scalar

_SILENT: Final = frozenset(
    {"mkdir", "rmdir", "touch", "chmod", "chown", "chgrp", "sleep", "kill", "cp", "mv", "rm", "ln"}
)
_COPIERS: Final = frozenset({"cp", "mv", "ln", "install", "link", "symlink"})
_KEEPERS: Final = frozenset({"chmod", "chown", "chgrp", "touch", "rm", "git", "shred"})
_INTERPRETERS: Final = frozenset({"python", "perl", "ruby", "node", "php", "lua", "deno", "bun"})
_EDITORS: Final = frozenset(
    {"sed", "gsed", "awk", "gawk", "mawk", "nawk", "ed", "ex", "vi", "vim", "nvim", "dd", "openssl", "gpg", "xxd"}
    | {"sort", "uniq", "split", "csplit", "patch", "jq", "yq"}
)
"""Programs that write texts which they are told, not ones that they build."""

_SAVERS: Final = frozenset({"tee", "dd", "sponge"})
_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "su"})
_PASSING: Final = frozenset(
    {"cat", "tac", "head", "tail", "sort", "uniq", "nl", "tee", "xargs", "parallel", "jq", "yq"}
)
"""Programs that hand on what they read, or run programs with it, as it is."""

_PRINTERS: Final = frozenset({"echo", "printf"})
_SYSTEM_FOLDERS: Final = ("/bin/", "/usr/", "/sbin/", "/opt/", "/lib", "/snap/", "/nix/")
_MAKERS: Final = frozenset(
    {"base64", "base32", "basenc", "xxd", "od", "hexdump", "openssl", "gpg", "rev", "tr", "sed", "gsed", "awk", "gawk"}
    | {"mawk", "cut", "printf", "echo", "grep", "egrep", "fgrep", "rg", "find", "fd", "ls", "dir", "locate", "gunzip"}
    | {
        "zcat",
        "bzcat",
        "xzcat",
        "gzip",
        "bzip2",
        "xz",
        "zstd",
        "uudecode",
        "iconv",
        "dd",
        "strings",
        "envsubst",
        "expr",
    }
    | {"bc", "dc", "m4", "cpp", "sqlite3", "psql", "mysql", "curl", "wget", "nc", "ncat", "socat", "ssh", "dig", "host"}
    | {"nslookup", "aws", "gcloud", "az", "vault", "op", "pass", "date", "tac", "fold", "paste", "column", "seq"}
)
"""Programs whose output is made of what they are given, or comes from elsewhere."""

_EXPORTED_FUNCTION: Final = re.compile(r"BASH_FUNC_([^%(]++)(?:%%|\(\))")
_SHEBANG: Final = re.compile(r"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-S[ \t]+)?)?(?:\S*/)?([A-Za-z]+)")
_LANGUAGES: Final = {
    "sh": Language.SHELL,
    "bash": Language.SHELL,
    "dash": Language.SHELL,
    "zsh": Language.SHELL,
    "ksh": Language.SHELL,
    "py": Language.PYTHON,
    "python": Language.PYTHON,
    "pl": Language.PERL,
    "perl": Language.PERL,
    "rb": Language.RUBY,
    "ruby": Language.RUBY,
    "js": Language.NODE,
    "mjs": Language.NODE,
    "cjs": Language.NODE,
    "ts": Language.NODE,
    "node": Language.NODE,
    "php": Language.PHP,
    "awk": Language.AWK,
    "gawk": Language.AWK,
}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of programs, and of program texts in other languages."""

    effects_of: Callable[[Invocation], Effects]
    effects_of_program: Callable[[str, Language, Sequence[str], str | None], Effects]


class _Files(Mapping[str, str]):
    """What the files hold that were written before, as a program asks for them."""

    def __init__(self, contents: Callable[[str], tuple[str, ...] | None]) -> None:
        self._contents = contents

    def __getitem__(self, path: str) -> str:
        contents = self._contents(path) if path else None
        if contents is None or any(is_bare(text) for text in contents):
            raise KeyError(path)
        return as_program("\n".join(contents) if len(contents) > 1 else contents[0])

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Launcher(Builtins):
    """Runs simple commands by their words."""

    def __init__(self, knowledge: Knowledge, folder: str | None, scripts: Mapping[str, str]) -> None:
        super().__init__(folder, scripts)
        self._knowledge = knowledge
        self._known: tuple[object, Mapping[str, str]] = (None, {})

    @abstractmethod
    def call(self, bodies: Sequence[Node], argv: tuple[str, ...]) -> Outcome:
        """Call a function, by the bodies that it may have."""

    def command(self, argv: tuple[str, ...]) -> Outcome:
        """Run a simple command by its words, whatever it is."""
        self.spend()
        self.record.command(argv)
        self._note_last(argv)
        if (bodies := self.state.functions.get(argv[0])) is not None:
            with self.deeper():
                return self.call(bodies, argv)
        return self.program(argv)

    def _note_last(self, argv: tuple[str, ...]) -> None:
        last = (argv[-1],)
        if self.state.variables.get("_") != last:
            self.state = self.state.with_variable("_", last)

    def program(self, argv: tuple[str, ...]) -> Outcome:
        """Run a program, or a builtin, but no function."""
        outcome = self.builtin(argv)
        if outcome is None:
            self._start(argv)
            outcome = self.perhaps()
        return outcome

    # --- programs ---

    def _start(self, argv: tuple[str, ...]) -> None:
        if (function := _EXPORTED_FUNCTION.match(argv[0])) is not None and len(argv) > 1:
            self._bring_along(function.group(), argv[0][function.end() :])
            self.command(argv[1:])
            return
        name = name_of(argv[0])
        if UNKNOWN in name or PRINTED in name or (GIVEN in name and len(argv) == 1):
            self.record.opaque("runs a program that is not known", " ".join(argv))
        elif self._is_script(argv[0]):
            self.run_script(argv[0], None, argv)
            return
        readings = {argv[0]: None}
        if self.state.links and "/" in argv[0]:
            readings |= dict.fromkeys(self.places(argv[0]))
        for reading in readings:
            self._apply((reading, *argv[1:]), self._ask((reading, *argv[1:]), self.stdin().text))

    def _is_script(self, name: str) -> bool:
        return ("/" in name or "PATH" in self.state.variables) and self.contents(name) is not None

    def _ask(self, argv: tuple[str, ...], stdin: str | None) -> Effects:
        self.spend(stdin or "")
        name = name_of(argv[0])
        if name not in _PRINTERS:
            back = way_back(self.state.folders[0])
            argv = tuple((as_program if name in _SHELLS else as_word)(word.replace(HERE, back)) for word in argv)
        if stdin is not None and name not in _PASSING:
            stdin = as_shown(stdin)
        invocation = Invocation(argv=argv, stdin=stdin, variables=self._variables(), files=_Files(self.contents))
        return self._knowledge.effects_of(invocation)

    def _variables(self) -> Mapping[str, str]:
        """Return the variables with the first of their values; made anew only when one has changed."""
        variables = self.state.variables
        if self._known[0] is not variables:
            self._known = (variables, {name: as_program(scalar(value[0])) for name, value in variables.items()})
        return self._known[1]

    def output_of(self, argv: tuple[str, ...]) -> str | None:
        """Return what a program prints, asked for nothing else."""
        return self._ask(argv, None).output

    def _apply(self, argv: tuple[str, ...], effects: Effects) -> None:
        """Note what a program does, and follow what it runs."""
        for touch in effects.touches:
            self.touch(touch)
        for contact in effects.contacts:
            self.record.contact(replace(contact, word=self.origin.get(contact.word, contact.word)))
        for dark in effects.opaque:
            self.record.opaque(dark.reason, dark.word)
        self._remember(argv, effects)
        if effects.output is not None:
            self.print(effects.output)
        elif not effects.runs:
            self._print_unknown(argv, effects)
        for run in effects.runs:
            self.apart(partial(self._run_further, run, argv))

    def _print_unknown(self, argv: tuple[str, ...], effects: Effects) -> None:
        """Print what a program prints that does not say it."""
        stream = self.state.streams.get("1")
        if stream is None or not (stream.captured or stream.path) or name_of(argv[0]) in _SILENT:
            return
        text = self._filtered(argv, effects)
        self.print(self._unknown_print(argv, effects) if text is None else text)

    def _unknown_print(self, argv: tuple[str, ...], effects: Effects) -> str:
        """Return the mark for what a program prints: what it passes on is as it was given, the rest is computed."""
        name = name_of(argv[0])
        if "/" in argv[0] and not argv[0].startswith(_SYSTEM_FOLDERS):
            return TAME  # a program of the project's own
        reads = any(touch.access is Access.READ and touch.sure for touch in effects.touches)
        given = self.stdin().text
        if name in _PASSING and (reads or (given is not None and is_bare(given.strip()))):
            return nothing_known(given or GIVEN)
        if any("completion" in word for word in argv):
            return PRINTED
        makes = name in _MAKERS or name.rstrip("0123456789.") in _INTERPRETERS
        abroad = any(contact.registry is None for contact in effects.contacts)
        return UNKNOWN if makes or abroad or reads or given is not None else PRINTED

    def _filtered(self, argv: tuple[str, ...], effects: Effects) -> str | None:
        """Return what a program makes of files whose texts are known: what it would make of them as its input."""
        read = [touch for touch in effects.touches if touch.sure and touch.access is Access.READ]
        contents = [self.contents(touch.path) for touch in read]
        names = {name for touch in read for name in (touch.path, touch.word)}
        rest = tuple(word for word in argv if word not in names)
        if not read or None in contents or len(rest) == len(argv):
            return None
        text = "".join(text for each in contents if each is not None for text in each[:1])
        return self._ask(rest, text).output

    def _run_further(self, run: Runs, argv: tuple[str, ...]) -> None:
        if run.stdin is not None and run.stdin != self.stdin().text:
            self.state = self.state.with_stream("0", Stream(text=run.stdin))
        for name, value in run.variables.items():
            self.record.assigned(name)
            self._bring_along(name, value)
        if DOT_GLOB in argv or DOT_GLOB in run.argv:
            self.add_option(DOT_GLOB)
        with self.deeper():
            if run.argv:
                self.command(run.argv)
            elif run.source is not None:
                self._run_source(run.source, run.language, run.arguments)
            elif run.file is not None:
                self.run_script(run.file, run.language, run.arguments)

    def _bring_along(self, name: str, value: str) -> None:
        """Set a variable that a program is given; a shell takes functions from such, too."""
        function = _EXPORTED_FUNCTION.fullmatch(name)
        if function is not None:
            self.run_text(f"{function.group(1)}{value.removeprefix('=')}", name)
        else:
            self.set_texts(name, (value,))
            self.heed(name, (value,), value)

    def _run_source(self, source: str, language: Language, arguments: tuple[str, ...]) -> None:
        if language is not Language.SHELL:
            effects = self._knowledge.effects_of_program(source, language, arguments, self.stdin().text)
            self._apply((language.value,), effects)
            return
        self.state = replace(
            self.state, arguments=(arguments[1:],), name=arguments[0] if arguments else self.state.name
        )
        self.run_text(source, "a shell")

    def run_text(self, text: str, why: str) -> Outcome:
        """Run a program text in the current shell."""
        self.spend(text)
        if not text.strip(MARKS + " \t\n;"):
            if UNKNOWN in text or GIVEN in text:
                self.record.opaque("runs a text that is not known", why)
            return self.perhaps()
        with self.deeper():
            return replace(self.run(parse(text, self.budget)), leaves=False)

    def source_file(self, path: str) -> Outcome:
        """Run a file's text in the current shell."""
        return self._script(path, Language.SHELL, None)

    def run_script(self, path: str, language: Language | None, arguments: tuple[str, ...]) -> None:
        """Run a file's text with arguments of its own."""
        self._script(path, language, arguments)

    def _script(self, path: str, language: Language | None, arguments: tuple[str, ...] | None) -> Outcome:
        self.touch(Touch(path=path, access=Access.READ, word=path))
        contents = self.contents(path)
        if contents is None:
            return self.perhaps()
        start = self.state
        outcomes: list[Outcome] = []
        for text in contents:
            self.state = start
            spoken = _language_of(path, text) if language is None else language
            if text.strip() and not text.strip(MARKS + " \t\n") and nothing_known(text) in {UNKNOWN, GIVEN}:
                self.record.opaque("runs a file whose text is not known", path)
            elif spoken is not Language.SHELL:
                self._run_source(text, spoken, arguments or (path,))
            elif arguments is None:
                outcomes.append(self.run_text(text, path))
            else:
                self.apart(partial(self._run_source, text, spoken, arguments))
        return merged(outcomes) if outcomes else self.perhaps()

    # --- what programs leave behind ---

    def _remember(self, argv: tuple[str, ...], effects: Effects) -> None:
        """Keep what is known of the files that a program has written."""
        name = name_of(argv[0])
        if name in _COPIERS:
            self._copy(argv, hard=name != "ln")
            return
        written = [touch for touch in effects.touches if touch.sure and touch.access is Access.WRITE]
        if not written or name in _KEEPERS:
            return
        text = self.stdin().text if name in _SAVERS else None
        for touch in written:
            if text is not None:
                appended = self.contents(touch.path) if "-a" in argv else None
                self.keep(touch.path, tuple(before + text for before in appended or ("",)))
            elif self._brings(name, effects) or self.contents(touch.path) is not None:
                self.keep(touch.path, (UNKNOWN,))

    def _brings(self, name: str, effects: Effects) -> bool:
        """Whether what a program writes is somebody else's text, or one that it makes up itself."""
        if name.rstrip("0123456789.") in _INTERPRETERS or name in _EDITORS:
            return True
        return any(contact.registry is None for contact in effects.contacts)

    def _copy(self, argv: tuple[str, ...], *, hard: bool) -> None:
        """Remember a copy or a link as what leads to its source."""
        words = [word for word in argv[1:] if not word.startswith("-")]
        symbolic = any(word.startswith("-") and "s" in word[1:3] for word in argv[1:])
        if not words:
            return
        *sources, target = words if len(words) > 1 else [*words, name_of(words[0])]
        if "-t" in argv[:-1]:
            target = argv[argv.index("-t") + 1]
            sources = [word for word in words if word != target]
        for source in sources[:MOST_READINGS]:
            if descriptor_of(source) == "0" and (text := self.stdin().text) is not None:
                self.keep(target, (text,))
                continue
            place = self.places(source)[0] if hard or not symbolic else in_folder(parent(self.file_key(target)), source)
            self.link(place, target)
            self.link(place, f"{target}/{name_of(source)}")


def _language_of(path: str, text: str) -> Language:
    """Return what a script is written in, by its first line or by its name."""
    if (shebang := _SHEBANG.match(text)) is not None:
        return _LANGUAGES.get(shebang.group(1), Language.OTHER)
    return _LANGUAGES.get(path.rpartition(".")[2].lower(), Language.SHELL)
