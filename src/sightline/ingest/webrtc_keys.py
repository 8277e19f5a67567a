"""The key with which this end of a WebRTC connection proves itself, and those that it takes from others.

aiortc, as the client of a handshake, offers cipher suites for ECDSA keys only, and GStreamer's certificates have RSA
keys: it could not publish. RFC 8827 section 6.5 says which suites there must be at least, and leaves others free.
"""

from __future__ import annotations

from typing import Any

from aiortc import RTCCertificate, RTCPeerConnection
from OpenSSL import SSL

__all__ = ["AnyKeyCertificate", "take_any_key"]

_CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
    for key in ("ECDSA", "RSA")
).encode()


class AnyKeyCertificate(RTCCertificate):
    """A certificate whose owner takes peers with ECDSA and with RSA keys."""

    def _create_ssl_context(self, srtp_profiles: list[Any]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(_CIPHERS)
        return context


def take_any_key(connection: RTCPeerConnection) -> None:
    """Gives a connection that has not begun such a certificate; aiortc has no seam for it."""
    connection._RTCPeerConnection__certificates = [AnyKeyCertificate.generateCertificate()]  # type: ignore[attr-defined]
