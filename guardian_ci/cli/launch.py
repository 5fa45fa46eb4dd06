"""The proxy as ``serve`` and ``run`` start it: configuration in, a verdict and reports out."""

import argparse
import os
import sys
from pathlib import Path

from guardian_ci.audit.summary import Summary
from guardian_ci.cli import options as common
from guardian_ci.errors import EXIT_CLEAN, EXIT_VIOLATION
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.direct_hosts import resolve
from guardian_ci.proxy.server import ProxyServer
from guardian_ci.proxy.supervisor import Started, Supervisor
from guardian_ci.reports import REPORTS, TerminalReport, write_reports
from guardian_ci.reports.amounts import count, dollars
from guardian_ci.stores import SqliteStore


def configuration(options: argparse.Namespace, token: str | None) -> ProxyConfig:
    """What the command line and the environment say. Raises ``PolicyError``, ``UsageError``."""
    policy = common.policy_of(options)
    return ProxyConfig(
        policy=policy,
        log=options.log or options.report_dir / "log.ndjson",
        host=options.host,
        port=options.port,
        keys=common.keys_of(os.environ) | common.upstream_keys_of(policy, os.environ),
        token=token,
        user=common.user_of(options, os.environ),
        pull_request=common.pull_request_of(options, os.environ),
        secrets=common.secrets_of(policy, os.environ),
        secret_rules=common.secret_rules_of(policy),
        folder=Path.cwd(),
        resolve=resolve,
    )


def supervised(options: argparse.Namespace, config: ProxyConfig, *, leaves: bool) -> Supervisor:
    """A supervised proxy with the ledger of ``--state``; see ``Supervisor`` for ``leaves``."""
    return Supervisor(
        config, lambda seat: ProxyServer(config, SqliteStore(options.state), seat), leaves=leaves, say=say
    )


def announce(config: ProxyConfig, started: Started, state: Path) -> None:
    """Say on stderr what has started and by which policy."""
    say(f"proxy on {started.url}, log {config.log}, ledger in {state}")
    for line in config.policy.describe():
        say(line)
    if started.earlier_log is not None:
        say(f"the log of an earlier run is kept as {started.earlier_log}")
    if started.recovered:
        amount = sum(each.amount.picodollars for each in started.recovered)
        number = len(started.recovered)
        counts = "counts" if number == 1 else "count"
        say(f"{count(number, 'call')} of a run that was killed {counts} as spent: {dollars(amount)}")


def conclude(options: argparse.Namespace, log: Path) -> int:
    """Write the reports, show the summary; the exit code."""
    summary = write_reports(log, options.report_dir)
    show(summary, as_json=options.json)
    say(f"reports in {options.report_dir}{os.sep}")
    return EXIT_VIOLATION if summary.verdict == "violation" else EXIT_CLEAN


def show(summary: Summary, *, as_json: bool) -> None:
    """The summary: JSON to stdout for programs, else a table to stderr, where it cannot mix with an agent's output."""
    if as_json:
        print(REPORTS["json"].render(summary), end="")
        return
    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    print(TerminalReport(colour=colour).render(summary), end="", file=sys.stderr)


def say(text: str) -> None:
    """A line of progress."""
    print(f"guardian-ci: {text}", file=sys.stderr, flush=True)
