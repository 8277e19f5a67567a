"""Prometheus metrics of one gateway, in a registry of their own so that two gateways can live in one test."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from sightline.gateway.loop_lag import BUCKETS_S

__all__ = ["Metrics"]

LATENCY_BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)

VERDICT_BUCKETS_S = tuple(0.001 * 1.5**step for step in range(26))
"""From 1 ms to 25 s."""

DROP_REASONS = ("replaced", "echo_replaced", "frame_replaced", "rate_limited", "no_phone", "skipped")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

ENGINE_FIGURES = {
    "load": "Share of an engine's workers that are busy, 0 to 1",
    "cameras": "Cameras that an engine reads",
    "capacity": "Cameras that an engine reads at most",
    "spool_facts": "Facts that wait on an engine's disk",
    "clock_offset_seconds": "What must be added to an engine's clock to have the gateway's",
    "resident_bytes": "Memory of an engine's process",
    "device_used_bytes": "Memory in use of an engine's device",
    "device_total_bytes": "Memory of an engine's device",
}


class Metrics:
    """What operators watch. Names start with `sightline_`; units are in the name."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.request_seconds = Histogram(
            "sightline_http_request_seconds",
            "From a request's arrival to the head of its answer; WebSockets are no requests",
            ["method", "status"],
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.facts = Counter("sightline_facts", "Facts accepted from engines", ["kind", "rule"], registry=self.registry)
        self.alerts = Counter("sightline_alerts", "Alerts raised", ["type"], registry=self.registry)
        self.observations = Counter("sightline_observations", "Observations from engines", registry=self.registry)
        self.pushed_frame_seconds = Histogram(
            "sightline_pushed_frame_seconds",
            "Analysis of a frame that a client pushed, in the engine",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.camera_frame_seconds = Histogram(
            "sightline_camera_frame_seconds",
            "Analysis of a camera's frame, in the engine",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.pictures = Counter("sightline_pictures", "Live pictures from engines", registry=self.registry)
        self.clients = Gauge("sightline_clients", "Connected clients", registry=self.registry)
        self.escalation_steps = Counter(
            "sightline_escalation_steps", "Steps of escalations", ["reason"], registry=self.registry
        )
        self.engines = Gauge("sightline_engines", "Connected engines", registry=self.registry)
        self.pipelines = Gauge(
            "sightline_pipelines", "Engines, by whether they run or are being started", ["state"],
            registry=self.registry,
        )  # fmt: skip
        self.verdict_seconds = Histogram(
            "sightline_verdict_seconds",
            "What an answered picture of a workstation spent its time on, and `total`, from its arrival to the verdict",
            ["stage"],
            buckets=VERDICT_BUCKETS_S,
            registry=self.registry,
        )
        self.workstations = Gauge("sightline_workstations", "Workstations that send pictures", registry=self.registry)
        self.workstation_capacity = Gauge(
            "sightline_workstation_capacity", "Workstations there is room for", registry=self.registry
        )
        self._engine_gauges = {
            name: Gauge(f"sightline_engine_{name}", help, ["engine"], registry=self.registry)
            for name, help in ENGINE_FIGURES.items()
        }
        self.log_top = Gauge("sightline_log_offset", "Highest offset of the alert log", registry=self.registry)
        self.accept_seconds = Histogram(
            "sightline_fact_accept_seconds",
            "From a fact's arrival to its commit",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.fact_age_seconds = Histogram(
            "sightline_fact_age_seconds",
            "From the capture of a fact's frame to its arrival",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        deliveries = Counter(
            "sightline_deliveries",
            "Log entries by how far they came: written to a connection, received by a device, taken by a person",
            ["state"],
            registry=self.registry,
        )
        self.sent, self.received, self.acknowledged = (
            deliveries.labels(state=state) for state in ("sent", "received", "acknowledged")
        )
        self.written = 0
        """Entries written since they were last added to `sent`: adding costs a good part of what writing does."""
        self.dropped = Counter(
            "sightline_drops",
            "What was not sent or not read, by reason; an alert never is",
            ["reason"],
            registry=self.registry,
        )
        for reason in DROP_REASONS:
            self.dropped.labels(reason=reason)  # shown as 0 before there is one
        self.messages = Counter("sightline_messages", "Messages from clients", registry=self.registry)
        self.oldest_undelivered_seconds = Gauge(
            "sightline_oldest_undelivered_alert_seconds",
            "For how long the connected client that is furthest behind has not confirmed an alert",
            registry=self.registry,
        )
        self.fanout_seconds = Histogram(
            "sightline_fanout_seconds",
            "From an alert's commit to its having been written to every connection that takes it",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.loop_lag_seconds = Histogram(
            "sightline_event_loop_lag_seconds",
            "By how much the event loop woke late",
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def answered(self, method: str, status: int, seconds: float) -> None:
        """A request was answered. A client may invent methods: those are one."""
        known = method if method in METHODS else "other"
        self.request_seconds.labels(method=known, status=status).observe(seconds)

    def engine_figures(self, engine_id: str, values: Mapping[str, float | None]) -> None:
        """What is known of an engine now, by the end of the metric's name; of what is `None` nothing is said."""
        for name, value in values.items():
            if value is not None:
                self._engine_gauges[name].labels(engine=engine_id).set(value)

    def forget_engines(self) -> None:
        """Says nothing of any engine until `engine_figures` does: one that is gone has no figures."""
        for gauge in self._engine_gauges.values():
            gauge.clear()

    @property
    def frames(self) -> int:
        """Frames of cameras, and frames that clients pushed, that were analysed since the start."""
        counted = {
            sample.name: sample.value
            for metric in (self.observations, self.pushed_frame_seconds)
            for family in metric.collect()
            for sample in family.samples
        }
        return int(counted["sightline_observations_total"] + counted["sightline_pushed_frame_seconds_count"])

    @property
    def heard(self) -> int:
        """Messages of clients since the start."""
        (family,) = self.messages.collect()
        return int(next(sample.value for sample in family.samples if sample.name == "sightline_messages_total"))

    def exposition(self) -> bytes:
        """The text format that Prometheus scrapes."""
        written, self.written = self.written, 0
        self.sent.inc(written)
        return generate_latest(self.registry)
