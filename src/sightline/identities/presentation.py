"""Whether a track's face is there in the flesh, or a picture of one: a sequential test over its samples.

    undecided ── evidence for life ──→ bona fide ←──┐
        └─────── evidence against ───→ attack    ←──┘ as much evidence to the contrary

Each sample's score is turned into evidence: the logarithm of its odds, bounded, so that no single frame decides, and
weighted by the sample's quality. Evidence adds up, up to a bound, so that a track may change sides when what is shown
changes. A hand before the face makes single frames of a living person look like an attack (measured on webcam clips:
3 % of frames, most of them in one clip), so an attack needs more evidence than life does.

The terms are those of ISO/IEC 30107. What is caught are prints and screens before the camera. A picture that is put in
place of the camera's own is not: of ordinary digital photographs about 90 % look bona fide.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from dataclasses import dataclass, field

__all__ = ["LivenessSample", "Presentation", "PresentationRules", "PresentationState"]

_SAMPLES_KEPT = 12
_NEARLY = 1e-3
"""How near to 0 or 1 a score counts as."""


class PresentationState(enum.StrEnum):
    """What is known of a track."""

    UNDECIDED = "undecided"
    BONA_FIDE = "bona_fide"
    ATTACK = "attack"


@dataclass(frozen=True, slots=True)
class PresentationRules:
    """Evidence in units of log-odds (2.2: nine to one). A sample counts at most `sample_limit`; `bona_fide` and
    `attack` are the sums that decide; a sum goes no farther than `bound` either way.
    """

    sample_limit: float = 2.0
    bona_fide: float = 2.0
    attack: float = 3.5
    bound: float = 6.0


@dataclass(frozen=True, slots=True)
class LivenessSample:
    """One judged sample: `score` 0 (attack) to 1 (bona fide), `quality` above 0, at most 1."""

    frame_id: int
    at_ms: int
    score: float
    quality: float


@dataclass(slots=True, eq=False)
class Presentation:
    """The test of one track."""

    rules: PresentationRules = PresentationRules()
    evidence: float = 0.0
    state: PresentationState = PresentationState.UNDECIDED
    samples: deque[LivenessSample] = field(default_factory=lambda: deque(maxlen=_SAMPLES_KEPT))

    def add(self, sample: LivenessSample) -> PresentationState:
        """Takes one more sample. Raises `ValueError` for a score or quality out of range."""
        if not (0 <= sample.score <= 1 and 0 < sample.quality <= 1):
            raise ValueError(f"a liveness score is 0 to 1 and a quality above 0: {sample}")
        rules = self.rules
        score = min(max(sample.score, _NEARLY), 1 - _NEARLY)
        log_odds = math.log(score / (1 - score))
        weighted = sample.quality * min(max(log_odds, -rules.sample_limit), rules.sample_limit)
        self.evidence = min(max(self.evidence + weighted, -rules.bound), rules.bound)
        self.samples.append(sample)
        if self.evidence >= rules.bona_fide:
            self.state = PresentationState.BONA_FIDE
        elif self.evidence <= -rules.attack:
            self.state = PresentationState.ATTACK
        return self.state

    @property
    def score(self) -> float | None:
        """The quality-weighted mean score of the latest samples, 0 to 1; `None` before the first."""
        if not self.samples:
            return None
        weight = sum(sample.quality for sample in self.samples)
        return sum(sample.score * sample.quality for sample in self.samples) / weight
