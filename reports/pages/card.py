"""`methods/<card>.html` and `datasets/<name>.html`: what the cards say, and the runs and pictures they lead to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.pages.html import document
from reports.results.cards import DatasetEntry, dataset_entries, methods
from reports.results.columns import decimal
from reports.results.grid import Grid
from reports.results.links import dataset_page, method_page
from reports.results.sections import Section


@dataclass(frozen=True)
class PictureLine:
    """A picture in its data set's table; texts as written, one a section, empty where unknown.

    :param true: levels.
    :param constant: the constant's error in levels, with its sign.
    :param median: the median absolute error of the rows that predicted it, in levels.
    :param failed: rows that failed on it, over all sections.
    """

    name: str
    source: str
    true: tuple[str, ...]
    constant: tuple[str, ...]
    median: tuple[str, ...]
    failed: int
    has_page: bool


def method_pages(sections: Sequence[Section]) -> dict[str, str]:
    """The pages of the cards by path."""
    return {
        method_page(method.card): document("method.html.j2", method_page(method.card), method=method, card=method.card)
        for method in methods(sections)
    }


def dataset_pages(sections: Sequence[Section], with_page: Mapping[str, Collection[str]]) -> dict[str, str]:
    """The pages of the data sets by path.

    :param with_page: by data set the pictures that have a page.
    """
    pages = {}
    for entry in dataset_entries(sections):
        lines = picture_lines(entry.sections, with_page.get(entry.name, ()))
        pages[dataset_page(entry.name)] = document(
            "dataset.html.j2",
            dataset_page(entry.name),
            entry=entry,
            lines=lines,
            page_count=sum(line.has_page for line in lines),
            labels=section_labels(entry),
        )
    return pages


def section_labels(entry: DatasetEntry) -> list[str]:
    """What tells a data set's sections apart, as short as it can be."""
    identities = [section.identity for section in entry.sections]
    labels = []
    for section in entry.sections:
        identity = section.identity
        parts = [identity.truth]
        parts += [identity.folds] if len({other.folds for other in identities}) > 1 else []
        parts += [f"JND {identity.jnd}"] if len({other.jnd for other in identities}) > 1 else []
        parts += [f"limited to {identity.limit}"] if identity.limit else []
        parts += [f"state {section.state}"] if section.state else []
        labels.append(", ".join(parts))
    return labels


def picture_lines(sections: Sequence[Section], with_page: Collection[str]) -> list[PictureLine]:
    """A line for every picture of a data set, by name."""
    grids = [section.grid for section in sections]
    sources: dict[str, str] = {}
    for grid in grids:
        sources.update(zip(grid.pictures, grid.sources, strict=True))
    medians = [_median_errors(grid) for grid in grids]
    controls = [_control_errors(section) for section in sections]
    lines = []
    for name in sorted(sources):
        places = [grid.place.get(name) for grid in grids]
        lines.append(
            PictureLine(
                name,
                sources[name],
                tuple(_text(grid.true, place, "{:.1f}") for grid, place in zip(grids, places, strict=True)),
                tuple(_text(values, place, "{:+.1f}") for values, place in zip(controls, places, strict=True)),
                tuple(_text(values, place, "{:.1f}") for values, place in zip(medians, places, strict=True)),
                sum(
                    int(np.isnan(grid.errors[:, place]).sum())
                    for grid, place in zip(grids, places, strict=True)
                    if place is not None
                ),
                name in with_page,
            )
        )
    return lines


def _median_errors(grid: Grid) -> np.ndarray:
    size = np.abs(grid.errors)
    known = ~np.isnan(size).all(axis=0)
    found = np.full(len(grid.pictures), np.nan)
    found[known] = np.nanmedian(size[:, known], axis=0)
    return found


def _control_errors(section: Section) -> np.ndarray:
    places = [place for place, row in enumerate(section.rows) if row.is_control]
    return section.grid.errors[places[0]] if places else np.full(len(section.grid.pictures), np.nan)


def _text(values: np.ndarray, place: int | None, form: str) -> str:
    if place is None or np.isnan(values[place]):
        return ""
    text = form.format(values[place])
    return decimal(0.0, 1) if float(text) == 0 else text
