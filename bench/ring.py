"""What the last seconds of a camera cost: `python -m bench.ring VIDEO`.

Reads the video as several cameras in real time, without listeners, with rings, and with a clip always being written
from each; tells CPU (share of a core a camera) and the memory of the rings. Decoding is the same in all three.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.clock import SystemClock
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader, FrameSource
from sightline.engine.video.clip_recorder import ClipRecorder, ClipSettings
from sightline.events.engine_link import CameraSpec
from sightline.events.fact import Fact, ObjectSeen
from sightline.ingest.encoder import PictureEncoder
from sightline.ingest.open import open_source
from sightline.ingest.video_files import RemuxedFiles

__all__ = ["main"]

SETTLE_S = 12.0
"""Until the rings are as full as they get is longer; by then every source is open and every ring holds seconds."""


def main() -> None:
    """Measures and prints a table."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("video", type=Path)
    arguments.add_argument("--cameras", type=int, default=4)
    arguments.add_argument("--seconds", type=float, default=15.0)
    wanted = arguments.parse_args()
    print(f"{'':16}  CPU a camera  memory of a ring")
    for case in ("nobody listens", "a ring", "a ring, a clip"):
        share, ring_bytes = measure(wanted.video, wanted.cameras, wanted.seconds, case)
        print(f"{case:16}  {100 * share:10.2f} %  {ring_bytes / 2**20:10.1f} MiB")


def measure(video: Path, cameras: int, seconds: float, case: str) -> tuple[float, float]:
    """Share of a core a camera, bytes a ring."""
    with tempfile.TemporaryDirectory() as folder, recording(Path(folder)) as clips:
        readers = [_reader(video, f"camera-{number}") for number in range(cameras)]
        for reader in readers:
            if case != "nobody listens":
                clips.listen(reader.camera.id, reader.packets)
            reader.start()
        time.sleep(SETTLE_S)
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        while time.monotonic() - began_s < seconds:
            if case == "a ring, a clip":
                for reader in readers:
                    clips.begin(_fact(reader.camera.id))
            time.sleep(1.0)
        share = (time.process_time() - began_cpu_s) / (time.monotonic() - began_s) / cameras
        ring_bytes = clips.ring_bytes / cameras
        for reader in readers:
            reader.stop()
            reader.join(5)
        return share, ring_bytes


@contextmanager
def recording(folder: Path) -> Iterator[ClipRecorder]:
    """A recorder whose clips nobody fetches."""
    clips = ClipRecorder(ClipSettings(folder), RemuxedFiles(), SystemClock(), lambda clip: clip.path.unlink())
    clips.start()
    try:
        yield clips
    finally:
        clips.stop(5)


def _reader(video: Path, camera_id: str) -> CameraReader:
    def opened(spec: str, timeout_s: float, /) -> FrameSource:
        return open_source(spec, timeout_s=timeout_s)

    return CameraReader(
        CameraSpec(id=camera_id, source=str(video), analysis_fps=1.0),
        open_source=opened,
        mailboxes=Mailboxes(),
        clock=SystemClock(),
        told=lambda _reader, _change: None,
        stall_after_ms=5_000,
        outage_after_ms=10_000,
        open_encoder=PictureEncoder,
    )


def _fact(camera_id: str) -> Fact:
    now_ms = SystemClock().now_ms()
    seen = ObjectSeen(
        track_id="t", label="person", confidence=1.0, first_seen=now_ms, bbox=(0, 0, 1, 1), model_id="none", looks=[]
    )
    return Fact(key="k", camera_id=camera_id, timestamp=now_ms, width=1, height=1, what=seen)


if __name__ == "__main__":
    main()
