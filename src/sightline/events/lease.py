"""Leases: which engine may read which cameras, for how long, so that two never read one.

    engine                                   gateway
      Beat {number, holds} ─────────────────→            every two seconds, and after every change
      ←──────────────────────────── Lease {beat, length_ms}
      Leaving ──────────────────────────────→            it has let go of everything

A lease covers all the cameras that an engine was assigned, and holds for `length_ms` from the moment at which the
engine *said* the beat, by the engine's own clock. The gateway counts from the later moment at which it heard it, so
an engine has stopped before its cameras go to another, however the two clocks stand, and however long anything took
on its way. A camera that was revoked is the engine's until a beat no longer names it.
"""

from __future__ import annotations

from sightline.events.link_message import LinkMessage

__all__ = ["LEASE_MS", "Beat", "Lease", "Leaving"]

LEASE_MS = 6_000
"""Three beats: two may be lost. A dead engine's cameras are another's after so long."""


class Beat(LinkMessage, tag="beat", frozen=True):
    """This engine lives, and reads these cameras. `clock_offset` is what must be added to its clock to have the
    gateway's, in ms, as far as it knows.
    """

    number: int
    holds: list[str]
    clock_offset: int | None = None


class Lease(LinkMessage, tag="lease", frozen=True):
    """The answer to a beat. `server_time` is the gateway's, ms since the epoch; `gateways` is how many there are."""

    beat: int
    length_ms: int
    server_time: int
    gateways: int = 1


class Leaving(LinkMessage, tag="leaving", frozen=True):
    """This engine ends, and has let go of its cameras."""
