"""One row of a table: a run with its scores, and what it says of its data set and its failures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from datasets.common.errors import DataError
from protocols.store.store import StoredRun

CONTROL = "constant"
"""The predictor that every other row is read against."""

SIMULATED = "simulated observers"


@dataclass(frozen=True)
class DatasetFacts:
    """What a run says of its data set: see `datasets.core.dataset.DatasetCard`.

    :param unit: of the codec's levels, `QF` or `QP`.
    :param level_lowest: the numerically smallest level; with `level_highest` the codec's range.
    """

    name: str
    title: str
    samples: str
    codec: str
    unit: str
    level_lowest: float
    level_highest: float
    terms: str = ""
    citation: str = ""

    @property
    def heading(self) -> str:
        """Title and who gave the samples, as every table and figure says it."""
        return self.title if self.samples.lower() in self.title.lower() else f"{self.title} ({self.samples})"

    def heading_within(self, letters: int) -> str:
        """The heading with its title cut where it is too long; who gave the samples is never cut."""
        over = len(self.heading) - letters
        if over <= 0 or len(self.title) <= over + 1:
            return self.heading
        return f"{self.title[: -over - 1]}… ({self.samples})"

    @property
    def name_in_csv(self) -> str:
        """The name, marked where no people were asked."""
        return f"{self.name} ({SIMULATED})" if SIMULATED in self.samples else self.name


@dataclass(frozen=True)
class Row:
    """One run with its scores.

    :param scores: as `protocols.scoring.scores.score` gives them.
    """

    run: StoredRun
    scores: dict[str, float | int | None]

    @property
    def predictor(self) -> str:
        """The name it ran under."""
        return self.run.identity.predictor

    @property
    def card(self) -> dict[str, Any]:
        """Where the method comes from: see `baselines.interface.card.Card`."""
        card: dict[str, Any] = self.run.info["card"]
        return card

    @property
    def is_control(self) -> bool:
        """Whether this is the constant."""
        return self.predictor == CONTROL

    @property
    def is_ceiling(self) -> bool:
        """Whether this is no predictor but people."""
        return False

    @property
    def kind(self) -> str:
        """Of the method."""
        return str(self.card["kind"])

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
        failed = self.run.predictions[self.run.predictions["predicted_level"].isna()]
        causes = {
            str(text): f"{text} ({len(pictures)} of {self.scores['n']} pictures, first {min(pictures)})"
            for text, pictures in failed.dropna(subset="error").groupby("error", sort=True)["picture"]
        }
        causes.pop("", None)
        return list(causes.values()) or [str(self.run.info.get("error") or "no reason was recorded")]


@dataclass(frozen=True)
class CeilingRow:
    """How well people predict the truth: shown beside the runs, never ranked among them.

    :param predictor: the name in the table: see `protocols.scoring.ceiling`.
    :param meaning: for people.
    :param scores: as `Row.scores`; most are None.
    """

    predictor: str
    meaning: str
    scores: dict[str, float | int | None]
    kind: str = "ceiling"
    is_control: bool = False
    is_ceiling: bool = True
    has_failed: bool = False
    is_whole: bool = True


def dataset_facts(run: StoredRun) -> DatasetFacts:
    """What a run says of its data set.

    :raises DataError: where its `run.json` does not say it.
    """
    try:
        given = run.info["dataset"]
        return DatasetFacts(**{name: given[name] for name in DatasetFacts.__dataclass_fields__})
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{run.path / 'run.json'}: its 'dataset' lacks {error}. Run the protocol again with --rerun always."
        ) from error
