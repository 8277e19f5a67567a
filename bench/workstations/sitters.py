"""Who sits at the simulated workstations: people, photographs to enrol them by, and what their webcams show."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np

from sightline.frames import Image
from sightline.images import encode_jpeg
from sightline.models.manifest import ASTRONAUT, GRACE_HOPPER
from sightline.models.store import ModelStore
from tests.assets import assets_folder

__all__ = ["Sitter", "find_sitters"]

WEBCAM = (640, 480)
ENROL_EVERY = 12
"""Of the first clip of a person, every such frame is enrolled; the other clips are shown."""
SHOW_EVERY = 5
SHIFTS_PX = (0, 12, 24, 36)
"""A photograph is shown at these places, so that no two pictures are the same bytes."""


@dataclass(frozen=True, slots=True)
class Sitter:
    """A person; `photos` and `frames` are JPEG, `encoded` are the frames in base64."""

    name: str
    photos: tuple[bytes, ...]
    frames: tuple[bytes, ...]
    encoded: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoded", tuple(base64.b64encode(frame).decode() for frame in self.frames))


def find_sitters(models: Path) -> list[Sitter]:
    """The people of the webcam clips of the assets folder; where there is none, those of the demonstration's pictures,
    which have to be among the `models`.
    """
    assets = assets_folder()
    if assets is not None:
        clips = sorted((assets / "videos" / "webcam").glob("*_*.mkv"))
        names = dict.fromkeys(clip.name.partition("_")[0] for clip in clips)
        return [_of_clips(name, [clip for clip in clips if clip.name.startswith(f"{name}_")]) for name in names]
    store = ModelStore(models)
    return [_of_photograph(entry.name, store.path(entry)) for entry in (ASTRONAUT, GRACE_HOPPER)]


def _of_clips(name: str, clips: list[Path]) -> Sitter:
    first, *others = clips
    shown = tuple(frame for clip in others for frame in _frames(clip, SHOW_EVERY))
    return Sitter(name, tuple(_frames(first, ENROL_EVERY)), shown)


def _frames(clip: Path, every: int) -> list[bytes]:
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    return [encode_jpeg(np.asarray(picture, np.uint8)) for picture in pictures[::every]]


def _of_photograph(name: str, path: Path) -> Sitter:
    picture = cv2.imread(str(path))
    if picture is None:
        raise FileNotFoundError(path)
    photograph = np.asarray(picture, np.uint8)
    return Sitter(name, (encode_jpeg(photograph),), tuple(_at_a_desk(photograph, shift) for shift in SHIFTS_PX))


def _at_a_desk(photograph: Image, shift_px: int) -> bytes:
    across, down = WEBCAM
    scale = down / photograph.shape[0]
    resized = np.asarray(cv2.resize(photograph, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    shrunk = resized[:down, : across - shift_px]
    desk = np.full((down, across, 3), 90, np.uint8)
    desk[: shrunk.shape[0], shift_px : shift_px + shrunk.shape[1]] = shrunk
    return encode_jpeg(desk)
