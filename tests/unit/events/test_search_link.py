from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from sightline.events import search_link as link

QUESTIONS: list[link.Question] = [
    link.Search(request_id=1, model_id="m", vectors=[b"\0\0"], count=5, cameras=["c"], from_ms=1, to_ms=2),
    link.Search(request_id=1, model_id="m", vectors=[], count=5),
    link.Recognise(request_id=2, model_id="m", vector=b"\0"),
    link.Changed(),
    link.Placed(),
]
STATEMENTS: list[link.Statement] = [
    link.Found(request_id=1, keys=[3], distances=[0.5], indexed=1, total=2, comparable=1),
    link.Recognised(request_id=2, group=None),
    link.Indexed(indexed=1, total=2, ready=False),
    link.Place(placements=[link.Placement(3, "g", True), link.Placement(4, None, False)]),
]


@pytest.mark.parametrize("message", [*QUESTIONS, *STATEMENTS], ids=lambda message: type(message).__name__)
def test_messages_survive_the_pipe(message: link.Question | link.Statement) -> None:
    framed = link.frame(message)
    size, data = int.from_bytes(framed[: link.LENGTH_BYTES], "big"), framed[link.LENGTH_BYTES :]
    assert size == len(data)
    decode = link.decode_question if message in QUESTIONS else link.decode_statement
    assert decode(data) == message


def test_every_kind_of_message_is_tried() -> None:
    assert {type(message) for message in QUESTIONS} == set(get_args(link.Question))
    assert {type(message) for message in STATEMENTS} == set(get_args(link.Statement))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x81\xa4type\xa4nono"])
def test_anything_else_is_refused(data: bytes) -> None:
    for decode in (link.decode_question, link.decode_statement):
        with pytest.raises(msgspec.DecodeError):
            decode(data)
