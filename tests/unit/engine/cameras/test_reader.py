from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from sightline.cameras import CameraState
from sightline.clock import SystemClock
from sightline.engine.cameras import source_state
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader, FrameSource
from sightline.engine.cameras.source_state import Outage, StateChange
from sightline.events.engine_link import CameraSpec
from sightline.events.scene import Scene
from sightline.exceptions import SourceError
from sightline.frames import Frame, Image
from sightline.packets import EncodedPacket
from sightline.privacy import FaceBlur


class ScriptedSource:
    """A source that gives as many frames as it is told to, then waits to be interrupted or fails."""

    codec = "raw"
    fps = 0.0
    picture_ticks = None

    def __init__(self, frames: int, then: Exception | None = None) -> None:
        self.left = frames
        self.converted = 0
        self.closed = False
        self.threads: set[int] = set()
        self._then = then
        self._interrupted = threading.Event()

    def grab(self) -> None:
        self.threads.add(threading.get_ident())
        self.left -= 1
        if self.left < 0:
            if self._then is not None:
                raise self._then
            self._interrupted.wait(10)
            raise SourceError("reading was stopped")

    def picture(self) -> Image:
        self.threads.add(threading.get_ident())
        self.converted += 1
        return np.zeros((48, 64, 3), np.uint8)

    def packets(self, at_ms: int | None) -> Sequence[EncodedPacket]:
        return ()

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed = True


class Bench:
    """A reader over a list of scripted sources, opened one after the other; the last error repeats."""

    def __init__(self, *sources: ScriptedSource | Exception, analysis_fps: float = 5.0, **spec: Any) -> None:
        self._sources: Iterator[ScriptedSource | Exception] = iter(sources)
        self._last: ScriptedSource | Exception = sources[-1]
        self.mailboxes = Mailboxes()
        self.told: list[StateChange | Outage] = []
        self.changed = threading.Event()
        self.reader = CameraReader(
            CameraSpec(id="hall", source="scripted:", analysis_fps=analysis_fps, **spec),
            open_source=self._open,
            mailboxes=self.mailboxes,
            clock=SystemClock(),
            told=self._tell,
            stall_after_ms=5_000,
            outage_after_ms=10_000,
            first_frame_id=100,
        )

    def _open(self, spec: str, timeout_s: float, /) -> FrameSource:
        assert (spec, timeout_s) == ("scripted:", 5.0)
        source = next(self._sources, self._last)
        if isinstance(source, Exception):
            raise source
        return source

    def _tell(self, _reader: CameraReader, change: StateChange | Outage) -> None:
        self.told.append(change)
        self.changed.set()

    def run_until(self, condition: Callable[[], bool]) -> None:
        self.reader.start()
        while not condition():
            assert self.changed.wait(10), self.told
            self.changed.clear()
        self.reader.stop()
        assert self.reader.join(5)

    def state(self, state: CameraState) -> bool:
        return any(isinstance(change, StateChange) and change.state is state for change in self.told)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_state, "FIRST_RETRY_MS", 10)


def test_every_frame_is_counted_but_only_those_due_are_converted() -> None:
    source = ScriptedSource(500, SourceError("the stream ended"))
    bench = Bench(source, SourceError("gone"), analysis_fps=1.0)
    bench.run_until(lambda: bench.state(CameraState.OFFLINE))
    assert bench.reader.next_frame_id == 600
    assert source.converted <= 2
    frame = bench.mailboxes.take(0)
    assert frame is not None
    assert (frame.camera_id, frame.width, frame.height) == ("hall", 64, 48)
    assert frame.frame_id >= 100


def test_a_source_is_used_by_one_thread_and_closed() -> None:
    source = ScriptedSource(3, SourceError("the stream ended"))
    bench = Bench(source, SourceError("gone"))
    bench.run_until(lambda: bench.state(CameraState.OFFLINE))
    assert source.closed
    assert len(source.threads) == 1
    assert threading.get_ident() not in source.threads


def test_a_lost_source_is_opened_again() -> None:
    bench = Bench(SourceError("nothing listens"), ScriptedSource(2, SourceError("the stream ended")), ScriptedSource(1))
    bench.run_until(lambda: sum(isinstance(c, StateChange) and c.state is CameraState.ONLINE for c in bench.told) == 2)
    assert [c.state.value for c in bench.told if isinstance(c, StateChange)] == [
        "offline",
        "connecting",
        "online",
        "offline",
        "connecting",
        "online",
    ]


def test_what_crashes_repeatedly_is_quarantined_without_its_secrets() -> None:
    bench = Bench(ZeroDivisionError("rtsp://admin:secret@10.0.0.9/x"))
    bench.run_until(lambda: any(isinstance(c, StateChange) and c.reason.startswith("quar") for c in bench.told))
    assert bench.reader.report().state == "offline"
    assert all("secret" not in c.reason for c in bench.told)


def test_a_crash_of_its_analysis_counts_as_its_own() -> None:
    bench = Bench(*(ScriptedSource(50) for _ in range(4)), analysis_fps=60.0)
    bench.reader.analysis_crashed("ValueError: poison")
    bench.run_until(lambda: bench.state(CameraState.OFFLINE))
    assert any(c.reason == "reading this camera crashed: ValueError: poison" for c in bench.told)


def test_stopping_ends_a_waiting_reader_without_calling_it_lost() -> None:
    bench = Bench(ScriptedSource(1))
    bench.run_until(lambda: bench.state(CameraState.ONLINE))
    assert not bench.state(CameraState.OFFLINE)


def test_a_report_holds_rates_and_the_time_of_the_last_change() -> None:
    bench = Bench(ScriptedSource(1))
    before_ms = SystemClock().now_ms()
    bench.run_until(lambda: bench.state(CameraState.ONLINE))
    for _ in range(3):
        bench.reader.analysed()
    report = bench.reader.report()
    assert (report.camera_id, report.state, report.reason) == ("hall", "online", "")
    assert (report.width, report.height) == (64, 48)
    assert before_ms - 5 <= report.since <= SystemClock().now_ms() + 5
    assert report.analysed_fps > 0


def test_what_is_masked_never_leaves_the_reader_and_a_new_mask_counts_from_the_next_frame() -> None:
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))

    class White(ScriptedSource):
        def picture(self) -> Image:
            return super().picture() + np.uint8(200)

    bench = Bench(White(50, SourceError("the stream ended")), SourceError("gone"), analysis_fps=60.0)
    plain = bench.reader.camera
    bench.reader.camera = msgspec.structs.replace(plain, scene=Scene(masks=(left,)))
    assert bench.reader.is_same_source(plain)
    assert not bench.reader.is_same_source(msgspec.structs.replace(plain, source="elsewhere:"))
    assert not bench.reader.is_same_source(msgspec.structs.replace(plain, analysis_fps=1.0))
    assert not bench.reader.is_same_source(msgspec.structs.replace(plain, rotation=90))
    assert not bench.reader.is_same_source(msgspec.structs.replace(plain, blur_faces=FaceBlur.ALL))
    bench.run_until(lambda: bench.state(CameraState.OFFLINE))
    frame = bench.mailboxes.take(0)
    assert frame is not None
    assert not frame.image[:, :32].any()
    assert (frame.image[:, 34:] == 200).all()


def test_pictures_are_turned_before_anything_else_and_masks_lie_on_the_turned_ones() -> None:
    class Marked(ScriptedSource):
        def picture(self) -> Image:
            image = super().picture() + np.uint8(100)
            image[:10, :10] = 255  # goes to the top right corner
            return image

    upper_half = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.0, 0.3))
    source = Marked(50, SourceError("the stream ended"))
    bench = Bench(source, SourceError("gone"), analysis_fps=60.0, rotation=90, scene=Scene(masks=(upper_half,)))
    bench.run_until(lambda: bench.state(CameraState.OFFLINE))
    frame = bench.mailboxes.take(0)
    assert frame is not None and (frame.width, frame.height) == (48, 64)
    assert not frame.image[:19].any()
    assert (frame.image[22:] == 100).all()
    assert bench.reader.size == (48, 64)


def test_of_a_camera_whose_faces_are_blurred_nothing_is_seen_but_what_it_is_told_to_show() -> None:
    bench = Bench(ScriptedSource(50, SourceError("the stream ended")), SourceError("gone"), blur_faces=FaceBlur.ALL)
    seen: list[Frame] = []
    bench.reader.pictures.add(lambda frame, at_s: seen.append(frame), fps=60.0)
    bench.run_until(lambda: bench.state(CameraState.OFFLINE))
    frame = bench.mailboxes.take(0)
    assert frame is not None and frame.blur is FaceBlur.ALL and frame.read_at_s > 0
    assert seen == []
    bench.reader.show(frame)
    assert seen == [], "it is read no more"


def test_what_was_blurred_reaches_those_who_take_pictures() -> None:
    bench = Bench(ScriptedSource(1), blur_faces=FaceBlur.ALL)
    seen: list[Frame] = []
    bench.reader.pictures.add(lambda frame, at_s: seen.append(frame), fps=60.0)
    bench.reader.start()
    frame = bench.mailboxes.take(10)
    assert frame is not None
    bench.reader.show(frame)
    assert seen == [frame]
    bench.reader.stop()
    assert bench.reader.join(5)
