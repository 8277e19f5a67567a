"""What strangers, pages of other origins and broken clients can do: nothing, and the server goes on."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sightline.gateway.app import MAX_BODY_BYTES
from sightline.testing import ServerProcess
from tests.conftest import ADMIN_PASSWORD
from tests.integration.gateway_app import JPEG, LOCAL_TOKEN, PATIENCE_S, GatewayRun, RunningGateway

ELSEWHERE = ["https://evil.example", "null", "http://127.0.0.1", "http://localhost:1", "file://", "http://[", "x"]


@pytest.mark.parametrize("origin", ELSEWHERE)
async def test_pages_of_other_origins_are_refused(gateway: RunningGateway, origin: str) -> None:
    async with gateway.http() as http:
        for method, path in (("get", "/health"), ("get", "/api/me"), ("post", "/api/token"), ("get", "/")):
            answer = await http.request(method, path, headers={"Origin": origin})
            assert answer.status_code == 403, (path, answer.text)
            assert "access-control-allow-origin" not in answer.headers
    for path in ("/ws/v1", "/ws/alerts/x?token=y", "/ws/engine"):
        with pytest.raises(InvalidStatus) as refusal:
            async with gateway.socket(path, additional_headers={"Origin": origin}):
                pass
        assert refusal.value.response.status_code == 403


async def test_own_and_listed_origins_are_welcome(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"allowed_origins": ("https://Wall.example/",)}
    gateway = await gateway_run.start()
    async with gateway.http() as http:
        for origin in (gateway.url, "https://wall.example"):
            assert (await http.get("/api/me", headers={"Origin": origin})).status_code == 200
            async with gateway.newcomer(additional_headers={"Origin": origin}):
                pass


async def test_headers_keep_a_browser_from_doing_more_than_it_must(gateway: RunningGateway) -> None:
    async with gateway.http(None) as http:
        for path in ("/health", "/api/me", "/api/nothing", "/"):
            headers = (await http.get(path)).headers
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "script-src" not in headers["content-security-policy"]
            assert headers["content-security-policy"].startswith("default-src 'self'")
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers


async def _pieces(total: int) -> AsyncIterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    for _ in range(0, total, 65_536):
        yield b"x" * 65_536


FORM = "application/x-www-form-urlencoded"
UPLOAD = "multipart/form-data; boundary=x"


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@pytest.mark.parametrize(
    ("path", "kind", "token"),
    [
        ("/api/token", FORM, None),
        ("/api/people", "application/json", LOCAL_TOKEN),
        ("/api/identify", UPLOAD, None),
        ("/api/people/x/references", UPLOAD, "nonsense"),
    ],
)
async def test_large_bodies_are_refused(
    gateway: RunningGateway, path: str, kind: str, token: str | None, chunked: bool
) -> None:
    size = MAX_BODY_BYTES + 200_000
    async with gateway.http(token) as http:
        try:
            body = _pieces(size) if chunked else b"x" * size
            answer = await http.post(path, content=body, headers={"Content-Type": kind})
        except (httpx.WriteError, httpx.RemoteProtocolError):
            pass  # the answer came, and the connection was closed, while the body was still being sent
        else:
            assert answer.status_code == 413, answer.text
            assert "at most 1024 KiB" in answer.json()["detail"]
        assert (await http.get("/health")).status_code == 200


async def test_photographs_may_be_large_for_who_is_signed_in(gateway: RunningGateway) -> None:
    async with gateway.http() as http:
        answer = await http.post("/api/identify", files={"image": ("a.jpg", JPEG + bytes(3 * MAX_BODY_BYTES))})
        assert answer.status_code == 503, "it was read; only an engine is missing"
        answer = await http.post("/api/identify", files={"image": ("a.jpg", JPEG + bytes(17 * MAX_BODY_BYTES))})
        assert (answer.status_code, answer.json()["code"]) == (422, "FRAME_TOO_LARGE")


async def test_deeply_nested_bodies_are_refused(gateway: RunningGateway) -> None:
    async with gateway.http() as http:
        for body in (b"[" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000):
            answer = await http.post("/api/people", content=body, headers={"Content-Type": "application/json"})
            assert 400 <= answer.status_code < 500


async def test_message_over_the_limit_closes(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"max_message_kib": 16}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client:
        await client.socket.send(json.dumps({"type": "heartbeat", "data": {"client_time": "x" * 20_000}}))
        assert (await client.closed())[0] == 4501
        assert "16 KiB" in client.all("error")[-1]["message"]
    user, token = await gateway.user("otto")
    async with gateway.alerts_client(user, token) as alerts:
        await alerts.say("ping", timestamp="x" * 20_000)
        assert (await alerts.closed())[0] == 4501


async def test_garbage_ends_a_connection_at_most(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    dice = random.Random(20_261)
    nested = "[" * 50_000
    for number in range(60):
        async with gateway.client(token) as client:
            if number % 3 == 0:
                await client.socket.send(dice.randbytes(dice.randrange(400)))
            elif number % 3 == 1:
                await client.socket.send(dice.randbytes(dice.randrange(400)).decode("latin-1"))
            else:
                await client.socket.send(f'{{"type": "ack", "data": {nested}')
            await client.send("heartbeat")
            try:
                await client.next("heartbeat_ack")
            except ConnectionClosed as end:
                assert end.rcvd is not None
                assert end.rcvd.code == 4501
    async with gateway.client(token) as client:
        await client.send("heartbeat")
        await client.next("heartbeat_ack")


async def test_broken_handshakes_leave_nothing_behind(gateway: RunningGateway) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    for start in (
        b"",
        b"GET /ws/v1 HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET /ws/v1 HTTP/1.1\r\nUpgrade: websocket",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(start)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        del reader
    async with gateway.http(None) as http:
        assert (await http.get("/health")).status_code == 200
    assert gateway.gateway.tickers == set()


@pytest.mark.slow
async def test_no_secret_reaches_a_log(start_server: Callable[..., ServerProcess], home: Path) -> None:
    server = start_server({"log_level": "debug"})
    camera_secret = "c4mera-pr1vate"
    async with server.client() as owner:
        form = {"username": "admin", "password": ADMIN_PASSWORD}
        token = (await owner.post("/api/token", data=form)).json()["access_token"]
        user = (await owner.get("/api/me", headers={"Authorization": f"Bearer {token}"})).json()
        source = f"rtsp://viewer:{camera_secret}@10.0.0.9/s?token={camera_secret}"
        await owner.post("/api/cameras", json={"name": "Door", "source": source, "enabled": False})
        await owner.post("/api/cameras/test", json={"source": f"http://viewer:{camera_secret}@127.0.0.1:9/"})
        await owner.post("/api/token", data=form | {"password": "a-wrong-passw0rd"})
        await owner.get(f"/api/me?token={token}")
    ws_url = server.url.replace("http", "ws", 1)
    async with connect(f"{ws_url}/ws/alerts/{user['id']}?token={token}", proxy=None) as socket:
        await socket.send('{"type": "ping"}')
        await asyncio.wait_for(socket.recv(), PATIENCE_S)
    for path in (f"/ws/alerts/nobody?token={token}", "/ws/alerts/x?token=gu3ssed-token", f"/ws/nothing?token={token}"):
        with pytest.raises(InvalidStatus):
            async with connect(f"{ws_url}{path}", proxy=None):
                pass
    async with connect(f"{ws_url}/ws/v1?token={token}", proxy=None) as socket:
        identify = {"type": "client_identify", "data": {"client_type": "frontend", "auth_token": token}}
        await socket.send(json.dumps(identify))
        await asyncio.wait_for(socket.recv(), PATIENCE_S)
        await socket.send("{")
    server.stop()
    log = server.log.read_text()
    assert "listening" in log
    signature = token.rpartition(".")[2]
    secrets = (
        token,
        signature,
        ADMIN_PASSWORD,
        "a-wrong-passw0rd",
        camera_secret,
        "gu3ssed-token",
        server.token,
        "slm_",
    )
    assert [secret for secret in secrets if secret in log] == []
    assert (home / "run").stat().st_mode & 0o077 == 0
