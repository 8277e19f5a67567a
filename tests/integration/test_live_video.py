"""Video over `/ws/live`: what an engine sends reaches every player as it is, and no player holds up another."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sightline.accounts import Role
from sightline.cameras import Camera
from sightline.deliveries.fragment_wire import pack_part
from sightline.deliveries.fragments import Fragment, FragmentWriter, Opening
from sightline.events import engine_link as link
from sightline.events.live_video import HideVideo, ShowVideo
from tests.encoded import numbered_packets
from tests.integration.gateway_app import PATIENCE_S, RunningGateway, ScriptedEngine
from tests.integration.test_streams import online


def video(pictures: int) -> list[Opening | Fragment]:
    writer = FragmentWriter()
    return [part for packet in numbered_packets(pictures + 1) for part in writer.write(packet)]


Parts = Sequence[Opening | Fragment]


async def send(pictures: ClientConnection, camera: Camera, parts: Parts, quality: str = "sd") -> None:
    for part in parts:
        await pictures.send(pack_part(camera.id, quality, part))


async def read(player: ClientConnection, count: int) -> list[Any]:
    async with asyncio.timeout(PATIENCE_S):
        return [await player.recv() for _ in range(count)]


def bearer(token: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {token}"}}


async def asked(engine: ScriptedEngine, quality: str) -> ShowVideo:
    await engine.until(lambda: any(wish.quality == quality for wish in engine.all(ShowVideo)))
    return next(wish for wish in engine.all(ShowVideo) if wish.quality == quality)


async def test_all_who_watch_get_the_same_bytes_while_somebody_watches(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    parts = video(4)
    path = f"/ws/live/{camera.id}"
    async with gateway.engine() as engine, gateway.engine_pictures() as pictures:
        await online(gateway, engine, camera)
        assert not engine.all(ShowVideo)
        async with gateway.socket(path, **bearer(token)) as first:
            wish = await asked(engine, "sd")
            assert (wish.camera_id, wish.max_side, wish.fps) == (camera.id, 960, 10.0)
            await send(pictures, camera, video(2), "hd")  # of a quality that nobody here has asked for
            await send(pictures, camera, parts[:3])
            told, *data = await read(first, 4)
            stream = json.loads(told)
            assert stream["type"] == "stream"
            assert stream["data"] == {
                "camera_id": camera.id, "quality": "sd", "mime": parts[0].mime, "width": 320, "height": 240,
            }  # fmt: skip
            assert data == [part.data for part in parts[:3]]
            async with gateway.socket(path, **bearer(token)) as late:
                assert await read(late, 4) == [told, *data], "from the last keyframe"
                await send(pictures, camera, parts[3:])
                assert await read(late, 2) == await read(first, 2) == [part.data for part in parts[3:]]
            assert len(engine.all(ShowVideo)) == 1
        await engine.until(lambda: engine.all(HideVideo))


async def test_who_reads_nothing_holds_nobody_up(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    opening = video(1)[0]
    async with gateway.engine() as engine, gateway.engine_pictures() as pictures:
        await online(gateway, engine, camera)
        async with (
            gateway.socket(f"/ws/live/{camera.id}", **bearer(token)) as quick,
            gateway.socket(f"/ws/live/{camera.id}", **bearer(token), max_queue=1) as slow,
        ):
            await gateway.until(lambda: len(gateway.gateway.streams.live) == 2)
            await send(pictures, camera, [opening])
            await read(quick, 2)
            sent = [Fragment(bytes([number]) * 100_000, number % 10 == 0, number) for number in range(220)]
            for fragment in sent:  # 22 MB: more than what lies in sockets, and in the queue
                await send(pictures, camera, [fragment])
                assert await read(quick, 1) == [fragment.data]
            await read(slow, 2)
            numbers = [-1]
            while numbers[-1] != 219:
                numbers.append((await read(slow, 1))[0][0])
            steps = itertools.pairwise(numbers)
            jumps = [after for before, after in steps if after != before + 1]
            assert jumps and all(number % 10 == 0 for number in jumps), "it goes on at a keyframe"


async def test_who_may_watch(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, viewer = await gateway.user("vera", Role.VIEWER)
    path = f"/ws/live/{camera.id}"

    async def status(path: str, **options: Any) -> int:
        with pytest.raises(InvalidStatus) as refused:
            async with gateway.socket(path, **options):
                pass
        return refused.value.response.status_code

    assert await status(path) == 401
    assert await status(path, **bearer("nonsense")) == 401
    assert await status(f"{path}?ticket=slt_x") == 401
    assert await status("/ws/live/nowhere", **bearer(viewer)) == 404
    assert await status(f"{path}?quality=4k", **bearer(viewer)) == 422
    assert await status(path, **bearer(gateway.engine_token)) == 401
    assert await status(path, **bearer(viewer), origin="https://elsewhere.example") == 403
    async with gateway.http(viewer) as http:
        ticket = (await http.post("/api/ws-ticket")).json()["ticket"]
    async with gateway.socket(f"{path}?ticket={ticket}"):
        await gateway.until(lambda: len(gateway.gateway.streams.live) == 1)
    assert await status(f"{path}?ticket={ticket}") == 401
    await gateway.until(lambda: len(gateway.gateway.streams.live) == 0)


async def test_it_ends_with_camera_account_and_server(gateway: RunningGateway) -> None:
    camera, other = await gateway.camera(), await gateway.camera("Back door")
    user, token = await gateway.user("vera", Role.VIEWER)

    async def closed(player: ClientConnection) -> int | None:
        with pytest.raises(ConnectionClosed) as end:
            await read(player, 1)
        return end.value.rcvd.code if end.value.rcvd else None

    async with (
        gateway.socket(f"/ws/live/{camera.id}", **bearer(token)) as of_camera,
        gateway.socket(f"/ws/live/{other.id}", **bearer(token)) as of_user,
        gateway.socket(f"/ws/live/{other.id}", **bearer((await gateway.user("otto"))[1])) as of_server,
    ):
        await gateway.until(lambda: len(gateway.gateway.streams.live) == 3)
        gateway.gateway.changes.camera(camera.id, removed=True)
        assert await closed(of_camera) == 4503
        gateway.gateway.changes.user(user.id)
        assert await closed(of_user) == 4503
        gateway.gateway.streams.end_all()
        assert await closed(of_server) == 4000


async def test_an_engine_that_comes_back_is_asked_again(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    async with gateway.socket(f"/ws/live/{camera.id}", **bearer(token)) as player:
        for _ in range(2):
            async with gateway.engine() as engine, gateway.engine_pictures() as pictures:
                await engine.until(lambda engine=engine: engine.all(link.Assign))
                await asked(engine, "sd")
                await send(pictures, camera, video(1))
                assert json.loads((await read(player, 3))[0])["type"] == "stream"
