"""`/ws/verify` with a real server, its engine and real models: pictures with a known ground truth."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from sightline.testing import ServerProcess
from tests.command_line import answer as cli
from tests.integration.real_server import until

Start = Callable[..., ServerProcess]
NETWORKS = ("minifasnet_v2_2.7_80x80.onnx", "minifasnet_v1se_4.0_80x80.onnx")
PATIENCE_S = 60.0


async def asked(socket: ClientConnection, user: str, image: bytes) -> dict[str, Any]:
    """The verdict on a picture of whoever sits there."""
    frame = {"user_name": user, "image": base64.b64encode(image).decode(), "send_time": 1}
    async with asyncio.timeout(PATIENCE_S):
        await socket.send(json.dumps(frame))
        return dict(json.loads(await socket.recv()))


async def known_to_the_engine(socket: ClientConnection, user: str, image: bytes) -> bool:
    """Whether the references of the user have come to the engine."""
    return bool((await asked(socket, user, image))["reason"] != "REASON_CLIENT_NOT_AVAILABLE")


async def test_verdicts_on_real_pictures(assets: Path, start_server: Start) -> None:
    models, images = assets / "models", assets / "images"
    server = start_server(
        {
            "object_model": str(models / "FastestDet.onnx"),
            "liveness_model": ",".join(str(models / name) for name in NETWORKS),
        }
    )
    live = (images / "spoof" / "live_T1.jpg").read_bytes()
    async with server.client(PATIENCE_S) as http:
        ids = {}
        for name, photo in (("Tess", live), ("Barack Obama", (images / "people" / "obama" / "obama.jpg").read_bytes())):
            first, _, last = name.partition(" ")
            body = {"first_name": first, "last_name": last}
            ids[name] = (await http.post("/api/people", json=body)).raise_for_status().json()["id"]
            path = f"/api/people/{ids[name]}/references"
            await until(partial(enrolled, http, path, photo), "reference")
        await asyncio.to_thread(cli, server.home, "workstations", "add", "Desk")
        for name in ids:
            await asyncio.to_thread(cli, server.home, "workstations", "allow", "Desk", name)
        token = (await asyncio.to_thread(cli, server.home, "workstations", "token", "Desk")).strip()
        assert "Desk" in await asyncio.to_thread(cli, server.home, "workstations", "list")
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{server.url.replace('http', 'ws', 1)}/ws/verify"
        async with connect(url, additional_headers=headers, proxy=None, max_size=None) as socket:
            await until(lambda: known_to_the_engine(socket, "Tess", live), "template")
            await until(lambda: known_to_the_engine(socket, "Barack Obama", live), "template")
            for user, file, action, reason, actual in (
                ("Tess", "spoof/live_T1.jpg", "NO_ACTION", "EMPTY_REASON", "Tess"),
                ("Barack Obama", "spoof/live_T1.jpg", "ACTION_LOCK_SCREEN", "REASON_WRONG_USER", "Tess"),
                ("Tess", "spoof/attack_F1.jpg", "ACTION_SIGN_OUT", "REASON_SPOOF_IMAGE", None),
                ("Tess", "none/empty_room.jpg", "ACTION_LOCK_SCREEN", "REASON_NO_FACE", ""),
            ):
                said = await asked(socket, user, (images / file).read_bytes())
                assert (said["action"], said["reason"]) == (action, reason), (user, file, said)
                assert actual is None or said["actual_username"] == actual

        async def drawn() -> dict[str, Any] | None:
            found = (await http.get("/api/workstations/actions")).json()
            attacks = (one for one in found if one["reason"] == "REASON_SPOOF_IMAGE" and one["picture_url"])
            return next(attacks, None)

        spoof = await until(drawn, "evidence")
        assert spoof["scores"]["live"] < spoof["thresholds"]["live"]
        jpeg = (await http.get(spoof["picture_url"])).raise_for_status().content
        kept = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        shown = cv2.imread(str(images / "spoof" / "attack_F1.jpg"))
        assert kept is not None and shown is not None
        assert kept.shape == shown.shape
        assert np.abs(kept.astype(int) - shown).max() > 100, "a box is drawn"


async def enrolled(http: Any, path: str, photo: bytes) -> bool:
    """Enrols a photograph; the engine may still be starting."""
    response = await http.post(path, files={"files": ("photo.jpg", photo)})
    return bool(response.is_success and response.json()["results"])
