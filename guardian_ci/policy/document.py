"""A policy's text as values, with the line and column of each.

YAML 1.2's scalars: only ``true`` and ``false`` are booleans, so that the action ``off`` stays a word; a date stays
text; a number with a point stays the decimal that was written. Keys are text, and may stand once. All problems are
collected, none is raised: what cannot be read is left out, and its path is remembered, so that the checks that follow
do not complain of it again.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

import yaml

from guardian_ci.policy.problems import Path, Problem, field_name, quote

MAX_BYTES: Final = 1 << 18
MAX_VALUES: Final = 20_000
MAX_DEPTH: Final = 40
_MAX_EXPONENT: Final = 30

Value = None | bool | int | Decimal | str | list["Value"] | dict[str, "Value"]


class Mark(NamedTuple):
    """A place in the text, counted from 1."""

    line: int
    column: int


@dataclass(slots=True, kw_only=True)
class Document:
    """What a text says. ``marks`` holds the place of each value, ``keys`` that of each mapping key."""

    file: str
    value: Value = None
    marks: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[Path] = field(default_factory=set)

    def complain(self, path: Path, message: str, suggestion: str | None = None, *, key: bool = False) -> None:
        """Add a problem of the value (or of the key) at a path."""
        mark = self._mark(path, key=key)
        self.problems.append(
            Problem(
                file=self.file,
                line=mark.line,
                column=mark.column,
                field=field_name(path),
                message=message,
                suggestion=suggestion,
            )
        )

    def _mark(self, path: Path, *, key: bool) -> Mark:
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, Mark(1, 1))


def read_text(text: str, file: str) -> Document:
    """Read a YAML text."""
    document = Document(file="".join(c if c.isprintable() else "?" for c in file))
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        document.complain((), f"the file is larger than {MAX_BYTES >> 10} KiB; a policy is a page or two")
        return document
    node = _compose(text, document)
    if node is not None:
        _Reader(document).read(node, ())
    elif not document.problems:
        document.complain((), "the file is empty", 'a policy that sets nothing but a budget is "cost_limit_usd: 5"')
    return document


def read_mapping(value: Mapping[str, object], file: str) -> Document:
    """Read a policy from JSON values, as a log embeds it."""
    document = Document(file=file)
    document.value = _from_json(document, value, ())
    return document


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with the scalars of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name


_NULL, _BOOL, _INT, _FLOAT, _STR = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str"))
_SCALARS: Final = (
    (_NULL, re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    (_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    (_INT, re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), list("-+0123456789")),
    (
        _FLOAT,
        re.compile(
            r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        list("-+.0123456789"),
    ),
)
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_tag, _pattern, _first)


def _compose(text: str, document: Document) -> yaml.Node | None:
    """Parse the text; a syntax error becomes a problem."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is not None:
            document.marks[()] = Mark(mark.line + 1, mark.column + 1)
        document.complain((), *_syntax(error))
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        document.marks[()] = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        document.complain((), f"the character {_code_point(error.character)} is not allowed in YAML", "remove it")
    except RecursionError:
        document.complain((), f"the values are nested deeper than {MAX_DEPTH} levels")
    except (ValueError, OverflowError):
        # PyYAML lets a few impossible escapes (a character beyond Unicode) through to Python.
        document.complain((), "a text holds an escape that stands for no character")
    return None


def _code_point(character: object) -> str:
    return f"U+{character if isinstance(character, int) else ord(str(character)[:1] or chr(0)):04X}"


def _syntax(error: yaml.MarkedYAMLError) -> tuple[str, str | None]:
    said = re.sub(r"\s+", " ", error.problem or error.context or "cannot be read").strip()
    if "'\\t'" in said:
        return "not YAML: a tab stands where a value or an indentation should begin", "indent with blanks"
    if "expected a single document" in said or "but found another document" in said:
        return "the file holds more than one YAML document", "write one list of policies instead"
    if "alias" in said or "alias" in (error.context or ""):
        return "not YAML: a text that begins with * is an alias", 'put it in quotes, as "*.pem"'
    context = re.sub(r"\s+", " ", error.context or "").strip()
    return f"not YAML: {context + ', ' if context and context != said else ''}{said}", None


class _Reader:
    """Makes values of YAML nodes, bounded in number and depth, so that aliases cannot blow them up."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.left = MAX_VALUES

    def read(self, node: yaml.Node, path: Path) -> None:
        self.document.value = self._value(node, path)

    def _value(self, node: yaml.Node, path: Path) -> Value:
        self.document.marks[path] = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
        self.left -= 1
        if self.left <= 0 or len(path) > MAX_DEPTH:
            self._refuse_size(path)
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(self._bounded(node.value))]
        return _scalar(self.document, node, path)

    def _bounded(self, nodes: list[yaml.Node]) -> Iterator[yaml.Node]:
        for node in nodes:
            if self.left <= 0:
                return
            yield node

    def _refuse_size(self, path: Path) -> None:
        if self.left <= 0 and self.left != -MAX_VALUES:
            self.left = -MAX_VALUES
            self.document.complain(path, f"the policy holds more than {MAX_VALUES:,} values (aliases count each time)")
        elif self.left > 0:
            self.document.complain(path, f"the values are nested deeper than {MAX_DEPTH} levels")
        self.document.unread.add(path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Value:
        members: dict[str, Value] = {}
        for key_node, value_node in node.value:
            if self.left <= 0:
                break
            key = self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            mark = Mark(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in members:
                first = self.document.keys[here].line
                self.document.keys[here] = mark
                self.document.complain(here, f"stands twice: first on line {first}", "keep one of the two", key=True)
                continue
            self.document.keys[here] = mark
            members[key] = self._value(value_node, here)
        return members

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        if isinstance(node, yaml.ScalarNode):
            text = str(node.value)
            if _is_text(text):
                return text
        self.document.marks[path] = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
        self.document.complain(path, "a key must be text")
        return None


def _scalar(document: Document, node: yaml.Node, path: Path) -> Value:
    text = str(node.value)
    if node.tag == _NULL:
        return None
    if node.tag == _BOOL:
        return text.lower() == "true"
    if node.tag in {_INT, _FLOAT}:
        return _number(document, text, path)
    if node.tag != _STR:
        document.complain(path, f"the tag {quote(node.tag)} has no meaning in a policy", "remove it")
        document.unread.add(path)
        return None
    if not _is_text(text):
        document.complain(path, "holds a character that is no text (U+0000, or half of a surrogate pair)")
        document.unread.add(path)
    return text


def _is_text(text: str) -> bool:
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _number(document: Document, text: str, path: Path) -> Value:
    """Read a number exactly as it is written; one that no policy can mean is a problem."""
    bare = text.lower().lstrip("+-")
    if bare.startswith((".inf", ".nan")):
        document.complain(path, f"must be a finite number, not {text}", "leave the key out where there is no limit")
    elif bare.startswith(("0x", "0o")) and len(bare) < _MAX_EXPONENT:
        return int(text, 0)
    elif len(bare) <= 2 * _MAX_EXPONENT and (number := _decimal(text)) is not None:
        return int(text) if re.fullmatch(r"[-+]?[0-9]+", text) else number
    else:
        document.complain(path, f"the number {quote(text)} is out of all bounds")
    document.unread.add(path)
    return None


def _decimal(text: str) -> Decimal | None:
    """Return a decimal of a bounded size: a huge exponent would cost a huge integer later."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _MAX_EXPONENT else None


def _from_json(document: Document, value: object, path: Path) -> Value:
    if len(path) > MAX_DEPTH:
        document.complain(path, f"the values are nested deeper than {MAX_DEPTH} levels")
    elif value is None or isinstance(value, bool):
        return value
    elif isinstance(value, int | float | Decimal):
        return _number(document, _number_text(value), path)
    elif isinstance(value, str) and _is_text(value):
        return value
    elif isinstance(value, Mapping):
        return {str(key): _from_json(document, item, (*path, str(key))) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        return [_from_json(document, item, (*path, index)) for index, item in enumerate(value)]
    else:
        document.complain(path, "holds what JSON cannot say")
    document.unread.add(path)
    return None


def _number_text(value: float | Decimal) -> str:
    if isinstance(value, int) and value.bit_length() > 4 * _MAX_EXPONENT:
        return "9" * 3 * _MAX_EXPONENT  # too long for Python to print, and for any policy to mean
    text = repr(value) if not isinstance(value, Decimal) else str(value)
    return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan", "Infinity": ".inf", "NaN": ".nan"}.get(text, text)


def to_json(value: Value) -> object:
    """Return a value as JSON can hold it; a decimal becomes the float that is written the same way."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value
