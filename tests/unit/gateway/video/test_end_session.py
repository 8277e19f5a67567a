"""A session that its user ends: when that is answered, and who hears of its end."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sightline.events.peer import EndSession
from sightline.exceptions import Unavailable
from sightline.gateway.gateway import Gateway
from sightline.gateway.video import webrtc


class ScriptedEngine:
    """Says that a session has ended when it is told to end it, is silent, or goes away."""

    id = "engine"

    def __init__(self, manner: str) -> None:
        self.on_session_ended: dict[str, Callable[[str], None]] = {}
        self._manner = manner

    async def send(self, message: EndSession) -> None:
        match self._manner:
            case "answers":
                self.on_session_ended.pop(message.session_id)("stopped")
            case "is gone":
                raise OSError


def gateway_with(engine: ScriptedEngine) -> Gateway:
    async def get(camera_id: str) -> Any:
        return SimpleNamespace(id=camera_id)

    store = SimpleNamespace(cameras=SimpleNamespace(get=get))
    return cast(Gateway, SimpleNamespace(store=store, engines=SimpleNamespace(reader_of=lambda camera_id: engine)))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc, "END_TIMEOUT_S", 0.05)


async def test_who_waited_for_its_end_is_told_too() -> None:
    engine, heard = ScriptedEngine("answers"), list[str]()
    engine.on_session_ended["s"] = heard.append
    await webrtc.end_session(gateway_with(engine), "camera", "s")
    assert heard == ["stopped"]
    assert engine.on_session_ended == {}


@pytest.mark.parametrize("manner", ["is silent", "is gone"])
async def test_who_waited_for_its_end_waits_on_where_the_engine_says_nothing(manner: str) -> None:
    engine, heard = ScriptedEngine(manner), list[str]()
    engine.on_session_ended["s"] = heard.append
    ending = webrtc.end_session(gateway_with(engine), "camera", "s")
    if manner == "is gone":
        with pytest.raises(Unavailable, match="went away"):
            await ending
    else:
        await ending
    engine.on_session_ended.pop("s")("over")
    assert heard == ["over"]
