from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sightline.decisions.camera_shares import Seat, share_cameras

CAMERAS = [f"camera-{number}" for number in range(12)]

seats_of = st.lists(
    st.builds(Seat, st.sampled_from("abcdef"), st.integers(0, 9)), max_size=6, unique_by=lambda seat: seat.holder
)
held_by = st.dictionaries(st.sampled_from(CAMERAS), st.sampled_from("abcdefgh"))


def test_a_lone_engine_reads_everything() -> None:
    assert share_cameras(CAMERAS, [Seat("a", 64)], {}) == dict.fromkeys(CAMERAS, "a")


def test_shares_are_by_capacity() -> None:
    shares = Counter(share_cameras(CAMERAS, [Seat("a", 30), Seat("b", 60), Seat("c", 30)], {}).values())
    assert shares == {"a": 3, "b": 6, "c": 3}


def test_a_newcomer_is_given_its_share_and_nothing_else_moves() -> None:
    before = share_cameras(CAMERAS, [Seat("a", 10), Seat("b", 10)], {})
    after = share_cameras(CAMERAS, [Seat("a", 10), Seat("b", 10), Seat("c", 10)], before)
    moved = [camera for camera in CAMERAS if before[camera] != after[camera]]
    assert len(moved) == 4
    assert {after[camera] for camera in moved} == {"c"}


def test_what_an_engine_leaves_is_divided_and_nothing_else_moves() -> None:
    seats = [Seat("a", 10), Seat("b", 10), Seat("c", 10)]
    before = share_cameras(CAMERAS, seats, {})
    after = share_cameras(CAMERAS, seats[:2], before)
    assert all(after[camera] == holder for camera, holder in before.items() if holder != "c")
    assert Counter(after.values()) == {"a": 6, "b": 6}


def test_an_odd_camera_stays_where_it_is() -> None:
    held = {CAMERAS[0]: "b"}
    assert share_cameras(CAMERAS[:1], [Seat("a", 10), Seat("b", 10)], held) == held


def test_without_room_some_are_read_by_nobody() -> None:
    shares = share_cameras(CAMERAS, [Seat("a", 2), Seat("b", 3), Seat("c", 0)], {CAMERAS[-1]: "b"})
    assert Counter(shares.values()) == {"a": 2, "b": 3}
    assert shares[CAMERAS[-1]] == "b"


def test_without_engines_nobody_reads_anything() -> None:
    assert share_cameras(CAMERAS, [], {}) == {}
    assert share_cameras([], [Seat("a", 4)], {}) == {}


@given(seats=seats_of, held=held_by)
def test_every_camera_has_one_reader_while_there_is_room(seats: list[Seat], held: dict[str, str]) -> None:
    shares = share_cameras(CAMERAS, seats, held)
    counts = Counter(shares.values())
    assert all(counts[seat.holder] <= seat.capacity for seat in seats)
    assert counts.keys() <= {seat.holder for seat in seats}
    assert len(shares) == min(len(CAMERAS), sum(seat.capacity for seat in seats))


@given(seats=seats_of, held=held_by)
def test_no_share_is_a_whole_camera_off_what_is_fair(seats: list[Seat], held: dict[str, str]) -> None:
    total = sum(seat.capacity for seat in seats)
    counts = Counter(share_cameras(CAMERAS, seats, held).values())
    for seat in seats:
        fair = min(seat.capacity, len(CAMERAS) * seat.capacity / total) if total else 0
        assert abs(counts[seat.holder] - fair) < 1


@given(seats=seats_of, held=held_by)
def test_what_is_fair_already_is_left_alone(seats: list[Seat], held: dict[str, str]) -> None:
    shares = share_cameras(CAMERAS, seats, held)
    assert share_cameras(CAMERAS, seats[::-1], shares) == shares


@given(seats=seats_of, held=held_by)
def test_nothing_moves_but_what_is_over_a_share(seats: list[Seat], held: dict[str, str]) -> None:
    shares = share_cameras(CAMERAS, seats, held)
    present = {seat.holder for seat in seats}
    for holder in present:
        theirs = [camera for camera in CAMERAS if held.get(camera) == holder]
        kept = [camera for camera in theirs if shares.get(camera) == holder]
        gained = [camera for camera, reader in shares.items() if reader == holder and held.get(camera) != holder]
        assert len(kept) == len(theirs) or not gained
