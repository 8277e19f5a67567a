from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.fragment_wire import VideoPart, pack_part, unpack_part
from sightline.deliveries.fragments import Fragment, Opening

PARTS = st.one_of(
    st.builds(Opening, st.binary(min_size=1), st.text(max_size=40), st.integers(1, 9999), st.integers(1, 9999)),
    st.builds(Fragment, st.binary(min_size=1), st.booleans(), st.integers(1, 2**50)),
)


@given(st.text(max_size=40), st.sampled_from(["thumbnail", "sd", "hd"]), PARTS)
def test_parts_survive_the_wire(camera_id: str, quality: str, part: Opening | Fragment) -> None:
    assert unpack_part(pack_part(camera_id, quality, part)) == VideoPart(camera_id, quality, part)


@given(st.binary(max_size=80))
def test_anything_else_is_no_part(data: bytes) -> None:
    unpack_part(data)
    unpack_part(len(data).to_bytes(4, "big") + data + b"x")


def test_a_picture_is_no_part() -> None:
    head = json.dumps({"camera_id": "c", "quality": "sd", "frame_id": 1}).encode()
    assert unpack_part(len(head).to_bytes(4, "big") + head + b"\xff\xd8") is None
