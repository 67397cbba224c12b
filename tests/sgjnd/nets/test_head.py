"""Protects the head: patches in any order, absent ones without influence, and every switch does what it says."""

import pytest
import torch
from torch import Tensor

from baselines.learned.network.nets.training import pooled
from sgjnd.config import Config
from sgjnd.nets.cross_scale_attention import CrossScaleAttention
from sgjnd.nets.head import Head

REFERENCE, DIFFERENCE, DISTANCES = (3, 4, 5), (2, 4, 5), 5
USED = {"pixels": (0,), "last": (2,), "backbone": (1, 2), "all": (0, 1, 2)}
"""Stages by setting."""
SWITCHES = [
    {},
    {"attention": False},
    {"patch_weights": False},
    {"stages": "last"},
    {"stages": "pixels"},
    {"stages": "backbone"},
    {"stages": "backbone", "attention": False},
    {"branches": "reference"},
    {"branches": "difference"},
    {"branches": "reference", "attention": False},
    {"level_input": False},
    {"distances": False},
]
every_switch = pytest.mark.parametrize("switches", SWITCHES, ids=str)


def new_head(**switches: object) -> Head:
    config = Config(**{"width": 8, "heads": 2, "dropout": 0.1, **switches})
    return Head(config, REFERENCE, DIFFERENCE, DISTANCES).eval()


def head_of(**switches: object) -> Head:
    """In evaluation mode, with every number drawn at random: a new head's last layers are zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        head = new_head(**switches)
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
        torch.nn.init.constant_(head.weight[-1].bias, 1.0)
    return head


def inputs(batch: int = 3, patches: int = 5, tokens: int = 4) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    shape = (batch, patches, tokens)
    numbers = [torch.randn(*shape, channels, generator=generator) for channels in (12, 11, 5)]
    return [*numbers, torch.rand(batch, generator=generator)]


@every_switch
def test_every_switch_builds_and_answers(switches):
    quality, weight = head_of(**switches)(*inputs())
    assert quality.shape == weight.shape == (3, 5)
    assert (weight > 0).all() and quality.isfinite().all()
    probability = pooled(quality, weight)
    assert probability.shape == (3,) and ((probability > 0) & (probability < 1)).all()


@every_switch
def test_gradients_reach_every_parameter(switches):
    head = head_of(**switches)
    pooled(*head(*inputs())).square().sum().backward()
    unreached = {name.split(".")[0] for name, one in head.named_parameters() if one.grad is None or not one.grad.any()}
    assert unreached == ({"weight"} if not switches.get("patch_weights", True) else set())


@every_switch
def test_patches_may_come_in_any_order(switches):
    head, (reference, difference, distance, level) = head_of(**switches), inputs()
    order = torch.tensor([3, 0, 4, 1, 2])
    quality, weight = head(reference, difference, distance, level)
    turned, its_weight = head(reference[:, order], difference[:, order], distance[:, order], level)
    assert torch.allclose(turned, quality[:, order], atol=1e-5)
    assert torch.allclose(pooled(turned, its_weight), pooled(quality, weight), atol=1e-6)


def test_pictures_of_a_batch_do_not_know_of_each_other():
    head, (reference, difference, distance, level) = head_of(), inputs()
    whole = pooled(*head(reference, difference, distance, level))
    for row in range(3):
        one = slice(row, row + 1)
        alone = pooled(*head(reference[one], difference[one], distance[one], level[one]))
        assert torch.allclose(alone, whole[one], atol=1e-5)


def test_an_absent_patch_has_no_influence():
    head, tokens = head_of(), inputs()
    present = torch.ones(3, 5)
    present[1, 3:] = 0
    quality, weight = head(*tokens)
    found = pooled(quality, weight * present)
    assert torch.allclose(found[1], pooled(quality[1:2, :3], weight[1:2, :3])[0], atol=1e-6)
    tokens[0][1, 3:] += 50
    quality, weight = head(*tokens)
    assert torch.equal(pooled(quality, weight * present)[1], found[1])


def test_shares_of_the_weight_sum_to_one_and_a_mean_stays_between():
    quality, weight = torch.randn(6, 9), torch.rand(6, 9) + 1e-6
    assert torch.allclose((weight / weight.sum(dim=-1, keepdim=True)).sum(dim=-1), torch.ones(6))
    value, each = pooled(quality, weight), quality.sigmoid()
    assert (value >= each.min(dim=1).values).all() and (value <= each.max(dim=1).values).all()
    assert torch.allclose(pooled(quality, torch.ones(6, 9)), each.mean(dim=1))
    assert torch.allclose(pooled(quality, 7 * weight), value)


def test_weights_stay_positive_where_the_network_wants_them_below_zero():
    head = head_of()
    torch.nn.init.constant_(head.weight[-1].bias, -100.0)
    quality, weight = head(*inputs())
    assert (weight > 0).all() and torch.allclose(pooled(quality, weight), quality.sigmoid().mean(dim=1), atol=1e-6)


@pytest.mark.parametrize(
    ("branches", "ignored"), [("reference", {"difference", "distance"}), ("difference", {"reference"}), ("both", set())]
)
def test_a_branch_branches_its_own_tokens_alone(branches, ignored):
    head, tokens = head_of(branches=branches), inputs()
    before = pooled(*head(*tokens))
    for place, name in enumerate(("reference", "difference", "distance")):
        changed = list(tokens)
        changed[place] = tokens[place] + torch.linspace(-1, 1, tokens[place].shape[-1])
        assert torch.equal(pooled(*head(*changed)), before) == (name in ignored), name


@pytest.mark.parametrize("stages", USED)
def test_stages_use_their_own_channels_alone(stages):
    """Distances beyond one a stage belong to the finest."""
    head, tokens = head_of(stages=stages), inputs()
    before = pooled(*head(*tokens))
    ends = torch.tensor([0, *REFERENCE]).cumsum(0).tolist()
    channels = {channel for stage in USED[stages] for channel in range(ends[stage], ends[stage + 1])}
    distances = {*USED[stages], *((3, 4) if 0 in USED[stages] else ())}
    for place, known in ((0, channels), (2, distances)):
        for channel in range(tokens[place].shape[-1]):
            changed = [each.clone() for each in tokens]
            changed[place][..., channel] += 1
            assert torch.equal(pooled(*head(*changed)), before) == (channel not in known), (place, channel)


def test_the_level_moves_the_answer_and_a_new_head_knows_nothing():
    tokens = inputs()
    assert not torch.equal(pooled(*head_of()(*tokens[:3], tokens[3] * 0)), pooled(*head_of()(*tokens)))
    quality, weight = new_head()(*tokens)
    assert torch.equal(quality, torch.zeros(3, 5)) and torch.allclose(weight, torch.ones(3, 5), atol=1e-5)


def test_without_the_level_as_input_the_answer_is_the_pictures_alone():
    head, tokens = head_of(level_input=False), inputs()
    assert torch.equal(pooled(*head(*tokens[:3], tokens[3] * 0)), pooled(*head(*tokens)))


def test_without_distances_they_are_not_seen():
    head, (reference, difference, distance, level) = head_of(distances=False), inputs()
    assert torch.equal(
        pooled(*head(reference, difference, distance + 1, level)),
        pooled(*head(reference, difference, distance, level)),
    )


def test_dropout_is_off_in_evaluation_and_on_in_training():
    head, tokens = head_of(dropout=0.5), inputs()
    assert torch.equal(head(*tokens)[0], head(*tokens)[0])
    head.train()
    assert not torch.equal(head(*tokens)[0], head(*tokens)[0])


def test_attention_is_torchs_own_written_out():
    generator = torch.Generator().manual_seed(2)
    attention = CrossScaleAttention(8, 2).eval()
    semantic, finer = (torch.randn(3, count, 8, generator=generator) for count in (4, 4))
    reference = torch.nn.MultiheadAttention(8, 2, batch_first=True).eval()
    with torch.inference_mode():
        reference.in_proj_weight.copy_(torch.cat([attention.query.weight, attention.key_value.weight]))
        reference.in_proj_bias.copy_(torch.cat([attention.query.bias, attention.key_value.bias]))
        reference.out_proj.weight.copy_(attention.out.weight)
        reference.out_proj.bias.copy_(attention.out.bias)
        query, key = attention.norm_semantic(semantic), attention.norm_finer(finer)
        expected = semantic + reference(query, key, key, need_weights=False)[0]
        assert torch.allclose(attention(semantic, finer), expected, atol=1e-5)
