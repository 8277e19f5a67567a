from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.deliveries.fragment_queue import MAX_GROUP_FRAGMENTS, FragmentQueue, OpenGroup
from sightline.deliveries.fragments import Fragment, Opening

OPENING = Opening(b"opening", "video/mp4", 64, 36)


def fragment(number: int, *, keyframe: bool = False, size: int = 10) -> Fragment:
    return Fragment(bytes(size), keyframe, number)


def taken(queue: FragmentQueue) -> list[Opening | Fragment]:
    parts = []
    while (part := queue.take()) is not None:
        parts.append(part)
    return parts


def test_it_begins_at_a_keyframe() -> None:
    queue = FragmentQueue()
    assert not queue
    queue.put(OPENING)
    queue.put(fragment(1))
    queue.put(fragment(2, keyframe=True))
    assert queue
    assert taken(queue) == [OPENING, fragment(2, keyframe=True)]
    assert queue.skipped == 1


def test_who_is_too_slow_goes_on_at_a_keyframe() -> None:
    queue = FragmentQueue(max_bytes=35)
    queue.put(OPENING)
    for number in range(4):
        queue.put(fragment(number, keyframe=number == 0))
    queue.put(fragment(4))
    assert taken(queue) == [OPENING], "the opening stays"
    queue.put(fragment(5, keyframe=True))
    queue.put(fragment(6))
    assert taken(queue) == [fragment(5, keyframe=True), fragment(6)]
    assert queue.skipped == 5


def test_another_video_replaces_what_waits_of_the_one_before() -> None:
    queue = FragmentQueue()
    queue.put(fragment(1, keyframe=True))
    queue.put(OPENING)
    queue.put(fragment(2))
    assert taken(queue) == [OPENING]


def test_a_newcomer_gets_the_group_whatever_its_size() -> None:
    group, queue = OpenGroup(), FragmentQueue(max_fragments=2)
    for part in (OPENING, fragment(0), fragment(1, keyframe=True), fragment(2), fragment(3)):
        group.add(part)
    queue.catch_up(group)
    assert [part.at_ms for part in taken(queue) if isinstance(part, Fragment)] == [1, 2, 3]


def test_a_group_without_end_is_not_kept() -> None:
    group = OpenGroup()
    group.add(fragment(0, keyframe=True))
    for number in range(MAX_GROUP_FRAGMENTS):
        group.add(fragment(number))
    assert group.fragments == []


@given(
    st.lists(st.one_of(st.none(), st.tuples(st.booleans(), st.integers(1, 20))), max_size=60),
    st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_no_reader_sees_the_middle_of_a_group(parts: list[tuple[bool, int] | None], reads: list[bool]) -> None:
    """Whatever comes and however it is read: each picture follows the one that was put before it, or is a keyframe."""
    queue, read = FragmentQueue(max_bytes=50, max_fragments=4), []
    for number, part in enumerate(parts):
        queue.put(OPENING if part is None else fragment(number, keyframe=part[0], size=part[1]))
        if reads[number] and (one := queue.take()) is not None:
            read.append(one)
        assert queue._bytes <= 50 and len(queue._fragments) <= 4
    before = None
    for one in [*read, *taken(queue)]:
        if isinstance(one, Opening):
            before = None
        elif not one.keyframe:
            assert before is not None and one.at_ms == before + 1
        before = one.at_ms if isinstance(one, Fragment) else None
