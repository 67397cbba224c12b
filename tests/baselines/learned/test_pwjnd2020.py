"""Protects `pwjnd2020`: a window over hard decisions at every level, whatever the picture's place in it."""

import numpy as np

from baselines.learned.network.pixel_predictor import FAST, FULL
from baselines.learned.network.search import STRATEGIES
from baselines.learned.pwjnd2020 import Pwjnd2020


def test_it_slides_a_window_over_decisions_about_the_truth():
    for preset in (FULL, FAST):
        config = Pwjnd2020(preset=preset).config()
        assert (config.search, config.label) == ("window", "hard")
    assert not Pwjnd2020.has_plane and Pwjnd2020.step == 1


def test_under_the_window_every_level_is_asked_once(learned_pwjnd, same_source):
    predictor = Pwjnd2020(preset=FAST, settings={**learned_pwjnd.settings, "search": "window"}, device="cpu")
    predictor.fitted_ = learned_pwjnd.fitted_
    picture = same_source[2].without_samples()
    curve = predictor.curve(picture)
    assert sorted(curve.asked) == list(range(100))
    answers = predictor.ask(picture)(np.arange(100))
    expected = STRATEGIES["window"]().find(answers.__getitem__, 100, learned_pwjnd.fitted_.prior)
    assert predictor.predict(picture).level == 1 + expected.position
