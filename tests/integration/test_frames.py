"""Frames that are made once for everybody, on real connections: plain, compressed, encrypted, slow, cut off."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import random
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame as Parsed
from websockets.frames import Opcode

from sightline.deliveries.framing import FRAMES_EXTENSION, Bundle, Frame
from sightline.gateway.delivery import sender
from sightline.service import asgi_server
from sightline.transports import websocket
from sightline.transports.websocket import FrameWriter, FramingProtocol, frames_reach_clients
from tests.integration.gateway_app import GatewayRun, RunningGateway, deaf_client, observation, picture

PATIENCE_S = 20.0
SMALL_WINDOW_BITS = 9
"""Less than what shared frames are compressed with."""

App = Callable[[Any, Any, Any], Awaitable[None]]


# ── the transport alone ──


class Server:
    """uvicorn with an application of a test's own."""

    def __init__(self, app: App, **options: Any) -> None:
        self._app = app
        self._options = {"ws": FramingProtocol, "ws_per_message_deflate": False} | options

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Its port."""
        config = uvicorn.Config(self._app, log_config=None, log_level="warning", lifespan="off", **self._options)
        server = uvicorn.Server(config)
        listener = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(server._serve([listener]))
        async with asyncio.timeout(PATIENCE_S):
            while not server.started:  # noqa: ASYNC110  # there is no event for it
                await asyncio.sleep(0.005)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


class Broadcast:
    """Keeps the writers of everybody connected, echoes what they say, and closes who says `close`."""

    def __init__(self) -> None:
        self.writers: list[FrameWriter] = []
        self.left = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"%d" % len(self.writers)})
            return
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        writer: FrameWriter = scope["extensions"][FRAMES_EXTENSION]
        self.writers.append(writer)
        while (message := await receive())["type"] == "websocket.receive":
            if message["text"] == "close":
                await writer.close(4001, "asked to")
                return
            await send({"type": "websocket.send", "text": message["text"]})
        self.left.set()

    def tell(self, *texts: str) -> None:
        bundle = Bundle([Frame(text) for text in texts])
        for writer in self.writers:
            writer.write(bundle)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110  # there is no event for it
                await asyncio.sleep(0.005)


def small_window() -> ClientPerMessageDeflateFactory:
    return ClientPerMessageDeflateFactory(server_max_window_bits=SMALL_WINDOW_BITS)


@pytest.mark.parametrize("compression", [True, False])
async def test_shared_frames_and_the_servers_own_come_in_order(compression: bool) -> None:
    broadcast = Broadcast()
    texts = [json.dumps({"number": number, "faces": [[1, 2, 3, 4]] * 60}) for number in range(40)]
    options: list[dict[str, Any]] = [
        {"compression": None},
        {"compression": "deflate"},
        {"compression": None, "extensions": [small_window()]},
    ]
    async with (
        Server(broadcast, ws_per_message_deflate=compression).running() as port,
        contextlib.AsyncExitStack() as stack,
    ):
        url = f"ws://127.0.0.1:{port}"
        clients = [await stack.enter_async_context(connect(url, proxy=None, **option)) for option in options]
        await broadcast.until(lambda: len(broadcast.writers) == len(clients))
        assert [bool(client.protocol.extensions) for client in clients] == [False, compression, compression]
        for one, other in zip(texts[::2], texts[1::2], strict=True):
            broadcast.tell(one, other)
            for client in clients:
                assert [await client.recv(), await client.recv()] == [one, other]
                await client.send(one)
                assert await client.recv() == one, "what uvicorn sends itself comes between"
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"http://127.0.0.1:{port}/")).text == "3", "requests are served on the same port"


async def test_over_tls(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    broadcast = Broadcast()
    trusting = ssl.create_default_context(cafile=certificate)
    async with (
        Server(broadcast, ssl_certfile=certificate, ssl_keyfile=key).running() as port,
        connect(f"wss://localhost:{port}", ssl=trusting, proxy=None, max_size=None) as client,
    ):
        await broadcast.until(lambda: broadcast.writers)
        broadcast.tell("one", "x" * 300_000, "two")
        assert [len(await client.recv()) for _ in range(3)] == [3, 300_000, 3]
        await client.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "asked to")


async def test_slow_reader_is_seen_bounded_and_told_when_it_reads_again() -> None:
    broadcast = Broadcast()
    async with Server(broadcast).running() as port:
        loop = asyncio.get_running_loop()
        with await unread_connection(port) as slow:
            await broadcast.until(lambda: broadcast.writers)
            (writer,) = broadcast.writers
            drained = asyncio.Event()
            writer.on_ready = drained.set
            written = 0
            while writer.ready:
                writer.write(Frame("x" * 10_000))
                written += 1
                await asyncio.sleep(0)
            assert 0 < writer.unsent_bytes() < 100_000, (
                "the transport keeps no more than its high-water mark and a write"
            )
            assert written * 10_000 < 1_000_000, "and the kernel not much more"
            read = 0
            while read < written * 10_000:
                read += len(await loop.sock_recv(slow, 1 << 16))
            async with asyncio.timeout(PATIENCE_S):
                await drained.wait()
            assert (writer.ready, writer.unsent_bytes()) == (True, 0)


async def test_close_does_not_wait_for_a_reader_and_nothing_follows_it() -> None:
    broadcast = Broadcast()
    async with Server(broadcast).running() as port:
        loop = asyncio.get_running_loop()
        with await unread_connection(port) as slow:
            await broadcast.until(lambda: broadcast.writers)
            (writer,) = broadcast.writers
            while writer.ready:
                writer.write(Frame("x" * 10_000))
                await asyncio.sleep(0)
            await loop.sock_sendall(slow, b"\x81\x85\0\0\0\0close")
            await broadcast.until(lambda: not writer._open)
            broadcast.tell("too late")
            seen = b""
            while not seen.endswith(b"asked to"):
                seen += await loop.sock_recv(slow, 1 << 16)
            assert seen.endswith(b"x" + b"\x88\x0a\x0f\xa1asked to")
            slow.shutdown(socket.SHUT_WR)
            assert await loop.sock_recv(slow, 1 << 16) == b""


async def test_who_answers_no_ping_is_told_to_come_back_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "CLOSE_GRACE_S", 0.1)
    broadcast = Broadcast()
    loop = asyncio.get_running_loop()
    async with Server(broadcast, ws_ping_interval=0.05, ws_ping_timeout=0.05).running() as port:
        with await unread_connection(port) as silent:
            seen = b""
            while part := await loop.sock_recv(silent, 1 << 16):
                seen += part
            assert seen.endswith(b"\x0f\xa3nothing was heard for too long"), "4003"
            await broadcast.left.wait()
            broadcast.left.clear()
        with await unread_connection(port) as frozen:
            await broadcast.until(lambda: len(broadcast.writers) == 2)
            writer = broadcast.writers[1]
            while writer.ready:
                writer.write(Frame("x" * 10_000))
            assert frozen.fileno() > 0
            async with asyncio.timeout(PATIENCE_S):
                await broadcast.left.wait()
            assert writer.unsent_bytes() == 0, "what it does not take is let go"


async def test_connection_that_ends_in_the_middle_of_a_write_harms_nobody() -> None:
    broadcast = Broadcast()
    async with Server(broadcast).running() as port, connect(f"ws://127.0.0.1:{port}", proxy=None) as client:
        with await unread_connection(port) as gone:
            await broadcast.until(lambda: len(broadcast.writers) == 2)
            broadcast.tell("x" * 500_000)
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for number in range(50):
            broadcast.tell(str(number))
            await asyncio.sleep(0)
        assert len(await client.recv()) == 500_000
        assert [await client.recv() for _ in range(50)] == [str(number) for number in range(50)]
        await broadcast.until(lambda: not broadcast.writers[1]._open)
        broadcast.tell("after")
        assert await client.recv() == "after"


class Listening:
    """Notes what is said in the order in which it is heard, on either way."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.at_once = 0
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        writer: FrameWriter = scope["extensions"][FRAMES_EXTENSION]
        writer.on_text = self._hear
        while (message := await receive())["type"] == "websocket.receive":
            self.heard.append(message["text"])
        assert not writer.on_text(b""), "nobody listens any more"
        self.ended.set()

    def _hear(self, text: bytes) -> bool:
        if text.startswith(b"not at once"):
            return False
        self.heard.append(text.decode())
        self.at_once += 1
        return True


def said(rng: random.Random, number: int) -> tuple[str, bytes]:
    """A text message as one client frame, or in parts with a ping between them."""
    text = f"{rng.choice(['', 'not at once '])}{number} " + "ä" * rng.choice([0, 0, 0, 40, 80, 4000])
    payload = text.encode()
    if rng.random() < 0.8:
        return text, Parsed(Opcode.TEXT, payload).serialize(mask=True)
    cut = rng.randrange(len(payload))
    first, last = Parsed(Opcode.TEXT, payload[:cut], fin=False), Parsed(Opcode.CONT, payload[cut:])
    return text, b"".join(part.serialize(mask=True) for part in (first, Parsed(Opcode.PING, b"?"), last))


@pytest.mark.parametrize("seed", range(5))
async def test_what_is_said_is_heard_once_and_in_order_however_it_arrives(seed: int) -> None:
    rng = random.Random(seed)
    listening = Listening()
    messages = [said(rng, number) for number in range(150)]
    loop = asyncio.get_running_loop()
    async with Server(listening).running() as port:
        with await unread_connection(port) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting = b""
            for _, frames in messages:
                waiting += frames
                while waiting and rng.random() < 0.8:
                    size = len(waiting) if rng.random() < 0.7 else rng.randint(1, len(waiting))
                    await loop.sock_sendall(client, waiting[:size])
                    waiting = waiting[size:]
                    await asyncio.sleep(rng.choice([0, 0.001, 0.002]))
            await loop.sock_sendall(client, waiting + Parsed(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
            async with asyncio.timeout(PATIENCE_S):
                await listening.ended.wait()
    assert listening.heard == [text for text, _ in messages]
    assert 0 < listening.at_once < len(messages), "both ways were taken"


# ── the trial ──


class _SilentProtocol(FramingProtocol):
    """A server that does not do what it did."""

    def _end_frames(self) -> None:
        """Forgotten."""


async def test_trial_passes_here_and_finds_a_server_that_is_not_as_expected() -> None:
    assert await frames_reach_clients() is None
    problem = await frames_reach_clients(_SilentProtocol)
    assert problem is not None
    assert "too late" in problem
    problem = await frames_reach_clients(WebSocketsSansIOProtocol)  # type: ignore[arg-type]
    assert problem is not None


# ── the gateway on it ──


async def test_compressed_and_plain_clients_are_told_the_same(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"websocket_compression": True}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        gateway.engine() as engine,
        gateway.client(token) as plain,
        gateway.client(token, compression="deflate") as compressed,
    ):
        assert compressed.socket.protocol.extensions
        for client in (plain, compressed):
            await client.send("subscribe_camera", camera_id="*")
            await client.next("bulk_status_update")
        await gateway.until(lambda: all(client.wants(camera.id) for client in gateway.gateway.hub.clients))
        await engine.sees(person, camera, 3)
        await engine.send(observation(camera.id, 1))
        for client in (plain, compressed):
            while not client.all("face_detection_result") or len(client.all("alert_triggered")) < 3:
                await client.hear()
        assert plain.all("alert_triggered") == compressed.all("alert_triggered")
        assert plain.all("face_detection_result") == compressed.all("face_detection_result")


async def test_without_shared_frames_everything_goes_through_asgi(
    gateway_run: GatewayRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def another_version() -> str:
        return "another version"

    monkeypatch.setattr(asgi_server, "frames_reach_clients", another_version)
    with capture_logs() as logs:
        gateway = await gateway_run.start()
    assert "frames_not_shared" in [line["event"] for line in logs]
    _, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        with await deaf_client(gateway, token) as _:
            async with gateway.client(token) as client:
                await client.send("subscribe_camera", camera_id="*")
                await engine.sees(person, camera, 30)
                while len(client.all("alert_triggered")) < 30 or len(client.all("position")) < 1:
                    await client.hear()
                assert [told["offset"] for told in client.all("alert_triggered")] == list(range(1, 31))
                (session,) = [
                    one for one in gateway.gateway.hub.clients if one.client_id == client.heard[0]["data"]["client_id"]
                ]
                session.end(4002, "too slow; retry_after_s=1")
                assert await client.closed() == (4002, "too slow; retry_after_s=1")


async def test_slow_reader_is_closed_with_4002_and_hears_why(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "STALLED_MS", 200)
    _, token = await gateway.user("olga")
    camera = await gateway.camera()
    loop = asyncio.get_running_loop()
    async with gateway.engine() as engine, gateway.engine_pictures() as pictures:
        with await deaf_client(gateway, token) as deaf:
            await engine.until(lambda: any(type(told).__name__ == "Watch" for told in engine.told))
            await engine.send(observation(camera.id, 1))
            await pictures.send(picture(camera.id, 1) + bytes(2_000_000))
            await gateway.until(
                lambda: not gateway.gateway.hub.of_user(token) and not list(gateway.gateway.hub.clients)
            )
            seen = b""
            async with asyncio.timeout(PATIENCE_S):
                while b"too slow" not in seen:
                    part = await loop.sock_recv(deaf, 1 << 16)
                    assert part, "the connection ended without a word"
                    seen = seen[-200:] + part
            assert b"\x0f\xa2too slow; retry_after_s=1" in seen


# ── what they stand on ──


async def unread_connection(port: int) -> socket.socket:
    """A client that reads the handshake and then nothing."""
    loop = asyncio.get_running_loop()
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    await loop.sock_connect(connection, ("127.0.0.1", port))
    await loop.sock_sendall(
        connection,
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    seen = b""
    while not seen.endswith(b"\r\n\r\n"):
        seen += await loop.sock_recv(connection, 1)
    return connection


def self_signed(folder: Path) -> tuple[str, str]:
    """Files of a certificate for localhost and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(paths[0]), str(paths[1])
