"""Draw a model's map of just noticeable differences beside the picture: `python -m baselines.map NAME IMAGE`."""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import find_predictors, registry
from baselines.map_view import MapView, draws_a_map, view_of
from datasets.common.commands import command_parser, default_matplotlib, run_command
from datasets.common.errors import UserError, unknown_name
from datasets.common.files import check_writable, users_path, write_atomically
from datasets.core.picture import PIXELS_PER_DEGREE
from datasets.core.picture_file import notes_on, read_upright

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

PLANES = ("Y", "Cb", "Cr")
_BRIGHTEST = 99.5
"""Percentile of the map at which colours end, so that a few edges do not darken everything else."""
_SMALLEST_LETTER = 4.0
"""Points."""
_EXAMPLES = """
examples:
  python -m baselines.map yang2005 photo.png                       photo-yang2005.png and photo-yang2005.npy here
  python -m baselines.map wu2017-paper photo.jpg -o maps/wu.png    maps/wu.png and maps/wu.npy
  python -m baselines.map yang2005-color photo.png                 one map for Y, one for Cb, one for Cr
  python -m baselines.map chou1995 photo.png --json                the numbers for a script
  python -m baselines.map watson1993 photo.png                     each 8x8 block's mean threshold
  python -m baselines.map watson1993 photo.png --frequency 0,1     its threshold for one DCT coefficient
  python -m baselines.map watson1997 photo.png                     each wavelet band's threshold, as a pyramid

The .npy holds the map itself, float: grey levels, one number a pixel (and plane); for DCT models the thresholds of all
coefficients, shape (block rows, block columns, 8, 8); for the wavelet model those of its bands in the pyramid: the
lowest (LL) at the upper left, finer ones to the right (HL), below (LH) and across (HH). As published they depend on the
viewing geometry alone, not on the picture.

--json prints the mean of the map as drawn (grey levels, or units of a coefficient) and psnr_db, the PSNR of the picture
with noise of the map's amplitude and random sign; null for coefficients.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = command_parser(
        "baselines.map",
        "Draw the largest change nobody notices at each pixel, as a model sees it, beside the picture.",
        _EXAMPLES,
    )
    add = parser.add_argument
    has_a_map = "a predictor that draws a map, e.g. yang2005; any other name is answered by a list"
    add("name", metavar="NAME", help=has_a_map)
    add("image", metavar="IMAGE", type=users_path, help="a photograph, e.g. PNG, JPEG, WebP or TIFF")
    add("-o", "--out", metavar="FILE.png", type=users_path, help="default: IMAGE-NAME.png in this folder")
    geometry = "viewing geometry, for DCT and wavelet models (default: %(default)s, as in KonJND-1k)"
    add("--pixels-per-degree", type=float, default=PIXELS_PER_DEGREE, metavar="N", help=geometry)
    add("--frequency", type=_frequency, metavar="I,J", help="one DCT coefficient, 0..7 each; DCT models only")
    add("--json", action="store_true", help="print the numbers as JSON")
    arguments = parser.parse_args(argv)
    predictor = find_map_predictor(arguments.name)
    png = arguments.out or Path(f"{arguments.image.stem}-{arguments.name.replace(':', '-')}.png")
    if png.suffix.lower() != ".png":
        raise UserError(f"--out {png}: expected a file name that ends in .png; the map is saved beside it as .npy")
    check_writable(png.parent, "--out")
    if not 0 < arguments.pixels_per_degree < float("inf"):
        raise UserError(f"--pixels-per-degree is a number above 0, not {arguments.pixels_per_degree:g}")
    rgb = read_upright(arguments.image)
    try:
        view = view_of(predictor, rgb, pixels_per_degree=arguments.pixels_per_degree, frequency=arguments.frequency)
    except UserError as error:
        raise UserError(f"{arguments.image}: {error}") from error
    title = f"{predictor.card.title}: {arguments.image.name}"
    numbers = f"{arguments.name}, {view.numbers}"
    npy, (height, width) = png.with_suffix(".npy"), rgb.shape[:2]
    write_atomically(npy, _npy_bytes(view.raw))
    write_atomically(png, _png_bytes(rgb, view, title, numbers))
    notes = notes_on(arguments.image)
    if arguments.json:
        drawn = {"name": arguments.name, "image": str(arguments.image), "width": width, "height": height}
        drawn |= {
            "mean": float(view.shown.mean()),
            "psnr_db": view.psnr_db,
            "png": str(png),
            "npy": str(npy),
            "notes": notes,
        }
        print(json.dumps(drawn))
    else:
        print("\n".join((numbers, *notes, f"wrote {png} and {npy} ({width}x{height})")))
    return 0


def find_map_predictor(name: str) -> JNDPredictor:
    """The predictor of a registered name or `package.module:Class`, if it draws maps.

    :raises UserError: where there is no such predictor, or it has no map (the text lists those that have one), or
        cannot run here.
    """
    known = [entry.name for entry in registry().values() if draws_a_map(entry.predictor)]
    if ":" not in name and name not in registry():
        raise unknown_name("predictor with a map", name, known)
    predictor = find_predictors([name])[0].make()
    if not draws_a_map(type(predictor)):
        raise UserError(f"{name!r} is a predictor, but draws no map. Those that do: {', '.join(known)}.")
    if why := predictor.unavailable():
        raise UserError(f"{name!r} cannot draw here: {why}")
    return predictor


def drawing(rgb: np.ndarray, view: MapView, title: str, numbers: str) -> Figure:
    """A picture and its map or maps side by side, with a scale.

    :param rgb: uint8, shape (height, width, 3).
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FormatStrFormatter, LogLocator

    maps = np.atleast_3d(view.shown)
    panels = 1 + maps.shape[2]
    panel_in = 5.0 if panels == 2 else 4.0
    tall_in = min(max(panel_in * rgb.shape[0] / rgb.shape[1], 1.5), 9.0)
    figure = Figure(figsize=(panel_in * panels + 0.9, tall_in + 0.8), layout="constrained")
    figure.suptitle(f"{title}\n{numbers}", fontsize=11, parse_math=False)
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    axes[0].imshow(rgb)
    scale = _scale(maps, view)
    for index in range(maps.shape[2]):
        shown = axes[1 + index].imshow(maps[:, :, index], cmap="magma", norm=scale)
        if panels > 2:
            axes[1 + index].set_title(PLANES[index], fontsize=10)
    _write_labels(axes[1], view, tall_in)
    bar = figure.colorbar(shown, ax=axes[1:], extend="neither" if view.logarithmic else "max", fraction=0.05, pad=0.02)
    if view.logarithmic:
        bar.set_ticks(LogLocator(subs=(1, 2, 5)), minor=False)
        bar.set_ticks([], minor=True)
        bar.formatter = FormatStrFormatter("%g")
    bar.set_label(view.unit)
    for panel in axes:
        panel.set(xticks=[], yticks=[])
    return figure


def _scale(maps: np.ndarray, view: MapView) -> Normalize:
    from matplotlib.colors import LogNorm, Normalize

    if view.logarithmic:
        return LogNorm(float(maps.min()), float(maps.max()))
    return Normalize(0, max(float(np.percentile(maps, _BRIGHTEST)), 1e-3))


def _write_labels(axes: Axes, view: MapView, tall_in: float) -> None:
    """Each as large as its area allows; none where it could not be read."""
    from matplotlib.patheffects import withStroke

    points_a_pixel = 72 * tall_in / view.shown.shape[0]
    outline = [withStroke(linewidth=2, foreground="black")]
    for label in view.labels:
        points = min(label.height * points_a_pixel / 5, 10.0)
        if points >= _SMALLEST_LETTER:
            written = axes.text(label.column, label.row, label.text, fontsize=points, ha="center", va="center")
            written.set(color="white", path_effects=outline)


def _frequency(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-7]),([0-7])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"two numbers from 0 to 7 with a comma, such as 0,1, not {text!r}")
    return int(match[1]), int(match[2])


def _npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _png_bytes(rgb: np.ndarray, view: MapView, title: str, numbers: str) -> bytes:
    stream = io.BytesIO()
    with default_matplotlib():
        drawing(rgb, view, title, numbers).savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()


if __name__ == "__main__":
    sys.exit(run_command(main))
