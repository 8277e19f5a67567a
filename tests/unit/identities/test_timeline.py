from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.identities.sighting import Sighting
from sightline.identities.timeline import stays_of, visits_of

GAP_MS = 100


def seen(number: int, camera: str, from_ms: int, to_ms: int, quality: float = 0.5) -> Sighting:
    return Sighting(
        id=f"s{number}", key=number, track_id=f"t{number}", camera_id=camera, model_id="m", first_seen_ms=from_ms,
        last_seen_ms=to_ms, person_id=None, stranger_id=None, stranger_number=None, similarity=None, quality=quality,
        live=None, width_px=60, samples=5,
    )  # fmt: skip


walks = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 2000), st.integers(0, 300)), max_size=20
).map(lambda rows: [seen(n, camera, at, at + length) for n, (camera, at, length) in enumerate(rows)])


@given(walks)
def test_every_sighting_is_in_one_visit_and_visits_are_in_order(sightings: list[Sighting]) -> None:
    visits = visits_of(sightings, gap_ms=GAP_MS)
    assert sorted(one.id for visit in visits for one in visit.sightings) == sorted(one.id for one in sightings)
    assert [visit.from_ms for visit in visits] == sorted(visit.from_ms for visit in visits)
    for visit in visits:
        assert {one.camera_id for one in visit.sightings} == {visit.camera_id}
        assert visit.to_ms == max(one.last_seen_ms for one in visit.sightings)
        assert visit.best in visit.sightings
    for before, after in zip(visits, visits[1:], strict=False):
        assert before.camera_id != after.camera_id or after.from_ms - before.to_ms > GAP_MS


@given(walks)
def test_stays_count_everything_once(sightings: list[Sighting]) -> None:
    stays = stays_of(sightings)
    assert sum(stay.sightings for stay in stays) == len(sightings)
    assert sum(stay.seen_ms for stay in stays) == sum(one.last_seen_ms - one.first_seen_ms for one in sightings)
    assert [stay.sightings for stay in stays] == sorted((stay.sightings for stay in stays), reverse=True)


def test_a_path() -> None:
    sightings = [
        seen(4, "yard", 900, 950), seen(1, "door", 0, 50), seen(2, "door", 140, 200, 0.9), seen(3, "hall", 210, 300),
        seen(5, "yard", 1051, 1060),
    ]  # fmt: skip
    visits = visits_of(sightings, gap_ms=GAP_MS)
    assert [(visit.camera_id, visit.from_ms, visit.to_ms, visit.best.id) for visit in visits] == [
        ("door", 0, 200, "s2"), ("hall", 210, 300, "s3"), ("yard", 900, 950, "s4"), ("yard", 1051, 1060, "s5")
    ]  # fmt: skip
