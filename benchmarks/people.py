"""`python -m benchmarks.people`: simulated people with known truths: coverage of intervals, raters found and lost.

The tables stand in docs/ratings.md. Variances are MCL-JCI's: standard deviations of 7.8 QF between pictures, 2.2
between people, 10.4 the rest.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import genextreme, norm

from datasets.codecs.jpeg import Jpeg
from datasets.ratings.bias_model import fit_bias_model
from datasets.ratings.intervals import truths_of
from datasets.ratings.screening import ScreeningRules, screen
from datasets.ratings.table import RatingTable

PICTURE_SD, PERSON_SD, REST_SD = 7.8, 2.2, 10.4
RATERS = 30
_TRUTHS = ("mean", "median", "sur50", "sur75")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000, help="for coverage, of each kind")
    parser.add_argument("--studies", type=int, default=100, help="for screening, of each kind")
    arguments = parser.parse_args()
    print("| samples of | people | mean | median | sur50 | sur75 |\n|---|---|---|---|---|---|")
    for kind in ("normal", "GEV"):
        for people in (10, 15, 25, 40):
            covered = coverage(kind, people, arguments.pictures)
            print(f"| {kind} | {people} | " + " | ".join(f"{share:.3f}" for share in covered) + " |")
    print("\n| pictures each | planted | fixed found | random found | honest lost |\n|---|---|---|---|---|")
    for pictures in (15, 20, 30, 50):
        for planted in (0.0, 0.1, 0.3):
            shares = screened(pictures, planted, arguments.studies)
            print(f"| {pictures} | {planted:.0%} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")


def coverage(kind: str, people: int, pictures: int) -> list[float]:
    """Share of pictures whose true mean, median, sur50 and sur75 lie in their intervals.

    :param kind: of the distribution of people: `normal`, or `GEV` with the shape 0.12 that MCL-JCI has.
    """
    rng = np.random.default_rng(people)
    of = norm(50, 10.2) if kind == "normal" else genextreme(-0.12, 45, 6.8)
    truths = dict(zip(_TRUTHS, (of.mean(), of.median(), of.median(), of.ppf(0.75)), strict=True))
    samples = [np.clip(np.round(of.rvs(people, random_state=rng)), 1, 100) for _ in range(pictures)]
    intervals = truths_of(samples, Jpeg(), draws=300)
    return [
        float(np.mean([getattr(o, name).low <= truth <= getattr(o, name).high for o in intervals]))
        for name, truth in truths.items()
    ]


def screened(pictures: int, planted: float, studies: int, seed: int = 0) -> tuple[float, float, float]:
    """Share of fixed and of random raters that screening finds, and of honest ones that it loses."""
    rng = np.random.default_rng([pictures, round(planted * 100), seed])
    out: dict[str, list[bool]] = {"fixed": [], "random": [], "honest": []}
    for _ in range(studies):
        kinds = ["fixed" if r % 2 else "random" for r in range(round(planted * RATERS))]
        kinds += ["honest"] * (RATERS - len(kinds))
        table = simulated_table(kinds, pictures, rng)
        verdicts = screen(table, fit_bias_model(table.jnds), ScreeningRules(), levels=100)
        for kind, verdict in zip(kinds, verdicts, strict=True):
            out[kind].append(not verdict.kept)
    return tuple(float(np.mean(lost)) if lost else float("nan") for lost in out.values())  # type: ignore[return-value]


def simulated_table(kinds: list[str], pictures: int, rng: np.random.Generator) -> RatingTable:
    """People of the kinds `honest`, `fixed` (always about the same level) and `random`, everything rated."""
    jnds = 40 + PICTURE_SD * rng.standard_normal(pictures) + PERSON_SD * rng.standard_normal((len(kinds), 1))
    jnds = jnds + REST_SD * rng.standard_normal(jnds.shape)
    for row, kind in enumerate(kinds):
        if kind == "fixed":
            jnds[row] = rng.uniform(10, 90) + 2 * rng.standard_normal(pictures)
        elif kind == "random":
            jnds[row] = rng.uniform(1, 100, pictures)
    jnds = np.clip(np.round(jnds), 1, 100)
    raters = tuple(f"r{row:02d}" for row in range(len(kinds)))
    names = tuple(f"p{column:02d}" for column in range(pictures))
    return RatingTable(raters, names, {name: name for name in names}, jnds, jnds < 0, np.empty((0, 4)))


if __name__ == "__main__":
    main()
