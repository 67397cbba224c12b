"""Protects training: it learns, stops at the best epoch, goes on after a kill to the same bits, and says what fails."""

import dataclasses
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from baselines.learned.network.nets.training import LEAST_WEIGHT, Batch, History, Training, loss_of, pooled
from baselines.learned.network.settings import TrainingSettings
from datasets.common.errors import UserError

CONFIG = TrainingSettings(epochs=12, patience=12, batch=16, learning_rate=3e-2, weight_decay=1e-3)


class Toy(nn.Module):
    """Patch logits and weights of two numbers a patch; dropout, so that random numbers matter."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.hidden, self.out = nn.Linear(2, 16), nn.Linear(16, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        quality = self.out(self.dropout(self.hidden(tokens).relu()))[..., 0]
        return quality, torch.ones_like(quality)


class Points:
    """Labels that depend on the tokens, and held-out ones that do too, or the other way round."""

    def __init__(self, batch: int = 16, *, opposite: bool = False) -> None:
        generator = torch.Generator().manual_seed(1)
        self.tokens = torch.randn(160, 3, 2, generator=generator)
        self.labels = (3 * self.tokens[..., 0]).sigmoid().mean(dim=1)
        self.size = batch
        self.told = 1 - self.labels[120:] if opposite else self.labels[120:]

    def steps(self) -> int:
        return 120 // self.size

    def epoch(self, seed: int) -> Iterator[Batch]:
        order = torch.randperm(120, generator=torch.Generator().manual_seed(seed))
        for chosen in order[: self.steps() * self.size].split(self.size):
            yield Batch((self.tokens[chosen],), torch.ones(len(chosen), 3), self.labels[chosen])

    def held_out(self) -> Iterator[Batch]:
        yield Batch((self.tokens[120:],), torch.ones(40, 3), self.told)


class StoppedError(Exception):
    """Stands in for a kill."""


def training(network: nn.Module, config: TrainingSettings = CONFIG, *, seed: int = 0, folder=None) -> Training:
    return Training(network, [(network.parameters(), config.learning_rate)], config, seed=seed, folder=folder)


def changed(**settings: object) -> TrainingSettings:
    return dataclasses.replace(CONFIG, **settings)


def trained(
    config: TrainingSettings = CONFIG, source: Points | None = None, *, seed: int = 0, folder=None
) -> tuple[Toy, History]:
    network = Toy()
    return network, training(network, config, seed=seed, folder=folder).run(source or Points())


def same(one: nn.Module, other: nn.Module) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(tensor, theirs[name]) for name, tensor in one.state_dict().items())


def stop_after(epochs: int):
    def progress(epoch: int, history: History) -> None:
        if epoch + 1 == epochs:
            raise StoppedError

    return progress


@pytest.mark.parametrize("loss", ["cross-entropy", "squared"])
def test_it_learns_what_the_tokens_say(loss):
    config = changed(loss=loss, epochs=20)
    network, history = trained(config)
    labels = Points().labels[120:]
    constant = float(loss_of(labels.mean().expand(40), labels, loss))
    certain = float(loss_of(labels, labels, loss))  # soft labels have a cross-entropy of their own
    assert history.held_out[history.best] - certain < 0.25 * (constant - certain)
    assert history.training[-1] < history.training[0]
    assert not network.training


def test_the_best_epochs_weights_are_kept(tmp_path):
    network, source, seen = Toy(), Points(opposite=True), []
    run = training(network)
    history = run.run(source, progress=lambda *_: seen.append({k: v.clone() for k, v in network.state_dict().items()}))
    assert history.best < len(history.training) - 1, "the more is learned, the worse"
    assert all(torch.equal(tensor, seen[history.best][name]) for name, tensor in network.state_dict().items())
    assert float(run._validate(source, 0)) == history.held_out[history.best]


def test_patience_ends_it():
    config = changed(patience=2, epochs=60)
    _, history = trained(config, Points(opposite=True))
    assert len(history.training) == history.best + 3 < 60


def test_without_held_out_pictures_the_last_epoch_counts(monkeypatch):
    monkeypatch.setattr(Points, "held_out", lambda self: iter(()))
    _, history = trained()
    assert history.held_out == [] and history.best == 11 and len(history.training) == 12


def test_half_batches_accumulated_learn_the_same():
    config = changed(epochs=4)
    whole, half = Toy(), Toy()
    whole.dropout.p = half.dropout.p = 0.0
    first = training(whole, config).run(Points(24))
    second = training(half, dataclasses.replace(config, accumulate=2)).run(Points(12))
    assert second.training == pytest.approx(first.training, rel=0.02)
    assert second.held_out == pytest.approx(first.held_out, rel=0.02)


def test_a_seed_decides_every_bit_and_the_global_random_numbers_stay():
    before = torch.get_rng_state()
    (first, history), (other, _) = trained(seed=1), trained(seed=2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)  # what was drawn elsewhere before must not matter
        again, repeated = trained(seed=1)
    assert same(first, again) and history == repeated
    assert not same(first, other)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("epochs", [1, 5, 11])
@pytest.mark.parametrize("opposite", [False, True])
def test_a_killed_training_goes_on_to_the_same_bits(tmp_path, epochs, opposite):
    whole, history = trained(source=Points(opposite=opposite))
    with pytest.raises(StoppedError):
        training(Toy(), folder=tmp_path).run(Points(opposite=opposite), progress=stop_after(epochs))
    told, network = [], Toy()
    resumed = training(network, folder=tmp_path).run(
        Points(opposite=opposite), progress=lambda epoch, _: told.append(epoch)
    )
    assert told == list(range(epochs, 12))
    assert resumed == history and same(network, whole)
    assert {path.name for path in tmp_path.iterdir()} == {"history.json", "epoch-12.safetensors"}


def test_a_finished_training_is_not_trained_again(tmp_path):
    first, history = trained(folder=tmp_path)
    told, network = [], Toy()
    assert training(network, folder=tmp_path).run(Points(), progress=lambda *_: told.append(1)) == history
    assert told == [] and same(network, first)


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    return content[:-40] + bytes([content[-40] ^ 64]) + content[-39:]


@pytest.mark.parametrize("harm", [truncated, flipped, lambda content: b"", lambda content: content.replace(b"n", b"m")])
@pytest.mark.parametrize("name", ["history.json", "epoch-3.safetensors"])
def test_a_damaged_state_is_trained_again(tmp_path, harm, name):
    whole, history = trained()
    with pytest.raises(StoppedError):
        training(Toy(), folder=tmp_path).run(Points(), progress=stop_after(3))
    path = tmp_path / name
    path.write_bytes(harm(path.read_bytes()))
    told, network = [], Toy()
    assert training(network, folder=tmp_path).run(Points(), progress=lambda epoch, _: told.append(epoch)) == history
    assert told == list(range(12)) and same(network, whole)


def test_the_state_of_another_network_leaves_this_one_untrained(tmp_path):
    """Tensors of one shape and name would be loaded before the first that does not fit is found."""
    trained(folder=tmp_path)

    class Wider(Toy):
        def __init__(self) -> None:
            super().__init__()
            self.extra = nn.Parameter(torch.zeros(3))

    wider, fresh = Wider(), Wider()
    training(wider, folder=tmp_path)._resume()
    assert same(wider, fresh)


@pytest.mark.parametrize("loss", ["cross-entropy", "squared"])
@pytest.mark.parametrize("when", ["training", "evaluation"])
def test_a_loss_that_is_no_number_is_told(loss, when):
    class Diverged(Toy):
        def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
            quality, weight = super().forward(tokens)
            return quality * (float("nan") if self.training == (when == "training") else 1.0), weight

    with pytest.raises(UserError, match=r"diverged in epoch 1: the loss is nan\. Set a lower learning_rate than 0\.03"):
        training(Diverged(), changed(loss=loss)).run(Points())


@pytest.mark.parametrize("device", ["cuda", "cpu", "numpy"])
def test_short_memory_is_told_with_what_to_do(device):
    class Large(Toy):
        def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
            if device == "cuda":
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            if device == "numpy":
                raise MemoryError
            torch.empty(1 << 60)  # more than any machine has
            return super().forward(tokens)

    with pytest.raises(UserError, match=r"16 levels x 4 patches\. Halve batch and double accumulate \(now 1\)"):
        training(Large()).run(Points())


def test_other_errors_of_a_network_are_not_taken_for_short_memory():
    class Broken(Toy):
        def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        training(Broken()).run(Points())


def test_absent_patches_count_nothing():
    config = changed(epochs=1)
    run = training(Toy(), config)
    tokens, labels = torch.randn(4, 3, 2), torch.rand(4)
    run._network.eval()
    present = torch.tensor([1.0, 1.0, 0.0]).expand(4, 3)
    other = tokens.clone()
    other[:, 2] = 99.0
    assert torch.equal(run._loss(Batch((tokens,), present, labels)), run._loss(Batch((other,), present, labels)))


def test_the_learning_rate_rises_and_falls_once():
    network = Toy()
    run, rates = training(network), []
    for step in range(1, 101):
        run._set_rates(step / 100)
        rates.append(run._optimiser.param_groups[0]["lr"])
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(3e-2) and 15 <= peak <= 25
    assert rates[:peak] == sorted(rates[:peak]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 1e-5


def test_losses_are_finite_for_certain_answers():
    assert float(loss_of(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0]), "cross-entropy")) < 10


def test_pooling_by_hand():
    quality = torch.tensor([[0.0, 100.0, -100.0]])  # probabilities 1/2, 1, 0
    assert torch.allclose(pooled(quality, torch.tensor([[2.0, 1.0, 1.0]])), torch.tensor([0.5]))
    assert torch.allclose(pooled(quality, torch.tensor([[2.0, 2.0, 0.0]])), torch.tensor([0.75]))


def test_a_pictures_probability_lies_between_the_patches_and_only_shares_of_the_weight_count():
    generator = torch.Generator().manual_seed(0)
    quality, weight = torch.randn(50, 7, generator=generator), torch.rand(50, 7, generator=generator) + LEAST_WEIGHT
    found, each = pooled(quality, weight), quality.sigmoid()
    assert (found >= each.min(dim=1).values).all() and (found <= each.max(dim=1).values).all()
    assert torch.allclose(pooled(quality, 40 * weight), found)


def test_patches_of_the_least_weight_alone_are_averaged():
    quality = torch.tensor([[1.0, -1.0, 3.0]])
    found = pooled(quality, torch.full((1, 3), LEAST_WEIGHT))
    assert torch.allclose(found, quality.sigmoid().mean(dim=1)) and found.isfinite().all()


def test_a_patch_without_weight_has_no_say_and_no_gradient():
    quality = torch.tensor([[0.3, 5.0]], requires_grad=True)
    found = pooled(quality, torch.tensor([[1.0, 0.0]]))
    assert torch.allclose(found, torch.tensor(0.3).sigmoid())
    found.sum().backward()
    assert quality.grad[0, 0] > 0 and quality.grad[0, 1] == 0
