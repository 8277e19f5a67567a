"""CPU time by stage of what an engine does with a camera, in one thread and nothing else: the parts' own price.

    python -m bench.stages --video clip.mp4 --people folder --models folder

Every frame is decoded, those due at the analysis rate are converted and analysed, with the capture times that they
would have; nothing waits for the clip's own pace. Prints one JSON line: milliseconds an analysed frame.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from sightline.engine.analysis import Analyser
from sightline.engine.camera_analysis import CameraAnalysis
from sightline.engine.rates import Cadence
from sightline.frames import Frame
from sightline.identities.gallery import Gallery, Reference
from sightline.images import decode_image
from sightline.ingest.container import VideoContainer
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.store import ModelStore

__all__ = ["INFERENCE_STAGES", "gallery_of", "main"]

DECODE_STAGE = "decode"
INFERENCE_STAGES = ("detect", "embed")
MAX_PHOTO_BYTES = 64 * 2**20
MAX_PHOTO_PIXELS = 50_000_000
START_MS = 1_700_000_000_000


def gallery_of(analyser: Analyser, people: Path) -> Gallery:
    """Everybody in `people`, one folder a person, by the largest face of each photograph."""
    references = []
    for path in sorted(people.glob("*/*")):
        image = decode_image(path.read_bytes(), max_bytes=MAX_PHOTO_BYTES, max_pixels=MAX_PHOTO_PIXELS)
        for face in analyser.analyse_image(image)[:1]:
            references.append(Reference(str(path), path.parent.name, np.frombuffer(face.vector, "<f4")))
    return Gallery.of(references, analyser.embedder.dimensions)


def _measured(video: Path, analysis: CameraAnalysis, gallery: Gallery, analysis_fps: float) -> dict[str, float]:
    """One pass over the clip; milliseconds of CPU by stage, divided among the analysed frames."""
    spent_ms: dict[str, float] = defaultdict(float)
    analysed = 0
    for frame in _due_frames(video, analysis_fps, spent_ms):
        result = analysis.process(frame, gallery)
        analysed += 1
        for stage, stage_ms in _own(result.stage_cpu_ms).items():
            spent_ms[stage] += stage_ms
    return {stage: total / analysed for stage, total in spent_ms.items()}


def _due_frames(video: Path, analysis_fps: float, spent_ms: dict[str, float]) -> Iterator[Frame]:
    """The frames that are due, as a camera's reader takes them; adds to `spent_ms` what decoding cost."""
    container = VideoContainer(str(video), shown=str(video), timeout_s=0.0)
    cadence = Cadence(analysis_fps)
    number = 0
    while True:
        started_ns = time.thread_time_ns()
        more = container.advance()
        due = more and cadence.due(number / container.fps)
        image = container.picture() if due else None
        spent_ms[DECODE_STAGE] += (time.thread_time_ns() - started_ns) / 1e6
        if not more:
            break
        if image is not None:
            yield Frame("bench", number, START_MS + round(1000 * number / container.fps), image)
        number += 1
    container.close()


def _own(stage_cpu_ms: Mapping[str, float]) -> dict[str, float]:
    """The stages with what lies between them as one of its own, instead of their total."""
    stages = dict(stage_cpu_ms)
    total = stages.pop("total")
    return {**stages, "between stages": max(0.0, total - sum(stages.values()))}


def main() -> None:
    """Parses the command line, measures once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--analysis-fps", type=float, default=5.0)
    arguments = parser.parse_args()
    store = ModelStore(arguments.models)
    analyser = Analyser(CenterFace.load(store), DlibResnet.load(store))
    gallery = gallery_of(analyser, arguments.people)
    _measured(arguments.video, CameraAnalysis("warm", analyser), gallery, arguments.analysis_fps)
    stage_ms = _measured(arguments.video, CameraAnalysis("bench", analyser), gallery, arguments.analysis_fps)
    print(json.dumps({"stage_ms": stage_ms}), flush=True)


if __name__ == "__main__":
    main()
