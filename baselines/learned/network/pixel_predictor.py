"""What predictors with a small network on pixels share: presets, training on patches, asking for levels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from baselines.learned.network.extractor import device_of
from baselines.learned.network.patches import Patches, cover
from baselines.learned.network.pixel_fitting import fit_pixels, new_network
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.search.rules import Ask
from baselines.learned.network.settings import Teaching
from baselines.learned.network.training_set import Fitted
from datasets.common.cache import training_folder
from datasets.common.errors import UserError, unknown_name
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
class PixelSettings(Teaching):
    """How a network on pixels is built and trained.

    :param blocks: of two convolutions and a halving each.
    :param first_channels: of the first block; every further block has twice those of the one before.
    :param hidden: units between a pair's features and its quality.
    :param dropout: share of those left out in training.
    :param threads: of the processor, 0 for all. Small convolutions are slower on several than on one, many times so
        beside other work, and one adds in one order.
    """

    least = {"blocks": 1, "first_channels": 1, "hidden": 1, "threads": 0}
    shares = ("dropout",)

    blocks: int = 5
    first_channels: int = 32
    hidden: int = 256
    dropout: float = 0.5
    threads: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patch_pixels < 2**self.blocks:
            raise UserError(f"{self.title}'s {self.blocks} blocks halve a patch of {self.patch_pixels} pixels away")


class PixelPredictor(NetworkPredictor["PairNetwork"]):
    """A network that has seen no other pictures than those it is trained on."""

    preset: str = FULL
    """`full`, the network at the published size, or `fast`, one for two cores."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]]
    """Settings by preset."""
    step: ClassVar[int] = 1
    """Patches start at multiples of it."""
    has_plane: ClassVar[bool] = False
    """Whether a plane of the reference is looked at too."""

    @classmethod
    def variants(cls) -> dict[str, dict[str, Any]]:
        """The network at its published size, and a small one."""
        return {cls.card.name: {"preset": FULL}, f"{cls.card.name}-fast": {"preset": FAST}}

    @classmethod
    def cost_of(cls, parameters: Mapping[str, Any]) -> str:
        """Only the small one trains in minutes without a GPU."""
        return "slow" if parameters.get("preset") == FAST else "heavy"

    @abstractmethod
    def config(self) -> PixelSettings:
        """The settings, the preset's filled in."""

    def preset_settings(self) -> Mapping[str, Any]:
        """Those of the preset.

        :raises UserError: where there is no such preset.
        """
        if self.preset not in self.presets:
            raise unknown_name(f"preset of {self.card.name}", self.preset, self.presets)
        return self.presets[self.preset]

    def plane(self, picture: Picture) -> np.ndarray:
        """What else is looked at of the reference, in grey levels, shape (height, width)."""
        raise NotImplementedError

    def remark(self, picture: Picture) -> str:
        """Which preset it is."""
        config = self.config()
        channels = config.first_channels * 2 ** (config.blocks - 1)
        return f"preset {self.preset}: {config.blocks} blocks up to {channels} channels, trained from random weights"

    def patches(self, picture: Picture) -> Patches:
        """Where a picture is looked at when it is asked about."""
        height, width = picture.reference.shape[:2]
        config = self.config()
        return cover(height, width, config.patch_pixels, config.most_patches).aligned(self.step)

    def fit_network(self, pictures: Sequence[Picture], levels: np.ndarray, seed: int) -> Fitted[PairNetwork]:
        lesson, config = self.lesson(pictures, levels), self.config()
        parts = {"method": self.card.name, "lesson": lesson.key(), "config": asdict(config), "seed": seed}
        plane = self.plane if self.has_plane else None
        folder, device = training_folder(parts), device_of(self.device)
        with torch_threads(config.threads):
            return fit_pixels(lesson, config, seed=seed, device=device, plane=plane, step=self.step, folder=folder)

    def new_network(self) -> PairNetwork:
        return new_network(self.config(), has_plane=self.has_plane)

    def ask(self, picture: Picture) -> Ask:
        import torch

        from baselines.learned.network.nets.pooling import pooled

        device = torch.device(device_of(self.device))
        network, patches, threads = self.fitted_.model.to(device), self.patches(picture), self.config().threads
        with torch.inference_mode(), torch_threads(threads):
            plane = _batch(patches.cut(self.plane(picture)), device) if self.has_plane else None
            reference = network.features(_pixels(patches.cut(picture.reference), device), plane)
            of_plane = network.plane_features(plane)

        def probabilities(positions: np.ndarray) -> np.ndarray:
            found = []
            with torch.inference_mode(), torch_threads(threads):
                for level in np.asarray(picture.codec.level_at(np.asarray(positions))).tolist():
                    seen = network.features(_pixels(patches.cut(picture.ladder.rgb(int(level))), device), plane)
                    quality, weight = network.compare(reference, seen, of_plane)
                    found.append(float(pooled(quality[None], weight[None])))
            return np.array(found)

        return probabilities


def _batch(array: np.ndarray, device: Any) -> Tensor:
    import torch

    return torch.from_numpy(array).to(device)


def _pixels(array: np.ndarray, device: Any) -> Tensor:
    return _batch(array, device).permute(0, 3, 1, 2)
