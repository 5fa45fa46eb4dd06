"""``guardian-ci serve``: the proxy until it is stopped."""

import argparse
import json
import os
import signal
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.cli.intercept import add_intercept_option, check_extra, intercepting
from guardian_ci.cli.launch import announce, conclude, configuration, say, supervised
from guardian_ci.cli.options import TOKEN_VARIABLE, add_proxy_options
from guardian_ci.errors import UsageError
from guardian_ci.model import RUN_TOKEN_PREFIX

_EPILOG: Final = """\
Agents are pointed at it by their base URL:
  ANTHROPIC_BASE_URL=http://127.0.0.1:8080  OPENAI_BASE_URL=http://127.0.0.1:8080/v1
A path prefix names a session: http://127.0.0.1:8080/s/NAME

Provider keys come from ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY (or from the file that
ANTHROPIC_API_KEY_FILE names, …) of this command's environment; without one, the agent's own key passes
through. With GUARDIAN_TOKEN=gci-… set, agents must hold that token to use them, and whoever holds it may
POST /guardian/stop. The policy's further upstreams take theirs from the variables that its entries name
(OPENROUTER_API_KEY, …), Bedrock and Vertex from the clouds' own chains of credentials.

examples:
  guardian-ci serve
  guardian-ci serve --policy guardian.yml --port 9000 --log audit.ndjson
  guardian-ci serve --upstream anthropic=http://127.0.0.1:9999 --budget 2

exit codes: 0 clean, 1 a violation, 2 wrong usage or policy, 3 could not run
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "serve",
        help="run the proxy until it is stopped",
        description="Run the proxy until it is stopped (Ctrl-C, SIGTERM, POST /guardian/stop), then report.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_proxy_options(parser, port=8080)
    add_intercept_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON line when ready, and the summary as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve, then report."""
    token = os.environ.get(TOKEN_VARIABLE) or None
    if token is not None and not token.startswith(RUN_TOKEN_PREFIX):
        raise UsageError(f"${TOKEN_VARIABLE} does not begin with {RUN_TOKEN_PREFIX!r}, as tokens of agents must")
    check_extra(options)
    config = configuration(options, token)
    with (
        supervised(options, config, leaves=True) as supervisor,
        intercepting(options, config, supervisor, None) as intercept,
    ):
        stop = partial(supervisor.stop, "signal")
        with supervisor.hearing({signal.SIGINT: stop, signal.SIGTERM: stop}):
            started = supervisor.start(intercept.beside, intercept.listeners)
            announce(config, started, options.state)
            if intercept.script is not None:
                say(f"agents without a base URL take the environment of {intercept.script}")
            if options.json:
                ready = {"url": started.url, "port": urlsplit(started.url).port, "log": str(config.log)}
                if intercept.script is not None:
                    ready["environment"] = str(intercept.script)
                print(json.dumps(ready), flush=True)
            supervisor.watch()
    return conclude(options, config.log)
