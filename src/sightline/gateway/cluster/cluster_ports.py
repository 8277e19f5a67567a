"""What a gateway needs to live among others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from sightline.decisions.camera_shares import Seat
from sightline.deliveries.cluster import ClusterLook, PeerRow

__all__ = ["ClusterRows", "LeaseRows", "LiveRelay", "Shares"]


class ClusterRows(Protocol):
    """The rows through which gateways of one database hear of each other."""

    @property
    def is_shared(self) -> bool: ...
    async def beat(self, gateway_id: str, beat: int, presence: bytes | None, *, now_ms: int) -> bool: ...
    async def leave(self, gateway_id: str) -> None: ...
    async def look(self, after: int) -> ClusterLook: ...
    async def peers(self, gateway_id: str, known: Mapping[str, int]) -> list[PeerRow]: ...
    def on_hint(self, look: Callable[[], None]) -> None: ...
    async def post(
        self, gateway_id: str, said: Iterable[tuple[str, Mapping[str, Any]]], *, now_ms: int
    ) -> list[int]: ...
    async def newest(self) -> int: ...
    async def forget(self, before_ms: int) -> list[str]: ...
    async def claim_chore(self, name: str, gateway_id: str, *, now_ms: int, until_ms: int) -> bool: ...
    async def keep_ticket(self, digest: str, claims: Mapping[str, Any], *, until_ms: int) -> None: ...
    async def redeem_ticket(self, digest: str, *, now_ms: int) -> Mapping[str, Any] | None: ...


class Shares(Protocol):
    @property
    def cameras(self) -> dict[str, frozenset[str]]: ...
    @property
    def waiting(self) -> frozenset[str]: ...
    @property
    def again_at_ms(self) -> int | None: ...


class LeaseRows(Protocol):
    """The leases of cameras that several gateways share."""

    async def agree(
        self, gateway_id: str, seats: Sequence[Seat], cameras: Sequence[str], *, may_give: bool, now_ms: int,
        length_ms: int,
    ) -> Shares: ...  # fmt: skip
    async def renew(self, holder: str, cameras: Collection[str], *, now_ms: int, length_ms: int) -> None: ...
    async def release(self, holder: str, cameras: Collection[str] | None = None) -> None: ...


class LiveRelay(Protocol):
    """Carries what is of no use a second later from gateway to gateway. Everything may be lost."""

    @property
    def is_up(self) -> bool:
        """Whether it was heard of lately."""

    def send(self, gateway_id: str, data: bytes) -> None:
        """Sends soon, or never."""

    async def run(self, gateway_id: str, received: Callable[[bytes], None]) -> None:
        """Works until cancelled; what is sent to this gateway is `received` on the event loop."""
