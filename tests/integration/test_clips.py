"""Clips, from the engine's packets to a gateway that keeps them: exact, bounded, and there after a crash."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from sightline.engine.engine import Engine
from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.video import clip_recorder
from sightline.engine.video.clip_recorder import ClipSettings
from sightline.engine.video.footage_shelf import FootageSettings
from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.camera_analysis import CameraAnalysis
from sightline.events.engine_link import Assign, CameraReport, CameraSpec, Revoke, Watch
from sightline.events.fact import Fact, Sighting, Unknown
from sightline.events.scene import Scene
from sightline.packets import EncodedPacket
from sightline.privacy import FaceBlur
from tests.fake_gateway import TOKEN, FakeGateway
from tests.painted_faces import COLOURS, PaintedDetector, PaintedEmbedder, paint, room
from tests.scripted_engine import scripted_engine
from tests.videos import number_in, numbered, write_video

REPOSITORY = Path(__file__).parents[2]
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
SHORT = {"before_ms": 1_000, "after_ms": 1_000}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    return str(write_video(path, [numbered(number) for number in range(200)], fps=20))


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    async with FakeGateway() as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_recorder, "SHARED_S", 2)


def engine_for(gateway: FakeGateway, spool: Path, **settings: int) -> Engine:
    clips = ClipSettings(spool / "clips", **{**SHORT, **settings})
    return scripted_engine(GatewayAddress(gateway.url, TOKEN), spool, clips=clips)


@contextlib.asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(engine.run(stop))
    try:
        yield
        assert not task.done(), task.exception()
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


def camera(source: str, *, analysis_fps: float = 6.0, scene: Scene | None = None) -> Assign:
    spec = CameraSpec(id="hall", source=source, analysis_fps=analysis_fps, scene=scene or Scene())
    return Assign(camera=spec)


def shown(clip: bytes) -> dict[int, np.ndarray]:
    """The pictures of a clip by their time in the file, ms."""
    with av.open(io.BytesIO(clip)) as container:
        return {round(frame.time * 1000): frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)}


def snapshot(gateway: FakeGateway, fact: Fact) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(gateway.blobs[fact.blobs["snapshot"]], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def assert_exact(gateway: FakeGateway, fact: Fact) -> dict[int, np.ndarray]:
    """The fact's frame is in its clip, at the stated time."""
    assert fact.clip is not None
    pictures = shown(gateway.clips[fact.clip.blob_id])
    assert fact.clip.offset_ms in pictures, (fact.clip, sorted(pictures))
    assert number_in(pictures[fact.clip.offset_ms]) == number_in(snapshot(gateway, fact))
    assert abs(fact.timestamp - fact.clip.starts_at - fact.clip.offset_ms) < SHORT["before_ms"]
    return pictures


async def gone(folder: Path, clip_id: str) -> None:
    """Waits until no file of that clip is left: it goes after the gateway's answer, and stays if the engine stops
    before."""
    async with asyncio.timeout(60):
        while await asyncio.to_thread(lambda: list(folder.glob(f"{clip_id}*"))):  # noqa: ASYNC110  # a disk has no event
            await asyncio.sleep(0.05)


async def test_the_facts_frame_is_in_its_clip_at_the_stated_time(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video)]
    gateway.wants_clip = lambda fact: True
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: len(gateway.clips) >= 1)
        clip_id = next(iter(gateway.clips))
        await gone(tmp_path / "spool" / "clips", clip_id)  # what was put leaves the disk
    facts = [fact for fact in gateway.all(Fact) if fact.clip is not None and fact.clip.blob_id == clip_id]
    assert len(facts) > 1, "facts close to one another share a clip"
    for fact in facts:
        pictures = assert_exact(gateway, fact)
        assert max(pictures) >= fact.clip.offset_ms + 900  # type: ignore[union-attr]
    late = [fact for fact in facts if fact.timestamp - facts[0].timestamp > 1_000]
    assert late and all(fact.clip.offset_ms >= 1_000 for fact in late)  # type: ignore[union-attr]


async def test_a_clip_that_no_alert_wants_is_never_put(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    gateway.assign = [camera(video)]
    wanted: list[str] = []

    def wants(fact: Fact) -> bool:
        """From the second clip on."""
        if fact.clip is not None and fact.clip.blob_id != gateway.all(Fact)[0].clip.blob_id:  # type: ignore[union-attr]
            wanted.append(fact.clip.blob_id)
        return bool(wanted)

    gateway.wants_clip = wants  # type: ignore[assignment]
    async with running(engine_for(gateway, tmp_path / "spool", after_ms=200)):
        await gateway.until(lambda: gateway.clips)
    assert set(gateway.clips) <= set(wanted)
    assert gateway.clips_put == len(gateway.clips)


async def test_what_is_masked_is_in_no_clip(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    gateway.assign = [camera(video, scene=Scene(masks=(LEFT_HALF,)))]
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.clips)
    clip_id, clip = next(iter(gateway.clips.items()))
    pictures = shown(clip)
    assert len(pictures) > 5
    assert all(picture[:, :150].max() < 30 for picture in pictures.values())
    fact = next(fact for fact in gateway.all(Fact) if fact.clip is not None and fact.clip.blob_id == clip_id)
    assert fact.clip is not None
    assert np.abs(pictures[fact.clip.offset_ms].astype(int) - snapshot(gateway, fact)).mean() < 8


def is_hidden(picture: np.ndarray, number: int) -> bool:
    """Whether nothing is left of the texture of a painted face; compression leaves some noise."""
    x = face_at(number)
    part = cv2.resize(picture[130:190, x + 10 : x + 70], (30, 30), interpolation=cv2.INTER_AREA).astype(int)
    return float(np.abs(np.diff(part, n=2, axis=1)).mean()) < 6


def face_at(number: int) -> int:
    return 100 + 6 * (number % 50)


def strip(number: int) -> np.ndarray:
    """A room through which Anna walks, with the number of the picture in its lowest rows."""
    picture = paint(room(), COLOURS["anna"], face_at(number), 120)
    picture[-40:] = numbered(number, 640, 40)
    return picture


async def test_a_blurred_face_is_in_nothing_that_leaves_the_engine(gateway: FakeGateway, tmp_path: Path) -> None:
    path = write_video(tmp_path / "walk.mp4", [strip(number) for number in range(200)], fps=10)
    spec = CameraSpec(
        id="hall", source=str(path), analysis_fps=5.0, scene=Scene(record=True), blur_faces=FaceBlur.ALL
    )
    gateway.assign = [Assign(camera=spec)]
    analyser = Analyser(PaintedDetector(), PaintedEmbedder())
    engine = scripted_engine(
        GatewayAddress(gateway.url, TOKEN),
        tmp_path / "spool",
        clips=ClipSettings(tmp_path / "spool" / "clips", **SHORT),
        footage=FootageSettings(tmp_path / "spool" / "footage"),
        new_analysis=lambda camera_id: CameraAnalysis(camera_id, analyser),
    )
    live: list[EncodedPacket] = []
    async with running(engine):
        await gateway.until(lambda: any(report.state == "online" for report in gateway.all(CameraReport)))
        reader = engine._cameras.reader_of("hall")
        assert reader is not None
        listening = reader.packets.listen(live.append, fps=25.0)
        await gateway.send(Watch(camera_id="hall", fps=25, max_side=640))
        await gateway.until(lambda: gateway.clips and len(gateway.pictures) >= 5)
        listening.close()
        await gateway.send(Revoke(camera_id="hall"))
        await gateway.until(lambda: gateway.all(Sighting))
    fact = next(fact for fact in gateway.all(Fact) if fact.clip is not None and fact.clip.blob_id in gateway.clips)
    assert fact.clip is not None and isinstance(fact.what, Unknown)
    clip = shown(gateway.clips[fact.clip.blob_id])
    assert number_in(clip[fact.clip.offset_ms][-40:]) == number_in(snapshot(gateway, fact)[-40:])
    jpegs = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) for _, jpeg in gateway.pictures]
    recorded = [shown(piece.read_bytes()) for piece in (tmp_path / "spool" / "footage").rglob("*.mp4")]
    pictures = [*clip.values(), *jpegs, *decoded(live), snapshot(gateway, fact), *recorded[0].values()]
    assert min(len(clip), len(live), len(recorded[0])) >= 5
    for picture in pictures:
        assert picture is not None and picture.shape == (360, 640, 3)
        assert is_hidden(picture, number_in(picture[-40:]))
    assert not is_hidden(strip(7), 7), "it would be seen"
    (sighting,) = gateway.all(Sighting)
    for probe in (gateway.blobs[fact.blobs["probe"]], sighting.sample):
        image = cv2.imdecode(np.frombuffer(probe, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None and float(np.abs(np.diff(image.astype(int), n=2, axis=1)).mean()) < 2


def decoded(packets: list[EncodedPacket]) -> list[np.ndarray]:
    context = av.CodecContext.create(packets[0].parameters.codec, "r")
    pieces = [*(av.Packet(one.data) for one in packets), None]
    return [frame.to_ndarray(format="bgr24") for piece in pieces for frame in context.decode(piece)]  # type: ignore[attr-defined]


async def test_a_gateway_that_is_away_gets_the_clip_when_it_is_back(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video)]
    gateway.clip_status = 503
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.clips_put >= 2)
        gateway.clip_status = 204
        await gateway.until(lambda: gateway.clips)
    fact = next(fact for fact in gateway.all(Fact) if fact.clip and fact.clip.blob_id in gateway.clips)
    assert_exact(gateway, fact)


@contextlib.asynccontextmanager
async def engine_process(gateway: FakeGateway, spool: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    arguments = json.dumps({"url": gateway.url, "spool": str(spool), "clips": {"before_ms": 1_000, "after_ms": 30_000}})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.scripted_engine", arguments,
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


async def test_an_engine_killed_during_a_clip_leaves_it_playable_and_delivers_it(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    spool = tmp_path / "spool"
    gateway.assign = [camera(video)]
    gateway.wants_clip = lambda fact: True

    def first_fact() -> Fact:
        return next(fact for fact in gateway.all(Fact) if fact.clip is not None)

    async with engine_process(gateway, spool) as process:
        await gateway.until(
            lambda: gateway.all(Fact) and gateway.all(Fact)[-1].timestamp - first_fact().timestamp > 3_000
        )
        process.send_signal(signal.SIGKILL)
        await process.wait()
    fact = first_fact()
    assert fact.clip is not None
    (growing,) = (spool / "clips").glob(f"{fact.clip.blob_id}.growing.mp4")
    left = shown(growing.read_bytes())
    assert number_in(left[fact.clip.offset_ms]) == number_in(snapshot(gateway, fact))
    assert max(left) >= fact.clip.offset_ms + 1_500
    assert not gateway.clips
    gateway.assign = []
    async with engine_process(gateway, spool):
        await gateway.until(lambda: fact.clip.blob_id in gateway.clips)  # type: ignore[union-attr]
    assert_exact(gateway, fact)
