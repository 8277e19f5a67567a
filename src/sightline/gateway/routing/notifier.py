"""The one worker that tells everybody who is not connected: push subscriptions, webhooks, Apprise.

What is to be told are rows (`stores/notices.py`), written with the alert itself. The worker takes those that are due,
claims each by compare-and-set, sends it, and puts down what came of it: gone when it was sent, due again later, or dead
until a person decides. Killed at any moment, it loses nothing; what it was sending is due again after the lease.

Bounds: `MAX_IN_FLIGHT` notices at a time, `MAX_OF_TARGET` of one target, so that a target that never answers holds up
nobody else. Everything over them waits on disk.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from sightline.accounts import Right
from sightline.clock import Clock
from sightline.deliveries.channel import Channel, ChannelKind, PushSubscription
from sightline.deliveries.notice import Attempt, Notice, Outcome
from sightline.deliveries.notification import Notification, notification, trial
from sightline.deliveries.retry import RetrySchedule
from sightline.events.alert import Alert, AlertState
from sightline.exceptions import NotFound, SightlineError
from sightline.gateway.delivery.rest import rest_s
from sightline.gateway.delivery.views import AlertViews
from sightline.gateway.ports import Store
from sightline.gateway.routing.notifier_metrics import NotifierMetrics

__all__ = ["ChannelSender", "Notifier", "PushSender", "Senders", "Wording"]

MAX_IN_FLIGHT = 32
MAX_OF_TARGET = 2
IDLE_S = 5.0
"""How often the worker looks without being told to: for what another gateway left, or what a lease gave back."""

LEASE_MARGIN_MS = 5_000
PRUNE_EVERY_MS = 3_600_000
DAY_MS = 86_400_000

log = structlog.get_logger(__name__)


class PushSender(Protocol):
    """Web push."""

    @property
    def public_key(self) -> str: ...

    def check(self, endpoint: str, p256dh: str, auth: str) -> None:
        """Raises `ConfigurationError` for what no browser gives."""

    async def send(self, subscription: PushSubscription, notification: Notification, *, now_ms: int) -> Attempt: ...


class ChannelSender(Protocol):
    """One kind of outside channel."""

    async def check(self, address: str) -> None:
        """Raises `ConfigurationError` for an address that cannot be one of this kind."""

    async def send(self, channel: Channel, notification: Notification, *, now_ms: int) -> Attempt: ...


@dataclass(frozen=True, slots=True)
class Senders:
    """Who sends what; an attempt of any of them is over after `timeout_s`."""

    push: PushSender
    channels: Mapping[ChannelKind, ChannelSender]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Wording:
    """Whether people are named outside of the console, and where the console is seen from outside, if known."""

    with_names: bool
    public_url: str | None


class Notifier:
    """Runs until cancelled (`run`); everything else may be called at any time, before it runs as well."""

    def __init__(
        self,
        store: Store,
        views: AlertViews,
        senders: Senders,
        clock: Clock,
        metrics: NotifierMetrics,
        *,
        schedule: RetrySchedule,
        wording: Wording,
        retention_days: int,
    ) -> None:
        self.senders = senders
        self._store = store
        self._views = views
        self._clock = clock
        self._metrics = metrics
        self._schedule = schedule
        self._wording = wording
        self._retention_ms = retention_days * DAY_MS
        self._lease_ms = int(senders.timeout_s * 1000) + LEASE_MARGIN_MS
        self._awake = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self._of_target: Counter[str] = Counter()
        self._prune_at_ms = 0

    # ── what others ask for ─────────────────────────────────────────────────────────────────────────────────────────

    def wake(self) -> None:
        """There may be something to send."""
        self._awake.set()

    async def push_user(self, user_id: str, alert: Alert) -> None:
        """Puts an alert on its way to every device of a user, once for each level of its escalation. Returns when that
        is on disk. Somebody without a device is no error."""
        await self._store.notices.push_user(user_id, alert, now_ms=self._clock.now_ms())
        self.wake()

    async def outside(self, alert: Alert) -> None:
        """Puts an alert that nobody has taken in time on its way to the outside channels. Returns when that is on
        disk."""
        await self._store.notices.outside(alert, now_ms=self._clock.now_ms())
        self.wake()

    async def reachable(self) -> frozenset[str]:
        """The users who have a device that push wakes up."""
        return await self._store.push_subscriptions.users()

    async def try_channel(self, channel: Channel) -> Attempt:
        """Sends a message that says it is a test, at once and once, and tells what came of it."""
        said = trial(secrets.token_hex(16), now_ms=self._clock.now_ms(), public_url=self._wording.public_url)
        return await self._send_to_channel(channel, said)

    # ── the worker ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Sends until cancelled. A store that refuses is tried again: the notices stay where they are."""
        try:
            while True:
                self._awake.clear()
                began_s = self._clock.monotonic_s()
                try:
                    pause_s = await self._round()
                except SightlineError as problem:
                    log.error("notices_not_read", problem=str(problem))
                    pause_s = IDLE_S
                await asyncio.sleep(rest_s(self._clock.monotonic_s() - began_s))
                try:
                    async with asyncio.timeout(pause_s):
                        await self._awake.wait()
                except TimeoutError:
                    continue
        finally:
            for task in self._flying:
                task.cancel()
            await asyncio.gather(*self._flying, return_exceptions=True)

    async def _round(self) -> float:
        """Starts everything that is due and for which there is room; how long nothing else will be."""
        while await self._start_some():
            pass
        now_ms = self._clock.now_ms()
        if now_ms >= self._prune_at_ms:
            await self._store.notices.prune(now_ms - self._retention_ms)
            self._prune_at_ms = now_ms + PRUNE_EVERY_MS
        backlog = await self._store.notices.backlog()
        self._metrics.saw(backlog)
        if backlog.next_due_ms is None or (backlog.next_due_ms <= now_ms and self._flying):
            return IDLE_S  # one that is due now has no room: whoever makes room wakes us
        return min(IDLE_S, max(backlog.next_due_ms - now_ms, 10) / 1000)

    async def _start_some(self) -> bool:
        """Whether anything was started, so that there may be more."""
        room = MAX_IN_FLIGHT - len(self._flying)
        if room <= 0:
            return False
        now_ms = self._clock.now_ms()
        busy = [target for target, count in self._of_target.items() if count >= MAX_OF_TARGET]
        due = await self._store.notices.due(now_ms=now_ms, busy=busy, limit=room)
        chosen = []
        coming: Counter[str] = Counter()
        for notice in due:
            if self._of_target[notice.target_id] + coming[notice.target_id] < MAX_OF_TARGET:
                coming[notice.target_id] += 1
                chosen.append(notice)
        claims = (self._store.notices.claim(notice, now_ms=now_ms, lease_ms=self._lease_ms) for notice in chosen)
        claimed = [notice for notice in await asyncio.gather(*claims) if notice is not None]
        for notice in claimed:
            self._of_target[notice.target_id] += 1
            task = asyncio.create_task(self._deliver(notice), name=f"notice {notice.id}")
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        return bool(claimed)

    async def _deliver(self, notice: Notice) -> None:
        try:
            await self._settle(notice, await self._attempt(notice))
        except SightlineError as problem:  # the store refuses: the lease brings the notice back
            log.error("notice_not_settled", notice=notice.id, problem=str(problem))
        except Exception as error:  # noqa: BLE001 - a fault of ours must be seen; its text may hold an address
            log.critical("notice_broke", notice=notice.id, problem=type(error).__name__)
        finally:
            self._of_target[notice.target_id] -= 1
            self._of_target += Counter()  # forgets those at nought
            self.wake()

    async def _attempt(self, notice: Notice) -> Attempt:
        if notice.attempts > self._schedule.tries:
            return Attempt(Outcome.REFUSED, "the server ended each time while it was sending this")
        alert = (await self._store.alerts.get_many([notice.alert_id])).get(notice.alert_id)
        if alert is None:
            return Attempt(Outcome.NOT_WANTED)
        try:
            if notice.kind is ChannelKind.WEB_PUSH:
                return await self._push(notice, alert)
            channel = await self._store.channels.get(notice.target_id)
        except NotFound:
            return Attempt(Outcome.NOT_WANTED)
        if not channel.enabled:
            return Attempt(Outcome.NOT_WANTED)
        return await self._send_to_channel(channel, await self._said(notice, alert))

    async def _push(self, notice: Notice, alert: Alert) -> Attempt:
        """A phone is not woken for what somebody has taken meanwhile."""
        subscription = await self._store.push_subscriptions.get(notice.target_id)
        user = await self._store.users.get(subscription.user_id)
        if alert.state is not AlertState.OPEN or not user.may(Right.SEE_ALERTS):
            return Attempt(Outcome.NOT_WANTED)
        said = await self._said(notice, alert)
        return await self.senders.push.send(subscription, said, now_ms=self._clock.now_ms())

    async def _send_to_channel(self, channel: Channel, said: Notification) -> Attempt:
        try:
            return await self.senders.channels[channel.kind].send(channel, said, now_ms=self._clock.now_ms())
        except Exception as error:  # noqa: BLE001 - behind a channel stand a hundred foreign plugins: any may break
            log.warning("channel_broke", channel=channel.id, problem=type(error).__name__)
            return Attempt(Outcome.TRY_AGAIN, f"the sender broke ({type(error).__name__})")

    async def _said(self, notice: Notice, alert: Alert) -> Notification:
        return notification(
            notice.id,
            notice.event,
            await self._views.alert(alert),
            with_names=self._wording.with_names,
            public_url=self._wording.public_url,
        )

    async def _settle(self, notice: Notice, attempt: Attempt) -> None:
        now_ms = self._clock.now_ms()
        match attempt.outcome:
            case Outcome.SENT:
                self._metrics.sent.labels(kind=notice.kind.value).inc()
                await self._store.notices.done(notice)
            case Outcome.NOT_WANTED:
                await self._store.notices.done(notice)
            case Outcome.TARGET_GONE:
                self._metrics.failed.labels(kind=notice.kind.value).inc()
                log.info("push_subscription_gone", subscription=notice.target_id)
                await self._store.push_subscriptions.remove(notice.target_id)
            case Outcome.REFUSED:
                await self._bury(notice, attempt, now_ms)
            case Outcome.TRY_AGAIN:
                wait_ms = self._schedule.wait_ms(notice.attempts, random.random(), asked_ms=attempt.retry_after_ms)
                if wait_ms is None:
                    await self._bury(notice, attempt, now_ms)
                    return
                self._metrics.failed.labels(kind=notice.kind.value).inc()
                await self._store.notices.again(notice, due_at_ms=now_ms + wait_ms, problem=attempt.problem)

    async def _bury(self, notice: Notice, attempt: Attempt, now_ms: int) -> None:
        self._metrics.failed.labels(kind=notice.kind.value).inc()
        self._metrics.dead.labels(kind=notice.kind.value).inc()
        log.warning("notice_given_up", notice=notice.id, kind=notice.kind.value, problem=attempt.problem)
        await self._store.notices.bury(notice, now_ms=now_ms, problem=attempt.problem)
