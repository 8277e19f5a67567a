"""The engine as a child process of `serve`: `python -m sightline.service.engine`.

Standard input carries the engine's token, the gateway's address, the settings as JSON and the engine's name, a line
each, and then stays open for as long as the parent lives. The first engine reads the cameras; those that are started
beside it look at pictures only.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import structlog
from av.codec.hwaccel import HWAccel

from sightline import telemetry
from sightline.cameras import PUBLISHED, is_published
from sightline.clock import SystemClock
from sightline.engine.cameras.reader import FrameSource
from sightline.engine.engine import Engine, EngineSettings
from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.process import read_token, run_engine
from sightline.engine.standing import Standing
from sightline.engine.video.clip_recorder import ClipSettings
from sightline.engine.video.footage_shelf import FootageSettings
from sightline.engine.vision.sights import Sight
from sightline.events.engine_link import SUPERVISED, UseModels
from sightline.exceptions import ConfigurationError
from sightline.ice import parse_ice_servers, parse_ports
from sightline.ingest.annotated_video import VideoFiles
from sightline.ingest.encoder import PictureEncoder
from sightline.ingest.hardware import accelerator
from sightline.ingest.open import open_source
from sightline.ingest.packet_decoder import PictureDecoder
from sightline.ingest.published import Publications
from sightline.ingest.video_files import RemuxedFiles
from sightline.ingest.webrtc import WebRtcPeers
from sightline.ingest.webrtc_network import MediaNetwork
from sightline.models.device_memory import read_memory, resident_bytes
from sightline.models.runtime import Device
from sightline.service.vision import VisionLoader, workers_of
from sightline.settings import Settings

__all__ = ["main", "new_engine"]

_log = structlog.get_logger(__name__)


def main() -> None:
    """Reads standard input, loads the models, runs until the parent is gone."""
    address = GatewayAddress(token=read_token(), url=read_token())
    settings, name = Settings.model_validate_json(read_token()), read_token()
    telemetry.configure(settings.log_level, settings.log_format, file=settings.log_file, rotates=False)
    loader = VisionLoader(settings)
    sight = loader.load(UseModels())
    is_first = name == SUPERVISED
    run_engine(
        lambda: new_engine(
            settings,
            sight,
            loader,
            (address,),
            name,
            spool_folder=settings.spool_folder if is_first else settings.spool_folder.with_name(f"spool-{name}"),
            capacity=settings.engine_cameras if is_first else 0,
        ),
        supervised=True,
    )


def new_engine(
    settings: Settings,
    sight: Sight,
    loader: VisionLoader,
    gateways: tuple[GatewayAddress, ...],
    name: str,
    *,
    spool_folder: Path,
    capacity: int,
    tls: ssl.SSLContext | None = None,
    tell_standing: Callable[[Standing], None] | None = None,
) -> Engine:
    """An engine with its sources and models plugged in."""
    workers = workers_of(settings)
    hardware = _hardware(settings.hardware_decoding)
    publications = Publications()
    network = MediaNetwork(
        ice_servers=parse_ice_servers(settings.ice_servers),
        addresses=settings.webrtc_addresses,
        ports=parse_ports(settings.webrtc_ports),
    )

    def opener(spec: str, timeout_s: float, /) -> FrameSource:
        if is_published(spec):
            return publications.open(spec.removeprefix(PUBLISHED), timeout_s)
        return open_source(spec, timeout_s=timeout_s, demo_pictures=settings.models_folder, hardware=hardware)

    engine = Engine(
        EngineSettings(
            engine_id=name,
            version=version("sightline"),
            gateways=gateways,
            spool_folder=spool_folder,
            spool_limit_bytes=settings.spool_limit_mb * 2**20,
            workers=workers,
            stills=settings.engine_stills or workers,
            max_image_pixels=settings.max_image_megapixels * 1_000_000,
            capacity=capacity,
            devices=(settings.device,),
            tls=tls,
            stall_after_ms=int(settings.stall_seconds * 1000),
            outage_after_ms=int(settings.offline_fact_seconds * 1000),
            clips=_clips(settings, spool_folder) if capacity else None,
            footage=_footage(settings, name, spool_folder) if capacity else None,
        ),
        open_source=opener,
        sight=sight,
        loader=loader,
        recordings=VideoFiles(),
        open_encoder=PictureEncoder,
        video_files=RemuxedFiles(),
        open_decoder=PictureDecoder,
        peers=WebRtcPeers(publications, network),
        clock=SystemClock(),
        read_memory=partial(read_memory, Device(settings.device)),
        resident_bytes=resident_bytes,
        tell_standing=tell_standing,
    )
    publications.on_heard = engine.published
    return engine


def _hardware(kind: str) -> HWAccel | None:
    if kind == "none":
        return None
    try:
        return accelerator(kind)
    except ConfigurationError as error:
        _log.warning("video is decoded by the processor", wished=kind, reason=str(error))
        return None


def _footage(settings: Settings, name: str, spool: Path) -> FootageSettings:
    """In the spool's folder, which no other engine has, unless there is a disk for recordings."""
    return FootageSettings(
        folder=settings.footage_folder / name if settings.footage_folder is not None else spool / "footage",
        days=settings.footage_days,
        disk_share=settings.footage_disk_percent / 100,
        keep_free_bytes=settings.footage_keep_free_mb * 2**20,
    )


def _clips(settings: Settings, spool: Path) -> ClipSettings | None:
    if not settings.clips:
        return None
    return ClipSettings(
        folder=spool / "clips",
        before_ms=int(settings.clip_before_seconds * 1000),
        after_ms=int(settings.clip_after_seconds * 1000),
        ring_bytes=settings.clip_ring_mb * 2**20,
        limit_bytes=settings.clip_spool_mb * 2**20,
    )


if __name__ == "__main__":
    main()
