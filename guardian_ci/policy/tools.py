"""One name for one act: what each agent's tools are called, and what a call of one does.

Agents name the same act differently (``Read``, ``read_file``, ``view``). ``canonical_name`` maps an agent's name
to a name that all share; ``describe_tool`` finds in a call's arguments the paths, the addresses, the shell command and
the programs that it writes (``policy.arguments``). A further agent costs words in ``_NAMES``.

What cannot be parsed is kept as text, and the words in it that look like paths count as its paths: a call that
nobody understands is judged strictly, not waved through. A tool that only calls others (a batch, a dispatcher, a
program of Codex's code mode) is described by what those do, and names each of them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from guardian_ci.model import ToolUse
from guardian_ci.policy.arguments import command_of, fold, paths_of, scripts_of, urls_of, workdir_of
from guardian_ci.policy.code_mode import UNREAD, calls_in, looks_like_program, runs_programs
from guardian_ci.policy.shell.facts import UNKNOWN

_NAMES: Final[Mapping[str, str]] = {
    "read_file": (
        "read readfile readfiles readfilerange readmanyfiles readmultiplefiles readtextfile readcurrentlyopenfile view"
        " viewfile viewfileoutline viewimage viewlinerange viewcodeitem viewcontentchunk openfile notebookread"
        " readnotebook getnotebooksummary cat fsread lookat getfilecontents"
    ),
    "write_file": (
        "write writefile writefiles writetofile create createfile createnewfile newfile savefile fswrite fsappend"
        " appendfile createdirectory createnewjupyternotebook"
    ),
    "edit_file": (
        "edit editfile editfiles editexistingfile editnotebook editnotebookfile editnotebookcell replace replaceinfile"
        " replacefilecontent multireplacefilecontent replacestringinfile multireplacestringinfile multiedit"
        " multieditfile multireplace applypatch applydiff patch strreplace strreplacefile strreplaceeditor"
        " strreplacebasededittool texteditor developertexteditor fileeditor notebookedit searchreplace"
        " searchandreplace singlefindandreplace findreplace insertedit inserteditintofile insertcontent smartedit"
        " editor reapply undoedit proposecode textreplace movefile movepath renamefile copyfile copypath"
        " texteditorcodeexecution"
    ),
    "delete_file": "delete deletefile deletefiles deletepath removefile removefiles",
    "list_dir": (
        "ls list listdir listdirectory listfiles listfilestoplevel listfilesrecursive directorytree viewsubdirectory"
        " viewrepomap listcodedefinitionnames"
    ),
    "glob": "glob globfiles globsearch globfilesearch fileglobsearch filesearch findfiles findbyname findpath",
    "grep": (
        "grep grepfiles grepsearch greptool rg ripgrep search searchcode searchfilecontent searchfiles searchtext"
        " searchproject searchcodebase"
    ),
    "bash": (
        "bash shell shellcommand shellcall developershell runshellcommand runshell exec execcommand execute"
        " executecommand executebash executepwsh executeshellcommand runcommand runcommands containerexec localshell"
        " localshellcall"
        " powershell cmd runinterminal runterminalcmd runterminalcommand terminal unifiedexec launchprocess"
        " runinbashsession bashcodeexecution"
    ),
    "write_stdin": "writestdin writebash writepowershell writeprocess sendtoterminal",
    "bash_output": (
        "bashoutput readbash listbash readpowershell listpowershell getterminaloutput terminallastcommand readterminal"
        " readprocess listprocesses commandstatus readcommandoutput joboutput checkbackgroundjob"
    ),
    "bash_stop": "killshell killbash stopbash stoppowershell killprocess jobkill killterminal",
    "web_fetch": (
        "webfetch fetch fetchurl fetchurlcontent fetchwebpage fetchwebcontent readurlcontent readwebpage urlcontext"
        " agenticfetch download browser browseraction browsernavigate opensimplebrowser openbrowserpage browserpreview"
        " viewwebdocumentcontentchunk"
    ),
    "web_search": "websearch searchweb googlesearch googlesearchretrieval googlewebsearch",
    "code_execution": (
        "codeexecution codeinterpreter executecode runcode pythonrepl python ipython executeipythoncell jsrepl"
        " runnotebookcell"
    ),
    "task": (
        "task agent subagent spawnagent spawnsubagent runsubagent newtask delegatetoagent codebaseinvestigator"
        " taskoutput agentoutput agentoutputtool readagent listagents taskstop sendinput resumeagent closeagent"
        " waitagent oracle librarian searchsubagent"
    ),
    "todo": (
        "todo todos todowrite todoread todolist writetodos updateplan updatetodo updatetodolist managetodolist"
        " settodolist taskcreate taskupdate taskget tasklist tasktracker focuschain"
    ),
    "plan": "enterplanmode exitplanmode planenter planexit planmoderespond planmode exitspecmode",
    "ask_user": "askuser askuserquestion askquestion askfollowupquestion question requestuserinput",
    "skill": "skill skills useskill activateskill slashcommand runslashcommand",
    "memory": "memory savememory storememory creatememory updatememory remember",
    "tool_search": "toolsearch toolsearchtoolregex toolsearchtoolbm25 findtool",
    "mcp_resource": (
        "readmcpresource readmcpresourcetool listmcpresources listmcpresourcestool listmcpresourcetemplates"
        " accessmcpresource"
    ),
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
_PREFIXES: Final = ("functions.", "default_api.", "default_api:")
"""What some models put before a tool's name, and agents take off again."""

_DISPATCHERS: Final = frozenset({"toolcall", "usemcptool", "callmcptool"})
_BATCHES: Final = frozenset({"batch", "parallel", "multitooluseparallel", "multitooluse"})
_LIST_KEYS: Final = frozenset({"toolcalls", "tooluses", "calls", "invocations", "tools"})
_NAME_KEYS: Final = ("name", "tool_name", "toolName", "tool", "recipient_name")
_ARGUMENT_KEYS: Final = ("arguments", "parameters", "input", "args", "params")
_MAX_NESTING: Final = 4
_MOST_CALLS: Final = 64


def canonical_name(name: str) -> str:
    """Return the name that all agents share for what this tool does; the name itself where there is none."""
    if name.startswith("mcp__"):
        return name
    bare = next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)
    folded = fold(_VERSION.sub("", bare))
    return _CANONICAL.get(folded) or _CANONICAL.get(folded.removesuffix("tool"), name)


def describe_tool(id: str, name: str, arguments: str) -> ToolUse:  # noqa: A002 - the wire's own word
    """Return a tool call with all that its arguments name, and the calls behind it where it only calls others."""
    value = _parse(arguments)
    inner = list(_inner(name, value))
    calls = _outer(name, value, inner)
    canonical = _act(canonical_name(calls[0][0]), calls[0][1]) if len(calls) == 1 else canonical_name(name)
    acts = [(called, canonical_name(called), given) for called, given in calls]
    commands = [command for act in acts if (command := command_of(*act)) is not None]
    return ToolUse(
        id=id,
        name=name,
        canonical=canonical,
        arguments=arguments,
        paths=tuple(dict.fromkeys(path for act in acts for path in paths_of(*act))),
        urls=tuple(dict.fromkeys(url for act in acts for url in urls_of(*act))),
        command="\n".join(commands) if commands else None,
        workdir=next((folder for _, _, given in acts if (folder := workdir_of(given)) is not None), None)
        if commands
        else None,
        scripts=tuple(script for _, act, given in acts for script in scripts_of(act, given)),
        calls=tuple(_behind(called, given) for called, given in inner),
    )


def _behind(name: str, given: object) -> ToolUse:
    """Describe a call behind a call. One that calls others in its turn was taken apart before."""
    canonical = _act(canonical_name(name), given)
    return ToolUse(
        id="",
        name=name,
        canonical=canonical,
        arguments=given if isinstance(given, str) else json.dumps(given),
        paths=tuple(dict.fromkeys(paths_of(name, canonical, given))),
        urls=tuple(dict.fromkeys(urls_of(name, canonical, given))),
        command=(command := command_of(name, canonical, given)),
        workdir=None if command is None else workdir_of(given),
        scripts=tuple(scripts_of(canonical, given)),
    )


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


def _inner(name: str, value: object, depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield the calls behind a call that only calls others; none behind any other."""
    if isinstance(value, str):
        found = [(called, _given(given)) for called, given in calls_in(value)] if runs_programs(name) else []
    elif not isinstance(value, dict):
        found = []
    elif fold(name) in _DISPATCHERS:
        found = _called(value)
    else:
        found = list(_listed(name, value)) if fold(name) in _BATCHES else []
    if found and depth >= _MAX_NESTING:
        yield UNREAD, UNKNOWN
        return
    for called, given in found:
        yield from list(_inner(called, given, depth + 1)) or [(called, given)]


def _outer(name: str, value: object, inner: list[tuple[str, object]]) -> list[tuple[str, object]]:
    """Return the calls that a call is described by: those behind it, else itself."""
    if isinstance(value, str) and runs_programs(name):
        # Some other agent may give a tool of this name a shell command.
        return inner or [(name, {})] if looks_like_program(value) else [(name, value), *inner]
    return inner or [(name, value)]


def _listed(name: str, value: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the calls that a batch lists; what names no tool counts as a call of the batch itself."""
    lists = [_given(member) for key, member in value.items() if fold(key) in _LIST_KEYS]
    elements = [each for one in lists if isinstance(one, list) for each in one]
    for each in elements[:_MOST_CALLS]:
        yield from _called(each) or [(f"{name} without a tool", each)]
    if len(elements) > _MOST_CALLS:
        yield UNREAD, UNKNOWN


def _called(value: object) -> list[tuple[str, object]]:
    """Return the tool that an object names with the arguments that it gives it (qwen's ``tool_call``, cline's MCP)."""
    if not isinstance(value, dict):
        return []
    name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
    given = next((value[key] for key in _ARGUMENT_KEYS if key in value), None)
    if name is None:
        return []
    if isinstance(server := value.get("server_name", value.get("server")), str):
        name = f"mcp__{server}__{name}"
    return [(name, _given(given))]


def _given(value: object) -> object:
    """Return arguments that are written as a text for what that says."""
    return _parse(value) if isinstance(value, str) else value


def _act(canonical: str, value: object) -> str:
    """Tell reading from editing where one tool does both (Anthropic's text editor: ``command: view``)."""
    if canonical == "edit_file" and isinstance(value, dict):
        return {"view": "read_file", "create": "write_file"}.get(str(value.get("command")), canonical)
    return canonical
