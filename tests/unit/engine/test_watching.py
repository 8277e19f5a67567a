from __future__ import annotations

import json

import cv2
import numpy as np

from sightline.engine.watching import Watching, pack_picture
from sightline.events.engine_link import Watch
from sightline.frames import Frame


def frame(frame_id: int = 1, width: int = 1280, height: int = 720) -> Frame:
    return Frame("hall", frame_id, 1234, np.full((height, width, 3), 127, np.uint8))


def test_nobody_looks_nothing_is_encoded() -> None:
    watching = Watching()
    assert watching.picture(frame(), 0.0) is None
    watching.watch(Watch(camera_id="elsewhere"))
    assert watching.picture(frame(), 0.0) is None


def test_a_picture_is_scaled_but_says_the_size_of_its_frame() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", max_side=320, quality=70))
    picture = watching.picture(frame(7), 0.0)
    assert picture is not None
    assert (picture.width, picture.height, picture.frame_id, picture.timestamp) == (1280, 720, 7, 1234)
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and decoded.shape == (180, 320, 3)


def test_a_small_picture_is_not_blown_up() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", max_side=960))
    picture = watching.picture(frame(width=160, height=120), 0.0)
    assert picture is not None
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and decoded.shape == (120, 160, 3)


def test_no_more_pictures_than_asked_for() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", fps=2.0))
    sent = [watching.picture(frame(number), number / 10) is not None for number in range(20)]
    assert sum(sent) == 4


def test_the_newest_wish_counts_and_absurd_ones_are_bounded() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall", fps=0.0, max_side=0, quality=1000))
    picture = watching.picture(frame(), 0.0)
    assert picture is not None
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and max(decoded.shape[:2]) == 64
    watching.watch(Watch(camera_id="hall", fps=5.0))
    assert watching.picture(frame(), 0.01) is not None
    watching.unwatch("hall")
    watching.unwatch("hall")
    assert watching.picture(frame(), 9.0) is None


def test_a_lost_link_ends_all_watching() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall"))
    watching.forget()
    assert watching.picture(frame(), 0.0) is None


def test_the_binary_message() -> None:
    watching = Watching()
    watching.watch(Watch(camera_id="hall"))
    picture = watching.picture(frame(3), 0.0)
    assert picture is not None
    data = pack_picture(picture)
    length = int.from_bytes(data[:4], "big")
    assert json.loads(data[4 : 4 + length]) == {
        "camera_id": "hall",
        "frame_id": 3,
        "timestamp": 1234,
        "width": 1280,
        "height": 720,
    }
    assert data[4 + length :] == picture.jpeg
