#!/usr/bin/env python3
"""The action's start step: checks the inputs, installs, starts the proxy, and sets what later steps read.

Runs before anything is installed, so it needs only the standard library. What it leaves for the job's end (the post
hook) in the run's folder: ``started.json`` once a proxy was started, ``error.txt`` where that failed.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LAUNCH: Final = ROOT / ".github/scripts/launch.py"
READY_SECONDS: Final = 60
PROVIDERS: Final = ("anthropic", "openai", "gemini")
AGENT_KEYS: Final = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "CODEX_API_KEY", "GEMINI_API_KEY")
PROXY_KEYS: Final = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY"}
NO_UPSTREAM_KEYS: Final = re.compile(
    r"PATH|HOME|(PYTHON|LD_|GUARDIAN_|GITHUB_|RUNNER_|ACTIONS_|INPUT_).*|(ANTHROPIC|OPENAI|GEMINI)_API_KEY"
)
"""Names that would change how the proxy runs instead of telling it a key, and those that have an input of their own."""
SHORTEST_KEY: Final = 8
"""What is shorter is a region or a switch: to mask it would mask half the log."""
CLOUDS: Final = ("AWS_", "GOOGLE_")
"""Whose keys their own libraries read, from the environment."""


class StartError(Exception):
    """Why there is no proxy: for a reader, with the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The action's inputs, checked."""

    folder: Path
    token: str
    policy: str
    port: int
    budget_usd: str
    token_budget: str
    keys: Mapping[str, str]
    upstream_keys: Mapping[str, str]
    upstreams: Mapping[str, str]
    agents: tuple[str, ...]
    session: str

    @property
    def log(self) -> Path:
        """The run's log."""
        return self.folder / "log.ndjson"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        further = (key for key in self.upstream_keys.values() if len(key) >= SHORTEST_KEY)
        return (self.token, *self.keys.values(), *further)


def main() -> int:
    """Start the proxy, or say why not."""
    folder = Path(os.environ["GUARDIAN_FOLDER"])
    secrets: tuple[str, ...] = ()
    try:
        inputs = read_inputs(os.environ, folder)
        secrets = inputs.secrets
        for secret in secrets:
            print(command("add-mask", secret))
        install(folder / "site", requirements_of(inputs.policy))
        port = inputs.port or free_port()
        refuse_taken(port)
        base_url = f"http://127.0.0.1:{port}"
        agents = agents_environment(inputs, base_url)
        start(inputs, port)
        publish(inputs, base_url, agents)
    except StartError as failure:
        message = str(failure)
        for secret in secrets:
            message = message.replace(secret, "***")
        (folder / "error.txt").write_text(message, encoding="utf-8")
        print(command("error", message, title="guardian-ci"), flush=True)
        return 1
    print(quoted((folder / "proxy.txt").read_text(encoding="utf-8", errors="replace")))
    return 0


def quoted(text: str) -> str:
    """Mark the proxy's words (which quote the policy's) so that no line of them is a workflow command."""
    return "\n".join(f"| {line}" for line in text.splitlines())


def command(name: str, value: str, *, title: str = "") -> str:
    """Write a workflow command. The value may hold anything: what would end it is escaped."""
    escaped = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{name} title={title}::{escaped}" if title else f"::{name}::{escaped}"


def read_inputs(env: Mapping[str, str], folder: Path) -> Inputs:
    """Check all inputs and name every problem at once."""
    problems: list[str] = []
    value = {
        name: env.get(f"GUARDIAN_{name.upper().replace('-', '_')}", "").strip()
        for name in (
            *("policy", "port", "budget-usd", "token-budget", "agents", "session", "upstream-keys"),
            *(f"{provider}-{kind}" for provider in PROVIDERS for kind in ("api-key", "upstream")),
        )
    }

    def expect(name: str, pattern: str, meaning: str) -> None:
        if value[name] and not re.fullmatch(pattern, value[name], re.ASCII):
            secret = name.endswith("-api-key") or "@" in value[name]
            shown = "the given value" if secret else f'"{value[name]}"'
            problems.append(f"{name}: {shown} is not {meaning}")

    expect("budget-usd", r"\d{1,9}(\.\d{1,12})?", "a number of dollars such as 2.50")
    expect("token-budget", r"\d{1,15}", "a whole number of tokens such as 500000")
    for provider in PROVIDERS:
        expect(f"{provider}-api-key", r"[!-~]+", "a key: it has blanks, line breaks or other characters in it")
        expect(
            f"{provider}-upstream", r"https?://[^\s/@]+(/[^\s?#]*)?", "a base URL such as https://gateway.example/v1"
        )
    expect("session", r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}", "a name that a path can carry; use letters, digits, . _ -")
    upstream_keys = read_upstream_keys(value["upstream-keys"], problems)
    if not (value["port"].isdecimal() and int(value["port"]) < 2**16):
        problems.append(f'port: "{value["port"]}" is not a port; write 0 to 65535, 0 for any that is free')
    if value["policy"] and not Path(value["policy"]).is_file():
        problems.append(
            f'policy: there is no file "{value["policy"]}" in the workspace; '
            "is actions/checkout a step before guardian-ci, and the path relative to the repository?"
        )
    if problems:
        raise StartError("\n".join(problems))
    return Inputs(
        folder=folder,
        token=env["GUARDIAN_TOKEN"],
        policy=value["policy"],
        port=int(value["port"]),
        budget_usd=value["budget-usd"],
        token_budget=value["token-budget"],
        keys={provider: key for provider in PROVIDERS if (key := value[f"{provider}-api-key"])},
        upstream_keys=upstream_keys,
        upstreams={provider: url for provider in PROVIDERS if (url := value[f"{provider}-upstream"])},
        agents=tuple(value["agents"].replace(",", " ").split()),
        session=value["session"],
    )


def read_upstream_keys(text: str, problems: list[str]) -> dict[str, str]:
    """Read lines ``NAME=VALUE``; a line without a value is a secret that is not there."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or NO_UPSTREAM_KEYS.fullmatch(name):
            problems.append(f"upstream-keys: line {number} is not NAME=VALUE with the name of a further upstream's key")
        elif not re.fullmatch(r"[!-~]+", value):
            problems.append(f"upstream-keys: {name} has no value, or blanks in it; is the secret set?")
        else:
            found[name] = value
    return found


def requirements_of(policy: str) -> Path:
    """The locked requirements that a policy needs: one that speaks of a cloud may have an upstream there.

    By the words alone, as nothing is installed yet that could read it; what is installed and not needed does no harm.
    """
    text = Path(policy).read_text(encoding="utf-8", errors="replace") if policy else ""
    return ROOT / ("requirements-clouds.txt" if re.search(r"bedrock|vertex", text) else "requirements.txt")


def install(site: Path, requirements: Path) -> None:
    """Install locked requirements, wheels only, each with its hash, into a folder of this run."""
    pip = subprocess.run(
        [
            *(sys.executable, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--target", str(site), "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"),
            *("--requirement", str(requirements)),
        ],
        # A machine's preferences for where pip installs do not go together with --target.
        env={**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if pip.returncode:
        reason = pip.stderr.strip()[-2000:]
        raise StartError(
            f"guardian-ci's requirements could not be installed with {sys.executable}; "
            f"can this runner reach its package index (PIP_INDEX_URL)? pip says:\n{reason}"
        )


def guardian_ci(inputs: Inputs) -> list[str]:
    """How ``guardian-ci`` is called, as it was installed."""
    return [sys.executable, "-I", "-S", str(LAUNCH), str(inputs.folder / "site")]


def agents_environment(inputs: Inputs, base_url: str) -> str:
    """Set the agents up: return lines for ``GITHUB_ENV``, from the one table that ``run`` and ``env`` go by."""
    arguments = ["env", "--format", "github", "--url", base_url, "--home", str(inputs.folder / "agents")]
    arguments += ["--keys", ",".join(inputs.keys)]
    arguments += ["--policy", inputs.policy] if inputs.policy else []
    arguments += ["--session", inputs.session] if inputs.session else []
    for name in inputs.agents:
        arguments.append(f"--agent={name}")
    made = subprocess.run(
        [*guardian_ci(inputs), *arguments],
        env={**without_inputs(os.environ), "GUARDIAN_TOKEN": inputs.token},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if made.returncode:
        raise StartError(made.stderr.strip()[-3000:])
    print(quoted(made.stderr), end="\n" if made.stderr else "")
    return made.stdout


def start(inputs: Inputs, port: int) -> None:
    """Start the proxy, detached from this step, and wait until it is ready."""
    output = inputs.folder / "proxy.txt"
    arguments = ["serve", "--host", "127.0.0.1", "--port", str(port), "--log", str(inputs.log)]
    arguments += ["--state", str(inputs.folder / "state"), "--report-dir", str(inputs.folder / "proxy-report")]
    arguments += ["--policy", inputs.policy] if inputs.policy else []
    arguments += ["--budget", inputs.budget_usd] if inputs.budget_usd else []
    arguments += ["--token-budget", inputs.token_budget] if inputs.token_budget else []
    for provider, url in inputs.upstreams.items():
        arguments += ["--upstream", f"{provider}={url}"]
    with key_files(inputs) as files, output.open("wb") as sink:
        # An own session and no descriptor of this step: the proxy lives until the job's end. RUNNER_TRACKING_ID
        # stays in its environment: by it the runner ends what the job leaves behind.
        proxy = subprocess.Popen(
            [*guardian_ci(inputs), *arguments],
            env=proxy_environment(inputs, files),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started = json.dumps({"baseUrl": f"http://127.0.0.1:{port}", "pid": proxy.pid})
        (inputs.folder / "started.json").write_text(started, encoding="utf-8")
        wait_until_ready(proxy, port, output)


def wait_until_ready(proxy: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """Wait for the proxy to answer; a proxy that ends before says why in its output."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_ready(port):
        if (code := proxy.poll()) is not None:
            reason = output.read_text(encoding="utf-8", errors="replace").strip()[-3000:]
            raise StartError(f"The proxy did not start (exit code {code}):\n{reason}")
        if time.monotonic() > deadline:
            proxy.kill()
            raise StartError(f"The proxy was not ready within {READY_SECONDS} seconds; see its output at the job's end")
        time.sleep(0.05)


@contextmanager
def key_files(inputs: Inputs) -> Iterator[dict[str, str]]:
    """Hand the keys over in files that are gone once the proxy has read them.

    An environment variable would stay readable, for every process of this user, as long as the proxy lives.
    """
    keys = {PROXY_KEYS[provider]: key for provider, key in inputs.keys.items()}
    keys |= {name: key for name, key in inputs.upstream_keys.items() if not name.startswith(CLOUDS)}
    files = {name: inputs.folder / f"{name}.key" for name in keys}
    try:
        for name, file in files.items():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as sink:
                sink.write(keys[name])
        yield {f"{name}_FILE": str(file) for name, file in files.items()}
    finally:
        for file in files.values():
            file.unlink(missing_ok=True)


def without_inputs(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave the action's inputs out of this step's environment."""
    return {name: value for name, value in environment.items() if not name.startswith(("GUARDIAN_", "INPUT_"))}


def proxy_environment(inputs: Inputs, key_files: Mapping[str, str]) -> dict[str, str]:
    """Give the proxy this step's environment, without any key but those that the clouds' libraries read there."""
    kept = {
        name: value
        for name, value in without_inputs(os.environ).items()
        if name not in AGENT_KEYS and not any(secret in value for secret in inputs.secrets)
    }
    clouds = {name: key for name, key in inputs.upstream_keys.items() if name.startswith(CLOUDS)}
    return {**kept, **clouds, **key_files, "GUARDIAN_TOKEN": inputs.token}


def free_port() -> int:
    """Any port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse_taken(port: int) -> None:
    """Tell a taken port apart from our own proxy before anything answers on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StartError(
                f"port: {port} cannot be used ({error.strerror}); set another one, or port: 0 for any that is free"
            ) from error


def is_ready(port: int) -> bool:
    """Whether the proxy says that it is ready. Straight to loopback, whatever proxy variables say."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def publish(inputs: Inputs, base_url: str, agents: str) -> None:
    """Tell the later steps: where the proxy is, and what their agents need."""
    with Path(os.environ["GITHUB_ENV"]).open("a", encoding="utf-8") as sink:
        sink.write(agents)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as sink:
        # No line break in either: one is ours, the other a path of the runner's.
        sink.write(f"base-url={base_url}\nlog={inputs.log}\n")


if __name__ == "__main__":
    sys.exit(main())
