"""The folder of analysis jobs: what was uploaded, what was seen, and how the job stands. Every function blocks.

{job id}/job.json         the job
{job id}/input-{n}        the uploaded files
{job id}/result.jsonl     what was seen; beside it the annotated files, under the names that the engine gave them
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog

from sightline.analyses import AnalysisJob
from sightline.exceptions import NotFound, Unavailable

__all__ = ["AnalysisFolder"]

CHUNK_BYTES = 1024 * 1024
_JOB_FILE = "job.json"
_JOB_ID = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_RESULT = re.compile(r"result\.jsonl|annotated-[0-9]{1,4}\.(webm|jpg)", re.ASCII)

_log = structlog.get_logger(__name__)


class AnalysisFolder:
    """Jobs as folders. Raises `Unavailable` when the disk refuses, `NotFound` for what is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def jobs(self) -> list[AnalysisJob]:
        """Every job, oldest first. A folder without a readable job is what a crash left, and goes."""
        jobs = []
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else []:
            try:
                jobs.append(msgspec.json.decode((path / _JOB_FILE).read_bytes(), type=AnalysisJob))
            except (OSError, msgspec.DecodeError):
                _log.warning("unfinished_analysis_removed", folder=path.name)
                shutil.rmtree(path, ignore_errors=True)
        return sorted(jobs, key=lambda job: job.created_at_ms)

    def save(self, job: AnalysisJob) -> None:
        """Writes how the job stands, whole."""
        path = self._of(job.id) / _JOB_FILE
        draft = path.with_suffix(".part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_bytes(msgspec.json.encode(job))
            draft.replace(path)
        except OSError as error:
            raise Unavailable(f"the analysis cannot be kept: {error.strerror}") from error

    def keep_input(self, job_id: str, index: int, source: BinaryIO) -> int:
        """Copies an uploaded file; how many bytes it has."""
        return self._copied(self._of(job_id) / f"input-{index}", source)

    def open_result(self, job_id: str, name: str) -> BinaryIO:
        """A new file of the result, to be written. Raises `NotFound` for a name that none has."""
        if not _RESULT.fullmatch(name):
            raise NotFound("result", name)
        try:
            return (self._of(job_id) / name).open("wb")
        except OSError as error:
            raise Unavailable(f"the result cannot be kept: {error.strerror}") from error

    def folder_of(self, job_id: str) -> Path:
        """Where a job's files lie."""
        return self._of(job_id)

    def input_path(self, job_id: str, index: int) -> Path:
        """An uploaded file."""
        return self._existing(self._of(job_id) / f"input-{index}", job_id)

    def result_path(self, job_id: str, name: str) -> Path:
        """A file of the result."""
        if not _RESULT.fullmatch(name):
            raise NotFound("result", name)
        return self._existing(self._of(job_id) / name, job_id)

    def drop_inputs(self, job_id: str) -> None:
        """The uploaded files are not needed any more."""
        for path in self._of(job_id).glob("input-*"):
            path.unlink(missing_ok=True)

    def remove(self, job_id: str) -> None:
        """Forgets a job with everything of it."""
        shutil.rmtree(self._of(job_id), ignore_errors=True)

    def used_bytes(self) -> int:
        """Disk space of all jobs."""
        return sum(path.stat().st_size for path in self._files())

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.glob("*/*") if path.is_file()) if self._folder.is_dir() else iter(())

    def _copied(self, path: Path, source: BinaryIO) -> int:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK_BYTES)
                file.flush()
                os.fsync(file.fileno())
                return file.tell()
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise Unavailable(f"the file cannot be kept: {error.strerror}") from error

    def _of(self, job_id: str) -> Path:
        if not _JOB_ID.fullmatch(job_id):
            raise NotFound("analysis", job_id)
        return self._folder / job_id

    @staticmethod
    def _existing(path: Path, job_id: str) -> Path:
        if not path.is_file():
            raise NotFound("file of analysis", job_id)
        return path
