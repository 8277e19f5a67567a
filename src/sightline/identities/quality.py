"""How good a sample is.

Every measure becomes a factor between 0 and 1; the score is their product, so that one serious fault is
enough. A measure beyond its gate also gives a reason code: such a sample neither enrols nor votes. Pose is
read off the five landmarks, in units of the distance between the eyes, so it costs nothing and knows nothing
of the lens.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sightline.detections.faces import Landmarks
from sightline.identities.alignment import Chip
from sightline.identities.quality_reason import MIN_FACE_WIDTH_PX, QualityReason

__all__ = ["Measures", "Pose", "Quality", "assess", "judge", "measure", "pose"]

_SHARPNESS_GATE, _SHARPNESS_FULL = 3.0, 10.0
_YAW_GATE, _YAW_FULL = 0.42, 0.15
_PITCH_FRONTAL, _PITCH_GATE, _PITCH_FULL = 0.56, 0.24, 0.10
_DARK_GATE, _DARK_FULL = 28.0, 70.0
_BRIGHT_GATE, _BRIGHT_FULL = 235.0, 205.0
_CONTRAST_GATE, _CONTRAST_FULL = 7.0, 20.0
_VISIBLE_GATE, _VISIBLE_FULL = 0.85, 0.97
_FLOOR = 0.25
"""What a factor is at its gate: the score of a sample with one measure just at its gate and the rest
perfect.
"""

_SHARPNESS_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the nose is. `yaw`: its distance from the line between the eyes' and the mouth's middle,
    sideways, in distances between the eyes; 0 is frontal, 0.29 about 30°. `pitch`: its height between eyes
    (0) and mouth (1); 0.56 is frontal, less is looking up.
    """

    yaw: float
    pitch: float


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of a sample. `width_px`: of the face's box; `sharpness`: standard deviation of the
    Laplacian of the chip's face at 64 px; `brightness` and `contrast`: mean and standard deviation of its
    luminance, 0 to 255; `visible`: share of the chip that lies inside the picture.
    """

    width_px: float
    sharpness: float
    pose: Pose
    brightness: float
    contrast: float
    visible: float


@dataclass(frozen=True, slots=True)
class Quality:
    """`score` is 0 to 1; `reasons` are the gates that the sample failed, most important first."""

    score: float
    reasons: tuple[QualityReason, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the sample passes every gate."""
        return not self.reasons


def assess(
    chip: Chip,
    box: NDArray[np.float32],
    landmarks: Landmarks,
    size: tuple[int, int],
    *,
    min_width_px: float = MIN_FACE_WIDTH_PX,
) -> Quality:
    """The quality of one sample.

    `chip` is the aligned face; `box` (4,) and `landmarks` (5, 2) are in pixels of the picture it comes from,
    whose (width, height) is `size`. A face narrower than `min_width_px` is too small.
    """
    return judge(measure(chip, box, landmarks, size), min_width_px)


def measure(chip: Chip, box: NDArray[np.float32], landmarks: Landmarks, size: tuple[int, int]) -> Measures:
    """The measures of one sample; arguments as for `assess`."""
    side = chip.image.shape[0]
    inner = chip.image[side // 6 : side - side // 6, side // 6 : side - side // 6]
    grey = cv2.cvtColor(cv2.resize(inner, (_SHARPNESS_SIDE_PX,) * 2, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    mean, deviation = cv2.meanStdDev(grey)
    _, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return Measures(
        width_px=float(box[2] - box[0]),
        sharpness=float(edges[0, 0]),
        pose=pose(landmarks),
        brightness=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
        visible=chip.visible_share(size),
    )


def pose(landmarks: Landmarks) -> Pose:
    """The pose that five landmarks (5, 2) show; worst possible where eyes or mouth coincide."""
    left, right, nose, mouth_left, mouth_right = np.asarray(landmarks, np.float64)
    across = right - left
    eyes, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
    distance = float(np.hypot(*across))
    if distance < 1e-6:
        return Pose(np.inf, np.inf)
    across /= distance
    down = np.array([-across[1], across[0]])
    face_height = float((mouth - eyes) @ down)
    if face_height < 1e-6:
        return Pose(np.inf, np.inf)
    return Pose(
        yaw=abs(float((nose - (eyes + mouth) / 2) @ across)) / distance,
        pitch=float((nose - eyes) @ down) / face_height,
    )


def judge(measures: Measures, min_width_px: float = MIN_FACE_WIDTH_PX) -> Quality:
    """The score and the failed gates."""
    pitch_error = abs(measures.pose.pitch - _PITCH_FRONTAL)
    factors = (
        (QualityReason.CUT_OFF, _factor(measures.visible, _VISIBLE_GATE, _VISIBLE_FULL)),
        (QualityReason.TOO_SMALL, _factor(measures.width_px, min_width_px, 2 * min_width_px)),
        (QualityReason.TURNED_SIDEWAYS, _factor(-measures.pose.yaw, -_YAW_GATE, -_YAW_FULL)),
        (QualityReason.TILTED, _factor(-pitch_error, -_PITCH_GATE, -_PITCH_FULL)),
        (QualityReason.BLURRED, _factor(measures.sharpness, _SHARPNESS_GATE, _SHARPNESS_FULL)),
        (QualityReason.TOO_DARK, _factor(measures.brightness, _DARK_GATE, _DARK_FULL)),
        (QualityReason.TOO_BRIGHT, _factor(-measures.brightness, -_BRIGHT_GATE, -_BRIGHT_FULL)),
        (QualityReason.LOW_CONTRAST, _factor(measures.contrast, _CONTRAST_GATE, _CONTRAST_FULL)),
    )
    score = float(np.prod([factor for _, factor in factors]))
    return Quality(score, tuple(reason for reason, factor in factors if factor < _FLOOR))


def _factor(value: float, gate: float, full: float) -> float:
    """1 from `full` upwards, `_FLOOR` at `gate`, falling on to 0 along the same line."""
    slope = (1 - _FLOOR) / (full - gate)
    return float(min(1.0, max(0.0, _FLOOR + slope * (value - gate))))
