"""Clips of alerts, from the alert that wants one to the file that is deleted with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sightline.deliveries.records import AlertClip
from sightline.events.alert import Alert
from sightline.events.fact import ClipRef
from sightline.exceptions import NotFound, Unavailable
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import NOON_MS, alerting, enrol, event, raise_alert, silent
from tests.contract.test_pictures import files

DAY_MS = 86_400_000
PLACE = "clips/2026/01/01/clip-1.mp4"


def ref(blob_id: str = "clip-1", offset_ms: int = 5_000) -> ClipRef:
    return ClipRef(blob_id=blob_id, starts_at=NOON_MS - 5_000, offset_ms=offset_ms)


async def chunks(*pieces: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if then is not None:
        raise then


async def keep(store: SqlStore, blob_id: str = "clip-1", *pieces: bytes, now_ms: int = NOON_MS + 20_000) -> None:
    await store.clips.keep(blob_id, "video/mp4", chunks(*(pieces or (b"mo", b"ov"))), duration_ms=15_000, now_ms=now_ms)


async def raised(store: SqlStore, key: str = "k", **changed: object) -> Alert:
    return await raise_alert(store, key, **({"clip": ref()} | changed))


async def test_a_clip_is_awaited_from_the_alert_on_and_there_when_it_was_put(store: SqlStore, tmp_path: Path) -> None:
    alert = await raised(store)
    awaited = AlertClip(alert.id, NOON_MS - 5_000, 5_000, is_there=False)
    assert await store.clips.get(alert.id) == awaited
    assert await store.clips.is_wanted("clip-1")
    with pytest.raises(NotFound):
        await store.clips.file(alert.id)
    await keep(store)
    assert await store.clips.get(alert.id) == AlertClip(
        alert.id, NOON_MS - 5_000, 5_000, True, media_type="video/mp4", size_bytes=4, duration_ms=15_000
    )
    assert (await store.clips.file(alert.id)).read_bytes() == b"moov"
    await keep(store)
    assert files(tmp_path) == [PLACE]


async def test_what_no_alert_wants_is_not_taken(store: SqlStore, tmp_path: Path) -> None:
    await store.alerts.accept(event("quiet", clip=ref("clip-2")), silent, blobs={}, now_ms=NOON_MS)
    alert = await raise_alert(store, "without")
    for blob_id in ("clip-1", "clip-2", "../clip"):
        assert not await store.clips.is_wanted(blob_id)
        with pytest.raises(NotFound):
            await keep(store, blob_id)
    with pytest.raises(NotFound):
        await store.clips.get(alert.id)
    assert files(tmp_path) == []


async def test_an_upload_that_breaks_off_leaves_nothing(store: SqlStore, tmp_path: Path) -> None:
    alert = await raised(store)
    with pytest.raises(ConnectionError):
        broken = chunks(b"mo", then=ConnectionError())
        await store.clips.keep("clip-1", "video/mp4", broken, duration_ms=None, now_ms=NOON_MS)
    assert files(tmp_path) == []
    assert not (await store.clips.get(alert.id)).is_there


async def test_a_disk_that_refuses_says_so(store: SqlStore, tmp_path: Path) -> None:
    await raised(store)
    (tmp_path / "media" / "clips").write_bytes(b"in the way")
    with pytest.raises(Unavailable, match="the clip cannot be kept"):
        await keep(store)


async def test_alerts_that_are_close_share_a_file_whenever_it_comes(store: SqlStore, tmp_path: Path) -> None:
    first, second = await raised(store, "a"), await raised(store, "b", clip=ref(offset_ms=6_000))
    await keep(store)
    late = await raised(store, "c", clip=ref(offset_ms=7_000))
    there = [await store.clips.get(alert.id) for alert in (first, second, late)]
    assert [clip.offset_ms for clip in there] == [5_000, 6_000, 7_000]
    assert all(clip.is_there for clip in there)
    assert files(tmp_path) == [PLACE]


async def test_who_is_erased_is_in_no_clip_any_more_of_nobodys_alert(store: SqlStore, tmp_path: Path) -> None:
    ada, other = await enrol(store), await enrol(store, "Grace", "Hopper")
    hers = await raised(store, "a", person_id=ada.id)
    beside = await raised(store, "b", person_id=other.id)
    apart = await raised(store, "c", person_id=other.id, clip=ref("clip-2"))
    await keep(store)
    await keep(store, "clip-2")
    await store.people.erase(ada.id, now_ms=NOON_MS + 60_000)
    for alert in (hers, beside):
        with pytest.raises(NotFound):
            await store.clips.get(alert.id)
    assert (await store.clips.get(apart.id)).is_there
    assert files(tmp_path) == ["clips/2026/01/01/clip-2.mp4"]


async def test_a_clip_on_its_way_finds_nobody_once_the_person_is_erased(store: SqlStore, tmp_path: Path) -> None:
    ada = await enrol(store)
    await raised(store, person_id=ada.id)

    async def erased_meanwhile() -> AsyncIterator[bytes]:
        yield b"mo"
        await store.people.erase(ada.id, now_ms=NOON_MS + 60_000)
        yield b"ov"

    with pytest.raises(NotFound):
        await store.clips.keep("clip-1", "video/mp4", erased_meanwhile(), duration_ms=None, now_ms=NOON_MS)
    assert files(tmp_path) == []


async def test_clips_go_after_their_time_and_alerts_stay(store: SqlStore, tmp_path: Path) -> None:
    old, young = await raised(store, "a"), await raised(store, "b", clip=ref("clip-2"))
    await keep(store, now_ms=NOON_MS)
    await keep(store, "clip-2", now_ms=NOON_MS + DAY_MS)
    assert await store.clips.prune(NOON_MS + DAY_MS, most=10) == 1
    assert await store.clips.prune(NOON_MS + DAY_MS, most=10) == 0
    assert (await store.alerts.get(old.id)).id == old.id
    assert (await store.clips.get(young.id)).is_there
    assert files(tmp_path) == ["clips/2026/01/01/clip-2.mp4"]


async def test_a_forgotten_alert_takes_its_clip_along_but_for_one_that_is_shared(
    store: SqlStore, tmp_path: Path
) -> None:
    for key, clip in (("a", ref()), ("b", ref("clip-2"))):
        accepted = await store.alerts.accept(event(key, clip=clip), alerting(), blobs={}, now_ms=NOON_MS)
        assert accepted.alert is not None
        await store.alerts.close(accepted.alert.id, by="u", now_ms=NOON_MS + 10)
    stays = await raised(store, "c", clip=ref("clip-2"))
    await keep(store)
    await keep(store, "clip-2")
    await store.log.prune(NOON_MS + DAY_MS)
    await store.alerts.forget(NOON_MS + 50, most=10)
    assert files(tmp_path) == ["clips/2026/01/01/clip-2.mp4"]
    assert (await store.clips.get(stays.id)).is_there


async def test_what_a_crash_left_half_written_is_swept(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    draft = tmp_path / "media" / "incoming" / ".0011223344556677.part"
    draft.write_bytes(b"half a clip")
    await store.pictures.heal(NOON_MS + 100_000 * DAY_MS)
    assert files(tmp_path) == []
