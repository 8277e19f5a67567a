"""What each engine is given: which cameras it reads, which pictures it sends, which gallery it compares with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog
from starlette.websockets import WebSocketDisconnect

from sightline.cameras import Camera
from sightline.deliveries.rendition import Quality
from sightline.events import engine_link as link
from sightline.events.gallery_feed import GalleryPage
from sightline.events.live_video import HideVideo, ShowVideo
from sightline.events.scene import CameraView
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engine_leases import EngineLeases
from sightline.gateway.hub import Hub
from sightline.gateway.ports import Store
from sightline.gateway.video.live_viewers import LiveViewers
from sightline.gateway.video.viewers import Viewers

__all__ = ["SUBSCRIBED", "Assignments"]

SUBSCRIBED = Quality.SD
"""The quality of the pictures that clients who subscribed to a camera are sent."""

log = structlog.get_logger(__name__)


class Assignments:
    """`default_view` is what a camera watches for that has no view of its own."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        viewers: Viewers,
        live: LiveViewers,
        leases: EngineLeases,
        default_view: CameraView,
    ) -> None:
        self._store = store
        self._leases = leases
        self._hub = hub
        self._viewers = viewers
        self._live = live
        self._default_view = default_view

    async def bring_in_step(self, engines: Sequence[EngineLink], *, gallery_dirty: bool) -> Sequence[Camera]:
        """Tells each engine what has changed for it, and returns all cameras. Raises what the store raises."""
        records = await self._store.cameras.list()
        views = await self._store.camera_views.all()
        told_again = any(entry.require_live and entry.enabled for entry in await self._store.watch_lists.list())
        cameras = {
            camera.id: link.CameraSpec(
                id=camera.id,
                source=camera.engine_source,
                substream=camera.substream,
                analysis_fps=camera.analysis_fps,
                scene=views.get(camera.id, self._default_view).told_scene(told_again=told_again),
                rotation=camera.rotation,
                blur_faces=camera.blur_faces,
            )
            for camera in records
            if camera.enabled
        }
        shares = await self._leases.share(engines, list(cameras))
        for engine in engines:
            try:
                await self._assign(engine, {id: cameras[id] for id in shares[engine.id]})
                await self._watch(engine)
                await self._show(engine)
                if gallery_dirty:
                    await self.send_gallery(engine)
            except (WebSocketDisconnect, RuntimeError, OSError):
                log.info("engine_left_while_told", engine=engine.id)
        return records

    async def _assign(self, engine: EngineLink, wanted: Mapping[str, link.CameraSpec]) -> None:
        for camera_id in engine.cameras.keys() - wanted.keys():
            del engine.cameras[camera_id]
            engine.reports.pop(camera_id, None)
            engine.revoked.add(camera_id)
            self._hub.camera_removed(camera_id)
            await engine.send(link.Revoke(camera_id=camera_id))
            await self._leases.revoked(engine, camera_id)
        for camera_id, spec in wanted.items():
            if engine.cameras.get(camera_id) != spec:
                engine.cameras[camera_id] = spec
                engine.revoked.discard(camera_id)
                engine.letting_go.discard(camera_id)
                await engine.send(link.Assign(camera=spec))

    async def _watch(self, engine: EngineLink) -> None:
        wanted = self._wanted(engine.cameras)
        for camera_id, quality in engine.watched.keys() - wanted.keys():
            await engine.send(link.Unwatch(camera_id=camera_id, quality=quality.value))
        for place, wish in wanted.items():
            if engine.watched.get(place) != wish:
                await engine.send(wish)
        engine.watched = wanted

    async def _show(self, engine: EngineLink) -> None:
        wanted = {
            (camera_id, quality): ShowVideo(
                camera_id=camera_id, quality=quality.value, fps=rendition.fps, max_side=rendition.max_side_px
            )
            for (camera_id, quality), rendition in self._live.wished(engine.cameras).items()
        }
        for camera_id, quality in engine.shown.keys() - wanted.keys():
            await engine.send(HideVideo(camera_id=camera_id, quality=quality.value))
        for place in wanted.keys() - engine.shown.keys():
            await engine.send(wanted[place])
        engine.shown = wanted

    def _wanted(self, camera_ids: Mapping[str, object]) -> dict[tuple[str, Quality], link.Watch]:
        """What subscribers and players want of these cameras, each quality once."""
        rates = {place: rendition.fps for place, rendition in self._viewers.wished(camera_ids).items()}
        for camera_id, fps in self._hub.watched(camera_ids).items():
            rates[camera_id, SUBSCRIBED] = max(fps, rates.get((camera_id, SUBSCRIBED), 0.0))
        return {
            (camera_id, quality): link.Watch(
                camera_id=camera_id,
                quality=quality.value,
                fps=fps,
                max_side=self._viewers.renditions[quality].max_side_px,
            )
            for (camera_id, quality), fps in rates.items()
        }

    async def send_gallery(self, engine: EngineLink) -> None:
        """Everything that changed since the engine's version. One task at a time: an older page that overtakes a newer
        one would bring back what was erased."""
        async with engine.sending_gallery:
            more = engine.gallery_model is not None
            while more and engine.gallery_model is not None:
                changes = await self._store.people.gallery_changes(engine.gallery_version, engine.gallery_model)
                await engine.send(
                    GalleryPage(
                        version=changes.version,
                        templates=changes.templates,
                        tombstones=changes.tombstones,
                        more=changes.more,
                        reset=changes.reset,
                        negatives=changes.negatives,
                        model_id=engine.gallery_model,
                    )
                )
                engine.gallery_version, more = changes.version, changes.more
                engine.has_gallery |= not more
