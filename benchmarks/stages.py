"""`python -m benchmarks.stages`: where the time of a stored run went, stage by stage, in Markdown.

From what is kept of each picture (the cache must be the one that the run was made with) and from the stored runs. Times
are those of one process; workers share them out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from baselines.interface.measurements import load_measurement
from baselines.interface.predictor import JNDPredictor
from baselines.interface.registry import registry
from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.core.picture import Picture
from datasets.sets import open_dataset
from protocols.store.picture_facts import load_ladder
from protocols.store.store import Store


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    p = command_parser("benchmarks.stages", __doc__)
    p.add_argument("--dataset", default="demo", metavar="NAME", help="data set (default: demo)")
    p.add_argument("--root", metavar="DIR", help="its folder")
    p.add_argument("--results", default="results", metavar="DIR", help="stored runs (default: results)")
    arguments = p.parse_args(argv)
    stages = stages_s(arguments.dataset, arguments.root, Path(arguments.results))
    whole = sum(stages.values())
    print("| stage | s | share |\n|---|---:|---:|")
    for name, seconds in sorted(stages.items(), key=lambda stage: -stage[1]):
        print(f"| {name} | {seconds:.1f} | {100 * seconds / whole:.1f} % |")
    print(f"| **in all** | **{whole:.1f}** | |")
    return 0


def stages_s(dataset: str, root: str | None, results: Path) -> dict[str, float]:
    """Seconds by stage: the pass over the ladders, what each method adds to it, and fitting and predicting.

    :raises UserError: where there are no runs of the data set, or nothing is kept of its pictures.
    """
    runs = [run for run in Store(results).current_runs() if run.identity.dataset == dataset]
    pictures = [picture.without_samples() for picture in open_dataset(dataset, root).pictures]
    ladders = {picture.name: facts for picture in pictures if (facts := load_ladder(picture))}
    if not runs or len(ladders) < len(pictures):
        raise UserError(f"{results}: needs runs of {dataset}, and the cache that they were made with")
    predictors = {registry()[run.identity.predictor].make().measured_as: run.identity.predictor for run in runs}
    stages = {"the pass over the ladders, shared by all": sum(one.summary.ms for one in ladders.values()) / 1000}
    for name in predictors.values():
        own_ms = own_parts_ms(registry()[name].make(), pictures)
        if own_ms:
            stages[f"measuring, {registry()[name].predictor.card.name}"] = stages.get(
                f"measuring, {registry()[name].predictor.card.name}", 0.0
            ) + float(np.sum(own_ms) / 1000)
    folds = sum(run.record.timings_s["fit_and_predict"] for run in runs)
    return {**stages, f"fitting and predicting, {len(runs)} runs": folds}


def own_parts_ms(predictor: JNDPredictor, pictures: Sequence[Picture]) -> list[float]:
    """What a predictor's measurements took beyond the shared pass, as far as they are kept."""
    found = []
    for picture in pictures:
        measured, facts = load_measurement(picture, predictor), load_ladder(picture)
        if measured is not None and facts is not None:
            shared_ms = facts.summary.ms if measured.ms >= facts.summary.ms else 0.0
            found.append(measured.ms - shared_ms)
    return found


if __name__ == "__main__":
    sys.exit(run_command(main))
