"""What a CSV's cells are once their directions are known: JNDs, answers at levels, or shares of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from datasets.common.errors import DataError, UserError
from datasets.common.files import shown
from datasets.core.codec import Codec
from datasets.ratings.csv_cells import SAVE, Cells, number_of, picture_name, plain_name
from datasets.ratings.directions import Scale, ask_for_scale, check_trend, noticed, scale_of, trend, yes_is_told
from datasets.ratings.table import Rating
from datasets.ratings.yes_no import Answer

_LONGEST_RATER = 100
_TRUE, _FALSE = ("1", "true", "yes"), ("", "0", "false", "no")
VVC_PICTURES, VVC_RATERS = (50, 51), 20
"""Shape of a matrix of VVC-JND, whose 202 pictures came in four parts."""


@dataclass(frozen=True)
class Imported:
    """A file's content. It has JNDs or answers, not both.

    :param source_of: what folds group by, by picture.
    :param said: what was guessed and found out, a sentence each.
    """

    jnds: tuple[Rating, ...] = ()
    answers: tuple[Answer, ...] = ()
    source_of: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shares:
    """The share of people who noticed, by picture and level; nobody's JND can be told from it.

    :param of: levels and the share that noticed at each, both of shape (n,), by picture.
    """

    of: Mapping[str, tuple[np.ndarray, np.ndarray]]
    said: tuple[str, ...]


def import_ratings(file: Cells, codec: Codec, scale_name: str | None = None, yes: str | None = None) -> Imported:
    """JNDs or answers of people.

    :param scale_name: one of `SCALES`, as the user says it.
    :param yes: what 'yes' means, `noticed` or `same`, as the user says it.
    :raises UserError: where nothing tells a direction, or the answers deny it.
    :raises DataError: for a cell that is not what it should be; names the line.
    """
    names = _picture_names(file)
    numbers = [number_of(file.path, cell.line, "the level", cell.level) for cell in file.cells]
    scale = scale_of(scale_name, file.column_of.get("level", ""), codec)
    said = list(file.said)
    for cell in file.cells:
        if len(cell.rater) > _LONGEST_RATER or not cell.rater.isprintable():
            raise DataError(f"{file.path}, line {cell.line}: {shown(cell.rater)} is no name of a rater. {SAVE}")
    saw: list[bool] = []
    if file.has_answers:
        saw = [noticed(file.path, cell.line, cell.answer, yes) for cell in file.cells]
        told = yes_is_told(yes, file.column_of.get("answer"), (cell.answer for cell in file.cells))
        if scale is None and not told:
            raise UserError(
                f"{file.path}: neither which levels are better nor what 'yes' means is told. Give --scale, or --yes "
                "noticed (a difference was seen) or --yes same (none was seen)"
            )
        rises = trend([cell.picture for cell in file.cells], numbers, saw)
        scale = check_trend(file.path, scale, rises, codec)
        meaning = "no difference was seen" if yes == "same" else "a difference was noticed"
        said.append(f"'Yes' means that {meaning}{'' if told else ', and the answers agree' if rises else ''}.")
    if scale is None:
        raise ask_for_scale(file.path)
    levels = [
        _level(file.path, cell.line, number, scale, codec) for cell, number in zip(file.cells, numbers, strict=True)
    ]
    source_of = _sources(file, names)
    said = [*said, scale.said]
    rows = list(zip(file.cells, levels, strict=True))
    if file.has_answers:
        answers = [
            Answer(cell.rater, names[cell.picture], level, seen) for (cell, level), seen in zip(rows, saw, strict=True)
        ]
        return Imported(answers=tuple(answers), source_of=source_of, said=tuple(said))
    jnds = [
        Rating(cell.rater, names[cell.picture], level, _censored(file.path, cell.line, cell.censored))
        for cell, level in rows
    ]
    return Imported(jnds=tuple(jnds), source_of=source_of, said=tuple(said))


def import_shares(file: Cells, codec: Codec) -> Shares:
    """Shares of people, as MIDD-CAP gives them; whether they noticed or saw nothing is found out.

    :raises UserError: where the shares neither rise nor fall with the level.
    :raises DataError: for a cell that is not what it should be, or a picture's level given twice.
    """
    names = _picture_names(file)
    levels = [float(number_of(file.path, cell.line, "the level", cell.level)) for cell in file.cells]
    shares = [number_of(file.path, cell.line, "the share", cell.answer) for cell in file.cells]
    percent = max(shares) > 1
    said = [
        *file.said,
        f"Shares are taken as {'per cent' if percent else 'parts of 1'}: the largest is {max(shares):g}.",
    ]
    rises = trend([cell.picture for cell in file.cells], levels, shares) * codec.sign
    if rises == 0:
        raise UserError(f"{file.path}: the shares neither rise nor fall with {codec.unit}, so they cannot be read")
    said.append(
        f"The shares {'rise' if rises > 0 else 'fall'} with quality, so they are of people who "
        f"{'saw no difference' if rises > 0 else 'noticed'}."
    )
    of: dict[str, dict[float, float]] = {}
    scale = Scale("qf" if codec.sign > 0 else "qp", "")
    for cell, number, share in zip(file.cells, levels, shares, strict=True):
        level = _level(file.path, cell.line, number, scale, codec)
        part = share / 100 if percent else share
        if not 0 <= part <= 1 or level in of.setdefault(names[cell.picture], {}):
            raise DataError(
                f"{file.path}, line {cell.line}: the share {cell.answer} is outside 0 to 1 (or 100), or {cell.picture} "
                f"has {codec.unit} {cell.level} twice. Take out what is of patches or other codecs"
            )
        of[names[cell.picture]][level] = 1 - part if rises > 0 else part
    return Shares({name: (np.array(list(at)), np.array(list(at.values()))) for name, at in of.items()}, tuple(said))


def read_vvc_jnd(path: Path, rows: list[list[str]], codec: Codec) -> Imported:
    """A matrix of VVC-JND without a head: a row a picture, a column a rater, cells QP; or turned.

    :raises DataError: for another shape, or a cell that is no QP.
    """
    turned = len(rows) == VVC_RATERS and {len(row) for row in rows} <= set(VVC_PICTURES)
    by_picture = [list(column) for column in zip(*rows, strict=True)] if turned else rows
    if len(by_picture) not in VVC_PICTURES or {len(row) for row in by_picture} != {VVC_RATERS}:
        widths = sorted({len(row) for row in rows})
        raise DataError(
            f"{path}: has {len(rows)} rows of {', '.join(map(str, widths))} cells, expected 50 or 51 rows (pictures) "
            f"of 20 (raters) and no head. {SAVE}"
        )
    scale = Scale("qp", "Numbers are QP (higher is worse); rows are numbered as pictures, columns as raters.")
    jnds = []
    for picture, row in enumerate(by_picture, start=1):
        for rater, text in enumerate(row, start=1):
            line = rater if turned else picture
            level = _level(path, line, number_of(path, line, "a cell", text.strip()), scale, codec)
            jnds.append(Rating(f"r{rater:02d}", f"p{picture:02d}", level))
    said = (scale.said, *(["The matrix is turned: a row a rater."] if turned else []))
    return Imported(jnds=tuple(jnds), said=said)


def _level(path: Path, line: int, number: float, scale: Scale, codec: Codec) -> float:
    level = scale.level(number, codec)
    if not codec.lowest <= level <= codec.highest:
        raise DataError(
            f"{path}, line {line}: {number:g} is no level, expected {codec.lowest} to {codec.highest}"
            f"{' (101 - QF)' if scale.name == 'distortion' else f' ({codec.unit})'}. Someone who noticed nothing has "
            f"the worst level, {scale.level(codec.worst_level, codec):g}"
        )
    return level


def _censored(path: Path, line: int, text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise DataError(f"{path}, line {line}: censored is {shown(text)}, expected 0 or 1")
    return text.lower() in _TRUE


def _picture_names(file: Cells) -> dict[str, str]:
    """A name for each picture that can name a file, by what the table calls it.

    :raises DataError: where two would have the same name, or one has none.
    """
    names: dict[str, str] = {}
    called: dict[str, str] = {}
    for cell in file.cells:
        if cell.picture in names:
            continue
        name = picture_name(cell.picture)
        if not name or called.setdefault(name.lower(), cell.picture) != cell.picture:
            raise DataError(
                f"{file.path}, line {cell.line}: the picture {shown(cell.picture)} has no name of letters and digits, "
                f"or the same one as {shown(called.get(name.lower()))}. Rename it in the table"
            )
        names[cell.picture] = name
    return names


def _sources(file: Cells, names: Mapping[str, str]) -> dict[str, str]:
    source_of: dict[str, str] = {}
    for cell in file.cells:
        name = names[cell.picture]
        source = plain_name(cell.source) or name
        if source_of.setdefault(name, source) != source:
            raise DataError(f"{file.path}, line {cell.line}: {cell.picture} has two sources. Give it one")
    return source_of
