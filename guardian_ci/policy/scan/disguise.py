"""Takes the disguise off a text: look-alikes of Latin letters, accents, capitals of other scripts, what is invisible.

Each character becomes one character or none, so that a place in the result has its place in the text.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_ASCII: Final = bytes(range(128))
_GREEK: Final = range(0x370, 0x400)
_FEW: Final = 12

_INVISIBLE: Final = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c"
    "\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\u3164\ufeff"
    "\uffa0"
)


def _all_of(*ranges: tuple[int, int]) -> frozenset[str]:
    return frozenset(chr(code) for start, end in ranges for code in range(start, end))


UNSEEN: Final = _INVISIBLE | _all_of((0xFE00, 0xFE10), (0xE0000, 0xE0080), (0xE0100, 0xE01F0))
"""Characters that are not seen: without width, turning the direction, choosing a variant, tags."""

_NOTHING: Final = UNSEEN | _all_of((0x300, 0x370), (0x1AB0, 0x1B00), (0x20D0, 0x2100))
"""What is left out: those, and marks that are set on a letter."""

_PAIRS: Final = (
    "аa еe оo рp сc хx уy іi јj ѕs һh ԁd ԛq ԝw ӏl кk мm тt вb нh ԍg"  # Cyrillic
    " օo ոn սu հh յj գq ցg"  # Armenian
    " αa οo ρp νv ιi κk τt υu χx εe ηn ωw βb μm γy"  # Greek
    " ɑa ɡg ıi ɩi ʟl ɴn ʀr ʏy ɪi ʙb ɢg ʜh ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜰf ꜱs"  # phonetic, small capitals
)
_LOOKALIKES: Final[Mapping[str, str]] = {pair[0]: pair[-1] for pair in _PAIRS.split()}
"""Letters that are taken for a Latin one though no normal form makes it of them: the usual ones."""


def _plain(character: str) -> str | None:
    """Return the ASCII letter or digit that a compatibility form or an accented letter stands for."""
    base = unicodedata.normalize("NFKD", character)
    letters = [each for each in base if each.isascii() and each.isalnum()]
    others = [each for each in base if not each.isascii() and not unicodedata.combining(each)]
    return letters[0] if len(letters) == 1 and not others else None


def _compatible() -> Iterator[tuple[str, str]]:
    """Yield the letters in other clothes: full width, mathematical, circled, squared, raised."""
    ranges = ((0x1D2C, 0x1D6B), (0x2070, 0x20A0), (0x2100, 0x2150), (0x249C, 0x24EA), (0xFF10, 0xFF5B))
    wide = ((0x1D400, 0x1D800), (0x1F110, 0x1F12A), (0x1F130, 0x1F14A))
    for start, end in (*ranges, *wide):
        for code in range(start, end):
            if (plain := _plain(chr(code))) is not None:
                yield chr(code), plain
    for index in range(26):  # negative circles and squares have no compatibility form
        yield chr(0x1F150 + index), chr(0x61 + index)
        yield chr(0x1F170 + index), chr(0x61 + index)


def _ordinary() -> Iterator[tuple[str, str]]:
    """Yield accented Latin letters without their accents, and the small letters of other scripts' capitals."""
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        if (plain := _plain(chr(code))) is not None:
            yield chr(code), plain
    yield from zip("øØłŁđĐħßı", "oOlLdDhsi", strict=True)
    for code in (*range(0x386, 0x3CF), *range(0x400, 0x430), 0x490, *range(0x531, 0x557)):
        small = chr(code).lower()
        small = unicodedata.normalize("NFD", small)[0] if code in _GREEK else small
        if len(small) == 1 and small != chr(code):
            yield chr(code), small
    yield from zip("ёЁ", "ее", strict=True)


_ORDINARY: Final[Mapping[str, str]] = dict(_ordinary())
_MASKS: Final[Mapping[str, str]] = {**dict(_compatible()), **_LOOKALIKES}


def _by_prefix(characters: Iterable[str]) -> Mapping[bytes, Mapping[bytes, str]]:
    """Group characters by the first byte of their UTF-8, and again by all but the last one."""
    groups: dict[bytes, dict[bytes, str]] = {}
    for character in characters:
        data = character.encode()
        group = groups.setdefault(data[:1], {})
        group[data[:-1]] = group.get(data[:-1], "") + character
    return groups


_TELLING: Final = _by_prefix(sorted(_NOTHING | _ORDINARY.keys() | _MASKS.keys()))


@dataclass(frozen=True, slots=True)
class View:
    """A text as it reads. ``shifts`` tells for each character that was left out where in ``text`` it would be."""

    text: str
    shifts: tuple[int, ...] = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of ``text`` stands in the text that it comes from."""
        last = end - 1
        return start + bisect_right(self.shifts, start), last + bisect_right(self.shifts, last) + 1


def foreign_part(data: bytes) -> str:
    """Return what of a UTF-8 text is not ASCII, in its order."""
    return data.translate(None, _ASCII).decode("utf-8", "replace")


def disguises(data: bytes) -> frozenset[str]:
    """Return the characters in a UTF-8 text that ``views`` would exchange or leave out.

    Prefixes of bytes are asked for first: a set of a large text's characters would take ten times as long.
    """
    rest = data.translate(None, _ASCII)
    text = rest.decode("utf-8", "replace")
    return frozenset(
        character
        for first, group in _TELLING.items()
        if first in rest
        for prefix, characters in group.items()
        if len(prefix) == 1 or prefix in rest
        for character in characters
        if character in text
    )


def views(text: str, masks: frozenset[str]) -> Iterator[View]:
    """Yield a text as it reads: first in its own scripts, then with all that looks like a Latin letter as one.

    ``masks`` are the ``disguises`` in it.
    """
    shifts: tuple[int, ...] = ()
    if hidden := masks & _NOTHING:
        places = [found.start() for found in re.finditer(_one_of(hidden), text)]
        shifts = tuple(place - index for index, place in enumerate(places))
        text = re.sub(_one_of(hidden), "", text)
    text = _exchanged(text, _ORDINARY, masks)
    yield View(text, shifts)
    if others := {_ORDINARY.get(each, each) for each in masks} & _MASKS.keys():
        yield View(_exchanged(text, _MASKS, others), shifts)


def _exchanged(text: str, table: Mapping[str, str], present: Iterable[str]) -> str:
    known = [each for each in present if each in table]
    if len(known) > _FEW:  # each replacement goes through the whole text
        return re.sub(_one_of(known), lambda found: table[found[0]], text)
    for character in known:
        text = text.replace(character, table[character])
    return text


def _one_of(characters: Iterable[str]) -> str:
    return f"[{''.join(map(re.escape, sorted(characters)))}]"
