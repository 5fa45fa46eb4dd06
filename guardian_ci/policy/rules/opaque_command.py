"""What a command does and nobody can know before: a text that is decoded and run, a file or a host that is computed."""

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar, Final

from guardian_ci.model import Finding, ToolUse, Verdict
from guardian_ci.policy.problems import quote
from guardian_ci.policy.rules.file_blocklist import undecided
from guardian_ci.policy.rules.interface import ToolRule, ToolView
from guardian_ci.policy.rules.network_allowlist import unresolved_hosts
from guardian_ci.policy.rules.tool_blocklist import may_be_denied
from guardian_ci.policy.settings import Settings
from guardian_ci.policy.shell.facts import TAME, UNKNOWN

_SHOWN: Final = 3


class OpaqueCommand(ToolRule):
    """``opaque_command``: what no other rule can judge, since the command does not tell it. A warning by default."""

    id: ClassVar[str] = "opaque_command"

    def check(self, settings: Settings, tool: ToolUse, view: ToolView) -> Finding | None:  # noqa: D102
        found = dict(islice(_dark(settings, tool, view), _SHOWN + 1))
        if not found:
            return None
        reasons = [f"{reason}: {_shown(word)}" if word else reason for word, reason in list(found.items())[:_SHOWN]]
        more = ", and more" if len(found) > _SHOWN else ""
        return Finding(
            rule=self.id,
            verdict=Verdict.BLOCK,
            reason="opaque_command",
            message=f"What {quote(tool.name)[1:-1]} would do cannot be known before it is done"
            f" ({'; '.join(reasons)}{more}). Say it in plain words: name the files, the hosts and the programs.",
            subject=_shown(next(iter(found))) or tool.name,
            place=settings.place(f"rules.{self.id}"),
        )

    def stands_on(self, settings: Settings) -> str:  # noqa: D102, ARG002
        return "all that the command does can be known"


def _dark(settings: Settings, tool: ToolUse, view: ToolView) -> Iterator[tuple[str, str]]:
    """Yield what cannot be known, as the words that say it and why."""
    for each in view.analysis.opaque:
        yield each.word, each.reason
    if settings.action("file_blocklist") != "off" and (match := undecided(settings, tool, view)) is not None:
        yield match[0], f"may be a file that the policy keeps ({match[1]})"
    if settings.action("network_allowlist") != "off":
        for word in unresolved_hosts(settings, tool, view):
            yield word, "leads to a host that cannot be known"
    if settings.action("tool_blocklist") != "off" and (denied := may_be_denied(settings, tool, view)) is not None:
        yield denied[0], f"may be what the policy denies ({denied[1]})"


def _shown(word: str) -> str:
    return quote(word.replace(UNKNOWN, "…").replace(TAME, "…"))[1:-1]
