"""How a policy names tool calls: a tool's name, alone or with a pattern of its arguments.

The syntax is Claude Code's:

- ``Bash``, ``read_file``, ``mcp__github__*``, ``web_*``: any call of a tool, by the agent's own name, by the common one
  (``policy.tools``), or by a glob of either; ``mcp__github`` means all tools of that server.
- ``Bash(git diff:*)``, ``Bash(npm run test)``, ``Bash(git * main)``: commands (``policy.command_patterns``).
- ``Read(./src/**)``, ``Edit(/docs/**)``: files, as in .gitignore. ``//etc/**`` begins at the file system's root,
  ``~/notes/**`` in the home folder, all others, ``/docs/**`` too, in the agent's own folder. ``Read`` means the tools
  that search and list as well, ``Edit`` all tools that write.
- ``WebFetch(domain:example.com)``: hosts (``policy.hosts``); ``*.example.com`` for those below it.
- ``Task(Explore)``, ``Agent(Explore)``, ``Skill(deploy *)``: subagents and skills by their names.
- ``Agent(model:opus)``, ``mcp__jira__create(project:OPS*)``: one argument and its value; only to deny.

What follows from an entry is decided in ``policy.rules.tool_lists``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from guardian_ci.policy import hosts
from guardian_ci.policy.command_patterns import CommandPattern
from guardian_ci.policy.problems import quote
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.tools import canonical_name

GLOB: Final = re.compile(r"[*?\[]")
"""What makes a name more than one."""

READING: Final = frozenset({"read_file", "list_dir", "glob", "grep"})
WRITING: Final = frozenset({"write_file", "edit_file", "delete_file"})
SHELLS: Final = frozenset({"bash", "write_stdin"})

_ENTRY: Final = re.compile(r"([^()]*)\((.*)\)", re.DOTALL)
_ARGUMENT: Final = re.compile(r"([A-Za-z_][\w.-]{0,100}):(.+)", re.DOTALL)
_DOMAIN: Final = "domain:"


class Kind(Enum):
    """What an entry says of a call beside the tool's name."""

    ALL = "nothing"
    COMMAND = "commands"
    FILE = "files"
    HOST = "hosts"
    NAME = "the name of a subagent or a skill"
    ARGUMENT = "one argument"


_ARGUMENTS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(SHELLS, frozenset({"run_in_background", "dangerouslyDisableSandbox"})),
    "task": frozenset({"model", "run_in_background", "isolation", "mode"}),
}
"""The arguments by which a tool may be denied that has patterns of its own; any other tool may be by each of its."""
_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(SHELLS, Kind.COMMAND),
    **dict.fromkeys(READING | WRITING, Kind.FILE),
    "web_fetch": Kind.HOST,
    "task": Kind.NAME,
    "skill": Kind.NAME,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPattern:
    """One entry of a list of tools. ``argument`` is its pattern: of commands, of a file, of a host, …."""

    entry: str
    name: str
    canonical: str
    kind: Kind = Kind.ALL
    argument: str = ""


def act_of(name: str) -> str:
    """Return the common name of a tool, a skill's included."""
    canonical = canonical_name(name)
    return canonical.lower() if canonical in {"Skill", "SKILL"} else canonical


def parse(entry: str, *, denies: bool = False) -> ToolPattern:
    """Read an entry of a list of tools; ValueError says why it is none. ``denies``: the list says what is denied."""
    name, argument = _parts(entry)
    if argument is None:
        return ToolPattern(entry=entry, name=name, canonical=act_of(name))
    kind = _kind(entry, name, argument, denies=denies)
    if kind is Kind.HOST:
        argument = argument.removeprefix(_DOMAIN)
    return ToolPattern(entry=entry, name=name, canonical=act_of(name), kind=kind, argument=argument)


def _parts(entry: str) -> tuple[str, str | None]:
    """Return the name and the pattern of an entry; None where it has none."""
    if "(" not in entry and ")" not in entry:
        name, argument = entry.strip(), None
    elif (read := _ENTRY.fullmatch(entry)) is not None:
        name, argument = read[1].strip(), read[2]
    else:
        shown = "Tool(pattern)" if ")" in entry else f"{entry})"
        raise ValueError(f"the brackets in {quote(entry)} do not fit; write {quote(shown)}")
    if not name:
        raise ValueError(f"{quote(entry)} names no tool")
    if argument is not None:
        _check_form(entry, name, argument)
    return name, argument


def _check_form(entry: str, name: str, argument: str) -> None:
    if not argument.strip():
        raise ValueError(f"{quote(entry)} has nothing in its brackets; write {quote(name)} for every call")
    if argument != argument.strip():
        raise ValueError(
            f"{quote(entry)} has a blank at an end of its pattern; write {_joined(name, argument.strip())}"
        )
    if GLOB.search(name):
        raise ValueError(f"{quote(entry)} has a pattern for more than one tool; write an entry for each")
    if UNKNOWN in argument or TAME in argument:
        raise ValueError(f"{quote(entry)} holds a character that no argument does")


def _kind(entry: str, name: str, argument: str, *, denies: bool) -> Kind:
    """Tell what the pattern of an entry speaks of, and whether it makes sense as that."""
    act = act_of(name)
    kind = _KINDS.get(act)
    single = _ARGUMENT.fullmatch(argument)
    if single is not None and (kind is None or (single[1] in _ARGUMENTS.get(act, ()) and single[2] != "*")):
        return _single(entry, name, denies=denies)
    if kind is None:
        raise ValueError(f"{quote(entry)}: patterns of {quote(name)} are not known; write {quote(name)}")
    if argument == "*" and kind in {Kind.COMMAND, Kind.NAME}:
        return Kind.ALL
    if kind is Kind.COMMAND:
        _check_command(entry, name, argument)
    elif kind is Kind.FILE:
        _check_file(entry, argument)
    elif kind is Kind.HOST:
        _check_host(entry, name, argument)
    return kind


def _single(entry: str, name: str, *, denies: bool) -> Kind:
    if not denies:
        raise ValueError(
            f"{quote(entry)}: one argument cannot show that a call is safe; write {quote(name)},"
            " or deny others in denied_tools"
        )
    return Kind.ARGUMENT


def _check_command(entry: str, name: str, argument: str) -> None:
    single = _ARGUMENT.fullmatch(argument)
    if single is not None and not argument.endswith(":*"):
        meant = _joined(name, f"{single[1]} {single[2]}")
        raise ValueError(f"{quote(entry)}: a colon means something only in :* at the end; write {meant}")
    CommandPattern(argument)


def _check_file(entry: str, argument: str) -> None:
    if argument.startswith("!"):
        raise ValueError(f"{quote(entry)}: a single pattern takes nothing out; name what it means without the !")
    if not argument.strip("./"):
        raise ValueError(f"{quote(entry)} names no file; write ** for every file below")


def _check_host(entry: str, name: str, argument: str) -> None:
    if argument.startswith(_DOMAIN):
        hosts.parse(argument.removeprefix(_DOMAIN))
        return
    host = next(iter(hosts.hosts_of_url(argument)), None)
    meant = _joined(name, _DOMAIN + (host.name if host is not None and host.known else "example.com"))
    raise ValueError(f"{quote(entry)} does not say domain:; write {meant}")


def _joined(name: str, argument: str) -> str:
    return quote(f"{name}({argument})")
