"""Clips as rows: claimed in the transaction that makes the alert, known by their file once that has come, doomed with
the alert or the person. A file is shared by the alerts whose events it holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select

from sightline.events.fact import ClipRef
from sightline.stores import schema

__all__ = ["claim", "doom", "doom_shared"]

_CLIPS = schema.alert_clips.c


def claim(connection: Connection, alert_id: str, clip: ClipRef) -> None:
    """The alert has this clip. Its file may have come already, for another alert."""
    arrived = (_CLIPS.path, _CLIPS.media_type, _CLIPS.size_bytes, _CLIPS.duration_ms, _CLIPS.arrived_at_ms)
    there = connection.execute(select(*arrived).where(_CLIPS.blob_id == clip.blob_id).limit(1)).one_or_none()
    row = {
        "alert_id": alert_id,
        "blob_id": clip.blob_id,
        "starts_at_ms": clip.starts_at,
        "offset_ms": clip.offset_ms,
        **(dict(there._mapping) if there is not None else {}),
    }
    connection.execute(insert(schema.alert_clips), row)


def doom(connection: Connection, alert_ids: Select[Any]) -> int:
    """Removes the clips of these alerts; a file goes once no other alert has it. How many alerts had one."""
    theirs = _CLIPS.alert_id.in_(alert_ids)
    paths = set(connection.execute(select(_CLIPS.path).where(theirs, _CLIPS.path.is_not(None))).scalars())
    gone = connection.execute(delete(schema.alert_clips).where(theirs)).rowcount
    left = select(_CLIPS.path).where(_CLIPS.path.in_(paths))
    _doom_files(connection, paths - set(connection.execute(left).scalars()))
    return gone


def doom_shared(connection: Connection, alert_ids: Select[Any]) -> int:
    """Removes the clips of these alerts for every other alert too: they show somebody who is to be forgotten."""
    blobs = set(connection.execute(select(_CLIPS.blob_id).where(_CLIPS.alert_id.in_(alert_ids))).scalars())
    shared = _CLIPS.blob_id.in_(blobs)
    paths = set(connection.execute(select(_CLIPS.path).where(shared, _CLIPS.path.is_not(None))).scalars())
    gone = connection.execute(delete(schema.alert_clips).where(shared)).rowcount
    _doom_files(connection, paths)
    return gone


def _doom_files(connection: Connection, paths: set[str]) -> None:
    if paths:
        connection.execute(insert(schema.doomed_files), [{"path": path} for path in sorted(paths)])
