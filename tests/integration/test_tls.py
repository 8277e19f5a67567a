"""A real server that speaks TLS: browsers' requests, both kinds of WebSocket writer, players, engines, commands."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from sightline.client import AlertTriggered, SightlineClient
from sightline.testing import ServerProcess
from sightline.trust import trusting
from tests.command_line import answer
from tests.integration.real_server import admin_token, demo_camera, until
from tests.integration.test_remote_engine import EngineProcess, engines


async def test_a_server_that_makes_its_own_certificate(
    start_server: Callable[..., ServerProcess], home: Path, tmp_path: Path, models_home: Path, free_port: int
) -> None:
    server = start_server(
        {"tls": "self-signed", "websocket_compression": "true", "anonymous_dialects": "true", "sighting_days": 0,
         "listen": f"{free_port}=field"}
    )  # fmt: skip
    authority = home / "keys" / "tls" / "authority.pem"
    believing = trusting(authority)
    assert server.public_url.startswith("https://127.0.0.1:")
    assert "authority.pem" in server.log.read_text()

    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.get(f"{server.public_url}/health")
    options = {"base_url": server.public_url, "headers": {"Authorization": f"Bearer {server.token}"}, "timeout": 30}
    async with httpx.AsyncClient(verify=believing, trust_env=False, **options) as http:
        health = await http.get("/health")
        assert health.status_code == 200
        assert "strict-transport-security" not in health.headers  # nobody could get past a warning
        assert (await http.get("/ca.crt")).content == authority.read_bytes()
        camera = await demo_camera(http, "door")
        await until(lambda: _online(http, camera), "pictures from this server's own engine")

        token = await admin_token(http)
        async with asyncio.timeout(60), SightlineClient(
            server.public_url, token=token, device="tls", tls=believing
        ) as client:  # fmt: skip
            async for event in client:
                if isinstance(event, AlertTriggered):
                    break
            stream = await client.start_stream(camera, quality="thumbnail")
        assert (stream.stream_url or "").startswith(server.public_url)
        async with http.stream("GET", stream.stream_url or "") as playing:
            assert b"\xff\xd8" in await anext(playing.aiter_bytes(4096))

        await _field_client(free_port, believing)
        engine = EngineProcess(tmp_path / "yard", models_home / "models")
        yard = answer(home, "tokens", "create", "yard", "--for", "engine").strip()  # by the door of this machine
        try:
            engine.start(server.public_url, yard, "--ca-file", str(authority))
            await until(lambda: _connected(http, "yard"), "an engine that trusts the authority")
        finally:
            engine.stop()


async def _online(http: httpx.AsyncClient, camera_id: str) -> bool:
    return bool((await http.get(f"/api/cameras/{camera_id}")).json()["status"]["state"] == "online")


async def _connected(http: httpx.AsyncClient, name: str) -> bool:
    return (await engines(http))[name]["state"] == "connected"


async def _field_client(port: int, believing: ssl.SSLContext) -> None:
    """Every listener speaks TLS."""
    async with connect(f"wss://127.0.0.1:{port}/", ssl=believing, proxy=None) as socket:
        await socket.send(json.dumps({"latitude": 52.5, "longitude": 13.4, "state": "web"}))
        await socket.send(json.dumps({"hello": "there"}))
        async with asyncio.timeout(20):
            while "echo" not in (said := json.loads(await socket.recv())):
                pass
    assert said == {"echo": {"hello": "there"}}
