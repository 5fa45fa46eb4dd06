"""Looks through the texts of calls for what should not stand there: the run's own scanners on requests and answers.

What is found becomes facts of the call, on which the rules decide; nothing here decides. Positions stay here, so
that a redaction edits exactly what was found; the session and the log only hear of kinds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from guardian_ci.model import Call, InputSize, Leak, Origin, Suspicion, ToolUse
from guardian_ci.policy import Settings
from guardian_ci.policy.scan.injection import suspicions
from guardian_ci.policy.scan.secrets import SecretScanner, SecretStream
from guardian_ci.proxy.links import resolved
from guardian_ci.wire.interface import Parsed, Passage, Wire
from guardian_ci.wire.interface import Path as Place

_FROM_OUTSIDE: Final = frozenset({Origin.TOOL_RESULT, Origin.DEFINITION})
_EXCERPT: Final = 160
_MOST_SUSPICIONS: Final = 20
_MARK_BYTES: Final = 80
_MARK_WEIGHT: Final = 30_000
"""More than ``[redacted:…]`` adds to a request's size, in bytes and in thousandths of a token."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A request with what was found in it; ``secrets`` are its passages that hold any, without them."""

    parsed: Parsed
    secrets: tuple[tuple[Passage, str], ...] = ()

    def redactions(self, origins: Iterable[Origin]) -> Mapping[Place, str]:
        """The texts of these origins without the secrets in them, by their places."""
        wanted = frozenset(origins)
        return {passage.path: text for passage, text in self.secrets if passage.origin in wanted}


class Inspector:
    """The scanners of one run. ``folder`` is where the agent works; None where its files are not at hand."""

    def __init__(self, secrets: SecretScanner, folder: Path | None = None) -> None:
        self._secrets = secrets
        self._folder = folder

    def request(self, wire: Wire, parsed: Parsed, settings: Settings) -> Inspected:
        """Look at every text of a request; a text that was seen before costs no more than its digest."""
        leaks: dict[Leak, None] = {}
        found: list[tuple[Passage, str]] = []
        suspicious: list[Suspicion] = []
        marks = 0
        looks_for_injections = settings.action("injection") != "off"
        for passage in wire.passages(parsed):
            secrets = self._secrets.find_in_json(passage.text)
            if secrets:
                marks += len(secrets)
                kinds = dict.fromkeys(each.kind for each in secrets)
                leaks |= {Leak(kind=kind, origin=passage.origin, fresh=passage.fresh): None for kind in kinds}
                found.append((passage, self._secrets.redacted(passage.text)))
            if looks_for_injections and passage.origin in _FROM_OUTSIDE and len(suspicious) < _MOST_SUSPICIONS:
                suspicious += self._suspicions(passage)
        if not leaks and not suspicious:
            return Inspected(parsed)
        call = replace(
            parsed.call,
            leaks=tuple(leaks),
            suspicions=tuple(suspicious[:_MOST_SUSPICIONS]),
            size=_with_marks(parsed.call.size, marks),
        )
        return Inspected(replace(parsed, call=call), tuple(found))

    def _suspicions(self, passage: Passage) -> Iterable[Suspicion]:
        for hit in suspicions(passage.text):
            excerpt = self._secrets.excerpt(passage.text, hit.start, min(hit.end, hit.start + _EXCERPT))
            yield Suspicion(kind=hit.kind, origin=passage.origin, excerpt=excerpt, fresh=passage.fresh)

    def text(self, call: Call, text: str, origin: Origin) -> Call:
        """A call with what one text in it holds."""
        kinds = dict.fromkeys(each.kind for each in self._secrets.find_in_json(text))
        passage = Passage(path=(), text=text, origin=origin, fresh=True)
        return replace(
            call,
            leaks=tuple(Leak(kind=kind, origin=origin) for kind in kinds),
            suspicions=tuple(self._suspicions(passage)) if origin in _FROM_OUTSIDE else (),
        )

    @property
    def root(self) -> str | None:
        """The agent's folder as an absolute path."""
        return None if self._folder is None else str(self._folder.absolute())

    def tool(self, use: ToolUse, *, cwd: str | None = None) -> ToolUse:
        """A tool call with the secrets in its arguments, and with where its paths really lead.

        ``cwd`` is the folder that the agent's shell has changed to.
        """
        kinds = dict.fromkeys(each.kind for each in self._secrets.find_in_json(use.arguments))
        if kinds:
            use = replace(use, leaks=tuple(Leak(kind=kind, origin=Origin.TOOL_CALL) for kind in kinds))
        return use if self._folder is None else resolved(use, self._folder, cwd=cwd)

    def prose(self) -> "Prose":
        """Begin to look at an answer's text."""
        return Prose(self._secrets)


class Prose:
    """The text of one answer, block by block, as it comes."""

    def __init__(self, secrets: SecretScanner) -> None:
        self._secrets = secrets
        self._blocks: dict[str, SecretStream] = {}

    def feed(self, block: str, text: str) -> tuple[Leak, ...]:
        """Look at the next text of a block."""
        stream = self._blocks.get(block)
        if stream is None:
            stream = self._blocks[block] = self._secrets.stream()
        return _leaks(stream.feed(text))

    def close(self) -> tuple[Leak, ...]:
        """Look at what only the end tells to be a secret."""
        return _leaks(kind for stream in self._blocks.values() for kind in stream.close())


def _leaks(kinds: Iterable[str]) -> tuple[Leak, ...]:
    return tuple(Leak(kind=kind, origin=Origin.ANSWER) for kind in dict.fromkeys(kinds))


def _with_marks(size: InputSize, marks: int) -> InputSize:
    """Bound the size with every secret replaced by a mark, which may be longer than the secret."""
    if not marks:
        return size
    return replace(
        size,
        text_bytes=size.text_bytes + marks * _MARK_BYTES,
        plain_weight=size.plain_weight + marks * _MARK_WEIGHT if size.plain_weight else 0,
    )
