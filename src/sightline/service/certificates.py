"""Certificates of our own making: an authority of this installation, and what it signs for the server.

The authority is what phones and engines are told to trust, once; the server's certificate under it may change (other
names, other addresses, its end near) without anybody noticing. Browsers refuse certificates that are good for more than
398 days (CA/Browser Forum, ballot SC31), and the authority may sign for no other purpose than a server's.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import ipaddress
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sightline.exceptions import ConfigurationError

__all__ = ["OwnCertificate", "fingerprint", "own_certificate"]

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
RENEWED_BEFORE_DAYS = 30
BACKDATED_HOURS = 24
"""A phone whose clock is a little slow shall believe a certificate that was just made."""

PrivateKey = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """Files in PEM form. `authority` is what others are to trust; `fingerprint` is its own, SHA-256."""

    certificate: Path
    key: Path
    authority: Path
    fingerprint: str


def own_certificate(folder: Path, names: Iterable[str], now: datetime.datetime) -> OwnCertificate:
    """What is in `folder`, made or renewed where it has to be: for these host names and addresses, good for at least
    `RENEWED_BEFORE_DAYS` from `now` (aware).

    Raises `ConfigurationError` when the folder cannot be written, or what is in it is damaged.
    """
    wanted = sorted(set(names))
    own = OwnCertificate(folder / "server.pem", folder / "server.key", folder / "authority.pem", "")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone_in(folder):  # several gateways may find at once that it has to be renewed
            authority, authority_key = _authority(folder, now)
            if not _serves(own, authority, wanted, now):
                _make_server(own, authority, authority_key, wanted, now)
    except OSError as error:
        raise ConfigurationError(f"no certificate can be kept in {folder}: {error.strerror}", key="tls") from error
    except ValueError as error:
        raise ConfigurationError(f"{folder} is damaged ({error}): remove it, and another is made", key="tls") from error
    return OwnCertificate(own.certificate, own.key, own.authority, fingerprint(own.authority))


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def fingerprint(file: Path) -> str:
    """SHA-256 of the first certificate in a file, as browsers and phones show it. Raises `OSError`, `ValueError`."""
    digest = x509.load_pem_x509_certificate(file.read_bytes()).fingerprint(hashes.SHA256())
    return ":".join(f"{byte:02X}" for byte in digest)


def _authority(folder: Path, now: datetime.datetime) -> tuple[x509.Certificate, PrivateKey]:
    file, key_file = folder / "authority.pem", folder / "authority.key"
    if file.exists() and key_file.exists():
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        if certificate.not_valid_after_utc > now + datetime.timedelta(days=SERVER_DAYS):
            return certificate, _read_key(key_file)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Sightline authority {now:%Y-%m-%d}")])
    usage = _usage(signs_certificates=True)
    made = (
        _builder(name, name, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _pem_of(key))
    _write(file, made.public_bytes(serialization.Encoding.PEM))
    return made, key


def _serves(own: OwnCertificate, authority: x509.Certificate, names: list[str], now: datetime.datetime) -> bool:
    """Whether the server's certificate is there, for these names, of this authority, and good for long enough."""
    if not own.certificate.exists() or not own.key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    if certificate.public_key() != _read_key(own.key).public_key() or certificate.issuer != authority.subject:
        return False
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    ends_soon = certificate.not_valid_after_utc < now + datetime.timedelta(days=RENEWED_BEFORE_DAYS)
    return not ends_soon and set(alternatives) == set(_alternatives(names))


def _make_server(
    own: OwnCertificate,
    authority: x509.Certificate,
    authority_key: PrivateKey,
    names: list[str],
    now: datetime.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sightline")])
    made = (
        _builder(name, authority.subject, key, now, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    _write(own.key, _pem_of(key))
    _write(own.certificate, made.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=BACKDATED_HOURS))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(names: Iterable[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def _read_key(file: Path) -> PrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, PrivateKey):
        raise ValueError(f"{file.name} is no key of ours")
    return key


def _pem_of(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, data: bytes) -> None:
    """Whole or not at all, and for the owner alone."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        target.write(data)
    draft.rename(file)
