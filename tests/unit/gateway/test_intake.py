from __future__ import annotations

from typing import Any

from sightline.clock import SystemClock
from sightline.decisions.policy import Rules
from sightline.deliveries.records import Accepted
from sightline.events.alert import Severity
from sightline.events.event import Decide, DecisionContext, Event
from sightline.events.fact import Fact, Identified, SourceState
from sightline.events.observation import Observation, TrackedFace
from sightline.gateway.intake import FORGET_EVERY, Intake
from sightline.gateway.metrics import Metrics

START = SystemClock().now_ms()
RULES = Rules(unseen_ms=5_000, realert_ms=3_000, per_camera=False, audience=("role:operator",))


class Recorder:
    """A store of alerts that knows nothing of the past, and remembers the decisions."""

    def __init__(self, last_event_at_ms: int | None = None) -> None:
        self.rules: list[str] = []
        self.kinds: list[str] = []
        self.duplicate = False
        self._last_event_at_ms = last_event_at_ms

    async def accept(self, event: Event, decide: Decide, *, blobs: dict[str, str], now_ms: int) -> Accepted:
        context = DecisionContext(
            camera_known=True, camera_alerts_unknown=True, person_known=True,
            watch_lists=(("l", "Wanted", Severity.CRITICAL),), last_event_at_ms=self._last_event_at_ms,
            last_alert_at_ms=None, last_alert_here_at_ms=None, open_alert_ids=(),
        )  # fmt: skip
        self.kinds.append(event.kind)
        self.rules.append(decide(event, context).rule)
        return Accepted("e", self.duplicate, self.rules[-1], None)


def intake(recorder: Recorder, **rules: Any) -> tuple[Intake, Metrics]:
    metrics = Metrics()
    chosen = Rules(**({name: getattr(RULES, name) for name in RULES.__slots__} | rules))
    return Intake(recorder, chosen, metrics, SystemClock()), metrics  # type: ignore[arg-type]


def fact(track: str, seconds: float, *, camera: str = "c1") -> Fact:
    at_ms = START + int(seconds * 1000)
    what = Identified(
        track_id=track, person_id="ada", reference_id="r", similarity=0.8, margin=0.2, first_seen=at_ms,
        bbox=(1, 2, 3, 4), model_id="m", samples=[],
    )  # fmt: skip
    return Fact(key=track, camera_id=camera, timestamp=at_ms, width=1, height=1, what=what)


def seen(track: str, seconds: float, *, person_id: str | None = None, camera: str = "c1") -> Observation:
    face = TrackedFace(
        bbox=(1, 2, 3, 4), confidence=0.9, landmarks=[], track_id=track, quality=1, person_id=person_id,
        identity="known" if person_id else "pending",
    )  # fmt: skip
    at_ms = START + int(seconds * 1000)
    return Observation(camera_id=camera, frame_id=1, timestamp=at_ms, width=1, height=1, faces=[face])


async def test_person_in_sight_all_along_is_no_news() -> None:
    recorder = Recorder()
    desk, _ = intake(recorder)
    await desk.accept(fact("t1", 0))
    desk.observed(seen("t1", 58))
    await desk.accept(fact("t2", 60))
    await desk.accept(fact("t3", 70))
    assert recorder.rules == ["watch_list", "seen_recently", "watch_list"]


async def test_observations_before_a_spooled_fact_count() -> None:
    recorder = Recorder()
    desk, _ = intake(recorder)
    desk.observed(seen("t1", 58))
    await desk.accept(fact("t1", 0))
    await desk.accept(fact("t2", 60))
    assert recorder.rules == ["watch_list", "seen_recently"]


async def test_names_in_observations_count_after_a_restart() -> None:
    recorder = Recorder(last_event_at_ms=START - 600_000)
    desk, _ = intake(recorder)
    desk.observed(seen("t1", 58, person_id="ada"))  # its fact was accepted before this gateway was started
    await desk.accept(fact("t2", 60))
    assert recorder.rules == ["seen_recently"]


async def test_cameras_by_themselves() -> None:
    recorder = Recorder()
    desk, _ = intake(recorder, per_camera=True)
    await desk.accept(fact("t1", 0, camera="c1"))
    await desk.accept(fact("t2", 1, camera="c2"))
    await desk.accept(fact("t3", 2, camera="c1"))
    assert recorder.rules == ["watch_list", "watch_list", "seen_recently"]


async def test_fact_that_comes_again_is_decided_as_before() -> None:
    recorder = Recorder()
    desk, metrics = intake(recorder)
    await desk.accept(fact("t1", 0))
    recorder.duplicate = True
    await desk.accept(fact("t1", 0))
    assert recorder.rules == ["watch_list", "watch_list"]
    assert b'sightline_facts_total{kind="identified",rule="watch_list"} 1.0' in metrics.exposition()


async def test_state_of_a_source_is_nobody_in_sight() -> None:
    recorder = Recorder()
    desk, _ = intake(recorder)
    what = SourceState(state="offline", reason="gone")
    await desk.accept(Fact(key="k", camera_id="c1", timestamp=START, width=0, height=0, what=what))
    assert (recorder.kinds, recorder.rules) == (["source_state"], ["camera_offline"])


async def test_memory_does_not_grow_for_ever() -> None:
    desk, _ = intake(Recorder())
    for number in range(3 * FORGET_EVERY):
        desk.observed(seen(f"t{number}", -3_600))
    assert len(desk._presence._tracks) < FORGET_EVERY
