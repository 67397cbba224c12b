"""Which figures there are and what their files are called.

A new figure is one function in a `*_figures.py` and one record here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from reports.figures.content import describe_content, error_by_content
from reports.figures.drawing_pool import Draw, draw_all
from reports.figures.frames import Frame
from reports.figures.ranks import critical_difference, describe_difference, describe_ranks, ranks_between_truths
from reports.figures.runs import (
    describe_errors,
    describe_levels,
    describe_psnr,
    error_frame,
    fill_errors,
    fill_levels,
    fill_psnr,
    level_frame,
    psnr_frame,
)
from reports.figures.sections import describe_mae, mae_dots
from reports.figures.style import png_and_svg, styled
from reports.figures.sur import describe_calibration, describe_sur, sur_calibration, sur_curves
from reports.figures.use import cost_front, describe_cost, describe_saving, saving_and_noticing
from reports.results.names import safe_name, section_name
from reports.results.rows import Row
from reports.results.sections import Section
from reports.results.truths_compared import TruthRanking, truth_rankings

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RunFigure:
    """A figure of one run.

    :param name: of its files, `<section>/<name>-<predictor>`.
    :param heading: over the figures of a section.
    :param reading: how to read them, for the page.
    :param frame: what all runs of a section share; None where there is nothing to draw for any.
    :param fill: adds a run's artists to the frame's figure and axes and returns them; none where there is nothing.
    :param describe: what a figure shows, for those who cannot see it.
    :param missing: why there may be none.
    """

    name: str
    heading: str
    reading: str
    frame: Callable[[Section], Frame | None]
    fill: Callable[[Section, Row, Figure, Axes], list[Artist]]
    describe: Callable[[Section, Row], str]
    missing: str


@dataclass(frozen=True)
class SectionFigure:
    """A figure of a whole section; fields as `RunFigure`.

    :param draw: None where the section has nothing to draw.
    """

    name: str
    heading: str
    reading: str
    draw: Callable[[Section], Figure | None]
    describe: Callable[[Section], str]
    missing: str = ""


@dataclass(frozen=True)
class TruthFigure:
    """A figure of how the order changes between truths; fields as `SectionFigure`."""

    name: str
    heading: str
    reading: str
    draw: Callable[[TruthRanking], Figure | None]
    describe: Callable[[TruthRanking], str]


RUN_FIGURES = (
    RunFigure(
        "errors",
        "Errors",
        "How far off each picture was; bins and axes are the same for all predictors. Dashed: 5 levels off. Errors "
        "far outside those of the better methods are counted at the edge.",
        error_frame,
        fill_errors,
        describe_errors,
        "no picture was predicted",
    ),
    RunFigure(
        "levels",
        "Predicted against true level",
        "On the diagonal, the prediction is right. The dotted line is the constant's level: points that only scatter "
        "about it say nothing of a picture.",
        level_frame,
        fill_levels,
        describe_levels,
        "no picture was predicted",
    ),
    RunFigure(
        "psnr",
        "PSNR at the JND",
        "On the diagonal, the prediction costs as many dB as the truth. Content alone spreads the points along it, so "
        "a correlation means nothing until it exceeds the constant's.",
        psnr_frame,
        fill_psnr,
        describe_psnr,
        "no PSNR is known (the root holds labels only, or no picture was predicted)",
    ),
)
_ROWS_WORTH_PROCESSES = 12
_NO_TABLE = "the runs are of an older form, without a table of the pictures"
SECTION_FIGURES = (
    SectionFigure(
        "mae", "MAE", "Each predictor's mean absolute error with its interval over sources.", mae_dots, describe_mae
    ),
    SectionFigure(
        "difference",
        "Critical difference",
        "Mean ranks over the pictures; a bar joins predictors whose ranks do not differ by more than chance.",
        critical_difference,
        describe_difference,
        "fewer than three predictors answered for every picture",
    ),
    SectionFigure(
        "cost",
        "MAE against time",
        "Lower is better, further left is faster. The step line joins what nothing else beats in both.",
        cost_front,
        describe_cost,
        "no time was taken",
    ),
    SectionFigure(
        "saving",
        "Bytes saved against people who notice",
        "Further up saves more, further left disturbs fewer. Only what lies above the line of fixed levels is better "
        "than giving every picture one and the same level.",
        saving_and_noticing,
        describe_saving,
        f"no sizes are known, or {_NO_TABLE}",
    ),
    SectionFigure(
        "content",
        "Error by content",
        "Each point is a fifth of the pictures: which content each predictor fails on.",
        error_by_content,
        describe_content,
        _NO_TABLE,
    ),
    SectionFigure(
        "sur",
        "SUR curves",
        "Share of people who see nothing, for a picture with a low, a middle and a high JND: the subjects' own steps, "
        "the fitted curve, and the predicted ones.",
        sur_curves,
        describe_sur,
        "no SUR curve is known",
    ),
    SectionFigure(
        "calibration",
        "Calibration of the predicted SUR",
        "On the diagonal, as many people see nothing as was predicted. Numbers: pairs of picture and level in a bin.",
        sur_calibration,
        describe_calibration,
        f"no predictor gave SUR curves, or {_NO_TABLE}",
    ),
)
TRUTH_FIGURES = (
    TruthFigure(
        "ranks",
        "Ranks under each truth",
        "Lines that cross are predictors whose order depends on what 'the JND' means.",
        ranks_between_truths,
        describe_ranks,
    ),
)


def draw_figures(sections: Sequence[Section], *, quiet: bool = False) -> dict[str, bytes]:
    """Every figure's files by their path in the report; what has nothing to draw has none.

    :param quiet: shows no progress.
    """
    many = sum(len(section.rows) for section in sections) >= _ROWS_WORTH_PROCESSES
    with styled():
        return draw_all(list(_drawings(sections)), many=many, quiet=quiet)


def section_stem(kind: SectionFigure, section: Section) -> str:
    """Path of a section's figure without its ending."""
    return f"figures/{kind.name}-{section_name(section)}"


def run_stem(kind: RunFigure, section: Section, row: Row) -> str:
    """Path of a run's figure without its ending."""
    return f"figures/{section_name(section)}/{kind.name}-{safe_name(row.predictor)}"


def truth_stem(kind: TruthFigure, ranking: TruthRanking) -> str:
    """Path of a figure over truths without its ending."""
    section = ranking.sections[0]
    truths = "-".join(ranking.truths)
    same = replace(section, identity=replace(section.identity, truth=truths))
    return f"figures/{kind.name}-{section_name(same)}"


def _drawings(sections: Sequence[Section]) -> Iterator[Draw]:
    # The longest first, so that no process waits for another at the end.
    for section in sections:
        yield from (partial(_run_files, kind, section) for kind in RUN_FIGURES)
    for section in sections:
        yield from (partial(_section_files, kind, section) for kind in SECTION_FIGURES)
    for ranking in truth_rankings(sections):
        yield from (partial(_truth_files, kind, ranking) for kind in TRUTH_FIGURES)


def _section_files(kind: SectionFigure, section: Section) -> dict[str, bytes]:
    return _named(section_stem(kind, section), kind.draw(section))


def _truth_files(kind: TruthFigure, ranking: TruthRanking) -> dict[str, bytes]:
    return _named(truth_stem(kind, ranking), kind.draw(ranking))


def _named(stem: str, figure: Figure | None) -> dict[str, bytes]:
    return {} if figure is None else {f"{stem}.{kind}": content for kind, content in png_and_svg(figure).items()}


def _run_files(kind: RunFigure, section: Section) -> dict[str, bytes]:
    rows = [row for row in section.rows if not row.has_failed]
    frame = kind.frame(section) if rows else None
    files: dict[str, bytes] = {}
    if frame is None:
        return files
    for row in rows:
        made = frame.files(partial(kind.fill, section, row))
        files.update({f"{run_stem(kind, section, row)}.{ending}": content for ending, content in made.items()})
    return files
