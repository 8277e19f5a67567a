from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sightline.deliveries.framing import Frame
from sightline.events.observation import Observation, TrackedFace
from sightline.exceptions import Unavailable
from sightline.gateway.hub import REMEMBERED_OBSERVATIONS, TOLD_AT_ONCE, Hub, Shown


class Names:
    """A directory of one person."""

    def __init__(self) -> None:
        self.people = self
        self.name = "Ada"

    def peek(self, person_id: str | None) -> None:
        return None

    async def find(self, person_id: str | None) -> Any:
        await asyncio.sleep(0)
        return type("Person", (), {"id": person_id, "name": self.name}) if person_id == "ada" else None


class Listener:
    """A client that writes down what it is handed."""

    def __init__(self, client_id: str, *, cameras: tuple[str, ...] = (), user_id: str = "u", device: str = "d") -> None:
        self.client_id, self.user_id, self.device = client_id, user_id, device
        self.cameras = cameras
        self.wished: dict[str, float] = {}
        self.woken = 0
        self.heard: list[Any] = []

    def wake(self) -> None:
        self.woken += 1

    def state(self, message: Frame) -> None:
        self.heard.append(json.loads(message.payload))

    def wants(self, camera_id: str) -> bool:
        return camera_id in self.cameras

    def observe(self, shown: Shown) -> None:
        assert shown.bundle.messages == [message for _, _, _, message in shown.observations]
        self.heard += [
            (frame_id, json.loads(message.payload)["data"])
            for camera_id, _, frame_id, message in shown.observations
            if self.wants(camera_id)
        ]

    def picture(self, camera_id: str, frame_id: int, observation: Frame, message: Frame) -> None:
        self.heard.append((frame_id, json.loads(observation.payload)["data"], message.payload))

    def wished_pictures(self) -> dict[str, float]:
        return self.wished

    def end(self, code: int, reason: str) -> None:
        self.heard.append((code, reason))


def hub() -> Hub:
    return Hub(Names(), top=5)  # type: ignore[arg-type]


def join(hub: Hub, *clients: Listener) -> None:
    for client in clients:
        hub.join(client)  # type: ignore[arg-type]


def seen(frame_id: int, person_id: str | None = None) -> Observation:
    face = TrackedFace(
        bbox=(1, 2, 3, 4), confidence=0.9, landmarks=[], track_id="t", identity="known", quality=1, person_id=person_id
    )
    return Observation(camera_id="c", frame_id=frame_id, timestamp=1, width=10, height=20, faces=[face])


async def show(hub: Hub, observation: Observation) -> None:
    await hub.observe(observation, source="e")
    await asyncio.sleep(0)


async def fanned_out(hub: Hub) -> None:
    if hub._rounds is not None:
        await hub._rounds


async def test_commit_wakes_everybody_once() -> None:
    meeting, one, two = hub(), Listener("1"), Listener("2")
    join(meeting, one, two)
    assert (one.woken, two.woken) == (1, 1), "who joins looks at once"
    meeting.committed(6)
    meeting.committed(6)
    meeting.committed(4)
    await fanned_out(meeting)
    assert (one.woken, meeting.top) == (2, 6)
    meeting.leave(one)  # type: ignore[arg-type]
    meeting.committed(7)
    await fanned_out(meeting)
    assert (one.woken, two.woken) == (2, 3)


async def test_many_clients_are_woken_a_few_at_a_time() -> None:
    meeting = hub()
    clients = [Listener(str(number)) for number in range(3 * TOLD_AT_ONCE + 1)]
    join(meeting, *clients)
    for client in clients:
        client.woken = 0
    meeting.committed(6)
    turns = {0}
    while max(turns) < len(clients):
        turns.add(sum(client.woken for client in clients))
        await asyncio.sleep(0)
    assert sorted(turns) == [0, TOLD_AT_ONCE, 2 * TOLD_AT_ONCE, 3 * TOLD_AT_ONCE, len(clients)]


async def test_what_is_committed_during_a_round_comes_in_the_next() -> None:
    meeting, client = hub(), Listener("1")
    prepared: list[tuple[int, int]] = []
    rounds: list[float] = []

    async def prepare(after: int, top: int) -> None:
        prepared.append((after, top))
        if len(prepared) == 1:
            meeting.committed(7)
            meeting.committed(8)
        await asyncio.sleep(0)

    meeting.prepare = prepare
    meeting.on_round = rounds.append
    join(meeting, client)
    meeting.committed(6)
    await fanned_out(meeting)
    assert prepared == [(5, 6), (6, 8)]
    assert client.woken == 3
    assert len(rounds) == 2


async def test_a_round_whose_entries_cannot_be_read_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.gateway.hub.RETRY_S", 0.0)
    meeting, client = hub(), Listener("1")
    tries = 0

    async def prepare(after: int, top: int) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Unavailable("the store is overloaded")

    meeting.prepare = prepare
    join(meeting, client)
    meeting.committed(6)
    await fanned_out(meeting)
    assert (tries, client.woken) == (3, 2)


async def test_observation_goes_to_who_looks_and_is_encoded_for_them_only() -> None:
    meeting = hub()
    await show(meeting, seen(1))
    assert meeting.encoded_observations == 0, "nobody looks"
    looking, too, elsewhere = (
        Listener("1", cameras=("c",)),
        Listener("2", cameras=("c",)),
        Listener("3", cameras=("d",)),
    )
    join(meeting, looking, too, elsewhere)
    await show(meeting, seen(2, "ada"))
    assert meeting.encoded_observations == 1
    assert looking.heard == too.heard
    assert elsewhere.heard == []
    ((frame_id, data),) = looking.heard
    assert (frame_id, data["source"], data["faces"][0]["name"], data["faces"][0]["is_known"]) == (2, "e", "Ada", True)
    await show(meeting, seen(3, "erased"))
    face = looking.heard[1][1]["faces"][0]
    assert (face["person_id"], face["name"]) == (None, None)


async def test_observations_of_one_turn_come_together() -> None:
    meeting = hub()
    seen_at_once: list[Shown] = []
    clients = [Listener(str(number), cameras=("c",)) for number in range(2 * TOLD_AT_ONCE)]
    join(meeting, *clients)
    clients[0].observe = seen_at_once.append  # type: ignore[method-assign]
    for frame_id in (1, 2, 3):
        await meeting.observe(seen(frame_id), source="e")
    await asyncio.sleep(0)
    assert [[frame_id for _, _, frame_id, _ in shown.observations] for shown in seen_at_once] == [[1, 2, 3]]
    for _ in range(3):
        await asyncio.sleep(0)
    assert all([entry[0] for entry in client.heard] == [1, 2, 3] for client in clients[1:])
    await meeting.observe(seen(4, "ada"), source="e")
    meeting.forget()
    await asyncio.sleep(0)
    assert len(seen_at_once) == 1, "it named somebody who may be erased"


async def test_picture_waits_for_its_observation() -> None:
    meeting, client = hub(), Listener("1", cameras=("c",))
    join(meeting, client)
    meeting.picture("c", 3, b"3")
    meeting.picture("c", 5, b"5")
    assert client.heard == []
    await show(meeting, seen(3))
    assert [entry[0] for entry in client.heard] == [3], "the picture of frame 3 had been replaced"
    await show(meeting, seen(5))
    assert sorted((entry[0], len(entry)) for entry in client.heard[1:]) == [(5, 2), (5, 3)]
    assert b"5" in (client.heard[1][-1], client.heard[2][-1])
    meeting.picture("c", 6, b"6")
    await show(meeting, seen(7))
    await show(meeting, seen(6))
    assert all(len(entry) == 2 for entry in client.heard[3:]), "an older picture is dropped"


async def test_few_observations_are_remembered_and_none_with_an_old_name() -> None:
    meeting, client = hub(), Listener("1", cameras=("c",))
    join(meeting, client)
    for frame_id in range(100):
        await show(meeting, seen(frame_id, "ada"))
    assert len(meeting._observations["c"]) == REMEMBERED_OBSERVATIONS
    meeting.forget()
    client.heard.clear()
    meeting.picture("c", 99, b"99")
    assert client.heard == [], "its observation named somebody who may be erased"
    meeting.camera_removed("c")
    assert (meeting._observations, meeting._early) == ({}, {})


async def test_wished_pictures_are_the_union_at_the_highest_rate() -> None:
    meeting, one, two = hub(), Listener("1"), Listener("2")
    join(meeting, one, two)
    one.wished, two.wished = {"a": 2.0, "gone": 9.0}, {"*": 1.0, "b": 5.0}
    assert meeting.watched(["a", "b", "c"]) == {"a": 2.0, "b": 5.0, "c": 1.0}
    meeting.leave(two)  # type: ignore[arg-type]
    assert meeting.watched(["a", "b", "c"]) == {"a": 2.0}


async def test_who_leaves_is_told_nothing_and_the_engines_hear_of_it() -> None:
    meeting, client = hub(), Listener("1")
    changes = []
    meeting.on_watch_change = lambda: changes.append(1)
    join(meeting, client)
    meeting.leave(client)  # type: ignore[arg-type]
    meeting.leave(client)  # type: ignore[arg-type]
    meeting.broadcast("x", {})
    assert (changes, client.heard) == ([1], [])


async def test_connections_of_a_user_and_a_device() -> None:
    meeting = hub()
    desk, phone, other = Listener("1"), Listener("2", device="p"), Listener("3", user_id="v")
    newer = Listener("4")
    join(meeting, desk, phone, other)
    assert meeting.others(newer, device="d") == [desk]  # type: ignore[arg-type]
    assert meeting.of_user("u") == [desk, phone]


async def test_who_is_dismissed_is_gone_before_its_connection_is() -> None:
    meeting, client = hub(), Listener("1")
    join(meeting, client)
    meeting.dismiss(client, 4502, "another")  # type: ignore[arg-type]
    meeting.broadcast("x", {})
    assert (client.heard, list(meeting.clients), meeting.has("1")) == ([(4502, "another")], [], False)
