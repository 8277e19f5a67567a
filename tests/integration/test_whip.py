"""Devices that publish to a real server: its engine takes their video, and the camera comes and goes with them."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from sightline.images import encode_jpeg
from sightline.ingest.demo import DEMO_FPS, DemoScene
from sightline.testing import ServerProcess
from tests.integration.real_server import alerts, until
from tests.videos import numbered
from tests.webrtc_peer import PublishingPeer, publishing_peer

SDP = {"Content-Type": "application/sdp"}
OFFLINE_FACT_S = 3.0


@pytest.fixture(scope="module")
def publishing_server(tmp_path_factory: pytest.TempPathFactory, models_home: Path) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("whip") / "home"
    home.mkdir()
    (home / "models").symlink_to(models_home / "models", target_is_directory=True)
    server = ServerProcess(home, {"offline_fact_seconds": OFFLINE_FACT_S})
    server.start()
    yield server
    server.stop()
    print(server.log_tail())


@pytest.fixture
async def http(publishing_server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with publishing_server.client() as http:
        yield http


async def new_camera(http: httpx.AsyncClient, name: str) -> str:
    body = {"name": name, "source": "whip:", "alert_unknown": True}
    return str((await http.post("/api/cameras", json=body)).raise_for_status().json()["id"])


async def publish(http: httpx.AsyncClient, camera_id: str, peer: PublishingPeer) -> str:
    """The session's address, once the peer has its answer."""
    offer = await peer.offer()

    async def answered() -> httpx.Response | None:
        answer = await http.post(f"/whip/{camera_id}", content=offer, headers=SDP)
        return answer if answer.status_code != 503 else None

    answer = (await until(answered, "engine")).raise_for_status()
    await peer.accept(answer.text)
    return str(answer.headers["location"])


def pushed(timestamp: int, jpeg: bytes) -> bytes:
    header = json.dumps({"timestamp": timestamp}).encode()
    return len(header).to_bytes(4, "big") + header + jpeg


def status_is(http: httpx.AsyncClient, camera_id: str, state: str) -> Callable[[], Awaitable[dict[str, Any] | None]]:
    async def look() -> dict[str, Any] | None:
        status = (await http.get(f"/api/cameras/{camera_id}")).raise_for_status().json()["status"]
        return dict(status) if status["state"] == state else None

    return look


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_camera_is_there_as_long_as_its_device_publishes(
    http: httpx.AsyncClient, codec: Literal["h264", "vp8"]
) -> None:
    camera_id = await new_camera(http, codec)
    token = (await http.post(f"/api/cameras/{camera_id}/token")).raise_for_status().json()["token"]
    async with httpx.AsyncClient(
        base_url=http.base_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    ) as device:
        async with publishing_peer(codec, audio=True) as peer:
            location = await publish(device, camera_id, peer)
            status = await until(status_is(http, camera_id, "online"), "picture")
            assert (status["width"], status["height"]) == (320, 240)
            peer.fall_silent()
            silent = await until(status_is(http, camera_id, "offline"), "end")
            assert silent["reason"] == "the device that publishes sent nothing for 3 s"
            peer.speak_again()
            await until(status_is(http, camera_id, "online"), "picture again")
            assert (await device.delete(location)).status_code == 200
            assert (await until(status_is(http, camera_id, "offline"), "end"))["reason"] == "the device stopped"
        async with publishing_peer(codec) as again:
            await publish(device, camera_id, again)
            await until(status_is(http, camera_id, "online"), "picture of a new session")
        lost = await until(status_is(http, camera_id, "offline"), "end")
        assert lost["reason"] == "the device closed the connection"

    async def missed() -> bool:
        return any(a["type"] == "camera_offline" and a["camera"]["id"] == camera_id for a in await alerts(http))

    await until(missed, "alert about a camera that was lost")


async def test_camera_that_its_user_stopped_is_not_missed(http: httpx.AsyncClient) -> None:
    idle_id, stopped_id = await new_camera(http, "never used"), await new_camera(http, "stopped")
    async with publishing_peer("vp8") as peer:
        location = await publish(http, stopped_id, peer)
        await until(status_is(http, stopped_id, "online"), "picture")
        assert (await http.delete(location)).status_code == 200
    await asyncio.sleep(OFFLINE_FACT_S + 1)
    assert not [a for a in await alerts(http) if a["camera"]["id"] in (idle_id, stopped_id)]


async def test_device_that_pushes_pictures(publishing_server: ServerProcess, http: httpx.AsyncClient) -> None:
    camera_id = await new_camera(http, "pushed")
    token = (await http.post(f"/api/cameras/{camera_id}/token")).raise_for_status().json()["token"]
    address = publishing_server.url.replace("http", "ws") + f"/ws/camera/{camera_id}"
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(address, additional_headers=headers, proxy=None) as socket:
        heard = json.loads(await socket.recv())
        assert (heard["type"], heard["data"]["camera_id"]) == ("publishing", camera_id)

        async def pushing() -> None:
            for number in itertools.count():
                await socket.send(pushed(number, encode_jpeg(numbered(number % 9, 640, 480), quality=80)))
                answer = json.loads(await socket.recv())
                assert answer["data"] == {"timestamp": number}
                await asyncio.sleep(0.05)

        push = asyncio.create_task(pushing())
        status = await until(status_is(http, camera_id, "online"), "picture")
        assert (status["width"], status["height"]) == (640, 480)
        async with publishing_peer("vp8") as peer:
            await publish(http, camera_id, peer)
            with pytest.raises(ConnectionClosed) as closed:
                await push
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4502
    async with connect(address, additional_headers=headers, proxy=None) as socket:
        await socket.recv()
        await socket.send(pushed(1, encode_jpeg(numbered(1), quality=80)))
        await until(status_is(http, camera_id, "online"), "picture")
        await socket.close(1000)
    assert (await until(status_is(http, camera_id, "offline"), "end"))["reason"] == "the device stopped"


async def test_people_before_a_device_raise_alerts(http: httpx.AsyncClient, models_home: Path) -> None:
    camera_id = await new_camera(http, "hall")
    scene = DemoScene(models_home / "models")
    pictures = [scene.render(n / DEMO_FPS) for n in range(int(8 * DEMO_FPS))]
    async with publishing_peer("h264") as peer:
        peer.track.pictures = pictures
        await publish(http, camera_id, peer)

        async def told() -> list[dict[str, Any]]:
            return [
                a for a in await alerts(http) if a["camera"]["id"] == camera_id and a["type"] == "unknown_person"
            ]

        (alert, *_) = await until(told, "alert")
        snapshot = await http.get(alert["snapshot_url"])
        assert (snapshot.status_code, snapshot.content[:2]) == (200, b"\xff\xd8")
