"""Leases of cameras that several gateways share: rows of their database.

They outlive a gateway, so none need wait after its start. While the database cannot be reached no gateway can take
another's cameras, and engines keep what they read: a camera is rather read twice for a moment, by a gateway that is cut
off and one that is not, than by nobody. When it is back, leases may have run out in its absence: nothing is shared anew
before every engine has had the time to renew its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import structlog

from sightline.decisions.camera_shares import Seat
from sightline.exceptions import Unavailable
from sightline.gateway.cluster.cluster import Cluster
from sightline.gateway.cluster.cluster_ports import LeaseRows
from sightline.gateway.engines.camera_leases import Agreement

__all__ = ["SharedLeases"]

AGAIN_MS = 1_000
"""How soon what another gateway's engine let go of is found."""
RENEWED_S = 2.5
"""In which every engine says a beat."""

log = structlog.get_logger(__name__)


class SharedLeases:
    """`CameraLeases` of all gateways of one database."""

    def __init__(self, rows: LeaseRows, cluster: Cluster, *, length_ms: int) -> None:
        self._rows = rows
        self._cluster = cluster
        self._length_ms = length_ms
        self._had_seats = True
        self._unsettled_until_s = 0.0

    @property
    def gateways(self) -> int:
        """How many there are now."""
        return self._cluster.gateways

    async def agree(self, seats: Sequence[Seat], cameras: Sequence[str], *, may_give: bool, now_ms: int) -> Agreement:
        """See `CameraLeases`; `may_give` needs no heed here. A gateway without engines asks nothing: whoever asks keeps
        all others from writing for as long as it takes to divide all cameras."""
        if not seats and not self._had_seats:
            return Agreement({}, frozenset(), now_ms + AGAIN_MS)
        if _now_s() < self._unsettled_until_s:
            raise Unavailable("the database was away: engines renew their leases first")
        try:
            shares = await self._rows.agree(
                self._cluster.id, seats, cameras, may_give=True, now_ms=now_ms, length_ms=self._length_ms
            )
        except Unavailable:
            self._unsettled_until_s = _now_s() + RENEWED_S
            raise
        self._had_seats = bool(seats)
        return Agreement(shares.cameras, shares.waiting, now_ms + AGAIN_MS)

    async def renew(self, holder: str, cameras: Collection[str], now_ms: int) -> None:
        """See `CameraLeases`."""
        try:
            await self._rows.renew(holder, cameras, now_ms=now_ms, length_ms=self._length_ms)
        except Unavailable as problem:
            self._unsettled_until_s = _now_s() + RENEWED_S
            log.warning("leases_not_renewed", engine=holder, problem=str(problem))

    async def release(self, holder: str, cameras: Collection[str] | None = None) -> None:
        """See `CameraLeases`."""
        await self._rows.release(holder, cameras)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
