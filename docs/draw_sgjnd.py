"""Draws docs/sgjnd-architecture.svg and .png: `python docs/draw_sgjnd.py`. Lengths are inches; the page is 9 wide."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

WIDTH, HEIGHT = 9.0, 5.1
ROWS = {"1/32": 3.92, "1/16": 3.31, "1/8": 2.70, "1/4": 2.09, "1/2": 1.48, "pixels": 0.76}
FIRST, LAST = ROWS["1/32"], ROWS["pixels"]
GREY, DARK, DASHED, ROUND = "0.82", "0.35", (0, (3, 2)), "round,pad=0,rounding_size=0.05"
TOKENS = {"mean of reference": (1.70, "white"), "rms of difference": (2.99, GREY), "distance": (4.21, DARK)}
ARROW = {"arrowstyle": "-|>,head_width=0.16,head_length=0.3", "shrinkA": 0, "shrinkB": 0, "facecolor": "black"}
MIDDLE = {"ha": "center", "va": "center"}
STYLE = {"font.family": "DejaVu Sans", "font.size": 8, "svg.hashsalt": "sgjnd", "svg.fonttype": "path"}
JND, SCALE, SHARE = 58.0, 7.0, 0.75  # of the curve that is drawn as an example


def main() -> None:
    """Write both files beside this one."""
    with mpl.rc_context({**mpl.rcParamsDefault, **STYLE}):
        figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
        page = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT), frame_on=False, xticks=[], yticks=[])
        for draw in (_preprocessing, _features, _prediction, _search):
            draw(page)
        here = Path(__file__).parent
        figure.savefig(here / "sgjnd-architecture.svg", metadata={"Date": None, "Creator": None})
        figure.savefig(here / "sgjnd-architecture.png", dpi=180, metadata={"Software": None})


def _preprocessing(page: Axes) -> None:
    _panel(page, 0.06, 1.50, "1  Preprocessing")
    for bottom, fill, label, block in ((3.50, "white", "reference", 0.01), (1.85, GREY, "compressed", 0.16)):
        x = np.arange(0, 1.22, block)
        hills = 0.25 + 0.13 * np.sin(4.2 * x + 0.4) + 0.04 * np.sin(11 * x)
        _rectangle(page, 0.17, bottom, 1.22, 0.80, fill)
        page.stairs(bottom + hills, 0.17 + np.append(x, 1.22), baseline=bottom, fill=True, color="0.65")
        _rectangle(page, 0.17, bottom, 1.22, 0.80, "none")
        for across, up in ((0.27, 0.10), (0.99, 0.10), (0.63, 0.44)):
            _rectangle(page, across, bottom + up, 0.28, 0.28, "none", lw=1.2)
        page.text(0.17, bottom + 0.85, label)
    _arrow(page, 0.78, 3.44, 0.78, 2.90)
    page.text(0.86, 3.17, "JPEG at\na level", va="center")
    page.text(0.78, 1.40, "patches, at the same\nplaces of both", **MIDDLE)
    for x in (0.32, 0.75, 1.18):
        _pair(page, x, LAST, 0.28, 0.28)
    _arrow(page, 1.40, LAST, 1.69, LAST)


def _features(page: Axes) -> None:
    _panel(page, 1.60, 5.56, "2  Feature extraction")
    _rectangle(page, 1.67, 1.20, 1.00, 3.00, "none", ls=DASHED)
    page.text(2.17, 4.45, "shared backbone,\nstage by stage", **MIDDLE)
    page.text(3.50, 4.45, "tokens of\neach stage", **MIDDLE)
    page.text(5.03, 4.45, "top-down\nfusion", **MIDDLE)
    above = 0.0
    for number, (stage, y) in enumerate(ROWS.items()):
        width = 0.36 + 0.10 * number
        _pair(page, 2.17, y, width, 0.32, stage)
        _arrow(page, 2.17 + width / 2 + 0.07, y, 2.82, y)
        for column, (_, fill) in enumerate(TOKENS.values()):
            for across, up in ((-0.14, -0.14), (-0.14, 0), (0, -0.14), (0, 0)):
                _rectangle(page, 3.03 + 0.47 * column + across, y + up, 0.14, 0.14, fill)
        _arrow(page, 4.17, y, 4.60, y)
        _box(page, 4.60, y, 0.86, 0.38, "cross-scale\nattention" if above else "semantic\ntokens")
        if above:
            page.text(4.37, y + 0.05, "k, v", ha="center")
            page.text(5.10, (above + y) / 2, "q", va="center")
            _arrow(page, 5.03, above - 0.19, 5.03, y + 0.19)
            _arrow(page, 2.17, y + 0.16, 2.17, above - 0.21)
        above = y
    for text, (x, fill) in TOKENS.items():
        _rectangle(page, x, 0.20, 0.12, 0.12, fill)
        page.text(x + 0.17, 0.26, text, va="center")


def _prediction(page: Axes) -> None:
    _panel(page, 5.66, 7.16, "3  Prediction")
    _arrow(page, 5.46, LAST, 5.74, LAST)
    _box(page, 5.74, LAST, 1.34, 0.38, "patch: mean\nof its tokens")
    _box(page, 5.74, 1.35, 0.46, 0.26, "level", fill=GREY)
    for x, bottom in ((5.97, 1.48), (6.30, LAST + 0.19), (6.77, LAST + 0.19)):
        _arrow(page, x, bottom, x, 1.89)
    for left, width, text in ((5.74, 0.66, "quality\nof a patch"), (6.46, 0.62, "weight of\na patch")):
        _box(page, left, 2.09, width, 0.40, text)
        _arrow(page, left + width / 2, 2.29, left + width / 2, 2.72)
    _box(page, 5.74, 2.92, 1.34, 0.40, "weighted mean\nover the patches")
    _arrow(page, 6.41, 3.12, 6.41, FIRST - 0.22)
    page.text(6.48, 3.41, "heads\naveraged", va="center")
    _box(page, 5.74, FIRST, 1.34, 0.44, "P(noticed)\nat the level", bold=True)


def _search(page: Axes) -> None:
    _panel(page, 7.26, 8.94, "Search")
    levels, asked = np.arange(101), np.arange(3, 101, 5)
    fit, found = 1 / (1 + np.exp((levels - JND) / SCALE)), JND + SCALE * np.log(SHARE / (1 - SHARE))
    answers = np.clip(fit[asked] + 0.09 * np.sin(asked * 1.7), 0.01, 0.99)
    for bottom, label, curve in ((3.46, "P(noticed)", fit), (1.50, "SUR", 1 - fit)):
        place = (7.74 / WIDTH, bottom / HEIGHT, 0.98 / WIDTH, 0.94 / HEIGHT)
        axes = page.figure.add_axes(place, xlim=(0, 100), ylim=(0, 1), yticks=[0, 1])
        axes.set_xticks([15, 87], ["worst", "best"])
        axes.tick_params("x", length=0)
        axes.set_ylabel(label, labelpad=-4)
        axes.spines[["top", "right"]].set_visible(False)
        if label == "SUR":
            axes.plot([0, found, found], [SHARE, SHARE, 0], "k", linestyle=DASHED, linewidth=1)
            axes.text(3, SHARE + 0.05, "share")
        else:
            axes.plot(asked, answers, "ko", markerfacecolor="white", markersize=3.5, clip_on=False)
        axes.plot(levels, curve, "k", linewidth=1.3)
    _arrow(page, 7.08, FIRST, 7.44, FIRST)
    _arrow(page, 8.23, 3.06, 8.23, 2.56)
    page.text(8.15, 2.81, "logistic fit,\nwith a prior", ha="right", va="center")
    _arrow(page, 7.74 + 0.0098 * found, 1.50, 7.74 + 0.0098 * found, LAST + 0.19)
    _box(page, 7.74, LAST, 0.98, 0.38, "level at\nthe truth", bold=True)


def _pair(page: Axes, x: float, y: float, width: float, height: float, text: str = "") -> None:
    """Reference in front, compressed behind."""
    _rectangle(page, x - width / 2 + 0.05, y - height / 2 - 0.05, width, height, GREY)
    _rectangle(page, x - width / 2, y - height / 2, width, height, "white")
    page.text(x, y, text, **MIDDLE)


def _panel(page: Axes, left: float, right: float, title: str) -> None:
    _rectangle(page, left, 0.06, right - left, HEIGHT - 0.12, "0.96", ec="0.6")
    page.text(left + 0.09, HEIGHT - 0.26, title, weight="bold", size=9)


def _rectangle(page: Axes, left: float, bottom: float, width: float, height: float, fill: str, **style) -> None:
    page.add_patch(Rectangle((left, bottom), width, height, **{"fc": fill, "ec": "black", "lw": 0.9, **style}))


def _box(page: Axes, left: float, y: float, width: float, height: float, text: str, fill="white", bold=False) -> None:
    page.add_patch(FancyBboxPatch((left, y - height / 2), width, height, ROUND, fc=fill, lw=1.6 if bold else 0.9))
    page.text(left + width / 2, y, text, weight="bold" if bold else "normal", **MIDDLE)


def _arrow(page: Axes, x: float, y: float, to_x: float, to_y: float) -> None:
    page.annotate("", (to_x, to_y), (x, y), arrowprops=ARROW)


if __name__ == "__main__":
    main()
