"""What is too old is deleted: never what is open, or what the log still tells of."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.deliveries.records import Forgotten
from sightline.exceptions import NotFound
from sightline.stores import SqlStore
from tests.contract.facts import NOON_MS, OPERATORS, alerting, event, raise_alert, silent
from tests.contract.test_pictures import files

YEAR_MS = 365 * 86_400_000
LATER_MS = NOON_MS + YEAR_MS


async def old_alert(store: SqlStore, key: str, *, blobs: dict[str, str] | None = None) -> str:
    accepted = await store.alerts.accept(event(key), alerting(), blobs=blobs or {}, now_ms=NOON_MS)
    assert accepted.alert is not None
    return accepted.alert.id


async def test_an_alert_that_is_over_goes_with_its_event_its_pictures_and_all(store: SqlStore, tmp_path: Path) -> None:
    await store.pictures.put_incoming("blob", b"a face")
    taken = await old_alert(store, "1", blobs={"snapshot": "blob"})
    await store.alerts.acknowledge(taken, by="olga", verdict=None, now_ms=NOON_MS)
    left = await old_alert(store, "2")
    await store.alerts.close(left, by="olga", now_ms=NOON_MS)
    assert files(tmp_path)
    assert await store.log.prune(LATER_MS) > 0
    assert await store.alerts.forget(NOON_MS, most=10) == Forgotten()
    assert await store.alerts.forget(NOON_MS + 51, most=10) == Forgotten(alerts=2, events=2, pictures=1)
    assert files(tmp_path) == []
    for alert_id in (taken, left):
        with pytest.raises(NotFound):
            await store.alerts.get(alert_id)
    again = await store.alerts.accept(event("1"), silent, blobs={}, now_ms=LATER_MS)
    assert not again.duplicate, "the event is forgotten too"


async def test_what_the_log_still_tells_of_stays_and_so_does_what_is_young_or_open(store: SqlStore) -> None:
    told = await old_alert(store, "1")
    await store.alerts.close(told, by="olga", now_ms=NOON_MS)
    assert await store.alerts.forget(LATER_MS, most=10) == Forgotten()
    await store.log.prune(LATER_MS)
    opened = await raise_alert(store, "open", now_ms=NOON_MS)
    young = await raise_alert(store, "young", now_ms=LATER_MS, received_at_ms=LATER_MS)
    assert await store.alerts.forget(LATER_MS, most=10) == Forgotten(alerts=1, events=1)
    kept = await store.alerts.list(tags=OPERATORS)
    assert {alert.id for alert in kept} == {opened.id, young.id}


async def test_events_without_an_alert_go_a_few_at_a_time(store: SqlStore) -> None:
    for number in range(5):
        await store.alerts.accept(event(str(number)), silent, blobs={}, now_ms=NOON_MS)
    counts = [(await store.alerts.forget(LATER_MS, most=2)).events for _ in range(4)]
    assert counts == [2, 2, 1, 0]
