"""Sessions that nobody ends: their engine died."""

from __future__ import annotations

from typing import cast

from starlette.websockets import WebSocket

from sightline.events.engine_link import Hello
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.video.held_sessions import UNREAD_MS, HeldSessions


def engine_of(process: str) -> EngineLink:
    hello = Hello(engine_id="e", version="1", capacity=1, devices=[], models=[], process=process)
    return EngineLink("e", hello, cast(WebSocket, None), 0)


def test_a_session_ends_with_the_process_that_answered_it_and_outlives_its_link() -> None:
    readers: dict[str, EngineLink] = {"door": engine_of("a"), "hall": engine_of("b")}
    sessions = HeldSessions(readers.get)
    for camera_id in readers:
        sessions.began(f"to {camera_id}", camera_id, "ada")
    sessions.tick(0)
    assert len(sessions) == 2
    readers["door"] = engine_of("a")  # the same process, on another link
    readers["hall"] = engine_of("c")  # started again
    sessions.tick(1_000)
    assert len(sessions) == 1
    del readers["door"]
    for now_ms in (2_000, 2_000 + UNREAD_MS - 1):
        sessions.tick(now_ms)
        assert len(sessions) == 1
    sessions.tick(2_000 + UNREAD_MS)
    assert len(sessions) == 0


def test_an_engine_that_is_back_in_time_keeps_its_sessions() -> None:
    readers: dict[str, EngineLink] = {"door": engine_of("a")}
    sessions = HeldSessions(readers.get)
    sessions.began("s", "door", "ada")
    engine = readers.pop("door")
    sessions.tick(0)
    readers["door"] = engine
    sessions.tick(UNREAD_MS)
    del readers["door"]
    sessions.tick(UNREAD_MS + 1)
    assert len(sessions) == 1
