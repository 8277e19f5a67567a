"""The past by the hour, and what cameras are to watch for."""

from __future__ import annotations

import pytest

from sightline.decisions.history import HOUR_MS, HourRow, Metric
from sightline.events.alert import Severity
from sightline.events.scene import CameraView, CrowdWatch, DetectionRule, Line, Liveness, Scene, Zone
from sightline.events.schedule import Schedule, Shift
from sightline.exceptions import NotFound
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import add_camera, context_of, enrol

HOUR = 500_000 * HOUR_MS
VIEW = CameraView(
    scene=Scene(
        masks=(((0.0, 0.0), (0.25, 0.0), (0.25, 0.25)),),
        zones=(Zone(name="hall", polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),),
        lines=(Line(name="door", start=(0.0, 0.5), end=(1.0, 0.5)),),
        crowds=(CrowdWatch(threshold=4, zone="hall", severity=Severity.ERROR),),
        liveness=Liveness.REQUIRE,
        objects_fps=1.5,
    ),
    rules=(
        DetectionRule(
            label="person", zone="hall", severity=Severity.CRITICAL,
            schedule=Schedule("Europe/Berlin", (Shift(4, 1320, 360),)),
        ),
    ),
)  # fmt: skip


def row(hour: int = 0, metric: Metric = Metric.PEOPLE, *, camera: str = "c1", detail: str = "", count: int = 1,
        total: float = 2.0, most: float = 2.0) -> HourRow:  # fmt: skip
    return HourRow(camera, HOUR + hour * HOUR_MS, metric, detail, count, total, most)


async def everything(store: SqlStore) -> list[HourRow]:
    return await store.history.list(from_ms=0, to_ms=2 * HOUR)


async def test_figures_of_one_hour_add_up(store: SqlStore) -> None:
    await store.history.add([row(count=10, total=30, most=7), row(1)])
    await store.history.add([row(count=5, total=10, most=4), row(detail="hall")])
    await store.history.add([row(count=1, total=9, most=9)])
    assert await everything(store) == [row(count=16, total=49, most=9), row(detail="hall"), row(1)]


async def test_nothing_is_nothing(store: SqlStore) -> None:
    await store.history.add([])
    assert await everything(store) == []


async def test_figures_are_chosen_by_time_camera_and_metric(store: SqlStore) -> None:
    rows = [row(0), row(1), row(1, camera="c2"), row(1, Metric.PROCESSING_MS), row(2)]
    await store.history.add(rows)
    hours = await store.history.list(from_ms=HOUR + HOUR_MS, to_ms=HOUR + 2 * HOUR_MS)
    assert hours == [row(1), row(1, Metric.PROCESSING_MS), row(1, camera="c2")]
    assert await store.history.list(from_ms=0, to_ms=2 * HOUR, camera_id="c2") == [row(1, camera="c2")]
    assert await store.history.list(from_ms=0, to_ms=2 * HOUR, metric=Metric.PROCESSING_MS) == [rows[3]]
    assert await store.history.list(from_ms=0, to_ms=2 * HOUR, limit=1) == [row(0)]


async def test_old_hours_are_forgotten(store: SqlStore) -> None:
    await store.history.add([row(0), row(1), row(2)])
    assert await store.history.prune(HOUR + 2 * HOUR_MS) == 2
    assert await everything(store) == [row(2)]


async def test_a_view_survives_a_restart_whole(open_store: OpenStore) -> None:
    store = await open_store()
    camera = await add_camera(store)
    assert await store.camera_views.get(camera.id) is None
    await store.camera_views.put(camera.id, VIEW)
    await store.close()
    store = await open_store()
    assert await store.camera_views.get(camera.id) == VIEW
    assert await store.camera_views.all() == {camera.id: VIEW}


async def test_a_view_is_replaced_and_removed(store: SqlStore) -> None:
    camera = await add_camera(store)
    await store.camera_views.put(camera.id, VIEW)
    await store.camera_views.put(camera.id, CameraView())
    assert await store.camera_views.all() == {camera.id: CameraView()}
    await store.camera_views.remove(camera.id)
    await store.camera_views.remove(camera.id)
    assert await store.camera_views.get(camera.id) is None


async def test_a_view_goes_with_its_camera(store: SqlStore) -> None:
    camera = await add_camera(store)
    await store.camera_views.put(camera.id, VIEW)
    await store.cameras.delete(camera.id)
    assert await store.camera_views.all() == {}
    with pytest.raises(NotFound):
        await store.camera_views.put(camera.id, VIEW)


async def test_a_decision_is_shown_the_cameras_view(store: SqlStore) -> None:
    camera, other = await add_camera(store), await add_camera(store)
    await store.camera_views.put(camera.id, VIEW)
    assert (await context_of(store, "k1", camera_id=camera.id)).view == VIEW
    assert (await context_of(store, "k2", camera_id=other.id)).view is None


async def test_a_decision_is_told_which_lists_take_a_proof_of_life(store: SqlStore) -> None:
    person = await enrol(store)
    plain = await store.watch_lists.create(name="Guests", severity=Severity.INFO, enabled=True, now_ms=1)
    strict = await store.watch_lists.create(
        name="Keys", severity=Severity.ERROR, enabled=True, now_ms=1, require_live=True
    )
    for watch_list in (plain, strict):
        await store.watch_lists.add_person(watch_list.id, person.id)
    context = await context_of(store, "k", person_id=person.id, subject_id=person.id)
    assert (len(context.watch_lists), context.live_lists) == (2, frozenset({strict.id}))
    changed = await store.watch_lists.update(strict.id, name="Keys", severity=Severity.ERROR, enabled=True)
    assert (strict.require_live, changed.require_live) == (True, False)
