"""Writes what was learned from logs as a policy, with a word on each part."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

from guardian_ci.audit.learned import Learned
from guardian_ci.audit.reader import Log
from guardian_ci.audit.replay import replay
from guardian_ci.errors import LogError
from guardian_ci.policy import load_policy
from guardian_ci.policy.describe import dollars
from guardian_ci.policy.shell.facts import Access

_CENT: Final = 10**10
"""Picodollars."""
_MOST_REPLAYED: Final = 20_000
"""Logs of more calls are not replayed to find a tight budget: it is then one that fits for sure."""

_HEAD: Final = (
    "# Proposed by `guardian-ci learn`: the tightest policy that would have allowed what these logs show as allowed:"
)
_READ_IT: Final = "Another task may need more: read it before you use it."
_USED: Final = (
    "# The tools that were used; of the shell the programs with their subcommands, in any way they are called."
)
_TOUCHED: Final = (
    "# The folders of the files that were touched. Where a path is absolute, runs elsewhere need their own."
)


def proposal(learned: Learned, logs: Sequence[Log] = ()) -> str:
    """Return the text of a policy. What comes from a log stands in it as JSON strings, which YAML reads alike.

    ``logs`` are decided again under it, to find budgets that are tight and refuse none of their calls.
    """
    limit = rounded_up(2 * learned.session_cost)
    enough = max(limit, rounded_up(learned.most_held))
    while limit < enough and not _suffices(learned, limit, logs):
        limit = min(enough, rounded_up(2 * limit * _CENT))
    return _text(learned, limit)


def _suffices(learned: Learned, limit: int, logs: Sequence[Log]) -> bool:
    """Whether no call of the logs would be refused for want of money; False where that cannot be replayed."""
    if learned.calls > _MOST_REPLAYED:
        return False
    policy = load_policy(_text(learned, limit), "(proposed)")
    try:
        differences = [each for log in logs for each in replay(log, policy).differences]
    except LogError:
        return False
    return not any("cost_limit" in each.replayed and each.logged.startswith("admitted") for each in differences)


def rounded_up(picodollars: int) -> int:
    """Return an amount in cents, at least one, rounded up to two digits."""
    cents = max(1, -(-picodollars // _CENT))
    digit = 1
    while cents >= 100 * digit:
        digit *= 10
    return -(-cents // digit) * digit


def _text(learned: Learned, limit: int) -> str:
    counts = ", ".join(
        (_count(learned.runs, "run"), _count(learned.calls, "model call"), _count(learned.tool_calls, "tool call"))
    )
    lines = [
        _HEAD,
        f"# {counts}. {_READ_IT}",
        *(f"# Not narrow: {why}." for why in learned.open_lists),
        "",
        *_budgets(learned, limit),
        "",
        *_list("allowed_models", learned.models, "The models that were called."),
        "",
        *_tools(learned),
        "",
        *_files(learned),
        "",
        *_list("network_allowlist", learned.hosts, "The hosts, and the registries of package managers, in use."),
    ]
    return "\n".join(lines) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _budgets(learned: Learned, limit: int) -> list[str]:
    run = max(limit, rounded_up(2 * learned.run_cost))
    session = f"{dollars(learned.session_cost)} and used {learned.session_tokens:,} tokens"
    return [
        "# At least twice what was spent: before its cost is known, a call reserves more than it will cost.",
        f"cost_limit_usd: {limit / 100:.2f}   # the dearest session cost {session}",
        "budgets:",
        f"  run: {{usd: {run / 100:.2f}}}   # the dearest run cost {dollars(learned.run_cost)}",
    ]


def _list(key: str, entries: Iterable[str] | None, meaning: str) -> list[str]:
    if entries is None:
        return [f"# {key}: not narrow, see above"]
    texts = sorted(entries)
    return [f"# {meaning}", f"{key}:", *(f"  - {_quoted(each)}" for each in texts)] if texts else [f"{key}: []"]


def _tools(learned: Learned) -> list[str]:
    if learned.tools is None:
        return ["# allowed_tools: not narrow, see above"]
    entries = sorted(learned.tools, key=lambda entry: (entry.startswith("Bash("), entry))
    return (
        [_USED, "allowed_tools:", *(f"  - {_quoted(each)}" for each in entries)] if entries else ["allowed_tools: []"]
    )


def _files(learned: Learned) -> list[str]:
    kept = ["# Where keys lie.", "file_blocklist:", *(f"  - {_quoted(each)}" for each in learned.kept)]
    if all(folders is None for folders in learned.files.values()):
        return ["# file_allowlist: not narrow, see above", *(("", *kept) if learned.kept else ())]
    lines = [_TOUCHED, "file_allowlist:"]
    for access in Access:
        folders = learned.files[access]
        if folders is None:
            lines.append(f"  # {access.value}: not narrow, see above")
            continue
        lines.append(f"  {access.value}:" if folders else f"  {access.value}: []")
        lines += [f"    - {_quoted(each)}" for each in sorted(folders)]
    return [*lines, *(("", *kept) if learned.kept else ())]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
