"""What filters and printers print where their input is known: ``echo``, ``printf``, ``base64``, ``cut``, ``tr``.

All is pure and bounded, and gives None for what it does not know. A line with ``*`` is a listing's (see ``listings``):
what picks lines keeps it, and a ``grep`` narrows it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from guardian_ci.policy.shell.arguments import Arguments, Usage, name_set, read_arguments, usage
from guardian_ci.policy.shell.encodings import (
    LONGEST,
    bytes_of,
    decompressed,
    from_base32,
    from_base64,
    from_hex,
    is_constant,
    to_base32,
    to_base64,
    to_hex,
    unescaped,
)
from guardian_ci.policy.shell.facts import TAME, UNKNOWN
from guardian_ci.policy.shell.jq import queried
from guardian_ci.policy.shell.listings import is_listing, lines_of, narrowed
from guardian_ci.policy.shell.patterns import Pattern, TooMuch, compile_pattern
from guardian_ci.policy.shell.sed import edited

_REPEATED: Final = 64
_MOST_LINES: Final = 4_096
_LARGEST_NUMBER: Final = 1 << 31
_RANGE: Final = re.compile(r"(\d{0,6})(-?)(\d{0,6})")
_DIRECTIVE: Final = re.compile(r"%([-+ 0#']{0,5})(\*|\d{1,3})?(?:\.(\*|\d{1,3}))?(?:l{0,2}|h{0,2})([a-zA-Z%])")
_DATE_DIRECTIVE: Final = re.compile(r"%[-_0^#:]{0,3}\d{0,2}[EO]?([a-zA-Z%+])")
_CODEC: Final = re.compile(r"utf-?(?:7|16|32)(?:-?[lb]e)?|utf_(?:7|16|32)|cp(?:037|500|1140)|ebcdic-cp-us|ibm-?037")
"""Codings in which text does not look like itself."""
_ECHO_OPTION: Final = re.compile(r"-[neE]{1,3}")
_TR_ITEM: Final = re.compile(r"\[:(\w{1,8}):\]|\\([0-7]{1,3})|\\(.)|(.)", re.DOTALL)
_TR_CLASSES: Final = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "A-Za-z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": " \t\n\r\f\v",
    "blank": " \t",
    "punct": "!-/:-@[-`{-~",
    "print": " -~",
    "graph": "!-~",
    "cntrl": "\0-\x1f\x7f",
    "xdigit": "0-9A-Fa-f",
}
_ROT13: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm"
)

Filter = Callable[[Sequence[str], str | None], str | None]


def printed(program: str, arguments: Sequence[str], stdin: str | None) -> str | None:
    """Return what a program prints, given the text on its standard input; None where nobody can know.

    Files among the arguments are not read: the caller asks only where there are none.
    """
    known = _FILTERS.get(program)
    if known is None or (stdin is not None and len(stdin) > LONGEST) or sum(map(len, arguments)) > LONGEST:
        return None
    try:
        text = known(arguments, stdin)
    except (ValueError, LookupError, OverflowError, TooMuch):
        return None
    return text if text is not None and len(text) <= LONGEST else None


def prints(program: str) -> bool:
    """Whether it is known what a program prints on known input."""
    return program in _FILTERS


def _joined(lines: Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)


# Printers


def _echo(arguments: Sequence[str], _: str | None) -> str:
    newline, escapes, first = "\n", False, 0
    for word in arguments:
        if not _ECHO_OPTION.fullmatch(word):
            break
        newline = "" if "n" in word else newline
        escapes = escapes or "e" in word
        first += 1
    text = " ".join(arguments[first:])
    if escapes or "\\0" in text:  # some shells undo escapes unasked, and octal ones mean nothing else
        text, stop, _ = text.partition("\\c")
        return unescaped(text, after_zero=True) + ("" if stop else newline)
    return text + newline


def _printf(arguments: Sequence[str], _: str | None) -> str:
    words = list(arguments)
    if words[:1] == ["--"]:
        del words[0]
    if not words or words[0].startswith("-v"):
        return ""  # with -v it fills a variable, which is the shell's matter
    form, values = unescaped(words[0]), words[1:]
    texts: list[str] = []
    size = 0
    while True:
        text, left = _formatted(form, values)
        texts.append(text)
        size += len(text)
        if not left or len(left) == len(values) or size > LONGEST:
            return "".join(texts)
        values = left


def _formatted(form: str, values: Sequence[str]) -> tuple[str, list[str]]:
    """Fill a format's directives with values; return also the values that are left."""
    left = list(reversed(values))

    def fill(directive: re.Match[str]) -> str:
        flags, width, precision, letter = directive.groups()
        if letter == "%":
            return "%"
        columns = int((left.pop() if left else "0") if width == "*" else width or "0")
        digits = int((left.pop() if left else "0") if precision == "*" else precision) if precision else None
        text = _converted(letter, left.pop() if left else None, digits)
        if abs(columns) > LONGEST:
            raise ValueError(columns)
        if "-" in flags or columns < 0:
            return text.ljust(abs(columns))
        return text.rjust(columns, "0" if "0" in flags and letter in "dixXou" else " ")

    text = _DIRECTIVE.sub(fill, form)
    return text, left[::-1]


def _converted(letter: str, value: str | None, precision: int | None) -> str:
    if value is None:
        return "0" if letter in "dixXoufge" else ""
    match letter:
        case "s" | "q":
            return value[:precision]
        case "c":
            return value[:1]
        case "b":
            return unescaped(value, after_zero=True)
    if not is_constant(value):
        return UNKNOWN if UNKNOWN in value else TAME
    number = ord(value[1]) if value[:1] in {"'", '"'} and len(value) > 1 else _integer(value)
    return {"x": f"{number:x}", "X": f"{number:X}", "o": f"{number:o}"}.get(letter, str(number))


def _integer(text: str) -> int:
    """Read a number as C does: ``0x`` for hexadecimal, ``0`` for octal."""
    digits = text.strip().lstrip("+-")
    if len(digits) > 20:  # noqa: PLR2004 - beyond 64 bits
        raise ValueError(text)
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    number = int(digits, 8) if octal else int(digits or "0", 0)
    return -number if text.strip().startswith("-") else number


def _seq(arguments: Sequence[str], _: str | None) -> str:
    given = read_arguments([f"+{word[1:]}" if word[1:].isdigit() else word for word in arguments], _SEQ)
    numbers = [_integer(word.replace("+", "-", 1) if word.startswith("+") else word) for word in given.operands]
    if not all(map(is_constant, given.operands)) or any(abs(number) > _LARGEST_NUMBER for number in numbers):
        return f"{TAME}\n"
    first, step, last = {1: (1, 1, *numbers), 2: (*numbers[:1], 1, *numbers[1:]), 3: tuple(numbers)}[len(numbers)]
    lines = islice(range(first, last + (1 if step > 0 else -1), step), _MOST_LINES)
    form = given.value("-f", "--format")
    texts = [str(number) if form is None else _formatted(form, [str(number)])[0] for number in lines]
    return (given.value("-s", "--separator") or "\n").join(texts) + "\n"


def _yes(arguments: Sequence[str], _: str | None) -> str:
    return ((" ".join(arguments) or "y") + "\n") * _REPEATED


def _basename(arguments: Sequence[str], _: str | None) -> str:
    given = read_arguments(arguments, _BASENAME)
    suffix = given.value("-s", "--suffix") or ""
    names = given.operands
    if not suffix and not given.has("-a", "--multiple") and len(names) > 1:
        names, suffix = names[:1], names[1]
    return _joined([name.rstrip("/").rpartition("/")[2].removesuffix(suffix) for name in names])


def _dirname(arguments: Sequence[str], _: str | None) -> str:
    return _joined([name.rstrip("/").rpartition("/")[0] or "." for name in arguments if name[:1] != "-"])


def _realpath(arguments: Sequence[str], _: str | None) -> str | None:
    names = read_arguments(arguments, _REALPATH).operands
    return _joined(names) if names else None


def _expr(arguments: Sequence[str], _: str | None) -> str:
    match list(arguments):
        case ["substr", text, start, length] if is_constant(text):
            begin = _integer(start) - 1
            return text[max(begin, 0) : max(begin + _integer(length), 0)] + "\n"
        case [text, ":", source] if is_constant(text):
            return _matched(text, source)
        case [left, ("+" | "-" | "*" | "/" | "%") as sign, right] if is_constant(left + right):
            return f"{_calculated(_integer(left), sign, _integer(right))}\n"
        case _:
            return f"{TAME}\n"


def _matched(text: str, source: str) -> str:
    """``expr TEXT : PATTERN``: the group, or how long the match is."""
    pattern = compile_pattern(f"^{source.removeprefix('^')}", extended=False)
    match = pattern.search(text) if pattern is not None else None
    if match is None:
        return f"{UNKNOWN}\n" if pattern is None else "\n"
    return f"{match.group(text, 1) if len(match.spans) > 1 else match.end}\n"


def _calculated(left: int, sign: str, right: int) -> int:
    if max(abs(left), abs(right)) > _LARGEST_NUMBER:
        raise ValueError(sign)
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left // (right or 1)
        case _:
            return left % (right or 1)


# What changes characters


def _cat(_: Sequence[str], stdin: str | None) -> str | None:
    return stdin


def _rev(_: Sequence[str], stdin: str | None) -> str | None:
    return None if stdin is None else _each_line(stdin, lambda line: line[::-1])


def _each_line(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(map(change, lines_of(text))) + ("\n" if text.endswith("\n") else "")


def _tr(arguments: Sequence[str], stdin: str | None) -> str | None:
    if stdin is None:
        return None
    given = read_arguments(arguments, _TR)
    sets = [_characters(operand) for operand in given.operands]
    complement = given.has("-c", "-C", "--complement")
    first = sets[0]

    def meant(character: str) -> bool:
        return (character in first) is not complement and character not in {UNKNOWN, TAME}

    if given.has("-d", "--delete"):
        return "".join(character for character in stdin if not meant(character))
    text = stdin
    if len(sets) > 1 and sets[1]:
        into = sets[1]
        if complement:
            text = "".join(into[-1] if meant(character) else character for character in text)
        else:
            filled = into[: len(first)] + into[-1] * (len(first) - len(into))
            text = text.translate({ord(old): new for old, new in zip(first, filled, strict=True)})
    if given.has("-s", "--squeeze-repeats"):
        squeezed = sets[-1]
        text = "".join(
            character
            for before, character in zip("\0" + text, text, strict=False)
            if character != before or character not in squeezed
        )
    return text


def _characters(source: str) -> str:
    """Spell out the characters of a set of ``tr``."""
    items: list[str] = []
    for name, octal, escaped, plain in _TR_ITEM.findall(source):
        if name:
            items += _spelled(_TR_CLASSES.get(name, ""))
        else:
            items.append(chr(int(octal, 8)) if octal else unescaped("\\" + escaped) if escaped else plain)
    return "".join(_spelled("".join(items)))[: 1 << 12]


def _spelled(source: str) -> str:
    characters: list[str] = []
    position = 0
    while position < len(source):
        low = source[position]
        if source[position + 1 : position + 2] == "-" and position + 2 < len(source):
            high = source[position + 2]
            characters += [chr(code) for code in range(ord(low), min(ord(high), ord(low) + 255) + 1)]
            position += 3
        else:
            characters.append(low)
            position += 1
    return "".join(characters)


def _decoder(decode: Callable[[str], str | None], encode: Callable[[str], str | None], *options: str) -> Filter:
    def run(arguments: Sequence[str], stdin: str | None) -> str | None:
        if stdin is None:
            return None
        if any(word in options or (word[:2] != "--" and word[:1] == "-" and "d" in word) for word in arguments):
            return decode(stdin)
        encoded = encode(stdin)
        return None if encoded is None else encoded + "\n"

    return run


def _xxd(arguments: Sequence[str], stdin: str | None) -> str | None:
    letters = "".join(word[1:] for word in arguments if word[:1] == "-")
    if stdin is None:
        return None
    if "r" not in letters:
        return (to_hex(stdin) or "") + "\n" if "p" in letters and is_constant(stdin) else None
    if "p" in letters:
        return from_hex(stdin)
    dumped = [re.split(r"  ", line.partition(": ")[2], maxsplit=1)[0] for line in lines_of(stdin)]
    return from_hex(" ".join(dumped))


def _basenc(arguments: Sequence[str], stdin: str | None) -> str | None:
    base = next((name for option, name in _BASES.items() if option in arguments), None)
    return None if base is None else _FILTERS[base](arguments, stdin)


def _openssl(arguments: Sequence[str], stdin: str | None) -> str | None:
    command = arguments[0] if arguments else ""
    if command in {"base64", "enc"} and (command == "base64" or {"-base64", "-a"} & set(arguments)):
        return _FILTERS["base64"](["-d"] if "-d" in arguments else [], stdin)
    return f"{TAME}\n" if command in {"rand", "dgst", "sha256", "md5", "version"} else None


def _decompress(_: Sequence[str], stdin: str | None) -> str | None:
    return None if stdin is None else decompressed(stdin)


def _compress(arguments: Sequence[str], stdin: str | None) -> str | None:
    decompresses = any(word == "--decompress" or (word[:2] != "--" and "d" in word) for word in arguments)
    return _decompress((), stdin) if decompresses else None


def _rot13(_: Sequence[str], stdin: str | None) -> str | None:
    return None if stdin is None else stdin.translate(_ROT13)


def _dd(arguments: Sequence[str], stdin: str | None) -> str | None:
    if stdin is None or is_listing(stdin):
        return stdin
    given = dict(word.split("=", 1) for word in arguments if "=" in word)
    block = int(given.get("bs", given.get("ibs", "512")))
    begin = int(given.get("skip", "0")) * block
    return stdin[begin : begin + int(given["count"]) * block] if "count" in given else stdin[begin:]


# What picks and orders lines


def _picks(pick: Callable[[Arguments, list[str]], Sequence[str] | None], how: Usage) -> Filter:
    """Return a filter of lines; a listing passes whole, since nobody knows where in it a name stands."""

    def run(arguments: Sequence[str], stdin: str | None) -> str | None:
        if stdin is None or is_listing(stdin):
            return stdin
        picked = pick(read_arguments(arguments, how), lines_of(stdin))
        return None if picked is None else _joined(picked)

    return run


def _old_style(arguments: Sequence[str]) -> list[str]:
    """Write ``-3`` as ``-n3``."""
    return [f"-n{word[1:]}" if word[:1] == "-" and word[1:].isdigit() else word for word in arguments]


def _head(arguments: Sequence[str], stdin: str | None) -> str | None:
    if stdin is None or is_listing(stdin):
        return stdin
    given = read_arguments(_old_style(arguments), _HEAD)
    if (size := given.value("-c", "--bytes")) is not None:
        return stdin[: _integer(size)]
    return _joined(lines_of(stdin)[: _integer(given.value("-n", "--lines") or "10")])


def _tail(arguments: Sequence[str], stdin: str | None) -> str | None:
    if stdin is None or is_listing(stdin):
        return stdin
    given = read_arguments(_old_style(arguments), _HEAD)
    if (size := given.value("-c", "--bytes")) is not None:
        return (
            stdin[_integer(size) - 1 :] if size.startswith("+") else stdin[max(len(stdin) - abs(_integer(size)), 0) :]
        )
    count = given.value("-n", "--lines") or "10"
    lines = lines_of(stdin)
    begin = _integer(count) - 1 if count.startswith("+") else len(lines) - abs(_integer(count))
    return _joined(lines[max(begin, 0) :])


def _sort(given: Arguments, lines: list[str]) -> list[str]:
    ordered = sorted(set(lines) if given.has("-u", "--unique") else lines)
    return ordered[::-1] if given.has("-r", "--reverse") else ordered


def _uniq(_: Arguments, lines: list[str]) -> list[str]:
    return [line for before, line in zip([None, *lines], lines, strict=False) if line != before]


def _reversed(_: Arguments, lines: list[str]) -> list[str]:
    return lines[::-1]


def _numbered(_: Arguments, lines: list[str]) -> list[str]:
    return [f"{number:6}\t{line}" for number, line in enumerate(lines, 1)]


def _folded(given: Arguments, lines: list[str]) -> list[str]:
    width = max(_integer(given.value("-w", "--width") or "80"), 1)
    return [line[begin : begin + width] for line in lines for begin in range(0, max(len(line), 1), width)]


def _pasted(given: Arguments, lines: list[str]) -> list[str] | None:
    delimiters = given.value("-d", "--delimiters")
    separator = "\t" if delimiters is None else unescaped(delimiters).replace("\0", "")
    if len(separator) > 1:
        return None
    return [separator.join(lines)] if given.has("-s", "--serial") else lines


def _cut(arguments: Sequence[str], stdin: str | None) -> str | None:
    if stdin is None:
        return None
    given = read_arguments(arguments, _CUT)
    places = given.value("-c", "--characters", "-b", "--bytes")
    fields = given.value("-f", "--fields")
    ranges = [_RANGE.fullmatch(part) for part in (places or fields or "").split(",")]
    if not all(ranges):
        return None
    complement = given.has("--complement")
    chosen = [(int(low or 1), int(high) if high else 1 << 20 if dash else int(low)) for found in ranges if found
              for low, dash, high in [found.groups()]]  # fmt: skip

    def takes(number: int) -> bool:
        return any(low <= number <= high for low, high in chosen) is not complement

    delimiter = given.value("-d", "--delimiter") or "\t"
    given_glue = given.value("--output-delimiter")
    glue = given_glue if given_glue is not None else delimiter if fields else ""

    def change(line: str) -> str:
        if is_listing(line):
            return line
        if places is not None and not is_constant(line):
            return UNKNOWN  # how long the unknown part is, nobody knows
        parts = list(line) if places is not None else line.split(delimiter)
        if len(parts) == 1 and places is None:
            return line
        return glue.join(part for number, part in enumerate(parts, 1) if takes(number))

    return _each_line(stdin, change)


def _grep(arguments: Sequence[str], stdin: str | None) -> str | None:
    given = read_arguments(arguments, GREP)
    patterns = given.values("-e", "--regexp") or list(given.operands[:1])
    if stdin is None or given.has("-c", "--count"):
        return None if stdin is None else f"{TAME}\n"
    if given.has("-f", "--file", "-q", "--quiet", "-L", "-l") or len(patterns) != 1 or not is_constant(patterns[0]):
        return None
    search = _Search.of(patterns[0], given)
    if search is None:
        return None
    lines: list[str] = []
    for line in lines_of(stdin):
        passed = search.passed(line)
        if passed is None:
            return None
        lines += passed
    return _joined(lines)


@dataclass(frozen=True, slots=True)
class _Search:
    """One search for one pattern."""

    source: str
    pattern: Pattern
    extended: bool
    fixed: bool
    whole: bool
    inverted: bool
    only: bool

    @classmethod
    def of(cls, source: str, given: Arguments) -> "_Search | None":
        """Make a search of a pattern and the options; None for a pattern that nobody here can read."""
        extended = given.has("-E", "-P", "--extended-regexp", "--perl-regexp")
        fixed = given.has("-F", "--fixed-strings")
        pattern = compile_pattern(source, extended=extended, ignore_case=given.has("-i", "--ignore-case"), fixed=fixed)
        if pattern is None:
            return None
        return cls(
            source=source,
            pattern=pattern,
            extended=extended,
            fixed=fixed,
            whole=given.has("-x", "--line-regexp"),
            inverted=given.has("-v", "--invert-match"),
            only=given.has("-o", "--only-matching"),
        )

    def passed(self, line: str) -> list[str] | None:
        """Return what of a line passes; None where that cannot be known."""
        if is_listing(line):
            if self.inverted:
                return [line]
            return narrowed(line, self.source, extended=self.extended, fixed=self.fixed, whole=self.whole)
        if not is_constant(line):
            return None
        if self.only:
            return [match.group(line, 0) for match in self.pattern.find_all(line) if match.end > match.start]
        match = self.pattern.search(line)
        hit = match is not None and (not self.whole or (match.start == 0 and match.end == len(line)))
        return [line] if hit is not self.inverted else []


# What prints something that names no file


def _tame(_: Sequence[str], __: str | None) -> str:
    return f"{TAME}\n"


def _date(arguments: Sequence[str], _: str | None) -> str:
    """Fill a form: what it holds besides directives is printed as it is."""
    form = next((word[1:] for word in arguments if word[:1] == "+"), None)
    if form is None:
        return f"{TAME}\n"
    return _DATE_DIRECTIVE.sub(lambda found: {"%": "%", "n": "\n", "t": "\t"}.get(found[1], TAME), form) + "\n"


def _iconv(arguments: Sequence[str], stdin: str | None) -> str | None:
    given = read_arguments(arguments, _ICONV)
    source = (given.value("-f", "--from-code") or "utf-8").partition("/")[0].lower()
    if stdin is None or not _CODEC.fullmatch(source):
        return stdin
    return None if not is_constant(stdin) else bytes_of(stdin).decode(source, "replace")


def _envsubst(_: Sequence[str], stdin: str | None) -> str | None:
    return None if stdin is None or "$" in stdin else stdin


def _sed(arguments: Sequence[str], stdin: str | None) -> str | None:
    given = read_arguments(arguments, SED)
    scripts = given.values("-e", "--expression") or list(given.operands[:1])
    if stdin is None or given.has("-f", "--file") or not all(map(is_constant, scripts)):
        return None
    extended = given.has("-E", "-r", "--regexp-extended")
    return edited("\n".join(scripts), stdin, extended=extended, quiet=given.has("-n", "--quiet", "--silent"))


def _jq(arguments: Sequence[str], stdin: str | None) -> str | None:
    given = read_arguments(arguments, JQ)
    if not given.operands or not is_constant(given.operands[0]):
        return None
    raw = given.has("-r", "-j", "--raw-output", "--join-output")
    text = None if given.has("-n", "--null-input") else stdin
    if text is None and not given.has("-n", "--null-input"):
        return None
    return queried(given.operands[0], text, raw=raw, read_raw=given.has("-R", "--raw-input"))


GREP: Final = usage(
    "text read*",
    text="-e --regexp -m --max-count -A -B -C --after-context --before-context --context -d -D --directories --devices"
    " --label --binary-files --exclude --exclude-dir --include --group-separator --color --colour",
    read="-f --file --exclude-from",
)
"""The options of ``grep``."""

SED: Final = usage("text edit*", text="-e --expression -l --line-length", read="-f --file")
"""The options of ``sed``."""

JQ: Final = usage("text read*", text="--indent -L", read="-f --from-file")
"""The options of ``jq`` but those with two values."""

_SEQ: Final = usage("text*", text="-s --separator -f --format")
_BASENAME: Final = usage("text*", text="-s --suffix")
_REALPATH: Final = usage("read*", text="--relative-to --relative-base")
_TR: Final = usage("text*")
_HEAD: Final = usage("read*", text="-n --lines -c --bytes -s --sleep-interval --pid --max-unchanged-stats")
_CUT: Final = usage("read*", text="-b --bytes -c --characters -d --delimiter -f --fields --output-delimiter")
_SORT: Final = usage("read*", text="-k --key -t --field-separator -S -T --parallel --batch-size", write="-o --output")
_PASTE: Final = usage("read*", text="-d --delimiters")
_FOLD: Final = usage("read*", text="-w --width")
_PLAIN: Final = usage("read*")
_ICONV: Final = usage("read*", text="-f --from-code -t --to-code", write="-o --output")
_BASES: Final = {"--base64": "base64", "--base64url": "base64", "--base32": "base32", "--base16": "base16"}
_BASE64: Final = _decoder(from_base64, to_base64, "--decode", "-D", "--d", "--dec", "-u")

_FILTERS: Final[Mapping[str, Filter]] = {
    "echo": _echo,
    "printf": _printf,
    "seq": _seq,
    "yes": _yes,
    "basename": _basename,
    "dirname": _dirname,
    "realpath": _realpath,
    "readlink": _realpath,
    "expr": _expr,
    **dict.fromkeys(name_set("cat tee pv less more bat batcat dos2unix sponge column"), _cat),
    "rev": _rev,
    "tr": _tr,
    "base64": _BASE64,
    "gbase64": _BASE64,
    "mimencode": _BASE64,
    "base32": _decoder(from_base32, to_base32, "--decode"),
    "base16": _decoder(from_hex, to_hex, "--decode"),
    "basenc": _basenc,
    "xxd": _xxd,
    "openssl": _openssl,
    **dict.fromkeys(name_set("zcat gunzip bzcat bunzip2 xzcat unxz gzcat lzcat zlib-flate"), _decompress),
    **dict.fromkeys(("gzip", "bzip2", "xz", "pigz", "lzma"), _compress),
    "rot13": _rot13,
    "date": _date,
    "envsubst": _envsubst,
    "iconv": _iconv,
    "dd": _dd,
    "head": _head,
    "tail": _tail,
    "sort": _picks(_sort, _SORT),
    "uniq": _picks(_uniq, _PLAIN),
    "shuf": _picks(lambda _, lines: lines, _PLAIN),
    "tac": _picks(_reversed, _PLAIN),
    "nl": _picks(_numbered, _PLAIN),
    "fold": _picks(_folded, _FOLD),
    "paste": _picks(_pasted, _PASTE),
    "cut": _cut,
    "sed": _sed,
    "jq": _jq,
    "grep": _grep,
    "egrep": lambda arguments, stdin: _grep(("-E", *arguments), stdin),
    "fgrep": lambda arguments, stdin: _grep(("-F", *arguments), stdin),
    **dict.fromkeys(
        name_set(
            "wc md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum shasum md5 nproc uname"
            " whoami id hostname arch tty uptime getconf bc numfmt factor uuidgen locale tput sw_vers logname hostid"
            " cal groups"
        ),
        _tame,
    ),
}
