"""Which figures there are and what their files are called.

A new figure is one function in `run_figures.py` or `section_figures.py` and one record here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from datasets.commands import progress
from reports.drawing import png_and_svg, styled
from reports.names import safe_name, section_name
from reports.rows import Row
from reports.run_figures import describe_errors, describe_psnr, error_histogram, psnr_scatter
from reports.section_figures import describe_mae, mae_dots
from reports.sections import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RunFigure:
    """A figure of one run.

    :param name: of its files, `<section>/<name>-<predictor>`.
    :param heading: over the figures of a section.
    :param reading: how to read them, for the page.
    :param draw: None where the run has nothing to draw.
    :param describe: what a figure shows, for those who cannot see it.
    :param missing: why there may be none.
    """

    name: str
    heading: str
    reading: str
    draw: Callable[[Section, Row], Figure | None]
    describe: Callable[[Section, Row], str]
    missing: str


@dataclass(frozen=True)
class SectionFigure:
    """A figure of a whole section; fields as `RunFigure`."""

    name: str
    draw: Callable[[Section], Figure]
    describe: Callable[[Section], str]


RUN_FIGURES = (
    RunFigure(
        "errors",
        "Errors",
        "How far off each picture was; bins and axes are the same for all predictors. Dashed: 5 levels off. Errors "
        "far outside those of the better methods are counted at the edge.",
        error_histogram,
        describe_errors,
        "no picture was predicted",
    ),
    RunFigure(
        "psnr",
        "PSNR at the JND",
        "On the diagonal, the prediction costs as many dB as the truth. Content alone spreads the points along it, so "
        "a correlation means nothing until it exceeds the constant's.",
        psnr_scatter,
        describe_psnr,
        "no PSNR is known (the root holds labels only, or no picture was predicted)",
    ),
)
SECTION_FIGURES = (SectionFigure("mae", mae_dots, describe_mae),)


def draw_figures(sections: Sequence[Section], *, quiet: bool = False) -> dict[str, bytes]:
    """Every figure's files by their path in the report; a run that has nothing to draw has none.

    :param quiet: shows no progress.
    """
    files: dict[str, bytes] = {}
    with styled():
        for stem, draw in progress(list(_drawings(sections)), "figures", quiet=quiet):
            figure = draw()
            if figure is not None:
                files.update({f"{stem}.{kind}": content for kind, content in png_and_svg(figure).items()})
    return files


def section_stem(kind: SectionFigure, section: Section) -> str:
    """Path of a section's figure without its ending."""
    return f"figures/{kind.name}-{section_name(section)}"


def run_stem(kind: RunFigure, section: Section, row: Row) -> str:
    """Path of a run's figure without its ending."""
    return f"figures/{section_name(section)}/{kind.name}-{safe_name(row.predictor)}"


def _drawings(sections: Sequence[Section]) -> Iterator[tuple[str, Callable[[], Figure | None]]]:
    for section in sections:
        for of_section in SECTION_FIGURES:
            yield section_stem(of_section, section), partial(of_section.draw, section)
        for row in section.rows:
            for of_run in RUN_FIGURES:
                yield run_stem(of_run, section, row), partial(of_run.draw, section, row)
