"""All that is said of a table of ratings: who is kept, how people differ, and how far the truths are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from datasets.core.codec import Codec
from datasets.ratings.bias_model import BiasModel, Variances, fit_bias_model
from datasets.ratings.intervals import DRAWS, PictureTruths, SplitHalf, split_half, truths_of
from datasets.ratings.screening import ScreeningRules, Session, Verdict, kept_of, screen
from datasets.ratings.table import RatingTable


@dataclass(frozen=True, eq=False)
class Judgement:
    """Of a table of ratings.

    :param verdicts: of every rater, in the table's order.
    :param variances: between pictures and people, of those who are kept.
    :param halves: how two halves of those who are kept agree.
    :param halves_of_all: how two halves of everybody agree.
    :param truths: by picture, of those who are kept; a picture without samples is not there.
    :param truths_of_all: by picture, of everybody, without intervals.
    """

    table: RatingTable
    codec: Codec
    rules: ScreeningRules
    verdicts: list[Verdict]
    variances: Variances
    halves: SplitHalf
    halves_of_all: SplitHalf
    truths: Mapping[str, PictureTruths]
    truths_of_all: Mapping[str, PictureTruths]

    @property
    def kept(self) -> np.ndarray:
        """Which raters are kept, bool, shape (R,)."""
        return kept_of(self.verdicts)


def judge(
    table: RatingTable,
    codec: Codec,
    rules: ScreeningRules,
    sessions: Mapping[str, Session] | None = None,
    *,
    draws: int = DRAWS,
) -> Judgement:
    """Screen, then look at what is left and at everything.

    :param sessions: what is known of how each rated, by rater.
    :param draws: of the bootstrap behind intervals.
    """
    model = fit_bias_model(table.jnds)
    verdicts = screen(table, model, rules, levels=len(codec.levels), sessions=sessions)
    kept = kept_of(verdicts)
    everybody = np.ones_like(kept)
    return Judgement(
        table,
        codec,
        rules,
        verdicts,
        _model_of_rated(table.jnds[kept]).variances if kept.any() else model.variances,
        split_half(table.jnds[kept]),
        split_half(table.jnds),
        _truths(table, codec, kept, draws),
        _truths(table, codec, everybody, 0),
    )


def _model_of_rated(jnds: np.ndarray) -> BiasModel:
    return fit_bias_model(jnds[:, ~np.isnan(jnds).all(axis=0)])


def _truths(table: RatingTable, codec: Codec, kept: np.ndarray, draws: int) -> dict[str, PictureTruths]:
    samples = {name: table.samples(index, kept) for index, name in enumerate(table.pictures)}
    rated = {name: values for name, values in samples.items() if values.size}
    return dict(zip(rated, truths_of(list(rated.values()), codec, draws=draws), strict=True))
