"""Works off what is due: tells the next responder, asks push and outside channels, watches that somebody is on duty.

Everything it has to do is in rows (a due time, a step that push has not heard of, a count that grew), so a gateway that
is killed leaves nothing undone, and of two gateways each row is worked off by one. In memory is only when to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

import structlog

from sightline.accounts import Right, Role, User, require
from sightline.clock import Clock
from sightline.deliveries.audience import tags_of
from sightline.deliveries.escalation import Patience, TellReason
from sightline.deliveries.records import Step
from sightline.deliveries.routing import Situation
from sightline.events.alert import Alert, AlertState
from sightline.exceptions import Conflict, NotFound, SightlineError
from sightline.gateway.delivery.rest import rest_s
from sightline.gateway.directory import Directory
from sightline.gateway.metrics import Metrics
from sightline.gateway.ports import Store
from sightline.gateway.routing.responders import Responders
from sightline.gateway.system_alerts import SystemAlerts

__all__ = ["Channels", "Escalator"]

LONGEST_WAIT_S = 1.0
"""A timer of another gateway, which may have been killed since, is found after this long."""
RETRY_S = 1.0
WATCH_S = 10.0
FLOOD_MS = 1_000
"""The count of a flood is told at most this often."""

RESPONDERS = f"role:{Role.RESPONDER.value}"

log = structlog.get_logger(__name__)


class Channels(Protocol):
    """Ways to people that need no open connection. Each call keeps the message and returns; delivery goes on by itself.

    A call may come twice for one step, after a crash: the alert's `escalation_level` says which step it is.
    """

    async def push_user(self, user_id: str, alert: Alert) -> None:
        """Wakes the devices of one user."""

    async def outside(self, alert: Alert) -> None:
        """Tells the outside channels: mail, messengers, webhooks."""

    async def reachable(self) -> frozenset[str]:
        """The users who have a device that push wakes up."""


async def _alone(chore: str, for_s: float) -> bool:
    return True


class Escalator:
    """The one worker of a gateway. `poke` it when something became due before its time."""

    def __init__(
        self, store: Store, directory: Directory, responders: Responders, system_alerts: SystemAlerts,
        channels: Channels, metrics: Metrics, clock: Clock, *, patience: Patience, restart_grace_s: float,
        claim: Callable[[str, float], Awaitable[bool]] = _alone,
    ) -> None:  # fmt: skip
        """`claim`: whether this gateway is the one to do what one does for all."""
        self._store = store
        self._directory = directory
        self._responders = responders
        self._system_alerts = system_alerts
        self._channels = channels
        self._metrics = metrics
        self._clock = clock
        self._patience = patience
        self._restart_grace_s = restart_grace_s
        self._claim = claim
        self._poked = asyncio.Event()
        self._warned: bool | None = None
        self._watch_due_s = 0.0

    def poke(self) -> None:
        """Something may be due now."""
        self._poked.set()

    async def run(self) -> None:
        """Works until cancelled. First it waits a moment: who was connected before the start must be able to come back,
        or every timer that ran out meanwhile would find nobody."""
        await asyncio.sleep(self._restart_grace_s)
        while True:
            self._poked.clear()
            began_s = self._clock.monotonic_s()
            try:
                wait_s = await self._work()
            except SightlineError as problem:  # the store is full, overloaded or broken: the rows stay due
                log.error("escalation_not_done", problem=str(problem), again_in_s=RETRY_S)
                wait_s = RETRY_S
            except Exception:  # a fault of ours must not end for good what people rely on to be called
                log.exception("escalation_broke", again_in_s=RETRY_S)
                wait_s = RETRY_S
            pause_s = rest_s(self._clock.monotonic_s() - began_s)
            await asyncio.sleep(pause_s)
            if wait_s > pause_s:
                await self._wait(wait_s - pause_s)

    async def decline(self, user: User, alert_id: str, reason: str) -> dict[str, Any]:
        """A person cannot take an alert: the data of `recorded`. Raises `Forbidden`, `NotFound`."""
        require(user, Right.HANDLE_ALERTS)
        alert = await self._store.alerts.get(alert_id)
        if not tags_of(user).intersection(alert.audience):
            raise NotFound("alert", alert_id)
        situation = await self._responders.situation()
        alert, step = await self._store.escalations.decline(
            alert_id, user.id, reason, situation, self._patience, now_ms=self._clock.now_ms()
        )
        if step is not None:
            self._told(step)
        self.poke()
        by = await self._directory.users.find(alert.by)
        return {
            "alert_id": alert.id,
            "state": alert.state.value,
            "by": by.name if by else None,
            "at": alert.at_ms,
            "verdict": alert.verdict.value if alert.verdict else None,
            "declined": True,
        }

    async def _wait(self, longest_s: float) -> None:
        try:
            async with asyncio.timeout(longest_s):
                await self._poked.wait()
        except TimeoutError:
            pass

    async def _work(self) -> float:
        """Everything that is due; returns in how many seconds something else is."""
        now_ms = self._clock.now_ms()
        due = await self._store.escalations.due(now_ms)
        fired = await self._fire(due) if due else True
        await self._notify()
        await self._store.floods.tell(not_since_ms=now_ms - FLOOD_MS, now_ms=now_ms)
        if self._clock.monotonic_s() >= self._watch_due_s:
            self._watch_due_s = self._clock.monotonic_s() + WATCH_S
            if await self._claim("duty watch", 2 * WATCH_S):
                await self._watch_duty()
                await self._system_alerts.still_offline()
        next_ms = await self._store.escalations.next_due_ms()
        if next_ms is None or not fired:
            return LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, max(0, next_ms - self._clock.now_ms()) / 1000)

    async def _fire(self, due: list[str]) -> bool:
        """Whether every one was dealt with, here or elsewhere; the others stay due, and hold up nobody else."""
        situation = await self._responders.situation()
        fired = True
        for alert_id in due:
            try:
                step = await self._store.escalations.fire(
                    alert_id, situation, self._patience, now_ms=self._clock.now_ms()
                )
            except Conflict:
                log.debug("escalation_moved_elsewhere", alert=alert_id)
                continue
            except Exception:  # whatever is wrong with one alert, it must not hold up the others
                log.exception("escalation_step_not_done", alert=alert_id)
                fired = False
                continue
            if step is None:
                continue
            self._told(step)
            if step.reason == TellReason.NOBODY_ON_DUTY.value:
                await self._nobody(situation)
        return fired

    async def _notify(self) -> None:
        """Asks push and outside channels for every step that they have not heard of."""
        for step in await self._store.escalations.to_notify():
            try:
                alert = await self._store.alerts.get(step.alert_id)
                if alert.state is AlertState.OPEN:
                    await self._notify_of(step, replace(alert, escalation_level=step.level))
                await self._store.escalations.notified(step)
            except Exception:  # its row stays, and the others' must not wait for it
                log.exception("step_not_notified", alert=step.alert_id, level=step.level)

    async def _notify_of(self, step: Step, alert: Alert) -> None:
        if step.user_id is not None:
            await self._channels.push_user(step.user_id, alert)
            return
        told_now = frozenset(alert.audience)
        if step.level == 0:  # the others were pushed to when the alert was raised, a moment ago
            told_now &= {RESPONDERS}
        for user_id in await self._responders.reached_by_push(told_now):
            await self._channels.push_user(user_id, alert)
        if step.outside:
            await self._channels.outside(alert)

    async def _watch_duty(self) -> None:
        """Warns when nobody is on duty, where duty is kept at all, and takes the warning back."""
        if not await self._store.duty.in_use():
            return
        on_duty = any(state.duty.on for state in await self._responders.states())
        if not on_duty:
            await self._nobody(None)
        elif self._warned is not False and (await self._responders.situation()).responders:
            await self._system_alerts.somebody_on_duty()
            self._warned = False

    async def _nobody(self, situation: Situation | None) -> None:
        """Once a lapse; `situation` when an alert found nobody, who may be on duty and out of reach."""
        if self._warned:
            return
        reason = TellReason.NOBODY_ON_DUTY.value
        if situation is not None and any(state.duty.on for state in await self._responders.states()):
            reason = "nobody_reachable"
        await self._system_alerts.nobody_on_duty(reason)
        self._warned = True
        log.warning("nobody_on_duty", reason=reason)

    def _told(self, step: Step) -> None:
        self._metrics.escalation_steps.labels(reason=step.reason).inc()
        log.info("escalated", alert=step.alert_id, level=step.level, user=step.user_id, reason=step.reason)
