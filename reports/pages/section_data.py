"""What a section's scripts know besides its table: every picture's errors, every pair of rows, and fixed levels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from reports.results.cards import picture_page
from reports.results.comparison import Comparison
from reports.results.level_curves import fixed_levels
from reports.results.section import Section
from reports.results.written import decimal, p_value


def section_data(section: Section, with_page: Collection[str]) -> dict[str, Any]:
    """Numbers as small as they can be: whole ones, of the digits that tables show.

    :param with_page: pictures that have a page.
    """
    noticing, saved = fixed_levels(section)
    comparison = section.comparison
    return {
        "unit": section.unit,
        "fixed": [_whole(values, 1) for values in (noticing, saved)],
        **(_pairs(section, comparison, with_page) if comparison is not None and comparison.pairs is not None else {}),
    }


def _pairs(section: Section, comparison: Comparison, with_page: Collection[str]) -> dict[str, Any]:
    """Rows by place; pairs in the order (0, 1), (0, 2), ..., (1, 2), ... of their places, each number a list.

    `errors` are absolute, in tenths of a level, those of failed pictures below 0; differences are in hundredths and
    p-values in thousandths, 0 for less than that; `p_against_constant` has those of the constant's pairs by place.
    """
    failed = np.isnan(section.grid.errors[[section.grid.predictors.index(name) for name in comparison.predictors]])
    lines = comparison.pair_lines()
    pictures = section.grid.pictures
    return {
        "rows": comparison.predictors,
        "pictures": pictures,
        "pages": [picture_page(section.dataset.name, name) if name in with_page else "" for name in pictures],
        "sources": section.sources,
        "errors": [_whole(errors, 1) for errors in np.where(failed, -comparison.errors, comparison.errors)],
        **{name: _whole([line[name] for line in lines], 2) for name in ("difference", "low", "high")},
        **{name: [_thousandths(line[name]) for line in lines] for name in ("p", "p_corrected")},
        "p_against_constant": {
            place: _thousandths(line["p_against_constant"])
            for place, line in enumerate(lines)
            if line["p_against_constant"] is not None
        },
        "separable": "".join(str(int(line["separable"])) for line in lines),
        "needed": [line["sources_needed"] for line in lines],
        "noise": _whole([line["truth_noise"] for line in lines], 2) if comparison.truth_noise is not None else None,
        "settings": _settings(section, comparison.predictors),
    }


def _settings(section: Section, names: Sequence[str]) -> dict[str, list[str]]:
    """What differs between any two rows: by setting the text of each row, empty where it has none."""
    rows = {row.predictor: row for row in section.rows}
    by_row = []
    for name in names:
        record = rows[name].record
        parameters = {key: "fitted" if value is None else str(value) for key, value in record.parameters.items()}
        own = {"method": record.card.title, "seed": str(record.seed), "decoder": record.decoder}
        by_row.append({**own, "device": record.device, **parameters})
    settings = dict.fromkeys(key for texts in by_row for key in texts)
    lists = {key: [str(texts.get(key) or "") for texts in by_row] for key in settings}
    return {key: texts for key, texts in lists.items() if len(set(texts)) > 1}


def _whole(values: Sequence[float] | np.ndarray, digits: int) -> list[int]:
    """Numbers as tables round them, without the point."""
    return [int(decimal(float(value), digits).replace(".", "")) for value in values]


def _thousandths(p: float) -> int:
    text = p_value(p)
    return 0 if text.startswith("<") else int(text.replace(".", ""))
