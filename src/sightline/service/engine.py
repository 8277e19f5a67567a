"""The engine as a child process of `serve`: `python -m sightline.service.engine`.

Standard input carries the engine's token, the gateway's address and the settings as JSON, a line each, and then stays
open for as long as the parent lives.
"""

from __future__ import annotations

from importlib.metadata import version

from sightline import telemetry
from sightline.clock import SystemClock
from sightline.engine.engine import Engine, EngineSettings
from sightline.engine.gateway_address import GatewayAddress
from sightline.engine.process import read_token, run_engine
from sightline.engine.reader import FrameSource
from sightline.ingest.open import open_source
from sightline.service.gateway import ENGINE_ID
from sightline.service.vision import Vision, load_vision
from sightline.settings import Settings

__all__ = ["main", "new_engine"]

CAMERA_CAPACITY = 64


def main() -> None:
    """Reads standard input, loads the models, runs until the parent is gone."""
    address = GatewayAddress(token=read_token(), url=read_token())
    settings = Settings.model_validate_json(read_token())
    telemetry.configure(settings.log_level, settings.log_format)
    vision = load_vision(settings)
    run_engine(lambda: new_engine(settings, vision, address), supervised=True)


def new_engine(settings: Settings, vision: Vision, address: GatewayAddress) -> Engine:
    """An engine with its sources and models plugged in."""

    def opener(spec: str, timeout_s: float, /) -> FrameSource:
        return open_source(spec, timeout_s=timeout_s, demo_pictures=settings.models_folder)

    return Engine(
        EngineSettings(
            engine_id=ENGINE_ID,
            version=version("sightline"),
            gateway=address,
            spool_folder=settings.spool_folder,
            spool_limit_bytes=settings.spool_limit_mb * 2**20,
            workers=vision.workers,
            stills=settings.engine_stills or vision.workers,
            max_image_pixels=settings.max_image_megapixels * 1_000_000,
            capacity=CAMERA_CAPACITY,
            models=vision.reports,
            stall_after_ms=int(settings.stall_seconds * 1000),
            outage_after_ms=int(settings.offline_fact_seconds * 1000),
        ),
        open_source=opener,
        analyser=vision.analyser,
        new_analysis=vision.new_analysis,
        template_size=vision.template_size,
        clock=SystemClock(),
    )


if __name__ == "__main__":
    main()
