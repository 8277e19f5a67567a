"""What one gateway says to another behind the same address, when it hands a request over: whose request it is.

It travels in a header of the request (`HEADER`), sealed by a token that only the gateways of this home folder have:
what anybody else writes there says nothing.
"""

from __future__ import annotations

import base64
import hmac

import msgspec

__all__ = ["FIRST", "HEADER", "Handed", "opened", "sealed"]

FIRST = 1
"""The number of the gateway that has the engines; the others are those after it."""
HEADER = "sightline-handed"
_UNREADABLE = (ValueError, msgspec.DecodeError, RecursionError)


class Handed(msgspec.Struct, frozen=True, array_like=True):
    """As the gateway saw it that was asked: the client's address and port, the scheme (`https`, `wss`), and the host
    that was asked for."""

    client: tuple[str, int] | None
    scheme: str
    host: str


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    token: str
    handed: Handed


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Sealed)


def sealed(handed: Handed, token: str) -> str:
    """The header's value."""
    return base64.urlsafe_b64encode(_encoder.encode(_Sealed(token, handed))).decode()


def opened(value: str, token: str) -> Handed | None:
    """What the header says; `None` unless it was sealed with this token.

    >>> here = Handed(("192.0.2.7", 4711), "https", "watch.example")
    >>> opened(sealed(here, "secret"), "secret") == here
    True
    >>> opened(sealed(here, "guessed"), "secret") is None
    True
    """
    try:
        found = _decoder.decode(base64.urlsafe_b64decode(value.encode("ascii")))
    except _UNREADABLE:
        return None
    return found.handed if hmac.compare_digest(found.token.encode(), token.encode()) else None
