"""Who a track is, over all its samples.

    pending ── enough samples agree on one person ──────────────→ known
       │  └─── enough samples, and they are nobody of the gallery → unknown
       ↑                                                            │  ↑
       └── the person left the gallery ── known ←── better samples ─┘  │
                                            └── the window says nobody ┘

Only good samples count. The last `window` of them are kept; their quality-weighted mean is the track's
template. A name needs both: enough single samples that vote for that person, and a mean that is near enough,
with a margin to the next person. The window moves on, so a name stands until newer samples contradict it, the person
leaves the gallery, or somebody says that it is not them.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.identities.gallery import Gallery

__all__ = ["Consensus", "ConsensusRules", "Fit", "Identity", "IdentityState", "Match", "Sample"]

_SAMPLES_TO_TRUST = 2
"""So many samples make a template that others can be compared with."""


class IdentityState(enum.StrEnum):
    """What is known of a track's identity."""

    PENDING = "pending"
    KNOWN = "known"
    UNKNOWN = "unknown"


class Fit(enum.Enum):
    """A sample against the window: of the `SAME` face, a `STRAY` to be left out, or proof of an `OTHER`
    face.
    """

    SAME = enum.auto()
    STRAY = enum.auto()
    OTHER = enum.auto()


@dataclass(frozen=True, slots=True)
class ConsensusRules:
    """The numbers of the consensus; distances are the embedder's.

    `vote_distance`: a sample votes for its nearest person up to here. `known_distance`, `margin`: the mean
    must be as near to a person, and nearer than to any other by the margin. `votes`: of the window, that many
    votes and no more than half as many for others; `quick_votes` are enough when the mean is within
    `quick_distance`. `unknown_samples`: with so many good samples and a mean beyond `unknown_distance`, the
    track is nobody's; with `patience_samples` it is, wherever short of the threshold the mean lies. A sample
    farther than `other_face_distance` from the mean is not of the same face.
    """

    vote_distance: float = 0.50
    known_distance: float = 0.45
    margin: float = 0.05
    votes: int = 3
    quick_votes: int = 2
    quick_distance: float = 0.38
    unknown_distance: float = 0.54
    unknown_samples: int = 5
    patience_samples: int = 8
    window: int = 10
    other_face_distance: float = 0.62


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A good sample of a track. `vector` (D,) float32; `quality` above 0, at most 1."""

    frame_id: int
    at_ms: int
    quality: float
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """The nearest person of a probe, and how far the next person is (infinite without one)."""

    person_id: str
    reference_id: str
    distance: float
    runner_up: float

    @property
    def margin(self) -> float:
        """How much farther the next person is."""
        return self.runner_up - self.distance


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer. `match` is the mean template's nearest person: the one named when `KNOWN`, else for
    information.
    """

    state: IdentityState
    match: Match | None = None

    @property
    def person_id(self) -> str | None:
        """The person's id when known."""
        return self.match.person_id if self.match is not None and self.state is IdentityState.KNOWN else None


class Consensus:
    """The identity of one track. Not thread-safe."""

    def __init__(self, rules: ConsensusRules) -> None:
        self._rules = rules
        self._samples: deque[Sample] = deque(maxlen=rules.window)
        self._votes: deque[Match | None] = deque(maxlen=rules.window)
        self._gallery: Gallery | None = None
        self._stray: Sample | None = None
        self.identity = Identity(IdentityState.PENDING)

    @property
    def samples(self) -> tuple[tuple[Sample, Match | None], ...]:
        """The window, oldest first, each sample with its own nearest person."""
        return tuple(zip(self._samples, self._votes, strict=True))

    @property
    def template(self) -> NDArray[np.float32] | None:
        """(D,) the quality-weighted mean of the window; `None` before the first good sample."""
        if not self._samples:
            return None
        weights = np.array([sample.quality for sample in self._samples], np.float32)
        return np.asarray(weights @ np.stack([s.vector for s in self._samples]) / weights.sum(), np.float32)

    def add(self, sample: Sample, gallery: Gallery | None) -> Identity:
        """Takes one more good sample and answers anew. Without a gallery, everybody is a stranger."""
        self._samples.append(sample)
        if gallery is self._gallery:
            self._votes.append(_matches([sample.vector], gallery)[0])
        else:
            self._search_again(gallery)
        return self._decide()

    def review(self, gallery: Gallery | None) -> Identity:
        """Answers anew if the gallery is another one than last time; the window is searched in it."""
        if gallery is not self._gallery:
            self._search_again(gallery)
            person = self.identity.person_id
            if person is not None and (gallery is None or not self._may_be(person, gallery)):
                self.identity = Identity(IdentityState.PENDING)
            self._decide()
        return self.identity

    def fit(self, sample: Sample, *, doubted: bool = False) -> Fit:
        """Whether the sample can be of the same face as the window; to be asked once for each, before `add`.

        A single sample far from the rest may show a hand before the face; only a second one that is as far from the
        rest, and near the first, shows another person. Where there are other reasons to doubt that it is the same
        face (`doubted`), one is enough, and it must be nearer.
        """
        template = self.template
        if template is None or len(self._samples) < _SAMPLES_TO_TRUST:
            return Fit.SAME
        limit = self._rules.vote_distance if doubted else self._rules.other_face_distance
        if _distance(sample.vector, template) <= limit:
            self._stray = None
            return Fit.SAME
        if doubted:
            return Fit.OTHER
        stray, self._stray = self._stray, sample
        agree = stray is not None and _distance(stray.vector, sample.vector) <= self._rules.vote_distance
        return Fit.OTHER if agree else Fit.STRAY

    def _may_be(self, person_id: str, gallery: Gallery) -> bool:
        """Whether the person is still in the gallery, and nobody said that this face is not theirs."""
        template = self.template
        return person_id in gallery and (template is None or not gallery.refuses(person_id, template))

    def _search_again(self, gallery: Gallery | None) -> None:
        self._gallery = gallery
        matches = _matches([sample.vector for sample in self._samples], gallery)
        self._votes = deque(matches, maxlen=self._rules.window)

    def _decide(self) -> Identity:
        template = self.template
        if template is None:
            return self.identity
        match = _matches([template], self._gallery)[0]
        if match is not None and self._is_named(match):
            self.identity = Identity(IdentityState.KNOWN, match)
        elif self.identity.state is IdentityState.KNOWN:
            self._keep_or_withdraw(match)
        elif self.identity.state is IdentityState.UNKNOWN or self._is_nobody(match):
            self.identity = Identity(IdentityState.UNKNOWN, match)
        else:
            self.identity = Identity(IdentityState.PENDING, match)
        return self.identity

    def _is_named(self, match: Match) -> bool:
        """Whether votes, distance and margin are all enough for this person."""
        rules = self._rules
        if match.distance > rules.known_distance or match.margin < rules.margin:
            return False
        votes, others = self._count(match.person_id)
        needed = rules.quick_votes if match.distance <= rules.quick_distance else rules.votes
        return votes >= needed and 2 * others <= votes

    def _count(self, person_id: str) -> tuple[int, int]:
        """Votes of the window for this person, and for all others."""
        valid = [vote for vote in self._votes if vote is not None and vote.distance <= self._rules.vote_distance]
        votes = sum(vote.person_id == person_id for vote in valid)
        return votes, len(valid) - votes

    def _is_nobody(self, match: Match | None) -> bool:
        count = len(self._samples)
        far = match is None or match.distance > self._rules.unknown_distance
        return count >= (self._rules.unknown_samples if far else self._rules.patience_samples)

    def _keep_or_withdraw(self, match: Match | None) -> None:
        """A name stands unless a full window holds no vote for it and is nobody's."""
        person_id = self.identity.person_id
        full = len(self._samples) == self._rules.window
        if person_id is not None and full and self._count(person_id)[0] == 0 and self._is_nobody(match):
            self.identity = Identity(IdentityState.UNKNOWN, match)


def _distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(a - b))


def _matches(vectors: list[NDArray[np.float32]], gallery: Gallery | None) -> list[Match | None]:
    """The nearest person of each vector."""
    found = gallery.search(np.stack(vectors)) if gallery is not None and vectors else None
    if found is None:
        return [None] * len(vectors)
    return [
        Match(person, reference, float(distance), float(runner_up))
        for person, reference, distance, runner_up in zip(
            found.person_ids, found.reference_ids, found.distances, found.runner_up, strict=True
        )
    ]
