"""Where a fact becomes an event: presence and policy meet the store, in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from sightline.clock import Clock
from sightline.decisions.history import HourBook
from sightline.decisions.policy import Rules, decide, subject_of
from sightline.decisions.presence import Presence
from sightline.deliveries.records import Accepted
from sightline.events.event import Decision, DecisionContext, Event
from sightline.events.fact import Fact, Identified, Unknown
from sightline.events.observation import Observation
from sightline.gateway.metrics import Metrics
from sightline.gateway.ports import Alerts
from sightline.identities.sighting import StrangerRef

__all__ = ["Intake"]

FORGET_EVERY = 1000


Recognise = Callable[[str, bytes], Awaitable[StrangerRef | None]]


async def _nobody(model_id: str, vector: bytes) -> StrangerRef | None:
    return None


class Intake:
    """Accepts facts. They are handed to the store in the order in which they arrive, but for those of unknown people,
    who may be recognised as somebody seen before."""

    def __init__(
        self, alerts: Alerts, rules: Rules, metrics: Metrics, clock: Clock, *, recognise: Recognise = _nobody
    ) -> None:
        """`recognise` answers which stranger a template of an unknown person belongs to, if anybody can say at once."""
        self._alerts = alerts
        self._recognise = recognise
        self._rules = rules
        self._metrics = metrics
        self._clock = clock
        self._presence = Presence()
        self._observed = 0
        self.hours = HourBook()
        self.on_alert: Callable[[], None] = lambda: None
        """Called when an alert was raised: it may have to be routed."""

    def observed(self, observation: Observation) -> None:
        """Keeps tracks in sight. One that carries a name is bound by it: its fact may be older than this gateway."""
        for face in observation.faces:
            if face.identity == "known" and face.person_id is not None:
                self._presence.bind(face.track_id, face.person_id, observation.camera_id, observation.timestamp)
            else:
                self._presence.seen(face.track_id, observation.camera_id, observation.timestamp)
        self.hours.observed(observation)
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
            kind=str(fact.what.__struct_config__.tag),
            camera_id=fact.camera_id,
            subject_id=subject_id,
            person_id=person_id,
            captured_at_ms=fact.timestamp,
            received_at_ms=now_ms,
            data=_recorded(fact),
            template=_template(fact),
            clip=fact.clip,
        )
        stranger = await self._stranger(fact)

        def decided(event: Event, context: DecisionContext) -> Decision:
            return decide(
                fact, context, self._rules, last_seen_ms=last_seen_ms, received_at_ms=now_ms, stranger=stranger
            )

        accepted = await self._alerts.accept(event, decided, blobs=fact.blobs, now_ms=now_ms)
        self._metrics.accept_seconds.observe(self._clock.monotonic_s() - started_s)
        if not accepted.duplicate:
            self.hours.accepted(fact)
            self._metrics.fact_age_seconds.observe(max(0, now_ms - fact.timestamp) / 1000)
            self._metrics.facts.labels(kind=event.kind, rule=accepted.rule).inc()
            if accepted.alert is not None:
                self._metrics.alerts.labels(type=accepted.alert.type.value).inc()
                self.on_alert()
        return accepted

    async def _stranger(self, fact: Fact) -> StrangerRef | None:
        match fact.what:
            case Unknown(model_id=model_id, vector=vector) if vector:
                return await self._recognise(model_id, vector)
            case _:
                return None

    def _last_seen(self, fact: Fact, subject_id: str) -> int | None:
        """When the subject was last seen elsewhere; from now on this track is theirs too."""
        if not isinstance(fact.what, Identified | Unknown):
            return None
        last_seen_ms = self._presence.last_seen(
            subject_id,
            besides_track=fact.what.track_id,
            camera_id=fact.camera_id if self._rules.per_camera else None,
        )
        self._presence.bind(fact.what.track_id, subject_id, fact.camera_id, fact.timestamp)
        return last_seen_ms


def _recorded(fact: Fact) -> dict[str, Any]:
    """The fact as it is kept with the event: samples and looks are kept in an alert's trace only, templates sealed."""
    recorded: dict[str, Any] = msgspec.to_builtins(fact.what)
    for unsealed in ("samples", "looks", "vector"):
        recorded.pop(unsealed, None)
    return recorded


def _template(fact: Fact) -> tuple[str, bytes] | None:
    """What an identification was made with."""
    match fact.what:
        case Identified(model_id=model_id, vector=vector) if vector:
            return model_id, vector
        case _:
            return None
