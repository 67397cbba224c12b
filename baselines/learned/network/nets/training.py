"""Batches of labelled levels, and one loop for all ways of training: epochs, early stopping, going on after a kill."""

from __future__ import annotations

import copy
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

from baselines.learned.network.settings import TrainingSettings
from baselines.learned.network.training_set import drawing_chances
from datasets.common.cache import warn_of_cache
from datasets.common.errors import UserError
from datasets.common.files import write_atomically
from datasets.common.hashing import sha256_of_bytes

LEAST_WEIGHT = 1e-6
"""Added to every patch's weight, so that they never sum to nothing."""
_WARM_UP = 0.2
"""Share of all steps in which the learning rate rises."""
_CERTAIN = 1e-4
"""Probabilities this near to 0 or 1 are as good as certain: cross-entropy must not be infinite."""


@dataclass(frozen=True)
class Batch:
    """Levels of pictures, with what people said of them.

    :param inputs: what the network is called with.
    :param present: 1 where there is a patch, else 0, shape (batch, patches); pictures differ in how many they have.
    :param target: labels, shape (batch,).
    """

    inputs: tuple[Tensor, ...]
    present: Tensor
    target: Tensor


class Examples(ABC):
    """Labelled levels of pictures, dealt into batches.

    :param labels: share who notice or hard label at each of a picture's levels, shape (pictures, levels).
    :param trained: numbers of the pictures to train on.
    """

    def __init__(self, labels: np.ndarray, trained: Sequence[int], config: TrainingSettings) -> None:
        self.labels, self.trained, self.config = labels, list(trained), config
        self.chances = drawing_chances(labels)
        self.drawn = min(config.levels_per_picture, labels.shape[1])
        """Levels of each picture in an epoch."""

    @final
    def steps(self) -> int:
        """How many batches an epoch has."""
        return -(-len(self.trained) * self.drawn // self.config.batch)

    @abstractmethod
    def epoch(self, seed: int) -> Iterable[Batch]:
        """One epoch of random batches, the same for the same seed."""

    @abstractmethod
    def held_out(self) -> Iterable[Batch]:
        """The held-out pictures at fixed levels, one batch a picture; empty where none are held out."""

    @final
    def draw(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Numbers of pictures and of levels of theirs, drawn by chance without repetition, shuffled, batch by batch."""
        trained = torch.as_tensor(self.trained)
        levels = torch.multinomial(torch.from_numpy(self.chances)[trained], self.drawn, generator=generator).ravel()
        pictures = trained[:, None].expand(-1, self.drawn).ravel()
        for chosen in torch.randperm(len(pictures), generator=generator).split(self.config.batch):
            yield pictures[chosen], levels[chosen]


@final
@dataclass
class History:
    """Losses by epoch.

    :param training: mean over the epoch's batches.
    :param held_out: mean over the held-out pictures; empty without any.
    """

    training: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)

    @property
    def best(self) -> int:
        """The epoch that counts: the one best on held-out pictures, else the last."""
        return int(np.argmin(self.held_out)) if self.held_out else len(self.training) - 1


@final
class Training:
    """Trains one network.

    :param network: called with a batch's inputs, gives patch logits and weights.
    :param rates: groups of parameters with their peak learning rates.
    :param folder: where the state is written after every epoch, and from where it goes on; None for nowhere.
    """

    def __init__(
        self,
        network: nn.Module,
        rates: Sequence[tuple[Iterable[nn.Parameter], float]],
        config: TrainingSettings,
        *,
        seed: int,
        folder: Path | None = None,
        bf16: bool = False,
    ) -> None:
        self._network, self._config, self._seed, self._folder, self._bf16 = network, config, seed, folder, bf16
        groups = [{"params": list(parameters), "lr": rate, "peak": rate} for parameters, rate in rates]
        self._optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay, fused=True)
        self._history = History()
        self._best: dict[str, Tensor] = {}

    def run(self, examples: Examples, *, progress: Callable[[int, History], None] = lambda *_: None) -> History:
        """Train until the epochs or the patience end; the network then has the weights of the best epoch.

        :param progress: called after every epoch with its number and the losses so far.
        :raises UserError: where memory is short, or the loss is no number.
        """
        self._resume()
        while not self._finished():
            epoch = len(self._history.training)
            try:
                with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
                    torch.manual_seed(self._seed * 1_000_003 + epoch)
                    loss = self._train(examples, epoch)
                held_out = self._validate(examples, epoch)
            except (MemoryError, RuntimeError) as error:
                if not _is_short_of_memory(error):
                    raise
                raise UserError(_short_of_memory(self._config)) from error
            self._note(loss, held_out)
            progress(epoch, self._history)
        self._network.load_state_dict(self._best)
        self._network.eval()
        return self._history

    def _finished(self) -> bool:
        done = len(self._history.training)
        return done >= self._config.epochs or (done > 0 and done - 1 - self._history.best >= self._config.patience)

    def _train(self, examples: Examples, epoch: int) -> float:
        self._network.train()
        steps, losses = examples.steps(), []
        for step, batch in enumerate(examples.epoch(self._seed * 1_000_003 + epoch)):
            self._set_rates((epoch * steps + step + 1) / (self._config.epochs * steps))
            loss = self._loss(batch)
            (loss / self._config.accumulate).backward()
            losses.append(self._checked(float(loss.detach()), epoch))
            if (step + 1) % self._config.accumulate == 0 or step + 1 == steps:
                self._optimiser.step()
                self._optimiser.zero_grad(set_to_none=True)
        return float(np.mean(losses))

    def _validate(self, examples: Examples, epoch: int) -> float | None:
        self._network.eval()
        with torch.inference_mode():
            losses = [self._checked(float(self._loss(batch)), epoch) for batch in examples.held_out()]  # one a picture
        return float(np.mean(losses)) if losses else None

    def _checked(self, loss: float, epoch: int) -> float:
        if not math.isfinite(loss):
            raise UserError(
                f"training diverged in epoch {epoch + 1}: the loss is {loss}. Set a lower learning_rate than "
                f"{self._config.learning_rate:g}."
            )
        return loss

    def _loss(self, batch: Batch) -> Tensor:
        device = batch.target.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self._bf16):
            quality, weight = self._network(*batch.inputs)
        return loss_of(pooled(quality.float(), weight.float() * batch.present), batch.target, self._config.loss)

    def _set_rates(self, share: float) -> None:
        """One cycle: a cosine up to the peak, and one down to nearly nothing."""
        rising = share < _WARM_UP
        along = share / _WARM_UP if rising else (1 - share) / (1 - _WARM_UP)
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * max((1 - math.cos(math.pi * along)) / 2, 1e-4)

    def _note(self, loss: float, held_out: float | None) -> None:
        self._history.training.append(loss)
        if held_out is not None:
            self._history.held_out.append(held_out)
        if self._history.best == len(self._history.training) - 1:
            self._best = {name: tensor.detach().clone() for name, tensor in self._network.state_dict().items()}
        if self._folder is not None:
            try:
                self._save(self._folder)
            except OSError as error:
                warn_of_cache(error)
                self._folder = None

    def _save(self, folder: Path) -> None:
        from safetensors.torch import save

        tensors = {f"network.{name}": tensor for name, tensor in self._network.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self._best.items()}
        for number, state in self._optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
        epoch = len(self._history.training)
        payload = save({name: tensor.contiguous().clone() for name, tensor in tensors.items()})
        history = {"training": self._history.training, "held_out": self._history.held_out}
        record = {"history": history, "sha256": sha256_of_bytes(payload)}
        write_atomically(folder / f"epoch-{epoch}.safetensors", payload)
        write_atomically(folder / "history.json", json.dumps(record))  # names the epoch: payload first
        for older in folder.glob("epoch-*.safetensors"):
            if older.name != f"epoch-{epoch}.safetensors":
                older.unlink()

    def _resume(self) -> None:
        """Go on from the last epoch that was written; what is damaged is trained again."""
        if self._folder is None or not (self._folder / "history.json").is_file():
            return
        from safetensors import SafetensorError
        from safetensors.torch import load

        untrained = copy.deepcopy(self._network.state_dict())
        try:
            record = json.loads((self._folder / "history.json").read_text(encoding="utf-8"))
            history = History(**record["history"])
            payload = (self._folder / f"epoch-{len(history.training)}.safetensors").read_bytes()
            if sha256_of_bytes(payload) != record["sha256"]:  # safetensors has no checksum of its own
                return
            tensors = load(payload)
            self._network.load_state_dict(_under(tensors, "network."))
            state: dict[int, dict[str, Tensor]] = {}
            for name, tensor in _under(tensors, "optimiser.").items():
                number, _, key = name.partition(".")
                state.setdefault(int(number), {})[key] = tensor
            self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": state})
        except (SafetensorError, OSError, ValueError, TypeError, RuntimeError, KeyError):
            self._network.load_state_dict(untrained)  # of a state that does not fit, what fits has been loaded
            return
        self._history, self._best = history, _under(tensors, "best.")


def pooled(quality: Tensor, weight: Tensor) -> Tensor:
    """A picture's probability: the weighted mean of its patches' (the form of WaDIQaM, Bosse et al. 2018).

    :param quality: logits, shape (batch, patches).
    :returns: shape (batch,).
    """
    return (quality.sigmoid() * weight).sum(dim=-1) / weight.sum(dim=-1)


def loss_of(probability: Tensor, target: Tensor, kind: str) -> Tensor:
    """The mean loss, one of `baselines.learned.network.settings.LOSSES`."""
    if kind == "squared":
        return nn.functional.mse_loss(probability, target)
    if not bool(probability.isfinite().all()):
        return probability.mean()  # no number either; binary_cross_entropy would raise, and on CUDA end the process
    return nn.functional.binary_cross_entropy(probability.clamp(_CERTAIN, 1 - _CERTAIN), target)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _is_short_of_memory(error: Exception) -> bool:
    """Of a CPU torch says so in a plain RuntimeError."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _short_of_memory(config: TrainingSettings) -> str:
    return (
        f"memory is too short for batches of {config.batch} levels x {config.patches_per_picture} patches. Halve batch "
        f"and double accumulate (now {config.accumulate}), which learns the same, or take fewer patches_per_picture."
    )
