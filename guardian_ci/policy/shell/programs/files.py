"""Programs that list, copy, move, link, change and delete files."""

from collections.abc import Mapping
from typing import Final

from guardian_ci.policy.patches import patch_paths
from guardian_ci.policy.shell.arguments import read_arguments, usage
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.facts import TAME
from guardian_ci.policy.shell.programs.table import TAME_LINE, Program, collector_of, declared, joined, name_of

_TABLE: Final = {
    "rmdir": usage("write*"),
    "mkdir mkfifo": usage("write*", text="-m --mode -Z --context"),
    "mknod": usage("write text*", text="-m --mode"),
    "touch": usage("write*", text="-d --date -t --time -A", read="-r --reference"),
    "chmod": usage("text write*", read="--reference"),
    "chown chgrp": usage("text write*", text="--from", read="--reference"),
    "chattr": usage("maybe*"),
    "setfacl": usage(
        "write*", text="-m --modify -x --remove --set", read="-M --modify-file -X --remove-file --restore"
    ),
    "truncate fallocate": usage("write*", text="-s --size -l --length -o --offset", read="-r --reference"),
    "shred wipe srm": usage("write*", text="-n --iterations -s --size", read="--random-source"),
    "unlink": usage("write"),
    "trash trash-put gio-trash rmtrash": usage("write*"),
    "rename prename file-rename": usage("text edit*", text="-e"),
    "getfacl lsattr namei": usage("text*"),
    "setfattr": usage("write*", text="-n --name -v --value -x --remove", read="--restore"),
    "fdupes jdupes rdfind": usage("text*"),
    "fuser lsof": usage("maybe*"),
    "inotifywait inotifywatch fswatch": usage(
        "read*", text="-e --event -t --timeout --format --timefmt", read="--fromfile"
    ),
    "detox convmv": usage("edit*", text="-f -t -s"),
    "rsnapshot borg restic duplicity rclone": usage("maybe*"),
}

_DESCRIBED: Final = {
    "df dust ncdu duf gdu": usage("text*"),
}
"""They tell sizes, times and owners: what is in a file stays there."""

_PATCH: Final = usage(
    "edit read",
    text="-p --strip -F --fuzz -D --ifdef -B --prefix -Y -z --suffix -V --version-control",
    read="-i --input",
    edit="-d --directory",
    write="-o --output -r --reject-file",
)
_COPY: Final = usage(
    "read* write",
    text="-S --suffix -m --mode -o --owner -g --group --strip-program -Z --context",
    write="-t --target-directory",
)
_MOVE: Final = usage("edit* write", text="-S --suffix", write="-t --target-directory")
_LINK: Final = usage("read* write", text="-S --suffix", write="-t --target-directory")
_LIST: Final = usage(
    "read*",
    text="-I --ignore --hide -T --tabsize -w --width --block-size --sort --time --time-style --format --indicator-style"
    " --quoting-style --color -P -L --level -s",
)
_LIST_PLAIN: Final = usage("read*", text="-I --ignore --hide -T --tabsize -w --width --block-size")


def _copy(invocation: Invocation) -> Effects:
    """Copy files; with ``-t`` all operands are sources."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _COPY)
    how = _COPY.with_operands("read*") if given.has("-t", "--target-directory") else _COPY
    if name_of(invocation) == "install" and given.has("-d", "--directory"):
        how = _COPY.with_operands("write*")
    collector.all(invocation.argv[1:], how)
    if given.has("-r", "-R", "-a", "--recursive", "--archive"):
        collector.tree(*(given.operands if given.has("-t", "--target-directory") else given.operands[:-1]))
    return collector.effects()


def _move(invocation: Invocation) -> Effects:
    """Move files: their old names vanish, and their content is read under the new one."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _MOVE)
    collector.all(invocation.argv[1:], _MOVE.with_operands("edit*") if given.has("-t", "--target-directory") else _MOVE)
    return collector.effects()


def _link(invocation: Invocation) -> Effects:
    """Make links: whoever reads the link reads its target, which a relative one names from the link's folder."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], _LINK)
    operands = given.operands
    into = given.value("-t", "--target-directory")
    targets = operands if into is not None or len(operands) == 1 else operands[:-1]
    link = into if into is not None else operands[-1] if len(operands) > 1 else "."
    collector.options(given)
    collector.read(*targets)
    collector.write(link)
    folder, slash, _ = link.rpartition("/")
    if slash and given.has("-s", "--symbolic", "-r"):
        collector.read(*(f"{folder}/{target}" for target in targets if target[:1] not in {"/", "~"}))
    return collector.effects()


def _patch(invocation: Invocation) -> Effects:
    """Apply a patch: it names the files itself."""
    collector = collector_of(invocation)
    given = collector.all(invocation.argv[1:], _PATCH)
    source = given.value("-i", "--input") or (given.operands[1] if len(given.operands) > 1 else None)
    text = invocation.stdin if source in {None, "-"} else invocation.files.get(source or "")
    collector.edit(*patch_paths(text or ""))
    return collector.effects()


def _apply_patch(invocation: Invocation) -> Effects:
    """Apply a patch of Codex's form, which is an argument or comes from standard input."""
    collector = collector_of(invocation)
    for text in (*invocation.argv[1:], invocation.stdin or ""):
        collector.edit(*patch_paths(text))
    return collector.effects()


def _remove(invocation: Invocation) -> Effects:
    """Delete files."""
    collector = collector_of(invocation)
    collector.write(*read_arguments(invocation.argv[1:], usage("write*")).operands)
    return collector.effects()


def _list(invocation: Invocation) -> Effects:
    """List folders: it prints names that nobody knows, as globs, and nothing of what is in the files."""
    collector = collector_of(invocation)
    name = name_of(invocation)
    how = _LIST_PLAIN if name in {"ls", "gls", "dir", "vdir"} else _LIST
    given = read_arguments(invocation.argv[1:], how)
    lines: list[str] = []
    folders = [operand for operand in given.operands if operand.endswith("/") or operand in {".", ".."}]
    lines += [operand for operand in given.operands if operand not in folders]
    if not given.has("-d", "--directory"):
        lines.append("*")
        if given.has("-a", "-A", "-f", "--all", "--almost-all"):
            lines.append(".*")
    return collector.effects("".join(line + "\n" for line in lines))


def _stat(invocation: Invocation) -> Effects:
    """Tell sizes, times and owners; ``%n`` tells the names again."""
    given = read_arguments(invocation.argv[1:], usage("text*", text="-c --format --printf -f -t"))
    form = given.value("-c", "--format", "--printf", "-f") or ""
    named = "%n" in form or "%N" in form
    return collector_of(invocation).effects("".join(f"{name}\n" for name in given.operands) if named else TAME_LINE)


def _tree(invocation: Invocation) -> Effects:
    """Show a tree of folders."""
    collector = collector_of(invocation)
    how = usage(
        "text*", text="-L -P -I --filelimit --timefmt --charset --sort", read="--fromfile --gitfile", write="-o"
    )
    given = collector.all(invocation.argv[1:], how)
    return collector.effects("".join(f"{folder.rstrip('/')}/**\n" for folder in given.operands or (".",)))


def _mktemp(invocation: Invocation) -> Effects:
    """Make a file whose name nobody knows before, in a folder that holds no other's files."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("write*", text="--suffix -t", write="-p --tmpdir"))
    folder = given.value("-p", "--tmpdir") or "/tmp"  # noqa: S108 - a path that the program makes, not we
    template = given.operands[0].replace("X", "").rpartition("/")[2] if given.operands else "tmp."
    if given.operands and "/" in given.operands[0]:
        folder = given.operands[0].rpartition("/")[0]
    return collector.effects(f"{folder}/{template}{TAME}{given.value('--suffix') or ''}\n")


def _pwd(invocation: Invocation) -> Effects:
    """Print the folder that the command runs in: a dot says it."""
    return collector_of(invocation).effects(".\n")


def _ditto(invocation: Invocation) -> Effects:
    collector = collector_of(invocation)
    collector.all(invocation.argv[1:], usage("read* write", text="--bom --arch"))
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    **declared(_TABLE),
    **declared(_DESCRIBED, TAME_LINE),
    **joined("cp gcp install ginstall", _copy),
    **joined("mv gmv", _move),
    **joined("ln gln link", _link),
    **joined("patch gpatch", _patch),
    **joined("apply_patch applypatch", _apply_patch),
    **joined("rm grm", _remove),
    **joined("ls gls dir vdir exa eza lsd", _list),
    **joined("tree br broot", _tree),
    "mktemp": _mktemp,
    "stat": _stat,
    "pwd": _pwd,
    "ditto": _ditto,
}
"""Programs that list, copy, move, link, change and delete files, by name."""
