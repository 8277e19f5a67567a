"""A client of `/ws/v1` that looks at every camera and notes when the bytes of each alert came."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

from bench.figures import Latency

__all__ = ["Listener"]

SIGN_IN_TIMEOUT_S = 10.0


class Listener:
    """Connected while in its `async with` block.

    `latencies` grows by one for each alert; `observed` counts analysed frames by camera.
    """

    def __init__(self, url: str, token: str) -> None:
        self.latencies: list[Latency] = []
        self.observed: Counter[str] = Counter()
        self._url = url.replace("http", "ws", 1).rstrip("/") + "/ws/v1"
        self._token = token

    async def __aenter__(self) -> Self:
        self._socket = await connect(self._url, proxy=None, compression=None)
        identify = {"auth_token": self._token, "client_type": "frontend", "device": "bench"}
        await self._say("client_identify", identify)
        async with asyncio.timeout(SIGN_IN_TIMEOUT_S):
            while json.loads(await self._socket.recv())["type"] != "identification_success":
                pass
        await self._say("subscribe_camera", {"camera_id": "*"})
        self._listening = asyncio.create_task(self._listen(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()
        await self._listening

    async def _listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            came_ms = time.time_ns() / 1e6
            message = json.loads(text)
            match message["type"]:
                case "face_detection_result":
                    self.observed[message["data"]["camera_id"]] += 1
                case "alert_triggered":
                    self._note(message["data"], came_ms)
                case "position":
                    await self._say("received", {"offset": message["data"]["to"]})
                case "heartbeat":
                    await self._say("heartbeat_ack", {})

    def _note(self, alert: dict[str, Any], came_ms: float) -> None:
        timings = alert["why"].get("timings")
        if timings is not None:  # alerts about a camera have no frame
            self.latencies.append(Latency(came_ms - timings["captured"], timings["inference_ms"]))

    async def _say(self, type: str, data: dict[str, Any]) -> None:
        await self._socket.send(json.dumps({"type": type, "data": data}))
