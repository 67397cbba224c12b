"""`pictures/<data set>/<name>.html`: one picture, what people saw of it, and every predictor's answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from datasets.codecs import codecs
from datasets.common.errors import DataError
from datasets.core.codec import Codec
from datasets.core.imaging import FLASH_LIMIT
from reports.pages.card_pages import section_labels
from reports.pages.html import PICTURE_SCRIPTS, document
from reports.pages.level_axis import LevelAxis, level_axis
from reports.pages.picture_pixels import ERROR_LIMIT, PictureView, PixelSource, picture_view
from reports.pages.report_files import Content, encoded
from reports.results.cards import DatasetEntry, picture_page
from reports.results.level_curves import curve_of
from reports.results.row import Row
from reports.results.section import Section

MOST_LEVELS = 8
BEST_SHOWN = 3
"""Predictors of each section, besides the constant, whose level is shown as pixels."""

SHARES = (0.25, 0.5, 0.75, 0.9)
"""Of satisfied people, for which a curve gives the level."""


@dataclass(frozen=True)
class PredictorLine:
    """A predictor's answer for the picture; None where unknown.

    :param noticing: share of people who notice at its level, by the curve fitted to the samples, 0..1.
    :param reached: for each of `SHARES` the worst level at which so many are satisfied by the predicted curve.
    """

    row: Row
    predicted: float | None
    error: float | None
    psnr_db: float | None
    noticing: float | None
    reached: list[float | None]
    ms: float | None
    failure: str


@dataclass(frozen=True, eq=False)
class PictureTruth:
    """A picture under one truth.

    :param label: what tells the section of this truth from the data set's others.
    """

    section: Section
    picture: str
    label: str

    @cached_property
    def place(self) -> int:
        """The picture's, in the grid."""
        return self.section.grid.place[self.picture]

    @property
    def true(self) -> float:
        """The true level."""
        return float(self.section.grid.true[self.place])

    @cached_property
    def samples(self) -> np.ndarray:
        """The subjects' JNDs as levels, shape (subjects,); empty where the results do not hold them."""
        table = self.section.pictures_table
        samples = [] if table is None else table.loc[table["picture"] == self.picture, "samples"].tolist()
        return np.asarray(samples[0] if samples else [], dtype=float)

    @cached_property
    def levels(self) -> np.ndarray | None:
        """The codec's, from the worst to the best; None for a codec this program lacks."""
        return None if self.codec is None else self.codec.levels

    @property
    def codec(self) -> Codec | None:
        """None for one that this program lacks."""
        return codecs().get(self.section.dataset.codec)

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

    def noticing(self, level: float | None) -> float | None:
        """Share of people who notice at a level, by the curve fitted to the samples, 0..1; None where unknown."""
        if level is None or self.sur is None or self.codec is None:
            return None
        return 1 - float(np.interp(self.codec.position(level), np.arange(len(self.sur)), self.sur))

    def reached(self, curve: np.ndarray | None) -> list[float | None]:
        """For each of `SHARES` the worst level at which so many are satisfied, by a curve."""
        if curve is None or self.levels is None:
            return [None] * len(SHARES)
        places = (np.flatnonzero(curve >= share) for share in SHARES)
        return [float(self.levels[reached[0]]) if reached.size else None for reached in places]

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
        return PredictorLine(
            row,
            predicted,
            _known(self.section.grid.errors[number, self.place]),
            numbers["predicted_psnr_db"],
            self.noticing(predicted),
            self.reached(curve_of(record.get("sur"), self.levels)),
            numbers["ms"],
            "" if predicted is not None else str(record.get("error") or "no reason was recorded"),
        )


def shown_levels(truths: Sequence[PictureTruth]) -> dict[int, str]:
    """The levels of a picture worth showing, at most `MOST_LEVELS`, and whose they are; the true ones first."""
    names: dict[int, dict[str, None]] = {}
    for level, name in _levels_to_show(truths):
        if level in names or len(names) < MOST_LEVELS:
            names.setdefault(level, {})[name] = None
    return {level: ", ".join(of_level) for level, of_level in names.items()}


def _levels_to_show(truths: Sequence[PictureTruth]) -> Iterator[tuple[int, str]]:
    for truth in truths:
        yield _nearest(truth, truth.true), f"true ({truth.label})"
    for rank in range(-1, BEST_SHOWN):  # the constant, then the best
        for truth in truths:
            lines = [line for line in truth.lines if line.row.is_control == (rank < 0)]
            known = [(line.row, line.predicted) for line in lines if line.predicted is not None]
            for row, predicted in known[max(rank, 0) : max(rank, 0) + 1]:
                yield _nearest(truth, predicted), f"{row.predictor} ({truth.label})"


def _nearest(truth: PictureTruth, level: float) -> int:
    facts = truth.section.dataset
    whole = round(min(max(level, facts.level_lowest), facts.level_highest))
    return whole if truth.levels is None else int(truth.levels[np.argmin(np.abs(truth.levels - whole))])


def picture_pages(entry: DatasetEntry, names: Sequence[str], source: PixelSource) -> Mapping[str, Content]:
    """The pages of some pictures of a data set by path, each made when it is asked for: they may be many megabytes."""
    before, after = ["", *names], [*names[1:], ""]
    return {
        picture_page(entry.name, name): partial(_page, entry, name, source, neighbours)
        for name, *neighbours in zip(names, before, after, strict=False)
    }


def _page(entry: DatasetEntry, name: str, source: PixelSource, neighbours: Sequence[str]) -> bytes:
    labelled_sections = zip(entry.sections, section_labels(entry), strict=True)
    truths = [PictureTruth(section, name, label) for section, label in labelled_sections if name in section.grid.place]
    levels = shown_levels(truths)
    view, reason = _view(source, name, levels)
    text = document(
        "picture.html.j2",
        picture_page(entry.name, name),
        scripts=PICTURE_SCRIPTS,
        entry=entry,
        name=name,
        source=truths[0].section.grid.sources[truths[0].place],
        truths=truths,
        unit=truths[0].section.unit,
        shares=SHARES,
        levels=levels,
        view=view,
        reason=reason,
        note=source.note,
        error_limit=ERROR_LIMIT,
        flash_limit=FLASH_LIMIT,
        neighbours=neighbours,
    )
    return encoded(text)


def _view(source: PixelSource, name: str, levels: Mapping[int, str]) -> tuple[PictureView | None, str]:
    reason = source.why_not(name)
    if reason:
        return None, reason
    try:
        return picture_view(source.pictures[name], list(levels)), ""
    except DataError:
        # The error's own text names folders of this machine, which have no place in a report that is passed on.
        return None, "The picture's files cannot be read any more."


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
