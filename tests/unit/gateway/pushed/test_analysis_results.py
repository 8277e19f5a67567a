"""Results as one document and as a table, with names joined when they are read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from sightline.gateway.pushed.analysis_results import COLUMNS, as_csv, as_json

NAMES = {"p1": "Ada Lovelace"}


async def name_of(person_id: str) -> str | None:
    return NAMES.get(person_id)


def face(**fields: Any) -> dict[str, Any]:
    return {"bbox": [1, 2, 3, 4], "confidence": 0.9, "identity": "known"} | fields


LINES: list[dict[str, Any]] = [
    {"file": 0, "name": "a.mp4", "kind": "video", "width": 8, "height": 6},
    {"file": 0, "time_s": 0.0, "faces": [face(track_id="t", person_id="p1", similarity=0.8)], "objects": []},
    {"file": 0, "time_s": 0.2, "event": "identified", "person_id": "p1", "track_id": "t"},
    {
        "file": 0, "time_s": 0.2, "faces": [face(track_id="t", person_id="erased")],
        "objects": [{"label": "person", "bbox": [0, 0, 9, 9], "confidence": 0.5, "track_id": "o"}],
    },
    {"file": 0, "end": True, "frames": 2, "duration_s": 0.4},
    {"file": 1, "name": "=evil().jpg", "kind": "unknown"},
    {"file": 1, "end": True, "frames": 0, "duration_s": None, "error": "no picture"},
    {"file": 2, "name": "b.jpg", "kind": "picture", "width": 8, "height": 6},
    {"file": 2, "time_s": 0.0, "faces": [face()], "objects": []},
]  # fmt: skip
"""The last file has no end: the engine was stopped there."""


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "result.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return path


async def test_document_holds_files_with_frames_and_events(result: Path) -> None:
    text = b"".join([piece async for piece in as_json(result, {"id": "j", "fps": 5}, name_of)])
    document = json.loads(text)
    assert (document["id"], document["fps"]) == ("j", 5)
    first, second, third = document["files"]
    assert (first["name"], first["kind"], first["frames_analysed"], first["duration_s"]) == ("a.mp4", "video", 2, 0.4)
    assert first["frames"][0]["faces"][0]["person"] == {"id": "p1", "name": "Ada Lovelace"}
    assert first["frames"][1]["faces"][0]["person"] is None, "who was erased has no name any more"
    assert [event["person"]["name"] for event in first["events"]] == ["Ada Lovelace"]
    assert (second["name"], second["frames"], second["error"]) == ("=evil().jpg", [], "no picture")
    assert len(third["frames"]) == 1


async def test_table_has_a_row_for_each_face_and_object(result: Path) -> None:
    text = b"".join([piece async for piece in as_csv(result, name_of)]).decode()
    head, *rows = csv.reader(io.StringIO(text))
    assert tuple(head) == COLUMNS
    assert [row[:5] for row in rows] == [
        ["a.mp4", "0.0", "face", "t", "Ada Lovelace"],
        ["a.mp4", "0.2", "face", "t", ""],
        ["a.mp4", "0.2", "person", "o", ""],
        ["b.jpg", "0.0", "face", "", ""],
    ]


async def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "result.jsonl"
    lines = [{"file": 0, "name": "=cmd()", "kind": "picture"}, {"file": 0, "time_s": 0, "faces": [face()]}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = b"".join([piece async for piece in as_csv(path, name_of)]).decode()
    assert "'=cmd()" in text


async def test_a_long_result_is_read_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "result.jsonl"
    with path.open("w") as file:
        file.write(json.dumps(LINES[0]) + "\n")
        for number in range(1000):
            file.write(json.dumps({"file": 0, "time_s": number, "faces": [], "objects": []}) + "\n")
        file.write(json.dumps({"file": 0, "end": True, "frames": 1000, "duration_s": 200.0}) + "\n")
    pieces = [piece async for piece in as_json(path, {"id": "j"}, name_of)]
    assert len(pieces) > 1000
    assert len(json.loads(b"".join(pieces))["files"][0]["frames"]) == 1000
