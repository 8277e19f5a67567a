"""Offers that an engine gets, and what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from structlog.testing import capture_logs

from sightline.engine.video.peer_sessions import PeerSessions
from sightline.events.peer import Answer, EndSession, Offer, PushedPicture, SessionEnded
from sightline.exceptions import PeerRefused

CAMERA = "phone"


class ScriptedPeers:
    """Answers with its own words, or fails as it is told."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.calls: list[tuple[str, ...]] = []

    def publish(self, session_id: str, camera_id: str, offer: str) -> Future[str]:
        self.calls.append(("publish", session_id, camera_id, offer))
        future: Future[str] = Future()
        if self.problem is None:
            future.set_result("v=0 answer")
        else:
            future.set_exception(self.problem)
        return future

    on_ended: Callable[[str, str], None] = staticmethod(lambda session_id, reason: None)

    def push(self, session_id: str, camera_id: str, timestamp_ms: int, jpeg: bytes) -> None:
        self.calls.append(("push", session_id, camera_id, jpeg.decode()))

    def end(self, session_id: str, camera_id: str, reason: str = "") -> None:
        self.calls.append(("end", session_id, camera_id, reason))

    def camera_gone(self, camera_id: str) -> None:
        self.calls.append(("gone", camera_id))

    def close(self) -> None:
        self.calls.append(("close",))


def offer(camera_id: str = CAMERA) -> Offer:
    return Offer(request_id="r", session_id="s", camera_id=camera_id, direction="publish", offer="v=0 offer")


async def answer_of(peers: ScriptedPeers | None, wanted: Offer) -> Answer:
    answers: asyncio.Queue[Answer | SessionEnded] = asyncio.Queue()
    sessions = PeerSessions(peers, answers.put_nowait, {CAMERA}.__contains__)
    sessions.offered(wanted)
    answer = await asyncio.wait_for(answers.get(), 5)
    assert isinstance(answer, Answer)
    return answer


async def test_offer_is_answered() -> None:
    peers = ScriptedPeers()
    assert await answer_of(peers, offer()) == Answer(request_id="r", answer="v=0 answer")
    assert peers.calls == [("publish", "s", CAMERA, "v=0 offer")]


async def test_refusals() -> None:
    assert (await answer_of(None, offer())).error_code == "NOT_SUPPORTED"
    assert (await answer_of(ScriptedPeers(), offer("elsewhere"))).error_code == "NOT_READ_HERE"
    refused = await answer_of(ScriptedPeers(PeerRefused("no video", "INVALID_OFFER")), offer())
    assert (refused.error, refused.error_code) == ("no video", "INVALID_OFFER")


async def test_surprise_is_logged_and_answered() -> None:
    with capture_logs() as logs:
        answer = await answer_of(ScriptedPeers(KeyError("x")), offer())
    assert answer.error_code == "PROCESSING_ERROR"
    assert [entry["event"] for entry in logs] == ["answering an offer failed"]


async def test_ends_are_passed_on() -> None:
    peers = ScriptedPeers()
    answers: list[Answer | SessionEnded] = []
    sessions = PeerSessions(peers, answers.append, {CAMERA}.__contains__)
    sessions.end(EndSession(session_id="s", camera_id=CAMERA, reason="revoked"))
    sessions.pushed(PushedPicture(session_id="p", camera_id=CAMERA, timestamp=1, jpeg=b"x"))
    sessions.pushed(PushedPicture(session_id="q", camera_id="elsewhere", timestamp=1, jpeg=b"x"))
    sessions.camera_gone(CAMERA)
    await sessions.close()
    assert peers.calls == [("end", "s", CAMERA, "revoked"), ("push", "p", CAMERA, "x"), ("gone", CAMERA), ("close",)]
    assert answers == [SessionEnded(session_id="q", reason="this engine does not read that camera")]


async def test_an_engine_without_sessions_says_that_there_is_none() -> None:
    answers: list[Answer | SessionEnded] = []
    PeerSessions(None, answers.append, {CAMERA}.__contains__).end(EndSession(session_id="s", camera_id=CAMERA))
    assert answers == [SessionEnded(session_id="s", reason="this engine has no such video sessions")]
