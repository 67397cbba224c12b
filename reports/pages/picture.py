"""`pictures/<data set>/<name>.html`: one picture, what people saw of it, and what every predictor said.

A page shows pixels at `MOST_LEVELS` levels at most: the true ones, the constant's, and those of the best predictors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from datasets.common.errors import DataError
from datasets.core.dataset import codec_named
from reports.pages.card import section_labels
from reports.pages.files import Content, encoded
from reports.pages.html import PICTURE_SCRIPTS, document
from reports.pages.level_axis import LevelAxis, level_axis
from reports.pages.pixels import ERROR_LIMIT, PictureView, PixelSource, picture_view
from reports.results.cards import DatasetEntry
from reports.results.levels import curve_of, reaches, share_at
from reports.results.links import picture_page
from reports.results.rows import Row
from reports.results.sections import Section

MOST_LEVELS = 8
BEST_SHOWN = 3
"""Predictors of each section, besides the constant, whose level is shown as pixels."""

SHARES = (0.25, 0.5, 0.75, 0.9)
"""Of satisfied people, for which curves tell the level."""


@dataclass(frozen=True)
class PredictorLine:
    """What a predictor said of the picture; None where unknown.

    :param noticing: share of people who notice at its level, by the curve fitted to the samples, 0..1.
    :param reached: for each of `SHARES` the worst level at which so many are satisfied by the predicted curve.
    """

    row: Row
    predicted: float | None
    error: float | None
    psnr_db: float | None
    noticing: float | None
    reached: tuple[float | None, ...]
    ms: float | None
    failure: str


@dataclass(frozen=True, eq=False)
class PictureSection:
    """A picture under one truth.

    :param label: what tells the section from the data set's others.
    """

    section: Section
    picture: str
    label: str

    @property
    def place(self) -> int:
        """The picture's, in the grid."""
        return self.section.grid.place[self.picture]

    @property
    def true(self) -> float:
        """The true level."""
        return float(self.section.grid.true[self.place])

    @cached_property
    def samples(self) -> np.ndarray:
        """The subjects' JNDs as levels, shape (subjects,); empty where the results do not tell them."""
        table = self.section.pictures_table
        found = None if table is None else table.loc[table["picture"] == self.picture, "samples"]
        return np.empty(0) if found is None or found.empty else np.asarray(found.iloc[0], dtype=float)

    @cached_property
    def levels(self) -> np.ndarray | None:
        """The codec's, from the worst to the best; None for a codec this program lacks."""
        codec = codec_named(self.section.dataset.codec)
        return None if codec is None else codec.levels

    @cached_property
    def sur(self) -> np.ndarray | None:
        """The curve fitted to the samples: share of satisfied people at each level."""
        rows = range(len(self.section.rows))
        curves = (curve_of(self.section.grid.record(row, self.picture).get("true_sur"), self.levels) for row in rows)
        return next((curve for curve in curves if curve is not None), None)

    @property
    def median(self) -> float | None:
        """Of the samples."""
        return float(np.median(self.samples)) if self.samples.size else None

    @property
    def true_psnr_db(self) -> float | None:
        """Luma PSNR at the true level."""
        known = self.section.grid.values["true_psnr_db"][:, self.place]
        return next((float(value) for value in known if not np.isnan(value)), None)

    @property
    def noticing_at_true(self) -> float | None:
        """Share of people who notice at the true level, by the fitted curve."""
        if self.sur is None or self.levels is None:
            return None
        return 1 - share_at(self.levels, self.sur, self.true)

    @property
    def true_reached(self) -> tuple[float | None, ...]:
        """For each of `SHARES` the worst level at which so many are satisfied, by the fitted curve."""
        return self._reached(self.sur)

    @cached_property
    def axis(self) -> LevelAxis:
        """The drawing of all levels."""
        return level_axis(self.section, self.place, self.samples, self.levels, self.sur)

    @cached_property
    def lines(self) -> list[PredictorLine]:
        """One for each row of the section, in its order."""
        return [self._line(number, row) for number, row in enumerate(self.section.rows)]

    def _line(self, number: int, row: Row) -> PredictorLine:
        record = self.section.grid.record(number, self.picture)
        numbers = {name: _known(values[number, self.place]) for name, values in self.section.grid.values.items()}
        predicted = numbers["predicted_level"]
        noticing = None
        if predicted is not None and self.sur is not None and self.levels is not None:
            noticing = 1 - share_at(self.levels, self.sur, predicted)
        return PredictorLine(
            row,
            predicted,
            _known(self.section.grid.errors[number, self.place]),
            numbers["predicted_psnr_db"],
            noticing,
            self._reached(curve_of(record.get("sur"), self.levels)),
            numbers["ms"],
            "" if predicted is not None else str(record.get("error") or "no reason was recorded"),
        )

    def _reached(self, curve: np.ndarray | None) -> tuple[float | None, ...]:
        if curve is None or self.levels is None:
            return (None,) * len(SHARES)
        return tuple(reaches(self.levels, curve, share) for share in SHARES)


@dataclass(frozen=True)
class ShownLevel:
    """A level that is shown as pixels, and whose it is, e.g. `true (mean)`; the first is a true one."""

    level: int
    whose: tuple[str, ...]

    @property
    def heading(self) -> str:
        """All of them in a line."""
        return ", ".join(self.whose)


def shown_levels(parts: Sequence[PictureSection]) -> list[ShownLevel]:
    """The levels of a picture worth showing, at most `MOST_LEVELS`; the true ones first."""
    found: dict[int, list[str]] = {}
    for level, whose in _wanted(parts):
        if level in found or len(found) < MOST_LEVELS:
            found.setdefault(level, []).append(whose)
    return [ShownLevel(level, tuple(dict.fromkeys(whose))) for level, whose in found.items()]


def _wanted(parts: Sequence[PictureSection]) -> Iterator[tuple[int, str]]:
    for part in parts:
        yield _nearest(part, part.true), f"true ({part.label})"
    for rank in range(-1, BEST_SHOWN):
        for part in parts:
            lines = [line for line in part.lines if line.predicted is not None and line.row.is_control == (rank < 0)]
            for line in lines[max(rank, 0) : max(rank, 0) + 1]:
                yield _nearest(part, line.predicted or 0.0), f"{line.row.predictor} ({part.label})"


def _nearest(part: PictureSection, level: float) -> int:
    facts = part.section.dataset
    return round(min(max(level, facts.level_lowest), facts.level_highest))


def picture_pages(entry: DatasetEntry, names: Sequence[str], source: PixelSource) -> Mapping[str, Content]:
    """The pages of some pictures of a data set by path, each made when it is asked for: they may be many megabytes."""
    return {
        picture_page(entry.name, name): partial(_page, entry, name, source, _neighbours(names, name)) for name in names
    }


def _page(entry: DatasetEntry, name: str, source: PixelSource, beside: tuple[str, str]) -> bytes:
    labels = section_labels(entry)
    parts = [
        PictureSection(section, name, label)
        for section, label in zip(entry.sections, labels, strict=True)
        if name in section.grid.place
    ]
    levels = shown_levels(parts)
    view, reason = _view(source, name, levels)
    path = picture_page(entry.name, name)
    text = document(
        "picture.html.j2",
        path,
        scripts=PICTURE_SCRIPTS,
        entry=entry,
        name=name,
        source=parts[0].section.grid.sources[parts[0].place],
        parts=parts,
        unit=parts[0].section.unit,
        shares=SHARES,
        levels={level.level: level for level in levels},
        view=view,
        reason=reason,
        note=source.note,
        error_limit=ERROR_LIMIT,
        beside=beside,
    )
    return encoded(text)


def _view(source: PixelSource, name: str, levels: Sequence[ShownLevel]) -> tuple[PictureView | None, str]:
    reason = source.why_not(name)
    if reason:
        return None, reason
    try:
        return picture_view(source.pictures[name], [shown.level for shown in levels]), ""
    except DataError:
        # The error's own text names folders of this machine, which have no place in a report that is passed on.
        return None, "The picture's files cannot be read any more."


def _neighbours(names: Sequence[str], name: str) -> tuple[str, str]:
    place = list(names).index(name)
    return names[place - 1] if place else "", names[place + 1] if place + 1 < len(names) else ""


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
