"""From a matplotlib figure to files: one style, no global state, and the same bytes for the same figure."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reports.columns import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1f2328", "#59636e", "#d8dee4"
ACCENT, FILL, BAND = "#1f5f99", "#a9c4dc", "#eef2f6"
HOLLOW, _PAPER = "#fefefe", "#ffffff"

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


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draw and save in the report's style, whatever the user's own matplotlib settings."""
    import matplotlib.style

    with matplotlib.style.context(["default", Path(__file__).with_name("style.mplstyle")]), warnings.catch_warnings():
        # A name in a script the font lacks is drawn as boxes; the page and the tables have it right.
        warnings.filterwarnings("ignore", message=".*missing from font", category=UserWarning)
        yield


def new_figure(
    width_in: float, height_in: float, *, title: Sequence[str], left_in: float = 0.55, right_in: float = 0.15
) -> tuple[Figure, Axes]:
    """A figure with a title and axes below it.

    :param height_in: without the title.
    :param title: one line in bold, smaller ones below it; each is cut at the figure's width.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    title_in = 0.16 + 0.18 * len(title)
    height_in += title_in
    figure = Figure(figsize=(width_in, height_in))
    FigureCanvasAgg(figure)
    bottom, top = 0.48 / height_in, 1 - title_in / height_in
    axes = figure.add_axes((left_in / width_in, bottom, 1 - (left_in + right_in) / width_in, top - bottom))
    for number, line in enumerate(title):
        size, weight, colour = (9.5, "bold", INK) if number == 0 else (7.6, "normal", MUTED)
        text = shortened(line, int(letters_across(width_in) * (0.7 if number == 0 else 1)))
        place = (0.1 / width_in, 1 - (0.1 + 0.18 * number) / height_in)
        figure.text(*place, text, fontsize=size, fontweight=weight, color=colour, va="top")
    return figure, axes


def letters_across(width_in: float) -> int:
    """About how many letters of the smaller title lines fit into a figure's width."""
    return int((width_in - 0.2) * 72 / 4.4)


def shortened(text: str, letters: int) -> str:
    """Text on one line, its end cut off where it is longer."""
    text = one_line(text)
    return text if len(text) <= letters else text[: letters - 1] + "…"


def png_and_svg(figure: Figure) -> dict[str, bytes]:
    """The figure's bytes by format, without dates and versions."""
    made = {}
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        stream = io.BytesIO()
        figure.savefig(stream, format=kind, metadata=metadata)
        made[kind] = stream.getvalue()
    return made


def for_page(svg: bytes) -> bytes:
    """The SVG with colours that follow the reader's light or dark screen, and the page's own font."""
    text = svg.decode("utf-8")
    light = "".join(f"--{name}:{colour};" for colour, (name, _) in _ON_PAGE.items())
    dark = "".join(f"--{name}:{colour};" for name, colour in _ON_PAGE.values())
    for colour, (name, _) in _ON_PAGE.items():
        text = text.replace(f": {colour}", f": var(--{name})")
    text = text.replace(f"fill: {_PAPER}", "fill: none").replace("'DejaVu Sans'", "system-ui, 'DejaVu Sans'")
    style = f"<style>:root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}</style>"
    start = text.index("<svg")
    opened = text.index(">", start) + 1
    return (text[start:opened] + style + text[opened:]).encode("utf-8")
