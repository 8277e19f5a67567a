"""What is done on which answer, and when nothing is said: case by case, and every state × every input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sightline.agent.conduct import AGAIN_AFTER_MS, Conduct, ConductRules, Deed, parse_offline
from sightline.decisions.workstation import Action, Reason

NOBODY = (Action.LOCK_SCREEN, Reason.NO_FACE)
SOMEBODY_ELSE = (Action.LOCK_SCREEN, Reason.WRONG_USER)
ATTACK = (Action.SIGN_OUT, Reason.SPOOF_IMAGE)
RIGHT = (Action.NONE, Reason.EMPTY)
PAUSED = (Action.WARNING, Reason.PAUSED_CLIENT)
FULL = (Action.ERROR, Reason.SYSTEM_FULL)


def conduct(lock_after_ms: int | None = None) -> Conduct:
    return Conduct(ConductRules(lock_after_ms), 0)


@pytest.mark.parametrize("locked", [None, False])
def test_a_finding_is_acted_upon_once(locked: bool | None) -> None:
    one = conduct()
    deeds = [one.answered(*NOBODY, locked=locked, now_ms=ms) for ms in range(0, 5_000, 1_000)]
    assert deeds == [Deed.LOCK, None, None, None, None]
    assert one.answered(*SOMEBODY_ELSE, locked=locked, now_ms=6_000) is None, "it was locked for somebody already"
    assert one.answered(*ATTACK, locked=locked, now_ms=7_000) is Deed.SIGN_OUT, "which is more than a lock"
    assert one.answered(*NOBODY, locked=locked, now_ms=8_000) is None
    assert one.answered(*RIGHT, locked=locked, now_ms=9_000) is None
    assert one.answered(*NOBODY, locked=locked, now_ms=10_000) is Deed.LOCK


def test_it_is_done_again_when_the_finding_goes_on_for_long() -> None:
    one = conduct()
    assert one.answered(*NOBODY, locked=None, now_ms=0) is Deed.LOCK
    assert one.answered(*NOBODY, locked=None, now_ms=AGAIN_AFTER_MS - 1) is None
    assert one.answered(*NOBODY, locked=None, now_ms=AGAIN_AFTER_MS) is Deed.LOCK


def test_a_screen_that_is_locked_is_not_locked() -> None:
    one = conduct(1_000)
    assert one.answered(*NOBODY, locked=True, now_ms=0) is None
    assert one.ticked(locked=True, now_ms=1_000) is None
    assert one.answered(*ATTACK, locked=True, now_ms=1_100) is Deed.SIGN_OUT


def test_a_screen_that_was_unlocked_is_locked_again_at_once() -> None:
    one = conduct()
    assert one.answered(*SOMEBODY_ELSE, locked=False, now_ms=0) is Deed.LOCK
    assert one.answered(*SOMEBODY_ELSE, locked=False, now_ms=500) is None, "the screen locker takes its time"
    assert one.answered(*SOMEBODY_ELSE, locked=True, now_ms=1_000) is None
    assert one.answered(*SOMEBODY_ELSE, locked=False, now_ms=1_500) is Deed.LOCK


def test_warnings_and_errors_are_shown_once() -> None:
    one = conduct()
    assert [one.answered(*PAUSED, locked=None, now_ms=0) for _ in range(3)] == [Deed.WARN, None, None]
    assert one.answered(*FULL, locked=None, now_ms=1) is Deed.WARN
    assert one.answered(*RIGHT, locked=None, now_ms=2) is None
    assert one.answered(*FULL, locked=None, now_ms=3) is Deed.WARN


def test_without_a_verdict_the_policy_locks_once_for_each_time() -> None:
    one = conduct(30_000)
    assert one.ticked(locked=False, now_ms=29_999) is None
    assert one.ticked(locked=False, now_ms=30_000) is Deed.LOCK
    assert one.ticked(locked=False, now_ms=30_500) is None
    assert one.ticked(locked=True, now_ms=60_000) is None
    one.unlocked(70_000)
    assert one.ticked(locked=False, now_ms=99_999) is None, "who unlocks has as long again"
    assert one.ticked(locked=False, now_ms=100_000) is Deed.LOCK


def test_an_error_is_no_verdict_and_a_pause_is_one() -> None:
    failing, paused = conduct(10_000), conduct(10_000)
    for ms in range(1_000, 10_000, 1_000):
        failing.answered(*FULL, locked=None, now_ms=ms)
        paused.answered(*PAUSED, locked=None, now_ms=ms)
    assert failing.ticked(locked=None, now_ms=10_000) is Deed.LOCK
    assert paused.ticked(locked=None, now_ms=10_000) is None


def test_keep_never_locks() -> None:
    assert conduct(None).ticked(locked=None, now_ms=10**9) is None


def test_what_failed_is_tried_again() -> None:
    one = conduct()
    assert one.answered(*NOBODY, locked=None, now_ms=0) is Deed.LOCK
    one.failed()
    assert one.answered(*NOBODY, locked=None, now_ms=1) is Deed.LOCK


@pytest.mark.parametrize(
    ("text", "lock_after_ms"),
    [("keep", None), ("lock-after 60", 60_000), ("lock-after=1", 1_000), ("lock-after:9", 9_000)],
)
def test_policies_are_read(text: str, lock_after_ms: int | None) -> None:
    assert parse_offline(text) == lock_after_ms


@given(st.one_of(st.text(), st.from_regex(r"lock-after[ =:]?-?\d*")))
def test_nothing_else_is_a_policy(text: str) -> None:
    try:
        lock_after_ms = parse_offline(text)
    except ValueError as problem:
        assert "no offline policy" in str(problem)
    else:
        assert text == "keep" if lock_after_ms is None else 1_000 <= lock_after_ms <= 86_400_000


class Workstation(RuleBasedStateMachine):
    """A machine whose screen locks when it is told to (or by its user), and perhaps says so."""

    @initialize(tells=st.booleans(), lock_after_ms=st.one_of(st.none(), st.integers(1_000, 120_000)))
    def switched_on(self, tells: bool, lock_after_ms: int | None) -> None:
        self.now_ms = 0
        self.is_locked = False
        self.tells = tells
        self.lock_after_ms = lock_after_ms
        self.conduct = Conduct(ConductRules(lock_after_ms), 0)
        self.done: list[tuple[Deed, int]] = []
        self.judged_ms = 0

    @property
    def locked(self) -> bool | None:
        return self.is_locked if self.tells else None

    def carry_out(self, deed: Deed | None) -> None:
        if deed is None or deed is Deed.WARN:
            return
        if deed is Deed.LOCK:
            assert not (self.tells and self.is_locked), "it was locked already"
        if self.done:
            before, at_ms = self.done[-1]
            assert before is not deed or self.now_ms - at_ms >= AGAIN_AFTER_MS, "twice for one finding"
        self.done.append((deed, self.now_ms))
        self.is_locked = True

    @rule(ms=st.integers(1, 90_000))
    def time_passes(self, ms: int) -> None:
        self.now_ms += ms
        deed = self.conduct.ticked(locked=self.locked, now_ms=self.now_ms)
        due = self.lock_after_ms is not None and self.now_ms - self.judged_ms >= self.lock_after_ms
        if due:
            self.judged_ms = self.now_ms
            assert (
                deed is Deed.LOCK or self.is_locked or (self.done and self.now_ms - self.done[-1][1] < AGAIN_AFTER_MS)
            )
        else:
            assert deed is None
        self.carry_out(deed)

    @rule(finding=st.sampled_from([NOBODY, SOMEBODY_ELSE, ATTACK]))
    def something_is_wrong(self, finding: tuple[Action, Reason]) -> None:
        fresh = not self.done
        deed = self.conduct.answered(*finding, locked=self.locked, now_ms=self.now_ms)
        self.judged_ms = self.now_ms
        if fresh and not self.is_locked:
            assert deed is (Deed.SIGN_OUT if finding is ATTACK else Deed.LOCK)
        self.carry_out(deed)

    @rule()
    def all_is_well(self) -> None:
        assert self.conduct.answered(*RIGHT, locked=self.locked, now_ms=self.now_ms) is None
        self.judged_ms = self.now_ms
        self.done.clear()

    @rule(said=st.sampled_from([PAUSED, FULL]))
    def something_is_said(self, said: tuple[Action, Reason]) -> None:
        assert self.conduct.answered(*said, locked=self.locked, now_ms=self.now_ms) in (Deed.WARN, None)
        if said is PAUSED:
            self.judged_ms = self.now_ms

    @rule()
    def its_user_unlocks_it(self) -> None:
        if not self.is_locked:
            return
        self.is_locked = False
        if self.tells:
            self.conduct.unlocked(self.now_ms)
            self.judged_ms = self.now_ms
            self.done.clear()

    @rule()
    def its_user_locks_it(self) -> None:
        self.is_locked = True

    @invariant()
    def keep_locks_only_on_a_finding(self) -> None:
        assert all(deed in (Deed.LOCK, Deed.SIGN_OUT) for deed, _ in self.done)


TestWorkstation = Workstation.TestCase
TestWorkstation.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
