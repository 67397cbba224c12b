"""What subband-domain profiles cost beside the picture's JPEG ladder: `pytest benchmarks --benchmark-enable -n 0`.

A 1920x1080 picture, one thread, all 100 levels from the reference's own coefficients, nothing kept between rounds.
Times are CPU times, the least of several rounds, and figures are ratios to the ladder (100 x encode + decode) of the
same run, so that neither the machine nor its other work matters much.
"""

import functools
import time
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from baselines.interface.registry import Registered, registry
from baselines.interface.visibility import VisibilityPredictor
from datasets.codecs.jpeg import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture

LIMIT, LIMITS = 1.0, {"watson1993": 0.25}
"""As a share of the ladder: for all, and for those that are held to less."""
MEMORY_MIB = 500
MODELS = {
    name: entry for name, entry in registry().items() if entry.kind == "subband" and "threshold" not in entry.parameters
}
each_model = pytest.mark.parametrize("entry", MODELS.values(), ids=MODELS.keys())


@pytest.fixture(scope="module")
def picture(full_hd: np.ndarray) -> Picture:
    """Compressed on demand, its luma already there: reading it is not the models' work."""
    ladder = CompressedLadder(Jpeg(), functools.partial(np.array, full_hd))
    made = Picture("full-hd", "full-hd", Jpeg(), 24.3, ladder_or_none=ladder)
    assert made.reference_luma.shape == (1080, 1920)
    return made


@pytest.fixture(scope="module")
def table(ladder_seconds: float, request: pytest.FixtureRequest) -> Iterator[dict[str, float]]:
    """Seconds by predictor, printed at the end."""
    profiles: dict[str, float] = {}
    yield profiles
    rows = [f"| {name} | {1000 * seconds:.0f} | {seconds / ladder_seconds:.3f} |" for name, seconds in profiles.items()]
    if rows:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n\nJPEG ladder of a 1920x1080 picture: {1000 * ladder_seconds:.0f} ms of one thread\n")
            print("\n".join(["| profile | ms | share of the ladder |", "|---|---|---|", *rows, ""]))


@pytest.mark.benchmark(timer=time.process_time)
@each_model
def test_a_profile_costs_no_more_than_the_ladder(
    entry: Registered, picture: Picture, ladder_seconds: float, table: dict[str, float], benchmark
) -> None:
    predictor = entry.make()
    assert isinstance(predictor, VisibilityPredictor)
    profile = benchmark.pedantic(predictor.profile, (picture,), rounds=5, warmup_rounds=1)
    assert profile.shape == (100,)
    if not benchmark.enabled:
        return
    seconds = table[entry.name] = benchmark.stats.stats.min
    benchmark.extra_info["share_of_ladder"] = seconds / ladder_seconds
    assert seconds <= LIMITS.get(entry.predictor.card.name, LIMIT) * ladder_seconds


@each_model
def test_a_profile_needs_little_memory(entry: Registered, picture: Picture) -> None:
    """Arrays of a whole profile and of what is kept for later pictures; Python and its libraries come on top."""
    predictor = entry.make()
    assert isinstance(predictor, VisibilityPredictor)
    tracemalloc.start()
    try:
        predictor.profile(picture)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_MIB * 2**20, f"{entry.name}: {peak / 2**20:.0f} MiB"
