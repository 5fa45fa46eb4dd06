"""``--intercept``: the forward proxy beside the relay, and the environment that leads every client to it."""

import argparse
import contextlib
import os
import shlex
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from guardian_ci.cli.agents.home import temporary_home
from guardian_ci.errors import StartError
from guardian_ci.proxy.config import ProxyConfig
from guardian_ci.proxy.destinations import NO_SESSION, Destinations, relayed_hosts
from guardian_ci.proxy.listener import listen
from guardian_ci.proxy.server import ProxyServer
from guardian_ci.proxy.supervisor import Beside, Supervisor

LOOPBACK: Final = "127.0.0.1,localhost,::1"

_ADDED: Final = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
"""Variables that name certificates beside those that a client trusts anyway."""
_WHOLE: Final = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
    "CARGO_HTTP_CAINFO",
    "CODEX_CA_CERTIFICATE",
)
"""Variables that name all certificates that a client trusts: tunnelled hosts need the machine's own ones as well."""
_SYSTEM: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def add_intercept_option(parser: argparse.ArgumentParser) -> None:
    """The option of the commands that start a proxy."""
    parser.add_argument(
        "--intercept",
        action="store_true",
        help="be a forward proxy (HTTPS_PROXY) as well, for agents whose base URL cannot be changed",
    )


def check_extra(options: argparse.Namespace) -> None:
    """Raise ``StartError`` where the option is given and what it needs is not installed."""
    if options.intercept and find_spec("mitmproxy") is None:
        raise StartError("--intercept needs mitmproxy's library; install it: pip install 'guardian-ci[intercept]'")


@dataclass(frozen=True, slots=True)
class Interception:
    """What an agent needs of the forward proxy, and what runs it in the process of the relay.

    ``script`` is a file by which a shell takes the environment over; None where nothing is intercepted.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    beside: Beside = contextlib.nullcontext
    listeners: tuple[socket.socket, ...] = ()
    script: Path | None = None


@contextlib.contextmanager
def intercepting(
    options: argparse.Namespace, config: ProxyConfig, supervisor: Supervisor, session: str | None
) -> Iterator[Interception]:
    """Prepare the forward proxy of a relay that is not started yet; without the option it is nothing.

    Certificates and socket belong to the supervisor's process: agents go on with them when a dead proxy is brought
    back. Raises ``StartError``. The certificates (no keys) lie in the folder of ``--state`` until the end.
    """
    if not options.intercept:
        yield Interception()
        return
    from guardian_ci.proxy.authority import make_authority  # noqa: PLC0415 - the extra
    from guardian_ci.proxy.intercept import ForwardProxy  # noqa: PLC0415 - the extra

    authority = make_authority(relayed_hosts(config.policy), supervisor.run_id)
    relay = urlsplit(supervisor.url)
    host, token = relay.hostname or "", config.token
    with temporary_home(options.state) as folder, listen(host, 0) as listener:
        added, whole = _certificates(folder, authority.pem)
        user = f"{session or NO_SESSION}:{token}@" if token else ""
        url = f"http://{user}{relay.netloc.rpartition(':')[0]}:{listener.getsockname()[1]}"

        def beside(server: ProxyServer) -> ForwardProxy:
            destinations = Destinations(config.policy, server.gatekeeper)
            return ForwardProxy(destinations, authority, (host, relay.port or 0), token, listener, server.own)

        environment = intercept_environment(url, added, whole)
        yield Interception(environment, beside, (listener,), _script(folder, environment))


def intercept_environment(url: str, added: Path, whole: Path) -> dict[str, str]:
    """What leads clients to the forward proxy, and makes them trust its certificates."""
    return {
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), url),
        # Only this machine is reached without it: an exception of the user's own would be a way round.
        **dict.fromkeys(("NO_PROXY", "no_proxy"), LOOPBACK),
        "NODE_USE_ENV_PROXY": "1",
        **dict.fromkeys(_ADDED, str(added)),
        **dict.fromkeys(_WHOLE, str(whole)),
    }


def _script(folder: Path, environment: Mapping[str, str]) -> Path:
    """Write the environment for shells. Like its folder it is for this user's eyes: it holds the token."""
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    return _written(folder / "environment.sh", exports.encode())


def _certificates(folder: Path, ours: bytes) -> tuple[Path, Path]:
    """Write the certificates: ours with what the user adds anyway, and all that a client shall trust."""
    extra = _read(os.environ, _ADDED) + ours
    whole = _roots(os.environ) + extra
    return _written(folder / "authority.pem", extra), _written(folder / "bundle.pem", whole)


def _written(file: Path, content: bytes) -> Path:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise StartError(f"{file} cannot be written: {error.strerror or error}; name a folder with --state") from error
    return file


def _roots(environment: Mapping[str, str]) -> bytes:
    """The certificates that this machine trusts (PEM)."""
    own = _read(environment, _WHOLE)
    if own:
        return own
    paths = ssl.get_default_verify_paths()
    for file in (paths.openssl_cafile, *_SYSTEM):
        with contextlib.suppress(OSError):
            return Path(file).read_bytes().rstrip() + b"\n"
    import certifi  # noqa: PLC0415 - comes with the extra

    return Path(certifi.where()).read_bytes()


def _read(environment: Mapping[str, str], names: tuple[str, ...]) -> bytes:
    """The files that these variables name, each once; one that cannot be read is none."""
    found = b""
    for file in dict.fromkeys(environment[name] for name in names if environment.get(name)):
        with contextlib.suppress(OSError):
            found += Path(file).read_bytes().rstrip() + b"\n"
    return found
