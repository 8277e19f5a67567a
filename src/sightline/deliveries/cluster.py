"""What several gateways of one database tell each other: that they live, what changed, what only one of them does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Bulletin", "ClusterLook", "PeerRow"]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Something that every gateway must hear of once; numbers rise in the order of the commits."""

    number: int
    gateway_id: str
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PeerRow:
    """Another gateway as its row says: `beat` rises while it lives, `version` with every change of its presence, which
    is in a form of its own, and `None` to somebody who has this version."""

    gateway_id: str
    beat: int
    version: int
    presence: bytes | None


@dataclass(frozen=True, slots=True)
class ClusterLook:
    """What one look at the database shows, of one moment: the log's top, and what was posted since."""

    top: int
    bulletins: tuple[Bulletin, ...]
