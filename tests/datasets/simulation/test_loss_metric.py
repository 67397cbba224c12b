"""Protects what simulated observers see with: the loss of each metric, and what its name and constants say."""

import importlib.metadata

import numpy as np
import pytest
from skimage import data

from baselines.interface.registry import registry
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import UserError
from datasets.sets._simulated_samples import OBSERVERS_METRICS
from datasets.simulation.observers import LOSS_METRICS

PICTURE = np.ascontiguousarray(data.astronaut()[:128, 150:278])
each_metric = pytest.mark.parametrize("metric", LOSS_METRICS.values(), ids=LOSS_METRICS)


@pytest.mark.parametrize("name", sorted(LOSS_METRICS.keys() - {"cvvdp"}))
def test_worse_quality_loses_more_and_no_difference_nothing(name):
    """As `test_local_loss` protects it for ColorVideoVDP."""
    metric = LOSS_METRICS[name]
    try:
        loss = metric.loss(24.3)
    except UserError as error:
        pytest.skip(str(error))
    at = [loss(PICTURE, Jpeg().decode(Jpeg().encode(PICTURE, quality))) for quality in (5, 30, 90)]
    assert at[0] > at[1] > at[2] > 0
    assert loss(PICTURE, PICTURE) == pytest.approx(0, abs=1e-6)


@each_metric
def test_it_is_a_predictor_of_that_name_which_cites_the_same_work(metric):
    """By the name a table marks the rows that see as the observers do."""
    card = registry()[metric.about.name].predictor.card
    assert metric.about.reference.title.lower() == card.references[0].title.lower()
    assert metric.about in OBSERVERS_METRICS
    assert "simulated observers" in metric.about.samples


@each_metric
def test_files_name_the_unit_of_the_loss(metric):
    constants = metric.constants(Jpeg())
    assert (
        metric.loss_name == {"JOD": "loss_jod", "points": "loss_points", "grey levels": "loss_grey_levels"}[metric.unit]
    )
    assert constants[f"one_jnd_{metric.loss_name}"] == metric.one_jnd_loss
    assert constants["log_sigma"] == metric.log_sigma


@each_metric
def test_a_missing_package_says_what_to_install(metric, monkeypatch):
    def missing(package):
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(UserError, match=r"pip install -e"):
        metric.made_with(24.3)
