"""Settings out of a checked document. Money becomes whole picodollars here, out of the decimals that were written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeVar, cast

from guardian_ci.model import PICODOLLARS, Limit, Place
from guardian_ci.policy.document import Value
from guardian_ci.policy.merge import merged
from guardian_ci.policy.problems import field_name
from guardian_ci.policy.settings import (
    SCOPES,
    Action,
    Budget,
    Downgrade,
    FilePattern,
    FilePatterns,
    LoopDetection,
    OnBudget,
    Scope,
    SecretRules,
    Settings,
    Timeouts,
    WebSockets,
)
from guardian_ci.policy.upstreams import Upstream, upstream_of
from guardian_ci.pricing.rates import CustomPrice, CustomTier

_PER_MILLION: Final = PICODOLLARS // 10**6
"""Picodollars per token of one dollar per million tokens."""

_UPSTREAM_TEXTS: Final = ["url", "kind", "provider", "key_variable", "api_version", "region", "project", "location"]

_Made = TypeVar("_Made")
_Members = dict[str, Value]


def settings_of(document: _Members, lines: Mapping[str, int], file: str) -> tuple[Settings, ...]:
    """Return the settings of each entry of a document that the checks have passed."""
    entries = document.get("policies")
    if not isinstance(entries, list):
        return (_settings(document, _places(lines, "", file), name="default"),)
    return tuple(
        _settings(
            merged(document, cast("_Members", entry)),
            _places(lines, f"policies[{index}].", file),
            name=f"policy-{index + 1}" if len(entries) > 1 else "default",
        )
        for index, entry in enumerate(entries)
    )


def _places(lines: Mapping[str, int], prefix: str, file: str) -> dict[str, Place]:
    """Return where an entry's fields are said: its own places over the top level's."""
    places = {field: line for field, line in lines.items() if not field.startswith("policies")}
    if prefix:
        places.update((field.removeprefix(prefix), line) for field, line in lines.items() if field.startswith(prefix))
    return {field: Place(file=file, line=line) for field, line in places.items()}


@dataclass(frozen=True, slots=True)
class _Section:
    """A mapping of a checked document, read by type. Keys that are not there are None."""

    members: _Members

    def section(self, key: str) -> "_Section":
        value = self.members.get(key)
        return _Section(value if isinstance(value, dict) else {})

    def text(self, key: str) -> str | None:
        value = self.members.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> int | Decimal | None:
        value = self.members.get(key)
        return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None

    def integer(self, key: str) -> int | None:
        return None if (value := self.number(key)) is None else int(value)

    def seconds(self, key: str) -> float | None:
        return None if (value := self.number(key)) is None else float(value)

    def fraction(self, key: str) -> Fraction | None:
        return None if (value := self.number(key)) is None else Fraction(value)

    def scaled(self, key: str, factor: int) -> int | None:
        # Fraction: a decimal context would round what has more than 28 digits.
        return None if (value := self.number(key)) is None else int(Fraction(value) * factor)

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self.members.get(key)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else None


def _given(**values: object) -> dict[str, object]:
    """Keep what was said, so that the dataclass's own defaults stand for the rest."""
    return {key: value for key, value in values.items() if value is not None}


def _made(kind: type[_Made], **values: object) -> _Made:
    return kind(**_given(**values))


def _settings(members: _Members, places: Mapping[str, Place], *, name: str) -> Settings:
    entry = _Section(members)
    return _made(
        Settings,
        name=entry.text("name") or name,
        sessions=entry.texts("sessions"),
        budgets=tuple(_budgets(entry, places)),
        budget_status=entry.integer("budget_status"),
        budget_warnings=_fractions(members.get("budget_warnings")),
        min_output_tokens=entry.integer("min_output_tokens"),
        reservation_wait_seconds=entry.seconds("reservation_wait_seconds"),
        on_budget=_on_budget(entry.section("on_budget")),
        allowed_models=entry.texts("allowed_models"),
        unknown_model=entry.text("unknown_model"),
        prices=_prices(entry.section("prices"), places),
        allowed_tools=entry.texts("allowed_tools"),
        tool_denial=entry.text("tool_denial"),
        denied_tools=entry.texts("denied_tools"),
        denied_definitions=entry.text("denied_definitions"),
        file_blocklist=_files(members.get("file_blocklist"), "file_blocklist"),
        file_allowlist=_files(members.get("file_allowlist"), "file_allowlist"),
        network_allowlist=entry.texts("network_allowlist"),
        secrets=_secrets(members.get("secrets")),
        requests_per_minute=entry.section("rate_limit").integer("requests_per_minute"),
        loop_detection=_loop_detection(entry.section("loop_detection")),
        idle_timeout_minutes=entry.section("session").seconds("idle_timeout_minutes"),
        upstreams=_upstreams(entry.section("upstreams"), places),
        websockets=_websockets(entry.section("websockets")),
        timeouts=_timeouts(entry.section("timeouts")),
        max_request_mb=entry.integer("max_request_mb"),
        log_level=entry.text("log_level"),
        rules=cast("Mapping[str, Action]", entry.section("rules").members),
        places=places,
    )


def _fractions(value: Value) -> tuple[Fraction, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(sorted({Fraction(item) for item in value if isinstance(item, int | Decimal)}))


def _budgets(entry: _Section, places: Mapping[str, Place]) -> Iterator[Budget]:
    """Yield one budget per scope; where a session's is said in both forms, the tighter of the two counts."""
    budgets = entry.section("budgets")
    for scope in SCOPES:
        if scope == "model":
            for pattern in (models := budgets.section("model")).members:
                yield _budget(models.section(pattern), scope, _field("budgets.model", pattern), places, pattern)
        elif scope == "session":
            yield from _session_budget(entry, places)
        elif scope in budgets.members:
            yield _budget(budgets.section(scope), scope, f"budgets.{scope}", places)


def _field(parent: str, key: str) -> str:
    return field_name((*parent.split("."), key))


def _budget(
    section: _Section,
    scope: Scope,
    field: str,
    places: Mapping[str, Place],
    pattern: str | None = None,
) -> Budget:
    return Budget(
        scope=scope,
        pattern=pattern,
        limit=Limit(picodollars=section.scaled("usd", PICODOLLARS), tokens=section.integer("tokens")),
        place=places.get(f"{field}.usd") or places.get(field),
        tokens_place=places.get(f"{field}.tokens") or places.get(field),
    )


def _session_budget(entry: _Section, places: Mapping[str, Place]) -> Iterator[Budget]:
    long = _budget(entry.section("budgets").section("session"), "session", "budgets.session", places)
    usd, tokens = entry.scaled("cost_limit_usd", PICODOLLARS), entry.integer("token_budget")
    short_usd = usd is not None and (long.limit.picodollars is None or usd <= long.limit.picodollars)
    short_tokens = tokens is not None and (long.limit.tokens is None or tokens <= long.limit.tokens)
    limit = Limit(
        picodollars=usd if short_usd else long.limit.picodollars,
        tokens=tokens if short_tokens else long.limit.tokens,
    )
    if limit != Limit():
        yield Budget(
            scope="session",
            limit=limit,
            place=places.get("cost_limit_usd") if short_usd else long.place,
            tokens_place=places.get("token_budget") if short_tokens else long.tokens_place,
        )


def _on_budget(section: _Section) -> OnBudget:
    downgrade = section.section("downgrade")
    at, to = downgrade.fraction("at"), downgrade.text("to")
    return OnBudget(
        warn_agent_at=section.fraction("warn_agent_at"),
        downgrade=Downgrade(at=at, to=to) if at is not None and to is not None else None,
    )


def _prices(section: _Section, places: Mapping[str, Place], field: str = "prices") -> tuple[CustomPrice, ...]:
    return tuple(
        _price(section.section(pattern), pattern, places.get(_field(field, pattern))) for pattern in section.members
    )


def _price(price: _Section, pattern: str, place: Place | None) -> CustomPrice:
    tiers = price.members.get("tiers")
    steps = tiers if isinstance(tiers, list) else []
    since = price.text("effective_from")
    return _made(
        CustomPrice,
        pattern=pattern,
        input=price.scaled("input", _PER_MILLION),
        output=price.scaled("output", _PER_MILLION),
        cache_read=price.scaled("cache_read", _PER_MILLION),
        cache_write=price.scaled("cache_write", _PER_MILLION),
        cache_write_1h=price.scaled("cache_write_1h", _PER_MILLION),
        effective_from=None if since is None else date.fromisoformat(since),
        multiplier=price.fraction("multiplier"),
        tiers=tuple(_tier(_Section(tier)) for tier in steps if isinstance(tier, dict)),
        source=_source(place),
    )


def _source(place: Place | None) -> str | None:
    return None if place is None else f"{place.file}:{place.line}"


def _tier(tier: _Section) -> CustomTier:
    return CustomTier(
        above=tier.integer("above") or 0,
        input=tier.scaled("input", _PER_MILLION),
        output=tier.scaled("output", _PER_MILLION),
        cache_read=tier.scaled("cache_read", _PER_MILLION),
        cache_write=tier.scaled("cache_write", _PER_MILLION),
    )


def _loop_detection(section: _Section) -> LoopDetection:
    return _made(
        LoopDetection,
        max_repeats=section.integer("max_repeats"),
        window_seconds=section.integer("window_seconds"),
        retry_after_seconds=section.integer("retry_after_seconds"),
        then=section.text("then"),
        max_same_results=section.integer("max_same_results"),
        max_idle_turns=section.integer("max_idle_turns"),
    )


def _files(value: Value, field: str) -> FilePatterns:
    """Read a list of files: one list for both kinds of access, or one for each."""
    if isinstance(value, dict):
        read, write = (_patterns(value.get(kind), f"{field}.{kind}") for kind in ("read", "write"))
        return FilePatterns(read=read, write=write)
    both = _patterns(value, field)
    return FilePatterns(read=both, write=both)


def _patterns(value: Value, field: str) -> tuple[FilePattern, ...] | None:
    if not isinstance(value, list):
        return None
    texts = [(index, item) for index, item in enumerate(value) if isinstance(item, str)]
    return tuple(FilePattern(pattern=item, field=f"{field}[{index}]") for index, item in texts)


def _secrets(value: Value) -> SecretRules:
    """Read ``secrets``: one action, or one for each place. What the model writes is never edited."""
    section = _Section(value if isinstance(value, dict) else {})
    one = value if isinstance(value, str) else section.text("action")
    kept = "warn" if one == "redact" else one
    return _made(
        SecretRules,
        prompts=section.text("prompts") or one,
        tool_results=section.text("tool_results") or one,
        tool_calls=section.text("tool_calls") or kept,
        answers=section.text("answers") or kept,
        environment=section.texts("environment"),
        rules=section.text("rules"),
    )


def _websockets(section: _Section) -> WebSockets:
    return _made(
        WebSockets,
        responses=section.text("responses"),
        realtime_ceiling=section.scaled("realtime_ceiling_usd", PICODOLLARS),
    )


def _timeouts(section: _Section) -> Timeouts:
    return _made(Timeouts, **{key: section.seconds(key) for key in section.members})


def _upstreams(section: _Section, places: Mapping[str, Place]) -> dict[str, Upstream]:
    return {
        name: upstream_of(name, url=upstream.rstrip("/"))
        if isinstance(upstream, str)
        else _upstream(section, name, places)
        for name, upstream in section.members.items()
    }


def _upstream(upstreams: _Section, name: str, places: Mapping[str, Place]) -> Upstream:
    entry, field = upstreams.section(name), _field("upstreams", name)
    free = entry.members.get("free") is True
    place = places.get(f"{field}.free")
    nothing = CustomPrice(pattern="*", input=0, output=0, free=True, source=_source(place) or "policy")
    said = _given(
        **{key: entry.text(key) for key in _UPSTREAM_TEXTS},
        protocols=entry.texts("protocols"),
        models=entry.texts("models"),
        model_ids=entry.section("model_ids").members,
        prices=(nothing,) if free else _prices(entry.section("prices"), places, f"{field}.prices"),
        free=free,
    )
    return upstream_of(name, **cast("dict[str, Any]", said))
