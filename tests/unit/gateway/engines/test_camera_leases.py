from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sightline.decisions.camera_shares import Seat
from sightline.gateway.engines.camera_leases import LeasesInMemory

LENGTH_MS = 6_000
A, B = Seat("a", 8), Seat("b", 8)


def leases() -> LeasesInMemory:
    return LeasesInMemory(length_ms=LENGTH_MS)


async def test_what_is_free_is_given() -> None:
    book = leases()
    agreed = await book.agree([A, B], ["1", "2"], may_give=True, now_ms=0)
    assert {holder: len(theirs) for holder, theirs in agreed.cameras.items()} == {"a": 1, "b": 1}
    assert (agreed.waiting, agreed.again_at_ms) == (frozenset(), None)


async def test_a_lost_engines_cameras_are_given_when_its_lease_ends() -> None:
    book = leases()
    await book.agree([A], ["1"], may_give=True, now_ms=0)
    await book.renew("a", ["1"], 2_000)
    agreed = await book.agree([B], ["1"], may_give=True, now_ms=3_000)
    assert (agreed.cameras, agreed.waiting, agreed.again_at_ms) == ({"b": frozenset()}, {"1"}, 8_000)
    agreed = await book.agree([B], ["1"], may_give=True, now_ms=8_000)
    assert agreed.cameras == {"b": {"1"}}


async def test_an_engine_that_comes_back_in_time_keeps_its_cameras() -> None:
    book = leases()
    await book.agree([A], ["1", "2"], may_give=True, now_ms=0)
    await book.agree([], ["1", "2"], may_give=True, now_ms=1_000)
    assert (await book.agree([A], ["1", "2"], may_give=True, now_ms=5_000)).cameras == {"a": {"1", "2"}}


async def test_a_camera_moves_only_once_it_was_let_go() -> None:
    book = leases()
    await book.agree([A], ["1", "2"], may_give=True, now_ms=0)
    agreed = await book.agree([A, B], ["1", "2"], may_give=True, now_ms=100)
    [moving] = agreed.waiting
    assert agreed.cameras == {"a": {"1", "2"} - {moving}, "b": frozenset()}
    await book.release("a", [moving])
    assert (await book.agree([A, B], ["1", "2"], may_give=True, now_ms=200)).cameras["b"] == {moving}


async def test_after_a_start_only_what_an_engine_reads_already_is_its_own() -> None:
    book = leases()
    await book.renew("a", ["1"], 0)
    agreed = await book.agree([A, B], ["1", "2"], may_give=False, now_ms=10)
    assert agreed.cameras == {"a": {"1"}, "b": frozenset()}
    assert (await book.agree([A, B], ["1", "2"], may_give=True, now_ms=20)).cameras["b"] == {"2"}


async def test_a_beat_takes_nothing_from_another() -> None:
    book = leases()
    await book.renew("a", ["1"], 0)
    await book.renew("b", ["1"], 1_000)
    assert (await book.agree([A, B], ["1"], may_give=True, now_ms=2_000)).cameras == {"a": {"1"}, "b": frozenset()}
    await book.release("b")
    assert (await book.agree([A, B], ["1"], may_give=True, now_ms=2_000)).cameras["a"] == {"1"}


class TwoNeverReadOne(RuleBasedStateMachine):
    """Engines that do as they are told, late or never; links that break; time that passes."""

    CAMERAS = ("1", "2", "3")

    def __init__(self) -> None:
        super().__init__()
        self.book = leases()
        self.now_ms = 0
        self.linked: set[str] = set()
        self.reads: dict[str, set[str]] = {"a": set(), "b": set(), "c": set()}
        self.until_ms = dict.fromkeys(self.reads, -1)
        self.told: dict[str, set[str]] = {name: set() for name in self.reads}

    def run(self, work: object) -> object:
        try:
            work.send(None)  # type: ignore[attr-defined]  # nothing here waits for anything
        except StopIteration as done:
            return done.value
        raise AssertionError("it waited")

    @rule(name=st.sampled_from("abc"))
    def link(self, name: str) -> None:
        self.linked.add(name)

    @rule(name=st.sampled_from("abc"))
    def cut(self, name: str) -> None:
        self.linked.discard(name)

    @rule(name=st.sampled_from("abc"))
    def beat(self, name: str) -> None:
        """It does as it was told, says what it holds, and is granted its lease."""
        if name not in self.linked:
            return
        dropped = self.reads[name] - self.told[name]
        self.reads[name] = set(self.told[name])
        self.run(self.book.renew(name, self.reads[name], self.now_ms))
        self.run(self.book.release(name, dropped))
        self.until_ms[name] = self.now_ms + LENGTH_MS

    @rule()
    def share(self) -> None:
        seats = [Seat(name, 3) for name in sorted(self.linked)]
        agreed = self.run(self.book.agree(seats, self.CAMERAS, may_give=True, now_ms=self.now_ms))
        for name, cameras in agreed.cameras.items():  # type: ignore[attr-defined]
            self.told[name] = set(cameras)
            self.reads[name] |= cameras  # to begin is at once, to end may take until the next beat
            if cameras:
                self.until_ms[name] = max(self.until_ms[name], self.now_ms)

    @rule(ms=st.integers(1, 7_000))
    def wait(self, ms: int) -> None:
        self.now_ms += ms
        for name in self.reads:
            if self.now_ms >= self.until_ms[name]:
                self.reads[name], self.told[name] = set(), set()
                self.linked.discard(name)

    @invariant()
    def two_never_read_one(self) -> None:
        reading = [camera for cameras in self.reads.values() for camera in cameras]
        assert len(reading) == len(set(reading)), self.reads


TwoNeverReadOne.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestTwoNeverReadOne = TwoNeverReadOne.TestCase
