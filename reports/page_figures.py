"""Figures as pages show them: the SVG itself with the page's colours, and what it shows in words."""

from __future__ import annotations

from collections.abc import Mapping

from reports.drawing import for_page
from reports.figures import SECTION_FIGURES, RunFigure, run_stem, section_stem
from reports.html import data_uri
from reports.rows import Row
from reports.sections import Section


class PageFigures:
    """The report's figures, each made ready for pages once.

    :param figures: files by path, as `reports.figures.draw_figures` gives them.
    """

    def __init__(self, figures: Mapping[str, bytes]) -> None:
        self.figures = figures
        self._sources: dict[str, str] = {}

    def of_section(self, section: Section) -> list[dict[str, str]]:
        """`alt`, `source` and `file` of each figure of a whole section."""
        found = (self._image(section_stem(kind, section), kind.describe(section)) for kind in SECTION_FIGURES)
        return [image for image in found if image is not None]

    def of_run(self, kind: RunFigure, section: Section, row: Row) -> dict[str, str] | None:
        """`alt`, `source` and `file` of a run's figure; None where it has none."""
        stem = run_stem(kind, section, row)
        return self._image(stem, kind.describe(section, row)) if f"{stem}.svg" in self.figures else None

    def _image(self, stem: str, alt: str) -> dict[str, str] | None:
        if f"{stem}.svg" not in self.figures:
            return None
        if stem not in self._sources:
            self._sources[stem] = data_uri(for_page(self.figures[f"{stem}.svg"]), "image/svg+xml")
        return {"alt": alt, "source": self._sources[stem], "file": f"{stem}.png"}
