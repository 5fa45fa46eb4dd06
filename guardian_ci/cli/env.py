"""``guardian-ci env``: what an agent needs to find a proxy, as a shell reads it."""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.cli.agents.agent import Place
from guardian_ci.cli.agents.changes import AGENT_KEYS, changes
from guardian_ci.cli.agents.home import write_files
from guardian_ci.cli.agents.shells import FORMATS
from guardian_ci.cli.agents.table import AGENTS, NONE, agents_named
from guardian_ci.cli.launch import say
from guardian_ci.cli.options import TOKEN_VARIABLE, default_state, redirected, session_name
from guardian_ci.cli.validate import read_policy
from guardian_ci.errors import EXIT_CLEAN, UsageError

_EPILOG: Final = """\
`run` sets all this by itself. Where the agent is started by other means, `env` prints what a proxy's agents need: base
URLs, the run's token in the place of keys, each agent's own variables; files that an agent reads are written into a
private folder, and flags are shown as a comment. Without --agent, all that can be set by environment is set, for all
agents. The token is read from $GUARDIAN_TOKEN; without one, agents use the keys that they have.

examples:
  eval "$(guardian-ci env --agent codex)"                        in sh, bash, zsh
  guardian-ci env --agent claude-code --format fish | source     in fish
  guardian-ci env --format github >> "$GITHUB_ENV"               for a job's later steps
  guardian-ci env --agent aider --session nightly --url http://10.0.0.5:8080
  guardian-ci env --list                                         every agent, and what stays outside

exit codes: 0 printed, 2 wrong usage or settings, 3 a file could not be written
"""
_TOKEN: Final = re.compile(r"[!-~]*")
_URL: Final = re.compile(r"[!-~]+")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "env",
        help="print what an agent needs to find a proxy",
        description="Print the environment that leads an agent's calls of models through a proxy.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--agent",
        action="append",
        default=[],
        metavar="NAME",
        help=f"which agent (default: all); may be repeated; {NONE}: base URLs and keys only",
    )
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where the proxy is (default: %(default)s)")
    parser.add_argument("--session", metavar="NAME", help="the session that the calls belong to")
    parser.add_argument("--token", help="the run's token (default: $GUARDIAN_TOKEN, which no list of processes shows)")
    parser.add_argument(
        "--keys",
        default=",".join(AGENT_KEYS),
        metavar="LIST",
        help="the providers whose keys the token stands for (default: %(default)s)",
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="the proxy's policy: the token also opens its further upstreams"
    )
    parser.add_argument("--format", choices=FORMATS, default="sh", help="how it is printed (default: %(default)s)")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="the private folder (default: one for URL and session)"
    )
    parser.add_argument("--list", action="store_true", help="show all agents instead")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a set-up, or the table of agents."""
    if options.list:
        sys.stdout.write(table())
        return EXIT_CLEAN
    agents = agents_named(options.agent)
    place = _place(options)
    made = changes(agents, place)
    printed = FORMATS[options.format](made)
    if made.files:
        write_files(made, place.home)
    for remark in made.remarks:
        say(remark)
    if not place.token:
        say(f"there is no ${TOKEN_VARIABLE}: agents use the keys that they have")
    sys.stdout.write(printed)
    return EXIT_CLEAN


def _place(options: argparse.Namespace) -> Place:
    url = _base_url(options.url)
    session = session_name(options.session) if options.session else None
    token = options.token if options.token is not None else os.environ.get(TOKEN_VARIABLE, "")
    if not _TOKEN.fullmatch(token):
        raise UsageError("the token holds a space, a line break or another character that no token has")
    held = {name for each in options.keys.split(",") if (name := each.strip())}
    if strange := sorted(held - AGENT_KEYS.keys()):
        raise UsageError(f"--keys {strange[0][:100]!r} is no provider; known are {', '.join(AGENT_KEYS)}")
    if options.policy is not None:
        held |= redirected(read_policy(options.policy), session)
    parts = urlsplit(url)
    named = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{parts.netloc}{parts.path}-{session or 'any'}")
    return Place(
        base=f"{url}/s/{session}" if session else url,
        token=token,
        held=frozenset(held) if token else frozenset(),
        environment=os.environ,
        home=(options.home or default_state() / "agents" / f"env-{named}").absolute(),
    )


def _base_url(text: str) -> str:
    """The proxy's URL without a slash at its end. Raises ``UsageError``."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or not _URL.fullmatch(text) or "@" in text or parts.query or parts.fragment:
        raise UsageError(f"--url {text[:100]!r} is no base URL; give one such as http://127.0.0.1:8080")
    return text.rstrip("/")


def table() -> str:
    """Every agent: its name, its command, what it speaks, how it is set up, and what stays outside."""
    lines = []
    for agent in AGENTS:
        lines.append(f"{agent.name:<12} {agent.title} ({', '.join(agent.commands)})")
        if agent.way_out:
            lines.append(f"{'':<12}   cannot be told of the proxy: {agent.way_out}")
            continue
        lines.append(f"{'':<12}   speaks   {', '.join(agent.protocols)}")
        lines.append(f"{'':<12}   set by   {agent.set_by}")
        lines += [f"{'':<12}   outside  {each}" for each in agent.outside]
    return "\n".join(lines) + "\n"
