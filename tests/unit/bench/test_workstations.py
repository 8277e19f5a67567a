"""The simulated workstations: who sits there, and what counts as somebody else's verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection

from bench.workstations.crowd import ANOTHER_EVERY, Desk, Heard
from bench.workstations.sitters import WEBCAM, Sitter, find_sitters

ADA, BEN = Sitter("Ada", (), (b"a", b"b")), Sitter("Ben", (), (b"c",))


class Socket:
    """Answers every picture with what the test makes of it."""

    def __init__(self, reply: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> None:
        self._reply = reply
        self._answers: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []

    async def send(self, text: str) -> None:
        self.sent.append(json.loads(text))
        self._answers += self._reply(self.sent[-1])

    async def recv(self) -> str:
        return json.dumps(self._answers.pop(0))


def desk(reply: Callable[[dict[str, Any]], list[dict[str, Any]]], number: int = 1) -> tuple[Desk, Socket]:
    socket = Socket(reply)
    return Desk(number, cast(ClientConnection, socket), ADA, BEN), socket


def answer(frame: dict[str, Any], name: str = "Ada", **changed: Any) -> dict[str, Any]:
    return {"action": "NO_ACTION", "actual_username": name, "send_time": frame["send_time"]} | changed


@pytest.mark.parametrize(
    ("replies", "counted"),
    [
        (lambda frame: [answer(frame)], "named"),
        (lambda frame: [answer(frame, "")], "unnamed"),
        (lambda frame: [answer(frame, "Ben")], "mistaken"),
        (lambda frame: [answer(frame, send_time="2/2")], "mistaken"),
        (lambda frame: [answer(frame, "Ben", send_time="1/0"), answer(frame)], "named"),
    ],
)
async def test_whose_verdict_it_is(replies: Callable[[dict[str, Any]], list[dict[str, Any]]], counted: str) -> None:
    one, _ = desk(replies)
    heard = Heard()
    await one.ask(heard)
    assert {name: getattr(heard, name) for name in ("named", "unnamed", "mistaken")} == {
        "named": 0, "unnamed": 0, "mistaken": 0,
    } | {counted: 1}  # fmt: skip
    assert len(heard.latencies_ms) == 1


async def test_now_and_then_somebody_else_sits_there_and_must_not_be_let_in() -> None:
    one, socket = desk(lambda frame: [answer(frame, "")], number=0)
    heard = Heard()
    for _ in range(ANOTHER_EVERY):
        await one.ask(heard)
    assert (heard.unnamed, heard.mistaken) == (ANOTHER_EVERY - 1, 1)
    assert [frame["image"] in BEN.encoded for frame in socket.sent] == [False] * (ANOTHER_EVERY - 1) + [True]
    assert {frame["user_name"] for frame in socket.sent} == {"Ada"}


def test_without_the_assets_the_demonstrations_people_sit_there(
    models_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_TEST_ASSETS", str(tmp_path))
    sitters = find_sitters(models_home / "models")
    assert [sitter.name for sitter in sitters] == ["astronaut", "grace-hopper"]
    for sitter in sitters:
        assert len(set(sitter.frames)) > 1
        picture = cv2.imdecode(np.frombuffer(sitter.frames[0], np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None and picture.shape[1::-1] == WEBCAM


def test_with_the_assets_the_people_of_the_webcam_clips_do(assets: Path, models_home: Path) -> None:
    sitters = find_sitters(models_home / "models")
    assert [sitter.name for sitter in sitters] == ["A", "C"]
    assert all(len(sitter.photos) >= 5 and len(sitter.frames) >= 20 for sitter in sitters)
