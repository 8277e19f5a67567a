"""Who sends: the installation's key and what it signs."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sightline.exceptions import ConfigurationError
from sightline.transports.vapid import Vapid, load_or_create_vapid_key
from tests.push_browser import unb64

NOW_MS = 1_767_265_205_000


def test_the_key_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vapid.pem"
    first = Vapid(load_or_create_vapid_key(path), "mailto:a@example.org").public_key
    assert Vapid(load_or_create_vapid_key(path), "mailto:a@example.org").public_key == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["vapid.pem"]


def test_two_first_uses_at_once_agree(tmp_path: Path) -> None:
    path, keys, begin = tmp_path / "vapid.pem", set(), threading.Barrier(8)

    def start() -> None:
        begin.wait()
        keys.add(Vapid(load_or_create_vapid_key(path), "mailto:a@example.org").public_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 1
    assert os.listdir(tmp_path) == ["vapid.pem"]


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vapid.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a key for web push"):
        load_or_create_vapid_key(path)
    assert path.read_bytes() == content


def test_a_place_where_no_key_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match="cannot be read or made"):
        load_or_create_vapid_key(tmp_path / "keys" / "vapid.pem")


def test_a_push_service_can_check_who_sends() -> None:
    vapid = Vapid(ec.generate_private_key(ec.SECP256R1()), "mailto:a@example.org")
    scheme, _, parameters = vapid.authorization("https://push.example.org:8443/send/abc?x=1", NOW_MS).partition(" ")
    given = dict(part.strip().split("=", 1) for part in parameters.split(","))
    assert scheme == "vapid"
    assert given["k"] == vapid.public_key
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(given["k"]))
    claims = jwt.decode(
        given["t"], public, algorithms=["ES256"], audience="https://push.example.org:8443",
        options={"verify_exp": False},
    )  # fmt: skip
    assert claims == {
        "aud": "https://push.example.org:8443", "exp": NOW_MS // 1000 + 43_200, "sub": "mailto:a@example.org"
    }  # fmt: skip
