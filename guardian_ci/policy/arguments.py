"""What the arguments of a tool call name: files, addresses, a command and its folder, and programs to be run later.

Agents call the same argument differently (``file_path``, ``filePath``, ``target_file``), so keys are compared without
their case and their separators, at any depth of the object. A further agent costs words in these tables.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final

from guardian_ci.policy.patches import patch_additions, patch_paths
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.powershell import as_shell
from guardian_ci.policy.shell.words import path_words
from guardian_ci.policy.spelling import local_path

FILE_TOOLS: Final = frozenset({"read_file", "write_file", "edit_file", "delete_file", "list_dir", "glob", "grep"})
SHELL_TOOLS: Final = frozenset({"bash", "write_stdin"})
_WRITERS: Final = frozenset({"write_file", "edit_file"})

_SEPARATORS: Final = re.compile(r"[\s._\-/:]+")
_NAME_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_PATH_KEYS_WORDS: Final = (
    "path paths file files filename filenames dir dirs directory directories folder folders src source "
    "dest destination target cwd workdir root roots uri uris notebook"
)
_PATH_KEYS: Final = frozenset(_PATH_KEYS_WORDS.split())
_PATH_ENDINGS: Final = (
    *("path", "paths", "file", "files", "filename", "filenames", "dir", "dirs", "directory", "directories"),
    *("folder", "folders", "uri", "uris", "notebook"),
)
_BARE_KEYS: Final = frozenset({"name", "value"})
"""Keys that say nothing themselves: what the object that holds them is, they are (``file: {name: …}``)."""
_MOVE_KEYS: Final = frozenset({"from", "to", "old", "new", "oldname", "newname"})
_MOVE_WORDS: Final = frozenset({"move", "copy", "rename", "link", "symlink"})
_GLOB_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "glob": frozenset(
        {"pattern", "patterns", "glob", "globs", "include", "includes", "globpattern", "query", "filemask"}
    ),
    "grep": frozenset({"glob", "globs", "include", "includes", "includepattern", "filepattern", "g"}),
    "read_file": frozenset({"include", "includes"}),
}
_SEARCH_WORDS: Final = frozenset({"search", "find", "glob"})
_REVISION_KEYS: Final = frozenset({"revision", "rev", "ref", "object", "commit"})
_FILE_WORDS: Final = frozenset({"file", "files", "filesystem", "dir", "directory", "folder", "path", "document"})

_COMMAND_KEYS_WORDS: Final = "command commands commandline cmd cmds cmdline script shellcommand chars"
_COMMAND_KEYS: Final = frozenset(_COMMAND_KEYS_WORDS.split())
_STDIN_KEYS: Final = frozenset({"input", "data", "text", "keys", "content"})
_COMPUTED: Final = "$(computed)"
"""Stands in a command for what a program computes: the output of a command that nobody knows."""

_ANY_COMMAND: Final = 'eval "$computed"'
"""A command that may be any: a text of which a part is not known may end the command that it stands in."""

_KEY_NAME: Final = re.compile(r"\{(?:enter|return)\}", re.IGNORECASE)
_SHELL_WORDS: Final = frozenset({"shell", "bash", "zsh", "terminal", "powershell", "pwsh"})
_CODE_KEYS: Final = frozenset({"code", "python", "pythoncode", "javascript", "jscode"})
_CODE_WORDS_TEXT: Final = "run exec execute execution eval evaluate repl python ipython node js javascript interpreter"
_CODE_WORDS: Final = frozenset(_CODE_WORDS_TEXT.split())
_SHELL_CELL: Final = re.compile(r"\s*%%(?:bash|sh|script|cmd|system|sx)\b")
_SHELL_LINE: Final = re.compile(r"^[ \t]*(?:!{1,2}|%(?:sx|system)[ \t])(.*)$", re.MULTILINE)
_NODE_WORDS: Final = frozenset({"js", "javascript", "jscode", "node", "nodejs", "typescript"})
_WORKDIR_KEYS_WORDS: Final = "workdir cwd workingdirectory workingdir directory dirpath dir cd"
_WORKDIR_KEYS: Final = frozenset(_WORKDIR_KEYS_WORDS.split())

_PATCH_KEYS: Final = frozenset({"input", "patch", "patchtext", "diff"})
_CONTENT_KEYS_WORDS: Final = (
    "content contents filetext text oldstring newstring oldstr newstr newsource oldtext newtext search replace "
    "codecontent codeedit inserttext replacement replacementcontent replacementchunks targetcontent filecontent"
)
_CONTENT_KEYS: Final = frozenset(_CONTENT_KEYS_WORDS.split())
_OLD_KEYS: Final = frozenset({"oldstring", "oldstr", "oldtext", "search", "targetcontent"})
_PROSE_KEYS: Final = _CONTENT_KEYS | frozenset(
    {"prompt", "message", "body", "description", "query", "title", "comment"}
)

_URL_KEYS: Final = frozenset({"url", "urls", "uri", "uris", "link", "links", "href", "endpoint", "website"})
_SCHEME: Final = re.compile(r"(?:https?|wss?|s?ftps?):[/\\]", re.IGNORECASE)
_URL_IN_TEXT: Final = re.compile(r"(?:https?|wss?|s?ftps?):[/\\][^\s\"'<>`]+", re.IGNORECASE)
_OPEN_WORDS: Final = frozenset({"fetch", "browse", "navigate", "goto", "open", "download", "crawl", "scrape", "visit"})
_BLANK: Final = re.compile(r"\s")
_BARE_ADDRESS: Final = re.compile(r"(?://)?[^\s/?#:@]+\.[^\s/?#:@]+(?:[:/?#]\S*)?")

_RUN_ENDINGS_WORDS: Final = "sh bash zsh ksh py js mjs cjs ts mts rb pl php lua awk command mk txt inc"
_RUN_ENDINGS: Final = tuple(f".{ending}" for ending in _RUN_ENDINGS_WORDS.split())
_RUN_NAMES: Final = frozenset({"makefile", "gnumakefile", "justfile", "rakefile", "package.json"})
_NEVER_RUN: Final = frozenset(
    {"dockerfile", "containerfile", "license", "readme", "changelog", "authors", "codeowners"}
)

_MOST_PATHS: Final = 4096
_MOST_URLS: Final = 64
_MOST_SCRIPTS: Final = 8
_LONGEST_SCRIPT: Final = 16_384
_LONGEST_NESTED: Final = 65_536
_MOST_NESTED: Final = 16
_NESTING_KEYS: Final = frozenset({"args", "arguments", "input", "params", "parameters", "payload", "options"})


def fold(name: str) -> str:
    """Return a name as it is compared: ``filePath``, ``file_path`` and ``File-Path`` are one."""
    return _SEPARATORS.sub("", name).lower()


def words_of(name: str) -> frozenset[str]:
    """Return the words that a tool's own name is made of; an MCP server's name is not its tool's."""
    return frozenset(word.lower() for word in _NAME_WORDS.findall(name.rpartition("__")[2][:200]))


def paths_of(name: str, canonical: str, value: object) -> Iterator[str]:
    """Yield the files that a call names."""
    if isinstance(value, str):
        yield from islice(_paths_in_text(canonical, value), _MOST_PATHS)
        return
    named = tuple(islice(_named_paths(name, canonical, value), _MOST_PATHS))
    if not named and canonical in FILE_TOOLS - {"grep"}:  # grep's one other argument is what it looks for
        # A file tool in words that nobody knows: each of them may be its file.
        named = tuple(text for _, text in _strings(value))
    elif not named and canonical not in SHELL_TOOLS and not _FILE_WORDS.isdisjoint(words_of(name)):
        named = tuple(text for _, text in _strings(value) if text and not text[:200].count(" "))
    yield from named


def _paths_in_text(canonical: str, text: str) -> Iterator[str]:
    if canonical == "edit_file" and (named := patch_paths(text)):
        yield from named
    elif canonical not in SHELL_TOOLS:
        yield from path_words(text)


def _named_paths(name: str, canonical: str, value: object) -> Iterator[str]:
    skip = _CONTENT_KEYS if canonical in _WRITERS else frozenset()
    words = words_of(name)
    moves = not _MOVE_WORDS.isdisjoint(words)
    searches = not (_SEARCH_WORDS.isdisjoint(words) or _FILE_WORDS.isdisjoint(words))
    glob_keys = _GLOB_KEYS.get(canonical) or (_GLOB_KEYS["glob"] if searches else ())
    globs: list[str] = []
    folders: list[str] = []
    for key, text in _strings(value, skip=skip):
        if canonical == "edit_file" and key in _PATCH_KEYS:
            yield from patch_paths(text)
        elif key in glob_keys:
            globs += _globs_in(text, canonical)
        elif (path := local_path(text)) is not text:
            yield path
        elif (_is_path_key(key) or (moves and key in _MOVE_KEYS)) and _SCHEME.match(text) is None:
            folders += text.splitlines()
        elif canonical == "web_fetch" and "file:" in text.lower():
            yield from (local_path(word) for word in text.split() if word.lower().startswith("file:"))
        elif key in _REVISION_KEYS and ":" in text:
            yield text.partition(":")[2]  # git's "HEAD:file"
    yield from folders
    yield from globs if canonical == "read_file" else _below(folders, globs)


def _globs_in(text: str, canonical: str) -> list[str]:
    """Return the globs that an argument holds; one that begins with ``!`` leaves files out."""
    if canonical != "grep":
        return text.splitlines()
    globs = [part for word in text.split() for part in (word.split(",") if "{" not in word else [word])]
    return [glob for glob in globs if glob and not glob.startswith("!")]


def _below(folders: list[str], globs: list[str]) -> Iterator[str]:
    """Yield the globs of a search, from the folders that it is in."""
    for glob in globs:
        if not folders or glob.startswith(("/", "~", "$", "%")) or "\\" in glob:
            yield glob
            continue
        for folder in folders:
            yield f"{folder.rstrip('/')}/{glob}" if "/" in glob else f"{folder.rstrip('/')}/**/{glob}"


def _is_path_key(key: str) -> bool:
    return key in _PATH_KEYS or key.endswith(_PATH_ENDINGS)


def urls_of(name: str, canonical: str, value: object) -> Iterator[str]:
    """Yield the addresses that a call opens; a text that only speaks of one opens none, unless a web tool reads it."""
    if canonical not in FILE_TOOLS | SHELL_TOOLS:
        yield from islice(dict.fromkeys(_urls(name, canonical, value)), _MOST_URLS)


def _urls(name: str, canonical: str, value: object) -> Iterator[str]:
    reads_text = canonical == "web_fetch"
    opens = reads_text or not _OPEN_WORDS.isdisjoint(words_of(name))
    for key, text in _strings(value):
        is_url_key = key in _URL_KEYS or key.endswith(("url", "urls"))
        if is_url_key or (key not in _PROSE_KEYS and not _BLANK.search(text)):
            for line in map(str.strip, text.splitlines()):
                if _SCHEME.match(line) is not None:
                    yield line
                elif opens and is_url_key and _BARE_ADDRESS.fullmatch(line) is not None:
                    yield "https://" + line.removeprefix("//")
        elif reads_text:
            yield from (url.rstrip(".,;:!?)]}") for url in _URL_IN_TEXT.findall(text))


def command_of(name: str, canonical: str, value: object) -> str | None:
    """Return the shell command of a call; None where it is none, "" where a shell tool says nothing."""
    if value == UNKNOWN:
        return _ANY_COMMAND
    if canonical in FILE_TOOLS:
        return None
    if isinstance(value, str):
        if canonical not in SHELL_TOOLS:
            return "\n".join(_run_lines(value, words_of(name))) if canonical == "code_execution" else None
        lines = [value]
    else:
        lines = [*_command_lines(value), *_code_lines(name, value)]
        if not lines and canonical == "write_stdin":
            lines = [_KEY_NAME.sub("\n", text) for key, text in _strings(value) if key in _STDIN_KEYS]
        if not lines and (canonical in SHELL_TOOLS or not _SHELL_WORDS.isdisjoint(words_of(name))):
            # A shell tool in words that nobody knows: all that it says counts as its command.
            lines = [text for _, text in _strings(value)]
    if not lines and canonical not in SHELL_TOOLS:
        return None
    command = "\n".join(lines)
    if UNKNOWN in command:
        command = f"{command.replace(UNKNOWN, _COMPUTED)}\n{_ANY_COMMAND}"
    return as_shell(command) if "powershell" in fold(name) or "pwsh" in fold(name) else command


def _command_lines(value: object) -> Iterator[str]:
    """Yield the commands that an object names: text, argument vectors, and lists of either."""
    if not isinstance(value, dict):
        return
    for name, member in value.items():
        if (key := fold(name)) in _COMMAND_KEYS:
            yield from _as_lines(member, argv=key not in {"commands", "cmds"})
        elif key == "action":  # OpenAI's shells put the command one level down
            yield from _command_lines(member)


def _as_lines(member: object, *, argv: bool) -> Iterable[str]:
    if isinstance(member, str):
        return [member]
    if isinstance(member, list) and argv and all(isinstance(word, str) for word in member):
        return [shlex.join(member)]
    return [text for _, text in _strings(member)]


def _code_lines(name: str, value: object) -> Iterator[str]:
    """Yield program texts as commands that run them."""
    if not isinstance(value, dict) or words_of(name).isdisjoint(_CODE_WORDS):
        return
    for key, member in value.items():
        if fold(key) in _CODE_KEYS and isinstance(member, str):
            language = str(value.get("language", value.get("runtime", ""))).lower()
            yield from _run_lines(member, {*words_of(name), fold(key), language})


def _run_lines(text: str, language: AbstractSet[str]) -> Iterator[str]:
    """Yield the commands that run a program text; a notebook's cells may hold commands of a shell."""
    if not language.isdisjoint(_NODE_WORDS):
        yield shlex.join(["node", "-e", text])
    elif _SHELL_CELL.match(text) is not None:
        yield text.partition("\n")[2]
    else:
        yield from _SHELL_LINE.findall(text)
        yield shlex.join(["python3", "-c", text])


def workdir_of(value: object) -> str | None:
    """Return the folder that a call wants its command to run in."""
    if not isinstance(value, dict):
        return None
    for name, member in value.items():
        if fold(name) in _WORKDIR_KEYS and isinstance(member, str) and member.strip():
            return member
        if fold(name) == "action" and (folder := workdir_of(member)) is not None:
            return folder
    return None


def scripts_of(canonical: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the files that a call writes and that may be run later, with what it puts into them."""
    if canonical in SHELL_TOOLS or canonical in FILE_TOOLS - _WRITERS:
        return
    found = (each for each in _written(canonical, value) if _may_be_run(*each))
    yield from ((path, text[:_LONGEST_SCRIPT]) for path, text in islice(found, _MOST_SCRIPTS))


def _written(canonical: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if canonical == "edit_file":
            yield from patch_additions(value)
        return
    paths: list[str] = []
    texts: list[str] = []
    for key, text in _strings(value):
        if key in _PATCH_KEYS and canonical == "edit_file":
            yield from patch_additions(text)
        elif key in _CONTENT_KEYS - _OLD_KEYS:
            texts.append(text)
        elif _is_path_key(key):
            paths.append(text)
    if len(paths) == 1 and texts:
        yield paths[0], "\n".join(texts)
    elif len(paths) == len(texts):
        yield from zip(paths, texts, strict=True)


def _may_be_run(path: str, text: str) -> bool:
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1].lower()
    if name.endswith(_RUN_ENDINGS) or name in _RUN_NAMES or text.startswith("#!"):
        return True
    return "." not in name.lstrip(".") and name not in _NEVER_RUN  # hooks, profiles, commands have no ending


def _strings(value: object, *, skip: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Yield each string with the folded key that it stands under (that of its list, for an element).

    An object that is written as a string is read as well, where its key says that it holds arguments.
    """
    stack: list[tuple[str, object]] = [("", value)]
    nested = 0
    while stack:
        key, item = stack.pop()
        if isinstance(item, str):
            inner = _nested(item) if key in _NESTING_KEYS and nested < _MOST_NESTED else None
            nested += inner is not None
            if inner is None:
                yield key, item
            else:
                stack.append((key, inner))
        elif isinstance(item, dict):
            above = key if _is_path_key(key) else ""
            stack.extend(
                (above if above and folded in _BARE_KEYS else folded, member)
                for name, member in reversed(item.items())
                if (folded := fold(name)) not in skip
            )
        elif isinstance(item, list):
            stack.extend((key, element) for element in reversed(item))


def _nested(text: str) -> object | None:
    if not text.lstrip().startswith(("{", "[")) or len(text) > _LONGEST_NESTED:
        return None
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return inner if isinstance(inner, dict | list) else None
