"""`python -m benchmarks.costs`: what each predictor costs, from stored runs of the demo set, for estimates and shards.

Run it after `python -m protocols.run --predictors '*' --jobs 1 --rerun always` on a quiet machine, with the same cache.
Predictors without a stored run keep what was known of them.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from pathlib import Path

import numpy as np

from baselines.interface.registry import registry
from benchmarks.stages import own_parts_ms
from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.common.files import write_atomically
from datasets.sets import open_dataset
from protocols.estimate import COSTS, known_costs
from protocols.store.store import Store


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    p = command_parser("benchmarks.costs", __doc__)
    p.add_argument("--results", default="results", metavar="DIR", help="stored runs (default: results)")
    p.add_argument("--out", default=str(COSTS), metavar="FILE", help="where to (default: %(default)s)")
    arguments = p.parse_args(argv)
    runs = [run for run in Store(Path(arguments.results)).current_runs() if run.identity.dataset == "demo"]
    if not runs:
        raise UserError(f"{arguments.results}: has no runs of the demo set")
    ladder_ms = _ladder_ms()
    pictures = [picture.without_samples() for picture in open_dataset("demo").pictures]
    rows = {name: (cost.ladders, cost.fit_s) for name, cost in known_costs().items()}
    for run in runs:
        own_ms = own_parts_ms(registry()[run.identity.predictor].make(), pictures)
        ladders = float(np.median(own_ms or [0.0])) / ladder_ms
        folds = run.predictions["fold"].nunique()
        fit_s = run.record.timings_s["fit_and_predict"] / folds
        rows[run.identity.predictor] = (ladders, fit_s)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["predictor", "ladders", "fit_s"])
    table.writerows([name, f"{ladders:.3g}", f"{fit_s:.2g}"] for name, (ladders, fit_s) in sorted(rows.items()))
    write_atomically(Path(arguments.out), text.getvalue())
    print(f"{len(rows)} predictors in {arguments.out}; a ladder of a demo picture took {ladder_ms:.0f} ms")
    return 0


def _ladder_ms() -> float:
    """The bare ladder of the demo's median picture: encoding and decoding, one thread."""
    import cv2

    cv2.setNumThreads(1)
    took = []
    for picture in open_dataset("demo").pictures:
        reference, codec = picture.reference, picture.codec
        start = time.perf_counter()
        for level in map(int, codec.levels):
            codec.decode(codec.encode(reference, level))
        took.append((time.perf_counter() - start) * 1000)
        picture.ladder.forget_pixels()
    return float(np.median(took))


if __name__ == "__main__":
    sys.exit(run_command(main))
