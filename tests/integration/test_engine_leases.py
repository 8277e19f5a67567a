"""Several engines at one gateway: who reads which camera, and that two never read one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sightline.cameras import CameraState
from sightline.engine import engine as engine_module
from sightline.engine.engine import Engine
from sightline.engine.link.gateway_address import GatewayAddress
from sightline.events.engine_link import LINK_PROTOCOL, Assign, Hello, Revoke, encode
from sightline.events.lease import Lease, Leaving
from sightline.frames import Frame
from sightline.gateway.engines import engines as engines_module
from tests.flaky_proxy import flaky_proxy
from tests.integration.gateway_app import PATIENCE_S, RunningGateway, ScriptedEngine
from tests.scripted_engine import ScriptedAnalysis, scripted_engine
from tests.videos import numbered, write_video


def url_by(port: int) -> str:
    return f"http://127.0.0.1:{port}"


# ── joining ──


async def test_an_engine_of_the_same_name_is_turned_away_in_words(gateway: RunningGateway) -> None:
    async with gateway.engine(name="yard", instance="one", host="hall-pc") as first:
        await first.beat(1)
        async with gateway.socket("/ws/engine", additional_headers=await headers(gateway, "yard")) as socket:
            await socket.send(hello(instance="two"))
            await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
            assert socket.close_code == 4502
            assert "from hall-pc: give each a token of its own" in (socket.close_reason or "")
        await first.beat(2)


async def test_the_same_engine_may_come_again_before_its_old_connection_ends(gateway: RunningGateway) -> None:
    async with gateway.engine(name="yard", instance="one") as first:
        await first.beat(1)
        async with gateway.engine(name="yard", instance="one") as again:
            await asyncio.wait_for(first.socket.wait_closed(), PATIENCE_S)
            assert first.socket.close_code == 4502
            await again.beat(1)


@pytest.mark.parametrize("protocol", [1, 99])
async def test_an_engine_that_would_not_be_understood_is_told_why(gateway: RunningGateway, protocol: int) -> None:
    async with gateway.socket("/ws/engine", additional_headers=await headers(gateway, "yard")) as socket:
        await socket.send(hello(protocol=protocol))
        await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
        assert socket.close_code == 4501
        assert "run the same version" in (socket.close_reason or "")


async def headers(gateway: RunningGateway, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {await gateway.token_of(name)}"}


def hello(**changed: object) -> bytes:
    values = {
        "engine_id": "yard", "version": "9", "capacity": 4, "devices": [], "models": [], "protocol": LINK_PROTOCOL,
    }  # fmt: skip
    return encode(Hello(**(values | changed)))  # type: ignore[arg-type]


# ── sharing ──


async def test_cameras_are_shared_by_capacity_and_a_newcomer_gets_its_share(gateway: RunningGateway) -> None:
    cameras = {camera.id: camera for camera in [await gateway.camera(f"door {number}") for number in range(6)]}
    async with gateway.engine(name="a", instance="a", capacity=8) as a:
        await a.beat(1)
        await a.until(lambda: a.cameras() == set(cameras))
        await a.beat(2, *cameras.values())
        async with gateway.engine(name="b", instance="b", capacity=4) as b:
            await b.beat(1)
            await a.until(lambda: len(a.all(Revoke)) == 2)
            given_up = {revoked.camera_id for revoked in a.all(Revoke)}
            await b.beat(2)
            assert b.all(Assign) == []  # the first has not let go yet
            assert all(gateway.gateway.engines.status_of(id).state is CameraState.CONNECTING for id in given_up)
            await a.beat(3, *(camera for id, camera in cameras.items() if id not in given_up))
            await b.until(lambda: b.cameras() == given_up)
            await b.beat(3, *(cameras[id] for id in given_up))
            await b.send(Leaving())
        await a.until(lambda: a.cameras() == set(cameras))


async def test_an_engine_keeps_its_cameras_over_a_short_cut(gateway: RunningGateway) -> None:
    cameras = [await gateway.camera(f"door {number}") for number in range(2)]
    async with gateway.engine(name="b", instance="b") as b:
        await b.beat(1)
        async with gateway.engine(name="a", instance="a") as a:
            await a.beat(1)
            await b.until(lambda: b.all(Revoke))
            [mine] = [camera for camera in cameras if camera.id in b.cameras()]
            await b.beat(2, mine)
            await a.until(lambda: len(a.cameras()) == 1)
            theirs = a.cameras()
        async with gateway.engine(name="a", instance="a") as again:
            await again.beat(1, *(camera for camera in cameras if camera.id in theirs))
            await again.until(lambda: again.cameras() == theirs)
            await b.beat(3, mine)
            assert b.cameras() == {mine.id}


async def test_silence_ends_a_lease_and_another_engine_takes_over(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(gateway, monkeypatch)
    camera = await gateway.camera()
    async with gateway.engine(name="a", instance="a") as a:
        await a.beat(1)
        await a.until(lambda: a.cameras() == {camera.id})
        await a.beat(2, camera)
        async with gateway.engine(name="b", instance="b") as b, beating(b):
            await b.until(lambda: b.cameras() == {camera.id})
            await asyncio.wait_for(a.socket.wait_closed(), PATIENCE_S)
            assert a.socket.close_code == 4003


async def test_a_revoked_token_ends_the_link_at_once(gateway: RunningGateway) -> None:
    async with gateway.engine(name="yard", instance="one") as yard, gateway.http() as http:
        assert (await http.delete("/api/engines/yard/token")).status_code == 204
        await asyncio.wait_for(yard.socket.wait_closed(), PATIENCE_S)
        assert yard.socket.close_code == 4503


@contextlib.asynccontextmanager
async def beating(engine: ScriptedEngine) -> AsyncIterator[None]:
    """Says beats that hold nothing, until left."""

    async def beat() -> None:
        number = 0
        while True:
            number += 1
            await engine.beat(number)
            await asyncio.sleep(0.1)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def shorten(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, length_ms: int = 1_200) -> None:
    """Leases of this gateway are short."""
    leases = gateway.gateway.engines._leases  # its length is no setting: two ends must agree on it
    monkeypatch.setattr(leases, "_length_ms", length_ms)
    monkeypatch.setattr(leases._leases, "_length_ms", length_ms)
    monkeypatch.setattr(engines_module, "SILENCE_CHECK_S", 0.1)


# ── real engines ──


class Diary:
    """When which engine looked at a picture, in seconds."""

    def __init__(self) -> None:
        self.looked_s: dict[str, list[float]] = {}

    def analysis(self, engine: str) -> Callable[[str], ScriptedAnalysis]:
        diary = self

        class Noted(ScriptedAnalysis):
            def process(self, frame: Frame, *others: object) -> object:  # type: ignore[override]
                diary.looked_s.setdefault(engine, []).append(time.monotonic())
                return super().process(frame, *others)  # type: ignore[arg-type]

        return lambda camera_id: Noted(camera_id, engine)

    def pictures(self, engine: str) -> int:
        return len(self.looked_s.get(engine, ()))


@contextlib.asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(engine.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE_S)


async def test_an_engine_whose_network_dies_stops_before_another_takes_over(
    gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network does not say that it is dead: nothing passes any more, and no connection ends."""
    shorten(gateway, monkeypatch, 2_000)
    monkeypatch.setattr(engine_module, "BEAT_INTERVAL_S", 0.3)
    monkeypatch.setattr(engine_module, "TICK_S", 0.1)
    video = write_video(tmp_path / "video.mp4", [numbered(number) for number in range(40)], fps=20)
    diary = Diary()
    with flaky_proxy(int(gateway.url.rpartition(":")[2])) as network:
        await gateway.camera(source=str(video), analysis_fps=20.0)
        a = GatewayAddress(url_by(network.port), await gateway.token_of("a"))
        b = GatewayAddress(gateway.url, await gateway.token_of("b"))
        async with running(scripted_engine(a, tmp_path / "a", new_analysis=diary.analysis("a"))):
            await gateway.until(lambda: diary.pictures("a") > 3)
            async with running(scripted_engine(b, tmp_path / "b", new_analysis=diary.analysis("b"))):
                await gateway.until(lambda: len(gateway.gateway.engines.links) == 2)
                network.hold()
                await gateway.until(lambda: diary.pictures("b") > 3)
                assert diary.looked_s["a"][-1] < diary.looked_s["b"][0]
                looked = diary.pictures("a")
                network.flow()
                await gateway.until(lambda: len(gateway.gateway.engines.links) == 2)
                assert diary.pictures("a") == looked


async def test_gateways_tell_a_lease_its_length(gateway: RunningGateway) -> None:
    async with gateway.engine(name="a", instance="a") as a:
        await a.beat(7)
        [lease] = a.all(Lease)
        assert (lease.length_ms, lease.gateways) == (6_000, 1)
        assert abs(lease.server_time - gateway.gateway.clock.now_ms()) < 60_000
