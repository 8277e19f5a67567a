"""Recordings and pictures looked at from beginning to end: the analysis that cameras get, without anybody being told.

The result is written as lines of JSON while the work goes on, so that its length costs no memory:

    {"file": 0, "name", "kind": "video" | "picture", "width", "height"}      begins a file
    {"file": 0, "time_s", "faces": […], "objects": […], "crowd"?}            one for each picture looked at
    {"file": 0, "event": …, "time_s", …}                                     what a camera would have reported
    {"file": 0, "end": true, "frames", "duration_s", "error"?}               ends the file, whole or not
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from sightline.engine.link.requests import StillAnalyser
from sightline.engine.vision.analysis_pool import FrameAnalysis
from sightline.engine.vision.annotation import annotated
from sightline.engine.vision.stills import Look, shrunk
from sightline.events.observation import CrowdSeen, Observation
from sightline.events.scene import Scene
from sightline.exceptions import ImageError, SightlineError, SourceError
from sightline.frames import Frame, Image
from sightline.identities.gallery import Gallery
from sightline.image_headers import read_header
from sightline.images import decode_image, encode_jpeg

__all__ = ["RESULT_NAME", "Examination", "ExaminedFile", "Progress", "Recordings", "VideoWriter", "annotated_name"]

RESULT_NAME = "result.jsonl"
ANNOTATED_SIDE_PX = 1280
ANNOTATED_QUALITY = 88
HEADER_BYTES = 64 * 1024
TOLD_EVERY_S = 0.5
MAX_SIDE_PX = 1024

_log = structlog.get_logger(__name__)

Frames = Iterator[tuple[int, float, Callable[[], Image]]]


class VideoWriter(Protocol):
    """Takes pictures of one size, in order; see `sightline.ingest.annotated_video`."""

    def write(self, image: Image) -> None: ...
    def close(self) -> None: ...


class Recordings(Protocol):
    """Reads and writes video files; see `sightline.ingest`. All of it raises `SourceError`."""

    def frames(self, path: str) -> AbstractContextManager[Frames]:
        """Number, seconds from the beginning, and a function that decodes the picture of the frame taken last."""

    def duration_s(self, path: str) -> float | None:
        """How long it is, where its header says."""

    def writer(self, path: str, *, fps: float, width: int, height: int) -> VideoWriter:
        """A new WebM file."""


@dataclass(frozen=True, slots=True)
class ExaminedFile:
    """A file to look at, where it lies, and what its owner calls it."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Progress:
    """`share` of the file with this index is done, 0 to 1; `frames` were looked at in all files."""

    file: int
    share: float
    frames: int


@dataclass(frozen=True, slots=True)
class Examination:
    """One job. `fps` pictures a second of a recording are looked at, for at most `max_seconds`, into `folder`."""

    recordings: Recordings
    analyser: StillAnalyser
    new_analysis: Callable[[str], FrameAnalysis]
    gallery: Callable[[], Gallery]
    folder: Path
    fps: float
    annotate: bool
    max_seconds: float
    max_image_bytes: int
    max_image_pixels: int
    now_ms: int

    def run(self, files: Sequence[ExaminedFile], told: Callable[[Progress], None], stop: threading.Event) -> None:
        """Looks at every file; one that cannot be read is noted and costs the others nothing. Blocks."""
        with (self.folder / RESULT_NAME).open("wb") as result:
            work = _Work(self, result.write, told, stop, time.monotonic() + self.max_seconds)
            for index, file in enumerate(files):
                work.look_at(index, file)


def annotated_name(index: int, *, video: bool) -> str:
    """The name of the file with the boxes drawn."""
    return f"annotated-{index}.{'webm' if video else 'jpg'}"


class _Work:
    def __init__(
        self,
        plan: Examination,
        write: Callable[[bytes], object],
        told: Callable[[Progress], None],
        stop: threading.Event,
        until_s: float,
    ) -> None:
        self._plan = plan
        self._write = write
        self._told = told
        self._stop = stop
        self._until_s = until_s
        self._told_s = 0.0
        self._frames = 0
        self._duration_s: float | None = None
        self._headed = False

    def look_at(self, index: int, file: ExaminedFile) -> None:
        before, self._duration_s, self._headed = self._frames, None, False
        error = None
        try:
            if self._is_picture(file.path):
                self._picture(index, file)
            else:
                self._video(index, file)
        except SourceError as problem:
            error = problem.reason.replace(str(file.path), file.name)
        except SightlineError as problem:
            error = str(problem)
        except Exception:  # noqa: BLE001  # whatever a file provokes in a decoder or model costs the others nothing
            _log.exception("examining a file failed")
            error = "it cannot be analysed: the engine's log says why"
        if not self._headed:
            self._head(index, {"name": file.name, "kind": "unknown"})
        end = {"end": True, "frames": self._frames - before, "duration_s": self._duration_s}
        self._line(index, end | ({"error": error} if error else {}))
        self._tell(index, 1.0, at_once=True)

    @staticmethod
    def _is_picture(path: Path) -> bool:
        with path.open("rb") as file:
            start = file.read(HEADER_BYTES)
        try:
            read_header(start)
        except ImageError:
            return start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n")) or start[8:12] == b"WEBP"
        return True

    def _check(self) -> None:
        """Raises `SightlineError` when there is no time left, or nobody wants it any more."""
        if self._stop.is_set():
            raise SightlineError("it was stopped")
        if time.monotonic() >= self._until_s:
            raise SightlineError(f"it took longer than {self._plan.max_seconds:g} s; what was seen until then is here")

    # ── pictures ──

    def _picture(self, index: int, file: ExaminedFile) -> None:
        self._check()
        plan = self._plan
        image = decode_image(
            file.path.read_bytes(), max_bytes=plan.max_image_bytes, max_pixels=plan.max_image_pixels
        )
        height, width = image.shape[:2]
        self._head(index, {"name": file.name, "kind": "picture", "width": width, "height": height})
        wanted = Look(
            tasks=frozenset(("identify", "objects", "liveness")), width=width, height=height, max_side=MAX_SIDE_PX
        )
        seen = plan.analyser.look(image, wanted, plan.gallery())
        faces = [
            _present(
                bbox=face.bbox,
                confidence=face.confidence,
                identity="known" if face.person_id else "unknown",
                quality=face.quality,
                person_id=face.person_id,
                similarity=face.similarity,
                live=face.live,
            )
            for face in seen.faces
        ]
        objects = [{"label": one.label, "bbox": one.bbox, "confidence": one.confidence} for one in seen.objects]
        self._frames += 1
        shown = {"time_s": 0.0, "faces": faces, "objects": objects}
        self._line(index, shown)
        if plan.annotate:
            small, scale = shrunk(image, ANNOTATED_SIDE_PX)
            (plan.folder / annotated_name(index, video=False)).write_bytes(
                encode_jpeg(annotated(small, faces, objects, scale), quality=ANNOTATED_QUALITY)
            )

    # ── recordings ──

    def _video(self, index: int, file: ExaminedFile) -> None:
        plan = self._plan
        duration_s = plan.recordings.duration_s(str(file.path))
        step_s = 1.0 / plan.fps
        due_s = 0.0
        analysis: FrameAnalysis | None = None
        with plan.recordings.frames(str(file.path)) as frames, contextlib.ExitStack() as stack:
            writer: VideoWriter | None = None
            for number, time_s, picture in frames:
                self._duration_s = round(time_s, 3)
                if time_s < due_s - step_s * 0.01:
                    continue
                due_s = max(due_s + step_s, time_s)
                self._check()
                image = picture()
                height, width = image.shape[:2]
                if analysis is None:
                    self._head(index, {"name": file.name, "kind": "video", "width": width, "height": height})
                    analysis = plan.new_analysis(f"recording-{index}")
                frame = Frame(f"recording-{index}", number, plan.now_ms + round(time_s * 1000), image)
                seen = analysis.process(frame, plan.gallery(), Scene())
                self._frames += 1
                shown = _shown(seen.observation)
                self._line(index, {"time_s": round(time_s, 3), **shown})
                for fact in seen.facts:
                    self._line(index, {"time_s": round(time_s, 3), **_event(fact.what)})
                if plan.annotate:
                    small, scale = shrunk(image, ANNOTATED_SIDE_PX)
                    if writer is None:
                        writer = plan.recordings.writer(
                            str(plan.folder / annotated_name(index, video=True)),
                            fps=plan.fps,
                            width=small.shape[1],
                            height=small.shape[0],
                        )
                        stack.callback(writer.close)
                    writer.write(annotated(small, shown["faces"], shown["objects"], scale))
                self._tell(index, min(1.0, time_s / duration_s) if duration_s else 0.0)
        if analysis is None:
            raise SourceError("the file holds no picture that can be decoded")

    def _tell(self, index: int, share: float, *, at_once: bool = False) -> None:
        now_s = time.monotonic()
        if at_once or now_s - self._told_s >= TOLD_EVERY_S:
            self._told_s = now_s
            self._told(Progress(index, round(share, 3), self._frames))

    def _head(self, index: int, content: dict[str, Any]) -> None:
        self._headed = True
        self._line(index, content)

    def _line(self, index: int, content: dict[str, Any]) -> None:
        self._write(msgspec.json.encode({"file": index, **content}) + b"\n")


def _shown(observation: Observation) -> dict[str, Any]:
    faces = [
        _present(
            track_id=face.track_id,
            bbox=face.bbox,
            confidence=round(face.confidence, 4),
            identity=face.identity,
            quality=round(face.quality, 4),
            person_id=face.person_id,
            similarity=face.similarity,
            live=face.live,
        )
        for face in observation.faces
    ]
    objects = [msgspec.to_builtins(one) for one in observation.objects]
    crowd = _crowd(observation.crowd) if observation.crowd is not None else {}
    return {"faces": faces, "objects": objects, **crowd}


def _crowd(crowd: CrowdSeen) -> dict[str, Any]:
    return {
        "crowd_analysis": {
            "face_count": crowd.face_count,
            "body_count": crowd.body_count,
            "crowd_level": crowd.crowd_level,
            "density_score": crowd.density_score,
        }
    }


def _event(what: Any) -> dict[str, Any]:
    """A fact without its samples and vectors: what happened, and to which track."""
    told = msgspec.to_builtins(what, builtin_types=(bytes,))
    kept = ("track_id", "label", "person_id", "similarity", "line", "direction", "zone", "crowded", "people", "score")
    return {"event": told["kind"], **{name: told[name] for name in kept if told.get(name) is not None}}


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
