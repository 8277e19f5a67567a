"""Recordings and pictures from beginning to end, with painted faces and real video files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from sightline.detections.faces import Faces
from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.camera_analysis import CameraAnalysis
from sightline.engine.vision.examination import Examination, ExaminedFile, Progress
from sightline.engine.vision.stills import Stills
from sightline.frames import Image
from sightline.identities.gallery import Gallery, Reference
from sightline.ingest.annotated_video import VideoFiles
from tests.painted_faces import COLOURS, PaintedDetector, PaintedEmbedder, paint, room, template_of
from tests.videos import write_video

GALLERY = Gallery.of([Reference("anna-1", "anna", template_of(COLOURS["anna"]))], 3)
PICTURE = paint(room(), COLOURS["anna"], 400, 100)


class Broken(PaintedDetector):
    """Gives what is no number for pictures of an odd width."""

    def detect(self, image: Image, *, scale: float | None = None, min_score: float | None = None) -> Faces:
        if image.shape[1] == 322:
            return Faces(np.full((1, 4), np.nan, np.float32), np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32))
        return super().detect(image, scale=scale, min_score=min_score)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def walk(seconds: float = 3.0, fps: int = 15) -> list[Image]:
    """Anna walks through an empty room."""
    return [paint(room(), COLOURS["anna"], 100 + 3 * number, 100) for number in range(round(seconds * fps))]


def examine(
    folder: Path,
    *paths: Path,
    fps: float = 5.0,
    annotate: bool = True,
    max_seconds: float = 60.0,
    stop: threading.Event | None = None,
    told: Callable[[Progress], None] = lambda progress: None,
) -> list[dict[str, Any]]:
    analyser = Analyser(Broken(), PaintedEmbedder())
    Examination(
        recordings=VideoFiles(),
        analyser=Stills(analyser),
        new_analysis=lambda camera_id: CameraAnalysis(camera_id, analyser),
        gallery=lambda: GALLERY,
        folder=folder,
        fps=fps,
        annotate=annotate,
        max_seconds=max_seconds,
        max_image_bytes=10_000_000,
        max_image_pixels=1_000_000,
        now_ms=1_767_265_205_000,
    ).run([ExaminedFile(path.name, path) for path in paths], told, stop or threading.Event())
    return [json.loads(line) for line in (folder / "result.jsonl").read_bytes().splitlines()]


def test_a_recording_is_looked_at_like_a_camera(folder: Path) -> None:
    video = write_video(folder / "walk.mp4", walk())
    told: list[Progress] = []
    head, *lines, end = examine(folder, video, told=told.append)
    assert head == {"file": 0, "name": "walk.mp4", "kind": "video", "width": 640, "height": 360}
    frames = [line for line in lines if "faces" in line]
    assert [round(frame["time_s"] * 5) for frame in frames] == list(range(15)), "five pictures a second"
    assert end["frames"] == 15
    assert end["duration_s"] == pytest.approx(3.0, abs=0.1)
    assert "error" not in end
    tracks = {face["track_id"] for frame in frames for face in frame["faces"]}
    assert len(tracks) == 1
    assert frames[-1]["faces"][0]["identity"] == "known"
    assert frames[-1]["faces"][0]["person_id"] == "anna"
    assert frames[-1]["crowd_analysis"]["face_count"] == 1
    (event,) = [line for line in lines if "event" in line]
    assert (event["event"], event["person_id"], event["track_id"]) == ("identified", "anna", *tracks)
    assert "vector" not in json.dumps(lines)
    assert (told[-1].share, told[-1].frames) == (1.0, 15)
    with av.open(str(folder / "annotated-0.webm")) as made:
        pictures = [frame.to_ndarray(format="bgr24") for frame in made.decode(video=0)]
        assert made.streams.video[0].codec_context.name == "vp9"
    assert (len(pictures), pictures[0].shape) == (15, (360, 640, 3))


def test_a_picture_is_looked_at_once(folder: Path) -> None:
    picture = folder / "anna.jpg"
    cv2.imwrite(str(picture), PICTURE)
    head, frame, end = examine(folder, picture)
    assert (head["kind"], head["width"], end["frames"]) == ("picture", 640, 1)
    (face,) = frame["faces"]
    assert (face["identity"], face["person_id"]) == ("known", "anna")
    drawn = cv2.imread(str(folder / "annotated-0.jpg"))
    assert drawn is not None
    assert np.abs(drawn.astype(int) - PICTURE).max() > 80, "a box was drawn"


def test_one_bad_file_spoils_no_other(folder: Path) -> None:
    bad = {"text.mp4": b"no video", "cut.jpg": cv2.imencode(".jpg", PICTURE)[1].tobytes()[:4000], "none.png": b""}
    for name, content in bad.items():
        (folder / name).write_bytes(content)
    cv2.imwrite(str(folder / "poison.png"), np.zeros((40, 322, 3), np.uint8))
    cv2.imwrite(str(folder / "good.png"), PICTURE)
    names = [*bad, "poison.png", "good.png"]
    lines = examine(folder, *(folder / name for name in names), annotate=False)
    ends = [line for line in lines if line.get("end")]
    assert [bool(end.get("error")) for end in ends] == [True, True, True, True, False]
    assert [line["name"] for line in lines if "name" in line] == names
    assert str(folder) not in json.dumps(lines), "where files lie is nobody's business"
    assert not list(folder.glob("annotated-*"))


def test_it_ends_when_it_is_stopped_or_out_of_time(folder: Path) -> None:
    video = write_video(folder / "walk.mp4", walk(1.0))
    stop = threading.Event()
    stop.set()
    assert examine(folder, video, stop=stop)[-1]["error"] == "it was stopped"
    assert "took longer than 0 s" in examine(folder, video, max_seconds=0.0)[-1]["error"]
    whole = write_video(folder / "long.mp4", walk(4.0))
    stop = threading.Event()
    lines = examine(folder, whole, stop=stop, told=lambda progress: stop.set())
    assert 0 < lines[-1]["frames"] < 20, "what was seen until then is kept"


def test_every_frame_is_looked_at_when_the_rate_asks_for_more(folder: Path) -> None:
    video = write_video(folder / "walk.mp4", walk(1.0))
    assert examine(folder, video, fps=30.0, annotate=False)[-1]["frames"] == 15


def test_odd_sizes_are_encoded(folder: Path) -> None:
    video = write_video(folder / "odd.mp4", [np.zeros((66, 98, 3), np.uint8)] * 5)
    examine(folder, video)
    writer = VideoFiles().writer(str(folder / "odd.webm"), fps=4.5, width=33, height=21)
    writer.write(np.zeros((21, 33, 3), np.uint8))
    writer.close()
    with av.open(str(folder / "odd.webm")) as made:
        assert (made.streams.video[0].width, made.streams.video[0].height) == (32, 20)

