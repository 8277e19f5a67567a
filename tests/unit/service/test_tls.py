from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sightline.exceptions import ConfigurationError
from sightline.service.certificates import own_certificate
from sightline.service.tls import server_tls
from sightline.settings import Settings


def made(folder: Path) -> tuple[Path, Path]:
    own = own_certificate(folder, ("localhost",), datetime.datetime.now(datetime.UTC))
    return own.certificate, own.key


def test_without_a_wish_there_is_none(tmp_path: Path) -> None:
    assert server_tls(Settings(home=tmp_path)) is None


def test_it_makes_its_own_with_the_names_that_were_given(tmp_path: Path) -> None:
    tls = server_tls(Settings(home=tmp_path, tls="self-signed", tls_names=("yard.example",)))
    assert tls is not None and tls.own is not None
    assert tls.own.certificate.is_relative_to(tmp_path / "keys")
    assert b"BEGIN CERTIFICATE" in tls.own.authority.read_bytes()
    tls.look()
    assert (tmp_path / "keys" / "tls" / "server.key").exists()


def test_a_renewed_certificate_is_loaded_and_half_of_one_is_not(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    old, new = made(tmp_path / "old"), made(tmp_path / "new")
    shutil.copy(old[0], certificate), shutil.copy(old[1], key)
    tls = server_tls(Settings(home=tmp_path, tls_cert=certificate, tls_key=key))
    assert tls is not None
    with capture_logs() as logs:
        tls.look()
        assert logs == []
        shutil.copy(new[0], certificate)
        tls.look()
        assert [entry["event"] for entry in logs] == ["certificate_not_loaded"]
        shutil.copy(new[1], key)
        tls.look()
        assert [entry["event"] for entry in logs][1:] == ["certificate_loaded"]
        tls.look()
        assert len(logs) == 2


def test_one_file_may_hold_both(tmp_path: Path) -> None:
    certificate, key = made(tmp_path / "one")
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    assert server_tls(Settings(home=tmp_path, tls_cert=both)) is not None


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"tls": "self-signed", "tls_cert": "/c.pem"}, "choose"),
        ({"tls_key": "/k.pem"}, "needs its certificate"),
        ({"tls_cert": "/nowhere.pem"}, "cannot be read"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, wish: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        server_tls(Settings(home=tmp_path, **wish))  # type: ignore[arg-type]


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    certificate, _ = made(tmp_path / "one")
    _, key = made(tmp_path / "two")
    with pytest.raises(ConfigurationError, match="cannot be used with the key"):
        server_tls(Settings(home=tmp_path, tls_cert=certificate, tls_key=key))
