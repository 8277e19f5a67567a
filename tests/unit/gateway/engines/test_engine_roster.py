"""What a gateway without engines says of cameras that engines of others are to read."""

from __future__ import annotations

from sightline.cameras import CameraState
from sightline.clock import SystemClock
from sightline.gateway.cluster.peers import PeerCamera, PeerEngine, Presence
from sightline.gateway.engines.camera_leases import LeasesInMemory
from sightline.gateway.engines.engine_leases import EngineLeases
from sightline.gateway.engines.engine_roster import EngineRoster

ONLINE = PeerCamera("online", "", 5, 640, 480, 25.0, 5.0)


def state(*peers: Presence) -> tuple[CameraState, str]:
    roster = EngineRoster(EngineLeases(LeasesInMemory(length_ms=6000), SystemClock(), length_ms=6000))
    roster.peers = lambda: peers
    status = roster.status_of("door")
    return status.state, status.reason


def test_a_camera_that_nobody_has_yet_is_not_said_to_be_gone() -> None:
    engines = [PeerEngine("local", 2, [])]
    assert state(Presence(engines=engines, cameras={"door": ONLINE}))[0] is CameraState.ONLINE
    assert state(Presence(engines=engines, cameras={"yard": ONLINE}), Presence()) == (
        CameraState.CONNECTING, "an engine of another gateway takes it"
    )  # fmt: skip
    full = Presence(engines=engines, cameras={"yard": ONLINE, "hall": ONLINE})
    assert state(full) == (CameraState.OFFLINE, "no engine has room for it")
    assert state(Presence()) == (CameraState.OFFLINE, "no engine has connected yet")
