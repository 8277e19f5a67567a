"""What an examination saw, as people want it: one JSON document, or a table. Names are joined when it is read, so that
erasing a person reaches results as well."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sightline.gateway.web.csv_table import harmless

__all__ = ["COLUMNS", "as_csv", "as_json"]

LINES_AT_A_TIME = 200
COLUMNS = (
    "file", "time_s", "what", "track_id", "person", "person_id", "similarity", "confidence", "live",
    "x1", "y1", "x2", "y2",
)  # fmt: skip

NameOf = Callable[[str], Awaitable[str | None]]


async def as_json(path: Path, head: dict[str, Any], name_of: NameOf) -> AsyncIterator[bytes]:
    """One document: `head`, then `files`, each with its `frames` and `events`."""
    yield msgspec.json.encode(head)[:-1] + b',"files":['
    state = _Document()
    async for line in _lines(path):
        await _name(line, name_of)
        for piece in state.pieces(line):
            yield piece
    for piece in state.end():
        yield piece
    yield b"]}\n"


class _Document:
    """Puts lines into the order of the document; events are few, and wait for the end of their file."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._events: list[dict[str, Any]] = []
        self._frames = 0

    def pieces(self, line: dict[str, Any]) -> Iterator[bytes]:
        index = line.pop("file")
        if index != self._file:
            yield from self.end()
            comma = b"" if self._file is None else b","
            self._file, self._frames, self._events = index, 0, []
            header = line if "name" in line else {}
            yield comma + msgspec.json.encode({"file": index, **header})[:-1] + b',"frames":['
            if header:
                return
        if "event" in line:
            self._events.append(line)
        elif "end" in line:
            tail = {"events": self._events, "frames_analysed": line["frames"], "duration_s": line["duration_s"]}
            error = {"error": line["error"]} if "error" in line else {}
            yield b"]," + msgspec.json.encode(tail | error)[1:]
            self._frames = -1
        else:
            yield (b"," if self._frames else b"") + msgspec.json.encode(line)
            self._frames += 1

    def end(self) -> Iterator[bytes]:
        """Closes a file whose end was never written."""
        if self._file is not None and self._frames >= 0:
            yield b"]}"
            self._frames = -1


async def as_csv(path: Path, name_of: NameOf) -> AsyncIterator[bytes]:
    """One row for each face and object of each picture; `COLUMNS` first."""
    names: dict[int, str] = {}
    yield _row(COLUMNS)
    async for line in _lines(path):
        if "name" in line:
            names[line["file"]] = line["name"]
        await _name(line, name_of)
        rows = [
            _row(_cells(names.get(line["file"], ""), line["time_s"], what, one))
            for what, found in (("face", line.get("faces", [])), (None, line.get("objects", [])))
            for one in found
        ]
        if rows:
            yield b"".join(rows)


def _cells(file: str, time_s: float, what: str | None, one: dict[str, Any]) -> list[Any]:
    person = one.get("person") or {}
    fields = [
        file, time_s, what or one["label"], one.get("track_id", ""), person.get("name", ""), one.get("person_id", ""),
        one.get("similarity", ""), one["confidence"], one.get("live", ""), *one["bbox"],
    ]  # fmt: skip
    return [harmless(field) for field in fields]


def _row(cells: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


async def _name(line: dict[str, Any], name_of: NameOf) -> None:
    for one in (*line.get("faces", ()), *((line,) if "event" in line else ())):
        person_id = one.get("person_id")
        if person_id is not None:
            name = await name_of(person_id)
            one["person"] = {"id": person_id, "name": name} if name is not None else None


async def _lines(path: Path) -> AsyncIterator[dict[str, Any]]:
    with path.open("rb") as file:
        while lines := await asyncio.to_thread(_some, file):
            for line in lines:
                yield line


def _some(file: io.BufferedReader) -> list[dict[str, Any]]:
    lines = []
    for _, line in zip(range(LINES_AT_A_TIME), file, strict=False):
        lines.append(msgspec.json.decode(line))
    return lines
