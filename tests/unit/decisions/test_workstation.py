from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.decisions.workstation import (
    TABLE,
    Action,
    Evidence,
    Finding,
    Reason,
    VerdictRules,
    Watch,
    find,
    parse_decide_over,
)

RULES = VerdictRules()
RIGHT = Evidence(has_face=True, live=0.9, similarity=0.9)
SHOWING = {
    Finding.PHONE: Evidence(phone=0.9, has_face=True, live=0.9, similarity=0.9),
    Finding.NO_FACE: Evidence(),
    Finding.ATTACK: Evidence(has_face=True, live=0.1, similarity=0.9),
    Finding.WRONG_USER: Evidence(has_face=True, live=0.9, similarity=0.1),
    Finding.RIGHT_USER: RIGHT,
}


@pytest.mark.parametrize(
    ("finding", "action", "reason"),
    [
        (Finding.PHONE, "ACTION_SIGN_OUT", "REASON_PHONE_DETECTION"),
        (Finding.NO_FACE, "ACTION_LOCK_SCREEN", "REASON_NO_FACE"),
        (Finding.ATTACK, "ACTION_SIGN_OUT", "REASON_SPOOF_IMAGE"),
        (Finding.WRONG_USER, "ACTION_LOCK_SCREEN", "REASON_WRONG_USER"),
        (Finding.RIGHT_USER, "NO_ACTION", "EMPTY_REASON"),
    ],
)
def test_each_finding_has_its_action(finding: Finding, action: str, reason: str) -> None:
    verdict = Watch(RULES, 0).judge(SHOWING[finding], 1)
    assert (verdict.shown, verdict.action, verdict.reason) == (finding, Action(action), Reason(reason))


@pytest.mark.parametrize(
    ("phone", "face", "live", "known"), list(itertools.product([False, True], repeat=4))
)
def test_the_first_that_applies_counts(phone: bool, face: bool, live: bool, known: bool) -> None:
    evidence = Evidence(0.9 if phone else 0.1, face, 0.9 if live else 0.1, 0.9 if known else 0.1)
    expected = (
        Finding.PHONE
        if phone
        else Finding.NO_FACE
        if not face
        else Finding.ATTACK
        if not live
        else Finding.WRONG_USER
        if not known
        else Finding.RIGHT_USER
    )
    assert find(evidence, RULES) is expected


def test_without_a_judge_of_liveness_nothing_is_an_attack() -> None:
    assert find(Evidence(has_face=True, similarity=0.9), RULES) is Finding.RIGHT_USER


def test_without_a_comparison_nobody_is_the_user() -> None:
    assert find(Evidence(has_face=True, live=0.9), RULES) is Finding.WRONG_USER


def test_waits_until_enough_frames_agree() -> None:
    watch = Watch(VerdictRules(needed=3, window=5), 0)
    shown = [Finding.NO_FACE, Finding.NO_FACE, Finding.RIGHT_USER, Finding.NO_FACE, Finding.RIGHT_USER]
    decided = [watch.judge(SHOWING[finding], at_ms).decided for at_ms, finding in enumerate(shown)]
    assert decided == [Finding.RIGHT_USER] * 3 + [Finding.NO_FACE] * 2


def test_does_nothing_in_the_time_of_grace() -> None:
    watch = Watch(VerdictRules(grace_ms=1000), since_ms=5000)
    assert watch.judge(SHOWING[Finding.NO_FACE], 5999).action is Action.NONE
    assert watch.judge(SHOWING[Finding.NO_FACE], 6000).action is Action.LOCK_SCREEN


def test_an_administrator_may_choose_other_actions() -> None:
    rules = VerdictRules(table={**TABLE, Finding.NO_FACE: Action.WARNING})
    assert Watch(rules, 0).judge(Evidence(), 1).action is Action.WARNING


@pytest.mark.parametrize(("needed", "window"), [(0, 1), (2, 1), (1, 0)])
def test_refuses_what_is_no_rule(needed: int, window: int) -> None:
    with pytest.raises(ValueError, match="no rule"):
        VerdictRules(needed=needed, window=window)


def test_refuses_a_finding_without_action() -> None:
    with pytest.raises(ValueError, match="every finding"):
        VerdictRules(table={Finding.PHONE: Action.NONE})


@given(st.lists(st.sampled_from(list(Finding)), min_size=1, max_size=30), st.integers(1, 5), st.integers(0, 5))
def test_acts_only_on_what_enough_of_the_window_showed(shown: list[Finding], needed: int, more: int) -> None:
    rules = VerdictRules(needed=needed, window=needed + more)
    watch = Watch(rules, 0)
    for index, finding in enumerate(shown):
        verdict = watch.judge(SHOWING[finding], index)
        recent = shown[max(0, index + 1 - rules.window) : index + 1]
        if verdict.decided is not Finding.RIGHT_USER:
            assert recent.count(verdict.decided) >= needed
        else:
            troubling = [one for one in Finding if one is not Finding.RIGHT_USER]
            assert all(recent.count(one) < needed for one in troubling)


def test_decide_over_is_read() -> None:
    assert (parse_decide_over("1/1"), parse_decide_over("3/5")) == ((1, 1), (3, 5))


@pytest.mark.parametrize("text", ["", "3", "3/", "/5", "0/5", "6/5", "1/1001", "-1/5", "a/b", "1/2/3"])
def test_decide_over_that_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 3/5"):
        parse_decide_over(text)
