"""Figures as pages show them: the SVG itself with the page's colours, and what it shows in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from reports.figures.catalogue import (
    SECTION_FIGURES,
    TRUTH_FIGURES,
    RunFigure,
    SectionFigure,
    TruthFigure,
    run_stem,
    section_stem,
    truth_stem,
)
from reports.figures.style import for_page
from reports.pages.html import data_uri
from reports.results.rows import Row
from reports.results.sections import Section
from reports.results.truths_compared import TruthRanking


@dataclass(frozen=True)
class SectionImage:
    """A figure of more than one run: its record, and `alt`, `source` and `file`; None where it has nothing to draw."""

    kind: SectionFigure | TruthFigure
    image: dict[str, str] | None


class PageFigures:
    """The report's figures, each made ready for pages once.

    :param figures: files by path, as `reports.figures.catalogue.draw_figures` gives them.
    """

    def __init__(self, figures: Mapping[str, bytes]) -> None:
        self.figures = figures
        self._sources: dict[str, str] = {}

    def of_section(self, section: Section) -> list[SectionImage]:
        """The figures of a whole section, in order; those that have nothing to draw without a picture."""
        return [
            SectionImage(kind, self._image(section_stem(kind, section), partial(kind.describe, section)))
            for kind in SECTION_FIGURES
        ]

    def of_truths(self, ranking: TruthRanking) -> list[SectionImage]:
        """The figures of how the order changes between truths."""
        return [
            SectionImage(kind, self._image(truth_stem(kind, ranking), partial(kind.describe, ranking)))
            for kind in TRUTH_FIGURES
        ]

    def of_run(self, kind: RunFigure, section: Section, row: Row) -> dict[str, str] | None:
        """`alt`, `source` and `file` of a run's figure; None where it has none."""
        return self._image(run_stem(kind, section, row), partial(kind.describe, section, row))

    def _image(self, stem: str, describe: Callable[[], str]) -> dict[str, str] | None:
        if f"{stem}.svg" not in self.figures:
            return None
        if stem not in self._sources:
            self._sources[stem] = data_uri(for_page(self.figures[f"{stem}.svg"]), "image/svg+xml")
        return {"alt": describe(), "source": self._sources[stem], "file": f"{stem}.png"}
