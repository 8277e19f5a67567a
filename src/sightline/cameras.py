"""A camera as everybody sees it: record, states, and what may be shown of its source.

Life cycle of the state, driven by the engine that reads the source:

    disabled ─ enabled ─→ connecting ─ first frame ─→ online ─ silence ─→ stalled ─ frame ─→ online
                              ↑  └── cannot open ──→ offline ── backoff ──┘   └─ reopened ─→ connecting
"""

from __future__ import annotations

import enum
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from sightline.exceptions import Forbidden

__all__ = ["Camera", "CameraState", "CameraStatus", "check_address", "has_credentials", "redact", "restore_credentials"]

_CREDENTIALS = re.compile(r"(?<=://)[^/?#]*@")
_SECRET_QUERY = re.compile(r"(?i)([?&](?:password|passwd|pwd|pass|token|key|auth|user|usr|login)=)[^&#]*")


class CameraState(enum.StrEnum):
    """What the engine that reads a camera says of its source."""

    DISABLED = "disabled"
    CONNECTING = "connecting"
    ONLINE = "online"
    STALLED = "stalled"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """A state with its reason in plain words, since when, and the picture's size and rate where known."""

    state: CameraState
    reason: str = ""
    since_ms: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera's record. `source` holds credentials: only engines see it, everybody else sees `redact(source)`.

    `latitude` and `longitude` are WGS 84 degrees; `analysis_fps` is in analysed frames a second.
    """

    id: str
    name: str
    source: str
    latitude: float | None
    longitude: float | None
    analysis_fps: float
    enabled: bool
    alert_unknown: bool
    created_at_ms: int


def has_credentials(source: str) -> bool:
    """Whether the source carries a user name, password or token."""
    return redact(source) != source


def redact(source: str) -> str:
    """The source with every credential replaced by `***`.

    >>> redact("rtsp://admin:secret@10.0.0.9/stream?token=abc")
    'rtsp://***@10.0.0.9/stream?token=***'
    """
    return _SECRET_QUERY.sub(r"\1***", _CREDENTIALS.sub("***@", source))


def restore_credentials(edited: str, stored: str) -> str:
    """`edited` as a person typed it, with the stored credentials put back where it still shows `***`.

    Somebody who changes only the host of a redacted source must type the credentials again: they are never sent to
    an address for which they were not given.
    """
    if edited == redact(stored):
        return stored
    if "***" in edited:
        before, after = urlsplit(stored), urlsplit(edited)
        if (before.scheme, before.hostname, before.port) != (after.scheme, after.hostname, after.port):
            raise Forbidden("the address changed: type the user name and password again")
        netloc = after.netloc.replace("***@", before.netloc.rpartition("@")[0] + "@")
        query = after.query if "***" not in after.query else before.query
        return urlunsplit(after._replace(netloc=netloc, query=query))
    return edited


def check_address(host: str, *, allow_loopback: bool) -> None:
    """Refuses an IP address that a camera never has: loopback, link-local (cloud metadata), multicast, unspecified.

    `host` is a literal address; names are resolved by the caller, who checks every answer. Raises `Forbidden`.
    """
    address = ipaddress.ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    if address.is_loopback and allow_loopback:
        return
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        raise Forbidden(
            f"{address} is not an address for a camera: loopback, link-local and multicast addresses are refused "
            "(setting `allow_loopback_sources` permits loopback)"
        )
