"""Which engine reads which camera: each its share by capacity, with as few moves as that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Seat", "share_cameras"]


@dataclass(frozen=True, slots=True)
class Seat:
    """An engine that may be given cameras, at most `capacity` of them; `holder` is unique."""

    holder: str
    capacity: int


def share_cameras(cameras: Sequence[str], seats: Sequence[Seat], held: Mapping[str, str]) -> dict[str, str]:
    """The holder of each camera; those for which there is no room are missing. `held` says who holds one now.

    Shares are proportional to capacity, rounded by largest remainder, of equal ones for whoever holds that much now. A
    camera stays where it is unless its holder has more than its share: no other division by the same shares takes
    fewer moves. The same arguments give the same answer, in whatever order the seats come.
    """
    holders = {seat.holder for seat in seats}
    holding: dict[str, list[str]] = {holder: [] for holder in sorted(holders)}
    free: list[str] = []
    for camera in cameras:
        holder = held.get(camera)
        (holding[holder] if holder in holders and holder is not None else free).append(camera)
    quotas = _quotas(len(cameras), seats, {holder: len(theirs) for holder, theirs in holding.items()})
    placed: dict[str, str] = {}
    for holder, theirs in holding.items():
        placed |= dict.fromkeys(theirs[: quotas[holder]], holder)
        free += theirs[quotas[holder] :]
    room = [holder for holder, theirs in holding.items() for _ in range(quotas[holder] - len(theirs))]
    return placed | dict(zip(free, _in_turn(room), strict=False))


def _quotas(count: int, seats: Sequence[Seat], holding: Mapping[str, int]) -> dict[str, int]:
    total = sum(seat.capacity for seat in seats)
    if count >= total:
        return {seat.holder: seat.capacity for seat in seats}
    quotas = {seat.holder: count * seat.capacity // total for seat in seats}

    def rank(seat: Seat) -> tuple[int, int, str]:
        return -(count * seat.capacity % total), quotas[seat.holder] - holding[seat.holder], seat.holder

    rounded_up = sorted(seats, key=rank)[: count - sum(quotas.values())]
    return quotas | {seat.holder: quotas[seat.holder] + 1 for seat in rounded_up}


def _in_turn(room: Sequence[str]) -> list[str]:
    """`a a a b b` as `a b a b a`: what is free is often free because it is much at once."""
    turns: dict[str, int] = {}
    numbered = []
    for holder in room:
        turns[holder] = turns.get(holder, 0) + 1
        numbered.append((turns[holder], holder))
    return [holder for _, holder in sorted(numbered)]
