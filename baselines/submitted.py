"""Predictions that came as a file, from a method that runs elsewhere: MATLAB, C++, a paper's own scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import final

import numpy as np

from baselines.interface.card import Card
from baselines.interface.predictor import JNDPredictor, Prediction
from datasets.common.errors import DataError, UserError
from datasets.common.files import read_table, read_text, shown
from datasets.common.hashing import sha256_of_file
from datasets.core.codec import Codec
from datasets.core.folds import Folds
from datasets.core.picture import Picture

COLUMNS = ("picture", "level")
ADVICE = "'python -m protocols.submit --template FILE.csv ...' writes a file with the right rows to fill in."
_MOST_SAID = 20

_NO_LINE = sys.maxsize
"""Where a row is missing."""

Row = dict[str, "str | None"]
Problem = tuple[int, str]
"""The line, and what is wrong with it."""


@final
class Submitted(JNDPredictor):
    """Answers with the rows of a CSV file, as `read_submission` reads it."""

    file: str = ""
    """The CSV's path."""

    card = Card(name="submitted", title="Submitted predictions", needs_pictures=False)

    def ingredients(self) -> Mapping[str, str]:
        return {"file": sha256_of_file(Path(self.file))}

    def fit(self, pictures: Sequence[Picture], levels: np.ndarray, *, seed: int) -> Submitted:
        """Read the file; nothing is learned from the pictures.

        :raises DataError: as `read_submission`.
        """
        self.predictions_ = read_submission(Path(self.file), pictures[0].codec)
        return self

    def predict(self, picture: Picture) -> Prediction:
        if picture.name not in self.predictions_:
            raise DataError(f"{self.file}: has no row of the picture {picture.name}")
        return self.predictions_[picture.name]


def read_submission(path: Path, codec: Codec) -> dict[str, Prediction]:
    """The predictions of a CSV by picture.

    Its columns are `picture`, `level` and, where the method predicts the share of satisfied people, one for each level
    (`sur_1` to `sur_100` for JPEG). Others are passed over.

    :raises DataError: with a line for each row that is wrong: doubled, no number, outside the codec's levels, a SUR
        outside 0 to 1 or falling towards better levels.
    """
    predictions, problems = _predictions(_rows(path), codec)
    if problems:
        raise _refused(path, problems)
    return predictions


def check_submission(path: Path, codec: Codec, pictures: Sequence[Picture], folds: Folds) -> None:
    """Whether a CSV has one good row for each picture, tested in the fold that its column `fold` names, if it has one.

    :raises DataError: with a line for each problem, those of `read_submission` among them.
    """
    rows = list(_rows(path))
    problems = _predictions(rows, codec)[1]
    known, named = {picture.name: picture for picture in pictures}, set()
    for line, row in rows:
        name, fold = _cell(row, "picture"), _cell(row, "fold")
        named.add(name)
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; near: {near[0]}" if near else ""
            problems.append((line, f"the data set has no picture {shown(name)}{hint}"))
        elif fold and fold != str(folds.fold_of[known[name].source]):
            actual = folds.fold_of[known[name].source]
            problems.append((line, f"{name} is tested in fold {actual} of {folds.name}, not in {shown(fold)}"))
    problems += [(_NO_LINE, f"the picture {name} has no row") for name in known if name not in named]
    if problems:
        raise _refused(path, problems)


def _predictions(rows: Iterable[tuple[int, Row]], codec: Codec) -> tuple[dict[str, Prediction], list[Problem]]:
    predictions: dict[str, Prediction] = {}
    problems: list[Problem] = []
    for line, row in rows:
        name = _cell(row, "picture")
        try:
            if name in predictions:
                raise ValueError(f"the picture {name} stands in a line before")
            predictions[name] = Prediction(_level(row, codec), _sur(row, codec), reused_ms=float("nan"))
        except ValueError as error:
            problems.append((line, str(error)))
    return predictions, problems


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    if not path.is_file():
        raise UserError(f"{path}: there is no such file. {ADVICE}")
    return read_table(path, read_text(path, ADVICE), COLUMNS, ADVICE)


def _cell(row: Row, column: str) -> str:
    return (row.get(column) or "").strip()


def sur_columns(codec: Codec) -> list[str]:
    """Names of the optional columns with the share of satisfied people, from the worst to the best level."""
    return [f"sur_{level:g}" for level in codec.levels]


def _level(row: Row, codec: Codec) -> float:
    level = _number("level", row["level"])
    low, high = sorted((codec.lowest, codec.highest))
    if not low <= level <= high:
        raise ValueError(f"the level {level:g} lies outside {codec.unit} {low}..{high}")
    return level


def _sur(row: Row, codec: Codec) -> np.ndarray | None:
    columns = sur_columns(codec)
    given = [name for name in columns if row.get(name)]
    if not given:
        return None
    if missing := [name for name in columns if name not in given]:
        raise ValueError(f"has {len(given)} SUR values and lacks {missing[0]}: give all {len(columns)} or none")
    sur = np.array([_number(name, row[name]) for name in columns])
    if sur.min() < 0 or sur.max() > 1:
        raise ValueError("a SUR is a share of people from 0 to 1")
    if (np.diff(sur) < 0).any():
        raise ValueError("the SUR falls from one level to the next better one")
    return sur


def _number(name: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ValueError(f"{name} is {shown(text)}, expected a number")
    return value


def _refused(path: Path, problems: Sequence[Problem]) -> DataError:
    lines = [text if line == _NO_LINE else f"line {line}: {text}" for line, text in sorted(problems)]
    more = f"\n  and {len(lines) - _MOST_SAID} more" if len(lines) > _MOST_SAID else ""
    listed = "".join(f"\n  {line}" for line in lines[:_MOST_SAID])
    return DataError(f"{path}: cannot be taken.{listed}{more}\n{ADVICE}")
