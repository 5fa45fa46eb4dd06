"""What a policy means, in lines for people: amounts in dollars, and what it does not limit."""

from collections.abc import Iterator, Sequence
from typing import Final

from guardian_ci.model import PICODOLLARS, Limit
from guardian_ci.policy.settings import Budget, FilePattern, SecretRules, Settings

_PER: Final = {
    "session": "per session",
    "run": "per run",
    "day": "per day",
    "user": "per user",
    "pull_request": "per pull request",
    "model": "for each model like",
}
_SHOWN: Final = 8


def describe_policy(file: str, settings: Sequence[Settings], fallback: Settings | None) -> list[str]:
    """Say what each entry allows, and what becomes of a session that none of them names."""
    lines: list[str] = []
    for entry in settings:
        whose = f"sessions {_list(entry.sessions)}" if entry.sessions else "all sessions"
        lines += [f"policy {entry.name} ({file.strip('()')}), for {whose}:", *(f"  {line}" for line in _entry(entry))]
    if fallback is not None:
        lines += ["any other session (built-in default):", *(f"  {line}" for line in _entry(fallback))]
    return lines


def dollars(picodollars: int) -> str:
    """Write an amount as people do, exactly: at least two decimals, more only where they say something."""
    whole, rest = divmod(abs(picodollars), PICODOLLARS)
    decimals = f"{rest:012d}".rstrip("0").ljust(2, "0")
    return f"{'-' if picodollars < 0 else ''}${whole:,}.{decimals}"


def _entry(entry: Settings) -> Iterator[str]:
    yield "budget: " + ("; ".join(_budget(budget) for budget in entry.budgets) or "no limit")
    yield "models: " + (_list(entry.allowed_models) if entry.allowed_models is not None else "any with a known price")
    yield "tools: " + (_list(entry.allowed_tools) if entry.allowed_tools is not None else "any")
    if entry.denied_tools:
        yield "tools that are denied: " + _list(entry.denied_tools)
    yield from _files(entry)
    if entry.network_allowlist is not None:
        yield "hosts that commands may talk to: " + _list(entry.network_allowlist)
    yield "secrets: " + _secrets(entry.secrets)
    yield "pace: " + (f"{entry.requests_per_minute} calls a minute" if entry.requests_per_minute else "no limit")
    loop = entry.loop_detection
    yield (
        f"loops: the same prompt at most {loop.max_repeats} times in {loop.window_seconds} seconds, then "
        + ("the run ends" if loop.then == "end" else f"wait {loop.retry_after_seconds} seconds")
    )
    yield from _special(entry)


def _special(entry: Settings) -> Iterator[str]:
    """Say what most policies leave at its default."""
    if entry.tool_denial == "stop":
        yield "a denied tool call ends the run"
    if entry.on_budget.warn_agent_at is not None:
        yield f"the agent is warned at {float(entry.on_budget.warn_agent_at):.0%} of its budget"
    if entry.on_budget.downgrade is not None:
        cheaper = entry.on_budget.downgrade
        yield f"from {float(cheaper.at):.0%} of the budget on, calls go to {cheaper.to}"
    if entry.unknown_model == "ceiling":
        yield "models without a price: charged as the dearest model of their provider"
    if entry.prices:
        yield "prices of its own: " + _list([price.pattern for price in entry.prices])
    yield from _upstreams(entry)
    if entry.websockets.responses == "refuse":
        yield "WebSockets are refused; agents fall back to POST"
    if entry.websockets.realtime_ceiling is not None:
        yield f"OpenAI Realtime: {dollars(entry.websockets.realtime_ceiling)} per connection, without tools"
    changed = [f"{rule} {action}" for rule, action in entry.rules.items() if action != "block"]
    if changed:
        yield "rules that do not block: " + ", ".join(changed)


def _upstreams(entry: Settings) -> Iterator[str]:
    own = [each for each in entry.upstreams.values() if each.built_in]
    if own:
        yield "upstreams: " + ", ".join(f"{each.name} at {each.url}" for each in own)
    for each in entry.upstreams.values():
        if each.models is not None:
            spoken = ", ".join(each.protocols)
            price = ", free of charge" if each.free else ""
            yield f"models {_list(each.models)} over {spoken}: {each.name} at {each.url}{price}"


def _files(entry: Settings) -> Iterator[str]:
    blocked, allowed = entry.file_blocklist, entry.file_allowlist
    if blocked.read == blocked.write:
        yield "files that no tool may touch: " + _patterns(blocked.read, "none")
    else:
        yield "files that no tool may read: " + _patterns(blocked.read, "none")
        yield "files that no tool may write: " + _patterns(blocked.write, "none")
    if allowed.read is not None:
        yield "files that tools may read: " + _patterns(allowed.read, "none")
    if allowed.write is not None:
        yield "files that tools may write: " + _patterns(allowed.write, "none")


def _patterns(patterns: Sequence[FilePattern] | None, otherwise: str) -> str:
    return _list([each.pattern for each in patterns]) if patterns else otherwise


def _secrets(rules: SecretRules) -> str:
    places = {
        "prompts": rules.prompts,
        "tool results": rules.tool_results,
        "tool calls": rules.tool_calls,
        "answers": rules.answers,
    }
    if len(actions := set(places.values())) == 1:
        return f"{actions.pop()} everywhere"
    return ", ".join(f"{action} in {place}" for place, action in places.items())


def _budget(budget: Budget) -> str:
    scope = _PER[budget.scope] + (f" {budget.pattern}" if budget.pattern else "")
    return f"{_limit(budget.limit)} {scope}"


def _limit(limit: Limit) -> str:
    parts = [dollars(limit.picodollars)] if limit.picodollars is not None else []
    parts += [f"{limit.tokens:,} tokens"] if limit.tokens is not None else []
    return " and ".join(parts)


def _list(items: Sequence[str]) -> str:
    if not items:
        return "none"
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more
