"""Quality of samples: each fault has its reason, and a better sample a better score."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.frames import Image
from sightline.identities.alignment import DLIB_TEMPLATE, align
from sightline.identities.quality import Measures, Pose, assess, judge, measure, pose
from sightline.identities.quality_reason import ADVICE, MIN_FACE_WIDTH_PX, QualityReason

GOOD = Measures(width_px=120, sharpness=20, pose=Pose(0.05, 0.55), brightness=130, contrast=40, visible=1.0)
FRONTAL = DLIB_TEMPLATE.points


def textured(level: int = 130, contrast: float = 1.0) -> Image:
    """Something with edges of several sizes, as a face has."""
    rng = np.random.default_rng(5)
    layers = [cv2.resize(rng.normal(0, 1, (side, side)), (300, 300)) for side in (6, 20, 60)]
    grey = level + contrast * 28 * sum(layers)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def quality_of(image: Image, scale: float = 1.0, x: float = 75) -> set[QualityReason]:
    landmarks = (FRONTAL * scale + (x, 75)).astype(np.float32)
    width = 100 * scale
    box = np.array([x + 25, 75, x + 25 + width, 75 + width * 1.3], np.float32)
    judged = assess(align(image, landmarks, DLIB_TEMPLATE), box, landmarks, (image.shape[1], image.shape[0]))
    return set(judged.reasons)


def test_a_good_sample_passes() -> None:
    judged = judge(GOOD)
    assert judged.good
    assert judged.score == 1.0


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"width_px": MIN_FACE_WIDTH_PX - 1}, QualityReason.TOO_SMALL),
        ({"sharpness": 1.0}, QualityReason.BLURRED),
        ({"pose": Pose(0.6, 0.55)}, QualityReason.TURNED_SIDEWAYS),
        ({"pose": Pose(0.0, 0.25)}, QualityReason.TILTED),
        ({"pose": Pose(0.0, 0.9)}, QualityReason.TILTED),
        ({"pose": Pose(np.inf, np.inf)}, QualityReason.TURNED_SIDEWAYS),
        ({"brightness": 12}, QualityReason.TOO_DARK),
        ({"brightness": 250}, QualityReason.TOO_BRIGHT),
        ({"contrast": 3}, QualityReason.LOW_CONTRAST),
        ({"visible": 0.6}, QualityReason.CUT_OFF),
    ],
)
def test_each_fault_has_its_reason(fault: dict[str, object], reason: QualityReason) -> None:
    judged = judge(replace(GOOD, **fault))
    assert reason in judged.reasons
    assert not judged.good
    assert judged.score < 0.25


def test_how_small_is_too_small_can_be_said() -> None:
    small = replace(GOOD, width_px=30)
    assert judge(small).reasons == (QualityReason.TOO_SMALL,)
    assert judge(small, min_width_px=24).good
    assert judge(small, min_width_px=24).score < judge(small, min_width_px=15).score == 1.0


def test_every_reason_comes_with_advice() -> None:
    assert set(ADVICE) == set(QualityReason)
    assert all(sentence.endswith(".") for sentence in ADVICE.values())


@given(
    st.floats(0, 300),
    st.floats(0, 50),
    st.floats(0, 2),
    st.floats(0, 2),
    st.floats(0, 255),
    st.floats(0, 120),
    st.floats(0, 1),
)
def test_scores_are_shares_and_a_failed_gate_costs_three_quarters(
    width: float, sharpness: float, yaw: float, pitch: float, brightness: float, contrast: float, visible: float
) -> None:
    judged = judge(Measures(width, sharpness, Pose(yaw, pitch), brightness, contrast, visible))
    assert 0 <= judged.score <= 1
    assert judged.good or judged.score < 0.25


@given(st.floats(0, 300), st.floats(0, 300))
def test_a_wider_face_is_never_worse(a: float, b: float) -> None:
    assert judge(replace(GOOD, width_px=min(a, b))).score <= judge(replace(GOOD, width_px=max(a, b))).score


def test_pose_of_the_template_is_frontal() -> None:
    frontal = pose(FRONTAL)
    assert frontal.yaw < 0.05
    assert frontal.pitch == pytest.approx(0.56, abs=0.02)


@pytest.mark.parametrize("angle", [-0.7, 0.3, 1.5])
def test_pose_does_not_depend_on_roll_or_size(angle: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = pose((FRONTAL @ turn.T * 3 + 500).astype(np.float32))
    assert turned.yaw == pytest.approx(pose(FRONTAL).yaw, abs=1e-4)
    assert turned.pitch == pytest.approx(pose(FRONTAL).pitch, abs=1e-4)


def test_a_nose_to_the_side_is_yaw_and_a_high_nose_is_pitch() -> None:
    sideways, raised = FRONTAL.copy(), FRONTAL.copy()
    sideways[2, 0] += 28
    raised[2, 1] -= 20
    assert pose(sideways).yaw > 0.4
    assert pose(raised).pitch < 0.3


def test_senseless_landmarks_are_the_worst_pose() -> None:
    assert pose(np.zeros((5, 2), np.float32)).yaw == np.inf
    assert pose(FRONTAL[[0, 1, 2, 0, 1]]).yaw == np.inf


def test_measured_on_pictures() -> None:
    assert quality_of(textured()) == set()
    assert quality_of(cv2.GaussianBlur(textured(), (0, 0), 8)) >= {QualityReason.BLURRED}
    assert quality_of((textured() // 12).astype(np.uint8)) >= {QualityReason.TOO_DARK}
    assert quality_of(np.full((300, 300, 3), 250, np.uint8)) >= {QualityReason.TOO_BRIGHT, QualityReason.LOW_CONTRAST}
    assert quality_of(textured(), scale=0.3) >= {QualityReason.TOO_SMALL}
    assert quality_of(textured(), x=-60) >= {QualityReason.CUT_OFF}


def test_sharpness_falls_with_blur_and_brightness_is_the_mean() -> None:
    landmarks = (FRONTAL + 75).astype(np.float32)
    box = np.array([100, 75, 200, 200], np.float32)

    def measured(image: Image) -> Measures:
        return measure(align(image, landmarks, DLIB_TEMPLATE), box, landmarks, (300, 300))

    blurred = [measured(cv2.GaussianBlur(textured(), (0, 0), sigma)).sharpness for sigma in (0.5, 1.5, 3, 6)]
    assert blurred == sorted(blurred, reverse=True)
    flat = measured(np.full((300, 300, 3), 77, np.uint8))
    assert (flat.brightness, flat.contrast, flat.sharpness, flat.width_px) == (77, 0, 0, 100)
