"""python-socketio on uvicorn, as its documentation sets it up."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import socketio
import uvicorn

from bench.fanout.commands import answer, commands


async def main() -> None:
    """Serves Socket.IO and emits what it is told to."""
    server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[])
    config = uvicorn.Config(socketio.ASGIApp(server), log_level="error", ws_per_message_deflate=False)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    serving = asyncio.create_task(uvicorn.Server(config).serve(sockets=[listener]))
    answer(port=listener.getsockname()[1])
    payloads: dict[str, Any] = {}
    async for command in commands():
        match command:
            case {"do": "payloads"}:
                payloads = {name: json.loads(text) for name, text in command["payloads"].items()}
            case {"do": "tick", "what": what}:
                for _ in range(command["ticks"]):
                    for _ in range(command["messages"]):
                        await server.emit(payloads[what]["type"], payloads[what]["data"])
                    await asyncio.sleep(0)
        answer(done=True)
    serving.cancel()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(main())
