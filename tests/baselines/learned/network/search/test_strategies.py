"""Protects every search: where it lands on clean and hopeless answers, that it asks no level twice, and its errors."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines.learned.network.search import DEFAULT, STRATEGIES
from baselines.learned.network.search.fit import LogisticCurve, Prior
from baselines.learned.network.search.rules import Questions, Strategy, evenly
from baselines.learned.network.search.strategies import BlockSearch, Window
from datasets.common.errors import UserError

SOFT = ("full", "grid", "scan", "bayes")
SEARCHES = [
    *(search() for search in STRATEGIES.values()),
    STRATEGIES["bayes"](passes=14, batch=1),
    STRATEGIES["bayes"](passes=7, batch=3, evidence=200),
    STRATEGIES["grid"](passes=5),
    STRATEGIES["scan"](coarse=4, reach=0, step=1),
    STRATEGIES["window"](length=1, needed=1),
    STRATEGIES["blocks"](length=3, asked=1),
]
every_search = pytest.mark.parametrize("search", SEARCHES, ids=repr)


def clean(x0: float, scale: float = 6.0, count: int = 100) -> np.ndarray:
    return 1 / (1 + np.exp((np.arange(count) - x0) / scale))


def flat(count: int) -> Prior:
    """Hardly anything known: the middle of the levels, give or take all of them."""
    return Prior((count - 1) / 2, float(count), max(count * 0.06, 0.5), 1.0)


def find(search: Strategy, answers: np.ndarray, prior: Prior | None = None) -> LogisticCurve:
    return search.find(answers.__getitem__, len(answers), prior or flat(len(answers)))


class Recorder:
    """A network that keeps what it was asked."""

    def __init__(self, answers: np.ndarray) -> None:
        self.answers = answers
        self.batches: list[list[int]] = []

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        self.batches.append(positions.tolist())
        return self.answers[positions]


@every_search
@pytest.mark.parametrize("x0", [8.2, 30.5, 49.5, 71.9, 92.0])
def test_clean_answers_lead_to_the_level(search, x0):
    assert find(search, clean(x0)).position == pytest.approx(x0, abs=1)


@every_search
@pytest.mark.parametrize("x0", [6.0, 25.3, 44.5])
def test_clean_answers_lead_to_the_level_of_bpg(search, x0):
    assert find(search, clean(x0, 3.0, 51)).position == pytest.approx(x0, abs=1)


@every_search
@pytest.mark.parametrize("x0", [3.2, 12.4, 21.5])
def test_clean_answers_lead_to_the_level_of_a_ladder_with_steps(search, x0):
    """WebP, AVIF and JPEG XL have some 25 levels, and positions between two of them mean something."""
    assert find(search, clean(x0, 1.5, 25)).position == pytest.approx(x0, abs=0.7)


@every_search
@pytest.mark.parametrize(("x0", "end"), [(-12.0, 0.0), (112.0, 99.0)])
def test_beyond_the_ends_positions_are_clipped(search, x0, end):
    found = find(search, clean(x0, 4.0))
    assert (found.position, found.clipped) == (end, True)


@every_search
@pytest.mark.parametrize(("answer", "end"), [(0.0, 0.0), (1.0, 99.0)])
def test_answers_that_all_agree_lead_to_an_end(search, answer, end):
    found = find(search, np.full(100, answer))
    assert (found.position, found.clipped) == (end, True)


@pytest.mark.parametrize("name", SOFT)
def test_answers_that_say_nothing_leave_the_prior(name):
    found = find(STRATEGIES[name](), np.full(100, 0.5), Prior(52.0, 8.0, 6.0))
    assert found.position == pytest.approx(52, abs=1.5)
    assert not found.clipped


@pytest.mark.parametrize("name", SOFT)
@pytest.mark.parametrize("middle", [25.0, 75.0])
def test_the_prior_pulls_towards_itself(name, middle):
    tight, loose = (
        find(STRATEGIES[name](), clean(50.0), Prior(middle, spread, 6.0)).position for spread in (6.0, 30.0)
    )
    assert abs(tight - middle) < abs(loose - middle) < 25


@every_search
def test_answers_that_rise_do_no_harm(search):
    found = find(search, clean(50.0)[::-1])
    assert 0 <= found.position <= 99
    assert (np.diff(found.noticeable(100)) <= 0).all()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 110).flatmap(lambda count: arrays(float, count, elements=st.floats(0, 1))),
    st.sampled_from(SEARCHES),
    st.floats(-20, 120),
    st.floats(0.3, 200),
    st.floats(0.3, 30),
)
def test_whatever_the_answers(answers, search, middle, spread, scale):
    """Within the range, no position asked twice or beyond, the passes counted, the curve falling, the same again."""
    prior, count = Prior(middle, spread, scale), len(answers)
    network = Recorder(answers)
    found = search.find(network, count, prior)
    asked = [one for batch in network.batches for one in batch]
    assert list(found.asked) == asked
    assert len(set(asked)) == len(asked)
    assert min(asked) >= 0
    assert max(asked) < count
    assert 0 <= found.position <= count - 1
    assert found.clipped <= (found.position in (0, count - 1))
    assert found.scale > 0
    curve = found.noticeable(count)
    assert (np.diff(curve) <= 0).all()
    assert np.isfinite(curve).all()
    assert search.find(answers.__getitem__, count, prior) == found


@pytest.mark.parametrize(
    ("search", "passes", "batches"),
    [
        (STRATEGIES["full"](), 100, 1),
        (STRATEGIES["window"](), 100, 1),
        (STRATEGIES["grid"](passes=12), 12, 1),
        (STRATEGIES["scan"](), 20, 2),
        (STRATEGIES["bayes"](passes=14, batch=1), 14, 14),
        (STRATEGIES["bayes"](passes=14, batch=4), 14, 4),
        (STRATEGIES["bisect"](), 7, 7),
        (STRATEGIES["blocks"](), 22, 5),
    ],
)
def test_passes_and_batches(search, passes, batches):
    network = Recorder(clean(41.3))
    found = search.find(network, 100, flat(100))
    assert abs(len(found.asked) - passes) <= (1 if search.name in ("scan", "bisect") else 0)
    assert len(network.batches) == pytest.approx(batches, abs=1 if search.name == "bisect" else 0)


@pytest.mark.parametrize("name", ["grid", "scan", "bayes"])
def test_a_short_ladder_is_asked_whole(name):
    assert sorted(find(STRATEGIES[name](), clean(2.0, 1.0, 5)).asked) == [0, 1, 2, 3, 4]


def test_bayes_starts_where_the_prior_is_and_goes_on_where_the_answers_lead():
    asked = find(STRATEGIES["bayes"](passes=12, batch=1), clean(70.0), Prior(40.0, 15.0, 6.0)).asked
    assert abs(asked[0] - 40) <= 2
    assert np.median(asked[6:]) > 60


@pytest.mark.parametrize(("length", "needed"), [(1, 1), (6, 5), (6, 6), (6, 1), (20, 11), (150, 100)])
@pytest.mark.parametrize("last", [-1, 0, 1, 3, 50, 97, 98, 99])
def test_the_window_is_unbiased_for_a_clean_step(length, needed, last):
    """Levels up to `last` are noticeable: P falls through 1/2 half a level above it, clipped to the range."""
    found = find(Window(length, needed), (np.arange(100) <= last).astype(float))
    assert found.position == np.clip(last + 0.5, 0, 99)
    assert found.clipped == (last in (-1, 99))


def test_the_window_by_hand():
    """From the best level down, positions 4..1 are the first three of four noticeable ones: 1 + 3 - 1/2."""
    decisions = np.array([1, 1, 1, 0, 1, 0, 0, 1, 0, 0.0])
    assert find(Window(4, 3), decisions).position == 3.5
    assert find(Window(4, 1), decisions).position == 7.5
    assert find(Window(4, 2), decisions).position == 5.5


BLOCKS = [(1, 1), (2, 1), (5, 2), (8, 3), (8, 8), (7, 50), (64, 3), (200, 3)]
"""Lengths of a block, and how many of its levels are asked."""


def most_passes(search: BlockSearch, count: int) -> int:
    """A decision for each halving of the blocks, and two blocks that are asked whole."""
    blocks = -(-count // search.length)
    return min(search.asked, search.length) * math.ceil(math.log2(blocks + 1)) + 2 * search.length


@pytest.mark.parametrize(("length", "asked"), BLOCKS)
@pytest.mark.parametrize("count", [2, 5, 8, 51, 97, 100])
def test_blocks_are_exact_for_every_clean_step_in_few_passes(length, asked, count):
    search = BlockSearch(length, asked)
    for last in range(-1, count):
        found = find(search, (np.arange(count) <= last).astype(float))
        assert found.position == np.clip(last + 0.5, 0, count - 1), last
        assert found.clipped == (last in (-1, count - 1)), last
        assert len(found.asked) <= most_passes(search, count), last
    assert most_passes(BlockSearch(), 100) == 28


@pytest.mark.parametrize("count", [51, 100])
def test_a_wrong_answer_far_from_the_step_turns_no_block(count):
    search = BlockSearch()
    for last in range(-1, count, 3):
        clean_steps = (np.arange(count) <= last).astype(float)
        expected = find(search, clean_steps)
        for wrong in range(count):
            if abs(wrong - last) > 2 * search.length:
                answers = clean_steps.copy()
                answers[wrong] = 1 - answers[wrong]
                assert find(search, answers) == expected, (last, wrong)


def test_a_wrong_answer_near_the_step_costs_a_level():
    answers = clean(50.5, 0.1)
    answers[45] = 0
    assert find(BlockSearch(), answers).position == find(BlockSearch(), clean(50.5, 0.1)).position - 1


def test_blocks_take_their_scale_from_the_prior_and_nothing_else():
    founds = [find(BlockSearch(), clean(50.0), Prior(middle, 8.0, 4.0)) for middle in (20.0, 80.0)]
    assert founds[0] == founds[1] and founds[0].scale == 4.0


def test_even_positions_stand_in_the_middle_of_their_stretches():
    assert evenly(4, 100).tolist() == [12, 37, 62, 87]
    assert evenly(20, 7).tolist() == list(range(7))


@every_search
@pytest.mark.parametrize("wrong", [np.nan, 1.5, -0.1, np.inf])
def test_an_answer_that_is_no_probability_is_named(search, wrong):
    with pytest.raises(UserError, match=r"answered (nan|1\.5|-0\.1|inf) at position \d+"):
        find(search, np.full(100, wrong))


def test_a_single_nan_names_its_position():
    answers = clean(50.0)
    answers[17] = np.nan
    with pytest.raises(UserError, match="nan at position 17,"):
        find(STRATEGIES["full"](), answers)


def test_answers_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(3,\) for 100 positions"):
        STRATEGIES["full"]().find(lambda positions: np.full(3, 0.5), 100, flat(100))
    with pytest.raises(UserError, match="at least two levels"):
        find(STRATEGIES["full"](), np.array([0.5]), Prior(0.0, 1.0, 1.0))


def test_questions_are_put_once_each_and_within_the_range():
    network = Recorder(clean(5.0, 2.0, 10))
    questions = Questions(network, 10)
    questions.put(np.array([3, 3, -1, 9, 10]))
    questions.put(np.array([9, 4]))
    assert not len(questions.put(np.array([3])))
    assert network.batches == [[3, 9], [4]]
    assert questions.positions.tolist() == [3, 9, 4]
    assert questions.answers.tolist() == network.answers[[3, 9, 4]].tolist()


def test_every_search_is_found_by_its_name():
    assert all(search.name == name for name, search in STRATEGIES.items()) and DEFAULT in STRATEGIES
    assert STRATEGIES["bayes"](passes=9) == STRATEGIES["bayes"](passes=9)


def test_the_searches_do_without_torch():
    code = "import sys, baselines.learned.network.search\n"
    code += "sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
