"""What the benchmark looks at: a clip with people in it, and photographs of one of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from sightline.ingest.demo import DemoScene
from sightline.models.manifest import ASTRONAUT
from sightline.models.store import ModelStore
from tests.assets import assets_folder

__all__ = ["Footage", "find_footage"]

CAMERA_FPS = 30
DEMO_SECONDS = 20
DEMO_BIT_RATE = 4_000_000


@dataclass(frozen=True, slots=True)
class Footage:
    """`video` is played in real time, for ever; `people` holds one folder of photographs a person."""

    name: str
    video: Path
    people: Path
    fps: float


def find_footage(models: Path, workspace: Path) -> Footage:
    """The clip of the assets folder, else the demo camera rendered into `workspace`.

    Raises `SourceError` when the demo camera's pictures are not among the `models`.
    """
    assets = assets_folder()
    if assets is not None:
        clip = assets / "videos" / "short_hamilton_clip.mp4"
        return Footage("short_hamilton_clip", clip, assets / "images" / "people", _declared_fps(clip))
    people = workspace / "people"
    (people / "astronaut").mkdir(parents=True)
    shutil.copy(ModelStore(models).path(ASTRONAUT), people / "astronaut")
    return Footage("demo camera", _render_demo(models, workspace / "demo.mp4"), people, float(CAMERA_FPS))


def _declared_fps(clip: Path) -> float:
    with av.open(str(clip)) as container:
        return float(container.streams.video[0].average_rate or CAMERA_FPS)


def _render_demo(models: Path, path: Path) -> Path:
    """The demo camera as a file of H.264, at the rate of a camera."""
    scene = DemoScene(models)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(CAMERA_FPS))
        stream.bit_rate = DEMO_BIT_RATE
        stream.pix_fmt = "yuv420p"
        stream.height, stream.width = scene.render(0.0).shape[:2]
        for index in range(DEMO_SECONDS * CAMERA_FPS):
            picture = av.VideoFrame.from_ndarray(scene.render(index / CAMERA_FPS), format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path
