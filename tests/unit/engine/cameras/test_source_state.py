from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sightline.cameras import CameraState
from sightline.engine.cameras.source_state import (
    CRASHES_BEFORE_QUARANTINE,
    JITTER_SHARE,
    LAST_RETRY_MS,
    QUARANTINE_MS,
    STEADY_AFTER_MS,
    Outage,
    SourceMachine,
    StateChange,
)

STALL_MS, OUTAGE_MS = 5_000, 10_000


def machine(now_ms: int = 0) -> SourceMachine:
    return SourceMachine(now_ms, stall_after_ms=STALL_MS, outage_after_ms=OUTAGE_MS, chance=lambda: 0.5)


def test_a_camera_comes_online_with_its_first_picture() -> None:
    source = machine()
    assert source.state is CameraState.CONNECTING
    assert source.frame(400, 640, 480) == (StateChange(CameraState.ONLINE, ""),)
    assert (source.since_ms, source.width, source.height) == (400, 640, 480)
    assert source.frame(433, 640, 480) == ()


def test_silence_stalls_and_a_picture_ends_it() -> None:
    source = machine()
    source.frame(0, 640, 480)
    assert source.tick(STALL_MS - 1) == ()
    (change,) = source.tick(STALL_MS)
    assert change == StateChange(CameraState.STALLED, "no picture for 5 s")
    assert source.tick(STALL_MS + 500) == ()
    assert source.frame(STALL_MS + 600, 640, 480) == (StateChange(CameraState.ONLINE, ""),)


def test_a_reader_that_gives_up_after_silence_leaves_it_stalled_until_it_is_opened_again() -> None:
    source = machine()
    source.frame(0, 640, 480)
    source.failed(STALL_MS, "10.0.0.9:554 sent nothing for 5 s")
    assert source.state is CameraState.STALLED
    source.connecting(STALL_MS + 1_000)
    assert source.state is CameraState.CONNECTING
    assert source.reason == "10.0.0.9:554 sent nothing for 5 s"
    source.failed(STALL_MS + 1_010, "nothing listens at 10.0.0.9:554")
    assert (source.state, source.reason) == (CameraState.OFFLINE, "nothing listens at 10.0.0.9:554")


def test_another_size_is_accepted_and_reported() -> None:
    source = machine()
    source.frame(0, 640, 480)
    (change,) = source.frame(40, 1280, 720)
    assert change == StateChange(CameraState.ONLINE, "the picture changed from 640×480 to 1280×720")
    assert (source.width, source.height) == (1280, 720)
    assert source.frame(80, 1280, 720) == ()
    assert source.reason == "the picture changed from 640×480 to 1280×720"


def test_delays_grow_by_half_up_to_thirty_seconds_and_steady_pictures_reset_them() -> None:
    source = machine()
    delays = []
    for _ in range(12):
        source.failed(0, "gone")
        assert source.retry_at_ms is not None
        delays.append(source.retry_at_ms)
    assert delays[:4] == [1_000, 1_500, 2_250, 3_375]
    assert delays[-1] == LAST_RETRY_MS
    source.connecting(0)
    source.frame(0, 640, 480)
    source.failed(10, "dropped after one picture")
    assert source.retry_at_ms == 10 + LAST_RETRY_MS
    source.connecting(20)
    source.frame(20, 640, 480)
    source.frame(20 + STEADY_AFTER_MS, 640, 480)
    source.failed(30 + STEADY_AFTER_MS, "gone")
    assert source.retry_at_ms == 1_030 + STEADY_AFTER_MS


@pytest.mark.parametrize(("chance", "delay_ms"), [(0.0, 800), (1.0, 1_200)])
def test_delays_are_spread(chance: float, delay_ms: int) -> None:
    source = SourceMachine(0, chance=lambda: chance)
    source.failed(0, "gone")
    assert source.retry_at_ms == delay_ms
    assert delay_ms == 1_000 * (1 + JITTER_SHARE * (2 * chance - 1))


def test_what_no_retry_mends_is_tried_rarely() -> None:
    source = machine()
    source.failed(0, "'gopher:' is no source that exists", permanent=True)
    assert source.retry_at_ms == LAST_RETRY_MS


def test_repeated_crashes_are_quarantined() -> None:
    source = machine()
    for crash in range(CRASHES_BEFORE_QUARANTINE):
        source.connecting(crash * 1_000)
        (change,) = [c for c in source.crashed(crash * 1_000, "ValueError: poison") if isinstance(c, StateChange)]
    assert change.state is CameraState.OFFLINE
    assert change.reason == "quarantined for 5 minutes after 3 crashes, the last: ValueError: poison"
    assert source.retry_at_ms == 2_000 + QUARANTINE_MS


def test_crashes_far_apart_are_not_quarantined() -> None:
    source = machine()
    for crash in range(6):
        source.crashed(crash * 200_000, "ValueError")
        assert "quarantined" not in source.reason


def test_an_outage_is_told_once_and_so_is_its_end() -> None:
    source = machine()
    source.frame(0, 640, 480)
    source.failed(100, "nothing listens at 10.0.0.9:554")
    assert source.tick(OUTAGE_MS - 1) == ()
    assert source.tick(OUTAGE_MS) == (Outage(False, "nothing listens at 10.0.0.9:554", OUTAGE_MS),)
    assert source.tick(OUTAGE_MS + 500) == ()
    source.connecting(12_000)
    assert source.frame(12_500, 640, 480)[0] == Outage(True, "pictures again", 12_500)


def test_a_short_loss_is_no_outage() -> None:
    source = machine()
    source.frame(0, 640, 480)
    source.failed(100, "the camera closed the connection")
    source.tick(OUTAGE_MS - 1)
    told = source.frame(OUTAGE_MS - 1, 640, 480)
    assert not [change for change in told if isinstance(change, Outage)]


def test_a_source_that_rests_is_offline_and_missed_by_nobody() -> None:
    source = machine()
    source.frame(0, 640, 480)
    told = source.failed(STALL_MS, "the device stopped", resting=True)
    assert told == (StateChange(CameraState.OFFLINE, "the device stopped"),)
    assert source.tick(10 * OUTAGE_MS) == ()
    source.frame(10 * OUTAGE_MS, 640, 480)
    source.failed(10 * OUTAGE_MS + 100, "the connection to the device was lost")
    (outage,) = source.tick(11 * OUTAGE_MS)
    assert isinstance(outage, Outage) and not outage.ended


class AnySource(RuleBasedStateMachine):
    """Every state under every input: what is told is always consistent with what was told before."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 0
        self.source = SourceMachine(0, stall_after_ms=STALL_MS, outage_after_ms=OUTAGE_MS)
        self.last_picture_ms = 0
        self.state = CameraState.CONNECTING
        self.in_outage = False
        self.resting = False

    def take(self, told: tuple[StateChange | Outage, ...]) -> None:
        for change in told:
            if isinstance(change, StateChange):
                self.state = change.state
            else:
                assert change.ended == self.in_outage
                assert change.length_ms >= OUTAGE_MS
                self.in_outage = not change.ended

    @rule(passed_ms=st.integers(0, 20_000))
    def time_passes(self, passed_ms: int) -> None:
        self.now_ms += passed_ms

    @rule()
    def tick(self) -> None:
        self.take(self.source.tick(self.now_ms))
        silent_ms = self.now_ms - self.last_picture_ms
        assert self.in_outage == (silent_ms >= OUTAGE_MS and not self.resting) or self.in_outage
        if silent_ms >= STALL_MS:
            assert self.source.state is not CameraState.ONLINE

    @rule()
    def connecting(self) -> None:
        self.take(self.source.connecting(self.now_ms))
        assert self.source.state is CameraState.CONNECTING
        assert self.source.retry_at_ms is None

    @rule(width=st.sampled_from([320, 640]))
    def frame(self, width: int) -> None:
        self.take(self.source.frame(self.now_ms, width, 240))
        self.last_picture_ms = self.now_ms
        self.resting = False
        assert self.source.state is CameraState.ONLINE
        assert self.source.width == width
        assert not self.in_outage

    @rule(permanent=st.booleans(), resting=st.booleans())
    def failed(self, permanent: bool, resting: bool) -> None:
        self.resting = resting
        self.take(self.source.failed(self.now_ms, "gone", permanent=permanent, resting=resting))
        assert self.source.state in (CameraState.OFFLINE, CameraState.STALLED)
        self.check_retry(LAST_RETRY_MS * (1 + JITTER_SHARE))

    @rule()
    def crashed(self) -> None:
        self.resting = False
        self.take(self.source.crashed(self.now_ms, "ValueError"))
        self.check_retry(QUARANTINE_MS)

    def check_retry(self, longest_ms: float) -> None:
        assert self.source.retry_at_ms is not None
        assert 800 <= self.source.retry_at_ms - self.now_ms <= longest_ms
        assert self.source.reason

    @invariant()
    def what_was_told_is_what_is(self) -> None:
        assert self.source.state is self.state
        assert self.source.since_ms <= self.now_ms
        assert self.source.state is not CameraState.DISABLED


TestAnySource = AnySource.TestCase
