"""The REST interface inside a command, for the time that no server runs."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import AsyncIterator, Callable

import httpx

from sightline.analyses import AnalysisJob
from sightline.engine.cameras.reader import FrameSource
from sightline.engine.link.requests import Requests
from sightline.engine.vision.examination import Examination, ExaminedFile, Progress
from sightline.engine.vision.gallery_mirror import GalleryMirror
from sightline.events.engine_link import ProbeSource, SourceProbed
from sightline.events.gallery_feed import GalleryPage
from sightline.events.scene import Polygon
from sightline.events.still import Analyse, Analysis, Draw, Drawn, DrawnBox, Examined, StillTask
from sightline.gateway.app import create_app
from sightline.gateway.engines.engine_analyst import checked
from sightline.gateway.ports import Models, People
from sightline.ingest.annotated_video import VideoFiles
from sightline.ingest.open import open_source
from sightline.service.gateway import ANALYSES_FOLDER, open_gateway
from sightline.service.lock import ServerLock
from sightline.service.vision import Vision, load_vision, wished
from sightline.settings import Settings

__all__ = ["LocalAnalyst", "offline_api"]


@contextlib.asynccontextmanager
async def offline_api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the owner's rights, served in this process. Raises `Unavailable` when a server owns the folder."""
    token = secrets.token_urlsafe(32)
    with ServerLock(settings.run_folder):
        analyst = LocalAnalyst(settings)
        quiet = settings.model_copy(update={"log_level": "error"})  # of the search process, beside a command's answer
        try:
            async with open_gateway(quiet, local_token=token, analyst=analyst, examining=analyst) as gateway:
                analyst.people, analyst.models = gateway.store.people, gateway.store.models
                async with httpx.AsyncClient(
                    transport=httpx.ASGITransport(create_app(gateway, background=contextlib.nullcontext)),
                    base_url="http://sightline.invalid",
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=None,
                ) as client:
                    yield client
        finally:
            analyst.close()


class LocalAnalyst:
    """Looks at still pictures with the models of this process, which are loaded when the first one comes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vision: Vision | None = None
        self._requests: Requests | None = None
        self._gallery: GalleryMirror | None = None
        self._waiting: dict[str, asyncio.Future[Analysis | Drawn | SourceProbed]] = {}
        self.people: People | None = None
        self.models: Models | None = None

    async def analyse(self, image: bytes, *, identify: bool) -> Analysis:
        """Raises `ImageError`, `Unavailable`."""
        return await self.look(image, tasks=("identify",) if identify else ("templates",))

    async def look(
        self,
        image: bytes,
        *,
        tasks: tuple[StillTask, ...],
        confidence_threshold: float | None = None,
        max_side: int | None = None,
        background: bool = False,
        verify: str | None = None,
        engine: str | None = None,
    ) -> Analysis:
        """Raises `ImageError`, `Unavailable`."""
        requests = await self._ready()
        if "identify" in tasks:
            await self._refresh_gallery()
        request_id, future = self._expect()
        requests.analyse(
            Analyse(
                request_id=request_id,
                image=image,
                tasks=tasks,
                confidence_threshold=confidence_threshold,
                max_side=max_side,
                background=background,
                verify=verify,
            )
        )
        answer = await future
        assert isinstance(answer, Analysis)
        return checked(answer)

    async def draw(self, image: bytes, boxes: list[DrawnBox]) -> bytes:
        """Raises `ImageError`, `Unavailable`."""
        requests = await self._ready()
        request_id, future = self._expect()
        requests.draw(Draw(request_id=request_id, image=image, boxes=boxes))
        answer = await future
        assert isinstance(answer, Drawn)
        return checked(answer).picture

    async def examine(self, job: AnalysisJob, told: Callable[[Examined], None], *, max_seconds: float) -> None:
        """Looks at the files of a job in a thread of this process. Raises `Unavailable`."""
        await self._ready()
        await self._refresh_gallery()
        vision, gallery = self._vision, self._gallery
        assert vision is not None
        assert gallery is not None
        folder = self._settings.home / ANALYSES_FOLDER / job.id
        examination = Examination(
            recordings=VideoFiles(),
            analyser=vision.analyser,
            new_analysis=vision.new_analysis,
            gallery=lambda: gallery.gallery,
            folder=folder,
            fps=job.fps,
            annotate=job.annotate,
            max_seconds=max_seconds,
            max_image_bytes=self._settings.max_image_mib * 2**20,
            max_image_pixels=self._settings.max_image_megapixels * 1_000_000,
            now_ms=job.created_at_ms,
        )
        files = [ExaminedFile(file.name, folder / f"input-{index}") for index, file in enumerate(job.files)]
        loop, stop = asyncio.get_running_loop(), threading.Event()

        def tell(progress: Progress) -> None:
            word = Examined(
                job_id=job.id, state="running", file=progress.file, share=progress.share, frames=progress.frames
            )
            loop.call_soon_threadsafe(told, word)

        try:
            await asyncio.to_thread(examination.run, files, tell, stop)
        finally:
            stop.set()

    async def probe_source(
        self, source: str, masks: tuple[Polygon, ...] = (), *, rotation: int = 0, blur_faces: bool = False
    ) -> SourceProbed:
        """Opens the source in a thread of this process."""
        requests = await self._ready()
        request_id, future = self._expect()
        requests.probe(
            ProbeSource(request_id=request_id, source=source, masks=masks, rotation=rotation, blur_faces=blur_faces)
        )
        answer = await future
        assert isinstance(answer, SourceProbed)
        return answer

    def close(self) -> None:
        """Lets go of the threads."""
        if self._requests is not None:
            self._requests.close()

    async def _ready(self) -> Requests:
        if self._requests is None:
            vision = await asyncio.to_thread(load_vision, await self._chosen())
            gallery = GalleryMirror(vision.analyser.model_id, vision.template_size)
            self._vision, self._gallery = vision, gallery
            self._requests = Requests(
                vision.analyser,
                lambda: gallery.gallery,
                self._open,
                self._answer,
                stills=self._settings.engine_stills or vision.workers,
                max_image_pixels=self._settings.max_image_megapixels * 1_000_000,
            )
        return self._requests

    async def _chosen(self) -> Settings:
        """The settings with the models that an administrator chose, and the embedder whose gallery is complete."""
        assert self.models is not None
        choices = await self.models.choices()
        serving = await self.models.serving()
        return wished(self._settings, choices | ({"embedding_model": serving} if serving else {}))

    async def _refresh_gallery(self) -> None:
        assert self._gallery is not None
        assert self._vision is not None
        assert self.people is not None
        more = True
        since = self._gallery.version
        while more:
            changes = await self.people.gallery_changes(since, self._vision.analyser.model_id)
            self._gallery.take(
                GalleryPage(
                    version=changes.version,
                    templates=changes.templates,
                    tombstones=changes.tombstones,
                    more=changes.more,
                    reset=changes.reset,
                    negatives=changes.negatives,
                )
            )
            since, more = changes.version, changes.more

    def _open(self, spec: str, timeout_s: float, /) -> FrameSource:
        return open_source(spec, timeout_s=timeout_s, demo_pictures=self._settings.models_folder)

    def _expect(self) -> tuple[str, asyncio.Future[Analysis | Drawn | SourceProbed]]:
        request_id = secrets.token_hex(8)
        future: asyncio.Future[Analysis | Drawn | SourceProbed] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        return request_id, future

    def _answer(self, answer: Analysis | Drawn | SourceProbed) -> None:
        future = self._waiting.pop(answer.request_id, None)
        if future is not None and not future.done():
            future.set_result(answer)
