"""Which engines are connected, and who reads what: answered from what they and other gateways say of themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from sightline.cameras import CameraState, CameraStatus
from sightline.events.engine_link import SUPERVISED
from sightline.exceptions import Unavailable
from sightline.gateway.cluster.peers import PeerCamera, PeerEngine, Presence
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engine_leases import EngineLeases
from sightline.gateway.workstations.pipeline_choice import Pipeline

__all__ = ["EngineRoster", "is_supervised"]


def is_supervised(engine_id: str) -> bool:
    """Whether a server starts the engine of this name itself."""
    return engine_id == SUPERVISED or engine_id.startswith((f"{SUPERVISED}-", f"{SUPERVISED}@"))


class EngineRoster:
    """The connected engines, as others ask for them. Whoever serves their connections says who came and who went."""

    def __init__(self, leases: EngineLeases) -> None:
        self._leases = leases
        self._links: dict[str, EngineLink] = {}
        self._somebody = asyncio.Event()
        self.why_none = "no engine has connected yet"
        self.peers: Callable[[], Iterable[Presence]] = tuple
        """What other gateways say of themselves: their engines read cameras too."""

    def _came(self, engine: EngineLink) -> None:
        self._links[engine.id] = engine
        self._somebody.set()

    def _went(self, engine: EngineLink) -> None:
        del self._links[engine.id]
        if not self._links:
            self._somebody.clear()
        again = " and is being started again" if is_supervised(engine.id) else ""
        self.why_none = f"the engine went away{again}"

    @property
    def links(self) -> list[EngineLink]:
        """The connected engines."""
        return list(self._links.values())

    @property
    def first(self) -> EngineLink | None:
        """The engine that this server starts first, or else the one that has been connected for longest."""
        return self._links.get(SUPERVISED) or next(iter(self._links.values()), None)

    def find(self, engine_id: str) -> EngineLink | None:
        """The engine of this name, while it is connected."""
        return self._links.get(engine_id)

    def pipelines(self) -> list[Pipeline]:
        """The engines that can verify whoever sits at a workstation."""
        return [found for name in self._links if (found := self.pipeline(name)) is not None]

    def pipeline(self, engine_id: str) -> Pipeline | None:
        """The engine of this name, if it can."""
        engine = self._links.get(engine_id)
        if engine is None or not engine.has_gallery:
            return None
        return Pipeline(engine.id, engine.hello.stills, engine.status.load if engine.status else 0.0)

    def status_of(self, camera_id: str) -> CameraStatus:
        """What the engine that reads this camera says of it."""
        for engine in self._links.values():
            if camera_id in engine.cameras:
                report = engine.reports.get(camera_id)
                if report is None:
                    return CameraStatus(CameraState.CONNECTING, "given to an engine", engine.connected_at_ms)
                return CameraStatus(
                    CameraState(report.state), report.reason, report.since, report.width, report.height, report.fps
                )
        elsewhere = self._elsewhere(camera_id)
        if elsewhere is not None:
            return CameraStatus(
                CameraState(elsewhere.state), elsewhere.reason, elsewhere.since_ms, elsewhere.width, elsewhere.height,
                elsewhere.fps,
            )  # fmt: skip
        if camera_id in self._leases.waiting:
            return CameraStatus(CameraState.CONNECTING, "another engine takes it over")
        room = self._room_elsewhere() if not self._links else 0
        if room is None:
            return CameraStatus(CameraState.OFFLINE, self.why_none)
        if room > 0:  # it was not said yet which has it
            return CameraStatus(CameraState.CONNECTING, "an engine of another gateway takes it")
        return CameraStatus(CameraState.OFFLINE, "no engine has room for it")

    def analysed_fps(self, camera_id: str) -> float:
        """Analysed frames a second of a camera, as measured by its engine."""
        for engine in self._links.values():
            if camera_id in engine.cameras and camera_id in engine.reports:
                return engine.reports[camera_id].analysed_fps
        elsewhere = self._elsewhere(camera_id)
        return elsewhere.analysed_fps if elsewhere is not None else 0.0

    def _elsewhere(self, camera_id: str) -> PeerCamera | None:
        return next((peer.cameras[camera_id] for peer in self.peers() if camera_id in peer.cameras), None)

    def _room_elsewhere(self) -> int | None:
        """How many more cameras engines of other gateways take; `None` where there is no such engine."""
        peers = [peer for peer in self.peers() if peer.engines]
        if not peers:
            return None
        return sum(sum(engine.capacity for engine in peer.engines) - len(peer.cameras) for peer in peers)

    def shown(self) -> tuple[list[PeerEngine], dict[str, PeerCamera]]:
        """What other gateways need to know of the engines here and of what they read."""
        engines = [
            PeerEngine(engine.id, engine.hello.capacity, list(engine.status.warnings) if engine.status else [])
            for engine in self._links.values()
        ]
        cameras = {}
        for engine in self._links.values():
            for camera_id in engine.cameras:
                status = self.status_of(camera_id)
                cameras[camera_id] = PeerCamera(
                    status.state.value, status.reason, status.since_ms, status.width, status.height, status.fps,
                    self.analysed_fps(camera_id),
                )  # fmt: skip
        return engines, cameras

    def shows(self, camera_id: str) -> bool:
        """Whether a connected engine, of whatever gateway, reads this camera, and so can send pictures of it."""
        return any(camera_id in engine.cameras for engine in self._links.values()) or bool(self._elsewhere(camera_id))

    def reader_of(self, camera_id: str) -> EngineLink | None:
        """The connected engine that reads this camera."""
        return next((engine for engine in self._links.values() if camera_id in engine.cameras), None)

    async def least_loaded(self, patience_s: float) -> EngineLink:
        """The engine to ask something of; one that is just starting is waited for. Raises `Unavailable`."""
        try:
            async with asyncio.timeout(patience_s):
                while not self._links:  # an engine may be gone again before its coming is heard of
                    await self._somebody.wait()
        except TimeoutError:
            raise Unavailable(f"no engine is connected ({self.why_none}); try again in a moment") from None
        return min(self._links.values(), key=lambda engine: engine.expected_load)

    @property
    def stills(self) -> int:
        """Pictures that all engines together analyse in the background at a time; 1 while there is none."""
        return max(1, sum(engine.hello.stills for engine in self._links.values()))
