"""Who sends a push message: VAPID (RFC 8292). One key pair an installation; browsers subscribe for its public half.

A new key voids every subscription, so the file is made once, whole or not at all, and belongs into every backup.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sightline.deliveries.target import origin_of
from sightline.exceptions import ConfigurationError
from sightline.transports.push_encryption import CURVE, encode_base64url, point_of

__all__ = ["Vapid", "load_or_create_vapid_key"]

TOKEN_S = 12 * 3600
"""RFC 8292 section 2 allows 24 h at most; half of it leaves room for clocks that disagree."""


class Vapid:
    """Signs for one installation; `contact` (`mailto:` or `https:`) is for the push service's people."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, contact: str) -> None:
        self._key = key
        self._contact = contact
        self.public_key = encode_base64url(point_of(key.public_key()))
        """What a browser subscribes with (`applicationServerKey`), in base64url."""

    def authorization(self, endpoint: str, now_ms: int) -> str:
        """The `Authorization` header for a message to `endpoint`."""
        claims = {"aud": origin_of(endpoint), "exp": now_ms // 1000 + TOKEN_S, "sub": self._contact}
        token = jwt.encode(claims, self._key, algorithm="ES256")
        return f"vapid t={token}, k={self.public_key}"


def load_or_create_vapid_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The installation's key; made at the first use, readable by its owner only.

    Raises `ConfigurationError` when the file is no such key or cannot be read or written.
    """
    try:
        if not path.exists():
            _create(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigurationError(f"the key {path} cannot be read or made: {error.strerror}") from error
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ConfigurationError(f"{path} is not a key for web push: put back the right file, or remove it")
    return key


def _create(path: Path) -> None:
    """Never over a key that is there; a crash leaves none or a whole one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = ec.generate_private_key(CURVE).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was first: its key is the one
            return
    finally:
        draft.unlink()
