"""What a server tells others about its workstations, and may be told: three names under a namespace.

    SYSTEM_FULL     0 or 1: whether another workstation would be refused
    GPUs_FULL       0 or 1: whether the device has memory for another engine
    Clients_status  user → active, paused, blocked, closing; whoever writes one gives an order
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ClientStatus", "Signs"]


class ClientStatus(enum.StrEnum):
    """How a user at a workstation stands; `CLOSING`: their connection is being ended to make room."""

    ACTIVE = "active"
    PAUSED = "paused"
    BLOCKED = "blocked"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Signs:
    """Everything on a board. `None`: nobody has said. Words of `clients` may be anybody's, and anything."""

    clients: Mapping[str, str] = field(default_factory=dict)
    system_full: bool | None = None
    gpus_full: bool | None = None
