"""What the letters of a path say: where it begins, and the names on its way.

Paths are spelled in many ways: ``~``, ``$HOME`` and ``/root`` are one folder, ``a/../b`` and ``./b`` one file, a file
URL and a Windows path say the same with other signs, and braces say several paths at once. Nothing is looked up here:
``.`` and ``..`` are resolved by their letters.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import unquote

from guardian_ci.policy.shell.facts import UNKNOWN

_HOME_WORD: Final = re.compile(
    r"(?:~[\w.-]*|\$\{?(?:env:)?(?:home|userprofile|homepath)\}?|%userprofile%|(?:%homedrive%)?%homepath%)(?=/|$)"
)
HOME_VARIABLES: Final = {
    "appdata": "appdata/roaming",
    "localappdata": "appdata/local",
    "xdg_config_home": ".config",
    "xdg_data_home": ".local/share",
    "xdg_cache_home": ".cache",
    "cargo_home": ".cargo",
    "codex_home": ".codex",
    "claude_config_dir": ".claude",
    "docker_config": ".docker",
    "gnupghome": ".gnupg",
    "azure_config_dir": ".azure",
    "cloudsdk_config": ".config/gcloud",
    "gh_config_dir": ".config/gh",
    "aws_shared_credentials_file": ".aws/credentials",
    "aws_config_file": ".aws/config",
    "kubeconfig": ".kube/config",
    "netrc": ".netrc",
    "npm_config_userconfig": ".npmrc",
}
"""Variables that usually name a folder or a file in the home folder, and which."""
_HOME_VARIABLE: Final = re.compile(rf"(?:\$\{{?(?:env:)?({'|'.join(HOME_VARIABLES)})\}}?|%(\w{{1,32}})%)(?=/|$)")
HOME_FOLDER: Final = re.compile(
    r"/(?:github/home|(?:private/)?(?:var/)?root|var/lib/jenkins|var/jenkins_home|data/data/com\.termux/files/home"
    r"|(?:(?:mnt|cygdrive)/)?(?:[a-z]/)?(?:users|documents and settings)/[^/]+|system/volumes/data/users/[^/]+"
    r"|(?:export/|usr/|var/|nfs/|data/|mnt/)?home/[^/]+)(?=/|$)"
)
"""A home folder's whole way, at the beginning of a path."""
_DRIVE: Final = re.compile(r"//(?:wsl\$|wsl\.localhost)/[^/]+(?=/|$)|//[^/]+/[a-z]\$(?=/)|(?://[?.]/)?[a-z]:(?=/)")
_FILE_URL: Final = re.compile(r"(?:view-source:)?file:(?://(?:localhost(?=/))?)?(?=[/~.$%\\]|[a-z]:)", re.IGNORECASE)
_URL_TAIL: Final = re.compile(r"[?#].*", re.DOTALL)
_ALTERNATIVES: Final = re.compile(r"\{([^{}]*)\}")
_EXTGLOB: Final = re.compile(r"([@?*+!])\(([^()]*)\)")
_IGNORED: Final = re.compile("[\u200c-\u200f\u202a-\u202e\u2060\u206a-\u206f\ufeff]")
"""Characters that a file system of macOS leaves out when it compares names."""
_STREAM: Final = "::$"
_MOST_SPELLINGS: Final = 32
_LONGEST_GLOB: Final = 4096


class Start(Enum):
    """Where a path begins."""

    HERE = "the agent's folder"
    ABOVE = "somewhere above it"
    HOME = "a home folder"
    ROOT = "the root"


@dataclass(frozen=True, slots=True)
class Path:
    """A path, read: where it begins, and the names on its way without ``.`` and ``..``."""

    begins: Start
    parts: tuple[str, ...]
    ups: int = 0
    """How many folders above the agent's it begins."""
    beside_home: bool = False
    """It left a home folder by ``..``."""


def _cleaned(text: str) -> str:
    """Return a path's letters as file systems compare them, with ``/`` between its parts."""
    text = text.partition("\0")[0].strip()  # what a C program makes of a NUL
    text = local_path(text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFD", _IGNORED.sub("", text)).casefold())
    return _DRIVE.sub("", text.lower().replace("\\", "/"), count=1)


def local_path(text: str) -> str:
    """Return the path that a file URL names; any other text as it is."""
    if (url := _FILE_URL.match(text)) is None:
        return text
    return unquote(_URL_TAIL.sub("", text[url.end() :]))


def read_path(text: str) -> Path:
    """Read a path's letters: its beginning, and its parts without ``.`` and ``..``."""
    begins, rest = _beginning(_cleaned(text))
    parts: list[str] = []
    ups, beside_home = 0, False
    for raw in rest.split("/"):
        if raw == "..":
            if parts and UNKNOWN in parts[-1]:
                parts[-1] = UNKNOWN  # one folder above one that nobody knows
            elif parts:
                parts.pop()
            elif begins is not Start.ROOT:
                beside_home = beside_home or begins is Start.HOME
                begins, ups = Start.ABOVE, ups + 1
        elif raw not in {"", "."}:
            parts.append(_name(raw))
            if begins is Start.ROOT and parts[0] == "proc" and _leads_out(parts):
                begins = Start.ROOT if parts[-1] == "root" else Start.HERE
                parts.clear()
    return Path(begins, tuple(parts), ups, beside_home)


def _beginning(text: str) -> tuple[Start, str]:
    if text.startswith("/"):
        return Start.ROOT, text
    if text.startswith(("~+/", "~-/")):
        return Start.HERE, text[2:] if text[1] == "+" else UNKNOWN + text[2:]
    if (home := _HOME_WORD.match(text)) is not None:
        return Start.HOME, text[home.end() :]
    if (variable := _HOME_VARIABLE.match(text)) is not None:
        folder = HOME_VARIABLES.get(variable[1] or variable[2])
        if folder is not None:
            return Start.HOME, f"{folder}{text[variable.end() :]}"
    return Start.HERE, text


def _name(part: str) -> str:
    """Drop what Windows drops from a name: dots and blanks at its end, and the name of its main stream."""
    part = part.partition(_STREAM)[0] or part
    return part.rstrip(". ") or part


def _leads_out(parts: Sequence[str]) -> bool:
    """Whether this is a process's link to the root or to its folder (``/proc/self/cwd``, ``/proc/1/task/1/root``)."""
    depth = len(parts)
    return parts[-1] in {"root", "cwd"} and (depth == 3 or (depth == 5 and parts[2] == "task"))  # noqa: PLR2004


def spellings(text: str) -> tuple[str, ...]:
    """Return what the braces and the extended globs of a path stand for.

    At most ``_MOST_SPELLINGS``: what would be more is one with a gap.
    """
    if "(" in text:
        for _ in range(4):
            text, count = _EXTGLOB.subn(_as_alternatives, text)
            if not count:
                break
    if "{" not in text:
        return (text,)
    found: dict[str, None] = {}
    left = [text]
    while left:
        spelling = left.pop()
        group = next((each for each in _ALTERNATIVES.finditer(spelling) if _divides(each[1])), None)
        if group is None:
            found[spelling] = None
            continue
        choices = _choices(group[1])
        if len(found) + len(left) + len(choices) > _MOST_SPELLINGS or len(text) > _LONGEST_GLOB:
            found[spelling[: spelling.index("{")] + UNKNOWN + spelling[spelling.rindex("}") + 1 :]] = None
        else:
            left += [spelling[: group.start()] + choice + spelling[group.end() :] for choice in choices]
    return tuple(found)


def _as_alternatives(group: re.Match[str]) -> str:
    kind, choices = group[1], group[2].replace("|", ",")
    if kind == "!":
        return "*"
    if kind == "@":
        return f"{{{choices}}}" if "," in choices else choices
    return f"{{{choices},*}}" if kind == "+" else f"{{,{choices}}}" if kind == "?" else f"{{,{choices},*}}"


def _divides(inside: str) -> bool:
    return "," in inside or ".." in inside


def _choices(inside: str) -> list[str]:
    if "," in inside:
        return inside.split(",")
    ends = inside.split("..")
    return ["?"] if all(len(end) == 1 and not end.isdigit() for end in ends) else ["*"]
