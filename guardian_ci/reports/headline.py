"""What every report says in the same words: the verdict, the calls, and which budget comes first."""

from collections.abc import Iterable
from fractions import Fraction

from guardian_ci.audit.summary import Summary
from guardian_ci.audit.tally import ScopeRow
from guardian_ci.reports.amounts import count, dollars


def headline(summary: Summary) -> str:
    """Say the verdict and why; made of our own words and of rule ids only."""
    if summary.verdict == "clean":
        return "no violation"
    rules = summary.violations.by_rule()
    return f"{count(summary.violations.total, 'violation')}: {named_counts(rules)}"


def named_counts(counts: dict[str, int], most: int = 8) -> str:
    """Write ``{a: 2, b: 1}`` as ``a (2), b``."""
    shown = [name if number == 1 else f"{name} ({number:,})" for name, number in list(counts.items())[:most]]
    return ", ".join(shown) + (f" and {len(counts) - most} more" if len(counts) > most else "")


def calls_line(summary: Summary) -> str:
    """Say how many calls there were, and what became of them."""
    refused = f"{summary.rejected:,} refused" if summary.rejected else ""
    slowed = f"{summary.throttled_calls:,} of these only slowed down" if summary.throttled_calls else ""
    aside = ", ".join(filter(None, [refused, slowed]))
    return count(summary.calls, "call") + (f" ({aside})" if aside else "")


def tightest_first(scopes: Iterable[ScopeRow]) -> list[ScopeRow]:
    """Return the scopes that have a limit, the one that is spent most first."""
    limited = [row for row in scopes if row.limit_picodollars is not None or row.limit_tokens is not None]
    return sorted(limited, key=lambda row: (-_spent_share(row), row.scope))


def _spent_share(row: ScopeRow) -> Fraction:
    pairs = ((row.picodollars, row.limit_picodollars), (row.tokens, row.limit_tokens))
    return max(Fraction(spent, limit or 1) for spent, limit in pairs if limit is not None)


def open_line(summary: Summary) -> str:
    """Say what was in flight when a proxy died; empty where nothing was."""
    if not summary.open_calls:
        return ""
    return (
        f"{count(summary.open_calls, 'call')} in flight when the proxy died:"
        f" up to {dollars(summary.open_picodollars)} more, counted as spent by the ledger"
    )
