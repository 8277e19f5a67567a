"""What an evaluation found, as plain values for JSON and for the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sightline.evaluation.pairs import ComparedPairs
from sightline.identities.error_rates import Comparisons, Curve, curve_of, interval
from sightline.identities.leave_one_out import LeftOut
from sightline.identities.similarity import Similarity

__all__ = ["gallery_figures", "pair_figures"]

_STRICT_FMR = 0.001


def pair_figures(
    result: ComparedPairs, similarity: Similarity, *, model: str, target_fmr: float, resamples: int
) -> tuple[dict[str, Any], Curve]:
    """The figures of compared pairs. Rates are shares; `threshold` is a distance of the embedder, as are those in
    `proposal` and `setting`, each with the similarity that it reads as. Raises `ValueError` when only one kind of pair
    could be compared.
    """
    comparisons = result.comparisons()
    curve = curve_of(comparisons)
    accuracy, threshold = curve.best_accuracy()
    figures: dict[str, Any] = {
        "model": model,
        "auc": curve.auc,
        "accuracy": accuracy,
        "threshold": threshold,
        "eer": curve.equal_error_rate,
        "fnmr_at_fmr_0": curve.at_fmr(0.0)[0],
        "fnmr_at_fmr_0.001": curve.at_fmr(_STRICT_FMR)[0],
        "counts": {
            "pairs": len(result.pairs),
            "compared": len(result.compared),
            "same": int(comparisons.mated.sum()),
            "different": int((~comparisons.mated).sum()),
            "pictures": len(result.pictures),
        },
        "failures_to_enrol": len(result.failures),
        "failures": [{"picture": name, "reason": reason} for name, reason in sorted(result.failures.items())],
        "poor": [{"picture": name, "reasons": list(reasons)} for name, reasons in sorted(result.poor.items())],
        "errors": _worst_pairs(result, threshold),
        **_thresholds(curve, similarity, target_fmr),
    }
    figures["intervals"] = _intervals(comparisons, target_fmr, resamples)
    return figures, curve


def gallery_figures(
    left_out: LeftOut,
    name: Callable[[str], str],
    similarity: Similarity,
    *,
    model: str,
    refused: Mapping[str, str],
    margin: float,
    target_fmr: float,
    resamples: int,
) -> tuple[dict[str, Any], Curve]:
    """The figures of a gallery against itself: FPIR and FNIR in the places of FMR and FNMR. `name` turns a person's id
    into a name, `model` is the embedder's, `refused` says of photos why they were not enrolled. Raises `ValueError`
    when nobody has two photos, or only one person is enrolled.
    """
    comparisons = left_out.comparisons(margin=margin)
    curve = curve_of(comparisons)
    figures = {
        "model": model,
        "people": int(left_out.owners.max()) + 1,
        "references": len(left_out.owners),
        "searches": {"mated": int(comparisons.mated.sum()), "non_mated": int((~comparisons.mated).sum())},
        "fnir_at_fpir_0": curve.at_fmr(0.0)[0],
        "fnir_at_fpir_0.001": curve.at_fmr(_STRICT_FMR)[0],
        "failures_to_enrol": len(refused),
        "failures": [{"picture": picture, "reason": reason} for picture, reason in sorted(refused.items())],
        "confusable": [
            {
                "people": [name(person) for person in pair.person_ids],
                "references": list(pair.reference_ids),
                "distance": pair.distance,
                "similarity": similarity(pair.distance),
            }
            for pair in left_out.confusable
        ],
        **_thresholds(curve, similarity, target_fmr),
    }
    figures["intervals"] = _intervals(comparisons, target_fmr, resamples)
    return figures, curve


def _thresholds(curve: Curve, similarity: Similarity, target_fmr: float) -> dict[str, Any]:
    """The threshold that keeps to the false-match rate asked for, beside the one that is set."""
    missed, proposed = curve.at_fmr(target_fmr)
    now_false, now_missed = curve.at_threshold(similarity.threshold)
    return {
        "proposal": {
            "target_fmr": target_fmr,
            "threshold": proposed,
            "similarity": similarity(proposed),
            "fmr": curve.at_threshold(proposed)[0],
            "fnmr": missed,
            # A rate of one in a thousand cannot be seen in a hundred comparisons (rule of three: 3 / N at 95 %).
            "enough_comparisons": curve.others * target_fmr >= 3.0,
        },
        "setting": {
            "threshold": similarity.threshold,
            "similarity": similarity(similarity.threshold),
            "fmr": now_false,
            "fnmr": now_missed,
        },
    }


def _intervals(comparisons: Comparisons, target_fmr: float, resamples: int) -> dict[str, list[float]]:
    wanted: dict[str, Callable[[Curve], float]] = {
        "auc": lambda curve: curve.auc,
        "fnmr_at_fmr_0.001": lambda curve: curve.at_fmr(_STRICT_FMR)[0],
        "fnmr_at_target": lambda curve: curve.at_fmr(target_fmr)[0],
    }
    found = {key: interval(comparisons, figure, resamples=resamples) for key, figure in wanted.items()}
    return {key: [one.low, one.high] for key, one in found.items()}


def _worst_pairs(result: ComparedPairs, threshold: float, limit: int = 20) -> list[dict[str, Any]]:
    """Pairs that come out wrong at the threshold, the most wrong first."""
    wrong = [
        (abs(distance - threshold), pair, float(distance))
        for pair, distance in zip(result.compared, result.distances, strict=True)
        if pair.same == (distance > threshold)
    ]
    wrong.sort(key=lambda entry: -entry[0])
    return [
        {"first": pair.first, "second": pair.second, "same": pair.same, "distance": distance}
        for _, pair, distance in wrong[:limit]
    ]
