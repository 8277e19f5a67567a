"""Assembles a gateway into one ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from sightline.clock import Clock
from sightline.decisions.levels import parse_alert_levels
from sightline.decisions.policy import Rules
from sightline.deliveries.escalation import Patience
from sightline.deliveries.rendition import parse_renditions
from sightline.deliveries.retry import RetrySchedule
from sightline.events.alert import AlertType
from sightline.events.lease import LEASE_MS
from sightline.events.scene import CameraView, CrowdWatch, Liveness, Scene
from sightline.exceptions import (
    ConfigurationError,
    Conflict,
    Forbidden,
    ImageError,
    NotFound,
    SightlineError,
    SourceError,
    Unavailable,
)
from sightline.gateway.auth import Passwords, Tokens
from sightline.gateway.cluster.cluster import Cluster
from sightline.gateway.cluster.cluster_ports import LiveRelay
from sightline.gateway.cluster.live_exchange import LiveExchange, NoRelay
from sightline.gateway.cluster.presence import join_cluster
from sightline.gateway.cluster.siblings import Siblings, mark_of
from sightline.gateway.delivery.tail import Tail
from sightline.gateway.delivery.views import AlertViews
from sightline.gateway.dialects.dialect_ports import DialectPorts
from sightline.gateway.dialects.foreign_engines import ForeignEngines
from sightline.gateway.dialects.socketio_server import PATH, SocketIo
from sightline.gateway.directory import Directory
from sightline.gateway.engines.engine_analyst import EngineAnalyst
from sightline.gateway.engines.engine_examining import EngineExamining
from sightline.gateway.engines.engines import Engines
from sightline.gateway.engines.model_desk import ModelDesk
from sightline.gateway.engines.shared_leases import SharedLeases
from sightline.gateway.gateway import Gateway
from sightline.gateway.hub import Hub
from sightline.gateway.intake import Intake
from sightline.gateway.keeping_history import keep_history
from sightline.gateway.loop_lag import LoopLag
from sightline.gateway.metrics import Metrics
from sightline.gateway.past.past import Past
from sightline.gateway.past.sighting_ports import Searcher
from sightline.gateway.ports import Analyst, Store
from sightline.gateway.pushed.analyses import Analyses, AnalysisShelf, Examining
from sightline.gateway.pushed.frame_desk import FrameDesk
from sightline.gateway.pushed.pushed_frames import PushedFrames
from sightline.gateway.retention import keep_retention
from sightline.gateway.routing.escalation import Escalator
from sightline.gateway.routing.notifier import Notifier, Senders, Wording
from sightline.gateway.routing.notifier_metrics import NotifierMetrics
from sightline.gateway.routing.responders import Responders
from sightline.gateway.system_alerts import SystemAlerts
from sightline.gateway.video.held_sessions import HeldSessions
from sightline.gateway.video.live_viewers import LiveViewers
from sightline.gateway.video.streams import Streams
from sightline.gateway.video.viewers import Viewers
from sightline.gateway.web.console import Console, console_folder
from sightline.gateway.web.guards import BodyLimit, OriginGuard, RequestLog, SecurityHeaders
from sightline.gateway.web.hand_over import HandOver
from sightline.gateway.web.proxies import ClientAddress
from sightline.gateway.web.routers import (
    alerts,
    analyses,
    camera_views,
    cameras,
    channels,
    detect,
    duty,
    engines,
    escalations,
    footage,
    history,
    identify,
    models,
    negatives,
    people,
    push,
    seeds,
    siblings,
    sightings,
    sign_in,
    snoozes,
    sockets,
    strangers,
    streams,
    system,
    tickets,
    tokens,
    users,
    watch_lists,
    webrtc,
    workstations,
)
from sightline.gateway.web.routers.sockets import MAX_BLOB_BYTES
from sightline.gateway.workstations.capacity import Capacity
from sightline.gateway.workstations.pipeline_choice import PipelineChoice
from sightline.gateway.workstations.signals import MemoryBoard, SignalBoard
from sightline.handed import FIRST
from sightline.listeners import parse_listeners
from sightline.settings import Settings

__all__ = ["create_app", "create_gateway", "keep_ticking"]

log = structlog.get_logger(__name__)

TICK_S = 1.0
TICKED_AT_ONCE = 64
"""Of thousands of connections at a stretch: everything else waits meanwhile."""
MAX_BODY_BYTES = 1024 * 1024
MAX_UPLOAD_BYTES = 256 * 1024 * 1024
UPLOADS = re.compile(r"/api/identify|/api/detect|/api/search|/api/people/[^/]+/references")
"""Where photographs are sent to: large bodies are read for somebody who is signed in, and for nobody else."""

STATUS = {
    NotFound: 404,
    Conflict: 409,
    Forbidden: 403,
    ImageError: 422,
    SourceError: 422,
    ConfigurationError: 422,
    Unavailable: 503,
}


def create_gateway(
    *,
    settings: Settings,
    clock: Clock,
    store: Store,
    senders: Senders,
    signing_key: bytes,
    top: int,
    version: str,
    searcher: Searcher,
    shelf: AnalysisShelf,
    analyst: Analyst | None = None,
    examining: Examining | None = None,
    local_token: str | None = None,
    board: SignalBoard | None = None,
    relay: LiveRelay | None = None,
    others: Siblings | None = None,
) -> Gateway:
    """The parts of a gateway. Without `analyst`, connected engines look at still pictures; without `examining`, at
    recordings; without `relay`, clients see live what engines of this gateway report. `others` are the gateways behind
    the same address."""
    cluster = Cluster(store.cluster, clock)
    metrics = Metrics()
    directory = Directory(store)
    views = AlertViews(store, directory)
    hub = Hub(directory, top=top)
    rules = Rules(
        unseen_ms=int(settings.unseen_seconds * 1000),
        realert_ms=int(settings.realert_seconds * 1000),
        per_camera=settings.presence_per_camera,
        audience=tuple(f"role:{role.value}" for role in settings.alert_roles),
        late_ms=int(settings.late_seconds * 1000),
        routed_types=frozenset(settings.routed_types),
        routed_severities=frozenset(settings.routed_severities),
        flood_alerts=settings.flood_alerts,
        flood_ms=int(settings.flood_seconds * 1000),
        levels=parse_alert_levels(settings.alert_levels),
        object_realert_ms=int(settings.object_realert_seconds * 1000),
        default_view=CameraView(
            scene=Scene(crowds=(CrowdWatch(threshold=settings.crowd_threshold),), liveness=Liveness(settings.liveness))
        ),
    )
    past = Past(store.sightings, store.strangers, searcher, clock, days=settings.sighting_days)
    intake = Intake(store.alerts, rules, metrics, clock, recognise=past.stranger)
    renditions = parse_renditions(settings.stream_qualities)
    viewers = Viewers(renditions, limit=settings.max_connections)
    live = LiveViewers(renditions, limit=settings.max_connections)
    leases = SharedLeases(store.camera_leases, cluster, length_ms=LEASE_MS) if store.cluster.is_shared else None
    engines = Engines(
        store, hub, viewers, live, intake, past, metrics, clock, rules.default_view, version=version, leases=leases
    )
    hub.on_watch_change = viewers.on_change = live.on_change = engines.watch_changed
    sessions = HeldSessions(engines.reader_of)
    engines.on_session_ended = sessions.ended
    streams = Streams(
        viewers,
        live,
        sessions,
        clock,
        open_ms=settings.stream_url_seconds * 1000,
        mark=mark_of(others.number) if others is not None else "",
    )
    foreign_engines = ForeignEngines(store, directory, hub, intake, streams, clock)
    streams.on_change = foreign_engines.changed
    notifier = Notifier(
        store,
        views,
        senders,
        clock,
        NotifierMetrics(metrics.registry, clock),
        schedule=RetrySchedule(
            tries=settings.notification_tries, first_ms=int(settings.notification_retry_seconds * 1000)
        ),
        wording=Wording(settings.notification_names, settings.public_url),
        retention_days=settings.retention_days,
    )
    responders = Responders(
        store, hub, notifier, clock, everybody=rules.audience, fresh_ms=int(settings.fix_seconds * 1000)
    )
    system_alerts = SystemAlerts(
        store, metrics, clock, audience=rules.audience, offline=rules.levels[AlertType.CAMERA_OFFLINE]
    )
    escalator = Escalator(
        store,
        directory,
        responders,
        system_alerts,
        notifier,
        metrics,
        clock,
        patience=Patience(
            receipt_ms=int(settings.receipt_seconds * 1000),
            acknowledge_ms=int(settings.acknowledge_seconds * 1000),
        ),
        restart_grace_s=settings.restart_grace_seconds,
        claim=cluster.claim,
    )
    intake.on_alert = escalator.poke
    analyst = analyst or EngineAnalyst(engines, None if others is None or others.number == FIRST else others)
    assignment = PipelineChoice(engines, most=settings.max_clients_per_pipeline)
    desk = FrameDesk(
        settings, analyst, lambda: engines.stills if engines.links else None, assignment, metrics, clock
    )
    engines.on_pipelines = desk.go_on
    gateway = Gateway(
        settings=settings,
        clock=clock,
        store=store,
        tokens=Tokens(signing_key, clock, minutes=settings.token_minutes, session_hours=settings.session_hours),
        passwords=Passwords(),
        directory=directory,
        views=views,
        hub=hub,
        engines=engines,
        streams=streams,
        foreign_engines=foreign_engines,
        past=past,
        searcher=searcher,
        analyst=analyst,
        cluster=cluster,
        live=LiveExchange(cluster, relay or NoRelay(), _spawn),
        native_tail=Tail(store.log, views.native),
        anomaly_tail=Tail(store.log, views.anomalies),
        metrics=metrics,
        loop_lag=LoopLag(metrics.loop_lag_seconds),
        notifier=notifier,
        responders=responders,
        escalator=escalator,
        system_alerts=system_alerts,
        model_desk=ModelDesk(store, engines, settings, clock, cluster.claim, searcher.changed),
        analyses=Analyses(shelf, examining or EngineExamining(engines), settings, clock),
        frames=PushedFrames(
            desk,
            system_alerts,
            clock,
            max_connections=settings.max_frame_connections,
        ),
        hours=intake.hours,
        default_view=rules.default_view,
        version=version,
        started_at_ms=clock.now_ms(),
        capacity=Capacity(settings),
        local_token=local_token,
        board=board or MemoryBoard(),
        siblings=others,
    )
    join_cluster(gateway)
    return gateway


ROUTERS = (
    sign_in, tickets, tokens, seeds, users, engines, duty, cameras, camera_views, streams, people, watch_lists,
    snoozes, escalations, alerts, identify, detect, analyses, history, models, system, push, channels, sockets,
    sightings, strangers, negatives, workstations, webrtc, footage, siblings,
)  # fmt: skip
_spawned: set[asyncio.Task[None]] = set()


def _spawn(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    _spawned.add(task)
    task.add_done_callback(_spawned.discard)


def create_app(gateway: Gateway, *, background: Callable[[], contextlib.AbstractAsyncContextManager[None]]) -> FastAPI:
    """The ASGI application. `background` runs while it is served (the supervisor of the engine, if there is one)."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with background():
            jobs = [
                asyncio.create_task(job, name=name)
                for name, job in (
                    ("loop lag", gateway.loop_lag.run()),
                    ("engines", gateway.engines.run()),
                    ("foreign engines", gateway.foreign_engines.run()),
                    ("socket.io", socket_io.run()),
                    ("ticks", keep_ticking(gateway)),
                    ("cursors", gateway.cursors.run()),
                    ("escalations", gateway.escalator.run()),
                    ("retention", keep_retention(gateway)),
                    ("history", keep_history(gateway)),
                    ("notifier", gateway.notifier.run()),
                    ("cluster", gateway.cluster.run()),
                    ("live exchange", gateway.live.run()),
                    ("action log", gateway.action_log.run()),
                    *(_of_the_first(gateway) if gateway.is_first else ()),
                )
            ]
            for job in jobs:
                job.add_done_callback(_say_if_broken)
            try:
                yield
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)

    app = FastAPI(
        title="Sightline",
        version=gateway.version,
        summary="Cameras in, identities against a gallery, alerts that are provably delivered.",
        openapi_url=None,  # `routers.system` describes the routes, off the event loop
        docs_url=None,  # FastAPI's page loads scripts from elsewhere, which our content policy rightly forbids
        redoc_url=None,
        lifespan=lifespan,
        routes=[route for module in ROUTERS for route in module.router.routes],  # built once, not for each application
    )
    app.state.gateway = gateway
    socket_io = SocketIo(gateway)
    app.mount(PATH.rstrip("/"), socket_io, name="socket.io")
    app.mount("/", Console(console_folder()), name="console")
    app.add_exception_handler(SightlineError, _refuse)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(SecurityHeaders, strict_transport=gateway.settings.tls_cert is not None)
    app.add_middleware(BodyLimit, limit_of=partial(_body_limit, gateway))
    if gateway.settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.rstrip("/").lower() for origin in gateway.settings.allowed_origins],
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Link", "Location", "Retry-After"],
        )
    app.add_middleware(OriginGuard, allowed=gateway.settings.allowed_origins)
    app.add_middleware(RequestLog, answered=gateway.metrics.answered)
    app.add_middleware(ClientAddress, trusted=gateway.settings.trusted_proxies)
    if gateway.siblings is not None and gateway.local_token is not None:
        app.add_middleware(HandOver, siblings=gateway.siblings, token=gateway.local_token)
    app.add_middleware(DialectPorts, listeners=parse_listeners(gateway.settings.listen))
    return app


def _of_the_first(gateway: Gateway) -> tuple[tuple[str, Coroutine[Any, Any, None]], ...]:
    """What one of the gateways of a home folder does for all: see `cluster.siblings`."""
    return (
        ("analyses", gateway.analyses.run()),
        ("models", gateway.model_desk.run()),
        ("signals", gateway.signals.run()),
    )


def _body_limit(gateway: Gateway, scope: Scope) -> int:
    path = scope["path"]
    if path.startswith("/api/engine/footage/"):
        return footage.MAX_PIECE_BYTES  # handed on as it comes, to somebody who asked for it
    if path.startswith("/api/engine/blobs/"):
        return max(MAX_BLOB_BYTES, gateway.settings.clip_upload_mb * 2**20)  # read only after the engine's token was
    if path.startswith("/api/engine/analyses/"):
        return gateway.settings.analysis_disk_mb * 10**6  # likewise
    if path == "/api/analyses" and gateway.has_token(Headers(scope=scope)):
        return gateway.settings.analysis_upload_mb * 10**6 + MAX_BODY_BYTES
    if (UPLOADS.fullmatch(path) or path == siblings.PATH) and gateway.has_token(Headers(scope=scope)):
        return MAX_UPLOAD_BYTES
    if path == "/api/detect" and gateway.settings.anonymous_dialects:
        return gateway.settings.max_image_mib * 2**20 + MAX_BODY_BYTES
    return MAX_BODY_BYTES


def _say_if_broken(job: asyncio.Task[None]) -> None:
    """A job runs until it is cancelled; one that ends by itself is a fault that nobody would notice otherwise."""
    if not job.cancelled():
        log.critical("job_ended", job=job.get_name(), exc_info=job.exception())


async def keep_ticking(gateway: Gateway) -> None:
    """Lets every connection and every stream see the time, until cancelled."""
    while True:
        await asyncio.sleep(TICK_S)
        now_ms = gateway.clock.now_ms()
        gateway.streams.tick(now_ms)
        gateway.frames.desk.tick()
        for number, ticking in enumerate(list(gateway.tickers), 1):
            if ticking in gateway.tickers:
                ticking.tick(now_ms)
            if number % TICKED_AT_ONCE == 0:
                await asyncio.sleep(0)


async def _refuse(request: Request, problem: Exception) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(problem, kind)), 500)
    body = {"detail": str(problem)}
    if isinstance(problem, ImageError):
        body["code"] = problem.code
    return JSONResponse(body, status)


async def _invalid(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    errors = [
        {"loc": [str(part) for part in error["loc"]], "msg": error["msg"], "type": error["type"]}
        for error in problem.errors()
    ]
    first = errors[0] if errors else {"loc": [], "msg": "the request is not valid"}
    where = ".".join(part for part in first["loc"] if part not in ("body", "query", "path"))
    return JSONResponse({"detail": f"{where}: {first['msg']}" if where else first["msg"], "errors": errors}, 422)
