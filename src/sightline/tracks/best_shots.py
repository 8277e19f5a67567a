"""Which faces are worth embedding now.

Embedding is the dearest step after detection. A track that is undecided is sampled at every frame at first,
then less often; a decided one only when its face is clearly larger than in its best sample so far, and now
and then to make sure that it is still the same face.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SamplingHistory", "SamplingRules"]


@dataclass(frozen=True, slots=True)
class SamplingRules:
    """The first `eager_samples` good samples are taken frame by frame, the next ones every `undecided_ms`; after a
    sample that was not good, the next look is `poor_ms` later. Once the track is decided, a sample is taken every
    `decided_ms`, or after `better_ms` when the face has grown by `growth`.
    """

    eager_samples: int = 6
    undecided_ms: int = 600
    poor_ms: int = 350
    decided_ms: int = 2_000
    better_ms: int = 500
    growth: float = 1.25


@dataclass(slots=True)
class SamplingHistory:
    """What was sampled of one track: how many good samples, when the last of any kind and whether it was good, how
    wide the widest good face (px).
    """

    good_samples: int = 0
    last_ms: int | None = None
    last_good: bool = True
    widest_px: float = 0.0

    def wants(self, width_px: float, at_ms: int, *, decided: bool, rules: SamplingRules) -> bool:
        """Whether a face of this width, seen now, is worth a sample."""
        return self.last_ms is None or at_ms - self.last_ms >= self._pause_ms(width_px, decided, rules)

    def taken(self, width_px: float, at_ms: int, *, good: bool) -> None:
        """A sample was taken; `good` when it passed the quality gates."""
        self.last_ms, self.last_good = at_ms, good
        if good:
            self.good_samples += 1
            self.widest_px = max(self.widest_px, width_px)

    def again(self) -> None:
        """The last sample raised a doubt: take the next one as soon as possible."""
        self.last_ms = None

    def _pause_ms(self, width_px: float, decided: bool, rules: SamplingRules) -> int:
        if decided:
            grown = self.widest_px > 0 and width_px >= self.widest_px * rules.growth
            return rules.better_ms if grown else rules.decided_ms
        if not self.last_good:
            return rules.poor_ms
        return 0 if self.good_samples < rules.eager_samples else rules.undecided_ms
