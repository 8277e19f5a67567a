"""The engine against a real, small gateway: in this process, and as a process that is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import structlog

from sightline.clock import SystemClock
from sightline.engine import engine as engine_module
from sightline.engine.cameras import source_state
from sightline.engine.engine import Engine
from sightline.engine.link import uplink
from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.spooling import fact_sender, outbox
from sightline.events.engine_link import (
    Assign,
    CameraReport,
    CameraSpec,
    Hello,
    ProbeSource,
    Revoke,
    SourceProbed,
    Status,
    Unwatch,
    Watch,
)
from sightline.events.fact import Fact, Sighting, SourceState
from sightline.events.gallery_feed import GalleryPage, GallerySince, GalleryTemplate
from sightline.events.lease import Beat, Leaving
from sightline.events.observation import Observation
from sightline.events.scene import Scene
from sightline.events.still import Analyse, Analysis
from sightline.exceptions import SourceError, Unavailable
from sightline.ingest.open import open_source
from tests.fake_gateway import TOKEN, FakeGateway
from tests.scripted_engine import scripted_engine
from tests.videos import numbered, write_video

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    return str(write_video(path, [numbered(number) for number in range(40)], fps=20))


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    async with FakeGateway() as gateway:
        yield gateway


def camera(source: str, camera_id: str = "hall", analysis_fps: float = 10.0) -> Assign:
    return Assign(camera=CameraSpec(id=camera_id, source=source, analysis_fps=analysis_fps))


@contextlib.asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[Engine]:
    stop = asyncio.Event()
    task = asyncio.create_task(engine.run(stop))
    try:
        yield engine
        assert not task.done(), task.exception()
    finally:
        stop.set()
        async with asyncio.timeout(4):
            await task


def engine_for(gateway: FakeGateway, spool: Path, token: str = TOKEN, **options: object) -> Engine:
    return scripted_engine(GatewayAddress(gateway.url, token), spool, **options)  # type: ignore[arg-type]


def numbers(facts: list[Fact], camera_id: str = "hall") -> list[int]:
    """The numbers of a camera's facts, by the script, in the order they came, repetitions left out."""
    found: list[int] = []
    for fact in facts:
        number = fact.key.rpartition(":")[2]
        if fact.camera_id == camera_id and number.isdecimal() and int(number) not in found:
            found.append(int(number))
    return found


def latest_status(gateway: FakeGateway) -> Status:
    return gateway.all(Status)[-1]


# ── speaking ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_engine_greets_reads_its_cameras_and_reports(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    gateway.assign = [camera(video)]
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: len(gateway.all(Fact)) >= 3 and any(s.stage_ms for s in gateway.all(Status)))
    hello = gateway.messages[0]
    assert isinstance(hello, Hello)
    assert (hello.engine_id, hello.version) == ("engine-1", "1.2.3")
    assert gateway.all(GallerySince)[0] == GallerySince(version=0, model_id="scripted")
    states = [report.state for report in gateway.all(CameraReport)]
    assert states[0] == "connecting"
    assert states[-1] == "online"
    report = gateway.all(CameraReport)[-1]
    assert (report.width, report.height) == (320, 240)
    frame_ids = [observation.frame_id for observation in gateway.all(Observation)]
    assert frame_ids == sorted(set(frame_ids))
    status = latest_status(gateway)
    assert status.cameras == 1
    assert status.stage_ms["total"] == 3.0
    assert 0 <= status.load <= 1


async def test_a_facts_pictures_are_there_before_the_fact(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    missing: list[str] = []

    def accept(fact: Fact) -> bool:
        missing.extend(blob for blob in fact.blobs.values() if blob not in gateway.blobs)
        return True

    gateway.accept = accept
    gateway.assign = [camera(video)]
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: len(gateway.all(Fact)) >= 3)
    fact = gateway.all(Fact)[0]
    assert set(fact.blobs) == {"snapshot", "probe"}
    assert not missing
    snapshot = cv2.imdecode(np.frombuffer(gateway.blobs[fact.blobs["snapshot"]], np.uint8), cv2.IMREAD_COLOR)
    assert snapshot is not None and snapshot.shape == (240, 320, 3)


async def test_accepted_facts_leave_the_spool(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    gateway.assign = [camera(video)]
    spool = tmp_path / "spool"
    async with running(engine_for(gateway, spool)):
        await gateway.until(lambda: len(gateway.all(Fact)) >= 3)
        await gateway.send(Revoke(camera_id="hall"))
        await gateway.until(lambda: gateway.all(Sighting))
        await gateway.until(lambda: latest_status(gateway).cameras == 0 and latest_status(gateway).spool_facts == 0)
    (sighting,) = gateway.all(Sighting)
    assert (sighting.camera_id, sighting.sample[:2]) == ("hall", b"\xff\xd8"), "what was in sight of it left its trace"
    assert [path.name for path in spool.iterdir()] == ["lock"]


async def test_pictures_flow_only_while_somebody_looks_each_after_its_observation(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video)]
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: len(gateway.all(Observation)) >= 5)
        assert not gateway.pictures
        await gateway.send(Watch(camera_id="hall", fps=20, max_side=160))
        await gateway.until(lambda: len(gateway.pictures) >= 5)
        await gateway.send(Unwatch(camera_id="hall"))
        seen = len(gateway.all(Observation))
        await gateway.until(lambda: len(gateway.all(Observation)) >= seen + 3)
        sent = len(gateway.pictures)
        await gateway.until(lambda: len(gateway.all(Observation)) >= seen + 8)
        assert len(gateway.pictures) == sent
    observed = {observation.frame_id: observation for observation in gateway.all(Observation)}
    for header, jpeg in gateway.pictures:
        observation = observed[int(str(header["frame_id"]))]
        assert (header["width"], header["height"]) == (observation.width, observation.height) == (320, 240)
        assert header["timestamp"] == observation.timestamp
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None and picture.shape == (120, 160, 3)


async def test_the_gallery_is_followed_by_version(gateway: FakeGateway, tmp_path: Path) -> None:
    vector = np.ones(4, "<f4").tobytes()
    template = GalleryTemplate(reference_id="r", person_id="collins", model_id="scripted", vector=vector)
    gateway.gallery = [GalleryPage(version=7, templates=[template], tombstones=[], more=False)]
    picture = bytes(cv2.imencode(".jpg", numbered(1))[1])
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(GallerySince))
        await gateway.send(Analyse(request_id="1", image=picture, tasks=("identify",)))
        await gateway.until(lambda: gateway.all(Analysis))
        assert gateway.all(Analysis)[0].faces[0].person_id == "collins"
        await gateway.drop_link()
        await gateway.until(lambda: len(gateway.all(GallerySince)) == 2)
        assert gateway.all(GallerySince)[1].version == 7


LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def is_masked(jpeg: bytes) -> bool:
    """Whether the left half is black, but for what compression makes of its edge, and the right half is not."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    middle = picture.shape[1] // 2
    return int(picture[:, : middle - 8].max()) < 6 and int(picture[:, middle + 8 :].max()) > 12


async def test_another_scene_is_seen_at_once_and_its_masks_leave_nothing_out(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    opened: list[str] = []

    def counting(spec: str, timeout_s: float, /) -> object:
        opened.append(spec)
        return open_source(spec, timeout_s=timeout_s)

    plain = camera(video)
    hidden = Assign(camera=msgspec.structs.replace(plain.camera, scene=Scene(masks=(LEFT_HALF,))))
    gateway.assign = [plain]
    async with running(engine_for(gateway, tmp_path / "spool", open_source=counting)):
        await gateway.until(lambda: gateway.all(Observation))
        await gateway.send(Watch(camera_id="hall", fps=20))
        await gateway.until(lambda: len(gateway.pictures) >= 2)
        assert not is_masked(gateway.pictures[-1][1])
        await gateway.send(hidden)
        await gateway.until(lambda: is_masked(gateway.pictures[-1][1]))
        shown, told = len(gateway.pictures), len(gateway.all(Fact))
        await gateway.until(lambda: len(gateway.pictures) >= shown + 5 and len(gateway.all(Fact)) >= told + 3)
        await gateway.send(ProbeSource(request_id="masked", source=video, masks=(LEFT_HALF,)))
        await gateway.until(lambda: gateway.all(SourceProbed))
    assert all(is_masked(jpeg) for _, jpeg in gateway.pictures[shown:])
    assert is_masked(gateway.all(SourceProbed)[0].picture)
    facts = gateway.all(Fact)[told + 2 :]
    assert facts and all(is_masked(gateway.blobs[fact.blobs["snapshot"]]) for fact in facts)
    assert opened == [video, video], "once to read it, once to try it"


async def test_a_changed_camera_is_read_anew_and_its_frame_ids_go_on(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video)]
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: len(gateway.all(Observation)) >= 3)
        await gateway.send(camera(video, analysis_fps=20.0))
        before = len(gateway.all(Observation))
        await gateway.until(lambda: len(gateway.all(Observation)) >= before + 5)
    frame_ids = [observation.frame_id for observation in gateway.all(Observation)]
    assert frame_ids == sorted(set(frame_ids))


@pytest.mark.parametrize("junk", [b"", b"\xff\x00", b"\x81\xa4type\xa6unborn", "text", b"\x81\xa4type\xa6assign"])
async def test_what_is_not_understood_is_passed_over(gateway: FakeGateway, tmp_path: Path, junk: bytes | str) -> None:
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(Status))
        await gateway.send_raw(junk)
        await gateway.send(ProbeSource(request_id="1", source="/nowhere"))
        await gateway.until(lambda: gateway.all(SourceProbed))
    assert gateway.links == 1


async def test_without_a_folder_for_its_spool_an_engine_works_and_says_so(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    gateway.assign = [camera(video)]
    async with running(engine_for(gateway, blocked / "spool")):
        await gateway.until(lambda: len(gateway.all(Fact)) >= 3 and len(gateway.all(Status)) >= 3)
        assert any("the disk refuses the spool" in warning for warning in latest_status(gateway).warnings)
        assert gateway.all(Fact)[0].blobs


async def test_a_lease_that_ends_ends_the_reading(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    gateway.assign, gateway.lease_ms = [camera(video)], 3_000
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(Fact) and len(gateway.all(Beat)) > 1)
        assert gateway.all(Beat)[-1].holds == ["hall"]
        gateway.lease_ms = 0
        gateway.assign = []
        await gateway.until(lambda: gateway.links == 2)  # it looks for another gateway
        await gateway.until(lambda: gateway.all(Beat)[-1].holds == [] and latest_status(gateway).cameras == 0)


async def test_an_engine_reads_on_while_no_gateway_lives(
    gateway: FakeGateway, tmp_path: Path, video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "LAST_RETRY_S", 0.3)
    gateway.assign, gateway.lease_ms = [camera(video)], 3_000
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(Fact) and len(gateway.all(Beat)) > 1)
        await gateway.stop()  # the port refuses from now on: nobody could give the camera to another engine
        await asyncio.sleep(4)
        gateway.assign, before = [], len(gateway.messages)
        await gateway.start()
        await gateway.until(lambda: any(isinstance(message, Beat) for message in gateway.messages[before:]))
        assert next(message for message in gateway.messages[before:] if isinstance(message, Beat)).holds == ["hall"]


async def test_an_engine_that_ends_says_so(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    gateway.assign, gateway.lease_ms = [camera(video)], 60_000
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(Fact))
    await gateway.until(lambda: gateway.all(Leaving))


async def test_the_clock_of_an_engine_is_corrected_and_that_is_said(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign, gateway.ahead_ms = [camera(video)], 95_000
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(Observation) and gateway.all(Status))
        off_ms = gateway.all(Observation)[0].timestamp - SystemClock().now_ms()
    assert 60_000 < off_ms < 130_000
    assert any("95.0 s behind the gateway's" in warning for warning in gateway.all(Status)[0].warnings)


async def test_a_gateway_of_another_version_is_told_of(gateway: FakeGateway, tmp_path: Path) -> None:
    gateway.version = "1.3.0"
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(Status))
    assert latest_status(gateway).warnings == ["this engine is of version 1.2.3, its gateway of 1.3.0: update one"]


async def test_the_next_gateway_is_tried_when_one_is_away(gateway: FakeGateway, tmp_path: Path) -> None:
    async with FakeGateway() as second:
        addresses = [GatewayAddress(one.url, TOKEN) for one in (gateway, second)]
        async with running(scripted_engine(addresses[0], tmp_path / "spool", further_gateways=tuple(addresses[1:]))):
            await gateway.until(lambda: gateway.all(Status))
            await gateway.stop()
            await second.until(lambda: second.all(Status))
            await second.drop_link()
            await gateway.start()
            await gateway.until(lambda: gateway.links == 2)


# ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_pictures_are_analysed_on_request_and_refused_in_words(gateway: FakeGateway, tmp_path: Path) -> None:
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.links)
        await gateway.send(Analyse(request_id="good", image=bytes(cv2.imencode(".png", numbered(1))[1])))
        await gateway.send(Analyse(request_id="bad", image=b"this is not a picture"))
        await gateway.until(lambda: len(gateway.all(Analysis)) == 2)
    answers = {answer.request_id: answer for answer in gateway.all(Analysis)}
    good = answers["good"]
    assert (good.width, good.height, good.model_id, len(good.faces)) == (320, 240, "scripted", 1)
    assert good.faces[0].person_id is None
    assert answers["bad"].error_code == "INVALID_IMAGE"
    assert answers["bad"].error


async def test_sources_are_tried_on_request(gateway: FakeGateway, tmp_path: Path, video: str) -> None:
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.links)
        await gateway.send(ProbeSource(request_id="good", source=video))
        await gateway.send(ProbeSource(request_id="bad", source="rtsp://admin:secret@127.0.0.1:9/x", timeout_s=2))
        await gateway.until(lambda: len(gateway.all(SourceProbed)) == 2)
    answers = {answer.request_id: answer for answer in gateway.all(SourceProbed)}
    good = answers["good"]
    assert (good.ok, good.width, good.height, good.fps, good.codec) == (True, 320, 240, 20.0, "h264")
    assert good.message == "320×240, 20 frames a second, h264"
    assert good.picture.startswith(b"\xff\xd8")
    assert not answers["bad"].ok
    assert answers["bad"].message == "nothing listens at 127.0.0.1:9"


async def test_more_requests_than_the_engine_takes_are_answered_at_once(gateway: FakeGateway, tmp_path: Path) -> None:
    held = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow_source(spec: str, timeout_s: float, /) -> object:
        asyncio.run_coroutine_threadsafe(held.wait(), loop).result(20)
        raise SourceError("at last")

    async with running(engine_for(gateway, tmp_path / "spool", open_source=slow_source)):
        await gateway.until(lambda: gateway.links)
        for number in range(6):
            await gateway.send(ProbeSource(request_id=str(number), source="x", timeout_s=20))
        await gateway.until(lambda: len(gateway.all(SourceProbed)) == 2)
        assert all("trying other sources" in answer.message for answer in gateway.all(SourceProbed))
        held.set()
        await gateway.until(lambda: len(gateway.all(SourceProbed)) == 6)


# ── cameras that fail ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_camera_that_is_away_becomes_a_fact_and_so_does_its_return(
    gateway: FakeGateway, tmp_path: Path, video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_state, "FIRST_RETRY_MS", 100)
    monkeypatch.setattr(source_state, "LAST_RETRY_MS", 300)
    path = tmp_path / "late.mp4"
    gateway.assign = [camera(str(path))]
    async with running(engine_for(gateway, tmp_path / "spool", outage_after_ms=600)):
        await gateway.until(lambda: gateway.all(Fact))
        os.link(video, path)
        await gateway.until(lambda: [f for f in gateway.all(Fact) if isinstance(f.what, SourceState)][1:])
    away, back = [fact.what for fact in gateway.all(Fact) if isinstance(fact.what, SourceState)]
    assert (away.state, away.reason) == ("offline", f"the file {path} does not exist")
    assert away.offline_ms >= 600
    assert back.state == "online"
    assert back.offline_ms >= away.offline_ms


async def test_a_camera_that_crashes_is_quarantined_and_the_others_go_on(
    gateway: FakeGateway, tmp_path: Path, video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_state, "FIRST_RETRY_MS", 50)
    gateway.assign = [camera(video, "poison"), camera("crash", "crashing"), camera(video)]

    def crashing_source(spec: str, timeout_s: float, /) -> object:
        if spec == "crash":
            raise ZeroDivisionError("rtsp://admin:secret@10.0.0.9 divided by zero")
        return __import__("sightline.ingest.open", fromlist=["open_source"]).open_source(spec, timeout_s=timeout_s)

    def quarantined(camera_id: str) -> str:
        reasons = [report.reason for report in gateway.all(CameraReport) if report.camera_id == camera_id]
        return next((reason for reason in reasons if reason.startswith("quarantined")), "")

    # Captured, for rendering a crash with all its variables takes longer than the crash.
    with structlog.testing.capture_logs():
        async with running(engine_for(gateway, tmp_path / "spool", open_source=crashing_source)):
            await gateway.until(lambda: quarantined("poison") and quarantined("crashing"))
            before = len(gateway.all(Observation))
            await gateway.until(lambda: len(gateway.all(Observation)) >= before + 5)
    assert quarantined("poison").endswith("ValueError: this camera's pictures are poison")
    assert "secret" not in quarantined("crashing")
    assert {observation.camera_id for observation in gateway.all(Observation)} == {"hall"}


# ── a gateway that goes away ────────────────────────────────────────────────────────────────────────────────────────


async def test_facts_wait_for_a_gateway_that_is_away_and_arrive_in_order(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video, analysis_fps=20.0)]
    spool = tmp_path / "spool"
    async with running(engine_for(gateway, spool)):
        await gateway.until(lambda: len(gateway.all(Fact)) >= 2)
        await gateway.send(Watch(camera_id="hall"))
        await gateway.stop()
        while len(list(spool.glob("*.fact"))) < 5:  # noqa: ASYNC110  # another process' folder has no event
            await asyncio.sleep(0.05)
        pictures = len(gateway.pictures)
        waiting = len(list(spool.glob("*.fact")))
        await gateway.start()
        before = len(numbers(gateway.all(Fact)))
        await gateway.until(lambda: len(numbers(gateway.all(Fact))) >= before + waiting + 3)
        assert len(gateway.pictures) == pictures
    found = numbers(gateway.all(Fact))
    assert found == list(range(1, len(found) + 1))
    assert gateway.links == 2
    second_hello = gateway.journal.index("Hello", 1)
    assert "CameraReport" in gateway.journal[second_hello : second_hello + 4]


async def test_what_was_not_accepted_is_sent_again_on_the_next_link_and_nothing_else(
    gateway: FakeGateway, tmp_path: Path, video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PATIENCE_S", 1e6)
    gateway.assign = [camera(video, analysis_fps=20.0)]
    gateway.accept = lambda fact: int(fact.key.rpartition(":")[2]) <= 2
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: len(gateway.all(Fact)) >= 5)
        first = [fact.key for fact in gateway.all(Fact)]
        gateway.messages.clear()
        gateway.accept = lambda fact: True
        await gateway.drop_link()
        await gateway.until(lambda: len(gateway.all(Fact)) >= len(first))
    again = [int(fact.key.rpartition(":")[2]) for fact in gateway.all(Fact)]
    assert again == list(range(3, 3 + len(again)))


async def test_a_silent_gateway_bounds_what_is_under_way(
    gateway: FakeGateway, tmp_path: Path, video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PATIENCE_S", 1e6)
    gateway.assign = [camera(video, f"hall-{number}", analysis_fps=20.0) for number in range(4)]
    gateway.accept = lambda fact: False
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(Status) and latest_status(gateway).spool_facts > 40)
        await gateway.until(lambda: len(gateway.all(Fact)) >= 32)
        seen = len(gateway.all(Status))
        await gateway.until(lambda: len(gateway.all(Status)) > seen)
        assert len(gateway.all(Fact)) == 32


async def test_cameras_that_were_removed_while_the_gateway_was_away_are_dropped(
    gateway: FakeGateway, tmp_path: Path, video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "UNASSIGNED_GRACE_S", 0.5)
    gateway.assign = [camera(video), camera(video, "removed")]
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: {o.camera_id for o in gateway.all(Observation)} == {"hall", "removed"})
        gateway.assign = [camera(video)]
        await gateway.drop_link()
        await gateway.until(lambda: gateway.links == 2 and latest_status(gateway).cameras == 1)
        gateway.messages.clear()
        await gateway.until(lambda: len(gateway.all(Observation)) >= 10)
    assert {observation.camera_id for observation in gateway.all(Observation)} == {"hall"}


@pytest.mark.parametrize("status", [404, 413, 503])
async def test_a_fact_goes_without_a_picture_that_the_gateway_will_not_take(
    gateway: FakeGateway, tmp_path: Path, video: str, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(fact_sender, "PICTURE_PATIENCE_S", 0.6)
    gateway.assign = [camera(video)]
    gateway.blob_status = status
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.all(Fact) and gateway.all(Status)[2:])
        assert gateway.all(Fact)[0].blobs == {}
        assert any("did not take" in warning for warning in latest_status(gateway).warnings)
        assert latest_status(gateway).dropped["pictures"] >= 2
        gateway.blob_status = 201
        await gateway.until(lambda: gateway.all(Fact)[-1].blobs)


async def test_a_refused_token_is_tried_again_and_harms_nothing(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    async with running(engine_for(gateway, tmp_path / "spool", token="wrong")):
        await gateway.until(lambda: gateway.refused >= 3)
    assert not gateway.messages


async def test_a_spool_has_one_engine(gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "SPOOL_PATIENCE_S", 0.2)
    async with running(engine_for(gateway, tmp_path / "spool")):
        await gateway.until(lambda: gateway.links)
        with pytest.raises(Unavailable, match="another engine"):
            await engine_for(gateway, tmp_path / "spool").run(asyncio.Event())


# ── an engine that dies ─────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def engine_process(gateway: FakeGateway, spool: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.scripted_engine",
        json.dumps({"url": gateway.url, "spool": str(spool)}),
        stdin=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
    )
    assert process.stdin is not None
    process.stdin.write(f"{TOKEN}\n".encode())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def since_hello(gateway: FakeGateway) -> list[str]:
    """Keys of the facts on the newest link."""
    kinds = [type(message) for message in gateway.messages]
    newest = len(kinds) - 1 - kinds[::-1].index(Hello)
    return [message.key for message in gateway.messages[newest:] if isinstance(message, Fact)]


async def test_an_engine_killed_at_any_instant_loses_no_fact_that_was_on_its_disk(
    gateway: FakeGateway, tmp_path: Path, video: str
) -> None:
    gateway.assign = [camera(video, analysis_fps=20.0)]
    gateway.accept = lambda fact: False
    spool = tmp_path / "spool"
    promised: list[str] = []
    for round_number in range(3):
        async with engine_process(gateway, spool) as process:
            links, wanted = round_number + 1, len(promised) + 4
            await gateway.until(
                lambda links=links, wanted=wanted: gateway.links == links and len(since_hello(gateway)) >= wanted
            )
            process.send_signal(signal.SIGKILL)
            await process.wait()
        on_disk = len(list(spool.glob("*.fact")))
        sent = since_hello(gateway)
        assert sent[: len(promised)] == promised, f"round {round_number}: sent again, first and in their order"
        promised = list(dict.fromkeys([*promised, *sent]))[:on_disk]
    gateway.accept = lambda fact: True
    gateway.messages.clear()
    async with engine_process(gateway, spool):
        await gateway.until(lambda: {fact.key for fact in gateway.all(Fact)} >= set(promised))
        await gateway.until(lambda: latest_status(gateway).spool_facts <= 1 if gateway.all(Status) else False)
    sent = [fact.key for fact in gateway.all(Fact)]
    assert sent[: len(promised)] == promised
    assert len(promised) >= 9


@pytest.fixture
def never() -> Iterator[str]:
    """A source that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"rtsp://127.0.0.1:{silent.getsockname()[1]}/never"


@pytest.mark.parametrize("end", ["stdin", "SIGTERM"])
async def test_an_engine_ends_well_while_its_threads_wait_for_silent_sources(
    gateway: FakeGateway, tmp_path: Path, video: str, end: str, never: str
) -> None:
    gateway.assign = [camera(video), camera(never, "silent")]
    async with engine_process(gateway, tmp_path / "spool") as process:
        await gateway.until(lambda: gateway.all(Observation))
        await gateway.send(ProbeSource(request_id="1", source=never, timeout_s=30))
        seen = len(gateway.all(Observation))
        await gateway.until(lambda: len(gateway.all(Observation)) > seen + 2)
        assert process.stdin is not None
        if end == "stdin":
            process.stdin.close()
        else:
            process.terminate()
        async with asyncio.timeout(15):  # half of what the probe alone would wait
            assert await process.wait() == 0
    await gateway.until(lambda: gateway.all(Leaving))
