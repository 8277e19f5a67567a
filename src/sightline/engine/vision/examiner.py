"""Jobs of a gateway: files fetched, looked at, the result put; one at a time, in a thread that gives way to cameras.

What is fetched lies in a temporary folder for as long as the job runs. Bounds: one job; another is refused at once.
"""

from __future__ import annotations

import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from sightline.clock import Clock
from sightline.engine.giving_way import give_way
from sightline.engine.link.gateway_address import Gateways
from sightline.engine.link.requests import StillAnalyser
from sightline.engine.vision.analysis_pool import FrameAnalysis
from sightline.engine.vision.examination import Examination, ExaminedFile, Progress, Recordings
from sightline.events.still import Examine, Examined
from sightline.exceptions import SightlineError, Unavailable
from sightline.identities.gallery import Gallery

__all__ = ["Examiner", "Looking"]

CHUNK_BYTES = 1024 * 1024
TIMEOUT_S = 60.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Looking:
    """What an examination looks with."""

    analyser: StillAnalyser
    new_analysis: Callable[[str], FrameAnalysis]
    gallery: Callable[[], Gallery]


class Examiner:
    """`told` is called from the job's thread. Used from the event loop."""

    def __init__(
        self,
        gateways: Gateways,
        recordings: Recordings | None,
        looking: Looking,
        told: Callable[[Examined], None],
        clock: Clock,
        *,
        max_image_bytes: int,
        max_image_pixels: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._gateways = gateways
        self._recordings = recordings
        self._looking = looking
        self._told = told
        self._clock = clock
        self._max_image_bytes = max_image_bytes
        self._max_image_pixels = max_image_pixels
        self._tls = tls
        self._job: tuple[str, threading.Event] | None = None

    def examine(self, job: Examine) -> None:
        """Begins a job; how it goes is told, `busy` at once when there is another."""
        if self._recordings is None:
            self._told(Examined(job_id=job.job_id, state="failed", reason="this engine reads no recordings"))
            return
        if self._job is not None:
            self._told(Examined(job_id=job.job_id, state="busy", reason="the engine analyses another recording"))
            return
        stop = threading.Event()
        self._job = (job.job_id, stop)
        work = (job, stop, self._recordings)
        threading.Thread(target=self._run, args=work, name="examination", daemon=True).start()

    def stop(self, job_id: str) -> None:
        """Ends this job soon."""
        if self._job is not None and self._job[0] == job_id:
            self._job[1].set()

    def close(self) -> None:
        """Ends whatever runs."""
        if self._job is not None:
            self._job[1].set()

    def _run(self, job: Examine, stop: threading.Event, recordings: Recordings) -> None:
        give_way()
        try:
            with tempfile.TemporaryDirectory(prefix="sightline-") as folder:
                self._examine(job, stop, recordings, Path(folder))
            last = Examined(job_id=job.job_id, state="done")
        except (SightlineError, httpx.HTTPError, OSError) as problem:
            last = Examined(job_id=job.job_id, state="failed", reason=str(problem) or type(problem).__name__)
        except Exception:  # noqa: BLE001  # whatever a file provokes in a decoder or model is told, not died of
            _log.exception("examining a recording failed", job=job.job_id)
            why = "it cannot be analysed: the engine's log says why"
            last = Examined(job_id=job.job_id, state="failed", reason=why)
        self._job = None
        self._told(last)

    def _examine(self, job: Examine, stop: threading.Event, recordings: Recordings, folder: Path) -> None:
        results = folder / "results"
        results.mkdir()
        verify: ssl.SSLContext | bool = self._tls or True
        gateway = self._gateways.current
        with httpx.Client(
            headers=gateway.headers, trust_env=False, verify=verify, timeout=TIMEOUT_S
        ) as client:
            files = [
                ExaminedFile(
                    name,
                    self._fetched(
                        client, gateway.analysis(job.job_id, f"files/{index}"), folder / f"input-{index}", stop
                    ),
                )
                for index, name in enumerate(job.files)
            ]
            Examination(
                recordings=recordings,
                analyser=self._looking.analyser,
                new_analysis=self._looking.new_analysis,
                gallery=self._looking.gallery,
                folder=results,
                fps=job.fps,
                annotate=job.annotate,
                max_seconds=job.max_seconds,
                max_image_bytes=self._max_image_bytes,
                max_image_pixels=self._max_image_pixels,
                now_ms=self._clock.now_ms(),
            ).run(files, lambda progress: self._tell(job.job_id, progress), stop)
            if stop.is_set():
                raise Unavailable("it was stopped")
            for result in sorted(results.iterdir()):
                client.put(
                    gateway.analysis(job.job_id, f"results/{result.name}"), content=_chunks(result)
                ).raise_for_status()

    def _fetched(self, client: httpx.Client, url: str, path: Path, stop: threading.Event) -> Path:
        with client.stream("GET", url) as answer, path.open("wb") as file:
            answer.raise_for_status()
            for chunk in answer.iter_bytes(CHUNK_BYTES):
                if stop.is_set():
                    raise Unavailable("it was stopped")
                file.write(chunk)
        return path

    def _tell(self, job_id: str, progress: Progress) -> None:
        self._told(
            Examined(
                job_id=job_id, state="running", file=progress.file, share=progress.share, frames=progress.frames
            )
        )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
