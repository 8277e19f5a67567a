"""The gallery as gateways send it to engines: whole at first, then what has changed since a version."""

from __future__ import annotations

from sightline.events.link_message import LinkMessage, LinkValue

__all__ = ["GalleryPage", "GallerySince", "GalleryTemplate", "NegativeTemplate"]


class GallerySince(LinkMessage, tag="gallery_since", frozen=True):
    """Asks for every change of the gallery after `version`; 0 asks for all. `model_id` is the embedder's."""

    version: int
    model_id: str


class GalleryTemplate(LinkValue, frozen=True):
    """One reference of the gallery."""

    reference_id: str
    person_id: str
    model_id: str
    vector: bytes


class NegativeTemplate(LinkValue, frozen=True):
    """A face of which somebody said that it is not this person."""

    negative_id: str
    person_id: str
    model_id: str
    vector: bytes


class GalleryPage(LinkMessage, tag="gallery_page", frozen=True):
    """Changes up to `version`; `tombstones` are ids of references and negatives that are gone. With `reset`, forget
    everything first. `model_id` is the embedder's whose gallery it is."""

    version: int
    templates: list[GalleryTemplate]
    tombstones: list[str]
    more: bool
    reset: bool = False
    negatives: list[NegativeTemplate] = []
    model_id: str = ""
