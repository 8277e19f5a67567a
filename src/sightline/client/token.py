"""The access token of a connection: when a newer one is needed, and whether another try is worth it. Pure."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

import msgspec

__all__ = ["Credential", "expires_at_ms", "refresh_at_ms"]

REFRESH_AHEAD_MS = 60_000


class _Claims(msgspec.Struct):
    exp: float


def expires_at_ms(token: str) -> int | None:
    """When a JWT (RFC 7519) ends by its own account; `None` for any other token. Nothing is verified here."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    payload = parts[1]
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims)
        return int(claims.exp * 1000)
    except (binascii.Error, ValueError, OverflowError, RecursionError):
        return None


def refresh_at_ms(expires_ms: int, now_ms: int) -> int:
    """When to ask for a newer token: a minute before the end, or halfway where less than two minutes are left."""
    return max(expires_ms - REFRESH_AHEAD_MS, now_ms + max(expires_ms - now_ms, 0) // 2)


@dataclass(slots=True)
class Credential:
    """The token in use. After one that the server refused the provider is asked once for another.

    `fresh` says that the next token has to be newer than this one, `wanted` that the provider has been asked.
    `server_ahead_ms` is how far the server's clock is ahead of ours: it is the server that ends a token.
    """

    token: str | None = field(default=None, repr=False)
    fresh: bool = False
    wanted: bool = False
    server_ahead_ms: int = 0
    _refused: bool = False

    def given(self) -> bool:
        """The provider answered; false when nobody is waiting for it any more."""
        wanted, self.wanted = self.wanted, False
        return wanted

    def is_worth_trying(self, token: str) -> bool:
        """Whether the server has not refused this very token just now."""
        return not self._refused or token != self.token

    def accepted(self) -> None:
        """The server knows who we are."""
        self._refused = self.fresh = False

    def refused(self) -> bool:
        """The server refused it; true when another token may be tried, which is so once."""
        again = not self._refused
        self._refused = self.fresh = True
        return again

    def refresh_at_ms(self, expires_ms: int | None, now_ms: int) -> int | None:
        """When to ask for a newer one, by our clock; without `expires_ms` the token's own account is believed."""
        if expires_ms is None:
            expires_ms = expires_at_ms(self.token or "")
        return None if expires_ms is None else refresh_at_ms(expires_ms - self.server_ahead_ms, now_ms)
