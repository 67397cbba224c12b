"""Protects the axis of levels: its direction and its steps, for every codec."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.codecs import codecs
from datasets.codecs.avif import Avif
from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg

CODECS = tuple(codecs().values())


def test_levels_run_from_the_worst_to_the_best():
    assert Jpeg().levels.tolist() == list(range(1, 101))
    assert Bpg().levels.tolist() == list(range(51, 0, -1))
    assert Avif().levels.tolist() == list(range(3, 100, 4))
    ends = [(codec.sign, codec.lowest, codec.highest) for codec in (Jpeg(), Bpg(), Avif())]
    assert ends == [(1, 1, 100), (-1, 1, 51), (1, 3, 99)]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_positions_count_levels_from_the_worst(codec):
    assert codec.position(codec.levels).tolist() == list(range(len(codec.levels)))
    assert codec.levels[-1] == codec.best_level, "the step does not lead to the best level"


@given(st.sampled_from(CODECS), st.floats(-10, 200))
@settings(deadline=None)
def test_a_position_leads_back_to_its_level(codec, level):
    assert codec.level_at(codec.position(level)) == pytest.approx(level)


def test_a_level_between_two_has_a_position_between_theirs():
    assert Avif().position(5) == 0.5 and Avif().level_at(0.25) == 4
    np.testing.assert_allclose(Bpg().position(np.array([50.5, 1])), [0.5, 50])


def test_codecs_are_equal_by_kind_and_survive_pickling():
    assert Jpeg() == Jpeg() != Bpg()
    assert len({Jpeg(), Jpeg(), Bpg()}) == 2
    assert [pickle.loads(pickle.dumps(codec)) for codec in CODECS] == list(CODECS)
