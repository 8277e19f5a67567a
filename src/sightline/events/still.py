"""Still pictures and recordings that an engine is asked to look at or to draw into, and its answers."""

from __future__ import annotations

from typing import Literal

from sightline.events.link_message import Box, LinkMessage, LinkValue
from sightline.events.scene import Point

__all__ = [
    "Analyse",
    "AnalysedFace",
    "Analysis",
    "Draw",
    "Drawn",
    "DrawnBox",
    "Examine",
    "Examined",
    "FoundObject",
    "StillTask",
    "StopExamining",
]

StillTask = Literal["faces", "templates", "identify", "objects", "liveness"]


class Analyse(LinkMessage, tag="analyse", frozen=True):
    """Analyse a still picture.

    `tasks`: `faces` gives boxes alone; `templates` a closer look at each face, with quality, probe and vector;
    `identify` compares these with the gallery; `objects` finds persons and things; `liveness` judges the faces. Faces
    and objects below `confidence_threshold` are left out (`None`: each model's own). Without templates the picture is
    shrunk to `max_side` px for analysis; boxes are in its own pixels all the same. What is asked in the `background`
    gives way to cameras. Templates are of the `prepared` embedder where that is asked. `verify` is the person that the
    largest face is compared with, together with `identify`.
    """

    request_id: str
    image: bytes
    tasks: tuple[StillTask, ...] = ("templates",)
    confidence_threshold: float | None = None
    max_side: int | None = None
    background: bool = False
    prepared: bool = False
    verify: str | None = None


class AnalysedFace(LinkValue, frozen=True):
    """A face of a still picture. `vector` is the template, `probe` a JPEG of the face with some margin."""

    bbox: Box
    confidence: float
    landmarks: list[Point]
    quality: float
    reasons: list[str]
    vector: bytes
    probe: bytes
    person_id: str | None = None
    similarity: float | None = None
    margin: float | None = None
    live: float | None = None


class FoundObject(LinkValue, frozen=True):
    """A person or thing of a still picture."""

    label: str
    bbox: Box
    confidence: float


class Analysis(LinkMessage, tag="analysis", frozen=True):
    """The answer to `Analyse`; `error` says in plain words why there is none.

    `missing` says, for each task that was asked and could not be done, why: its model is not there. `verified`: the
    similarity of the largest face, the first, to the person that it was to be compared with; `None` where there is no
    face, or this engine has no template of that person. `stage_ms`: what `processing_ms` was spent on, by stage.
    `curve`: threshold and steepness of `Similarity` between templates of `model_id`, where templates were asked for.
    """

    request_id: str
    width: int = 0
    height: int = 0
    model_id: str = ""
    faces: list[AnalysedFace] = []
    objects: list[FoundObject] = []
    missing: dict[StillTask, str] = {}
    verified: float | None = None
    error: str | None = None
    error_code: str = ""
    processing_ms: float = 0.0
    stage_ms: dict[str, float] = {}
    curve: tuple[float, float] | None = None


class DrawnBox(LinkValue, frozen=True):
    """A box to draw, in pixels of the picture, and the words beside it: never a name."""

    bbox: Box
    words: str


class Draw(LinkMessage, tag="draw", frozen=True):
    """Draw boxes into a picture; the answer is `Drawn`."""

    request_id: str
    image: bytes
    boxes: list[DrawnBox]


class Drawn(LinkMessage, tag="drawn", frozen=True):
    """The answer to `Draw`: a JPEG, or in plain words why there is none."""

    request_id: str
    picture: bytes = b""
    error: str | None = None
    error_code: str = ""


class Examine(LinkMessage, tag="examine", frozen=True):
    """Look at uploaded files from beginning to end, `fps` pictures a second of a recording, for at most `max_seconds`.
    They are fetched from, and what was seen is put to, `/api/engine/analyses/{job_id}`; `files` are their names.
    """

    job_id: str
    files: list[str]
    fps: float
    annotate: bool
    max_seconds: float


class StopExamining(LinkMessage, tag="stop_examining", frozen=True):
    """Nobody wants this job any more."""

    job_id: str


class Examined(LinkMessage, tag="examined", frozen=True):
    """How far a job is: `share` (0 to 1) of the file with this index, `frames` in all. The last word is `done`, when
    the result has been put, or `failed`; `busy`, the only one, while the engine has another job.
    """

    job_id: str
    state: Literal["running", "done", "failed", "busy"]
    file: int = 0
    share: float = 0.0
    frames: int = 0
    reason: str = ""
