"""The table of codecs as cells: bytes at the true JNDs and at predicted ones, and what each codec saves."""

from __future__ import annotations

from reports.results.codecs import CodecComparison, CodecRow, codec_title, title_of_codec
from reports.results.written import decimal, ends, significant
from reports.tables.table import Cell, Column, Line, Table

TRUE_JNDS = "the true JNDs"
"""What the first line of a table of codecs is called."""


def codec_table(comparison: CodecComparison) -> Table:
    """Bytes and savings by codec: the true JNDs, then the predictors."""
    reference = codec_title(comparison.reference)
    shown = [Column("predictor", "JND by", is_text=True)]
    for section in comparison.sections:
        name, title = section.dataset.codec, codec_title(section)
        shown.append(Column(f"bytes-{name}", f"{title}: bytes", meaning="geometric mean over the pictures"))
        if section is not comparison.reference:
            shown += [
                Column(
                    f"saving-{name}",
                    f"{title} saves against {reference} (%)",
                    meaning="1 minus the geometric mean of the pictures' ratios of bytes, with its 95 % interval",
                ),
                Column(
                    f"off-{name}",
                    f"{title}: minus the true saving (points)",
                    meaning="percentage points, over the same pictures; 0 is right",
                ),
            ]
    shown += [
        Column("error", "off by picture (%)", meaning="how far a picture's ratio of bytes is off, geometric mean"),
        Column("order", "smallest files first", is_text=True),
        Column("right", "order right", is_text=True, meaning="whether that is the order at the true JNDs"),
        Column("n", "n"),
        Column("failed", "failed", meaning="pictures without an answer in one of the codecs"),
    ]
    lines = (Line(tuple(_codec_cells(comparison, row))) for row in (comparison.truth, *comparison.rows))
    return Table(tuple(shown), tuple(lines))


def _codec_cells(comparison: CodecComparison, row: CodecRow) -> list[Cell]:
    note = "control" if row.is_control else "partly failed" if row.failed else ""
    cells = [Cell(row.predictor or TRUE_JNDS, row.predictor, mark=note)]
    for section in comparison.sections:
        entry = row.of(section.dataset.codec)
        cells.append(Cell(f"{entry.bytes:,.0f}", significant(entry.bytes)) if entry else Cell(""))
        if section is comparison.reference:
            continue
        if entry is None or entry.saving is None or entry.true_saving is None:
            cells += [Cell(""), Cell("")]
            continue
        cells.append(_percent(entry.saving, ends(entry.low, entry.high, 100, 1)))
        off = _percent(entry.saving - entry.true_saving)
        cells.append(
            Cell(f"+{off.text}" if float(off.text) > 0 else off.text, off.value) if row.predictor else Cell("")
        )
    cells.append(Cell("") if row.ratio_error is None else _percent(row.ratio_error))
    order = ", ".join(map(title_of_codec, row.order))
    right = ("yes" if row.has_true_order else "no") if row.predictor else ""
    return [*cells, Cell(order, order), Cell(right, right), *(Cell(str(n), str(n)) for n in (row.pictures, row.failed))]


def _percent(share: float, between: str = "") -> Cell:
    return Cell(decimal(100 * share, 1), significant(100 * share), interval=between)
