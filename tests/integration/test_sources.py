"""Sources against real servers that behave, misbehave, and come back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sightline.cameras import CameraState
from sightline.clock import SystemClock
from sightline.engine.cameras import source_state
from sightline.engine.cameras.mailbox import Mailboxes
from sightline.engine.cameras.reader import CameraReader, FrameSource
from sightline.engine.cameras.source_state import Outage, StateChange
from sightline.events.engine_link import CameraSpec
from sightline.exceptions import SourceError
from sightline.ingest.open import open_source
from tests.flaky_proxy import FlakyProxy, flaky_proxy
from tests.mjpeg_server import mjpeg_server
from tests.rtsp_server import RtspPorts, available, rtsp_server
from tests.videos import numbered, write_video

SECRET = "correct horse"
TIMEOUT_S = 1.0


@pytest.fixture(scope="module")
def rtsp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspPorts]:
    if not available():
        pytest.skip("GStreamer's RTSP server is not installed (`make test` does it)")
    folder = tmp_path_factory.mktemp("rtsp")
    video = write_video(folder / "video.h264", [numbered(n) for n in range(30)], format="h264")
    small = write_video(folder / "small.h264", [numbered(n, 160, 120) for n in range(20)], format="h264")
    resizing = folder / "resizing.h264"
    resizing.write_bytes(video.read_bytes() + small.read_bytes())
    with rtsp_server(video, resizing) as ports:
        yield ports


@pytest.fixture(scope="module")
def mjpeg() -> Iterator[int]:
    with mjpeg_server() as port:
        yield port


def sizes(source: FrameSource, frames: int) -> set[tuple[int, ...]]:
    found = set()
    try:
        for _ in range(frames):
            source.grab()
            found.add(source.picture().shape)
    finally:
        source.close()
    return found


def refusal(spec: str) -> str:
    with pytest.raises(SourceError) as caught:
        source = open_source(spec, timeout_s=TIMEOUT_S)
        try:
            for _ in range(1_000):
                source.grab()
        finally:
            source.close()
    assert SECRET not in caught.value.reason
    assert "wrong-password" not in caught.value.reason
    return caught.value.reason


def test_rtsp_delivers_pictures(rtsp: RtspPorts) -> None:
    source = open_source(f"rtsp://127.0.0.1:{rtsp.open}/video")
    assert source.codec == "h264"
    assert sizes(source, 20) == {(240, 320, 3)}


def test_rtsp_over_udp_delivers_pictures(rtsp: RtspPorts) -> None:
    assert sizes(open_source(f"rtsp+udp://127.0.0.1:{rtsp.open}/video"), 10) == {(240, 320, 3)}


def test_rtsp_with_a_password(rtsp: RtspPorts) -> None:
    source = open_source(f"rtsp://operator:correct%20horse@127.0.0.1:{rtsp.locked}/video")
    assert sizes(source, 5) == {(240, 320, 3)}


def test_rtsp_changes_its_resolution(rtsp: RtspPorts) -> None:
    assert sizes(open_source(f"rtsp://127.0.0.1:{rtsp.open}/resizing"), 60) == {(240, 320, 3), (120, 160, 3)}


def test_rtsp_says_why_not(rtsp: RtspPorts) -> None:
    refused = "the camera refused the user name or password"
    assert refusal(f"rtsp://operator:wrong-password@127.0.0.1:{rtsp.locked}/video") == refused
    assert refusal(f"rtsp://127.0.0.1:{rtsp.locked}/video") == refused
    assert refusal(f"rtsp://127.0.0.1:{rtsp.open}/nothing") == "the camera has no stream at this path (404)"


def test_mjpeg_delivers_pictures(mjpeg: int) -> None:
    source = open_source(f"http://127.0.0.1:{mjpeg}/video")
    assert source.codec == "mjpeg"
    assert sizes(source, 10) == {(240, 320, 3)}
    assert sizes(open_source(f"http://operator:correct%20horse@127.0.0.1:{mjpeg}/locked"), 3) == {(240, 320, 3)}


def test_mjpeg_changes_its_resolution(mjpeg: int) -> None:
    assert sizes(open_source(f"http://127.0.0.1:{mjpeg}/resizing"), 30) == {(240, 320, 3), (120, 160, 3)}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("locked", "the camera refused the user name or password"),
        ("nothing", "the camera has no stream at this path (404)"),
        ("broken", "the camera answered with an error of its own (5xx)"),
        ("page", "what 127.0.0.1:{port} sends is not a video"),
        ("moved", "what 127.0.0.1:{port} sends is not a video"),
        ("list.m3u8", "what 127.0.0.1:{port} sends is not a video"),
        ("silent", "127.0.0.1:{port} sent nothing for 1 s"),
        ("stalls", "127.0.0.1:{port} sent nothing for 1 s"),
        ("drops", "the stream ended"),
    ],
)
def test_mjpeg_says_why_not(mjpeg: int, path: str, reason: str) -> None:
    assert refusal(f"http://operator:wrong-password@127.0.0.1:{mjpeg}/{path}") == reason.format(port=mjpeg)


def test_nobody_listens() -> None:
    assert refusal("rtsp://operator:wrong-password@127.0.0.1:9/x") == "nothing listens at 127.0.0.1:9"
    assert refusal("http://127.0.0.1:9/x?token=wrong-password") == "nothing listens at 127.0.0.1:9"


def test_a_webcam_that_is_not_there() -> None:
    assert refusal("device:61") == "there is no file or device /dev/video61"


class Watched:
    """A camera's reader, with everything it told."""

    def __init__(self, source: str) -> None:
        self.told: list[StateChange | Outage] = []
        self.mailboxes = Mailboxes()
        self.reader = CameraReader(
            CameraSpec(id="hall", source=source, analysis_fps=10.0),
            open_source=lambda spec, timeout_s: open_source(spec, timeout_s=timeout_s),
            mailboxes=self.mailboxes,
            clock=SystemClock(),
            told=self._tell,
            stall_after_ms=1_000,
            outage_after_ms=1_500,
        )

    def _tell(self, _reader: CameraReader, change: StateChange | Outage) -> None:
        self.told.append(change)

    def until(self, condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
        until_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < until_s, self.told
            time.sleep(0.02)
            self.reader.tick()

    def becomes(self, state: CameraState, reason: str | None = None) -> None:
        def there() -> bool:
            report = self.reader.report()
            return report.state == state.value and (reason is None or report.reason == reason)

        self.until(there)

    def states(self) -> list[CameraState]:
        """States in the order they were told, repetitions left out."""
        found: list[CameraState] = []
        for change in self.told:
            if isinstance(change, StateChange) and (not found or found[-1] is not change.state):
                found.append(change.state)
        return found

    def __enter__(self) -> Watched:
        self.reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.stop()
        assert self.reader.join(10)


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_state, "FIRST_RETRY_MS", 100)
    monkeypatch.setattr(source_state, "LAST_RETRY_MS", 300)


@pytest.fixture
def proxy(rtsp: RtspPorts) -> Iterator[FlakyProxy]:
    with flaky_proxy(rtsp.open) as proxy:
        yield proxy


@pytest.mark.usefixtures("quick_retries")
def test_a_camera_that_stops_sending_stalls_and_comes_back(proxy: FlakyProxy) -> None:
    with Watched(f"rtsp://127.0.0.1:{proxy.port}/video") as camera:
        camera.becomes(CameraState.ONLINE)
        proxy.hold()
        camera.becomes(CameraState.STALLED)
        camera.until(lambda: any(isinstance(change, Outage) and not change.ended for change in camera.told))
        proxy.flow()
        camera.becomes(CameraState.ONLINE)
        camera.until(lambda: any(isinstance(change, Outage) and change.ended for change in camera.told))
        assert camera.states()[:2] == [CameraState.ONLINE, CameraState.STALLED]
        report = camera.reader.report()
        assert (report.width, report.height) == (320, 240)


@pytest.mark.usefixtures("quick_retries")
def test_a_camera_that_goes_away_is_offline_with_the_reason_until_it_is_back(proxy: FlakyProxy) -> None:
    with Watched(f"rtsp://127.0.0.1:{proxy.port}/video") as camera:
        camera.becomes(CameraState.ONLINE)
        proxy.refuse()
        camera.becomes(CameraState.OFFLINE, f"nothing listens at 127.0.0.1:{proxy.port}")
        proxy.listen()
        camera.becomes(CameraState.ONLINE)
        states = camera.states()
        assert states[:2] == [CameraState.ONLINE, CameraState.OFFLINE]
        assert states[-2:] == [CameraState.CONNECTING, CameraState.ONLINE]


@pytest.mark.usefixtures("quick_retries")
def test_a_dropped_connection_is_opened_again(mjpeg: int) -> None:
    with Watched(f"http://127.0.0.1:{mjpeg}/drops") as camera:
        camera.until(lambda: camera.states().count(CameraState.ONLINE) >= 3)
        reasons = {change.reason for change in camera.told if isinstance(change, StateChange)}
        assert "the stream ended" in reasons
        frame = camera.mailboxes.take(5)
        assert frame is not None and frame.frame_id > 10


def test_a_change_of_resolution_is_reported(mjpeg: int) -> None:
    with Watched(f"http://127.0.0.1:{mjpeg}/resizing") as camera:
        camera.until(lambda: camera.reader.report().width == 160)
        report = camera.reader.report()
        assert (report.state, report.height) == ("online", 120)
        assert report.reason == "the picture changed from 320×240 to 160×120"
        assert camera.states() == [CameraState.ONLINE]


def test_a_reader_is_stopped_while_its_camera_says_nothing(mjpeg: int) -> None:
    with Watched(f"http://127.0.0.1:{mjpeg}/silent"):
        time.sleep(0.1)


def test_a_file_is_a_camera(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mp4", [numbered(n) for n in range(10)])
    with Watched(str(path)) as camera:
        camera.becomes(CameraState.ONLINE)
        camera.until(lambda: camera.reader.next_frame_id > 12)
        report = camera.reader.report()
        assert report.fps == pytest.approx(15.0, rel=0.5)
