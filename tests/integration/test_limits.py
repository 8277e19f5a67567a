"""Limits of connections and messages, and ports of one dialect, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from sightline.exceptions import ConfigurationError
from sightline.service.server import serve
from sightline.settings import Settings
from sightline.testing import ServerProcess
from tests.integration.gateway_app import GatewayRun
from tests.socketio_client import socketio_client

BEHIND_PROXY = {"trusted_proxies": "127.0.0.1", "max_connections_per_address": 2}


def from_address(address: str) -> dict[str, Any]:
    return {"additional_headers": {"X-Forwarded-For": address}}


async def test_an_address_has_so_many_connections(gateway_run: GatewayRun) -> None:
    gateway_run.settings = BEHIND_PROXY
    gateway = await gateway_run.start()
    user, token = await gateway.user("olga")
    async with contextlib.AsyncExitStack() as clients:
        for _ in range(2):
            await clients.enter_async_context(gateway.client(token, **from_address("203.0.113.5")))
        async with gateway.socket("/ws/v1", **from_address("203.0.113.5")) as refused:
            error = json.loads(await refused.recv())["data"]
            assert (error["code"], "retry_after_s" in error["message"]) == ("CONNECTION_LIMIT", True)
            await refused.wait_closed()
            assert refused.close_code == 4004
        for path in (f"/ws/alerts/{user.id}?token={token}", f"/ws/field?token={token}"):
            with pytest.raises(InvalidStatus) as denied:
                await clients.enter_async_context(gateway.socket(path, **from_address("203.0.113.5")))
            assert denied.value.response.status_code == 503
        async with gateway.client(token, **from_address("203.0.113.6")):
            pass
    await gateway.until(lambda: not gateway.gateway.tickers)
    async with gateway.client(token, **from_address("203.0.113.5")):
        pass


async def test_nobody_passes_for_another_without_a_trusted_proxy(gateway_run: GatewayRun) -> None:
    gateway_run.settings = BEHIND_PROXY | {"trusted_proxies": "192.0.2.1"}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with contextlib.AsyncExitStack() as clients:
        for _ in range(4):
            await clients.enter_async_context(gateway.client(token, **from_address("203.0.113.5")))


async def test_socketio_clients_of_an_address_are_limited_alike(gateway_run: GatewayRun) -> None:
    gateway_run.settings = BEHIND_PROXY
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    options = {"transports": ["websocket"], "extraHeaders": {"X-Forwarded-For": "203.0.113.5"}}
    async with (
        gateway.client(token, **from_address("203.0.113.5")),
        gateway.client(token, **from_address("203.0.113.5")),
        socketio_client() as client,
    ):
        await client.connect(gateway.url, **options)
        assert (await client.next("connect_error"))["data"] == {"code": "CONNECTION_LIMIT", "retry_after_s": 10}


async def test_a_user_has_so_many_connections(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_connections_per_user": 2}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    _, other_token = await gateway.user("otto")
    async with gateway.client(token, device="a") as first, gateway.client(token, device="b"):
        async with gateway.newcomer() as third:
            await third.send("client_identify", id="1", client_type="frontend", auth_token=token)
            error = await third.data("error")
            assert (error["code"], error["request_id"]) == ("CONNECTION_LIMIT", "1")
            code, reason = await third.closed()
            assert (code, "retry_after_s" in reason) == (4004, True)
        async with gateway.client(other_token), gateway.client(token, device="a"):
            assert (await first.closed())[0] == 4502


async def test_messages_of_one_type_are_limited_and_others_are_not(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"message_rates": "ack=0.01,*=100"}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client:
        for number in range(3):
            await client.send("ack", id=str(number), alert_id="none")
        errors = [await client.data("error") for _ in range(3)]
        assert [error["code"] for error in errors] == ["INVALID_MESSAGE", "RATE_LIMITED", "RATE_LIMITED"]
        assert [error["request_id"] for error in errors] == ["0", "1", "2"]
        assert "retry_after_s" in errors[1]["message"]
        await client.send("heartbeat", id="beat")
        assert (await client.next("heartbeat_ack"))["id"] == "beat"


async def test_what_is_heard_at_once_is_checked_limited_and_counted_alike(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"message_rates": "received=0.04,*=100"}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client:
        await client.next("bulk_status_update")
        for offset in (0, 99, -1, 0):
            await client.send("received", offset=offset)
            await client.send("heartbeat")
            await client.next("heartbeat_ack")
        errors = client.all("error")
        assert [(error["code"], error["details"]["path"]) for error in errors] == [
            ("INVALID_MESSAGE", "data.offset"), ("INVALID_MESSAGE", "data.offset"), ("RATE_LIMITED", "type"),
        ]  # fmt: skip
        (session,) = gateway.gateway.hub.clients
        heard = gateway.gateway.metrics.registry.get_sample_value("sightline_messages_total")
        assert (heard, session.client_id) == (1 + 8, client.heard[0]["data"]["client_id"])


async def test_what_makes_no_sense_is_limited_too(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"message_rates": "*=0.01"}
    gateway = await gateway_run.start()
    async with gateway.newcomer() as client:
        await client.send("toast")
        await client.send("toast")
        assert [(await client.data("error"))["code"] for _ in range(2)] == ["INVALID_MESSAGE", "RATE_LIMITED"]


async def test_whoever_goes_on_and_on_is_told_to_come_back_later(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"message_rates": "*=0.01"}
    gateway = await gateway_run.start()
    async with gateway.newcomer() as client:

        async def flood() -> None:
            for _ in range(2_000):
                await client.send("heartbeat")

        flooding = asyncio.create_task(flood())
        code, reason = await client.closed()
        assert (code, reason) == (4004, "too many messages; retry_after_s=30")
        await asyncio.gather(flooding, return_exceptions=True)
    async with gateway.http() as http:
        assert 'sightline_drops_total{reason="rate_limited"}' in (await http.get("/metrics")).text


async def test_alerts_dialect_is_limited(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"message_rates": "alerts=0.01"}
    gateway = await gateway_run.start()
    user, token = await gateway.user("olga")
    async with gateway.alerts_client(user, token) as client:
        await client.say("ping")
        await client.say("ping")
        await client.next("pong")
        assert (await client.data("error"))["code"] == "RATE_LIMITED"


# ── ports of one dialect ──


async def test_on_its_port_a_dialect_answers_on_every_path(gateway_run: GatewayRun, free_port: int) -> None:
    gateway_run.settings = {"listen": f"{free_port}=field", "anonymous_dialects": True}
    gateway = await gateway_run.start()
    for path in ("", "/", "/any/thing?x=1"):
        async with connect(f"ws://127.0.0.1:{free_port}{path}", proxy=None) as field:
            await field.send(json.dumps({"latitude": 1, "longitude": 1, "state": "web"}))
            await field.send("[1]")
            assert json.loads(await field.recv()) == {"echo": [1]}
    async with gateway.http() as http:
        answer = await http.get(f"http://127.0.0.1:{free_port}/api/users")
        assert answer.status_code == 426


async def test_socketio_has_a_port_of_its_own(gateway_run: GatewayRun, free_port: int) -> None:
    gateway_run.settings = {"listen": f"{free_port}=socketio"}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with socketio_client() as client:
        for options in ({}, {"path": "/realtime/"}):
            await client.connect(f"http://127.0.0.1:{free_port}", **options)
            await client.next("connection_established")
            await client.emit("client_identify", client_type="frontend", auth_token=token)
            await client.next("identification_success")


async def test_serve_listens_on_its_further_ports(tmp_path: Path, free_port: int) -> None:
    server = ServerProcess(tmp_path / "home", {"listen": f"{free_port}=field", "anonymous_dialects": True})
    server.start()
    try:
        async with connect(f"ws://127.0.0.1:{free_port}", proxy=None) as field:
            await field.send(json.dumps({"latitude": 1, "longitude": 1, "state": "web"}))
            await field.send('"here"')
            assert json.loads(await field.recv()) == {"echo": "here"}
    finally:
        server.stop()


def test_a_taken_port_is_said_at_once(tmp_path: Path, free_port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{taken}"):
            serve(Settings(home=tmp_path, port=free_port, listen=f"{taken}=field"))
