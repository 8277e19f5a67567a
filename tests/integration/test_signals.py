"""Signals of workstations in a real Redis, and in memory: what is written, what is obeyed, who is closed for room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from sightline.gateway.workstations.signals import MemoryBoard
from tests.integration.gateway_app import PATIENCE_S, GatewayRun, RunningGateway
from tests.integration.test_workstations import agent, engine_that_sees, enrolled, right, workstation
from tests.redis_server import RedisServer, redis_server

PASSWORD = "not-to-be-logged"


class Board:
    """What another program sees of the signals, and writes."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    async def clients(self) -> dict[str, str]:
        return dict(await self.redis.hgetall("desks:Clients_status"))

    async def flags(self) -> tuple[str | None, str | None]:
        return await self.redis.get("desks:SYSTEM_FULL"), await self.redis.get("desks:GPUs_FULL")

    async def order(self, user: str, word: str) -> None:
        await self.redis.hset("desks:Clients_status", user, word)


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await look()):  # noqa: ASYNC110  # another program has no event for it
            await asyncio.sleep(0.02)
    return found


@pytest.fixture
def server() -> Any:
    with redis_server(PASSWORD) as running:
        yield running


@pytest.fixture
async def board(server: RedisServer) -> AsyncIterator[Board]:
    async with Redis.from_url(server.url, decode_responses=True) as redis:
        yield Board(redis)


@pytest.fixture
async def gateway(server: RedisServer, board: Board, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    for user, word in (("left behind", "active"), ("Eve", "blocked")):
        await board.order(user, word)
    settings = {
        "redis_url": server.url, "namespace": "desks", "max_pipelines": 2, "max_clients_per_pipeline": 1,
    }  # fmt: skip
    async with GatewayRun(tmp_path, settings) as run:
        gateway = await run.start()
        gateway.gateway.capacity.observe(2, gateway.gateway.clock.monotonic_s())  # a second engine, gone a moment ago
        for number, name in enumerate(("Ada", "Ben", "Cleo")):
            await workstation(gateway, f"Desk {number}", await enrolled(gateway, name), token=name)
        yield gateway


async def test_who_sits_where_is_written_and_orders_are_obeyed(gateway: RunningGateway, board: Board) -> None:
    async def board_says(**clients: str) -> None:
        await until(lambda: _are(board.clients, clients))

    eve = await enrolled(gateway, "Eve")
    await board_says()
    await board.order("Eve", "blocked")
    async with engine_that_sees(gateway, right), gateway.http() as http, agent(gateway, "Ada") as ada:
        (standing,) = await until(lambda: _json(http, "/api/workstations/standings"))
        assert (standing["person_id"], standing["state"], standing["by"]) == (eve.id, "blocked", "Clients_status")
        await until(lambda: _are(board.flags, ("0", "0")))

        assert (await ada.ask("Ada")).action == "NO_ACTION"
        await board_says(Ada="active", Eve="blocked")
        await board.order("Ada", "asleep")
        await board_says(Ada="active", Eve="blocked")
        await board.order("Ada", "paused")
        assert (await ada.hear()).reason == "REASON_PAUSED_CLIENT"
        await board.order("Ada", "active")
        await until(lambda: _seat_is(gateway, "active"))
        assert (await ada.ask("Ada")).action == "NO_ACTION"

        person = gateway.gateway.workstations.seats[0].person_id
        why = {"reason": "out for lunch"}
        await http.post(f"/api/workstations/users/{person}/pause", json=why)
        await board_says(Ada="paused", Eve="blocked")
        await board.redis.delete("desks:Clients_status")
        await board_says(Ada="paused", Eve="blocked")
        await http.post(f"/api/workstations/users/{person}/resume", json=why)
        await board_says(Ada="active", Eve="blocked")

        async with agent(gateway, "Ben") as ben, agent(gateway, "Cleo") as cleo:
            await ben.send("Ben")  # the one engine is Ada's: it waits for another
            await board_says(Ada="active", Ben="active", Eve="blocked")
            await until(lambda: _are(board.flags, ("1", "0")))
            assert (await cleo.ask("Cleo")).reason == "SYSTEM_FULL"
            await board.order("Ben", "closing")
            answer = await ben.hear()
            assert (answer.action, answer.reason) == ("ACTION_ERROR", "SYSTEM_FULL")
            assert await ben.closed() == 4004
        await board_says(Ada="active", Eve="blocked")
        await until(lambda: _are(board.flags, ("0", "0")))
        said = [record["actor"] for record in (await http.get("/api/audit")).json()]
        assert said.count("Clients_status") == 3


async def test_a_redis_that_is_away_is_said_once_and_caught_up_with(
    gateway: RunningGateway, board: Board, server: RedisServer
) -> None:
    async with engine_that_sees(gateway, right), agent(gateway, "Ada") as ada:
        with capture_logs() as logs:
            await until(lambda: _are(board.flags, ("0", "0")))
            server.stop()
            await gateway.until(lambda: gateway.gateway.signals.is_away)
            assert (await ada.ask("Ada")).action == "NO_ACTION"
            await asyncio.sleep(1.2)  # two more rounds in which it is away
            server.start()
            await board.redis.connection_pool.disconnect()
            await until(lambda: _are(board.clients, {"Ada": "active"}))
        assert await board.flags() == ("0", "0")
        said = [line for line in logs if line["event"].startswith("signals")]
        assert [line["event"] for line in said] == ["signals_away", "signals_back"]
        assert PASSWORD not in str(logs)


async def test_when_there_is_room_for_fewer_the_newest_are_closed_first(tmp_path: Path) -> None:
    async with GatewayRun(tmp_path, {"max_pipelines": 3, "max_clients_per_pipeline": 1}) as run:
        gateway = await run.start()
        gateway.gateway.capacity.observe(3, gateway.gateway.clock.monotonic_s())
        names = ("Ada", "Ben", "Cleo")
        for name in names:
            await workstation(gateway, f"{name}'s", await enrolled(gateway, name), token=name)
        async with gateway.http() as http, agent(gateway, "Ada") as ada, agent(gateway, "Ben") as ben:
            async with agent(gateway, "Cleo") as cleo:
                for client, name in zip((cleo, ada, ben), ("Cleo", "Ada", "Ben"), strict=True):
                    await client.send(name)
                    count = len(gateway.gateway.workstations.seats)
                    await gateway.until(lambda count=count: len(gateway.gateway.workstations.seats) > count)
                said = (await http.get("/api/workstations/capacity")).json()
                assert (said["capacity"], said["connected"], said["system_full"]) == (3, 3, True)
                board = gateway.gateway.board
                assert isinstance(board, MemoryBoard)
                await until(lambda: _are(lambda: _words(board), dict.fromkeys(names, "active")))
                assert (await http.put("/api/workstations/capacity", json={"max_pipelines": 1})).status_code == 200
                for client in (ben, ada):
                    answer = await client.hear()
                    assert (answer.action, answer.reason) == ("ACTION_ERROR", "SYSTEM_FULL")
                    assert await client.closed() == 4004
                assert [seat.user_name for seat in gateway.gateway.workstations.seats] == ["Cleo"]
                assert (await board.read()).system_full
            actions = (await http.get("/api/workstations/actions")).json()
            assert {(one["user"], one["reason"]) for one in actions} == {("Ada", "SYSTEM_FULL"), ("Ben", "SYSTEM_FULL")}
            audit = (await http.get("/api/audit")).json()[0]
            assert (audit["action"], audit["detail"]) == ("workstation_capacity_changed", "1")


async def _are(look: Callable[[], Awaitable[Any]], expected: Any) -> bool:
    return bool(await look() == expected)


async def _json(http: httpx.AsyncClient, path: str) -> Any:
    return (await http.get(path)).json()


async def _words(board: MemoryBoard) -> dict[str, str]:
    return {user: str(word) for user, word in (await board.read()).clients.items()}


async def _seat_is(gateway: RunningGateway, standing: str) -> bool:
    return gateway.gateway.workstations.seats[0].standing == standing
