"""What an answer is billed for, read from each protocol's own usage object.

Every reader returns disjoint counts: cached tokens leave the input, reasoning stays inside the output. A usage
object that contradicts itself (a negative count, more cached tokens than input) is no usage at all: the call is
then settled by its upper bound instead of by a number that nobody can vouch for.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from guardian_ci.model import PICODOLLARS, Usage, WireProtocol
from guardian_ci.pricing.ids import provider_id

Json = Mapping[str, object]

_TICKS: Final = 10**10
"""xAI's unit of money: ticks in a dollar."""
_COMPLETION_EXCLUDES_REASONING: Final = frozenset({"x-ai"})
_REPORTS_COST: Final = frozenset({"openrouter", "perplexity"})
"""Who may write ``usage.cost``: any other upstream's word for its own price is ignored."""


class UnusableUsageError(ValueError):
    """A usage object that contradicts itself or does not name what it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the reader is told beside the usage object."""

    model: str | None
    provider: str | None
    extra: Json
    cache_ttl: str | None


def read_usage(
    protocol: WireProtocol | str,
    raw: Json | None,
    *,
    model: str | None,
    provider: str | None = None,
    response_extra: Json | None = None,
    service_tier: str | None = None,
    cache_ttl: str | None = None,
) -> Usage | None:
    """Read ``raw``, the protocol's usage object; None where there is none or it cannot be believed.

    ``response_extra`` is whatever else of the answer bears on its price: ``service_tier``, ``headers``, ``output``
    (responses), ``candidates`` (gemini), ``stream_events``. ``cache_ttl`` is the longest cache lifetime that the
    request asked for: writes that the answer does not split are billed at it.
    """
    try:
        return parse_usage(
            protocol,
            raw,
            model=model,
            provider=provider,
            response_extra=response_extra,
            service_tier=service_tier,
            cache_ttl=cache_ttl,
        )
    except UnusableUsageError:
        return None


def parse_usage(
    protocol: WireProtocol | str,
    raw: Json | None,
    *,
    model: str | None,
    provider: str | None = None,
    response_extra: Json | None = None,
    service_tier: str | None = None,
    cache_ttl: str | None = None,
) -> Usage:
    """``read_usage`` for those who want to know why: raises ``UnusableUsageError``."""
    extra = response_extra or {}
    whole = _from_stream(protocol, raw, extra)
    if not whole:
        raise UnusableUsageError("the answer carries no usage")
    reader = _READERS.get(str(protocol)) or _by_shape(str(protocol), whole)
    seller = None if provider is None else provider_id(provider)
    usage = reader(whole, _Asked(model=model, provider=seller, extra=extra, cache_ttl=cache_ttl))
    tier = service_tier or _tier_beside(extra) or usage.service_tier
    return replace(usage, service_tier=tier, parts=tuple(replace(part, service_tier=tier) for part in usage.parts))


def merge_stream(protocol: WireProtocol | str, start: Json | None, delta: Json | None) -> dict[str, object]:
    """Merge a stream's earlier usage with a later one of the same answer.

    Only Anthropic's events complete each other; elsewhere the last usage is the whole one.
    Counts are cumulative: the later replaces the earlier and is never added to it. What the later one leaves out
    (Anthropic's cache split, service tier, geography, speed) is kept, and an input that was already counted does
    not become nothing because a relay in between writes 0.
    """
    if protocol not in _ANTHROPIC and delta:
        return dict(delta)
    merged: dict[str, object] = dict(start or {})
    for key, value in (delta or {}).items():
        if value is None or (value == 0 and key in _COUNTED_AT_START and merged.get(key)):
            continue
        merged[key] = value
    return merged


_ANTHROPIC: Final = frozenset({WireProtocol.ANTHROPIC_MESSAGES, "vertex-anthropic", "bedrock-invoke-anthropic"})
_COUNTED_AT_START: Final = frozenset({"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"})


# ---------------------------------------------------------------------------------------------------------------
# Anthropic


def _anthropic(raw: Json, asked: _Asked) -> Usage:
    top = _anthropic_counts(raw, asked)
    iterations = [item for item in _items(raw.get("iterations")) if isinstance(item, Mapping)]
    parts = tuple(_anthropic_part(item, top, asked) for item in iterations)
    return replace(top, parts=parts, reported_picodollars=_reported(raw, asked.provider))


def _anthropic_counts(raw: Json, asked: _Asked) -> Usage:
    if "input_tokens" not in raw or "output_tokens" not in raw:
        raise UnusableUsageError("usage lacks input_tokens or output_tokens")
    short, hour = _anthropic_writes(raw, asked.cache_ttl)
    output = _count(raw, "output_tokens")
    return Usage(
        model=asked.model,
        input_tokens=_count(raw, "input_tokens"),
        cache_read_tokens=_count(raw, "cache_read_input_tokens"),
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=hour,
        output_tokens=output,
        reasoning_tokens=min(output, _count(_object(raw, "output_tokens_details"), "thinking_tokens")),
        web_searches=_count(_object(raw, "server_tool_use"), "web_search_requests"),
        service_tier=_text(raw, "service_tier"),
        speed=_text(raw, "speed"),
        geo=_text(raw, "inference_geo"),
    )


def _anthropic_writes(raw: Json, cache_ttl: str | None) -> tuple[int, int]:
    """Cache writes of 5 minutes and of 1 hour; what the answer does not split goes to the dearer likely one."""
    split = _object(raw, "cache_creation")
    short, hour = _count(split, "ephemeral_5m_input_tokens"), _count(split, "ephemeral_1h_input_tokens")
    rest = max(0, _count(raw, "cache_creation_input_tokens") - short - hour)
    if hour or cache_ttl == "1h":
        return short, hour + rest
    return short + rest, hour


def _anthropic_part(item: Json, top: Usage, asked: _Asked) -> Usage:
    """Read one iteration, without searches, which the top level counts.

    Another model's part does not inherit the speed, which belongs to the main model.
    """
    part = replace(_anthropic_counts(item, asked), web_searches=0)
    model = _text(item, "model") or top.model
    return replace(
        part,
        model=model,
        service_tier=part.service_tier or top.service_tier,
        geo=part.geo or top.geo,
        speed=part.speed or (top.speed if model == top.model else None),
    )


# ---------------------------------------------------------------------------------------------------------------
# OpenAI and those who speak like it


def _openai_chat(raw: Json, asked: _Asked) -> Usage:
    if "prompt_tokens" not in raw:
        raise UnusableUsageError("usage lacks prompt_tokens")
    told, answered = _object(raw, "prompt_tokens_details"), _object(raw, "completion_tokens_details")
    prompt, completion = _count(raw, "prompt_tokens"), _count(raw, "completion_tokens")
    total, reasoning = _count(raw, "total_tokens"), _count(answered, "reasoning_tokens")
    if "completion_tokens" not in raw and "total_tokens" not in raw:
        raise UnusableUsageError("usage lacks completion_tokens")
    if asked.provider in _COMPLETION_EXCLUDES_REASONING and not total:
        completion += reasoning
    output = max(completion, total - prompt)
    cached = max(_count(told, "cached_tokens"), _count(raw, "prompt_cache_hit_tokens"), _count(raw, "cached_tokens"))
    return _openai(raw, asked, prompt=prompt, cached=cached, told=told, output=output, answered=answered)


def _openai_responses(raw: Json, asked: _Asked) -> Usage:
    if "input_tokens" not in raw or "output_tokens" not in raw:
        raise UnusableUsageError("usage lacks input_tokens or output_tokens")
    told, answered = _object(raw, "input_tokens_details"), _object(raw, "output_tokens_details")
    prompt, output = _count(raw, "input_tokens"), _count(raw, "output_tokens")
    output = max(output, _count(raw, "total_tokens") - prompt)
    cached = _count(told, "cached_tokens")
    return _openai(raw, asked, prompt=prompt, cached=cached, told=told, output=output, answered=answered)


def _openai(raw: Json, asked: _Asked, *, prompt: int, cached: int, told: Json, output: int, answered: Json) -> Usage:
    writes, long_writes = _openai_writes(told)
    cached_audio = min(cached, _count(_object(told, "cached_tokens_details"), "audio_tokens"))
    audio, image = _count(told, "audio_tokens"), _count(told, "image_tokens")
    searches, file_searches = _openai_searches(asked.extra)
    return _with_output(
        _with_input(
            Usage(
                model=asked.model,
                reasoning_tokens=min(_count(answered, "reasoning_tokens"), output),
                cache_write_5m_tokens=writes,
                cache_write_12h_tokens=long_writes,
                web_searches=searches + _count(raw, "num_sources_used") + _searches_by_itself(asked.model),
                file_searches=file_searches,
                service_tier=_text(raw, "service_tier"),
                reported_picodollars=_reported(raw, asked.provider),
            ),
            prompt,
            cached=cached,
            cached_audio=cached_audio,
            audio=audio,
            image=image,
        ),
        output,
        audio=_count(answered, "audio_tokens"),
        image=_count(answered, "image_tokens"),
    )


def _openai_writes(told: Json) -> tuple[int, int]:
    """Cache writes of the short lifetime (30 minutes) and of 12 hours."""
    total = max(_count(told, "cache_write_tokens"), _count(told, "cache_creation_tokens"))
    split = _object(told, "cache_write_tokens_details")
    long_writes = _count(split, "ttl_12h_tokens")
    short = max(total - long_writes, _count(split, "ttl_30m_tokens"))
    return short, long_writes


def _openai_searches(extra: Json) -> tuple[int, int]:
    """Count searches of the web and of files among a response's output items; opening a page found is no search."""
    web = files = 0
    for item in _items(extra.get("output")):
        if not isinstance(item, Mapping):
            continue
        if item.get("type") == "file_search_call":
            files += 1
        elif item.get("type") == "web_search_call":
            action = item.get("action")
            kind = action.get("type") if isinstance(action, Mapping) else None
            web += kind in {None, "search"}
    return web, files


def _searches_by_itself(model: str | None) -> bool:
    """Tell whether the model searches once for each request, without a word of it in the usage."""
    return model is not None and _SEARCH_MODEL.search(model) is not None


_SEARCH_MODEL: Final = re.compile(r"-search-(?:preview|api)")


def _reported(raw: Json, provider: str | None) -> int | None:
    """Read the cost that the provider itself states, in picodollars."""
    ticks = raw.get("cost_in_usd_ticks")
    if ticks is not None:
        return _money(ticks, PICODOLLARS // _TICKS)
    if provider not in _REPORTS_COST or raw.get("cost") is None:
        return None
    cost = raw["cost"]
    if isinstance(cost, Mapping):
        return _money(cost.get("total_cost"), PICODOLLARS) if cost.get("total_cost") is not None else None
    upstream = _object(raw, "cost_details").get("upstream_inference_cost")
    own_key = raw.get("is_byok") is True and upstream is not None
    return _money(cost, PICODOLLARS) + (_money(upstream, PICODOLLARS) if own_key else 0)


def _money(value: object, unit: int) -> int:
    """``value`` times ``unit``, exactly, rounded up to a whole picodollar."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnusableUsageError(f"a cost must be a number, not {value!r}")
    try:
        exact = Decimal(str(value)) * unit
    except InvalidOperation:
        raise UnusableUsageError(f"a cost must be a number, not {value!r}") from None
    if not exact.is_finite() or exact < 0:
        raise UnusableUsageError(f"a cost must be a number of at least 0, not {value!r}")
    return -int(-exact // 1)


# ---------------------------------------------------------------------------------------------------------------
# Gemini


def _gemini(raw: Json, asked: _Asked) -> Usage:
    if "promptTokenCount" not in raw and "totalTokenCount" not in raw:
        raise UnusableUsageError("usage lacks promptTokenCount")
    prompt, cached = _count(raw, "promptTokenCount"), _count(raw, "cachedContentTokenCount")
    tools, thoughts = _count(raw, "toolUsePromptTokenCount"), _count(raw, "thoughtsTokenCount")
    audio = _modality(raw, "promptTokensDetails", "AUDIO") + _modality(raw, "toolUsePromptTokensDetails", "AUDIO")
    image = sum(_modality(raw, "promptTokensDetails", kind) for kind in ("IMAGE", "DOCUMENT"))
    output = _gemini_output(raw, prompt, tools, thoughts)
    cached_audio = _modality(raw, "cacheTokensDetails", "AUDIO") or max(0, cached - (prompt - audio))
    return _with_output(
        _with_input(
            Usage(
                model=asked.model,
                reasoning_tokens=min(thoughts, output),
                web_searches=_gemini_searches(asked.extra),
                service_tier=_gemini_tier(raw),
            ),
            prompt + tools,
            cached=cached,
            cached_audio=min(cached_audio, cached, audio),
            audio=audio,
            image=image,
        ),
        output,
        audio=_modality(raw, "candidatesTokensDetails", "AUDIO"),
        image=_modality(raw, "candidatesTokensDetails", "IMAGE"),
    )


def _gemini_output(raw: Json, prompt: int, tools: int, thoughts: int) -> int:
    """Total minus prompt minus tool use: the candidates' count lacks the thoughts, or does not, by endpoint."""
    shown = max(_count(raw, "candidatesTokenCount"), _count(raw, "responseTokenCount"))
    rest = _count(raw, "totalTokenCount") - prompt
    if "totalTokenCount" not in raw or rest == shown + thoughts:
        return shown + thoughts
    return max(shown, rest - tools)


def _gemini_searches(extra: Json) -> int:
    """Count the queries that the model sent to the search engine, over all candidates."""
    holders = [*_items(extra.get("candidates")), extra]
    found = 0
    for holder in holders:
        grounding = holder.get("groundingMetadata") if isinstance(holder, Mapping) else None
        if isinstance(grounding, Mapping):
            found += len(_items(grounding.get("webSearchQueries")))
    return found


def _gemini_tier(raw: Json) -> str | None:
    """Where Gemini names its tier in the usage: ``serviceTier``, or Vertex's ``trafficType``."""
    told = _text(raw, "serviceTier") or _text(raw, "trafficType")
    return _TRAFFIC.get(told, told) if told else None


_TRAFFIC: Final = {
    "ON_DEMAND": "standard",
    "ON_DEMAND_PRIORITY": "priority",
    "ON_DEMAND_FLEX": "flex",
    "TRAFFIC_TYPE_UNSPECIFIED": "standard",
}


def _modality(raw: Json, key: str, kind: str) -> int:
    entries = (entry for entry in _items(raw.get(key)) if isinstance(entry, Mapping))
    return sum(_count(entry, "tokenCount") for entry in entries if entry.get("modality") == kind)


# ---------------------------------------------------------------------------------------------------------------
# Bedrock's own shape


def _bedrock_converse(raw: Json, asked: _Asked) -> Usage:
    if "inputTokens" not in raw or "outputTokens" not in raw:
        raise UnusableUsageError("usage lacks inputTokens or outputTokens")
    ttls: dict[str, int] = {}
    for entry in _items(raw.get("cacheDetails")):
        if isinstance(entry, Mapping):
            ttl = str(entry.get("ttl"))
            ttls[ttl] = ttls.get(ttl, 0) + _count(entry, "inputTokens")
    hour = sum(tokens for ttl, tokens in ttls.items() if ttl != "5m")
    short = ttls.get("5m", 0)
    total = max(_count(raw, "cacheWriteInputTokens"), _count(raw, "cacheWriteInputTokenCount"))
    rest = max(0, total - hour - short)
    at_hour = bool(hour) or asked.cache_ttl == "1h"
    return Usage(
        model=asked.model,
        input_tokens=_count(raw, "inputTokens"),
        cache_read_tokens=max(_count(raw, "cacheReadInputTokens"), _count(raw, "cacheReadInputTokenCount")),
        cache_write_5m_tokens=short + (0 if at_hour else rest),
        cache_write_1h_tokens=hour + (rest if at_hour else 0),
        output_tokens=_count(raw, "outputTokens"),
    )


# ---------------------------------------------------------------------------------------------------------------
# What all of them need


def _with_input(usage: Usage, total: int, *, cached: int, cached_audio: int, audio: int, image: int) -> Usage:
    """Take the parts that have their own price out of an input count that includes them all."""
    plain = total - cached - usage.cache_write_5m_tokens - usage.cache_write_12h_tokens
    if plain < 0:
        raise UnusableUsageError("usage counts more cached tokens than input tokens")
    fresh_audio = min(plain, max(0, audio - cached_audio))
    fresh_image = min(plain - fresh_audio, image)
    return replace(
        usage,
        input_tokens=plain - fresh_audio - fresh_image,
        cache_read_tokens=cached - cached_audio,
        cache_read_audio_tokens=cached_audio,
        input_audio_tokens=fresh_audio,
        input_image_tokens=fresh_image,
    )


def _with_output(usage: Usage, total: int, *, audio: int, image: int) -> Usage:
    audio = min(audio, total)
    image = min(image, total - audio)
    return replace(usage, output_tokens=total - audio - image, output_audio_tokens=audio, output_image_tokens=image)


def _from_stream(protocol: WireProtocol | str, raw: Json | None, extra: Json) -> Json:
    """Lay ``raw`` over what the stream's events said before it.

    Without ``raw``, a stream counts only if it told its end: the input of a cut one is known, its output is not.
    """
    merged: dict[str, object] = {}
    ended = False
    for event in _items(extra.get("stream_events")):
        if isinstance(event, Mapping):
            merged = merge_stream(protocol, merged, _usage_of_event(event))
            ended = ended or _is_end(event)
    if raw is not None:
        return merge_stream(protocol, merged, raw)
    return merged if ended else {}


def _usage_of_event(event: Json) -> Json | None:
    for holder in (event, event.get("message"), event.get("response")):
        if isinstance(holder, Mapping):
            for key in ("usage", "usageMetadata"):
                found = holder.get(key)
                if isinstance(found, Mapping):
                    return found
    return None


def _is_end(event: Json) -> bool:
    """Whether the event is one that carries final counts."""
    kind = event.get("type")
    if kind == "message_delta":
        delta = event.get("delta")
        return isinstance(delta, Mapping) and delta.get("stop_reason") is not None
    if isinstance(kind, str):
        return kind in {"response.completed", "response.incomplete", "response.failed"}
    return _usage_of_event(event) is not None


def _tier_beside(extra: Json) -> str | None:
    """Find the tier that the answer was served at, where it stands beside the usage."""
    told = _text(extra, "service_tier") or _text(extra, "serviceTier") or _text(_object(extra, "serviceTier"), "type")
    if told is None:
        headers = {str(name).lower(): value for name, value in _object(extra, "headers").items()}
        named = headers.get("x-gemini-service-tier")
        told = named if isinstance(named, str) else None
    return told


def _count(holder: Json, key: str) -> int:
    """Read a count of tokens: absent and null are 0; anything that is no whole number of at least 0 is a problem."""
    value = holder.get(key)
    if value is None:
        return 0
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UnusableUsageError(f"{key} must be a whole number of at least 0, not {value!r}")
    return value


def _object(holder: Json, key: str) -> Json:
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()


def _text(holder: Json, key: str) -> str | None:
    value = holder.get(key)
    return value if isinstance(value, str) and value else None


def _by_shape(protocol: str, raw: Json) -> Callable[[Json, _Asked], Usage]:
    """Recognize the usage of a protocol that only its reader has a name for: each shape has a field of its own."""
    for field, reader in _SHAPES:
        if field in raw:
            return reader
    raise UnusableUsageError(f"unknown protocol {protocol!r}; known: {', '.join(sorted(_READERS))}")


_SHAPES: Final[Sequence[tuple[str, Callable[[Json, _Asked], Usage]]]] = (
    ("prompt_tokens", _openai_chat),
    ("promptTokenCount", _gemini),
    ("inputTokens", _bedrock_converse),
    ("input_tokens_details", _openai_responses),
    ("total_tokens", _openai_responses),
    ("input_tokens", _anthropic),
)
_READERS: Final[Mapping[str, Callable[[Json, _Asked], Usage]]] = {
    WireProtocol.ANTHROPIC_MESSAGES: _anthropic,
    WireProtocol.OPENAI_CHAT: _openai_chat,
    WireProtocol.OPENAI_RESPONSES: _openai_responses,
    WireProtocol.GEMINI_GENERATE: _gemini,
    "gemini-generateContent": _gemini,
    "vertex-gemini": _gemini,
    "vertex-anthropic": _anthropic,
    "bedrock-invoke-anthropic": _anthropic,
    "bedrock-converse": _bedrock_converse,
}
"""The wire protocols, and beside them the shapes that only ``guardian-ci price`` meets."""
