"""Streams: asked for over `/ws/v1`, played over HTTP by whatever plays MJPEG."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import av
import av.error
import cv2
import httpx
import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection

from sightline.accounts import Role
from sightline.cameras import Camera
from sightline.events import engine_link as link
from sightline.images import encode_jpeg
from tests.integration.gateway_app import PATIENCE_S, GatewayRun, RunningGateway, ScriptedEngine


def jpeg(grey: int) -> bytes:
    return encode_jpeg(np.full((36, 64, 3), grey, np.uint8))


async def show(pictures: ClientConnection, camera: Camera, quality: str, frame_id: int, picture: bytes) -> None:
    header = {"camera_id": camera.id, "quality": quality, "frame_id": frame_id, "timestamp": 1, "width": 64,
              "height": 36}  # fmt: skip
    head = json.dumps(header).encode()
    await pictures.send(len(head).to_bytes(4, "big") + head + picture)


async def parts(response: httpx.Response) -> AsyncIterator[bytes]:
    """The JPEGs of a multipart response, as they come."""
    data = b""
    async for chunk in response.aiter_raw():
        data += chunk
        while (end := data.find(b"\r\n--frame\r\n")) >= 0:
            part, data = data[:end], data[end + len(b"\r\n--frame\r\n") :]
            head, _, body = part.partition(b"\r\n\r\n")
            assert b"Content-Type: image/jpeg" in head
            assert f"Content-Length: {len(body)}".encode() in head
            yield body


@contextlib.asynccontextmanager
async def player(url: str, token: str | None = None) -> AsyncIterator[httpx.Response]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http,
        http.stream("GET", url, headers=headers) as response,
    ):
        yield response


async def watched(engine: ScriptedEngine, quality: str) -> link.Watch:
    await engine.until(lambda: [wish for wish in engine.all(link.Watch) if wish.quality == quality])
    return [wish for wish in engine.all(link.Watch) if wish.quality == quality][-1]


async def online(gateway: RunningGateway, engine: ScriptedEngine, camera: Camera) -> None:
    await engine.until(lambda: camera.id in {told.camera.id for told in engine.all(link.Assign)})
    await engine.send(link.CameraReport(camera_id=camera.id, state="online", reason="", since=1))
    await gateway.until(lambda: gateway.gateway.engines.status_of(camera.id).state == "online")


async def start(client: Any, camera: Camera, quality: str = "sd", **more: Any) -> dict[str, Any]:
    await client.send("stream_start_request", camera_id=camera.id, quality=quality, request_id="r1", **more)
    answer: dict[str, Any] = await client.data("stream_start_success")
    return answer


async def test_a_stream_plays_in_its_quality_while_somebody_looks(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    async with gateway.engine() as engine, gateway.engine_pictures() as pictures, gateway.client(token) as client:
        await online(gateway, engine, camera)
        answer = await start(client, camera, "thumbnail")
        assert answer["request_id"] == "r1" and answer["status"] == "online" and answer["quality"] == "thumbnail"
        assert answer["stream_url"].startswith(gateway.url + f"/api/cameras/{camera.id}/stream.mjpeg?")
        assert not engine.all(link.Watch), "nobody plays it yet"
        async with player(answer["stream_url"]) as response:
            assert response.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
            assert response.headers["cache-control"] == "no-store"
            wish = await watched(engine, "thumbnail")
            assert (wish.max_side, wish.fps) == (320, 2.0)
            playing = parts(response)
            await show(pictures, camera, "hd", 1, jpeg(9))  # of a quality that this player has not asked for
            await show(pictures, camera, "thumbnail", 1, jpeg(10))
            assert await anext(playing) == jpeg(10)

            await client.send("stream_quality_change", id="q", camera_id=camera.id, new_quality="hd")
            changed = await client.next("quality_change_success")
            assert changed["id"] == changed["data"]["request_id"] == "q"
            await engine.until(lambda: engine.all(link.Unwatch))
            assert (await watched(engine, "hd")).max_side == 1920
            await show(pictures, camera, "hd", 2, jpeg(20))
            assert await anext(playing) == jpeg(20)

            await client.send("stream_stop_request", id="s", camera_id=camera.id)
            assert (await client.next("stream_stop_success"))["data"] == {
                "request_id": "s", "camera_id": camera.id, "quality": None,
            }  # fmt: skip
            with pytest.raises(StopAsyncIteration):
                await anext(playing)
        await engine.until(lambda: any(told.quality == "hd" for told in engine.all(link.Unwatch)))
        async with player(changed["data"]["stream_url"]) as response:
            assert response.status_code == 403


async def test_opencv_plays_it(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    async with gateway.engine() as engine, gateway.engine_pictures() as pictures, gateway.client(token) as client:
        await online(gateway, engine, camera)
        url = (await start(client, camera))["stream_url"]

        async def feed() -> None:
            await watched(engine, "sd")
            for number in range(1_000):
                await show(pictures, camera, "sd", number, jpeg(120))
                await asyncio.sleep(0.03)

        feeding = asyncio.create_task(feed())
        try:
            shape = await asyncio.to_thread(_first_frame, url)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
        assert shape == (36, 64, 3)


async def test_a_player_goes_on_at_its_address_through_a_change_of_quality(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    shown = {"sd": jpeg(120), "hd": encode_jpeg(np.full((72, 128, 3), 120, np.uint8))}
    async with gateway.engine() as engine, gateway.engine_pictures() as pictures, gateway.client(token) as client:
        await online(gateway, engine, camera)
        url = (await start(client, camera))["stream_url"]

        async def feed() -> None:
            await watched(engine, "sd")
            for number in itertools.count():
                for quality, picture in shown.items():
                    await show(pictures, camera, quality, number, picture)
                await asyncio.sleep(0.03)

        widths: asyncio.Queue[int] = asyncio.Queue()
        loop, feeding = asyncio.get_running_loop(), asyncio.create_task(feed())
        playing = asyncio.create_task(
            asyncio.to_thread(_play, url, lambda width: loop.call_soon_threadsafe(widths.put_nowait, width))
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                assert await widths.get() == 64
                await client.send("stream_quality_change", camera_id=camera.id, new_quality="hd")
                await client.data("quality_change_success")
                while await widths.get() != 128:
                    pass
                await client.send("stream_stop_request", camera_id=camera.id)
                await playing
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)


def _play(url: str, seen: Callable[[int], object]) -> None:
    """As FFmpeg plays it, until it ends; `seen` is told the width of every picture."""
    how_ffmpeg_takes_the_end = av.error.InvalidDataError
    with contextlib.suppress(how_ffmpeg_takes_the_end), av.open(url, timeout=PATIENCE_S) as container:
        for frame in container.decode(video=0):
            seen(frame.width)


def _first_frame(url: str) -> tuple[int, ...]:
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
    try:
        read, frame = capture.read()
        return tuple(frame.shape) if read and frame is not None else ()
    finally:
        capture.release()


async def test_a_slow_player_gets_the_newest_picture(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    viewers = gateway.gateway.streams.viewers
    viewer = viewers.add(camera.id, next(q for q in viewers.renditions if q == "hd"), "u")
    for number in range(100):
        viewers.picture(camera.id, "hd", number, bytes([number]), number / 10)
    assert await viewer.next() == bytes([99])
    viewers.remove(viewer)
    assert await viewer.next() is None


async def test_an_address_ends_with_its_time_its_user_and_its_camera(tmp_path: Path) -> None:
    async with GatewayRun(tmp_path, {"stream_url_seconds": 5}) as run:
        gateway = await run.start()
        camera, other = await gateway.camera(), await gateway.camera("Yard")
        user, token = await gateway.user("vera", Role.VIEWER)
        streams = gateway.gateway.streams
        async with gateway.engine() as engine:
            await online(gateway, engine, camera)
            await online(gateway, engine, other)
            async with gateway.client(token) as client:
                url = (await start(client, camera))["stream_url"]
                elsewhere = (await start(client, other))["stream_url"]
                async with player(url.replace(camera.id, other.id)) as wrong:
                    assert wrong.status_code == 403
                async with player(url) as first, player(elsewhere) as second:
                    assert (first.status_code, second.status_code) == (200, 200)
                    async with gateway.http() as http:
                        assert (await http.delete(f"/api/cameras/{other.id}")).status_code == 204
                    assert [part async for part in parts(second)] == []
                    gateway.gateway.changes.user(user.id)
                    assert [part async for part in parts(first)] == []
                assert not streams.wanted()
            _, token = await gateway.user("walt", Role.VIEWER)
            async with gateway.client(token) as client:
                url = (await start(client, camera))["stream_url"]
            async with player(url) as response:  # the client is gone, and may be back soon
                assert response.status_code == 200
                await gateway.until(lambda: any(one.left_at_ms for one in streams._streams.values()))
                streams.tick(gateway.gateway.clock.now_ms() + 5_000)
                assert [part async for part in parts(response)] == []
            async with player(url) as response:
                assert response.status_code == 403


async def test_who_may_not_see_cameras_has_no_stream(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("rita", Role.RESPONDER)
    async with gateway.engine() as engine, gateway.client(token) as client:
        await online(gateway, engine, camera)
        await client.send("stream_start_request", camera_id=camera.id, quality="sd", request_id="r")
        refused = await client.data("stream_start_error")
        assert (refused["request_id"], refused["code"], refused["camera_id"]) == ("r", "FORBIDDEN", camera.id)
        async with player(f"{gateway.url}/api/cameras/{camera.id}/stream.mjpeg", token) as response:
            assert response.status_code == 403
        async with player(f"{gateway.url}/api/cameras/{camera.id}/stream.mjpeg") as response:
            assert response.status_code == 401
        async with player(f"{gateway.url}/api/cameras/{camera.id}/stream.mjpeg?token=guess") as response:
            assert response.status_code == 403
    _, token = await gateway.user("vera", Role.VIEWER)
    async with player(f"{gateway.url}/api/cameras/nowhere/stream.mjpeg", token) as response:
        assert response.status_code == 404
    async with player(f"{gateway.url}/api/cameras/{camera.id}/stream.mjpeg?quality=hd", token) as response:
        assert response.status_code == 200


async def test_a_request_that_is_wrong_names_the_field(gateway: RunningGateway) -> None:
    _, token = await gateway.user("vera", Role.VIEWER)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"quality": "sd"}, "data.camera_id"),
        ({"camera_id": "c", "quality": "uhd"}, "data.quality"),
        ({"camera_id": 5}, "data.camera_id"),
    ]
    async with gateway.client(token) as client:
        for data, path in wrong:
            await client.send("stream_start_request", request_id="r", **data)
            error = await client.data("error")
            assert (error["code"], error["details"]["path"], error["request_id"]) == ("INVALID_MESSAGE", path, "r")


async def answer_probes(engine: ScriptedEngine, message: str = "") -> None:
    """The engine looks at every source that it is asked about, and finds this."""
    for asked in itertools.count(1):
        await engine.until(lambda least=asked: len(engine.all(link.ProbeSource)) >= least)  # type: ignore[misc]
        probe = engine.all(link.ProbeSource)[asked - 1]
        await engine.send(link.SourceProbed(request_id=probe.request_id, ok=not message, message=message or "fine"))


async def test_a_camera_is_made_from_a_source_that_works(gateway: RunningGateway) -> None:
    _, viewer = await gateway.user("vera", Role.VIEWER)
    _, admin = await gateway.user("ada", Role.ADMIN)
    source = "rtsp://viewer:pr1vate@10.0.0.7/stream"
    async with gateway.engine() as engine, gateway.client(viewer) as guest, gateway.client(admin) as client:
        probing = asyncio.create_task(answer_probes(engine))
        await guest.send("stream_start_request", camera_id="cam_001", rtsp_url=source, request_id="1")
        assert (await guest.data("stream_start_error"))["code"] == "FORBIDDEN"
        await client.send("stream_start_request", camera_id="cam_001", rtsp_url=source, quality="hd", request_id="2")
        made = await client.data("stream_start_success")
        assert made["camera_id"] == "cam_001" and made["status"] == "connecting" and made["stream_url"]
        camera = await gateway.gateway.store.cameras.get("cam_001")
        assert camera.source == source and camera.enabled
        await engine.until(lambda: "cam_001" in {told.camera.id for told in engine.all(link.Assign)})

        # The same source again, as one may see it, changes nothing and needs no right.
        await guest.send("stream_start_request", camera_id="cam_001", rtsp_url="rtsp://***@10.0.0.7/stream")
        await online(gateway, engine, camera)
        await guest.heard_or_next("stream_start_success")
        assert len(engine.all(link.ProbeSource)) == 1
        # Credentials cannot be guessed this way.
        await guest.send("stream_start_request", camera_id="cam_001", rtsp_url=source)
        assert (await guest.data("stream_start_error"))["code"] == "FORBIDDEN"

        await client.send("stream_start_request", camera_id="cam_001", rtsp_url="rtsp://10.0.0.8/other")
        await client.data("stream_start_success")
        assert (await gateway.gateway.store.cameras.get("cam_001")).source == "rtsp://10.0.0.8/other"
        probing.cancel()
    audited = [record.action for record in await gateway.gateway.store.audit.list()]
    assert audited[:2] == ["camera_changed", "camera_created"]


async def test_a_source_that_does_not_work_is_refused_with_why(gateway: RunningGateway) -> None:
    _, admin = await gateway.user("ada", Role.ADMIN)
    async with gateway.engine() as engine, gateway.client(admin) as client:
        probing = asyncio.create_task(answer_probes(engine, "the camera refuses the user name or password"))
        for request, (source, code, words) in enumerate(
            [
                ("rtsp://u:p@10.0.0.7/stream", "PROCESSING_ERROR", "refuses the user name"),
                ("rtsp://169.254.169.254/latest", "FORBIDDEN", "not an address for a camera"),
                ("rtsp://[", "PROCESSING_ERROR", "cannot be read"),
            ]
        ):
            await client.send("stream_start_request", id=str(request), camera_id="cam_002", rtsp_url=source)
            refused = await client.next("stream_start_error")
            assert refused["id"] == str(request)
            assert refused["data"]["code"] == code and words in refused["data"]["error"]
        await client.send("stream_start_request", camera_id="../etc", rtsp_url="rtsp://10.0.0.7/stream")
        assert "letters" in (await client.data("stream_start_error"))["error"]
        probing.cancel()
    assert await gateway.gateway.store.cameras.list() == []


async def test_a_camera_that_is_away_or_switched_off_says_so(gateway: RunningGateway) -> None:
    camera, off = await gateway.camera(), await gateway.camera("Cellar", enabled=False)
    _, token = await gateway.user("vera", Role.VIEWER)
    async with gateway.engine() as engine, gateway.client(token) as client:
        await online(gateway, engine, camera)
        report = link.CameraReport(camera_id=camera.id, state="offline", reason="nobody answers there", since=1)
        await engine.send(report)
        await gateway.until(lambda: gateway.gateway.engines.status_of(camera.id).state == "offline")
        for asked, words in ((camera, "nobody answers there"), (off, "switched off")):
            await client.send("stream_start_request", camera_id=asked.id)
            assert words in (await client.data("stream_start_error"))["error"]
        await client.send("stream_start_request", camera_id="nowhere")
        assert (await client.data("stream_start_error"))["code"] == "INVALID_MESSAGE"
        await client.send("stream_quality_change", id="q", camera_id=camera.id, new_quality="hd")
        assert (await client.data("error"))["request_id"] == "q"
