"""Cameras, and the audit trail."""

from __future__ import annotations

import dataclasses

import pytest

from sightline.deliveries.records import AuditRecord
from sightline.exceptions import NotFound
from sightline.privacy import FaceBlur
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import add_camera


async def test_a_camera_is_found_again_source_and_all(store: SqlStore) -> None:
    camera = await add_camera(store)
    assert camera.source == "rtsp://viewer:pr1vate@10.0.0.9/stream"
    assert (camera.rotation, camera.blur_faces) == (0, FaceBlur.OFF), "as they come"
    assert await store.cameras.get(camera.id) == camera


async def test_a_camera_survives_a_restart(open_store: OpenStore) -> None:
    store = await open_store()
    camera = await add_camera(store, latitude=None, longitude=None, rotation=90, blur_faces=FaceBlur.UNKNOWN)
    assert (camera.rotation, camera.blur_faces) == (90, FaceBlur.UNKNOWN)
    await store.close()
    assert await (await open_store()).cameras.list() == [camera]


async def test_cameras_are_listed_by_name_and_may_share_one(store: SqlStore) -> None:
    for name in ("Yard", "Attic", "Yard"):
        await add_camera(store, name=name)
    assert [camera.name for camera in await store.cameras.list()] == ["Attic", "Yard", "Yard"]


async def test_a_camera_is_replaced_whole(store: SqlStore) -> None:
    camera = await add_camera(store)
    wanted = dataclasses.replace(
        camera, name="Gate", source="file:gate.mp4", latitude=None, longitude=None, analysis_fps=2.5, enabled=False,
        alert_unknown=True, substream="rtsp://viewer:pr1vate@10.0.0.9/small", rotation=270, blur_faces=FaceBlur.ALL,
    )  # fmt: skip
    assert await store.cameras.replace(wanted) == wanted
    assert await store.cameras.get(camera.id) == wanted


async def test_the_time_of_its_making_stays(store: SqlStore) -> None:
    camera = await add_camera(store)
    assert await store.cameras.replace(dataclasses.replace(camera, created_at_ms=1)) == camera


async def test_a_camera_is_deleted(store: SqlStore) -> None:
    camera, kept = await add_camera(store), await add_camera(store)
    await store.cameras.delete(camera.id)
    assert await store.cameras.list() == [kept]


async def test_unknown_cameras(store: SqlStore) -> None:
    gone = await add_camera(store)
    await store.cameras.delete(gone.id)
    for call in (store.cameras.get(gone.id), store.cameras.delete(gone.id), store.cameras.replace(gone)):
        with pytest.raises(NotFound) as raised:
            await call
        assert (raised.value.kind, raised.value.id) == ("camera", gone.id)


async def test_the_audit_trail_is_read_backwards(store: SqlStore) -> None:
    for at_ms, action in ((10, "view"), (30, "erase"), (20, "search"), (30, "export")):
        await store.audit.record(actor="grace", action=action, subject="person/1", detail=action[0], now_ms=at_ms)
    records = await store.audit.list()
    assert [record.action for record in records] == ["export", "erase", "search", "view"]
    assert records[-1] == AuditRecord(10, "grace", "view", "person/1", "v")
    assert [record.action for record in await store.audit.list(limit=1)] == ["export"]
    assert [record.action for record in await store.audit.list(before_ms=30)] == ["search", "view"]
