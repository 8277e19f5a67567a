from __future__ import annotations

import json

import cv2
import numpy as np

from sightline.engine.cameras.watching import Watching, pack_picture
from sightline.events.engine_link import Watch
from sightline.frames import Frame


def frame(frame_id: int = 1, width: int = 1280, height: int = 720) -> Frame:
    return Frame("hall", frame_id, 1234, np.full((height, width, 3), 127, np.uint8))


def test_nobody_looks_nothing_is_encoded() -> None:
    watching = Watching()
    assert watching.pictures(frame(), 0.0) == ()
    watching.watch(Watch(camera_id="elsewhere"))
    assert watching.pictures(frame(), 0.0) == ()


def test_a_picture_is_scaled_but_says_the_size_of_its_frame() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", max_side=320, jpeg_quality=70))
    (picture,) = watching.pictures(frame(7), 0.0)
    assert (picture.width, picture.height, picture.frame_id, picture.timestamp) == (1280, 720, 7, 1234)
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and decoded.shape == (180, 320, 3)


def test_a_small_picture_is_not_blown_up() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", max_side=960))
    (picture,) = watching.pictures(frame(width=160, height=120), 0.0)
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and decoded.shape == (120, 160, 3)


def test_no_more_pictures_than_asked_for() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", fps=2.0))
    sent = [bool(watching.pictures(frame(number), number / 10)) for number in range(20)]
    assert sum(sent) == 4


def test_the_newest_wish_counts_and_absurd_ones_are_bounded() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", fps=0.0, max_side=0, jpeg_quality=1000))
    (picture,) = watching.pictures(frame(), 0.0)
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and max(decoded.shape[:2]) == 64
    watching.watch(Watch(camera_id="hall", fps=5.0))
    assert watching.pictures(frame(), 0.01)
    watching.unwatch("hall", "sd")
    watching.unwatch("hall", "sd")
    assert watching.pictures(frame(), 9.0) == ()


def test_each_quality_has_a_size_and_a_rate_of_its_own() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", quality="thumbnail", max_side=64, fps=1.0))
    watching.watch(Watch(camera_id="hall", quality="hd", max_side=1280, fps=10.0))
    first = {picture.quality: picture for picture in watching.pictures(frame(1), 0.0)}
    assert first.keys() == {"thumbnail", "hd"}
    assert len(first["thumbnail"].jpeg) < len(first["hd"].jpeg)
    assert [picture.quality for picture in watching.pictures(frame(2), 0.1)] == ["hd"]
    watching.unwatch("hall", "hd")
    watching.unwatch("yard", "hd")
    assert [picture.quality for picture in watching.pictures(frame(3), 1.0)] == ["thumbnail"]


def test_a_lost_link_ends_all_watching() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall"))
    watching.forget()
    assert watching.pictures(frame(), 0.0) == ()


def test_the_binary_message() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall"))
    (picture,) = watching.pictures(frame(3), 0.0)
    data = pack_picture(picture)
    length = int.from_bytes(data[:4], "big")
    assert json.loads(data[4 : 4 + length]) == {
        "camera_id": "hall",
        "quality": "sd",
        "frame_id": 3,
        "timestamp": 1234,
        "width": 1280,
        "height": 720,
    }
    assert data[4 + length :] == picture.jpeg
