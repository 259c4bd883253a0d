"""Plots by matplotlib, in one style: timelines of sessions, outcomes of results, a sweep of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConfigurationError
from qsession_core.extras import install

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from qsession_core.display.rows import JobRow

__all__ = ["bar_plot", "sweep_plot", "timeline_plot"]

_ACCENT, _BAD, _FAINT = "#1a8a94", "#d0453e", "#b8b8b8"
_MOST_OUTCOMES = 64


def _axes(axes: Any, height: float) -> Any:
    """Return the axes to draw on: those that are given, or those of a new figure.

    Raises:
        ConfigurationError: matplotlib is not installed.
    """
    if axes is None:
        try:
            from matplotlib import pyplot as plt
        except ImportError as error:
            raise ConfigurationError(
                f"Plots are drawn by matplotlib, which is not installed: {install('notebook')}."
            ) from error
        _, axes = plt.subplots(figsize=(8, height), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def bar_plot(counts: Mapping[str, float], label: str, axes: Any = None) -> Any:
    """Draw outcomes as bars, the first outcome at the left; of many, the most frequent ones. Return the axes.

    Args:
        counts: By outcome: shots or probabilities.
        label: What they are.
        axes: matplotlib's axes; None for a new figure.
    """
    chosen = sorted(sorted(counts.items(), key=lambda entry: -entry[1])[:_MOST_OUTCOMES])
    axes = _axes(axes, 3.2)
    axes.bar([key for key, _ in chosen], [value for _, value in chosen], color=_ACCENT)
    left = len(counts) - len(chosen)
    axes.set_xlabel("outcome, bit 0 at the right" + (f" ({left} rarer ones left out)" if left else ""))
    axes.set_ylabel(label)
    if sum(len(key) for key, _ in chosen) > 60:  # noqa: PLR2004 - characters that fit beside each other
        axes.tick_params(axis="x", rotation=90)
    return axes


def timeline_plot(rows: Sequence[JobRow], now: datetime, title: str, axes: Any = None) -> Any:
    """Draw when jobs waited and ran, the first at the top, in seconds since the first was created. Return the axes.

    Args:
        rows: The jobs, in the order of their creation.
        now: The end of what still lasts.
        title: Above it.
        axes: matplotlib's axes; None for a new figure.
    """
    known = [(row, row.created) for row in rows if row.created is not None]
    axes = _axes(axes, min(12.0, 1.4 + 0.22 * len(known)))
    start = min((created for _, created in known), default=now)

    def seconds(at: datetime | None) -> float:
        return ((at or now) - start).total_seconds()

    for place, (row, created) in enumerate(known):
        began = seconds(row.began or row.ended)
        axes.barh(place, began - seconds(created), left=seconds(created), height=0.25, color=_FAINT)
        colour = _BAD if row.state == "Failed" else _ACCENT
        axes.barh(place, seconds(row.ended) - began, left=began, height=0.7, color=colour, edgecolor=colour)
    for label, colour in (("waited", _FAINT), ("ran", _ACCENT), ("failed", _BAD)):
        axes.barh(0, 0, color=colour, label=label)
    axes.set_yticks(range(len(known)), [row.name[:24] for row, _ in known], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("seconds since the first job")
    axes.set_title(title, loc="left", fontsize=10)
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    return axes


def sweep_plot(places: Sequence[float], values: Sequence[float], x: str, y: str, axes: Any = None) -> Any:
    """Draw one value of each job over a sweep. Return the axes.

    Args:
        places: Where each job is in the sweep.
        values: The value of each; NaN for a job without a result.
        x: What the places are, with their unit.
        y: What the values are, with their unit.
        axes: matplotlib's axes; None for a new figure.
    """
    axes = _axes(axes, 3.6)
    axes.plot(places, values, marker="o", markersize=4, linewidth=1, color=_ACCENT)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return axes
