"""An engine as a program: real sources, decoding, spool, leases; its analysis finds a stranger now and then."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path

from sightline.engine.link.gateway_address import GatewayAddress
from sightline.engine.process import read_token, run_engine
from sightline.engine.vision.camera_analysis import FactDraft
from sightline.events.fact import Unknown
from sightline.frames import Frame
from tests.scripted_engine import ScriptedAnalysis, scripted_engine


class StrangerAnalysis(ScriptedAnalysis):
    """Every third frame shows a stranger whom nobody has seen before, so each fact raises an alert."""

    def _fact(self, frame: Frame) -> FactDraft:
        draft = super()._fact(frame)
        # Numbers begin anew when the camera comes back to this engine: times do not.
        who = f"{frame.camera_id}:{frame.captured_at_ms}:{os.getpid()}"
        stranger = Unknown(
            track_id=who, subject_id=who, nearest_similarity=0.1, first_seen=frame.captured_at_ms,
            bbox=(0, 0, 10, 10), model_id="scripted", samples=[],
        )  # fmt: skip
        return dataclasses.replace(draft, key=who, what=stranger)


def main() -> None:
    """The gateways' addresses and the spool's folder as JSON; the token on standard input."""
    arguments = json.loads(sys.argv[1])
    token = read_token()
    first, *others = [GatewayAddress(url, token) for url in arguments["urls"]]
    run_engine(
        lambda: scripted_engine(
            first,
            Path(arguments["spool"]),
            new_analysis=lambda camera_id: StrangerAnalysis(camera_id, f"pid{os.getpid()}"),
            further_gateways=tuple(others),
        ),
        supervised=True,
    )


if __name__ == "__main__":
    main()
