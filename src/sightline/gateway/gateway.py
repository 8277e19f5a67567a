"""What one gateway consists of, and the few operations that both REST and WebSocket offer."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sightline.accounts import Right, User, require
from sightline.cameras import CameraStatus
from sightline.clock import Clock
from sightline.decisions.history import HourBook
from sightline.deliveries.audience import tags_of
from sightline.deliveries.rates import Rates, parse_rates
from sightline.events.alert import Alert, Verdict
from sightline.events.scene import CameraView
from sightline.exceptions import Forbidden, NotFound
from sightline.gateway.auth import Passwords, SignInThrottle, Tokens
from sightline.gateway.camera_states import SWITCHED_OFF
from sightline.gateway.changes import Changes
from sightline.gateway.cluster.cluster import Cluster
from sightline.gateway.cluster.live_exchange import LiveExchange
from sightline.gateway.cluster.siblings import Siblings
from sightline.gateway.delivery.cursors import Cursors
from sightline.gateway.delivery.ranks import Ranks
from sightline.gateway.delivery.shared_pages import SharedPages
from sightline.gateway.delivery.tail import Tail
from sightline.gateway.delivery.views import AlertViews
from sightline.gateway.dialects.admission import Admission
from sightline.gateway.dialects.field_desk import FieldDesk
from sightline.gateway.dialects.foreign_engines import ForeignEngines
from sightline.gateway.dialects.tickets import TicketDesk
from sightline.gateway.directory import Directory
from sightline.gateway.engines.engine_pool import EnginePool, PoolPlan
from sightline.gateway.engines.engines import Engines
from sightline.gateway.engines.model_desk import ModelDesk
from sightline.gateway.hub import Hub
from sightline.gateway.loop_lag import LoopLag
from sightline.gateway.metrics import Metrics
from sightline.gateway.past.past import Past
from sightline.gateway.past.sighting_ports import Searcher
from sightline.gateway.ports import Analyst, Store
from sightline.gateway.pushed.analyses import Analyses
from sightline.gateway.pushed.pushed_frames import PushedFrames
from sightline.gateway.routing.escalation import Escalator
from sightline.gateway.routing.notifier import Notifier
from sightline.gateway.routing.responders import Responders
from sightline.gateway.system_alerts import SystemAlerts
from sightline.gateway.video.footage import FootageDesk
from sightline.gateway.video.streams import Streams
from sightline.gateway.workstations.action_log import ActionLog
from sightline.gateway.workstations.capacity import Capacity
from sightline.gateway.workstations.signal_monitor import SignalMonitor
from sightline.gateway.workstations.signals import MemoryBoard, SignalBoard
from sightline.gateway.workstations.workstation_desk import WorkstationDesk
from sightline.handed import FIRST
from sightline.settings import Settings

__all__ = ["Gateway", "Ticking"]


class Ticking(Protocol):
    """Something with deadlines."""

    def tick(self, now_ms: int) -> None:
        """Time has passed."""


@dataclass(slots=True)
class Gateway:
    """The parts, made once by `app.create_app` and handed to every router and dialect."""

    settings: Settings
    clock: Clock
    store: Store
    tokens: Tokens
    passwords: Passwords
    directory: Directory
    views: AlertViews
    hub: Hub
    engines: Engines
    streams: Streams
    foreign_engines: ForeignEngines
    past: Past
    searcher: Searcher
    analyst: Analyst
    cluster: Cluster
    live: LiveExchange
    native_tail: Tail
    anomaly_tail: Tail
    metrics: Metrics
    loop_lag: LoopLag
    notifier: Notifier
    responders: Responders
    escalator: Escalator
    system_alerts: SystemAlerts
    model_desk: ModelDesk
    frames: PushedFrames
    analyses: Analyses
    hours: HourBook
    default_view: CameraView
    version: str
    started_at_ms: int
    capacity: Capacity
    local_token: str | None = None
    node: str = ""
    """What tells this gateway's own engines from those of other gateways, also after a start: host and port."""
    siblings: Siblings | None = None
    """The other gateways behind the same address, where there are any."""
    pool: EnginePool | None = None
    board: SignalBoard = field(default_factory=MemoryBoard)
    throttle: SignInThrottle = field(default_factory=SignInThrottle)
    tickers: set[Ticking] = field(default_factory=set)
    tickets: TicketDesk = field(init=False)
    changes: Changes = field(init=False)
    admission: Admission = field(init=False)
    field_desk: FieldDesk = field(init=False)
    cursors: Cursors = field(init=False)
    native_pages: SharedPages = field(init=False)
    native_ranks: Ranks = field(init=False)
    workstations: WorkstationDesk = field(init=False)
    signals: SignalMonitor = field(init=False)
    action_log: ActionLog = field(init=False)
    footage: FootageDesk = field(init=False)

    def __post_init__(self) -> None:
        self.admission = Admission(
            per_address=self.settings.max_connections_per_address,
            per_user=self.settings.max_connections_per_user,
            per_second=self.settings.new_connections_per_second,
        )
        self.tickets = TicketDesk(self.store.cluster, self.clock)
        self.changes = Changes(self)
        self.hub.on_broadcast = self.changes.broadcast
        self.hub.on_leave = self.changes.client_left
        self.cluster.on_bulletin = self.changes.heard
        self.cluster.on_top = self.log_grew
        self.cluster.on_peers = self.engines.peers_changed
        self.cursors = Cursors(self.store.log, self.clock)
        self.field_desk = FieldDesk(self.store, self.directory, self.hub, self.metrics)
        self.workstations = WorkstationDesk(self.settings, self.capacity)
        self.signals = SignalMonitor(
            self.board, self.store, self.directory, self.engines, self.workstations, self.capacity, self.metrics,
            self.clock,
        )  # fmt: skip
        self.action_log = ActionLog(self.store, self.analyst)
        self.footage = FootageDesk(self.engines)
        self.native_pages = SharedPages(self.native_tail)
        self.native_ranks = Ranks(self.native_pages, self.hub, self.metrics)
        self.hub.prepare = self.native_pages.prepare
        self.hub.on_round = self.metrics.fanout_seconds.observe

    @property
    def is_first(self) -> bool:
        """Whether this is the one of its address that has the engines, and what goes with them."""
        return self.siblings is None or self.siblings.number == FIRST

    def start_engines_by(self, plan: PoolPlan) -> EnginePool:
        """The pool of this server's own engines, which is still to be run."""
        pool = EnginePool(
            plan, self.engines, self.frames.desk.assignment, self.capacity,
            lambda: len(self.workstations.seats) + self.frames.connections, self.metrics, self.clock,
        )  # fmt: skip
        self.pool = self.capacity.own = pool
        self.workstations.on_entered = pool.poke
        self.frames.desk.engine_is_coming = pool.is_coming
        return pool

    def rates(self) -> Rates:
        """The message rates of one more connection."""
        return Rates(parse_rates(self.settings.message_rates))

    def is_full(self) -> bool:
        """Whether there are as many WebSocket connections of clients as the settings allow."""
        return len(self.tickers) >= self.settings.max_connections

    async def is_current(self, user: User) -> bool:
        """Whether the account is still what it was when `user` was read."""
        try:
            now = await self.store.users.get(user.id)
        except NotFound:
            return False
        return not now.disabled and now.token_version == user.token_version

    @staticmethod
    def bearer(headers: Mapping[str, str]) -> str | None:
        """The token of an `Authorization: Bearer` header."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    def is_owner(self, token: str) -> bool:
        """Whether this is the token of the installation's owner, which lies in the home folder."""
        return self.local_token is not None and hmac.compare_digest(token.encode(), self.local_token.encode())

    def has_token(self, headers: Mapping[str, str]) -> bool:
        """Whether a token comes with these headers that this gateway made; whom it still speaks for is not asked."""
        token = self.bearer(headers)
        if token is None:
            return False
        try:
            return self.is_owner(token) or bool(self.tokens.read(token))
        except Forbidden:
            return False

    def token_name(self, engine_id: str) -> str:
        """The name to which the token of an engine that this gateway starts is bound: every gateway has a `local`."""
        return f"{engine_id}@{self.node}" if self.cluster.is_shared else engine_id

    def own_name(self, token_name: str) -> str:
        """The name of the engine whose token is bound to this name."""
        return token_name.removesuffix(f"@{self.node}")

    def log_grew(self, top: int) -> None:
        """The log reaches up to here, whichever gateway wrote it."""
        self.hub.committed(top)

    def alerts_raised(self, alerts: Sequence[Alert]) -> None:
        """These were committed now: what is sent of them need not be read. Called before the hub hears of it."""
        for tail in (self.native_tail, self.anomaly_tail, self.field_desk.tail):
            tail.expect(alerts)

    async def take_alert(self, user: User, alert_id: str, verdict: Verdict | None) -> dict[str, Any]:
        """A person takes an alert: the data of `recorded`. Raises `Forbidden`, `NotFound`, `Conflict`."""
        require(user, Right.HANDLE_ALERTS)
        alert = await self.store.alerts.get(alert_id)
        if not tags_of(user).intersection(alert.audience):
            raise NotFound("alert", alert_id)
        outcome = await self.store.alerts.acknowledge(alert_id, by=user.id, verdict=verdict, now_ms=self.clock.now_ms())
        taken = outcome.alert
        by = await self.directory.users.find(taken.by)
        if outcome.first:
            self.metrics.acknowledged.inc()
        return {
            "alert_id": taken.id,
            "state": taken.state.value,
            "by": by.name if by else None,
            "at": taken.at_ms,
            "verdict": taken.verdict.value if taken.verdict else None,
            "first": outcome.first,
        }

    def camera_status(self, camera_id: str, *, enabled: bool) -> CameraStatus:
        """A camera's state as the engine that reads it says."""
        if not enabled:
            return SWITCHED_OFF
        return self.engines.status_of(camera_id)

    async def camera_states(self) -> dict[str, Any]:
        """The data of `bulk_status_update`."""
        cameras = []
        for camera in await self.store.cameras.list():
            status = self.camera_status(camera.id, enabled=camera.enabled)
            cameras.append(
                {
                    "camera_id": camera.id,
                    "status": status.state.value,
                    "reason": status.reason,
                    "timestamp": status.since_ms,
                }
            )
        return {"cameras": cameras}
