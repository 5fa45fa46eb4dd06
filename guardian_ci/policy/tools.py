"""One name for one act: what each agent's tools are called, and what their arguments name.

Agents name the same act differently (``Read``, ``read_file``, ``view``). ``canonical_name`` maps an agent's name
to a name that all share; ``describe_tool`` finds the paths and the shell command in a call's arguments. A
further agent costs words in ``_NAMES`` and, where its argument keys are new, in the key tables.

What cannot be parsed is kept as text, and the words in it that look like paths count as its paths: a call that
nobody understands is judged strictly, not waved through.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from guardian_ci.model import ToolUse
from guardian_ci.policy.patches import patch_paths
from guardian_ci.policy.shell.words import path_words

_NAMES: Final[Mapping[str, str]] = {
    "read_file": (
        "read readfile readfiles readmanyfiles readmultiplefiles readtextfile readcurrentlyopenfile view viewfile"
        " viewimage openfile notebookread readnotebook cat"
    ),
    "write_file": "write writefile writefiles writetofile create createfile createnewfile newfile savefile",
    "edit_file": (
        "edit editfile editexistingfile editnotebook replace replaceinfile multiedit multireplace applypatch applydiff"
        " patch strreplace strreplaceeditor strreplacebasededittool texteditor notebookedit searchreplace"
        " searchandreplace singlefindandreplace insertedit inserteditintofile insertcontent smartedit"
    ),
    "delete_file": "delete deletefile deletefiles removefile",
    "list_dir": "ls list listdir listdirectory listfiles",
    "glob": "glob globfiles globsearch fileglobsearch findfiles",
    "grep": "grep grepsearch rg search searchcode searchfilecontent searchfiles searchtext",
    "bash": (
        "bash shell shellcommand runshellcommand exec execcommand executecommand runcommand runcommands containerexec"
        " localshell powershell runinterminal runterminalcmd runterminalcommand terminal unifiedexec"
    ),
    "write_stdin": "writestdin writebash",
    "bash_output": "bashoutput readbash listbash getterminaloutput",
    "bash_stop": "killshell killbash stopbash",
    "web_fetch": "webfetch fetch fetchurl fetchurlcontent urlcontext",
    "web_search": "websearch searchweb googlesearch googlesearchretrieval googlewebsearch",
    "code_execution": "codeexecution codeinterpreter",
    "task": "task agent subagent spawnagent runsubagent",
    "todo": "todo todowrite todoread writetodos updateplan updatetodolist managetodolist",
    "tool_search": "toolsearch",
}
_CANONICAL: Final[Mapping[str, str]] = {
    **{word: canonical for canonical, words in _NAMES.items() for word in words.split()},
    **{canonical.replace("_", ""): canonical for canonical in _NAMES},
}
CANONICAL_NAMES: Final = tuple(_NAMES)
"""Every name that agents share."""

SAME_ACT: Final[Mapping[str, frozenset[str]]] = {
    "write_file": frozenset({"edit_file"}),
    "bash": frozenset({"write_stdin", "bash_output", "bash_stop"}),
}
"""What allowing one act allows with it: who may write a file may edit it, who may run a shell may talk to it."""

_VERSION: Final = re.compile(r"(?:_preview)?(?:_\d{4}_?\d{2}_?\d{2})?$")
_SEPARATORS: Final = re.compile(r"[\s._\-/:]+")

_FILE_TOOLS: Final = frozenset({"read_file", "write_file", "edit_file", "delete_file", "list_dir", "glob", "grep"})
_SHELL_TOOLS: Final = frozenset({"bash", "write_stdin"})
_PATH_KEYS_WORDS: Final = (
    "path paths file files filename filenames dir dirs directory directories folder folders src source "
    "dest destination target cwd workdir root roots uri uris"
)
_PATH_KEYS: Final = frozenset(_PATH_KEYS_WORDS.split())
_PATH_ENDINGS: Final = ("path", "paths", "file", "filename", "dir", "directory", "folder", "uri")
_EXTRA_PATH_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "glob": frozenset({"pattern", "patterns", "glob", "include"}),
    "grep": frozenset({"glob", "include", "includepattern", "filepattern"}),
    "read_file": frozenset({"include"}),
}
_COMMAND_KEYS: Final = frozenset({"command", "commands", "cmd", "script", "chars"})
_PATCH_KEYS: Final = frozenset({"input", "patch", "patchtext", "diff"})
_CONTENT_KEYS_WORDS: Final = (
    "content contents filetext text oldstring newstring oldstr newstr newsource oldtext newtext search replace"
)
_CONTENT_KEYS: Final = frozenset(_CONTENT_KEYS_WORDS.split())
_NESTED_CALLS: Final = frozenset({"toolcall"})
_MAX_NESTING: Final = 4


def canonical_name(name: str) -> str:
    """Return the name that all agents share for what this tool does; the name itself where there is none."""
    if name.startswith("mcp__"):
        return name
    return _CANONICAL.get(_fold(_VERSION.sub("", name)), name)


def describe_tool(id: str, name: str, arguments: str) -> ToolUse:  # noqa: A002 - the wire's own word
    """Return a tool call with the paths and the shell command that its arguments name."""
    canonical, value = _unwrap(name, _parse(arguments))
    return ToolUse(
        id=id,
        name=name,
        canonical=_act(canonical, value),
        arguments=arguments,
        paths=tuple(dict.fromkeys(_paths(canonical, value))),
        command=_command(canonical, value),
    )


def _fold(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()


class _AmbiguousError(ValueError):
    """An object that names a member twice: parsers differ in which one they take."""


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _AmbiguousError
    return members


def _parse(arguments: str) -> object:
    """Return the arguments as JSON says them, or the text itself where it is no JSON that all parsers agree on."""
    try:
        return json.loads(arguments, object_pairs_hook=_members)
    except (ValueError, RecursionError):
        return arguments


def _unwrap(name: str, value: object) -> tuple[str, object]:
    """Look behind a tool that only calls another one (qwen's ``tool_call``)."""
    for _ in range(_MAX_NESTING):
        if _fold(name) not in _NESTED_CALLS or not isinstance(value, dict) or not isinstance(value.get("name"), str):
            break
        name, value = value["name"], value.get("arguments")
        if isinstance(value, str):
            value = _parse(value)
    return canonical_name(name), value


def _act(canonical: str, value: object) -> str:
    """Tell reading from editing where one tool does both (Anthropic's text editor: ``command: view``)."""
    if canonical == "edit_file" and isinstance(value, dict):
        return {"view": "read_file", "create": "write_file"}.get(str(value.get("command")), canonical)
    return canonical


def _strings(value: object, *, skip: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Yield each string with the folded key that it stands under (that of its list, for an element)."""
    stack: list[tuple[str, object]] = [("", value)]
    while stack:
        key, item = stack.pop()
        if isinstance(item, str):
            yield key, item
        elif isinstance(item, dict):
            stack.extend(
                (folded, member) for name, member in reversed(item.items()) if (folded := _fold(name)) not in skip
            )
        elif isinstance(item, list):
            stack.extend((key, element) for element in reversed(item))


def _is_path_key(key: str, canonical: str) -> bool:
    return key in _PATH_KEYS or key.endswith(_PATH_ENDINGS) or key in _EXTRA_PATH_KEYS.get(canonical, frozenset())


def _paths(canonical: str, value: object) -> Iterator[str]:
    if isinstance(value, str):
        named = patch_paths(value) if canonical == "edit_file" else ()
        yield from named or (() if canonical in _SHELL_TOOLS else path_words(value))
        return
    named = tuple(_named_paths(canonical, value))
    if not named and canonical in _FILE_TOOLS - {"grep"}:  # grep's one other argument is what it looks for
        # A file tool in words that nobody knows: each of them may be its file.
        named = tuple(text for _, text in _strings(value))
    yield from named


def _named_paths(canonical: str, value: object) -> Iterator[str]:
    skip = _CONTENT_KEYS if canonical in {"write_file", "edit_file"} else frozenset()
    for key, text in _strings(value, skip=skip):
        if canonical == "edit_file" and key in _PATCH_KEYS:
            yield from patch_paths(text)
        elif text.lower().startswith("file:"):
            yield unquote(urlsplit(text).path)
        elif _is_path_key(key, canonical) and not text.startswith(("http://", "https://")):
            yield from text.splitlines()


def _command(canonical: str, value: object) -> str | None:
    if canonical in _FILE_TOOLS:
        return None
    if isinstance(value, str):
        return value if canonical in _SHELL_TOOLS else None
    lines = list(_command_lines(value))
    if not lines and canonical in _SHELL_TOOLS:
        # A shell tool in words that nobody knows: all that it says counts as its command.
        lines = [text for _, text in _strings(value)]
    return "\n".join(lines) if lines or canonical in _SHELL_TOOLS else None


def _command_lines(value: object) -> Iterator[str]:
    """Yield the commands that an object names: text, argument vectors, and lists of either."""
    if not isinstance(value, dict):
        return
    for name, member in value.items():
        if (key := _fold(name)) in _COMMAND_KEYS:
            yield from _as_lines(member, argv=key != "commands")
        elif key == "action":  # OpenAI's local_shell puts the command one level down
            yield from _command_lines(member)


def _as_lines(member: object, *, argv: bool) -> Iterable[str]:
    if isinstance(member, str):
        return [member]
    if isinstance(member, list) and argv and all(isinstance(word, str) for word in member):
        return [shlex.join(member)]
    return [text for _, text in _strings(member)]
