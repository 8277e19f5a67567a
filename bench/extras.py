"""Models beyond those of faces: the ones that are installed, else those of the assets folder, else none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sightline.detections.classes import OUR_NAMES, parse_classes
from sightline.engine.vision.analysis import LivenessScorer, ObjectDetector
from sightline.models.files import Runtime
from sightline.models.loading import load_liveness, load_object_detector
from sightline.models.manifest import FASTESTDET, MINIFASNET_V1SE, MINIFASNET_V2, ModelEntry
from sightline.models.store import ModelStore
from tests.assets import assets_folder

__all__ = ["NONE", "Extras", "find_extras"]

NONE = "none"
_IN_ASSETS = {
    FASTESTDET.name: "FastestDet.onnx",
    MINIFASNET_V2.name: "minifasnet_v2_2.7_80x80.onnx",
    MINIFASNET_V1SE.name: "minifasnet_v1se_4.0_80x80.onnx",
}


@dataclass(frozen=True, slots=True)
class Extras:
    """As the settings `object_model` and `liveness_model` name them."""

    objects: str = NONE
    liveness: tuple[str, ...] = (NONE,)

    @property
    def environment(self) -> dict[str, str]:
        """For a server."""
        return {"SIGHTLINE_OBJECT_MODEL": self.objects, "SIGHTLINE_LIVENESS_MODEL": ",".join(self.liveness)}

    def load_objects(self, store: ModelStore) -> ObjectDetector | None:
        """The detector of persons and things, if there is one."""
        if self.objects == NONE:
            return None
        return load_object_detector(store, self.objects, Runtime(), parse_classes(OUR_NAMES))

    def load_liveness(self, store: ModelStore) -> LivenessScorer | None:
        """The judge of liveness, if there is one."""
        return None if NONE in self.liveness else load_liveness(store, self.liveness, Runtime())


def find_extras(models: Path) -> Extras:
    """What there is on this machine."""
    store = ModelStore(models)
    objects = _choice(store, FASTESTDET)
    liveness = [_choice(store, entry) for entry in (MINIFASNET_V2, MINIFASNET_V1SE)]
    return Extras(objects or NONE, _all_or_none(liveness))


def _choice(store: ModelStore, entry: ModelEntry) -> str | None:
    if store.path(entry).is_file():
        return entry.name
    assets = assets_folder()
    path = assets / "models" / _IN_ASSETS[entry.name] if assets is not None else None
    return str(path) if path is not None and path.is_file() else None


def _all_or_none(choices: Iterable[str | None]) -> tuple[str, ...]:
    found = tuple(choice for choice in choices if choice is not None)
    return found or (NONE,)
