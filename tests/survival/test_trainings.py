"""The whole SG-JND on the paper's backbone, which takes too long for every day."""

import pytest
import torch

from baselines.learned.network.imagenet_weights import read_tensors
from tests.sgjnd import test_predictors as predictors

fit, resnet50_file = predictors.fit, predictors.resnet50_file


@pytest.mark.slow(reason="finds principal components of 2048 channels")
def test_resnet50_is_trained_from_a_weight_file(fit, rated_pictures, resnet50_file, survived):
    predictor = fit(backbone="auto", weights=str(resnet50_file))
    assert predictor.remark(rated_pictures[-1]) == "fine-tuned from resnet50 with weights from mine.pth"
    started = read_tensors(resnet50_file)
    tuned = predictor.fitted_.backbone.state_dict()["conv1.weight"]
    assert torch.allclose(tuned, started["conv1.weight"], atol=2e-3), "it began with the file's weights"
    predictors.assert_tuned(predictor, rated_pictures[-1], started)
    survived("ResNet-50 fine-tuned from a weight file")
