"""Cross-validation: every predictor is fitted on all folds but one, and tested on that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from datasets.core.dataset import Dataset
from datasets.core.folds import Folds, dealt_folds
from protocols.plan import Protocol


@final
@dataclass(frozen=True)
class KFold(Protocol):
    """The protocol of the leaderboard.

    :param fold_file: name of shipped folds, or a CSV file (source,fold); empty for the data set's own.
    """

    name = "kfold"
    meaning = "fitted on all folds but one, tested on that one"

    fold_file: str = ""

    def folds(self, dataset: Dataset) -> list[Folds]:
        return [dataset.folds(self.fold_file or dataset.card.default_folds)]


@final
@dataclass(frozen=True)
class LeaveOneSourceOut(Protocol):
    """As many folds as there are sources: the most training pictures, for sets of few sources."""

    name = "leave-one-source-out"
    meaning = "fitted on all sources but one, tested on that one; as many fits as there are sources"

    def folds(self, dataset: Dataset) -> list[Folds]:
        sources = sorted({picture.source for picture in dataset.pictures})
        return [dealt_folds(sources, len(sources), seed=0)]
