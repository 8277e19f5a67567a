"""`sightline evaluate`, as a person runs it: real pictures, real models."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import cv2
import pytest
from typer.testing import CliRunner

from sightline.cli import app
from tests.command_line import answer


def evaluated(home: Path, *arguments: str) -> dict[str, Any]:
    """What the command answers in JSON."""
    done = CliRunner().invoke(app, ["evaluate", *arguments, "--json", "--home", str(home)])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def album(tmp_path: Path, models_home: Path) -> Path:
    """Two women, two versions of a picture of each, and a picture of nobody."""
    folder = tmp_path / "album"
    for name, file in (("eileen-collins", "astronaut.png"), ("grace-hopper", "grace_hopper.jpg")):
        picture = cv2.imread(str(models_home / "models" / file))
        (folder / name).mkdir(parents=True)
        cv2.imwrite(str(folder / name / "1.png"), picture)
        cv2.imwrite(str(folder / name / "2.jpg"), cv2.convertScaleAbs(picture[:, ::-1], alpha=0.8, beta=15))
    cv2.imwrite(str(folder / "nobody.png"), cv2.GaussianBlur(picture, (0, 0), 60))
    return folder


def test_pairs_are_compared_and_reported(home: Path, album: Path, tmp_path: Path) -> None:
    listed = tmp_path / "pairs.csv"
    listed.write_text(
        "image_a,image_b,same\n"
        "eileen-collins/1.png,eileen-collins/2.jpg,1\n"
        "grace-hopper/1.png,grace-hopper/2.jpg,1\n"
        "eileen-collins/1.png,grace-hopper/1.png,0\n"
        "eileen-collins/2.jpg,grace-hopper/2.jpg,0\n"
        "eileen-collins/2.jpg,nobody.png,0\n"
        "eileen-collins/2.jpg,missing.png,0\n"
    )
    report = tmp_path / "report"
    figures = evaluated(home, "pairs", str(listed), "--images", str(album), "--report", str(report))
    assert (figures["auc"], figures["accuracy"], figures["fnmr_at_fmr_0"]) == (1.0, 1.0, 0.0)
    assert figures["fnmr_at_fmr_0.001"] == 0.0
    assert figures["counts"]["compared"] == 4
    assert {one["picture"] for one in figures["failures"]} == {"nobody.png", "missing.png"}
    assert sorted(path.name for path in report.iterdir()) == ["det.png", "report.html", "scores.png"]
    assert "nobody.png" in (report / "report.html").read_text()


def test_the_gallery_is_held_against_itself(home: Path, album: Path) -> None:
    answer(home, "enroll", str(album))
    figures = evaluated(home, "gallery")
    assert (figures["people"], figures["references"]) == (2, 4)
    assert sorted(figures["confusable"][0]["people"]) == ["eileen-collins", "grace-hopper"]
    assert figures["fnir_at_fpir_0"] == 0.0
    assert evaluated(home, "gallery", "--people", str(album))["references"] == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [("a.png,b.png,perhaps\n", "line 1"), ("a.png,b.png,1\n", "no pair could be compared")],
)
def test_says_what_is_wrong(home: Path, tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    done = CliRunner().invoke(app, ["evaluate", "pairs", str(tmp_path / "pairs.csv"), "--home", str(home)])
    assert done.exit_code != 0
    assert problem in str(done.exception)


def test_nobody_enrolled_is_said(home: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", "gallery", "--home", str(home)])
    assert "enroll" in str(done.exception)


def test_photographs_of_known_people(home: Path, assets: Path, tmp_path: Path) -> None:
    folder = assets / "images" / "people"
    photos = sorted(path.relative_to(folder) for path in folder.glob("*/*"))
    listed = tmp_path / "pairs.csv"
    rows = [f"{a},{b},{int(a.parent == b.parent)}" for a, b in itertools.combinations(photos, 2)]
    listed.write_text("\n".join(rows))
    figures = evaluated(home, "pairs", str(listed), "--images", str(folder))
    assert figures["failures_to_enrol"] == 0
    assert figures["auc"] > 0.999
    assert figures["accuracy"] > 0.98


def test_a_clip_with_known_people(home: Path, assets: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "start_frame,end_frame,person\n0,19,lin-manuel-miranda\n0,19,alex-lacamoire\n20,81,alex-lacamoire\n"
        "20,81,unknown\n82,210,lin-manuel-miranda\n211,274,unknown\n"
    )
    clip, people = assets / "videos" / "short_hamilton_clip.mp4", assets / "images" / "people"
    figures = evaluated(home, "video", str(clip), "--truth", str(truth), "--people", str(people))
    assert figures["named_right"] == 1.0
    assert figures["named_wrong"] == figures["strangers_named"] == 0.0
    assert figures["strangers"] >= 2
