"""Jobs: recordings and pictures that people upload, analysed one after the other, kept for a while, forgotten.

Bounds: `MAX_QUEUED` jobs that wait, the disk space and time of the settings. Policy when full: an upload is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec
import structlog

from sightline.accounts import Role, User
from sightline.analyses import ENDED, AnalysisJob, JobState, UploadedFile, moved
from sightline.clock import Clock
from sightline.events.still import Examined
from sightline.exceptions import Conflict, NotFound, SightlineError, Unavailable
from sightline.settings import Settings

__all__ = ["Analyses", "AnalysisShelf", "Examining", "Interrupted", "check_done"]

MAX_QUEUED = 20
HOUR_MS = 3_600_000
SWEEP_S = 60.0

log = structlog.get_logger(__name__)


class Interrupted(Unavailable):
    """Whoever looked went away before the end; another may do better."""


class AnalysisShelf(Protocol):
    """Where jobs and their files are kept; see `sightline.stores.analyses`. Blocks."""

    def jobs(self) -> list[AnalysisJob]: ...
    def save(self, job: AnalysisJob) -> None: ...
    def keep_input(self, job_id: str, index: int, source: BinaryIO) -> int: ...
    def open_result(self, job_id: str, name: str) -> BinaryIO: ...
    def folder_of(self, job_id: str) -> Path: ...
    def input_path(self, job_id: str, index: int) -> Path: ...
    def result_path(self, job_id: str, name: str) -> Path: ...
    def drop_inputs(self, job_id: str) -> None: ...
    def remove(self, job_id: str) -> None: ...
    def used_bytes(self) -> int: ...


class Examining(Protocol):
    """Who looks at the files of a job: a connected engine, or the models of this very process."""

    async def examine(self, job: AnalysisJob, told: Callable[[Examined], None], *, max_seconds: float) -> None:
        """Returns when the result lies on the shelf. Raises `Unavailable` when it cannot be had, `Interrupted` when it
        is worth another attempt."""


class Analyses:
    """The jobs of one gateway. Used from the event loop."""

    def __init__(self, shelf: AnalysisShelf, examining: Examining, settings: Settings, clock: Clock) -> None:
        self.shelf = shelf
        self._examining = examining
        self._settings = settings
        self._clock = clock
        self._jobs: dict[str, AnalysisJob] = {}
        self._running: tuple[str, asyncio.Task[None]] | None = None
        self._changed = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None

    # ── what people ask ──

    def of(self, user: User) -> list[AnalysisJob]:
        """The jobs that this user may see: their own, and an administrator every one; newest first."""
        mine = [job for job in self._jobs.values() if user.role is Role.ADMIN or job.owner_id == user.id]
        return sorted(mine, key=lambda job: -job.created_at_ms)

    def get(self, job_id: str, user: User) -> AnalysisJob:
        """One of them. Raises `NotFound`."""
        job = self._jobs.get(job_id)
        if job is None or job not in self.of(user):
            raise NotFound("analysis", job_id)
        return job

    def running(self, job_id: str) -> AnalysisJob:
        """The job that an engine asks about. Raises `NotFound` unless it runs."""
        job = self._jobs.get(job_id)
        if job is None or job.state is not JobState.RUNNING:
            raise NotFound("running analysis", job_id)
        return job

    async def check_room(self, size_bytes: int) -> None:
        """Raises `Unavailable` when there is no room for another upload of this size."""
        if sum(job.state is JobState.QUEUED for job in self._jobs.values()) >= MAX_QUEUED:
            raise Unavailable("too many analyses wait already: try again when some are done")
        used = await asyncio.to_thread(self.shelf.used_bytes)
        if used + size_bytes > self._settings.analysis_disk_mb * 10**6:
            raise Unavailable(
                f"analyses may take {self._settings.analysis_disk_mb} MB of disk (setting `analysis_disk_mb`), "
                "and this one does not fit: delete some that are done"
            )

    async def add(
        self, user: User, files: Sequence[tuple[str, BinaryIO]], *, fps: float, annotate: bool
    ) -> AnalysisJob:
        """A new job. Raises `Unavailable`."""
        job_id = secrets.token_hex(12)
        try:
            uploaded = []
            for index, (name, source) in enumerate(files):
                size = await asyncio.to_thread(self.shelf.keep_input, job_id, index, source)
                uploaded.append(UploadedFile(name=name, size_bytes=size))
            job = AnalysisJob(
                id=job_id,
                owner_id=user.id,
                files=tuple(uploaded),
                fps=fps,
                annotate=annotate,
                created_at_ms=self._clock.now_ms(),
            )
            await self._keep(job)
        except BaseException:
            await asyncio.to_thread(self.shelf.remove, job_id)
            raise
        if self._runner is None:  # inside a command, where no server has started the work
            self._runner = asyncio.create_task(self.run())
        self._changed.set()
        return job

    async def cancel(self, job: AnalysisJob) -> AnalysisJob:
        """Nobody wants it any more. Raises `Conflict` when it has ended."""
        cancelled = moved(job, JobState.CANCELLED, now_ms=self._clock.now_ms(), reason="it was stopped")
        await self._keep(cancelled)
        if self._running is not None and self._running[0] == job.id:
            self._running[1].cancel()
        await asyncio.to_thread(self.shelf.drop_inputs, job.id)
        return cancelled

    async def forget(self, job: AnalysisJob) -> None:
        """Ends it if need be, and deletes everything of it."""
        if job.state not in ENDED:
            await self.cancel(job)
        self._jobs.pop(job.id, None)
        await asyncio.to_thread(self.shelf.remove, job.id)

    # ── the work ──

    async def run(self) -> None:
        """Works through the queue until cancelled."""
        self._runner = asyncio.current_task()
        await self._load()
        sweeping = asyncio.create_task(self._sweep())
        try:
            while True:
                self._changed.clear()
                job = next((job for job in self._jobs.values() if job.state is JobState.QUEUED), None)
                if job is None:
                    await self._changed.wait()
                else:
                    await self._work(job)
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)

    async def _load(self) -> None:
        """What an earlier life of this gateway left: what ran then is queued again, once."""
        for job in await asyncio.to_thread(self.shelf.jobs):
            if job.state is JobState.RUNNING:
                state = JobState.QUEUED if job.may_run_again else JobState.FAILED
                job = moved(job, state, now_ms=self._clock.now_ms(), reason="the server ended while it ran")
            self._jobs.setdefault(job.id, job)

    async def _work(self, job: AnalysisJob) -> None:
        try:
            begun = moved(job, JobState.RUNNING, now_ms=self._clock.now_ms())
            await self._keep(begun)
            task = asyncio.create_task(self._examine(begun))
            self._running = (job.id, task)
            await asyncio.wait([task])
            await self._ended(job.id, task)
        except asyncio.CancelledError:
            with contextlib.suppress(SightlineError):
                self.shelf.save(job)  # the server ends, which is no fault of the job: it waits as before
            raise
        except SightlineError as problem:  # the disk is full: the job is in memory, and ends there
            log.error("analysis_not_kept", job=job.id, problem=str(problem))
        finally:
            running, self._running = self._running, None
            if running is not None and not running[1].done():
                running[1].cancel()

    async def _examine(self, job: AnalysisJob) -> None:
        max_seconds = self._settings.analysis_minutes * 60.0
        await self._examining.examine(job, lambda told: self._told(job.id, told), max_seconds=max_seconds)

    def _told(self, job_id: str, told: Examined) -> None:
        job = self._jobs.get(job_id)
        if job is not None and job.state is JobState.RUNNING:
            progress = msgspec.structs.replace(job, file=told.file, share=told.share, frames=told.frames)
            self._jobs[job_id] = progress

    async def _ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        job = self._jobs.get(job_id)
        if job is None or job.state is not JobState.RUNNING:  # cancelled or forgotten
            if not task.cancelled():
                task.exception()
            return
        problem = None if task.cancelled() else task.exception()
        if problem is None:
            state, reason = JobState.DONE, ""
        elif isinstance(problem, Interrupted) and job.may_run_again:
            await self._keep(moved(job, JobState.QUEUED, now_ms=self._clock.now_ms(), reason=str(problem)))
            return
        else:
            known = isinstance(problem, SightlineError)
            state, reason = JobState.FAILED, str(problem) if known else "it cannot be analysed: the log says why"
            if not known:
                log.error("analysis_failed", job=job_id, exc_info=problem)
        await self._keep(moved(job, state, now_ms=self._clock.now_ms(), reason=reason))
        await asyncio.to_thread(self.shelf.drop_inputs, job_id)

    async def _sweep(self) -> None:
        """Forgets what ended long enough ago."""
        while True:
            before_ms = self._clock.now_ms() - self._settings.analysis_hours * HOUR_MS
            for job in list(self._jobs.values()):
                if job.ended_at_ms is not None and job.ended_at_ms < before_ms:
                    await self.forget(job)
                    log.info("analysis_forgotten", job=job.id)
            await asyncio.sleep(SWEEP_S)

    async def _keep(self, job: AnalysisJob) -> None:
        self._jobs[job.id] = job
        await asyncio.to_thread(self.shelf.save, job)


def check_done(job: AnalysisJob) -> None:
    """Raises `Conflict` while there is no result."""
    if job.state is not JobState.DONE:
        why = f" ({job.reason})" if job.reason else ""
        raise Conflict(f"this analysis is {job.state.value}{why}: there is no result")
