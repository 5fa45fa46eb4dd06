"""Git with its subcommands, and its kin: revisions' files, remotes, aliases, hooks and pagers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from guardian_ci.policy.patches import patch_paths
from guardian_ci.policy.shell.arguments import Arguments, Usage, name_set, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.hosts import is_url, remote_host
from guardian_ci.policy.shell.listings import hidden_too, lines_of
from guardian_ci.policy.shell.programs.search import below, note_all
from guardian_ci.policy.shell.programs.sources import note_hooks
from guardian_ci.policy.shell.programs.table import TAME_LINE, Program, collector_of, declared, joined

_GLOBAL: Final = usage(
    "text*",
    stops=True,
    text="-c --config-env --namespace --super-prefix --list-cmds --attr-source",
    read="-C --work-tree --git-dir --exec-path",
)
_REVISION_FILE: Final = re.compile(r"(?::[0-3]:|[^:/][^:]{0,200}:|:)(?!//)(.+)", re.DOTALL)
_RANGE_OR_HASH: Final = re.compile(
    r"[0-9a-f]{4,64}|[^/\s]*\.\.\.?[^/\s]*|HEAD[~^@{}\d]*|[@~^][~^@{}\d]*", re.IGNORECASE
)
_CONFIG_THAT_RUNS: Final = re.compile(
    r"(?:alias\..+|core\.(?:pager|editor|sshcommand|fsmonitor|askpass|gitproxy|hookspath|alternaterefscommand)"
    r"|pager\..+|diff\..*(?:external|textconv|command)|diff\.external|difftool\..+\.cmd|mergetool\..+\.cmd"
    r"|merge\..+\.driver|filter\..+\.(?:clean|smudge|process)|credential(?:\..+)?\.helper|sequence\.editor"
    r"|gpg(?:\..+)?\.program|interactive\.difffilter|uploadpack\.packobjectshook|sendemail\..+|protocol\.ext\.allow"
    r"|remote\..+\.(?:uploadpack|receivepack|vcs)|browser\..+\.cmd|man\..+\.cmd|trailer\..+\.(?:command|cmd)|web\.browser)",
    re.IGNORECASE,
)
_CONFIG_THAT_NAMES_A_FILE: Final = re.compile(
    r"(?:include(?:if\..+)?\.path|core\.(?:excludesfile|attributesfile|worktree)|commit\.template|http\.(?:.+\.)?(?:ssl.*|cookiefile)"
    r"|blame\.ignorerevsfile|mailmap\.file|user\.signingkey|gpg\.ssh\..+file)",
    re.IGNORECASE,
)
_CONFIG_OF_HOSTS: Final = re.compile(
    r"(?:http\.(?:.+\.)?proxy|remote\..+\.(?:url|pushurl|proxy)|url\..+\.\w*insteadof)", re.IGNORECASE
)

_PATCHES: Final = name_set("-p -u --patch -c --cc -m --patch-with-stat --patch-with-raw --full-diff")
_NO_COMMANDS: Final = frozenset({"", "cat", "less", "true", "false", "always", "never"})
"""What a setting that names a command is set to when it shall do nothing."""
_SERVER: Final = re.compile(r":(?:pserver|ext|ssh):(?:[^@/]{1,100}@)?([^:/]{1,200})")
_MESSAGE: Final = re.compile(r"%(?:[sbBfN]|a[neEN])")
"""What a form tells of a commit that its author has written."""
_SECTION: Final = re.compile(r"\s*\[([\w.-]{1,60})(?:\s+\"([^\"\]]{0,200})\")?\]")
_MOST_SETTINGS: Final = 200

_DIFF: Final = (
    "-U -G -S --diff-filter --word-diff-regex --inter-hunk-context -n --max-count --skip --since --after --until"
    " --before"
    " --author --committer --grep --date --ws-error-highlight --src-prefix --dst-prefix --line-prefix -l"
    " --find-object -I"
    " --ignore-matching-lines --anchored --diff-algorithm --decorate-refs --exclude --glob -L"
)
"""Options of ``diff`` and ``log`` that take the next word; those that only take ``=value`` are not among them."""


def _git(invocation: Invocation) -> Effects:
    """Do what the subcommand does, in the folder that ``-C`` names, with the configuration of ``-c``."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _GLOBAL)
    folder = ""
    for option in given.options:
        value = option.value or ""
        if option.name == "-c":
            _note_setting(collector, *value.partition("=")[::2])
        elif option.name == "--config-env":
            collector.opaque("takes a setting of git from a variable", value)
        elif option.name == "-C":
            folder = value if value[:1] in {"/", "~"} or not folder else f"{folder}/{value}"
    aliases = _aliases(given)
    words = list(given.operands)
    if words and words[0] in aliases:
        words[:1] = _split(aliases[words[0]])
    if not words:
        return collector.effects(TAME_LINE)
    inner = _Git(collector=Collector(collector.program, invocation.stdin, invocation.files), words=words[1:])
    output = _SUBCOMMANDS.get(words[0], _unknown)(inner)
    for option in given.options:
        if option.name in {"--git-dir", "--work-tree"} and option.value:
            inner.collector.read(option.value)
    collector.add(_moved(inner.collector.effects(), folder))
    return collector.effects(output)


def _moved(effects: Effects, folder: str) -> Effects:
    """Return the effects as seen from outside the folder that they happen in."""
    if not folder:
        return effects
    return Effects(
        touches=tuple(
            touch if touch.path[:1] in {"/", "~", "$"} else replace(touch, path=f"{folder.rstrip('/')}/{touch.path}")
            for touch in effects.touches
        ),
        contacts=effects.contacts,
        opaque=effects.opaque,
        runs=effects.runs,
    )


def _aliases(given: Arguments) -> dict[str, str]:
    settings = [value.partition("=") for value in given.values("-c")]
    return {
        name[6:]: value
        for name, _, value in settings
        if name.lower().startswith("alias.") and not value.startswith("!")
    }


def _split(text: str) -> list[str]:
    return [word.strip("'\"") for word in text.split()] or [""]


def _note_setting(collector: Collector, name: str, value: str) -> None:
    """Note what a setting of git makes it run, read or talk to."""
    lower = name.lower()
    if _CONFIG_THAT_RUNS.fullmatch(name):
        _note_setting_that_runs(collector, lower, value)
    elif _CONFIG_THAT_NAMES_A_FILE.fullmatch(name):
        collector.read(value)
        if lower.startswith("include"):
            _note_included(collector, collector.lines(value))
    elif _CONFIG_OF_HOSTS.fullmatch(name):
        url = name[4:].rpartition(".")[0] if lower.startswith("url.") else value
        if lower.endswith("proxy"):
            collector.host(value)
        elif is_url(url) or remote_host(url)[0]:
            collector.remote(url)


def _note_setting_that_runs(collector: Collector, name: str, value: str) -> None:
    if name.endswith("hookspath"):
        collector.read(value)
    elif name.startswith("alias."):
        if value.startswith("!"):
            collector.shell(value[1:])
    elif "helper" in name and not value.startswith(("!", "/")):
        collector.maybe(*value.split()[1:])
    elif value not in _NO_COMMANDS:
        collector.shell(value.removeprefix("!"))


def _note_included(collector: Collector, lines: list[str]) -> None:
    """Note the settings of a file whose text is known; such a file can include no further one."""
    section = ""
    for line in lines[:_MOST_SETTINGS]:
        if (header := _SECTION.match(line)) is not None:
            section = ".".join(part for part in header.group(1, 2) if part)
            line = line[header.end() :]  # noqa: PLW2901 - a setting may stand behind its section
        name, equals, value = line.partition("=")
        if equals and not section.lower().startswith("include"):
            key = f"{section}.{name.strip()}"
            _note_setting(collector, key, value.strip().strip('"'))


class _Git:
    """One subcommand with its words."""

    def __init__(self, *, collector: Collector, words: list[str]) -> None:
        self.collector = collector
        self.words = words

    def read(self, how: Usage) -> Arguments:
        """Read the words, note what the options name, and return them."""
        given = read_arguments(self.words, how)
        self.collector.options(given)
        return given

    def behind_dashes(self) -> list[str]:
        """Return the words behind ``--``."""
        return self.words[self.words.index("--") + 1 :] if "--" in self.words else []

    def pathspec(self, *words: str) -> list[str]:
        """Return words as paths, without the magic that git writes before them."""
        return [
            re.sub(r"^:(?:\([^)]{0,60}\)|[/!^:]+)", "", word)
            for word in words
            if not word.startswith((":!", ":^", ":(exclude"))
        ]


_Subcommand = Callable[[_Git], str | None]


def _revisions_and_paths(git: _Git, options: Usage, *, output: str | None = None) -> str | None:
    """``REV:path``, revisions, and paths: a revision's name touches nothing, and looks like no blocked file."""
    given = git.read(options)
    behind = git.behind_dashes()
    git.collector.read(*(lines.partition(":")[2] for lines in given.values("-L")))
    for operand in given.operands:
        named = _REVISION_FILE.fullmatch(operand)
        if operand in behind:
            git.collector.read(*git.pathspec(operand))
        elif named is not None:
            git.collector.read(named[1])
        elif not _RANGE_OR_HASH.fullmatch(operand):
            git.collector.read(operand, sure=False)
    return output


def _reader(text: str = _DIFF, read: str = "", write: str = "") -> _Subcommand:
    how = usage("maybe*", text=text, read=read, write=write)
    return lambda git: _revisions_and_paths(git, how)


def _cat_file(git: _Git) -> str | None:
    """Print an object; with ``--batch`` those that standard input names."""
    named = git.collector.stdin if any(word.startswith("--batch") for word in git.words) else ""
    git.words += lines_of(named or "")
    return _revisions_and_paths(git, usage("maybe*", text="--filter"))


def _diff(git: _Git) -> str | None:
    given = git.read(usage("maybe*", text=_DIFF, read="-O", write="--output"))
    if given.has("--no-index"):
        git.collector.read(*given.operands)
        if "." in given.operands:
            git.collector.opaque("prints every file of a folder", ".")
        return None
    listed = given.has("--name-only", "--name-status")
    return _revisions_and_paths(
        git, usage("maybe*", text=_DIFF, read="-O", write="--output"), output="**\n" if listed else None
    )


def _log(git: _Git) -> str | None:
    """Tell the history; only a patch shows what was in files."""
    if not _PATCHES.isdisjoint(git.words) or any(word.startswith(("-L", "-U", "--unified")) for word in git.words):
        return _revisions_and_paths(git, usage("maybe*", text=_DIFF, read="-O", write="--output"))
    given = git.read(usage("text*", text=_DIFF, write="--output"))
    if given.has("--name-only", "--name-status", "--stat"):
        return "**\n"
    forms = [option.value or "" for option in given.options if option.name in {"--format", "--pretty"}]
    return None if any(_MESSAGE.search(form) for form in forms) else TAME_LINE


def _add(git: _Git) -> str | None:
    """What is added is read into git's own store."""
    given = git.read(usage("read*", text="--chmod", list="--pathspec-from-file"))
    git.collector.read(*git.pathspec(*given.operands))
    return None


def _restore(git: _Git) -> str | None:
    """``checkout``, ``restore`` and ``switch`` write files; a branch's name is none."""
    given = git.read(
        usage("maybe*", text="-b -B -s --source --conflict --orphan -c -C -U", list="--pathspec-from-file")
    )
    note_hooks(git.collector, "post-checkout")
    behind = git.behind_dashes()
    git.collector.write(*git.pathspec(*behind))
    git.collector.write(
        *(word for word in given.operands if word not in behind and not _RANGE_OR_HASH.fullmatch(word)), sure=False
    )
    return None


def _remove(git: _Git) -> str | None:
    given = git.read(usage("write*", list="--pathspec-from-file"))
    git.collector.write(*git.pathspec(*given.operands))
    return None


def _move(git: _Git) -> str | None:
    git.collector.all(git.words, usage("edit* write"))
    return None


def _grep(git: _Git) -> str | None:
    given = git.read(usage("text read*", text="-e -A -B -C -m --max-count --max-depth --threads", read="-f"))
    operands = given.operands if given.has("-e", "-f") else given.operands[1:]
    if given.has("--no-index") and not given.has("-l", "-c"):
        note_all(git.collector, given.values("-e") or given.operands[:1])
    for operand in git.pathspec(*operands):
        if (named := _REVISION_FILE.fullmatch(operand)) is not None:
            git.collector.read(named[1])
        else:
            git.collector.read(operand if "*" not in operand or "/" in operand else below(".", operand))
    for word in git.words:
        if word.startswith(("-O", "--open-files-in-pager=")):
            git.collector.shell(word.removeprefix("-O").rpartition("=")[2])
    return "**\n" if given.has("-l", "--files-with-matches", "--name-only") else None


def _ls_files(git: _Git) -> str | None:
    given = git.read(usage("read*", text="-x --exclude --with-tree --format --abbrev", read="-X --exclude-from"))
    operands = git.pathspec(*given.operands)
    if given.has("-o", "--others"):
        return "./**\n"
    globs = [glob for operand in operands for glob in ([operand] if "*" not in operand else hidden_too(operand))]
    return "".join(f"{glob if '*' not in glob else below('.', glob)}\n" for glob in globs) or "**\n"


def _ls_tree(git: _Git) -> str | None:
    """List a tree; with a path, the object that is its content."""
    given = git.read(usage("text*", text="--format --abbrev"))
    git.collector.read(*given.operands[1:])
    return "**\n"


def _commit(git: _Git) -> str | None:
    given = git.read(
        usage(
            "read*",
            text="-m --message -C --reuse-message -c --reedit-message --fixup --squash --author --date --cleanup"
            " --trailer",
            read="-F --file -t --template",
            list="--pathspec-from-file",
        )
    )
    git.collector.read(*given.operands)
    note_hooks(git.collector, "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
    return None


def _messages(git: _Git) -> str | None:
    """``tag``, ``notes``, ``merge``, ``branch`` …: names and messages, and a message's file."""
    git.read(
        usage(
            "text*",
            text="-m --message -u --local-user --sort --format --contains --merged -s --strategy -X"
            " --strategy-option -n -C -c"
            " --onto --ref --points-at --cleanup -u --set-upstream-to",
            read="-F --file",
            runs="-x --exec",
        )
    )
    return None


def _clone(git: _Git) -> str | None:
    given = git.read(
        usage(
            "text write",
            text="-b --branch --depth -o --origin -j --jobs --shallow-since --shallow-exclude --filter --bundle-uri"
            " --revision"
            " -c --config",
            read="--reference --reference-if-able --template",
            write="--separate-git-dir",
            runs="-u --upload-pack",
        )
    )
    for setting in given.values("-c", "--config"):
        _note_setting(git.collector, *setting.partition("=")[::2])
    if given.operands:
        _note_remote(git.collector, given.operands[0])
        git.collector.write(*given.operands[1:])
    return None


def _note_remote(collector: Collector, remote: str) -> None:
    """Note a remote: a URL, ``host:path``, a folder, a name that the repository's configuration explains."""
    if remote.startswith("ext::"):
        collector.shell(remote[5:])
    elif "::" in remote and not is_url(remote):
        collector.somewhere(remote)
    elif is_url(remote) or remote_host(remote)[0]:
        collector.remote(remote)
    elif remote[:1] in {"/", "~", "."}:
        collector.read(remote)
    else:
        collector.somewhere(remote)


def _remote_first(git: _Git) -> str | None:
    """``push``, ``fetch``, ``pull``, ``ls-remote`` …: the remote stands first."""
    given = git.read(
        usage(
            "text*",
            text="-o --push-option --depth --deepen --shallow-since --shallow-exclude -j --jobs --refmap --filter"
            " --sort -s"
            " --strategy -X --strategy-option --server-option --negotiation-tip",
            runs="--receive-pack --upload-pack --exec",
        )
    )
    _note_remote(git.collector, given.operands[0] if given.operands else "origin")
    note_hooks(git.collector, "pre-push", "post-merge")
    return TAME_LINE


def _remote(git: _Git) -> str | None:
    """``remote add NAME URL`` says whom a later fetch talks to; ``update`` and ``show`` talk now."""
    operands = read_arguments(git.words, usage("text*", text="-t -m")).operands
    for operand in operands[2:]:
        if is_url(operand) or remote_host(operand)[0]:
            git.collector.remote(operand)
    if operands[:1] and operands[0] in {"update", "show", "prune", "set-head"}:
        git.collector.somewhere(operands[0])
    return None


def _submodule(git: _Git) -> str | None:
    operands = read_arguments(
        git.words, usage("text*", text="-b --branch --name --depth -j --jobs --reference")
    ).operands
    match operands[:1]:
        case ("foreach",):
            git.collector.shell(" ".join(operands[1:]))
        case ("add",):
            _note_remote(git.collector, operands[1] if len(operands) > 1 else "")
            git.collector.write(*operands[2:])
        case ("update",):
            git.collector.somewhere("update")
    return None


def _config(git: _Git) -> str | None:
    """Settings that run something later are read as if they ran now."""
    given = git.read(usage("text*", text="--type --default --value --comment", edit="-f --file", read="--blob"))
    operands = list(given.operands)
    if operands[:1] and operands[0] in {"set", "get", "unset", "list", "edit", "get-all", "rename-section"}:
        del operands[0]
    if given.has("--global") and operands[1:]:
        git.collector.write("~/.gitconfig")
    if len(operands) > 1:
        _note_setting(git.collector, operands[0], operands[1])
    return None


def _bisect(git: _Git) -> str | None:
    if git.words[:1] == ["run"]:
        git.collector.run(git.words[1:])
    return None


def _rebase(git: _Git) -> str | None:
    git.read(usage("text*", text="--onto -s -X -C --strategy -S --whitespace", runs="-x --exec"))
    return None


def _filter_branch(git: _Git) -> str | None:
    git.read(
        usage(
            "text*",
            runs="--env-filter --tree-filter --index-filter --parent-filter --msg-filter --commit-filter"
            " --tag-name-filter"
            " --setup",
            text="--subdirectory-filter --original",
            write="-d",
        )
    )
    return None


def _archive(git: _Git) -> str | None:
    given = git.read(
        usage(
            "maybe*", text="--format --prefix --mtime --remote", read="--add-file", write="-o --output", runs="--exec"
        )
    )
    for remote in given.values("--remote"):
        _note_remote(git.collector, remote)
    git.collector.read(*git.pathspec(*given.operands[1:]))
    for operand in given.operands[:1]:
        if (named := _REVISION_FILE.fullmatch(operand)) is not None:
            git.collector.read(named[1])
    return None


def _worktree(git: _Git) -> str | None:
    operands = read_arguments(git.words, usage("text*", text="-b -B --reason --expire")).operands
    if operands[:1] and operands[0] in {"add", "remove", "move"}:
        git.collector.write(*operands[1:2])
    return None


def _difftool(git: _Git) -> str | None:
    git.read(usage("maybe*", text="-t --tool", runs="-x --extcmd"))
    return _revisions_and_paths(git, usage("maybe*", text="-t --tool", runs="-x --extcmd"))


def _send_email(git: _Git) -> str | None:
    given = git.read(
        usage(
            "read*",
            text="--to --cc --bcc --subject --from",
            host="--smtp-server",
            runs="--sendmail-cmd --to-cmd --cc-cmd",
        )
    )
    git.collector.read(*given.operands)
    git.collector.somewhere("send-email")
    return None


def _files(kind: str, text: str = "", listed: str = "") -> _Subcommand:
    """Return a subcommand all of whose operands are files."""
    how = usage(f"{kind}*", text=text, list=listed)

    def run(git: _Git) -> str | None:
        git.collector.all(git.words, how)
        return None

    return run


_APPLIES: Final = usage(
    "read*", text="-p -C --whitespace --directory --exclude --include --patch-format", write="--build-fake-ancestor"
)


def _apply(git: _Git) -> str | None:
    """Apply patches: they name the files themselves."""
    git.collector.all(git.words, _APPLIES)
    git.collector.edit(*patch_paths(git.collector.stdin or ""))
    return None


def _init(git: _Git) -> str | None:
    git.collector.all(
        git.words,
        usage("write*", text="-b --initial-branch --object-format", read="--template", write="--separate-git-dir"),
    )
    return None


def _status(git: _Git) -> str | None:
    given = git.read(usage("text*"))
    return "./**\n" if given.has("--ignored", "-u", "--untracked-files") else "**\n"


def _rev_parse(git: _Git) -> str | None:
    """Revisions, and facts of the repository; a revision's file becomes a hash."""
    for word in git.words:
        if (named := _REVISION_FILE.fullmatch(word)) is not None and not word.startswith("-"):
            git.collector.read(named[1])
    if "--show-toplevel" in git.words or "--show-cdup" in git.words:
        return TAME_LINE
    return ".git\n" if "--git-dir" in git.words else TAME_LINE


def _unknown(git: _Git) -> str | None:
    """Look at a subcommand that may be an alias or a program of its own."""
    git.collector.maybe(*git.words)
    return None


def _named(names: str, subcommand: _Subcommand) -> dict[str, _Subcommand]:
    return dict.fromkeys(names.split(), subcommand)


_SUBCOMMANDS: Final[Mapping[str, _Subcommand]] = {
    **_named(
        "show whatchanged format-patch range-diff diff-tree diff-index diff-files",
        _reader(read="-O", write="-o --output-directory --output"),
    ),
    "cat-file": _cat_file,
    **_named("checkout-index show-index read-tree", _reader("--prefix --filter")),
    **_named("blame annotate", _reader("-L --date", read="-S --contents --ignore-revs-file")),
    "diff": _diff,
    **_named("log shortlog rev-list reflog cherry", _log),
    **_named("add stage", _add),
    **_named("checkout restore switch reset", _restore),
    "rm": _remove,
    "clean": _files("write", "-e --exclude"),
    "mv": _move,
    "grep": _grep,
    "ls-files": _ls_files,
    "ls-tree": _ls_tree,
    "commit": _commit,
    **_named("tag notes merge branch cherry-pick revert stash commit-tree pull-request replace", _messages),
    "clone": _clone,
    **_named(
        "push fetch pull ls-remote fetch-pack send-pack request-pull remote-http remote-https svn p4", _remote_first
    ),
    "remote": _remote,
    "submodule": _submodule,
    "config": _config,
    "bisect": _bisect,
    "rebase": _rebase,
    **_named("filter-branch filter-repo", _filter_branch),
    "archive": _archive,
    "worktree": _worktree,
    **_named("difftool mergetool", _difftool),
    "send-email": _send_email,
    **_named("apply am", _apply),
    **_named(
        "hash-object unpack-file index-pack mailinfo merge-file stripspace interpret-trailers",
        _files("read", "-t --path -L", listed="--stdin-paths"),
    ),
    **_named("bundle update-index sparse-checkout lfs annex instaweb", _files("maybe")),
    **_named("init init-db", _init),
    "status": _status,
    **_named(
        "rev-parse describe name-rev symbolic-ref merge-base for-each-ref var version help count-objects show-ref"
        " verify-commit verify-tag gc prune repack fsck maintenance check-ref-format",
        _rev_parse,
    ),
    **_named("check-ignore check-attr", _files("text")),
    "shell": _unknown,
}


def by_name(invocation: Invocation) -> Effects:
    """``git-show`` is ``git show``."""
    name = invocation.argv[0].rpartition("/")[2].removeprefix("git-")
    return _git(
        Invocation(argv=("git", name, *invocation.argv[1:]), stdin=invocation.stdin, variables=invocation.variables)
    )


def _other_version_control(invocation: Invocation) -> Effects:
    """Mercurial, Subversion, Jujutsu …: ``cat`` and ``diff`` read their operands, URLs are talked to."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:],
        usage(
            "maybe*",
            text="-m --message -r --rev --revision -u --user --date -d -R --repository",
            read="-F --file -l --logfile",
        ),
    )
    collector.options(given)
    for option in given.options:
        if option.name in {"-d", "-R", "--repository"} and (server := _SERVER.match(option.value or "")) is not None:
            collector.host(server[1])
    for operand in given.operands[1:]:
        if is_url(operand):
            collector.url(operand)
        else:
            collector.maybe(operand)
    if (
        given.operands[:1]
        and given.operands[0] in {"push", "pull", "incoming", "outgoing", "update", "up", "commit", "ci"}
        and (
            invocation.argv[0].rpartition("/")[2] != "hg"
            or given.operands[0] in {"push", "pull", "incoming", "outgoing"}
        )
    ):
        collector.somewhere(given.operands[0])
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    **joined("git hub yadm", _git),
    **joined(
        "git-show git-diff git-grep git-cat-file git-archive git-log git-blame git-clone git-push git-add", by_name
    ),
    **joined("hg svn jj fossil bzr cvs darcs", _other_version_control),
    **declared({"tig gitk lazygit gitui git-cliff": usage("text*"), "gitleaks trufflehog": usage("maybe*")}),
}
"""Git and other version control, by name."""
