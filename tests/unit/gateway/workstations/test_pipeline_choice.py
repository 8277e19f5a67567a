"""Which engine looks at whose pictures."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sightline.gateway.workstations.pipeline_choice import Pipeline, PipelineChoice


class Connected(list[Pipeline]):
    """Engines as the test wants them."""

    def pipelines(self) -> list[Pipeline]:
        return self

    def pipeline(self, engine_id: str) -> Pipeline | None:
        return next((one for one in self if one.id == engine_id), None)


def test_the_engine_with_the_fewest_clients_and_then_the_least_load() -> None:
    choice = PipelineChoice(Connected([Pipeline("a", load=0.5), Pipeline("b", load=0.1)]), most=2)
    chosen = [choice.engine_of(client) for client in ("1", "2", "3", "4", "5")]
    assert [one.id if one else None for one in chosen] == ["b", "a", "b", "a", None]
    choice.leave("1")
    assert choice.clients_of("b") == 1
    assert choice.engine_of("5") == Pipeline("b", load=0.1)


def test_who_has_an_engine_keeps_it_and_moves_when_it_dies() -> None:
    engines = Connected([Pipeline("a")])
    choice = PipelineChoice(engines, most=9)
    assert choice.engine_of("1") == Pipeline("a")
    engines.append(Pipeline("b"))
    assert choice.engine_of("1") == Pipeline("a")
    del engines[0]
    assert choice.engine_of("1") == Pipeline("b")
    engines.clear()
    assert choice.engine_of("1") is None
    assert choice.clients_of("a") == choice.clients_of("b") == 0


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["ask", "leave"]), st.integers(0, 9)),
            st.tuples(st.just("engine"), st.integers(0, 2)),
        ),
        max_size=60,
    )
)
def test_no_engine_gets_more_than_its_share_whatever_happens(steps: list[tuple[str, int]]) -> None:
    there = Connected()
    choice = PipelineChoice(there, most=3)
    given_to: dict[int, str] = {}
    for step, number in steps:
        if step == "engine":
            found = there.pipeline(str(number))
            there.append(Pipeline(str(number))) if found is None else there.remove(found)
        elif step == "leave":
            choice.leave(str(number))
            given_to.pop(number, None)
        else:
            before, engine = given_to.pop(number, None), choice.engine_of(str(number))
            assert engine is None or engine in there
            if before is not None and there.pipeline(before):
                assert engine is not None and engine.id == before
            if engine is not None:
                given_to[number] = engine.id
        counted = Counter(name for name in given_to.values() if there.pipeline(name))
        assert all(count <= 3 for count in counted.values())
