"""The demo itself: an embedded demo upstream, the real proxy, the scripted agent, and what came of it."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from guardian_ci.audit.summary import Summary
from guardian_ci.demo.agent import Agent, Event
from guardian_ci.demo.scenes import FILES, OUTPUTS, POLICY, SCENES, Scene
from guardian_ci.demo.upstream import Bill, running
from guardian_ci.model import RUN_TOKEN_PREFIX
from guardian_ci.policy import load_policy
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.server import ProxyServer
from guardian_ci.reports import write_reports
from guardian_ci.stores import SqliteStore

POLICY_FILE: Final = "guardian.yml"
_PROVIDER_KEY: Final = "demo-provider-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A scene and what the agent saw in it."""

    scene: Scene
    events: Sequence[Event]

    @property
    def ok(self) -> bool:
        """Whether the scene showed what it should."""
        return self.scene.holds(self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """The whole demo. ``problems`` are what should have happened and did not."""

    played: Sequence[Played]
    summary: Summary
    bill: Sequence[Mapping[str, object]]
    folder: Path
    problems: Sequence[str]


def play(folder: Path) -> Show:
    """Play all scenes in one run of the proxy, and leave policy, log and reports in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / POLICY_FILE).write_text(POLICY, encoding="utf-8")
    bill = Bill()
    with running(bill, key=_PROVIDER_KEY) as upstream:
        played = asyncio.run(_play(folder, upstream))
    summary = write_reports(folder / "log.ndjson", folder)
    return Show(
        played=played, summary=summary, bill=bill.lines, folder=folder, problems=_problems(played, summary, bill)
    )


async def _play(folder: Path, upstream: str) -> list[Played]:
    """Play the scenes, one after the other, each as a session of its own."""
    token = RUN_TOKEN_PREFIX + secrets.token_hex(16)
    config = ProxyConfig(
        policy=load_policy(POLICY, POLICY_FILE).override(upstreams={"anthropic": upstream}),
        log=folder / "log.ndjson",
        port=0,
        keys={"anthropic": _PROVIDER_KEY},
        token=token,
    )
    with TemporaryDirectory(prefix="guardian-demo-") as state:  # a ledger that is kept would end the next demo
        async with ProxyServer(config, SqliteStore(Path(state))) as proxy:
            return [
                Played(
                    scene=scene, events=await asyncio.to_thread(_work, f"{proxy.url}/s/{scene.session}", token, scene)
                )
                for scene in SCENES
            ]


def _work(base_url: str, token: str, scene: Scene) -> list[Event]:
    """Let the agent work on one scene's task."""
    return list(Agent(base_url, token, FILES, OUTPUTS).work(scene.prompt))


def _problems(played: Sequence[Played], summary: Summary, bill: Bill) -> list[str]:
    """Say what did not happen as it should."""
    problems = [f"scene {one.scene.title!r} went another way" for one in played if not one.ok]
    broken = sorted(row.rule for row in summary.violations.kept)
    expected = sorted(scene.violation for scene in SCENES if scene.violation)
    if broken != expected:
        problems.append(f"the log has violations of {broken}, not of {expected}")
    billed = sum(int(str(line["input_tokens"])) + int(str(line["output_tokens"])) for line in bill.lines)
    logged = summary.tokens.input + summary.tokens.output
    if billed != logged:
        problems.append(f"the log has {logged} tokens, the provider's bill {billed}")
    return problems
