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
from urllib.parse import urlsplit

from sightline.exceptions import Forbidden
from sightline.privacy import FaceBlur

__all__ = [
    "PUBLISHED",
    "ROTATIONS",
    "Camera",
    "CameraState",
    "CameraStatus",
    "check_address",
    "has_credentials",
    "is_published",
    "redact",
    "restore_credentials",
]

PUBLISHED = "whip:"
"""The source of a camera that nobody reads: a device publishes to it."""

ROTATIONS = (0, 90, 180, 270)
"""Degrees by which a camera's pictures may be turned, clockwise."""

_CREDENTIALS = re.compile(r"(?<=://)[^/?#]*@")
_SECRET_PARAMETER = re.compile(
    r"""(?ix) (?P<name> (?: (?P<query> [?&] ) | [;/_] ) [\w-]*        # some cameras have them in the path: /user=…
        (?: password | passwd | pwd | pass | token | secret | key | auth | user | username | usr | login ) = )
        (?(query) [^&\#]* | [^&;/?\#]* )"""
)
_HIDDEN = "***"

_METADATA_ADDRESSES = frozenset({ipaddress.ip_address("100.100.100.200"), ipaddress.ip_address("fd00:ec2::254")})
"""Where clouds keep a machine's credentials, beside the link-local 169.254.169.254."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


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

    `latitude` and `longitude` are WGS 84 degrees; `analysis_fps` is in analysed frames a second. `substream`, secret
    like `source`, is a smaller stream of the same picture: it is analysed, and faces are looked at in `source`.
    `rotation`, one of `ROTATIONS`, is by how much the pictures are turned before anybody sees them.
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
    substream: str = ""
    rotation: int = 0
    blur_faces: FaceBlur = FaceBlur.OFF

    @property
    def engine_source(self) -> str:
        """The source as an engine is told it: which camera is published to is said there."""
        return f"{PUBLISHED}{self.id}" if is_published(self.source) else self.source


def is_published(source: str) -> bool:
    """Whether a device brings the pictures, instead of somebody fetching them."""
    return source.strip().lower().startswith(PUBLISHED)


def has_credentials(source: str) -> bool:
    """Whether the source carries a user name, password or token."""
    return redact(source) != source


def redact(source: str) -> str:
    """The source with every credential replaced by `***`.

    >>> redact("rtsp://admin:secret@10.0.0.9/stream?token=abc")
    'rtsp://***@10.0.0.9/stream?token=***'
    """
    return _SECRET_PARAMETER.sub(rf"\g<name>{_HIDDEN}", _CREDENTIALS.sub(f"{_HIDDEN}@", source))


def restore_credentials(edited: str, stored: str) -> str:
    """`edited` as a person typed it, with the stored credentials put back where it still shows `***`.

    Somebody who changes the host of a redacted source must type the credentials again: they are never sent to an
    address for which they were not given. Raises `Forbidden` then, and where nothing is stored that `***` could mean.
    """
    if edited == redact(stored):
        return stored
    if _HIDDEN not in edited:
        return edited
    if _authority(edited) != _authority(stored):
        raise Forbidden("the address changed: type the user name and password again")
    restored = edited
    if f"{_HIDDEN}@" in edited:
        found = _CREDENTIALS.search(stored)
        restored = _CREDENTIALS.sub(lambda _: found.group() if found else f"{_HIDDEN}@", edited)
    secrets = {found["name"]: found.group() for found in _SECRET_PARAMETER.finditer(stored)}
    restored = _SECRET_PARAMETER.sub(
        lambda found: secrets.get(found["name"], found.group()) if found.group().endswith(_HIDDEN) else found.group(),
        restored,
    )
    if _HIDDEN in restored:
        raise Forbidden("`***` stands for nothing that is stored: type the user name, password or token")
    return restored


def check_address(host: str, *, allow_loopback: bool) -> None:
    """Refuses an IP address that a camera never has: loopback, link-local, multicast, unspecified, cloud metadata.

    `host` is a literal address; names are resolved by the caller, who checks every answer. An IPv6 address that stands
    for an IPv4 one is judged as that one. Raises `Forbidden`.
    """
    address = _meant(ipaddress.ip_address(host))
    if address.is_loopback and allow_loopback:
        return
    if (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA_ADDRESSES
    ):
        raise Forbidden(
            f"{address} is not an address for a camera: loopback, link-local, multicast and metadata addresses are "
            "refused (setting `allow_loopback_sources` permits loopback)"
        )


def _authority(source: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port. Raises `Forbidden` when they cannot be told."""
    try:
        parts = urlsplit(source)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise Forbidden("the address cannot be read: type it with the user name and password") from None


def _meant(address: Address) -> Address:
    """The IPv4 address behind a mapped (`::ffff:`), 6to4 (`2002:`) or NAT64 (`64:ff9b::`) one; else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
