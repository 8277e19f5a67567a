from __future__ import annotations

import asyncio

from sightline.engine.link.outgoing import MAX_ANSWERS, LivePicture, Outgoing
from sightline.events.engine_link import CameraReport, Status
from sightline.events.observation import Observation
from sightline.events.still import Analysis


def observation(camera_id: str, frame_id: int) -> Observation:
    return Observation(camera_id=camera_id, frame_id=frame_id, timestamp=0, width=1, height=1, faces=[])


def report(camera_id: str, reason: str) -> CameraReport:
    return CameraReport(camera_id=camera_id, state="online", reason=reason, since=0)


async def everything(outgoing: Outgoing) -> list[object]:
    found: list[object] = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                found.append((await outgoing.next()).message)
        except TimeoutError:
            return found


async def test_the_newest_observation_and_report_of_each_camera_are_sent() -> None:
    outgoing = Outgoing()
    for frame_id in range(4):
        outgoing.observe(observation("a", frame_id), ())
        outgoing.report(report("a", str(frame_id)))
    outgoing.observe(observation("b", 9), ())
    assert outgoing.replaced == 3
    assert await everything(outgoing) == [report("a", "3"), observation("a", 3), observation("b", 9)]


async def test_an_observation_carries_its_picture() -> None:
    outgoing = Outgoing()
    picture = LivePicture("a", "sd", 7, 0, 1, 1, b"jpeg")
    outgoing.observe(observation("a", 7), (picture,))
    parcel = await outgoing.next()
    assert (parcel.message, parcel.pictures) == (observation("a", 7), (picture,))


async def test_answers_come_first_and_are_bounded() -> None:
    outgoing = Outgoing()
    outgoing.state(Status(load=0, cameras=0, spool_facts=0, spool_bytes=0))
    for number in range(MAX_ANSWERS + 5):
        outgoing.answer(Analysis(request_id=str(number)))
    found = await everything(outgoing)
    assert [m.request_id for m in found if isinstance(m, Analysis)] == [str(n) for n in range(5, MAX_ANSWERS + 5)]
    assert isinstance(found[-1], Status)


async def test_a_new_link_begins_with_nothing_of_the_old() -> None:
    outgoing = Outgoing()
    outgoing.observe(observation("a", 1), ())
    outgoing.report(report("a", ""))
    outgoing.answer(Analysis(request_id="1"))
    outgoing.clear()
    assert await everything(outgoing) == []


async def test_a_waiting_sender_is_woken() -> None:
    outgoing = Outgoing()
    waiting = asyncio.create_task(outgoing.next())
    await asyncio.sleep(0)
    outgoing.observe(observation("a", 1), ())
    assert (await waiting).message == observation("a", 1)
