from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.identities.error_rates import Comparisons, curve_of, interval


def _comparisons(mated: list[float], others: list[float]) -> Comparisons:
    distances = np.array([*mated, *others], np.float64)
    same = np.array([True] * len(mated) + [False] * len(others))
    units = np.arange(2 * len(distances), dtype=np.intp).reshape(-1, 2)
    return Comparisons(distances, same, units)


_DISTANCES = st.lists(st.one_of(st.floats(0, 2), st.just(float("inf")), st.sampled_from([0.3, 0.5])), min_size=1)


def test_separated_scores_have_no_error() -> None:
    curve = curve_of(_comparisons([0.1, 0.2, 0.3], [0.7, 0.8]))
    accuracy, threshold = curve.best_accuracy()
    assert curve.auc == pytest.approx(1.0)
    assert (accuracy, threshold) == (1.0, pytest.approx(0.5))
    assert curve.at_fmr(0.0) == (0.0, pytest.approx(0.5))
    assert curve.equal_error_rate == 0.0


def test_overlapping_scores_trade_one_error_for_the_other() -> None:
    curve = curve_of(_comparisons([0.1, 0.2, 0.6, 0.9], [0.5, 0.7, 0.8, 1.0]))
    assert curve.at_fmr(0.0)[0] == pytest.approx(0.5)
    assert curve.at_fmr(0.25)[0] == pytest.approx(0.25)
    assert curve.at_threshold(0.65) == (pytest.approx(0.25), pytest.approx(0.25))
    assert curve.equal_error_rate == pytest.approx(0.25)


def test_an_infinite_distance_is_never_accepted() -> None:
    curve = curve_of(_comparisons([0.1, float("inf")], [0.9, float("inf")]))
    assert curve.fnmr.min() == pytest.approx(0.5)
    assert curve.fmr.max() == pytest.approx(0.5)


@given(_DISTANCES, _DISTANCES)
def test_the_curve_agrees_with_counting(mated: list[float], others: list[float]) -> None:
    curve = curve_of(_comparisons(mated, others))
    for threshold, fmr, fnmr in zip(curve.thresholds, curve.fmr, curve.fnmr, strict=True):
        assert fmr == pytest.approx(sum(one <= threshold for one in others) / len(others))
        assert fnmr == pytest.approx(sum(one > threshold for one in mated) / len(mated))
    assert (np.diff(curve.thresholds) > 0).all()


@given(_DISTANCES, _DISTANCES, st.floats(-0.5, 3))
def test_any_threshold_agrees_with_counting(mated: list[float], others: list[float], threshold: float) -> None:
    fmr, fnmr = curve_of(_comparisons(mated, others)).at_threshold(threshold)
    assert fmr == pytest.approx(sum(one <= threshold for one in others) / len(others))
    assert fnmr == pytest.approx(sum(one > threshold for one in mated) / len(mated))


@given(_DISTANCES, _DISTANCES)
def test_the_area_is_the_chance_that_a_mated_pair_is_nearer(mated: list[float], others: list[float]) -> None:
    pairs = [(near, far) for near in mated for far in others]
    chance = sum(1.0 if near < far else 0.5 if near == far else 0.0 for near, far in pairs) / len(pairs)
    assert curve_of(_comparisons(mated, others)).auc == pytest.approx(chance)


@given(_DISTANCES, _DISTANCES, st.floats(0, 1))
def test_no_laxer_threshold_keeps_the_rate(mated: list[float], others: list[float], fmr: float) -> None:
    curve = curve_of(_comparisons(mated, others))
    fnmr, threshold = curve.at_fmr(fmr)
    assert curve.at_threshold(threshold)[0] <= fmr + 1e-9
    assert all(rate >= fnmr or false > fmr for rate, false in zip(curve.fnmr, curve.fmr, strict=True))


def test_the_interval_holds_the_figure_and_narrows_with_more_pictures() -> None:
    def drawn(count: int) -> Comparisons:
        random = np.random.default_rng(1)
        units = np.array([(i, j) for i in range(count) for j in range(i)], np.intp)
        mated = units[:, 0] % 4 == units[:, 1] % 4
        return Comparisons(random.normal(np.where(mated, 0.4, 0.6), 0.25), mated, units)

    widths = []
    for count in (12, 60):
        comparisons = drawn(count)
        found = interval(comparisons, lambda curve: curve.auc, resamples=200)
        assert found.low <= curve_of(comparisons).auc <= found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0]


def test_refuses_what_says_nothing() -> None:
    with pytest.raises(ValueError, match="same person and of different"):
        _comparisons([0.1], [])
    with pytest.raises(ValueError, match="not a number"):
        _comparisons([float("nan")], [0.5])
