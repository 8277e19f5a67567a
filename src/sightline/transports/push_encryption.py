"""Encryption of a push message for one browser: RFC 8291 (keys) on RFC 8188 (`aes128gcm`), one record.

Written on the primitives of `cryptography`, because the packages that do it bring a second HTTP stack or have to be
compiled; the example of RFC 8291 appendix A is a test.
"""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sightline.exceptions import ConfigurationError

__all__ = ["MAX_PLAIN_BYTES", "BrowserKeys", "decode_base64url", "encode_base64url", "encrypt", "point_of"]

CURVE = ec.SECP256R1()
SALT_BYTES = 16
AUTH_BYTES = 16
POINT_BYTES = 65
RECORD_BYTES = 4096
"""The record size that every push service and browser must take (RFC 8291 section 4)."""

LAST_RECORD = b"\x02"
MAX_PLAIN_BYTES = 3993
"""4096 bytes of message less header (86), delimiter (1) and tag (16) (RFC 8291 section 4)."""


class BrowserKeys:
    """A subscription's public key and authentication secret. Raises `ConfigurationError` when they are none."""

    def __init__(self, p256dh: str, auth: str) -> None:
        self.point = decode_base64url(p256dh, "keys.p256dh")
        self.auth = decode_base64url(auth, "keys.auth")
        if len(self.auth) != AUTH_BYTES:
            raise ConfigurationError(f"keys.auth must be {AUTH_BYTES} bytes", key="keys.auth")
        try:
            if len(self.point) != POINT_BYTES:
                raise ValueError
            self.public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, self.point)
        except ValueError:
            raise ConfigurationError("keys.p256dh must be a point of P-256", key="keys.p256dh") from None


def encrypt(
    plain: bytes, browser: BrowserKeys, *, salt: bytes | None = None, private: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """The body of a push request. `salt` and `private` are fresh for every message, except in a test.

    Raises `ValueError` over `MAX_PLAIN_BYTES`.
    """
    if len(plain) > MAX_PLAIN_BYTES:
        raise ValueError(f"a push message has at most {MAX_PLAIN_BYTES} bytes")
    salt = salt or secrets.token_bytes(SALT_BYTES)
    private = private or ec.generate_private_key(CURVE)
    point = point_of(private.public_key())
    shared = private.exchange(ec.ECDH(), browser.public)
    secret = _derive(shared, browser.auth, b"WebPush: info\0" + browser.point + point, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(point)]) + point
    return header + AESGCM(key).encrypt(nonce, plain + LAST_RECORD, None)


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The 65 bytes of an uncompressed point."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encode_base64url(data: bytes) -> str:
    """Without padding, as web push writes it everywhere.

    >>> encode_base64url(b"ab?")
    'YWI_'
    """
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_base64url(text: str, name: str) -> bytes:
    """With or without padding. Raises `ConfigurationError` that names the field `name`."""
    stripped = text.rstrip("=")
    try:
        return base64.b64decode(stripped + "=" * (-len(stripped) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"{name} must be base64url", key=name) from None


def _derive(secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=size, salt=salt, info=info).derive(secret)
