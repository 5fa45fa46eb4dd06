"""A desk to try things on: a demo upstream with a key of its own, a folder, and ``guardian-ci run`` in it."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guardian_ci.demo.upstream import Bill, running

ROOT = Path(__file__).resolve().parents[2]
_MACHINE = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
CLAUDE = ROOT / f"tests/agents/node_modules/@anthropic-ai/claude-code-linux-{_MACHINE}/claude"
NODE = ROOT / f"tests/agents/node_modules/node-linux-{_MACHINE}/bin/node"
GEMINI = ROOT / "tests/agents/node_modules/@google/gemini-cli/bundle/gemini.js"
CODEX = ROOT / "tests/agents/node_modules/.bin/codex"
INTERCEPT = ROOT / ".venv-intercept" / "bin" / "python"
AIDER = ROOT / ".venv-aider" / "bin" / "aider"
KEY = "sk-real-key-of-the-provider-0123456789"
SCHEMA = json.loads((ROOT / "schemas" / "record.schema.json").read_text(encoding="utf-8"))
TIMEOUT = 120

POLICY = """\
policies:
  - name: desk
    cost_limit_usd: 5.00
    allowed_tools: [read_file, write_file, bash]
    file_blocklist: ["~/.ssh/*", ".env", "*.pem"]
    rate_limit: {requests_per_minute: 600}
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of ``guardian-ci run``."""

    code: int
    stdout: str
    stderr: str
    log: Sequence[Mapping[str, Any]]
    reports: Path

    @property
    def calls(self) -> list[Mapping[str, Any]]:
        return [line for line in self.log if line["type"] == "call"]

    @property
    def violations(self) -> list[str]:
        return [found["rule"] for call in self.calls for found in call["findings"] if found["violation"]]

    @property
    def tools(self) -> list[tuple[str, str]]:
        return [(tool["name"], tool["verdict"]) for call in self.calls for tool in call["tool_calls"]]

    def tokens(self) -> int:
        return sum(call["input_tokens"] + call["output_tokens"] for call in self.calls)


@dataclass(frozen=True, kw_only=True)
class Served:
    """A request as the provider got it, and what it answered. Messages of a WebSocket are lines of either."""

    path: str
    headers: Mapping[str, str]
    body: bytearray = field(default_factory=bytearray)
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer: bytearray = field(default_factory=bytearray)


def listening(app: ASGIApp, served: list[Served]) -> ASGIApp:
    """Put an ear on a provider that keeps all that it is sent and answers."""

    async def hear(scope: Scope, receive: Receive, send: Send) -> None:
        one = Served(path=scope["path"], headers=_headers(scope))
        served.append(one)

        async def received() -> Message:
            message = await receive()
            one.body.extend(_said(message))
            return message

        async def sent(message: Message) -> None:
            one.answer_headers.update(_headers(message))
            one.answer.extend(_said(message))
            await send(message)

        await app(scope, received, sent)

    return hear


@contextmanager
def at_desk(folder: Path) -> Iterator["Desk"]:
    """Yield a desk in a folder, with a provider that takes no key but its own."""
    bill, served = Bill(), list[Served]()
    with running(bill, key=KEY, around=lambda app: listening(app, served)) as url:
        yield Desk(folder=folder, upstream=url, bill=bill, served=served)


def _headers(message: MutableMapping[str, Any]) -> Mapping[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in message.get("headers", ())}


def _said(message: Message) -> bytes:
    if message.get("text") is not None:
        return f"{message['text']}\n".encode()
    return bytes(message.get("body", b""))


@dataclass(frozen=True, kw_only=True)
class Desk:
    folder: Path
    upstream: str
    bill: Bill
    served: Sequence[Served]

    @property
    def heard(self) -> bytes:
        """All that the provider has been sent."""
        return b"".join(one.body for one in self.served)

    def run(
        self,
        *command: str | Path,
        policy: str = POLICY,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        python: str | Path = sys.executable,
    ) -> Outcome:
        """Run a command through ``guardian-ci run`` and check what must hold after every run."""
        (self.folder / "guardian.yml").write_text(policy, encoding="utf-8")
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        names = ("anthropic", "openai", "gemini")
        ours = [
            *("--policy", str(self.folder / "guardian.yml")),
            *(part for name in names for part in ("--upstream", f"{name}={self.upstream}")),
            *("--state", str(self.folder / "state")),
            *("--log", str(self.folder / "log.ndjson")),
            *("--report-dir", str(self.folder / "reports")),
            *options,
        ]
        done = subprocess.run(
            [python, "-m", "guardian_ci.cli.main", "run", *ours, "--", *map(str, command)],
            cwd=work,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "CI": "true",
                "ANTHROPIC_API_KEY": KEY,
                "OPENAI_API_KEY": KEY,
                "GEMINI_API_KEY": KEY,
                **(env or {}),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return self._checked(done)

    def killed(self, *command: str | Path, policy: str = POLICY, env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command that is killed soon after its first call has been admitted."""
        killer = ROOT / "tests" / "e2e" / "killed.py"
        return self.run(sys.executable, killer, self.folder / "log.ndjson", *command, policy=policy, env=env)

    def _checked(self, done: subprocess.CompletedProcess[str]) -> Outcome:
        """Read the log: every line is as the schema says, ends as it should, and no key is anywhere."""
        file = self.folder / "log.ndjson"
        assert file.exists(), done.stderr
        text = file.read_text(encoding="utf-8")
        log = [json.loads(line) for line in text.splitlines()]
        validator = jsonschema.Draft202012Validator(SCHEMA)
        for line in log:
            validator.validate(line)
        assert [log[0]["type"], log[-1]["type"]] == ["run_started", "run_ended"]
        reports = self.folder / "reports"
        for report in (text, done.stdout, done.stderr, *(path.read_text("utf-8") for path in reports.iterdir())):
            assert KEY not in report
        outcome = Outcome(code=done.returncode, stdout=done.stdout, stderr=done.stderr, log=log, reports=reports)
        # What the provider would bill is never more than what was charged; for a cut answer that is its reservation.
        billed = sum(int(str(line["input_tokens"])) + int(str(line["output_tokens"])) for line in self.bill.lines)
        assert billed <= max([outcome.tokens(), *(call["cumulative_tokens"] for call in outcome.calls)])
        return outcome


def script(*steps: Mapping[str, object], task: str = "Do it.") -> str:
    """Return a prompt whose answers are known."""
    return f"{task} demo-script: {json.dumps(steps)}"


def tool(name: str, **given: object) -> Mapping[str, object]:
    return {"name": name, "input": given}
