"""What the whole classical family costs beside the JPEG ladder of the same picture, each of its measurements once:

`pytest benchmarks/test_family.py --benchmark-enable -n 0`

A 1920x1080 picture, one thread, a fresh picture a round: what predictors share on it is made within the round. Times
are CPU times, the least of several rounds, and figures are ratios to the ladder (100 x encode + decode) of the same
run, so that neither the machine nor its other work matters much. Tables made once a process are not counted.
"""

import functools
import time
from collections.abc import Iterator

import numpy as np
import pytest

from baselines.predictor import JNDPredictor
from baselines.registry import registry
from datasets.codec import Jpeg
from datasets.ladder import CompressedLadder
from datasets.picture import Picture

LIMIT = 4.0
"""Ladders for all of the family, the pass over the ladder that it shares included."""
KINDS = ("constant", "pixel", "subband")
SHARED_PASS = "the shared pass"


def family() -> dict[str, JNDPredictor]:
    """Predictors by name, one of each that measure the same."""
    found = {entry.name: entry.make() for entry in registry().values() if entry.predictor.card.kind in KINDS}
    found |= {name: entry.make() for name, entry in registry().items() if name == "psnr"}
    by_measurement: dict[str, tuple[str, JNDPredictor]] = {}
    for name, predictor in found.items():
        by_measurement.setdefault(predictor.measurement_key(), (name, predictor))
    return dict(by_measurement.values())


@pytest.fixture(scope="module")
def table(ladder_seconds: float, request: pytest.FixtureRequest) -> Iterator[dict[str, float]]:
    """Seconds by predictor, the least of all rounds, printed at the end."""
    seconds: dict[str, float] = {}
    yield seconds
    if seconds:
        rows = [*seconds.items(), ("all", sum(seconds.values()))]
        lines = [f"| {name} | {1000 * one:.0f} | {one / ladder_seconds:.3f} |" for name, one in rows]
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n\nJPEG ladder of a 1920x1080 picture: {1000 * ladder_seconds:.0f} ms of one thread\n")
            print("\n".join(["| measurement | ms | ladders |", "|---|---|---|", *lines, ""]))


@pytest.mark.benchmark(timer=time.process_time)
def test_the_classical_family_costs_at_most_four_ladders(
    full_hd: np.ndarray, ladder_seconds: float, table: dict[str, float], benchmark
) -> None:
    if not benchmark.enabled:
        pytest.skip("measures a 1080p picture by every classical predictor; run with --benchmark-enable -n 0")
    predictors = family()

    def measure_all() -> None:
        ladder = CompressedLadder(Jpeg(), functools.partial(np.array, full_hd))
        picture = Picture("full-hd", "full-hd", Jpeg(), 24.3, ladder_or_none=ladder)
        assert picture.reference_luma.shape == (1080, 1920)
        steps = {SHARED_PASS: picture.summary}
        steps |= {name: functools.partial(one.measure, picture) for name, one in predictors.items()}
        for name, step in steps.items():
            start = time.process_time()
            step()
            table[name] = min(time.process_time() - start, table.get(name, np.inf))

    benchmark.pedantic(measure_all, rounds=2, warmup_rounds=1)
    share = sum(table.values()) / ladder_seconds
    benchmark.extra_info["share_of_ladder"] = share
    assert share <= LIMIT, f"{share:.2f} ladders, more than {LIMIT:g}"
