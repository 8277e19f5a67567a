"""Timers are rows: each fires once, and of an acknowledgement and a deadline that meet, one has happened."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.deliveries.entry import Entry, EntryKind
from sightline.deliveries.escalation import Outcome, Patience, TellReason
from sightline.deliveries.records import Decline
from sightline.deliveries.routing import Position, Responder, Situation
from sightline.events.alert import Alert, AlertState
from sightline.exceptions import NotFound
from sightline.stores import SqlStore
from tests.contract.conftest import OpenStore
from tests.contract.facts import NOON_MS, add_camera, alerting, event

PATIENCE = Patience(receipt_ms=5_000, acknowledge_ms=30_000)
ANA = Responder("ana", Position(52.501, 13.4), tags=frozenset({"user:ana", "role:responder"}))
BO = Responder("bo", Position(52.502, 13.4), tags=frozenset({"user:bo", "role:responder"}))
CY = Responder("cy", Position(52.503, 13.4), connected=False, tags=frozenset({"user:cy", "role:responder"}))
EVERYBODY = ("role:admin", "role:operator", "role:responder")
THREE = Situation((CY, BO, ANA), EVERYBODY)


async def routed(store: SqlStore, key: str = "fact", *, now_ms: int = NOON_MS, **camera: Any) -> Alert:
    """An alert of a camera at 52.5° N, 13.4° E that is told to operators, and to responders one by one."""
    where = await add_camera(store, **camera)
    accepted = await store.alerts.accept(
        event(key, camera_id=where.id), alerting(routed=True, audience=("role:operator",)), blobs={}, now_ms=now_ms
    )
    assert accepted.alert is not None
    return accepted.alert


async def fire(store: SqlStore, alert: Alert, now_ms: int, situation: Situation = THREE) -> str | None:
    step = await store.escalations.fire(alert.id, situation, PATIENCE, now_ms=now_ms)
    return None if step is None else step.user_id or "everybody"


async def entries(store: SqlStore, after: int) -> list[Entry]:
    return list(await store.log.page(after, 1000))


def having(offset: int, *responders: Responder) -> Situation:
    """These responders, with the log up to `offset` on their devices."""
    return Situation(tuple(dataclasses.replace(one, received_offset=offset) for one in responders), EVERYBODY)


async def test_a_routed_alert_is_due_at_once(store: SqlStore) -> None:
    assert await store.escalations.next_due_ms() is None
    alert = await routed(store)
    assert await store.escalations.next_due_ms() == NOON_MS
    assert await store.escalations.due(NOON_MS) == [alert.id]
    assert await store.escalations.due(NOON_MS - 1) == []


async def test_an_alert_that_is_not_routed_has_no_timer(store: SqlStore) -> None:
    accepted = await store.alerts.accept(event("fact"), alerting(), blobs={}, now_ms=NOON_MS)
    assert accepted.alert is not None
    assert await store.escalations.next_due_ms() is None
    assert await fire(store, accepted.alert, NOON_MS + 10**9) is None
    assert await store.escalations.steps(accepted.alert.id) == []


async def test_the_nearest_is_told_by_an_entry_of_their_own(store: SqlStore) -> None:
    alert = await routed(store)
    assert await fire(store, alert, NOON_MS) == "ana"
    told, updated = await entries(store, alert.offset)
    assert (told.kind, told.audience) == (EntryKind.ALERT_TRIGGERED, {"user:ana"})
    assert (updated.kind, updated.audience) == (EntryKind.ALERT_UPDATED, {"role:operator", "user:ana"})
    assert updated.data["escalation_level"] == 0 and updated.data["responder"] == "ana"
    assert (await store.alerts.snapshot(frozenset({"user:ana"}))).alerts[0].id == alert.id
    assert (await store.alerts.snapshot(frozenset({"user:bo"}))).alerts == []


async def test_a_timer_fires_once(store: SqlStore) -> None:
    alert = await routed(store)
    assert await fire(store, alert, NOON_MS) == "ana"
    assert await fire(store, alert, NOON_MS) is None
    assert await fire(store, alert, NOON_MS + 4_999) is None
    assert await store.escalations.due(NOON_MS + 4_999) == []
    told = await asyncio.gather(*(fire(store, alert, NOON_MS + 5_000) for _ in range(8)))
    assert sorted(filter(None, told)) == ["bo"]


async def test_the_whole_way_is_written_down(store: SqlStore) -> None:
    alert = await routed(store)
    now_ms, people = NOON_MS, []
    while (due := await store.escalations.next_due_ms()) is not None:
        now_ms = due
        people.append(await fire(store, alert, now_ms))
    assert people == ["ana", "bo", "cy", "everybody"]
    steps = await store.escalations.steps(alert.id)
    assert [(step.level, step.user_id, step.outcome) for step in steps] == [
        (0, "ana", Outcome.NOT_RECEIVED), (1, "bo", Outcome.NOT_RECEIVED), (2, "cy", Outcome.NOT_ACKNOWLEDGED),
        (3, None, None),
    ]  # fmt: skip
    assert [step.told_at_ms - NOON_MS for step in steps] == [0, 5_000, 10_000, 40_000]
    assert steps[0].distance_m == pytest.approx(111.3, abs=0.5) and steps[3].distance_m is None
    assert (steps[3].outside, steps[3].reason) == (True, TellReason.NOBODY_LEFT)
    after = await store.alerts.get(alert.id)
    assert (after.state, after.escalation_level) == (AlertState.OPEN, 3)
    assert set(after.audience) == {*EVERYBODY, "user:ana", "user:bo", "user:cy"}
    last = (await entries(store, 0))[-2:]
    assert last[0].audience == {"role:admin", "role:responder"} and last[1].audience == set(after.audience)


async def test_a_receipt_gives_the_whole_time(store: SqlStore) -> None:
    alert = await routed(store)
    await fire(store, alert, NOON_MS)
    (told, _) = await entries(store, alert.offset)
    assert await fire(store, alert, NOON_MS + 5_000, having(told.offset, ANA, BO)) is None
    assert await store.escalations.next_due_ms() == NOON_MS + 30_000
    assert await fire(store, alert, NOON_MS + 30_000, having(told.offset, ANA, BO)) == "bo"


async def test_who_reads_the_alert_by_their_role_is_not_sent_it_twice(store: SqlStore) -> None:
    alert = await routed(store)
    olga = Responder("olga", Position(52.5, 13.4), tags=frozenset({"user:olga", "role:operator"}))
    assert await fire(store, alert, NOON_MS, Situation((olga,), EVERYBODY)) == "olga"
    assert [entry.kind for entry in await entries(store, alert.offset)] == [EntryKind.ALERT_UPDATED]


@pytest.mark.parametrize("ends", ["acknowledge", "close", "expire"])
async def test_the_end_of_an_alert_ends_its_escalation(store: SqlStore, ends: str) -> None:
    alert = await routed(store)
    await fire(store, alert, NOON_MS)
    if ends == "acknowledge":
        await store.alerts.acknowledge(alert.id, by="ana", verdict=None, now_ms=NOON_MS + 1)
    elif ends == "close":
        await store.alerts.close(alert.id, by="olga", now_ms=NOON_MS + 1)
    else:
        await store.log.prune(NOON_MS + 1)
    assert await store.escalations.next_due_ms() is None
    assert await fire(store, alert, NOON_MS + 10**6) is None
    (step,) = await store.escalations.steps(alert.id)
    assert (step.outcome, step.ended_at_ms) == (Outcome.ENDED, NOON_MS + 1)


async def test_who_declines_hands_it_to_the_next(store: SqlStore) -> None:
    alert = await routed(store)
    await fire(store, alert, NOON_MS)
    after, step = await store.escalations.decline(alert.id, "ana", "ill", THREE, PATIENCE, now_ms=NOON_MS + 1)
    assert step is not None and step.user_id == "bo"
    assert (after.state, after.escalation_level) == (AlertState.OPEN, 1)
    again = await store.escalations.decline(alert.id, "ana", "still ill", THREE, PATIENCE, now_ms=NOON_MS + 2)
    assert again[1] is None, "once is enough: it may be said again after a lost answer"
    assert await store.escalations.declines(alert.id) == [Decline(alert.id, "ana", NOON_MS + 1, "ill")]
    assert (await store.escalations.steps(alert.id))[0].outcome == Outcome.DECLINED


async def test_who_declines_beforehand_is_left_out(store: SqlStore) -> None:
    alert = await routed(store)
    await fire(store, alert, NOON_MS)
    _, step = await store.escalations.decline(alert.id, "bo", "", THREE, PATIENCE, now_ms=NOON_MS + 1)
    assert step is None
    assert [decline.user_id for decline in await store.escalations.declines(alert.id)] == ["bo"]
    assert await fire(store, alert, NOON_MS + 5_000) == "cy"


async def test_declining_what_is_taken_changes_nothing(store: SqlStore) -> None:
    alert = await routed(store)
    await fire(store, alert, NOON_MS)
    await store.alerts.acknowledge(alert.id, by="bo", verdict=None, now_ms=NOON_MS + 1)
    after, step = await store.escalations.decline(alert.id, "ana", "", THREE, PATIENCE, now_ms=NOON_MS + 2)
    assert (after.state, after.by, step) == (AlertState.ACKNOWLEDGED, "bo", None)


async def test_declining_what_is_not_there(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        await store.escalations.decline("nothing", "ana", "", THREE, PATIENCE, now_ms=NOON_MS)


async def test_a_camera_without_a_position_tells_everybody(store: SqlStore) -> None:
    alert = await routed(store, latitude=None, longitude=None)
    assert await fire(store, alert, NOON_MS) == "everybody"
    assert await store.escalations.next_due_ms() == NOON_MS + 30_000
    assert await fire(store, alert, NOON_MS + 30_000) == "everybody"
    assert [step.outside for step in await store.escalations.steps(alert.id)] == [False, True]


async def test_timers_outlive_the_store(open_store: OpenStore) -> None:
    store = await open_store()
    alert = await routed(store)
    await fire(store, alert, NOON_MS)
    await store.close()
    store = await open_store()
    assert await store.escalations.due(NOON_MS + 5_000) == [alert.id]
    assert await fire(store, alert, NOON_MS + 5_000) == "bo"


async def test_steps_wait_until_push_has_heard_of_them(open_store: OpenStore) -> None:
    store = await open_store()
    alert = await routed(store)
    await fire(store, alert, NOON_MS)
    await store.close()
    store = await open_store()
    (step,) = await store.escalations.to_notify()
    assert (step.alert_id, step.user_id) == (alert.id, "ana")
    await store.escalations.notified(step)
    assert await store.escalations.to_notify() == []


async def test_an_acknowledgement_and_a_deadline_have_one_outcome(store: SqlStore) -> None:
    """They are thrown at the store at the same moment, many times over, in both orders."""
    for number in range(40):
        alert = await routed(store, f"fact-{number}")
        await fire(store, alert, NOON_MS)
        moves: list[Any] = [
            fire(store, alert, NOON_MS + 5_000),
            store.alerts.acknowledge(alert.id, by="ana", verdict=None, now_ms=NOON_MS + 5_000),
        ]
        told = (await asyncio.gather(*(moves if number % 2 else reversed(moves))))[0 if number % 2 else 1]
        after = await store.alerts.get(alert.id)
        first, *more = await store.escalations.steps(alert.id)
        assert after.state is AlertState.ACKNOWLEDGED
        if told is None:
            assert (first.outcome, more) == (Outcome.ENDED, [])
        else:
            assert (told, first.outcome, [step.outcome for step in more]) == ("bo", Outcome.NOT_RECEIVED, ["ended"])
        assert await fire(store, alert, NOON_MS + 10**6) is None


@settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    script=st.lists(
        st.tuples(
            st.sampled_from(["fire", "ack ana", "ack bo", "decline ana", "decline bo", "close", "nobody"]),
            st.sampled_from([0, 1, 4_999, 5_000, 30_000]),
        ),
        max_size=12,
    )
)
async def test_whatever_happens_the_record_is_in_order(store: SqlStore, script: list[tuple[str, int]]) -> None:
    """Any run: levels rise by one, nobody is told twice, nothing after the end, entries say what the alert is."""
    number = (await store.log.bounds()).top
    alert = await routed(store, f"fact-{number}")
    now_ms, ended_at = NOON_MS, None
    for what, passed in script:
        now_ms += passed
        verb, _, who = what.partition(" ")
        if verb in ("fire", "nobody"):
            await fire(store, alert, now_ms, THREE if verb == "fire" else Situation((), EVERYBODY))
        elif verb == "decline":
            await store.escalations.decline(alert.id, who, "", THREE, PATIENCE, now_ms=now_ms)
        elif ended_at is None:
            if verb == "ack":
                await store.alerts.acknowledge(alert.id, by=who, verdict=None, now_ms=now_ms)
            else:
                await store.alerts.close(alert.id, by="olga", now_ms=now_ms)
            ended_at = now_ms
    steps = await store.escalations.steps(alert.id)
    assert [step.level for step in steps] == list(range(len(steps)))
    people = [step.user_id for step in steps if step.user_id is not None]
    assert len(people) == len(set(people))
    if ended_at is not None:
        assert all(step.told_at_ms <= ended_at for step in steps)
        assert alert.id not in await store.escalations.due(now_ms + 10**9)
    after = await store.alerts.get(alert.id)
    assert after.escalation_level == max(0, len(steps) - 1)
    updates = [e for e in await entries(store, alert.offset) if e.kind is EntryKind.ALERT_UPDATED]
    if updates:
        assert (updates[-1].data["state"], updates[-1].data["escalation_level"]) == (
            after.state.value, after.escalation_level
        )  # fmt: skip
        assert updates[-1].audience == set(after.audience)
