"""Finds secrets in texts: known formats, the exact secrets of a run, and the rules of a policy's own file.

One pass of an automaton finds the marks of all formats; what a format says more is looked at only where its mark
stands. All that is found is joined where it overlaps, so that no find can leave the rest of another behind. A stream
is searched by the same code as a whole text, a bounded tail held back, and finds the same in whatever pieces it comes.
"""

import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, Implementation

from guardian_ci.policy.scan.exact import written_forms
from guardian_ci.policy.scan.formats import BACK, FORMATS, REACH, Format, compiled

Rules = Callable[[str], Iterable[tuple[int, int, str]]]
"""Further rules: from a text to the secrets in it, as start, end and kind."""

_EXACT: Final = "secret"
_BEFORE: Final = max(before for each in FORMATS for before in each.before)
_END_MARK: Final = 80
"""Longer than what may end a secret: a stream looks so far back for the rest of a half one."""

_STEP: Final = 128
_WINDOW: Final = 1024
"""The rules of a file see a stream in windows of twice this length."""

_WORTH_KNOWING: Final = 128
_MOST_KNOWN: Final = 65_536
_SHARE: Final = 2
"""No text takes more than this part of what is remembered."""

_ESCAPE: Final = re.compile(r"\\(?:(?:u00|x)([2-7][0-9a-fA-F])|/)")


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a text: where it stands, and of which kind it is."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True, order=True)
class _Hit:
    """What one format saw. Of two that start at the same place, the lower ``rank`` gives the name."""

    start: int
    rank: int
    end: int
    kind: str
    stop: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """A format at work: for finding, or with its wide pattern for redaction."""

    rank: int
    format: Format
    pattern: str
    behind: int
    wide: bool

    def hit(self, text: str, at: int) -> _Hit | None:
        """Look whether the mark at this place is that of a secret."""
        known = self.format
        pattern = compiled(self.pattern)
        if known.before:
            match = next(
                filter(None, (pattern.match(text, at - before) for before in known.before if before <= at)), None
            )
        else:
            match = pattern.match(text, at + self.behind)
        if match is None or not (self.wide or known.check(match)):
            return None
        start, end = match.span(match.lastindex or 0)
        return _Hit(start, self.rank, end, known.kind, None if self.wide else known.stop)


class SecretScanner:
    """Knows the formats of secrets and those of this run; ``wide`` is how the log redacts: rather too much.

    ``exact`` are secrets in themselves, found in all forms in which they may be written; ``rules`` find more.
    ``remembered`` bounds what is known of texts that come again: a place for each, and one for each secret in it.
    """

    def __init__(
        self,
        exact: Iterable[str] = (),
        rules: Rules | None = None,
        *,
        wide: bool = False,
        remembered: int = _MOST_KNOWN,
    ) -> None:
        self._rules = rules
        forms = written_forms(exact)
        self._exact = tuple(sorted(form for form in forms if form.isascii()))
        self._foreign = tuple(sorted(form for form in forms if not form.isascii()))
        probes: dict[str, list[_Probe]] = {}
        for rank, known in enumerate(FORMATS, start=1):
            broad = wide and known.wide is not None
            pattern = known.wide if broad else known.pattern
            for mark in known.marks if pattern is not None else ():
                behind = len(mark) if known.behind and not broad else 0
                probes.setdefault(mark, []).append(_Probe(rank, known, pattern or "", behind, broad))
        self._probes = tuple(map(tuple, probes.values()))
        marks = [mark.encode() for mark in (*probes, *self._exact)]
        self._automaton = BytesAhoCorasick(marks, implementation=Implementation.DFA)
        self._known: OrderedDict[bytes, tuple[Secret, ...]] = OrderedDict()
        self._known_size = 0
        self._remembered_most = remembered
        self.reach: Final = max([REACH, *map(len, forms)])

    def find(self, text: str) -> tuple[Secret, ...]:
        """Return the secrets in a text as it stands, in order. A text seen lately costs no more than its digest."""
        return self._remembered(b"t", text, self._find)

    def find_in_json(self, text: str) -> tuple[Secret, ...]:
        """Return the secrets in a text that is JSON or code: also those of which characters are escaped."""
        if "\\u00" not in text and "\\/" not in text and "\\x" not in text:
            return self.find(text)
        return self._remembered(b"j", text, self._find_escaped)

    def redacted(self, text: str) -> str:
        """Return the text with every secret replaced by ``[redacted:KIND]``."""
        return self.excerpt(text, 0, len(text))

    def excerpt(self, text: str, start: int, end: int) -> str:
        """Return a part of a text without its secrets: also without the half of one that the part would hold."""
        secrets = self.find_in_json(text)
        if not secrets:
            return text[start:end]
        pieces: list[str] = []
        for secret in secrets:
            if secret.end > start and secret.start < end:
                pieces += text[start : secret.start], f"[redacted:{secret.kind}]"
                start = secret.end
        return "".join([*pieces, text[start:end]])

    def stream(self) -> "SecretStream":
        """Begin to look at a text that comes in pieces."""
        return SecretStream(self)

    def _find(self, text: str) -> tuple[Secret, ...]:
        return tuple(Secret(zone.start, zone.end, zone.kind) for zone in _Sweep(self).advance(text, final=True))

    def _find_escaped(self, text: str) -> tuple[Secret, ...]:
        reading, place = _unescaped(text)
        found = [Secret(place(each.start), place(each.end), each.kind) for each in self._find(reading)]
        return _joined([*self._find(text), *found])

    def _remembered(self, reading: bytes, text: str, find: Callable[[str], tuple[Secret, ...]]) -> tuple[Secret, ...]:
        if len(text) < _WORTH_KNOWING:
            return find(text)
        known = self._known
        digest = sha256(text.encode("utf-8", "surrogatepass")).digest() + reading
        found = known.get(digest)
        if found is not None:
            known.move_to_end(digest)
            return found
        found = find(text)
        if len(found) < self._remembered_most // _SHARE:
            known[digest] = found
            self._known_size += 1 + len(found)
            while self._known_size > self._remembered_most:
                _, forgotten = known.popitem(last=False)
                self._known_size -= 1 + len(forgotten)
        return found

    def hits(self, text: str, first: int, last: int) -> list[_Hit]:
        """Return what the formats and the exact secrets see whose marks stand between two places."""
        # Every character becomes one byte, so that places stay what they are.
        data = text.encode("ascii", "replace")
        hits = self._hits_of_foreign(text, first, last)
        probes = self._probes
        passed: dict[_Probe, int] = {}
        for index, at, end in self._automaton.find_matches_as_indexes(data, overlapping=True):
            if not first <= at < last:
                continue
            if index >= len(probes):
                if text.startswith(self._exact[index - len(probes)], at):
                    hits.append(_Hit(at, 0, end, _EXACT))
                continue
            for probe in probes[index]:
                # A wide pattern has no longest match: within what it has matched it is not tried again.
                hit = probe.hit(text, at) if not probe.wide or passed.get(probe, 0) <= at else None
                if hit is not None:
                    hits.append(hit)
                    passed[probe] = hit.end
        return hits

    def _hits_of_foreign(self, text: str, first: int, last: int) -> list[_Hit]:
        """Return where exact secrets stand that are not all ASCII."""
        hits: list[_Hit] = []
        for form in self._foreign:
            at = text.find(form, first)
            while 0 <= at < last:
                hits.append(_Hit(at, 0, at + len(form), _EXACT))
                at = text.find(form, at + 1)
        return hits

    def ruled(self, text: str) -> Iterable[tuple[int, int, str]]:
        """Return what the rules of a file see."""
        return self._rules(text) if self._rules is not None else ()

    @property
    def has_rules(self) -> bool:
        """Whether there are rules of a file."""
        return self._rules is not None


@dataclass(slots=True)
class _Zone:
    """A stretch of a text that one or more hits cover."""

    start: int
    end: int
    kind: str


class _Sweep:
    """One way through a text, which may come in pieces. All places are counted from the text's beginning.

    A mark is judged when all is there that its format may look at. What was seen is joined in the order of its
    start, once nothing that starts earlier can come any more.
    """

    def __init__(self, scanner: SecretScanner) -> None:
        self._scanner = scanner
        self._text = ""
        self._offset = 0
        self._judged = 0
        self._ruled = 0
        self._pending: list[_Hit] = []
        self._zone: _Zone | None = None
        self._stops: dict[str, tuple[int, int, bool]] = {}

    @property
    def held(self) -> int:
        """How many characters are kept."""
        return len(self._text)

    def advance(self, more: str, *, final: bool = False) -> list[_Zone]:
        """Go on; return the zones that begin, each once. Later advances may still widen the last one."""
        self._text += more
        known = self._offset + len(self._text)
        horizon = known if final else known - self._scanner.reach
        if horizon > self._judged or final:
            hits = self._scanner.hits(self._text, self._judged - self._offset, horizon - self._offset)
            self._pending += [self._moved(each) for each in hits]
            self._judged = horizon
        settled = known + 1 if final else self._judged - _BEFORE
        if self._scanner.has_rules:
            settled = min(settled, self._rule(known, final=final))
        self._go_on_to_stops(final=final)
        begun = self._join(settled, final=final)
        self._forget(known)
        return begun

    def _moved(self, hit: _Hit) -> _Hit:
        return _Hit(hit.start + self._offset, hit.rank, hit.end + self._offset, hit.kind, hit.stop)

    def _rule(self, known: int, *, final: bool) -> int:
        """Let the rules see each window that is full; return up to where nothing more can come of them."""
        while self._ruled + _WINDOW <= known or (final and self._ruled <= known):
            whole = final and self._ruled == 0
            begin = max(self._ruled - _WINDOW, 0)
            end = known if final and (whole or self._ruled + _WINDOW > known) else self._ruled + _WINDOW
            last = final and end == known
            for start, stop, kind in self._scanner.ruled(self._text[begin - self._offset : end - self._offset]):
                if (start or not begin) and (last or begin + stop < end):
                    self._pending.append(_Hit(begin + start, len(FORMATS) + 1, begin + stop, kind))
            self._ruled += _WINDOW
            if last:
                break
        return known + 1 if final else self._ruled - _WINDOW

    def _join(self, settled: int, *, final: bool) -> list[_Zone]:
        begun: list[_Zone] = []
        self._pending.sort()
        count = bisect_left(self._pending, _Hit(settled, -1, 0, ""))
        for hit in self._pending[:count]:
            end = self._end(hit, final=final)
            if self._zone is not None and hit.start <= self._zone.end:
                self._zone.end = max(self._zone.end, end)
            else:
                self._zone = _Zone(hit.start, end, hit.kind)
                begun.append(self._zone)
        del self._pending[:count]
        return begun

    def _end(self, hit: _Hit, *, final: bool) -> int:
        """Return where a secret ends: where its stop stands, or so far the end of what has come."""
        if hit.stop is None:
            return hit.end
        since, end, _ = self._stops.get(hit.stop, (0, -1, True))
        if since <= hit.end <= end:  # searched already from an earlier place
            return end
        return self._search(hit.stop, hit.end, hit.end, final=final)

    def _search(self, stop: str, since: int, begin: int, *, final: bool) -> int:
        match = compiled(stop).search(self._text, begin - self._offset)
        # Half an end mark stands in the way of no stop, so the end of what has come is searched again later.
        if match is None:
            end = self._offset + len(self._text)
        else:
            end = self._offset + (match.end() if match.lastindex else match.start())
        self._stops[stop] = since, end, match is None and not final
        return end

    def _go_on_to_stops(self, *, final: bool) -> None:
        for stop, (since, end, is_open) in list(self._stops.items()):
            if is_open:
                further = self._search(stop, since, max(since, end - _END_MARK), final=final)
                if self._zone is not None and self._zone.end == end:
                    self._zone.end = further

    def _forget(self, known: int) -> None:
        """Keep no more than what a later judgement may look at."""
        keep = min(self._judged - BACK - _BEFORE, known - _END_MARK)
        if self._scanner.has_rules:
            keep = min(keep, self._ruled - _WINDOW)
        if keep > self._offset:
            self._text = self._text[keep - self._offset :]
            self._offset = keep


class SecretStream:
    """A text that comes in pieces. Each secret is told once, as soon as all is there that tells it from others."""

    def __init__(self, scanner: SecretScanner) -> None:
        self._sweep = _Sweep(scanner)
        self._waiting: list[str] = []
        self._size = 0

    @property
    def held(self) -> int:
        """How many characters are held back; what it is, not what has come, bounds it."""
        return self._size + self._sweep.held

    def feed(self, chunk: str) -> tuple[str, ...]:
        """Look at the next piece; return the kinds of the secrets that are new."""
        self._waiting.append(chunk)
        self._size += len(chunk)
        return self._advance() if self._size >= _STEP else ()

    def close(self) -> tuple[str, ...]:
        """End the text; return the kinds of the secrets that only its end tells."""
        return self._advance(final=True)

    def _advance(self, *, final: bool = False) -> tuple[str, ...]:
        more = "".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return tuple(zone.kind for zone in self._sweep.advance(more, final=final))


def _joined(secrets: Sequence[Secret]) -> tuple[Secret, ...]:
    joined: list[Secret] = []
    for secret in sorted(secrets, key=lambda each: (each.start, -each.end)):
        if joined and secret.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = Secret(last.start, max(last.end, secret.end), last.kind)
        else:
            joined.append(secret)
    return tuple(joined)


def _unescaped(text: str) -> tuple[str, Callable[[int], int]]:
    """Return the text with its escaped characters plain, at whatever depth, and the way from its places back."""
    pieces: list[str] = []
    at: list[int] = []
    shift: list[int] = [0]
    done = length = 0
    for match in _ESCAPE.finditer(text):
        code, start = match.group(1), match.start()
        while start > done and text[start - 1] == "\\":  # one JSON text within another
            start -= 1
        length += start - done
        pieces += text[done:start], chr(int(code, 16)) if code else "/"
        at.append(length)
        length += 1
        done = match.end()
        shift.append(done - length)
    pieces.append(text[done:])
    return "".join(pieces), lambda place: place + shift[bisect_left(at, place)]
