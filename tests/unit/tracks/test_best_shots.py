"""Which faces are worth a sample."""

from __future__ import annotations

from sightline.tracks.best_shots import SamplingHistory, SamplingRules

RULES = SamplingRules()


def taken(history: SamplingHistory, times_ms: range, *, decided: bool = False, width_px: float = 60) -> list[int]:
    """The times at which samples, all of them good, are taken of a face found at `times_ms`."""
    samples = []
    for at_ms in times_ms:
        if history.wants(width_px, at_ms, decided=decided, rules=RULES):
            history.taken(width_px, at_ms, good=True)
            samples.append(at_ms)
    return samples


def test_an_undecided_face_is_sampled_eagerly_at_first_then_less_often() -> None:
    times = taken(SamplingHistory(), range(0, 4_000, 200))
    assert times[:6] == [0, 200, 400, 600, 800, 1000]
    assert times[6:] == [1600, 2200, 2800, 3400]


def test_a_decided_face_is_sampled_now_and_then() -> None:
    history = SamplingHistory()
    taken(history, range(0, 600, 200))
    assert taken(history, range(600, 7_000, 200), decided=True) == [2400, 4400, 6400]


def test_a_decided_face_that_has_come_closer_is_sampled_sooner() -> None:
    history = SamplingHistory()
    history.taken(60, 0, good=True)
    assert not history.wants(74, 600, decided=True, rules=RULES)
    assert history.wants(75, 600, decided=True, rules=RULES)
    assert not history.wants(75, 400, decided=True, rules=RULES)
    history.taken(75, 600, good=True)
    assert not history.wants(80, 1_200, decided=True, rules=RULES)


def test_a_poor_sample_is_not_repeated_at_once() -> None:
    history = SamplingHistory()
    history.taken(60, 0, good=False)
    assert not history.wants(60, 200, decided=False, rules=RULES)
    assert history.wants(60, 400, decided=False, rules=RULES)
    assert history.widest_px == 0


def test_a_doubt_is_followed_up_at_once() -> None:
    history = SamplingHistory()
    history.taken(60, 0, good=True)
    assert not history.wants(60, 200, decided=True, rules=RULES)
    history.again()
    assert history.wants(60, 200, decided=True, rules=RULES)
