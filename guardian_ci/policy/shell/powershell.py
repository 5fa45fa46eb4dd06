"""Reads a command of PowerShell as one of a shell, as far as its files, its hosts and its further commands go.

Constants are folded (``'.e'+'nv'``, ``-join``, ``-f``, ``[char]46``, base64), the usual commands get the names of their
like, and blocks and brackets become separate commands. What PowerShell would do with objects is not followed.
"""

import re
import shlex
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

_LONGEST: Final = 65_536
_MOST_FOLDS: Final = 8
_COMPUTED: Final = "$__computed"

_TOKEN: Final = re.compile(
    r"""(?P<skip>[^\S\n]+|`\r?\n|(?<![^\s;(){}|])\#[^\n]*|<\#(?:[^#]|\#(?!>))*+(?:\#>|\Z))
    |(?P<here>@(?P<mark>['"])[^\S\n]*\n(?:[^\n]|\n(?!(?P=mark)@))*+(?:\n(?P=mark)@|\Z))
    |(?P<single>'(?:[^']|'')*+(?:'|\Z))
    |(?P<double>"(?:[^"`]|`.|"")*+(?:"|\Z))
    |(?P<end>[;\n{}()]|\|\|?|&&?)
    |(?P<type>\[[A-Za-z][\w.]*\](?:::\w+)?)
    |(?P<sign>,|\+|=)
    |(?P<word>(?:`.|[^\s'"`;{}()|&,+=])+)""",
    re.VERBOSE | re.DOTALL,
)
_HOME: Final = re.compile(r"\$\{?env:(?:userprofile|home|homepath)\}?", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\$\{?(?:env|global|script|local):(\w{1,64})\}?", re.IGNORECASE)
_SUBEXPRESSION: Final = re.compile(r"\$\(\s*'([^']*)'\s*\)")
_COMPUTES: Final = re.compile(r"\$\([^()]*\)")
_FORMAT: Final = re.compile(r"\{(\d{1,3})\}")
_NUMBER: Final = re.compile(r"(?:0x[0-9a-f]{1,6}|\d{1,7})", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[\w./~:$*?\[\]@%{}^,=-]+")
_LAST_CODE_POINT: Final = 0x10FFFF

_PROGRAMS: Final[Mapping[str, str]] = {
    name: program
    for program, names in {
        "cat": "get-content gc type cat",
        "eval": "invoke-expression iex",
        "curl": "invoke-webrequest invoke-restmethod iwr irm curl wget start-bitstransfer",
        "tee": "set-content add-content out-file clear-content sc ac tee-object",
        "cp": "copy-item copy cpi cp",
        "mv": "move-item move mi mv rename-item ren rni",
        "rm": "remove-item del erase rd ri rm rmdir",
        "ls": "get-childitem gci dir ls get-item gi resolve-path test-path",
        "grep": "select-string sls",
        "cd": "set-location sl cd chdir push-location pushd",
        "touch": "new-item ni",
        "echo": "write-output write-host write echo",
        "source": ".",
        "base64": "format-hex",
    }.items()
    for name in names.split()
}
_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "curl": {
        "-infile": "-T",
        "-outfile": "-o",
        "-destination": "-o",
        "-method": "-X",
        "-body": "--data",
        "-headers": "-H",
    }
}
"""What an option that takes a value is called there; all others only name what follows."""
_TAKES_FILES: Final = frozenset({"cat", "rm", "cp", "mv"})
_PASSING: Final = frozenset({"%", "foreach-object", "foreach", "select-object", "select", "sort-object", "sort"})
_SELECTING: Final = frozenset({"?", "where-object", "where"})
"""Commands that let objects pass, all or some."""
_EACH: Final = re.compile(r"\$(?:_|psitem)(?:\.(?:fullname|name|path))?", re.IGNORECASE)
"""What a block is done for."""
_VALUES: Final = frozenset({"-value", "-inputobject", "-encoding"})
_FILE_READERS: Final = frozenset(
    {"readalltext", "readalllines", "readallbytes", "readlines", "openread", "opentext", "open"}
)
_FILE_WRITERS: Final = frozenset(
    {"writealltext", "writealllines", "writeallbytes", "appendalltext", "create", "delete"}
)
_DOWNLOADERS: Final = frozenset(
    {
        "downloadstring",
        "downloadfile",
        "downloaddata",
        "uploadstring",
        "uploadfile",
        "uploaddata",
        "getstringasync",
        "getasync",
    }
)


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a command; ``kind`` is ``text`` for a constant, ``shell`` for a string with variables in it."""

    kind: str
    text: str
    apart: bool = True
    """White space stands before it."""


def as_shell(text: str) -> str:
    """Return what a command of PowerShell does, in the words of a shell."""
    tokens = list(_tokens(text[:_LONGEST]))
    for _ in range(_MOST_FOLDS):
        folded = _folded(tokens)
        if len(folded) == len(tokens):
            break
        tokens = folded
    return "\n".join([*_commands(tokens), *_methods(tokens)])


def _tokens(text: str) -> Iterator[_Token]:
    apart = True
    for found in _TOKEN.finditer(text):
        kind, said = found.lastgroup or "", found.group()
        if kind in {"skip", "mark"}:
            apart = True
            continue
        if found["here"] is not None:
            yield _string(said[said.find("\n") + 1 :].removesuffix(f"\n{said[1]}@"), said[1], apart=apart)
        elif kind == "single":
            yield _string(said[1:].removesuffix("'").replace("''", "'"), "'", apart=apart)
        elif kind == "double":
            yield _string(said[1:].removesuffix('"').replace('""', '"'), '"', apart=apart)
        elif kind == "word":
            yield _Token("word", _as_path(_unescaped(said)), apart)
        else:
            yield _Token(kind, said, apart)
        apart = False


def _string(text: str, quote: str, *, apart: bool) -> _Token:
    if quote == "'" or "$" not in text:
        return _Token("text", text if quote == "'" else _unescaped(text), apart)
    text = _COMPUTES.sub(_COMPUTED, _SUBEXPRESSION.sub(r"\1", text))
    said = _as_path(_unescaped(text))
    if "$" not in said:
        return _Token("text", said, apart)
    return _Token("shell", '"' + said.replace('"', '\\"').replace("`", "") + '"', apart)


def _unescaped(text: str) -> str:
    return re.sub(r"`(.)", r"\1", text, flags=re.DOTALL)


def _as_path(word: str) -> str:
    return _VARIABLE.sub(r"${\1}", _HOME.sub("$HOME", word)).replace("\\", "/")


def _folded(tokens: Sequence[_Token]) -> list[_Token]:
    """Fold what is constant, once from the left to the right."""
    done: list[_Token] = []
    position = 0
    while position < len(tokens):
        for fold in _FOLDS:
            if (found := fold(done, tokens, position)) is not None:
                text, length, back = found
                apart = done[-back].apart if back else tokens[position].apart
                del done[len(done) - back :]
                done.append(_Token("text", text, apart))
                position += length
                break
        else:
            done.append(tokens[position])
            position += 1
    return done


_Fold = Callable[[Sequence[_Token], Sequence[_Token], int], "tuple[str, int, int] | None"]
"""What is constant at a place: the text, how many tokens it takes from there on, and how many before."""


def _kinds(tokens: Sequence[_Token], position: int, pattern: str) -> bool:
    """Whether tokens follow each other: ``t`` a constant, anything else the sign itself."""
    if position + len(pattern) > len(tokens):
        return False
    return all(
        token.kind == "text" if wanted == "t" else token.text == wanted
        for token, wanted in zip(tokens[position : position + len(pattern)], pattern, strict=True)
    )


def _bracketed(done: Sequence[_Token], tokens: Sequence[_Token], position: int) -> "tuple[str, int, int] | None":
    # After a word that touches the bracket it is a call, whose arguments are not its value.
    called = bool(done) and done[-1].kind in {"word", "type"} and not tokens[position].apart
    if not called and _kinds(tokens, position, "(t)"):
        return tokens[position + 1].text, 3, 0
    return None


def _added(_: Sequence[_Token], tokens: Sequence[_Token], position: int) -> "tuple[str, int, int] | None":
    return (tokens[position].text + tokens[position + 2].text, 3, 0) if _kinds(tokens, position, "t+t") else None


def _character(_: Sequence[_Token], tokens: Sequence[_Token], position: int) -> "tuple[str, int, int] | None":
    token = tokens[position]
    if token.kind != "type" or token.text.lower() not in {"[char]", "[system.char]"} or position + 1 == len(tokens):
        return None
    number = _NUMBER.fullmatch(tokens[position + 1].text)
    code = -1 if number is None else int(number.group(), 16 if number.group()[:2].lower() == "0x" else 10)
    return (chr(code), 2, 0) if 0 <= code <= _LAST_CODE_POINT else None


def _list(tokens: Sequence[_Token], position: int) -> list[str]:
    """Return the constants that are listed from a place on."""
    found: list[str] = []
    while position < len(tokens) and tokens[position].kind == "text":
        found.append(tokens[position].text)
        if position + 1 >= len(tokens) or tokens[position + 1].text != ",":
            break
        position += 2
    return found


def _operated(done: Sequence[_Token], tokens: Sequence[_Token], position: int) -> "tuple[str, int, int] | None":
    """Fold ``'a','b' -join ''``, ``'{0}' -f 'a'`` and ``'a' -replace 'x','y'``."""
    token = tokens[position]
    operator = token.text.lower().removeprefix("-c").removeprefix("-i").lstrip("-") if token.kind == "word" else ""
    if operator == "join" and _kinds(tokens, position + 1, "t"):
        before = _list_before(done)
        return (tokens[position + 1].text.join(before), 2, 2 * len(before) - 1) if before else None
    if operator not in {"f", "replace"} or not done or done[-1].kind != "text":
        return None
    values = _list(tokens, position + 1)
    if not values:
        return None
    length = 2 * len(values)
    if operator == "f":
        text = _FORMAT.sub(lambda hole: values[int(hole[1])] if int(hole[1]) < len(values) else "", done[-1].text)
        return text, length, 1
    return done[-1].text.replace(values[0], values[1] if len(values) > 1 else ""), length, 1


def _list_before(done: Sequence[_Token]) -> list[str]:
    found: list[str] = []
    position = len(done) - 1
    while position >= 0 and done[position].kind == "text":
        found.insert(0, done[position].text)
        if position == 0 or done[position - 1].text != ",":
            break
        position -= 2
    return found


def _joined_list(done: Sequence[_Token], tokens: Sequence[_Token], position: int) -> "tuple[str, int, int] | None":
    """Fold ``-join('a','b')`` and ``('a','b') -join ''``: brackets round a list."""
    if tokens[position].text != "(" or not (values := _list(tokens, position + 1)):
        return None
    after = position + 2 * len(values)
    if after >= len(tokens) or tokens[after].text != ")":
        return None
    if done and done[-1].text.lower() == "-join":
        return "".join(values), 2 * len(values) + 1, 1
    if _kinds(tokens, after + 2, "t") and tokens[after + 1].text.lower() == "-join":
        return tokens[after + 2].text.join(values), 2 * len(values) + 3, 0
    return None


def _decoded(_: Sequence[_Token], tokens: Sequence[_Token], position: int) -> "tuple[str, int, int] | None":
    """Fold ``[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('…'))``."""
    if not tokens[position].text.lower().endswith("]::frombase64string") or not _kinds(tokens, position + 1, "(t)"):
        return None
    try:
        decoded = b64decode(tokens[position + 2].text)
    except ValueError:
        return None
    wide = b"\0" in decoded[:16]
    return decoded.decode("utf-16-le" if wide else "utf-8", "replace"), 4, 0


def _got_string(_: Sequence[_Token], tokens: Sequence[_Token], position: int) -> "tuple[str, int, int] | None":
    following = tokens[position + 1].text.lower() if position + 1 < len(tokens) else ""
    if tokens[position].kind == "type" and following == ".getstring" and _kinds(tokens, position + 2, "(t)"):
        return tokens[position + 3].text, 5, 0
    return None


_FOLDS: Final[Sequence[_Fold]] = (_decoded, _got_string, _character, _joined_list, _operated, _added, _bracketed)


def _commands(tokens: Sequence[_Token]) -> Iterator[str]:
    """Yield the commands, each as a line; those that a pipe joins stay together.

    What is piped into a command that takes files, or stands as ``$_`` in a block, are the names of files.
    """
    words: list[_Token] = []
    line = source = ""
    for token in (*tokens, _Token("end", "\n")):
        if token.kind != "end":
            words.append(token)
            continue
        each = [word for word in words if not _EACH.fullmatch(word.text)]
        command = _command(each)
        if len(each) < len(words) and source:
            line = f"{source}xargs {command}"
        elif line.endswith("| ") and command in _TAKES_FILES:
            line += f"xargs {command}"
        else:
            line += command
        words = []
        if token.text == "|" and line:
            line = f"{line.removesuffix(' | ')} | "
            source = line
        elif line:
            yield line.removesuffix(" | ")
            line = ""


def _command(tokens: list[_Token]) -> str:
    words = _words(tokens)
    if not words:
        return ""
    if len(tokens) > 1 and tokens[0].text.startswith("$") and tokens[1].text == "=":
        return _assignment(tokens[0].text, tokens[2:])
    name = tokens[0].text.lower().removesuffix(".exe")
    if tokens[0].kind == "text":
        words = ["echo", words[0]]
    elif name in _PASSING:
        words = []
    elif name in _SELECTING:
        sought = [token.text.replace("*", "") for token in tokens if token.kind == "text"]
        words = ["grep", "-F", "-e", shlex.quote(sought[-1])] if sought else []
    elif (program := _PROGRAMS.get(name)) is not None:
        words = [program, *_arguments(program, words[1:])]
    return " ".join(words)


def _assignment(variable: str, value: list[_Token]) -> str:
    name = re.sub(r"\W", "", variable)
    if not name or not value:
        return ""
    if len(value) == 1 and value[0].kind != "word":
        return f"{name}={_word(value[0])}"
    return f"{name}=$({_command(value)})"


def _words(tokens: Sequence[_Token]) -> list[str]:
    """Return the words of a command: pieces that touch each other are one; a comma parts two."""
    words: list[str] = []
    touching = False
    for token in tokens:
        if token.text == "," and token.kind == "sign":
            touching = False
            continue
        if touching and not token.apart:
            words[-1] += _word(token)
        else:
            words.append(_word(token))
        touching = True
    return words


def _word(token: _Token) -> str:
    if token.kind == "text":
        return shlex.quote(token.text.replace("\\", "/") if "\n" not in token.text else token.text)
    return token.text if token.kind == "shell" or _PLAIN.fullmatch(token.text) else shlex.quote(token.text)


def _arguments(program: str, words: Sequence[str]) -> Iterator[str]:
    """Yield the arguments without the names that PowerShell gives them; of what is written to a file, the file."""
    known = _OPTIONS.get(program, {})
    if program == "tee":
        pairs = zip(("", *words), words, strict=False)
        files = (word for before, word in pairs if not word.startswith("-") and before.lower() not in _VALUES)
        yield from islice(files, 1)
        return
    for word in words:
        if not word.startswith("-") or len(word) == 1:
            yield word
        elif (option := known.get(word.lower().rstrip(":"))) is not None:
            yield option


def _methods(tokens: Sequence[_Token]) -> Iterator[str]:
    """Yield a command for each method that reads, writes or fetches: ``[IO.File]::ReadAllText('x')``."""
    for position, token in enumerate(tokens[:-2]):
        if tokens[position + 1].text != "(" or token.kind not in {"word", "type"}:
            continue
        method = re.split(r"[.:]", token.text.lower())[-1]
        argument = tokens[position + 2]
        if method in _FILE_READERS:
            yield f"cat {_word(argument)}"
        elif method in _FILE_WRITERS:
            yield f"tee {_word(argument)}"
        elif method in _DOWNLOADERS:
            yield f"curl {_word(argument)}"
