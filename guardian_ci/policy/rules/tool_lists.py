"""Which tool calls ``allowed_tools`` and ``denied_tools`` mean.

What is allowed is judged strictly: each command, each file, each host of a call must be meant by some entry, and what
cannot be known is meant by none. To deny, one of them is enough, and the way to it does not matter: a denied command is
denied to every tool that runs commands, a denied file or host to commands too, and who may not read a file may not
write it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, TypeVar

from guardian_ci.model import ToolUse
from guardian_ci.policy import hosts
from guardian_ci.policy.command_patterns import Command, CommandPattern, first_not_covered, steering
from guardian_ci.policy.paths import Blocklist, allowlist, blocklist
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.rules.touched import touched
from guardian_ci.policy.shell.facts import Access, Analysis
from guardian_ci.policy.tool_patterns import GLOB, READING, SHELLS, WRITING, Kind, ToolPattern, act_of, parse
from guardian_ci.policy.tools import SAME_ACT, canonical_name

_SERVER: Final = re.compile(r"mcp__[^*?\[]{1,200}")
_SHELL_ACTS: Final = SAME_ACT["bash"] | {"bash"}
_FILES_OF: Final[Mapping[str, frozenset[str]]] = {
    "read_file": READING,
    "edit_file": WRITING,
    "write_file": SAME_ACT["write_file"] | {"write_file"},
    **{name: frozenset({name}) for name in ("delete_file", "list_dir", "glob", "grep")},
}
"""The tools whose files an entry with a tool's name allows."""
_DENIED_ACCESSES: Final[Mapping[str, frozenset[Access]]] = {
    "read_file": frozenset(Access),
    "edit_file": frozenset({Access.WRITE}),
    "write_file": frozenset({Access.WRITE}),
}
"""What an entry with a tool's name denies to all tools; those of other names deny it to that tool alone."""
_NAME_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "task": frozenset({"subagent_type", "subagentType", "agent_type", "agentType", "agent_name", "agent"}),
    "skill": frozenset({"skill", "name", "command"}),
}
_DENIED_WITH: Final[Mapping[str, frozenset[str]]] = {"bash": SAME_ACT["bash"]}
"""What denying one act denies with it. Who may not create files may still edit those that are there."""
_SHELL_SOCKETS: Final = frozenset({"bash", "/dev/tcp"})
"""Who talks to a host where a redirection does (``> /dev/tcp/HOST/PORT``)."""
_ANYWHERE: Final = "./**"
"""What a search that names no folder reads."""

_Found = Iterator[tuple[int, str, bool]]
"""The index of an entry, what of a call it means, and whether it surely does."""
_Ready = TypeVar("_Ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a call is not allowed: what in it no entry means, and the entries that allow other calls of the tool."""

    what: str = ""
    why: str = ""
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """The entry that denies a call, by its index, and what in the call it means; not ``certain``: it may mean it."""

    index: int
    entry: str
    what: str = ""
    certain: bool = True


class _Names:
    """Entries without a pattern."""

    def __init__(self, patterns: Iterable[ToolPattern], same_act: Mapping[str, frozenset[str]]) -> None:
        names = [each.name for each in patterns]
        self._globs = tuple(name for name in names if GLOB.search(name))
        self._servers = tuple(f"{name}__" for name in names if _SERVER.fullmatch(name))
        exact = {name for name in names if not GLOB.search(name)}
        exact |= {canonical_name(name) for name in exact}
        for name in tuple(exact):
            exact |= same_act.get(name, frozenset())
        self._exact = frozenset(exact)

    def hold(self, name: str, canonical: str) -> bool:
        if name in self._exact or canonical in self._exact or name.startswith(self._servers):
            return True
        return any(fnmatchcase(name, glob) or fnmatchcase(canonical, glob) for glob in self._globs)


class AllowedTools:
    """The entries of ``allowed_tools``, ready to be asked."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._patterns = tuple(map(parse, entries))
        self._names = _Names(self._of(Kind.ALL), SAME_ACT)
        self._commands = tuple(CommandPattern(each.argument) for each in self._of(Kind.COMMAND))
        self._hosts = hosts.hosts(tuple(each.argument for each in self._of(Kind.HOST)))

    def _of(self, kind: Kind) -> Iterator[ToolPattern]:
        return (each for each in self._patterns if each.kind is kind)

    def wholly(self, name: str, canonical: str) -> bool:
        """Whether every call of a tool is allowed."""
        return self._names.hold(name, canonical)

    def partly(self, name: str, canonical: str) -> bool:
        """Whether some call of a tool may be allowed."""
        return self.wholly(name, canonical) or bool(self._for(canonical))

    def refuses(self, tool: ToolUse, view: ToolView) -> Refusal | None:
        """Return why a call is not allowed; None where it is."""
        if self.wholly(tool.name, tool.canonical):
            return None
        patterns = self._for(tool.canonical)
        if not patterns:
            return Refusal()
        judges = {
            Kind.COMMAND: self._command_fault,
            Kind.FILE: self._file_fault,
            Kind.HOST: self._host_fault,
            Kind.NAME: self._name_fault,
        }
        fault = judges[patterns[0].kind](tool, view)
        instead = tuple(each.entry for each in patterns)
        return None if fault is None else Refusal(what=fault[0], why=fault[1], instead=instead)

    def _for(self, canonical: str) -> tuple[ToolPattern, ...]:
        """Return the entries whose patterns may allow calls of a tool."""
        return tuple(each for each in self._patterns if _may_allow(each, canonical))

    def _command_fault(self, tool: ToolUse, view: ToolView) -> tuple[str, str] | None:
        if tool.canonical not in SHELLS:
            return None  # it looks at what an allowed command has begun, or ends it
        return (
            _dark_fault(tool, view.analysis)
            or self._unnamed_fault(view.analysis)
            or _shell_fault(view.analysis)
            or self._redirection_fault(view.analysis, view.root)
        )

    def _unnamed_fault(self, analysis: Analysis) -> tuple[str, str] | None:
        wrong = first_not_covered(self._commands, analysis.commands)
        return None if wrong is None else (" ".join(wrong), "")

    def _redirection_fault(self, analysis: Analysis, root: str | None) -> tuple[str, str] | None:
        """Look for a file that the shell itself opens: that is no program's act, but one of reading or writing."""
        for touch in analysis.touches:
            act, sign = ("read_file", "<") if touch.access is Access.READ else ("write_file", ">")
            if touch.redirected and not self._opens(act) and not self._allows_file(act, touch.path, root):
                return f"{sign} {touch.word}", f"no entry allows to {touch.access.value} this file"
        return None

    def _opens(self, act: str) -> bool:
        return any(self.wholly(name, name) for name in (act, *SAME_ACT.get(act, ())))

    def _file_fault(self, tool: ToolUse, view: ToolView) -> tuple[str, str] | None:
        files = _named_files(tool, view)
        wrong = next((word for word, path in files if not self._allows_file(tool.canonical, path, view.root)), None)
        return None if wrong is None else (wrong, "")

    def _allows_file(self, canonical: str, path: str, root: str | None) -> bool:
        patterns = (each.argument for each in self._of(Kind.FILE) if canonical in _FILES_OF[each.canonical])
        return allowlist(tuple(map(_from_here, patterns)), root).allows(path) is True

    def _host_fault(self, tool: ToolUse, view: ToolView) -> tuple[str, str] | None:  # noqa: ARG002
        reached = [(url, host) for url in tool.urls for host in hosts.hosts_of_url(url)]
        if not reached:
            return tool.arguments, "no host can be made out in it"
        wrong = next((url for url, host in reached if not self._hosts.cover(host)), None)
        return None if wrong is None else (wrong, "")

    def _name_fault(self, tool: ToolUse, view: ToolView) -> tuple[str, str] | None:  # noqa: ARG002
        patterns = [each.argument for each in self._for(tool.canonical)]
        names = _called_names(tool)
        if not names:
            return tool.arguments, "it does not say which one"
        wrong = next((name for name in names if not any(_means(pattern, name) for pattern in patterns)), None)
        return None if wrong is None else (wrong, "")


def _dark_fault(tool: ToolUse, analysis: Analysis) -> tuple[str, str] | None:
    if analysis.opaque:
        return analysis.opaque[0].word, f"{analysis.opaque[0].reason}, so no pattern can mean it"
    return None if analysis.commands else (tool.command or "", "no command can be made out in it")


def _shell_fault(analysis: Analysis) -> tuple[str, str] | None:
    """Return what the shell itself does that would make an allowed command another one, or talk for it."""
    if (name := steering(analysis.assigned)) is not None:
        return name, "a variable of this name can make an allowed command do something else"
    socket = next((contact for contact in analysis.contacts if contact.program in _SHELL_SOCKETS), None)
    return None if socket is None else (socket.word, "the shell itself talks to a host")


def _may_allow(pattern: ToolPattern, canonical: str) -> bool:
    match pattern.kind:
        case Kind.COMMAND:
            return canonical in _SHELL_ACTS
        case Kind.FILE:
            return canonical in _FILES_OF[pattern.canonical]
        case Kind.HOST | Kind.NAME:
            return act_of(canonical) == pattern.canonical
        case _:
            return False


def _named_files(tool: ToolUse, view: ToolView) -> Iterator[tuple[str, str]]:
    """Yield each file of a file tool's call as it is written and as a path; a search's globs begin in its folder."""
    found = [(touch.word, touch.path) for touch in touched(tool, view) if touch.sure]
    folders = [path.removesuffix("/**") for word, path in found if not GLOB.search(word)]
    searches = tool.canonical in {"glob", "grep"}
    if not found:
        yield _ANYWHERE, _ANYWHERE
    for word, path in found:
        if searches and folders and GLOB.search(word) and not path.startswith(("/", "~", "$")):
            yield from ((word, f"{folder}/{path}") for folder in folders)
        else:
            yield word, path


class DeniedTools:
    """The entries of ``denied_tools``, ready to be asked."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._patterns = tuple(parse(entry, denies=True) for entry in entries)
        self._names = self._of(Kind.ALL, lambda pattern: _Names([pattern], _DENIED_WITH))
        self._commands = self._of(Kind.COMMAND, lambda pattern: CommandPattern(pattern.argument))
        self._hosts = self._of(Kind.HOST, lambda pattern: hosts.parse(pattern.argument))
        self._called = self._of(Kind.NAME, lambda pattern: pattern)
        self._arguments = self._of(Kind.ARGUMENT, lambda pattern: pattern)

    def _of(self, kind: Kind, ready: Callable[[ToolPattern], _Ready]) -> tuple[tuple[int, _Ready], ...]:
        return tuple((index, ready(each)) for index, each in enumerate(self._patterns) if each.kind is kind)

    def wholly(self, name: str, canonical: str) -> bool:
        """Whether every call of a tool is denied."""
        return any(names.hold(name, canonical) for _, names in self._names)

    def partly(self, canonical: str) -> bool:
        """Whether some calls of a tool are denied by a pattern with its name."""
        return any(each.kind is not Kind.ALL and each.canonical == act_of(canonical) for each in self._patterns)

    def denial(self, tool: ToolUse, view: ToolView) -> Denial | None:
        """Return the first entry that denies a call, else the first that may mean it, else None."""
        found: Denial | None = None
        for index, what, certain in self._meant(tool, view):
            denial = Denial(index=index, entry=self._patterns[index].entry, what=what, certain=certain)
            if certain:
                return denial
            found = found or denial
        return found

    def _meant(self, tool: ToolUse, view: ToolView) -> _Found:
        """Yield the indexes of the entries that mean something in a call, what that is, and whether they surely do."""
        yield from ((index, "", True) for index, names in self._names if names.hold(tool.name, tool.canonical))
        yield from _denied_names(self._called, tool)
        yield from _denied_arguments(self._arguments, tool)
        yield from self._denied_commands(view)
        yield from self._denied_files(tool, view)
        yield from self._denied_hosts(tool, view)

    def _denied_commands(self, view: ToolView) -> _Found:
        for words in view.analysis.commands if self._commands else ():
            command = Command(words)
            for index, pattern in self._commands:
                certain = pattern.means(command)
                if certain or pattern.may_mean(command):
                    yield index, " ".join(words), certain

    def _denied_files(self, tool: ToolUse, view: ToolView) -> _Found:
        denying = {access: self._files_denied(tool, view.root, access) for access in Access}
        if not any(indexes for indexes, _ in denying.values()):
            return
        for touch in touched(tool, view):
            indexes, files = denying[touch.access]
            match = files.match(touch.path) if touch.sure else files.match_word(touch.path)
            if match is not None:
                yield indexes[match.index], touch.word, match.certain

    def _files_denied(self, tool: ToolUse, root: str | None, access: Access) -> tuple[list[int], Blocklist]:
        """Return the entries that deny a tool one kind of access to files, by their indexes."""
        found = [
            (index, _from_root(each.argument, root))
            for index, each in enumerate(self._patterns)
            if each.kind is Kind.FILE
            and (access in _DENIED_ACCESSES.get(each.canonical, ()) or tool.canonical == each.canonical)
        ]
        return [index for index, _ in found], blocklist(tuple(pattern for _, pattern in found))

    def _denied_hosts(self, tool: ToolUse, view: ToolView) -> _Found:
        if not self._hosts:
            return
        reached = [(url, host) for url in tool.urls for host in hosts.hosts_of_url(url)]
        reached += [(each.word, hosts.host_of(each.host)) for each in view.analysis.contacts if each.host is not None]
        for word, host in reached:
            yield from ((index, word, True) for index, pattern in self._hosts if pattern.means(host))


def _denied_names(patterns: Iterable[tuple[int, ToolPattern]], tool: ToolUse) -> _Found:
    for index, pattern in patterns:
        if act_of(tool.canonical) == pattern.canonical:
            yield from ((index, name, True) for name in _called_names(tool) if _means(pattern.argument, name))


def _denied_arguments(patterns: Iterable[tuple[int, ToolPattern]], tool: ToolUse) -> _Found:
    for index, pattern in patterns:
        if tool.name != pattern.name and act_of(tool.canonical) != pattern.canonical:
            continue
        wanted_key, _, wanted = pattern.argument.partition(":")
        for key, value in _arguments(tool):
            text = value if isinstance(value, str) else json.dumps(value)
            if key == wanted_key and value is not None and _means(wanted, text):
                yield index, f"{key}: {text}", True


def _from_here(pattern: str) -> str:
    """Return a pattern of files as ``policy.paths`` has it: ``//`` is the root, ``/`` the agent's own folder."""
    if pattern.startswith("//"):
        return "/" + pattern.lstrip("/")
    return f".{pattern}" if pattern.startswith("/") else pattern


def _from_root(pattern: str, root: str | None) -> str:
    """Return a pattern of files to deny: where the agent's folder is not known, ``/docs`` is a ``docs`` anywhere."""
    if pattern.startswith("/") and not pattern.startswith("//") and root is not None:
        return root.rstrip("/") + pattern
    return _from_here(pattern).removeprefix("./")


def _called_names(tool: ToolUse) -> list[str]:
    """Return the names of the subagent or the skill that a call is for, a skill's with what it is told."""
    act = act_of(tool.canonical)
    arguments = _arguments(tool)
    told = [value for key, value in arguments if act == "skill" and key == "args" and isinstance(value, str) and value]
    names = [value for key, value in arguments if key in _NAME_KEYS.get(act, ()) and isinstance(value, str)]
    return [" ".join([name, *told]) for name in names]


def _arguments(tool: ToolUse) -> list[tuple[str, object]]:
    """Return a call's top-level arguments, all those of a name that stands there twice, and those behind a wrapper."""
    try:
        value = json.loads(tool.arguments, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        return []
    if not isinstance(value, _Members):
        return []
    if tool.canonical != canonical_name(tool.name):
        inner = next((member for key, member in value if key == "arguments"), None)
        value += inner if isinstance(inner, _Members) else []
    return list(value)


class _Members(list[tuple[str, object]]):
    """The members of a JSON object as they stand there."""


def _means(pattern: str, text: str) -> bool:
    """Whether a pattern means a text; ``*`` stands for anything, a blank and ``*`` at the end also for nothing."""
    if pattern.endswith(" *") and text == pattern[:-2]:
        return True
    return fnmatchcase(text, re.sub(r"[\[?]", r"[\g<0>]", pattern))


@lru_cache(maxsize=64)
def allowed_tools(entries: tuple[str, ...]) -> AllowedTools:
    """Return the entries of ``allowed_tools``, made ready once."""
    return AllowedTools(entries)


@lru_cache(maxsize=64)
def denied_tools(entries: tuple[str, ...]) -> DeniedTools:
    """Return the entries of ``denied_tools``, made ready once."""
    return DeniedTools(entries)


@lru_cache(maxsize=8)
def denial_of(entries: tuple[str, ...], tool: ToolUse, view: ToolView) -> Denial | None:
    """Return the entry of ``denied_tools`` that denies a call, or may mean it; two rules ask this of each call."""
    return denied_tools(entries).denial(tool, view)
