"""What SG-JND costs on a 1920x1080 picture: `pytest benchmarks/test_sgjnd.py --benchmark-enable -n 0 -s`.

As many threads as there are cores, wall-clock time, ratios within one run. The naive way is what the paper's window
needs, written straight down: all 100 levels, the reference's features computed anew for each, float32, ordinary memory
layout. It is timed on ten of its levels, each of which costs the same, and multiplied.
"""

import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.learned.network.extractor import FeatureExtractor, PictureFeatures, Tokeniser
from baselines.learned.network.imagenet_weights import build
from baselines.learned.network.nets.backbones import Backbone
from baselines.learned.network.search import DEFAULT, STRATEGIES
from baselines.learned.network.training_set import Fitted, TrainingSet
from datasets.codecs.jpeg import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from sgjnd.config import Config
from sgjnd.fitting import fit_frozen

FASTER, NEARBY_QF, SHARE_OF_PASSES = 5.0, 1.0, 0.20
NAIVE_LEVELS = 10


class Plain(Backbone):
    """A backbone whose inputs keep torch's ordinary memory layout."""

    def __init__(self, inner: Backbone) -> None:
        super().__init__()
        self.inner, self.channels = inner, inner.channels

    def normalised(self, pixels: Tensor) -> Tensor:
        return self.inner.normalised(pixels)

    def stages(self, inputs: Tensor) -> list[Tensor]:
        return list(self.inner.stages(inputs.contiguous()))


@pytest.fixture(scope="module")
def picture(full_hd: np.ndarray) -> Picture:
    """A photograph, compressed on demand."""
    return Picture("full-hd", "full-hd", Jpeg(), 24.3, ladder_or_none=CompressedLadder(Jpeg(), lambda: full_hd.copy()))


@pytest.fixture(scope="module")
def extractor() -> FeatureExtractor:
    return FeatureExtractor(Config())


@pytest.fixture(scope="module")
def fitted(extractor: FeatureExtractor) -> Fitted:
    """Heads trained for a minute on some of the demo set: what is timed does not depend on how good they are."""
    from datasets.sets import open_dataset

    pictures = open_dataset("demo").pictures[::2]
    levels = np.array([picture.samples.mean() for picture in pictures])
    return fit_frozen(extractor, TrainingSet(pictures, levels, extractor.measure, ""), seed=0)


@pytest.fixture(scope="module")
def timings() -> Iterator[dict[str, float]]:
    """Seconds by name, printed at the end."""
    found: dict[str, float] = {}
    yield found
    for name, seconds in found.items():
        print(f"\n{name}: {seconds:.1f} s", end="")
    print()


def test_a_picture_is_answered_much_faster_than_naively(
    picture: Picture, extractor: FeatureExtractor, fitted: Fitted, timings: dict[str, float], benchmark
) -> None:
    if not benchmark.enabled:
        pytest.skip("computes 100 levels of a 1080p picture; run with --benchmark-enable -n 0")
    count, config = len(picture.codec.levels), extractor.config
    searches = {name: STRATEGIES[name](evidence=config.evidence) for name in (DEFAULT, config.search)}

    def answer(search):
        of_picture = extractor.of(picture)

        def probabilities(positions: np.ndarray) -> np.ndarray:
            tokens = fitted.model.tokens(of_picture.extract(positions), positions / (count - 1))
            return fitted.model.probabilities(tokens)

        return search.find(probabilities, count, fitted.prior)

    found = benchmark.pedantic(answer, (searches[DEFAULT],), rounds=1, warmup_rounds=1)
    timings[f"search {DEFAULT}"] = seconds = benchmark.stats.stats.min
    start = time.perf_counter()
    grid = answer(searches[config.search])
    timings[f"search {config.search}"] = time.perf_counter() - start
    start = time.perf_counter()
    full = answer(STRATEGIES["full"](evidence=config.evidence))
    timings["search full"] = time.perf_counter() - start
    naive = _naive(picture, extractor, fitted) * count / NAIVE_LEVELS
    timings["naive"] = naive
    benchmark.extra_info["naive_over_default"] = naive / seconds
    print(f"\nnaive / {DEFAULT}: {naive / seconds:.1f}; full / {DEFAULT}: {timings['search full'] / seconds:.1f}")
    print(f"positions: {found.position:.2f}, {config.search} {grid.position:.2f}, full {full.position:.2f}")
    assert naive >= FASTER * seconds
    assert len(found.asked) <= SHARE_OF_PASSES * count
    assert abs(found.position - full.position) <= NEARBY_QF


def _naive(picture: Picture, extractor: FeatureExtractor, fitted: Fitted) -> float:
    """Seconds of some levels without any of what makes it fast."""
    plain = Plain(build(extractor.chosen))
    tokeniser = Tokeniser(plain, cells=extractor.config.token_cells, pixels=extractor.config.pixels)
    plain.to(memory_format=torch.contiguous_format)
    patches = extractor.patches(picture)
    positions = np.linspace(0, 99, NAIVE_LEVELS).astype(int)
    start = time.perf_counter()
    for position in positions:
        reference = tokeniser.reference(picture.reference, patches)
        level = tokeniser.level(picture.ladder.rgb(int(picture.codec.levels[position])), patches, reference)
        features = PictureFeatures(reference.tokens, *(tokens[None] for tokens in level))
        tokens = fitted.model.tokens(features, np.array([position / 99]))
        fitted.model.probabilities(tokens)
    return time.perf_counter() - start
