"""Programs that pack and unpack archives: what goes in is read, and doors for commands stand open in some."""

import re
from collections.abc import Mapping
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, read_arguments, usage
from guardian_ci.policy.shell.collector import Collector
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.programs.search import below
from guardian_ci.policy.shell.programs.table import SWEPT, Program, collector_of, declared, joined

_TAR: Final = usage(
    "maybe*",
    text="-b --blocking-factor -H --format -V --label --transform --xform -s --strip-components --strip --exclude"
    " --exclude-tag --exclude-vcs-ignores -N --newer --after-date --mtime --owner --group --mode --level --checkpoint"
    " --record-size --pax-option --sort --warning --quoting-style --owner-map --group-map --occurrence --newer-mtime"
    " --suffix -L --tape-length --checkpoint-action --hole-detection --set-mtime-format --uname --gname",
    read="-X --exclude-from --add-file --volno-file",
    list="-T --files-from",
    edit="-g --listed-incremental",
    write="--index-file --one-top-level",
    runs="--to-command -I --use-compress-program -F --info-script --new-volume-script --rmt-command --rsh-command",
)
_OLD_STYLE: Final = re.compile(r"[A-Za-z]{1,20}")
_OLD_WITH_VALUE: Final = "fbCgHIKLNTVX"
_WHOLE: Final = frozenset({".", "./", "..", "~", "/"})
_ACTION: Final = re.compile(r"exec=(.*)", re.DOTALL)


def _tar(invocation: Invocation) -> Effects:
    """Pack, unpack or list: members are read when packed, the archive is read when not."""
    collector = collector_of(invocation)
    words = _new_style(list(invocation.argv[1:]))
    packs = any(_packs(word) for word in words)
    unpacks = any(_is_letter(word, "x") or word in {"--extract", "--get"} for word in words)
    given = read_arguments(words, usage("maybe*", text="-f --file -C --directory", options=_TAR.options))
    collector.options(given)
    for action in given.values("--checkpoint-action"):
        if (command := _ACTION.match(action)) is not None:
            collector.shell(command[1])
    archives = given.values("-f", "--file")
    for archive in archives:
        if _is_remote(archive) and not given.has("--force-local"):
            collector.remote(archive)
        else:
            (collector.write if packs else collector.read)(archive)
    _note_members(collector, given, packs=packs, unpacks=unpacks)
    piped = set(archives) <= {"-"}
    if unpacks and piped and given.has("-O", "--to-stdout") and not given.operands:
        collector.opaque("prints every file of an archive", " ".join(invocation.argv))
    swept = packs and piped and not _WHOLE.isdisjoint(touch.path for touch in collector.effects().touches)
    return collector.effects(SWEPT if swept else None)


def _note_members(collector: Collector, given: Arguments, *, packs: bool, unpacks: bool) -> None:
    """Note what is packed, or where what is unpacked goes: below the folder that ``-C`` names."""
    folder = ""
    for name in given.values("-C", "--directory"):
        folder = name if name[:1] in {"/", "~"} else f"{folder}/{name}".lstrip("/")
        (collector.write if unpacks else collector.read)(folder)
    for operand in given.operands:
        if packs and (not folder or operand[:1] in {"/", "~", "@"}):
            collector.tree(operand.removeprefix("@"))
        elif packs:
            collector.tree(f"{folder.rstrip('/')}/{operand}")
        elif unpacks:
            collector.write(operand, sure=False)


def _is_remote(archive: str) -> bool:
    """Whether an archive's name has a host before it."""
    host, colon, _ = archive.partition(":")
    return bool(colon) and "/" not in host and len(host) > 1


def _new_style(words: list[str]) -> list[str]:
    """Write ``tar czf a.tgz b`` as ``tar -c -z -f a.tgz b``."""
    if not words or not _OLD_STYLE.fullmatch(words[0]):
        return words
    values = iter(words[1:])
    spelled: list[str] = []
    for letter in words[0]:
        spelled.append(f"-{letter}")
        if letter in _OLD_WITH_VALUE:
            spelled.append(next(values, ""))
    return [*spelled, *values]


def _packs(word: str) -> bool:
    long_forms = {"--create", "--append", "--update", "--catenate", "--concatenate"}
    return word in long_forms or any(_is_letter(word, letter) for letter in "cruA")


def _is_letter(word: str, letter: str) -> bool:
    """Whether a word is a cluster of options that holds a letter before one that takes a value."""
    if word[:1] != "-" or word[:2] == "--":
        return False
    for each in word[1:]:
        if each == letter:
            return True
        if each in _OLD_WITH_VALUE:
            return False
    return False


def _zip(invocation: Invocation) -> Effects:
    """Pack files; ``-T -TT command`` tests the archive with a command, ``-@`` reads names from standard input."""
    collector = collector_of(invocation)
    words = list(invocation.argv[1:])
    includes: list[str] = []
    kept: list[str] = []
    into: list[str] | None = None
    left = iter(words)
    for word in left:
        if word in {"-TT", "--unzip-command"}:
            collector.shell(next(left, ""))
        elif word in {"-x", "--exclude", "-i", "--include"}:
            into = includes if word in {"-i", "--include"} else []
        elif word.startswith("-") and word != "-":
            into = None
            kept.append(word)
        elif into is not None:
            into.append(word)
        else:
            kept.append(word)
    given = read_arguments(
        kept, usage("write read*", text="-P --password -n --suffixes -t -tt -s -sp", write="-b -O --out -lf")
    )
    collector.options(given)
    collector.write(*given.operands[:1])
    collector.tree(*given.operands[1:])
    for folder in given.operands[1:]:
        collector.read(
            *(name if folder == "." else below(folder, name) for name in includes if not name.startswith("@"))
        )
    if "-@" in words:
        collector.listed("-")
    return collector.effects()


def _unzip(invocation: Invocation) -> Effects:
    """Unpack: the archive is read, the members are written below the folder that ``-d`` names."""
    collector = collector_of(invocation)
    given = read_arguments(invocation.argv[1:], usage("read maybe*", text="-P -x", write="-d"))
    collector.options(given)
    collector.read(*given.operands[:1])
    collector.write(*given.operands[1:], sure=False)
    if given.has("-p", "-c") and len(given.operands) == 1:
        collector.opaque("prints every file of an archive", given.operands[0])
    return collector.effects()


def _seven(invocation: Invocation) -> Effects:
    """Pack or unpack with ``7z``: a letter says which, ``@file`` lists names, ``-i!glob`` chooses them."""
    collector = collector_of(invocation)
    words = [word for word in invocation.argv[1:] if word[:1] != "-"]
    command, archive, members = (words[:1] or [""])[0], words[1:2], words[2:]
    (collector.write if command in {"a", "u", "d", "rn"} else collector.read)(*archive)
    for member in members:
        if member.startswith("@"):
            collector.listed(member[1:])
        elif command in {"a", "u"}:
            collector.tree(member)
        else:
            collector.write(member, sure=False)
    for word in invocation.argv[1:]:
        if word.startswith("-i") and "!" in word:
            collector.read(word.partition("!")[2])
        elif word.startswith("-o") and len(word) > 2:  # noqa: PLR2004 - "-o" with its value
            collector.write(word[2:])
    return collector.effects()


def _cpio(invocation: Invocation) -> Effects:
    """Copy files whose names come on standard input into an archive, or out of one."""
    collector = collector_of(invocation)
    how = usage(
        "maybe*",
        text="-C -H --format -M --message -R --owner --io-size",
        read="-E --pattern-file -I",
        write="-O -D --directory",
        maybe="-F --file",
        runs="--rsh-command",
    )
    given = collector.all(invocation.argv[1:], how)
    if given.has("-o", "--create", "-p", "--pass-through"):
        collector.listed("-")
    return collector.effects()


def _ar(invocation: Invocation) -> Effects:
    """Pack objects into a library."""
    collector = collector_of(invocation)
    words = [word for word in invocation.argv[1:] if word[:1] != "-"]
    begin = 1 if invocation.argv[1:2] and invocation.argv[1][:1] != "-" else 0
    collector.edit(*words[begin : begin + 1])
    collector.read(*words[begin + 1 :])
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    **joined("tar gtar bsdtar star", _tar),
    **joined("zip zipnote", _zip),
    **joined("unzip zipinfo", _unzip),
    **joined("7z 7za 7zr 7zz p7zip", _seven),
    "cpio": _cpio,
    "pax": _cpio,
    **joined("ar gcc-ar llvm-ar", _ar),
    **declared(
        {
            "unar lsar": usage("read maybe*", write="-o -output-directory", text="-e -encoding -p -password"),
            "rar unrar": usage("text edit read*", text="-p"),
            "shar makeself": usage("read*"),
            "zipgrep": usage("text read*"),
            "mksquashfs": usage("read* write", text="-comp -b", read="-ef", write="-root-becomes"),
            "unsquashfs": usage("read maybe*", write="-d -dest", list="-ef"),
            "genisoimage mkisofs xorriso": usage("read*", text="-V -A -p -publisher", write="-o -output"),
            "dpkg-deb": usage("maybe*"),
            "zpaq arj lha lhasa zoo ouch atool apack aunpack dtrx": usage("maybe*"),
        }
    ),
}
"""Programs that pack and unpack, by name."""
