"""The run's certificates, held against the TLS that clients use."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from guardian_ci.proxy import authority
from guardian_ci.proxy.authority import Authority, Leaf, make_authority

HOSTS = ("api.anthropic.com", "api.openai.com")


@pytest.fixture(scope="module")
def made() -> Authority:
    return make_authority([*HOSTS, "10.1.2.3"], "run-1")


def handshake(trusted: bytes, leaf: Leaf, host: str, folder: Path) -> None:
    """Let a client that trusts the authority meet a server that holds the leaf. Raises what the client finds wrong."""
    pem = leaf.certificate.public_bytes(serialization.Encoding.PEM)
    pem += leaf.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "leaf.pem").write_bytes(pem)
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(folder / "leaf.pem")
    asks = ssl.create_default_context(cadata=trusted.decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serves.wrap_bio(to_server, to_client, server_side=True)
    client = asks.wrap_bio(to_client, to_server, server_hostname=host)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert client.version() == "TLSv1.3"


@pytest.mark.parametrize("host", [*HOSTS, "10.1.2.3"])
def test_who_trusts_the_authority_trusts_each_hosts_certificate(made: Authority, host: str, tmp_path: Path) -> None:
    handshake(made.pem, made.leaves[host], host, tmp_path)


def test_a_certificate_is_good_for_its_own_host_alone(made: Authority, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(made.pem, made.leaves["api.openai.com"], "api.anthropic.com", tmp_path)


@pytest.mark.parametrize("host", ["api.github.com", "not-api.anthropic.com", "10.9.9.9"])
def test_the_authority_is_worthless_for_every_other_host(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = authority._constraints([x509.DNSName(each) for each in HOSTS])
    monkeypatch.setattr(authority, "_constraints", lambda _: limits)
    forged = make_authority([host], "run-1")
    with pytest.raises(ssl.SSLCertVerificationError, match="subtree violation"):
        handshake(forged.pem, forged.leaves[host], host, tmp_path)


def test_the_key_that_signed_is_nobodys(made: Authority) -> None:
    signer = raw(x509.load_pem_x509_certificate(made.pem).public_key())
    assert signer not in {raw(leaf.key.public_key()) for leaf in made.leaves.values()}
    assert {type(getattr(made, name)) for name in made.__slots__} == {bytes, dict}


def raw(key: object) -> bytes:
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


def test_certificates_outlive_a_job_and_no_more(made: Authority) -> None:
    certificates = [x509.load_pem_x509_certificate(made.pem), *(leaf.certificate for leaf in made.leaves.values())]
    for each in certificates:
        assert 7 <= (each.not_valid_after_utc - each.not_valid_before_utc).days <= 8


def test_no_key_shows_where_a_certificate_is_printed(made: Authority) -> None:
    assert "key=" not in repr(made)
    assert b"PRIVATE" not in made.pem
