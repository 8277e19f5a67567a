"""What everybody was told of the cameras' states, so that they are told news, whatever it came from."""

from __future__ import annotations

from collections.abc import Iterable

from sightline.cameras import CameraState, CameraStatus
from sightline.clock import Clock
from sightline.gateway.hub import Hub

__all__ = ["SWITCHED_OFF", "CameraStates"]

SWITCHED_OFF = CameraStatus(CameraState.DISABLED, "switched off by an administrator")


class CameraStates:
    """Broadcasts a camera's state when it, or its reason, is another than the one told last."""

    def __init__(self, hub: Hub, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._told: dict[str, tuple[CameraState, str]] = {}

    def tell(self, camera_id: str, status: CameraStatus) -> None:
        """The camera's state is this now."""
        before = self._told.get(camera_id)
        if before == (status.state, status.reason):
            return
        self._told[camera_id] = (status.state, status.reason)
        data = {
            "camera_id": camera_id,
            "status": status.state.value,
            "reason": status.reason,
            "timestamp": status.since_ms or self._clock.now_ms(),
        }
        self._hub.broadcast("stream_status_update", data)
        if before is None or before[0] is not status.state:
            if status.state is CameraState.ONLINE:
                self._hub.broadcast("camera_online", data)
            elif status.state is CameraState.OFFLINE:
                self._hub.broadcast("camera_offline", data)

    def keep(self, camera_ids: Iterable[str]) -> None:
        """There are only these cameras now."""
        for camera_id in self._told.keys() - set(camera_ids):
            del self._told[camera_id]
