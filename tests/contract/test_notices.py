"""Who is to be told of an alert, and the outbox until they were: rows, claims, retries, dead letters."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from sightline.accounts import Role, User
from sightline.deliveries.channel import Channel, ChannelKind, NoticeEvent, PushSubscription
from sightline.deliveries.escalation import Patience
from sightline.deliveries.notice import Backlog, Notice, Standing
from sightline.deliveries.routing import Responder, Situation
from sightline.events.alert import Alert, Severity
from sightline.exceptions import Conflict, NotFound
from sightline.stores import SqlStore
from sightline.stores.push_subscriptions import MAX_DEVICES
from tests.contract.conftest import OpenStore
from tests.contract.facts import NOON_MS, add_camera, alerting, event, raise_alert

ENDPOINT = "https://push.example.org/send/s3cret"
LEASE_MS = 25_000


async def user(store: SqlStore, name: str = "olga", role: Role = Role.OPERATOR) -> User:
    return await store.users.create(name=name, role=role, password_hash="!", now_ms=NOON_MS)


async def subscribe(store: SqlStore, user: User, device: str = "phone", endpoint: str = "") -> PushSubscription:
    return await store.push_subscriptions.put(
        user_id=user.id, device=device, endpoint=endpoint or f"{ENDPOINT}/{user.name}/{device}", p256dh="point-s3cret",
        auth="auth-s3cret", now_ms=NOON_MS,
    )  # fmt: skip


async def add_channel(store: SqlStore, name: str = "Guards", **changed: Any) -> Channel:
    values: dict[str, Any] = {
        "kind": ChannelKind.WEBHOOK, "address": "https://hooks.example.org/s3cret", "secret": "whsec-s3cret",
        "events": (NoticeEvent.ALERT_TRIGGERED, NoticeEvent.ALERT_UNANSWERED), "min_severity": Severity.WARNING,
        "enabled": True, "now_ms": NOON_MS,
    }  # fmt: skip
    return await store.channels.create(name=name, **(values | changed))


async def due(store: SqlStore, now_ms: int = NOON_MS + 10**6, *busy: str) -> list[Notice]:
    return await store.notices.due(now_ms=now_ms, busy=busy, limit=100)


async def claimed(store: SqlStore, notice: Notice, now_ms: int = NOON_MS + 100) -> Notice:
    found = await store.notices.claim(notice, now_ms=now_ms, lease_ms=LEASE_MS)
    assert found is not None
    return found


async def one_notice(store: SqlStore) -> tuple[Alert, Notice]:
    await add_channel(store)
    alert = await raise_alert(store, "1")
    (notice,) = await due(store)
    return alert, notice


# ── who is told ──


async def test_a_new_alert_is_pushed_to_whom_it_is_addressed(store: SqlStore) -> None:
    olga, viktor = await user(store), await user(store, "viktor", Role.VIEWER)
    desk, phone = await subscribe(store, olga, "desk"), await subscribe(store, olga, "phone")
    await subscribe(store, viktor)
    alert = await raise_alert(store, "1")
    notices = await due(store)
    assert {notice.target_id for notice in notices} == {desk.id, phone.id}
    for notice in notices:
        assert (notice.kind, notice.alert_id, notice.event) == (
            ChannelKind.WEB_PUSH, alert.id, NoticeEvent.ALERT_TRIGGERED
        )  # fmt: skip
        assert (notice.attempts, notice.problem, notice.dead_at_ms) == (0, "", None)
        assert notice.due_at_ms == notice.created_at_ms == alert.created_at_ms


async def test_nobody_is_told_of_an_account_that_is_disabled(store: SqlStore) -> None:
    olga = await user(store)
    await subscribe(store, olga)
    await store.users.update(olga.id, disabled=True)
    await raise_alert(store, "1")
    assert await due(store) == []


async def test_channels_choose_by_event_and_severity(store: SqlStore) -> None:
    wants = await add_channel(store, "wants")
    await add_channel(store, "disabled", enabled=False)
    await add_channel(store, "other event", events=(NoticeEvent.ALERT_UPDATED,))
    loud = await add_channel(store, "loud", kind=ChannelKind.APPRISE, secret=None, min_severity=Severity.CRITICAL)
    await raise_alert(store, "1")
    assert {(notice.target_id, notice.kind) for notice in await due(store)} == {
        (wants.id, ChannelKind.WEBHOOK), (loud.id, ChannelKind.APPRISE)
    }  # fmt: skip


async def test_a_channel_may_follow_an_alert(store: SqlStore) -> None:
    follows = await add_channel(store, events=(NoticeEvent.ALERT_UPDATED,))
    alert = await raise_alert(store, "1")
    assert await due(store) == []
    await store.alerts.acknowledge(alert.id, by="olga", verdict=None, now_ms=NOON_MS + 1000)
    await store.alerts.close(alert.id, by="olga", now_ms=NOON_MS + 2000)
    notices = await due(store)
    assert [(notice.target_id, notice.event) for notice in notices] == [(follows.id, NoticeEvent.ALERT_UPDATED)] * 2


async def test_a_channel_that_follows_an_alert_hears_each_step_of_its_escalation(store: SqlStore) -> None:
    follows = await add_channel(store, events=(NoticeEvent.ALERT_UPDATED,))
    camera = await add_camera(store)
    accepted = await store.alerts.accept(
        event("1", camera_id=camera.id), alerting(routed=True, audience=("role:operator",)), blobs={}, now_ms=NOON_MS
    )
    assert accepted.alert is not None
    patience = Patience(receipt_ms=1000, acknowledge_ms=1000)
    for level in (1, 2):
        nobody = Situation((), ("role:responder",))
        ana = Situation((Responder("ana", None, tags=frozenset({"user:ana"})),), ("role:responder",))
        await store.escalations.fire(
            accepted.alert.id, ana if level == 1 else nobody, patience, now_ms=NOON_MS + 5000 * level
        )
        assert [notice.target_id for notice in await due(store) if notice.event is NoticeEvent.ALERT_UPDATED] == (
            [follows.id] * level
        )


async def test_an_alert_that_was_raised_before_is_told_once(store: SqlStore) -> None:
    await add_channel(store)
    await raise_alert(store, "1")
    await raise_alert(store, "1")
    assert len(await due(store)) == 1


async def test_escalation_pushes_once_a_level(store: SqlStore) -> None:
    olga = await user(store)
    await subscribe(store, olga)
    alert = await raise_alert(store, "1")
    for level in (0, 0, 1, 1):
        told = dataclasses.replace(alert, escalation_level=level)
        await store.notices.push_user(olga.id, told, now_ms=NOON_MS + 1000)
    assert len(await due(store)) == 2
    assert await store.push_subscriptions.users() == {olga.id}
    await store.notices.push_user("nobody", alert, now_ms=NOON_MS)
    assert len(await due(store)) == 2


async def test_an_unanswered_alert_is_told_to_those_who_want_to_know(store: SqlStore) -> None:
    knows = await add_channel(store, events=(NoticeEvent.ALERT_UNANSWERED,))
    await add_channel(store, "too quiet for it", events=(NoticeEvent.ALERT_TRIGGERED,))
    alert = await raise_alert(store, "1")
    for _ in range(2):
        await store.notices.outside(alert, now_ms=NOON_MS + 1000)
    notices = [notice for notice in await due(store) if notice.event is NoticeEvent.ALERT_UNANSWERED]
    assert [notice.target_id for notice in notices] == [knows.id]


# ── the outbox ──


async def test_of_many_who_claim_one_has_it(store: SqlStore) -> None:
    _, notice = await one_notice(store)
    claims = await asyncio.gather(
        *(store.notices.claim(notice, now_ms=NOON_MS + 100, lease_ms=LEASE_MS) for _ in range(8))
    )
    (won,) = [claim for claim in claims if claim is not None]
    assert won.attempts == 1
    assert await due(store, NOON_MS + 100) == []


async def test_what_was_being_sent_is_due_again_after_the_lease(open_store: OpenStore) -> None:
    store = await open_store()
    _, notice = await one_notice(store)
    await claimed(store, notice, NOON_MS + 100)
    await store.close()
    store = await open_store()
    assert await due(store, NOON_MS + 100 + LEASE_MS - 1) == []
    (again,) = await due(store, NOON_MS + 100 + LEASE_MS)
    assert (again.id, again.attempts) == (notice.id, 1)


async def test_a_claim_before_the_time_is_no_claim(store: SqlStore) -> None:
    _, notice = await one_notice(store)
    assert notice.due_at_ms is not None
    assert await store.notices.claim(notice, now_ms=notice.due_at_ms - 1, lease_ms=LEASE_MS) is None


async def test_busy_targets_are_left_out(store: SqlStore) -> None:
    _, notice = await one_notice(store)
    assert await due(store, NOON_MS + 1000, notice.target_id) == []
    assert await due(store, NOON_MS + 1000, "another") == [notice]


async def test_sent_means_gone(store: SqlStore) -> None:
    _, notice = await one_notice(store)
    await store.notices.done(await claimed(store, notice))
    assert await store.notices.backlog() == Backlog(0, None, 0, None)


async def test_tried_again_later(store: SqlStore) -> None:
    _, notice = await one_notice(store)
    await store.notices.again(await claimed(store, notice), due_at_ms=NOON_MS + 5000, problem="the server answered 500")
    assert await due(store, NOON_MS + 4999) == []
    (later,) = await due(store, NOON_MS + 5000)
    assert (later.attempts, later.problem) == (1, "the server answered 500")
    assert await store.notices.backlog() == Backlog(1, notice.created_at_ms, 0, NOON_MS + 5000)


async def test_an_attempt_that_lost_its_lease_decides_nothing(store: SqlStore) -> None:
    _, notice = await one_notice(store)
    slow = await claimed(store, notice, NOON_MS + 100)
    newer = await claimed(store, slow, NOON_MS + 100 + LEASE_MS)
    await store.notices.done(slow)
    await store.notices.bury(slow, now_ms=NOON_MS, problem="late")
    await store.notices.again(slow, due_at_ms=0, problem="late")
    assert await store.notices.backlog() == Backlog(1, notice.created_at_ms, 0, newer.due_at_ms)


async def test_dead_letters_are_listed_retried_and_dropped(store: SqlStore) -> None:
    await add_channel(store)
    for number in range(3):
        await raise_alert(store, str(number))
    for number, notice in enumerate(await due(store)):
        await store.notices.bury(await claimed(store, notice), now_ms=NOON_MS + number, problem="gave up")
    third, second, first = await store.notices.dead(limit=10)
    assert await store.notices.dead(limit=1, offset=1) == [second]
    assert (first.dead_at_ms, first.due_at_ms, first.problem) == (NOON_MS, None, "gave up")
    assert await due(store) == []
    assert (await store.notices.backlog()).dead == 3

    await store.notices.revive(first.id, now_ms=NOON_MS + 9000)
    (again,) = await due(store)
    assert (again.id, again.attempts, again.due_at_ms, again.dead_at_ms) == (first.id, 0, NOON_MS + 9000, None)
    await store.notices.drop(second.id)
    assert await store.notices.dead(limit=10) == [third]
    for absent in (first.id, second.id, "nothing"):
        with pytest.raises(NotFound):
            await store.notices.drop(absent)
        with pytest.raises(NotFound):
            await store.notices.revive(absent, now_ms=NOON_MS)


async def test_old_dead_letters_are_forgotten_and_nothing_else(store: SqlStore) -> None:
    _, notice = await one_notice(store)
    await store.notices.bury(await claimed(store, notice), now_ms=NOON_MS, problem="gave up")
    await raise_alert(store, "2")
    assert await store.notices.prune(NOON_MS) == 0
    assert await store.notices.prune(NOON_MS + 1) == 1
    assert (await store.notices.backlog()).waiting == 1


# ── targets ──


async def test_what_reaches_a_device_is_sealed_and_comes_back_whole(
    store: SqlStore, kept: Callable[[], list[bytes]]
) -> None:
    olga = await user(store)
    subscription = await subscribe(store, olga)
    channel = await add_channel(store)
    assert await store.push_subscriptions.get(subscription.id) == subscription
    assert await store.channels.get(channel.id) == channel
    await store.close()
    files = kept()
    assert any(subscription.id.encode() in content for content in files)
    assert not any(b"s3cret" in content for content in files)


async def test_a_device_subscribes_anew_and_an_endpoint_changes_hands(store: SqlStore) -> None:
    olga, viktor = await user(store), await user(store, "viktor")
    await subscribe(store, olga, "desk", ENDPOINT)
    newer = await subscribe(store, olga, "desk", f"{ENDPOINT}/2")
    assert await store.push_subscriptions.of_user(olga.id) == [newer]
    shared = await subscribe(store, viktor, "desk", f"{ENDPOINT}/2")
    assert await store.push_subscriptions.of_user(olga.id) == []
    assert await store.push_subscriptions.of_user(viktor.id) == [shared]


async def test_a_user_has_so_many_devices(store: SqlStore) -> None:
    olga = await user(store)
    made = [await subscribe(store, olga, f"device {number}") for number in range(MAX_DEVICES + 2)]
    kept = await store.push_subscriptions.of_user(olga.id)
    assert len(kept) == MAX_DEVICES
    assert made[-1] in kept


async def test_nobody_subscribes_for_nobody(store: SqlStore) -> None:
    nobody = User("nobody", "nobody", Role.VIEWER, "", False, 0, 0)
    with pytest.raises(NotFound):
        await subscribe(store, nobody)


@pytest.mark.parametrize("how", ["unsubscribed", "gone", "account removed", "subscribed anew"])
async def test_with_a_subscription_goes_what_waits_for_it(store: SqlStore, how: str) -> None:
    await user(store, "other", Role.ADMIN)
    olga = await user(store)
    subscription = await subscribe(store, olga)
    await raise_alert(store, "1")
    assert len(await due(store)) == 1
    if how == "unsubscribed":
        await store.push_subscriptions.remove_device(olga.id, "phone")
    elif how == "gone":
        await store.push_subscriptions.remove(subscription.id)
        await store.push_subscriptions.remove(subscription.id)
    elif how == "account removed":
        await store.users.delete(olga.id)
    else:
        await subscribe(store, olga)
    assert await due(store) == []
    with pytest.raises(NotFound):
        await store.push_subscriptions.get(subscription.id)


async def test_a_device_without_a_subscription(store: SqlStore) -> None:
    olga = await user(store)
    with pytest.raises(NotFound):
        await store.push_subscriptions.remove_device(olga.id, "phone")


async def test_channels_are_made_changed_and_removed(store: SqlStore) -> None:
    guards, police = await add_channel(store, "guards"), await add_channel(store, "Police")
    assert await store.channels.list() == [guards, police]
    changed = dataclasses.replace(guards, name="Patrol", secret="another", enabled=False, events=())
    assert await store.channels.replace(changed) == changed
    assert await store.channels.get(guards.id) == changed
    with pytest.raises(Conflict):
        await add_channel(store, "PATROL")
    with pytest.raises(Conflict):
        await store.channels.replace(dataclasses.replace(police, name="patrol"))
    await raise_alert(store, "1")
    assert [notice.target_id for notice in await due(store)] == [police.id]
    await store.channels.delete(police.id)
    assert await due(store) == []
    for call in (store.channels.get(police.id), store.channels.delete(police.id), store.channels.replace(police)):
        with pytest.raises(NotFound):
            await call


async def test_how_each_target_does(store: SqlStore) -> None:
    assert await store.notices.standings() == {}
    alert, first = await one_notice(store)
    channel = first.target_id
    assert await store.notices.standings() == {channel: Standing(1, first.created_at_ms, 0, "")}
    await store.notices.again(await claimed(store, first), due_at_ms=NOON_MS + 10**6, problem="no answer")
    assert (await store.notices.standings())[channel].problem == "no answer"
    await raise_alert(store, "2")
    (second,) = [notice for notice in await due(store) if notice.id != first.id]
    await store.notices.bury(await claimed(store, second), now_ms=NOON_MS + 5, problem="the server answered 400")
    standing = (await store.notices.standings())[channel]
    assert standing == Standing(1, first.created_at_ms, 1, "the server answered 400")
