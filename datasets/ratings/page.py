"""The page of a report on ratings: opens from disk and fetches nothing; what files say stands in it as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.core.codec import Codec
from datasets.ratings.intervals import Estimate
from datasets.ratings.judgement import Judgement

if TYPE_CHECKING:
    from markupsafe import Markup

_FOLDER = Path(__file__).parent
_WIDTH, _INSET = 320.0, 5.0
"""Of a picture's axis, in CSS pixels."""

_STRIP = """\
<svg class="strip" width="320" height="22" role="img" aria-label="{name}: {count} JNDs, mean {mean}">\
<path class="line" d="M0 21H320"/><path class="jnd" d="{jnds}"/><path class="mean" d="{interval}"/>\
<circle class="dot" cx="{at}" cy="6" r="3.5"/></svg>"""


def page(judgement: Judgement, lines: Sequence[str], who: str = "people", *, has_pictures: bool = False) -> str:
    """The page as HTML.

    :param lines: of the summary.
    :param who: rated, as a plural.
    :param has_pictures: whether the references stand in the set's folder, beside the report's.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    environment.filters["number"] = lambda value: f"{value:.2f}" if math.isfinite(value) else "–"
    template = environment.get_template("page.html.j2")
    table, codec = judgement.table, judgement.codec
    pictures: list[dict[str, Any]] = []
    for index, name in enumerate(table.pictures):
        if (truths := judgement.truths.get(name)) is not None:
            jnds = table.samples(index, judgement.kept)
            estimates = [shown_estimate(e) for e in (truths.mean, truths.median, truths.sur50, truths.sur75)]
            strip = jnd_strip(name, jnds, truths.mean, codec)
            pictures.append({"name": name, "truths": truths, "strip": strip, "estimates": estimates})
    pictures.sort(key=lambda picture: float(codec.position(picture["truths"].mean.value)))
    return template.render(
        who=f"{len(table.raters)} {who}",
        unit=codec.unit,
        lines="\n".join(lines),
        pictures=pictures,
        has_pictures=has_pictures,
        raters=judgement.verdicts,
    )


def jnd_strip(name: str, jnds: np.ndarray, mean: Estimate, codec: Codec) -> Markup:
    """A picture's JNDs from the worst level on the left to the best, with their mean and its interval, as SVG.

    Its class is `strip`, its parts' are `line`, `jnd`, `mean` and `dot`.

    :param jnds: in levels, shape (raters,).
    """
    from markupsafe import Markup

    ends = [_x(end, codec) for end in (mean.low, mean.high) if math.isfinite(end)]
    return Markup(_STRIP).format(
        name=name,
        count=len(jnds),
        mean=shown_estimate(mean),
        jnds="".join(f"M{_x(level, codec):g} 12V20" for level in jnds),
        interval=f"M{ends[0]:g} 6H{ends[1]:g}" if ends else "M0 0",
        at=f"{_x(mean.value, codec):g}",
    )


def shown_estimate(estimate: Estimate) -> str:
    """A value with its interval in brackets, where there is one."""
    known = math.isfinite(estimate.low)
    return f"{estimate.value:.1f} ({estimate.low:.1f}–{estimate.high:.1f})" if known else f"{estimate.value:.1f}"


def _x(level: float, codec: Codec) -> float:
    share = float(codec.position(level)) / (len(codec.levels) - 1)
    return round(_INSET + min(max(share, 0.0), 1.0) * (_WIDTH - 2 * _INSET), 1)
