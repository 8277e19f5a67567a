"""An engine on its own: `sightline engine`, on this machine or another, for gateways reached over the network."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Sequence

import structlog

from sightline import telemetry
from sightline.clock import SystemClock
from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.process import run_engine
from sightline.engine.standing import Standing
from sightline.events.engine_link import UseModels
from sightline.service.engine import new_engine
from sightline.service.engine_record import SPOOL_FOLDER, write_record
from sightline.service.open_files import allow_connections
from sightline.service.vision import VisionLoader
from sightline.settings import Settings

__all__ = ["run_remote_engine"]

CONNECTIONS = 256

log = structlog.get_logger(__name__)


def run_remote_engine(settings: Settings, gateways: Sequence[GatewayAddress], tls: ssl.SSLContext | None) -> None:
    """Runs until SIGTERM or SIGINT. `tls` is what a gateway's certificate is verified with, the system's authorities
    without it.

    Raises `Unavailable` when another engine uses the same home folder.
    """
    telemetry.configure(settings.log_level, settings.log_format, file=settings.log_file)
    allow_connections(CONNECTIONS)
    loader = VisionLoader(settings)
    sight = loader.load(UseModels())
    for report in sight.reports:
        if not report.loaded:
            log.warning("model_missing", task=report.task, reason=report.reason, mend="sightline models pull")
    clock = SystemClock()

    def tell(standing: Standing) -> None:
        try:
            write_record(settings.home, standing, clock.now_ms())
        except OSError as problem:  # the engine works without; `sightline health` will say that it is not heard of
            log.warning("engine_record_not_written", folder=str(settings.run_folder), problem=str(problem))

    run_engine(
        lambda: new_engine(
            settings,
            sight,
            loader,
            tuple(gateways),
            platform.node() or "engine",
            spool_folder=settings.home / SPOOL_FOLDER,
            capacity=settings.engine_cameras,
            tls=tls,
            tell_standing=tell,
        ),
        supervised=False,
    )
