"""The media folder: pictures as files, each written whole or not at all. Every function here blocks on the disk.

incoming/{blob id}.jpg                                                   a fact's picture, until it is accepted
screenshots/{person}/{year}/{month}/{day}/{hour}-{minute}-{second}.jpg   an alert's snapshot
probes/…                                                                 the face alone, under the same name
clips/{year}/{month}/{day}/{blob id}.mp4                                 what happened around an alert
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import structlog

from sightline.exceptions import StoreError, Unavailable

__all__ = ["INCOMING", "MediaFolder", "is_blob_id"]

INCOMING = "incoming"
ORPHAN_AGE_MS = 24 * 60 * 60 * 1000
"""A picture that no accepted fact has claimed for so long never will be."""

_BLOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RACES = 5
"""How often a folder that another picture's removal has just taken away is made again."""

_log = structlog.get_logger(__name__)


def is_blob_id(text: str) -> bool:
    """Whether `text` may name a blob: 1 to 128 letters, digits, `.`, `_`, `-`, the first a letter or digit."""
    return _BLOB_ID.fullmatch(text) is not None


class MediaFolder:
    """The folder. Paths are relative to it, and come from the database or from `is_blob_id`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / INCOMING

    def prepare(self) -> None:
        """Makes the folder. Raises `StoreError`."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._incoming.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder {self._folder} cannot be made: {error.strerror}") from error

    def exists(self, path: str) -> bool:
        """Whether there is a file."""
        return (self._folder / path).exists()

    def has_incoming(self, blob_id: str) -> bool:
        """Whether a blob waits to be claimed."""
        return self._blob(blob_id).exists()

    def put_incoming(self, blob_id: str, data: bytes) -> None:
        """Keeps a blob, on disk when this returns. Raises `Unavailable` when the disk does not take it."""
        draft = self._incoming / f".{secrets.token_hex(8)}.part"
        try:
            with _kept("the picture"):
                with draft.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(self._blob(blob_id))
                _sync(self._incoming)
        except Unavailable:
            draft.unlink(missing_ok=True)
            raise

    def begin_draft(self) -> Path:
        """A file for what comes in pieces, swept where a crash leaves it."""
        return self._incoming / f".{secrets.token_hex(8)}.part"

    def append(self, draft: Path, data: bytes) -> None:
        """Adds a piece. Raises `Unavailable` when the disk does not take it."""
        with _kept("the clip"), draft.open("ab") as file:
            file.write(data)

    def finish_draft(self, draft: Path, path: str) -> None:
        """The file is whole: it is on disk, at its place, when this returns. Raises `Unavailable`."""
        target = self._folder / path
        with _kept("the clip"):
            target.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("ab") as file:
                os.fsync(file.fileno())
            draft.replace(target)
            _sync(target.parent)

    def drop_draft(self, draft: Path) -> None:
        """Removes a draft, if it is still there."""
        self._remove(draft)

    def path_of(self, path: str) -> Path:
        """Where a file of the folder lies."""
        return self._folder / path

    def drop_incoming(self, blob_id: str) -> None:
        """Removes a blob that nobody claims."""
        self._remove(self._blob(blob_id))

    def place(self, blob_id: str, path: str) -> Path:
        """Moves a claimed blob to the path that was reserved for it, unless it is there; returns where it lies.

        When the disk does not let it be moved, it stays where it is, and the next reading tries again.
        """
        source, target = self._blob(blob_id), self._folder / path
        for _ in range(_RACES):
            if target.exists():
                self._remove(source)
                return target
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                source.rename(target)
                return target
            except FileNotFoundError:
                continue
            except OSError as error:
                _log.warning("picture not moved", path=path, reason=error.strerror)
                return source
        return target

    def fetch(self, blob_id: str, path: str) -> bytes | None:
        """The bytes of a claimed blob, or none when it is gone. Raises `StoreError` when it cannot be read."""
        try:
            return self.place(blob_id, path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"the picture {path} cannot be read: {error.strerror}") from error

    def remove(self, path: str) -> bool:
        """Removes a file, and the folders that it leaves empty; false when the disk does not let it."""
        target = self._folder / path
        if not self._remove(target):
            return False
        for folder in target.parents:
            if folder.parent == self._folder:
                break
            try:
                folder.rmdir()
            except OSError:  # something else is in it, or it never was
                break
        return True

    def waiting(self) -> list[tuple[str, int]]:
        """The blobs that wait to be claimed, each with the time it was written in milliseconds since the epoch."""
        return [(file.stem, written_ms) for file, written_ms in _dated(self._incoming, "*.jpg")]

    def sweep_drafts(self, before_ms: int) -> None:
        """Removes what a crash before `before_ms` left half-written."""
        for draft, written_ms in _dated(self._incoming, ".*.part"):
            if written_ms < before_ms:
                self._remove(draft)

    def _blob(self, blob_id: str) -> Path:
        return self._incoming / f"{blob_id}.jpg"

    def _remove(self, file: Path) -> bool:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("picture not removed", file=file.name, reason=error.strerror)
            return False
        return True


@contextlib.contextmanager
def _kept(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = "the disk is full" if error.errno in _FULL else f"the disk refuses it ({error.strerror})"
        raise Unavailable(f"{what} cannot be kept: {cause}; it goes on when there is space again") from error


def _dated(folder: Path, pattern: str) -> Iterator[tuple[Path, int]]:
    for file in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # claimed or dropped by somebody else meanwhile
            yield file, file.stat().st_mtime_ns // 1_000_000


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
