"""``--intercept``: what clients are told, and what is said where it cannot be."""

import ssl
from pathlib import Path

import pytest

from guardian_ci.cli import intercept
from guardian_ci.cli.intercept import intercept_environment
from guardian_ci.cli.main import main

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
