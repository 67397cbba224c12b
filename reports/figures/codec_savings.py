"""Codec next to codec: savings at the JND with their intervals, and bytes picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.layout import WIDTH_IN, draw_marker, limit_warning
from reports.figures.style import ACCENT, FILL, INK, MUTED, Drawing, letters_across, new_panels, shortened
from reports.results.codecs import CodecComparison, CodecRow, codec_title
from reports.results.written import decimal, ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS = 10
_NAME_LETTERS = 34
_TRUTH = "true JNDs"
_ACROSS = 3
_FEW_TICKS, _MANY_TICKS = (1.0, 3.0), (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Of a decade; many are so near that there is one in the narrowest axis."""


def codec_savings(comparison: CodecComparison) -> Drawing:
    """What each codec saves against the reference: at the true JNDs, and by the best predictors and the constant."""
    whole = [row for row in comparison.rows if not row.failed and row.ratio_error is not None]
    chosen = [row for place, row in enumerate(whole) if place < _MOST_ROWS or row.is_control]
    best = f"the {_MOST_ROWS} predictors nearest by picture and the constant"
    which = best if len(chosen) < len(whole) else "predictors without a failed picture"
    rows, others = [comparison.truth, *chosen], comparison.sections[1:]
    names = [shortened(row.predictor or _TRUTH, _NAME_LETTERS) for row in rows]
    reference = codec_title(comparison.reference)
    title = [
        *_title(comparison, "Bytes saved"),
        f"{which}; bars: 95 % bootstrap interval over sources; dashed: at the true JNDs",
        *limit_warning(comparison.reference),
    ]
    figure, panels = new_panels(
        WIDTH_IN, 0.62 + 0.22 * len(rows), title=title, panels=len(others), left_in=0.25 + 0.076 * max(map(len, names)),
        right_in=1.35, between_in=(0.55, 0.5),
    )  # fmt: skip
    texts = []
    for axes, section in zip(panels, others, strict=True):
        texts.append(f"{codec_title(section)} {_savings(axes, rows, names, section.dataset.codec)}")
        axes.set_xlabel(f"bytes that {codec_title(section)} saves against {reference} (%)")
    return Drawing(figure, f"Bytes saved against {reference} on {comparison.title}: {'; '.join(texts)}.")


def _savings(axes: Axes, rows: Sequence[CodecRow], names: Sequence[str], codec: str) -> str:
    """Draw a codec's savings, in per cent; gives that at the true JNDs as text."""
    for place, row in enumerate(rows):
        entry = row.of(codec)
        if entry is None or entry.saving is None:
            continue
        saving, low, high = (
            100 * (entry.saving if end is None else end) for end in (entry.saving, entry.low, entry.high)
        )
        axes.hlines(place, low, high, color=ACCENT, linewidth=2.2, zorder=2)
        draw_marker(axes, saving, place, "D" if row.is_control else "o", is_filled=not row.predictor)
        axes.text(
            1.02, place, f"{decimal(saving, 1)} {ends(entry.low, entry.high, 100, 1)}", fontsize=7.6, va="center",
            color=INK, fontweight="normal" if row.predictor else "bold", transform=axes.get_yaxis_transform(),
        )  # fmt: skip
    truth = rows[0].of(codec)
    assert truth is not None and truth.saving is not None, "the truth has every codec"
    axes.axvline(100 * truth.saving, color=INK, linewidth=1.0, linestyle="--", zorder=1)
    axes.set_yticks(range(len(names)), names)
    axes.set(ylim=(len(names) - 0.4, -0.6))
    axes.margins(x=0.08)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    return f"{decimal(100 * truth.saving, 1)} % at the true JNDs"


def codec_bytes(comparison: CodecComparison) -> Drawing:
    """Each picture's bytes at its true JND, codec against codec, on logarithmic axes."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    others = comparison.sections[1:]
    kilobytes = comparison.true_bytes / 1000
    across = min(_ACROSS, max(2, len(others)))
    reference = codec_title(comparison.reference)
    title = [
        *_title(comparison, "Bytes by picture"),
        "a point a picture, at its true JND; below the line the codec is smaller",
    ]
    title += limit_warning(comparison.reference)
    side_in = (WIDTH_IN - 0.7 - (across - 1) * 0.75) / across
    figure, panels = new_panels(
        WIDTH_IN, side_in + 0.48, title=title, panels=len(others), across=across, between_in=(0.75, 0.62)
    )
    low, high = np.nanmin(kilobytes) / 1.2, np.nanmax(kilobytes) * 1.2
    texts = []
    for axes, section, values in zip(panels, others, kilobytes[1:], strict=True):
        axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
        axes.plot([low, high], [low, high], color=INK, linewidth=1.0, linestyle="--", zorder=1)
        axes.plot(kilobytes[0], values, "o", markersize=4, markerfacecolor=FILL, markeredgecolor=ACCENT, zorder=2)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=_FEW_TICKS if high > 10 * low else _MANY_TICKS))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        axes.tick_params(labelcolor=MUTED)
        axes.set(xlabel=f"{reference} (kB)", ylabel=f"{codec_title(section)} (kB)")
        known = np.isfinite(values) & np.isfinite(kilobytes[0])
        smaller = int((values[known] < kilobytes[0, known]).sum())
        texts.append(f"{codec_title(section)} is smaller in {smaller} of {int(known.sum())}")
    return Drawing(
        figure, f"Bytes of each picture at its true JND against {reference} on {comparison.title}: {'; '.join(texts)}."
    )


def _title(comparison: CodecComparison, what: str) -> list[str]:
    """What is shown of which data and whose samples; the codecs, the truth and N."""
    first = comparison.reference
    heading = first.dataset.heading_within(int(0.7 * letters_across(WIDTH_IN)) - len(what) - 4)
    codecs = ", ".join(map(codec_title, comparison.sections))
    counts = f"{first.pictures} pictures of {first.sources} sources"
    return [f"{what} on {heading}", f"{codecs}, each at its own JND; {first.settings}; {counts}"]
