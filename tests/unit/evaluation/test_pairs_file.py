from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.evaluation.pairs_file import read_pairs
from sightline.exceptions import ConfigurationError


@pytest.mark.parametrize(
    "text",
    [
        "a/1.jpg,a/2.jpg,1\na/1.jpg,b/1.jpg,0\n",
        "image_a,image_b,same\na/1.jpg,a/2.jpg,1\na/1.jpg,b/1.jpg,0\n",
        "\ufeffsame;first;second\r\ntrue;a/1.jpg;a/2.jpg\r\nfalse;a/1.jpg;b/1.jpg\r\n",
        "id\timage1\timage2\tlabel\n7\ta/1.jpg\ta/2.jpg\tgenuine\n\n8\ta/1.jpg\tb/1.jpg\timpostor\n",
        "probe,reference,match\na/1.jpg,a/2.jpg,yes\na/1.jpg,b/1.jpg,no\n",
    ],
)
def test_reads_what_people_write(text: str) -> None:
    pairs = read_pairs(text)
    assert [(pair.first, pair.second, pair.same) for pair in pairs] == [
        ("a/1.jpg", "a/2.jpg", True),
        ("a/1.jpg", "b/1.jpg", False),
    ]


def test_keeps_commas_and_quotes_in_names() -> None:
    assert read_pairs('"a, 1.jpg","b ""2"".jpg",0\n')[0].second == 'b "2".jpg'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("image_a,image_b,same\n", "no pairs"),
        ("a.jpg,b.jpg\n", "line 1: 2 columns"),
        ("a.jpg,b.jpg,1\na.jpg,b.jpg,perhaps\n", "line 2: 'perhaps'"),
        ("a.jpg,,1\n", "line 1: a picture's name is empty"),
    ],
)
def test_says_which_line_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        read_pairs(text)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        read_pairs(text)
