"""Programs of awk: which files and commands they name, and what the plain ones print."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from guardian_ci.policy.shell.encodings import LONGEST, is_constant, unescaped
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.listings import is_listing, lines_of, narrowed
from guardian_ci.policy.shell.patterns import compile_pattern

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r]+|\\\r?\n|\#[^\n]*)|(?P<string>"(?:[^"\\\n]|\\.)*+")|(?P<name>@?[A-Za-z_]\w*)"""
    r"""|(?P<number>0x[0-9a-fA-F]+|\d+(?:\.\d*)?|\.\d+)"""
    r"""|(?P<sign>\n|\|\||\|&|&&|>>|[=!<>+*/%^-]=|\+\+|--|!~|.)""",
    re.DOTALL,
)
_REGEX: Final = re.compile(r"/((?:[^/\\\n]|\\.)*+)/")
_BREAKS: Final = frozenset(";\n{}")
_MOST_TOKENS: Final = 2_000
_LONGEST_STATEMENT: Final = 200
_DEEPEST: Final = 30
_MOST_LINES: Final = 512
_NUMERALS: Final = re.compile(r"-?\d{1,12}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    @property
    def is_value(self) -> bool:
        """Whether a ``/`` behind it divides, instead of beginning a pattern."""
        return self.kind in {"name", "number", "string"} or self.text in {")", "]", "$"}


@dataclass(slots=True)
class Deeds:
    """What a program names: files that it reads and writes, command lines that it runs."""

    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    shells: list[str] = field(default_factory=list)


class _Unknown(Exception):  # noqa: N818 - caught where it is raised: what is not followed is not known
    pass


def deeds_of(program: str, variables: Mapping[str, str], operands: Sequence[str] = ()) -> Deeds:
    """Return what a program names. ``variables`` are those set by ``-v``; ``operands`` its files."""
    deeds = Deeds()
    reader = _Reader(_tokens(program), dict(variables), operands)
    while reader.position < len(reader.tokens):
        _note(reader, deeds)
        reader.position += 1
    return deeds


def _note(reader: "_Reader", deeds: Deeds) -> None:
    """Look at what begins at one token."""
    begin = reader.position
    token = reader.tokens[begin]
    following = reader.text_at(begin + 1)
    if token.text == "getline":
        _note_getline(reader, deeds)
    elif token.text == "system" and following == "(":
        reader.position += 1
        deeds.shells.append(reader.primary(0))
    elif token.text in {"print", "printf"}:
        _note_print(reader, deeds)
    elif token.text in {"@include", "@load"}:
        reader.position += 1
        deeds.reads.append(reader.primary(0))
    elif token.kind == "name" and following == "=" and reader.text_at(begin - 1) != ".":
        reader.position += 2
        reader.variables[token.text] = reader.concatenation(0)
    elif token.text == "ARGV" and following == "[":
        reader.skip_to("]")
        if reader.token.text == "=":
            reader.position += 1
            deeds.reads.append(reader.concatenation(0))
    reader.position = begin


def _note_getline(reader: "_Reader", deeds: Deeds) -> None:
    """``getline x < file`` and ``command | getline``."""
    begin = reader.position
    if reader.text_at(begin - 1) in {"|", "|&"}:
        start = begin - 1
        depth = 0
        while start > 0 and (depth or reader.text_at(start - 1) not in _BREAKS | {"&&", "||", "!", ",", "("}):
            start -= 1
            depth += {")": 1, "(": -1}.get(reader.text_at(start), 0)
        reader.position = start
        deeds.shells.append(reader.concatenation(0))
        return
    reader.position += 1
    if reader.token.kind == "name" or reader.token.text == "$":
        reader.position += 1 + (reader.token.text == "$")
        if reader.token.text == "[":
            reader.skip_to("]")
    if reader.token.text == "<":
        reader.position += 1
        deeds.reads.append(reader.primary(0))


def _note_print(reader: "_Reader", deeds: Deeds) -> None:
    """``print … > file`` and ``print … | command``."""
    depth = 0
    for position in range(reader.position + 1, min(len(reader.tokens), reader.position + _LONGEST_STATEMENT)):
        text = reader.tokens[position].text
        if depth <= 0 and text in _BREAKS:
            return
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text, 0)
        if depth <= 0 and text in {">", ">>", "|", "|&"}:
            reader.position = position + 1
            target = reader.concatenation(0)
            (deeds.shells if text.startswith("|") else deeds.writes).append(target)
            return


def evaluated(program: str, variables: Mapping[str, str], separator: str | None, text: str | None) -> str | None:
    """Return what a program without loops and functions prints, given its input; None where that is not followed."""
    try:
        return _run(program, variables, separator, text)
    except (_Unknown, ValueError, IndexError):
        return None


def _run(program: str, variables: Mapping[str, str], separator: str | None, text: str | None) -> str | None:
    tokens = _tokens(program)
    rules = _rules(tokens)
    reader = _Reader(tokens, dict(variables), ())
    printed: list[str] = []
    reader.unset = ""
    ended = _perform(reader, rules, "BEGIN", printed)
    if all(pattern == "BEGIN" for pattern, _ in rules):
        return "".join(printed)
    if text is None:
        return None
    separator = separator or reader.variables.get("FS")
    for number, line in enumerate(lines_of(text)[:_MOST_LINES], 1):
        if ended:
            break
        if is_listing(line):
            printed += [each + "\n" for each in _narrowed(line, rules)]
            reader.variables["NR"] = TAME
            continue
        reader.record(line, number, separator)
        for pattern, body in rules:
            if _selects(pattern, line, number) and (left := _execute(reader, body, printed)):
                ended = left == "exit"
                break
    _perform(reader, rules, "END", printed)
    return "".join(printed)


def _perform(reader: "_Reader", rules: list[tuple[str, int]], when: str, printed: list[str]) -> bool:
    """Execute what a program does before or after its input; say whether it leaves there."""
    return any(_execute(reader, body, printed) for pattern, body in rules if pattern == when)


def _narrowed(line: str, rules: list[tuple[str, int]]) -> list[str]:
    """Names that nobody knows: any number may be theirs, and a pattern says what they look like."""
    patterns = [pattern for pattern, _ in rules if pattern.startswith("/")]
    if not patterns:
        return [line]
    found = narrowed(line, patterns[0][1:-1].replace("\\/", "/"), extended=True)
    if found is None:
        raise _Unknown
    return found


def _selects(pattern: str, line: str, number: int) -> bool:
    if pattern in {"", "1"}:
        return True
    if pattern in {"BEGIN", "END"}:
        return False
    if pattern.startswith("/"):
        compiled = compile_pattern(pattern[1:-1].replace("\\/", "/"), extended=True)
        if compiled is None:
            raise _Unknown
        return compiled.search(line) is not None
    if (wanted := re.fullmatch(r"NR==(\d{1,9})", pattern)) is not None:
        return int(wanted[1]) == number
    raise _Unknown


def _rules(tokens: Sequence[_Token]) -> list[tuple[str, int]]:
    """Return each rule's pattern as text and the place of its body; -1 for the usual body."""
    rules: list[tuple[str, int]] = []
    pattern: list[str] = []
    position = 0
    while position < len(tokens):
        text = tokens[position].text
        if text == "{":
            rules.append(("".join(pattern), position + 1))
            pattern = []
            while tokens[position].text != "}":
                position += 1
                if tokens[position].text == "{":
                    raise _Unknown
        elif text in {";", "\n"}:
            if pattern:
                rules.append(("".join(pattern), -1))
                pattern = []
        else:
            pattern.append(text)
        position += 1
    if pattern:
        rules.append(("".join(pattern), -1))
    return rules


def _execute(reader: "_Reader", body: int, printed: list[str]) -> str:
    """Execute a rule's body; return the word by which it is left before its end, ``next`` or ``exit``."""
    if body < 0:
        printed.append(reader.fields[0] + "\n")
        return ""
    reader.position = body
    while reader.token.text != "}":
        token = reader.token
        if token.text in {";", "\n"}:
            reader.position += 1
            continue
        if token.text in {"print", "printf"}:
            reader.position += 1
            printed.append(_printed(reader, formatted=token.text == "printf"))
        elif token.kind == "name" and reader.text_at(reader.position + 1) == "=":
            reader.position += 2
            reader.variables[token.text] = reader.concatenation(0)
        elif token.text in {"exit", "next"}:
            return token.text
        else:
            raise _Unknown
        if reader.token.text not in _BREAKS:
            raise _Unknown
        if sum(map(len, printed)) > LONGEST:
            raise _Unknown
    return ""


def _printed(reader: "_Reader", *, formatted: bool) -> str:
    bracketed = reader.token.text == "("
    begin = reader.position
    values = [] if reader.token.text in _BREAKS else reader.values(0)
    if bracketed and reader.token.text not in _BREAKS and begin < reader.position:
        raise _Unknown
    if formatted:
        return _format(values)
    separator, end = reader.variables.get("OFS", " "), reader.variables.get("ORS", "\n")
    return (separator.join(values) if values else reader.fields[0]) + end


def _format(values: list[str]) -> str:
    left = list(reversed(values[1:]))

    def fill(directive: re.Match[str]) -> str:
        if directive["letter"] == "%":
            return "%"
        value = left.pop() if left else ""
        if directive["letter"] == "c":
            return chr(int(value)) if value.isdigit() and len(value) < 7 else value[:1]  # noqa: PLR2004
        if directive["letter"] in "xXo" and _NUMERALS.fullmatch(value):
            return format(int(value), directive["letter"])
        if directive["letter"] == "s" and directive["most"]:
            value = value[: int(directive["most"])]
        return value.rjust(int(directive[1] or 0))

    return re.sub(r"%-?(\d{0,3})(?:\.(?P<most>\d{1,3}))?(?P<letter>[a-zA-Z%])", fill, values[0]) if values else ""


def _tokens(program: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    program = program[:LONGEST]
    while position < len(program) and len(tokens) < _MOST_TOKENS:
        if program[position] == "/" and not (tokens and tokens[-1].is_value):
            pattern = _REGEX.match(program, position)
            if pattern is not None:
                tokens.append(_Token("regex", pattern[0]))
                position = pattern.end()
                continue
        token = _TOKEN.match(program, position)
        if token is None:
            break
        if token.lastgroup != "space":
            tokens.append(_Token(str(token.lastgroup), token[0]))
        position = token.end()
    return tokens


_END: Final = _Token("end", "")


class _Reader:
    """Evaluates expressions of constants; what is not one becomes ``UNKNOWN``."""

    def __init__(self, tokens: list[_Token], variables: dict[str, str], operands: Sequence[str]) -> None:
        self.tokens = tokens
        self.variables = variables
        self.position = 0
        self.fields: list[str] = [UNKNOWN]
        self._operands = operands
        self.unset = UNKNOWN
        """What a variable holds before anything is assigned to it; not awk's own, whose names are in capitals."""

    @property
    def token(self) -> _Token:
        """The token at the place of reading."""
        return self.tokens[self.position] if self.position < len(self.tokens) else _END

    def text_at(self, position: int) -> str:
        """Return the text of the token at a place; empty beyond the ends."""
        return self.tokens[position].text if 0 <= position < len(self.tokens) else ""

    def skip_to(self, text: str) -> None:
        """Step behind the next token of a text."""
        while self.token is not _END and self.token.text != text:
            self.position += 1
        self.position += 1

    def record(self, line: str, number: int, separator: str | None) -> None:
        """Take a line as the record that ``$1`` speaks of."""
        if not is_constant(line):
            self.fields = [line, *[UNKNOWN] * 20]
        elif separator is None or separator == " ":
            self.fields = [line, *line.split()]
        elif len(separator) == 1 and separator not in "|^$.*+?\\":
            self.fields = [line, *line.split(separator)]
        else:
            pattern = compile_pattern(separator, extended=True) if len(separator) > 1 else None
            if pattern is None and len(separator) > 1:
                raise _Unknown
            begin, parts = 0, []
            for match in pattern.find_all(line) if pattern is not None else ():
                parts.append(line[begin : match.start])
                begin = match.end
            self.fields = [line, *(line.split(separator) if pattern is None else [*parts, line[begin:]])]
        self.variables |= {"NF": str(len(self.fields) - 1), "NR": str(number)}

    def values(self, depth: int) -> list[str]:
        """Read ``a, b, c``."""
        values = [self.concatenation(depth)]
        while self.token.text == ",":
            self.position += 1
            values.append(self.concatenation(depth))
        return values

    def concatenation(self, depth: int) -> str:
        """Read terms that stand side by side."""
        if depth > _DEEPEST:
            self.position = len(self.tokens)
            return UNKNOWN
        parts: list[str] = []
        size = 0
        while self.token.kind in {"string", "name", "number"} or self.token.text in {"(", "$", "-"}:
            if self.token.text in {"getline", "in"} or size > LONGEST:
                break
            parts.append(self._sum(depth))
            size += len(parts[-1])
        if self.token.text in {"?", "==", "!=", "~", "!~"}:
            return UNKNOWN
        return "".join(parts)[:LONGEST] or UNKNOWN

    def _sum(self, depth: int) -> str:
        value = self.primary(depth)
        while (sign := self.token.text) in {"+", "-", "*", "/", "%"} and self.token.kind == "sign":
            self.position += 1
            right = self.primary(depth) or "0"
            value = value or "0"
            if not (_NUMERALS.fullmatch(value) and _NUMERALS.fullmatch(right)) or sign in "/%":
                value = UNKNOWN
            else:
                left, other = int(value), int(right)
                value = str({"+": left + other, "-": left - other}.get(sign, left * other))
        return value

    def primary(self, depth: int) -> str:
        """Read one term."""
        token = self.token
        self.position += 1
        match token.kind:
            case "string":
                text = unescaped(token.text[1:-1])
            case "number":
                text = str(int(token.text, 16)) if token.text.startswith("0x") else token.text
            case "name":
                text = self._name(token.text, depth)
            case _:
                text = self._signed(token.text, depth + 1) if depth < _DEEPEST else UNKNOWN
        return text

    def _signed(self, sign: str, depth: int) -> str:
        """Read what begins with a bracket, a ``$`` or a minus."""
        if sign == "(":
            values = self.values(depth)
            if self.token.text != ")":
                return UNKNOWN
            self.position += 1
            return values[0] if len(values) == 1 else self.variables.get("SUBSEP", "\x1c").join(values)
        if sign == "$":
            return self._field(self.primary(depth))
        if sign == "-" and (value := self.primary(depth)).isdigit():
            return f"-{value}"
        return UNKNOWN

    def _field(self, number: str) -> str:
        if not number.isdigit() or len(number) > 4 or self.fields == [UNKNOWN]:  # noqa: PLR2004
            return UNKNOWN
        return self.fields[int(number)] if int(number) < len(self.fields) else ""

    def _name(self, name: str, depth: int) -> str:
        if self.token.text == "(" and depth < _DEEPEST:
            self.position += 1
            arguments = [] if self.token.text == ")" else self.values(depth + 1)
            if self.token.text != ")":
                return UNKNOWN
            self.position += 1
            return _called(name, arguments)
        if self.token.text == "[":
            self.position += 1
            index = self.concatenation(depth + 1)
            self.skip_to("]")
            if name == "ARGV" and index.isdigit() and 0 < int(index[:4]) <= len(self._operands):
                return self._operands[int(index[:4]) - 1]
            return UNKNOWN
        return self.variables.get(name, UNKNOWN if name.isupper() else self.unset)


def _called(name: str, arguments: list[str]) -> str:  # noqa: PLR0911 - one line a function
    if not arguments or not all(map(is_constant, arguments)):
        return UNKNOWN
    match name, arguments:
        case "sprintf", _:
            return _format(arguments)
        case "tolower", [text]:
            return text.lower()
        case "toupper", [text]:
            return text.upper()
        case "length", [text]:
            return str(len(text))
        case "substr", [text, begin, *length] if all(_NUMERALS.fullmatch(each) for each in (begin, *length)):
            first = int(begin) - 1
            return text[max(first, 0) : max(first + int(length[0]), 0) if length else None]
        case _:
            return UNKNOWN
