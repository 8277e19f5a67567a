"""Who may read which camera, and until when: the one place that decides it, for all gateways there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.decisions.camera_shares import Seat, share_cameras

__all__ = ["Agreement", "CameraLeases", "LeasesInMemory"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """`cameras` of each holder. `waiting` are those that a holder who is gone, or has yet to let go, still has; unless
    it is released before, something changes at `again_at_ms`.
    """

    cameras: Mapping[str, frozenset[str]]
    waiting: frozenset[str]
    again_at_ms: int | None


class CameraLeases(Protocol):
    """Leases of cameras to engines (holders). A lease ends `events.lease.LEASE_MS` after it was made or renewed."""

    @property
    def gateways(self) -> int:
        """How many gateways share these leases now."""

    async def agree(self, seats: Sequence[Seat], cameras: Sequence[str], *, may_give: bool, now_ms: int) -> Agreement:
        """Gives each camera that is free to one of the engines that are present (`seats`, of this gateway), by
        `share_cameras`; without `may_give` nothing is given that nobody holds. A camera that is another's share, but
        still held, is nobody's in the answer: its holder is to let go of it."""

    async def renew(self, holder: str, cameras: Collection[str], now_ms: int) -> None:
        """The holder reads these now: its leases on them begin anew, and those that are free are its own."""

    async def release(self, holder: str, cameras: Collection[str] | None = None) -> None:
        """The holder has let go of these; without `cameras`, of everything."""


@dataclass(slots=True)
class _Lease:
    holder: str
    until_ms: int


class LeasesInMemory:
    """For one gateway: what it gave away dies with it, and so it must not give anything for a lease's length after
    its start (`may_give`)."""

    gateways = 1

    def __init__(self, *, length_ms: int) -> None:
        self._length_ms = length_ms
        self._leases: dict[str, _Lease] = {}

    async def agree(self, seats: Sequence[Seat], cameras: Sequence[str], *, may_give: bool, now_ms: int) -> Agreement:
        """See `CameraLeases`."""
        self._leases = {id: lease for id, lease in self._leases.items() if lease.until_ms > now_ms}
        held = {id: lease.holder for id, lease in self._leases.items()}
        given: dict[str, set[str]] = {seat.holder: set() for seat in seats}
        waiting: set[str] = set()
        for camera, holder in share_cameras(cameras, seats, held).items():
            if camera not in held and may_give:
                self._leases[camera] = _Lease(holder, now_ms + self._length_ms)
                given[holder].add(camera)
            elif held.get(camera) == holder:
                given[holder].add(camera)
            else:
                waiting.add(camera)
        ends = [self._leases[camera].until_ms for camera in waiting if camera in self._leases]
        return Agreement(
            {holder: frozenset(theirs) for holder, theirs in given.items()}, frozenset(waiting), min(ends, default=None)
        )

    async def renew(self, holder: str, cameras: Collection[str], now_ms: int) -> None:
        """See `CameraLeases`."""
        for camera in cameras:
            lease = self._leases.get(camera)
            if lease is None or lease.until_ms <= now_ms or lease.holder == holder:
                self._leases[camera] = _Lease(holder, now_ms + self._length_ms)

    async def release(self, holder: str, cameras: Collection[str] | None = None) -> None:
        """See `CameraLeases`."""
        for camera, lease in list(self._leases.items()):
            if lease.holder == holder and (cameras is None or camera in cameras):
                del self._leases[camera]
