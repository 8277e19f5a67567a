from __future__ import annotations

import asyncio
import contextlib

from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.framing import Frame
from sightline.gateway.delivery.outbox import CROWDED_CONTROL, MAX_CONTROL, MAX_STATE, AwaitedOutbox, Outbox


def outbox() -> Outbox:
    return Outbox(lambda: None)


def said(messages: list[Frame]) -> list[str | bytes]:
    return [message.payload for message in messages]


async def test_wait_returns_when_something_was_put_in() -> None:
    for put in (
        lambda box: box.put_control("x"),
        lambda box: box.put_state(Frame("x")),
        lambda box: box.put_observation("c", 1, Frame("x")),
        lambda box: box.put_picture("c", 1, Frame("x"), Frame(b"x")),
        lambda box: box.wake(),
    ):
        box = AwaitedOutbox()
        put(box)
        await asyncio.wait_for(box.wait(), 5)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(box.wait(), 0.001)
            raise AssertionError("it was woken once")


async def test_order_is_kept_and_taken_once() -> None:
    box = outbox()
    for number in range(5):
        box.put_control(f"c{number}")
        box.put_state(Frame(f"s{number}"))
    assert said(box.take_control()) == [f"c{number}" for number in range(5)]
    assert said(box.take_state()) == [f"s{number}" for number in range(5)]
    assert (box.take_control(), box.take_state(), box.take_camera()) == ([], [], [])


async def test_full_queues_are_told_and_take_no_more() -> None:
    for put, take, most in (
        ("put_control", "take_control", MAX_CONTROL),
        ("put_state", "take_state", MAX_STATE),
    ):
        box = outbox()
        message = Frame("x") if put == "put_state" else "x"
        for _ in range(most):
            getattr(box, put)(message)
        assert not box.overflowed
        getattr(box, put)(message)
        assert box.overflowed
        assert len(getattr(box, take)()) == most


async def test_who_asks_faster_than_it_reads_waits() -> None:
    box = outbox()
    for _ in range(CROWDED_CONTROL - 1):
        box.put_control("answer")
    await asyncio.wait_for(box.room(), 5)
    box.put_control("answer")
    waiting = asyncio.create_task(box.room())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    box.take_control()
    await asyncio.wait_for(waiting, 5)


async def test_newest_observation_and_picture_replace_older_ones() -> None:
    box = outbox()
    for frame_id in range(1, 5):
        observation = Frame(f"o{frame_id}")
        box.put_observation("c", frame_id, observation)
        box.put_picture("c", frame_id, observation, Frame(b"p%d" % frame_id))
    assert box.replaced == 6
    assert not box.is_empty
    assert said(box.take_camera()) == ["o4", b"p4"]
    assert box.is_empty
    assert box.take_camera() == []


async def test_newest_objects_replace_older_ones_and_come_after_the_observation() -> None:
    box = outbox()
    for frame_id in range(1, 4):
        box.put_observation("c", frame_id, Frame(f"o{frame_id}"))
        box.put_observation("c/objects", frame_id, Frame(f"d{frame_id}"))
    assert box.replaced == 4
    assert said(box.take_camera()) == ["o3"]
    assert said(box.take_camera()) == ["d3"]
    assert box.take_camera() == []


async def test_a_camera_is_dropped_with_all_its_slots() -> None:
    box = outbox()
    for slot in ("c", "c/objects", "c2"):
        box.put_observation(slot, 1, Frame(slot))
    box.drop_camera("c")
    assert said(box.take_camera()) == ["c2"]
    assert box.take_camera() == []


async def test_cameras_take_turns() -> None:
    box = outbox()
    shown = []
    for frame_id in range(3):
        for camera_id in ("a", "b", "c"):
            box.put_observation(camera_id, frame_id, Frame(f"{camera_id}{frame_id}"))
        shown += said(box.take_camera())
    assert shown == ["a0", "b1", "c2"]


async def test_camera_nobody_wants_is_dropped() -> None:
    box = outbox()
    box.put_observation("a", 1, Frame("a1"))
    box.put_observation("b", 1, Frame("b1"))
    box.drop_camera("a")
    box.drop_camera("none")
    assert said(box.take_camera()) == ["b1"]
    assert box.take_camera() == []


STEPS = st.lists(st.tuples(st.sampled_from(["observe", "picture", "take"]), st.integers(1, 40)), max_size=60)


@given(STEPS)
def test_picture_never_goes_without_its_observation(steps: list[tuple[str, int]]) -> None:
    box = outbox()
    shown: list[str] = []
    for what, frame_id in steps:
        if what == "observe":
            box.put_observation("c", frame_id, Frame(f"o{frame_id}"))
        elif what == "picture":
            box.put_picture("c", frame_id, Frame(f"o{frame_id}"), Frame(str(frame_id).encode()))
        else:
            for message in said(box.take_camera()):
                if isinstance(message, bytes):
                    assert f"o{int(message)}" in shown[-20:]
                else:
                    assert message not in shown[-15:], "an observation is sent once"
                    shown.append(message)
