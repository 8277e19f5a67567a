"""Other models while everything runs: chosen, loaded, taken back, and an embedder that takes over."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from sightline.events import engine_link as link
from sightline.events.gallery_feed import GalleryPage, GallerySince
from sightline.events.still import Analyse, AnalysedFace, Analysis
from sightline.models.manifest import ASTRONAUT, GRACE_HOPPER
from sightline.testing import ServerProcess
from tests.integration.gateway_app import MODEL, RunningGateway, ScriptedEngine, reference
from tests.unit.models.graphs_made import answering, embedder

NEXT, NEXT_ID = "better", "better-1/1"
STATUS = link.Status(
    load=0, cameras=0, spool_facts=0, spool_bytes=0, embedding_model="dlib-face-resnet29", model_id=MODEL
)
PREPARED = link.Status(
    load=0, cameras=0, spool_facts=0, spool_bytes=0, embedding_model="dlib-face-resnet29", model_id=MODEL,
    prepared=link.Prepared(embedding_model=NEXT, model_id=NEXT_ID),
)  # fmt: skip
PATIENCE_S = 60.0


async def enrolled(gateway: RunningGateway, count: int) -> list[str]:
    store = gateway.gateway.store
    person = await store.people.create(first_name="Ada", last_name="", age=None, description="", now_ms=1)
    made = [await store.people.add_reference(person.id, reference(f"{n}"), now_ms=1) for n in range(count)]
    return [one.id for one in made]


async def answer(engine: ScriptedEngine, number: int, *, faces: bool = True) -> Analyse:
    """Answers the sample of this number that the engine is asked to embed."""
    await engine.until(lambda: len(engine.all(Analyse)) > number)
    asked = engine.all(Analyse)[number]
    assert asked.prepared
    assert asked.background
    face = AnalysedFace(
        bbox=(0, 0, 9, 9), confidence=0.9, landmarks=[], quality=1.0, reasons=[], vector=b"next" + asked.image[:4],
        probe=b"",
    )  # fmt: skip
    await engine.send(Analysis(request_id=asked.request_id, model_id=NEXT_ID, faces=[face] if faces else []))
    return asked


async def embedding(http: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get("/api/models")).raise_for_status().json()["embedding"]
    return found


async def until(http: httpx.AsyncClient, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while not condition(found := (await http.get("/api/models")).raise_for_status().json()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return found


async def test_an_embedder_takes_over_when_every_sample_was_embedded_by_it(gateway: RunningGateway) -> None:
    made = await enrolled(gateway, 3)
    async with gateway.http() as http:
        async with gateway.engine() as engine:
            await engine.send(STATUS)
            (await http.patch("/api/models", json={"embedding_model": NEXT})).raise_for_status()
            await engine.until(lambda: engine.all(link.UseModels))
            assert engine.all(link.UseModels)[-1] == link.UseModels(prepare=NEXT)
            await engine.send(PREPARED)
            await answer(engine, 0)
            await engine.until(lambda: len(engine.all(Analyse)) == 2)
            now = await embedding(http)
            assert (now["chosen"], now["serving"], now["changing"]) == (NEXT, "dlib-face-resnet29", True)
            assert (now["references"], now["done"], now["failed"]) == (3, 1, 0)
        # The engine is gone in the middle: another one goes on where it stopped.
        async with gateway.engine() as engine:
            await engine.until(lambda: engine.all(link.UseModels))
            assert engine.all(link.UseModels) == [link.UseModels(prepare=NEXT)]
            await engine.send(PREPARED)
            await answer(engine, 0, faces=False)
            await answer(engine, 1)
            await engine.until(lambda: len(engine.all(link.UseModels)) == 2)
            assert engine.all(link.UseModels)[-1] == link.UseModels(embedding_model=NEXT)
            await engine.send(GallerySince(version=0, model_id=NEXT_ID))
            await engine.until(lambda: engine.all(GalleryPage))
            page = engine.all(GalleryPage)[-1]
            assert page.model_id == NEXT_ID
            assert {one.reference_id for one in page.templates} == {made[0], made[2]}
            assert len(engine.all(Analyse)) == 2
        assert (await http.get("/api/models")).json()["embedding"]["serving"] == NEXT
        actions = [entry["action"] for entry in (await http.get("/api/audit")).json()]
        assert {"model_chosen", "embedder_changed"} <= set(actions)


async def test_what_an_engine_cannot_prepare_changes_nothing_and_is_said(gateway: RunningGateway) -> None:
    await enrolled(gateway, 1)
    async with gateway.http() as http, gateway.engine() as engine:
        (await http.patch("/api/models", json={"embedding_model": NEXT})).raise_for_status()
        await engine.until(lambda: engine.all(link.UseModels))
        await engine.send(
            link.Status(
                load=0, cameras=0, spool_facts=0, spool_bytes=0, embedding_model="dlib-face-resnet29", model_id=MODEL,
                prepared=link.Prepared(embedding_model=NEXT, problem="there is no model better"),
            )
        )  # fmt: skip
        found = await until(http, lambda found: found["embedding"]["problem"])
        assert found["embedding"]["problem"] == "there is no model better"
        assert found["embedding"]["serving"] == "dlib-face-resnet29"
        back = (await http.patch("/api/models", json={"embedding_model": None})).raise_for_status().json()
        assert (back["overruled"], back["embedding"]["changing"]) == ([], False)
        await engine.until(lambda: engine.all(link.UseModels)[-1] == link.UseModels())


async def test_samples_of_another_model_are_embedded_by_the_one_that_serves(gateway: RunningGateway) -> None:
    (made,) = await enrolled(gateway, 1)
    async with gateway.engine() as engine:
        await engine.send(
            link.Status(
                load=0, cameras=0, spool_facts=0, spool_bytes=0, embedding_model="dlib-face-resnet29", model_id=NEXT_ID
            )
        )
        await engine.until(lambda: engine.all(Analyse))
        (asked,) = engine.all(Analyse)
        assert not asked.prepared
        face = AnalysedFace(
            bbox=(0, 0, 9, 9), confidence=0.9, landmarks=[], quality=1.0, reasons=[], vector=b"serving!", probe=b""
        )
        await engine.send(Analysis(request_id=asked.request_id, model_id=NEXT_ID, faces=[face]))
        await engine.send(GallerySince(version=0, model_id=NEXT_ID))
        await engine.until(lambda: any(page.templates for page in engine.all(GalleryPage)))
        (template,) = next(page.templates for page in engine.all(GalleryPage) if page.templates)
        assert (template.reference_id, template.vector) == (made, b"serving!")


@pytest.mark.parametrize(
    "change", [{"embedding_model": "none"}, {"face_model": " "}, {"face_model": ""}, {"another": "x"}]
)
async def test_what_cannot_be_a_choice_is_refused(gateway: RunningGateway, change: dict[str, str]) -> None:
    async with gateway.http() as http:
        assert (await http.patch("/api/models", json=change)).status_code == 422
        assert (await http.get("/api/models")).json()["overruled"] == []


async def identified(http: httpx.AsyncClient, photo: bytes) -> str | None:
    answered = await http.post("/api/identify", files={"image": ("photo.jpg", photo)})
    (face,) = answered.raise_for_status().json()["faces"][:1]
    return face["person"]["id"] if face["person"] else None


async def test_a_real_engine_changes_its_models_and_goes_on_recognising(
    home: Path, models_home: Path, start_server: Callable[..., ServerProcess]
) -> None:
    models = home / "models"
    models.unlink()
    shutil.copytree(models_home / "models", models)
    mine = models / "mine.onnx"
    mine.write_bytes(embedder(128, normalising=False))
    photos = {entry.name: (models / entry.file).read_bytes() for entry in (ASTRONAUT, GRACE_HOPPER)}
    server = start_server()
    async with server.client() as http:
        people = {}
        for name, photo in photos.items():
            person = (await http.post("/api/people", json={"first_name": name})).raise_for_status().json()["id"]
            files = [("files", (name, photo))]
            results = (await http.post(f"/api/people/{person}/references", files=files)).raise_for_status().json()
            assert results["results"][0]["accepted"]
            people[person] = photo
        (await http.patch("/api/models", json={"embedding_model": "mine.onnx"})).raise_for_status()
        while (await embedding(http))["changing"]:
            for person, photo in people.items():  # there is no moment without recognition
                assert await identified(http, photo) == person
        assert (await embedding(http))["serving"] == "mine.onnx"
        await until(http, lambda found: found["in_use"][1]["name"] == "mine")
        for person, photo in people.items():
            assert await identified(http, photo) == person
        # A model that appears is loaded; one that cannot be used leaves the one before in use.
        (await http.patch("/api/models", json={"object_model": "late.onnx"})).raise_for_status()
        await until(http, lambda found: "late.onnx" in found["in_use"][2]["reason"])
        answers = np.zeros((1, 6, 8400), np.float32)
        (models / "late.onnx").write_bytes(answering({"out": answers}, metadata={"names": "{0: 'a', 1: 'b'}"}))
        await until(http, lambda found: found["in_use"][2]["name"] == "late" and found["in_use"][2]["loaded"])
        (await http.patch("/api/models", json={"face_model": "nowhere.onnx"})).raise_for_status()
        found = await until(http, lambda found: "nowhere.onnx" in found["in_use"][0]["reason"])
        assert found["in_use"][0]["loaded"]
        assert "centerface goes on" in found["in_use"][0]["reason"]
        for person, photo in people.items():
            assert await identified(http, photo) == person
    server.kill9()
    server.start()  # what serves and what was chosen outlive a crash
    async with server.client() as http:
        await until(http, lambda found: found["in_use"][1]["name"] == "mine" and found["in_use"][2]["name"] == "late")
        for person, photo in people.items():
            assert await identified(http, photo) == person
