"""What predictors with a small network on pixels share: presets, training on patches, asking for levels."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from baselines.learned.network.extractor import device_of
from baselines.learned.network.patches import Patches, patches_of
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.search.rules import Ask, evenly
from baselines.learned.network.settings import TrainingSettings, count, share
from baselines.learned.network.training_set import Fitted, Progress, TrainingSet
from datasets.common.errors import UserError, check_name
from datasets.common.threads import torch_threads
from datasets.core.picture import Picture

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.learned.network.nets.convolution import PairNetwork

FULL, FAST = "full", "fast"
PRESETS: Mapping[str, Mapping[str, Any]] = {
    FULL: {
        "patch_pixels": 64,
        "most_patches": 128,
        "label": "hard",
        "epochs": 60,
        "patience": 15,
        "learning_rate": 3e-4,
        "batch": 32,
        "levels_per_picture": 12,
        "patches_per_picture": 16,
    },
    FAST: {
        "patch_pixels": 64,
        "most_patches": 16,
        "label": "hard",
        "blocks": 4,
        "first_channels": 8,
        "hidden": 64,
        "dropout": 0.25,
        "epochs": 10,
        "patience": 4,
        "learning_rate": 2e-3,
        "batch": 8,
        "levels_per_picture": 24,
        "patches_per_picture": 2,
        "grid_levels": 10,
        "threads": 1,
    },
}
"""Settings by preset that both published networks share; the search is each one's own."""
QUICK = {
    "patch_pixels": 32,
    "blocks": 2,
    "first_channels": 2,
    "hidden": 4,
    "dropout": 0.0,
    "epochs": 1,
    "batch": 8,
    "levels_per_picture": 4,
    "patches_per_picture": 2,
    "most_patches": 2,
    "grid_levels": 4,
    "search": "grid",
    "threads": 1,
}
"""Settings under which a fit takes a moment. What has learned nothing in it answers alike everywhere, on which a search
by decisions ends at an end of the range; the grid's fit stays with the prior."""


@dataclass(frozen=True)
class PixelSettings(TrainingSettings):
    """How a network on pixels is built and trained.

    :param blocks: of two convolutions and a halving each.
    :param first_channels: of the first block; every further block has twice those of the one before.
    :param hidden: units between a pair's features and its quality.
    :param dropout: share of those left out in training.
    :param threads: of the processor, 0 for all. Small convolutions are slower on several than on one, many times so
        beside other work, and one adds in one order.
    """

    blocks: int = count(5)
    first_channels: int = count(32)
    hidden: int = count(256)
    dropout: float = share(0.5)
    threads: int = count(0, least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patch_pixels < 2**self.blocks:
            raise UserError(f"{self.title}'s {self.blocks} blocks halve a patch of {self.patch_pixels} pixels away")


class PixelPredictor(NetworkPredictor["PairNetwork"]):
    """A network that has seen no other pictures than those it is trained on."""

    resumes = True

    preset: str = FULL
    """`full`, the network at the published size, or `fast`, one for two cores."""

    quick = {"settings": QUICK}
    settings_class: ClassVar[type[PixelSettings]]
    """What holds the settings; its default of `search` is the method's own."""
    step: ClassVar[int] = 1
    """Patches start at multiples of it."""
    has_plane: ClassVar[bool] = False
    """Whether the network is given a plane of the reference too."""

    @classmethod
    def variants(cls) -> dict[str, dict[str, Any]]:
        return {cls.card.name: {"preset": FULL}, f"{cls.card.name}-fast": {"preset": FAST}}

    @classmethod
    def cost_of(cls, parameters: Mapping[str, Any]) -> str:
        """Only the small one trains in minutes without a GPU."""
        return "slow" if parameters.get("preset") == FAST else "heavy"

    def config(self) -> PixelSettings:
        """The settings, the preset's filled in.

        :raises UserError: where there is no such preset.
        """
        check_name(f"preset of {self.card.name}", self.preset, PRESETS)
        return self.settings_class.of(self.settings, **PRESETS[self.preset])

    def plane(self, picture: Picture) -> np.ndarray:
        """What the network is given of the reference besides its pixels, in grey levels, shape (height, width)."""
        raise NotImplementedError

    def remark(self, picture: Picture) -> str:
        config = self.config()
        channels = config.first_channels * 2 ** (config.blocks - 1)
        return f"preset {self.preset}: {config.blocks} blocks up to {channels} channels, trained from random weights"

    def patches(self, picture: Picture) -> Patches:
        """Of a picture, those that the network is given when a level is predicted."""
        config = self.config()
        patches = patches_of(picture.reference, config.patch_pixels, config.most_patches, config.places)
        return patches.aligned(self.step)

    def train(
        self, training_set: TrainingSet, *, seed: int, folder: Path | None, progress: Progress
    ) -> Fitted[PairNetwork]:
        import torch

        from baselines.learned.network.nets.pixel_examples import PixelExamples
        from baselines.learned.network.nets.training import Training

        config, device = self.config(), device_of(self.device)
        with torch_threads(config.threads):
            count = len(training_set.codec.levels)
            trained, held_out = next(training_set.held_out(1, seed))
            examples = PixelExamples(
                training_set.pictures,
                training_set.labels(config.label),
                trained,
                held_out,
                config,
                device,
                evenly(min(config.grid_levels, count), count),
                maps=self.plane if self.has_plane else None,
                step=self.step,
            )
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                network = self.new_network().to(device)
            rates = [(network.parameters(), config.learning_rate)]
            training = Training(network, rates, config, seed=seed, folder=folder, bf16=config.bf16)
            history = training.run(examples, progress=functools.partial(progress, 0))
            return training_set.fitted(network.cpu().eval(), config.label, [history])

    def new_network(self) -> PairNetwork:
        from baselines.learned.network.nets.convolution import PairNetwork

        return PairNetwork(self.config(), has_plane=self.has_plane)

    def ask(self, picture: Picture) -> Ask:
        import torch

        from baselines.learned.network.nets.training import pooled

        device = torch.device(device_of(self.device))
        network, patches, threads = self.fitted_.model.to(device), self.patches(picture), self.config().threads
        with torch.inference_mode(), torch_threads(threads):
            plane = _batch(patches.cut(self.plane(picture)), device) if self.has_plane else None
            reference = network.features(_pixels(patches.cut(picture.reference), device), plane)
            of_plane = network.plane_features(plane)

        def probabilities(positions: np.ndarray) -> np.ndarray:
            answers = []
            with torch.inference_mode(), torch_threads(threads):
                for level in np.asarray(picture.codec.level_at(np.asarray(positions))).tolist():
                    features = network.features(_pixels(patches.cut(picture.ladder.rgb(round(level))), device), plane)
                    quality, weight = network.compare(reference, features, of_plane)
                    answers.append(float(pooled(quality[None], weight[None])))
            return np.array(answers)

        return probabilities


def _batch(array: np.ndarray, device: Any) -> Tensor:
    import torch

    return torch.from_numpy(array).to(device)


def _pixels(array: np.ndarray, device: Any) -> Tensor:
    return _batch(array, device).permute(0, 3, 1, 2)
