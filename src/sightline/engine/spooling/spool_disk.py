"""The few things a spool does to a disk, in one place, so that tests can fail each of them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import uuid
from pathlib import Path

from sightline.exceptions import Unavailable

__all__ = ["NoDisk", "SpoolDisk"]

_TEMPORARY = ".part"
_LOCK_RETRY_S = 0.05


class SpoolDisk:
    """One folder, held by one process. Every method may raise `OSError`."""

    def __init__(self, folder: Path, *, patience_s: float = 0.0) -> None:
        """Waits up to `patience_s` for another process to let go of the folder. Raises `Unavailable`, `OSError`."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until_s = time.monotonic() + patience_s
        while not self._locked():
            if time.monotonic() > until_s:
                self.close()
                raise Unavailable(f"another engine uses the spool folder {folder}")
            time.sleep(_LOCK_RETRY_S)

    def _locked(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def names(self) -> list[str]:
        """Names of all files, in order."""
        return sorted(entry.name for entry in os.scandir(self.folder) if entry.is_file() and entry.name != "lock")

    def instance(self) -> str:
        """What tells this folder from every other, in the file that is its lock: since one process holds that, whoever
        says this name is the only one alive who does."""
        name = os.pread(self._lock, 64, 0)
        if not name:
            name = uuid.uuid4().hex.encode()
            os.pwrite(self._lock, name, 0)
        return name.decode("ascii", "replace")

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self.folder / name).stat().st_size

    def read(self, name: str) -> bytes:
        """The whole file."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Writes a file and waits until its bytes are on the disk. Its name is not, before `commit` or `sync`."""
        with open(self.folder / name, "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())

    def commit(self, name: str, data: bytes) -> None:
        """Writes a file so that after a crash at any instant it is there whole, or not at all; and syncs the folder."""
        self.write(name + _TEMPORARY, data)
        self.rename(name + _TEMPORARY, name)
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, old: str, new: str) -> None:
        """Gives a file another name, in one step."""
        os.rename(self.folder / old, self.folder / new)

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.folder / name)

    def set_aside(self, name: str, *, keep: int) -> None:
        """Moves a damaged file to the sub-folder `torn`, which keeps the newest `keep` files."""
        torn = self.folder / "torn"
        torn.mkdir(exist_ok=True, mode=0o700)
        os.replace(self.folder / name, torn / name)
        for old in sorted(torn.iterdir(), key=lambda path: path.stat().st_mtime_ns)[:-keep]:
            old.unlink()

    def close(self) -> None:
        """Lets another process have the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


class NoDisk(SpoolDisk):
    """Takes the place of a folder that could not be opened: it is empty, and refuses to be written to."""

    def __init__(self, folder: Path, problem: OSError) -> None:
        self.folder = folder
        self._lock = -1
        self._problem = problem

    def names(self) -> list[str]:
        return []

    def instance(self) -> str:
        """Of this process alone."""
        return uuid.uuid4().hex

    def write(self, name: str, data: bytes) -> None:
        raise self._problem

    def remove(self, name: str) -> None:
        """There is nothing to remove."""
