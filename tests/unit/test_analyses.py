"""The life of an analysis job: every state and every move."""

from __future__ import annotations

import itertools

import pytest

from sightline.analyses import ENDED, AnalysisJob, JobState, UploadedFile, moved
from sightline.exceptions import Conflict

ALLOWED = {
    ("queued", "running"), ("queued", "cancelled"), ("running", "queued"),
    ("running", "done"), ("running", "failed"), ("running", "cancelled"),
}  # fmt: skip


def job(state: JobState = JobState.QUEUED, attempts: int = 0) -> AnalysisJob:
    files = (UploadedFile(name="a.mp4", size_bytes=7),)
    return AnalysisJob(
        id="ab12ab12", owner_id="u", files=files, fps=5, annotate=True, created_at_ms=1, state=state, attempts=attempts
    )


@pytest.mark.parametrize(("before", "after"), list(itertools.product(JobState, JobState)))
def test_only_moves_of_the_table_are_made(before: JobState, after: JobState) -> None:
    if (before.value, after.value) in ALLOWED:
        now = moved(job(before), after, now_ms=9, reason="why")
        assert (now.state, now.reason, now.ended_at_ms) == (after, "why", 9 if after in ENDED else None)
        return
    with pytest.raises(Conflict, match=f"{before.value} cannot become {after.value}"):
        moved(job(before), after, now_ms=9)


def test_a_job_is_tried_twice() -> None:
    first = moved(job(), JobState.RUNNING, now_ms=1)
    assert (first.attempts, first.may_run_again) == (1, True)
    second = moved(moved(first, JobState.QUEUED, now_ms=2), JobState.RUNNING, now_ms=3)
    assert (second.attempts, second.may_run_again) == (2, False)
