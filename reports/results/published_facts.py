"""What a stored run's card says of the numbers that its paper publishes."""

from __future__ import annotations

from dataclasses import dataclass, fields

from datasets.common.errors import DataError
from reports.results.rows import Row
from reports.results.sections import ordinal


@dataclass(frozen=True)
class PublishedFacts:
    """What a run's card says of a published number: see `baselines.interface.card.PublishedNumber`.

    Cards that were stored before the fields with defaults existed say nothing of folds, so theirs are listed.
    """

    dataset: str
    truth: str
    metric: str
    value: float
    caveat: str
    jnd: int = 1
    folds: str = ""
    score: str = ""
    score_factor: float = 1.0
    method: str = ""

    @property
    def under(self) -> str:
        """What it was measured under, as far as that is known."""
        truth = [f"truth {self.truth}"] if self.truth else []
        return ", ".join([self.dataset, f"{ordinal(self.jnd)} JND", *truth, f"folds {self.folds or 'unknown'}"])


def published_facts(row: Row) -> list[PublishedFacts]:
    """The published numbers of a row's card.

    :raises DataError: where one lacks what every number has.
    """
    names = {field.name for field in fields(PublishedFacts)}
    try:
        return [
            PublishedFacts(**{name: value for name, value in number.items() if name in names})
            for number in row.card.get("published", ())
        ]
    except (TypeError, AttributeError) as error:
        raise DataError(
            f"{row.run.path / 'run.json'}: a published number of its card is damaged ({error}). "
            "Run the protocol again with --rerun always."
        ) from error
