"""The gateway's gallery, mirrored in this engine's memory by version."""

from __future__ import annotations

import numpy as np
import structlog
from numpy.typing import NDArray

from sightline.events.gallery_feed import GalleryPage, GallerySince, GalleryTemplate, NegativeTemplate
from sightline.identities.gallery import Gallery, Reference
from sightline.identities.negatives import Negative

__all__ = ["GalleryMirror"]

_log = structlog.get_logger(__name__)


class GalleryMirror:
    """Pages come in, whole galleries go out: `gallery` is replaced at once, never changed.

    Written from the event loop; `gallery` may be read from any thread.
    """

    def __init__(self, model_id: str, dimensions: int) -> None:
        self.gallery = Gallery.empty(dimensions)
        self.version = 0
        self.skipped = 0
        self._model_id = model_id
        self._pages: list[GalleryPage] = []

    def question(self) -> GallerySince:
        """Asks for what changed since the version that is here. Pages of an earlier, interrupted answer are dropped."""
        self._pages.clear()
        return GallerySince(version=self.version, model_id=self._model_id)

    def take(self, page: GalleryPage) -> bool:
        """Takes a page; True when it was the last of its series and `gallery` is a new one."""
        self._pages.append(page)
        if page.more:
            return False
        pages, self._pages = self._pages, []
        self.gallery = self._applied(pages)
        self.version = page.version
        _log.info("the gallery changed", version=self.version, references=len(self.gallery))
        return True

    def _applied(self, pages: list[GalleryPage]) -> Gallery:
        """The pages in their order as one change, for each makes a copy of the whole."""
        gallery = self.gallery
        added: dict[str, Reference] = {}
        negatives: dict[str, Negative] = {}
        removed: set[str] = set()
        for page in pages:
            if page.reset:
                gallery, added, negatives, removed = Gallery.empty(gallery.dimensions), {}, {}, set()
            for gone in page.tombstones:
                added.pop(gone, None)
                negatives.pop(gone, None)
                removed.add(gone)
            for template in page.templates:
                if (reference := self._reference(template)) is not None:
                    added[template.reference_id] = reference
            for told in page.negatives:
                if (vector := self._vector(told)) is not None:
                    negatives[told.negative_id] = Negative(told.negative_id, told.person_id, vector)
        changed = gallery.updated(list(added.values()), removed) if added or removed else gallery
        if not (negatives or removed):
            return changed
        return changed.with_negatives(gallery.negatives.updated(list(negatives.values()), removed))

    def _reference(self, template: GalleryTemplate) -> Reference | None:
        vector = self._vector(template)
        if vector is None:
            self.skipped += 1
            _log.warning("a reference does not fit this engine's model", reference=template.reference_id)
            return None
        return Reference(template.reference_id, template.person_id, vector)

    def _vector(self, template: GalleryTemplate | NegativeTemplate) -> NDArray[np.float32] | None:
        """None for a template that this engine's embedder cannot compare with."""
        vector = np.frombuffer(template.vector, "<f4") if len(template.vector) % 4 == 0 else np.empty(0, "<f4")
        fits = template.model_id == self._model_id and vector.shape == (self.gallery.dimensions,)
        return vector.astype(np.float32) if fits and np.isfinite(vector).all() else None
