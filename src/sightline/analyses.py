"""A job: recordings and pictures that somebody wants analysed, from the upload to the day it is forgotten.

    queued → running → done
       │        ├────→ failed
       └────────┴────→ cancelled

A job whose gateway ended while it ran is queued again, once.
"""

from __future__ import annotations

import enum

import msgspec

from sightline.exceptions import Conflict

__all__ = ["ENDED", "AnalysisJob", "JobState", "UploadedFile", "moved"]

MAX_ATTEMPTS = 2


class JobState(enum.StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})

_MOVES = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.QUEUED, *ENDED}),
    **{state: frozenset[JobState]() for state in ENDED},
}


class UploadedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A recording or a picture, under the name that its owner gave it."""

    name: str
    size_bytes: int


class AnalysisJob(msgspec.Struct, frozen=True, kw_only=True):
    """`fps` pictures a second of a recording are looked at; `annotate`: boxes are drawn for people to look at. While it
    runs, `file` is the index of the file under way, `share` how much of it is done (0 to 1), `frames` how many pictures
    were looked at in all. Times are ms since the epoch.
    """

    id: str
    owner_id: str
    files: tuple[UploadedFile, ...]
    fps: float
    annotate: bool
    created_at_ms: int
    state: JobState = JobState.QUEUED
    reason: str = ""
    attempts: int = 0
    file: int = 0
    share: float = 0.0
    frames: int = 0
    ended_at_ms: int | None = None

    @property
    def may_run_again(self) -> bool:
        """Whether it is worth another attempt after its gateway ended."""
        return self.attempts < MAX_ATTEMPTS


def moved(job: AnalysisJob, state: JobState, *, now_ms: int, reason: str = "") -> AnalysisJob:
    """The job in another state. Raises `Conflict` for a move that is none."""
    if state not in _MOVES[job.state]:
        raise Conflict(f"an analysis that is {job.state.value} cannot become {state.value}")
    changes: dict[str, object] = {"state": state, "reason": reason}
    if state is JobState.RUNNING:
        changes["attempts"] = job.attempts + 1
    if state in ENDED:
        changes["ended_at_ms"] = now_ms
    return msgspec.structs.replace(job, **changes)
