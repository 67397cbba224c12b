"""Learning curves: how the error falls with the number of training sources, folds kept, over several shuffles.

A predictor on a share of the training sources is a row of its own, `NAME@25%`; the plain name is trained on all. Shares
are nested: what 25 % were trained on, 50 % were trained on, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from baselines.interface.registry import Registered, Wanted, choose_predictors
from datasets.common.hashing import seed_of
from datasets.core.dataset import Dataset
from datasets.core.folds import Folds
from datasets.core.picture import Picture
from protocols.kfold import shuffled_folds
from protocols.plan import Job, Protocol
from protocols.scoring.shuffles import errors_of_shuffles, mae_text, markdown_table
from protocols.store.share_names import TRAINED_ON, joined_name, split_name
from protocols.store.store import StoredRun

PER_CENT = (12, 25, 50)
"""Of the training sources, besides all of them."""
_FEWEST = 2


@final
@dataclass(frozen=True)
class LearningCurve(Protocol):
    """Cross-validation on nested shares of the training sources.

    :param fold_seeds: how many shuffles into folds; each draws its own shares.
    """

    name = "learning-curve"
    meaning = "cross-validation on 12, 25, 50 and 100 % of the training sources, over several shuffles (--fold-seeds)"

    fold_seeds: int = 3

    def folds(self, dataset: Dataset) -> list[Folds]:
        return shuffled_folds(dataset, self.fold_seeds)

    def predictors(self, wanted: Sequence[Wanted]) -> tuple[list[Registered], list[str]]:
        """Each predictor on all shares; one that is named with a share, as `psnr@25%`, on that alone."""
        entries: dict[str, Registered] = {}
        notes: list[str] = []
        for predictor in wanted or ("constant", "lite-regression", "psnr"):
            base, per_cent = split_name(predictor) if isinstance(predictor, str) else (predictor, 100)
            chosen, more = choose_predictors([base])
            notes += more
            for entry in chosen:
                names = [joined_name(entry.name, share) for share in (*PER_CENT, 100) if per_cent in (share, 100)]
                entries.update({name: replace(entry, name=name) for name in names or [str(predictor)]})
        return list(entries.values()), notes

    def trained_on(self, job: Job, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """Those of a random share of the sources, two at least."""
        sources = sorted({picture.source for picture in pictures})
        order = np.random.default_rng(_shuffle(job)).permutation(sources)
        chosen = set(order[: _count(job, len(sources))].tolist())
        return [picture for picture in pictures if picture.source in chosen]

    def seed(self, job: Job, fold: int) -> int:
        """The same for every share of a predictor, so that they differ in what they were trained on alone."""
        experiment, identity = job.experiment, job.identity
        return seed_of(
            seed=experiment.seed,
            dataset=identity.dataset,
            folds=identity.folds,
            fold=fold,
            truth=identity.truth,
            jnd=identity.jnd,
            predictor=split_name(identity.predictor)[0],
        )

    def key_parts(self, job: Job) -> dict[str, Any]:
        folds = job.experiment.folds.fold_of
        sources = {picture.source for picture in job.experiment.pictures}
        left = [sum(folds[source] != fold for source in sources) for fold in {folds[source] for source in sources}]
        return {TRAINED_ON: float(np.mean([_count(job, number) for number in left]))}

    def summary(self, runs: Sequence[StoredRun]) -> str:
        """By truth: a row a predictor, a column a share, MAE over all shuffles with its interval over sources."""
        errors, sources = errors_of_shuffles(runs)
        trained_on: dict[int, list[float]] = {}
        for run in runs:
            share = split_name(run.identity.predictor)[1]
            trained_on.setdefault(share, []).append(float(run.record.key_parts[TRAINED_ON]))
        head = [f"{share} % ({np.mean(trained_on[share]):.0f} sources)" for share in sorted(trained_on)]
        tables = []
        for truth, of_truth in errors.items():
            rows: dict[str, dict[int, str]] = {}
            for name, shuffles in of_truth.items():
                base, share = split_name(name)
                rows.setdefault(base, {})[share] = mae_text(shuffles, sources)
            about = f"{runs[0].record.dataset.samples}; truth {truth}; MAE over {self.fold_seeds} shuffles"
            lines = ([base, *(cells.get(share, "") for share in sorted(trained_on))] for base, cells in rows.items())
            tables.append(f"{about}; intervals resample sources\n\n{markdown_table(['predictor', *head], lines)}")
        return "\n\n".join(tables)


def _count(job: Job, sources: int) -> int:
    return max(_FEWEST, round(split_name(job.entry.name)[1] / 100 * sources))


def _shuffle(job: Job) -> int:
    return int(job.experiment.folds.name.rpartition("seed")[2])
