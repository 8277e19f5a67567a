from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sightline.decisions.presence import MEMORY_MS, Presence


@dataclass(frozen=True)
class Bind:
    track: str
    at_ms: int


@dataclass(frozen=True)
class Seen:
    track: str
    at_ms: int


SUBJECT = {"t1": "ada", "t2": "ada", "t3": "alan"}
TRACKS = st.sampled_from(sorted(SUBJECT))
TIMES = st.integers(0, 100_000)
STEPS = st.lists(st.builds(Bind, TRACKS, TIMES) | st.builds(Seen, TRACKS, TIMES), max_size=12)


def told(steps: list[Bind | Seen]) -> Presence:
    presence = Presence()
    for step in steps:
        if isinstance(step, Bind):
            presence.bind(step.track, SUBJECT[step.track], "c1", step.at_ms)
        else:
            presence.seen(step.track, "c1", step.at_ms)
    return presence


@given(STEPS.flatmap(lambda steps: st.tuples(st.just(steps), st.permutations(steps))))
def test_order_does_not_matter(orders: tuple[list[Bind | Seen], list[Bind | Seen]]) -> None:
    first, second = (told(order) for order in orders)
    for subject in ("ada", "alan"):
        for track in ("t1", "t2", "t3", "new"):
            assert first.last_seen(subject, besides_track=track) == second.last_seen(subject, besides_track=track)


@given(STEPS)
def test_last_seen_is_the_latest_time_of_the_subjects_other_tracks(steps: list[Bind | Seen]) -> None:
    presence = told(steps)
    bound = {step.track for step in steps if isinstance(step, Bind)}
    times = [step.at_ms for step in steps if step.track in bound & {"t2"}]
    assert presence.last_seen("ada", besides_track="t1") == max(times, default=None)


def test_track_is_seen_before_its_fact_arrives() -> None:
    presence = Presence()
    presence.seen("t1", "c1", 9_000)
    assert presence.last_seen("ada", besides_track="t2") is None
    presence.bind("t1", "ada", "c1", 1_000)  # spooled: it tells of the past
    assert presence.last_seen("ada", besides_track="t2") == 9_000


def test_own_track_is_not_another_sighting() -> None:
    presence = Presence()
    presence.bind("t1", "ada", "c1", 1_000)
    assert presence.last_seen("ada", besides_track="t1") is None


def test_cameras_may_be_told_apart() -> None:
    presence = Presence()
    presence.bind("t1", "ada", "c1", 1_000)
    presence.bind("t2", "ada", "c2", 2_000)
    assert presence.last_seen("ada", besides_track="t3", camera_id="c1") == 1_000
    assert presence.last_seen("ada", besides_track="t3", camera_id="c3") is None
    assert presence.last_seen("ada", besides_track="t3") == 2_000


def test_stranger_who_is_recognised_is_no_stranger_any_more() -> None:
    presence = Presence()
    presence.bind("t1", "stranger-5", "c1", 1_000)
    presence.bind("t1", "ada", "c1", 3_000)
    assert presence.last_seen("stranger-5", besides_track="t2") is None
    assert presence.last_seen("ada", besides_track="t2") == 3_000


def test_what_is_old_is_forgotten_bound_or_not() -> None:
    presence = Presence()
    presence.bind("t1", "ada", "c1", 0)
    presence.seen("t2", "c1", 0)
    presence.bind("t3", "alan", "c1", 1)
    presence.forget(MEMORY_MS)
    assert presence.last_seen("ada", besides_track="x") == 0
    presence.forget(MEMORY_MS + 1)
    assert presence.last_seen("ada", besides_track="x") is None
    assert presence.last_seen("alan", besides_track="x") == 1
    presence.bind("t2", "ada", "c1", -5)
    assert presence.last_seen("ada", besides_track="x") == -5, "the forgotten track began anew"
    presence.forget(10 * MEMORY_MS)
    assert presence == Presence()
