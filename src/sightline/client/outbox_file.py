"""A client's memory on disk: one small JSON file, replaced as a whole."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec
import structlog

from sightline.client.outbox import Kept
from sightline.exceptions import Unavailable

__all__ = ["OutboxFile"]

VERSION = 1

log = structlog.get_logger(__name__)


class _Content(msgspec.Struct, frozen=True):
    version: int
    kept: Kept


class OutboxFile:
    """Survives `kill -9` and power failures: after either the file is the last one saved, whole.

    Its size is bounded by the outbox's. The folder must exist; one process at a time may have the file.
    """

    def __init__(self, path: Path) -> None:
        """Takes the file for this process. Raises `Unavailable` when another has it, `OSError`."""
        self._path = path
        self._lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise Unavailable(f"another client uses the outbox {path}: give each its own") from None

    def load(self) -> Kept:
        """What was saved last; nothing at first. A damaged file is set aside as `….damaged`. Raises `OSError`."""
        try:
            content = msgspec.json.decode(self._path.read_bytes(), type=_Content)
        except FileNotFoundError:
            return Kept()
        except (msgspec.DecodeError, UnicodeError) as problem:
            damaged = self._path.with_name(self._path.name + ".damaged")
            os.replace(self._path, damaged)
            log.error("outbox_damaged", set_aside_as=str(damaged), reason=str(problem))
            return Kept()
        return content.kept

    def save(self, kept: Kept) -> None:
        """Returns once it is on the disk. Raises `OSError`; then the file is what it was."""
        part = self._path.with_name(self._path.name + ".part")
        with open(part, "wb", opener=_private) as file:
            file.write(msgspec.json.encode(_Content(VERSION, kept)))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Lets another process have the file."""
        os.close(self._lock)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
