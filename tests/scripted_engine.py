"""An engine whose analysis is a script, for tests of everything around it; the module is also a program.

The script needs no model: every `FACT_EVERY`th frame of a camera yields a fact `{run}:{camera}:{number}`.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sightline.clock import SystemClock
from sightline.engine.cameras.reader import OpenSource
from sightline.engine.engine import Engine, EngineSettings
from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.link.requests import StillAnalyser
from sightline.engine.process import read_token, run_engine
from sightline.engine.video.clip_recorder import ClipSettings
from sightline.engine.video.footage_shelf import FootageSettings
from sightline.engine.vision.analysis_pool import FrameAnalysis
from sightline.engine.vision.camera_analysis import FactDraft, Result
from sightline.engine.vision.examination import Recordings
from sightline.engine.vision.sighting import SightingDraft
from sightline.engine.vision.sights import Sight
from sightline.engine.vision.stills import Look, Seen
from sightline.events.fact import Identified, Sighting
from sightline.events.observation import Observation
from sightline.events.scene import Scene
from sightline.events.still import AnalysedFace
from sightline.frames import Frame, Image
from sightline.identities.gallery import Gallery
from sightline.ingest.encoder import PictureEncoder
from sightline.ingest.open import open_source
from sightline.ingest.video_files import RemuxedFiles

FACT_EVERY = 3


class ScriptedAnalysis:
    """Yields a fact from time to time; raises for a camera whose name says so."""

    def __init__(self, camera_id: str, run: str) -> None:
        self._camera_id = camera_id
        self._run = run
        self._frames = 0
        self._facts = 0

    def process(self, frame: Frame, gallery: Gallery, scene: Scene, /) -> Result:
        if self._camera_id.startswith("poison"):
            raise ValueError("this camera's pictures are poison")
        observation = Observation(
            camera_id=frame.camera_id,
            frame_id=frame.frame_id,
            timestamp=frame.captured_at_ms,
            width=frame.width,
            height=frame.height,
            faces=[],
        )
        self._frames += 1
        facts = (self._fact(frame),) if self._frames % FACT_EVERY == 0 else ()
        return Result(observation, facts, {"detect": 2.0, "total": 3.0}, {})

    def leave(self) -> tuple[SightingDraft, ...]:
        """One sighting, of a face that was there all the time."""
        sighting = Sighting(
            key=f"{self._run}:{self._camera_id}:sighting", track_id=f"{self._run}-{self._camera_id}",
            camera_id=self._camera_id, first_seen=1_000, last_seen=2_000, identity="unknown", quality=0.9,
            width_px=60.0, samples=5, model_id="scripted", threshold=0.5, steepness=20.0, vector=bytes(16), sample=b"",
        )  # fmt: skip
        return (SightingDraft(sighting, np.zeros((8, 8, 3), np.uint8)),)

    def _fact(self, frame: Frame) -> FactDraft:
        self._facts += 1
        return FactDraft(
            key=f"{self._run}:{self._camera_id}:{self._facts}",
            camera_id=frame.camera_id,
            timestamp=frame.captured_at_ms,
            frame_id=frame.frame_id,
            width=frame.width,
            height=frame.height,
            what=Identified(
                track_id="t",
                person_id="p",
                reference_id="r",
                similarity=0.9,
                margin=0.4,
                first_seen=frame.captured_at_ms,
                bbox=(0, 0, 10, 10),
                model_id="scripted",
                samples=[],
            ),
            inference_ms=2.0,
            snapshot=frame.image,
            probe=frame.image[:64, :64],
        )


class ScriptedAnalyser:
    """Finds one face in every still picture, and names whom the gallery names first."""

    model_id = "scripted"

    def look(self, image: Image, wanted: Look, gallery: Gallery | None) -> Seen:
        person = gallery.person_ids[0] if gallery is not None and len(gallery) else None
        face = AnalysedFace(
            bbox=(0, 0, 10, 10),
            confidence=0.9,
            landmarks=[],
            quality=1.0,
            reasons=[],
            vector=b"",
            probe=b"",
            person_id=person,
        )
        return Seen(faces=[face])


def open_test_source(spec: str, timeout_s: float, /) -> object:
    return open_source(spec, timeout_s=timeout_s)


def scripted_engine(
    gateway: GatewayAddress,
    spool: Path,
    *,
    open_source: OpenSource = open_test_source,  # type: ignore[assignment]
    workers: int = 2,
    stall_after_ms: int = 5_000,
    outage_after_ms: int = 10_000,
    analyser: StillAnalyser | None = None,
    new_analysis: Callable[[str], FrameAnalysis] | None = None,
    recordings: Recordings | None = None,
    clips: ClipSettings | None = None,
    footage: FootageSettings | None = None,
    further_gateways: tuple[GatewayAddress, ...] = (),
) -> Engine:
    run = uuid.uuid4().hex[:6]
    scripted: Callable[[str], ScriptedAnalysis] = lambda camera_id: ScriptedAnalysis(camera_id, run)  # noqa: E731
    return Engine(
        EngineSettings(
            engine_id="engine-1",
            version="1.2.3",
            gateways=(gateway, *further_gateways),
            spool_folder=spool,
            workers=workers,
            stall_after_ms=stall_after_ms,
            outage_after_ms=outage_after_ms,
            clips=clips,
            footage=footage,
        ),
        open_source=open_source,
        sight=Sight(analyser or ScriptedAnalyser(), new_analysis or scripted, 4, ()),
        recordings=recordings,
        open_encoder=PictureEncoder,
        video_files=RemuxedFiles(),
        clock=SystemClock(),
    )


def main() -> None:
    arguments = json.loads(sys.argv[1])
    address = GatewayAddress(arguments["url"], read_token())
    spool = Path(arguments["spool"])
    clips = ClipSettings(spool / "clips", **arguments["clips"]) if "clips" in arguments else None
    footage = FootageSettings(spool / "footage", **arguments["footage"]) if "footage" in arguments else None
    run_engine(lambda: scripted_engine(address, spool, clips=clips, footage=footage), supervised=True)


if __name__ == "__main__":
    main()
