"""``guardian-ci run -- COMMAND``: one agent beside a proxy of its own."""

import argparse
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from guardian_ci.cli.agents.agent import Agent, Place
from guardian_ci.cli.agents.changes import Changes, changes
from guardian_ci.cli.agents.home import temporary_home, write_files
from guardian_ci.cli.agents.table import NONE, agents_named, recognised
from guardian_ci.cli.intercept import add_intercept_option, check_extra, intercepting
from guardian_ci.cli.launch import announce, conclude, configuration, say, supervised
from guardian_ci.cli.options import KEY_VARIABLES, TOKEN_VARIABLE, add_proxy_options, redirected, session_name, withheld
from guardian_ci.errors import EXIT_CLEAN, StartError, UsageError
from guardian_ci.model import RUN_TOKEN_PREFIX
from guardian_ci.policy import Policy
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.supervisor import FINISHED

_EPILOG: Final = """\
The agent is known by its command, or by --agent, and set up so that its calls of models come here: base URLs, its own
settings in a private folder, flags. A command that is no agent gets all that can be set by environment, for the
agents that it may start. Where this command's environment holds a provider's key, the agent gets a token of this run
instead, which is worth nothing elsewhere. What is set: guardian-ci env --agent NAME; which agents: guardian-ci env
--list. Signals and the agent's output pass through.

examples:
  guardian-ci run --budget 0.50 -- claude -p "fix the failing test"
  guardian-ci run --agent codex -- npx -y @openai/codex exec "fix the failing test"
  guardian-ci run --policy guardian.yml --report-dir out -- ./several-agents.sh
  guardian-ci run --intercept -- ./agent-that-knows-no-base-url

exit codes: 1 on a violation, even where the agent exits 0; else the agent's own
"""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


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
    parser.add_argument(
        "--agent", metavar="NAME", help=f"who is run (default: known by the command; {NONE}: set up no agent's own)"
    )
    add_intercept_option(parser)
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
    agents = _agents(options, command[0])
    check_extra(options)
    token = RUN_TOKEN_PREFIX + secrets.token_urlsafe(32)
    config = configuration(options, token)
    named = f"{_UNSAFE.sub('-', Path(command[0]).name)[:40]}-{secrets.token_hex(3)}"
    session = session_name(options.session or named)
    code = _run(options, config, agents, command, session)
    verdict = conclude(options, config.log)
    return code if verdict == EXIT_CLEAN else verdict


def _agents(options: argparse.Namespace, program: str) -> tuple[Agent, ...]:
    """The agent of ``--agent``, else the one that the program is, else all that can be set up.

    Raises ``UsageError`` for one that cannot be told of the proxy, unless its calls are caught on the way.
    """
    if options.agent is not None:
        return agents_named([options.agent], also_unreachable=options.intercept)
    if (agent := recognised(program)) is None:
        return agents_named([])
    return agents_named([agent.name], also_unreachable=options.intercept)


def _run(
    options: argparse.Namespace, config: ProxyConfig, agents: Sequence[Agent], command: list[str], session: str
) -> int:
    with (
        supervised(options, config, leaves=False) as supervisor,
        intercepting(options, config, supervisor, session) as intercept,
        temporary_home(options.state) as home,
    ):
        # Before the proxy starts: settings that cannot be used leave no log behind.
        made = agent_changes(agents, config, supervisor.url, session, home)
        write_files(made, home)
        announce(config, supervisor.start(intercept.beside, intercept.listeners), options.state)
        for remark in made.remarks:
            say(remark)
        flags = made.arguments.get(known.name, ()) if (known := recognised(command[0])) else ()
        environment = agent_environment(made, os.environ, config.policy) | dict(intercept.environment)
        try:
            agent = subprocess.Popen([command[0], *flags, *command[1:]], env=environment)  # noqa: S603 - the user's own
        except OSError as error:
            raise StartError(f"{command[0]!r} cannot be run: {error.strerror or error}") from error
        with supervisor.hearing(_handing_on_to(agent)):
            supervisor.watch(lambda: agent.poll() is not None)
            supervisor.stop(FINISHED)
            supervisor.watch()
    if agent.returncode < 0:
        say(f"{command[0]} was ended by signal {-agent.returncode}")
        return 128 - agent.returncode
    return agent.returncode


def agent_changes(agents: Sequence[Agent], config: ProxyConfig, url: str, session: str, home: Path) -> Changes:
    """What these agents need of a proxy that listens at ``url``: base URLs, the token in the place of keys, files."""
    place = Place(
        base=f"{url}/s/{session}",
        token=config.token or "",
        held=config.keys.keys() | redirected(config.policy, session),
        environment=os.environ,
        home=home,
    )
    return changes(agents, place)


def agent_environment(made: Changes, environment: Mapping[str, str], policy: Policy) -> dict[str, str]:
    """The agent's environment: with the changes, and nothing of the proxy's own."""
    own = {TOKEN_VARIABLE, *(f"{variable}_FILE" for variable in KEY_VARIABLES.values()), *withheld(policy)}
    return made.applied({name: value for name, value in environment.items() if name not in own})


def _handing_on_to(agent: "subprocess.Popen[bytes]") -> dict[signal.Signals, Callable[[], None]]:
    """Hand signals on. A terminal's Ctrl-C reaches the agent itself: only outlive it."""

    def interrupted() -> None:
        # In a terminal the agent got it as well, being in the same foreground group.
        if not sys.stdin.isatty():
            agent.send_signal(signal.SIGINT)

    passed = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    return {signal.SIGINT: interrupted} | {number: partial(agent.send_signal, number) for number in passed}
