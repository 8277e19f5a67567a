from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.engine.spooling.spool import Spool
from sightline.engine.spooling.spool_disk import SpoolDisk
from sightline.exceptions import Unavailable
from tests.unit.engine.facts import KINDS, make_fact, make_sighting

BIG = 10**9
PICTURE = b"\xff\xd8" + bytes(range(256)) * 4


class Crash(BaseException):
    """The process dies here."""


class UnreliableDisk(SpoolDisk):
    """A real folder that dies after so many operations, leaving what it was writing torn, or has only so much room."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.operations_left = BIG
        self.capacity_bytes = BIG
        self.refusal = 0

    def _operate(self) -> None:
        self.operations_left -= 1
        if self.operations_left < 0:
            raise Crash

    def write(self, name: str, data: bytes) -> None:
        if self.refusal:
            raise OSError(self.refusal, os.strerror(self.refusal))
        used = sum(self.size(other) for other in self.names() if other != name)
        fits = max(0, self.capacity_bytes - used)
        try:
            self._operate()
        except Crash:
            super().write(name, data[: min(len(data) // 2, fits)])
            raise
        if fits < len(data):
            super().write(name, data[:fits])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(name, data)
        self._operate()

    def rename(self, old: str, new: str) -> None:
        self._operate()
        super().rename(old, new)
        self._operate()

    def remove(self, name: str) -> None:
        self._operate()
        super().remove(name)


@contextlib.contextmanager
def spool_in(folder: Path, limit_bytes: int = BIG) -> Iterator[Spool]:
    spool = Spool(SpoolDisk(folder), limit_bytes=limit_bytes)
    try:
        yield spool
    finally:
        spool.close()


def keys_of(spool: Spool) -> list[str]:
    loaded = [spool.load(number) for number in spool.waiting()]
    return [spooled.fact.key for spooled in loaded if spooled is not None]


def test_facts_and_pictures_survive_a_restart_in_order(tmp_path: Path) -> None:
    facts = [make_fact(number, KINDS[number % 3]) for number in range(12)]
    with spool_in(tmp_path) as spool:
        for fact in facts:
            spool.add(fact, {"probe": PICTURE, "snapshot": PICTURE * 2})
    with spool_in(tmp_path) as spool:
        loaded = [spool.load(number) for number in spool.waiting()]
        assert [spooled.fact for spooled in loaded if spooled] == facts
        assert all(s is not None and s.pictures == {"probe": PICTURE, "snapshot": PICTURE * 2} for s in loaded)
        assert spool.facts == 12
        assert not spool.warnings()


def test_what_is_accepted_is_gone_for_good(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        for number in range(3):
            spool.add(make_fact(number), {"probe": PICTURE})
        spool.forget("key-1")
        spool.forget("key-1")
        spool.forget("never heard of")
        assert keys_of(spool) == ["key-0", "key-2"]
    assert len(list(tmp_path.glob("*.jpg"))) == 2
    with spool_in(tmp_path) as spool:
        assert keys_of(spool) == ["key-0", "key-2"]
        spool.forget("key-0")
        spool.forget("key-2")
        assert (spool.facts, spool.size_bytes) == (0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_the_order_does_not_depend_on_any_clock(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.add(make_fact(5), {})
    with spool_in(tmp_path) as spool:
        spool.add(make_fact(2), {})
        spool.add(make_fact(9), {})
        assert keys_of(spool) == ["key-5", "key-2", "key-9"]


def test_over_the_bound_pictures_go_first_then_unknown_facts_and_identified_last(tmp_path: Path) -> None:
    with spool_in(tmp_path, limit_bytes=6_000) as spool:
        spool.add(make_fact(0, "identified"), {"probe": PICTURE})
        spool.add(make_fact(1, "unknown"), {"probe": PICTURE})
        spool.add(make_fact(2, "source_state"), {})
        for number in range(3, 8):
            spool.add(make_fact(number, "identified"), {"probe": PICTURE})
        assert keys_of(spool) == [f"key-{number}" for number in range(8)]
        assert spool.dropped["pictures"] > 0
        assert set(spool.dropped) == {"pictures"}
        newest = spool.load(spool.waiting()[-1])
        oldest = spool.load(spool.waiting()[0])
        assert newest and newest.pictures
        assert oldest and not oldest.pictures
        number = 8
        while not spool.dropped["identified_facts"]:
            spool.add(make_fact(number, "identified"), {})
            number += 1
        assert spool.dropped["unknown_facts"] == 1
        assert spool.dropped["source_state_facts"] == 1
        assert "key-1" not in keys_of(spool)
        assert keys_of(spool)[-1] == f"key-{number - 1}"
        assert spool.size_bytes <= 6_000
        assert any(warning.startswith("spool full") for warning in spool.warnings())


def test_sightings_are_kept_in_order_with_facts_and_go_before_them(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.add(make_fact(0), {})
        spool.add(make_sighting(1), {})
    with spool_in(tmp_path, limit_bytes=4_000) as spool:
        assert keys_of(spool) == ["key-0", "key-1"]
        spooled = spool.load(spool.waiting()[1])
        assert spooled is not None and spooled.fact == make_sighting(1)
        spool.add(make_fact(2, "unknown"), {})
        spool.add(make_sighting(3, sample=bytes(3_150)), {})
        assert keys_of(spool) == ["key-0", "key-2", "key-3"]
        assert dict(spool.dropped) == {"sightings": 1}
        spool.forget("key-3")
        assert keys_of(spool) == ["key-0", "key-2"]


def test_the_warning_ends_when_there_is_room_again(tmp_path: Path) -> None:
    with spool_in(tmp_path, limit_bytes=4_000) as spool:
        for number in range(6):
            spool.add(make_fact(number), {"probe": PICTURE})
        assert spool.warnings()
        for number in range(6):
            spool.forget(f"key-{number}")
        assert not spool.warnings()


def test_a_full_disk_costs_the_oldest_pictures(tmp_path: Path) -> None:
    disk = UnreliableDisk(tmp_path)
    spool = Spool(disk, limit_bytes=BIG)
    disk.capacity_bytes = 5_000
    for number in range(6):
        spool.add(make_fact(number), {"probe": PICTURE})
    assert keys_of(spool) == [f"key-{number}" for number in range(6)]
    assert spool.dropped["pictures"] > 0
    assert not spool.dropped["identified_facts"]
    spool.close()


def test_a_disk_filled_by_others_loses_no_identified_fact(tmp_path: Path) -> None:
    disk = UnreliableDisk(tmp_path)
    spool = Spool(disk, limit_bytes=BIG)
    spool.add(make_fact(0), {})
    disk.capacity_bytes = 0
    spool.add(make_fact(1), {})
    assert keys_of(spool) == ["key-0", "key-1"]
    assert any("held in memory only" in warning for warning in spool.warnings())
    disk.capacity_bytes = BIG
    spool.settle()
    assert not spool.warnings()
    spool.close()
    with spool_in(tmp_path) as again:
        assert keys_of(again) == ["key-0", "key-1"]


def test_a_disk_that_refuses_is_replaced_by_memory_within_bounds(tmp_path: Path) -> None:
    disk = UnreliableDisk(tmp_path)
    spool = Spool(disk, limit_bytes=BIG, memory_limit_bytes=5_000)
    disk.refusal = errno.EROFS
    for number in range(40):
        spool.add(make_fact(number, KINDS[number % 2]), {"probe": PICTURE})
    assert spool.size_bytes <= 5_000
    assert spool.dropped["pictures"] > 0
    assert spool.dropped["unknown_facts"] > 0
    kept = keys_of(spool)
    assert kept[-1] == "key-39" or kept[-1] == "key-38"
    spool.forget(kept[0])
    assert keys_of(spool) == kept[1:]
    disk.refusal = 0
    spool.add(make_fact(99), {})
    assert keys_of(spool) == [*kept[1:], "key-99"]
    assert not any("memory" in warning for warning in spool.warnings())
    spool.close()
    with spool_in(tmp_path) as again:
        assert keys_of(again) == [*kept[1:], "key-99"]


@pytest.mark.parametrize("damage", [b"", b"SLS1", b"garbage" * 9, None])
def test_a_damaged_fact_is_set_aside_and_reported(tmp_path: Path, damage: bytes | None) -> None:
    with spool_in(tmp_path) as spool:
        for number in range(3):
            spool.add(make_fact(number), {"probe": PICTURE})
    victim = sorted(tmp_path.glob("*.fact"))[1]
    content = victim.read_bytes()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if damage is None else damage)
    with spool_in(tmp_path) as spool:
        assert keys_of(spool) == ["key-0", "key-2"]
        assert spool.dropped["torn_files"] == 1
        assert any("set aside" in warning for warning in spool.warnings())
    assert [path.name for path in (tmp_path / "torn").iterdir()] == [victim.name]
    assert len(list(tmp_path.glob("*.jpg"))) == 2


def test_a_damaged_picture_costs_only_the_picture(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        number = spool.add(make_fact(0), {"probe": PICTURE, "snapshot": PICTURE})
        next(tmp_path.glob("*.probe.jpg")).write_bytes(b"\xff")
        spooled = spool.load(number)
        assert spooled is not None
        assert set(spooled.pictures) == {"snapshot"}


def test_a_file_that_vanishes_under_a_running_spool_is_reported(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        number = spool.add(make_fact(0), {})
        next(tmp_path.glob("*.fact")).unlink()
        assert spool.load(number) is None
        assert spool.dropped["torn_files"] == 1
        assert spool.facts == 0


def test_a_folder_has_one_engine(tmp_path: Path) -> None:
    with spool_in(tmp_path), pytest.raises(Unavailable, match="another engine"):
        SpoolDisk(tmp_path)
    first = SpoolDisk(tmp_path)
    threading.Timer(0.1, first.close).start()
    second = SpoolDisk(tmp_path, patience_s=10.0)
    second.close()


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.sampled_from(KINDS), st.booleans()),
            st.tuples(st.just("accept"), st.integers(0, 9), st.none()),
            st.tuples(st.just("crash"), st.integers(0, 12), st.none()),
            st.tuples(st.just("refuse"), st.sampled_from([errno.EIO, 0]), st.none()),
            st.tuples(st.just("restart"), st.none(), st.none()),
        ),
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_or_reordered_whenever_it_crashes(steps: list[tuple[str, object, object]]) -> None:
    """With room enough: whatever `add` returned for is there until accepted, whatever happens; order never changes."""
    with tempfile.TemporaryDirectory() as folder:
        disk = UnreliableDisk(Path(folder))
        spool = Spool(disk, limit_bytes=BIG)
        added = 0
        promised: list[str] = []  # on disk for certain
        possible: set[str] = set()  # a crash interrupted their adding or accepting: there or not, both are right
        volatile: set[str] = set()  # taken while the disk refused
        for step, value, with_picture in steps:
            crashing = step == "crash"
            if crashing:
                disk.operations_left = int(str(value))
            try:
                if step == "add" or crashing:
                    added += 1
                    key = f"key-{added}"
                    fact = make_fact(added, str(value) if step == "add" else "identified")
                    possible.add(key)
                    spool.add(fact, {"probe": PICTURE} if with_picture or crashing else {})
                    possible.discard(key)
                    promised.append(key)
                    if disk.refusal:
                        volatile.add(key)
                    else:
                        volatile.clear()
                elif step == "accept" and promised:
                    key = promised.pop(int(str(value)) % len(promised))
                    possible.add(key)
                    spool.forget(key)
                    possible.discard(key)
                elif step == "refuse":
                    disk.refusal = int(str(value))
            except Crash:
                pass
            if step == "restart" or crashing:
                disk.close()
                disk = UnreliableDisk(Path(folder))
                spool = Spool(disk, limit_bytes=BIG)
                promised = [key for key in promised if key not in volatile]
                possible |= volatile
                volatile.clear()
            found = keys_of(spool)
            assert [key for key in found if key in promised] == promised
            assert set(found) <= set(promised) | possible
            assert found == sorted(found, key=lambda key: int(key.removeprefix("key-")))
            assert not spool.dropped
        disk.close()


@given(
    sizes=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3_000)), max_size=25),
    limit=st.integers(2_000, 9_000),
    capacity=st.integers(1_500, 9_000),
)
@settings(max_examples=60, deadline=None)
def test_bounds_hold_and_every_loss_is_counted(sizes: list[tuple[str, int]], limit: int, capacity: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        disk = UnreliableDisk(Path(folder))
        disk.capacity_bytes = capacity
        spool = Spool(disk, limit_bytes=limit, memory_limit_bytes=2_000)
        pictures = 0
        for number, (kind, size) in enumerate(sizes):
            given_pictures = {"probe": b"x" * size} if size else {}
            pictures += len(given_pictures)
            spool.add(make_fact(number, kind), given_pictures)
        on_disk = sum(disk.size(name) for name in disk.names())
        assert on_disk <= min(limit, capacity)
        assert spool.size_bytes <= limit + 2_000
        loaded = [spooled for number in spool.waiting() if (spooled := spool.load(number)) is not None]
        lost = {kind: spool.dropped[f"{kind}_facts"] for kind in KINDS}
        for kind in KINDS:
            assert sum(k == kind for k, _ in sizes) - lost[kind] == sum(
                make_fact(0, kind).what.__class__ is spooled.fact.what.__class__ for spooled in loaded
            )
        kept_pictures = sum(len(spooled.pictures) for spooled in loaded)
        assert pictures - spool.dropped["pictures"] == kept_pictures
        spool.close()
