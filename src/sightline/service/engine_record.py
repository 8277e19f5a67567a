"""What a running `sightline engine` leaves in its home folder for other commands to find: that it lives, and how."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from sightline.engine.standing import Standing

__all__ = ["FRESH_MS", "SPOOL_FOLDER", "EngineRecord", "running_engine", "write_record"]

SPOOL_FOLDER = "engine-spool"
"""Of the home folder: a server that uses the same one has a spool of its own."""
FRESH_MS = 30_000
"""An engine writes every two seconds; one that has been silent for so long does not work any more."""


class EngineRecord(msgspec.Struct, frozen=True):
    """One engine of this machine, as it was at `at_ms`."""

    pid: int
    at_ms: int
    standing: Standing


def write_record(home: Path, standing: Standing, at_ms: int) -> None:
    """Says how this process's engine is. Raises `OSError`."""
    file = _file(home)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    draft.write_bytes(msgspec.json.encode(EngineRecord(os.getpid(), at_ms, standing)))
    draft.replace(file)


def running_engine(home: Path) -> EngineRecord | None:
    """The engine that runs on this home folder, if there is one that has said how it is."""
    try:
        descriptor = os.open(home / SPOOL_FOLDER / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        pass  # an engine holds it for as long as it lives
    else:
        return None
    finally:
        os.close(descriptor)
    try:
        return msgspec.json.decode(_file(home).read_bytes(), type=EngineRecord)
    except (OSError, msgspec.DecodeError):
        return None


def _file(home: Path) -> Path:
    return home / "run" / "engine.json"
