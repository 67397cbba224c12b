"""Protects the backbones' interface: the stages' sizes, the inputs their weights expect, and frozen statistics."""

import numpy as np
import pytest
import torch

from baselines.learned.network.imagenet_weights import BACKBONES, NONE, build, choose
from baselines.learned.network.nets.backbones import Backbone, fold_norms

backbones = pytest.mark.parametrize("name", BACKBONES)
_BUILT: dict[str, Backbone] = {}


def network(name: str) -> Backbone:
    if name not in _BUILT:
        _BUILT[name] = build(choose(name, NONE))
    return _BUILT[name]


def pixels(height: int, width: int, count: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, height, width), dtype=torch.uint8, generator=generator)


@backbones
@pytest.mark.parametrize(("height", "width"), [(64, 64), (33, 47), (32, 100)])
def test_stages_have_the_sizes_that_are_told(name, height, width):
    backbone = network(name)
    with torch.inference_mode():
        maps = backbone(pixels(height, width))
    assert len(maps) == len(backbone.channels) == 5
    for stage, channels, stride in zip(maps, backbone.channels, (2, 4, 8, 16, 32), strict=True):
        assert stage.shape == (2, channels, -(-height // stride), -(-width // stride))
        assert stage.isfinite().all()


@backbones
def test_inputs_are_standard_numbers_of_the_same_shape(name):
    ends = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 1, 2).expand(1, 3, 4, 2)
    found = network(name).normalised(ends)
    assert found.dtype == torch.float32 and found.shape == ends.shape
    assert -3 < float(found.min()) < -0.9 and 0.9 < float(found.max()) < 3


@backbones
def test_every_parameter_of_the_stages_is_reached_by_gradients(name):
    backbone = build(choose(name, NONE)).train()
    sum(stage.mean() for stage in backbone(pixels(64, 64))).backward()
    missing = [key for key, one in backbone.named_parameters() if one.grad is None or not one.grad.isfinite().all()]
    assert missing == []


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite2"])
def test_memory_layout_changes_nothing(name):
    backbone, batch = build(choose(name)), pixels(64, 64)
    with torch.inference_mode():
        ordinary = list(backbone.stages(backbone.normalised(batch)))
        last = backbone.to(memory_format=torch.channels_last)(batch)
    for one, other in zip(ordinary, last, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-3 * float(one.abs().max()))


@pytest.mark.parametrize("side", [31, 32, 33, 48])
def test_padding_is_tensorflows(side):
    """'same' padding puts the odd pixel at the end, so where windows begin depends on the picture's side."""
    from baselines.learned.network.nets.backbones import _Conv

    for kernel, stride in ((3, 1), (3, 2), (5, 2), (5, 1)):
        convolution = _Conv(1, 1, kernel, stride=stride)
        torch.nn.init.zeros_(convolution.weight)
        convolution.weight.data[0, 0, 0, 0] = 1.0  # picks the pixel at the window's first corner
        picture = torch.arange(side * side, dtype=torch.float32).view(1, 1, side, side)
        found = convolution(picture)[0, 0].detach().numpy()
        outputs = -(-side // stride)
        first = max((outputs - 1) * stride + kernel - side, 0) // 2
        rows = np.arange(outputs) * stride - first
        expected = np.where((rows[:, None] >= 0) & (rows >= 0), rows[:, None] * side + rows, 0)
        assert found.shape == (outputs, outputs) and np.array_equal(found, expected)


@backbones
def test_folded_normalisations_change_no_map_and_leave_none_behind(name):
    backbone, batch = build(choose(name, NONE)), pixels(64, 64)
    for norm in (module for module in backbone.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        torch.nn.init.uniform_(norm.running_mean, -0.5, 0.5, generator=torch.Generator().manual_seed(1))
        torch.nn.init.uniform_(norm.running_var, 0.5, 2.0, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        before = backbone(batch)
    fold_norms(backbone)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in backbone.modules())
    with torch.inference_mode():
        for stage, folded in zip(before, backbone(batch), strict=True):
            assert torch.allclose(stage, folded, rtol=1e-4, atol=1e-5 * float(stage.abs().max()))
