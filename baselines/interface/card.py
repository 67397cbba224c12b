"""A method's card: where it comes from, what its paper publishes, and what this implementation of it is."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.core.reference import Reference, citation

KINDS = ("constant", "pixel", "subband", "metric", "learned")
"""The folders below `baselines/` in which methods stand."""

OWN = "own"
"""The kind of a method that stands elsewhere: a user's own, or another package's."""

SUBMITTED = "submitted"
"""The kind of a method that ran elsewhere, and whose predictions came as a file."""

COSTS = {
    "light": "part of a run that names no predictor",
    "slow": "up to minutes for the demo set on two cores: runs when named or matched by a glob",
    "heavy": "trains for hours without a GPU: runs only when named in full",
}


@dataclass(frozen=True)
class PublishedNumber:
    """A number as its paper gives it.

    Reports show it beside a measured number only where data set, JND, truth, folds and score are known to be the
    same; else it stands in a list of its own. A number over unknown folds is comparable with none, since which
    pictures were trained on moves it: it is always listed.

    :param dataset: as the suite names it, e.g. `mcl-jci`; or what stands before `-jpeg` and `-bpg` in its parts' names.
    :param truth: the suite's name of the truth it was measured under, or what is believed of it in words, which match
        none; empty only where the score compares SUR curves and so needs no truth.
    :param metric: what was measured, as printed, with its unit.
    :param value: as printed.
    :param caveat: why a number measured here may differ; shown wherever the number is.
    :param jnd: which JND, 1 or more.
    :param folds: the suite's name of the folds, e.g. `sur-featnet-10`; empty where they are unknown.
    :param score: the record of `protocols/scoring/scores.py` that measures the same; empty where none does.
    :param score_factor: `value` times this is in the score's unit: 0.01 where per cent are printed and the score is
        a share.
    :param method: whose number it is, where another's than the card's (a predecessor's, say): never beside a row.
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


@dataclass(frozen=True)
class Card:
    """Where a method comes from and what this implementation of it is.

    :param name: as flags and tables say it; lower case, digits, `-`, `.`.
    :param title: for people.
    :param needs_pictures: whether it uses pixels; those that do not run on labels alone.
    :param references: the paper first, then what else the implementation follows; empty for controls.
    :param cost: one of `COSTS`.
    :param licence: of this implementation.
    :param published: numbers of the paper, each with its caveat.
    :param deviations: what differs here from the paper, one sentence each.
    """

    name: str
    title: str
    needs_pictures: bool = True
    references: tuple[Reference, ...] = ()
    cost: str = "light"
    licence: str = "Apache-2.0"
    published: tuple[PublishedNumber, ...] = ()
    deviations: tuple[str, ...] = ()

    @property
    def paper(self) -> str:
        """All references in one line for people; empty where there are none."""
        return citation(self.references)

    @property
    def year(self) -> int | None:
        """Of the first reference; None where there is none."""
        return self.references[0].year if self.references else None
