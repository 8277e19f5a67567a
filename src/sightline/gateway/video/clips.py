"""Clips of alerts on their way in and out: bounded while they come, looked at by whom the audit log names."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import HTTPException

from sightline.deliveries.records import AlertClip
from sightline.gateway.web.alert_resources import ClipOut

__all__ = ["CLIP_TYPES", "bounded", "clip_out"]

CLIP_TYPES = ("video/mp4", "video/webm")
CHUNK_BYTES = 256 * 1024
MISSING_AFTER_MS = 10 * 60 * 1000
"""An engine that has not put a clip by then is away, or has lost it. It may still come."""


async def bounded(chunks: AsyncIterator[bytes], limit_bytes: int) -> AsyncIterator[bytes]:
    """The chunks of a body, gathered into larger ones. Answers 413 past the limit."""
    gathered, size = bytearray(), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit_bytes:
            raise HTTPException(413, f"a clip has at most {limit_bytes} bytes")
        gathered += chunk
        if len(gathered) >= CHUNK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def clip_out(alert_id: str, clip: AlertClip | None, now_ms: int) -> ClipOut:
    """A clip as REST tells of it."""
    if clip is None:
        return ClipOut(alert_id=alert_id, state="none")
    url = f"/api/alerts/{clip.alert_id}/clip/video" if clip.is_there else None
    late = now_ms - clip.starts_at_ms > MISSING_AFTER_MS
    return ClipOut(
        alert_id=alert_id,
        state="ready" if clip.is_there else "missing" if late else "recording",
        clip_url=url,
        clip_starts_at=clip.starts_at_ms,
        event_offset_ms=clip.offset_ms,
        duration_ms=clip.duration_ms,
        media_type=clip.media_type,
        size_bytes=clip.size_bytes,
    )
