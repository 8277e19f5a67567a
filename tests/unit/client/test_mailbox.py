from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.client.events import (
    Alert,
    AlertSnapshot,
    AlertTriggered,
    AlertUpdated,
    CameraChanged,
    CaughtUp,
    Connection,
    ConnectionChanged,
    ConnectionState,
    Event,
    FaceResult,
    Gap,
    Picture,
    Problem,
)
from sightline.client.mailbox import MAX_ENTRIES, MAX_SLOTS, Mailbox
from sightline.deliveries.entry import Cursor


def alert(name: str) -> AlertTriggered:
    return AlertTriggered(Alert(alert_id=name), replay=False)


def faces(camera_id: str, frame_id: int) -> FaceResult:
    return FaceResult(camera_id=camera_id, frame_id=frame_id)


def taken(mailbox: Mailbox) -> list[Event | Cursor]:
    items = []
    while (item := mailbox.take()) is not None:
        items.append(item)
    return items


def test_connection_comes_first_then_the_log_then_the_newest_of_everything_else() -> None:
    mailbox = Mailbox()
    online, offline = CameraChanged(camera_id="c", status="online"), CameraChanged(camera_id="c", status="offline")
    connected = ConnectionChanged(Connection(ConnectionState.AUTHENTICATED))
    for event in (
        online,
        faces("c", 1),
        faces("d", 1),
        alert("a"),
        offline,
        ConnectionChanged(Connection()),
        faces("c", 2),
    ):
        assert mailbox.put(event)
    mailbox.mark(Cursor("e", 1))
    mailbox.put(connected)
    expected = [connected, alert("a"), Cursor("e", 1), offline, faces("c", 2), faces("d", 1)]
    assert taken(mailbox) == expected


def test_kinds_do_not_displace_one_another() -> None:
    mailbox = Mailbox()
    events: list[Event] = [faces("c", 1), Picture("c", 1, 0, 1, 1, b""), Problem(code="X", message="")]
    for event in events:
        mailbox.put(event)
    assert taken(mailbox) == events


def test_reconnections_do_not_pile_up() -> None:
    mailbox = Mailbox()
    mailbox.put(alert("a"))
    for offset in range(5_000):
        mailbox.put(Gap(None))
        mailbox.put(AlertSnapshot((), offset))
        mailbox.mark(Cursor("e", offset))
        mailbox.put(CaughtUp(offset=offset))
    items = taken(mailbox)
    assert items[0] == alert("a")
    assert items[-4:] == [Gap(None), AlertSnapshot((), 4999), Cursor("e", 4999), CaughtUp(offset=4999)]
    assert len(items) <= 6


def test_a_full_lane_refuses_entries_and_keeps_what_it_has() -> None:
    mailbox = Mailbox()
    for number in range(MAX_ENTRIES):
        assert mailbox.put(alert(str(number)))
    assert not mailbox.put(alert("too much"))
    assert not mailbox.put(AlertUpdated(alert_id="a", state="open"))
    assert mailbox.put(faces("c", 1))
    assert taken(mailbox) == [*(alert(str(number)) for number in range(MAX_ENTRIES)), faces("c", 1)]


def test_the_oldest_slot_goes() -> None:
    mailbox = Mailbox()
    for number in range(MAX_SLOTS + 1):
        mailbox.put(faces(str(number), 1))
    items = taken(mailbox)
    assert len(items) == MAX_SLOTS
    assert items[0] == faces("1", 1)


@given(st.lists(st.sampled_from(["alert", "mark", "faces", "take"]), max_size=60))
def test_entries_keep_their_order_and_a_mark_follows_all_that_it_covers(steps: list[str]) -> None:
    mailbox = Mailbox()
    put = seen = 0
    for number, step in enumerate([*steps, *["take"] * len(steps)]):
        if step == "alert":
            put += 1
            assert mailbox.put(AlertTriggered(Alert(alert_id="a", offset=put), replay=False))
        elif step == "mark":
            mailbox.mark(Cursor("e", put))
        elif step == "faces":
            mailbox.put(faces("c", number))
        else:
            item = mailbox.take()
            if isinstance(item, AlertTriggered):
                seen += 1
                assert item.alert.offset == seen
            elif isinstance(item, Cursor):
                assert item.offset == seen
    assert seen == put
