"""The nouns that all layers share. Values only: frozen, no behaviour beyond their own arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

PICODOLLARS: Final = 10**12
"""Picodollars in a dollar: holds every published rate times every multiplier exactly."""

RUN_TOKEN_PREFIX: Final = "gci-"  # noqa: S105 - a prefix, no secret
"""How a per-run token begins. It stands for the provider's key and is worth nothing outside the proxy."""


DENIED_PREFIX: Final = "guardian_denied_"
"""How the name of a denied tool call begins: a name that no agent has a tool for."""


_HEAVIEST_BYTE: Final = 1000
"""More thousandths of a token than any byte of text has."""


class WireProtocol(StrEnum):
    """How a call is spoken."""

    ANTHROPIC_MESSAGES = "anthropic-messages"
    OPENAI_CHAT = "openai-chat"
    OPENAI_RESPONSES = "openai-responses"
    GEMINI_GENERATE = "gemini-generate"


class Operation(StrEnum):
    """What a call asks for. Only ``GENERATE`` costs money."""

    GENERATE = "generate"
    COUNT_TOKENS = "count_tokens"
    MODELS = "models"


class Verdict(StrEnum):
    """What policy says of one thing."""

    ALLOW = "allow"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a policy says what it says. ``line`` counts from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule saw.

    ``rule`` is the rule's id; ``reason`` a short code for programs (``token_budget_exceeded``); ``message`` one
    sentence for people, with the way out; ``subject`` the tool, model or path it is about. ``throttle`` marks a
    finding that only paces the agent (it shall come back after ``retry_after`` seconds): it blocks the call
    but is no violation.
    """

    rule: str
    verdict: Verdict
    reason: str
    message: str
    subject: str = ""
    place: Place | None = None
    retry_after: int | None = None
    throttle: bool = False

    @property
    def violation(self) -> bool:
        """Whether the finding fails the build."""
        return self.verdict is Verdict.BLOCK and not self.throttle


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One rule's line in the trace of a decision."""

    rule: str
    verdict: Verdict
    detail: str


class Origin(StrEnum):
    """Where a text of a call comes from."""

    SYSTEM = "system"
    PROMPT = "prompt"
    """What the agent or its user wrote."""
    TOOL_RESULT = "tool_result"
    """What a tool brought from outside."""
    ANSWER = "answer"
    """What the model wrote: in the answer that comes, or in the history that a request repeats."""
    TOOL_CALL = "tool_call"
    """The arguments of a tool call."""
    DEFINITION = "definition"
    """What a tool's definition says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A secret that stands in a text: its kind and where, never the secret.

    ``fresh``: the text is new in this request; a text of an earlier turn was reported when it was new.
    """

    kind: str
    origin: Origin
    fresh: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A text that reads like an attack on the model: its kind, where it came from, and the words that say so."""

    kind: str
    origin: Origin
    excerpt: str
    fresh: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOffer:
    """A tool that a request offers to the model. ``provider_executed``: the provider runs it, no agent sees it."""

    name: str
    canonical: str
    provider_executed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A complete tool call in an answer.

    ``canonical`` is the agent-independent name (``bash``, ``read_file``; see ``policy.tools``); ``paths`` the
    file paths that its arguments name; ``urls`` the addresses that a web tool is to open; ``command`` the shell
    command, if it is one, and ``workdir`` the folder that it asks for; ``arguments`` the JSON text (or raw text of a
    custom tool) as the model wrote it. ``scripts`` are the files that it writes and that can be run: their paths and
    contents. ``links`` tells for a path that leads over symbolic links where it really leads; ``leaks`` the secrets
    in its arguments. ``calls`` are those behind a call that only calls others (a batch, a dispatcher, a program of
    Codex's code mode), each by its own name; what they touch is the call's own as well.
    """

    id: str
    name: str
    canonical: str
    arguments: str
    paths: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    command: str | None = None
    workdir: str | None = None
    scripts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    leaks: tuple[Leak, ...] = ()
    calls: tuple["ToolUse", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """A tool's result as the next request reports it. ``ok`` is None where the protocol does not say.

    ``digest`` tells whether two results are the same; "" where nobody looked. ``name`` is what the request calls the
    tool; "" where it repeats the result alone and not the call, None where nobody looked.
    """

    id: str
    ok: bool | None
    digest: str = ""
    name: str | None = None

    @property
    def hides_denial(self) -> bool:
        """Whether the request does not tell that the call was denied, if it was."""
        return self.name is not None and not self.name.startswith(DENIED_PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSize:
    """What is known of a request's input before the provider counts it.

    ``text_bytes`` is the decoded body's size without base64 media (never sized by bytes); ``hidden_tokens``
    bounds context that the provider adds itself (``previous_response_id``). The weights are what the text weighs
    (``pricing.estimate.weigh``), 0 where nobody weighed it.
    """

    text_bytes: int
    images: int = 0
    pdf_pages: int = 0
    audio_seconds: int = 0
    hidden_tokens: int = 0
    has_tools: bool = False
    plain_weight: int = 0
    dense_weight: int = 0

    def with_text(self, more: int) -> "InputSize":
        """Return the size with so many bytes of text more, each as dear as text can be."""
        weight = self.plain_weight + more * _HEAVIEST_BYTE if self.plain_weight else 0
        return replace(self, text_bytes=self.text_bytes + more, plain_weight=weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of an agent, as facts.

    ``fingerprint`` is a digest of the new part of the conversation (all behind the last assistant turn), ``""`` where
    nothing is asked (a warm-up); ``max_output_tokens`` what the request asks for, None where it does not say;
    ``choices`` is OpenAI's ``n``. The fields from ``service_tier`` on are the request's price-relevant wishes, in the
    provider's own words.
    """

    protocol: WireProtocol
    operation: Operation
    model: str
    stream: bool
    fingerprint: str
    size: InputSize
    max_output_tokens: int | None = None
    choices: int = 1
    tools: tuple[ToolOffer, ...] = ()
    tool_results: tuple[ToolResult, ...] = ()
    service_tier: str | None = None
    speed: str | None = None
    geo: str | None = None
    cache_ttl: str | None = None
    """The longest cache lifetime that the request may write: ``5m``, ``1h``, ``24h``, or None for no write."""
    max_web_searches: int = 0
    other_models: tuple[str, ...] = ()
    """Further models that the request lets the provider bill: fallbacks, advisors."""
    previous_response_id: str | None = None
    """The answer whose context the provider adds to this request's input."""
    item_references: int = 0
    """How many items of earlier answers the request names instead of repeating them."""
    conversation: str = ""
    """A digest of all turns that the request holds."""
    continues: str = ""
    """The digest of those before its last answer: an earlier request's ``conversation``, where it goes on from one."""
    leaks: tuple[Leak, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    ceiling: int | None = None
    """Picodollars that bound a whole connection (Realtime), whose size nobody knows beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one answer is billed for: disjoint token counts by kind, so that they may be added.

    ``input_tokens`` excludes all cached tokens and all audio and image tokens that are counted apart;
    ``output_tokens`` includes reasoning; ``reasoning_tokens`` is the part of it that was reasoning and is never
    billed again. ``parts`` are Anthropic's ``iterations``, each billed at its own model.
    ``reported_picodollars`` is the cost that the provider itself reports (xAI, OpenRouter).
    """

    model: str | None = None
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_write_12h_tokens: int = 0
    input_audio_tokens: int = 0
    cache_read_audio_tokens: int = 0
    input_image_tokens: int = 0
    output_tokens: int = 0
    output_audio_tokens: int = 0
    output_image_tokens: int = 0
    reasoning_tokens: int = 0
    web_searches: int = 0
    file_searches: int = 0
    service_tier: str | None = None
    speed: str | None = None
    geo: str | None = None
    reported_picodollars: int | None = None
    parts: tuple["Usage", ...] = ()

    @property
    def total_input(self) -> int:
        """All input tokens, cached ones included: what selects a long-context tier and fills a token budget."""
        return (
            self.input_tokens
            + self.cache_read_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
            + self.cache_write_12h_tokens
            + self.input_audio_tokens
            + self.cache_read_audio_tokens
            + self.input_image_tokens
        )

    @property
    def total_output(self) -> int:
        """All output tokens, reasoning included."""
        return self.output_tokens + self.output_audio_tokens + self.output_image_tokens

    @property
    def billed_tokens(self) -> int:
        """Input and output together, as billed: those of parts that the top level leaves out included."""
        return max(self.total_input + self.total_output, sum(part.billed_tokens for part in self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What money is counted in here: whole picodollars, and tokens (input + output)."""

    picodollars: int = 0
    tokens: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(picodollars=self.picodollars + other.picodollars, tokens=self.tokens + other.tokens)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(picodollars=self.picodollars - other.picodollars, tokens=self.tokens - other.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that a scope may spend; None where that kind is unlimited."""

    picodollars: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One line of a bill: ``quantity`` units at ``rate`` picodollars each."""

    unit: str
    quantity: int
    rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a usage costs, and why.

    ``source`` and ``as_of`` name the price's origin and its date (ISO); ``model`` is the price table's name of it.
    """

    picodollars: int
    source: str
    as_of: str
    model: str | None = None
    lines: tuple[CostLine, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
