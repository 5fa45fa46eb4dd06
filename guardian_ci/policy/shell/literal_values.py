"""Values that the constants of a program text make, by the functions of many languages' libraries."""

import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from guardian_ci.policy.shell.arguments import name_set
from guardian_ci.policy.shell.encodings import (
    LONGEST,
    bytes_of,
    decompressed,
    from_base32,
    from_base64,
    from_hex,
    joined_within,
    text_of,
)
from guardian_ci.policy.shell.facts import UNKNOWN
from guardian_ci.policy.shell.listings import is_listing

MOST_ITEMS: Final = 512
LAST_CODE: Final = 0x110000


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that is no constant, with the names before it: ``fs.readFileSync``."""

    name: str


Value = str | int | list[object] | Reference | None
_Call = Callable[[Value, list[Value]], Value]


def short_name(name: str) -> str:
    """Return a function's own name, without its package, in lower case."""
    return name.rpartition("::")[2].lstrip("$@%&").rstrip("!?").lower()


def number_of(text: str) -> int | None:
    """Return what a number's token says."""
    try:
        return int(text, 8) if text.isdigit() and text.startswith("0") and len(text) > 1 else int(text, 0)
    except ValueError:
        return None


def as_text(value: object) -> str:
    """Return a value as text; ``UNKNOWN`` for what is not known."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        flat = bool(value) and all(isinstance(each, str | int) for each in value)
        return (joined_within(map(as_text, value)) if flat else None) or UNKNOWN
    return str(value) if isinstance(value, int) else UNKNOWN


def texts_in(value: object) -> list[str]:
    """Return the texts in a value."""
    if isinstance(value, list):
        return [text for each in value[:MOST_ITEMS] for text in texts_in(each)]
    return [value] if isinstance(value, str) else []


def joined(left: Value, right: Value) -> Value:
    """Return what the sign that joins makes of two values."""
    if isinstance(left, list) and isinstance(right, list):
        return [*left, *right]
    if isinstance(left, int) and isinstance(right, int):
        return left + right if abs(left) + abs(right) < 1 << 40 else None
    if left is None and right is None:
        return None
    text = as_text(left) + as_text(right)
    return text if len(text) <= LONGEST else None


def indexed(value: Value, items: list[Value], arguments: tuple[str, ...]) -> Value:
    """Return an item of a value, or of what a name stands for."""
    index = items[0] if items else None
    if isinstance(value, Reference):
        return _item_of_reference(value, items, arguments)
    if isinstance(value, list) and isinstance(index, int) and any(is_listing(as_text(each)) for each in value):
        return UNKNOWN
    if isinstance(value, str | list) and isinstance(index, int) and -len(value) <= index < len(value):
        item = value[index]
        return item if isinstance(item, str | int | list | Reference) else None
    return None


def _item_of_reference(value: Reference, items: list[Value], arguments: tuple[str, ...]) -> Value:
    index = items[0] if items else None
    if value.name == "process.argv" and isinstance(index, int):
        words = ["node", *(arguments[1:] if arguments[:1] and arguments[0].startswith("-") else arguments)]
        return words[index] if index < len(words) else None
    if value.name in {"Dir", "glob"}:
        return [each for each in items if isinstance(each, str)]
    return of_module(f"{value.name}.{index}", arguments) if isinstance(index, str) else None


def of_module(name: str, arguments: tuple[str, ...]) -> Value:
    """Return what a name with dots stands for."""
    if name in {"Dir.home", "os.homedir"}:
        return "~"
    if name in {"process.argv", "Deno.args", "Bun.argv"}:
        return list(arguments[1:]) if name == "Deno.args" else Reference("process.argv")
    if name in {"process.env.HOME", "ENV.HOME", "$ENV.HOME", "$_ENV.HOME", "$_SERVER.HOME"}:
        return "~"
    return Reference(name)


def formatted(form: str, values: Sequence[object]) -> str:
    """Fill the directives of a form."""
    left = list(reversed(values))

    def fill(directive: re.Match[str]) -> str:
        if directive[1] == "%":
            return "%"
        value = left.pop() if left else None
        if directive[1] == "c" and isinstance(value, int):
            return chr(value) if value < LAST_CODE else ""
        return as_text(value)

    return re.sub(r"%[-+ 0#]{0,4}\d{0,3}(?:\.\d{1,3})?([a-zA-Z%])", fill, form)


def _subject(owner: Value, values: list[Value]) -> tuple[str, list[Value]]:
    """Return the text that a function is about: the value before its dot, or its first argument."""
    if isinstance(owner, str | list):
        return as_text(owner), values
    return as_text(values[0]) if values else UNKNOWN, values[1:]


def _decoder(decode: Callable[[str], str | None]) -> _Call:
    def run(owner: Value, values: list[Value]) -> Value:
        text, _ = _subject(owner, values)
        return UNKNOWN if UNKNOWN in text else decode(text)

    return run


def _from(_: Value, values: list[Value]) -> Value:
    """``Buffer.from(text, encoding)``, ``Array.from``, ``Uint8Array.from(numbers)``."""
    coding = as_text(values[1]).lower() if len(values) > 1 else ""
    if coding in {"base64", "base64url"}:
        return from_base64(as_text(values[0]))
    if coding == "hex":
        return from_hex(as_text(values[0]))
    if isinstance(values[0], list) and values[0] and all(isinstance(each, int) for each in values[0]):
        return of_codes(values[0])
    return values[0]


def of_codes(codes: Sequence[object]) -> str:
    """Return the characters of some codes."""
    return "".join(chr(code) for code in codes if isinstance(code, int) and 0 <= code < LAST_CODE)


def _characters(owner: Value, values: list[Value]) -> Value:
    if isinstance(owner, int):
        return chr(owner)
    codes = [each for value in values for each in (value if isinstance(value, list) else [value])]
    return of_codes(codes) if codes and all(isinstance(code, int) for code in codes) else UNKNOWN


def _reversed_value(owner: Value, values: list[Value]) -> Value:
    value: Value = owner if isinstance(owner, str | list) else values[0] if len(values) == 1 else list[object](values)
    return value[::-1] if isinstance(value, str | list) else UNKNOWN


def _join(owner: Value, values: list[Value]) -> Value:
    if isinstance(owner, list):
        return joined_within(map(as_text, owner), as_text(values[0]) if values else "") or UNKNOWN
    flat: list[object] = []
    for value in values[1:]:
        flat += value if isinstance(value, list) else [value]
    if values and isinstance(values[0], list):
        return (as_text(values[1]) if len(values) > 1 else "").join(map(as_text, values[0]))
    return as_text(values[0]).join(map(as_text, flat)) if values else UNKNOWN


def _concat(owner: Value, values: list[Value]) -> Value:
    return as_text(owner) * isinstance(owner, str) + "".join(map(as_text, values))


def _split(owner: Value, values: list[Value]) -> Value:
    if isinstance(owner, str):
        text, separator = owner, as_text(values[0]) if values else " "
    else:
        separator, text = (as_text(values[0]), as_text(values[1])) if len(values) > 1 else ("", as_text(values[0]))
    if UNKNOWN in text:
        return [UNKNOWN]
    parts: list[object] = list(text[:MOST_ITEMS] if separator in {"", UNKNOWN} else text.split(separator)[:MOST_ITEMS])
    return parts


def _spread(owner: Value, values: list[Value]) -> Value:
    text, _ = _subject(owner, values)
    return list(text[:MOST_ITEMS])


def _same(owner: Value, values: list[Value]) -> Value:
    return owner if isinstance(owner, str | list | int) else values[0] if values else owner


def _changed(change: Callable[[str], str]) -> _Call:
    def run(owner: Value, values: list[Value]) -> Value:
        return change(_subject(owner, values)[0])

    return run


def _replaced(owner: Value, values: list[Value]) -> Value:
    text, rest = _subject(owner, values)
    if not isinstance(owner, str) and len(values) > 2:  # noqa: PLR2004 - str_replace(old, new, text)
        text, rest = as_text(values[2]), values[:2]
    old, new = (as_text(each) for each in rest[:2])
    return UNKNOWN if UNKNOWN in old + new + text or not old else text.replace(old, new)


def _format_call(owner: Value, values: list[Value]) -> Value:
    text, rest = _subject(owner, values)
    return formatted(text, rest)


def _slice(owner: Value, values: list[Value]) -> Value:
    value = owner if isinstance(owner, str | list) else values[0]
    numbers = [each for each in (values if isinstance(owner, str | list) else values[1:]) if isinstance(each, int)]
    if not isinstance(value, str | list) or not numbers:
        return UNKNOWN
    return value[numbers[0] : numbers[1] if len(numbers) > 1 else None]


def _substr(owner: Value, values: list[Value]) -> Value:
    text, rest = _subject(owner, values)
    numbers = [each for each in rest if isinstance(each, int)]
    if not numbers or UNKNOWN in text:
        return UNKNOWN
    return text[numbers[0] :][: numbers[1] if len(numbers) > 1 else None]


def _repeat(owner: Value, values: list[Value]) -> Value:
    text, rest = _subject(owner, values)
    times = rest[0] if rest and isinstance(rest[0], int) else 1
    return text * times if len(text) * times <= LONGEST else None


def _pack(owner: Value, values: list[Value]) -> Value:
    """``pack("H*", "2e65")``, ``[46, 101].pack("c*")``, ``["LmU="].pack`` and their like."""
    form = as_text(values[0])
    items = owner if isinstance(owner, list) else values[1:]
    flat = [each for item in items for each in (item if isinstance(item, list) else [item])]
    if form[:1] in "Hh":
        return from_hex(as_text(flat[0]))
    if form[:1] in "CcUWn":
        return of_codes(flat)
    return "".join(map(as_text, flat)) if form[:1] in "AaZ" else None


def _unpack(owner: Value, values: list[Value]) -> Value:
    text, rest = _subject(owner, values)
    form = as_text(rest[0]) if rest else as_text(values[0])
    if not isinstance(owner, str) and len(values) > 1:
        form, text = as_text(values[0]), as_text(values[1])
    if form[:1] in "mu":
        return from_base64(text) if form[0] == "m" else _unpacked_uu(text)
    return bytes_of(text).hex() if form[:1] == "H" else None


def _unpacked_uu(text: str) -> str | None:
    try:
        return text_of(b"".join(binascii.a2b_uu(line) for line in text.splitlines() if line))
    except binascii.Error:
        return None


def _rot13(text: str) -> str:
    return "".join(
        chr((ord(each) - base + 13) % 26 + base)
        if (base := 97 if each.islower() else 65) and each.isascii() and each.isalpha()
        else each
        for each in text
    )


def _home(_: Value, __: list[Value]) -> Value:
    return "~"


def _here(_: Value, __: list[Value]) -> Value:
    return "."


def _listed(_: Value, __: list[Value]) -> Value:
    return ["*", ".*"]


LISTS: Final[Mapping[str, Value]] = {"readdirsync": ["*", ".*"], "entries": ["*", ".*"], "children": ["*", ".*"]}
CALLS: Final[Mapping[str, _Call]] = {
    **dict.fromkeys(
        name_set(
            "atob base64_decode decode64 strict_decode64 urlsafe_decode64 decode_base64 b64decode base64decode"
            " frombase64string base64url_decode"
        ),
        _decoder(from_base64),
    ),
    **dict.fromkeys(("hex2bin", "unhex", "unhexlify", "decode_hex"), _decoder(from_hex)),
    **dict.fromkeys(("decode32", "base32_decode", "decode_base32"), _decoder(from_base32)),
    **dict.fromkeys(
        ("gzinflate", "gzuncompress", "gzdecode", "inflatesync", "gunzipsync", "inflate", "inflaterawsync"),
        _decoder(decompressed),
    ),
    **dict.fromkeys(
        (
            "decodeuricomponent",
            "decodeuri",
            "unescape",
            "urldecode",
            "rawurldecode",
            "uri_unescape",
            "decode_www_form_component",
        ),
        _decoder(unquote),
    ),
    **dict.fromkeys(("str_rot13", "rot13"), _changed(_rot13)),
    "from": _from,
    **dict.fromkeys(("require", "import"), lambda _, values: Reference(as_text(values[0]).removeprefix("node:"))),
    **dict.fromkeys(("url", "uri", "path", "pathname", "file"), _same),
    **dict.fromkeys(name_set("fromcharcode fromcodepoint chr char mb_chr utf8.char inttoutf8 rawtochar"), _characters),
    **dict.fromkeys(("reverse", "strrev", "toreversed", "rev"), _reversed_value),
    **dict.fromkeys(("join", "implode", "strjoin", "table.concat"), _join),
    **dict.fromkeys(("concat", "paste0", "strcat", "str"), _concat),
    **dict.fromkeys(("split", "explode"), _split),
    **dict.fromkeys(("chars", "str_split", "each_char", "letters"), _spread),
    **dict.fromkeys(name_set("tostring to_s valueof freeze dup to_str to_a string"), _same),
    **dict.fromkeys(("replace", "replaceall", "gsub", "sub", "str_replace"), _replaced),
    **dict.fromkeys(("sprintf", "format"), _format_call),
    **dict.fromkeys(("slice", "substring", "array_slice"), _slice),
    **dict.fromkeys(("substr", "mb_substr"), _substr),
    **dict.fromkeys(("trim", "strip", "chomp"), _changed(str.strip)),
    "repeat": _repeat,
    "str_repeat": _repeat,
    "pack": _pack,
    **dict.fromkeys(("unpack", "unpack1"), _unpack),
    **dict.fromkeys(("tolowercase", "downcase", "strtolower", "lc", "lower"), _changed(str.lower)),
    **dict.fromkeys(("touppercase", "upcase", "strtoupper", "uc", "upper"), _changed(str.upper)),
    **dict.fromkeys(("homedir",), _home),
    **dict.fromkeys(("cwd", "pwd", "getcwd"), _here),
    **dict.fromkeys(("readdirsync", "scandir", "entries", "children", "readdir", "each_child"), _listed),
}
