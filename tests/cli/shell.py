"""Commands as a shell starts them: in a folder, with an environment, in front of a scripted upstream."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from rig import KEY, LogView
from scripted import Upstream

AGENT = Path(__file__).parent / "agent.py"
PATIENCE = 60


@dataclass(frozen=True)
class Started:
    """A command that runs."""

    process: subprocess.Popen[str]
    shell: "Shell"

    def read_until(self, text: str, stream: str = "stdout") -> str:
        """Read lines until one holds a text; return that line."""
        source: IO[str] | None = getattr(self.process, stream)
        assert source is not None
        for line in source:
            if text in line:
                return line
        raise AssertionError(f"{text!r} never came")

    def kill(self) -> None:
        """Kill it with all that belongs to it, as a machine that goes down does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        return self.process.returncode, out, err


@dataclass(frozen=True)
class Shell:
    """A folder, an environment, and ``guardian-ci`` in it."""

    folder: Path
    upstream: Upstream

    @property
    def options(self) -> list[str]:
        url = self.upstream.url
        return ["--upstream", f"anthropic={url}", "--upstream", f"openai={url}", "--state", str(self.folder / "state")]

    @property
    def environment(self) -> dict[str, str]:
        home = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        return home | {"ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY, "PYTHONUNBUFFERED": "1"}

    @property
    def log(self) -> list[dict[str, Any]]:
        """The log of the last run; every line is as the schema says."""
        return LogView(self.folder / "guardian-report" / "log.ndjson")()

    def agent(self, *steps: str) -> list[str]:
        return ["--", sys.executable, str(AGENT), *steps]

    @contextmanager
    def started(self, *arguments: str, **environment: str) -> Iterator[Started]:
        process = subprocess.Popen(
            [sys.executable, "-m", "guardian_ci", *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Started(process, self)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            process.wait(PATIENCE)

    def run(self, *steps: str, options: Sequence[str] = (), **environment: str) -> tuple[int, str, str]:
        """Run the agent's steps through ``guardian-ci run``: exit code, output, errors."""
        with self.started("run", *self.options, *options, *self.agent(*steps), **environment) as command:
            return command.end()
