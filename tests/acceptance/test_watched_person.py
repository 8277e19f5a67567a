"""The main job on real pictures: people are enrolled, one of them passes a camera, an operator is told and takes it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from sightline.testing import ServerProcess
from tests.conftest import ADMIN_PASSWORD

pytestmark = [pytest.mark.assets, pytest.mark.timeout(180)]

CLIP_S = 9.2
"""The clip loops after this long; the person is alone on it for four seconds."""


def _sightline(home: Path, *arguments: object) -> str:
    command = [sys.executable, "-m", "sightline", *map(str, arguments), "--home", str(home)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def _say(socket: ClientConnection, type: str, **data: Any) -> None:
    await socket.send(json.dumps({"type": type, "data": data}))


async def test_the_enrolled_person_is_named_and_nobody_else(server: ServerProcess, assets: Path) -> None:
    home = server.home
    await asyncio.to_thread(_sightline, home, "enroll", assets / "images" / "people")
    clip = assets / "videos" / "short_hamilton_clip.mp4"
    await asyncio.to_thread(_sightline, home, "cameras", "add", "stage", clip)
    async with server.client() as http:
        form = {"username": "admin", "password": ADMIN_PASSWORD}
        token = (await http.post("/api/token", data=form)).raise_for_status().json()["access_token"]

    named: set[str] = set()
    alerts: list[dict[str, Any]] = []
    async with connect(server.url.replace("http", "ws") + "/ws/v1") as socket:
        await _say(socket, "client_identify", client_type="desktop_app", auth_token=token, device="acceptance")
        await _say(socket, "subscribe_camera", camera_id="*")
        try:
            async with asyncio.timeout(3 * CLIP_S):
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "face_detection_result":
                        named |= {face["name"] for face in message["data"]["faces"] if face["is_known"]}
                    elif message["type"] == "alert_triggered":
                        alerts.append(message["data"])
        except TimeoutError:
            pass
    assert named == {"lin-manuel-miranda"}
    assert {alert["person"]["first_name"] for alert in alerts} == {"lin-manuel-miranda"}
    assert {alert["type"] for alert in alerts} == {"watchlist_match"}
    assert 2 <= len(alerts) <= 4, "once for each time that the clip shows them anew"
