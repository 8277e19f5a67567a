"""Who walks through the demo camera's hall, when, how far away: a pure function of the time.

The play is endless. It opens with both figures at once, so that a visitor sees a named and an unknown person within
seconds; then scenes follow by chance from a seed: one of them, the other, both, nobody.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from sightline.ingest.demo_hall import WIDTH
from sightline.ingest.demo_walkers import Walker

__all__ = ["Lane", "Placed", "figures_at"]

SCENE_S = 18.0
"""Length of a scene. The last six seconds of each are empty: whoever comes next comes anew."""


class Lane(enum.Enum):
    """Where somebody walks, with the scale there in pixels a metre: behind the planter, the counter, or before both."""

    FAR = (300.0, 350.0)
    MIDDLE = (455.0, 570.0)
    NEAR = (720.0, 860.0)

    @property
    def depth(self) -> int:
        """0 is the farthest."""
        return list(Lane).index(self)


@dataclass(frozen=True, slots=True)
class Placed:
    """A figure in one frame: its eyes are at `x` on the horizon plus `bob_px`, `lean_deg` tilts it."""

    walker: str
    lane: Lane
    x: float
    px_per_m: float
    bob_px: float
    lean_deg: float


@dataclass(frozen=True, slots=True)
class _Walk:
    walker: str
    lane: Lane
    start_s: float
    length_s: float
    to_right: bool
    nearing: bool


_OPENING = (
    _Walk(Walker.COLLINS, Lane.MIDDLE, -1.0, 12.0, to_right=True, nearing=True),
    _Walk(Walker.HOPPER, Lane.NEAR, 1.0, 11.5, to_right=True, nearing=True),
)


def figures_at(t_s: float, seed: int = 0) -> list[Placed]:
    """Everybody in the picture `t_s` seconds after the start, the farthest first."""
    scene = int(max(t_s, 0.0) // SCENE_S)
    placed = [_placed(walk, t_s - scene * SCENE_S) for walk in _walks(scene, seed)]
    return sorted((figure for figure in placed if figure is not None), key=lambda figure: figure.px_per_m)


def _walks(scene: int, seed: int) -> tuple[_Walk, ...]:
    if scene == 0:
        return _OPENING
    rng = np.random.default_rng((seed, scene))
    lanes = list(Lane)
    cast = (
        (Walker.COLLINS,), (Walker.HOPPER,), (Walker.COLLINS, Walker.HOPPER), (), (Walker.HOPPER, Walker.COLLINS),
    )[scene % 5]  # fmt: skip
    walks = []
    for number, walker in enumerate(cast):
        lane = lanes.pop(int(rng.integers(len(lanes))))
        walks.append(
            _Walk(
                walker,
                lane,
                start_s=0.2 + 1.6 * number,
                length_s=float(rng.uniform(9.0, 10.5)),
                to_right=bool(rng.integers(2)),
                nearing=bool(rng.integers(2)),
            )
        )
    return tuple(walks)


def _placed(walk: _Walk, t_s: float) -> Placed | None:
    done = (t_s - walk.start_s) / walk.length_s
    if not 0.0 <= done <= 1.0:
        return None
    smallest, largest = walk.lane.value
    px_per_m = smallest + (largest - smallest) * (done if walk.nearing else 1.0 - done)
    outside_px = 0.5 * px_per_m
    along = done if walk.to_right else 1.0 - done
    step = 2 * np.pi * 0.9 * (t_s - walk.start_s)
    return Placed(
        walker=walk.walker,
        lane=walk.lane,
        x=-outside_px + along * (WIDTH + 2 * outside_px),
        px_per_m=px_per_m,
        bob_px=float(0.018 * px_per_m * abs(np.sin(step))),
        lean_deg=float(1.2 * np.sin(step)),
    )
