"""The floor: `send()` on every socket, with a frame that was made once. It does nothing else, and handles nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
from typing import Any

import uvloop

from bench.fanout.commands import answer, commands

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def main() -> None:
    """Accepts everybody and sends what it is told to."""
    loop = asyncio.get_running_loop()
    sockets: list[socket.socket] = []
    greetings: set[asyncio.Task[None]] = set()
    frames: dict[str, bytes] = {}
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)

    async def greet(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = (await loop.sock_recv(connection, 4096)).decode()
        key = next(line.split(": ")[1] for line in request.splitlines() if line.startswith("Sec-WebSocket-Key"))
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        await loop.sock_sendall(connection, f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        sockets.append(connection)

    async def accept() -> None:
        while True:
            connection, _ = await loop.sock_accept(listener)
            task = asyncio.create_task(greet(connection))
            greetings.add(task)
            task.add_done_callback(greetings.discard)

    accepting = asyncio.create_task(accept())
    answer(port=listener.getsockname()[1])
    async for command in commands():
        match command:
            case {"do": "payloads", "payloads": payloads}:
                frames = {name: _frame(text) for name, text in payloads.items()}
            case {"do": "tick"}:
                await _tick(sockets, frames[command["what"]], command)
        answer(done=True)
    accepting.cancel()


async def _tick(sockets: list[socket.socket], frame: bytes, command: dict[str, Any]) -> None:
    for _ in range(command["ticks"]):
        for connection in sockets:
            for _ in range(command["messages"]):
                connection.send(frame)
        await asyncio.sleep(0)


def _frame(text: str) -> bytes:
    payload = text.encode()
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


if __name__ == "__main__":
    uvloop.run(main())
