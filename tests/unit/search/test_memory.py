from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sightline.identities.similarity import Similarity
from sightline.search.memory import JOIN_SIMILARITY, SightingMemory

CURVE = Similarity(0.5, 15.0)
FACES = {"ada": (0, 0), "ben": (3, 0), "cleo": (0, 3)}


@dataclass(frozen=True)
class Fed:
    key: int
    model_id: str = "m"
    camera_id: str = "door"
    first_seen_ms: int = 0
    last_seen_ms: int = 10
    group: str | None = None
    grouping: str = "due"
    vector: bytes | None = None


def face(name: str, nudge: float = 0.0) -> bytes:
    x, y = FACES[name]
    return np.array([x + nudge, y], "<f4").tobytes()


def memory() -> SightingMemory:
    return SightingMemory({"m": CURVE, "other": CURVE}.__getitem__)


def ids(start: str = "g") -> itertools.count[int] | object:
    numbers = itertools.count(1)
    return lambda: f"{start}{next(numbers)}"


def test_the_distance_to_join_is_that_of_a_name() -> None:
    assert CURVE.distance(JOIN_SIMILARITY) == pytest.approx(0.45, abs=0.001)


def test_search_is_by_model_camera_and_time() -> None:
    past = memory()
    past.apply(
        [
            Fed(1, vector=face("ada")), Fed(2, camera_id="yard", vector=face("ada", 0.1)),
            Fed(3, first_seen_ms=50, last_seen_ms=60, vector=face("ada", 0.2)),
            Fed(4, model_id="other", vector=face("ada")),
        ]
    )  # fmt: skip
    assert [key for key, _ in past.search("m", [face("ada")], 10)] == [1, 2, 3]
    assert [key for key, _ in past.search("m", [face("ada", 0.24), face("ada")], 2)] == [1, 3], "nearest to any of them"
    assert [key for key, _ in past.search("m", [face("ada")], 10, cameras=["yard", "attic"])] == [2]
    assert past.search("m", [face("ada")], 10, cameras=["attic"]) == []
    assert [key for key, _ in past.search("m", [face("ada")], 10, from_ms=11)] == [3]
    assert past.search("nobody's", [face("ada")], 10) == []
    assert [past.count(model) for model in ("m", "other", "nobody's")] == [3, 1, 0]
    with pytest.raises(ValueError):
        past.search("m", [b"123"], 10)


def test_a_sighting_that_was_embedded_anew_is_found_by_the_other_model_and_stays_in_its_group() -> None:
    past = memory()
    past.apply([Fed(1, group="g", grouping="done", vector=face("ada"))])
    past.apply([Fed(1, model_id="other", group="g", grouping="done", vector=face("ben"))])
    assert past.search("m", [face("ada")], 10) == []
    assert [key for key, _ in past.search("other", [face("ben")], 10)] == [1]
    assert (past.recognise("m", face("ada")), past.recognise("other", face("ben"))) == (None, "g")
    assert ([past.count(model) for model in ("m", "other")], len(past)) == ([0, 1], 1)


def test_a_template_that_is_none_is_left_out() -> None:
    past = memory()
    nan = np.array([np.nan, 0], "<f4").tobytes()
    past.apply([Fed(1, vector=face("ada")), Fed(2, vector=b"123"), Fed(3, vector=nan), Fed(4, vector=b"")])
    assert (len(past), past.skipped) == (1, 3)


def test_two_sightings_of_one_new_stranger_found_one_group() -> None:
    past = memory()
    past.apply([Fed(1, vector=face("ada")), Fed(2, vector=face("ada", 0.1)), Fed(3, vector=face("ben"))])
    placed = past.place(10, ids())  # type: ignore[arg-type]
    assert [(one.key, one.group, one.founded) for one in placed] == [
        (1, "g1", True), (2, "g1", False), (3, "g2", True)
    ]  # fmt: skip
    assert past.recognise("m", face("ada", 0.05)) == "g1"
    assert past.recognise("m", face("cleo")) is None


def test_an_undecided_track_joins_but_founds_nothing() -> None:
    past = memory()
    past.apply([Fed(1, grouping="join", vector=face("ada"))])
    (alone,) = past.place(10, ids())  # type: ignore[arg-type]
    assert (alone.group, alone.founded) == (None, False)
    past.apply([Fed(1, grouping="done"), Fed(2, vector=face("ada"))])
    past.settle()
    past.place(10, ids())  # type: ignore[arg-type]
    past.apply([Fed(3, grouping="join", vector=face("ada", 0.1))])
    (joins,) = past.place(10, ids())  # type: ignore[arg-type]
    assert (joins.group, joins.founded) == ("g1", False)


def test_what_could_not_be_written_is_proposed_again() -> None:
    past = memory()
    past.apply([Fed(1, vector=face("ada")), Fed(2, vector=face("ben"))])
    past.place(10, ids())  # type: ignore[arg-type]
    assert not past.due
    past.apply([Fed(1, group="g1", grouping="done")])
    past.settle()
    assert past.due
    assert past.recognise("m", face("ben")) is None
    assert [one.key for one in past.place(10, ids("h"))] == [2]  # type: ignore[arg-type]


class FollowedStore(RuleBasedStateMachine):
    """A store that places, splits, erases at will, and a memory that follows: in the end both agree."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, Fed] = {}
        self.past = memory()
        self.keys = itertools.count(1)
        self.groups = itertools.count(1)
        self.changed: set[int] = set()
        self.removed: set[int] = set()
        self.proposal: list[tuple[int, str | None]] | None = None

    @rule(who=st.sampled_from(sorted(FACES)), nudge=st.floats(-0.1, 0.1), decided=st.booleans())
    def sighting_comes(self, who: str, nudge: float, decided: bool) -> None:
        key = next(self.keys)
        self.rows[key] = Fed(key, grouping="due" if decided else "join", vector=face(who, nudge))
        self.changed.add(key)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def one_is_erased(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        del self.rows[key]
        self.changed.discard(key)
        self.removed.add(key)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), enrolled=st.booleans())
    def somebody_moves_one(self, data: st.DataObject, enrolled: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        group = None if enrolled else f"hand{next(self.groups)}"
        self.rows[key] = replace(self.rows[key], group=group, grouping="done")
        self.changed.add(key)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def one_is_embedded_anew(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        self.rows[key] = replace(self.rows[key], model_id="other")
        self.changed.add(key)

    @rule()
    def memory_follows(self) -> None:
        changed = [self.rows[key] for key in sorted(self.changed)]
        known = [replace(row, vector=None if self.past.models.get(row.key) == row.model_id else row.vector)
                 for row in changed]  # fmt: skip
        self.past.apply(known, self.removed)
        self.changed.clear()
        self.removed.clear()

    @precondition(lambda self: self.proposal is None)
    @rule(limit=st.integers(1, 5))
    def memory_proposes(self, limit: int) -> None:
        placements = self.past.place(limit, lambda: f"g{next(self.groups)}")
        self.proposal = [(one.key, one.group) for one in placements]

    @precondition(lambda self: self.proposal is not None)
    @rule(fails=st.booleans())
    def store_writes(self, fails: bool) -> None:
        assert self.proposal is not None
        for key, group in [] if fails else self.proposal:
            row = self.rows.get(key)
            if row is not None and row.grouping != "done":
                self.rows[key] = replace(row, group=group, grouping="done")
                self.changed.add(key)
        self.proposal = None
        self.memory_follows()
        self.past.settle()

    @invariant()
    def as_many_as_were_followed(self) -> None:
        if not self.changed and not self.removed:
            assert len(self.past) == len(self.rows)

    def teardown(self) -> None:
        if self.proposal is not None:
            self.store_writes(fails=False)
        self.memory_follows()
        for model_id in ("m", "other"):
            model = self.past._models.get(model_id)
            placed = [row.group for row in self.rows.values() if row.group is not None and row.model_id == model_id]
            for group in placed:
                assert model is not None
                assert model.groups.size(group) == placed.count(group)
            assert model is None or len(model.groups) == len(set(placed))
        assert self.past.due == any(row.grouping != "done" for row in self.rows.values())


FollowedStore.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
TestFollowedStore = FollowedStore.TestCase
