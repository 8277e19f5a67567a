from __future__ import annotations

import threading
from collections import Counter

import numpy as np

from sightline.engine.cameras.mailbox import Mailboxes
from sightline.frames import Frame


def frame(camera_id: str, frame_id: int) -> Frame:
    return Frame(camera_id, frame_id, 0, np.zeros((1, 1, 3), np.uint8))


def test_the_newest_frame_wins_and_the_replaced_are_counted() -> None:
    boxes = Mailboxes()
    for frame_id in range(5):
        boxes.put(frame("a", frame_id))
    taken = boxes.take(0)
    assert taken is not None and taken.frame_id == 4
    assert boxes.replaced == 4
    assert boxes.take(0) is None


def test_a_camera_is_with_one_worker_at_a_time() -> None:
    boxes = Mailboxes()
    boxes.put(frame("a", 1))
    assert boxes.take(0) is not None
    boxes.put(frame("a", 2))
    assert boxes.take(0) is None
    boxes.done("a")
    taken = boxes.take(0)
    assert taken is not None and taken.frame_id == 2


def test_cameras_take_turns_however_fast_one_is() -> None:
    boxes = Mailboxes()
    served: Counter[str] = Counter()
    for frame_id in range(300):
        boxes.put(frame("fast", frame_id))
        if frame_id % 3 == 0:
            boxes.put(frame("slow", frame_id))
            boxes.put(frame("other", frame_id))
        if frame_id % 2 == 0:
            taken = boxes.take(0)
            assert taken is not None
            served[taken.camera_id] += 1
            boxes.done(taken.camera_id)
    assert min(served.values()) >= 45


def test_a_forgotten_camera_leaves_nothing() -> None:
    boxes = Mailboxes()
    boxes.put(frame("a", 1))
    boxes.forget("a")
    boxes.forget("never seen")
    assert boxes.take(0) is None


def test_closing_wakes_every_worker() -> None:
    boxes = Mailboxes()
    results: list[Frame | None] = []
    workers = [threading.Thread(target=lambda: results.append(boxes.take())) for _ in range(3)]
    for worker in workers:
        worker.start()
    boxes.close()
    for worker in workers:
        worker.join(5)
    assert results == [None, None, None]
    boxes.put(frame("a", 1))
    assert boxes.take(0) is None


def test_many_workers_and_cameras_lose_no_camera_and_share_none() -> None:
    boxes = Mailboxes()
    held: set[str] = set()
    clashes: list[str] = []
    last: dict[str, int] = {}
    lock = threading.Lock()

    def work() -> None:
        while (taken := boxes.take()) is not None:
            with lock:
                if taken.camera_id in held or taken.frame_id <= last.get(taken.camera_id, -1):
                    clashes.append(taken.camera_id)
                held.add(taken.camera_id)
                last[taken.camera_id] = taken.frame_id
            with lock:
                held.discard(taken.camera_id)
            boxes.done(taken.camera_id)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for frame_id in range(400):
        for camera in ("a", "b", "c"):
            boxes.put(frame(camera, frame_id))
    while len(last) < 3 or min(last.values()) < 399:
        pass
    boxes.close()
    for worker in workers:
        worker.join(5)
    assert not clashes
