"""Prometheus metrics of what is told to those who are not connected."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from sightline.clock import Clock
from sightline.deliveries.notice import Backlog

__all__ = ["NotifierMetrics"]


class NotifierMetrics:
    """By kind of channel: sent, failed attempts, given up; and what waits, in all."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._clock = clock
        self._oldest_ms: int | None = None
        self.sent = Counter(
            "sightline_notifications_sent", "Notifications that arrived at their service", ["kind"], registry=registry
        )
        self.failed = Counter(
            "sightline_notification_failures", "Attempts to notify that failed", ["kind"], registry=registry
        )
        self.dead = Counter(
            "sightline_notifications_given_up", "Notifications put into the dead letters", ["kind"], registry=registry
        )
        self.waiting = Gauge(
            "sightline_notifications_waiting", "Notifications that are still to be sent", registry=registry
        )
        self.dead_letters = Gauge(
            "sightline_dead_letters", "Notifications that wait for a person to decide", registry=registry
        )
        oldest = Gauge(
            "sightline_oldest_notification_seconds",
            "For how long the oldest notification that is still to be sent has waited",
            registry=registry,
        )
        oldest.set_function(self._age_s)

    def saw(self, backlog: Backlog) -> None:
        """What waits now."""
        self.waiting.set(backlog.waiting)
        self.dead_letters.set(backlog.dead)
        self._oldest_ms = backlog.oldest_ms

    def _age_s(self) -> float:
        return 0.0 if self._oldest_ms is None else max(0, self._clock.now_ms() - self._oldest_ms) / 1000
