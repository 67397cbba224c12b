"""Ablation: what each part of SG-JND is worth, by cross-validation of its variants over several shuffles into folds.

A variant is `sgjnd-lite` with other settings, so it is trained, measured, stored and reported as any predictor is. All
variants have the same seeds. So two variants whose networks are trained alike have the same network, and differ in the
search over the ladder alone. Names of registered predictors stand beside the variants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from baselines.interface.registry import Registered, Wanted, choose_predictors
from datasets.core.dataset import Dataset
from datasets.core.folds import Folds
from datasets.core.picture import Picture
from protocols.kfold import shuffled_folds
from protocols.plan import Job, Protocol
from protocols.scoring.bootstrap import mean_interval
from protocols.scoring.shuffles import errors_of_shuffles, interval_text, markdown_table
from protocols.store.store import StoredRun
from sgjnd.config import PAPER

AGAINST = ("sgjnd-lite", "constant", "lite-regression")
"""Rows that the others are compared with."""


@final
@dataclass(frozen=True)
class Variant:
    """One row.

    :param settings: of `sgjnd.config.Config`.
    :param share: of the training sources that are used.
    """

    meaning: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1.0


_ADDITIONS = {
    "label": "learns the share of people who notice instead of hard decisions",
    "search": "a logistic curve through all levels' probabilities instead of a window over hard decisions",
    "grid_levels": "20 levels instead of all 100",
    "places": "patches spread evenly instead of at random",
    "most_patches": "up to 48 patches instead of up to 6",
    "components": "principal components instead of all channels",
    "distances": "a distance a stage as further inputs",
    "stages": "the pixels as one more stage",
    "level_input": "the level as an input",
    "members": "three heads, averaged, instead of one",
}
"""From the paper's network to `sgjnd-lite`, the settings that return to the default, in order."""


def _chain() -> dict[str, Variant]:
    """A row an addition, each with those before it; the last one is `sgjnd-lite` itself.

    Until `grid_levels` all levels are measured, for the window, of six patches: at all levels more would take hours.
    Rows have the features of the row before but for `grid_levels`, `places` and `most_patches`.
    """
    settings = {**PAPER, "grid_levels": 100, "most_patches": 6}
    rows = {"paper-0": Variant("the paper's network on a frozen backbone", settings)}
    for number, (setting, meaning) in enumerate(_ADDITIONS.items(), start=1):
        settings = {name: value for name, value in settings.items() if name != setting}
        if settings:
            rows[f"paper-{number}-{setting}"] = Variant(f"the row before, and {meaning}", settings)
    return rows


CHAIN = _chain()
BEFORE = dict(zip([*CHAIN, "sgjnd-lite"][1:], CHAIN, strict=True))
"""Of the chain's rows, the one before."""
PARTS = {
    "sgjnd-lite": Variant("as registered; the chain's last row, with three heads, averaged, instead of one"),
    "no-attention": Variant("stages side by side instead of cross-scale attention", {"attention": False}),
    "no-patch-weights": Variant("all patches count alike", {"patch_weights": False}),
    "last-stage": Variant("the most semantic stage alone", {"stages": "last"}),
    "reference-only": Variant("no distorted branch: reference and level alone", {"branches": "reference"}),
    "difference-only": Variant("no reference branch", {"branches": "difference"}),
    "low-level": Variant("the pixel stage alone: no semantic features", {"stages": "pixels"}),
    "no-pixels": Variant("the backbone's stages alone, without the pixel stage", {"stages": "backbone"}),
    "random-backbone": Variant("the same network with random weights", {"weights": "none"}),
    "random-no-pixels": Variant("random weights and no pixel stage", {"weights": "none", "stages": "backbone"}),
    "lite2": Variant("EfficientNet-Lite2", {"backbone": "efficientnet-lite2"}),
    "one-member": Variant("one head instead of three", {"members": 1}),
    "hard-label": Variant("trained on noticeable or not", {"label": "hard"}),
    "quarter": Variant("a quarter of the training sources", share=0.25),
    "half": Variant("half of the training sources", share=0.5),
}
SEARCHES = {
    f"search-{name}": Variant(f"the level is searched by '{name}'", {"search": name})
    for name in ("full", "scan", "bayes", "window", "bisect")
}
VARIANTS = {**PARTS, **CHAIN, **SEARCHES}


@final
@dataclass(frozen=True)
class Ablation(Protocol):
    """Variants of `sgjnd-lite` over several shuffles of the sources into folds.

    :param fold_seeds: how many shuffles.
    """

    name = "ablation"
    meaning = "variants of sgjnd-lite, cross-validated over several shuffles into folds"

    fold_seeds: int = 5

    def folds(self, dataset: Dataset) -> list[Folds]:
        return shuffled_folds(dataset, self.fold_seeds)

    def predictors(self, wanted: Sequence[Wanted]) -> tuple[list[Registered], list[str]]:
        """Variants by name or glob, and registered predictors; none takes the parts and two controls."""
        from fnmatch import fnmatchcase

        from sgjnd.predictors import SgJndLite

        chosen: dict[str, Registered] = {}
        notes: list[str] = []
        for predictor in wanted or (*PARTS, "lite-regression", "constant"):
            names = [name for name in VARIANTS if isinstance(predictor, str) and fnmatchcase(name, predictor)]
            for name in names:
                settings = dict(VARIANTS[name].settings)
                chosen[name] = Registered(name, SgJndLite, {"settings": settings} if settings else {})
            if not names:
                entries, more = choose_predictors([predictor])
                notes += more
                chosen.update({entry.name: entry for entry in entries})
        return list(chosen.values()), notes

    def trained_on(self, job: Job, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """All pictures, or those of a random share of the sources."""
        sources = sorted({picture.source for picture in pictures})
        count = max(2, round(_share(job) * len(sources)))
        chosen = set(np.random.default_rng(_fold_seed(job)).permutation(sources)[:count].tolist())
        return [picture for picture in pictures if picture.source in chosen]

    def seed(self, job: Job, fold: int) -> int:
        """The same for every variant, so that a pair of them differs in what they are named for alone."""
        return job.experiment.seed * 1_000_000 + _fold_seed(job) * 1000 + fold - 1

    def key_parts(self, job: Job) -> dict[str, Any]:
        return {"share of the training sources": _share(job)}

    def summary(self, runs: Sequence[StoredRun]) -> str:
        """MAE of every row over all shuffles, and its paired differences, with intervals over sources."""
        errors, sources = errors_of_shuffles(runs)
        tables = []
        for truth, of_truth in errors.items():
            means = {name: np.mean(values, axis=0) for name, values in of_truth.items()}
            head = f"{runs[0].record.dataset.samples}; truth {truth}; {self.fold_seeds} shuffles into folds"
            tables.append(f"{head}; intervals resample sources\n\n{_table(compare(means, sources))}")
        return "\n\n".join(tables)


@final
@dataclass(frozen=True, eq=False)
class Compared:
    """A row of the table.

    :param mae: mean absolute error in levels, over pictures and shuffles.
    :param interval: 95 % bootstrap interval of it over sources.
    :param differences: by name of another row: this row's MAE minus the other's, and its paired interval.
    """

    name: str
    mae: float
    interval: tuple[float | None, float | None]
    differences: Mapping[str, tuple[float, float | None, float | None]]


def compare(
    errors: Mapping[str, np.ndarray], sources: Sequence[str], against: Sequence[str] = AGAINST
) -> list[Compared]:
    """MAE of every row with its interval, and paired differences, best row first.

    :param errors: of each row, means over shuffles, shape (pictures,).
    :param against: rows that all are compared with; those of the chain are compared with the one before, too.
    """
    rows = []
    for name, values in errors.items():
        paired = {
            other: (float((values - errors[other]).mean()), *mean_interval(values - errors[other], sources))
            for other in {*against, BEFORE.get(name, name)}
            if other in errors and other != name
        }
        rows.append(Compared(name, float(values.mean()), mean_interval(values, sources), paired))
    return sorted(rows, key=lambda row: row.mae)


def _table(rows: Sequence[Compared]) -> str:
    against = [name for name in AGAINST if any(name in row.differences for row in rows)]
    chain = any(BEFORE.get(row.name) in row.differences for row in rows)
    head = ["row", "MAE", "95 % interval", *(f"minus {name}" for name in against)]
    head += ["minus the row before in the chain"] if chain else []
    lines = []
    for row in rows:
        cells = [row.name, f"{row.mae:.2f}", interval_text(*row.interval)]
        for name in [*against, BEFORE.get(row.name)] if chain else against:
            difference = row.differences.get(name)  # type: ignore[arg-type]
            cells.append(f"{difference[0]:+.2f} ({interval_text(*difference[1:], sign='+')})" if difference else "")
        lines.append(cells)
    meanings = (f"{row.name}: {VARIANTS[row.name].meaning}" for row in rows if row.name in VARIANTS)
    return "\n".join([markdown_table(head, lines), "", *meanings])


def _share(job: Job) -> float:
    variant = VARIANTS.get(job.entry.name)
    return variant.share if variant else 1.0


def _fold_seed(job: Job) -> int:
    return int(job.experiment.folds.name.rpartition("seed")[2])
