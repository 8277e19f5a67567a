"""`POST /api/ws-ticket`, and every WebSocket that takes a ticket."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.exceptions import InvalidStatus

from sightline.gateway.dialects.tickets import LIFE_S
from tests.integration.gateway_app import RunningGateway


async def ticket_of(gateway: RunningGateway, token: str) -> str:
    async with gateway.http(token) as http:
        answer = (await http.post("/api/ws-ticket")).raise_for_status().json()
    assert answer["expires_in"] == LIFE_S
    return str(answer["ticket"])


async def test_native_client_identifies_by_its_ticket_once(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    ticket = await ticket_of(gateway, token)
    assert ticket not in token
    async with gateway.socket(f"/ws/v1?ticket={ticket}") as socket:
        await socket.recv()
        await socket.send(json.dumps({"type": "client_identify", "data": {"client_type": "frontend"}}))
        assert json.loads(await socket.recv())["type"] == "identification_success"
    async with gateway.socket(f"/ws/v1?ticket={ticket}") as socket:
        await socket.recv()
        await socket.send(json.dumps({"type": "client_identify", "data": {"client_type": "frontend"}}))
        error = json.loads(await socket.recv())["data"]
        assert (error["code"], error["message"]) == (
            "AUTH_FAILED", "the ticket is not valid or was used: ask for another"
        )  # fmt: skip
        await socket.wait_closed()
        assert socket.close_code == 4500


async def test_ticket_is_used_up_by_connecting_even_when_nobody_identifies(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    ticket = await ticket_of(gateway, token)
    async with gateway.socket(f"/ws/v1?ticket={ticket}") as socket:
        await socket.recv()
        assert await gateway.gateway.tickets.redeem(ticket) is None


async def test_alerts_and_field_clients_connect_by_ticket_and_a_replay_is_refused(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    for path in (f"/ws/alerts/{user.id}", "/ws/field"):
        ticket = await ticket_of(gateway, token)
        async with gateway.socket(f"{path}?ticket={ticket}") as socket:
            await socket.send(json.dumps({"latitude": 1, "longitude": 1, "state": "web"}))
            await gateway.until(lambda: [one.user_id for one in gateway.gateway.hub.clients] == [user.id])
        await gateway.until(lambda: not list(gateway.gateway.hub.clients))
        with pytest.raises(InvalidStatus) as refused:
            async with gateway.socket(f"{path}?ticket={ticket}"):
                pass
        assert refused.value.response.status_code == 401


async def test_another_users_ticket_does_not_read_these_alerts(gateway: RunningGateway) -> None:
    user, _ = await gateway.user("olga")
    _, token = await gateway.user("otto")
    with pytest.raises(InvalidStatus) as refused:
        async with gateway.socket(f"/ws/alerts/{user.id}?ticket={await ticket_of(gateway, token)}"):
            pass
    assert refused.value.response.status_code == 403


async def test_of_many_that_replay_at_once_one_is_let_in(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    ticket = await ticket_of(gateway, token)

    async def enters() -> bool:
        try:
            async with gateway.socket(f"/ws/alerts/{user.id}?ticket={ticket}"):
                return True
        except InvalidStatus:
            return False

    assert sorted(await asyncio.gather(*(enters() for _ in range(10)))) == [False] * 9 + [True]


async def test_ticket_of_a_changed_account_is_void(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    ticket = await ticket_of(gateway, token)
    await gateway.gateway.store.users.update(user.id, disabled=True)
    with pytest.raises(InvalidStatus):
        async with gateway.socket(f"/ws/alerts/{user.id}?ticket={ticket}"):
            pass


async def test_ticket_ends_with_the_token_it_stands_for(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    ticket = await ticket_of(gateway, token)
    async with gateway.socket(f"/ws/alerts/{user.id}?ticket={ticket}") as socket:
        await gateway.until(lambda: list(gateway.gateway.hub.clients))
        (client,) = gateway.gateway.hub.clients
        expired_ms = gateway.gateway.tokens.read(token).expires_ms + 25_000
        client._connection.heard_ms = expired_ms  # type: ignore[attr-defined]
        client.tick(expired_ms)  # type: ignore[attr-defined]
        await socket.wait_closed()
        assert socket.close_code == 4001


async def test_who_may_ask_for_one(gateway: RunningGateway) -> None:
    async with gateway.http(None) as http:
        assert (await http.post("/api/ws-ticket")).status_code == 401
    async with gateway.http() as http:
        assert (await http.post("/api/ws-ticket")).status_code == 400
