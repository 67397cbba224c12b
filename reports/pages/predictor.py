"""`predictors/<name>.html`: what a predictor is, how it did under each truth, and where it failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.figures.catalogue import RUN_FIGURES
from reports.pages.html import document
from reports.pages.inline_figures import PageFigures
from reports.results.cards import Ran, predictors
from reports.results.columns import decimal
from reports.results.grid import Grid
from reports.results.links import predictor_page
from reports.results.sections import Section

WORST = 10
"""Pictures listed for each section, the largest errors first."""


@dataclass(frozen=True)
class WorstPicture:
    """One of the pictures that a predictor erred most on; texts as written, empty where unknown.

    :param has_page: whether the report has a page for it.
    :param failure: why it failed; empty where it did not.
    """

    name: str
    source: str
    true: str
    predicted: str
    error: str
    failure: str
    has_page: bool


def predictor_pages(
    sections: Sequence[Section], images: PageFigures, with_page: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """The pages by path.

    :param with_page: by data set the pictures that have a page.
    """
    return {
        predictor_page(name): document(
            "predictor.html.j2",
            predictor_page(name),
            name=name,
            cards=_cards(rows),
            rows=rows,
            run_figures=RUN_FIGURES,
            run_image=images.of_run,
            place=lambda ran: 1 + _index(ran),
            worst=lambda ran: worst_pictures(
                ran.section.grid, _index(ran), with_page.get(ran.section.dataset.name, ())
            ),
        )
        for name, rows in predictors(sections).items()
    }


def worst_pictures(grid: Grid, row: int, with_page: Collection[str]) -> list[WorstPicture]:
    """The pictures with a row's largest errors, failed ones first.

    :param row: its place in the section.
    """
    found = []
    for index in grid.worst_order[row][:WORST]:
        error, name = grid.errors[row, index], grid.pictures[index]
        failed = bool(np.isnan(error))
        found.append(
            WorstPicture(
                name,
                grid.sources[index],
                _level(grid.true[index]),
                "" if failed else _level(grid.values["predicted_level"][row, index]),
                "" if failed else f"{error:+.1f}",
                str(grid.record(row, name).get("error") or "no reason was recorded") if failed else "",
                name in with_page,
            )
        )
    return found


def _cards(rows: Sequence[Ran]) -> list[Ran]:
    """One row for each card and set of parameters that the predictor had, mostly one."""
    found: dict[str, Ran] = {}
    for ran in rows:
        found.setdefault(repr((ran.row.card, ran.row.record.parameters)), ran)
    return list(found.values())


def _index(ran: Ran) -> int:
    return next(place for place, row in enumerate(ran.section.rows) if row is ran.row)


def _level(value: float) -> str:
    return "" if np.isnan(value) else decimal(float(value), 1)
