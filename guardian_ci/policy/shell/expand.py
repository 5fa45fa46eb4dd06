"""Expands words: every value that a word may have, as far as constants go.

A word with several values is a choice between lists of fields; how many there are is bounded, and what is cut off is
``UNKNOWN``. An expansion happens in the current state and may change it (``${x:=1}``, ``$((i++))``).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Final, TypeAlias, TypeVar

from guardian_ci.policy.shell import matching
from guardian_ci.policy.shell.arithmetic import evaluate
from guardian_ci.policy.shell.braces import expanded
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.grammar import parse_text
from guardian_ci.policy.shell.lexer import Budget, ansi_text
from guardian_ci.policy.shell.marks import HERE, MARKS, is_bare, is_known, nothing_known
from guardian_ci.policy.shell.state import MOST_READINGS, clipped, texts_of
from guardian_ci.policy.shell.syntax import (
    Arithmetic,
    Literal,
    Parameter,
    Part,
    ProcessFile,
    Sequence,
    Substitution,
    Word,
)
from guardian_ci.policy.shell.variables import (
    DEFAULT_SEPARATORS,
    HOME,
    Variables,
    any_order,
    as_array,
    elements,
    scalar,
)

Fields: TypeAlias = tuple[str, ...]

_Option = TypeVar("_Option")
_Tokens: TypeAlias = tuple[str | None, ...]
"""Pieces of fields; None is where one field ends and another begins, and an empty piece is a field though empty."""

_Choices: TypeAlias = tuple[_Tokens, ...]
_Got: TypeAlias = str | Fields | None
"""What a parameter gives: a text, several (``$@``), or nothing as it is not set."""

_ALL: Final = frozenset({"@", "*"})
_DEFAULTS: Final = frozenset({":-", ":=", ":+", ":?", "-", "=", "+", "?"})
_CASES: Final = frozenset({"^", "^^", ",", ",,", "~", "~~"})
_REFERENCE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+|[0-9]++|[@*#])(?:\[(.*)\])?+", re.DOTALL)
_TRANSFORMS: Final[dict[str, Callable[[str], str]]] = {
    "Q": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "E": ansi_text,
    "U": str.upper,
    "u": lambda text: text[:1].upper() + text[1:],
    "L": str.lower,
}
_WHITE_SPACE: Final = re.compile(r"[ \t\n]++")
_HOME_FOLDER: Final = "/home/runner"
_MOST_FIELDS: Final = 2_000


class Expander(Variables, ABC):
    """Gives words their values. What must be run for it is run by the interpreter on top of it.

    All texts that are read on the way share one ``budget``.
    """

    budget: Budget

    @abstractmethod
    def capture(self, body: Sequence) -> tuple[str, ...]:
        """Run commands apart and return what they may print."""

    @abstractmethod
    def process_file(self, body: Sequence, *, reads: bool) -> str:
        """Return the name of a file that holds what commands print, or that they will read."""

    @abstractmethod
    def deeper(self) -> AbstractContextManager[None]:
        """Go one level deeper, if that is not too deep."""

    @abstractmethod
    def note_assigned(self, name: str) -> None:
        """Note that a variable is set."""

    def fields(self, word: Word) -> tuple[Fields, ...]:
        """Return the lists of fields that a word may become."""
        if word.constant is not None:
            return ((word.constant,),)
        choices: tuple[Fields, ...] = ((),)
        for parts in expanded(word.parts):
            options = _different(_fields(tokens) for tokens in self._tokens(parts, splits=True))
            choices = tuple(before + option for before in choices for option in options)
            if len(choices) > MOST_READINGS + 1:
                choices = (*choices[:MOST_READINGS], (UNKNOWN,))
        return choices

    def texts_in(self, word: Word) -> tuple[str, ...]:
        """Return the texts that a word may be where it is not split."""
        if word.constant is not None:
            return (word.constant,)
        return texts_of(_text(tokens) for tokens in self._tokens(word.parts, splits=False))

    def patterns(self, word: Word) -> tuple[str, ...]:
        """Return the patterns that a word may be: what is quoted in it means itself."""
        choices: tuple[str, ...] = ("",)
        for part in word.parts:
            quoted = not isinstance(part, ProcessFile) and not isinstance(part, Literal) and part.quoted
            if isinstance(part, Literal):
                options = [matching.escaped(part.text) if part.quoted else part.text]
            else:
                texts = [_text(tokens) for tokens in self._part(part, splits=False)]
                options = [matching.escaped(text) for text in texts] if quoted else texts
            choices = texts_of(before + option for before in choices for option in options)
        return choices

    def expanded_text(self, text: str) -> tuple[str, ...]:
        """Return what a text may become when it is read once more, as between double quotes."""
        with self.deeper():
            return self.texts_in(parse_text(text, self.budget))

    def expression_text(self, text: str) -> str:
        """Return a value as arithmetic reads it: an index in it may run commands."""
        return self.expanded_text(text)[0] if "$" in text or "`" in text else text

    def numbers(self, word: Word) -> tuple[int | None, ...]:
        """Return what an expression may be worth."""
        return tuple(dict.fromkeys(evaluate(self.expression_text(text), self) for text in self.texts_in(word)))

    # --- parts ---

    def _tokens(self, parts: Iterable[Part], *, splits: bool, literals: bool = False) -> _Choices:
        """Return the choices of a word; ``literals``: those that are not quoted are split too."""
        choices: _Choices = ((),)
        for place, part in enumerate(parts):
            if isinstance(part, Literal):
                text = self._with_home(part) if place == 0 and part.text.startswith("~") else part.text
                options: _Choices = (self.split(text) if literals and not part.quoted else (text,),)
            else:
                options = self._part(part, splits=splits)
            choices = _combined(choices, options)
        return choices

    def _part(self, part: Part, *, splits: bool) -> _Choices:
        match part:
            case Parameter():
                return self._parameter(part, splits=splits and not part.quoted)
            case Substitution():
                texts = texts_of(text.rstrip("\n") for text in self.capture(part.body))
                return self._as_tokens(texts, splits=splits and not part.quoted)
            case Arithmetic():
                numbers = self.numbers(part.expression)
                return tuple((TAME if number is None else str(number),) for number in numbers)
            case ProcessFile():
                return ((self.process_file(part.body, reads=part.reads),),)
            case Literal():
                return ((part.text,),)

    def _with_home(self, part: Literal) -> str:
        if part.quoted:
            return part.text
        for sign, name in (("~+", "PWD"), ("~-", "OLDPWD")):
            if part.text == sign or part.text.startswith(sign + "/"):
                return self.texts(name)[0] + part.text[2:]
        if part.text.startswith(tuple(HOME + mark for mark in MARKS)):
            return HOME + part.text[2:]  # `eval cat ~$USER`: whoever it is, it is a home
        if (part.text == HOME or part.text.startswith("~/")) and "HOME" in self.state.variables:
            return self.texts("HOME")[-1] + part.text[1:]
        return part.text

    def _as_tokens(self, texts: Iterable[_Got], *, splits: bool, star: bool = False) -> _Choices:
        """Return the choice between texts; a list of them is one text where ``$*`` is quoted, else as many fields."""
        choices: list[_Tokens] = []
        for text in texts:
            if isinstance(text, tuple):
                choices.append(self._several(text, splits=splits, star=star))
            elif splits:
                choices.append(self.split(text or ""))
            else:
                choices.append((text or "",))
        return _different(choices)

    def _several(self, texts: Fields, *, splits: bool, star: bool) -> _Tokens:
        if star and not splits:
            return (self.separators()[:1].join(texts),)
        tokens: list[str | None] = []
        for text in texts[:_MOST_FIELDS]:
            tokens += [None, *(self.split(text) if splits else (text,))]
        return tuple(tokens[1:])

    def split(self, text: str) -> _Tokens:
        """Split a text into fields as ``IFS`` says."""
        separators = self.separators()
        if not any(sign in text for sign in separators):
            return (text,) if text else ()
        if separators == DEFAULT_SEPARATORS:
            return _interleaved(_WHITE_SPACE.split(text, _MOST_FIELDS))
        return _split_at(text, separators)

    # --- parameters ---

    def _parameter(self, parameter: Parameter, *, splits: bool) -> _Choices:
        if not parameter.name:
            return ((UNKNOWN,),)
        star = parameter.name == "*" or (parameter.index is not None and parameter.index.constant == "*")
        got = list(self._prefixed(parameter) if parameter.operator == "prefix" else self._got(parameter))
        if parameter.length:
            return _different((_length(each),) for each in got)
        if parameter.operator in _DEFAULTS:
            return self._defaulted(parameter, got, splits=splits, star=star)
        values = [value for each in got for value in self._operated(parameter, each)]
        return self._as_tokens(_different(values)[:MOST_READINGS], splits=splits, star=star)

    def _prefixed(self, parameter: Parameter) -> Iterator[_Got]:
        yield tuple(sorted(name for name in self.state.variables if name.startswith(parameter.name)))

    def _got(self, parameter: Parameter) -> Iterator[_Got]:
        """Yield what a parameter may give before its operator."""
        key = None if parameter.index is None else parameter.index.constant
        if not parameter.indirect:
            yield from self._values(parameter.name, parameter.index)
        elif key in _ALL:
            for reading in self.readings(parameter.name):
                yield tuple(as_array(reading))
        elif "n" in self.state.attributes.get(parameter.name, ()):
            yield self.referred(parameter.name)
        else:
            for target in list(self._values(parameter.name, parameter.index)):
                yield from self._pointed(target)

    def _pointed(self, target: _Got) -> Iterator[_Got]:
        reference = _REFERENCE.fullmatch(target) if isinstance(target, str) else None
        if reference is None:
            yield nothing_known(target) if isinstance(target, str) and target else None
            return
        name, key = reference.groups()
        yield from self._values(name, None if key is None else Word((), key, key))

    def _values(self, name: str, index: Word | None) -> Iterator[_Got]:
        if name in _ALL:
            yield from self.state.arguments
        elif name == "#":
            yield from (str(len(arguments)) for arguments in self.state.arguments)
        elif name.isdigit():
            yield from self._positional(int(name))
        elif index is None:
            for reading in self.readings(name):
                yield None if reading is None else scalar(reading)
        elif index.constant in _ALL:
            for reading in self.readings(name):
                yield elements(reading)
        else:
            yield from self._elements(name, index)

    def _elements(self, name: str, index: Word) -> Iterator[_Got]:
        """Yield the element that an index means; each of them where nobody knows which."""
        for key in self.texts_in(index):
            for reading in self.readings(name):
                element = self.element(reading, self.expression_text(key), name) if is_known(key) else None
                if element is None and (not is_known(key) or any_order(elements(reading))[1:]):
                    yield from elements(reading)  # of a listing, there are more than are told
                else:
                    yield element

    def _positional(self, number: int) -> Iterator[_Got]:
        if number == 0:
            yield self.state.name
            return
        for arguments in self.state.arguments:
            if number <= len(arguments):
                yield arguments[number - 1]
            elif any_order(arguments)[1:]:
                yield from arguments
            else:
                yield None

    def _defaulted(self, parameter: Parameter, got: list[_Got], *, splits: bool, star: bool) -> _Choices:
        """Choose between a value and the word behind ``:-``, ``:+`` and their kin."""
        kind, colon = parameter.operator[-1], parameter.operator[0] == ":"
        first = parameter.first or Word((), "", "")
        choices: list[_Tokens] = []
        for each in got:
            is_there = _is_there(each, colon=colon)
            if is_there is not False:
                choices += (
                    self._word_of(first, splits=splits)
                    if kind == "+"
                    else self._as_tokens((each,), splits=splits, star=star)
                )
            if is_there is not True and kind in "-=":
                choices += self._word_of(first, splits=splits)
            elif is_there is not True and kind == "+":
                choices.append(() if splits else ("",))
        if kind == "=" and not all(_is_there(each, colon=colon) for each in got):
            self.note_assigned(parameter.name)
            self.set_texts(parameter.name, texts_of(_text(tokens) for tokens in choices))
        return _different(choices)[:MOST_READINGS] or ((),)

    def _word_of(self, word: Word, *, splits: bool) -> _Choices:
        if not splits:
            return tuple((text,) for text in self.texts_in(word))
        return self._tokens(word.parts, splits=True, literals=True)

    # --- operators ---

    def _operated(self, parameter: Parameter, got: _Got) -> list[_Got]:
        """Return what an operator may make of a value."""
        operator = parameter.operator
        if not operator or operator == "prefix" or (got is None and operator != "@"):
            return [got]
        if operator == ":":
            return list(self._sliced(parameter, got))
        if isinstance(got, tuple):
            return [tuple(self._changed(parameter, text)[0] for text in got)]
        return list(self._changed(parameter, got or ""))

    def _changed(self, parameter: Parameter, text: str) -> tuple[str, ...]:
        operator = parameter.operator
        first = parameter.first or Word((), "", "")
        if operator == "@":
            return self._transformed(parameter.name, first.source, text)
        if is_bare(text):
            return (text,)
        if operator in {"#", "##", "%", "%%"}:
            return texts_of(_stripped(parameter.name, text, pattern, operator) for pattern in self.patterns(first))
        if operator in _CASES:
            return texts_of(_cased(text, operator, pattern) for pattern in self.patterns(first))
        replacements = self.texts_in(parameter.second) if parameter.second is not None else ("",)
        return texts_of(
            _or_unknown(
                matching.replaced(
                    text, pattern, replacement, everywhere=operator == "//", at=operator[1:].replace("/", "")
                ),
                text,
            )
            for pattern in self.patterns(first)
            for replacement in replacements
        )

    def _transformed(self, name: str, letter: str, text: str) -> tuple[str, ...]:
        if letter == "P":
            return self.expanded_text(text)
        transform = _TRANSFORMS.get(letter)
        return (f"{name}='{text}'" if letter == "A" else text if transform is None else transform(text),)

    def _sliced(self, parameter: Parameter, got: _Got) -> Iterator[_Got]:
        starts = self.numbers(parameter.first or Word((), "", ""))
        lengths = (None,) if parameter.second is None else self.numbers(parameter.second)
        for start in starts:
            for length in lengths:
                if start is None or (length is None and parameter.second is not None):
                    yield nothing_known(got if isinstance(got, str) else "")
                elif isinstance(got, tuple):
                    first = start if parameter.name not in _ALL else max(start - 1, 0) if start >= 0 else start
                    items = (self.state.name, *got) if parameter.name in _ALL and start == 0 else got
                    yield _slice_of(items, first, length)
                else:
                    yield _part_of(_from_inside(parameter.name, got or ""), start, length)


def _different(choices: Iterable[_Option]) -> tuple[_Option, ...]:
    return tuple(dict.fromkeys(choices))


def _combined(choices: _Choices, options: _Choices) -> _Choices:
    """Return every choice with every option; those beyond the bound are one that is not known."""
    if len(options) == 1:
        return tuple(choice + options[0] for choice in choices)
    if len(choices) * len(options) <= MOST_READINGS:
        return tuple(choice + option for choice in choices for option in options)
    pairs = [choice + option for choice in choices for option in options]
    return (*pairs[:MOST_READINGS], (UNKNOWN,))


def _fields(tokens: _Tokens) -> Fields:
    """Join pieces to fields."""
    if len(tokens) == 1 and tokens[0] is not None:
        return (clipped(tokens[0]),)
    fields: list[str] = []
    pieces: list[str] = []
    for token in (*tokens, None):
        if token is not None:
            pieces.append(token)
        elif pieces:
            fields.append(clipped("".join(pieces)))
            pieces = []
    return tuple(fields[:_MOST_FIELDS])


def _text(tokens: _Tokens) -> str:
    return clipped("".join(" " if token is None else token for token in tokens))


def _interleaved(texts: list[str]) -> _Tokens:
    """Return what white space parts, with a break between them; an empty text at an end is a break there."""
    tokens: list[str | None] = []
    for text in texts:
        tokens += [None, text] if text else [None]
    return tuple(tokens[1:]) if texts[0] else tuple(tokens)


def _split_at(text: str, separators: str) -> _Tokens:
    """Split a text at the signs of an ``IFS`` that somebody has set: white space is one break, others are one each."""
    white = "".join(sign for sign in separators if sign in DEFAULT_SEPARATORS)
    signs = "".join(sign for sign in separators if sign not in DEFAULT_SEPARATORS)
    inner = text.strip(white)
    blank = f"[{re.escape(white)}]" if white else r"(?!)"
    sign = f"[{re.escape(signs)}]" if signs else r"(?!)"
    ends = re.compile(f"{blank}++(?:{sign}{blank}*+)?+|{sign}{blank}*+")
    fields = ends.split(inner, _MOST_FIELDS)
    closed = len(fields) > 1 and not fields[-1]
    tokens: list[str | None] = [None] if white and text[:1] in white else []
    for field in fields[: len(fields) - closed]:
        tokens += [field, None]
    return tuple(tokens if closed or (white and text[-1:] in white) else tokens[:-1])


def _is_there(got: _Got, *, colon: bool) -> bool | None:
    """Whether a parameter is set, or (``colon``) not empty; None where it may be."""
    if got is None or got == ():
        return False
    if isinstance(got, str) and is_bare(got):
        return None
    return bool(got) or not colon


def _length(got: _Got) -> str:
    if isinstance(got, tuple):
        return str(len(got))
    text = got or ""
    return str(len(text)) if is_known(text) and not text.startswith(HOME) else TAME


def _or_unknown(changed: str | None, text: str) -> str:
    return nothing_known(text) if changed is None else changed


def _stripped(name: str, text: str, pattern: str, operator: str) -> str:
    longest = len(operator) == 2  # noqa: PLR2004 - "##" and "%%"
    strip = matching.without_prefix if operator[0] == "#" else matching.without_suffix
    stripped = strip(text, pattern, longest=longest)
    if stripped == text and "*" in pattern and name in {"HOME", "PWD", "OLDPWD"} and text.strip("/") in {HOME, HERE}:
        return TAME if operator[0] == "#" else f"{text}/.."  # the folder's own name, and the one above it
    return _or_unknown(stripped, text)


def _cased(text: str, operator: str, pattern: str) -> str:
    end = len(text) if len(operator) == 2 else 1  # noqa: PLR2004 - "^^" and ",,"
    change = {"^": str.upper, ",": str.lower, "~": str.swapcase}[operator[0]]
    if not pattern:
        return change(text[:end]) + text[end:]
    return "".join(change(sign) if matching.matches(pattern, sign) else sign for sign in text[:end]) + text[end:]


def _from_inside(name: str, text: str) -> str:
    """Return a folder's path by its letters, where ``~`` and ``.`` stand for it."""
    if name in {"HOME", "PWD", "OLDPWD", "USERPROFILE"} and not text.startswith("/"):
        return _HOME_FOLDER + text[1:] if text.startswith(HOME) else "/" + UNKNOWN
    return text


def _slice_of(items: Fields, start: int, length: int | None) -> Fields:
    begin = max(len(items) + start, 0) if start < 0 else start
    if length is None:
        return items[begin:]
    return items[begin : (begin + length if length >= 0 else len(items) + length)]


def _part_of(text: str, start: int, length: int | None) -> str:
    """Return a part of a text by its numbers; what cannot be counted is not known."""
    unknown = min((text.find(sign) for sign in MARKS if sign in text), default=-1)
    if unknown >= 0 and (start < 0 or length is None or length < 0 or start + length > unknown):
        return nothing_known(text)
    begin = len(text) + start if start < 0 else start
    if begin < 0:
        return ""
    end = len(text) if length is None else begin + length if length >= 0 else len(text) + length
    return text[begin:end]
