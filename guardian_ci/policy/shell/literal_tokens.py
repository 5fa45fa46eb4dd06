"""Cuts program texts of other languages than the shell's and Python's into tokens: constants, names, signs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from guardian_ci.policy.shell.arguments import name_set
from guardian_ci.policy.shell.effects import Language
from guardian_ci.policy.shell.encodings import unescaped

_MOST_TOKENS: Final = 4_000
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_NAME: Final = re.compile(r"[$@%&]?[A-Za-z_][\w]*[!?]?(?:::[A-Za-z_]\w*)*|\$[0-9_!@&.,;/\\]")
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}|0[oO]?[0-7]{1,20}(?![\d.])|\d{1,18}(?:\.\d{1,18})?")
_SIGN: Final = re.compile(
    r"\.\.\.|=>|->|<=>|===|!==|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|\+\+|<>|\.\.|\+=|\.=|-=|::|.", re.DOTALL
)
_COMMENTS: Final[Mapping[Language, re.Pattern[str]]] = {
    Language.NODE: re.compile(r"//[^\n]*"),
    Language.PHP: re.compile(r"//[^\n]*|#(?!\[)[^\n]*|<\?php|<\?=|\?>"),
    Language.PERL: re.compile(r"#[^\n]*"),
    Language.RUBY: re.compile(r"#(?!\{)[^\n]*"),
    Language.PYTHON: re.compile(r"#[^\n]*"),
    Language.OTHER: re.compile(
        r"--(?!\[)[^\n\"']{0,200}(?=\n|$)|(?:(?<=\s)|^)#[^\n\"'({]{0,200}(?=\n|$)|//[^\n\"']{0,200}(?=\n|$)"
    ),
}
_QUOTES: Final = "\"'`"
CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
_QUOTE_WORDS: Final = name_set("q qq qw qx qr m s y tr")
_VALUE_KINDS: Final = frozenset({"string", "number", "name", "words", "list"})
_PERCENT: Final = re.compile(r"%([wWqQxi]?)([^\w\s])")
_ANGLED: Final = re.compile(r"<([^<>=\s]{1,200})>")
_LONG_BRACKET: Final = re.compile(r"\[(=*)\[")
_LONGEST_CONSTANT: Final = 1_024


@dataclass(frozen=True, slots=True)
class Token:
    """One token: ``words`` are those of a list of words."""

    kind: str
    text: str
    words: tuple[str, ...] = ()


END: Final = Token("end", "")


def tokens_of(source: str, language: Language) -> list[Token]:
    """Return the tokens of a text, up to a bound; a line's end is one."""
    tokens: list[Token] = []
    position = 0
    comment = _COMMENTS.get(language, _COMMENTS[Language.OTHER])
    while position < len(source) and len(tokens) < _MOST_TOKENS:
        if source.startswith("/*", position) and language in {Language.NODE, Language.PHP}:
            end = source.find("*/", position + 2)
            position = len(source) if end < 0 else end + 2
            continue
        if (skipped := _SPACE.match(source, position) or comment.match(source, position)) is not None:
            if "\n" in skipped[0] and tokens and tokens[-1].kind != "line":
                tokens.append(Token("line", "\n"))
            position = max(skipped.end(), position + 1)
            continue
        token, position = _token(source, position, language, tokens[-1] if tokens else END)
        tokens.append(token)
    return tokens


def _token(source: str, position: int, language: Language, before: Token) -> tuple[Token, int]:
    if source[position] in _QUOTES:
        return _quoted(source, position, language)
    special = _special(source, position, language, before)
    if special is not None:
        return special
    if (name := _NAME.match(source, position)) is not None:
        quoted = None
        if language is Language.PERL and name[0] in _QUOTE_WORDS and before.text not in {"->", "sub", "{"}:
            quoted = _quote_word(source, name.end(), name[0])
        return quoted or (Token("name", name[0]), name.end())
    if (number := _NUMBER.match(source, position)) is not None:
        return Token("number", number[0]), number.end()
    sign = _SIGN.match(source, position)
    text = sign[0] if sign is not None else source[position]
    return Token("sign", text), position + len(text)


def _special(source: str, position: int, language: Language, before: Token) -> tuple[Token, int] | None:
    """Read what only some languages have: patterns, ``%w(…)``, ``<…>``, ``[[…]]``."""
    character = source[position]
    if character == "[" and language is Language.OTHER:
        return _long_bracket(source, position)
    if _divides(source, position, before):
        return None
    if character == "/" and language in {Language.NODE, Language.PERL, Language.RUBY}:
        text, end = _delimited(source, position + 1, "/")
        return Token("pattern", text), _behind_flags(source, end)
    if character == "%" and language is Language.RUBY and (percent := _PERCENT.match(source, position)) is not None:
        text, end = _delimited(source, percent.end(), CLOSING.get(percent[2], percent[2]), percent[2])
        kind = {"x": "shell", "w": "words", "W": "words", "i": "words"}.get(percent[1], "string")
        return Token(kind, text, tuple(text.split())), end
    if character == "<" and language is Language.PERL and (angled := _ANGLED.match(source, position)) is not None:
        return Token("glob", angled[1]), angled.end()
    return None


def _divides(source: str, position: int, before: Token) -> bool:
    """Whether a sign stands between two values; behind a name and a blank it begins an argument without brackets."""
    if before.kind == "name" and source[position - 1].isspace() and not source[position + 1 : position + 2].isspace():
        return False
    return before.kind in _VALUE_KINDS or before.text in {")", "]", "}"}


def _long_bracket(source: str, position: int) -> tuple[Token, int] | None:
    bracket = _LONG_BRACKET.match(source, position)
    if bracket is None:
        return None
    closing = f"]{bracket[1]}]"
    end = source.find(closing, bracket.end(), bracket.end() + _LONGEST_CONSTANT)
    return None if end < 0 else (Token("string", source[bracket.end() : end]), end + len(closing))


def _quote_word(source: str, position: int, name: str) -> tuple[Token, int] | None:
    """Read ``q(…)``, ``qw{…}``, ``s/a/b/`` of Perl."""
    begin = position + len(source[position : position + 20]) - len(source[position : position + 20].lstrip())
    delimiter = source[begin : begin + 1]
    if not delimiter or delimiter.isalnum() or delimiter in "_,;)=" or (delimiter == "#" and begin > position):
        return None
    text, end = _delimited(source, begin + 1, CLOSING.get(delimiter, delimiter), delimiter)
    if name in {"s", "y", "tr"}:
        if delimiter in CLOSING:
            second = source.find(delimiter, end)
            end = end if second < 0 else second + 1
        replaced, end = _delimited(source, end, CLOSING.get(delimiter, delimiter), delimiter)
        flags_end = _behind_flags(source, end)
        runs = name == "s" and "e" in source[end:flags_end]
        return Token("code" if runs else "pattern", replaced if runs else text), flags_end
    if name in {"m", "qr"}:
        return Token("pattern", text), _behind_flags(source, end)
    if name == "qx":
        return Token("shell", text), end
    if name == "qw":
        return Token("words", text, tuple(text.split())), end
    return Token("string", unescaped(text) if name == "qq" else text), end


def _behind_flags(source: str, position: int) -> int:
    while position < len(source) and source[position].isalpha():
        position += 1
    return position


def _delimited(source: str, position: int, closing: str, opening: str = "") -> tuple[str, int]:
    """Return the text up to a delimiter that no backslash hides, and the place behind it."""
    begin, depth = position, 0
    while position < len(source):
        character = source[position]
        if character == "\\":
            position += 1
        elif character == closing and depth == 0:
            return source[begin:position], position + 1
        elif opening != closing and character == opening:
            depth += 1
        elif character == closing:
            depth -= 1
        position += 1
    return source[begin:], len(source)


def _quoted(source: str, position: int, language: Language) -> tuple[Token, int]:
    quote = source[position]
    if source.startswith(quote * 3, position) and language in {Language.PYTHON, Language.OTHER}:
        end = source.find(quote * 3, position + 3)
        end = len(source) if end < 0 else end
        return Token("string", source[position + 3 : end]), end + 3
    text, end = _delimited(source, position + 1, quote)
    if quote == "`" and language in {Language.PERL, Language.RUBY, Language.PHP}:
        return Token("shell", text), end
    if quote == "'" and language in {Language.PERL, Language.RUBY, Language.PHP}:
        return Token("string", text.replace("\\'", "'").replace("\\\\", "\\")), end
    plain = quote == "'" or (
        quote == '"' and language not in {Language.PERL, Language.RUBY, Language.PHP, Language.OTHER}
    )
    return Token("string" if plain else "interpolated", unescaped(text)), end
