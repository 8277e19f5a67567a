"""Recordings on the engine's disk: one folder a camera, one file a piece, named by its beginning and length.

    {camera}/{starts_at}-{duration_ms}.mp4    a piece
    {camera}/{starts_at}.growing.mp4          the one being written
    {camera}/{starts_at}.draft.mp4            a growing one on its way to a piece, worth nothing after a crash

Bounds: age, share of the disk, and bytes that stay free for everything else. Policy when one is passed: the oldest
pieces of all cameras go first; when nothing is left to go, nothing is written, which is said. Every method blocks on
the disk.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from sightline.events.footage import FootagePiece

__all__ = ["FootageSettings", "FootageShelf"]

DAY_MS = 86_400_000
_CAMERA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_PIECE = re.compile(r"(\d{1,15})-(\d{1,9})\.(mp4|webm)", re.ASCII)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FootageSettings:
    """Where recordings lie and how much of them: pieces of about `piece_ms`, `days`, at most `disk_share` (0–1) of the
    disk they lie on, and never so much that less than `keep_free_bytes` are left."""

    folder: Path
    piece_ms: int = 30_000
    days: float = 7.0
    disk_share: float = 0.5
    keep_free_bytes: int = 2 * 2**30


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    starts_at_ms: int
    size_bytes: int


class FootageShelf:
    """The folder."""

    def __init__(self, settings: FootageSettings) -> None:
        self._settings = settings

    def pieces(self, camera_id: str, since_ms: int, until_ms: int, most: int) -> tuple[list[FootagePiece], bool]:
        """Those that overlap the time, the oldest first, and whether there are more."""
        found = []
        for path in self._files_of(camera_id):
            match = _PIECE.fullmatch(path.name)
            if match is None:
                continue
            starts_at, duration_ms, format = int(match[1]), int(match[2]), match[3]
            if starts_at < until_ms and starts_at + duration_ms > since_ms:
                found.append((starts_at, duration_ms, format, path))
        found.sort()
        pieces = []
        for starts_at, duration_ms, format, path in found[:most]:
            try:
                size_bytes = path.stat().st_size
            except FileNotFoundError:  # too old since
                continue
            pieces.append(
                FootagePiece(starts_at=starts_at, duration_ms=duration_ms, size_bytes=size_bytes, format=format)
            )
        return pieces, len(found) > most

    def piece(self, camera_id: str, starts_at_ms: int) -> Path | None:
        """The file that begins then."""
        for path in self._files_of(camera_id):
            match = _PIECE.fullmatch(path.name)
            if match is not None and int(match[1]) == starts_at_ms:
                return path
        return None

    def growing(self, camera_id: str, starts_at_ms: int, format: str) -> Path:
        """Where a new piece is written. Raises `OSError`."""
        folder = self._settings.folder / camera_id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / f"{starts_at_ms}.growing.{format}"

    def left_behind(self) -> list[Path]:
        """Growing files that a crash left; worthless ones are removed."""
        found = []
        for path in self._all():
            if ".draft." in path.name:
                path.unlink(missing_ok=True)
            elif ".growing." in path.name:
                found.append(path)
        return found

    def refusal(self) -> str:
        """Why nothing can be written now, in plain words; empty when it can."""
        folder = self._settings.folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            free = shutil.disk_usage(folder).free
        except OSError as error:
            return f"the folder of the recordings cannot be used ({error.strerror})"
        if free < self._settings.keep_free_bytes:
            return f"only {free // 2**20} MB are free on the disk of the recordings"
        return ""

    def tidy(self, now_ms: int) -> int:
        """Removes what is too old or too much, the oldest first; how many pieces."""
        try:
            usage = shutil.disk_usage(self._settings.folder)
        except OSError:
            return 0
        files = sorted(self._measured(), key=lambda file: file.starts_at_ms)
        limit_bytes = int(self._settings.disk_share * usage.total)
        total_bytes, free_bytes, removed = sum(file.size_bytes for file in files), usage.free, 0
        oldest_ms = now_ms - round(self._settings.days * DAY_MS)
        for file in files:
            fits = total_bytes <= limit_bytes and free_bytes >= self._settings.keep_free_bytes
            if fits and file.starts_at_ms >= oldest_ms:
                break
            try:
                file.path.unlink(missing_ok=True)
            except OSError as error:
                _log.error("a recording cannot be removed", file=file.path.name, error=str(error))
                continue
            total_bytes -= file.size_bytes
            free_bytes += file.size_bytes
            removed += 1
        return removed

    def _measured(self) -> Iterator[_File]:
        for path in self._all():
            match = _PIECE.fullmatch(path.name)
            if match is not None:
                try:
                    yield _File(path, int(match[1]), path.stat().st_size)
                except FileNotFoundError:
                    continue

    def _all(self) -> Iterator[Path]:
        try:
            folders = [folder for folder in self._settings.folder.iterdir() if folder.is_dir()]
        except OSError:
            return
        for folder in folders:
            yield from list(folder.iterdir())

    def _files_of(self, camera_id: str) -> list[Path]:
        if not _CAMERA.fullmatch(camera_id):
            return []
        try:
            return list((self._settings.folder / camera_id).iterdir())
        except OSError:
            return []
