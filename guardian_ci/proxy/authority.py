"""A certificate authority for one run and a few hosts, whose key is gone before the first client trusts it.

Each host gets its certificate at once, then the authority's key is dropped: nobody can sign another, and the
authority itself says that it is good for these hosts alone. No key is ever written down.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SKEW: Final = timedelta(hours=1)
"""How far behind ours a client's clock may be."""
_VALID: Final = timedelta(days=7)
"""Longer than any job may run."""
_ALL_ADDRESSES: Final = tuple(x509.IPAddress(ip_network(each)) for each in ("0.0.0.0/0", "::/0"))
_LONGEST_COMMON_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Leaf:
    """A host's certificate and its key, which lives in memory only."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority's own certificate (PEM), and those of its hosts."""

    pem: bytes
    leaves: Mapping[str, Leaf]


def make_authority(hosts: Iterable[str], run: str) -> Authority:
    """Make an authority for these hosts; ``run`` names it where a client shows who signed."""
    names = {host: _general_name(host) for host in hosts}
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"guardian-ci {run}")
    certificate = (
        _builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(_constraints(names.values()), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    leaves = {host: _leaf(host, name, certificate, key) for host, name in names.items()}
    return Authority(certificate.public_bytes(serialization.Encoding.PEM), leaves)


def _leaf(host: str, name: x509.GeneralName, issuer: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey) -> Leaf:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name(f"guardian-ci for {host}"), issuer.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    return Leaf(certificate, key)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _VALID)
    )


def _name(text: str) -> x509.Name:
    # Two words: what might be a host's name here would be held against the constraints as one.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:_LONGEST_COMMON_NAME])])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _constraints(names: Iterable[x509.GeneralName]) -> x509.NameConstraints:
    permitted = [_subtree(name) for name in names]
    addressed = any(isinstance(each, x509.IPAddress) for each in permitted)
    # A list of names alone says nothing of certificates for addresses.
    return x509.NameConstraints(permitted, None if addressed else _ALL_ADDRESSES)


def _subtree(name: x509.GeneralName) -> x509.GeneralName:
    value = name.value
    if isinstance(value, IPv4Address):
        return x509.IPAddress(IPv4Network(value))
    return x509.IPAddress(IPv6Network(value)) if isinstance(value, IPv6Address) else name


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
