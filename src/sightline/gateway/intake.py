"""Where a fact becomes an event: presence and policy meet the store, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from sightline.clock import Clock
from sightline.decisions.policy import Rules, decide, subject_of
from sightline.decisions.presence import Presence
from sightline.deliveries.records import Accepted
from sightline.events.engine_link import Fact, Identified, Observation, Reported, SourceState, Unknown
from sightline.events.event import Decision, DecisionContext, Event
from sightline.gateway.metrics import Metrics
from sightline.gateway.ports import Alerts

__all__ = ["Intake"]

FORGET_EVERY = 1000


class Intake:
    """Accepts facts. Facts are handed to the store in the order in which they arrive."""

    def __init__(self, alerts: Alerts, rules: Rules, metrics: Metrics, clock: Clock) -> None:
        self._alerts = alerts
        self._rules = rules
        self._metrics = metrics
        self._clock = clock
        self._presence = Presence()
        self._observed = 0
        self.on_alert: Callable[[], None] = lambda: None
        """Called when an alert was raised: it may have to be routed."""

    def observed(self, observation: Observation) -> None:
        """Keeps tracks in sight. One that carries a name is bound by it: its fact may be older than this gateway."""
        for face in observation.faces:
            if face.identity == "known" and face.person_id is not None:
                self._presence.bind(face.track_id, face.person_id, observation.camera_id, observation.timestamp)
            else:
                self._presence.seen(face.track_id, observation.camera_id, observation.timestamp)
        self._observed += 1
        if self._observed % FORGET_EVERY == 0:
            self._presence.forget(self._clock.now_ms())

    async def accept(self, fact: Fact) -> Accepted:
        """Records the fact and what follows from it; returns once that is on disk. Raises `Unavailable`."""
        now_ms = self._clock.now_ms()
        started_s = self._clock.monotonic_s()
        subject_id, person_id = subject_of(fact)
        last_seen_ms = self._last_seen(fact, subject_id)
        event = Event(
            id="",
            key=fact.key,
            kind=_kind(fact),
            camera_id=fact.camera_id,
            subject_id=subject_id,
            person_id=person_id,
            captured_at_ms=fact.timestamp,
            received_at_ms=now_ms,
            data=_recorded(fact),
        )

        def decided(event: Event, context: DecisionContext) -> Decision:
            return decide(fact, context, self._rules, last_seen_ms=last_seen_ms, received_at_ms=now_ms)

        accepted = await self._alerts.accept(event, decided, blobs=fact.blobs, now_ms=now_ms)
        self._metrics.accept_seconds.observe(self._clock.monotonic_s() - started_s)
        if not accepted.duplicate:
            self._metrics.fact_age_seconds.observe(max(0, now_ms - fact.timestamp) / 1000)
            self._metrics.facts.labels(kind=event.kind, rule=accepted.rule).inc()
            if accepted.alert is not None:
                self._metrics.alerts.labels(type=accepted.alert.type.value).inc()
                self.on_alert()
        return accepted

    def _last_seen(self, fact: Fact, subject_id: str) -> int | None:
        """When the subject was last seen elsewhere; from now on this track is theirs too."""
        if isinstance(fact.what, SourceState | Reported):
            return None
        last_seen_ms = self._presence.last_seen(
            subject_id,
            besides_track=fact.what.track_id,
            camera_id=fact.camera_id if self._rules.per_camera else None,
        )
        self._presence.bind(fact.what.track_id, subject_id, fact.camera_id, fact.timestamp)
        return last_seen_ms


def _recorded(fact: Fact) -> dict[str, Any]:
    """The fact as it is kept with the event; the samples are kept with an alert's trace only."""
    recorded: dict[str, Any] = msgspec.to_builtins(fact.what)
    recorded.pop("samples", None)
    return recorded


def _kind(fact: Fact) -> str:
    match fact.what:
        case Identified():
            return "identified"
        case Unknown():
            return "unknown"
        case SourceState():
            return "source_state"
        case Reported():
            return "reported"
