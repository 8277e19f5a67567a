"""Tracks of a video held against the truth about it."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sightline.evaluation.truth_file import Appearance, Truth
from sightline.geometry import iou

__all__ = ["JudgedTrack", "SeenTrack", "TrackVerdict", "judge_tracks", "shares"]

_SAME_PLACE_IOU = 0.2
_SHARE_OF_TRACK = 0.5

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class SeenTrack:
    """A face followed through a video: where it was at each moment (in the truth's unit), and every name it was given
    (empty where none was).
    """

    track_id: str
    moments: list[tuple[float, Box]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    @property
    def width_px(self) -> float:
        """The width of its largest face."""
        return max((box[2] - box[0] for _, box in self.moments), default=0.0)


class TrackVerdict(enum.StrEnum):
    """What became of a track. `UNSETTLED`: unnamed, and the truth does not say whose face it is."""

    NAMED_RIGHT = "named_right"
    NAMED_WRONG = "named_wrong"
    LEFT_UNKNOWN = "left_unknown"
    STRANGER_NAMED = "stranger_named"
    STRANGER_UNKNOWN = "stranger_unknown"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class JudgedTrack:
    """A track, who it may be by the truth, and the verdict."""

    track: SeenTrack
    expected: frozenset[str]
    verdict: TrackVerdict


def judge_tracks(
    tracks: Iterable[SeenTrack], truth: Truth, enrolled: frozenset[str], *, min_width_px: float = 0.0
) -> list[JudgedTrack]:
    """The verdict on each track whose face was at least `min_width_px` wide at some time.

    A person of the truth is expected on a track when they are in the picture (where the truth says where: there) for
    at least half of it. One who is not `enrolled` is a stranger, and so is a face of which the truth knows nothing.
    """
    return [_judged(track, truth, enrolled) for track in tracks if track.moments and track.width_px >= min_width_px]


def shares(judged: Sequence[JudgedTrack]) -> dict[str, float | int]:
    """The figures: `enrolled` tracks (settled ones of enrolled people) with the shares of them named right, named wrong
    and left unknown; `strangers` with the share of them named; `fnir` and `fpir`, where a search is a track;
    `unsettled`. A share of nothing is 0.
    """
    counts = Counter(one.verdict for one in judged)
    right, wrong = counts[TrackVerdict.NAMED_RIGHT], counts[TrackVerdict.NAMED_WRONG]
    unknown, named = counts[TrackVerdict.LEFT_UNKNOWN], counts[TrackVerdict.STRANGER_NAMED]
    enrolled, strangers = right + wrong + unknown, named + counts[TrackVerdict.STRANGER_UNKNOWN]
    return {
        "tracks": len(judged),
        "enrolled": enrolled,
        "named_right": right / max(enrolled, 1),
        "named_wrong": wrong / max(enrolled, 1),
        "left_unknown": unknown / max(enrolled, 1),
        "strangers": strangers,
        "strangers_named": named / max(strangers, 1),
        "fnir": (wrong + unknown) / max(enrolled, 1),
        "fpir": named / max(strangers, 1),
        "unsettled": counts[TrackVerdict.UNSETTLED],
    }


def _judged(track: SeenTrack, truth: Truth, enrolled: frozenset[str]) -> JudgedTrack:
    present = Counter(
        name for moment, box in track.moments for name in {one.person for one in _there(truth, moment, box)}
    )
    enough = _SHARE_OF_TRACK * len(track.moments)
    around = {name for name, count in present.items() if count >= enough}
    expected = frozenset(around & enrolled)
    strangers = bool(around - enrolled)
    return JudgedTrack(track, expected, _verdict(track.names, expected, strangers))


def _verdict(names: set[str], expected: frozenset[str], strangers: bool) -> TrackVerdict:
    if names - expected:
        return TrackVerdict.NAMED_WRONG if expected else TrackVerdict.STRANGER_NAMED
    if names:
        return TrackVerdict.NAMED_RIGHT
    if not expected:
        return TrackVerdict.STRANGER_UNKNOWN
    return TrackVerdict.UNSETTLED if strangers or len(expected) > 1 else TrackVerdict.LEFT_UNKNOWN


def _there(truth: Truth, moment: float, box: Box) -> list[Appearance]:
    return [one for one in truth.at(moment) if one.box is None or _same_place(one.box, box)]


def _same_place(a: Box, b: Box) -> bool:
    return bool(iou(np.array([a], np.float32), np.array([b], np.float32))[0, 0] >= _SAME_PLACE_IOU)
