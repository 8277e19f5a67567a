"""What the server answers about continuous recordings. Times are milliseconds since the epoch."""

from __future__ import annotations

import msgspec

__all__ = ["CameraFootage", "FootageDeletion", "FootagePiece", "FootageSpan", "PersonFootage"]


class FootagePiece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a camera's recording; `url` is relative to the server."""

    starts_at: int
    duration_ms: int
    size_bytes: int
    media_type: str
    url: str


class CameraFootage(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a camera's recordings within some time, the oldest first. `stopped` says why nothing is recorded
    just now, `silent_engines` did not answer, and `truncated` is whether there is more."""

    camera_id: str
    recording: bool
    stopped: str = ""
    silent_engines: tuple[str, ...] = ()
    truncated: bool = False
    pieces: tuple[FootagePiece, ...] = ()


class FootageDeletion(msgspec.Struct, frozen=True, kw_only=True):
    """How many pieces went, how many an engine could not delete, and which engines could not be asked."""

    camera_id: str
    deleted: int
    left: int = 0
    unreached_engines: tuple[str, ...] = ()


class FootageSpan(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of one camera's recordings that follow one another."""

    camera_id: str
    camera: str
    starts_at: int
    ends_at: int
    pieces: int = 0
    size_bytes: int = 0


class PersonFootage(msgspec.Struct, frozen=True, kw_only=True):
    """Recordings that show a person. `seen` is when cameras saw them, where engines could not be asked."""

    spans: tuple[FootageSpan, ...] = ()
    pieces: int = 0
    size_bytes: int = 0
    unreached_engines: tuple[str, ...] = ()
    seen: tuple[FootageSpan, ...] = ()
