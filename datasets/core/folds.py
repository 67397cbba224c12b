"""Folds are shipped data: CSV files (source, fold), grouped by source, hashed into every result, never edited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.common.errors import DataError, unknown_name
from datasets.common.files import read_table, read_text, shown, users_path
from datasets.common.hashing import canonical_json, sha256_of_bytes

FOLDER = Path(__file__).parents[1] / "sets" / "folds"
_SAVE = "Save it as CSV UTF-8."


@dataclass(frozen=True)
class Folds:
    """An assignment of sources to test folds.

    :param name: as the flag says it, e.g. `kfold5-v1`.
    :param sha256: of the file's text with Unix line ends.
    """

    name: str
    fold_of: Mapping[str, int]
    sha256: str

    @property
    def numbers(self) -> list[int]:
        """The fold numbers in order."""
        return sorted(set(self.fold_of.values()))

    def check_covers(self, sources: Iterable[str]) -> None:
        """Every source must have a fold.

        :raises DataError: naming the sources that have none.
        """
        missing = sorted(set(sources) - set(self.fold_of))
        if missing:
            raise DataError(
                f"folds {self.name!r} know nothing of {len(missing)} sources: {', '.join(missing[:5])}"
                f"{' ...' if len(missing) > 5 else ''}. Use folds made for this data set, or your own CSV file."
            )


def shipped_folds(dataset: str) -> dict[str, Path]:
    """Name to file of the folds that ship for a data set; files are named `<dataset>.<folds>.csv`."""
    return {path.name.split(".")[1]: path for path in sorted(FOLDER.glob(f"{dataset}.*.csv"))}


def read_folds(name_or_file: str, dataset: str) -> Folds:
    """Shipped folds by name, or anyone's CSV file by path.

    :raises UserError: where neither exists.
    :raises DataError: where the file is not a CSV with the columns source and fold.
    """
    shipped = shipped_folds(dataset)
    if name_or_file in shipped:
        return parse_folds(name_or_file, shipped[name_or_file])
    path = users_path(name_or_file)
    if path.suffix == ".csv" and path.stem.strip(".") and path.is_file():  # the stem becomes a folder of results
        return parse_folds(path.stem, path)
    raise unknown_name(f"fold file for {dataset}", name_or_file, shipped)


def parse_folds(name: str, path: Path) -> Folds:
    """Read a fold file.

    :raises DataError: naming the file and line of what is wrong.
    """
    text = read_text(path, _SAVE).replace("\r\n", "\n").replace("\r", "\n")
    fold_of: dict[str, int] = {}
    for line, row in read_table(path, text, ("source", "fold"), _SAVE):
        source, fold = row["source"], row["fold"]
        if not source or source in fold_of or not re.fullmatch(r"\s*-?[0-9]{1,9}\s*", fold or ""):
            said = f"source {shown(source)} repeated or missing, or fold {shown(fold)} no number"
            raise DataError(f"{path}, line {line}: {said}")
        fold_of[source] = int(fold or "")
    if len(set(fold_of.values())) < 2:
        raise DataError(f"{path}: at least two folds are needed, found {len(set(fold_of.values()))}")
    return Folds(name, fold_of, sha256_of_bytes(text))


def dealt(sources: Sequence[str], count: int, *, seed: int) -> dict[str, int]:
    """Source to fold number, 1 to `count`: sources shuffled by the seed and dealt out in turn."""
    unique = sorted(set(sources))
    order = np.random.default_rng(seed).permutation(len(unique))
    return {unique[index]: turn % count + 1 for turn, index in enumerate(order)}


def dealt_folds(sources: Sequence[str], count: int, *, seed: int) -> Folds:
    """`dealt` sources as folds, whose name says how they were made."""
    fold_of = dealt(sources, count, seed=seed)
    return Folds(f"dealt{count}-seed{seed}", fold_of, sha256_of_bytes(canonical_json(fold_of)))


def make_folds(sources: Sequence[str], count: int, *, seed: int, path: Path) -> None:
    """Write a fold file of `dealt` sources."""
    fold_of = dealt(sources, count, seed=seed)
    lines = ["source,fold", *(f"{source},{fold_of[source]}" for source in sorted(fold_of))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
