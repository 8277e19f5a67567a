"""What the motion gate saves where nothing moves.

    python -m bench.stillness --models folder --objects file --liveness file,file

One camera that shows an empty room, with the noise of a sensor, analysed 5 times a second: as it is, and with every
frame looked at. Prints one JSON line: CPU milliseconds a frame of both, and how many times cheaper the first is.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.extras import NONE, Extras
from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.camera_analysis import CameraAnalysis, CameraAnalysisSettings
from sightline.events.scene import Scene
from sightline.frames import Frame, Image
from sightline.images import decode_image
from sightline.ingest.demo import DemoScene
from sightline.ingest.demo_script import SCENE_S
from sightline.models.centerface import CenterFace
from sightline.models.dlib_resnet import DlibResnet
from sightline.models.store import ModelStore
from tests.assets import assets_folder

__all__ = ["main"]

ANALYSIS_FPS = 5
SECONDS = 40
NOISE_LEVELS = 2.0
PATTERNS = 5
EMPTY_BEFORE_END_S = 5.0
"""The demo camera's hall is empty so long before each of its scenes ends."""


def _room(models: Path) -> Image:
    assets = assets_folder()
    if assets is None:
        return DemoScene(models).render(SCENE_S - EMPTY_BEFORE_END_S)
    content = (assets / "images" / "none" / "empty_room.jpg").read_bytes()
    return decode_image(content, max_bytes=2**24, max_pixels=2**24)


def _noisy(picture: Image) -> list[Image]:
    noise = np.random.default_rng(1)
    return [
        np.clip(picture + noise.normal(0, NOISE_LEVELS, picture.shape), 0, 255).astype(np.uint8)
        for _ in range(PATTERNS)
    ]


def _cost_ms(camera: CameraAnalysis, pictures: list[Image]) -> float:
    """CPU of all threads for one frame, ms."""
    frames = SECONDS * ANALYSIS_FPS
    started_ns = time.process_time_ns()
    for number in range(frames):
        picture = pictures[number % len(pictures)]
        camera.process(Frame("still", number, 1_000_000 + 1000 * number // ANALYSIS_FPS, picture), None, Scene())
    return (time.process_time_ns() - started_ns) / 1e6 / frames


def main() -> None:
    """Parses the command line, measures once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--objects", default=NONE)
    parser.add_argument("--liveness", default=NONE)
    arguments = parser.parse_args()
    store = ModelStore(arguments.models)
    extras = Extras(arguments.objects, tuple(arguments.liveness.split(",")))
    analyser, pictures = Analyser(CenterFace.load(store), DlibResnet.load(store)), _noisy(_room(arguments.models))
    objects, liveness = extras.load_objects(store), extras.load_liveness(store)
    gated = CameraAnalysisSettings()
    always = replace(gated, rescan_ms=0, objects=replace(gated.objects, rescan_ms=0))
    costs = {
        name: _cost_ms(CameraAnalysis("still", analyser, rules, objects=objects, liveness=liveness), pictures)
        for name, rules in (("always", always), ("gated", gated))
    }
    figures = {
        "still_frame_ms": round(costs["gated"], 3),
        "still_frame_ms_ungated": round(costs["always"], 3),
        "motion_gate_saving": round(costs["always"] / costs["gated"], 1),
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
