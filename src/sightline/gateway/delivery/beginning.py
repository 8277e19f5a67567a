"""Where a session takes up the log, and what it is shown first where it cannot.

A device that the log still reaches goes on where it was. Any other is given every alert that is open, read in one
transaction with the place at which the log goes on, in as many messages as it takes: each is encoded when the one
before it was written, so that neither a thousand alerts nor a slow client hold anybody up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sightline.deliveries.entry import Cursor, LogBounds
from sightline.deliveries.session import Mode
from sightline.events.alert import Alert
from sightline.events.wire import encode_message
from sightline.gateway.delivery.views import AlertViews
from sightline.gateway.ports import Store

__all__ = ["Beginning", "beginning_of", "snapshot_messages"]

PART_BYTES = 128 * 1024
"""From here on a snapshot goes on in another message."""

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Beginning:
    """The session begins at `start` (exclusive) of a log with these bounds; `shown`: with all alerts that are open."""

    mode: Mode
    bounds: LogBounds
    start: int
    shown: Sequence[Alert] | None = None


async def beginning_of(store: Store, cursor: Cursor | None, tags: frozenset[str]) -> Beginning:
    """For a device that is at `cursor`, if that is known, of somebody who carries `tags`. Raises `SightlineError`."""
    bounds = await store.log.bounds()
    if cursor is not None and cursor.epoch == bounds.epoch and bounds.floor <= cursor.offset <= bounds.top:
        return Beginning(Mode.RESUMED, bounds, cursor.offset)
    snapshot = await store.alerts.snapshot(tags)
    mode = Mode.LIVE if cursor is None else Mode.GAP
    return Beginning(mode, snapshot.bounds, snapshot.bounds.top, snapshot.alerts)


async def snapshot_messages(views: AlertViews, alerts: Sequence[Alert], offset: int) -> AsyncIterator[str]:
    """`alert_snapshot`, at least one; all but the last say that there is `more`. Raises `SightlineError`."""
    part: list[msgspec.Raw] = []
    size = 0
    for alert in alerts:
        if size >= PART_BYTES:
            yield _message(part, offset, more=True)
            part, size = [], 0
        encoded = _encoder.encode(await views.alert(alert))
        part.append(msgspec.Raw(encoded))
        size += len(encoded)
    yield _message(part, offset, more=False)


def _message(part: list[msgspec.Raw], offset: int, *, more: bool) -> str:
    data: dict[str, Any] = {"alerts": part, "offset": offset}
    return encode_message("alert_snapshot", data | {"more": True} if more else data)
