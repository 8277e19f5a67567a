"""The reports of an evaluation: a page, and its plots as files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.evaluation.page import Table, page
from sightline.evaluation.plots import det_plot, score_plot
from sightline.identities.error_rates import Comparisons, Curve

__all__ = ["gallery_report", "pairs_report"]

Files = Mapping[str, bytes]
"""`report.html`, `scores.png` and `det.png`: contents by name."""


def pairs_report(figures: Mapping[str, Any], comparisons: Comparisons, curve: Curve) -> Files:
    """The report on compared pairs, of `pair_figures`."""
    rows = [
        ("AUC", figures["auc"]),
        ("best accuracy", figures["accuracy"]),
        ("equal error rate", figures["eer"]),
        ("FNMR at FMR 0", figures["fnmr_at_fmr_0"]),
        ("FNMR at FMR 0.001", figures["fnmr_at_fmr_0.001"]),
        ("failures to enrol", figures["failures_to_enrol"]),
    ]
    tables: list[Table] = [
        ("Figures", ("figure", "value"), rows),
        (
            "Pairs that come out wrong at the best threshold",
            ("first", "second", "truth", "distance"),
            [
                (one["first"], one["second"], "same" if one["same"] else "different", one["distance"])
                for one in figures["errors"]
            ],
        ),
    ]
    counts = figures["counts"]
    summary = (
        f"{counts['compared']} of {counts['pairs']} pairs of {counts['pictures']} pictures, compared by "
        f"{figures['model']}: {counts['same']} of the same person, {counts['different']} of different people."
    )
    return _files("Pairs of faces", summary, tables, figures, comparisons, curve, ("FMR", "FNMR"))


def gallery_report(figures: Mapping[str, Any], comparisons: Comparisons, curve: Curve) -> Files:
    """The report on a gallery against itself, of `gallery_figures`."""
    alike = [
        (" and ".join(one["people"]), one["similarity"], one["distance"], " · ".join(one["references"]))
        for one in figures["confusable"]
    ]
    tables: list[Table] = [("People most alike", ("people", "similarity", "distance", "photos"), alike)]
    summary = f"{figures['people']} people with {figures['references']} photos, by {figures['model']}."
    return _files("The gallery against itself", summary, tables, figures, comparisons, curve, ("FPIR", "FNIR"))


def _files(
    title: str,
    summary: str,
    tables: list[Table],
    figures: Mapping[str, Any],
    comparisons: Comparisons,
    curve: Curve,
    rates: tuple[str, str],
) -> Files:
    proposal, setting = figures["proposal"], figures["setting"]
    thresholds = [
        (name, one["similarity"], one["threshold"], one["fmr"], one["fnmr"])
        for name, one in (("as set", setting), (f"for {rates[0]} {proposal['target_fmr']:g}", proposal))
    ]
    failures = [(one["picture"], one["reason"]) for one in figures["failures"]]
    plots = {
        "scores": score_plot(comparisons, marks={"as set": setting["threshold"], "proposed": proposal["threshold"]}),
        "det": det_plot(curve, chosen=proposal["threshold"], rates=rates),
    }
    captions = {"scores": "How far apart faces are", "det": f"{rates[0]} against {rates[1]}"}
    text = page(
        title,
        summary,
        [
            ("Thresholds", ("threshold", "similarity", "distance", *rates), thresholds),
            *tables,
            ("Failures to enrol", ("picture", "reason"), failures),
        ],
        {captions[name]: png for name, png in plots.items()},
    )
    return {"report.html": text.encode(), **{f"{name}.png": png for name, png in plots.items()}}
