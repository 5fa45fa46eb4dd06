"""An agent at the desk: one run through the proxy, what the agent itself said, and when it was gone."""

import json
import math
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from desk import Desk, Outcome, script
from results import hold
from roster import PATH, Agent, Tool

HERE = Path(__file__).parent
SECONDS = (1, 2, 5)
"""How exactly a time is told: at most so much."""

GONE_ON = "I went on."
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_GREETING = 'print("helo")\n'


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of it. ``said`` is all that the agent printed, in one line; ``exit`` its own code."""

    outcome: Outcome
    said: str
    exit: int
    at: float

    def shows(self, message: str) -> bool:
        """Whether the agent has printed a message, however it breaks its lines."""
        return _plain(message) in _plain(self.said)

    def seconds_since(self, call: Mapping[str, Any]) -> int:
        """Return how long the agent lived after a call, rounded up to one of ``SECONDS``, or to whole seconds."""
        passed = self.at - datetime.fromisoformat(call["timestamp"]).timestamp()
        return next((bound for bound in SECONDS if passed <= bound), math.ceil(passed))

    @property
    def findings(self) -> list[Mapping[str, Any]]:
        """The violations, in their order."""
        return [found for call in self.outcome.calls for found in call["findings"] if found["violation"]]


@dataclass(frozen=True, kw_only=True)
class Seat:
    """An agent at a desk, in a repository of its own."""

    agent: Agent
    desk: Desk
    scenario: str

    def note(self, **cell: object) -> None:
        """Hold what was found against what is written, or write it."""
        hold(self.agent.name, self.agent.version(), self.scenario, cell)

    def heard(self, message: str) -> bool:
        """Whether a message has reached the model, however often the agent has quoted it."""
        return _plain(message) in _plain(self.desk.heard.decode("utf-8", "replace"))

    @property
    def work(self) -> Path:
        """The folder in which the agent works."""
        return self.desk.folder / "work"

    def _settle(self, files: Mapping[str, str]) -> None:
        """Make the home and the repository."""
        for name, content in self.agent.home.items():
            file = self.desk.folder / "home" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        for name, content in {"hello.py": _GREETING, **files}.items():
            file = self.work / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        for words in ("init -q", "add hello.py", "-c user.name=n -c user.email=n@example.com commit -qm start"):
            subprocess.run(["git", *words.split()], cwd=self.work, check=True)

    def run(self, *steps: Mapping[str, object], policy: str, files: Mapping[str, str] | None = None) -> Run:
        """Run the agent on a scripted task under a policy's keys, one a line."""
        self._settle(files or {})
        given = script(*steps, task="Mend the greeting.")
        outcome = self.desk.run(
            self._stand_in(),
            *self.agent.command(given),
            policy="policies:\n  - name: matrix\n" + "".join(f"    {line}\n" for line in policy.splitlines()),
            env={"PATH": PATH, **self.agent.env},
        )
        witness = json.loads((self.desk.folder / "witness.json").read_text(encoding="utf-8"))
        said = (self.desk.folder / "said.txt").read_text(encoding="utf-8", errors="replace")
        return Run(outcome=outcome, said=_COLOURS.sub("", said), exit=witness["exit"], at=witness["at"])

    def _stand_in(self) -> Path:
        """Return a program of the agent's name that runs it before a witness."""
        program = self.desk.folder / "bin" / self.agent.program.name
        program.parent.mkdir()
        words: Sequence[object] = (sys.executable, HERE / "witness.py", self.desk.folder, self.agent.program)
        program.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        return program


def _plain(text: str) -> str:
    """Return a text's letters and digits: what is left of it when it has been wrapped, quoted and escaped."""
    return re.sub(r"\W+", "", re.sub(r"\\(?:n|u[0-9a-f]{4})", "", text))


def turn(*tools: Tool, text: str = "", **more: object) -> Mapping[str, object]:
    """Return a step in which the model says something and calls tools."""
    return {**({"text": text} if text else {}), **({"tools": tools} if tools else {}), **more}
