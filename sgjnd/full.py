"""`sgjnd`: SG-JND with its backbone fine-tuned; ResNet-50 where its ImageNet weights can be had."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from baselines.interface.card import Card
from baselines.learned.network.extractor import Looker
from baselines.learned.network.features import Extractor
from baselines.learned.network.frozen_backbone import FrozenBackbonePredictor
from baselines.learned.network.search.rules import Ask
from baselines.learned.network.training_set import Fitted
from datasets.common.cache import training_folder
from datasets.core.picture import Picture
from sgjnd.config import Config
from sgjnd.fitting import fit_whole, new_model
from sgjnd.lite import PAPER, SETTINGS_OURS

if TYPE_CHECKING:
    from sgjnd.nets.model import Model

DEFAULTS: dict[str, Any] = {
    "backbone": "auto",
    "patch_pixels": 224,
    "most_patches": 32,
    "members": 1,
    "batch": 8,
    "accumulate": 4,
    "patches_per_picture": 4,
    "epochs": 10,
    "patience": 4,
    "search": "scan",
    "evidence": 100.0,
}
"""What differs from `Config`'s own: ImageNet's patch size, and batches that fit 8 GB of GPU memory."""


@final
class SgJnd(FrozenBackbonePredictor["Model"]):
    """The whole network, trained on each fold. On a CPU this takes hours; `sgjnd-lite` is for those."""

    quick: ClassVar[dict[str, Any]] = {
        "settings": {
            "backbone": "efficientnet-lite0",
            "patch_pixels": 64,
            "most_patches": 2,
            "patches_per_picture": 2,
            "levels_per_picture": 2,
            "grid_levels": 6,
            "epochs": 1,
            "width": 8,
            "heads": 2,
            "components": 2,
        }
    }

    card = Card(
        name="sgjnd",
        title="SG-JND (ResNet-50, fine-tuned)",
        references=(PAPER,),
        needs_pictures=True,
        cost="heavy",
        deviations=(
            SETTINGS_OURS,
            "Where ResNet-50's ImageNet weights cannot be had, EfficientNet-Lite0 stands in; the run says so.",
            "Stages are reduced to principal components found before fine-tuning; the pixels are one more stage; the "
            "level is an input of the head.",
            "Levels are found in two batches and a logistic fit instead of a window sliding over all 100.",
        ),
    )

    def config(self) -> Config:
        return Config.of(self.settings, **DEFAULTS)

    def remark(self, picture: Picture) -> str:
        """Which network looked at it."""
        return f"fine-tuned from {self.looker().chosen.why}"

    def fit_network(self, pictures: Sequence[Picture], levels: np.ndarray, seed: int) -> Fitted[Model]:
        lesson = self.lesson(pictures, levels)
        folder = training_folder({"lesson": lesson.key(), "config": asdict(self.config()), "seed": seed})
        fitted, _ = fit_whole(self.looker(), lesson, seed=seed, folder=folder)
        shutil.rmtree(folder, ignore_errors=True)  # what a kill would have needed
        return fitted

    def new_network(self) -> Model:
        return new_model(self.config(), self.looker())

    def ask(self, picture: Picture) -> Ask:
        fitted, looker = self.fitted_, self.looker()
        gaze = looker.gaze(picture, _extractor(fitted, looker.config, looker.device))
        last = len(picture.codec.levels) - 1

        def probabilities(positions: np.ndarray) -> np.ndarray:
            tokens = fitted.model.tokens(gaze.reference, gaze.levels(positions), np.asarray(positions) / last)
            return fitted.model.probabilities(tokens)

        return probabilities


@functools.lru_cache(maxsize=1)
def _extractor(fitted: Fitted[Model], config: Config, device: str) -> Extractor | None:
    return None if fitted.backbone is None else Looker(config, device=device).extractor_of(fitted.backbone)
