"""`/ws/field` against a real gateway, with a client written from nothing but the dialect's first description."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sightline.accounts import Role
from sightline.deliveries.entry import Cursor
from sightline.events.fact import SourceState
from sightline.events.spoken_elsewhere import FIELD_MESSAGES
from sightline.gateway.dialects.field_socket import FieldClient as Connected
from tests.integration.gateway_app import PATIENCE_S, GatewayRun, RunningGateway, identified

BERLIN = (52.5, 13.4)
POTSDAM = (52.4, 13.06)
TASHKENT = (41.3, 69.24)


class FieldClient:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            message = await self.socket.recv()
        heard: dict[str, Any] = json.loads(message)
        msgspec.json.decode(message, type=FIELD_MESSAGES[heard.get("event", "echo")])
        return heard

    async def say(self, message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def silent(self, for_s: float = 0.3) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                raise AssertionError(f"not silent: {await self.socket.recv()!r:.300}")

    async def closed(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        assert self.socket.close_code is not None
        return self.socket.close_code


@pytest.fixture
def open_gateway_run(gateway_run: GatewayRun) -> GatewayRun:
    """One that serves field clients without a token."""
    gateway_run.settings = {"anonymous_dialects": True}
    return gateway_run


@contextlib.asynccontextmanager
async def connected(
    gateway: RunningGateway, state: str, place: tuple[float, float] = BERLIN, *, path: str = "/ws/field", **options: Any
) -> AsyncIterator[FieldClient]:
    """A registered client; registration has no answer, so it waits until the gateway knows of it."""
    before = len(list(gateway.gateway.hub.clients))
    async with gateway.socket(path, **options) as socket:
        client = FieldClient(socket)
        await client.say({"latitude": place[0], "longitude": place[1], "state": state})
        await gateway.until(lambda: len(list(gateway.gateway.hub.clients)) == before + 1)
        yield client
    await gateway.until(lambda: len(list(gateway.gateway.hub.clients)) == before)


# ── alerts ──


async def test_every_page_and_the_nearest_phone_are_told_once(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        connected(gateway, "web", TASHKENT) as page,
        connected(gateway, "web") as other_page,
        connected(gateway, "apk", TASHKENT) as far,
        connected(gateway, "apk", POTSDAM) as near,
        gateway.engine() as engine,
    ):
        await engine.sees(person, camera)
        context = {
            "id": person.id, "first_name": "Ada", "last_name": "Lovelace", "age": 36, "description": "mathematician",
            "url": "rtsp://10.0.0.9/stream",
            "camera": {"id": camera.id, "name": "Front door", "latitude": 52.5, "longitude": 13.4},
        }  # fmt: skip
        assert await page.hear() == {"event": "all_clients", "context": context}
        assert await other_page.hear() == {"event": "all_clients", "context": context}
        assert await near.hear() == {"event": "nearest_client", "context": context}
        for client in (page, other_page, near, far):
            await client.silent(0.1)


async def test_nearest_is_measured_from_the_camera_of_each_alert(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    berlin, tashkent = await gateway.camera("Berlin"), await gateway.camera("Tashkent", latitude=41.0, longitude=69.0)
    person = await gateway.wanted()
    async with (
        connected(gateway, "apk", TASHKENT) as there,
        connected(gateway, "apk", POTSDAM) as here,
        gateway.engine() as engine,
    ):
        for camera in (tashkent, berlin, tashkent):
            await engine.sees(person, camera)
        assert [(await there.hear())["context"]["camera"]["name"] for _ in range(2)] == ["Tashkent", "Tashkent"]
        assert (await here.hear())["context"]["camera"]["name"] == "Berlin"
        await here.silent(0.1)


async def test_without_a_position_of_the_camera_every_phone_is_told(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    camera, person = await gateway.camera(latitude=None, longitude=None), await gateway.wanted()
    async with (
        connected(gateway, "apk", TASHKENT) as one,
        connected(gateway, "apk", BERLIN) as other,
        gateway.engine() as engine,
    ):
        await engine.sees(person, camera)
        assert (await one.hear())["event"] == (await other.hear())["event"] == "nearest_client"


async def test_alerts_come_in_order_and_the_next_nearest_follows_one_that_left(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    camera, people = await gateway.camera(), [await gateway.wanted(name) for name in ("Ada", "Bea", "Cy")]
    async with connected(gateway, "apk", TASHKENT) as far, gateway.engine() as engine:
        async with connected(gateway, "apk", BERLIN) as near:
            for person in people:
                await engine.sees(person, camera)
            assert [(await near.hear())["context"]["first_name"] for _ in people] == ["Ada", "Bea", "Cy"]
        await engine.sees(people[0], camera)
        assert (await far.hear())["context"]["first_name"] == "Ada"


async def test_what_a_phone_left_unwritten_goes_to_the_next_nearest(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with connected(gateway, "apk", TASHKENT) as far, gateway.engine() as engine:
        async with gateway.socket("/ws/field") as socket:
            frozen = FieldClient(socket)
            await frozen.say({"latitude": 52.5, "longitude": 13.4, "state": "apk"})
            await gateway.until(lambda: len(list(gateway.gateway.hub.clients)) == 2)
            near = max(gateway.gateway.hub.clients, key=lambda client: client.connected_at_ms)
            assert isinstance(near, Connected)
            near._send_offer = asyncio.Event().wait  # type: ignore[assignment]  # its socket takes nothing any more
            await engine.sees(person, camera)
            await gateway.gateway.field_desk.distribute()
            assert len(near._offers) == 1
        assert (await far.hear())["event"] == "nearest_client"


async def test_other_kinds_of_alert_have_no_words_here(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with connected(gateway, "web") as page, gateway.engine() as engine:
        await engine.tell(
            identified(person.id, camera.id, 900, what=SourceState(state="offline", reason="unplugged"))
        )
        await engine.sees(person, camera)
        assert (await page.hear())["context"]["id"] == person.id


async def test_erased_person_is_named_no_more(gateway: RunningGateway) -> None:
    camera, erased, kept = await gateway.camera(), await gateway.wanted("Bea"), await gateway.wanted("Ada")
    _, token = await gateway.user("olga")
    async with connected(gateway, "web", path=f"/ws/field?token={token}") as page, gateway.engine() as engine:
        await engine.sees(erased, camera)
        await page.hear()
    async with gateway.engine() as engine, gateway.http() as http:
        await engine.sees(erased, camera)
        (await http.delete(f"/api/people/{erased.id}")).raise_for_status()
        await engine.sees(kept, camera)
    async with connected(gateway, "web", path=f"/ws/field?token={token}") as page:
        assert (await page.hear())["context"]["first_name"] == "Ada"


async def test_page_of_a_user_goes_on_where_it_stopped(gateway: RunningGateway) -> None:
    camera, people = await gateway.camera(), [await gateway.wanted(name) for name in ("Ada", "Bea", "Cy")]
    _, token = await gateway.user("olga")
    path = f"/ws/field?token={token}"
    async with gateway.engine() as engine:
        async with connected(gateway, "web", path=path) as page:
            await engine.sees(people[0], camera)
            assert (await page.hear())["context"]["first_name"] == "Ada"
        for person in people[1:]:
            await engine.sees(person, camera)
        async with connected(gateway, "web", path=path) as page:
            assert [(await page.hear())["context"]["first_name"] for _ in range(2)] == ["Bea", "Cy"]
            await page.silent(0.1)


@pytest.mark.parametrize("why", ["retention", "a restored backup"])
async def test_page_beyond_the_log_is_given_what_is_open(gateway: RunningGateway, why: str) -> None:
    camera = await gateway.camera()
    ada, bea, cy, dora = [await gateway.wanted(name) for name in ("Ada", "Bea", "Cy", "Dora")]
    user, token = await gateway.user("olga")
    path = f"/ws/field?token={token}"
    store = gateway.gateway.store
    async with gateway.engine() as engine:
        async with connected(gateway, "web", path=path) as page:
            await engine.sees(ada, camera)
            assert (await page.hear())["context"]["first_name"] == "Ada"
        await engine.sees(bea, camera)
        if why == "retention":
            await store.log.prune(gateway.gateway.clock.now_ms() + 1)
            open_now = ["Cy"]  # what retention took is not open any more
        else:
            gateway.gateway.cursors.move(user.id, "ws-field", Cursor("before the restore", 1))
            open_now = ["Ada", "Bea", "Cy"]
        await engine.sees(cy, camera)
        async with connected(gateway, "web", path=path) as page:
            assert [(await page.hear())["context"]["first_name"] for _ in open_now] == open_now
            await engine.sees(dora, camera)
            assert (await page.hear())["context"]["first_name"] == "Dora"
        async with connected(gateway, "web", path=path) as page:
            await page.silent(0.1)


async def test_only_those_it_is_addressed_to_are_told(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"alert_roles": "responder"}
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    _, token = await gateway.user("olga")
    _, responder = await gateway.user("rita", Role.RESPONDER)
    async with (
        connected(gateway, "apk", path=f"/ws/field?token={token}") as operator,
        connected(gateway, "apk", TASHKENT, path=f"/ws/field?token={responder}") as phone,
        gateway.engine() as engine,
    ):
        await engine.sees(person, camera)
        assert (await phone.hear())["event"] == "nearest_client"
        await operator.silent(0.1)


# ── echo ──


async def test_what_one_says_every_page_and_the_nearest_phone_hear(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    async with (
        connected(gateway, "web", TASHKENT) as sender,
        connected(gateway, "web", BERLIN) as page,
        connected(gateway, "apk", TASHKENT) as near,
        connected(gateway, "apk", BERLIN) as far,
    ):
        message = {"hello": [1, 2.5, None, "ü"]}
        await sender.say(message)
        for client in (sender, page, near):
            assert await client.hear() == {"echo": message}
        await far.silent(0.1)


async def test_phone_hears_its_own_echo_for_it_is_the_nearest(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    async with connected(gateway, "apk", TASHKENT) as sender, connected(gateway, "apk", BERLIN) as other:
        await sender.say(["still", "here"])
        assert await sender.hear() == {"echo": ["still", "here"]}
        await other.silent(0.1)


async def test_too_many_messages_are_refused_and_the_connection_stays(open_gateway_run: GatewayRun) -> None:
    open_gateway_run.settings["message_rates"] = "echo=0.01"
    gateway = await open_gateway_run.start()
    async with connected(gateway, "web") as page:
        await page.say(1)
        await page.say(2)
        await page.say(3)
        heard = [await page.hear() for _ in range(3)]
        assert {"echo": 1} in heard
        refusals = [message["context"]["code"] for message in heard if message.get("event") == "error"]
        assert refusals == ["RATE_LIMITED"] * 2


# ── who may connect ──


@pytest.mark.parametrize(
    ("first", "path"),
    [
        ({"longitude": 1, "state": "web"}, "latitude"),
        ({"latitude": 100, "longitude": 1, "state": "web"}, "latitude"),
        ({"latitude": 1, "longitude": "east", "state": "web"}, "longitude"),
        ({"latitude": 1, "longitude": 1, "state": "desktop"}, "state"),
        ([1, 2], "$"),
        ({"echo": 1}, "latitude"),
    ],
)
async def test_anything_else_first_is_refused_by_its_field(open_gateway_run: GatewayRun, first: Any, path: str) -> None:
    gateway = await open_gateway_run.start()
    async with gateway.socket("/ws/field") as socket:
        client = FieldClient(socket)
        await client.say(first)
        error = await client.hear()
        assert error["event"] == "error"
        assert (error["context"]["code"], error["context"]["details"]) == ("INVALID_MESSAGE", {"path": path})
        assert await client.closed() == 4501


async def test_client_that_never_registers_is_closed(open_gateway_run: GatewayRun) -> None:
    open_gateway_run.settings["identify_timeout_s"] = 0.1
    gateway = await open_gateway_run.start()
    async with gateway.socket("/ws/field") as socket:
        assert await FieldClient(socket).closed() == 4501


@pytest.mark.parametrize("message", ["no json", "[" * 50_000, b"\x00\xff", '"' + "a" * 70_000 + '"'])
async def test_what_cannot_be_echoed_closes(open_gateway_run: GatewayRun, message: str | bytes) -> None:
    gateway = await open_gateway_run.start()
    async with connected(gateway, "web") as page:
        await page.socket.send(message)
        assert (await page.hear())["event"] == "error"
        assert await page.closed() == 4501


async def test_without_a_token_it_is_closed_unless_the_administrator_said_so(gateway: RunningGateway) -> None:
    async with gateway.socket("/ws/field") as socket:
        client = FieldClient(socket)
        await client.say({"latitude": 1, "longitude": 1, "state": "web"})
        assert (await client.hear())["context"]["code"] == "AUTH_FAILED"
        assert await client.closed() == 4500


async def test_token_may_come_with_the_registration_the_header_or_the_address(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with gateway.socket("/ws/field") as socket:
        await FieldClient(socket).say({"latitude": 1, "longitude": 1, "state": "web", "auth_token": token})
        await gateway.until(lambda: [client.user_id for client in gateway.gateway.hub.clients] == [user.id])
    await gateway.until(lambda: not list(gateway.gateway.hub.clients))
    async with connected(gateway, "web", path=f"/ws/field?token={token}"):
        pass
    async with connected(gateway, "apk", additional_headers={"Authorization": f"Bearer {token}"}):
        (client,) = gateway.gateway.hub.clients
        assert (client.client_type, client.user_name) == ("mobile_app", "olga")


async def test_bad_token_is_refused_before_the_upgrade_also_where_none_is_needed(open_gateway_run: GatewayRun) -> None:
    gateway = await open_gateway_run.start()
    with pytest.raises(InvalidStatus) as refused:
        async with gateway.socket("/ws/field?token=a.b.c"):
            pass
    assert refused.value.response.status_code == 401


async def test_changed_account_is_closed_for_good(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with connected(gateway, "web", path=f"/ws/field?token={token}") as page, gateway.http() as http:
        (await http.patch(f"/api/users/{user.id}", json={"disabled": True})).raise_for_status()
        assert await page.closed() == 4503


async def test_expired_token_closes_after_its_grace(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with connected(gateway, "web", path=f"/ws/field?token={token}") as page:
        (client,) = gateway.gateway.tickers
        expires_ms = gateway.gateway.tokens.read(token).expires_ms
        client.tick(expires_ms + 24_999)
        await page.silent(0.1)
        client.tick(expires_ms + 25_000)
        assert await page.closed() == 4001


async def test_administrator_sees_field_clients_among_the_connections(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    async with connected(gateway, "apk", path=f"/ws/field?token={token}"), gateway.http() as http:
        answer = (await http.get("/ws/connections")).json()
        assert answer["total_connections"] == 1
        assert answer["connections"][0]["dialect"] == "ws/field"
        assert (answer["connections"][0]["user_id"], answer["connections"][0]["client_type"]) == (user.id, "mobile_app")


async def test_phone_of_a_responder_is_on_duty_and_near_while_connected(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    user, token = await gateway.user("rita", Role.RESPONDER)
    async with gateway.engine() as engine:
        async with connected(gateway, "apk", POTSDAM, path=f"/ws/field?token={token}") as phone:
            (responder,) = (await gateway.gateway.responders.situation()).responders
            assert (responder.user_id, responder.connected) == (user.id, True)
            assert responder.position is not None
            assert (responder.position.latitude, responder.position.longitude) == POTSDAM
            await engine.sees(person, camera)
            assert (await phone.hear())["event"] == "nearest_client"
            await phone.silent(0.1)
            top = gateway.gateway.hub.top
            assert 0 < (await gateway.gateway.responders.situation()).responders[0].received_offset <= top
        assert (await gateway.gateway.responders.situation()).responders == ()
