"""Continuous recordings: they stay with the engine that made them; a gateway asks what there is, and for a piece of it.

    engine                                   gateway
      ←──────────────────────────────────── ListFootage
      FootageListed ────────────────────────→
      ←──────────────────────────────────── SendFootage
      PUT /api/engine/footage/{request_id} ─→            the piece, or FootageListed without any when it is gone
"""

from __future__ import annotations

from sightline.events.link_message import LinkMessage, LinkValue

__all__ = ["FootageListed", "FootagePiece", "ListFootage", "SendFootage"]


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
