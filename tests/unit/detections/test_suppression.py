"""Suppression of duplicates."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sightline import geometry
from sightline.detections.suppression import nms, nms_by_label


def test_the_best_of_overlapping_boxes_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [50, 50, 60, 60]], np.float32)
    assert nms(boxes, np.array([0.6, 0.9, 0.5], np.float32), 0.3).tolist() == [1, 2]


def test_a_suppressed_box_suppresses_nothing() -> None:
    chain = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    assert nms(chain, np.array([0.9, 0.8, 0.7], np.float32), 0.3).tolist() == [0, 2]


def test_no_boxes() -> None:
    assert nms(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.3).tolist() == []


@given(st.integers(0, 12).flatmap(lambda n: arrays(np.float32, (n, 5), elements=st.floats(0, 100, width=32))))
def test_kept_boxes_do_not_overlap_and_every_dropped_one_does(rows: np.ndarray) -> None:
    boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4] + 1], axis=1)
    kept = nms(boxes, rows[:, 4], 0.3)
    overlap = geometry.iou(boxes, boxes)
    for rank, index in enumerate(kept):
        assert (overlap[index, kept[rank + 1 :]] <= 0.3).all()
    for index in set(range(len(boxes))) - set(kept.tolist()):
        better = [one for one in kept if rows[one, 4] >= rows[index, 4]]
        assert overlap[index, better].max() > 0.3


def test_only_boxes_of_one_label_suppress_each_other() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 9.5]], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    kept = nms_by_label(boxes, scores, np.array([0, 1, 0]), max_iou=0.5)
    assert kept.tolist() == [0, 1]


def test_a_part_inside_the_whole_is_dropped_where_nesting_is() -> None:
    boxes = np.array([[0, 0, 40, 100], [5, 5, 30, 40], [100, 0, 140, 100]], np.float32)
    scores = np.array([0.9, 0.95, 0.7], np.float32)
    labels = np.zeros(3, np.intp)
    assert nms_by_label(boxes, scores, labels, max_iou=0.5).tolist() == [1, 0, 2]
    assert nms_by_label(boxes, scores, labels, max_iou=0.5, max_nested=0.7).tolist() == [1, 2]
