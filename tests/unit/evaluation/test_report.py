from __future__ import annotations

import cv2
import numpy as np
import pytest

from sightline.evaluation.figures import gallery_figures
from sightline.evaluation.page import page
from sightline.evaluation.report import gallery_report
from sightline.identities.gallery import Gallery, Reference
from sightline.identities.leave_one_out import leave_one_out
from sightline.identities.similarity import Similarity


def test_names_of_files_are_only_text() -> None:
    made = page("<t>", "a & b", [("h", ("c",), [("<script>alert(1)</script>",)])], {'"x"': b"png"})
    assert "<script>" not in made
    assert "&lt;script&gt;" in made
    assert "a &amp; b" in made


def test_empty_tables_are_left_out() -> None:
    assert "<h2>" not in page("t", "s", [("nothing", ("c",), [])], {})


@pytest.mark.parametrize("spread", [0.05, 0.6])
def test_a_gallery_gives_a_page_and_plots(spread: float) -> None:
    random = np.random.default_rng(3)
    references = [
        Reference(f"r{index}", f"p{index // 3}", (random.normal(index // 3, spread, 4) / 2).astype(np.float32))
        for index in range(12)
    ]
    left_out = leave_one_out(Gallery.of(references, 4))
    figures, curve = gallery_figures(
        left_out,
        str.upper,
        Similarity(0.5, 15.0),
        model="m",
        refused={"x.jpg": "no face"},
        margin=0.0,
        target_fmr=0.1,
        resamples=50,
    )
    assert figures["people"] == 4
    assert figures["confusable"][0]["people"] == sorted(figures["confusable"][0]["people"])
    assert figures["confusable"][0]["people"][0].startswith("P")
    files = gallery_report(figures, left_out.comparisons(), curve)
    assert sorted(files) == ["det.png", "report.html", "scores.png"]
    for name in ("det.png", "scores.png"):
        picture = cv2.imdecode(np.frombuffer(files[name], np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.std() > 5
    assert b"x.jpg" in files["report.html"]
    assert b"P0" in files["report.html"]
