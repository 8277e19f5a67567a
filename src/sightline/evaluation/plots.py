"""Plots of error rates, as PNG."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sightline.identities.error_rates import Comparisons, Curve

__all__ = ["det_plot", "score_plot"]

_SIZE_INCHES = (6.4, 4.2)
_DPI = 150
_MATED, _OTHERS, _MARK = "#0072b2", "#d55e00", "#444444"
"""From the palette of Okabe and Ito, which people with any colour vision can tell apart."""


def det_plot(curve: Curve, *, chosen: float, rates: tuple[str, str] = ("FMR", "FNMR")) -> bytes:
    """Detection error trade-off (Martin et al. 1997; here with logarithmic axes), with the threshold `chosen` marked.
    `rates` are the names of the two error rates.
    """
    figure, axes = _figure()
    floor = _smallest_rate(curve) / 3
    axes.plot(np.maximum(curve.fmr, floor), np.maximum(curve.fnmr, floor), drawstyle="steps-post", color=_MATED)
    fmr, fnmr = curve.at_threshold(chosen)
    axes.plot(max(fmr, floor), max(fnmr, floor), "o", color=_OTHERS, clip_on=False, label=f"threshold {chosen:.3f}")
    axes.set(xscale="log", yscale="log", xlim=(floor, 1.1), ylim=(floor, 1.1))
    axes.set(xlabel=f"{rates[0]}: taken for somebody else", ylabel=f"{rates[1]}: not recognised")
    axes.text(0.01, 0.01, "left and lower edge: none seen", transform=axes.transAxes, fontsize=7, color=_MARK)
    axes.legend(loc="upper right", frameon=False)
    return _png(figure)


def score_plot(comparisons: Comparisons, *, marks: dict[str, float]) -> bytes:
    """Histograms of the distances of mated and of other comparisons; `marks` are thresholds to draw, by name."""
    figure, axes = _figure()
    finite = comparisons.distances[np.isfinite(comparisons.distances)]
    edges = np.linspace(0.0, float(finite.max(initial=1.0)) * 1.02, 60)
    for mated, colour, label in ((True, _MATED, "the same person"), (False, _OTHERS, "different people")):
        chosen = comparisons.distances[(comparisons.mated == mated) & np.isfinite(comparisons.distances)]
        weights = np.full(len(chosen), 1.0 / max(len(chosen), 1))
        axes.hist(
            chosen, bins=edges.tolist(), weights=weights, color=colour, alpha=0.6, label=f"{label} ({len(chosen)})"
        )
    for (name, threshold), style in zip(marks.items(), ("--", ":", "-."), strict=False):
        axes.axvline(threshold, color=_MARK, linestyle=style, label=f"{name} {threshold:.3f}")
    axes.set(xlabel="distance", ylabel="share of comparisons")
    axes.legend(loc="upper left", frameon=False, fontsize=8)
    return _png(figure)


def _smallest_rate(curve: Curve) -> float:
    rates = np.concatenate([curve.fmr, curve.fnmr])
    return float(rates[rates > 0].min(initial=1.0))


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
