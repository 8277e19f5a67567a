"""Who is told first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.routing import Fix, Position, Responder, fresh, nearest_first

GATE = Position(52.5163, 13.3777)
POSITIONS = st.none() | st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


def ids(*responders: Responder, camera: Position = GATE) -> list[str]:
    return [responder.user_id for responder, _ in nearest_first(camera, responders)]


def test_the_nearest_to_the_camera_comes_first() -> None:
    near, far = Position(52.5170, 13.3777), Position(52.6, 13.3777)
    assert ids(Responder("ana", far), Responder("bo", near)) == ["bo", "ana"]
    assert ids(Responder("ana", far), Responder("bo", near), camera=far) == ["ana", "bo"]


def test_who_is_somewhere_unknown_comes_last() -> None:
    assert ids(Responder("ana", None), Responder("bo", Position(-33.9, 151.2))) == ["bo", "ana"]


@given(st.permutations(["ana", "bo", "cy", "dee"]), POSITIONS)
def test_ties_are_told_in_the_order_of_their_ids(order: list[str], place: Position | None) -> None:
    assert ids(*(Responder(id, place) for id in order)) == ["ana", "bo", "cy", "dee"]


@given(st.lists(POSITIONS, max_size=8))
def test_nobody_is_lost_and_distances_rise(places: list[Position | None]) -> None:
    responders = [Responder(str(number), place) for number, place in enumerate(places)]
    ordered = nearest_first(GATE, responders)
    assert sorted(responder.user_id for responder, _ in ordered) == sorted(one.user_id for one in responders)
    distances = [metres for _, metres in ordered if metres is not None]
    assert distances == sorted(distances)
    assert all((metres is None) == (responder.position is None) for responder, metres in ordered)


def test_a_fix_counts_while_it_is_fresh() -> None:
    fix = Fix(GATE, at_ms=1_000)
    assert fresh(fix, 121_000, 120_000) == GATE
    assert fresh(fix, 121_001, 120_000) is None
    assert fresh(None, 0, 120_000) is None
