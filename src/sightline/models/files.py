"""From what a setting names to a file in memory: a name of the manifest, a file that was added, or a path."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sightline.exceptions import ModelError
from sightline.models.families import FAMILIES, pixels_of, recognise
from sightline.models.family import Family
from sightline.models.manifest import EmbedderThresholds, ModelEntry, ModelTask
from sightline.models.picture_graph import Pixels, read_graph, signature, takes_pictures, taking_pictures
from sightline.models.runtime import Device, Session
from sightline.models.store import ModelStore

__all__ = ["ModelFile", "Runtime", "find_model", "open_model", "path_of"]

_FAMILY_NAMES = frozenset(family.value for family in Family)


@dataclass(frozen=True, slots=True)
class Runtime:
    """How models run: where, and with how many threads a call."""

    device: Device = Device.CPU
    threads: int = 1


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model that was read and whose family is known. `model_id` names what must be equal for templates of two files
    to be comparable; `min_score` and `embedding` are the manifest's, where it has them.
    """

    name: str
    path: Path
    family: Family
    model_id: str
    content: bytes
    min_score: float | None = None
    embedding: EmbedderThresholds | None = None

    def session(self, runtime: Runtime) -> Session:
        """The model, loaded. Raises `ModelError`."""
        return Session(self.name, self.content, threads=runtime.threads, device=runtime.device)


def path_of(store: ModelStore, choice: str) -> Path:
    """Where the file that a setting names is, or would be."""
    name = _split(choice)[1]
    entry = store.entry(name)
    return store.path(entry) if entry is not None else _path(store, name)


def find_model(store: ModelStore, choice: str) -> ModelEntry | None:
    """The entry that a setting names; `None` for a path."""
    return store.entry(_split(choice)[1])


def open_model(store: ModelStore, task: ModelTask, choice: str) -> ModelFile:
    """Reads what `choice` names: `sface`, `models/mine.onnx`, or with its family before it, `yolo-v8:mine.onnx`.

    Raises `ModelError` when it is missing, damaged, of another task, or of no family that is known.
    """
    written, name = _split(choice)
    entry = store.entry(name)
    if entry is not None and entry.task is not task:
        raise ModelError(f"{name} is a model for the task {entry.task.value}, not {task.value}", model=name)
    path = store.path(entry) if entry is not None else _path(store, name)
    source = store.read(entry) if entry is not None else _read(path, name)
    graph = read_graph(path.name, source)
    family = written or (entry.family if entry is not None else None)
    if family is None:
        family = recognise(path.name, task, signature(path.name, graph))
    if family not in FAMILIES[task]:
        known = ", ".join(one.value for one in FAMILIES[task])
        raise ModelError(f"{family.value} is no family for the task {task.value}; known: {known}", model=name)
    pixels = pixels_of(family)
    if entry is not None and entry.rgb is not None:
        pixels = Pixels(rgb=entry.rgb, mean=pixels.mean, factor=pixels.factor)
    return ModelFile(
        name=entry.name if entry is not None else path.stem,
        path=path,
        family=family,
        model_id=f"{family.value}-{hashlib.sha256(source).hexdigest()[:12]}/1",
        content=source
        if takes_pictures(graph)
        else taking_pictures(path.name, graph, pixels, any_size=family is Family.YUNET),
        min_score=entry.min_score if entry is not None else None,
        embedding=entry.embedding if entry is not None else None,
    )


def _split(choice: str) -> tuple[Family | None, str]:
    """The family that was written before a file's name, and the name."""
    before, colon, after = choice.strip().partition(":")
    if colon and before in _FAMILY_NAMES:
        return Family(before), after
    return None, choice.strip()


def _path(store: ModelStore, name: str) -> Path:
    """A path as given, or of a file in the models folder."""
    path = Path(name).expanduser()
    inside = store.folder / path
    return inside if not path.is_absolute() and not path.exists() and inside.exists() else path


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"there is no model {name}: it is neither a name that `sightline models list` shows nor a file that can "
            f"be read ({error.strerror})",
            model=name,
        ) from error
