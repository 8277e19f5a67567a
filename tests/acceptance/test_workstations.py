"""Workstations with a real server, real models and real engine processes: full, more engines, fewer, a crash."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from sightline.images import encode_jpeg
from sightline.testing import ServerProcess
from tests.integration.real_server import until
from tests.phone_graph import phone_graph, with_phone

pytestmark = pytest.mark.timeout(240)

PATIENCE_S = 60.0
SETTINGS = {
    "max_pipelines": 2,
    "max_clients_per_pipeline": 2,
    "pipeline_idle_seconds": 0.5,
    "gpu_mem_threshold": 1.0,
    "log_level": "info",
}


class Desk:
    """A workstation at which one person sits; it sends their picture and wants their name in the answer."""

    def __init__(self, socket: ClientConnection, user: str, picture: bytes) -> None:
        self.socket = socket
        self.user = user
        self.picture = picture
        self._sent = 0

    async def ask(self, picture: bytes | None = None) -> dict[str, Any]:
        self._sent += 1
        image = base64.b64encode(picture or self.picture).decode()
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.send(json.dumps({"user_name": self.user, "image": image, "send_time": self._sent}))
            while True:
                answer: dict[str, Any] = json.loads(await self.socket.recv())
                if answer["send_time"] == self._sent:
                    return answer

    async def is_recognised(self) -> bool:
        """Asks once; whoever is named is the one who sits there."""
        answer = await self.ask()
        assert answer["actual_username"] in ("", self.user), answer
        return (answer["action"], answer["actual_username"]) == ("NO_ACTION", self.user)


async def pipelines(http: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await http.get("/api/system")).raise_for_status().json()["pipelines"])


async def clients_by_engine(http: httpx.AsyncClient) -> dict[str, int]:
    return {one["engine_id"]: one["clients"] for one in (await pipelines(http))["engines"]}


async def is_so(http: httpx.AsyncClient, wanted: dict[str, int]) -> bool:
    return await clients_by_engine(http) == wanted


async def enrolled(http: httpx.AsyncClient, name: str, photo: bytes) -> str:
    made = await http.post("/api/people", json={"first_name": name, "last_name": ""})
    person = made.raise_for_status().json()["id"]

    async def accepted() -> bool:
        answer = await http.post(f"/api/people/{person}/references", files={"files": ("photo.jpg", photo)})
        return bool(answer.is_success and answer.json()["results"][0]["accepted"])

    await until(accepted, "reference")
    return str(person)


async def token_of_a_workstation(http: httpx.AsyncClient, name: str, person: str) -> str:
    made = (await http.post("/api/workstations", json={"name": name})).raise_for_status().json()["id"]
    (await http.put(f"/api/workstations/{made}/people/{person}")).raise_for_status()
    return str((await http.post(f"/api/workstations/{made}/token")).raise_for_status().json()["token"])


def photo(models: Path, name: str) -> bytes:
    picture = cv2.imread(str(models / name))
    assert picture is not None
    return encode_jpeg(np.asarray(picture, np.uint8))


async def test_engines_come_and_go_with_the_workstations(
    models_home: Path, tmp_path: Path, start_server: Callable[..., ServerProcess]
) -> None:
    graph = tmp_path / "phones.onnx"
    graph.write_bytes(phone_graph())
    server = start_server(SETTINGS | {"object_model": str(graph)})
    photos = {name: photo(models_home / "models", f"{name}.{kind}") for name, kind in PEOPLE.items()}
    async with server.client(PATIENCE_S) as http, contextlib.AsyncExitStack() as stack:
        people = {name: await enrolled(http, name, photos[name]) for name in photos}
        url = f"{server.url.replace('http', 'ws', 1)}/ws/verify"

        async def desk(number: int) -> Desk:
            name = list(photos)[number % 2]
            token = await token_of_a_workstation(http, f"Desk {number}", people[name])
            headers = {"Authorization": f"Bearer {token}"}
            socket = await stack.enter_async_context(
                connect(url, additional_headers=headers, proxy=None, max_size=None)
            )
            return Desk(socket, name, photos[name])

        desks = [await desk(number) for number in range(4)]
        await until(desks[0].is_recognised, "verdict")
        await until(desks[1].is_recognised, "verdict")
        assert await clients_by_engine(http) == {"local": 2}
        await _a_phone_counts_before_everything(desks[0])

        await asyncio.gather(*(until(one.is_recognised, "verdict of a further engine") for one in desks))
        assert await clients_by_engine(http) == {"local": 2, "local-2": 2}
        await _the_next_is_told_that_it_is_full(await desk(4))

        (pid,) = [one["pid"] for one in (await pipelines(http))["engines"] if one["engine_id"] == "local-2"]
        os.kill(pid, signal.SIGKILL)
        await asyncio.gather(*(until(one.is_recognised, "verdict after a crash") for one in desks))
        assert "engine_ended" in server.log.read_text()

        for one in desks[2:]:
            await one.socket.close()
        await until(partial(is_so, http, {"local": 2}), "end of the engine that nobody needs")
        assert await desks[0].is_recognised()


PEOPLE = {"astronaut": "png", "grace_hopper": "jpg"}


async def _a_phone_counts_before_everything(desk: Desk) -> None:
    picture = cv2.imdecode(np.frombuffer(desk.picture, np.uint8), cv2.IMREAD_COLOR)
    answer = await desk.ask(encode_jpeg(with_phone(np.asarray(picture, np.uint8))))
    assert (answer["action"], answer["reason"]) == ("ACTION_SIGN_OUT", "REASON_PHONE_DETECTION")
    assert answer["actual_username"] == desk.user


async def _the_next_is_told_that_it_is_full(desk: Desk) -> None:
    answer = await desk.ask()
    assert (answer["action"], answer["reason"]) == ("ACTION_ERROR", "SYSTEM_FULL")
    with pytest.raises(ConnectionClosed):
        await desk.socket.recv()
    assert desk.socket.close_code == 4004
