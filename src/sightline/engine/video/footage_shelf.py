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
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from sightline.events.footage import FootagePiece, FootageSpan
from sightline.events.spans import Span, overlap

__all__ = ["FootageSettings", "FootageShelf"]

DAY_MS = 86_400_000
_CAMERA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_PIECE = re.compile(r"(\d{1,15})-(\d{1,9})\.(mp4|webm)", re.ASCII)
_GROWING = re.compile(r"(\d{1,15})\.(?:growing|draft)\.(mp4|webm)", re.ASCII)
FOLLOWS_MS = 2_000
"""A piece that begins within that after the end of another goes on where that one ended."""

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
        found = self._within(camera_id, [(since_ms, until_ms)])
        return list(self._pieces(found[:most])), len(found) > most

    def spans(self, within: Mapping[str, Sequence[Span]]) -> dict[str, list[FootageSpan]]:
        """What there is of these cameras within these times (`merged`): those that have anything, the oldest first."""
        found = {camera: _joined(self._pieces(self._within(camera, times))) for camera, times in within.items()}
        return {camera: spans for camera, spans in found.items() if spans}

    def delete(self, camera_id: str, times: Sequence[Span], keep: Collection[Path]) -> int:
        """Removes every piece with a moment of these times (`merged`), and what a disk that refused left unfinished of
        them; not the files of `keep`, which are being written. How many it was."""
        found = [path for *_, path in self._within(camera_id, times)]
        for path in self._files_of(camera_id):
            match = _GROWING.fullmatch(path.name)
            if match is not None and path not in keep:
                longest_ms = 2 * self._settings.piece_ms  # how long it is nobody has measured
                if overlap(times, int(match[1]), int(match[1]) + longest_ms):
                    found.append(path)
        return sum(_remove(path) for path in found)

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
            if not _remove(file.path):
                continue
            total_bytes -= file.size_bytes
            free_bytes += file.size_bytes
            removed += 1
        return removed

    def _within(self, camera_id: str, times: Sequence[Span]) -> list[tuple[int, int, str, Path]]:
        found = []
        for path in self._files_of(camera_id):
            match = _PIECE.fullmatch(path.name)
            if match is not None:
                starts_at, duration_ms = int(match[1]), int(match[2])
                if overlap(times, starts_at, starts_at + duration_ms):
                    found.append((starts_at, duration_ms, match[3], path))
        return sorted(found)

    def _pieces(self, files: Iterable[tuple[int, int, str, Path]]) -> Iterator[FootagePiece]:
        for starts_at, duration_ms, format, path in files:
            try:
                size_bytes = path.stat().st_size
            except FileNotFoundError:  # too old since
                continue
            yield FootagePiece(starts_at=starts_at, duration_ms=duration_ms, size_bytes=size_bytes, format=format)

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


def _joined(pieces: Iterable[FootagePiece]) -> list[FootageSpan]:
    found: list[FootageSpan] = []
    for piece in pieces:
        ends_at, before = piece.starts_at + piece.duration_ms, found[-1] if found else None
        if before is not None and piece.starts_at <= before.ends_at + FOLLOWS_MS:
            found[-1] = FootageSpan(
                starts_at=before.starts_at,
                ends_at=max(before.ends_at, ends_at),
                pieces=before.pieces + 1,
                size_bytes=before.size_bytes + piece.size_bytes,
            )
        else:
            found.append(
                FootageSpan(starts_at=piece.starts_at, ends_at=ends_at, pieces=1, size_bytes=piece.size_bytes)
            )
    return found


def _remove(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.error("a recording cannot be removed", file=path.name, error=str(error))
        return False
    return True
