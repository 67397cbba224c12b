"""From a matplotlib figure to files: one style, no global state, and the same bytes for the same figure."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.common.commands import default_matplotlib
from reports.results.written import one_line

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1f2328", "#59636e", "#d8dee4"
ACCENT, FILL, BAND = "#1f5f99", "#a9c4dc", "#eef2f6"
HOLLOW, _PAPER = "#fefefe", "#ffffff"
PNG_DPI = 160

_ON_PAGE = {
    INK: ("ink", "#e6edf3"),
    MUTED: ("muted", "#9aa4ae"),
    GRID: ("grid", "#30363d"),
    ACCENT: ("accent", "#79b4e8"),
    FILL: ("fill", "#36597a"),
    BAND: ("band", "#1a222b"),
    HOLLOW: ("hollow", "#0f1419"),
}
"""Colours of the style, the variable each becomes on the page, and its value on a dark screen."""


@dataclass(frozen=True)
class Drawing:
    """A figure.

    :param alt: what it shows, in words, for people who cannot see it.
    """

    figure: Figure
    alt: str


@dataclass(frozen=True)
class FigureFiles:
    """A drawing as files; `alt` as in `Drawing`.

    :param png: empty for figures of single runs: there are hundreds, and drawing pixels takes longer than all else.
    """

    svg: bytes
    alt: str
    png: bytes = b""


def styled() -> contextlib.AbstractContextManager[None]:
    """Draw and save in the report's style, whatever the user's own matplotlib settings."""
    return default_matplotlib(Path(__file__).with_name("style.mplstyle"))


def new_figure(
    width_in: float, height_in: float, *, title: Sequence[str], left_in: float = 0.55, right_in: float = 0.15
) -> tuple[Figure, Axes]:
    """A figure with a title and axes below it.

    :param height_in: without the title.
    :param title: one line in bold, smaller ones below it; each is cut at the figure's width, an empty one leaves room.
    """
    figure, (axes,) = new_panels(width_in, height_in, title=title, left_in=left_in, right_in=right_in)
    return figure, axes


def new_panels(
    width_in: float,
    height_in: float,
    *,
    title: Sequence[str],
    panels: int = 1,
    across: int = 1,
    left_in: float = 0.55,
    right_in: float = 0.15,
    between_in: tuple[float, float] = (0.55, 0.75),
) -> tuple[Figure, list[Axes]]:
    """A figure with a title and a grid of axes below it, row by row.

    :param height_in: of one row of axes with what stands below it.
    :param between_in: between axes, across and down.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    down = -(-panels // across)
    title_in, foot_in = 0.16 + 0.18 * len(title), 0.48
    each_in = height_in - foot_in
    total_in = title_in + down * each_in + (down - 1) * between_in[1] + foot_in
    figure = Figure(figsize=(width_in, total_in))
    FigureCanvasAgg(figure)
    wide_in = (width_in - left_in - right_in - (across - 1) * between_in[0]) / across
    axes = []
    for place in range(panels):
        row, column = divmod(place, across)
        x_in = left_in + column * (wide_in + between_in[0])
        y_in = foot_in + (down - 1 - row) * (each_in + between_in[1])
        axes.append(figure.add_axes((x_in / width_in, y_in / total_in, wide_in / width_in, each_in / total_in)))
    title_lines(figure, title)
    return figure, axes


def title_lines(figure: Figure, lines: Sequence[str]) -> list[Artist]:
    """Write lines at the figure's top, the first in bold; each is cut at the figure's width."""
    width_in, height_in = figure.get_size_inches()
    written: list[Artist] = []
    for number, line in enumerate(lines):
        if not line:
            continue
        size, weight, colour = (9.5, "bold", INK) if number == 0 else (7.6, "normal", MUTED)
        text = shortened(line, int(letters_across(width_in) * (0.7 if number == 0 else 1)))
        place = (0.1 / width_in, 1 - (0.1 + 0.18 * number) / height_in)
        written.append(figure.text(*place, text, fontsize=size, fontweight=weight, color=colour, va="top"))
    return written


def letters_across(width_in: float) -> int:
    """About how many letters of the smaller title lines fit into a figure's width."""
    return int((width_in - 0.2) * 72 / 4.4)


def shortened(text: str, letters: int) -> str:
    """Text on one line, its end cut off where it is longer."""
    text = one_line(text)
    return text if len(text) <= letters else text[: letters - 1] + "…"


def figure_files(drawing: Drawing) -> FigureFiles:
    """A drawing by format, without dates and versions."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawing.figure.dpi = PNG_DPI
    canvas = FigureCanvasAgg(drawing.figure)
    canvas.draw()
    png = png_bytes(np.asarray(canvas.buffer_rgba()))
    return FigureFiles(svg_bytes(drawing.figure, [drawing.figure]), drawing.alt, png)


def png_bytes(pixels: np.ndarray) -> bytes:
    """A picture as PNG.

    :param pixels: uint8, shape (height, width, 4), nothing transparent.
    """
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(stream, "PNG", compress_level=3, dpi=(PNG_DPI, PNG_DPI))
    return stream.getvalue()


def svg_bytes(figure: Figure, artists: Sequence[Artist], *, id_salt: str = "jnd-bench") -> bytes:
    """Artists of a figure as SVG of the figure's size, without dates and versions.

    :param id_salt: ids are hashes with it: the content of two SVGs with different salts can stand in one file.
    """
    import matplotlib
    from matplotlib.backends.backend_mixed import MixedModeRenderer
    from matplotlib.backends.backend_svg import RendererSVG

    class GrouplessRenderer(RendererSVG):
        """Draws without groups: nothing refers to their ids, which are counted and not hashed."""

        def open_group(self, s: str, gid: str | None = None) -> None:
            pass

        def close_group(self, s: str) -> None:
            pass

    width, height = figure.get_size_inches()
    figure.dpi = 72
    stream = io.StringIO()
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context({"svg.hashsalt": id_salt}):
        inner = GrouplessRenderer(width * 72, height * 72, stream, image_dpi=PNG_DPI, metadata=metadata)
        # It is not declared to be one, but hands on whatever a renderer is asked for.
        renderer: Any = MixedModeRenderer(figure, width, height, PNG_DPI, inner)
        for artist in artists:
            artist.draw(renderer)
        if artists and artists[-1].get_rasterized():
            # Otherwise it goes on until something that is not rasterised comes.
            renderer.stop_rasterizing()
        renderer.finalize()
    return stream.getvalue().encode("utf-8")


def for_page(svg: bytes) -> bytes:
    """The SVG with colours that follow the reader's light or dark screen, and the page's own font."""
    text = svg.decode("utf-8")
    light = "".join(f"--{name}:{colour};" for colour, (name, _) in _ON_PAGE.items())
    dark = "".join(f"--{name}:{colour};" for name, colour in _ON_PAGE.values())
    for colour, (name, _) in _ON_PAGE.items():
        text = text.replace(f": {colour}", f": var(--{name})")
    text = text.replace(f"fill: {_PAPER}", "fill: none").replace("'DejaVu Sans'", "system-ui, DejaVu Sans")
    style = f"<style>:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    start = text.index("<svg")
    opened = text.index(">", start) + 1
    return (text[start:opened] + style + text[opened:]).encode("utf-8")
