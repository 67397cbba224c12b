"""The tables of several JNDs as cells: their true levels and distances, and each predictor's MAE under each."""

from __future__ import annotations

from reports.results.jnds import JndComparison
from reports.results.row import Row
from reports.results.section import Section
from reports.results.written import decimal, ends, mark, ordinal, significant
from reports.tables.table import Cell, Column, Line, Table


def jnd_levels_table(comparison: JndComparison) -> Table:
    """A line a JND: who gave it, where it lies, how far from the one before."""
    unit = comparison.reference.unit
    headings = ("observers a picture", f"mean ({unit})", f"sd over pictures ({unit})", f"from and to ({unit})")
    columns = (
        Column("jnd", "JND", is_text=True),
        *(Column(heading, heading) for heading in headings),
        Column("distance", f"from the one before ({unit})"),
    )
    lines = []
    for levels in comparison.by_jnd:
        low, high = levels.observers or (0, 0)
        texts = [
            "" if levels.observers is None else str(low) if low == high else f"{low} to {high}",
            decimal(levels.mean, 1),
            decimal(levels.sd, 1),
            f"{decimal(levels.lowest, 1)} to {decimal(levels.highest, 1)}",
        ]
        distance = "" if levels.distance is None else decimal(levels.distance, 1)
        cells = (Cell(ordinal(levels.jnd)), *map(Cell, texts))
        lines.append(Line((*cells, Cell(distance, interval=ends(levels.low, levels.high, 1, 1)))))
    return Table(columns, tuple(lines))


def jnd_mae_table(comparison: JndComparison) -> Table:
    """A line a predictor: its MAE under each JND; the best is marked."""
    unit = comparison.reference.unit
    columns = (
        Column("predictor", "predictor", is_text=True),
        *(Column(f"mae-{name[0]}", f"{name}: MAE ({unit})", is_main=True) for name in comparison.names),
        Column("knows", "knows", is_text=True),
    )
    lines = []
    for row in comparison.rows:
        marks = next((mark(each) for each in row.rows if each is not None), "")
        cells = [_mae(section, each) for section, each in zip(comparison.sections, row.rows, strict=True)]
        knows = Cell("one JND only" if row.knows_one else "")
        lines.append(Line((Cell(row.predictor, row.predictor, mark=marks), *cells, knows)))
    return Table(columns, tuple(lines))


def _mae(section: Section, row: Row | None) -> Cell:
    if row is None:
        return Cell("")
    mae, low, high = (row.scores[name] for name in ("mae", "mae_low", "mae_high"))
    return Cell(decimal(float(mae or 0), 2), significant(mae), section.is_best(row), ends(low, high, 1, 2))
