"""What the hub may ask of a client whose dialect has alerts and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from sightline.deliveries.framing import Frame
from sightline.gateway.hub import Shown

__all__ = ["AlertsOnly"]


class AlertsOnly:
    """The part of a `hub.Client` that such a dialect does not have: no state, no observations, no live pictures, and no
    word from the client of what it has received."""

    def undelivered_after(self) -> int | None:
        """Not known."""
        return None

    def state(self, message: Frame) -> None:
        """Left out."""

    def wants(self, camera_id: str) -> bool:
        """No camera."""
        return False

    def observe(self, shown: Shown) -> None:
        """Left out."""

    def picture(self, camera_id: str, frame_id: int, observation: Frame, message: Frame) -> None:
        """Left out."""

    def wished_pictures(self) -> Mapping[str, float]:
        """None."""
        return {}
