from __future__ import annotations

from sightline.client.events import Alert, AlertTriggered, AlertUpdated, CaughtUp, Gap
from sightline.client.inbox import REMEMBERED_ENTRIES, Inbox
from sightline.client.messages import IdentificationSuccess, OpenAlerts, Position
from sightline.deliveries.entry import Cursor


def begun(
    handled: Cursor | None = None, *, mode: str = "resumed", epoch: str = "e", offset: int = 100
) -> tuple[Inbox, Gap | None]:
    inbox = Inbox(handled)
    return inbox, inbox.begin(IdentificationSuccess(epoch=epoch, offset=offset, mode=mode), handled)


def test_received_is_beyond_neither_what_was_sent_nor_what_is_handled() -> None:
    inbox, _ = begun(Cursor("e", 5))
    assert inbox.take_received() is None
    inbox.take(Position(start=5, to=9))
    assert inbox.take_received() is None
    assert inbox.done(Cursor("e", 9))
    assert inbox.take_received() == 9
    assert inbox.take_received() is None


def test_work_finished_while_away_is_confirmed_once_the_server_has_sent_it_again() -> None:
    inbox, _ = begun(Cursor("e", 5))
    inbox.take(Position(start=5, to=9))
    inbox.begin(IdentificationSuccess(epoch="e", offset=100, mode="resumed"), Cursor("e", 5))
    assert inbox.done(Cursor("e", 9))
    assert inbox.take_received() is None
    assert inbox.take(Position(start=5, to=7)) == ([], Cursor("e", 7))
    assert inbox.take_received() == 7
    inbox.take(Position(start=7, to=20))
    assert inbox.take_received() == 9


def test_work_of_another_epoch_is_not_told() -> None:
    inbox, gap = begun(Cursor("old", 50))
    assert gap == Gap(Cursor("old", 50))
    assert inbox.handled is None
    inbox.take(Position(start=0, to=3))
    assert inbox.done(Cursor("old", 60))
    assert inbox.take_received() is None


def test_after_a_gap_the_old_place_holds_until_the_snapshot_is_handled() -> None:
    inbox, gap = begun(Cursor("e", 5), mode="gap")
    assert gap == Gap(Cursor("e", 5))
    assert inbox.handled == Cursor("e", 5)
    events, cursor = inbox.take(OpenAlerts(alerts=(), offset=100))
    assert len(events) == 1
    assert cursor == Cursor("e", 100)
    assert inbox.done(cursor)
    assert inbox.take_received() == 100


def test_a_place_beyond_the_top_is_given_up() -> None:
    inbox, gap = begun(Cursor("e", 500), mode="gap", offset=100)
    assert gap == Gap(Cursor("e", 500))
    _, cursor = inbox.take(OpenAlerts(alerts=(), offset=100))
    assert cursor is not None and inbox.done(cursor)
    assert inbox.handled == Cursor("e", 100)


def test_replay_ends_with_caught_up() -> None:
    inbox, _ = begun(Cursor("e", 5))
    assert inbox.take(Alert(alert_id="a"))[0] == [AlertTriggered(Alert(alert_id="a"), replay=True)]
    inbox.take(CaughtUp(offset=100))
    assert inbox.take(Alert(alert_id="b"))[0] == [AlertTriggered(Alert(alert_id="b"), replay=False)]


def test_an_entry_is_news_once_unless_it_was_forgotten() -> None:
    inbox, _ = begun()
    alert, update = Alert(alert_id="a"), AlertUpdated(alert_id="a", state="closed", offset=7)
    triggered = inbox.take(alert)[0][0]
    assert inbox.take(alert)[0] == []
    assert inbox.take(update)[0] == [update]
    assert inbox.take(update)[0] == []
    assert isinstance(triggered, AlertTriggered)
    inbox.forget(triggered)
    inbox.forget(update)
    assert inbox.take(alert)[0] == [triggered]
    assert inbox.take(update)[0] == [update]


def test_memory_is_bounded_and_the_oldest_is_forgotten() -> None:
    inbox, _ = begun()
    for number in range(REMEMBERED_ENTRIES + 1):
        inbox.take(Alert(alert_id=str(number)))
    assert inbox.take(Alert(alert_id="1"))[0] == []
    assert inbox.take(Alert(alert_id="0"))[0] != []
