"""The alert rule: unseen for longer than one number, last alerted longer ago than another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.decisions.policy import Rules, decide
from sightline.events.alert import Severity
from sightline.events.event import DecisionContext
from sightline.events.fact import Fact, Identified

NOW_MS = 1_767_265_205_000
TIME_MS = st.integers(0, 20_000)


def _rule(*, unseen_ms: int, realert_ms: int, seen_ago_ms: int | None, alerted_ago_ms: int | None) -> str:
    """What decided about somebody on a watch list who appears now."""
    what = Identified(
        track_id="track", person_id="ada", reference_id="photo", similarity=0.9, margin=0.3, first_seen=NOW_MS,
        bbox=(0, 0, 50, 60), model_id="model", samples=[],
    )  # fmt: skip
    fact = Fact(key="fact", camera_id="door", timestamp=NOW_MS, width=640, height=360, what=what)
    context = DecisionContext(
        camera_known=True,
        camera_alerts_unknown=False,
        person_known=True,
        watch_lists=(("list", "Wanted", Severity.WARNING),),
        last_event_at_ms=None,
        last_alert_at_ms=None if alerted_ago_ms is None else NOW_MS - alerted_ago_ms,
        last_alert_here_at_ms=None,
        open_alert_ids=(),
    )
    rules = Rules(unseen_ms=unseen_ms, realert_ms=realert_ms, per_camera=False, audience=("role:operator",))
    last_seen_ms = None if seen_ago_ms is None else NOW_MS - seen_ago_ms
    return decide(fact, context, rules, last_seen_ms=last_seen_ms, received_at_ms=NOW_MS).rule


def test_the_first_sight_of_somebody_is_an_alert() -> None:
    assert _rule(unseen_ms=5_000, realert_ms=3_000, seen_ago_ms=None, alerted_ago_ms=None) == "watch_list"


@given(unseen_ms=TIME_MS, seen_ago_ms=TIME_MS)
def test_whoever_was_seen_too_lately_is_no_news(unseen_ms: int, seen_ago_ms: int) -> None:
    decided = _rule(unseen_ms=unseen_ms, realert_ms=0, seen_ago_ms=seen_ago_ms, alerted_ago_ms=None)
    assert decided == ("watch_list" if seen_ago_ms > unseen_ms else "seen_recently")


@given(realert_ms=TIME_MS, alerted_ago_ms=TIME_MS)
def test_whoever_was_alerted_too_lately_is_no_news(realert_ms: int, alerted_ago_ms: int) -> None:
    decided = _rule(unseen_ms=0, realert_ms=realert_ms, seen_ago_ms=1, alerted_ago_ms=alerted_ago_ms)
    assert decided == ("watch_list" if alerted_ago_ms > realert_ms else "alerted_recently")
