"""`/ws/engine`: what a gateway accepts from an engine, when it says so, and what it tells the engine."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sightline.cameras import CameraState
from sightline.events.alert import AlertState
from sightline.events.engine_link import (
    Assign,
    CameraReport,
    CameraSpec,
    ProbeSource,
    Revoke,
    SourceProbed,
    Status,
    Unwatch,
    Watch,
    Welcome,
    encode,
)
from sightline.events.fact import Accepted, Fact, SourceState
from sightline.events.gallery_feed import GalleryPage, GallerySince
from sightline.events.still import Analyse, AnalysedFace, Analysis
from sightline.exceptions import Unavailable
from tests.integration.gateway_app import (
    JPEG,
    MODEL,
    PATIENCE_S,
    START_MS,
    RunningGateway,
    identified,
    observation,
)

OPERATORS = frozenset({"role:operator"})


# ── who may connect ──


@pytest.mark.parametrize("path", ["/ws/engine", "/ws/engine/frames"])
async def test_engine_needs_its_machine_token(gateway: RunningGateway, path: str) -> None:
    _, users = await gateway.user("olga")
    for headers in ({}, {"Authorization": f"Bearer {users}"}, {"Authorization": "Bearer slm_nonsense"}):
        with pytest.raises(InvalidStatus) as refusal:
            async with gateway.socket(path, additional_headers=headers):
                pass
        assert refusal.value.response.status_code == 401


async def test_engine_says_hello_first(gateway: RunningGateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.engine_token}"}
    async with gateway.socket("/ws/engine", additional_headers=headers) as socket:
        await socket.send(encode(Status(load=0, cameras=0, spool_facts=0, spool_bytes=0)))
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), PATIENCE_S)
        assert socket.close_code == 4501


async def test_newer_connection_of_an_engine_takes_over(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with gateway.engine() as older:
        await older.until(lambda: older.all(Assign))
        async with gateway.engine() as newer:
            await asyncio.wait_for(older.socket.wait_closed(), PATIENCE_S)
            assert older.socket.close_code == 4502
            await newer.until(lambda: [told.camera.id for told in newer.all(Assign)] == [camera.id])
            assert len(gateway.gateway.engines.links) == 1
    await gateway.until(lambda: not gateway.gateway.engines.links)


# ── facts ──


async def test_fact_is_accepted_only_after_its_commit(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    committing, held = asyncio.Event(), asyncio.Event()
    alerts = gateway.gateway.store.alerts
    really_accept = alerts.accept

    async def accept(*arguments: Any, **named: Any) -> Any:
        committing.set()
        await held.wait()
        return await really_accept(*arguments, **named)

    alerts.accept = accept  # type: ignore[method-assign]
    async with gateway.engine() as engine:
        await engine.send(identified(person.id, camera.id, 1))
        await asyncio.wait_for(committing.wait(), PATIENCE_S)
        await engine.send(GallerySince(version=0, model_id=MODEL))
        await engine.until(lambda: engine.all(GalleryPage))
        assert engine.all(Accepted) == []
        held.set()
        await engine.until(lambda: engine.all(Accepted))
        assert await alerts.list(tags=OPERATORS)


async def test_fact_sent_again_is_accepted_again_and_alerts_once(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    fact = identified(person.id, camera.id, 1)
    async with gateway.engine() as engine:
        for times in range(1, 4):
            await engine.send(fact)
            await engine.until(lambda wanted=times: len(engine.all(Accepted)) == wanted)
    async with gateway.engine() as engine:
        await engine.tell(fact)
    assert len(await gateway.gateway.store.alerts.list(tags=OPERATORS)) == 1


async def test_facts_become_alerts_in_the_order_in_which_they_were_sent(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        facts = await engine.sees(person, camera, 200)
        assert [accepted.key for accepted in engine.all(Accepted)] == [fact.key for fact in facts]
    alerts = await gateway.gateway.store.alerts.list(tags=OPERATORS, limit=500)
    assert [alert.captured_at_ms for alert in reversed(alerts)] == [fact.timestamp for fact in facts]
    assert [alert.offset for alert in reversed(alerts)] == list(range(1, 201))


async def test_fact_that_cannot_be_stored_is_not_accepted_and_may_come_again(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    alerts = gateway.gateway.store.alerts
    really_accept = alerts.accept

    async def disk_full(*arguments: Any, **named: Any) -> Any:
        raise Unavailable("the disk is full")

    fact = identified(person.id, camera.id, 1)
    async with gateway.engine() as engine:
        alerts.accept = disk_full  # type: ignore[method-assign]
        await engine.send(fact, GallerySince(version=0, model_id=MODEL))
        await engine.until(lambda: engine.all(GalleryPage))
        alerts.accept = really_accept  # type: ignore[method-assign]
        assert engine.all(Accepted) == []
        await engine.tell(fact)
    assert len(await alerts.list(tags=OPERATORS)) == 1


async def test_what_cannot_be_read_is_skipped(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        for junk in (
            b"",
            b"\xc1",
            b"\x91" * 5_000,
            os.urandom(300),
            b"\x81\xa4type\xa4fact",
            b"\x81\xa4type\xa2\xff\xff",
        ):
            await engine.socket.send(junk)
        await engine.socket.send("a text")
        await engine.sees(person, camera)
        assert len(gateway.gateway.engines.links) == 1


async def test_camera_away_alerts_once_and_its_return_closes_the_alert(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("olga")

    def away(number: int, state: Any) -> Fact:
        what = SourceState(state=state, reason="no route", offline_ms=10_000)
        return Fact(key=f"s{number}", camera_id=camera.id, timestamp=START_MS + number, width=0, height=0, what=what)

    async with gateway.engine() as engine, gateway.client(token) as client:
        await engine.tell(away(1, "offline"))
        alert = await client.data("alert_triggered")
        assert (alert["type"], alert["why"]["reason"]) == ("camera_offline", "no route")
        await engine.tell(away(2, "offline"))
        await engine.tell(away(3, "online"))
        update = await client.data("alert_updated")
        assert (update["alert_id"], update["state"]) == (alert["alert_id"], "closed")
        assert len(client.all("alert_triggered")) == 1


async def test_person_seen_all_along_on_another_camera_is_no_news(gateway: RunningGateway) -> None:
    hall, stairs, person = await gateway.camera("Hall"), await gateway.camera("Stairs"), await gateway.wanted()
    async with gateway.engine() as engine:
        await engine.until(lambda: len(engine.all(Assign)) == 2)
        first = identified(person.id, hall.id, 0)
        await engine.tell(first)
        for seconds in range(1, 20):  # the same track, still in sight
            shown = observation(hall.id, seconds, person_id=person.id)
            face = msgspec.structs.replace(shown.faces[0], track_id="track-0")
            at_ms = START_MS + seconds * 1000
            await engine.send(msgspec.structs.replace(shown, timestamp=at_ms, faces=[face]))
        await engine.tell(identified(person.id, stairs.id, 2))  # after 20 s: last seen 1 s before
        await engine.tell(identified(person.id, stairs.id, 4))  # after 40 s: unseen since
    alerts = await gateway.gateway.store.alerts.list(tags=OPERATORS)
    assert [alert.camera_id for alert in reversed(alerts)] == [hall.id, stairs.id]


# ── who reads what ──


async def test_cameras_are_assigned_changed_and_revoked(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with gateway.engine() as engine, gateway.http() as http:
        await engine.until(lambda: engine.all(Assign))
        usual = gateway.gateway.default_view.told_scene()
        assert engine.all(Assign)[0].camera == CameraSpec(
            id=camera.id, source=camera.source, analysis_fps=5.0, scene=usual
        )
        (await http.patch(f"/api/cameras/{camera.id}", json={"analysis_fps": 2})).raise_for_status()
        await engine.until(lambda: len(engine.all(Assign)) == 2)
        assert engine.all(Assign)[1].camera.analysis_fps == 2
        (await http.patch(f"/api/cameras/{camera.id}", json={"name": "Back door"})).raise_for_status()
        (await http.patch(f"/api/cameras/{camera.id}", json={"enabled": False})).raise_for_status()
        await engine.until(lambda: engine.all(Revoke))
        assert len(engine.all(Assign)) == 2, "another name is no news for an engine"
        (await http.patch(f"/api/cameras/{camera.id}", json={"enabled": True})).raise_for_status()
        await engine.until(lambda: len(engine.all(Assign)) == 3)
        (await http.delete(f"/api/cameras/{camera.id}")).raise_for_status()
        await engine.until(lambda: len(engine.all(Revoke)) == 2)


async def test_engine_is_given_no_more_than_it_has_room_for(gateway: RunningGateway) -> None:
    for number in range(3):
        await gateway.camera(f"Camera {number}")
    async with gateway.engine(capacity=2) as engine:
        await engine.until(lambda: len(engine.all(Assign)) == 2)
        given = {told.camera.id for told in engine.all(Assign)}
        cameras = await gateway.gateway.store.cameras.list()
        states = {camera.id: gateway.gateway.engines.status_of(camera.id) for camera in cameras}
        for camera_id, status in states.items():
            assert status.state is (CameraState.CONNECTING if camera_id in given else CameraState.OFFLINE)


async def test_store_that_fails_for_a_moment_does_not_end_the_assigning(gateway: RunningGateway) -> None:
    cameras = gateway.gateway.store.cameras
    really_list = cameras.list
    failed = asyncio.Event()

    async def broken() -> Any:
        failed.set()
        raise Unavailable("the disk refuses to read")

    cameras.list = broken  # type: ignore[method-assign]
    async with gateway.engine() as engine:
        await asyncio.wait_for(failed.wait(), PATIENCE_S)
        cameras.list = really_list  # type: ignore[method-assign]
        camera = await gateway.camera()
        await engine.until(lambda: [told.camera.id for told in engine.all(Assign)] == [camera.id])


async def test_pictures_are_asked_for_only_while_somebody_looks(gateway: RunningGateway) -> None:
    _, token = await gateway.user("olga")
    camera = await gateway.camera()
    async with gateway.engine() as engine:
        await engine.until(lambda: engine.all(Assign))
        async with gateway.client(token) as client, gateway.client(token) as other:
            await client.send("subscribe_camera", camera_id=camera.id)
            await client.send("subscribe_camera", camera_id=camera.id, frames=True, max_fps=4)
            await engine.until(lambda: engine.all(Watch))
            await other.send("subscribe_camera", camera_id="*", frames=True, max_fps=8)
            await engine.until(lambda: len(engine.all(Watch)) == 2)
            assert [watch.fps for watch in engine.all(Watch)] == [4, 8]
            await client.send("unsubscribe_camera", camera_id=camera.id)
            await other.send("heartbeat")
            await other.next("heartbeat_ack")
            assert engine.all(Unwatch) == []
        await engine.until(lambda: engine.all(Unwatch))  # both went away


async def test_states_are_told_from_the_engine_that_reads_the_camera(gateway: RunningGateway) -> None:
    mine = await gateway.camera()
    async with gateway.engine() as engine:
        await engine.until(lambda: engine.all(Assign))
        report = CameraReport(camera_id=mine.id, state="stalled", reason="no frame", since=5, analysed_fps=4.5)
        await engine.send(report, CameraReport(camera_id="another", state="online", reason="", since=5))
        await gateway.until(lambda: gateway.gateway.engines.analysed_fps(mine.id) == 4.5)
        assert gateway.gateway.engines.status_of(mine.id).state is CameraState.STALLED
        await engine.send(observation("another", 1), GallerySince(version=0, model_id=MODEL))
        await engine.until(lambda: engine.all(GalleryPage))
        assert gateway.gateway.engines.status_of("another").state is CameraState.OFFLINE
        assert gateway.gateway.metrics.observations._value.get() == 0
    await gateway.until(lambda: not gateway.gateway.engines.links)
    assert gateway.gateway.engines.status_of(mine.id).reason == gateway.gateway.engines.why_none


async def test_engine_that_comes_back_reports_before_it_is_given_its_cameras(gateway: RunningGateway) -> None:
    camera = await gateway.camera(enabled=False)
    path = f"/api/cameras/{camera.id}"
    online = CameraReport(camera_id=camera.id, state="online", reason="", since=5, analysed_fps=5.0)
    async with gateway.engine() as engine, gateway.http() as http:

        async def state() -> tuple[str, float]:
            status = (await http.get(path)).json()["status"]
            return status["state"], status["analysed_fps"]

        await engine.send(online, GallerySince(version=0, model_id=MODEL))
        await engine.until(lambda: engine.all(GalleryPage))
        assert await state() == ("disabled", 0.0)
        (await http.patch(path, json={"enabled": True})).raise_for_status()
        await engine.until(lambda: engine.all(Assign))
        assert await state() == ("online", 5.0)
        (await http.patch(path, json={"enabled": False})).raise_for_status()
        await engine.until(lambda: engine.all(Revoke))
        await engine.send(online, GallerySince(version=0, model_id=MODEL))  # it was on its way
        await engine.until(lambda: len(engine.all(GalleryPage)) == 2)
        (await http.patch(path, json={"enabled": True})).raise_for_status()
        await engine.until(lambda: len(engine.all(Assign)) == 2)
        assert await state() == ("connecting", 0.0)


# ── the gallery ──


async def test_gallery_follows_enrolment_and_erasure(gateway: RunningGateway) -> None:
    ada = await gateway.wanted("Ada")
    async with gateway.engine() as engine, gateway.http() as http:
        assert engine.all(Welcome)[0].gallery_version > 0
        await engine.send(GallerySince(version=0, model_id=MODEL))
        await engine.until(lambda: engine.all(GalleryPage))
        first = engine.all(GalleryPage)[0]
        assert ([one.person_id for one in first.templates], first.more, first.reset) == ([ada.id], False, True)
        alan = await gateway.wanted("Alan")
        await engine.until(lambda: len(engine.all(GalleryPage)) == 2)
        second = engine.all(GalleryPage)[1]
        assert ([one.person_id for one in second.templates], second.reset) == ([alan.id], False)
        (await http.delete(f"/api/people/{ada.id}")).raise_for_status()
        await engine.until(lambda: any(page.tombstones for page in engine.all(GalleryPage)))
        assert engine.all(GalleryPage)[-1].tombstones == [first.templates[0].reference_id]
        versions = [page.version for page in engine.all(GalleryPage)]
        assert versions == sorted(versions)


async def test_gallery_pages_never_go_back(gateway: RunningGateway) -> None:
    """Two reasons to send at once (the engine asks, a person changes) must not mix their pages."""
    people = [await gateway.wanted(f"Person {number}") for number in range(12)]
    async with gateway.engine() as engine, gateway.http() as http:
        for person in people:
            await engine.send(GallerySince(version=0, model_id=MODEL))
            (await http.delete(f"/api/people/{person.id}")).raise_for_status()
        await engine.send(GallerySince(version=0, model_id=MODEL))
        known: dict[str, str] = {}
        version = await gateway.gateway.store.people.gallery_version()
        await engine.until(lambda: engine.all(GalleryPage)[-1:] and engine.all(GalleryPage)[-1].version == version)
        for page in engine.all(GalleryPage):
            known = {} if page.reset else known
            known |= {one.reference_id: one.person_id for one in page.templates}
            for gone in page.tombstones:
                known.pop(gone, None)
        assert known == {}


# ── requests ──


async def test_still_pictures_are_asked_of_the_engine(gateway: RunningGateway) -> None:
    async with gateway.engine() as engine, gateway.http() as http:
        asked = asyncio.create_task(http.post("/api/identify", files={"image": ("a.jpg", JPEG)}))
        await engine.until(lambda: engine.all(Analyse))
        request = engine.all(Analyse)[0]
        assert (request.image, request.tasks) == (JPEG, ("identify",))
        face = AnalysedFace(
            bbox=(1, 2, 3, 4), confidence=0.9, landmarks=[], quality=0.5, reasons=[], vector=b"", probe=b""
        )  # fmt: skip
        await engine.send(Analysis(request_id=request.request_id, width=10, height=20, faces=[face]))
        answer = (await asked).json()
        assert (answer["width"], answer["height"], answer["faces"][0]["person"]) == (10, 20, None)


async def test_faces_of_a_crowd_pass(gateway: RunningGateway) -> None:
    async with gateway.engine() as engine, gateway.http() as http:
        asked = asyncio.create_task(http.post("/api/identify", files={"image": ("a.jpg", JPEG)}))
        await engine.until(lambda: engine.all(Analyse))
        face = AnalysedFace(
            bbox=(1, 2, 3, 4), confidence=0.9, landmarks=[], quality=0.5, reasons=[], vector=b"", probe=bytes(40_000)
        )  # fmt: skip
        request_id = engine.all(Analyse)[0].request_id
        await engine.send(Analysis(request_id=request_id, width=10, height=20, faces=[face] * 200))
        assert len((await asked).json()["faces"]) == 200


@pytest.mark.parametrize(("code", "status"), [("INVALID_IMAGE", 422), ("FRAME_TOO_LARGE", 422), ("", 503)])
async def test_engines_refusal_is_passed_on(gateway: RunningGateway, code: str, status: int) -> None:
    async with gateway.engine() as engine, gateway.http() as http:
        asked = asyncio.create_task(http.post("/api/identify", files={"image": ("a.jpg", JPEG)}))
        await engine.until(lambda: engine.all(Analyse))
        request_id = engine.all(Analyse)[0].request_id
        await engine.send(Analysis(request_id=request_id, error="in plain words", error_code=code))
        answer = await asked
        assert (answer.status_code, answer.json()["detail"]) == (status, "in plain words")


async def test_engine_that_leaves_does_not_keep_anybody_waiting(gateway: RunningGateway) -> None:
    async with gateway.http() as http:
        assert (await http.post("/api/identify", files={"image": ("a.jpg", JPEG)})).status_code == 503
        async with gateway.engine() as engine:
            asked = asyncio.create_task(http.post("/api/identify", files={"image": ("a.jpg", JPEG)}))
            await engine.until(lambda: engine.all(Analyse))
        async with asyncio.timeout(10):  # and not the half minute that an engine is given to answer
            answer = await asked
        assert answer.status_code == 503
        assert "went away" in answer.json()["detail"]


async def test_source_is_tried_by_the_engine(gateway: RunningGateway) -> None:
    async with gateway.engine() as engine, gateway.http() as http:
        asked = asyncio.create_task(http.post("/api/cameras/test", json={"source": "rtsp://u:p@10.0.0.9/1"}))
        await engine.until(lambda: engine.all(ProbeSource))
        probe = engine.all(ProbeSource)[0]
        assert probe.source == "rtsp://u:p@10.0.0.9/1"
        await engine.send(SourceProbed(request_id=probe.request_id, ok=False, message="no route to 10.0.0.9"))
        answer = (await asked).json()
        assert (answer["ok"], answer["message"], answer["picture"]) == (False, "no route to 10.0.0.9", None)


# ── pictures of facts ──


async def test_pictures_of_facts(gateway: RunningGateway) -> None:
    async with gateway.http(gateway.engine_token) as http, gateway.http(None) as stranger:
        assert (await stranger.put("/api/engine/blobs/b", content=JPEG)).status_code == 401
        for blob_id, content, status in [
            ("b-1", JPEG, 204),
            ("b-1", JPEG, 204),
            ("b-2", b"GIF89a", 415),
            ("b-2", b"", 415),
            ("b-2", JPEG + bytes(16 * 1024 * 1024), 413),
            ("b" * 200, JPEG, 409),
            (".hidden", JPEG, 409),
        ]:
            answer = await http.put(f"/api/engine/blobs/{blob_id}", content=content)
            assert answer.status_code == status, (blob_id, answer.text)

        async def endless() -> Any:
            yield JPEG
            for _ in range(17):
                yield bytes(1024 * 1024)

        try:
            answer = await http.put("/api/engine/blobs/b-3", content=endless())
        except (httpx.WriteError, httpx.RemoteProtocolError):
            pass  # refused and closed while it was still being sent
        else:
            assert answer.status_code == 413
    kept = [path for path in gateway.gateway.settings.home.rglob("incoming/*") if path.read_bytes()]
    assert [path.read_bytes() for path in kept] == [JPEG]


async def test_pictures_of_a_silent_fact_are_not_kept(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    stranger = await gateway.gateway.store.people.create(
        first_name="Not", last_name="Wanted", age=None, description="", now_ms=1
    )
    async with gateway.engine() as engine, gateway.http(gateway.engine_token) as http:
        (await http.put("/api/engine/blobs/b-1", content=JPEG)).raise_for_status()
        await engine.tell(identified(stranger.id, camera.id, 1, blobs={"snapshot": "b-1"}))
    assert list(gateway.gateway.settings.home.rglob("b-1*")) == []
    assert await gateway.gateway.store.alerts.list(tags=OPERATORS, states=[AlertState.OPEN]) == []


async def test_full_spool_is_told_to_everybody_once(gateway: RunningGateway) -> None:
    full = Status(load=0.1, cameras=0, spool_facts=9, spool_bytes=9, warnings=["spool full: 3 pictures dropped"])
    _, token = await gateway.user("olga")
    async with gateway.client(token) as client, gateway.engine() as engine:
        await engine.send(full, full)
        told = await client.data("system_status_update")
        assert [warning.partition(": ")[2] for warning in told["warnings"]] == full.warnings
        assert told["engines"] == 1
        async with gateway.client(token) as newcomer:
            assert await newcomer.data("system_status_update") == told
        await engine.send(Status(load=0.1, cameras=0, spool_facts=0, spool_bytes=0))
        assert (await client.data("system_status_update"))["warnings"] == []


async def test_whoever_asks_while_the_engine_connects_is_answered(gateway: RunningGateway) -> None:
    asked = asyncio.create_task(gateway.gateway.analyst.analyse(JPEG, identify=False))
    await asyncio.sleep(0)  # it is asked, and waits
    async with gateway.engine() as engine:
        await engine.until(lambda: engine.all(Analyse))
        assert isinstance(engine.told[0], Welcome), "an engine understands nothing before it was welcomed"
        (question,) = engine.all(Analyse)
        await engine.send(Analysis(request_id=question.request_id, width=8, height=8, model_id=MODEL))
        assert (await asked).width == 8
