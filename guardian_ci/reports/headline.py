"""The verdict in words: the one line that each report begins with."""

from guardian_ci.audit.summary import Summary
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
    parts = [count(summary.calls, "call")]
    if summary.rejected:
        parts.append(f"{summary.rejected:,} refused")
    if summary.throttled_calls:
        parts.append(f"{summary.throttled_calls:,} of these only slowed down")
    return ", ".join(parts)


def open_line(summary: Summary) -> str:
    """Say what was in flight when a proxy died; empty where nothing was."""
    if not summary.open_calls:
        return ""
    return (
        f"{count(summary.open_calls, 'call')} in flight when the proxy died:"
        f" up to {dollars(summary.open_picodollars)} more, counted as spent by the ledger"
    )
