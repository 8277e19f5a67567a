"""The models an engine looks with, changed while it looks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
import pytest_asyncio

from sightline.engine.vision.camera_analysis import Result
from sightline.engine.vision.sights import Sight, Sights
from sightline.engine.vision.stills import Look, Seen
from sightline.events.engine_link import ModelReport, Prepared, UseModels
from sightline.events.gallery_feed import GalleryPage, GallerySince, GalleryTemplate
from sightline.events.observation import Observation
from sightline.events.scene import Scene
from sightline.exceptions import ModelError, Unavailable
from sightline.frames import Frame, Image
from sightline.identities.gallery import Gallery

PICTURE = np.zeros((8, 8, 3), np.uint8)
STILL = Look(("templates",), 8, 8)
SIZES = {"old": 2, "new": 3}


class Still:
    """Remembers how large the gallery was that it compared with."""

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self.galleries: list[Gallery | None] = []

    def look(self, image: Image, wanted: Look, gallery: Gallery | None) -> Seen:
        self.galleries.append(gallery)
        return Seen()


class Camera:
    """An analysis that says which gallery it was handed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.galleries: list[Gallery] = []

    def process(self, frame: Frame, gallery: Gallery, scene: Scene, /) -> Result:
        self.galleries.append(gallery)
        seen = Observation(camera_id=self.name, frame_id=1, timestamp=1, width=8, height=8, faces=[])
        return Result(seen, (), {}, {})

    def leave(self) -> tuple[()]:
        return ()


def sight(embedder: str, *, key: str = "", prepared: str = "") -> Sight:
    return Sight(
        Still(embedder),
        lambda camera_id: Camera(f"{camera_id} by {embedder}"),
        SIZES[embedder],
        (ModelReport(task="face-embedder", name=embedder, loaded=True),),
        embedding_model=embedder,
        key=key or embedder,
        prepared=Prepared(embedding_model=prepared, model_id=prepared) if prepared else None,
        prepared_analyser=Still(prepared) if prepared else None,
    )


class Loader:
    """Loads what `sights` says of a wish's embedder, or raises."""

    def __init__(self) -> None:
        self.sights: dict[str, Sight | Exception] = {}
        self.wishes: list[UseModels] = []
        self.appeared = False
        self.looks = 0

    def load(self, wish: UseModels) -> Sight:
        self.wishes.append(wish)
        found = self.sights[wish.embedding_model]
        if isinstance(found, Exception):
            raise found
        return found

    def changed(self) -> bool:
        self.looks += 1
        appeared, self.appeared = self.appeared, False
        return appeared


class Run:
    def __init__(self) -> None:
        self.loader = Loader()
        self.asked: list[GallerySince] = []
        self.switches = 0
        self.sights = Sights(sight("old"), self.loader, ask=self.asked.append, switched=self.switched)

    def switched(self) -> None:
        self.switches += 1

    async def use(self, wish: UseModels) -> None:
        """Wishes, and waits until that was tried: files are looked at again only after it."""
        count = len(self.loader.wishes)
        self.sights.use(wish)
        await until(lambda: len(self.loader.wishes) > count)
        looks = self.loader.looks
        await until(lambda: self.loader.looks > looks)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # a thread makes it true
            await asyncio.sleep(0.002)


@pytest_asyncio.fixture
async def run(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Run]:
    monkeypatch.setattr("sightline.engine.vision.sights.FILES_INTERVAL_S", 0.01)
    made = Run()
    task = asyncio.create_task(made.sights.run())
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def page(model: str, *, version: int = 7, more: bool = False) -> GalleryPage:
    vector = np.ones(SIZES[model], "<f4").tobytes()
    template = GalleryTemplate(reference_id=f"r{version}", person_id="p", model_id=model, vector=vector)
    return GalleryPage(version=version, templates=[template], tombstones=[], more=more, model_id=model)


def frame() -> Frame:
    return Frame("hall", 1, 1, PICTURE)


async def test_the_same_embedder_with_another_detector_is_in_use_at_once(run: Run) -> None:
    run.sights.take(page("old"))
    run.loader.sights["old"] = sight("old", key="another detector")
    await run.use(UseModels(embedding_model="old"))
    assert run.switches == 1
    assert run.asked == []
    assert len(run.sights.gallery()) == 1  # the gallery stays


async def test_the_same_models_end_no_track(run: Run) -> None:
    run.loader.sights["old"] = sight("old")
    await run.use(UseModels(embedding_model="old"))
    assert run.switches == 0


async def test_another_embedder_serves_once_its_gallery_is_here(run: Run) -> None:
    run.sights.take(page("old"))
    camera = run.sights.new_analysis("hall")
    run.loader.sights["new"] = sight("new")
    await run.use(UseModels(embedding_model="new"))
    assert run.asked == [GallerySince(version=0, model_id="new")]
    assert (run.switches, run.sights.analyser.model_id) == (0, "old")
    run.sights.take(page("new", version=1, more=True))
    run.sights.take(page("old", version=8))  # was under way when the new one was asked for
    assert run.sights.analyser.model_id == "old"
    assert len(run.sights.gallery()) == 2
    run.sights.take(page("new", version=9))
    assert (run.switches, run.sights.analyser.model_id) == (1, "new")
    assert run.sights.gallery().dimensions == 3
    # A track that began with the old pair ends with it.
    camera.process(frame(), run.sights.gallery(), Scene())
    inner = camera._analysis  # type: ignore[attr-defined]
    assert inner.galleries[0].dimensions == 2
    after = run.sights.new_analysis("hall")
    after.process(frame(), run.sights.gallery(), Scene())
    assert after._analysis.galleries[0].dimensions == 3  # type: ignore[attr-defined]


async def test_whom_the_gallery_lost_meanwhile_the_old_one_forgets_too(run: Run) -> None:
    run.sights.take(page("old"))
    run.loader.sights["new"] = sight("new")
    await run.use(UseModels(embedding_model="new"))
    run.sights.take(GalleryPage(version=9, templates=[], tombstones=["r7"], more=True, model_id="new"))
    assert (run.sights.analyser.model_id, len(run.sights.gallery())) == ("old", 0)


async def test_a_lost_link_forgets_what_was_coming(run: Run) -> None:
    run.loader.sights["new"] = sight("new")
    await run.use(UseModels(embedding_model="new"))
    assert run.sights.question() == GallerySince(version=0, model_id="old")
    run.sights.take(page("new"))
    assert (run.switches, run.sights.analyser.model_id) == (0, "old")
    await run.use(UseModels(embedding_model="new"))
    run.sights.take(page("new"))
    assert (run.switches, run.sights.analyser.model_id) == (1, "new")


async def test_what_cannot_be_loaded_changes_nothing_and_the_next_wish_is_tried(run: Run) -> None:
    run.loader.sights["bad"] = ModelError("no", model="bad")
    await run.use(UseModels(embedding_model="bad"))
    assert (run.switches, run.sights.analyser.model_id) == (0, "old")
    run.loader.sights["new"] = sight("new")
    await run.use(UseModels(embedding_model="new"))
    assert run.asked


async def test_stills_are_looked_at_with_one_pair_and_say_whose_templates_they_are(run: Run) -> None:
    run.sights.take(page("old"))
    seen = run.sights.analyser.look(PICTURE, STILL, run.sights.gallery())
    assert seen.model_id == "old"
    with pytest.raises(Unavailable, match="no embedder is prepared"):
        run.sights.analyser.look(PICTURE, Look(("templates",), 8, 8, prepared=True), None)
    run.loader.sights["old"] = sight("old", prepared="new")
    await run.use(UseModels(embedding_model="old", prepare="new"))
    assert run.switches == 0
    assert run.sights.latest.prepared == Prepared(embedding_model="new", model_id="new")
    prepared = run.sights.analyser.look(PICTURE, Look(("templates",), 8, 8, prepared=True), None)
    assert prepared.model_id == "new"


async def test_a_file_that_appears_is_loaded_without_a_word(run: Run) -> None:
    run.loader.sights["old"] = sight("old", key="with the file")
    await run.use(UseModels(embedding_model="old"))
    wishes, switches = len(run.loader.wishes), run.switches
    run.loader.sights["old"] = sight("old", key="with a newer file")
    run.loader.appeared = True
    await until(lambda: len(run.loader.wishes) > wishes)
    await until(lambda: run.switches > switches)
