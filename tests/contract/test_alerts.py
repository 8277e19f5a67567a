"""Facts accepted, alerts raised, taken and closed."""

from __future__ import annotations

import asyncio

import pytest

from sightline.deliveries.entry import EntryKind
from sightline.events.alert import AlertState, AlertType, Severity, Verdict
from sightline.events.event import Decision, DecisionContext, Event
from sightline.exceptions import Conflict, NotFound
from sightline.stores import SqlStore
from tests.contract.facts import (
    NOON_MS,
    OPERATORS,
    add_camera,
    alerting,
    context_of,
    draft,
    enrol,
    event,
    raise_alert,
    silent,
)


async def test_a_fact_raises_an_alert(store: SqlStore) -> None:
    person = await enrol(store)
    fact = event("k", person_id=person.id, subject_id=person.id)
    decide = alerting(similarity=0.75, reference_id="r", watch_list_id="w", why={"rule": "watch_list", "margin": 0.2})
    accepted = await store.alerts.accept(fact, decide, blobs={}, now_ms=NOON_MS + 60)
    alert = accepted.alert
    assert alert is not None
    assert (accepted.duplicate, accepted.rule, alert.event_id) == (False, "watch_list", accepted.event_id)
    assert (alert.type, alert.severity, alert.state) == (AlertType.WATCHLIST_MATCH, Severity.CRITICAL, AlertState.OPEN)
    assert (alert.camera_id, alert.subject_id, alert.person_id) == ("camera-1", person.id, person.id)
    assert (alert.similarity, alert.reference_id, alert.watch_list_id) == (0.75, "r", "w")
    assert (alert.captured_at_ms, alert.created_at_ms) == (NOON_MS, NOON_MS + 60)
    assert alert.audience == ("role:admin", "role:operator")
    assert alert.why == {"rule": "watch_list", "margin": 0.2}
    assert await store.alerts.get(alert.id) == alert


async def test_a_fact_may_raise_nothing(store: SqlStore) -> None:
    accepted = await store.alerts.accept(event("k"), silent, blobs={}, now_ms=NOON_MS)
    assert (accepted.rule, accepted.alert) == ("seen_recently", None)
    assert (await store.log.bounds()).top == 0


async def test_an_event_keeps_the_id_it_came_with(store: SqlStore) -> None:
    accepted = await store.alerts.accept(event("k", id="event-7"), silent, blobs={}, now_ms=NOON_MS)
    assert accepted.event_id == "event-7"


async def test_a_key_is_accepted_once(store: SqlStore) -> None:
    first = await store.alerts.accept(event("k"), alerting(), blobs={}, now_ms=NOON_MS)

    def never(event: Event, context: DecisionContext) -> Decision:
        raise AssertionError("a duplicate is not decided again")

    again = await store.alerts.accept(event("k", camera_id="other"), never, blobs={}, now_ms=NOON_MS + 5000)
    assert again.duplicate
    assert (again.event_id, again.rule, again.alert) == (first.event_id, first.rule, first.alert)
    assert (await store.log.bounds()).top == 1


async def test_a_key_accepted_many_times_at_once_raises_one_alert(store: SqlStore) -> None:
    calls = [store.alerts.accept(event("k"), alerting(), blobs={}, now_ms=NOON_MS) for _ in range(20)]
    accepted = await asyncio.gather(*calls)
    assert sorted(outcome.duplicate for outcome in accepted) == [False] + [True] * 19
    assert len({outcome.event_id for outcome in accepted}) == 1
    assert (await store.log.bounds()).top == 1


async def test_a_decision_that_fails_leaves_nothing(store: SqlStore) -> None:
    def fails(event: Event, context: DecisionContext) -> Decision:
        raise ZeroDivisionError("a fault in the rules")

    with pytest.raises(ZeroDivisionError):
        await store.alerts.accept(event("k"), fails, blobs={}, now_ms=NOON_MS)
    accepted = await store.alerts.accept(event("k"), alerting(), blobs={}, now_ms=NOON_MS)
    assert not accepted.duplicate


async def test_a_decision_is_shown_what_the_store_knows(store: SqlStore) -> None:
    context = await context_of(store, "k")
    assert context == DecisionContext(False, False, False, (), None, None, None, ())


async def test_a_decision_is_shown_camera_person_and_lists(store: SqlStore) -> None:
    person, camera = await enrol(store), await add_camera(store, alert_unknown=True)
    ids = {}
    for name, enabled in (("Wanted", True), ("Banned", True), ("Asleep", False), ("Others", True)):
        made = await store.watch_lists.create(name=name, severity=Severity.ERROR, enabled=enabled, now_ms=1)
        ids[name] = made.id
    for name in ("Wanted", "Banned", "Asleep"):
        await store.watch_lists.add_person(ids[name], person.id)
    context = await context_of(store, "k", camera_id=camera.id, person_id=person.id, subject_id=person.id)
    assert (context.camera_known, context.camera_alerts_unknown, context.person_known) == (True, True, True)
    assert context.watch_lists == (
        (ids["Banned"], "Banned", Severity.ERROR),
        (ids["Wanted"], "Wanted", Severity.ERROR),
    )


async def test_a_decision_is_shown_when_the_subject_was_last_seen_and_alerted(store: SqlStore) -> None:
    await raise_alert(store, "1", captured_at_ms=1000)
    await raise_alert(store, "2", captured_at_ms=3000, camera_id="camera-2")
    await store.alerts.accept(event("3", captured_at_ms=4000), silent, blobs={}, now_ms=NOON_MS)
    await store.alerts.accept(event("late", captured_at_ms=500), silent, blobs={}, now_ms=NOON_MS)
    await raise_alert(store, "4", captured_at_ms=9000, subject_id="stranger-2")
    context = await context_of(store, "k")
    assert (context.last_event_at_ms, context.last_alert_at_ms, context.last_alert_here_at_ms) == (4000, 3000, 1000)


async def test_a_decision_is_shown_the_alerts_that_are_not_over_here(store: SqlStore) -> None:
    opened = await raise_alert(store, "1")
    taken = await raise_alert(store, "2", captured_at_ms=NOON_MS + 1)
    closed = await raise_alert(store, "3")
    await raise_alert(store, "4", camera_id="camera-2")
    await raise_alert(store, "5", subject_id="stranger-2")
    await store.alerts.acknowledge(taken.id, by="u", verdict=None, now_ms=NOON_MS)
    await store.alerts.close(closed.id, by="u", now_ms=NOON_MS)
    assert set((await context_of(store, "k")).open_alert_ids) == {opened.id, taken.id}


async def test_a_decision_closes_alerts_whose_cause_is_gone(store: SqlStore) -> None:
    opened, taken, closed = [await raise_alert(store, key) for key in ("1", "2", "3")]
    await store.alerts.acknowledge(taken.id, by="grace", verdict=None, now_ms=NOON_MS + 70)
    await store.alerts.close(closed.id, by="ada", now_ms=NOON_MS + 80)
    top = (await store.log.bounds()).top

    def back(event: Event, context: DecisionContext) -> Decision:
        return Decision("camera_back", close=(opened.id, taken.id, closed.id, "never-was"))

    await store.alerts.accept(event("4"), back, blobs={}, now_ms=NOON_MS + 90)
    found = await store.alerts.get_many([opened.id, taken.id, closed.id])
    assert {alert.state for alert in found.values()} == {AlertState.CLOSED}
    assert (found[opened.id].by, found[opened.id].at_ms) == (None, NOON_MS + 90)
    assert (found[taken.id].by, found[taken.id].at_ms) == ("grace", NOON_MS + 70)
    assert {entry.alert_id for entry in await store.log.page(top, 10)} == {opened.id, taken.id}


async def test_a_decision_is_shown_the_newest_of_a_flood(store: SqlStore) -> None:
    raised = [await raise_alert(store, str(n), captured_at_ms=NOON_MS + n) for n in range(30)]
    shown = (await context_of(store, "k")).open_alert_ids
    assert 0 < len(shown) < 30
    assert set(shown) == {alert.id for alert in raised[-len(shown) :]}


async def test_a_fact_about_nobody_known_is_kept_without_the_link(store: SqlStore) -> None:
    accepted = await store.alerts.accept(
        event("k", person_id="gone", subject_id="gone", data={"person_id": "gone"}),
        alerting(),
        blobs={},
        now_ms=NOON_MS,
    )
    assert accepted.alert is not None
    assert (accepted.alert.person_id, accepted.alert.subject_id) == (None, "erased")


async def test_the_first_to_take_an_alert_has_it(store: SqlStore) -> None:
    alert = await raise_alert(store, "k")
    first = await store.alerts.acknowledge(alert.id, by="grace", verdict=None, now_ms=NOON_MS + 100)
    second = await store.alerts.acknowledge(alert.id, by="ada", verdict=Verdict.REJECTED, now_ms=NOON_MS + 200)
    assert first.first and not second.first
    assert second.alert == first.alert == await store.alerts.get(alert.id)
    assert (second.alert.by, second.alert.at_ms, second.alert.verdict) == ("grace", NOON_MS + 100, None)
    assert second.alert.state is AlertState.ACKNOWLEDGED
    assert (await store.log.bounds()).top == 2


async def test_of_many_at_once_one_is_first(store: SqlStore) -> None:
    alert = await raise_alert(store, "k")
    outcomes = await asyncio.gather(
        *(store.alerts.acknowledge(alert.id, by=f"u{n}", verdict=None, now_ms=NOON_MS) for n in range(20))
    )
    assert sum(outcome.first for outcome in outcomes) == 1
    assert len({outcome.alert.by for outcome in outcomes}) == 1


async def test_who_took_it_may_change_the_verdict(store: SqlStore) -> None:
    alert = await raise_alert(store, "k")
    await store.alerts.acknowledge(alert.id, by="grace", verdict=None, now_ms=NOON_MS + 100)
    for verdict in (Verdict.CONFIRMED, Verdict.REJECTED):
        changed = await store.alerts.acknowledge(alert.id, by="grace", verdict=verdict, now_ms=NOON_MS + 200)
        assert (changed.first, changed.alert.verdict, changed.alert.at_ms) == (False, verdict, NOON_MS + 100)
        assert await store.alerts.get(alert.id) == changed.alert
    top = (await store.log.bounds()).top
    unchanged = await store.alerts.acknowledge(alert.id, by="grace", verdict=Verdict.REJECTED, now_ms=NOON_MS + 300)
    without = await store.alerts.acknowledge(alert.id, by="grace", verdict=None, now_ms=NOON_MS + 300)
    assert unchanged.alert.verdict is without.alert.verdict is Verdict.REJECTED
    assert (await store.log.bounds()).top == top == 4


async def test_every_change_is_told_to_everybody_who_was_told_before(store: SqlStore) -> None:
    alert = await raise_alert(store, "k")
    await store.alerts.acknowledge(alert.id, by="grace", verdict=Verdict.CONFIRMED, now_ms=NOON_MS + 100)
    await store.alerts.close(alert.id, by="ada", now_ms=NOON_MS + 200)
    triggered, taken, closed = await store.log.page(0, 10)
    assert (triggered.kind, triggered.data) == (EntryKind.ALERT_TRIGGERED, {})
    assert triggered.offset == alert.offset
    assert taken.kind is closed.kind is EntryKind.ALERT_UPDATED
    assert {entry.alert_id for entry in (triggered, taken, closed)} == {alert.id}
    assert {entry.audience for entry in (triggered, taken, closed)} == {frozenset({"role:operator", "role:admin"})}
    assert taken.data == {
        "state": "acknowledged", "escalation_level": 0, "by": "grace", "at": NOON_MS + 100, "verdict": "confirmed",
    }  # fmt: skip
    assert closed.data == {**taken.data, "state": "closed"}
    assert [entry.at_ms for entry in (triggered, taken, closed)] == [NOON_MS + 60, NOON_MS + 100, NOON_MS + 200]


async def test_who_closes_what_nobody_took_is_named(store: SqlStore) -> None:
    alert = await raise_alert(store, "k")
    closed = await store.alerts.close(alert.id, by="ada", now_ms=NOON_MS + 200)
    assert (closed.state, closed.by, closed.at_ms) == (AlertState.CLOSED, "ada", NOON_MS + 200)
    assert await store.alerts.get(alert.id) == closed


async def test_an_alert_is_closed_once(store: SqlStore) -> None:
    alert = await raise_alert(store, "k")
    await store.alerts.close(alert.id, by="ada", now_ms=NOON_MS)
    with pytest.raises(Conflict, match="closed cannot become closed"):
        await store.alerts.close(alert.id, by="ada", now_ms=NOON_MS)


async def test_a_taken_alert_that_was_closed_still_says_who_took_it(store: SqlStore) -> None:
    alert = await raise_alert(store, "k")
    await store.alerts.acknowledge(alert.id, by="grace", verdict=None, now_ms=NOON_MS + 100)
    await store.alerts.close(alert.id, by="ada", now_ms=NOON_MS + 200)
    late = await store.alerts.acknowledge(alert.id, by="bob", verdict=None, now_ms=NOON_MS + 300)
    assert (late.first, late.alert.by, late.alert.state) == (False, "grace", AlertState.CLOSED)
    judged = await store.alerts.acknowledge(alert.id, by="grace", verdict=Verdict.CONFIRMED, now_ms=NOON_MS + 400)
    assert (judged.alert.verdict, judged.alert.state) == (Verdict.CONFIRMED, AlertState.CLOSED)


async def test_an_alert_that_ended_untaken_cannot_be_taken(store: SqlStore) -> None:
    alert = await raise_alert(store, "1")
    await store.alerts.accept(
        event("2"), lambda event, context: Decision("camera_back", close=(alert.id,)), blobs={}, now_ms=NOON_MS
    )
    with pytest.raises(Conflict, match="closed cannot become acknowledged"):
        await store.alerts.acknowledge(alert.id, by="grace", verdict=None, now_ms=NOON_MS)


async def test_unknown_alerts(store: SqlStore) -> None:
    for call in (
        store.alerts.get("x"), store.alerts.close("x", by="u", now_ms=1),
        store.alerts.acknowledge("x", by="u", verdict=None, now_ms=1),
    ):  # fmt: skip
        with pytest.raises(NotFound) as raised:
            await call
        assert (raised.value.kind, raised.value.id) == ("alert", "x")


async def test_many_alerts_by_id(store: SqlStore) -> None:
    alerts = [await raise_alert(store, str(n)) for n in range(3)]
    wanted = [alerts[2].id, alerts[0].id, "never-was"]
    assert await store.alerts.get_many(wanted) == {alerts[0].id: alerts[0], alerts[2].id: alerts[2]}
    assert await store.alerts.get_many([]) == {}


async def test_alerts_are_listed_newest_first_in_pages(store: SqlStore) -> None:
    alerts = [await raise_alert(store, str(n)) for n in range(5)]
    page = await store.alerts.list(tags=OPERATORS, limit=2)
    assert page == [alerts[4], alerts[3]]
    assert await store.alerts.list(tags=OPERATORS, limit=2, before=page[-1].offset) == [alerts[2], alerts[1]]
    assert await store.alerts.list(tags=OPERATORS, before=alerts[0].offset) == []


async def test_alerts_are_listed_to_those_they_are_addressed_to(store: SqlStore) -> None:
    mine = await store.alerts.accept(event("1"), alerting(audience=("user:7",)), blobs={}, now_ms=1)
    await store.alerts.accept(event("2"), alerting(audience=("user:8",)), blobs={}, now_ms=1)
    both = await store.alerts.accept(event("3"), alerting(audience=("user:7", "user:8")), blobs={}, now_ms=1)
    await store.alerts.accept(event("4"), alerting(audience=()), blobs={}, now_ms=1)
    found = await store.alerts.list(tags=frozenset({"user:7", "role:none"}))
    assert found == [both.alert, mine.alert]
    assert await store.alerts.list(tags=frozenset()) == []


async def test_alerts_are_listed_by_state_person_and_camera(store: SqlStore) -> None:
    person = await enrol(store)
    theirs = await raise_alert(store, "1", person_id=person.id, subject_id=person.id)
    elsewhere = await raise_alert(store, "2", camera_id="camera-2")
    taken = await raise_alert(store, "3", camera_id="camera-3")
    await store.alerts.acknowledge(taken.id, by="u", verdict=None, now_ms=1)

    async def ids(**asked: object) -> list[str]:
        return [alert.id for alert in await store.alerts.list(tags=OPERATORS, **asked)]  # type: ignore[arg-type]

    assert await ids(person_id=person.id) == [theirs.id]
    assert await ids(camera_id="camera-2") == [elsewhere.id]
    assert await ids(states=[AlertState.ACKNOWLEDGED]) == [taken.id]
    assert await ids(states=[AlertState.OPEN]) == [elsewhere.id, theirs.id]
    assert await ids(states=[]) == []


async def test_a_snapshot_has_the_open_alerts_of_ones_own(store: SqlStore) -> None:
    alerts = [await raise_alert(store, str(n)) for n in range(3)]
    await store.alerts.accept(event("other"), alerting(audience=("user:8",)), blobs={}, now_ms=1)
    await store.alerts.acknowledge(alerts[1].id, by="u", verdict=None, now_ms=1)
    snapshot = await store.alerts.snapshot(OPERATORS)
    assert snapshot.alerts == [alerts[0], alerts[2]]
    assert snapshot.bounds == await store.log.bounds()
    assert snapshot.bounds.top == 5


async def test_an_alert_tells_each_audience_once(store: SqlStore) -> None:
    accepted = await store.alerts.accept(
        event("k"), lambda event, context: Decision("r", draft(audience=("a", "b", "a"))), blobs={}, now_ms=1
    )
    assert accepted.alert is not None
    assert accepted.alert.audience == ("a", "b")
