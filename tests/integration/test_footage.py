"""Continuous recording: pieces without gaps, there after a crash, stopped before the disk is full."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.video import footage_recorder
from sightline.engine.video.footage_shelf import FootageSettings
from sightline.events.engine_link import Assign, CameraSpec, Status
from sightline.events.footage import (
    FindFootage,
    FootageListed,
    FootageSpan,
    FootageSpans,
    ListFootage,
    SendFootage,
)
from sightline.events.observation import Observation
from sightline.events.scene import Scene
from sightline.events.spans import Span
from tests.fake_gateway import TOKEN, FakeGateway
from tests.scripted_engine import scripted_engine
from tests.videos import number_in, numbered, write_video

REPOSITORY = Path(__file__).parents[2]
ALL = {"since": 0, "until": 10**14}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    return str(write_video(path, [numbered(number) for number in range(200)], fps=20))


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    async with FakeGateway() as gateway:
        yield gateway


def camera(source: str, *, record: bool = True) -> Assign:
    return Assign(camera=CameraSpec(id="hall", source=source, analysis_fps=1.0, scene=Scene(record=record)))


@contextlib.asynccontextmanager
async def running(gateway: FakeGateway, spool: Path, **settings: int) -> AsyncIterator[None]:
    footage = FootageSettings(spool / "footage", **{"piece_ms": 1_500, "keep_free_bytes": 0, **settings})
    engine = scripted_engine(GatewayAddress(gateway.url, TOKEN), spool, footage=footage)
    stop = asyncio.Event()
    task = asyncio.create_task(engine.run(stop))
    try:
        await gateway.until(lambda: gateway.links)
        yield
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


async def listed(gateway: FakeGateway, request_id: str = "list") -> FootageListed:
    known = len(gateway.all(FootageListed))
    await gateway.send(ListFootage(request_id=request_id, camera_id="hall", **ALL))
    await gateway.until(lambda: len(gateway.all(FootageListed)) > known)
    return gateway.all(FootageListed)[-1]


async def found_within(gateway: FakeGateway, *times: Span, delete: bool = False) -> FootageSpans:
    known = len(gateway.all(FootageSpans))
    await gateway.send(FindFootage(request_id="find", within={"hall": list(times)}, delete=delete))
    await gateway.until(lambda: len(gateway.all(FootageSpans)) > known)
    return gateway.all(FootageSpans)[-1]


async def pieces_of(gateway: FakeGateway, at_least: int) -> FootageListed:
    while len((found := await listed(gateway)).pieces) < at_least:  # noqa: ASYNC110  # a disk has no event
        await asyncio.sleep(0.3)
    return found


def shown(piece: bytes) -> list[int]:
    with av.open(io.BytesIO(piece)) as container:
        return [number_in(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


async def test_pieces_follow_one_another_without_a_gap_and_are_handed_over(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video)]
    async with running(gateway, tmp_path / "spool"):
        found = await pieces_of(gateway, 2)
        first, second = found.pieces[:2]
        assert abs(first.starts_at + first.duration_ms - second.starts_at) < 250
        for number, piece in enumerate((first, second)):
            await gateway.send(SendFootage(request_id=str(number), camera_id="hall", starts_at=piece.starts_at))
        await gateway.until(lambda: len(gateway.footage) == 2)
        await gateway.send(SendFootage(request_id="gone", camera_id="hall", starts_at=5))
        await gateway.until(lambda: gateway.all(FootageListed)[-1].request_id == "gone")
        assert len(gateway.footage["0"]) == first.size_bytes
        before = await found_within(gateway, (first.starts_at, first.starts_at + 1))
        assert before == FootageSpans(
            request_id="find",
            spans={
                "hall": [
                    FootageSpan(
                        starts_at=first.starts_at,
                        ends_at=first.starts_at + first.duration_ms,
                        pieces=1,
                        size_bytes=first.size_bytes,
                    )
                ]
            },
        )
        later = (second.starts_at + 300, 10**14)  # as well what is being written; the first may last until the second
        deleted = await found_within(gateway, later, delete=True)
        assert (deleted.spans, deleted.deleted >= 2) == ({}, True)
        await gateway.send(camera(video, record=False))
        while list((tmp_path / "spool" / "footage" / "hall").glob("*.growing.*")):  # noqa: ASYNC110  # likewise
            await asyncio.sleep(0.1)
        ended = await listed(gateway, "ended")
    numbers = shown(gateway.footage["0"]) + shown(gateway.footage["1"])
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert ended.pieces[0] == first
    assert all(piece.starts_at > second.starts_at + second.duration_ms for piece in ended.pieces[1:])


async def test_recording_stops_before_the_disk_is_full_and_says_so(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video)]
    async with running(gateway, tmp_path / "spool", keep_free_bytes=2**60):
        await gateway.until(lambda: any("recording is stopped" in w for s in gateway.all(Status) for w in s.warnings))
        answer = await listed(gateway)
    assert answer.pieces == []
    assert "MB are free on the disk of the recordings" in answer.stopped
    assert not list((tmp_path / "spool" / "footage").rglob("*.mp4"))


async def test_an_engine_without_recordings_says_so(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    gateway.assign = [camera(video)]
    stop = asyncio.Event()
    task = asyncio.create_task(scripted_engine(GatewayAddress(gateway.url, TOKEN), tmp_path / "spool").run(stop))
    await gateway.until(lambda: gateway.links)
    assert (await listed(gateway)).stopped == "this engine records nothing"
    stop.set()
    await task


@contextlib.asynccontextmanager
async def engine_process(
    gateway: FakeGateway, spool: Path, *, largest_file_bytes: int = resource.RLIM_INFINITY
) -> AsyncIterator[asyncio.subprocess.Process]:
    footage = {"piece_ms": 60_000, "keep_free_bytes": 0}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.scripted_engine",
        json.dumps({"url": gateway.url, "spool": str(spool), "footage": footage}),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file_bytes, largest_file_bytes)),
        cwd=REPOSITORY, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}{os.pathsep}{REPOSITORY}"},
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(f"{TOKEN}\n".encode())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_what_was_recorded_until_the_engine_was_killed_is_there_afterwards(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    assert footage_recorder.WAIT_S <= 0.5
    spool = tmp_path / "spool"
    gateway.assign = [camera(video)]
    folder = spool / "footage" / "hall"
    async with engine_process(gateway, spool) as process:
        while sum(path.stat().st_size for path in folder.glob("*.growing.mp4")) < 12_000:  # noqa: ASYNC110  # likewise
            await asyncio.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    gateway.assign = []
    async with engine_process(gateway, spool):
        await gateway.until(lambda: gateway.links == 2)
        found = await pieces_of(gateway, 1)
        await gateway.send(SendFootage(request_id="it", camera_id="hall", starts_at=found.pieces[0].starts_at))
        await gateway.until(lambda: gateway.footage)
    assert len(shown(gateway.footage["it"])) > 10


async def test_a_disk_that_takes_no_more_stops_the_recording_and_nothing_else(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video)]
    async with engine_process(gateway, tmp_path / "spool", largest_file_bytes=20_000) as process:
        await gateway.until(
            lambda: any("File too large" in warning for status in gateway.all(Status) for warning in status.warnings)
        )
        found = await pieces_of(gateway, 1)
        await gateway.send(SendFootage(request_id="it", camera_id="hall", starts_at=found.pieces[0].starts_at))
        await gateway.until(lambda: gateway.footage)
        seen = len(gateway.all(Observation))
        await gateway.until(lambda: len(gateway.all(Observation)) > seen)
        assert process.returncode is None
    assert len(shown(gateway.footage["it"])) > 5
