"""The checker is worth nothing unless it fails where something is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.soak.history import (
    Entry,
    Event,
    Findings,
    GapTold,
    Kind,
    Moved,
    Shown,
    SnapshotShown,
    check,
    check_accepted,
)

ALL = frozenset({"role:operator"})
OTHERS = frozenset({"user:somebody"})
NEW = SnapshotShown(frozenset(), 0)


def alert(offset: int, *, of: int | None = None, audience: frozenset[str] = ALL) -> Entry:
    return Entry(offset, Kind.ALERT, f"a{of or offset}", audience)


def update(offset: int, of: int, *, ends: bool = False) -> Entry:
    return Entry(offset, Kind.UPDATE, f"a{of}", ALL, ends)


def shown(entry: Entry) -> Shown:
    return Shown(entry.kind, entry.alert_id, entry.offset)


def checked(log: Sequence[Entry], history: Sequence[Event], **changed: int | None) -> Findings:
    return check(log, history, ALL, **({"floor": 0} | changed))


LOG = [alert(1), alert(2), update(3, 1, ends=True), alert(4), alert(5, audience=OTHERS), alert(6), update(7, 6)]
MINE = [shown(entry) for entry in LOG if entry.audience & ALL]


def test_everything_in_order_is_clean() -> None:
    findings = checked(LOG, [NEW, *MINE])
    assert findings.is_clean, findings.in_words()
    assert (findings.shown, findings.in_words()) == (6, "nothing is wrong")


@given(st.integers(0, 5))
def test_one_that_is_dropped_is_lost(number: int) -> None:
    findings = checked(LOG, [NEW, *MINE[:number], *MINE[number + 1 :]])
    missing = MINE[number]
    assert findings.lost == [f"{missing.kind.value} {missing.alert_id} at {missing.offset} was never shown"]
    assert findings == Findings(lost=findings.lost, shown=5)


@given(st.integers(0, 4))
def test_two_that_are_swapped_are_reordered(number: int) -> None:
    swapped = [*MINE[:number], MINE[number + 1], MINE[number], *MINE[number + 2 :]]
    findings = checked(LOG, [NEW, *swapped])
    assert len(findings.reordered) == 1
    assert findings == Findings(reordered=findings.reordered, shown=6)


@given(st.integers(0, 5), st.integers(0, 5))
def test_one_that_is_repeated_is_a_duplicate(number: int, later: int) -> None:
    at = max(number, later) + 1
    findings = checked(LOG, [NEW, *MINE[:at], MINE[number], *MINE[at:]])
    assert findings.duplicated == [
        f"{MINE[number].kind.value} {MINE[number].alert_id} at {MINE[number].offset} was shown before"
    ]
    assert findings == Findings(duplicated=findings.duplicated, shown=7)


def test_a_cursor_that_moves_without_sending_loses_and_is_seen() -> None:
    honest = [NEW, *MINE[:2], Moved(0, 2), *MINE[2:], Moved(2, 7)]
    assert checked(LOG, honest).is_clean
    silent = [NEW, *MINE[:2], Moved(0, 2), Moved(2, 4), *MINE[4:], Moved(4, 7)]
    assert len(checked(LOG, silent).lost) == 2
    hole = [NEW, *MINE[:2], Moved(0, 2), *MINE[4:], Moved(4, 7)]
    findings = checked(LOG, hole)
    assert (len(findings.lost), findings.unexplained_gaps) == (2, ["a position from 4 after one to 2"])
    back = [NEW, *MINE, Moved(7, 3)]
    assert checked(LOG, back).reordered == ["a position from 7 back to 3"]


def test_a_hole_between_positions_that_hides_nothing_of_mine_is_none() -> None:
    assert checked(LOG, [NEW, *MINE[:4], Moved(0, 4), *MINE[4:], Moved(5, 7)]).is_clean


def test_what_nobody_wrote_is_invented() -> None:
    for strange in (Shown(Kind.ALERT, "a1", 9), Shown(Kind.ALERT, "a5", 5), Shown(Kind.UPDATE, "a6", 6)):
        assert len(checked(LOG, [NEW, *MINE, strange]).invented) == 1


def test_a_new_device_is_shown_what_is_open_and_then_the_rest() -> None:
    assert checked(LOG, [SnapshotShown(frozenset({"a2", "a4"}), 4), *MINE[4:]]).is_clean
    findings = checked(LOG, [SnapshotShown(frozenset({"a2"}), 4), *MINE[4:]])
    assert findings.lost == ["alert a4 was open and is not in the snapshot at 4"]


def test_a_gap_is_explained_by_retention_and_by_nothing_else() -> None:
    history = [NEW, MINE[0], GapTold(1), SnapshotShown(frozenset({"a2", "a4"}), 4), *MINE[4:]]
    assert checked(LOG, history, floor=3).is_clean
    findings = checked(LOG, history, floor=1)
    assert findings.unexplained_gaps == ["a gap after 1, but the log has everything after 1"]
    assert not findings.lost, "what the snapshot stands for is not lost as well"
    assert checked(LOG, [NEW, MINE[0], *history[3:]], floor=3).unexplained_gaps == [
        "a snapshot at 4 after 1, and no word of a gap"
    ]
    assert len(checked(LOG, history[:3], floor=3).unexplained_gaps) == 1, "a gap, and then nothing"


def test_a_device_that_is_known_goes_on_where_it_was() -> None:
    assert checked(LOG, MINE[2:], start=2).is_clean
    assert len(checked(LOG, MINE[3:], start=2).lost) == 1
    assert len(checked(LOG, [], start=2).lost) == 4


def test_what_is_too_new_need_not_have_been_shown() -> None:
    assert checked(LOG, [NEW, *MINE[:4]], until=4).is_clean
    assert checked(LOG, [NEW, *MINE], until=4).is_clean
    assert len(checked(LOG, [NEW, *MINE[:3]], until=4).lost) == 1


def test_somebody_who_is_told_later_is_shown_the_alert_once() -> None:
    log = [alert(1), alert(2, of=1), update(3, 1)]
    assert checked(log, [NEW, shown(log[0]), shown(log[2])]).is_clean
    assert checked(log, [NEW, shown(log[1]), shown(log[2])]).is_clean
    assert len(checked(log, [NEW, shown(log[0]), shown(log[1]), shown(log[2])]).duplicated) == 1


def test_what_was_accepted_is_in_the_log() -> None:
    assert check_accepted(LOG, ["a1", "a5", "a6"]) == []
    assert check_accepted([update(1, 8), alert(2, of=8)], ["a8", "a9"]) == ["a8", "a9"]


def test_findings_add_up() -> None:
    total = Findings()
    total.add(checked(LOG, [NEW, *MINE]), of="one")
    assert total.is_clean
    total.add(checked(LOG, [NEW, *MINE[1:]]), of="two")
    assert not total.is_clean
    assert total.in_words() == "lost 1\n  two: alert a1 at 1 was never shown"
    assert total.shown == 11
