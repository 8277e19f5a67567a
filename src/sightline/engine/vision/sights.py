"""The models that an engine looks with, and their change while it looks.

    serving ── UseModels, the same embedder ──────────────────────────────→ another serving, at once
       └────── UseModels, another embedder → coming ── its gallery is here → serving

Models are loaded in a thread; until then, and for good when they cannot be, those before go on. A camera's analysis
and the gallery it compares with are of one pair always: tracks that began with one pair end with it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

import structlog

from sightline.engine.link.requests import StillAnalyser
from sightline.engine.vision.analysis_pool import FrameAnalysis
from sightline.engine.vision.camera_analysis import Result
from sightline.engine.vision.gallery_mirror import GalleryMirror
from sightline.engine.vision.sighting import SightingDraft
from sightline.engine.vision.stills import Look, Seen
from sightline.events.engine_link import ModelReport, Prepared, UseModels
from sightline.events.gallery_feed import GalleryPage, GallerySince
from sightline.events.scene import Scene
from sightline.exceptions import SightlineError, Unavailable
from sightline.frames import Frame, Image
from sightline.identities.gallery import Gallery

__all__ = ["Sight", "SightLoader", "Sights"]

FILES_INTERVAL_S = 3.0
"""How often it is looked whether a model's file appeared or changed."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Models, ready to look. `key` is equal for two sights of the same models; `new_analysis` makes a camera's analysis
    from its id; templates have `template_size` numbers; `prepared` and `prepared_analyser` are the embedder beside.
    """

    analyser: StillAnalyser
    new_analysis: Callable[[str], FrameAnalysis]
    template_size: int
    reports: tuple[ModelReport, ...]
    embedding_model: str = ""
    key: Hashable = None
    prepared: Prepared | None = None
    prepared_analyser: StillAnalyser | None = None


class SightLoader(Protocol):
    """Loads models; both methods may take seconds and are called from a thread, one at a time."""

    def load(self, wish: UseModels) -> Sight:
        """The models of a wish; what cannot be loaded is what it was before, and the reports say why."""

    def changed(self) -> bool:
        """Whether a file that the last wish named appeared or changed since."""


@dataclass(frozen=True, slots=True, eq=False)
class _Eye:
    sight: Sight
    mirror: GalleryMirror


class Sights:
    """Used from the event loop; `analyser`, `gallery` and `new_analysis` from any thread.

    `ask` sends a question to the gateway; `switched` is called once cameras are to be looked at anew.
    """

    def __init__(
        self,
        first: Sight,
        loader: SightLoader | None,
        *,
        ask: Callable[[GallerySince], None],
        switched: Callable[[], None],
    ) -> None:
        self._eye = _Eye(first, GalleryMirror(first.analyser.model_id, first.template_size))
        self._coming: _Eye | None = None
        self._latest = first
        self._loader = loader
        self._ask = ask
        self._switched = switched
        self._wish = UseModels()
        self._due = asyncio.Event()

    @property
    def latest(self) -> Sight:
        """The models as they were loaded last; the embedder among them may wait for its gallery."""
        return self._latest

    @property
    def serving(self) -> Sight:
        """The models in use."""
        return self._eye.sight

    @property
    def mirror(self) -> GalleryMirror:
        """The gallery in use."""
        return self._eye.mirror

    @property
    def pair(self) -> tuple[Sight, GalleryMirror]:
        """Models and gallery in use, of one moment."""
        eye = self._eye
        return eye.sight, eye.mirror

    @property
    def analyser(self) -> StillAnalyser:
        """Looks at stills with whatever serves at that moment."""
        return _Stills(self)

    def gallery(self) -> Gallery:
        """The gallery in use."""
        return self._eye.mirror.gallery

    def new_analysis(self, camera_id: str) -> FrameAnalysis:
        """A camera's analysis, tied to the gallery of its own embedder."""
        eye = self._eye
        return _Tied(eye.sight.new_analysis(camera_id), eye.mirror)

    def question(self) -> GallerySince:
        """The first question on a new link. What was coming begins anew when the gateway says its wish again."""
        self._coming = None
        return self._eye.mirror.question()

    def use(self, wish: UseModels) -> None:
        """Loads what is wished, soon."""
        self._wish = wish
        self._due.set()

    def take(self, page: GalleryPage) -> None:
        """A page of the gallery in use, or of the one that is coming."""
        coming = self._coming
        if coming is not None and page.model_id == coming.sight.analyser.model_id:
            if page.tombstones:  # who is erased meanwhile must not be recognised by the one that still serves either
                mirror = self._eye.mirror
                mirror.take(GalleryPage(version=mirror.version, templates=[], tombstones=page.tombstones, more=False))
            if coming.mirror.take(page):
                self._coming = None
                self._put(coming)
        elif page.model_id in ("", self._eye.sight.analyser.model_id):
            self._eye.mirror.take(page)

    async def run(self) -> None:
        """Loads what is wished and what appears, until cancelled."""
        if self._loader is None:
            await asyncio.Event().wait()
            return
        while True:
            try:
                async with asyncio.timeout(FILES_INTERVAL_S):
                    await self._due.wait()
            except TimeoutError:
                if not await asyncio.to_thread(self._loader.changed):
                    continue
            self._due.clear()
            try:
                self._admit(await asyncio.to_thread(self._loader.load, self._wish))
            except (SightlineError, OSError) as problem:
                _log.error("models_not_loaded", problem=str(problem))

    def _admit(self, sight: Sight) -> None:
        self._latest = sight
        serving = self._eye.sight
        if sight.analyser.model_id != serving.analyser.model_id:
            self._coming = _Eye(sight, GalleryMirror(sight.analyser.model_id, sight.template_size))
            self._ask(self._coming.mirror.question())
            return
        self._coming = None
        if sight.key != serving.key:
            self._put(_Eye(sight, self._eye.mirror))
        else:
            self._eye = _Eye(sight, self._eye.mirror)

    def _put(self, eye: _Eye) -> None:
        self._eye = eye
        _log.info("models_in_use", models=[report.name for report in eye.sight.reports if report.loaded])
        self._switched()


class _Tied:
    """A camera's analysis that compares with the gallery of its own embedder, whatever it is handed."""

    def __init__(self, analysis: FrameAnalysis, mirror: GalleryMirror) -> None:
        self._analysis = analysis
        self._mirror = mirror

    def process(self, frame: Frame, gallery: Gallery, scene: Scene, /) -> Result:
        """See `FrameAnalysis`."""
        return self._analysis.process(frame, self._mirror.gallery, scene)

    def leave(self) -> tuple[SightingDraft, ...]:
        """See `FrameAnalysis`."""
        return self._analysis.leave()


class _Stills:
    """Looks at each still with one pair of models and gallery, and says whose templates it made."""

    def __init__(self, sights: Sights) -> None:
        self._sights = sights

    @property
    def model_id(self) -> str:
        """The embedder's that serves."""
        return self._sights.serving.analyser.model_id

    def look(self, image: Image, wanted: Look, gallery: Gallery | None) -> Seen:
        """See `StillAnalyser`. Raises `Unavailable` when no embedder is prepared and it was to look."""
        if wanted.prepared:
            analyser = self._sights.latest.prepared_analyser
            if analyser is None:
                raise Unavailable("no embedder is prepared")
            return dataclasses.replace(analyser.look(image, wanted, None), model_id=analyser.model_id)
        sight, mirror = self._sights.pair
        seen = sight.analyser.look(image, wanted, mirror.gallery if gallery is not None else None)
        return dataclasses.replace(seen, model_id=sight.analyser.model_id)
