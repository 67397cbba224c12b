"""`index.html`: one self-contained page that opens offline. Jinja2 escapes everything that comes from a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures.axes import mae_limit
from reports.figures.catalogue import RUN_FIGURES, RunFigure
from reports.pages.html import document
from reports.pages.inline_figures import PageFigures
from reports.results.cards import methods
from reports.results.links import INDEX
from reports.results.published import has_published, published
from reports.results.rows import CeilingRow, Row
from reports.results.sections import Section
from reports.results.truths_compared import truth_notes, truth_rankings
from reports.tables.table import HOW_TO_READ, leaderboard_table, truth_table

MOST_RUN_FIGURES = 12
"""Rows whose own figures stand in the index, best first: all 40 would make it tens of megabytes to open."""


def page(sections: Sequence[Section], images: PageFigures) -> str:
    """The page.

    :param images: the report's figures.
    """
    return document(
        "page.html.j2",
        INDEX,
        sections=sections,
        methods=methods(sections),
        has_published=has_published(sections),
        truth_rankings=truth_rankings(sections),
        how_to_read=HOW_TO_READ,
        bar=interval_bar,
        leaderboard_table=leaderboard_table,
        section_figures=images.of_section,
        truth_figures=images.of_truths,
        run_figures=RUN_FIGURES,
        run_images=lambda kind, section: _run_images(kind, section, images),
        most_run_figures=MOST_RUN_FIGURES,
        published=published,
        truth_table=truth_table,
        truth_notes=truth_notes,
    )


@dataclass(frozen=True)
class Bar:
    """An MAE and its interval as percentages of the axis; what lies beyond the axis stands at its end."""

    mae: float
    low: float
    high: float
    control: float | None


def interval_bar(section: Section, row: Row | CeilingRow) -> Bar | None:
    """Where to draw the MAE of a row; None where it has none."""
    mae, low, high = (row.scores[name] for name in ("mae", "mae_low", "mae_high"))
    if mae is None:
        return None
    limit = mae_limit(section)
    control = section.control.scores["mae"] if section.control is not None else None

    def place(value: float) -> float:
        return round(100 * min(value, limit) / limit, 2)

    return Bar(
        mae=place(mae),
        low=place(mae if low is None else low),
        high=place(mae if high is None else high),
        control=None if control is None else place(control),
    )


def _run_images(kind: RunFigure, section: Section, images: PageFigures) -> list[dict[str, str]]:
    rows = [row for place, row in enumerate(section.rows) if place < MOST_RUN_FIGURES or row.is_control]
    found = (images.of_run(kind, section, row) for row in rows)
    return [image for image in found if image is not None]
