from __future__ import annotations

import numpy as np

from sightline.engine.vision.gallery_mirror import GalleryMirror
from sightline.events.gallery_feed import GalleryPage, GallerySince, GalleryTemplate


def template(reference_id: str, value: float, *, model_id: str = "m", size: int = 4) -> GalleryTemplate:
    vector = np.full(size, value, "<f4").tobytes()
    return GalleryTemplate(reference_id=reference_id, person_id=f"p-{reference_id}", model_id=model_id, vector=vector)


def page(
    version: int,
    *templates: GalleryTemplate,
    gone: tuple[str, ...] = (),
    more: bool = False,
    reset: bool = False,
) -> GalleryPage:
    return GalleryPage(version=version, templates=list(templates), tombstones=list(gone), more=more, reset=reset)


def ids(mirror: GalleryMirror) -> set[str]:
    return set(mirror.gallery.reference_ids)


def test_pages_become_one_gallery_when_the_last_has_come() -> None:
    mirror = GalleryMirror("m", 4)
    assert mirror.question() == GallerySince(version=0, model_id="m")
    assert not mirror.take(page(5, template("a", 1), more=True))
    assert ids(mirror) == set()
    assert mirror.take(page(5, template("b", 2)))
    assert ids(mirror) == {"a", "b"}
    assert mirror.question().version == 5


def test_changes_are_applied_to_what_is_there() -> None:
    mirror = GalleryMirror("m", 4)
    mirror.take(page(1, template("a", 1), template("b", 2)))
    before = mirror.gallery
    mirror.take(page(2, template("b", 3), template("c", 4), gone=("a",)))
    assert ids(mirror) == {"b", "c"}
    assert mirror.gallery.vectors[mirror.gallery.reference_ids.index("b")][0] == 3
    assert before.reference_ids == ("a", "b")


def test_a_reference_added_and_removed_in_one_series_is_gone() -> None:
    mirror = GalleryMirror("m", 4)
    mirror.take(page(3, template("a", 1), more=True))
    mirror.take(page(3, gone=("a",)))
    assert ids(mirror) == set()


def test_a_reset_forgets_everything_before_it() -> None:
    mirror = GalleryMirror("m", 4)
    mirror.take(page(9, template("a", 1)))
    mirror.take(page(2, template("b", 1), reset=True, more=True))
    mirror.take(page(2, template("c", 1)))
    assert ids(mirror) == {"b", "c"}
    assert mirror.version == 2


def test_a_series_that_was_cut_off_is_asked_for_again() -> None:
    mirror = GalleryMirror("m", 4)
    mirror.take(page(5, template("a", 1), more=True))
    assert mirror.question().version == 0
    mirror.take(page(5, template("b", 2)))
    assert ids(mirror) == {"b"}


def test_what_the_embedder_cannot_compare_is_skipped_and_counted() -> None:
    mirror = GalleryMirror("m", 4)
    broken = GalleryTemplate(reference_id="x", person_id="p", model_id="m", vector=b"abc")
    mirror.take(page(1, template("a", 1, model_id="other"), template("b", 1, size=5), broken, template("nan", np.nan)))
    assert ids(mirror) == set()
    assert mirror.skipped == 4
    assert mirror.version == 1
