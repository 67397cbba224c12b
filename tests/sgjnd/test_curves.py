"""Protects the picture of the losses: a panel a training, whatever its length, and the epoch that counts marked."""

import io

import numpy as np
import pytest
from PIL import Image

from baselines.learned.network.nets.training import History
from sgjnd.curves import draw_losses


@pytest.fixture
def lines(monkeypatch) -> list[tuple[list[float], list[float]]]:
    """What is plotted from now on; an upright line as its place and no values."""
    from matplotlib.axes import Axes

    plotted, whole, upright = [], Axes.plot, Axes.axvline

    def plot(self, *values, **options):
        plotted.append((list(values[0]), list(values[1])))
        return whole(self, *values, **options)

    def axvline(self, x, **options):
        plotted.append(([x], []))
        return upright(self, x, **options)

    monkeypatch.setattr(Axes, "plot", plot)
    monkeypatch.setattr(Axes, "axvline", axvline)
    return plotted


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    assert image.format == "PNG"
    return image


def test_losses_are_drawn_by_epoch_from_1_and_the_best_one_is_marked(lines):
    opened(draw_losses([History([0.9, 0.6, 0.5], [0.8, 0.5, 0.7])], title="demo"))
    assert lines == [([1, 2, 3], [0.9, 0.6, 0.5]), ([1, 2, 3], [0.8, 0.5, 0.7]), ([2], [])]


def test_with_nothing_held_out_the_last_epoch_counts(lines):
    opened(draw_losses([History([0.9, 0.6])], title="demo"))
    assert lines == [([1, 2], [0.9, 0.6]), ([2], [])]


def test_every_training_has_a_panel():
    one = History([0.9], [0.8])
    few, many = (opened(draw_losses([one] * count, title="$5 and _more_")).width for count in (1, 4))
    assert many > 3 * few


def test_the_same_losses_give_the_same_file():
    histories = [History(list(np.linspace(1, 0.2, 20)), list(np.linspace(1, 0.4, 20)))]
    assert draw_losses(histories, title="demo") == draw_losses(histories, title="demo")
