"""What somebody who means harm may send to a real server: refused as documented, no secret in its log, memory flat."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sightline.testing import ServerProcess

FUZZED_FRAMES = int(os.environ.get("SIGHTLINE_TEST_FUZZED_FRAMES", "10000"))
FRAMES_A_CONNECTION = 100
SHARES = ("native", "native", "alerts", "field", "frames", "socketio")
MAX_GROWTH_MIB = 48
PASSWORD = "correct-horse-battery-staple"
PATIENCE_S = 20.0
QUIET_S = 0.5
"""How long a Socket.IO client is waited for that may have said that it goes, or that more of a message comes."""
NESTED = "[" * 200_000
CODES = {
    "INVALID_MESSAGE", "INVALID_CLIENT_TYPE", "AUTH_FAILED", "FORBIDDEN", "RATE_LIMITED", "PROCESSING_ERROR",
    "CONNECTION_LIMIT", "SYSTEM_FULL", "INVALID_IMAGE", "FRAME_TOO_LARGE",
}  # fmt: skip
TOO_LARGE = {1000, 1005, 1009, 4501}
"""1009 where the frame itself is refused, 4501 where the dialect does it; Engine.IO has no codes."""
CLOSES = {1000, 1005, 1007, 1009, 4002, 4004, 4500, 4501}
"""What a client that sends nonsense may be closed with; 1005 is Engine.IO's, which has no codes."""


@dataclass
class Target:
    """A server under attack, and one of its users."""

    server: ServerProcess
    user_id: str
    token: str
    other_token: str

    @property
    def ws_url(self) -> str:
        return self.server.url.replace("http", "ws", 1)

    @contextlib.asynccontextmanager
    async def socket(self, path: str, **options: Any) -> AsyncIterator[ClientConnection]:
        options = {"proxy": None, "compression": None, "max_size": None, "ping_interval": None} | options
        async with connect(f"{self.ws_url}{path}", **options) as socket:
            yield socket

    @contextlib.asynccontextmanager
    async def opened(self, dialect: str) -> AsyncIterator[ClientConnection]:
        """A connection of this dialect on which everything is in order so far."""
        paths = {
            "native": "/ws/v1",
            "alerts": f"/ws/alerts/{self.user_id}?token={self.token}",
            "field": f"/ws/field?token={self.token}",
            "frames": f"/ws?token={self.token}",
            "socketio": "/socket.io/?EIO=4&transport=websocket",
        }
        async with self.socket(paths[dialect]) as socket:
            if dialect == "native":
                data = {"client_type": "frontend", "auth_token": self.token}
                await socket.send(json.dumps({"type": "client_identify", "data": data}))
            elif dialect == "field":
                await socket.send(json.dumps({"latitude": 52.5, "longitude": 13.4, "state": "web"}))
            elif dialect == "socketio":
                await socket.send("40")
            yield socket


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server for all attacks: it must survive them all. Afterwards its whole log is searched for secrets."""
    settings = {
        "log_level": "debug", "log_format": "json", "message_rates": "*=1000000", "new_connections_per_second": 0,
    }  # fmt: skip
    server = ServerProcess(tmp_path_factory.mktemp("attacked") / "home", settings)
    server.start()
    try:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30) as http:
            users = [
                http.post("/api/users", json={"name": name, "role": "operator", "password": PASSWORD}).json()["id"]
                for name in ("olga", "otto")
            ]
            tokens = [http.post(f"/api/users/{id}/token").json()["access_token"] for id in users]
        yield Target(server, users[0], *tokens)
        log = server.log.read_text()
        for secret in (*tokens, server.token, PASSWORD, tokens[0].rpartition(".")[2]):
            assert secret not in log
        assert "Traceback" not in log
    finally:
        server.stop()


DIALECTS = pytest.mark.parametrize("dialect", ["native", "alerts", "field", "frames", "socketio"])


async def end_of(socket: ClientConnection) -> tuple[int | None, list[str]]:
    """Reads on until the server closes; the code, and what it said before."""
    said: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        with contextlib.suppress(ConnectionClosed):
            while True:
                said.append(str(await socket.recv()))
    return socket.close_code, said


async def status_of(opening: contextlib.AbstractAsyncContextManager[Any]) -> int:
    """With what the connection is refused before the upgrade; 101 when it is not."""
    try:
        async with opening:
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def is_well(target: Target) -> None:
    """The server serves others as if nothing had happened."""
    async with target.opened("native") as socket:
        await socket.send(json.dumps({"type": "heartbeat", "id": "well", "data": {}}))
        async with asyncio.timeout(PATIENCE_S):
            while '"well"' not in str(await socket.recv()):
                pass


@DIALECTS
async def test_oversized_message_closes(target: Target, dialect: str) -> None:
    mib = 17 if dialect == "frames" else 2  # pictures are large
    async with target.opened(dialect) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send('"' + "a" * (mib * 1024 * 1024) + '"')
        assert (await end_of(socket))[0] in TOO_LARGE
    await is_well(target)


@DIALECTS
@pytest.mark.parametrize("message", [NESTED, NESTED + "]" * len(NESTED), '{"type":"ack","data":{"alert_id":' + NESTED])
async def test_deeply_nested_message_is_refused(target: Target, dialect: str, message: str) -> None:
    async with target.opened(dialect) as socket:
        await socket.send(f'42["ack",{message}]' if dialect == "socketio" else message)
        closes = dialect == "field" or (dialect in ("native", "alerts") and message.startswith("{"))
        if closes:
            assert (await end_of(socket))[0] == 4501
        elif dialect != "socketio":  # whose library says nothing to what it cannot read
            async with asyncio.timeout(PATIENCE_S):
                while '"INVALID_MESSAGE"' not in str(await socket.recv()):
                    pass
    await is_well(target)


@DIALECTS
async def test_binary_garbage_is_refused(target: Target, dialect: str) -> None:
    noise = random.Random(7)
    async with target.opened(dialect) as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(20):
                await socket.send(noise.randbytes(500))
    await is_well(target)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"type": "ack", "data": {"alert_id": 7}}, "data.alert_id"),
        ({"type": "ack", "data": []}, "data"),
        ({"type": "received", "data": {"offset": -1}}, "data.offset"),
        ({"type": "received", "data": {"offset": 10**30}}, "data.offset"),
        ({"type": "subscribe_camera", "data": {"camera_id": "*", "max_fps": "fast"}}, "data.max_fps"),
        ({"type": "client_identify", "data": {"client_type": {}}}, "data.client_type"),
        ({"type": ["ack"]}, "type"),
        ({}, "type"),
        ([], "$"),
    ],
)
async def test_wrong_type_names_the_field_and_the_connection_stays(target: Target, data: Any, path: str) -> None:
    async with target.opened("native") as socket:
        await socket.send(json.dumps(data))
        await socket.send(json.dumps({"type": "heartbeat", "id": "still", "data": {}}))
        errors = []
        async with asyncio.timeout(PATIENCE_S):
            while (message := json.loads(await socket.recv())).get("id") != "still":
                errors += [message["data"]] if message["type"] == "error" else []
        assert [(error["code"], error["details"]["path"]) for error in errors] == [("INVALID_MESSAGE", path)]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://sub.evil.example"])
async def test_pages_of_other_origins_are_refused_everywhere(target: Target, origin: str) -> None:
    headers = {"Origin": origin}
    for path in ("/ws/v1", f"/ws/alerts/{target.user_id}?token={target.token}", f"/ws/field?token={target.token}",
                 "/socket.io/?EIO=4&transport=websocket", "/ws/engine", "/ws/engine/frames"):  # fmt: skip
        assert await status_of(target.socket(path, additional_headers=headers)) == 403
    async with httpx.AsyncClient(base_url=target.server.url, trust_env=False) as http:
        bearer = {"Authorization": f"Bearer {target.token}"}
        for method, path in (("GET", "/api/alerts"), ("POST", "/api/ws-ticket"), ("GET", "/api/health"),
                             ("GET", "/socket.io/?EIO=4&transport=polling"), ("OPTIONS", "/api/people")):  # fmt: skip
            assert (await http.request(method, path, headers=headers | bearer)).status_code == 403


def forged(target: Target, kind: str) -> str:
    """A token that is not good."""
    key = (target.server.home / "keys" / "signing.key").read_bytes()
    now_s = int(time.time())
    claims: dict[str, Any] = {
        "sub": target.user_id, "ver": 0, "aud": "sightline", "iss": "sightline-gateway", "iat": now_s,
        "exp": now_s + 900, "auth_time": now_s * 1000,
    }  # fmt: skip
    claims |= jwt.decode(target.token, options={"verify_signature": False})
    match kind:
        case "expired":
            return jwt.encode(claims | {"exp": now_s - 1}, key, algorithm="HS256")
        case "of another key":
            return jwt.encode(claims, b"k" * 32, algorithm="HS256")
        case "of another algorithm":
            return jwt.encode(claims, key + key, algorithm="HS512")
        case "unsigned":
            return jwt.encode(claims, None, algorithm="none")
        case "of another audience":
            return jwt.encode(claims | {"aud": "elsewhere"}, key, algorithm="HS256")
        case "of an older version":
            return jwt.encode(claims | {"ver": claims["ver"] - 1}, key, algorithm="HS256")
        case "of nobody":
            return jwt.encode(claims | {"sub": "nobody"}, key, algorithm="HS256")
        case "cut short":
            return target.token[:-4]
    return "~" * 50


@pytest.mark.parametrize(
    "kind",
    ["expired", "of another key", "of another algorithm", "unsigned", "of another audience", "of an older version",
     "of nobody", "cut short", "no token at all"],
)  # fmt: skip
async def test_bad_token_opens_nothing(target: Target, kind: str) -> None:
    token = forged(target, kind)
    async with target.socket("/ws/v1") as socket:
        data = {"client_type": "frontend", "auth_token": token}
        await socket.send(json.dumps({"type": "client_identify", "data": data}))
        code, said = await end_of(socket)
        assert code == 4500
        assert "AUTH_FAILED" in said[-1]
        assert token not in "".join(said)
    for path in (f"/ws/alerts/{target.user_id}", "/ws/field", "/ws/engine"):
        headers = {"Authorization": f"Bearer {token}"}
        assert await status_of(target.socket(path, additional_headers=headers)) == 401
    async with httpx.AsyncClient(base_url=target.server.url, trust_env=False) as http:
        answer = await http.get("/api/alerts", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert token not in answer.text


async def test_other_users_token_reads_nothing_of_mine(target: Target) -> None:
    path = f"/ws/alerts/{target.user_id}?token={target.other_token}"
    assert await status_of(target.socket(path)) == 403
    async with target.opened("native") as socket:
        await socket.send(json.dumps({"type": "refresh", "data": {"auth_token": target.other_token}}))
        assert (await end_of(socket))[0] == 4500


async def test_replayed_ticket_is_refused_and_in_no_log(target: Target) -> None:
    headers = {"Authorization": f"Bearer {target.token}"}
    async with httpx.AsyncClient(base_url=target.server.url, headers=headers, trust_env=False, timeout=30) as http:
        ticket = (await http.post("/api/ws-ticket")).json()["ticket"]
    path = f"/ws/alerts/{target.user_id}?ticket={ticket}"
    assert await status_of(target.socket(path)) == 101
    assert await status_of(target.socket(path)) == 401
    assert ticket not in target.server.log.read_text()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/people", b"[" * 100_000, 422),
        ("/api/people", b'{"first_name": "' + b"a" * (2 * 1024 * 1024) + b'"}', 413),
        ("/api/people", b"\xff\xfe\x00", 422),
        ("/api/people", b'{"first_name": {}}', 422),
        ("/api/people", b'{"first_name": 1e999}', 422),
        ("/api/ws-ticket", b"\x00" * 1000, 200),
    ],
)
async def test_rest_refuses_what_is_wrong(target: Target, path: str, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=target.server.url, headers=headers, trust_env=False, timeout=30) as http:
        answer = await http.post(path, content=body)
    assert answer.status_code in {status, 400} if status == 422 else answer.status_code == status
    await is_well(target)


# ── fuzzed frames ──

TEMPLATES: dict[str, list[Any]] = {
    "native": [
        {"type": "heartbeat", "id": "1", "data": {"client_time": 5}},
        {"type": "received", "data": {"offset": 0}},
        {"type": "ack", "id": "2", "data": {"alert_id": "none", "verdict": "confirmed"}},
        {"type": "subscribe_camera", "data": {"camera_id": "*", "max_fps": 5, "frames": True}},
        {"type": "unsubscribe_camera", "data": {"camera_id": "*"}},
        {"type": "client_identify", "data": {"client_type": "frontend", "resume": {"epoch": "e", "offset": 1}}},
    ],
    "alerts": [
        {"type": "ping", "timestamp": "now"}, {"type": "pong", "timestamp": 5}, {"type": "ack", "stream_id": "camera"},
    ],
    "field": [{"latitude": 1, "longitude": 2, "state": "web"}, ["hello"], {"deep": [{"er": [1.5, None, True]}]}],
    "frames": [
        {"event": "process_frame", "data": {"frame": "/9j/4AAQ", "timestamp": 1, "settings": {"crowd_threshold": 3}}},
        {"event": "process_frame", "data": {"frame": "data:image/png;base64,iVBORw0KGgo=", "settings": {}}},
    ],
    "socketio": [
        ["heartbeat", {"client_time": 5}],
        ["client_identify", {"client_type": "frontend"}],
        ["process_frame", {"frame": "/9j/4AAQ", "settings": {"confidence_threshold": 0.5}}],
    ],
}  # fmt: skip
FAREWELLS = {
    "native": ['{"type": "heartbeat", "id": "%s", "data": {}}'],
    "alerts": ['{"type": "ack", "stream_id": "%s", "alert_id": "x"}'],
    "field": ['"%s"'],
    "frames": ['{"event": "%s", "data": {}}'],
    "socketio": ["40%.0s", '42["heartbeat", {"client_time": "%s"}]'],  # it may have left the namespace
}
"""What is answered with the text that was put in."""
ODD_VALUES: list[Any] = [
    None, True, -1, 10**40, 1e308, "", "\x00", "\ud7ff", "*", "a" * 5000, [], {}, [[]], {"": {}}, [None] * 100,
    "../../etc/passwd", "'; DROP TABLE alerts; --", "{{7*7}}", "<script>", "slm_", "e" * 201,
]  # fmt: skip


def mutated(value: Any, chance: random.Random) -> Any:
    """The value with something in it, at a random depth, replaced by something odd."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {name: inner for name, inner in value.items() if name != key}
        return value | {key: mutated(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return [*value[:place], mutated(value[place], chance), *value[place + 1 :]]
    return chance.choice(ODD_VALUES)


def frame(dialect: str, chance: random.Random) -> str | bytes:
    """Mostly JSON of the right shape with wrong values; sometimes broken text, sometimes noise."""
    kind = chance.random()
    if kind < 0.01:
        return chance.randbytes(chance.randrange(200))
    text = json.dumps(mutated(chance.choice(TEMPLATES[dialect]), chance))
    if dialect == "socketio":
        text = ("42" if kind < 0.995 else chance.choice(["45", "451-", "2", "41", "40", "43", "4", "6"])) + text
    if kind < 0.03 and text:
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice(['"', "}", "\\u0000", "\x01", ""]) + text[place + 1 :]
    return text


def check(dialect: str, said: str) -> None:
    """Whatever the server says to nonsense, it says in the words of the dialect."""
    if dialect == "socketio":
        assert said[:1] in set("0123456"), said
        return
    message = json.loads(said)
    problem = message.get("data" if dialect != "field" else "context", {})
    if message.get("type") == "error" or message.get("event") == "error":
        assert problem["code"] in CODES, said


async def fuzz(target: Target, dialect: str, seed: int, count: int) -> int:
    """One connection that sends up to `count` frames, while it lasts; how many those were."""
    chance = random.Random(f"{dialect} {seed}")
    last = f"last-{seed}"
    sent = 0
    async with target.opened(dialect) as socket:

        async def listen() -> None:
            with contextlib.suppress(ConnectionClosed):
                while last not in (said := str(await socket.recv())):
                    check(dialect, said)

        listener = asyncio.create_task(listen())
        try:
            for _ in range(count):
                await socket.send(frame(dialect, chance))
                sent += 1
            for farewell in FAREWELLS[dialect]:
                await socket.send(farewell % last)
            done, _ = await asyncio.wait({listener}, timeout=PATIENCE_S if dialect != "socketio" else QUIET_S)
            assert done or dialect == "socketio", "the server has not read everything"
        except ConnectionClosed:
            assert socket.close_code in CLOSES, socket.close_code
        finally:
            await socket.close()
            await listener
    return sent


@pytest.mark.timeout(1800)
async def test_fuzzed_frames_break_nothing_and_leave_nothing_behind(target: Target) -> None:
    sent = 0
    memory_mib: list[float] = []
    seeds = itertools.count()
    while sent < FUZZED_FRAMES:
        connections = (fuzz(target, dialect, next(seeds), FRAMES_A_CONNECTION) for dialect in SHARES)
        sent += sum(await asyncio.gather(*connections))
        memory_mib.append(_memory_mib(target.server.pid))
    await is_well(target)
    settled, last = memory_mib[len(memory_mib) // 4], memory_mib[-1]
    print(f"{sent} fuzzed frames; memory {settled:.0f} MiB after a quarter, {last:.0f} MiB at the end")
    assert last - settled < MAX_GROWTH_MIB
    async with httpx.AsyncClient(base_url=target.server.url, trust_env=False) as http:
        async with asyncio.timeout(PATIENCE_S):
            while (await http.get("/api/health")).json()["websocket"]["connected_clients"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


def _memory_mib(pid: int) -> float:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024
