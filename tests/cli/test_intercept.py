"""``--intercept``: what clients are told, and what is said where it cannot be."""

import json
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from shell import Shell

from guardian_ci.cli import intercept
from guardian_ci.cli.intercept import intercept_environment
from guardian_ci.cli.main import main

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-intercept" / "bin" / "python"
ASK = """
import json, os, urllib.request
asked = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello."}]}
headers = {"x-api-key": os.environ["GUARDIAN_TOKEN"], "content-type": "application/json"}
request = urllib.request.Request("https://api.anthropic.com/v1/messages", json.dumps(asked).encode(), headers)
print(urllib.request.urlopen(request, timeout=20).status)
"""
OURS = b"-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n"


def test_without_the_extra_one_line_names_it_and_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(intercept, "find_spec", lambda _: None)
    assert main(["run", "--intercept", "--state", "state", "--", "true"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install 'guardian-ci[intercept]'" in line
    assert list(tmp_path.iterdir()) == []


def test_every_client_finds_the_proxy_and_the_certificates() -> None:
    env = intercept_environment("http://one:gci-x@127.0.0.1:1", Path("/added.pem"), Path("/whole.pem"))
    assert {env[name] for name in ("HTTPS_PROXY", "https_proxy")} == {"http://one:gci-x@127.0.0.1:1"}
    assert {env[name] for name in ("NODE_EXTRA_CA_CERTS", "DENO_CERT")} == {"/added.pem"}
    assert {env[name] for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")} == {"/whole.pem"}
    assert env["NODE_USE_ENV_PROXY"] == "1"


def test_no_exception_of_the_users_own_leads_round_the_proxy() -> None:
    env = intercept_environment("http://127.0.0.1:1", Path("a"), Path("b"))
    assert {env[name] for name in ("NO_PROXY", "no_proxy")} == {"127.0.0.1,localhost,::1"}
    assert not {"HTTP_PROXY", "http_proxy", "ALL_PROXY"} & set(env)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (*intercept._ADDED, *intercept._WHOLE):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_bundle_holds_what_this_machine_trusts_and_the_runs_own_certificate(folder: Path) -> None:
    added, whole = intercept._certificates(folder, OURS)
    assert added.read_bytes() == OURS
    assert whole.read_bytes().endswith(OURS)
    assert whole.read_bytes().count(b"BEGIN CERTIFICATE") > 20


def test_certificates_that_the_user_trusts_already_stay_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"NODE_EXTRA_CA_CERTS": "corporate", "SSL_CERT_FILE": "roots", "CURL_CA_BUNDLE": "more"}.items():
        (folder / text).write_text(f"{text}\n\n")
        monkeypatch.setenv(name, str(folder / text))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "not-there"))
    added, whole = intercept._certificates(folder, OURS)
    assert added.read_bytes() == b"corporate\n" + OURS
    assert whole.read_bytes() == b"roots\nmore\ncorporate\n" + OURS


def test_a_machine_without_a_file_of_roots_gets_those_that_come_with_the_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intercept, "_SYSTEM", ())
    nowhere = ssl.DefaultVerifyPaths(*[str(folder / "none")] * 6)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    _, whole = intercept._certificates(folder, OURS)
    assert whole.read_bytes().count(b"BEGIN CERTIFICATE") > 20


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(folder: Path) -> None:
    with pytest.raises(intercept.StartError, match="name a folder with --state"):
        intercept._certificates(folder / "gone", OURS)


def answered(script: str, token: str) -> str:
    """What a client in another shell gets, which has taken the environment over."""
    command = f'. "$0" && exec "{sys.executable}" -c "$1"'
    env = {"PATH": os.environ["PATH"], "GUARDIAN_TOKEN": token}
    ended = subprocess.run(
        ["sh", "-c", command, script, ASK], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    return ended.stdout.strip() or ended.stderr.splitlines()[-1]


@pytest.mark.e2e
@pytest.mark.skipif(not PYTHON.exists(), reason="tests/run has not installed tests/intercept.txt")
def test_serve_writes_the_environment_for_other_shells_which_holds_when_a_dead_proxy_is_back(
    shell: Shell, tmp_path: Path
) -> None:
    token = "gci-token-of-this-run-0123456789"
    served = subprocess.Popen(
        [PYTHON, "-m", "guardian_ci", "serve", "--intercept", "--json", "--port", "0", *shell.options],
        cwd=tmp_path,
        env=shell.environment | {"GUARDIAN_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert served.stdout is not None
        ready = json.loads(served.stdout.readline())
        script = Path(ready["environment"])
        assert script.parent.stat().st_mode & 0o077 == 0
        assert answered(str(script), token) == "200"
        (child,) = Path(f"/proc/{served.pid}/task/{served.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)
        assert answered(str(script), token) == "200"
    finally:
        served.terminate()
        _, err = served.communicate(timeout=60)
    assert "it is started again" in err
    assert not script.exists()
