"""Every search replayed on stored probabilities, without the network: what it costs and how far it lands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.learned.network.search.fit import LogisticCurve, Prior
from baselines.learned.network.search.rules import Strategy
from baselines.learned.network.search.soft import Full
from datasets.common.errors import UserError


@final
@dataclass(frozen=True)
class Replayed:
    """One search over all pictures. Errors in levels.

    :param label: the search with its settings.
    :param passes: network passes a picture, mean.
    :param mae_levels: mean |found - true|.
    :param rmse_levels: root of its mean square.
    :param off_full_levels: mean |found - found by the reference|.
    :param most_off_full_levels: the largest of them.
    """

    label: str
    passes: float
    mae_levels: float
    rmse_levels: float
    off_full_levels: float
    most_off_full_levels: float


@final
@dataclass(frozen=True)
class ReplayTable:
    """Searches on the same probabilities, one row each, in the order given."""

    rows: tuple[Replayed, ...]

    def markdown(self) -> str:
        """A table with a heading, ending in a newline."""
        lines = [
            "| search | passes | MAE (levels) | RMSE (levels) | mean distance from full | largest |",
            "|---|---|---|---|---|---|",
        ]
        for row in self.rows:
            numbers = (row.mae_levels, row.rmse_levels, row.off_full_levels, row.most_off_full_levels)
            lines.append(f"| {row.label} | {row.passes:.1f} | {' | '.join(f'{number:.2f}' for number in numbers)} |")
        return "\n".join(lines) + "\n"


def replay_all(
    strategies: Sequence[Strategy],
    probabilities: np.ndarray,
    priors: Sequence[Prior],
    true_positions: np.ndarray,
    *,
    reference: Strategy | None = None,
) -> ReplayTable:
    """Replay several searches.

    :param probabilities: of noticing, shape (pictures, levels), levels from the worst to the best.
    :param priors: one a picture: each picture's training folds differ.
    :param true_positions: shape (pictures,), in levels from the worst.
    :param reference: what the others are compared with; `Full()` where None.
    :raises UserError: where there is no picture, or a probability or a true position is none.
    """
    answers = _checked(probabilities, priors, true_positions)
    full = _positions(_search(reference or Full(), answers, priors))
    return ReplayTable(
        tuple(_row(each, _search(each, answers, priors), full, np.asarray(true_positions)) for each in strategies)
    )


def replay(
    strategy: Strategy, probabilities: np.ndarray, priors: Sequence[Prior], true_positions: np.ndarray
) -> Replayed:
    """`replay_all` for one search."""
    return replay_all([strategy], probabilities, priors, true_positions).rows[0]


def _search(strategy: Strategy, answers: np.ndarray, priors: Sequence[Prior]) -> list[LogisticCurve]:
    return [
        strategy.find(ladder.__getitem__, answers.shape[1], prior)
        for ladder, prior in zip(answers, priors, strict=True)
    ]


def _positions(found: Sequence[LogisticCurve]) -> np.ndarray:
    return np.array([one.position for one in found])


def _row(strategy: Strategy, found: Sequence[LogisticCurve], full: np.ndarray, true_positions: np.ndarray) -> Replayed:
    error = _positions(found) - true_positions
    off_full = np.abs(_positions(found) - full)
    return Replayed(
        strategy.label,
        float(np.mean([len(one.asked) for one in found])),
        float(np.abs(error).mean()),
        float(np.sqrt(np.mean(error**2))),
        float(off_full.mean()),
        float(off_full.max()),
    )


def _checked(probabilities: np.ndarray, priors: Sequence[Prior], true_positions: np.ndarray) -> np.ndarray:
    answers = np.asarray(probabilities, dtype=float)
    if answers.ndim != 2 or not len(answers):
        raise UserError(f"A replay needs probabilities of shape (pictures, levels), and got {answers.shape}.")
    if len(priors) != len(answers) or np.shape(true_positions) != (len(answers),):
        raise ValueError(
            f"{len(answers)} pictures, but {len(priors)} priors and true positions of shape {np.shape(true_positions)}"
        )
    unknown = np.flatnonzero(~np.isfinite(np.asarray(true_positions, dtype=float)))
    if len(unknown):
        raise UserError(f"The true position of picture {unknown[0]} is not a number: leave the picture out.")
    picture, level = np.nonzero(~((answers >= 0) & (answers <= 1)))
    if len(picture):
        raise UserError(
            f"The stored answer {answers[picture[0], level[0]]} of picture {picture[0]} at position {level[0]} is no "
            "probability: its network is broken, or the file damaged. Store the probabilities again."
        )
    return answers
