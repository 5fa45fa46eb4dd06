"""Programs that search: in texts (``grep`` and its kin), and for files (``find``, ``fd``, ``locate``)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, Usage, name_set, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.filters import GREP, printed
from guardian_ci.policy.shell.listings import hidden_too
from guardian_ci.policy.shell.patterns import globs_of
from guardian_ci.policy.shell.programs.table import DUMPERS, Program, collector_of, declared, is_sweep, joined, name_of

_ALL: Final = "**"


def _grep(invocation: Invocation) -> Effects:
    """Search in files; a recursion that is aimed at some names touches them."""
    collector = collector_of(invocation)
    name = name_of(invocation)
    given = read_arguments(invocation.argv[1:], GREP)
    collector.options(given)
    patterned = given.has("-e", "--regexp", "-f", "--file")
    operands = given.operands if patterned else given.operands[1:]
    collector.read(*operands)
    recursive = given.has("-r", "-R", "--recursive", "--dereference-recursive") or name == "rgrep"
    recursive = recursive or "recurse" in given.values("-d", "--directories")
    includes = [glob for name in given.values("--include") for glob in hidden_too(name)]
    if recursive:
        _aim(collector, operands or (".",), includes)
        collector.tree(*operands)
    quiet = given.has("-l", "-L", "-c", "-q", "--files-with-matches", "--files-without-match", "--count", "--quiet")
    everywhere = any(is_sweep(below(folder, "") if recursive else folder) for folder in operands or (".",))
    if everywhere and not includes and not quiet:
        note_all(collector, given.values("-e", "--regexp") or given.operands[:1])
    if recursive or operands:
        listed = given.has("-l", "--files-with-matches", "-L", "--files-without-match")
        return collector.effects(_listing(operands or (".",), recursive=recursive) if listed else None)
    return collector.effects(printed(name, invocation.argv[1:], invocation.stdin))


def note_all(collector: Collector, patterns: Sequence[str]) -> None:
    """Note a search that finds every line of every file."""
    if any(pattern.strip("^$*.") == "" for pattern in patterns):
        collector.opaque("prints every line of every file of a folder", " ".join(patterns))


def _aim(collector: Collector, folders: Iterable[str], names: Iterable[str]) -> None:
    """Note the files of some names at any depth below some folders."""
    for folder in folders:
        collector.read(*(below(folder, name) for name in names))


def below(folder: str, name: str) -> str:
    """Return the glob of a name at any depth below a folder."""
    return f"{folder.rstrip('/')}/{_ALL}/{name.lstrip('/')}".rstrip("/")


def _listing(folders: Sequence[str], *, recursive: bool) -> str:
    return "".join(f"{folder.rstrip('/')}/{_ALL}\n" if recursive else f"{folder}\n" for folder in folders)


_RG: Final = usage(
    "text read*",
    text="-e --regexp -A -B -C --after-context --before-context --context -g --glob --iglob -t --type -T --type-not"
    " --type-add --type-clear -m --max-count -M --max-columns -d --max-depth --maxdepth -j --threads -r --replace -E"
    " --encoding"
    " --color --colors --sort --sortr --context-separator --field-match-separator --max-filesize --engine"
    " --path-separator"
    " --regex-size-limit --dfa-size-limit --hyperlink-format --generate",
    read="-f --file --ignore-file",
    runs="--pre --hostname-bin",
)


def _rg(invocation: Invocation) -> Effects:
    """Search below folders, or list the files there."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _RG)
    collector.options(given)
    lists = given.has("--files", "--type-list")
    patterned = lists or given.has("-e", "--regexp", "-f", "--file")
    operands = given.operands if patterned else given.operands[1:]
    folders = operands or (".",)
    collector.read(*operands)
    globs = [glob for glob in given.values("-g", "--glob", "--iglob") if not glob.startswith("!")]
    if lists:
        found = [below(folder, glob) for folder in folders for glob in globs or [""]]
        return collector.effects("".join(f"{name.rstrip('/')}\n" for name in found))
    _aim(collector, folders, globs)
    hidden = given.has("--hidden", "-.", "-u", "--unrestricted", "--no-ignore")
    everywhere = any(is_sweep(below(folder, "")) for folder in folders)
    if hidden and everywhere and not globs and not given.has("-l", "-c", "--files-with-matches", "--count"):
        note_all(collector, given.values("-e", "--regexp") or given.operands[:1])
    if given.has("-l", "--files-with-matches", "--files-without-match"):
        return collector.effects(_listing(folders, recursive=True))
    if invocation.stdin is not None and not operands:
        return collector.effects(printed("egrep", invocation.argv[1:], invocation.stdin))
    return collector.effects()


_AG: Final = usage(
    "text read*",
    text="-A -B -C --after --before --context -m --max-count --depth -W --width --ignore --ignore-dir --type -g"
    " --match --pager --color-match --include --exclude --output --lines --range",
    read="-p --path-to-ignore -f --file --ignore-file",
    list="--files-from -x",
)


def _ag(invocation: Invocation) -> Effects:
    """Search below folders with ``ag``, ``ack`` and their like; ``-g`` and ``-G`` choose files by a pattern."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("text read*", text="-G --file-search-regex", options=_AG.options))
    collector.options(given)
    operands = given.operands if given.has("-g", "--match") else given.operands[1:]
    collector.read(*operands)
    chosen = [
        glob for pattern in given.values("-G", "--file-search-regex") for glob in globs_of(pattern, extended=True) or ()
    ]
    _aim(collector, operands or (".",), (*chosen, *given.values("--include")))
    everywhere = any(is_sweep(below(folder, "")) for folder in operands or (".",))
    if everywhere and given.has("-u", "--unrestricted", "--hidden", "-a", "--all-types") and not chosen:
        note_all(collector, given.operands[:1])
    names = [glob for pattern in given.values("-g") for glob in globs_of(pattern, extended=True) or ()]
    return collector.effects(
        "".join(below(folder, glob) + "\n" for folder in operands or (".",) for glob in names) or None
    )


_FIND_WITH_ONE: Final = name_set(
    "-maxdepth -mindepth -type -xtype -size -mtime -atime -ctime -mmin -amin -cmin -user -group -uid -gid -perm"
    " -anewer -cnewer -links -inum -printf -fstype -used -context -newermt -newerat -newerct -regextype -depth"
    " -flags -D"
)
_FIND_NAMES: Final = name_set("-name -iname -path -ipath -wholename -iwholename -lname -ilname -regex -iregex")
_FIND_RUNS: Final = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_MOST_NAMES: Final = 64
_MOST_RUNS: Final = 16


def _find(invocation: Invocation) -> Effects:
    """Find files, and do something with what is found: the names that are asked for stand for it, as globs."""
    words = [word for word in invocation.argv[1:] if word not in {"-H", "-L", "-P"}]
    roots = list(takewhile(lambda word: word[:1] not in {"-", "(", "!", ")", "\\"}, words))
    return _Finding(collector_of(invocation), roots).run(words[len(roots) :])


class _Finding:
    """Reads the tests and actions of one ``find``."""

    def __init__(self, collector: Collector, roots: list[str]) -> None:
        self._collector = collector
        self._roots = roots
        self._names: list[str] = []
        self._prints = True

    def run(self, words: list[str]) -> Effects:
        """Note what is done with what is found; print its names if nothing else is."""
        left = iter(words)
        negated = False
        for word in left:
            if word in _FIND_NAMES:
                value = next(left, "")
                self._names += [] if negated else _names_of(word, value)
            elif word in _FIND_WITH_ONE:
                next(left, None)
            else:
                self._action(word, left)
            negated = word in {"!", "-not"}
        return self._collector.effects("".join(f"{name}\n" for name in self._found()) if self._prints else None)

    def _action(self, word: str, left: Iterator[str]) -> None:
        if word in _FIND_RUNS:
            self._prints = False
            _run_on_found(self._collector, _until_end(left), self._roots, self._names)
        elif word == "-delete":
            self._collector.write(*self._found())
        elif word == "-files0-from":
            self._collector.listed(next(left, ""))
        elif word == "-samefile":
            self._collector.read(next(left, ""))
        elif word.startswith("-newer"):
            next(left, None)
        elif word in {"-fprint", "-fprint0", "-fls", "-fprintf"}:
            self._collector.write(next(left, ""))
            if word == "-fprintf":
                next(left, None)
            # What reads the list later reads these files.
            self._collector.read(*(self._found() if self._names else ()))

    def _found(self) -> list[str]:
        return _found(self._roots, self._names)


def _names_of(test: str, value: str) -> list[str]:
    if test.endswith("regex"):
        last = value.rpartition("/")[2] if "/" in value else value.removeprefix(".*")
        globs = globs_of("^" + last, extended=False, whole=True) or []
        return [*globs, *("*" + glob for glob in globs if value.startswith(".*") and "/" not in value)]
    return hidden_too(value.removeprefix("./") if "path" in test or "wholename" in test else value)


def _found(roots: Sequence[str], names: Sequence[str]) -> list[str]:
    folders = roots or (".",)
    if not names:
        return [f"{folder.rstrip('/')}/{_ALL}" if folder != "/" else f"/{_ALL}" for folder in folders]
    return [below(folder, name) for folder in folders for name in names[:_MOST_NAMES]]


def _until_end(left: Iterator[str]) -> list[str]:
    command: list[str] = []
    for word in left:
        if word in {";", "\\;"} or (word == "+" and command[-1:] == ["{}"]):
            break
        command.append(word)
    return command


def _run_on_found(collector: Collector, command: list[str], roots: Sequence[str], names: Sequence[str]) -> None:
    program = command[0].rpartition("/")[2] if command else ""
    if program in DUMPERS and not names and any(map(is_sweep, _found(roots, ()))):
        collector.opaque("prints or sends every file that is found", " ".join(command))
        return
    run_on(collector, command, "{}", _found(roots, names))


def run_on(collector: Collector, command: Sequence[str], mark: str, names: Sequence[str]) -> None:
    """Note a command that is run with names put in its place for them: all at once, or one by one."""
    if mark in command:
        at = list(command).index(mark)
        rest = [word.replace(mark, names[0]) if names else word for word in command[at + 1 :]]
        collector.run((*command[:at], *names, *rest))
        return
    for name in names[:_MOST_RUNS]:
        collector.run(word.replace(mark, name) for word in command)
    if not names:
        collector.run(command)


_FD: Final = usage(
    "text read*",
    text="-d --max-depth --min-depth --exact-depth -t --type -e --extension -S --size --changed-within --changed-before"
    " -o --owner -E --exclude -c --color -j --threads --max-results --path-separator --batch-size --format --and"
    " --gen-completions",
    read="--search-path --base-directory -C --ignore-file",
)


def _fd(invocation: Invocation) -> Effects:
    """Find files with ``fd``; ``-x`` and ``-X`` run a command on them."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    command: list[str] = []
    for at, word in enumerate(words):
        if word in {"-x", "--exec", "-X", "--exec-batch"}:
            command, words = words[at + 1 :], words[:at]
            break
    given = read_arguments(words, _FD)
    collector.options(given)
    roots = (*given.operands[1:], *given.values("--search-path", "--base-directory", "-C"))
    names = _names_of_fd(given)
    found = _found(roots, names)
    if command:
        marked = command if any("{}" in word for word in command) else [*command, "{}"]
        _run_on_found(collector, marked, roots, names)
        return collector.effects()
    return collector.effects("".join(f"{name}\n" for name in found))


def _names_of_fd(given: Arguments) -> list[str]:
    pattern = given.operands[0] if given.operands else ""
    extensions = [f"*.{extension.lstrip('.')}" for extension in given.values("-e", "--extension")]
    if pattern in {"", "."}:
        return extensions
    if given.has("-g", "--glob"):
        return [pattern]
    globs = globs_of(pattern, extended=True, fixed=given.has("-F", "--fixed-strings")) or []
    return [glob.rpartition("/")[2] for glob in globs]


def _locate(invocation: Invocation) -> Effects:
    """Look names up in a list of all files: the pattern says which."""
    collector = collector_of(invocation)
    how = usage("text*", text="-n -l --limit", read="-d --database")
    given = collector.all(invocation.argv[1:], how)
    found = [name if "*" in name or "/" in name else f"/{_ALL}/*{name}*" for name in given.operands]
    return collector.effects("".join(f"{name}\n" for name in found))


def _which(invocation: Invocation) -> Effects:
    """Say where a program lies: its name stays the last part."""
    names = read_arguments(invocation.argv[1:], usage("text*")).operands
    return collector_of(invocation).effects("".join(f"/usr/bin/{name}\n" for name in names))


_OTHERS: Final[Mapping[str, Usage]] = {
    "fzf sk peco fzy": usage("text*", text="-q --query -f --filter", runs="--preview --bind"),
    "sift ugrep-indexer codesearch csearch": usage("text read*"),
    "ast-grep sg semgrep comby": usage("maybe*"),
}

PROGRAMS: Final[Mapping[str, Program]] = {
    **declared(_OTHERS),
    **joined(
        "grep egrep fgrep ggrep zgrep zegrep zfgrep bzgrep xzgrep zstdgrep rgrep pcregrep pcre2grep ugrep agrep", _grep
    ),
    **joined("rg ripgrep rga", _rg),
    **joined("ag ack ack-grep pt", _ag),
    **joined("find gfind bfs", _find),
    **joined("fd fdfind", _fd),
    **joined("locate mlocate plocate mdfind", _locate),
    **joined("which whereis type where", _which),
}
"""Programs that search, by name."""
