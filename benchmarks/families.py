"""`python -m benchmarks.families`: how often comparisons of equal predictors find a difference, and what they miss.

The tables stand in docs/statistics.md. Errors are skewed, correlated between predictors and within sources.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from datasets.common.commands import progress
from protocols.scoring.bootstrap import ALPHA
from protocols.scoring.families import against, confidence_set
from protocols.scoring.pairs import compare_pairs
from tests.simulated_errors import simulated_errors, source_names

_STUDIES = ((9, 1), (9, 3), (20, 1), (50, 1), (50, 3))
"""Sources, and pictures of each."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=200, help="simulated leaderboards of each kind")
    parser.add_argument("--predictors", type=int, default=20, help="in each; the last one stands for the constant")
    arguments = parser.parse_args()
    print("| sources | pictures of each | against the constant | confidence set | all pairs |")
    print("|---|---|---|---|---|")
    for sources, each in _STUDIES:
        tables = _tables(arguments.tables, sources, each, arguments.predictors, gain=0.0)
        wrong = np.mean([np.array(found) > 0 for found in tables], axis=0)
        print(f"| {sources} | {each} | " + " | ".join(f"{share:.3f}" for share in wrong) + " |")
    print("\n| sources | better by | against the constant | out of the set | all pairs |\n|---|---|---|---|---|")
    for sources in (20, 50):
        for gain in (0.1, 0.2, 0.3):
            tables = _tables(arguments.tables // 4, sources, 1, arguments.predictors, gain=gain)
            found = np.mean(list(tables), axis=0) / (arguments.predictors // 2)
            print(f"| {sources} | {gain:.0%} | " + " | ".join(f"{share:.2f}" for share in found) + " |")


def _tables(count: int, sources: int, each: int, predictors: int, gain: float) -> Iterator[tuple[int, int, int]]:
    """In each simulated table, how many differ from the last predictor, are out of the set, differ among all pairs."""
    names, last = source_names(sources, each), predictors - 1
    for seed in progress(range(count), f"{sources} sources x {each}, {gain:.0%}"):
        errors = simulated_errors(seed, sources, each, predictors, gain)
        family, pairs = against(errors, names, last), compare_pairs(errors, names)
        assert family is not None and pairs is not None
        is_out = confidence_set(errors, names, np.full(predictors, True)) < ALPHA
        of_all = pairs.separable[pairs.second == last] if gain else pairs.separable
        yield int((family.p < ALPHA).sum()), int(is_out.sum()), int(of_all.sum())


if __name__ == "__main__":
    main()
