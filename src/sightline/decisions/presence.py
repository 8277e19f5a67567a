"""Who is in sight: when each subject was last seen, over all cameras and tracks.

Facts bind a track to a subject; observations keep the track's time. So a subject counts as seen while any of their
tracks is alive, although an engine reports each track only once. Facts wait on disk and observations do not, so a
track's observations may come long before its fact: its time is kept from the first one on, and in whatever order they
come, the ledger ends up the same. Bounded: tracks unseen for `MEMORY_MS` are forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["MEMORY_MS", "Presence"]

MEMORY_MS = 10 * 60 * 1000


@dataclass(slots=True)
class _Track:
    camera_id: str
    seen_at_ms: int
    subject_id: str | None = None


@dataclass(slots=True)
class Presence:
    """The ledger. Times are capture times in ms since the epoch; out-of-order ones never move it backwards."""

    _tracks: dict[str, _Track] = field(default_factory=dict)
    _by_subject: dict[str, set[str]] = field(default_factory=dict)

    def bind(self, track_id: str, subject_id: str, camera_id: str, at_ms: int) -> None:
        """The track shows this subject (from now on: an unknown track may become a known one)."""
        self.seen(track_id, camera_id, at_ms)
        track = self._tracks[track_id]
        if track.subject_id != subject_id:
            self._unbind(track_id, track)
            track.subject_id = subject_id
            self._by_subject.setdefault(subject_id, set()).add(track_id)

    def seen(self, track_id: str, camera_id: str, at_ms: int) -> None:
        """The track is in this frame, whoever it shows."""
        track = self._tracks.get(track_id)
        if track is None:
            self._tracks[track_id] = _Track(camera_id, at_ms)
        elif at_ms > track.seen_at_ms:
            track.seen_at_ms = at_ms

    def last_seen(self, subject_id: str, *, besides_track: str, camera_id: str | None = None) -> int | None:
        """When the subject was last seen on any other track (on `camera_id` only, if given)."""
        times = [
            track.seen_at_ms
            for track_id in self._by_subject.get(subject_id, ())
            if track_id != besides_track
            and (track := self._tracks[track_id])
            and (camera_id is None or track.camera_id == camera_id)
        ]
        return max(times, default=None)

    def forget(self, now_ms: int) -> None:
        """Drops what is older than the memory."""
        for track_id, track in list(self._tracks.items()):
            if now_ms - track.seen_at_ms > MEMORY_MS:
                del self._tracks[track_id]
                self._unbind(track_id, track)

    def _unbind(self, track_id: str, track: _Track) -> None:
        if track.subject_id is None:
            return
        tracks = self._by_subject[track.subject_id]
        tracks.discard(track_id)
        if not tracks:
            del self._by_subject[track.subject_id]
