"""Loaded models, kept while nothing about them changes, and beyond that when what was to replace them cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from sightline.events.engine_link import ModelReport
from sightline.exceptions import ModelError
from sightline.models.files import path_of
from sightline.models.manifest import ModelTask
from sightline.models.runtime import Device, fallback_note
from sightline.models.store import ModelStore

__all__ = ["Kept", "ModelShelf"]

_NONE = "none"
_ESSENTIAL = frozenset({ModelTask.FACE_DETECTOR, ModelTask.FACE_EMBEDDER})
"""Without these no face is known; whatever else is missing is an extra."""

log = structlog.get_logger(__name__)


class _Loaded(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...


Model = TypeVar("Model", bound=_Loaded)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A model as it lies on the shelf, for the choices that were made for its slot. `model` is `None` where none was
    wanted or none could be had.
    """

    key: Hashable
    choices: tuple[str, ...]
    model: Any
    report: ModelReport


class ModelShelf:
    """Slots of models by name. Not thread-safe."""

    def __init__(self, store: ModelStore, device: Device) -> None:
        self._store = store
        self._device = device
        self._slots: dict[str, Kept] = {}
        self._asked: dict[str, tuple[tuple[str, ...], Hashable]] = {}
        """Of each slot, what was wanted, and how its files looked then."""

    def get(
        self, slot: str, task: ModelTask, choices: tuple[str, ...], load: Callable[[], Model]
    ) -> tuple[Model | None, Kept]:
        """The model of a slot: the one that lies there when its files are unchanged, one from another slot, or a new
        one. When that cannot be loaded, the one that lies there goes on, and the report says why.
        """
        wanted = tuple(choice for choice in choices if choice and choice != _NONE)
        fingerprint = self._fingerprint(wanted)
        self._asked[slot] = (wanted, fingerprint)
        key = (task, wanted, fingerprint)
        there = next((kept for kept in self._slots.values() if kept.key == key and kept.model is not None), None)
        kept = there or self._load(slot, task, key, wanted, load)
        if kept.key == key:
            self._slots[slot] = kept
        return kept.model, kept

    def clear(self, slot: str) -> None:
        """Nothing is wanted in this slot any more."""
        self._slots.pop(slot, None)
        self._asked.pop(slot, None)

    def changed(self) -> bool:
        """Whether a file that was asked for appeared or changed since."""
        return any(self._fingerprint(wanted) != before for wanted, before in self._asked.values())

    def _load(
        self, slot: str, task: ModelTask, key: Hashable, wanted: tuple[str, ...], load: Callable[[], Model]
    ) -> Kept:
        if not wanted:
            return Kept(key, wanted, None, ModelReport(task=task.value, reason="switched off in the settings"))
        path = ", ".join(str(path_of(self._store, choice)) for choice in wanted)
        try:
            model = load()
        except ModelError as problem:
            say = log.error if task in _ESSENTIAL else log.warning
            say("model_missing", task=task.value, model=problem.model, problem=str(problem))
            before = self._slots.get(slot)
            if before is not None and before.model is not None:
                reason = f"{problem}; {before.report.name} goes on"
                return Kept(
                    before.key, before.choices, before.model, msgspec.structs.replace(before.report, reason=reason)
                )
            report = ModelReport(task=task.value, name=" + ".join(wanted), path=path, reason=str(problem))
            return Kept(key, wanted, None, report)
        reason = "" if model.device == self._device else fallback_note(self._device)
        report = ModelReport(
            task=task.value, name=model.name, loaded=True, path=path, device=model.device, reason=reason
        )
        return Kept(key, wanted, model, report)

    def _fingerprint(self, wanted: tuple[str, ...]) -> Hashable:
        """Of the files and their records: which are there, of what size, written when."""
        found: list[tuple[int, int] | None] = []
        for choice in wanted:
            path = path_of(self._store, choice)
            for file in (path, path.with_name(f"{path.name}.json")):  # a store writes the record last
                try:
                    stat = file.stat()
                    found.append((stat.st_mtime_ns, stat.st_size))
                except OSError:
                    found.append(None)
        return tuple(found)
