"""Draws docs/flow.svg and writes the map of folders in docs/architecture.md: `python docs/draw_architecture.py`.

The map comes from the docstrings of the folders. Lengths are inches.
"""

from __future__ import annotations

import ast
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

HERE = Path(__file__).parent
PAGE = HERE / "architecture.md"
START, END = "<!-- folders: written by python docs/draw_architecture.py -->", "<!-- end of folders -->"
WIDTH, HEIGHT = 10.0, 4.6
STYLE = {"font.family": "DejaVu Sans", "font.size": 8, "svg.hashsalt": "flow", "svg.fonttype": "path"}
FOLDERS = {
    "datasets/": (0.10, "0.94"),
    "baselines/  sgjnd/": (2.55, "0.94"),
    "protocols/": (5.00, "0.94"),
    "reports/": (7.45, "0.94"),
}
"""Left edge and colour of each folder's column; data flows from left to right."""
COLUMN, BOX = 2.35, 2.05
STATIONS = {
    "datasets/": [
        ("sets/", "reads labels, finds files"),
        ("core/picture  core/ladder", "a picture at every level"),
        ("codecs/", "levels, which end is better"),
        ("core/truths  core/folds", "which level is the JND"),
    ],
    "baselines/  sgjnd/": [
        ("pixel/  subband/  metric/ ...", "a method: meter, fit, predict"),
        ("interface/visibility", "envelope of a profile"),
        ("interface/threshold", "the fitted threshold"),
        ("interface/measurements", "the store of measurements"),
    ],
    "protocols/": [
        ("run  plan", "what runs, what is reused"),
        ("measure", "one pass over the ladder"),
        ("kfold  ablation", "trained on what, tested on what"),
        ("scoring/", "scores, intervals, pairs"),
    ],
    "reports/": [
        ("build", "from the stored runs alone"),
        ("results/", "sections, grid, comparison"),
        ("tables/  figures/", "files and drawings"),
        ("pages/", "the page that opens offline"),
    ],
}
STORES = ((2.65, "the cache folder: measurements"), (5.10, "results/: runs and their pictures"))


def main() -> None:
    """Write both files beside this one."""
    PAGE.write_text(with_map(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    with mpl.rc_context({**mpl.rcParamsDefault, **STYLE}):
        figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
        page = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT), frame_on=False, xticks=[], yticks=[])
        for folder, (left, colour) in FOLDERS.items():
            _column(page, folder, left, colour)
        for left in (2.45, 4.90, 7.35):
            _arrow(page, (left - 0.12, 4.12), (left + 0.20, 4.12))
        for left, text in STORES:
            _box(page, left, 0.12, BOX, 0.42, "white")
            page.text(left + BOX / 2, 0.33, text, ha="center", va="center", style="italic")
            _arrow(page, (left + 0.9, 0.78), (left + 0.9, 0.56))
            _arrow(page, (left + 1.2, 0.56), (left + 1.2, 0.78))
        _arrow(page, (5.10 + BOX, 0.33), (7.45 + COLUMN / 2, 0.78), bend="angle,angleA=0,angleB=90")
        figure.savefig(HERE / "flow.svg", metadata={"Date": None, "Creator": None})


def with_map(text: str) -> str:
    """The page with the map between its two markers put right."""
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    return "\n".join([f"{before}{START}", "", *_map(), "", f"{END}{after}"])


def _map() -> list[str]:
    """A row a folder: what its docstring says in the first sentences."""
    rows = ["| folder | what stands there |", "|---|---|"]
    for top in ("datasets", "baselines", "sgjnd", "protocols", "reports"):
        for init in sorted((HERE.parent / top).rglob("__init__.py")):
            text = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""
            folder = init.parent.relative_to(HERE.parent).as_posix()
            rows.append(f"| `{folder}/` | {' '.join(text.split())} |")
    return rows


def _column(page: Axes, folder: str, left: float, colour: str) -> None:
    _box(page, left, 0.80, COLUMN - 0.10, 3.70, colour)
    page.text(left + (COLUMN - 0.10) / 2, 4.28, folder, ha="center", va="center", weight="bold", size=10)
    for number, (files, meaning) in enumerate(STATIONS[folder]):
        bottom = 3.28 - 0.78 * number
        _box(page, left + 0.10, bottom, BOX, 0.62, "white")
        page.text(left + 0.10 + BOX / 2, bottom + 0.41, files, ha="center", va="center", weight="bold")
        page.text(left + 0.10 + BOX / 2, bottom + 0.18, meaning, ha="center", va="center")
        if number:
            _arrow(page, (left + 0.10 + BOX / 2, bottom + 0.78), (left + 0.10 + BOX / 2, bottom + 0.63))


def _box(page: Axes, left: float, bottom: float, width: float, height: float, colour: str) -> None:
    style = "round,pad=0,rounding_size=0.06"
    page.add_patch(
        FancyBboxPatch((left, bottom), width, height, boxstyle=style, facecolor=colour, edgecolor="0.4", lw=0.8)
    )


def _arrow(page: Axes, start: tuple[float, float], end: tuple[float, float], bend: str = "arc3") -> None:
    arrow = {"arrowstyle": "-|>", "connectionstyle": bend, "shrinkA": 0, "shrinkB": 0, "color": "0.3"}
    page.annotate("", end, start, arrowprops=arrow)


if __name__ == "__main__":
    main()
