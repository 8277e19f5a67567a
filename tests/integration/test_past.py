"""The past over REST: sightings come from an engine, strangers are grouped, faces searched, persons rejected."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from sightline.accounts import Role
from sightline.events.engine_link import Status
from sightline.events.fact import Accepted, Fact, Identified, Sighting, Unknown
from sightline.events.footage import FindFootage, FootageSpans
from sightline.events.gallery_feed import GalleryPage, GallerySince
from sightline.events.still import Analyse, AnalysedFace, Analysis
from tests.integration.gateway_app import (
    JPEG,
    MODEL,
    PATIENCE_S,
    START_MS,
    GatewayRun,
    RunningGateway,
    ScriptedEngine,
    identified,
    reference,
)

DIMENSIONS = 8
FACES = {name: np.eye(DIMENSIONS, dtype="<f4")[number] * 3 for number, name in enumerate(("ada", "ben", "cleo"))}


def vector(who: str, nudge: float = 0.0) -> bytes:
    return (FACES[who] + np.float32(nudge)).astype("<f4").tobytes()


def sighting(number: int, who: str, camera_id: str, **changed: Any) -> Sighting:
    at_ms = START_MS + number * 60_000
    values: dict[str, Any] = {
        "key": f"t{number}:sighting", "track_id": f"t{number}", "camera_id": camera_id, "first_seen": at_ms,
        "last_seen": at_ms + 5_000, "identity": "unknown", "quality": round(0.5 + number / 100, 2), "width_px": 60.0,
        "samples": 6, "model_id": MODEL, "threshold": 0.5, "steepness": 15.0, "vector": vector(who, number / 100),
        "sample": b"\xff\xd8 face %d \xff\xd9" % number, "similarity": 0.1,
    }  # fmt: skip
    return Sighting(**(values | changed))


async def leave(engine: ScriptedEngine, *sightings: Sighting) -> None:
    await engine.send(*sightings)
    wanted = {one.key for one in sightings}
    await engine.until(lambda: wanted <= {accepted.key for accepted in engine.all(Accepted)})


async def grouped(http: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """The strangers, oldest number first, once so many sightings are grouped."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = (await http.get("/api/strangers")).raise_for_status().json()["strangers"]
            if sum(one["sightings"] for one in found) >= count:
                return list(reversed(found))
            await asyncio.sleep(0.05)


async def search(http: httpx.AsyncClient, **form: Any) -> dict[str, Any]:
    """What a search says once every sighting is in its memory."""
    files = form.pop("files", None)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = await http.post("/api/search", data=form, files=files)
            found: dict[str, Any] = answer.raise_for_status().json()
            if found["indexing"] is None:
                return found
            await asyncio.sleep(0.05)


def tracks(found: dict[str, Any]) -> list[str]:
    return [hit["sighting"]["track_id"] for hit in found["hits"]]


@pytest.fixture
def gateway_run(gateway_run: GatewayRun) -> GatewayRun:
    gateway_run.settings |= {"sighting_days": 3650}
    return gateway_run


async def test_strangers_from_the_track_to_the_person(gateway: RunningGateway) -> None:
    """One gateway and one search process for the whole of it: starting one takes seconds."""
    door, hall = await gateway.camera("Door", alert_unknown=True), await gateway.camera("Hall")
    gateway.gateway.searcher.start()  # type: ignore[attr-defined]  # `serve` does it
    async with gateway.http() as http, gateway.engine() as engine:
        await leave(
            engine, sighting(1, "ada", door.id), sighting(2, "ben", door.id), sighting(3, "ada", hall.id),
            sighting(4, "ada", door.id, identity="pending"), sighting(5, "cleo", hall.id, identity="pending"),
        )  # fmt: skip
        await leave(engine, sighting(1, "ada", door.id))
        ada, ben = await grouped(http, 4)
        assert [(one["number"], one["sightings"]) for one in (ada, ben)] == [(1, 3), (2, 1)]
        picture = await http.get(ada["picture_url"])
        assert (picture.content, picture.headers["content-type"]) == (b"\xff\xd8 face 4 \xff\xd9", "image/jpeg")
        everything = (await http.get("/api/sightings", params={"limit": 3})).json()
        rest = (await http.get("/api/sightings", params={"limit": 3, "before": everything["next"]})).json()
        seen = everything["sightings"] + rest["sightings"]
        assert [one["track_id"] for one in seen] == ["t5", "t4", "t3", "t2", "t1"] and rest["next"] is None
        assert [one["stranger"] and one["stranger"]["number"] for one in seen] == [None, 1, 1, 2, 1]
        assert seen[0]["camera"] == {"id": hall.id, "name": "Hall"}

        path = (await http.get(f"/api/strangers/{ada['id']}/sightings")).json()
        assert [(visit["camera"]["name"], visit["sightings"]) for visit in path["path"]] == [
            ("Door", 1), ("Hall", 1), ("Door", 1)
        ]  # fmt: skip
        assert [(stay["camera"]["name"], stay["sightings"]) for stay in path["cameras"]] == [("Door", 2), ("Hall", 1)]

        await _an_alert_names_the_stranger(gateway, engine, http, door.id, ada)
        await _merging_and_splitting(http, ada, ben)
        person = await _enrolling(http, engine, ada)
        await _searching(http, engine, person, door.id)
        await _a_search_that_dies(gateway, http, person)
        receipt = (await http.delete(f"/api/people/{person}")).json()
        assert (receipt["sightings"], receipt["references"]) == (3, 3)
        left = await search(http, sighting_id=seen[3]["id"], threshold=0)
        assert set(tracks(left)) == {"t2", "t5"}, "what was erased is not found any more"
        assert (await http.get("/api/system")).json()["search"]["state"] == "running"
        await _another_embedder_serves(engine, http, hall.id, ben)
        audit = {record["action"] for record in (await http.get("/api/audit", params={"limit": 500})).json()}
        assert {"sighting_viewed", "past_searched", "strangers_merged", "stranger_enrolled", "stranger_split"} <= audit


async def _an_alert_names_the_stranger(
    gateway: RunningGateway, engine: ScriptedEngine, http: httpx.AsyncClient, camera_id: str, ada: dict[str, Any]
) -> None:
    def unknown(number: int, who: str) -> Fact:
        at_ms = START_MS + number * 600_000
        what = Unknown(
            track_id=f"now{number}", subject_id=f"stranger-now{number}", nearest_similarity=0.1, first_seen=at_ms,
            bbox=(1, 2, 3, 4), model_id=MODEL, samples=[], vector=vector(who),
        )  # fmt: skip
        return Fact(
            key=f"now{number}:unknown", camera_id=camera_id, timestamp=at_ms, width=640, height=480, what=what
        )

    await engine.tell(unknown(1, "ada"))
    await engine.tell(unknown(2, "cleo"))
    newest, before = (await http.get("/api/alerts", params={"limit": 2})).json()["alerts"]
    assert before["why"]["stranger"] == {"id": ada["id"], "number": 1, "seen": 4}
    assert "stranger" not in newest["why"], "nobody has seen her before"
    await http.patch(f"/api/strangers/{ada['id']}", json={"state": "ignored"})
    await engine.tell(unknown(3, "ada"))
    assert (await http.get("/api/alerts")).json()["alerts"][0]["alert_id"] == newest["alert_id"]
    await http.patch(f"/api/strangers/{ada['id']}", json={"state": "open"})
    everything = await gateway.gateway.store.alerts.list(tags=frozenset({"role:operator"}))
    assert all("vector" not in alert.why for alert in everything)


async def _merging_and_splitting(http: httpx.AsyncClient, ada: dict[str, Any], ben: dict[str, Any]) -> None:
    merged = (await http.post(f"/api/strangers/{ben['id']}/merge", json={"into": ada["id"]})).json()
    assert (merged["sightings"], merged["merged"]) == (4, [2])
    refused = await http.post(f"/api/strangers/{ben['id']}/merge", json={"into": ada["id"]})
    assert (refused.status_code, "merged into another" in refused.json()["detail"]) == (409, True)
    assert (await http.post(f"/api/strangers/{ben['id']}/unmerge")).json()["sightings"] == 1
    theirs = (await http.get("/api/sightings", params={"stranger": ada["id"]})).json()["sightings"]
    split = await http.post(f"/api/strangers/{ada['id']}/split", json={"sighting_id": theirs[0]["id"]})
    assert (split.status_code, split.json()["number"], split.json()["sightings"]) == (201, 3, 1)
    back = (await http.post(f"/api/strangers/{split.json()['id']}/merge", json={"into": ada["id"]})).json()
    assert back["sightings"] == 3


async def _enrolling(http: httpx.AsyncClient, engine: ScriptedEngine, ada: dict[str, Any]) -> str:
    await engine.send(GallerySince(version=0, model_id=MODEL))
    for wrong in ({}, {"person_id": "x", "person": {"first_name": "Ada"}}):
        assert (await http.post(f"/api/strangers/{ada['id']}/enrol", json=wrong)).status_code == 422
    answer = await http.post(f"/api/strangers/{ada['id']}/enrol", json={"person": {"first_name": "Ada"}})
    assert answer.status_code == 201
    enrolled = answer.json()
    assert len(enrolled["references"]) == 3
    person_id: str = enrolled["person"]["id"]
    await engine.until(lambda: {t.person_id for page in engine.all(GalleryPage) for t in page.templates} == {person_id})
    path = (await http.get(f"/api/people/{person_id}/sightings")).json()
    assert {one["person"]["name"] for one in path["sightings"]} == {"Ada"} and len(path["sightings"]) == 3
    portrait = await http.get(enrolled["references"][0]["image_url"])
    assert portrait.content == b"\xff\xd8 face 4 \xff\xd9"
    assert (await http.get(f"/api/strangers/{ada['id']}")).status_code == 404
    return person_id


async def _searching(http: httpx.AsyncClient, engine: ScriptedEngine, person_id: str, camera_id: str) -> None:
    found = await search(http, person_id=person_id)
    assert set(tracks(found)) == {"t1", "t3", "t4"}
    similarities = [hit["similarity"] for hit in found["hits"]]
    assert similarities == sorted(similarities, reverse=True) and similarities[0] > 0.99
    assert tracks(await search(http, person_id=person_id, camera=[camera_id], to=START_MS + 100_000)) == ["t1"]
    assert tracks(await search(http, person_id=person_id, limit=1)) == tracks(found)[:1]
    nobody = await http.post("/api/search", data={"person_id": person_id, "sighting_id": "x"})
    assert nobody.status_code == 409
    asking = asyncio.create_task(search(http, files={"image": ("visitor.jpg", JPEG)}))
    await engine.until(lambda: engine.all(Analyse))
    face = AnalysedFace(
        bbox=(0, 0, 50, 50), confidence=0.9, landmarks=[], quality=0.8, reasons=[], vector=vector("ben"), probe=JPEG
    )
    small = AnalysedFace(
        bbox=(0, 0, 5, 5), confidence=0.9, landmarks=[], quality=0.8, reasons=[], vector=vector("ada"), probe=JPEG
    )
    request = engine.all(Analyse)[-1]
    await engine.send(Analysis(request_id=request.request_id, model_id=MODEL, faces=[small, face]))
    answer = await asking
    assert tracks(answer) == ["t2"]
    assert answer["probe"] == {"bbox": [0, 0, 50, 50], "quality": 0.8, "reasons": [], "faces": 2}
    asking_nothing = asyncio.create_task(http.post("/api/search", files={"image": ("wall.jpg", JPEG)}))
    await engine.until(lambda: len(engine.all(Analyse)) > 1)
    await engine.send(Analysis(request_id=engine.all(Analyse)[-1].request_id, model_id=MODEL))
    assert (await asking_nothing).json() == {"detail": "no face was found in this picture", "code": "NO_FACE"}


async def _a_search_that_dies(gateway: RunningGateway, http: httpx.AsyncClient, person_id: str) -> None:
    """It is started again, reads everything again, and says so until it has."""
    pid = gateway.gateway.searcher.report()["pid"]
    os.kill(pid, signal.SIGKILL)
    await gateway.until(lambda: gateway.gateway.searcher.report()["restarts"] == 1)
    assert set(tracks(await search(http, person_id=person_id))) == {"t1", "t3", "t4"}
    assert gateway.gateway.searcher.report()["pid"] != pid


async def _another_embedder_serves(
    engine: ScriptedEngine, http: httpx.AsyncClient, camera_id: str, ben: dict[str, Any]
) -> None:
    """What was seen before is embedded by it: found with its templates, and a stranger keeps their number."""
    (before,) = (await http.get(f"/api/strangers/{ben['id']}/sightings")).json()["sightings"]
    turned = {name: -face for name, face in FACES.items()}
    known = len(engine.all(Analyse))
    await engine.send(
        Status(
            load=0, cameras=0, spool_facts=0, spool_bytes=0, embedding_model="dlib-face-resnet29", model_id="other-1"
        )
    )
    for number, who in enumerate(("cleo", "ben")):  # the newest first
        await engine.until(lambda number=number: len(engine.all(Analyse)) > known + number)  # type: ignore[misc]
        asked = engine.all(Analyse)[known + number]
        assert asked.image == b"\xff\xd8 face %d \xff\xd9" % {"cleo": 5, "ben": 2}[who] and asked.background
        face = AnalysedFace(
            bbox=(0, 0, 9, 9), confidence=0.9, landmarks=[], quality=1.0, reasons=[], vector=turned[who].tobytes(),
            probe=b"",
        )  # fmt: skip
        await engine.send(
            Analysis(request_id=asked.request_id, model_id="other-1", faces=[face], curve=(0.5, 15.0))
        )
    await leave(engine, sighting(30, "ben", camera_id, model_id="other-1", vector=turned["ben"].tobytes()))
    (same,) = [one for one in await grouped(http, 2) if one["sightings"] == 2]
    assert same["number"] == before["stranger"]["number"]
    found = await search(http, sighting_id=before["id"], threshold=0.9)
    assert (set(tracks(found)), found["other_models"]) == ({"t2", "t30"}, 0)
    counted = (await http.get("/api/models")).json()["embedding"]["sightings"]
    assert counted == {"total": 3, "done": 3, "failed": 0}
    await _a_stranger_is_erased_from_recordings_too(engine, http, same["id"])


async def _a_stranger_is_erased_from_recordings_too(
    engine: ScriptedEngine, http: httpx.AsyncClient, stranger_id: str
) -> None:
    engine.recorded = lambda asked: FootageSpans(request_id=asked.request_id, deleted=int(asked.delete))
    path = f"/api/strangers/{stranger_id}"
    assert (await http.get(f"{path}/footage")).json()["spans"] == []
    receipt = (await http.delete(path, params={"footage": True})).json()
    assert (receipt["sightings"], receipt["recordings"], receipt["footage"]["spans"]) == (2, 1, [])
    looked, deleted = engine.all(FindFootage)[-2:]
    assert (looked.within == deleted.within, looked.delete, deleted.delete) == (True, False, True)
    assert sum(len(times) for times in looked.within.values()) == 2


async def test_a_rejected_identification_is_remembered_and_undone(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    ada = await gateway.wanted()
    assert gateway.gateway.settings.sighting_days
    async with gateway.http() as http, gateway.engine() as engine:
        await engine.send(GallerySince(version=0, model_id=MODEL))
        for number in (1, 2):
            fact = identified(ada.id, camera.id, number)
            assert isinstance(fact.what, Identified)
            what = msgspec.structs.replace(fact.what, vector=vector("ada", number / 10))
            await engine.tell(msgspec.structs.replace(fact, what=what))
        second, first = (await http.get("/api/alerts")).json()["alerts"]
        taken = await http.post(f"/api/alerts/{first['alert_id']}/ack", json={"verdict": "rejected"})
        assert taken.json()["negative_id"] is None, "nothing is remembered that nobody asked to be"
        for _ in range(2):
            answer = await http.post(
                f"/api/alerts/{first['alert_id']}/ack", json={"verdict": "rejected", "remember": True}
            )
            remembered = answer.json()["negative_id"]
        told = lambda: [one for page in engine.all(GalleryPage) for one in page.negatives]  # noqa: E731
        await engine.until(told)
        assert {(one.negative_id, one.person_id, one.vector) for one in told()} == {
            (remembered, ada.id, vector("ada", 0.1))
        }
        left = sighting(9, "ada", camera.id, identity="known", person_id=ada.id)
        await leave(engine, left)
        (seen,) = (await http.get("/api/sightings", params={"person": ada.id})).json()["sightings"]
        said = await http.post("/api/negatives", json={"sighting_id": seen["id"], "person_id": ada.id})
        assert (said.status_code, said.json()["source"]) == (201, "sighting")
        assert (await http.get(f"/api/sightings/{seen['id']}")).json()["person"] is None
        listed = (await http.get(f"/api/people/{ada.id}/negatives")).json()
        assert [one["source"] for one in listed] == ["alert", "sighting"]
        assert (await http.post("/api/negatives", json={"alert_id": second["alert_id"]})).status_code == 201
        for wrong in ({}, {"sighting_id": "x"}, {"alert_id": "x", "person_id": "y"}, []):
            assert (await http.post("/api/negatives", json=wrong)).status_code == 422
        for one in listed:
            assert (await http.delete(f"/api/negatives/{one['id']}")).status_code == 200
        assert (await http.get(f"/api/sightings/{seen['id']}")).json()["person"]["id"] == ada.id
        await engine.until(
            lambda: {one["id"] for one in listed} <= {id for page in engine.all(GalleryPage) for id in page.tombstones}
        )


async def test_only_who_manages_people_has_a_rejection_remembered(gateway: RunningGateway) -> None:
    camera, ada = await gateway.camera(), await gateway.wanted()
    async with gateway.engine() as engine:
        await engine.sees(ada, camera)
    _, token = await gateway.user("runner", Role.RESPONDER)
    async with gateway.http(token) as http:
        ((alert),) = (await http.get("/api/alerts")).json()["alerts"]
        address = f"/api/alerts/{alert['alert_id']}/ack"
        assert (await http.post(address, json={"verdict": "rejected", "remember": True})).status_code == 403
        assert (await http.get(f"/api/alerts/{alert['alert_id']}")).json()["state"] == "open"
        assert (await http.post(address, json={"verdict": "rejected"})).json()["state"] == "acknowledged"


async def test_nothing_is_kept_where_the_settings_say_so(gateway_run: GatewayRun) -> None:
    gateway_run.settings["sighting_days"] = 0
    gateway = await gateway_run.start()
    camera = await gateway.camera()
    async with gateway.http() as http, gateway.engine() as engine:
        await leave(engine, sighting(1, "ada", camera.id))
        assert (await http.get("/api/sightings")).json() == {"sightings": [], "next": None}
        assert (await http.get("/api/sightings", params={"before": "rubbish"})).status_code == 409


async def test_what_no_model_made_can_be_searched_for(gateway: RunningGateway) -> None:
    """A person without photographs, and one whose photographs are of a model of which no sighting is."""
    store = gateway.gateway.store
    person = await store.people.create(first_name="Ada", last_name="", age=None, description="", now_ms=START_MS)
    async with gateway.http() as http:
        assert (await http.post("/api/search", data={"person_id": person.id})).status_code == 404
        digest = hashlib.sha256(b"photo").hexdigest()
        await store.people.add_reference(person.id, reference("photo", sha256=digest), now_ms=START_MS)
        assert (await search(http, person_id=person.id))["hits"] == []
        camera = await gateway.camera()
        async with gateway.engine() as engine:
            await leave(engine, sighting(1, "ada", camera.id, model_id="the model before"))
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    found = await search(http, person_id=person.id)
                    if found["other_models"]:
                        break
                    await asyncio.sleep(0.05)
            assert (found["hits"], found["other_models"]) == ([], 1)
