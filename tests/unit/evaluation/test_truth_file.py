from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.evaluation.truth_file import Appearance, read_truth
from sightline.exceptions import ConfigurationError


def test_reads_frames() -> None:
    truth = read_truth("start_frame,end_frame,person\n0,19,Lin\n5,30,unknown\n")
    assert truth.appearances == (Appearance(0, 19, "Lin"), Appearance(5, 30, ""))
    assert not truth.in_seconds
    assert truth.people() == {"Lin"}
    assert [one.person for one in truth.at(10)] == ["Lin", ""]
    assert [one.person for one in truth.at(30)] == [""]


def test_reads_seconds_and_boxes() -> None:
    truth = read_truth("start_s, end_s, person, x1, y1, x2, y2\n0.5, 1, Ada, 1, 2, 3, 4\n1, 2, Bob, , , ,\n")
    assert truth.in_seconds
    assert [one.box for one in truth.appearances] == [(1, 2, 3, 4), None]


def test_reads_one_line_a_frame() -> None:
    assert read_truth("frame,person\n7,Ada\n").appearances == (Appearance(7, 7, "Ada"),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "heading"),
        ("a,b,c\n1,2,3\n", "heading"),
        ("start_frame,end_frame,person\n", "nothing else"),
        ("start_frame,end_frame,person\n9,3,Ada\n", "line 2: it ends before"),
        ("start_frame,end_frame,person\nx,3,Ada\n", "line 2: 'x' is no number"),
        ("start_frame,end_frame,person\n1,nan,Ada\n", "line 2: 'nan'"),
        ("start_frame,end_frame,person,x1,y1,x2,y2\n1,2,Ada,1,2,3,\n", "line 2: .*missing"),
    ],
)
def test_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        read_truth(text)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    for head in ("", "start_frame,end_frame,person\n"):
        with contextlib.suppress(ConfigurationError):
            read_truth(head + text)
