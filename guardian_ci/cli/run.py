"""``guardian-ci run -- COMMAND``: one agent beside a proxy of its own."""

import argparse
import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from guardian_ci.cli.launch import announce, conclude, configuration, proxy, say
from guardian_ci.cli.options import KEY_VARIABLES, TOKEN_VARIABLE, add_proxy_options
from guardian_ci.errors import EXIT_CLEAN, StartError, UsageError
from guardian_ci.model import RUN_TOKEN_PREFIX
from guardian_ci.proxy.config import ProxyConfig

_EPILOG: Final = """\
The agent finds the proxy by ANTHROPIC_BASE_URL, ANTHROPIC_API_BASE, OPENAI_BASE_URL, OPENAI_API_BASE and
GOOGLE_GEMINI_BASE_URL. Where this command's environment holds a provider's key, the agent gets a token of this
run instead, which is worth nothing elsewhere. Signals and the agent's output pass through.

examples:
  guardian-ci run --budget 0.50 -- claude -p "fix the failing test"
  guardian-ci run --policy guardian.yml --report-dir out -- aider --message "add a test"

exit codes: 1 on a violation, even where the agent exits 0; else the agent's own
"""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_AGENT_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY", "CODEX_API_KEY"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}
_OTHER_CREDENTIALS: Final[Mapping[str, tuple[str, ...]]] = {"anthropic": ("ANTHROPIC_AUTH_TOKEN",)}
"""What an agent would use before the key, and so go past the token."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "run",
        help="run one command with its LLM calls through a proxy",
        usage="guardian-ci run [options] -- COMMAND [ARGUMENT ...]",
        description="Run one command with its LLM calls through a proxy, then report.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_proxy_options(parser, port=0)
    parser.add_argument("--session", metavar="NAME", help="go on with a session of this name and its budget")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON to stdout at the end")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the agent to run")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the agent; 1 on a violation, else its exit code."""
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise UsageError("there is no command to run; write it behind --, as in: guardian-ci run -- claude -p '…'")
    if shutil.which(command[0]) is None:
        raise StartError(f"{command[0]!r} is no command that can be found; is it installed and on PATH?")
    token = RUN_TOKEN_PREFIX + secrets.token_urlsafe(32)
    config = configuration(options, token)
    session = options.session or f"{_UNSAFE.sub('-', Path(command[0]).name)[:40]}-{secrets.token_hex(3)}"
    if _UNSAFE.search(session):
        raise UsageError(f"--session {session!r} has characters that a path cannot; use letters, digits, . _ -")
    code = asyncio.run(_run(options, config, command, session))
    verdict = conclude(options, config.log)
    return code if verdict == EXIT_CLEAN else verdict


async def _run(options: argparse.Namespace, config: ProxyConfig, command: list[str], session: str) -> int:
    async with proxy(options, config) as server:
        announce(server, options.state)
        environment = agent_environment(os.environ, config, server.url, session)
        environment = gemini_settings(options.state.absolute()) | environment
        try:
            child = await asyncio.create_subprocess_exec(*command, env=environment)
        except OSError as error:
            raise StartError(f"{command[0]!r} cannot be run: {error.strerror or error}") from error
        with _signals_to(child):
            code = await child.wait()
    if code < 0:
        say(f"{command[0]} was ended by signal {-code}")
        return 128 - code
    return code


def agent_environment(environment: Mapping[str, str], config: ProxyConfig, url: str, session: str) -> dict[str, str]:
    """The agent's environment: base URLs, tokens in the place of keys, and nothing of the proxy's own."""
    base = f"{url}/s/{session}"
    child = dict(environment)
    for provider, variable in KEY_VARIABLES.items():
        child.pop(f"{variable}_FILE", None)
        redirected = config.policy.for_session(session).upstreams.get(provider) is not None
        if provider in config.keys or redirected:
            for name in _AGENT_KEYS[provider]:
                child[name] = config.token or ""
            for name in _OTHER_CREDENTIALS.get(provider, ()):
                child.pop(name, None)
    child.pop(TOKEN_VARIABLE, None)
    child |= {
        "ANTHROPIC_BASE_URL": base,
        "ANTHROPIC_API_BASE": base,
        "OPENAI_BASE_URL": f"{base}/v1",
        "OPENAI_API_BASE": f"{base}/v1",
        "GOOGLE_GEMINI_BASE_URL": base,
    }
    for name in ("NO_PROXY", "no_proxy"):
        # The way to the proxy must not itself go through a proxy of the network.
        child[name] = ",".join(part for part in (child.get(name, ""), "127.0.0.1,localhost,::1") if part)
    return child


def gemini_settings(folder: Path) -> dict[str, str]:
    """What Gemini CLI needs beside its environment, as the variable that names it.

    A base URL makes it sign in by a gateway, which it then does not know how to; its settings can say that the key in
    its environment is meant. Settings of the user's own, named by the same variable, stay in force.
    """
    file = folder / "gemini-cli.json"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}}), encoding="utf-8")
    except OSError as error:
        raise StartError(f"{file} cannot be written: {error.strerror or error}; name a folder with --state") from error
    return {"GEMINI_CLI_SYSTEM_SETTINGS_PATH": str(file)}


@contextlib.contextmanager
def _signals_to(child: asyncio.subprocess.Process) -> Iterator[None]:
    """Hand SIGTERM and SIGHUP on. A terminal's Ctrl-C reaches the agent itself: only outlive it."""
    if sys.platform == "win32":
        yield
        return
    loop = asyncio.get_running_loop()

    def hand_on(number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    def interrupted() -> None:
        # In a terminal the agent got it as well, being in the same foreground group.
        if not sys.stdin.isatty():
            hand_on(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, interrupted)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        loop.add_signal_handler(number, hand_on, number)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            loop.remove_signal_handler(number)
