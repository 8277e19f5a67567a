"""Rosters, switches, times without alerts, and floods, as the store keeps them."""

from __future__ import annotations

import pytest

from sightline.accounts import Role
from sightline.deliveries.entry import EntryKind
from sightline.deliveries.roster import DutyException, Roster, Shift, Switch
from sightline.events.alert import AlertType
from sightline.events.event import Decision, DecisionContext, Event, RecentAlert
from sightline.events.quiet import QuietKind
from sightline.exceptions import NotFound
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import NOON_MS, add_camera, alerting, context_of, event, raise_alert


async def responder(store: SqlStore, name: str = "ana") -> str:
    return (await store.users.create(name=name, role=Role.RESPONDER, password_hash="!", now_ms=NOON_MS)).id


async def test_a_roster_is_kept_whole(open_store: OpenStore) -> None:
    store = await open_store()
    user_id = await responder(store)
    roster = Roster(
        user_id, "Europe/Berlin", (Shift(0, 480, 960), Shift(6, 1320, 360)),
        (DutyException(NOON_MS, NOON_MS + 1, False, "holiday"),), 52.5, 13.4,
    )  # fmt: skip
    await store.duty.put_roster(Roster(user_id, "UTC"))
    await store.duty.put_roster(roster)
    await store.close()
    store = await open_store()
    assert await store.duty.rosters() == {user_id: roster}
    await store.duty.remove_roster(user_id)
    assert await store.duty.rosters() == {}
    with pytest.raises(NotFound):
        await store.duty.remove_roster(user_id)


async def test_the_last_word_of_a_user_counts(store: SqlStore) -> None:
    user_id = await responder(store)
    await store.duty.switch(user_id, on=True, now_ms=NOON_MS)
    await store.duty.switch(user_id, on=False, now_ms=NOON_MS + 1)
    assert await store.duty.switches() == {user_id: Switch(False, NOON_MS + 1)}


async def test_duty_is_of_users(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        await store.duty.switch("nobody", on=True, now_ms=NOON_MS)
    with pytest.raises(NotFound):
        await store.duty.put_roster(Roster("nobody", "UTC"))


async def test_a_user_who_is_removed_leaves_no_duty(store: SqlStore) -> None:
    user_id = await responder(store)
    await store.duty.switch(user_id, on=True, now_ms=NOON_MS)
    await store.duty.put_roster(Roster(user_id, "UTC"))
    await store.users.delete(user_id)
    assert (await store.duty.rosters(), await store.duty.switches()) == ({}, {})
    assert not await store.duty.in_use()


async def test_a_decision_is_told_whether_duty_is_kept(store: SqlStore) -> None:
    assert not (await context_of(store, "before")).duty_in_use
    await store.duty.switch(await responder(store), on=False, now_ms=NOON_MS)
    assert (await context_of(store, "after")).duty_in_use


async def test_a_decision_is_shown_the_quiet_of_its_camera_and_moment(store: SqlStore) -> None:
    camera, other = (await add_camera(store)).id, (await add_camera(store)).id

    async def quiet(camera_id: str | None, from_ms: int, until_ms: int) -> str:
        period = await store.quiet_periods.create(
            kind=QuietKind.SNOOZE, camera_id=camera_id, alert_type=AlertType.UNKNOWN_PERSON, from_ms=from_ms,
            until_ms=until_ms, reason="painters", by="olga", now_ms=NOON_MS,
        )  # fmt: skip
        return period.id

    here, everywhere = await quiet(camera, NOON_MS, NOON_MS + 10), await quiet(None, NOON_MS - 10, NOON_MS + 1)
    await quiet(other, NOON_MS, NOON_MS + 10)
    await quiet(camera, NOON_MS + 1, NOON_MS + 10)
    await quiet(camera, NOON_MS - 10, NOON_MS)
    shown = (await context_of(store, "fact", camera_id=camera)).quiet
    assert {period.id for period in shown} == {here, everywhere}
    assert shown[0].alert_type is AlertType.UNKNOWN_PERSON and shown[0].reason == "painters"
    assert len(await store.quiet_periods.list(NOON_MS)) == 4
    await store.quiet_periods.delete(here)
    assert (await context_of(store, "later", camera_id=camera)).quiet == tuple(p for p in shown if p.id == everywhere)
    with pytest.raises(NotFound):
        await store.quiet_periods.delete(here)
    with pytest.raises(NotFound):
        await quiet("no-camera", NOON_MS, NOON_MS + 1)


async def source_state(store: SqlStore, camera_id: str, key: str, rule: str, at_ms: int) -> None:
    said = event(key, kind="source_state", camera_id=camera_id, subject_id=camera_id, captured_at_ms=at_ms)
    await store.alerts.accept(said, lambda event, context: Decision(rule), blobs={}, now_ms=at_ms)


async def test_a_camera_that_stayed_away_is_told_of_once_when_the_quiet_is_over(store: SqlStore) -> None:
    away, back, loud = [(await add_camera(store)).id for _ in range(3)]
    for camera_id in (away, back):
        await store.quiet_periods.create(
            kind=QuietKind.MAINTENANCE, camera_id=camera_id, alert_type=None, from_ms=NOON_MS, until_ms=NOON_MS + 10,
            reason="", by="olga", now_ms=NOON_MS,
        )  # fmt: skip
        await source_state(store, camera_id, f"{camera_id} off", "maintenance", NOON_MS + 1)
    await source_state(store, back, "back", "camera_back", NOON_MS + 2)
    await source_state(store, loud, "loud", "camera_offline", NOON_MS + 1)
    decide = alerting(type=AlertType.CAMERA_OFFLINE)
    assert await store.quiet_periods.left_offline(decide, now_ms=NOON_MS + 9) == []
    (accepted,) = await store.quiet_periods.left_offline(decide, now_ms=NOON_MS + 10)
    assert accepted.alert is not None and accepted.alert.camera_id == accepted.alert.subject_id == away
    assert await store.quiet_periods.left_offline(decide, now_ms=NOON_MS + 11) == []


async def test_a_decision_is_shown_the_cameras_latest_alerts(store: SqlStore) -> None:
    first = await raise_alert(store, "one", subject_id="a", captured_at_ms=NOON_MS)
    second = await raise_alert(store, "two", subject_id="b", captured_at_ms=NOON_MS + 1)
    await raise_alert(store, "elsewhere", camera_id="camera-2")
    await store.alerts.close(first.id, by="olga", now_ms=NOON_MS + 2)
    assert (await context_of(store, "three")).recent_alerts == (
        RecentAlert(second.id, AlertType.WATCHLIST_MATCH, True, 1, NOON_MS + 1),
        RecentAlert(first.id, AlertType.WATCHLIST_MATCH, False, 1, NOON_MS),
    )


async def count_onto(store: SqlStore, alert_id: str, key: str, at_ms: int) -> None:
    def grouped(event: Event, context: DecisionContext) -> Decision:
        return Decision("grouped", group_into=alert_id)

    accepted = await store.alerts.accept(event(key, captured_at_ms=at_ms), grouped, blobs={}, now_ms=at_ms)
    assert (accepted.rule, accepted.alert) == ("grouped", None)


async def test_a_flood_is_one_alert_with_a_count(store: SqlStore) -> None:
    alert = await raise_alert(store, "first")
    for number in range(1, 6):
        await count_onto(store, alert.id, f"more-{number}", NOON_MS + number)
    await count_onto(store, alert.id, "late", NOON_MS + 2)
    assert (await store.alerts.get(alert.id)).count == 7
    (shown,) = (await context_of(store, "next")).recent_alerts
    assert (shown.count, shown.last_at_ms) == (7, NOON_MS + 5)
    assert (await store.log.bounds()).top == alert.offset, "nobody is told of each"


async def test_a_flood_is_told_at_a_bearable_pace(store: SqlStore) -> None:
    alert = await raise_alert(store, "first")
    assert await store.floods.tell(not_since_ms=NOON_MS, now_ms=NOON_MS) == 0
    await count_onto(store, alert.id, "second", NOON_MS + 1)
    assert await store.floods.tell(not_since_ms=NOON_MS, now_ms=NOON_MS + 1_000) == 1
    (entry,) = await store.log.page(alert.offset, 10)
    assert (entry.kind, entry.data["count"], entry.data["state"]) == (EntryKind.ALERT_UPDATED, 2, "open")
    assert entry.audience == set(alert.audience)
    assert await store.floods.tell(not_since_ms=NOON_MS + 5_000, now_ms=NOON_MS + 6_000) == 0, "nothing is new"
    await count_onto(store, alert.id, "third", NOON_MS + 2)
    assert await store.floods.tell(not_since_ms=NOON_MS + 999, now_ms=NOON_MS + 1_999) == 0, "told a moment ago"
    assert await store.floods.tell(not_since_ms=NOON_MS + 1_000, now_ms=NOON_MS + 2_000) == 1
    assert (await store.log.page(entry.offset, 10))[0].data["count"] == 3
