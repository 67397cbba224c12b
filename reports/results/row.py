"""One row of a table: a run or people, with scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

from baselines.interface.card import Card
from protocols.store.record import RunRecord
from protocols.store.share_names import split_transfer_name
from protocols.store.store import StoredRun

CONTROL = "constant"
"""The predictor that every other row is read against."""


@final
@dataclass(frozen=True)
class Row:
    """One run with its scores.

    :param scores: as `protocols.scoring.scores.score` gives them.
    :param is_control: whether this is the constant that every other row of its section is read against.
    """

    run: StoredRun
    scores: dict[str, float | int | None]
    is_control: bool = False

    @property
    def predictor(self) -> str:
        """The name it ran under."""
        return self.run.identity.predictor

    @property
    def record(self) -> RunRecord:
        """Everything that is known of the run besides its predictions."""
        return self.run.record

    @property
    def card(self) -> Card:
        """Where the method comes from."""
        return self.record.card

    @property
    def is_ceiling(self) -> bool:
        """Whether this is no predictor but people."""
        return False

    @property
    def kind(self) -> str:
        """Of the method."""
        return self.record.kind

    @property
    def has_failed(self) -> bool:
        """Whether there is not one prediction."""
        return self.scores["mae"] is None

    @property
    def is_whole(self) -> bool:
        """Whether every picture has a prediction."""
        return not self.has_failed and not self.scores["failed"]

    @cached_property
    def failures(self) -> list[str]:
        """Why pictures failed, one line for each cause; empty where none did."""
        if not self.scores["failed"] and self.run.status == "complete":
            return []
        rows = self.run.predictions
        failed = rows[rows["predicted_level"].isna() & (rows["error"].fillna("") != "")].sort_values("picture")
        # One cause may name each of the pictures that failed by it.
        cause = [text.replace(name, "") for text, name in zip(failed["error"], failed["picture"], strict=True)]
        causes = [
            f"{same['error'].iloc[0]} ({len(same)} of {self.scores['n']} pictures, first {same['picture'].iloc[0]})"
            for _, same in failed.groupby(cause, sort=True)
        ]
        return causes or [self.record.error or "no reason was recorded"]


def with_control(rows: Sequence[Row]) -> list[Row]:
    """The rows, of which one is the control: the constant, or the best one that was trained on other data sets."""
    foreign = (row.predictor for row in rows if not row.has_failed and _is_foreign_constant(row.predictor))
    control = CONTROL if CONTROL in {row.predictor for row in rows} else next(foreign, "")
    return [replace(row, is_control=row.predictor == control) for row in rows]


def _is_foreign_constant(name: str) -> bool:
    predictor, label, count = split_transfer_name(name)
    return bool(label) and (predictor, count) == (CONTROL, 0)


@final
@dataclass(frozen=True)
class CeilingRow:
    """How well the observers predict the truth themselves: shown beside the runs, never ranked among them.

    :param predictor: the name in the table: see `protocols.scoring.ceiling`.
    :param scores: as `Row.scores`; most are None.
    :param who: `people` or `simulated`: whose samples these are.
    """

    predictor: str
    meaning: str
    scores: dict[str, float | int | None]
    who: str
    kind: str = "ceiling"
    is_control: bool = False
    is_ceiling: bool = True
    has_failed: bool = False
    is_whole: bool = True
