"""`predictors/<name>.html`, `methods/<card>.html` and `datasets/<name>.html`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.figures.catalogue import RUN_FIGURES
from reports.pages.html import FigureImages, document
from reports.pages.ratings import picture_ratings
from reports.results.cards import DatasetEntry, Result, dataset_page, method_page, methods, predictor_page, predictors
from reports.results.grid import Grid
from reports.results.section import Section

WORST = 10
"""Pictures listed for each section on a predictor's page, the largest errors first."""


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


@dataclass(frozen=True)
class PictureLine:
    """A picture in its data set's table; texts as written, one a section, empty where unknown.

    :param constant: the constant's error in levels, with its sign.
    :param median: the median absolute error of the rows that predicted it, in levels.
    """

    name: str
    source: str
    true: tuple[str, ...]
    constant: tuple[str, ...]
    median: tuple[str, ...]
    failed: int
    has_page: bool


def predictor_pages(
    sections: Sequence[Section], images: FigureImages, with_page: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """The pages of the predictors by path.

    :param with_page: by data set the pictures that have a page.
    """

    def worst(result: Result) -> list[WorstPicture]:
        return worst_pictures(result.section.grid, _place(result), with_page.get(result.section.dataset.name, ()))

    return {
        predictor_page(name): document(
            "predictor.html.j2",
            predictor_page(name),
            name=name,
            cards=_cards(rows),
            rows=rows,
            run_figures=RUN_FIGURES,
            run_image=images.of_run,
            place=lambda result: 1 + _place(result),
            worst=worst,
        )
        for name, rows in predictors(sections).items()
    }


def method_pages(sections: Sequence[Section]) -> dict[str, str]:
    """The pages of the cards by path."""
    return {
        method_page(method.card): document("method.html.j2", method_page(method.card), method=method, card=method.card)
        for method in methods(sections)
    }


def dataset_page_text(
    entry: DatasetEntry, with_page: Collection[str], *, in_codecs: bool = False, not_compared: Sequence[str] = ()
) -> str:
    """The page of a data set.

    :param in_codecs: whether the page of codecs has it.
    :param not_compared: why it does not stand beside the same set in another codec.
    """
    return document(
        "dataset.html.j2",
        dataset_page(entry.name),
        entry=entry,
        lines=picture_lines(entry.sections, with_page),
        page_count=len(with_page),
        labels=section_labels(entry),
        ratings=picture_ratings(entry),
        in_codecs=in_codecs,
        not_compared=not_compared,
    )


def section_labels(entry: DatasetEntry) -> list[str]:
    """What tells a data set's sections apart, as short as it can be."""
    identities = [section.identity for section in entry.sections]
    labels = []
    for section in entry.sections:
        identity = section.identity
        words = [identity.truth]
        words += [identity.folds] if len({other.folds for other in identities}) > 1 else []
        words += [f"JND {identity.jnd}"] if len({other.jnd for other in identities}) > 1 else []
        words += [f"limited to {identity.limit}"] if identity.limit else []
        words += [f"state {section.state}"] if section.state else []
        labels.append(", ".join(words))
    return labels


def worst_pictures(grid: Grid, row: int, with_page: Collection[str]) -> list[WorstPicture]:
    """The pictures with a row's largest errors, failed ones first."""
    worst = []
    for place in grid.worst_order[row][:WORST]:
        error, name = grid.errors[row, place], grid.pictures[place]
        failure = str(grid.record(row, name).get("error") or "no reason was recorded") if np.isnan(error) else ""
        worst.append(
            WorstPicture(
                name,
                grid.sources[place],
                _text(grid.true, place),
                _text(grid.values["predicted_level"][row], place),
                "" if np.isnan(error) else f"{error:+.1f}",
                failure,
                name in with_page,
            )
        )
    return worst


def picture_lines(sections: Sequence[Section], with_page: Collection[str]) -> list[PictureLine]:
    """A line for every picture of a data set, by name."""
    grids = [section.grid for section in sections]
    sources = {name: source for grid in grids for name, source in zip(grid.pictures, grid.sources, strict=True)}
    medians, controls = [_median_errors(grid) for grid in grids], [_control_errors(section) for section in sections]
    lines = []
    for name in sorted(sources):
        places = [grid.place.get(name) for grid in grids]
        failed = [np.isnan(grid.errors[:, at]).sum() for grid, at in zip(grids, places, strict=True) if at is not None]
        lines.append(
            PictureLine(
                name,
                sources[name],
                tuple(_text(grid.true, at) for grid, at in zip(grids, places, strict=True)),
                tuple(_text(errors, at, "+.1f") for errors, at in zip(controls, places, strict=True)),
                tuple(_text(errors, at) for errors, at in zip(medians, places, strict=True)),
                int(sum(failed)),
                name in with_page,
            )
        )
    return lines


def _median_errors(grid: Grid) -> np.ndarray:
    """The median absolute error of each picture over the rows that predicted it, NaN where none did."""
    size = np.abs(grid.errors)
    known = ~np.isnan(size).all(axis=0)
    medians = np.full(len(grid.pictures), np.nan)
    medians[known] = np.nanmedian(size[:, known], axis=0)
    return medians


def _control_errors(section: Section) -> np.ndarray:
    """The constant's error of each picture, NaN where unknown."""
    controls = [errors for row, errors in zip(section.rows, section.grid.errors, strict=True) if row.is_control]
    return controls[0] if controls else np.full(len(section.grid.pictures), np.nan)


def _text(values: np.ndarray, place: int | None, form: str = ".1f") -> str:
    if place is None or np.isnan(values[place]):
        return ""
    text = format(values[place], form)
    return "0.0" if float(text) == 0 else text


def _cards(rows: Sequence[Result]) -> list[Result]:
    """One row for each card and set of parameters that the predictor had, mostly one."""
    first: dict[str, Result] = {}
    for result in rows:
        first.setdefault(repr((result.row.card, result.row.record.parameters)), result)
    return list(first.values())


def _place(result: Result) -> int:
    return next(place for place, row in enumerate(result.section.rows) if row is result.row)
