"""One frame for many rows: axes, ticks, labels and guides are drawn once, and each row only adds what is its own.

Most of the time that a figure takes goes into ticks and words that are the same for every predictor. So the frame is
rendered once (a picture that each row is painted onto, and SVG text that each row's is put behind), which makes a
row's figure several times cheaper than one of its own and guarantees that all rows share their axes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reports.figures.style import PNG_DPI, png_bytes, svg_bytes

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TAG = re.compile(rb"<[^!?/][^>]*>")
_COUNTED_ID = re.compile(rb' id="[A-Za-z0-9.]+_\d+"')
"""Nothing refers to these of matplotlib's ids, and two drawings put together would have them twice."""
_USED_ID = re.compile(rb'( id="|url\(#|ref="#)')


class Frame:
    """A figure that many rows are drawn into, one at a time.

    :param figure: with all that the rows share.
    :param axes: that the rows draw into.
    """

    def __init__(self, figure: Figure, axes: Axes) -> None:
        from matplotlib.backends.backend_agg import RendererAgg

        self.figure, self.axes = figure, axes
        figure.dpi = PNG_DPI
        width_px, height_px = (int(inches * PNG_DPI) for inches in figure.get_size_inches())
        self._renderer = RendererAgg(width_px, height_px, PNG_DPI)
        figure.draw(self._renderer)
        self._empty = self._renderer.copy_from_bbox(figure.bbox)
        self._svg = _with_ids(svg_bytes(figure, [figure]), b"f")

    def files(self, fill: Callable[[Figure, Axes], Sequence[Artist]]) -> dict[str, bytes]:
        """A row's figure by format; empty where the row has nothing to draw.

        :param fill: adds the row's artists and returns them all; they are removed again.
        """
        artists = sorted(fill(self.figure, self.axes), key=lambda artist: artist.get_zorder())
        if not artists:
            return {}
        self.figure.dpi = PNG_DPI
        self._renderer.restore_region(self._empty)
        for artist in artists:
            artist.draw(self._renderer)
        png = png_bytes(np.asarray(self._renderer.buffer_rgba()))
        svg = _with_ids(svg_bytes(self.figure, artists), b"r")
        for artist in artists:
            artist.remove()
        return {"png": png, "svg": _joined(self._svg, svg)}


def _with_ids(svg: bytes, prefix: bytes) -> bytes:
    """The SVG with ids of its own, that no other's are the same as; what it says is left alone."""
    return _TAG.sub(lambda tag: _USED_ID.sub(rb"\1" + prefix, _COUNTED_ID.sub(b"", tag[0])), svg)


def _joined(below: bytes, above: bytes) -> bytes:
    """Two SVGs of one size as one: the second's content after the first's."""
    content = above[above.index(b">", above.index(b"<svg")) + 1 :]
    stream = io.BytesIO(below[: below.rindex(b"</svg>")])
    stream.seek(0, io.SEEK_END)
    stream.write(content)
    return stream.getvalue()
