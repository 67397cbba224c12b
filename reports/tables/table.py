"""The tables of the report as cells: what stands where, what is best, what is footnoted. Each format has a writer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import final

from protocols.scoring.record import Score
from reports.results.published import PublishedNumbers
from reports.results.row import CeilingRow, Row
from reports.results.section import Section
from reports.results.section_scores import columns
from reports.results.truths import TruthRanking
from reports.results.written import cell, decimal, interval, mark, significant

HOW_TO_READ = (
    "The JND (just noticeable difference) of a picture is the compression level at which an observer begins to see a "
    "difference from the original. A level is one step of the codec's quality scale, such as JPEG's quality factor "
    "(QF), 1 to 100. The MAE (mean absolute error) says how many levels a method is off, on average over pictures: "
    "lower is better. The constant gives every picture the same level, the median of the training pictures, and looks "
    "at none: a method is worth what it gains over that row. The truth says which level counts as a picture's JND "
    "where observers differ. This choice moves numbers more than methods do, so tables under different truths, data "
    "sets, folds or limits are not compared."
)


@final
@dataclass(frozen=True)
class Column:
    """What the cells below each other say.

    :param name: of the score; for other columns the heading.
    :param group: a heading over several columns; empty for none.
    :param meaning: for people; empty where the heading says it.
    :param is_text: whether it holds names, not numbers.
    :param is_main: whether rows are sorted by it.
    :param is_published: whether it holds published numbers, beside the measured ones of the column before.
    :param best: which number is best: the `highest`, the one nearest to `zero`, else the lowest.
    :param in_print: whether a printed page has room for it.
    :param brief: its heading in the terminal; empty where the terminal's table leaves it out.
    """

    name: str
    heading: str
    group: str = ""
    meaning: str = ""
    is_text: bool = False
    is_main: bool = False
    is_published: bool = False
    best: str = ""
    in_print: bool = True
    brief: str = ""


@final
@dataclass(frozen=True)
class Footnoted:
    """A published number in a cell, with the number of its note below the table."""

    text: str
    note: int
    caveat: str


@final
@dataclass(frozen=True)
class Cell:
    """What stands in a cell; how that looks is each format's own.

    :param text: a name, or a number as written; empty where it is undefined.
    :param value: what a page sorts by: the number in full.
    :param is_best: whether it is the smallest of the main column.
    :param interval: the number's interval, e.g. `[4.91, 6.30]`; empty where there is none.
    :param mark: what is said beside a name, e.g. `control`; empty for most.
    :param published: numbers from papers; mostly none.
    """

    text: str
    value: str = ""
    is_best: bool = False
    interval: str = ""
    mark: str = ""
    published: tuple[Footnoted, ...] = ()


@final
@dataclass(frozen=True)
class Line:
    """The cells of a row, one for each column.

    :param row: whose they are; None in the tables of truths and of codecs.
    """

    cells: tuple[Cell, ...]
    row: Row | CeilingRow | None = None


@final
@dataclass(frozen=True)
class Table:
    """Columns, and lines of as many cells.

    :param foot: lines below the ranked ones: how well people do.
    """

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    foot: tuple[Line, ...] = ()

    def only(self, is_wanted: Callable[[Column], bool]) -> Table:
        """The same without the other columns."""
        places = [place for place, column in enumerate(self.columns) if is_wanted(column)]

        def cut(lines: tuple[Line, ...]) -> tuple[Line, ...]:
            return tuple(Line(tuple(line.cells[place] for place in places), line.row) for line in lines)

        return Table(tuple(self.columns[place] for place in places), cut(self.lines), cut(self.foot))

    @property
    def groups(self) -> list[tuple[str, list[Column]]]:
        """Neighbouring columns under their common headings."""
        return [(group, list(members)) for group, members in groupby(self.columns, lambda column: column.group)]


def leaderboard_table(section: Section, numbers: PublishedNumbers) -> Table:
    """A section's leaderboard.

    :param numbers: the section's published ones; those that stand beside a score have a column behind its own.
    """
    shown = _first_columns(section)
    counts = [column.name for column in shown if column.name in _COUNTS]
    scores = [score for score in columns() if _tells_apart(section, score)]
    for score in scores:
        heading, is_beside = score.heading_in(section.unit), score.name in numbers.scores
        in_print, brief = score.in_print or is_beside, score.brief.format(unit=section.unit)
        shown.append(
            Column(
                score.name,
                heading,
                score.group,
                score.meaning,
                is_main=score.is_main,
                best="highest" if score.highest_is_best else "zero" if score.zero_is_best else "",
                in_print=in_print,
                brief=brief,
            )
        )
        if is_beside:
            shown.append(Column(score.name, f"published {heading}", score.group, is_published=True))

    def lines(rows: tuple[Row, ...] | tuple[CeilingRow, ...]) -> tuple[Line, ...]:
        return tuple(Line(tuple(_cells(section, row, counts, scores, numbers)), row) for row in rows)

    return Table(tuple(shown), lines(section.rows), lines(section.ceilings))


def _first_columns(section: Section) -> list[Column]:
    """Names, and counts of pictures where they are not the same for all rows."""
    first = [
        Column("predictor", "predictor", is_text=True, brief="predictor"),
        Column("kind", "kind", is_text=True, in_print=False),
    ]
    if all(row.is_whole and row.scores["n"] == section.pictures for row in section.rows):
        return first
    return [*first, *(Column(name, name, brief=name) for name in _COUNTS)]


_COUNTS = ("n", "failed")


def _tells_apart(section: Section, score: Score) -> bool:
    """Whether a score's column says something: a flag that is the same in every row stands in a sentence instead, and
    nearly every prediction is within 3 dB."""
    if section.unit == "dB" and score.name.startswith("within_"):
        return False
    return not score.is_flag or len({cell(score, row) for row in section.rows}) > 1


def _cells(
    section: Section, row: Row | CeilingRow, counts: Sequence[str], scores: Sequence[Score], numbers: PublishedNumbers
) -> list[Cell]:
    cells = [Cell(row.predictor, row.predictor, mark=mark(row)), Cell(row.kind, row.kind)]
    cells += [Cell(count, count) for count in (str(row.scores[name]) for name in counts)]
    for score in scores:
        cells.append(_number(section, row, score))
        if score.name in numbers.scores:
            beside = (
                Footnoted(shown.text_in(score), shown.note, shown.number.caveat) for shown in numbers.at(row, score)
            )
            cells.append(Cell("", published=tuple(beside)))
    return cells


def _number(section: Section, row: Row | CeilingRow, score: Score) -> Cell:
    text, value = cell(score, row), significant(row.scores.get(score.name))
    if not text:
        return Cell(text, value)
    return Cell(text, value, score.is_main and section.is_best(row), interval(score, row))


def truth_table(ranking: TruthRanking) -> Table:
    """Each truth's rank with its MAE; `*` marks the best and what is not separable from it."""
    headings = [f"{section.identity.truth}: rank (MAE {section.unit})" for section in ranking.sections]
    return Table(
        (Column("predictor", "predictor", is_text=True), *(Column(heading, heading) for heading in headings)),
        tuple(
            Line((Cell(name), *(Cell(_rank(ranking, truth, place)) for truth in range(len(headings)))))
            for place, name in enumerate(ranking.predictors)
        ),
    )


def _rank(ranking: TruthRanking, truth: int, predictor: int) -> str:
    rank = ranking.ranks[truth, predictor]
    star = "*" if ranking.is_in_best_group(truth, predictor) else ""
    return f"{decimal(rank, 0 if rank == int(rank) else 1)}{star} ({decimal(ranking.maes[truth, predictor], 2)})"
