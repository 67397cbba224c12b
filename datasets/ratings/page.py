"""The page of a report on ratings: opens from disk and fetches nothing; what files say stands in it as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets.core.codec import Codec
from datasets.ratings.intervals import Estimate
from datasets.ratings.judgement import Judgement

_FOLDER = Path(__file__).parent
_WIDTH = 320.0
_INSET = 5.0
"""Of a picture's axis, in CSS pixels, as the template draws it."""


def page(judgement: Judgement, lines: Sequence[str]) -> str:
    """The page as HTML.

    :param lines: of the summary.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    environment.filters["number"] = lambda value: f"{value:.2f}" if math.isfinite(value) else "–"
    template = environment.get_template("page.html.j2")
    table, codec = judgement.table, judgement.codec
    pictures: list[dict[str, Any]] = []
    for index, name in enumerate(table.pictures):
        if (truths := judgement.truths.get(name)) is None:
            continue
        ends = [_x(end, codec) for end in (truths.mean.low, truths.mean.high) if math.isfinite(end)]
        pictures.append(
            {
                "name": name,
                "truths": truths,
                "jnds": [_x(level, codec) for level in table.samples(index, judgement.kept)],
                "mean": _x(truths.mean.value, codec),
                "interval": sorted(ends),
                "estimates": [_shown(e) for e in (truths.mean, truths.median, truths.sur50, truths.sur75)],
            }
        )
    pictures.sort(key=lambda picture: float(picture["mean"]))
    return template.render(
        people=len(table.raters),
        unit=codec.unit,
        lines="\n".join(lines),
        pictures=pictures,
        raters=judgement.verdicts,
    )


def _x(level: float, codec: Codec) -> float:
    share = float(codec.position(level)) / (len(codec.levels) - 1)
    return round(_INSET + min(max(share, 0.0), 1.0) * (_WIDTH - 2 * _INSET), 1)


def _shown(estimate: Estimate) -> str:
    known = math.isfinite(estimate.low)
    return f"{estimate.value:.1f} ({estimate.low:.1f}–{estimate.high:.1f})" if known else f"{estimate.value:.1f}"
