"""Raises the alerts that no engine reports: through the same acceptance as every fact, so that they go the same way."""

from __future__ import annotations

import secrets

from sightline.clock import Clock
from sightline.decisions import system_alerts
from sightline.deliveries.records import Accepted
from sightline.events.alert import Alert, AlertType, Severity
from sightline.events.event import Decide, Event
from sightline.exceptions import NotFound
from sightline.gateway.metrics import Metrics
from sightline.gateway.ports import Store

__all__ = ["SystemAlerts"]

NO_CAMERA = ""
"""The camera of an alert that is about none."""


class SystemAlerts:
    """Each call is one event; returns once it is on disk. `audience` are the tags of everybody who is told."""

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        clock: Clock,
        *,
        audience: tuple[str, ...],
        offline: Severity = Severity.WARNING,
    ) -> None:
        """`offline` is how loud it is that a camera is away."""
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._audience = audience
        self._offline = offline

    async def nobody_on_duty(self, reason: str) -> None:
        """Nobody is on duty, or nobody who is can be reached: one alert until that has changed."""
        await self._accept(
            system_alerts.DUTY,
            NO_CAMERA,
            lambda event, context: system_alerts.nobody_on_duty(context, self._audience, reason),
        )

    async def somebody_on_duty(self) -> None:
        """Closes what `nobody_on_duty` raised."""
        await self._accept(
            system_alerts.DUTY, NO_CAMERA, lambda event, context: system_alerts.somebody_on_duty(context)
        )

    async def of_frames(self, type: AlertType, severity: Severity, reason: str) -> None:
        """Frames that clients push cannot be analysed, or no more clients be admitted."""
        await self._accept(
            type.value,
            NO_CAMERA,
            lambda event, context: system_alerts.of_frames(context, self._audience, type, severity, reason),
        )

    async def still_offline(self) -> None:
        """Raises what a time without alerts kept quiet about cameras, where it is over and they are not back."""
        accepted = await self._store.quiet_periods.left_offline(
            lambda event, context: system_alerts.still_offline(context, self._audience, self._offline),
            now_ms=self._clock.now_ms(),
        )
        for one in accepted:
            self._count(one)

    async def test(self, *, camera_id: str | None, severity: Severity, by: str, to_responders: bool) -> Alert:
        """A test alert, as if of this camera. Raises `NotFound` when there is no such camera."""
        if camera_id is not None:
            await self._store.cameras.get(camera_id)
        accepted = await self._accept(
            system_alerts.TEST,
            camera_id if camera_id is not None else NO_CAMERA,
            lambda event, context: system_alerts.test_alert(
                context, self._audience, severity, by=by, to_responders=to_responders
            ),
        )
        if accepted.alert is None:
            raise NotFound("alert of event", accepted.event_id)
        return accepted.alert

    async def _accept(self, subject_id: str, camera_id: str, decide: Decide) -> Accepted:
        now_ms = self._clock.now_ms()
        event = Event(
            id="",
            key=f"{subject_id}-{now_ms}-{secrets.token_hex(8)}",
            kind=subject_id,
            camera_id=camera_id,
            subject_id=subject_id,
            person_id=None,
            captured_at_ms=now_ms,
            received_at_ms=now_ms,
        )
        accepted = await self._store.alerts.accept(event, decide, blobs={}, now_ms=now_ms)
        self._count(accepted)
        return accepted

    def _count(self, accepted: Accepted) -> None:
        if accepted.alert is not None:
            self._metrics.alerts.labels(type=accepted.alert.type.value).inc()
