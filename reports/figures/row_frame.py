"""Axes that many rows share: drawn once, and each row only adds what is its own.

Most of the time that a figure takes goes into ticks and words that are the same for every predictor. With a shared
frame the whole report takes about half the processor time, and all rows have the same axes for certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.layout import labelled, limit_warning
from reports.figures.style import (
    PNG_DPI,
    FigureFiles,
    letters_across,
    new_figure,
    png_bytes,
    svg_bytes,
    title_lines,
)
from reports.results.row import Row
from reports.results.section import Section

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 4.4


def new_row_figure(section: Section, height_in: float) -> tuple[Figure, Axes]:
    """A figure with the title lines that all rows share, below two empty ones that `row_title` fills."""
    heading = section.dataset.heading_within(letters_across(_WIDTH_IN))
    title = ["", "", heading, section.settings, *limit_warning(section)]
    return new_figure(_WIDTH_IN, height_in, title=title)


def row_title(row: Row, axes: Axes, scores: str, drawn: int) -> list[Artist]:
    """The first two title lines: the row's name and scores, and how many of its pictures are drawn."""
    total = row.scores["n"]
    pictures = f"{total} pictures" if drawn == total else f"{drawn} of {total} pictures"
    figure = axes.get_figure(root=True)
    assert figure is not None
    return title_lines(figure, [labelled(row, name_letters=30), f"{scores}; {pictures}"])


def use_few_ticks(axes: Axes, *, integer: bool = False) -> None:
    """About seven ticks across and six up.

    :param integer: ticks of the vertical axis stand at whole numbers only.
    """
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=7))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=integer))


class RowFrame:
    """A figure that rows are drawn into, one at a time.

    :param figure: holds all that the rows share.
    """

    def __init__(self, figure: Figure) -> None:
        from matplotlib.backends.backend_agg import RendererAgg

        self._figure = figure
        figure.dpi = PNG_DPI
        width_px, height_px = (int(inches * PNG_DPI) for inches in figure.get_size_inches())
        self._renderer = RendererAgg(width_px, height_px, PNG_DPI)
        figure.draw(self._renderer)
        self._shared_pixels = self._renderer.copy_from_bbox(figure.bbox)
        self._shared_svg = svg_bytes(figure, [figure]).removesuffix(b"</svg>\n")

    def files(self, artists: Sequence[Artist], alt: str) -> FigureFiles:
        """The figure with a row's artists, which are removed from it again."""
        artists = sorted(artists, key=lambda artist: artist.get_zorder())
        self._figure.dpi = PNG_DPI
        self._renderer.restore_region(self._shared_pixels)
        for artist in artists:
            artist.draw(self._renderer)
        png = png_bytes(np.asarray(self._renderer.buffer_rgba()))
        svg = svg_bytes(self._figure, artists, id_salt="row")
        for artist in artists:
            artist.remove()
        row_content = svg[svg.index(b">", svg.index(b"<svg")) + 1 :]
        return FigureFiles(png, self._shared_svg + row_content, alt)
