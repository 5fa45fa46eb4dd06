"""Finds what reads like an attack on the model in text from outside: tool results, fetched pages, definitions of tools.

A first pass looks for all words that a phrase may begin with (one automaton), then each phrase is tried at its words,
so that the time grows with the text and hardly with the number of phrases. A text that comes again costs one digest.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import islice
from operator import itemgetter
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, Implementation

from guardian_ci.policy.scan import context
from guardian_ci.policy.scan.disguise import UNSEEN, disguises, foreign_part, views
from guardian_ci.policy.scan.hidden import HIDDEN_UNICODE, hidden
from guardian_ci.policy.scan.phrases import EXFILTRATION, INSTRUCTION_OVERRIDE, PHRASES, TOOL_POISONING, Phrase
from guardian_ci.policy.scan.sql import SQL, SQL_INJECTION
from guardian_ci.policy.scan.tongues import TONGUES

KINDS: Final = (INSTRUCTION_OVERRIDE, TOOL_POISONING, EXFILTRATION, SQL_INJECTION, HIDDEN_UNICODE)

_MOST_HITS: Final = 32
"""A text that has so many attacks in it is judged by these."""
_MOST_KNOWN: Final = 4096
_FREE_TRIES: Final = 512
_CHARACTERS_A_TRY: Final = 20
_CHARACTERS_A_LONG_TRY: Final = 1000
"""How often a phrase is tried in a text: a text that begins it more often was made to take time, and says so."""
_FIRST_BOUNDLESS: Final = 0x590
"""From Hebrew on, scripts write words together, or prefixes on them: there a phrase may begin inside a word."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a text that reads like an attack."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    """What phrases may begin with. ``whole``: only where no other word goes on."""

    text: str
    whole: bool
    phrases: tuple[Phrase, ...]


def _words(phrases: Iterable[Phrase]) -> tuple[_Word, ...]:
    grouped: dict[str, list[Phrase]] = {}
    for each in phrases:
        for word in each.words:
            grouped.setdefault(word, []).append(each)
    return tuple(
        _Word(word, whole=word[0].isalnum() and ord(word[0]) < _FIRST_BOUNDLESS, phrases=tuple(those))
        for word, those in grouped.items()
    )


_WORDS: Final = _words((*PHRASES, *TONGUES, *SQL))


@cache
def _automaton() -> BytesAhoCorasick:
    """Return the automaton of all words; not at import, since a run without a text from outside needs none."""
    return BytesAhoCorasick([word.text.encode() for word in _WORDS], implementation=Implementation.DFA)


_known: Final[OrderedDict[bytes, tuple[Hit, ...]]] = OrderedDict()


def suspicions(text: str) -> tuple[Hit, ...]:
    """Return what in a text reads like an attack, in its order. The places are those of the text as it is."""
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: one character like any other
        data = text.encode("utf-8", "replace")
        text = data.decode()
    key = blake2b(data, digest_size=16).digest()
    hits = _known.get(key)
    if hits is None:
        hits = _known[key] = _hits(text, data)
        if len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    else:
        _known.move_to_end(key)
    return hits


def _hits(text: str, data: bytes) -> tuple[Hit, ...]:
    found: list[Hit] = []
    masks = disguises(data)
    if not UNSEEN.isdisjoint(masks):
        found.extend(Hit(HIDDEN_UNICODE, *span) for span in islice(hidden(text, foreign_part(data)), _MOST_HITS))
    for view in views(text, masks):
        for kind, start, end in islice(_phrases_in(view.text), _MOST_HITS):
            found.append(Hit(kind, *view.origin(start, end)))
    return tuple(sorted(_joined(found), key=lambda hit: (hit.start, hit.end, hit.kind)))


def _joined(hits: list[Hit]) -> Iterator[Hit]:
    """Yield hits of which no two of one kind overlap."""
    last: Hit | None = None
    for hit in sorted(hits, key=lambda hit: (hit.kind, hit.start, hit.end)):
        if last is not None and hit.kind == last.kind and hit.start < last.end:
            last = Hit(hit.kind, last.start, max(hit.end, last.end))
            continue
        if last is not None:
            yield last
        last = hit
    if last is not None:
        yield last


def _phrases_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the kind and place of each phrase of an attack."""
    tries: dict[Phrase, int] = {}
    for word, at in _places(text):
        if word.whole and not _word_begins(text, at):
            continue
        for phrase in word.phrases:
            if not context.is_worth_a_try(text, phrase, at):
                continue
            count = tries[phrase] = tries.get(phrase, 0) + 1
            most = _FREE_TRIES + len(text) // (_CHARACTERS_A_LONG_TRY if phrase.near else _CHARACTERS_A_TRY)
            if count > most:
                if count == most + 1:
                    yield phrase.kind, at, at + len(word.text)
                continue
            found = phrase.pattern.match(text, at)
            if found is None:
                continue
            start = context.begin(text, phrase, at)
            if start is not None and not context.is_talked_of(text, start, found.end()):
                yield phrase.kind, start, found.end()


def _places(text: str) -> Iterator[tuple[_Word, int]]:
    """Yield each word that a phrase may begin with, and where it stands."""
    data = text.encode().lower()
    found = _automaton().find_matches_as_indexes(data, overlapping=True)
    if len(data) == len(text):
        yield from ((_WORDS[index], start) for index, start, _ in found)
        return
    at = passed = 0
    for index, start, _ in sorted(found, key=itemgetter(1)):
        at += len(data[passed:start].decode())
        passed = start
        yield _WORDS[index], at


def _word_begins(text: str, at: int) -> bool:
    if at == 0 or not (text[at - 1].isalnum() or text[at - 1] == "_"):
        return True
    return at > 1 and text[at - 2] == "\\" and text[at - 1] in "nrt"  # a line break as JSON and sources write it
