"""Names of classes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.detections.classes import COCO, OUR_NAMES, names_of_metadata, parse_classes, renamed


def test_our_names_are_of_classes_that_coco_has() -> None:
    classes = parse_classes(OUR_NAMES)
    assert classes.keys() <= set(COCO)
    assert set(classes.values()) == {"person", "vehicle", "package", "phone"}
    assert renamed(("truck", "dog"), classes) == ("vehicle", "dog")


@pytest.mark.parametrize("line", ["", "car", "=vehicle", "car=", "="])
def test_a_line_that_names_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="write it like car=vehicle"):
        parse_classes((line,))


def test_names_are_those_written_down_else_cocos_else_numbers() -> None:
    assert names_of_metadata("{0: 'dog', 1: 'cat'}", 2) == ("dog", "cat")
    assert names_of_metadata(None, 80) == COCO
    assert names_of_metadata("{0: 'dog'}", 2) == ("class 0", "class 1")


@given(st.text(max_size=200), st.integers(0, 5))
def test_whatever_is_written_there_are_as_many_names_as_classes(written: str, count: int) -> None:
    assert len(names_of_metadata(written, count)) == count
