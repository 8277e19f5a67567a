"""Evaluations as tables on the terminal."""

from __future__ import annotations

from typing import Any

from sightline.cli.output import OUT, say, table, warn

__all__ = ["say_gallery", "say_pairs", "say_video"]


def say_pairs(figures: dict[str, Any]) -> None:
    """The figures of compared pairs."""
    counts, low_high = figures["counts"], figures["intervals"]
    rows = [
        ("area under the curve (AUC)", f"{figures['auc']:.4f}", _range(low_high["auc"], "{:.4f}")),
        ("best accuracy", f"{figures['accuracy']:.2%}", f"at distance {figures['threshold']:.3f}"),
        ("equal error rate", f"{figures['eer']:.2%}", ""),
        ("FNMR at FMR 0", f"{figures['fnmr_at_fmr_0']:.2%}", ""),
        ("FNMR at FMR 0.1 %", f"{figures['fnmr_at_fmr_0.001']:.2%}", _range(low_high["fnmr_at_fmr_0.001"], "{:.2%}")),
        ("failures to enrol", str(figures["failures_to_enrol"]), f"of {counts['pictures']} pictures"),
    ]
    shown = (
        f"{counts['compared']} of {counts['pairs']} pairs compared: {counts['same']} same, {counts['different']} not"
    )
    OUT.print(table(("figure", "value", "95 % interval, note"), rows, title=shown))
    _say_thresholds(figures, ("FMR", "FNMR"))
    for failure in figures["failures"]:
        warn(f"not enrolled: {failure['picture']}: {failure['reason']}", "yellow")


def say_gallery(figures: dict[str, Any]) -> None:
    """The figures of a gallery against itself."""
    searches = figures["searches"]
    rows = [
        ("FNIR at FPIR 0", f"{figures['fnir_at_fpir_0']:.2%}", ""),
        (
            "FNIR at FPIR 0.1 %",
            f"{figures['fnir_at_fpir_0.001']:.2%}",
            _range(figures["intervals"]["fnmr_at_fmr_0.001"], "{:.2%}"),
        ),
    ]
    title = (
        f"{figures['people']} people, {figures['references']} photos; {searches['mated']} photos have another of theirs"
    )
    OUT.print(table(("figure", "value", "95 % interval"), rows, title=title))
    _say_thresholds(figures, ("FPIR", "FNIR"))
    pairs_shown = ((" and ".join(one["people"]), f"{one['similarity']:.2f}", " · ".join(one["references"])) for one in
                   figures["confusable"][:10])  # fmt: skip
    OUT.print(table(("most alike", "similarity", "photos"), pairs_shown))
    for failure in figures["failures"]:
        warn(f"not enrolled: {failure['picture']}: {failure['reason']}", "yellow")


def _say_thresholds(figures: dict[str, Any], rates: tuple[str, str]) -> None:
    proposal, setting = figures["proposal"], figures["setting"]
    rows = [
        (name, f"{one['similarity']:.3f}", f"{one['threshold']:.3f}", f"{one['fmr']:.3%}", f"{one['fnmr']:.2%}")
        for name, one in (("as set", setting), (f"for {rates[0]} {proposal['target_fmr']:g}", proposal))
    ]
    OUT.print(table(("threshold", "similarity", "distance", *rates), rows))
    if not proposal["enough_comparisons"]:
        warn("too few comparisons of different people to be sure of that rate: take more pictures, or a larger rate")
    if figures.get("report"):
        say(f"report: {figures['report']}")


def say_video(figures: dict[str, Any]) -> None:
    """Every track of a video, and the shares."""
    rows = (
        (
            one["track"],
            f"{one['from']:g}–{one['to']:g}",
            f"{one['width_px']:.0f} px",
            ", ".join(one["expected"]) or "stranger",
            ", ".join(one["named"]) or "–",
            one["verdict"].replace("_", " "),
        )
        for one in figures["verdicts"]
    )
    OUT.print(table(("track", "when", "face", "expected", "named", "verdict"), rows))
    say(
        f"of {figures['enrolled']} tracks of enrolled people: {figures['named_right']:.1%} named right, "
        f"{figures['named_wrong']:.1%} named wrong, {figures['left_unknown']:.1%} left unknown; of "
        f"{figures['strangers']} tracks of strangers: {figures['strangers_named']:.1%} named; "
        f"{figures['unsettled']} unsettled by the truth"
    )


def _range(bounds: list[float], form: str) -> str:
    return f"{form.format(bounds[0])} to {form.format(bounds[1])}"
