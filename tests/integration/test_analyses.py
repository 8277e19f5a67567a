"""Recordings that people upload: through REST and a real engine, to results; stopped, bounded, kept and forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import pytest

from sightline.accounts import Role
from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.vision.analysis import Analyser
from sightline.engine.vision.camera_analysis import CameraAnalysis
from sightline.engine.vision.stills import Stills
from sightline.events.still import Examine, Examined, StopExamining
from sightline.ingest.annotated_video import VideoFiles
from tests.integration.gateway_app import GatewayRun, RunningGateway
from tests.painted_faces import COLOURS, PaintedDetector, PaintedEmbedder, paint, room
from tests.scripted_engine import scripted_engine
from tests.videos import write_video

HOUR_MS = 3_600_000
PICTURE = cv2.imencode(".png", paint(room(), COLOURS["anna"], 400, 100))[1].tobytes()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of somebody who walks through a room."""
    frames = [paint(room(), COLOURS["anna"], 100 + 3 * number, 100) for number in range(30)]
    return write_video(tmp_path_factory.mktemp("video") / "walk.mp4", frames).read_bytes()


@contextlib.asynccontextmanager
async def seeing(gateway: RunningGateway, spool: Path) -> AsyncIterator[None]:
    """A real engine at this gateway, with painted models."""
    analyser = Analyser(PaintedDetector(), PaintedEmbedder())
    engine = scripted_engine(
        GatewayAddress(gateway.url, gateway.engine_token),
        spool,
        analyser=Stills(analyser),
        new_analysis=lambda camera_id: CameraAnalysis(camera_id, analyser),
        recordings=VideoFiles(),
    )
    stop = asyncio.Event()
    running = asyncio.create_task(engine.run(stop))
    await gateway.until(lambda: gateway.gateway.engines.links)
    try:
        yield
    finally:
        stop.set()
        await running


async def begin(http: httpx.AsyncClient, *files: tuple[str, bytes], **fields: str) -> dict[str, Any]:
    answer = await http.post("/api/analyses", files=[("files", file) for file in files], data=fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def ended(http: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            job: dict[str, Any] = (await http.get(f"/api/analyses/{job_id}")).json()
            if job["state"] not in ("queued", "running"):
                return job
            await asyncio.sleep(0.05)


async def test_recording_and_picture_become_results(gateway: RunningGateway, tmp_path: Path, video: bytes) -> None:
    _, token = await gateway.user("olga")
    async with seeing(gateway, tmp_path / "spool"), gateway.http(token) as http:
        files = [("../walk.mp4", video), ("anna.png", PICTURE), ("notes.txt", b"no picture")]
        begun = await begin(http, *files, fps="5")
        assert [file["name"] for file in begun["files"]] == ["walk.mp4", "anna.png", "notes.txt"]
        job = await ended(http, begun["id"])
        assert (job["state"], job["progress"], job["frames"]) == ("done", 1.0, 11), job
        path = f"/api/analyses/{job['id']}"
        document = (await http.get(f"{path}/result.json")).json()
        walk, picture, notes = document["files"]
        assert (walk["kind"], walk["frames_analysed"], len(walk["frames"])) == ("video", 10, 10)
        assert {face["identity"] for face in walk["frames"][-1]["faces"]} == {"unknown"}
        assert [event["event"] for event in walk["events"]] == ["unknown"]
        assert len(picture["frames"][0]["faces"]) == 1
        assert notes["error"]
        table = list(csv.reader(io.StringIO((await http.get(f"{path}/result.csv")).text)))
        assert len(table) == 12
        seen = await http.get(f"{path}/files/0/annotated")
        assert seen.headers["content-type"] == "video/webm"
        assert 'filename="walk-annotated.webm"' in seen.headers["content-disposition"]
        with av.open(io.BytesIO(seen.content)) as made:
            assert len(list(made.decode(video=0))) == 10
        assert (await http.get(f"{path}/files/1/annotated")).headers["content-type"] == "image/jpeg"
        assert (await http.get(f"{path}/files/2/annotated")).status_code == 404
        folder = gateway.gateway.settings.home / "analyses" / job["id"]
        assert not list(folder.glob("input-*")), "what was uploaded is not needed any more"
        assert await gateway.gateway.store.alerts.list(tags=frozenset({"role:operator"})) == [], "nobody is told"
        _, others = await gateway.user("otto")
        async with gateway.http(others) as other:
            assert (await other.get("/api/analyses")).json() == []
            assert (await other.get(f"{path}/result.json")).status_code == 404
            assert (await other.delete(path)).status_code == 404
        assert [one["id"] for one in (await http.get("/api/analyses")).json()] == [job["id"]]
        _, root = await gateway.user("anna", Role.ADMIN)
        async with gateway.http(root) as admin:
            assert [one["id"] for one in (await admin.get("/api/analyses")).json()] == [job["id"]]
        assert (await http.delete(path)).status_code == 204
        assert not folder.exists()


async def test_a_job_is_stopped_and_the_next_one_begins(gateway: RunningGateway, video: bytes) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, gateway.http(token) as http:
        first = await begin(http, ("a.mp4", video))
        second = await begin(http, ("b.mp4", video), annotate="false")
        await engine.until(lambda: engine.all(Examine))
        asked = engine.all(Examine)[0]
        assert (asked.job_id, asked.files, asked.fps, asked.annotate) == (first["id"], ["a.mp4"], 5.0, True)
        await engine.send(Examined(job_id=asked.job_id, state="running", share=0.5, frames=7))
        await gateway.until(lambda: gateway.gateway.analyses.running(first["id"]).frames)
        running = (await http.get(f"/api/analyses/{first['id']}")).json()
        assert (running["state"], running["progress"], running["frames"]) == ("running", 0.5, 7)
        assert (await http.get(f"/api/analyses/{first['id']}/result.json")).status_code == 409
        cancelled = (await http.post(f"/api/analyses/{first['id']}/cancel")).json()
        assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "it was stopped")
        assert (await http.post(f"/api/analyses/{first['id']}/cancel")).status_code == 409
        await engine.until(lambda: engine.all(StopExamining) and len(engine.all(Examine)) == 2)
        assert engine.all(StopExamining)[0].job_id == first["id"]
        await engine.send(Examined(job_id=second["id"], state="failed", reason="no decoder"))
        job = await ended(http, second["id"])
        assert (job["state"], job["reason"]) == ("failed", "no decoder")


async def test_an_engine_that_is_busy_is_asked_again(
    gateway: RunningGateway, video: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.gateway.engines.engine_examining.BUSY_PAUSE_S", 0.01)
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, gateway.http(token) as http:
        job = await begin(http, ("a.mp4", video))
        await engine.until(lambda: engine.all(Examine))
        await engine.send(Examined(job_id=job["id"], state="busy"))
        await engine.until(lambda: len(engine.all(Examine)) == 2)
        await engine.send(Examined(job_id=job["id"], state="done"))
        assert (await ended(http, job["id"]))["state"] == "done"


async def test_a_job_that_two_engines_died_of_is_given_up(gateway: RunningGateway, video: bytes) -> None:
    _, token = await gateway.user("olga")
    async with gateway.http(token) as http:
        job = await begin(http, ("a.mp4", video))
        for _ in range(2):
            async with gateway.engine() as engine:
                await engine.until(lambda: engine.all(Examine))
        assert "went away" in (await ended(http, job["id"]))["reason"]
        again = await begin(http, ("a.mp4", video))
        async with gateway.engine() as engine:
            await engine.until(lambda: engine.all(Examine))
            await engine.send(Examined(job_id=again["id"], state="done"))
            assert (await ended(http, again["id"]))["state"] == "done"


async def test_files_are_for_the_engine_that_looks_at_them(gateway: RunningGateway, video: bytes) -> None:
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, gateway.http(token) as http, gateway.http(gateway.engine_token) as machine:
        job = await begin(http, ("a.mp4", video))
        path = f"/api/engine/analyses/{job['id']}"
        await engine.until(lambda: engine.all(Examine))
        assert (await machine.get(f"{path}/files/0")).content == video
        assert (await machine.put(f"{path}/results/result.jsonl", content=b"{}\n")).status_code == 204
        for method, what in (("GET", "files/0"), ("PUT", "results/result.jsonl")):
            assert (await http.request(method, f"{path}/{what}")).status_code == 401
        assert (await machine.get(f"{path}/files/1")).status_code == 404
        for name in ("job.json", "evil.sh"):
            assert (await machine.put(f"{path}/results/{name}", content=b"x")).status_code == 404
        await engine.send(Examined(job_id=job["id"], state="done"))
        await ended(http, job["id"])
        assert (await machine.put(f"{path}/results/result.jsonl", content=b"x")).status_code == 404


async def test_uploads_are_bounded(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"analysis_disk_mb": 16, "analysis_upload_mb": 18}
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with gateway.http(token) as http:

        async def refused(*files: tuple[str, bytes], **fields: str) -> tuple[int, str]:
            answer = await http.post("/api/analyses", files=[("files", file) for file in files], data=fields)
            return answer.status_code, answer.text

        assert (await refused(("a.mp4", bytes(17_000_000))))[0] == 503
        assert (await refused(("a.mp4", bytes(20_000_000))))[0] == 413
        assert (await refused(("a.mp4", b"")))[0] == 422
        for fps in ("0", "-1", "31", "nan"):
            assert (await refused(("a.mp4", b"x"), fps=fps))[0] == 422
        status, words = await refused(*((f"{n}.jpg", b"x") for n in range(501)))
        assert status == 422
        assert "at most 500" in words
        for _ in range(21):
            await begin(http, ("a.mp4", b"x"))
        status, words = await refused(("a.mp4", b"x"))
        assert (status, "too many" in words) == (503, True)
    async with gateway.http(None) as http:
        assert (await http.post("/api/analyses", files={"files": ("a", b"x")})).status_code == 401


async def test_jobs_outlive_the_gateway_and_are_forgotten_in_time(gateway_run: GatewayRun, video: bytes) -> None:
    gateway = await gateway_run.start()
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, gateway.http(token) as http:
        done = await begin(http, ("a.mp4", video))
        await engine.until(lambda: engine.all(Examine))
        await engine.send(Examined(job_id=done["id"], state="done"))
        await ended(http, done["id"])
        running = await begin(http, ("b.mp4", video))
        await engine.until(lambda: len(engine.all(Examine)) == 2)
    await gateway_run.stop()
    folder = gateway.gateway.settings.home / "analyses"
    kept = folder / done["id"] / "job.json"
    job = json.loads(kept.read_bytes())
    kept.write_text(json.dumps(job | {"ended_at_ms": job["ended_at_ms"] - 25 * HOUR_MS}))
    gateway = await gateway_run.start()
    async with gateway.engine() as engine, gateway.http() as http:
        await engine.until(lambda: engine.all(Examine))
        assert engine.all(Examine)[0].job_id == running["id"], "what ran then runs again"
        await gateway.until(lambda: not (folder / done["id"]).exists())
        assert [job["id"] for job in (await http.get("/api/analyses")).json()] == [running["id"]]

