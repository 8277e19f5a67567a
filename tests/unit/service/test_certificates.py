from __future__ import annotations

import datetime
import ipaddress
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from sightline.exceptions import ConfigurationError
from sightline.service.certificates import OwnCertificate, fingerprint, own_certificate

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
NAMES = ("localhost", "hall.example", "127.0.0.1", "::1")


def read(own: OwnCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(own.certificate.read_bytes())


def test_it_is_for_the_names_and_addresses_and_signed_by_the_authority(tmp_path: Path) -> None:
    own = own_certificate(tmp_path / "tls", NAMES, NOW)
    certificate = read(own)
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(alternatives.get_values_for_type(x509.DNSName)) == {"localhost", "hall.example"}
    assert set(alternatives.get_values_for_type(x509.IPAddress)) == {
        ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")
    }  # fmt: skip
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(own.authority.read_bytes()))
    assert certificate.not_valid_after_utc - NOW <= datetime.timedelta(days=398)
    assert fingerprint(own.authority) == own.fingerprint
    assert len(own.fingerprint.split(":")) == 32


def test_keys_are_the_owners_alone(tmp_path: Path) -> None:
    own_certificate(tmp_path / "tls", NAMES, NOW)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "tls").iterdir()} == {0o600}


def test_the_server_and_a_client_that_trusts_the_authority_agree(tmp_path: Path) -> None:
    own = own_certificate(tmp_path / "tls", NAMES, datetime.datetime.now(datetime.UTC))
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(own.authority))
    server.load_cert_chain(own.certificate, own.key)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in NAMES:
        assert handshake(server, client, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, client, "elsewhere.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, ssl.create_default_context(), "localhost")


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bool:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours.version() is not None


def test_what_is_good_is_kept(tmp_path: Path) -> None:
    first = own_certificate(tmp_path / "tls", NAMES, NOW)
    before = [file.read_bytes() for file in (first.certificate, first.key, first.authority)]
    again = own_certificate(tmp_path / "tls", NAMES[::-1], NOW + datetime.timedelta(days=300))
    assert [file.read_bytes() for file in (again.certificate, again.key, again.authority)] == before


@pytest.mark.parametrize("days", [370, 500])
def test_it_is_renewed_before_it_ends_under_the_same_authority(tmp_path: Path, days: int) -> None:
    first = own_certificate(tmp_path / "tls", NAMES, NOW)
    serial = read(first).serial_number
    again = own_certificate(tmp_path / "tls", NAMES, NOW + datetime.timedelta(days=days))
    assert read(again).serial_number != serial
    assert again.fingerprint == first.fingerprint


def test_another_name_makes_another_certificate_under_the_same_authority(tmp_path: Path) -> None:
    first = own_certificate(tmp_path / "tls", NAMES, NOW)
    serial = read(first).serial_number
    again = own_certificate(tmp_path / "tls", (*NAMES, "yard.example"), NOW)
    assert read(again).serial_number != serial
    assert again.fingerprint == first.fingerprint


def test_an_authority_that_would_end_first_is_replaced(tmp_path: Path) -> None:
    first = own_certificate(tmp_path / "tls", NAMES, NOW)
    again = own_certificate(tmp_path / "tls", NAMES, NOW + datetime.timedelta(days=3400))
    assert again.fingerprint != first.fingerprint
    read(again).verify_directly_issued_by(x509.load_pem_x509_certificate(again.authority.read_bytes()))


def test_damage_and_folders_that_cannot_be_are_told(tmp_path: Path) -> None:
    own = own_certificate(tmp_path / "tls", NAMES, NOW)
    own.certificate.write_text("not a certificate")
    with pytest.raises(ConfigurationError, match="damaged"):
        own_certificate(tmp_path / "tls", NAMES, NOW)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="no certificate can be kept"):
        own_certificate(tmp_path / "file" / "tls", NAMES, NOW)
