"""Learns from logs what agents needed: the tightest policy that would have allowed what was allowed.

Each tool call that a log shows as let through is judged by what is learned so far; where that would refuse it, what it
needs is added, as narrowly as a pattern can say it and a person would: a program with its subcommand, a folder, a host.
Everything is bounded: a list that would grow without end becomes wider patterns, and at last no list.
"""

import posixpath
import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from guardian_ci.audit import facts
from guardian_ci.audit import fields as read
from guardian_ci.audit.fields import Fields
from guardian_ci.audit.reader import Line, Log
from guardian_ci.errors import LogError, PolicyError
from guardian_ci.model import ToolUse, Verdict
from guardian_ci.policy import policy_from_document
from guardian_ci.policy.command_patterns import CommandPattern, first_not_covered
from guardian_ci.policy.default import KEY_FILES
from guardian_ci.policy.hosts import host_of, hosts_of_url
from guardian_ci.policy.rules import TOOL_RULES, evaluate_tool, view_of
from guardian_ci.policy.rules.interface import ToolView
from guardian_ci.policy.rules.tool_lists import allowed_tools
from guardian_ci.policy.rules.touched import touched
from guardian_ci.policy.settings import Action, FilePattern, FilePatterns, Settings
from guardian_ci.policy.shell.facts import TAME, UNKNOWN, Access
from guardian_ci.policy.tool_patterns import Kind, parse
from guardian_ci.session.state import SessionState

_LEARNED: Final = frozenset({"tool_allowlist", "file_allowlist", "network_allowlist", "file_blocklist"})
_OTHERS_OFF: Final[Mapping[str, Action]] = {rule.id: "off" for rule in TOOL_RULES if rule.id not in _LEARNED}
_IDLE_SECONDS: Final = 30 * 60
_MOST_SESSIONS: Final = 10_000
_MOST_SEEN: Final = 20_000
_MOST_MODELS: Final = 100
_MOST_COMMANDS: Final = 200
_MOST_TOOLS: Final = 200
_MOST_FOLDERS: Final = 24
_MOST_HOSTS: Final = 100
_MOST_STEPS: Final = 64
_LONGEST_ENTRY: Final = 200
_LEAST_DEPTH: Final = 2
"""A folder is not widened to one that lies nearer to the root."""

_PLAIN_WORD: Final = re.compile(r"[A-Za-z0-9_./@+=,%-][A-Za-z0-9_./@:+=,%-]*")
_SUBCOMMAND: Final = re.compile(r"[a-z][a-z0-9_:-]{0,30}")
_WHOLE_WORDS: Final = (
    "ls cat head tail less wc sort uniq cut tr grep egrep rg ag find fd sed awk gawk diff cmp tree stat file du df"
    " touch mkdir rmdir cp mv rm ln chmod chown test echo printf pwd cd env which command type date sleep true false"
    " pytest mypy tsc eslint prettier black isort jq yq xargs tee tar unzip zip gzip gunzip md5sum sha256sum basename"
    " dirname realpath readlink seq curl wget patch column nl od xxd strings ps kill id whoami uname hostname nproc"
    " free uptime"
)
_WHOLE_PROGRAMS: Final = frozenset(_WHOLE_WORDS.split())
"""Programs whose first word is no subcommand but a file or a pattern."""
_DEEP_WORDS: Final = (
    "npm:run pnpm:run yarn:run bun:run deno:task uv:run uv:pip uv:tool poetry:run pdm:run hatch:run pipenv:run"
    " bundle:exec docker:compose gh:pr gh:issue gh:run gh:repo gh:workflow gh:release git:remote git:stash"
    " git:worktree kubectl:get kubectl:describe composer:exec aws:s3"
)
_DEEP: Final = frozenset(_DEEP_WORDS.split())
"""Subcommands that have subcommands of their own."""
_RUNS_TEXT: Final = re.compile(r"(?:.*/)?(?:python|node|ruby|perl|php|bash|sh|zsh|dash|deno|bun)[\d.]*")
_WILD: Final = re.compile(r"[*?\[{]")
_TEXT_OPTION: Final = re.compile(r"-[a-z]{0,4}[ce]|--eval|-r|eval")


@dataclass(slots=True)
class Learned:
    """What a policy must allow, and what was seen beside it.

    A list that is None could not be kept narrow: the policy says nothing there. ``open_lists`` says why, in our words.
    """

    models: dict[str, None] = field(default_factory=dict)
    tools: dict[str, None] | None = field(default_factory=dict)
    files: dict[Access, dict[str, None] | None] = field(default_factory=lambda: {access: {} for access in Access})
    hosts: dict[str, None] | None = field(default_factory=dict)
    kept: dict[str, None] = field(default_factory=lambda: dict.fromkeys(KEY_FILES))
    open_lists: dict[str, None] = field(default_factory=dict)
    runs: int = 0
    calls: int = 0
    tool_calls: int = 0
    denied: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What the logs show as refused, by rule and by what it was about."""
    session_cost: int = 0
    session_tokens: int = 0
    run_cost: int = 0
    """Picodollars and tokens of the dearest session, picodollars of the dearest run."""
    most_held: int = 0
    """The most that a session had spent and reserved at once, in picodollars: a limit above it refuses no call."""

    def settings(self) -> Settings:
        """Return what is learned as a policy would say it, for the rules on tools."""
        return Settings(
            allowed_tools=None if self.tools is None else tuple(self.tools),
            file_allowlist=FilePatterns(
                read=_patterns(self.files[Access.READ]), write=_patterns(self.files[Access.WRITE])
            ),
            file_blocklist=FilePatterns(read=_patterns(self.kept), write=_patterns(self.kept)),
            network_allowlist=None if self.hosts is None else tuple(self.hosts),
            rules=_OTHERS_OFF,
        )


def _patterns(texts: Iterable[str] | None) -> tuple[FilePattern, ...] | None:
    return None if texts is None else tuple(FilePattern(pattern=each, field="") for each in texts)


def learn(logs: Iterable[Log]) -> Learned:
    """Learn from logs. What is not whole in one is passed over; ``Log.problems`` tells of it."""
    learned = Learned()
    for log in logs:
        _Run(learned).read(log)
    return learned


@dataclass(slots=True)
class _Spent:
    picodollars: int = 0
    tokens: int = 0


class _Run:
    """One log, read."""

    def __init__(self, learned: Learned) -> None:
        self._learned = learned
        self._learner = _Learner(learned)
        self._sessions: OrderedDict[str, SessionState] = OrderedDict()
        self._spent: dict[str, _Spent] = {}
        self._root: str | None = None

    def read(self, log: Log) -> None:
        takers = {
            "run_started": self._started,
            "call_admitted": self._admitted,
            "tool_call": self._tool_call,
            "call": self._call,
        }
        for line in log:
            taker = takers.get(line.type)
            if taker is not None:
                taker(line)
        spent = self._spent.values()
        self._learned.session_cost = max((self._learned.session_cost, *(each.picodollars for each in spent)))
        self._learned.session_tokens = max((self._learned.session_tokens, *(each.tokens for each in spent)))
        self._learned.run_cost = max(self._learned.run_cost, sum(each.picodollars for each in spent))

    def _started(self, line: Line) -> None:
        self._learned.runs += 1
        self._root = read.text(line.fields, "folder")

    def _admitted(self, line: Line) -> None:
        """A call goes out: its session goes on, or begins anew after a long pause, as the proxy's did."""
        moment = read.inner(line.fields, "facts").get("at")
        at = float(moment) if isinstance(moment, int | float) else 0.0
        name = _session(line.fields)
        state = self._state(name)
        if state.expired(at, _IDLE_SECONDS):
            state = self._sessions[name] = SessionState(name=name)
        state.calls += 1
        state.last_call = at
        reservation = read.inner(line.fields, "reservation")
        for scope in read.rows(reservation, "scopes"):
            held = (read.picodollars(scope, name) or 0 for name in ("spent", "reserved"))
            total = sum(held) + (read.picodollars(reservation, "cost") or 0)
            if str(scope.get("scope")).startswith(("session:", "run:")):
                self._learned.most_held = max(self._learned.most_held, total)
        call = read.inner(read.inner(line.fields, "facts"), "call")
        edited = read.text(read.inner(line.fields, "edits"), "model")
        models = (read.text(line.fields, "model"), edited, *read.texts(call, "other_models"))
        for model in filter(None, models):
            if len(self._learned.models) < _MOST_MODELS and _can_stand("allowed_models", model):
                self._learned.models[model] = None

    def _state(self, name: str) -> SessionState:
        state = self._sessions.get(name)
        if state is None:
            state = self._sessions[name] = SessionState(name=name)
            if len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return state

    def _tool_call(self, line: Line) -> None:
        told = read.inner(line.fields, "tool")
        if line.fields.get("verdict") == Verdict.BLOCK.value:
            self._denied(line.fields)
            return
        try:
            use = facts.tool_called("", 0.0, told).tool
        except LogError:  # a changed line: nothing that could be allowed
            return
        state = self._state(_session(line.fields))
        view = view_of(use, cwd=state.cwd, scripts=state.scripts, root=self._root)
        self._learned.tool_calls += 1
        self._learner.allow(use, view)
        state.remember_tool(use, cwd=view.analysis.cwd, written=view.analysis.written)

    def _call(self, line: Line) -> None:
        fields = line.fields
        if fields.get("decision") == "rejected":
            self._denied(fields)
            return
        self._learned.calls += 1
        spent = self._spent.setdefault(_session(fields) if len(self._spent) < _MOST_SESSIONS else "", _Spent())
        spent.picodollars += read.picodollars(fields, "cost") or 0
        spent.tokens += (read.whole(fields, "input_tokens") or 0) + (read.whole(fields, "output_tokens") or 0)

    def _denied(self, fields: Fields) -> None:
        for found in read.rows(fields, "findings"):
            if found.get("verdict") == Verdict.BLOCK.value:
                key = read.text(found, "rule") or "", read.text(found, "subject") or ""
                if key in self._learned.denied or len(self._learned.denied) < _MOST_SEEN:
                    self._learned.denied[key] += 1


def _session(fields: Fields) -> str:
    return read.text(fields, "session_id") or ""


@lru_cache(maxsize=4096)
def _can_stand(key: str, entry: str) -> bool:
    """Whether a text can be an entry of a policy's list: the policy's own checks say so."""
    if not 0 < len(entry) <= _LONGEST_ENTRY:
        return False
    try:
        policy_from_document({key: [entry]}, "")
    except PolicyError:
        return False
    return True


class _Learner:
    """Widens what is learned, call by call."""

    def __init__(self, learned: Learned) -> None:
        self._learned = learned
        self._settings = learned.settings()
        self._seen: OrderedDict[int, None] = OrderedDict()

    def allow(self, use: ToolUse, view: ToolView) -> None:
        """Add what a call needs."""
        key = hash((use.name, use.canonical, use.arguments, use.paths, use.urls, use.command, use.links, view.cwd))
        if key in self._seen:
            return
        for step in range(_MOST_STEPS):
            refusing = self._refusing(use, view)
            if not refusing:
                break
            for rule in refusing:
                _WIDEN[rule](self, use, view, step)
            self._settings = self._learned.settings()
        else:
            self._open_all(self._refusing(use, view))
        self._seen[key] = None
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)

    def _refusing(self, use: ToolUse, view: ToolView) -> list[str]:
        findings, _ = evaluate_tool(self._settings, use, view)
        return [found.rule for found in findings if found.verdict is Verdict.BLOCK and found.rule in _LEARNED]

    def _open_all(self, rules: Iterable[str]) -> None:
        for rule in rules:
            if rule == "tool_allowlist":
                self._learned.tools = None
            elif rule == "network_allowlist":
                self._learned.hosts = None
            elif rule == "file_allowlist":
                self._learned.files = dict.fromkeys(Access)
            else:
                self._learned.kept = {}
            self._learned.open_lists[f"{rule}: a call fits no list"] = None
        self._settings = self._learned.settings()

    # Tools

    def tools(self, use: ToolUse, view: ToolView, step: int) -> None:
        """Add the tool, or the patterns of the commands that it runs."""
        tools = self._learned.tools
        if tools is None:
            return
        # Behind a call that only calls others, the next one that is refused.
        listed = allowed_tools(tuple(tools))
        behind = zip(use.calls, view.calls, strict=True)
        use, view = next(((act, seen) for act, seen in behind if listed.refuses(act, seen) is not None), (use, view))
        if use.canonical == "bash" and "bash" not in tools and step < _MOST_STEPS // 2:
            entry = self._command(tuple(tools), use, view)
            if entry is not None:
                tools[entry] = None
                self._bound_commands(tools)
                return
        self._name(tools, use)

    def _command(self, entries: tuple[str, ...], use: ToolUse, view: ToolView) -> str | None:
        """Return the entry that the next command of a line needs; None where only the whole tool will do."""
        if view.analysis.opaque or not view.analysis.commands:
            self._learned.open_lists[
                "allowed_tools: commands ran that do not tell what they do, so bash is allowed"
            ] = None
            return None
        patterns = [CommandPattern(each.argument) for each in map(parse, entries) if each.kind is Kind.COMMAND]
        wrong = first_not_covered(patterns, view.analysis.commands)
        if wrong is None:
            return self._redirection(entries, use, view)
        entry = next((each for each in _entries_for(wrong) if each not in entries), None)
        if entry is None:
            self._learned.open_lists["allowed_tools: a command ran that no pattern can say, so bash is allowed"] = None
        return entry

    def _redirection(self, entries: tuple[str, ...], use: ToolUse, view: ToolView) -> str | None:
        refusal = allowed_tools(entries).refuses(use, view)
        sign = refusal.what[:1] if refusal is not None and refusal.what else ""
        entry = {"<": "read_file", ">": "write_file"}.get(sign)
        return entry if entry not in entries else None

    def _bound_commands(self, tools: dict[str, None]) -> None:
        """Say many commands of one program by its name, and very many by the shell's."""
        commands = [entry for entry in tools if entry.startswith("Bash(")]
        if len(commands) <= _MOST_COMMANDS:
            return
        by_program = Counter(_program(entry) for entry in commands)
        program, count = by_program.most_common(1)[0]
        for entry in commands:
            if count == 1 or _program(entry) == program:
                del tools[entry]
        tools["bash" if count == 1 else f"Bash({program}:*)"] = None
        self._learned.open_lists["allowed_tools: more commands ran than a list can name, so some stand for others"] = (
            None
        )

    def _name(self, tools: dict[str, None], use: ToolUse) -> None:
        name = use.canonical or use.name
        entry = re.sub(r"[*?\[]", r"[\g<0>]", name)
        if not _can_stand("allowed_tools", entry) or len(tools) >= _MOST_TOOLS + _MOST_COMMANDS:
            self._learned.tools = None
            self._learned.open_lists["allowed_tools: a tool has a name that no list can hold"] = None
            return
        if entry == "bash":
            for command in [each for each in tools if each.startswith("Bash(")]:
                del tools[command]
        tools[entry] = None

    # Files

    def files(self, use: ToolUse, view: ToolView, step: int) -> None:
        """Add the folders of the files that a call touches, then the files themselves, then any file."""
        for touch in touched(use, view):
            folders = self._learned.files[touch.access]
            if folders is None or not (touch.sure or _is_path(touch.path)) or {UNKNOWN, TAME} & set(touch.path):
                continue
            wide = use.canonical == "list_dir" and touch.word in use.paths
            path = _from_here(touch.path, view.root)
            pattern = folder_of(f"{path}/" if wide else path) if step == 0 else _itself(path)
            if pattern is not None:
                folders[pattern] = None
                self._bound_folders(touch.access, folders)
        if step > 1:
            for access in Access:
                self._open_files(access, "a file lies where no pattern leads")

    def _bound_folders(self, access: Access, folders: dict[str, None]) -> None:
        if len(folders) <= _MOST_FOLDERS:
            return
        fewer = merged_folders(folders)
        if len(fewer) > _MOST_FOLDERS:
            self._open_files(access, "more folders were used than a list can name")
        else:
            folders.clear()
            folders.update(dict.fromkeys(fewer))

    def _open_files(self, access: Access, why: str) -> None:
        self._learned.files[access] = None
        self._learned.open_lists[f"file_allowlist.{access.value}: {why}, so any may be"] = None

    def kept(self, use: ToolUse, view: ToolView, step: int) -> None:  # noqa: ARG002 - as its siblings
        """Take out of the blocklist what the logs show as used: the log's own policy allowed it."""
        for pattern in list(self._learned.kept):
            settings = replace(self._settings, file_blocklist=FilePatterns(read=_patterns([pattern]), write=None))
            both = replace(self._settings, file_blocklist=FilePatterns(read=None, write=_patterns([pattern])))
            for each in (settings, both):
                found, _ = evaluate_tool(each, use, view)
                if any(finding.rule == "file_blocklist" for finding in found):
                    self._learned.kept.pop(pattern, None)
                    self._learned.open_lists[f"file_blocklist: {pattern} was used, so it is left out"] = None

    # Hosts

    def hosts(self, use: ToolUse, view: ToolView, step: int) -> None:
        """Add the hosts that a call talks to."""
        hosts = self._learned.hosts
        if hosts is None:
            return
        names = [host.name for url in use.urls for host in hosts_of_url(url) if not host.local]
        for contact in view.analysis.contacts:
            if contact.host is not None:
                names.append(host_of(contact.host).name)
            else:
                names.append(contact.registry or contact.program)
        for name in names:
            if not _WILD.search(name) and _can_stand("network_allowlist", name):
                hosts[name] = None
        if step or len(hosts) > _MOST_HOSTS:
            self._learned.hosts = None
            self._learned.open_lists["network_allowlist: more hosts were used, or others, than a list can name"] = None


_WIDEN: Final = {
    "tool_allowlist": _Learner.tools,
    "file_allowlist": _Learner.files,
    "file_blocklist": _Learner.kept,
    "network_allowlist": _Learner.hosts,
}


def _program(entry: str) -> str:
    return entry.removeprefix("Bash(").partition(" ")[0].removesuffix(")").removesuffix(":*")


def _entries_for(words: tuple[str, ...]) -> Iterable[str]:
    """Yield the entries that mean a command, the narrowest that a person would write first."""
    plain: list[str] = []
    for word in words[:4]:
        if not _PLAIN_WORD.fullmatch(word) or len(word) > _LONGEST_ENTRY // 4:
            break
        plain.append(word)
    if not plain or plain[0].startswith("-"):
        return
    count = _telling(plain)
    if _RUNS_TEXT.fullmatch(plain[0]) and len(words) > 1 and _TEXT_OPTION.fullmatch(words[1]):
        count = min(2, len(plain))  # a program's text differs each time: any text of that program
    for used in range(count, 0, -1):
        entry = f"Bash({' '.join(plain[:used])}:*)"
        if _can_stand("allowed_tools", entry):
            yield entry


def _telling(plain: list[str]) -> int:
    """Return how many words of a command tell what it does: the program, and its subcommand where it has one."""
    program = posixpath.basename(plain[0])
    if program in _WHOLE_PROGRAMS or len(plain) == 1:
        return 1
    if plain[1] == "-m" and len(plain) > 2:  # noqa: PLR2004 - python -m pytest
        return 3
    if not _SUBCOMMAND.fullmatch(plain[1]):
        return 2 if _RUNS_TEXT.fullmatch(plain[0]) and not plain[1].startswith("-") else 1
    deep = f"{program}:{plain[1]}" in _DEEP and len(plain) > 2 and not plain[2].startswith("-")  # noqa: PLR2004
    return 3 if deep else 2


def _is_path(word: str) -> bool:
    """Whether a word that may be a file or something else looks like a path."""
    return "/" in word and not word.startswith("-") and "://" not in word


def _from_here(path: str, root: str | None) -> str:
    """Return a path as it reads from the agent's folder, where it lies in it: the next run may work elsewhere."""
    if root is None or not root.strip("/") or not f"{path}/".startswith(f"{root.rstrip('/')}/"):
        return path
    return f".{path[len(root.rstrip('/')) :]}"


def _itself(path: str) -> str | None:
    """Return the pattern that means one file."""
    text = re.sub(r"[*?\[]", r"[\g<0>]", path.strip())
    if not text.startswith(("/", "~", "../", "./")):
        text = f"./{text}"
    return text if _can_stand("file_allowlist", text) else None


def folder_of(path: str) -> str | None:
    """Return the pattern of the folder that a file lies in; None where there is none to be allowed as a whole."""
    text = path.strip().replace("\\", "/")
    folder = text.endswith(("/", "/**")) or text in {"", ".", "..", "~"}
    names = [name for name in posixpath.normpath(text.removesuffix("/**") or "/").split("/") if name not in {"", "."}]
    wild = next((index for index, name in enumerate(names) if _WILD.search(name)), None)
    if wild is not None:
        names, folder = names[:wild], True
    pattern = _folder(text, names, names if folder else names[:-1])
    return pattern if pattern is not None and _can_stand("file_allowlist", pattern) else None


def _folder(text: str, names: list[str], inside: list[str]) -> str | None:
    """Return the pattern for a path with these names, of which those ``inside`` are folders."""
    if text.startswith("/"):
        return f"/{'/'.join(inside)}/**" if inside else None
    if names[:1] == ["~"]:
        return "/".join(inside[:2]) + "/**" if len(inside) > 1 else None
    if names[:1] == [".."]:
        return "/".join(names[: names.count("..") + 1]) + "/**"
    if inside:
        return f"./{inside[0]}/**"
    return f"./{names[0]}" if names else "./**"


def merged_folders(folders: Iterable[str]) -> list[str]:
    """Return fewer patterns that mean all that these mean: the deepest folders become those that they lie in."""
    kept = list(dict.fromkeys(folders))
    here = [each for each in kept if each.startswith("./")]
    if len(here) > _MOST_FOLDERS // 2:
        kept = ["./**", *(each for each in kept if each not in here)]
    while len(kept) > _MOST_FOLDERS // 2:
        deepest = max(kept, key=_depth)
        if _depth(deepest) <= _LEAST_DEPTH:
            break
        parent = posixpath.dirname(deepest.removesuffix("/**"))
        kept = [each for each in kept if not each.startswith(f"{parent}/")]
        kept.append(f"{parent}/**")
    return kept


def _depth(pattern: str) -> int:
    """Return how far from the root a pattern lies; 0 where it does not begin there."""
    return pattern.removesuffix("/**").count("/") if pattern.startswith("/") else 0
