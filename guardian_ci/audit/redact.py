"""Takes secrets out of text before it reaches the log.

Two sources: the exact secrets of this run (provider keys, the per-run token), also as JSON, URL and base64 write
them; and the known formats of keys. All matches are found in the text as it was and overlapping ones are joined,
so that no match can leave the rest of another behind. Redact first, cut to length afterwards (``excerpt``): half
a key would not be known as one.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final
from urllib.parse import quote

from guardian_ci.model import RUN_TOKEN_PREFIX

MIN_SECRET: Final = 6
"""A shorter exact secret is no secret, and taking it out would take words apart."""

_MAX_DEPTH: Final = 100
_TOO_DEEP: Final = "[too deep]"


@dataclass(frozen=True, slots=True)
class _Format:
    """How one kind of secret is known: by a mark, and by the pattern that begins with that mark.

    Marks are searched as plain substrings (a megabyte in some milliseconds; one pattern of all formats takes
    700), and the pattern is tried only where a mark stands. A pattern asks for no word boundary before it, since
    in JSON text the character before a key may be the n of a newline. It is bounded where it can fail late, so
    that no text makes the search quadratic. Group 1, where there is one, is the secret; else the whole is.
    """

    kind: str
    marks: tuple[str, ...]
    pattern: re.Pattern[str]


def _format(kind: str, marks: str, pattern: str) -> _Format:
    return _Format(kind, tuple(marks.split()), re.compile(pattern))


_KEY: Final = r"[A-Za-z0-9_\-]"
_QUOTES: Final = r"[\\\"'\s]{0,4}"
_FORMATS: Final = (
    _format("api-key", "sk-", rf"sk-(?:(?:ant|proj|svcacct|admin|or|lf|live|test)-{_KEY}{{8,}}|[A-Za-z0-9]{{20,}})"),
    _format("google-key", "AIza AQ. ya29.", rf"(?:AIza|AQ\.|ya29\.)(?:{_KEY}|\.){{30,}}"),
    _format("github-token", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"(?:gh[pousr]|github_pat)_[A-Za-z0-9_.\-]{20,}"),
    _format("gitlab-token", "glpat- glptt- gldt- glrt- glcbt- glsoat- glft-", rf"gl[a-z]+-(?:{_KEY}|\.){{16,}}"),
    _format("aws-key-id", "AKIA ASIA ABIA ACCA", r"A[A-Z]{3}[A-Z0-9]{16,}"),
    _format(
        "aws-secret",
        "aws_secret_access_key AWS_SECRET_ACCESS_KEY SecretAccessKey secretAccessKey",
        rf"[A-Za-z_]{{15,21}}{_QUOTES}[:=]{_QUOTES}([A-Za-z0-9/+]{{30,}}={{0,2}})",
    ),
    _format(
        "slack-token",
        "xoxa- xoxb- xoxc- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp-",
        rf"x[a-z]+[.\-](?:{_KEY}|\.){{10,}}",
    ),
    _format("slack-webhook", "hooks.slack.com/", r"hooks\.slack\.com/([A-Za-z0-9/_]{16,})"),
    _format("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_", r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    _format("service-token", "npm_ hf_ gsk_ xai-", r"(?:npm_|hf_|gsk_|xai-)[A-Za-z0-9]{30,}"),
    _format("pypi-token", "pypi-", rf"pypi-{_KEY}{{40,}}"),
    _format(
        "private-key",
        "-----BEGIN",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    _format("jwt", "eyJ", rf"eyJ{_KEY}{{16,}}(?:\.{_KEY}+){{0,4}}"),
    _format("run-token", RUN_TOKEN_PREFIX, rf"{re.escape(RUN_TOKEN_PREFIX)}{_KEY}{{16,}}"),
    _format("bearer-token", "Bearer bearer", r"[Bb]earer[ \t]{1,8}([A-Za-z0-9_\-.~+/]{12,}={0,2})"),
    _format(
        "credentials",
        "Authorization authorization",
        rf"[Aa]uthorization{_QUOTES}[:=]{_QUOTES}(?:[Bb]asic|[Tt]oken)[ \t]{{1,8}}([A-Za-z0-9_\-.~+/]{{8,}}={{0,2}})",
    ),
    _format(
        "header-key",
        "api-key Api-Key API-Key API-KEY",
        rf"[Aa][Pp][Ii]-[Kk][Ee][Yy]{_QUOTES}[:=]{_QUOTES}([A-Za-z0-9_\-.~+/]{{12,}})",
    ),
    _format("password", "://", r"://[^\s/:@\"'<>\\]{0,256}:([^\s/\"'<>\\]{1,256})@"),
)


_SHORT: Final = 256
_MOST_KNOWN: Final = 4096


class Redactor:
    """Knows the exact secrets of this run and the formats of keys."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        kept = {secret for secret in secrets if len(secret) >= MIN_SECRET}
        self._exact = tuple(sorted({form for secret in kept for form in _written_forms(secret)}))
        # Most of what a log line holds is short and stands in every line: ids, names, what a rule stands on.
        self._short = lru_cache(maxsize=_MOST_KNOWN)(self._redacted)

    def text(self, text: str) -> str:
        """Return the text with every secret replaced by ``[redacted:KIND]``."""
        return self._short(text) if len(text) <= _SHORT else self._redacted(text)

    def _redacted(self, text: str) -> str:
        spans = list(self._spans(text))
        return _replace(text, spans) if spans else text

    def excerpt(self, text: str, limit: int) -> str:
        """Return the redacted text, cut to ``limit`` characters with a note of how many are left out."""
        redacted = self.text(text)
        if len(redacted) <= limit:
            return redacted
        note = f"… [{len(redacted) - limit} more characters]"
        return redacted[: max(limit - len(note), 0)] + note[:limit]

    def value(self, value: object) -> object:
        """Return a JSON value with every string in it redacted, member names included."""
        return self._value(value, _MAX_DEPTH)

    def _value(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._members(value, depth - 1) if depth else _TOO_DEEP
        if isinstance(value, list | tuple):
            return [self._value(item, depth - 1) for item in value] if depth else _TOO_DEEP
        return value

    def _members(self, members: Mapping[object, object], depth: int) -> dict[str, object]:
        redacted: dict[str, object] = {}
        for name, member in members.items():
            plain = unique = self.text(str(name))
            count = 2
            while unique in redacted:  # two secrets as names look alike once they are taken out
                unique = f"{plain} #{count}"
                count += 1
            redacted[unique] = self._value(member, depth)
        return redacted

    def _spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        for secret in self._exact:
            start = text.find(secret)
            while start >= 0:
                yield start, start + len(secret), "secret"
                start = text.find(secret, start + 1)
        for wanted in _FORMATS:
            yield from _matches(wanted, text)


def _matches(wanted: _Format, text: str) -> Iterator[tuple[int, int, str]]:
    for mark in wanted.marks:
        start = text.find(mark)
        while start >= 0:
            match = wanted.pattern.match(text, start)
            if match:
                yield *match.span(match.lastindex or 0), wanted.kind
            start = text.find(mark, match.end() if match else start + 1)


def _replace(text: str, spans: list[tuple[int, int, str]]) -> str:
    spans.sort()
    joined = [spans[0]]
    for start, end, kind in spans[1:]:
        last_start, last_end, last_kind = joined[-1]
        if start <= last_end:
            joined[-1] = (last_start, max(last_end, end), last_kind)
        else:
            joined.append((start, end, kind))
    pieces = [text[: joined[0][0]]]
    for (_, end, kind), (next_start, _, _) in pairwise([*joined, (len(text), len(text), "")]):
        pieces += [f"[redacted:{kind}]", text[end:next_start]]
    return "".join(pieces)


def _written_forms(secret: str) -> Iterator[str]:
    """Yield a secret as text, JSON, a URL and base64 would hold it."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="")
    raw = secret.encode("utf-8", "surrogatepass")
    for shift in range(3):
        # Base64 of a longer text holds the secret at one of three alignments; its ends depend on the neighbours.
        encoded = base64.b64encode(b"\0" * shift + raw)
        core = encoded[-(-shift * 8 // 6) : len(encoded) - 4 if (shift + len(raw)) % 3 else None].decode()
        if len(core) >= 2 * MIN_SECRET:
            yield core
            yield core.replace("+", "-").replace("/", "_")
