"""Continuous recordings: they stay with the engine that made them; a gateway asks what there is, for a piece of it, and
to delete what nobody may keep.

    engine                                   gateway
      ←──────────────────────────────────── ListFootage
      FootageListed ────────────────────────→
      ←──────────────────────────────────── FindFootage     also to delete
      FootageSpans ─────────────────────────→
      ←──────────────────────────────────── SendFootage
      PUT /api/engine/footage/{request_id} ─→            the piece, or FootageListed without any when it is gone
"""

from __future__ import annotations

from sightline.events.link_message import LinkMessage, LinkValue
from sightline.events.spans import Span

__all__ = [
    "FindFootage",
    "FootageListed",
    "FootagePiece",
    "FootageSpan",
    "FootageSpans",
    "ListFootage",
    "SendFootage",
]


class FootagePiece(LinkValue, frozen=True):
    """One file: from its first picture (`starts_at`, capture time in ms since the epoch) for `duration_ms`."""

    starts_at: int
    duration_ms: int
    size_bytes: int
    format: str = "mp4"


class ListFootage(LinkMessage, tag="list_footage", frozen=True):
    """Which pieces of this camera overlap the time from `since` to `until`? At most `most`, the oldest first."""

    request_id: str
    camera_id: str
    since: int
    until: int
    most: int = 3000


class FootageListed(LinkMessage, tag="footage_listed", frozen=True):
    """The answer; `truncated` when there are more. `stopped` says in plain words why nothing is being recorded."""

    request_id: str
    pieces: list[FootagePiece] = []
    truncated: bool = False
    stopped: str = ""


class SendFootage(LinkMessage, tag="send_footage", frozen=True):
    """Put the piece of this camera that begins at `starts_at`."""

    request_id: str
    camera_id: str
    starts_at: int


class FindFootage(LinkMessage, tag="find_footage", frozen=True):
    """What is there of these cameras, by id, within these times (`merged`)? With `delete`, every piece that has a
    moment of them goes, and the answer is what is left."""

    request_id: str
    within: dict[str, list[Span]]
    delete: bool = False


class FootageSpan(LinkValue, frozen=True):
    """Pieces that follow one another, from the first's beginning to the last's end."""

    starts_at: int
    ends_at: int
    pieces: int
    size_bytes: int


class FootageSpans(LinkMessage, tag="footage_spans", frozen=True):
    """The answer, by camera, the oldest first; `deleted` counts pieces."""

    request_id: str
    spans: dict[str, list[FootageSpan]] = {}
    deleted: int = 0
