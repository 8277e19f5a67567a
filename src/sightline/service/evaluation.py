"""What `sightline evaluate` needs of the home folder: its models, and the people enrolled in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.clock import SystemClock
from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.analysis_pool import FrameAnalysis
from sightline.exceptions import SightlineError, Unavailable
from sightline.frames import Image
from sightline.gateway.pushed.enrolment import Refusal, choose_face
from sightline.identities.gallery import Gallery, Reference
from sightline.images import decode_image
from sightline.service.vision import load_vision
from sightline.settings import Settings
from sightline.stores.enrolled import read_enrolled
from sightline.stores.vault import load_or_create_master_key

__all__ = ["LoadedModels", "People", "enrolled_people", "load_models", "people_of_folder", "read_picture"]

_MAX_PIXELS = 100_000_000
_PICTURES = frozenset({".jpeg", ".jpg", ".png", ".webp"})


@dataclass(frozen=True, slots=True)
class LoadedModels:
    """The models of the home folder, for somebody who waits for them."""

    analyser: Analyser
    new_analysis: Callable[[str], FrameAnalysis]


@dataclass(frozen=True, slots=True)
class People:
    """A gallery, `names` by person id, `files` by reference id, and what was `refused` of a folder, by file."""

    gallery: Gallery
    names: dict[str, str]
    files: dict[str, str]
    refused: dict[str, str]


def load_models(settings: Settings) -> LoadedModels:
    """Raises `Unavailable` naming the model that is missing."""
    vision = load_vision(settings)
    if vision.faces is None:
        missing = "; ".join(report.reason for report in vision.reports if not report.loaded)
        raise Unavailable(f"{missing}: `sightline models pull` fetches what is missing")
    return LoadedModels(vision.faces, vision.new_analysis)


def read_picture(path: Path) -> Image:
    """Raises `ImageError`, `OSError`."""
    data = path.read_bytes()
    return decode_image(data, max_bytes=len(data), max_pixels=_MAX_PIXELS)


async def enrolled_people(settings: Settings, analyser: Analyser) -> People:
    """Everybody who is enrolled in the home folder, whether a server runs on it or not."""
    found = await read_enrolled(
        settings.home,
        settings.database_url,
        master_key=load_or_create_master_key(settings.home / "keys" / "master.key"),
        model_id=analyser.model_id,
        now_ms=SystemClock().now_ms(),
    )
    references = [
        Reference(one.reference_id, one.person_id, np.frombuffer(one.vector, "<f4").astype(np.float32))
        for one in found.templates
    ]
    gallery = Gallery.of(references, analyser.embedder.dimensions)
    return People(gallery, found.names, found.files, {})


def people_of_folder(folder: Path, analyser: Analyser) -> People:
    """The people of a folder with one sub-folder of photos each, chosen and judged as enrolment does it."""
    references, files, refused = [], {}, {}
    for path in sorted(path for path in folder.glob("*/*") if path.suffix.lower() in _PICTURES):
        shown = f"{path.parent.name}/{path.name}"
        try:
            choice = choose_face(analyser.analyse_image(read_picture(path)))
        except (SightlineError, OSError) as problem:
            refused[shown] = str(problem)
            continue
        if isinstance(choice, Refusal):
            refused[shown] = " ".join(choice.sentences)
            continue
        vector = np.frombuffer(choice.face.vector, "<f4").astype(np.float32)
        references.append(Reference(shown, path.parent.name, vector))
        files[shown] = shown
    if not references:
        raise Unavailable(f"no photo in {folder} can be enrolled: it needs one sub-folder of photos for each person")
    names = {reference.person_id: reference.person_id for reference in references}
    return People(Gallery.of(references, analyser.embedder.dimensions), names, files, refused)
