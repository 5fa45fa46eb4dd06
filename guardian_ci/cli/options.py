"""What several commands take on their command line and from their environment."""

import argparse
import os
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from itertools import chain
from pathlib import Path
from typing import Final

from guardian_ci.cli.validate import read_policy
from guardian_ci.errors import UsageError
from guardian_ci.model import RUN_TOKEN_PREFIX
from guardian_ci.policy import Policy, default_policy
from guardian_ci.policy.scan.gitleaks import GitleaksRules
from guardian_ci.policy.scan.secrets import Rules
from guardian_ci.policy.upstreams import BUILT_IN, OWN, Upstream

KEY_VARIABLES: Final[Mapping[str, str]] = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
}
"""Where each provider's key is read from; the same name with ``_FILE`` behind it names a file that holds it."""

_CLOUD_SECRETS: Final[Mapping[str, tuple[str, ...]]] = {
    "bedrock": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"),
    "vertex": ("CLOUDSDK_AUTH_ACCESS_TOKEN",),
}
"""The variables of each cloud's own chain of credentials that hold a secret."""
_CLOUD_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "bedrock": ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    "vertex": ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"),
}
"""Those that name a file that holds one."""

TOKEN_VARIABLE: Final = "GUARDIAN_TOKEN"  # noqa: S105 - the name of a variable
SESSION: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}")
"""What a session may be called on a command line: no more than a part of a path holds, and not a folder's dots."""
_HIGHEST_PORT: Final = 65_535
_MOST_DOLLARS: Final = 10**9
_MOST_DIGITS: Final = 15
_KEY: Final = re.compile(r"[!-~]*")
_PULL_REQUEST: Final = re.compile(r"refs/pull/(\d+)/")


def add_proxy_options(parser: argparse.ArgumentParser, *, port: int) -> None:
    """The options of the commands that start a proxy."""
    group = parser.add_argument_group("proxy")
    group.add_argument("--policy", type=Path, metavar="FILE", help="what is allowed (without one: a safe default)")
    group.add_argument("--budget", metavar="USD", help="the most dollars that this run may spend")
    group.add_argument("--token-budget", metavar="N", help="the most tokens that this run may use")
    group.add_argument(
        "--upstream",
        action="append",
        default=[],
        metavar="NAME=URL",
        help=f"where a provider's calls go; NAME is one of {', '.join(BUILT_IN)}; may be repeated",
    )
    group.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    group.add_argument("--port", type=_port, default=port, metavar="N", help="0: any free one (default: %(default)s)")
    group.add_argument("--log", type=Path, metavar="FILE", help="the audit log (default: log.ndjson in --report-dir)")
    group.add_argument("--state", type=Path, metavar="DIR", help="where the ledger lies (default: %(default)s)")
    group.add_argument(
        "--report-dir",
        type=Path,
        default=Path("guardian-report"),
        metavar="DIR",
        help="where junit.xml, summary.md and log.ndjson go (default: %(default)s)",
    )
    group.add_argument("--user", metavar="NAME", help="whom calls are charged to (default: $GITHUB_ACTOR)")
    group.add_argument(
        "--pull-request", metavar="N", help="the pull request that calls are charged to (default: from $GITHUB_REF)"
    )
    parser.set_defaults(state=default_state())


def default_state() -> Path:
    """The ledger's folder: outlives runs, so that a restart does not give a budget back."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "guardian-ci"


def session_name(text: str) -> str:
    """A session's name that a path can carry. Raises ``UsageError``."""
    if not SESSION.fullmatch(text):
        raise UsageError(f"--session {text[:100]!r} is no name that a path can carry; use letters, digits, . _ -")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 to 65535")
    return int(text)


def policy_of(options: argparse.Namespace) -> Policy:
    """The policy of ``--policy`` (or the default), with what the command line adds. Raises ``PolicyError``."""
    policy = default_policy() if options.policy is None else read_policy(options.policy)
    return policy.override(
        budget_usd=dollars_of(options.budget, "--budget"),
        token_budget=tokens_of(options.token_budget, "--token-budget"),
        upstreams=_upstreams(options.upstream),
    )


def dollars_of(text: str | None, option: str) -> Decimal | None:
    """The dollars that an option gives. Raises ``UsageError``."""
    if text is None or text == "":
        return None
    try:
        value = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value <= _MOST_DOLLARS:
        raise UsageError(f"{option} {text[:100]!r} is no amount; give dollars, such as 0.50")
    return value


def tokens_of(text: str | None, option: str) -> int | None:
    """The tokens that an option gives. Raises ``UsageError``."""
    if text is None or text == "":
        return None
    plain = text.replace("_", "")
    if not plain.isascii() or not plain.isdecimal() or len(plain) > _MOST_DIGITS:
        raise UsageError(f"{option} {text[:100]!r} is no number of tokens; give a whole number, such as 50000")
    return int(plain)


def _upstreams(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, url = pair.partition("=")
        if not equals or name not in BUILT_IN:
            raise UsageError(f"--upstream {pair!r} is not NAME=URL with NAME one of {', '.join(BUILT_IN)}")
        found[name] = url
    return found


def keys_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The providers' keys. Raises ``UsageError`` for a key file that cannot be read."""
    found = {provider: _key(variable, environment) for provider, variable in KEY_VARIABLES.items()}
    return {provider: key for provider, key in found.items() if key}


def upstream_keys_of(policy: Policy, environment: Mapping[str, str]) -> dict[str, str]:
    """The keys of the policy's upstreams beside the providers' own, by their variables.

    Raises ``UsageError`` for one that is not set.
    """
    keys: dict[str, str] = {}
    for upstream in _upstreams_of(policy):
        variable = upstream.key
        if variable is None or variable in BUILT_IN:
            continue
        keys[variable] = _key(variable, environment)
        if not keys[variable]:
            raise UsageError(
                f"${variable} is not set, and the upstream {upstream.name} of the policy takes its key from it; set it"
                f" (or {variable}_FILE, a file's path) for this command, or name another with key_variable"
            )
    return keys


def redirected(policy: Policy, session: str | None = None) -> frozenset[str]:
    """The providers whose calls an upstream of the policy may take: an agent's own key opens none of those.

    Of one session's upstreams, or of all that the policy has.
    """
    upstreams = policy.for_session(session).upstreams.values() if session else _upstreams_of(policy)
    return frozenset(OWN[protocol] for upstream in upstreams for protocol in upstream.protocols)


def withheld(policy: Policy) -> tuple[str, ...]:
    """The variables that hold the keys of the policy's upstreams, or lead to them, which no agent may see."""
    clouds = {upstream.kind for upstream in _upstreams_of(policy) if upstream.chain}
    chains = [name for kind in sorted(clouds) for name in (*_CLOUD_SECRETS[kind], *_CLOUD_FILES[kind])]
    return (*(name for each in sorted(_key_variables(policy)) for name in (each, f"{each}_FILE")), *chains)


def _key_variables(policy: Policy) -> set[str]:
    return {upstream.key for upstream in _upstreams_of(policy) if upstream.key} - set(BUILT_IN)


def _upstreams_of(policy: Policy) -> list[Upstream]:
    return [each for settings in (*policy.settings, policy.fallback) for each in settings.upstreams.values()]


def _key(variable: str, environment: Mapping[str, str]) -> str:
    """The key that a variable holds, or the file that it names with ``_FILE``; ``""`` without one."""
    value = environment.get(variable, "").strip()
    file = environment.get(f"{variable}_FILE", "")
    if file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"${variable}_FILE names {file!r}, which cannot be read: {error}") from error
    if not _KEY.fullmatch(value):
        raise UsageError(f"${variable} holds a space, a line break or another character that no key has")
    # A token of an outer guardian-ci is not the provider's key: the agent's own credentials pass through.
    return "" if value.startswith(RUN_TOKEN_PREFIX) else value


def secrets_of(policy: Policy, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the variables that the policy calls secret or that hold keys; one that is not set has none."""
    names = {name for settings in (*policy.settings, policy.fallback) for name in settings.secrets.environment}
    names |= _key_variables(policy)
    names |= {name for upstream in _upstreams_of(policy) if upstream.chain for name in _CLOUD_SECRETS[upstream.kind]}
    return tuple(value for name in sorted(names) if (value := environment.get(name, "").strip()))


def secret_rules_of(policy: Policy) -> Rules | None:
    """What finds the secrets of the files of rules that the policy names, each beside its own file.

    Raises ``UsageError`` for a file that cannot be read, ``PolicyError`` for one that cannot be obeyed.
    """
    names = {settings.secrets.rules for settings in (*policy.settings, policy.fallback)} - {None}
    files = [Path(policy.file).parent / str(name) for name in sorted(map(str, names))]
    rules = [GitleaksRules(_rules_text(file), str(file)) for file in files]
    return (lambda text: chain.from_iterable(each(text) for each in rules)) if rules else None


def _rules_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}; the policy names it as secrets.rules") from error


def pull_request_of(options: argparse.Namespace, environment: Mapping[str, str]) -> str | None:
    """The pull request that calls are charged to."""
    if options.pull_request:
        return str(options.pull_request)
    found = _PULL_REQUEST.match(environment.get("GITHUB_REF", ""))
    return found[1] if found else None


def user_of(options: argparse.Namespace, environment: Mapping[str, str]) -> str | None:
    """Whom calls are charged to."""
    return options.user or environment.get("GITHUB_ACTOR") or None
