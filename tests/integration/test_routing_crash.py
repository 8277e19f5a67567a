"""A real server is killed while alerts wait for people: every timer still fires, once, and nothing is told twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from sightline.testing import ServerProcess
from tests.integration.gateway_app import NativeClient

PEOPLE = {"ana": 52.501, "bo": 52.502, "cy": 52.503}
PASSWORD = "correct-horse-battery-staple"


@contextlib.asynccontextmanager
async def phone(server: ServerProcess, token: str, name: str) -> AsyncIterator[NativeClient]:
    """The phone of one user, at their place, on duty; it confirms nothing by itself."""
    url = server.url.replace("http", "ws", 1)
    async with connect(f"{url}/ws/v1", proxy=None) as socket:
        client = NativeClient(socket)
        await client.send(
            "client_identify", client_type="mobile_app", auth_token=token, device=name,
            location={"latitude": PEOPLE[name], "longitude": 13.4},
        )  # fmt: skip
        await client.next("identification_success")
        yield client


async def responders(http: httpx.AsyncClient) -> dict[str, str]:
    """Users who say that they are on duty, with their tokens."""
    tokens = {}
    for name in PEOPLE:
        body = {"name": name, "role": "responder", "password": PASSWORD}
        user = (await http.post("/api/users", json=body)).raise_for_status().json()
        (await http.put(f"/api/duty/{user['id']}/switch", json={"on": True})).raise_for_status()
        tokens[name] = (await http.post(f"/api/users/{user['id']}/token")).raise_for_status().json()["access_token"]
    return tokens


async def camera(http: httpx.AsyncClient) -> str:
    body = {"name": "Gate", "source": "rtsp://10.9.9.9/x", "latitude": 52.5, "longitude": 13.4, "enabled": False}
    return str((await http.post("/api/cameras", json=body)).raise_for_status().json()["id"])


async def steps(http: httpx.AsyncClient, alert_id: str) -> list[dict[str, Any]]:
    answer = (await http.get(f"/api/alerts/{alert_id}/escalation")).raise_for_status().json()
    return list(answer["steps"])


async def until_told(http: httpx.AsyncClient, alert_id: str, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(30):
        while len(found := await steps(http, alert_id)) < count:  # noqa: ASYNC110  # asks over the network
            await asyncio.sleep(0.05)
    return found


@pytest.mark.slow
async def test_every_timer_fires_once_over_kills(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server({"receipt_seconds": 1, "acknowledge_seconds": 2, "restart_grace_seconds": 3})
    async with server.client() as http:
        tokens = await responders(http)
        camera_id = await camera(http)
        async with contextlib.AsyncExitStack() as phones:
            for name in PEOPLE:
                await phones.enter_async_context(phone(server, tokens[name], name))
            made = (await http.post("/api/alerts/test", json={"camera_id": camera_id})).raise_for_status().json()
            alert_id = made["alert_id"]
            await until_told(http, alert_id, 1)
            server.kill9()
    found: list[dict[str, Any]] = []
    while not found or found[-1]["name"] is not None:
        server.start()
        async with contextlib.AsyncExitStack() as stack:
            http = await stack.enter_async_context(server.client())
            for name in PEOPLE:
                await stack.enter_async_context(phone(server, tokens[name], name))
            found = await until_told(http, alert_id, max(2, len(found) + 1))
            server.kill9()
    server.start()
    async with server.client() as http:
        await asyncio.sleep(2)
        assert await steps(http, alert_id) == found, "what is over stays over"
        people = [step["name"] for step in found]
        assert people[0] == "ana" and people[-1] is None
        assert people[:-1] == sorted(set(people[:-1])), "each once, the nearer before the farther"
        assert [step["level"] for step in found] == list(range(len(found)))
        assert {step["outcome"] for step in found[:-1]} == {"not_received"}
        alert = (await http.get(f"/api/alerts/{alert_id}")).json()
        assert (alert["state"], alert["escalation_level"]) == ("open", len(found) - 1)


@pytest.mark.slow
async def test_who_took_it_before_the_kill_has_taken_it(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server({"receipt_seconds": 0.5, "acknowledge_seconds": 1, "restart_grace_seconds": 0})
    async with server.client() as http:
        tokens = await responders(http)
        camera_id = await camera(http)
        async with phone(server, tokens["ana"], "ana") as ana:
            made = (await http.post("/api/alerts/test", json={"camera_id": camera_id})).raise_for_status().json()
            await ana.data("alert_triggered")
            await ana.send("ack", id="mine", alert_id=made["alert_id"])
            assert (await ana.data("recorded"))["by"] == "ana"
            server.kill9()
    server.start()
    async with phone(server, tokens["bo"], "bo") as bo, server.client() as http:
        await asyncio.sleep(1.5)
        assert bo.all("alert_triggered") == []
        assert [(step["name"], step["outcome"]) for step in await steps(http, made["alert_id"])] == [("ana", "ended")]
