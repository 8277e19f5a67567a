"""WebSocket frames straight to, and from, the transport of the ASGI server's connection.

`websocket.send` costs a coroutine, a frame of its own and a write for every client. uvicorn keeps handshake, `receive`,
pings and close, and an application finds in its scope (`FRAMES_EXTENSION`) where it may put frames that were made once
for everybody. That is sound because uvicorn never splits a message and writes each frame whole, so that whole frames
may come between its own; because nothing is written once a close frame was sent or received (RFC 6455, section 5.5.1);
and because a compressed frame is shared only where no dictionary outlives a message.

Of what clients say, a short message that comes alone is offered to the application (`on_text`) before it is parsed and
queued: a thousand clients that confirm an alert cost more than the alert. That is sound because it is done only where
the parser stands between two messages and the application has taken all that came before.

None of this is promised by uvicorn: `frames_reach_clients` tries it on a real connection before it is relied upon.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import GeneratorType
from typing import Any, cast

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.streams import StreamReader

from sightline.deliveries.framing import DEFLATE_WINDOW_BITS, FRAMES_EXTENSION, Bundle, Frame, short_text
from sightline.deliveries.session import CloseCode

__all__ = ["FrameWriter", "FramingProtocol", "frames_reach_clients"]

SEND_BUFFER_BYTES = 64 * 1024
"""Kernel memory for what a client has not taken yet; left to itself it grows to 4 MB before anybody notices."""
HIGH_WATER_BYTES = 64 * 1024
CLOSE_GRACE_S = 10.0
"""How long a client may take to read what was written before the close."""
SILENT = "nothing was heard for too long"
TRIAL_S = 5.0


class FrameWriter:
    """Writes bundles to one connection without waiting.

    `ready` is false before the connection is accepted, while more than `HIGH_WATER_BYTES` waits in the
    transport, and once it is being closed; `on_full` is called when it becomes so, `on_ready` when it becomes true.
    """

    __slots__ = ("_connection", "_open", "deflates", "on_full", "on_ready", "on_text", "put", "ready")

    def __init__(self, connection: FramingProtocol) -> None:
        self.ready = False
        self.on_full: Callable[[], None] = _nobody_waits
        self.on_ready: Callable[[], None] = _nobody_waits
        self.on_text: Callable[[bytes], bool] = _nobody_listens
        self._connection = connection
        self._open = False
        self.put: Callable[[bytes], object] = connection.transport.write
        """Takes whole frames, compressed ones where it `deflates`; only while `ready`."""
        self.deflates = any(_shares_frames(extension) for extension in connection.conn.extensions)

    def write(self, bundle: Bundle | Frame) -> None:
        """In order with everything written before; nothing happens once the connection is being closed."""
        if self._open:
            self.put(bundle.deflated if self.deflates else bundle.plain)

    def begin(self) -> None:
        """The connection was accepted."""
        self._open = True
        self.resume()

    def resume(self) -> None:
        """The transport takes more."""
        if self._open:
            self.ready = True
            self.on_ready()

    def pause(self) -> None:
        """The transport takes no more for now."""
        self.ready = False
        self.on_full()

    def end(self) -> None:
        """Nothing may follow: the connection is being closed, or is gone."""
        self._open = False
        self.pause()
        self.on_full = self.on_ready = _nobody_waits
        self.on_text = _nobody_listens

    def unsent_bytes(self) -> int:
        """What the kernel has not taken yet."""
        transport = self._connection.transport
        return 0 if transport.is_closing() else transport.get_write_buffer_size()

    async def close(self, code: int, reason: str) -> None:
        """Closes after what was written; a client that does not read it is cut off after `CLOSE_GRACE_S`."""
        connection = self._connection
        connection.loop.call_later(CLOSE_GRACE_S, connection.transport.abort)
        connection.writable.set()  # uvicorn would wait until the client reads
        await connection.send({"type": "websocket.close", "code": code, "reason": reason})


class FramingProtocol(WebSocketsSansIOProtocol):
    """uvicorn's connection, which offers its `FrameWriter` to the application and bounds what the kernel keeps."""

    _frames: FrameWriter | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.config.ws_per_message_deflate:
            self.conn.available_extensions = [
                ServerPerMessageDeflateFactory(
                    server_no_context_takeover=True,
                    client_no_context_takeover=True,
                    server_max_window_bits=DEFLATE_WINDOW_BITS,
                    client_max_window_bits=DEFLATE_WINDOW_BITS,
                    compress_settings={"memLevel": 5},
                )
            ]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        # Over TLS the mark is half a megabyte otherwise, and what lies below the encryption is not counted.
        cast("asyncio.WriteTransport", transport).set_write_buffer_limits(HIGH_WATER_BYTES)

    async def run_asgi(self) -> None:
        self._frames = FrameWriter(self)
        cast("dict[str, Any]", self.scope["extensions"])[FRAMES_EXTENSION] = self._frames
        await super().run_asgi()

    def data_received(self, data: bytes) -> None:
        frames = self._frames
        if frames is not None and frames.on_text is not _nobody_listens and self._is_between_messages():
            text = short_text(data)
            if text is not None and frames.on_text(text):
                return
        super().data_received(data)

    def _is_between_messages(self) -> bool:
        """Whether nothing is under way: no frame was begun, no message is in parts, and none waits to be taken."""
        if self.read_paused or not self.queue.empty():
            return False
        if getattr(self.conn, "current_size", 0) is not None:  # of a message in parts; unknown to other versions
            return False
        waiting: Any = self.conn.parser
        while isinstance(waiting.gi_yieldfrom, GeneratorType):
            waiting = waiting.gi_yieldfrom
        return waiting.gi_code is _BETWEEN_FRAMES

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self._end_frames()
        await super().send(message)
        if message["type"] == "websocket.accept" and self._frames is not None and not self.disconnected:
            self._frames.begin()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._frames is not None:
            self._frames.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._frames is not None:
            self._frames.resume()

    # RFC 6455, section 5.5.1: no data follows a close frame. These are the ways in which uvicorn comes to send one.

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_frames()
        super().connection_lost(exc)

    def handle_close(self, event: Any) -> None:
        self._end_frames()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        self._end_frames()
        super().handle_parser_exception()

    def keepalive_timeout(self) -> None:
        """A client that answers no ping is told what any silent one is told; uvicorn would say 1011, a fault of ours,
        and wait for ever where the client does not read."""
        self._end_frames()
        self.pong_timer = self.pending_ping_payload = None
        if self.close_sent or self.transport.is_closing():
            return
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": int(CloseCode.NO_HEARTBEAT), "reason": SILENT}
        )
        self.conn.fail(CloseCode.NO_HEARTBEAT, SILENT)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
        self.loop.call_later(CLOSE_GRACE_S, self.transport.abort)

    def shutdown(self) -> None:
        self._end_frames()
        super().shutdown()

    def _end_frames(self) -> None:
        if self._frames is not None:
            self._frames.end()


def _shares_frames(extension: object) -> bool:
    return (
        isinstance(extension, PerMessageDeflate)
        and extension.local_no_context_takeover
        and extension.local_max_window_bits >= DEFLATE_WINDOW_BITS
    )


_BETWEEN_FRAMES = StreamReader.at_eof.__code__
"""Where the parser waits for the first byte of a frame."""


def _nobody_waits() -> None:
    """Stands for an application that has not said what to do."""


def _nobody_listens(text: bytes) -> bool:
    """The same: every message goes the long way."""
    return False


# ── the trial ───────────────────────────────────────────────────────────────────────────────────────────────────────

_TRIAL_CODE = 4999
_TRIAL_TEXT = b"\x81\x85\1\2\3\4rjlvu"
"""`short`, masked."""
_TRIAL_CLOSE = b"\x88\x02" + _TRIAL_CODE.to_bytes(2, "big")
_TRIAL_REQUEST = (
    b"GET / HTTP/1.1\r\nHost: trial\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


async def frames_reach_clients(protocol: type[FramingProtocol] = FramingProtocol) -> str | None:
    """Opens a connection inside this process, writes a bundle between two messages of uvicorn's own, hears a message,
    and closes.

    `None` when either side saw just that; else what was wrong, in words. Takes some milliseconds.
    """
    written = b"\x81\x06before" + b"\x81\x05first\x81\x06second" + b"\x81\x05after"
    expected = written + _TRIAL_CLOSE
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    loop = asyncio.get_running_loop()
    config = uvicorn.Config(_trial, log_config=None, ws=protocol, ws_per_message_deflate=False, lifespan="off")
    config.load()
    config.loaded_app = _trial
    transport: asyncio.BaseTransport | None = None
    try:
        async with asyncio.timeout(TRIAL_S):
            transport, _ = await loop.connect_accepted_socket(lambda: protocol(config, ServerState(), {}), ours)
            await loop.sock_sendall(theirs, _TRIAL_REQUEST)
            seen, spoke, answered = b"", False, False
            while part := await loop.sock_recv(theirs, 4096):
                seen += part
                if written in seen and not spoke:
                    await loop.sock_sendall(theirs, _TRIAL_TEXT)
                    spoke = True
                if _TRIAL_CLOSE in seen and not answered:  # uvicorn waits for our close before it ends the connection
                    await loop.sock_sendall(theirs, b"\x88\x82\0\0\0\0" + _TRIAL_CLOSE[2:])
                    answered = True
        got = seen.partition(b"\r\n\r\n")[2]
        return None if got == expected else f"a client saw {got!r}"
    except Exception as problem:  # noqa: BLE001  # whatever another version of the server does must not stop this one
        return f"{type(problem).__name__}: {problem}"
    finally:
        theirs.close()
        if transport is None:
            ours.close()
        else:
            transport.close()
            await asyncio.sleep(0)  # in which it closes


async def _trial(scope: Any, receive: Any, send: Any) -> None:
    writer: FrameWriter = scope["extensions"][FRAMES_EXTENSION]
    if writer.ready:
        raise RuntimeError("ready before it was accepted")
    heard: list[bytes] = []
    await receive()  # that a client would connect
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "before"})
    if not writer.ready:
        raise RuntimeError("not ready after it was accepted")
    writer.write(Bundle([Frame("first"), Frame("second")]))
    writer.on_text = lambda text: heard.append(text) or False
    await send({"type": "websocket.send", "text": "after"})
    said = (await receive()).get("text")
    if said != "short" or heard not in ([], [b"short"]):
        raise RuntimeError(f"a message was read as {said!r} and {heard!r}")
    await writer.close(_TRIAL_CODE, "")
    writer.write(Bundle([Frame("too late")]))
    while (await receive())["type"] != "websocket.disconnect":
        pass
