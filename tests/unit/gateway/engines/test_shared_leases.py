from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sightline.decisions.camera_shares import Seat
from sightline.exceptions import Unavailable
from sightline.gateway.engines.shared_leases import SharedLeases

SEATS = [Seat("a", 8)]


class Rows:
    """A database that may be away."""

    def __init__(self) -> None:
        self.is_away = False
        self.shared = 0
        self.renewed = 0

    async def agree(self, *_: object, **__: object) -> Any:
        self._reached()
        self.shared += 1
        return SimpleNamespace(cameras={}, waiting=frozenset(), again_at_ms=None)

    async def renew(self, *_: object, **__: object) -> None:
        self._reached()
        self.renewed += 1

    def _reached(self) -> None:
        if self.is_away:
            raise Unavailable("away")


def leases(rows: Rows) -> SharedLeases:
    cluster: Any = SimpleNamespace(id="g", gateways=1)
    return SharedLeases(rows, cluster, length_ms=6_000)  # type: ignore[arg-type]


async def test_after_the_database_was_away_leases_are_renewed_before_cameras_are_shared() -> None:
    rows = Rows()
    book = leases(rows)
    await book.agree(SEATS, ["1"], may_give=True, now_ms=0)
    rows.is_away = True
    await book.renew("a", ["1"], 10)
    rows.is_away = False
    with pytest.raises(Unavailable, match="renew"):
        await book.agree(SEATS, ["1"], may_give=True, now_ms=20)
    await book.renew("a", ["1"], 30)
    assert (rows.shared, rows.renewed) == (1, 1)


async def test_a_gateway_without_engines_keeps_nobody_from_writing() -> None:
    rows = Rows()
    book = leases(rows)
    await book.agree(SEATS, ["1"], may_give=True, now_ms=0)
    for now_ms in (10, 20, 30):
        await book.agree([], ["1"], may_give=True, now_ms=now_ms)
    assert rows.shared == 2  # once more, to say that nobody sits here
