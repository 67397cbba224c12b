"""`index.html`, one self-contained page that opens offline, and all other pages of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from reports.figures.catalogue import CODEC_FIGURES, JND_FIGURES, SECTION_FIGURES, TRUTH_FIGURES
from reports.figures.layout import mae_limit
from reports.pages.card_pages import dataset_page_text, method_pages, predictor_pages
from reports.pages.html import INDEX_SCRIPTS, FigureImages, document
from reports.pages.picture import picture_pages
from reports.pages.picture_pixels import open_pixels
from reports.pages.report_files import Content, encoded
from reports.pages.section_data import section_data
from reports.results.cards import CODECS_PAGE, INDEX, JNDS_PAGE, dataset_entries, dataset_page, methods
from reports.results.codec_groups import not_compared
from reports.results.codec_notes import codec_notes
from reports.results.codecs import codec_comparisons, codec_title
from reports.results.commands import BUILD_COMMAND, INSTALL_COMMAND, commands, roots, surroundings
from reports.results.glossary import column_meanings, glossary
from reports.results.grid import chosen_pictures
from reports.results.jnds import jnd_comparisons, jnd_notes
from reports.results.published import has_published, published
from reports.results.row import CeilingRow, Row
from reports.results.section import Section
from reports.results.truths import truth_notes, truth_rankings
from reports.tables.codec_table import codec_table
from reports.tables.jnd_table import jnd_levels_table, jnd_mae_table
from reports.tables.latex import bibtex_entries
from reports.tables.table import HOW_TO_READ, Line, Table, leaderboard_table, truth_table

DEFAULT_PICTURES = 30
"""Pages of pictures for each data set: the whole demo set, and few enough to build in seconds."""


@dataclass(frozen=True)
class PictureChoice:
    """Which pictures get pages.

    :param most: for each data set at most so many, those that predictors erred most on; None for all.
    :param include: shows pixels of data sets whose terms forbid to pass them on, too.
    """

    most: int | None = DEFAULT_PICTURES
    include: bool = False


USUAL_CHOICE = PictureChoice()


def pages(sections: Sequence[Section], images: FigureImages, choice: PictureChoice) -> dict[str, Content]:
    """Every page but the index by path; those of pictures are made when they are asked for.

    :raises DataError: where a run's files are damaged.
    """
    made: dict[str, Content] = {}
    pictures = _pictures_with_page(sections, choice)
    reasons = not_compared(sections)
    comparisons = codec_comparisons(sections)
    compared = {section.dataset.name for comparison in comparisons for section in comparison.sections}
    for entry in dataset_entries(sections):
        chosen = pictures[entry.name]
        if chosen:
            source = open_pixels(entry, include=choice.include)
            made.update(picture_pages(entry, chosen, source))
        own_reasons = [line.reason for line in reasons if entry.name in line.datasets]
        text = dataset_page_text(entry, chosen, in_codecs=entry.name in compared, not_compared=own_reasons)
        made[dataset_page(entry.name)] = encoded(text)
    texts = {**predictor_pages(sections, images, pictures), **method_pages(sections)}
    if comparisons:
        texts[CODECS_PAGE] = document(
            "codecs.html.j2",
            CODECS_PAGE,
            comparisons=comparisons,
            reasons=[line.reason for line in reasons],
            codec_table=codec_table,
            codec_title=codec_title,
            codec_notes=codec_notes,
            figures=partial(images.of_summary, CODEC_FIGURES),
        )
    if together := jnd_comparisons(sections):
        texts[JNDS_PAGE] = document(
            "jnds.html.j2",
            JNDS_PAGE,
            comparisons=together,
            levels_table=jnd_levels_table,
            mae_table=jnd_mae_table,
            jnd_notes=jnd_notes,
            figures=partial(images.of_summary, JND_FIGURES),
        )
    return {**made, **{path: encoded(text) for path, text in texts.items()}}


def index_text(sections: Sequence[Section], images: FigureImages, choice: PictureChoice = USUAL_CHOICE) -> str:
    """The index."""
    chosen = _pictures_with_page(sections, choice)
    return document(
        "index.html.j2",
        INDEX,
        scripts=INDEX_SCRIPTS,
        bibtex=bibtex_entries(sections),
        sections=sections,
        methods=methods(sections),
        has_published=has_published(sections),
        truth_rankings=truth_rankings(sections),
        codec_comparisons=codec_comparisons(sections),
        jnd_comparisons=jnd_comparisons(sections),
        how_to_read=HOW_TO_READ,
        bar=interval_bar,
        leaderboard_table=leaderboard_table,
        pinned_lines=pinned_lines,
        ranked_lines=ranked_lines,
        section_data=lambda section: section_data(section, chosen[section.dataset.name]),
        section_figures=partial(images.of_summary, [kind for kind in SECTION_FIGURES if kind.on_page]),
        truth_figures=partial(images.of_summary, TRUTH_FIGURES),
        published=published,
        commands=commands,
        install_command=INSTALL_COMMAND,
        build_command=BUILD_COMMAND,
        roots=roots,
        surroundings=surroundings,
        glossary=glossary,
        column_meanings=column_meanings,
        truth_table=truth_table,
        truth_notes=truth_notes,
    )


def _pictures_with_page(sections: Sequence[Section], choice: PictureChoice) -> dict[str, list[str]]:
    """By data set."""
    entries = dataset_entries(sections)
    return {e.name: chosen_pictures([section.grid for section in e.sections], choice.most) for e in entries}


def pinned_lines(table: Table) -> list[Line]:
    """What stays above the ranked rows however they are sorted: the constant, and how well the observers do."""
    return [*(line for line in table.lines if line.row is not None and line.row.is_control), *table.foot]


def ranked_lines(table: Table) -> list[Line]:
    """The rows that are sorted and filtered."""
    return [line for line in table.lines if line.row is None or not line.row.is_control]


def interval_bar(section: Section, row: Row | CeilingRow) -> dict[str, float | bool | None]:
    """Where to draw a row's MAE, its interval (`low`, `high`) and the constant's MAE; empty where the row has no MAE.

    Numbers are percentages of the axis; what lies beyond the axis stands at its end, and `is_cut` says so.
    """
    mae, low, high = (row.scores[name] for name in ("mae", "mae_low", "mae_high"))
    if mae is None:
        return {}
    limit = mae_limit(section)
    control = section.control.scores["mae"] if section.control is not None else None
    levels = {"mae": mae, "low": mae if low is None else low, "high": mae if high is None else high, "control": control}
    bar: dict[str, float | bool | None] = {
        name: None if level is None else round(100 * min(level, limit) / limit, 2) for name, level in levels.items()
    }
    return {**bar, "is_cut": (mae if high is None else high) > limit}
