"""What pixel-domain maps cost beside the JPEG ladder of the same picture: `pytest benchmarks --benchmark-enable -n 0`.

A 1920x1080 picture, one thread. Times are CPU times, the least of several rounds, so that other processes matter
little; figures are ratios to 100 x (encode + decode) in the same run, so that the machine matters little. The map is
all that a model costs: under `noise-psnr` its whole profile then comes from the ladder's one pass.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from baselines.interface.registry import Registered, registry
from baselines.pixel._base import PixelMapPredictor

LIMIT, HEAVY_LIMIT = 0.10, 2.0
HEAVY = ("liu2010", "wu2013")
"""A solver that converges, and a non-local mean: the only maps that may cost more than the ladder."""
MODELS = {
    name: entry for name, entry in registry().items() if entry.kind == "pixel" and "threshold" not in entry.parameters
}


@dataclass
class Costs:
    """Seconds of CPU time.

    :param ladder: 100 x (encode + decode).
    :param maps: by predictor, with the limit as a share of the ladder.
    """

    ladder: float
    maps: dict[str, tuple[float, float]] = field(default_factory=dict)

    def table(self) -> str:
        rows = [
            f"| {name} | {1000 * seconds:.0f} | {seconds / self.ladder:.3f} | {limit:.2f} |"
            for name, (seconds, limit) in self.maps.items()
        ]
        head = [f"JPEG ladder of a 1920x1080 picture: {1000 * self.ladder:.0f} ms of one thread", ""]
        return "\n".join([*head, "| map | ms | share of the ladder | limit |", "|---|---|---|---|", *rows])


@pytest.fixture(scope="module")
def costs(ladder_seconds: float, request: pytest.FixtureRequest) -> Iterator[Costs]:
    """The ladder's cost, and a table at the end."""
    made = Costs(ladder_seconds)
    yield made
    if made.maps:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n\n{made.table()}\n")


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("entry", MODELS.values(), ids=MODELS.keys())
def test_a_map_costs_a_small_share_of_the_ladder(
    entry: Registered, full_hd: np.ndarray, costs: Costs, benchmark
) -> None:
    """At most a tenth a plane; 2 for the heavy ones, of which wu2013 takes 1.7 (wanted: 1.5)."""
    predictor = entry.make()
    assert isinstance(predictor, PixelMapPredictor)
    heavy = entry.predictor.card.name in HEAVY
    jnd = benchmark.pedantic(predictor.map_of, (full_hd,), rounds=2 if heavy else 9, warmup_rounds=0 if heavy else 2)
    if not benchmark.enabled:
        return
    seconds = benchmark.stats.stats.min
    limit = HEAVY_LIMIT if heavy else LIMIT * np.atleast_3d(jnd).shape[2]
    costs.maps[entry.name] = (seconds, limit)
    benchmark.extra_info["share_of_ladder"] = seconds / costs.ladder
    assert seconds <= limit * costs.ladder, costs.table()
