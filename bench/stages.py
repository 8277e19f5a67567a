"""CPU time by stage of an engine under load, without its link to a gateway.

    python -m bench.stages --video clip.mp4 --people folder --models folder --cameras 8 --seconds 8

The engine's own readers, mailboxes and workers, with sources and analyses that note what they cost. Prints one JSON
line: milliseconds an analysed frame by stage.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.clip import DECODE_STAGE, Clip
from bench.extras import NONE, Extras
from bench.stage_clock import StageClock
from sightline.clock import SystemClock
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader
from sightline.engine.cameras.watching import Watching
from sightline.engine.performance import Performance
from sightline.engine.vision.analysis import Analyser, LivenessScorer, ObjectDetector
from sightline.engine.vision.analysis_pool import AnalysisPool
from sightline.engine.vision.camera_analysis import CameraAnalysis, Result
from sightline.engine.vision.sighting import SightingDraft
from sightline.events.engine_link import CameraSpec
from sightline.events.scene import Scene
from sightline.frames import Frame
from sightline.identities.gallery import Gallery, Reference
from sightline.images import decode_image
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.store import ModelStore

__all__ = ["INFERENCE_STAGES", "main"]

INFERENCE_STAGES = ("detect", "embed", "liveness", "objects")
ANALYSIS_FPS = 5.0
STEP_S = 0.137
SETTLE_S = 1.5
MAX_PHOTO_BYTES = 64 * 2**20
MAX_PHOTO_PIXELS = 50_000_000


@dataclass(frozen=True, slots=True)
class Models:
    """What a camera is analysed with."""

    analyser: Analyser
    objects: ObjectDetector | None
    liveness: LivenessScorer | None


class TimedAnalysis:
    """A camera's analysis that adds its stages to a clock."""

    def __init__(self, camera_id: str, models: Models, clock: StageClock) -> None:
        self._analysis = CameraAnalysis(camera_id, models.analyser, objects=models.objects, liveness=models.liveness)
        self._clock = clock

    def process(self, frame: Frame, gallery: Gallery, scene: Scene, /) -> Result:
        """As the analysis does."""
        result = self._analysis.process(frame, gallery, scene)
        stages = dict(result.stage_cpu_ms)
        total = stages.pop("total")
        for name, spent_ms in {**stages, "between stages": total - sum(stages.values())}.items():
            self._clock.add(name, spent_ms)
        return result

    def leave(self) -> tuple[SightingDraft, ...]:
        """As the analysis does."""
        return self._analysis.leave()


class Bench:
    """Readers, mailboxes and one worker; what is delivered is dropped."""

    def __init__(self, video: Path, models: Models, gallery: Gallery) -> None:
        self._video = video
        self._clock = SystemClock()
        self._stages = StageClock()
        self._clips: list[Clip] = []
        self._readers: list[CameraReader] = []
        self._analysed = 0
        self._mailboxes = Mailboxes()
        self._pool = AnalysisPool(
            self._mailboxes,
            lambda camera_id: TimedAnalysis(camera_id, models, self._stages),
            lambda: gallery,
            lambda camera_id: Scene(),
            Watching(),
            Performance(1, self._clock.monotonic_s()),
            self._clock,
            deliver=lambda _: self._count(),
            sighted=lambda _: None,
            crashed=_fail,
            workers=1,
        )

    def run(self, cameras: int, seconds: float) -> dict[str, float]:
        """CPU ms an analysed frame by stage."""
        self._pool.start()
        for number in range(cameras):
            self._add(number)
            time.sleep(STEP_S)
        time.sleep(SETTLE_S)
        before, analysed_before = self._spent(), self._analysed
        time.sleep(seconds)
        after, analysed = self._spent(), self._analysed - analysed_before
        self._stop()
        return {name: (spent_ms - before.get(name, 0.0)) / analysed for name, spent_ms in after.items()}

    def _add(self, number: int) -> None:
        reader = CameraReader(
            CameraSpec(id=f"bench-{number}", source=str(self._video), analysis_fps=ANALYSIS_FPS),
            open_source=self._open,
            mailboxes=self._mailboxes,
            clock=self._clock,
            told=lambda reader, change: None,
            stall_after_ms=5_000,
            outage_after_ms=10_000,
        )
        self._readers.append(reader)
        reader.start()

    def _open(self, spec: str, timeout_s: float, /) -> Clip:
        clip = Clip(Path(spec))
        self._clips.append(clip)
        return clip

    def _count(self) -> None:
        self._analysed += 1

    def _spent(self) -> dict[str, float]:
        decoding_ms = sum(clip.clock.spent_ms[DECODE_STAGE] for clip in self._clips)
        return {DECODE_STAGE: decoding_ms, **self._stages.spent_ms}

    def _stop(self) -> None:
        for reader in self._readers:
            reader.stop()
        self._mailboxes.close()
        self._pool.join(2.0)
        for reader in self._readers:
            reader.join(2.0)


def _fail(camera_id: str, what: str) -> None:
    raise RuntimeError(f"analysing {camera_id} crashed: {what}")


def _gallery_of(analyser: Analyser, people: Path) -> Gallery:
    """Everybody in `people`, one folder a person, by the largest face of each photograph."""
    references = []
    for path in sorted(people.glob("*/*")):
        image = decode_image(path.read_bytes(), max_bytes=MAX_PHOTO_BYTES, max_pixels=MAX_PHOTO_PIXELS)
        for face in analyser.analyse_image(image)[:1]:
            references.append(Reference(str(path), path.parent.name, np.frombuffer(face.vector, "<f4")))
    return Gallery.of(references, analyser.embedder.dimensions)


def main() -> None:
    """Parses the command line, measures once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--objects", default=NONE)
    parser.add_argument("--liveness", default=NONE)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=8.0)
    arguments = parser.parse_args()
    store = ModelStore(arguments.models)
    analyser = Analyser(CenterFace.load(store), DlibResnet.load(store))
    extras = Extras(arguments.objects, tuple(arguments.liveness.split(",")))
    models = Models(analyser, extras.load_objects(store), extras.load_liveness(store))
    bench = Bench(arguments.video, models, _gallery_of(analyser, arguments.people))
    print(json.dumps({"stage_ms": bench.run(arguments.cameras, arguments.seconds)}), flush=True)


if __name__ == "__main__":
    main()
