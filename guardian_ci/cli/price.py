"""``guardian-ci price``: what a usage costs, and why."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from guardian_ci.cli.validate import read_policy
from guardian_ci.errors import EXIT_CLEAN, EXIT_USAGE, UsageError
from guardian_ci.model import PICODOLLARS, Cost, CostLine, Usage
from guardian_ci.pricing import CustomPrice, PriceTable, UnderivableError
from guardian_ci.pricing.hosts import host_facts
from guardian_ci.wire.usage import UnusableUsageError, parse_usage

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 -- argparse names it nowhere else

Json = Mapping[str, object]

_EPILOG: Final = """\
Each line of FILE (or of standard input) is a JSON object:
  {"protocol": "anthropic-messages", "provider": "anthropic", "model": "claude-opus-5-5",
   "usage": {…}, "timestamp": "2026-11-20T12:00:00Z", "service_tier": null, "request": {}, "response_extra": {}}
Each is answered by one line, in the same order:
  {"cost_usd": "0.0140", "cost_picodollars": 14000000000, "source": "…", "as_of": "…",
   "lines": [{"unit": "input", "quantity": 1000, "rate": 4000000, "rate_usd": "0.000004"}, …]}
"rate" is in picodollars a unit, so that the sum of quantity x rate is cost_picodollars. "cost_usd" is null, with a
"reason", where the cost cannot be derived: no usage, an unknown model, a service tier without a known price.

Exit code: 0 every line was read (a cost of null is an answer), 2 a line, a flag or a file could not be.
"""
_PROVIDERS: Final = {
    "anthropic-messages": "anthropic",
    "openai-chat": "openai",
    "openai-responses": "openai",
    "gemini-generate": "google",
    "gemini-generateContent": "google",
    "vertex-anthropic": "google",
    "vertex-gemini": "google",
    "bedrock-converse": "aws",
    "bedrock-invoke-anthropic": "aws",
}
"""Whose prices a protocol means where the line names no provider."""
_DEARER_TIERS: Final = frozenset({"priority", "fast", "ultrafast"})
_LONGEST: Final = ("24h", "12h", "1h")


class _BadLineError(Exception):
    """A line that is no question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a usage costs; ``cost`` None with the reason why not."""

    cost: Cost | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One line, checked."""

    protocol: str
    provider: str | None
    model: str | None
    usage: Json | None
    at: datetime
    service_tier: str | None
    request: Json
    extra: Json


def add_parser(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "price",
        help="tell what a usage costs, and why",
        description="Price usage objects by the table that the proxy uses, exactly.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="JSON lines (default: standard input)")
    parser.add_argument("--policy", metavar="FILE", type=Path, help="take custom prices from this policy")
    one = parser.add_argument_group("one price, for people")
    one.add_argument("--model", metavar="M", help="price this model instead of reading lines")
    one.add_argument("--provider", metavar="P", help="whose model it is (anthropic, openai, google, azure, aws, …)")
    for flag, what in (
        ("--input", "input tokens that are not cached"),
        ("--output", "output tokens, reasoning included"),
        ("--cache-read", "input tokens read from the cache"),
        ("--cache-write", "input tokens written to the cache"),
        ("--cache-write-1h", "input tokens written to the cache for an hour"),
        ("--web-searches", "searches that the provider ran"),
    ):
        one.add_argument(flag, metavar="N", type=_count, default=0, help=what)
    one.add_argument("--service-tier", metavar="T", help="batch, flex, priority, …")
    one.add_argument("--geo", metavar="G", help="geography that the tokens are bound to (us, eu, …)")
    one.add_argument("--at", metavar="TIME", type=_moment, help="price of that day or time (default: now)")
    one.add_argument("--json", action="store_true", help="with --model: print the answer as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Answer each line, or the one question of the flags."""
    table = PriceTable.load(_custom_prices(args.policy))
    if args.model is not None:
        return _one(args, table)
    if args.file == "-":
        if sys.stdin.isatty():
            print("guardian-ci: reading JSON lines from the terminal; --model prices one usage", file=sys.stderr)
        return _lines(sys.stdin.buffer, "standard input", table)
    try:
        with Path(args.file).open("rb") as file:
            return _lines(file, args.file, table)
    except OSError as error:
        raise UsageError(f"{args.file}: cannot be read: {error.strerror}") from error


# -- lines ----------------------------------------------------------------------------------------------------------


def _lines(file: IO[bytes], name: str, table: PriceTable) -> int:
    """Answer line by line, each as soon as it is read; a bad one is named, and the others still answered."""
    code = EXIT_CLEAN
    now = datetime.now(UTC)
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            answer = _answer(_question(line, now), table)
        except _BadLineError as problem:
            print(f"guardian-ci: {name}:{number}: {problem}", file=sys.stderr)
            answer = _Answer(reason=f"not read: {problem}")
            code = EXIT_USAGE
        print(json.dumps(_as_json(answer)), flush=True)
    return code


def _question(line: bytes, now: datetime) -> _Question:
    try:
        document = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise _BadLineError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise _BadLineError("must be a JSON object")
    if "usage" not in document:
        raise _BadLineError("usage is missing (null means that the provider sent none)")
    protocol = _string(document, "protocol")
    if protocol is None:
        raise _BadLineError(f"protocol is missing; known: {', '.join(sorted(_PROVIDERS))}")
    return _Question(
        protocol=protocol,
        provider=_string(document, "provider") or _PROVIDERS.get(protocol),
        model=_string(document, "model"),
        usage=_mapping(document, "usage"),
        at=_timestamp(document.get("timestamp"), now),
        service_tier=_string(document, "service_tier"),
        request=_mapping(document, "request") or {},
        extra=_mapping(document, "response_extra") or {},
    )


def _answer(question: _Question, table: PriceTable) -> _Answer:
    """Price one question by the code that prices calls."""
    model = question.model or _told_model(question.extra)
    try:
        usage = parse_usage(
            question.protocol,
            question.usage,
            model=model,
            provider=question.provider,
            response_extra=question.extra,
            service_tier=question.service_tier,
            cache_ttl=_longest_ttl(question.request),
        )
    except UnusableUsageError as problem:
        return _Answer(reason=str(problem))
    if model is None:
        return _Answer(reason="no model is named")
    usage = _as_requested(usage, question.request)
    return _priced(table, usage, model, question.provider, question.at, _geo(question.request))


def _priced(
    table: PriceTable, usage: Usage, model: str, provider: str | None, at: datetime, geo: str | None
) -> _Answer:
    price = table.find(model, provider=provider, at=at)
    if price is None:
        if usage.reported_picodollars is not None:
            source = f"reported by {provider or 'the provider'}"
            as_of = at.date().isoformat()
            return _Answer(cost=Cost(picodollars=usage.reported_picodollars, source=source, as_of=as_of))
        nearest = table.nearest(model)
        hint = f"; the nearest known id is {nearest!r}" if nearest else ""
        return _Answer(reason=f"no price is known for the model {model!r}{hint}")
    try:
        return _Answer(cost=table.derive(usage, price, at=at, geo=geo))
    except UnderivableError as problem:
        return _Answer(reason=str(problem))


def _as_requested(usage: Usage, request: Json) -> Usage:
    """Take the request's word where the answer is silent, if it is the dearer one; the answer's word holds else."""
    tier, speed = request.get("service_tier"), request.get("speed")
    if usage.service_tier is None and isinstance(tier, str) and tier in _DEARER_TIERS:
        usage = replace(usage, service_tier=tier)
    if usage.speed is None and isinstance(speed, str):
        usage = replace(usage, speed=speed)
    return usage


def _geo(request: Json) -> str | None:
    """Find where the request was bound to: by its own words, or by the host it went to."""
    for key in ("inference_geo", "location", "geo"):
        told = request.get(key)
        if isinstance(told, str):
            return told
    host = request.get("host")
    return host_facts(host).geo if isinstance(host, str) else None


def _longest_ttl(value: object, depth: int = 0) -> str | None:
    """Find the longest cache lifetime that a request asks for, wherever in it."""
    found: set[str] = set()
    if depth < 64 and isinstance(value, Mapping):  # noqa: PLR2004 - no request nests deeper
        told = value.get("ttl")
        found |= {told} if isinstance(told, str) else set()
        found |= {ttl for item in value.values() if (ttl := _longest_ttl(item, depth + 1))}
    elif isinstance(value, list):
        found |= {ttl for item in value if (ttl := _longest_ttl(item, depth + 1))}
    return next((ttl for ttl in _LONGEST if ttl in found), None)


def _told_model(extra: Json) -> str | None:
    for key in ("model", "modelVersion"):
        told = extra.get(key)
        if isinstance(told, str):
            return told
    return None


def _string(document: Json, key: str) -> str | None:
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise _BadLineError(f"{key} must be a string, not {_kind(value)}")
    return value


def _mapping(document: Json, key: str) -> Json | None:
    value = document.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise _BadLineError(f"{key} must be an object, not {_kind(value)}")
    return value


def _timestamp(value: object, now: datetime) -> datetime:
    if value is None:
        return now
    if isinstance(value, str):
        try:
            return _moment(value)
        except ValueError:
            pass
    raise _BadLineError(f"timestamp must be like 2026-11-20T12:00:00Z, not {value!r}")


def _kind(value: object) -> str:
    names = {
        bool: "a boolean",
        int: "a number",
        Decimal: "a number",
        str: "a string",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), type(value).__name__)


def _as_json(answer: _Answer) -> dict[str, object]:
    cost = answer.cost
    if cost is None:
        nothing: dict[str, object] = dict.fromkeys(("cost_usd", "cost_picodollars", "source", "as_of"))
        return {**nothing, "lines": [], "reason": answer.reason}
    result: dict[str, object] = {
        "cost_usd": dollars(cost.picodollars),
        "cost_picodollars": cost.picodollars,
        "source": cost.source,
        "as_of": cost.as_of,
        "lines": [_line_json(line) for line in cost.lines],
    }
    return {**result, "notes": dict(cost.notes)} if cost.notes else result


def _line_json(line: CostLine) -> dict[str, object]:
    return {"unit": line.unit, "quantity": line.quantity, "rate": line.rate, "rate_usd": dollars(line.rate, least=0)}


def dollars(picodollars: int, *, least: int = 4) -> str:
    """Write an amount exactly, with at least so many decimals."""
    whole, rest = divmod(picodollars, PICODOLLARS)
    decimals = f"{rest:012d}".rstrip("0").ljust(least, "0")
    return f"{whole}.{decimals}" if decimals else str(whole)


# -- one price ------------------------------------------------------------------------------------------------------


def _one(args: argparse.Namespace, table: PriceTable) -> int:
    if args.file != "-":
        raise UsageError("--model prices one usage: give it without FILE")
    at = args.at or datetime.now(UTC)
    usage = Usage(
        model=args.model,
        input_tokens=args.input,
        cache_read_tokens=args.cache_read,
        cache_write_5m_tokens=args.cache_write,
        cache_write_1h_tokens=args.cache_write_1h,
        output_tokens=args.output,
        web_searches=args.web_searches,
        service_tier=args.service_tier,
    )
    answer = _priced(table, usage, args.model, args.provider, at, args.geo)
    if answer.cost is None:
        raise UsageError(f"{answer.reason}")
    if args.json:
        print(json.dumps(_as_json(answer)))
    else:
        print("\n".join(_bill(args.model, answer.cost)))
    return EXIT_CLEAN


def _bill(model: str, cost: Cost) -> Iterator[str]:
    rows = [
        (line.unit.replace("_", " "), f"{line.quantity:,}", _rate(line), f"${dollars(line.quantity * line.rate)}")
        for line in cost.lines
    ]
    rows.append(("total", "", "", f"${dollars(cost.picodollars)}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    yield model
    for unit, quantity, rate, amount in rows:
        yield f"  {unit:<{widths[0]}}  {quantity:>{widths[1]}}  {rate:<{widths[2]}}  {_aligned(amount, rows)}"
    yield f"{cost.source}, as of {cost.as_of}"


def _aligned(amount: str, rows: list[tuple[str, str, str, str]]) -> str:
    """Align an amount at the decimal point."""
    before = max(row[3].index(".") for row in rows)
    return " " * (before - amount.index(".")) + amount


def _rate(line: CostLine) -> str:
    flat = line.unit in {"web_search", "file_search", "request"}
    return f"x ${dollars(line.rate, least=0)}" if flat else f"x ${dollars(line.rate * 10**6, least=0)}/M"


# -- arguments ------------------------------------------------------------------------------------------------------


def _custom_prices(path: Path | None) -> tuple[CustomPrice, ...]:
    return () if path is None else read_policy(path).for_session("").prices


def _count(text: str) -> int:
    number = int(text.replace(",", "").replace("_", ""))
    if number < 0:
        raise ValueError(text)
    return number


_count.__name__ = "count"  # argparse names it in its error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_moment.__name__ = "time"
