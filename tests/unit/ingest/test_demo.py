from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sightline.exceptions import SourceError
from sightline.ingest import demo as demo_module
from sightline.ingest.demo import DEMO_FPS, DemoScene, DemoSource
from sightline.ingest.demo_hall import HEIGHT, WIDTH
from sightline.ingest.demo_walkers import PICTURE_FILES, load_walkers


@pytest.fixture(scope="module")
def pictures(models_home: Path) -> Path:
    return models_home / "models"


@pytest.fixture(scope="module")
def scene(pictures: Path) -> DemoScene:
    return DemoScene(pictures)


def test_a_picture_is_a_pure_function_of_the_time(scene: DemoScene, pictures: Path) -> None:
    image = scene.render(5.0)
    assert (image.shape, image.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert np.array_equal(image, DemoScene(pictures).render(5.0))
    assert not np.array_equal(image, scene.render(5.1))


def test_no_two_frames_are_alike_even_when_nobody_is_there(scene: DemoScene) -> None:
    frames = [scene.render(15.0 + number / DEMO_FPS) for number in range(4)]
    assert all(not np.array_equal(a, b) for a, b in zip(frames, frames[1:], strict=False))


def test_figures_cover_the_hall_but_not_the_counter_before_them(scene: DemoScene) -> None:
    empty, peopled = scene.render(17.0).astype(int), scene.render(2.0).astype(int)
    changed = np.abs(empty - peopled).max(axis=2) > 40
    assert changed[150:520].sum() > 20_000
    assert changed[600:680].sum() < 200


def test_the_cut_outs_hold_the_person_and_not_the_background(pictures: Path) -> None:
    for figure in load_walkers(pictures).values():
        alpha = figure.levels[0][..., 3]
        eyes_x, eyes_y = (round(value) for value in figure.eyes)
        assert alpha[eyes_y, eyes_x] == 255
        assert alpha[:40, :40].max() == 0
        assert 0.3 < (alpha > 127).mean() < 0.85
        assert figure.levels[1].shape[0] == pytest.approx(alpha.shape[0] / 2, abs=1)


def test_a_missing_picture_says_what_to_do(tmp_path: Path, pictures: Path) -> None:
    first = next(iter(PICTURE_FILES.values()))
    os.symlink(pictures / first, tmp_path / first)
    with pytest.raises(SourceError, match="run: sightline models pull"):
        load_walkers(tmp_path)


def test_the_source_keeps_time_and_skips_what_is_past(scene: DemoScene, monkeypatch: pytest.MonkeyPatch) -> None:
    source = DemoSource(scene)
    now_s = source._started_s
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        nonlocal now_s
        waits.append(seconds)
        now_s += seconds
        return False

    monkeypatch.setattr(demo_module, "time", SimpleNamespace(monotonic=lambda: now_s))
    monkeypatch.setattr(source._stopped, "wait", wait)
    for _ in range(15):
        source.grab()
    assert now_s - source._started_s == pytest.approx(1.0)
    now_s += 10.0
    source.grab()
    assert waits[-1] == 0.0
    assert np.array_equal(source.picture(), scene.render(source._frames / DEMO_FPS))
    assert source._frames / DEMO_FPS == pytest.approx(11.0, abs=0.15)
    assert (source.codec, source.fps) == ("raw", DEMO_FPS)


def test_interrupting_ends_it(scene: DemoScene) -> None:
    source = DemoSource(scene)
    source.grab()
    source.interrupt()
    with pytest.raises(SourceError, match="stopped"):
        source.grab()
    source.close()
