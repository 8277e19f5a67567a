"""Whose frame is analysed next: the newest frame of each client, and the clients in turn.

A client has at most one frame waiting and one under way. A newer frame takes the place of the one that waits, not its
turn: a client that pushes a hundred frames a second is served as often as one that pushes five.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Turns"]

Frame = TypeVar("Frame")


class Turns(Generic[Frame]):
    """Frames by client. Bound: one frame a client; policy when full: the newer replaces the older."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Frame] = OrderedDict()
        self._under_way: set[str] = set()

    def __len__(self) -> int:
        """Frames that wait."""
        return len(self._waiting)

    def put(self, client: str, frame: Frame) -> Frame | None:
        """Leaves a frame; the one that it replaces, if any."""
        replaced = self._waiting.get(client)
        self._waiting[client] = frame
        return replaced

    def take(self, may_go: Callable[[str, Frame], bool] = lambda client, frame: True) -> tuple[str, Frame] | None:
        """The frame of the client that has waited longest, has none under way, and may go; the client has one under way
        then."""
        for client, frame in self._waiting.items():
            if client not in self._under_way and may_go(client, frame):
                self._under_way.add(client)
                return client, self._waiting.pop(client)
        return None

    def waiting(self, client: str) -> Frame | None:
        """What this client left waiting."""
        return self._waiting.get(client)

    def items(self) -> list[tuple[str, Frame]]:
        """What waits, by client, the one that has waited longest first."""
        return list(self._waiting.items())

    def done(self, client: str) -> None:
        """The frame of this client that was under way has been answered."""
        self._under_way.discard(client)

    def leave(self, client: str) -> Frame | None:
        """The client is gone; the frame that it left waiting, if any. What is under way ends with `done`."""
        return self._waiting.pop(client, None)
