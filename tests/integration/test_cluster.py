"""Several gateways on one PostgreSQL: a client may be on any of them."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.protocol import State

from sightline.accounts import Role
from sightline.cameras import CameraState
from sightline.events import engine_link as link
from tests.integration.gateway_app import PATIENCE_S, GatewayRun, RunningGateway, identified, observation, picture
from tests.integration.test_routing import phone, sees
from tests.postgresql import postgres_server
from tests.redis_server import redis_server

NUMBERS = itertools.count()
PATIENT = {"receipt_seconds": 60, "acknowledge_seconds": 120, "restart_grace_seconds": 0}


@dataclass
class Pair:
    """Two gateways of one database; each has an engine of its own name."""

    a: RunningGateway
    b: RunningGateway
    runs: tuple[GatewayRun, GatewayRun]
    database: str


async def start_pair(tmp_path: Path, **settings: Any) -> Pair:
    database = f"cluster_{next(NUMBERS)}"
    url = postgres_server().create(database)
    shared = {"database_url": url, **PATIENT, **settings}
    runs = (GatewayRun(tmp_path, shared, engine="engine-a"), GatewayRun(tmp_path, shared, engine="engine-b"))
    for run in runs:
        await run.__aenter__()
    a, b = [await run.start() for run in runs]
    await a.until(lambda: a.gateway.cluster.gateways == b.gateway.cluster.gateways == 2)
    return Pair(a, b, runs, database)


@pytest_asyncio.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    pair = await start_pair(tmp_path)
    yield pair
    for run in pair.runs:
        await run.stop()


@pytest.fixture
def redis_url() -> Iterator[str]:
    with redis_server() as server:
        yield server.url


async def test_an_alert_reaches_the_clients_of_every_gateway_in_one_order(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    camera, person = await pair.a.camera(), await pair.a.wanted()
    async with (
        pair.a.client(token, device="desk") as here,
        pair.b.client(token, device="phone") as there,
        pair.a.engine() as one,
        pair.b.engine() as other,
    ):
        facts = [identified(person.id, camera.id, number) for number in range(1, 13)]
        await asyncio.gather(*(engine.tell(fact) for engine, fact in zip(itertools.cycle((one, other)), facts)))
        raised = [entry.offset for entry in await pair.a.gateway.store.log.page(0, 100)]
        assert len(raised) > 3
        for client in (here, there):
            while len(client.all("alert_triggered")) < len(raised):
                await client.hear()
            assert [alert["offset"] for alert in client.all("alert_triggered")] == raised


async def test_without_hints_the_others_look_by_the_clock(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    camera, person = await pair.a.camera(), await pair.a.wanted()
    listener = pair.b.gateway.store.database._listener
    await asyncio.to_thread(listener.close)  # nobody tells this gateway anything any more
    async with pair.a.engine() as engine, pair.b.client(token) as client:
        for _ in range(2):
            await engine.sees(person, camera)
            await client.data("alert_triggered")


async def test_a_device_that_comes_to_another_gateway_goes_on_where_it_was(pair: Pair) -> None:
    user, token = await pair.a.user("olga")
    camera, person = await pair.a.camera(), await pair.a.wanted()
    async with pair.a.engine() as engine:
        async with pair.a.client(token, device="phone") as before:
            await engine.sees(person, camera)
            first = await before.data("alert_triggered")
            await before.send("received", offset=first["offset"])
            async with asyncio.timeout(20):
                while await pair.b.gateway.store.log.cursor(user.id, "phone") is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        await engine.sees(person, camera)
        async with pair.b.client(token, device="phone") as after:
            second = await after.data("alert_triggered")
            assert second["offset"] > first["offset"]
            assert after.all("identification_success")[0]["mode"] == "resumed"


async def test_a_newer_connection_on_another_gateway_takes_over(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    async with pair.a.client(token, device="phone") as older, pair.a.client(token, device="desk") as another:
        async with pair.b.client(token, device="phone") as newer:
            assert (await older.closed())[0] == 4502
            assert newer.socket.state is State.OPEN
            async with pair.a.client(token, device="phone"):
                assert (await newer.closed())[0] == 4502
        assert another.socket.state is State.OPEN


async def test_of_two_that_come_at_once_one_stays(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    for _ in range(3):
        async with pair.a.client(token, device="phone") as one, pair.b.client(token, device="phone") as other:
            ends = [asyncio.create_task(client.closed()) for client in (one, other)]
            done, pending = await asyncio.wait(ends, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            assert len(done) == len(pending) == 1
            assert done.pop().result()[0] == 4502
            await asyncio.sleep(0.3)
            assert not any(task.done() for task in pending)
            for task in pending:
                task.cancel()


async def test_one_that_has_left_ends_none_that_came_after_it(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    store, go_on = pair.a.gateway.store, threading.Event()
    writing = asyncio.create_task(store.database.write(lambda connection: go_on.wait(PATIENCE_S)))
    with postgres_server().connect(pair.database) as looking:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        async with pair.a.client(token, device="phone"):
            pass
        await pair.a.until(lambda: not list(pair.a.gateway.hub.clients))
        async with pair.b.client(token, device="phone") as newer:
            await pair.b.until(lambda: looking.execute(waiting, [pair.database]).fetchone() == (1,))
            go_on.set()  # now the other gateway is heard first
            await writing
            await pair.b.until(lambda: pair.b.gateway.changes._announced)
            (number,) = await store.cluster.post("test", [("said", {"type": "x", "data": {}})], now_ms=1)
            await pair.b.until(lambda: pair.b.gateway.cluster._last >= number)
            assert newer.socket.state is State.OPEN


async def test_who_is_erased_is_forgotten_everywhere(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    camera, person = await pair.a.camera(), await pair.a.wanted()
    async with pair.b.client(token) as client, pair.a.engine() as engine:
        await engine.sees(person, camera)
        assert (await client.data("alert_triggered"))["person"]["first_name"] == "Ada"
        async with pair.a.http() as http:
            (await http.delete(f"/api/people/{person.id}")).raise_for_status()
        assert (await client.data("person_erased")) == {"person_id": person.id}
        assert await pair.b.gateway.directory.people.find(person.id) is None


async def test_what_one_gateway_forgets_as_too_old_no_other_holds(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    camera, person = await pair.a.camera(), await pair.a.wanted()
    async with pair.b.client(token) as client, pair.a.engine() as engine:
        await engine.sees(person, camera)
        await client.data("alert_triggered")
        tail = pair.b.gateway.native_tail
        assert tail.held(0) is not None
        pair.a.gateway.changes.records_forgotten()
        await pair.b.until(lambda: tail.held(0) is None)


async def test_an_account_that_was_changed_is_thrown_out_everywhere(pair: Pair) -> None:
    user, token = await pair.a.user("olga")
    async with pair.b.client(token) as client:
        async with pair.a.http() as http:
            answer = await http.put(f"/api/users/{user.id}/password", json={"password": "another-long-password"})
            answer.raise_for_status()
        assert (await client.closed())[0] == 4503


async def test_a_ticket_of_one_gateway_is_good_once_at_another(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    async with pair.a.http(token) as http:
        ticket = (await http.post("/api/ws-ticket")).json()["ticket"]
    async with pair.b.newcomer(path=f"/ws/v1?ticket={ticket}") as client:
        await client.send("client_identify", client_type="frontend")
        await client.next("identification_success")
    async with pair.a.newcomer(path=f"/ws/v1?ticket={ticket}") as client:
        await client.send("client_identify", client_type="frontend")
        assert (await client.closed())[0] == 4500


async def test_figures_are_those_of_all_gateways(pair: Pair) -> None:
    _, token = await pair.a.user("olga")
    async with pair.a.client(token), pair.b.client(token), pair.b.client(token):
        await pair.a.until(lambda: sum(len(peer.clients) for peer in pair.a.gateway.cluster.peers) == 2)
        async with pair.a.http() as http:
            assert (await http.get("/ws/connections")).json()["total_connections"] == 3
            assert (await http.get("/api/stats")).json()["active_connections"] == 3
            assert len((await http.get("/api/system")).json()["gateways"]) == 2
    assert pair.a.gateway.engines.news.system_status()["gateways"] == 2


async def test_two_engines_of_two_gateways_share_the_cameras(pair: Pair) -> None:
    cameras = [await pair.a.camera(f"camera {n}") for n in range(6)]
    async with pair.a.engine() as one, pair.b.engine() as other:
        await pair.a.until(lambda: len(one.cameras()) == len(other.cameras()) == 3)
        assert one.cameras() | other.cameras() == {camera.id for camera in cameras}
        await other.close()
        await pair.a.until(lambda: len(one.cameras()) == 6)


async def test_a_camera_is_shown_as_its_engine_says_on_every_gateway(pair: Pair) -> None:
    camera = await pair.a.camera()
    async with pair.a.engine() as engine, pair.b.http() as http:
        await engine.until(lambda: engine.cameras())
        await engine.send(link.CameraReport(camera_id=camera.id, state="online", reason="", since=1))
        await pair.b.until(lambda: pair.b.gateway.engines.status_of(camera.id).state is CameraState.ONLINE)
        assert (await http.get(f"/api/cameras/{camera.id}")).json()["status"]["state"] == "online"


async def knows(gateway: RunningGateway, user_id: str) -> None:
    """Waits until it has heard from another that somebody's phone is connected, and where."""
    await gateway.until(
        lambda: any(
            user_id in peer.fixes and user_id in {client.user_id for client in peer.clients}
            for peer in gateway.gateway.cluster.peers
        )
    )


async def test_the_nearest_responder_is_told_on_whatever_gateway_they_are(pair: Pair) -> None:
    camera, person = await pair.a.camera(latitude=52.5, longitude=13.4), await pair.a.wanted()
    near, near_token = await pair.a.user("near", Role.RESPONDER)
    far, far_token = await pair.a.user("far", Role.RESPONDER)
    for user in (near, far):
        await pair.a.gateway.store.duty.switch(user.id, on=True, now_ms=pair.a.gateway.clock.now_ms())
    async with (
        phone(pair.a, far_token, "far", latitude=53.5, longitude=10.0) as away,
        phone(pair.b, near_token, "near", latitude=52.501, longitude=13.4) as close,
        pair.a.engine() as engine,
    ):
        await knows(pair.a, near.id)
        await sees(pair.a, engine, person, camera)
        alert = await close.data("alert_triggered")
        (step,) = await pair.b.gateway.store.escalations.steps(alert["alert_id"])
        assert (step.user_id, round(step.distance_m or 0)) == (near.id, 111)
        assert not away.all("alert_triggered")


async def test_an_escalation_goes_on_once_however_many_gateways_there_are(tmp_path: Path) -> None:
    pair = await start_pair(tmp_path, receipt_seconds=0.3, acknowledge_seconds=0.3)
    try:
        camera, person = await pair.a.camera(latitude=52.5, longitude=13.4), await pair.a.wanted()
        store = pair.a.gateway.store
        for name in ("one", "two"):
            user, token = await pair.a.user(name, Role.RESPONDER)
            await store.duty.switch(user.id, on=True, now_ms=pair.a.gateway.clock.now_ms())
        async with phone(pair.a, token, "two", latitude=52.5, longitude=13.4), pair.a.engine() as engine:
            # Either may take the first step, and to one that has not heard of the phone nobody would be reachable.
            await knows(pair.b, user.id)
            await sees(pair.a, engine, person, camera)
            entries = await store.log.page(0, 100)
            alert_id = entries[0].alert_id
            async with asyncio.timeout(20):
                while True:
                    steps = await store.escalations.steps(alert_id)
                    if len(steps) > 1 and steps[-1].user_id is None:
                        break
                    await asyncio.sleep(0.05)
            await asyncio.sleep(1.5)
            steps = await store.escalations.steps(alert_id)
            assert [step.level for step in steps] == list(range(len(steps)))
            levels = [entry.data["escalation_level"] for entry in await store.log.page(0, 100)
                      if entry.alert_id == alert_id and "escalation_level" in entry.data]  # fmt: skip
            assert levels == sorted(set(levels))
    finally:
        for run in pair.runs:
            await run.stop()


async def test_live_pictures_come_from_another_gateway_through_redis(tmp_path: Path, redis_url: str) -> None:
    pair = await start_pair(tmp_path, redis_url=redis_url)
    try:
        camera = await pair.a.camera()
        _, token = await pair.a.user("olga")
        async with (
            pair.a.engine() as engine,
            pair.a.engine_pictures() as pictures,
            pair.b.client(token) as client,
        ):
            await engine.until(lambda: engine.cameras())
            await client.send("subscribe_camera", camera_id=camera.id, frames=True)
            await engine.until(lambda: any(watch.camera_id == camera.id for watch in engine.all(link.Watch)))
            for frame in range(1, 100):
                await engine.send(observation(camera.id, frame))
                await pictures.send(picture(camera.id, frame))
                await asyncio.sleep(0.05)
                if frame > 20 and pair.b.gateway.hub.encoded_observations > 3:
                    break
            assert (await client.data("face_detection_result"))["camera_id"] == camera.id
            assert (await client.picture())[0]["camera_id"] == camera.id
    finally:
        for run in pair.runs:
            await run.stop()


async def test_a_gateway_that_dies_is_missed_and_one_that_comes_is_found(pair: Pair) -> None:
    await pair.runs[1].stop()
    await pair.a.until(lambda: pair.a.gateway.cluster.gateways == 1)
    run = GatewayRun(pair.runs[0].home, pair.runs[0].settings, engine="engine-c")
    async with run:
        await run.start()
        await pair.a.until(lambda: pair.a.gateway.cluster.gateways == 2)
