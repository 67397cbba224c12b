"""Which figures there are, and how all are drawn. A new figure is one record here and its function in a file beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from datasets.common.commands import progress
from reports.figures.codec_savings import codec_bytes, codec_savings
from reports.figures.cost_and_saving import cost_front, saving_and_noticing
from reports.figures.error_by_content import error_by_content
from reports.figures.error_histogram_and_scatter import (
    RowFrame,
    add_errors,
    add_levels,
    add_psnr,
    error_axes,
    level_axes,
    psnr_axes,
)
from reports.figures.jnds import jnd_levels, jnd_sur_curves
from reports.figures.learning_curves import adaptation_curves, learning_curves
from reports.figures.processes import Draw, drawn_by_processes
from reports.figures.rank_diagrams import critical_difference, mae_dots, ranks_between_truths
from reports.figures.style import Drawing, FigureFiles, figure_files, styled
from reports.figures.sur_curves import sur_calibration, sur_curves
from reports.results.cards import section_name
from reports.results.codecs import CodecComparison, codec_comparisons
from reports.results.jnds import JndComparison, jnd_comparisons
from reports.results.row import Row
from reports.results.section import Section
from reports.results.truths import TruthRanking, truth_rankings
from reports.results.written import safe_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Subject = TypeVar("Subject", Section, TruthRanking, CodecComparison, JndComparison)


@dataclass(frozen=True)
class RunFigure:
    """A figure of one run.

    :param name: of its files, `<section>/<name>-<predictor>`.
    :param reading: how to read them, for the page.
    :param shared: the axes of all runs of a section; None where there is nothing to draw for any.
    :param add: adds a run to the axes; gives its artists, none where it has nothing to draw, and what the figure then
        shows in words, for people who cannot see it.
    :param missing: why there may be none.
    """

    name: str
    heading: str
    reading: str
    shared: Callable[[Section], Figure | None]
    add: Callable[[Section, Row, Axes], tuple[list[Artist], str]]
    missing: str

    def stem(self, section: Section, row: Row) -> str:
        """Path of a run's files without their ending."""
        return f"figures/{section_name(section)}/{self.name}-{safe_name(row.predictor)}"

    def draw_all(self, section: Section) -> dict[str, FigureFiles]:
        """The figures of all runs of a section, by stem."""
        rows = [row for row in section.rows if not row.has_failed]
        figure = self.shared(section) if rows else None
        if figure is None:
            return {}
        frame, axes = RowFrame(figure), figure.axes[0]
        files = {}
        for row in rows:
            artists, alt = self.add(section, row, axes)
            if artists:
                files[self.stem(section, row)] = frame.files(artists, alt)
        return files


@dataclass(frozen=True)
class SummaryFigure(Generic[Subject]):
    """A figure of a section, of the order of predictors between truths, of codecs or of JNDs; fields as `RunFigure`.

    :param draw: None where there is nothing to draw.
    :param on_page: whether the page shows it; else it is for papers, and the page has a chart of its own for it.
    """

    name: str
    heading: str
    reading: str
    draw: Callable[[Subject], Drawing | None]
    missing: str = ""
    on_page: bool = True

    def stem(self, subject: Subject) -> str:
        """Path of the files without their ending."""
        if isinstance(subject, TruthRanking):
            section = subject.sections[0]
            identity = replace(section.identity, truth="-".join(subject.truths))
            return f"figures/{self.name}-{section_name(replace(section, identity=identity))}"
        if isinstance(subject, CodecComparison | JndComparison):
            return f"figures/{self.name}-{section_name(subject.reference)}"
        return f"figures/{self.name}-{section_name(subject)}"

    def draw_all(self, subject: Subject) -> dict[str, FigureFiles]:
        """The figure by stem; empty where there is nothing to draw."""
        drawing = self.draw(subject)
        return {} if drawing is None else {self.stem(subject): figure_files(drawing)}


RUN_FIGURES = (
    RunFigure(
        "errors",
        "Errors",
        "How far off each picture was; bins and axes are the same for all predictors. The dashed lines are 5 levels "
        "off (on a scale of dB, 1). Errors far outside those of the better methods are counted at the edge.",
        error_axes,
        add_errors,
        "no picture was predicted",
    ),
    RunFigure(
        "levels",
        "Predicted against true level",
        "On the diagonal, the prediction is right. The dotted line is the constant's level: points that only scatter "
        "about it say nothing of a picture.",
        level_axes,
        add_levels,
        "no picture was predicted",
    ),
    RunFigure(
        "psnr",
        "PSNR at the JND",
        "On the diagonal, the prediction costs as many dB as the truth. Content alone spreads the points along it, so "
        "a correlation means nothing until it exceeds the constant's.",
        psnr_axes,
        add_psnr,
        "no PSNR is known (the root holds labels only, or no picture was predicted)",
    ),
)
_NO_TABLE = "the runs are of an older form, without a table of the pictures"
SECTION_FIGURES: tuple[SummaryFigure[Section], ...] = (
    SummaryFigure("mae", "MAE", "Each predictor's mean absolute error with its interval over sources.", mae_dots),
    SummaryFigure(
        "learning",
        "Learning curves",
        "A curve that still falls at its end would fall further with more rated pictures.",
        learning_curves,
    ),
    SummaryFigure(
        "adaptation",
        "Adaptation to the test set",
        "On the left, nothing of the test set was trained on. A falling curve learns from rated pictures of it.",
        adaptation_curves,
    ),
    SummaryFigure(
        "difference",
        "Critical difference",
        "Mean ranks over the pictures. A bar joins predictors whose ranks do not differ by more than chance (Nemenyi's "
        "test). The box above the table compares MAEs by a bootstrap over sources. So the two can disagree about a "
        "pair; then the box counts.",
        critical_difference,
        "fewer than three predictors answered for every picture",
    ),
    SummaryFigure(
        "cost",
        "MAE against time",
        "Lower is better, further left is faster. The step line joins what nothing else beats in both.",
        cost_front,
        "no time was taken",
        on_page=False,
    ),
    SummaryFigure(
        "saving",
        "Bytes saved against those who notice",
        "Further up saves more, further left disturbs fewer. A method must lie above the line of fixed levels to be "
        "better than one level for all pictures.",
        saving_and_noticing,
        f"no sizes are known, or {_NO_TABLE}",
        on_page=False,
    ),
    SummaryFigure(
        "content",
        "Error by content",
        "Each point is the mean over a fifth of the pictures, with its 95 % interval over sources. It shows on which "
        "content each predictor fails.",
        error_by_content,
        _NO_TABLE,
    ),
    SummaryFigure(
        "sur",
        "SUR curves",
        "Share of observers who see nothing, for a picture with a low, a middle and a high JND: the observers' own "
        "steps, the fitted curve, and the predicted ones.",
        sur_curves,
        "no SUR curve is known",
    ),
    SummaryFigure(
        "calibration",
        "Calibration of the predicted SUR",
        "On the diagonal, as many observers see nothing as was predicted. The numbers count the pairs of picture and "
        "level in each bin.",
        sur_calibration,
        f"no predictor gave SUR curves, or {_NO_TABLE}",
    ),
)
TRUTH_FIGURES: tuple[SummaryFigure[TruthRanking], ...] = (
    SummaryFigure(
        "ranks",
        "Ranks under each truth",
        "Lines that cross are predictors whose order depends on what 'the JND' means.",
        ranks_between_truths,
    ),
)

CODEC_FIGURES: tuple[SummaryFigure[CodecComparison], ...] = (
    SummaryFigure(
        "codec-savings",
        "Bytes saved at equal visibility",
        "A predictor whose point lies on the dashed line has the codecs' difference right on average.",
        codec_savings,
    ),
    SummaryFigure(
        "codec-bytes",
        "Bytes by picture",
        "Points along the dashed line are pictures for which the codec does not matter. How far they scatter says how "
        "much the saving depends on the picture.",
        codec_bytes,
    ),
)

JND_FIGURES: tuple[SummaryFigure[JndComparison], ...] = (
    SummaryFigure(
        "jnd-levels",
        "JNDs by picture",
        "A column of marks is a picture: how far apart its JNDs lie.",
        jnd_levels,
    ),
    SummaryFigure(
        "jnd-sur",
        "SUR curves",
        "Share of observers whose JND of that number lies at a worse level: fitted curves, and thin the observers' "
        "own steps, for all pictures together and for one with a low, a middle and a high first JND.",
        jnd_sur_curves,
        "no SUR curve is known",
    ),
)

_ROWS_WORTH_PROCESSES = 12


def draw_figures(sections: Sequence[Section], *, quiet: bool = False) -> dict[str, FigureFiles]:
    """Every figure by its stem, the path in the report without the ending; what has nothing to draw has none."""
    # The longest come first, so that no process waits for another at the end.
    draws: list[Draw] = [partial(kind.draw_all, section) for section in sections for kind in RUN_FIGURES]
    draws += [partial(kind.draw_all, section) for section in sections for kind in SECTION_FIGURES]
    draws += [partial(kind.draw_all, ranking) for ranking in truth_rankings(sections) for kind in TRUTH_FIGURES]
    draws += [partial(kind.draw_all, codecs) for codecs in codec_comparisons(sections) for kind in CODEC_FIGURES]
    draws += [partial(kind.draw_all, jnds) for jnds in jnd_comparisons(sections) for kind in JND_FIGURES]
    rows = sum(len(section.rows) for section in sections)
    figures: dict[str, FigureFiles] = {}
    with styled():
        drawn = drawn_by_processes(draws) if rows >= _ROWS_WORTH_PROCESSES else (draw() for draw in draws)
        for some in progress(drawn, "figures", len(draws), quiet=quiet):
            figures.update(some)
    return figures
