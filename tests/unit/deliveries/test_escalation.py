"""Every state of an escalation against every input, and its story from the first responder to everybody."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries import escalation as machine
from sightline.deliveries.escalation import (
    FINAL_PHASES,
    NOBODY_TOLD,
    Escalation,
    Move,
    Outcome,
    Patience,
    Phase,
    TellReason,
)
from sightline.deliveries.routing import Position, Responder, Situation

CAMERA = Position(52.5163, 13.3777)
PATIENCE = Patience(receipt_ms=5_000, acknowledge_ms=30_000)
START_MS = 1_000_000


def at(metres_north: float) -> Position:
    return Position(CAMERA.latitude + metres_north / 111_200, CAMERA.longitude)


ANA, BO, CY = Responder("ana", at(100)), Responder("bo", at(200)), Responder("cy", at(300), connected=False)
SITUATION = Situation((CY, BO, ANA), ("role:operator", "role:responder"))


def due(before: Escalation, now_ms: int, situation: Situation = SITUATION, camera: Position | None = CAMERA) -> Move:
    return machine.due(before, camera, situation, PATIENCE, now_ms)


def told(move: Move) -> str | None:
    assert move.tell is not None
    return move.tell.responder.user_id if move.tell.responder is not None else None


def first_told() -> Escalation:
    """Ana was told, by the log's entry 7, as the store notes it."""
    return dataclasses.replace(due(machine.begin(START_MS), START_MS).after, told_offset=7)


def received(*responders: Responder, offset: int) -> Situation:
    return Situation(tuple(dataclasses.replace(one, received_offset=offset) for one in responders))


# ── the story ──


def test_the_nearest_is_told_at_once() -> None:
    move = due(machine.begin(START_MS), START_MS)
    assert told(move) == "ana"
    assert (move.after.phase, move.after.level, move.after.due_at_ms) == (
        Phase.AWAITING_RECEIPT, 0, START_MS + 5_000
    )  # fmt: skip
    assert move.tell is not None and move.tell.distance_m == pytest.approx(100, rel=0.01)


def test_who_has_not_received_it_in_time_is_followed_by_the_next() -> None:
    first = first_told()
    assert due(first, START_MS + 4_999) == Move(first)
    move = due(first, START_MS + 5_000)
    assert (told(move), move.outcome, move.after.level) == ("bo", Outcome.NOT_RECEIVED, 1)


def test_who_has_received_it_has_the_whole_time_from_being_told() -> None:
    first = first_told()
    situation = received(ANA, BO, CY, offset=7)
    waiting = due(first, START_MS + 5_000, situation)
    assert (waiting.tell, waiting.after.phase, waiting.after.due_at_ms) == (
        None, Phase.AWAITING_ACK, START_MS + 30_000
    )  # fmt: skip
    assert due(waiting.after, START_MS + 29_999, situation) == Move(waiting.after)
    move = due(waiting.after, START_MS + 30_000, situation)
    assert (told(move), move.outcome) == ("bo", Outcome.NOT_ACKNOWLEDGED)


def test_something_older_on_the_device_is_no_receipt() -> None:
    first = first_told()
    assert told(due(first, START_MS + 5_000, received(ANA, BO, offset=6))) == "bo"


def test_a_timer_that_was_long_overdue_does_not_give_the_time_twice() -> None:
    first = first_told()
    move = due(first, START_MS + 60_000, received(ANA, BO, offset=7))
    assert (told(move), move.outcome) == ("bo", Outcome.NOT_ACKNOWLEDGED)


def test_who_is_reached_only_by_push_has_no_receipt_to_give() -> None:
    move = due(machine.begin(START_MS), START_MS, Situation((CY,)))
    assert (told(move), move.after.phase, move.after.due_at_ms) == ("cy", Phase.AWAITING_ACK, START_MS + 30_000)


def test_who_declines_is_followed_at_once() -> None:
    first = first_told()
    move = machine.declined(first, "ana", CAMERA, SITUATION, PATIENCE, START_MS + 1)
    assert (told(move), move.outcome, move.after.due_at_ms) == ("bo", Outcome.DECLINED, START_MS + 1 + 5_000)


def test_who_declines_before_being_asked_is_left_out() -> None:
    first = first_told()
    early = machine.declined(first, "bo", CAMERA, SITUATION, PATIENCE, START_MS + 1)
    assert (early.tell, early.outcome) == (None, None)
    assert told(due(early.after, START_MS + 5_000)) == "cy"


def test_when_nobody_is_left_everybody_and_the_outside_are_told() -> None:
    state, people, now = machine.begin(START_MS), [], START_MS
    for _ in range(4):
        move = due(state, now)
        people.append(told(move))
        state, now = dataclasses.replace(move.after, told_offset=7), now + 30_000
    assert people == ["ana", "bo", "cy", None]
    assert move.tell is not None and (move.tell.outside, move.tell.reason) == (True, TellReason.NOBODY_LEFT)
    assert (state.phase, state.due_at_ms, state.level) == (Phase.EXHAUSTED, None, 3)


def test_nobody_on_duty_is_said_so() -> None:
    move = due(machine.begin(START_MS), START_MS, Situation())
    assert move.tell is not None
    assert (told(move), move.tell.outside, move.tell.reason) == (None, True, TellReason.NOBODY_ON_DUTY)


def test_who_declined_was_on_duty() -> None:
    pending = machine.declined(machine.begin(START_MS), "ana", CAMERA, SITUATION, PATIENCE, START_MS).after
    move = due(pending, START_MS, Situation((ANA,)))
    assert move.tell is not None and move.tell.reason is TellReason.NOBODY_LEFT


def test_a_camera_without_a_position_tells_everybody_and_later_the_outside() -> None:
    first = due(machine.begin(START_MS), START_MS, camera=None)
    assert first.tell is not None
    assert (told(first), first.tell.outside, first.tell.reason) == (None, False, TellReason.CAMERA_WITHOUT_POSITION)
    assert due(first.after, START_MS + 29_999, camera=None).tell is None
    second = due(first.after, START_MS + 30_000, camera=None)
    assert second.tell is not None
    assert (told(second), second.tell.outside, second.after.phase) == (None, True, Phase.EXHAUSTED)


def test_a_camera_that_lost_its_position_meanwhile_tells_everybody() -> None:
    first = first_told()
    move = due(first, START_MS + 5_000, camera=None)
    assert told(move) is None and move.after.phase is Phase.EXHAUSTED


# ── every state, every input ──

RESPONDERS = st.builds(
    Responder,
    user_id=st.sampled_from(["ana", "bo", "cy", "dee"]),
    position=st.none() | st.builds(Position, st.floats(-90, 90), st.floats(-180, 180)),
    connected=st.booleans(),
    received_offset=st.integers(0, 3),
)
SITUATIONS = st.builds(
    lambda responders: Situation(tuple(responders)),
    st.lists(RESPONDERS, max_size=4, unique_by=lambda one: one.user_id),
)
CAMERAS = st.none() | st.just(CAMERA)
INPUTS = st.one_of(
    st.tuples(st.just("due"), st.integers(0, 40_000), st.none()),
    st.tuples(st.just("declined"), st.integers(0, 40_000), st.sampled_from(["ana", "bo", "cy", "eve"])),
    st.tuples(st.just("ended"), st.integers(0, 40_000), st.none()),
)


def step(
    state: Escalation, what: str, who: str | None, camera: Position | None, situation: Situation, now: int
) -> Move:
    if what == "due":
        return machine.due(state, camera, situation, PATIENCE, now)
    if what == "declined":
        assert who is not None
        return machine.declined(state, who, camera, situation, PATIENCE, now)
    return machine.ended(state)


@given(CAMERAS, st.lists(st.tuples(INPUTS, SITUATIONS), max_size=30))
def test_no_run_breaks_the_rules(
    camera: Position | None, script: list[tuple[tuple[str, int, str | None], Situation]]
) -> None:
    state, now, told_people, everybody, outside = machine.begin(START_MS), START_MS, [], 0, 0
    for offset, ((what, passed, who), situation) in enumerate(script):
        now += passed
        move = step(state, what, who, camera, situation, now)
        after = move.after
        if move.tell is not None:
            assert after.level == move.tell.level == state.level + 1, "levels are steps"
            assert state.phase not in FINAL_PHASES, "who has ended tells nobody"
            after = dataclasses.replace(after, told_offset=offset)
            if move.tell.responder is not None:
                told_people.append(move.tell.responder.user_id)
                assert move.tell.responder in situation.responders, "only who is there now is told"
            everybody += move.tell.responder is None
            outside += move.tell.outside
        else:
            assert after.level == state.level
        assert (after.due_at_ms is None) == (after.phase in FINAL_PHASES), "only an end has no deadline"
        assert state.tried <= after.tried
        if what == "due" and state.due_at_ms is not None and now < state.due_at_ms:
            assert move == Move(state), "nothing happens before its time"
        if what == "due":
            assert after.due_at_ms is None or after.due_at_ms > now or move.tell is None
        if what == "ended":
            assert after.phase is Phase.ENDED
        state = after
    assert len(told_people) == len(set(told_people)), "nobody is told twice"
    assert outside <= 1 and everybody <= 2


@given(SITUATIONS, CAMERAS)
def test_every_escalation_comes_to_its_end(situation: Situation, camera: Position | None) -> None:
    state, now = machine.begin(START_MS), START_MS
    for _ in range(2 * len(situation.responders) + 2):
        if state.due_at_ms is None:
            break
        now = state.due_at_ms
        state = machine.due(state, camera, situation, PATIENCE, now).after
    assert state.phase is Phase.EXHAUSTED


@pytest.mark.parametrize(("phase", "what"), list(itertools.product(Phase, ["due", "declined", "ended"])))
def test_every_state_knows_every_input(phase: Phase, what: str) -> None:
    final = phase in FINAL_PHASES
    state = Escalation(
        phase=phase,
        level=NOBODY_TOLD if phase is Phase.PENDING else 0,
        due_at_ms=None if final else START_MS,
        responder="ana" if phase in (Phase.AWAITING_RECEIPT, Phase.AWAITING_ACK) else None,
        told_at_ms=START_MS - 40_000,
        told_offset=9,
        tried=frozenset() if phase is Phase.PENDING else frozenset({"ana"}),
    )
    move = step(state, what, "ana", CAMERA, SITUATION, START_MS)
    tells = {
        "due": {Phase.PENDING, Phase.AWAITING_RECEIPT, Phase.AWAITING_ACK, Phase.EVERYBODY},
        "declined": {Phase.AWAITING_RECEIPT, Phase.AWAITING_ACK},
        "ended": set(),
    }
    assert (move.tell is not None) == (phase in tells[what])
    if what == "ended":
        assert move.after.phase is Phase.ENDED and move.after.due_at_ms is None
