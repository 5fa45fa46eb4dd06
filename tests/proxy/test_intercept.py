"""The forward proxy in a process of its own, with mitmproxy's library, and clients that know nothing but it."""

import json
import os
import ssl
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from rig import KEY, ROOT, LogView

from guardian_ci.demo.upstream import Bill, running
from guardian_ci.proxy.authority import make_authority

PYTHON = ROOT / ".venv-intercept" / "bin" / "python"
CLIENT = Path(__file__).parent / "intercepted.py"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not PYTHON.exists(), reason="tests/run has not installed tests/intercept.txt"),
]

POLICY = """\
rules: {retry_loop: "off"}
policies:
  - {name: tight, sessions: [tight-*], network_allowlist: [github.com]}
  - {name: any}
"""


@dataclass(frozen=True)
class Done:
    """One run: what its clients met, its log, its output, and what the provider billed."""

    met: dict[str, Any]
    log: list[dict[str, Any]]
    code: int
    err: str
    bill: Bill
    certificate: str
    state: Path

    @property
    def found(self) -> set[str]:
        """The rules that found something outside of every call."""
        return {found["rule"] for line in self.log if line["type"] == "notice" for found in line.get("findings", ())}

    def calls(self, **fields: object) -> list[dict[str, Any]]:
        return [line for line in self.log if line["type"] == "call" and fields.items() <= line.items()]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("intercept")
    (folder / "guardian.yml").write_text(POLICY)
    bill = Bill()
    with running(bill, key=KEY) as upstream, tls_server(folder) as (port, certificate):
        ended = subprocess.run(
            [
                *(PYTHON, "-m", "guardian_ci", "run", "--intercept", "--policy", "guardian.yml", "--state", "state"),
                *("--upstream", f"anthropic={upstream}", "--upstream", f"openai={upstream}", "--session", "one"),
                *("--", PYTHON, CLIENT, str(port), "met.json"),
            ],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert (folder / "met.json").exists(), ended.stderr
    met = json.loads((folder / "met.json").read_text())
    log = LogView(folder / "guardian-report" / "log.ndjson")()
    return Done(met, log, ended.returncode, ended.stderr, bill, certificate, folder / "state")


class Echo(BaseRequestHandler):
    def handle(self) -> None:
        if self.request.recv(4) == b"ping":
            self.request.sendall(b"ping-pong")


class tls_server:  # noqa: N801 - read as a function
    """A TLS server of somebody else's: its port and certificate."""

    def __init__(self, folder: Path) -> None:
        leaf = make_authority(["localhost"], "somebody else").leaves["localhost"]
        self.certificate = leaf.certificate.public_bytes(serialization.Encoding.PEM).decode()
        key = leaf.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "other.pem").write_text(self.certificate + key.decode())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "other.pem")
        self.server = ThreadingTCPServer(("127.0.0.1", 0), Echo)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self) -> tuple[int, str]:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self.server.server_address[1], self.certificate

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize(("client", "version"), [("http1", "HTTP/1.1"), ("http2", "HTTP/2")])
def test_a_stream_passes_as_it_comes(done: Done, client: str, version: str) -> None:
    met = done.met[client]
    assert (met["status"], met["version"], met["last"]) == (200, version, "message_stop")
    assert met["ahead"] > 0.5  # the provider takes a second to say it


def test_calls_of_one_http2_connection_run_side_by_side(done: Done) -> None:
    met = done.met["together"]
    assert met["statuses"] == [200] * 16
    assert met["seconds"] < 12  # one behind the other they would take more than 16


def test_an_answer_that_is_no_stream_arrives_whole(done: Done) -> None:
    met = done.met["whole"]
    assert met["status"] == 200
    assert json.loads(met["text"])["content"][0]["text"] == "Whole."


def test_a_body_whose_length_nobody_says_arrives_whole(done: Done) -> None:
    assert done.met["in pieces"] == [["HTTP/1.1", 200], ["HTTP/2", 200]]
    assert done.met["models"] == 200


def test_turns_on_a_websocket_pass_and_each_is_a_call(done: Done) -> None:
    assert done.met["socket"] == ["response.completed"] * 2
    calls = done.calls(path="/s/one/openai/v1/responses")
    assert [(call["decision"], call["outcome"]) for call in calls] == [("approved", "complete")] * 2


def test_every_call_is_metered_to_the_token_in_the_session_of_the_proxys_url(done: Done) -> None:
    calls = done.calls(decision="approved", path="/s/one/anthropic/v1/messages")
    assert len(calls) == 23
    calls += done.calls(decision="approved", path="/s/one/openai/v1/responses")
    assert {call["session_id"] for call in calls} == {"one"}
    billed = sum(int(str(line["input_tokens"])) + int(str(line["output_tokens"])) for line in done.bill.lines)
    assert sum(call["input_tokens"] + call["output_tokens"] for call in calls) == billed > 0


def test_a_client_that_hangs_up_is_billed_to_the_end(done: Done) -> None:
    gone = done.calls(outcome="client_gone")
    assert [(call["estimated"], call["output_tokens"] > 50) for call in gone] == [(False, True)] * 2


def test_a_call_without_a_key_is_refused_in_its_protocols_shape(done: Done) -> None:
    met = done.met["without a key"]
    assert met["status"] == 400
    assert "the request has no API key" in json.loads(met["text"])["error"]["message"]


def test_a_path_that_is_not_metered_is_refused_and_recorded_by_the_relay(done: Done) -> None:
    assert done.met["telemetry"] == 404
    (call,) = done.calls(path="/s/one/anthropic/api/hello")
    assert call["reason"] == "unmetered_endpoint"


@pytest.mark.parametrize("tunnel", ["tunnel", "tunnel of the tight session"])
def test_another_host_is_a_tunnel_with_its_own_certificate(done: Done, tunnel: str) -> None:
    assert done.met[tunnel] == {"status": 200, "certificate": done.certificate, "said": "ping-pong"}
    told = [line["host"] for line in done.log if line["type"] == "notice" and "host" in line]
    assert len(told) == 2  # this one and the closed one, each once
    assert f"{told[0]}, {told[1]} (tunnelled unread)" in done.err


@pytest.mark.parametrize(
    ("asked", "status", "reason", "rule"),
    [
        ("not listed", 403, "host_not_allowed", "network_allowlist"),
        ("no models", 403, "unmetered_endpoint", "unmetered_endpoint"),
        ("metadata", 403, "host_not_allowed", "network_allowlist"),
        ("no token", 407, "no_token", None),
        ("wrong token", 407, "no_token", None),
        ("no path", 400, "bad_request", None),
    ],
)
def test_a_host_is_refused_with_the_reason(done: Done, asked: str, status: int, reason: str, rule: str | None) -> None:
    head = done.met[asked]
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert f"x-guardian-reason: {reason}\r\n" in head
    assert ("Proxy-Authenticate: Basic" in head) is (status == 407)
    assert rule is None or rule in done.found


def test_a_host_that_cannot_be_reached_is_told_at_once(done: Done) -> None:
    assert done.met["closed"].startswith("HTTP/1.1 502 ")


def test_a_client_that_does_not_trust_the_certificate_stands_in_the_log(done: Done) -> None:
    assert "unable to get local issuer certificate" in done.met["distrusting"]
    (note,) = [line for line in done.log if line["type"] == "notice" and line["code"] == "certificate_distrusted"]
    assert "api.openai.com" in note["message"]


def test_the_violations_fail_the_run_and_nothing_else_is_said(done: Done) -> None:
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "mitmproxy" not in done.err
    assert "gci-" not in json.dumps(done.log)


def test_no_certificate_and_no_key_is_left_behind(done: Done) -> None:
    assert list(done.state.rglob("*.pem")) == []
    assert not [file for file in done.state.rglob("*") if file.is_file() and b"PRIVATE KEY" in file.read_bytes()]
