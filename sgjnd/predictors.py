"""SG-JND as predictors: `sgjnd`, as the paper has it; with our additions `sgjnd-lite`, frozen, and `sgjnd-plus`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from baselines.interface.card import Card
from baselines.learned.network.frozen_backbone import FrozenBackbonePredictor
from baselines.learned.network.imagenet_weights import channels_of
from baselines.learned.network.search.rules import Ask
from baselines.learned.network.training_set import Fitted, Progress, TrainingSet
from datasets.common.threads import one_torch_thread
from datasets.core.picture import Picture
from datasets.core.reference import OTHERS, Reference
from sgjnd.config import PAPER, Config
from sgjnd.fitting import fit_frozen, fit_whole

if TYPE_CHECKING:
    from sgjnd.nets.examples import Tokens
    from sgjnd.nets.model import Model

SG_JND = Reference(
    authors=("L. Cao", OTHERS),
    title="SG-JND: Semantic-guided just noticeable distortion predictor for image compression",
    venue="IEEE ICIP, arXiv:2408.04273",
    year=2024,
)
SETTINGS_OURS = (
    "Reimplementation; settings ours. Patch size and count, stages, the attention's form, label, loss, optimiser, "
    "epochs and the search are not verified of the paper; sgjnd/config.py gives each with its reason."
)
STAND_IN = "Where ResNet-50's ImageNet weights cannot be had, EfficientNet-Lite0 stands in; the run says so."
WHOLE: Mapping[str, Any] = {
    "backbone": "auto",
    "patch_pixels": 224,
    "most_patches": 32,
    "batch": 8,
    "accumulate": 4,
    "patches_per_picture": 4,
    "epochs": 10,
    "patience": 4,
}
"""What differs from `Config`'s own where the backbone is trained: ImageNet's patch size, and batches that fit 8 GB."""

CPU_SIZED: Mapping[str, Any] = {
    "backbone": "efficientnet-lite0",
    "patch_pixels": 128,
    "most_patches": 8,
    "patches_per_picture": 2,
    "accumulate": 1,
    "epochs": 6,
    "learning_rate": 2e-3,
}
"""Settings of `sgjnd` with which a fold of 40 pictures trains in minutes of one core: a patch of 128 pixels costs a
third of one of 224, and two patches of each of eight levels show more than the same number of fewer levels."""


class SgJndPredictor(FrozenBackbonePredictor["Model"]):
    """What all share: heads that are asked about the projected tokens of a picture's levels."""

    defaults: ClassVar[Mapping[str, Any]] = {}
    """What differs from `Config`'s own."""

    def config(self) -> Config:
        return Config.of(self.settings, **self.defaults)

    def new_network(self) -> Model:
        from sgjnd.nets.model import Model

        return Model(self.config(), channels_of(self.backbone_name()))

    @final
    def ask(self, picture: Picture) -> Ask:
        tokens, model = self.tokens(picture), self.fitted_.model

        def probabilities(positions: np.ndarray) -> np.ndarray:
            with one_torch_thread():
                return model.probabilities(tokens(positions))

        return probabilities

    @final
    def tokens(self, picture: Picture) -> Callable[[np.ndarray], Tokens]:
        """A function of positions that gives the projected tokens of those levels."""
        features_of, model, last = self.features_of(picture), self.fitted_.model, len(picture.codec.levels) - 1

        def tokens(positions: np.ndarray) -> Tokens:
            features = features_of(positions)
            with one_torch_thread():
                return model.tokens(features, np.asarray(positions) / last)

        return tokens


class WholeSgJnd(SgJndPredictor):
    """Trained with its backbone on each fold, for hours on a CPU; `sgjnd-lite` is for those."""

    quick: ClassVar[dict[str, Any]] = {
        "settings": {
            "backbone": "efficientnet-lite0",
            "patch_pixels": 32,
            "most_patches": 2,
            "patches_per_picture": 2,
            "levels_per_picture": 2,
            "grid_levels": 4,
            "search": "grid",
            "epochs": 1,
            "width": 8,
            "heads": 2,
        }
    }
    resumes = True

    @final
    def remark(self, picture: Picture) -> str:
        return f"fine-tuned from {self.extractor().chosen.why}"

    @final
    def new_network(self) -> Model:
        """With one head: the one that is trained with the backbone."""
        from sgjnd.nets.model import Model

        return Model(replace(self.config(), members=1), channels_of(self.backbone_name()))


@final
class SgJnd(WholeSgJnd):
    """The network of the paper's description, head and backbone trained together, with nothing of ours in it."""

    defaults = {**WHOLE, **PAPER, "heads_first": False, "learning_rate": 1e-3}

    card = Card(
        name="sgjnd",
        title="SG-JND (ResNet-50, trained end to end)",
        references=(SG_JND,),
        cost="heavy",
        deviations=(SETTINGS_OURS, STAND_IN),
    )

    def train(self, training_set: TrainingSet, *, seed: int, folder: Path | None, progress: Progress) -> Fitted[Model]:
        return fit_whole(self.extractor(), training_set, seed=seed, folder=folder, progress=progress)


@final
class SgJndPlus(WholeSgJnd):
    """With all that `sgjnd-lite` adds, and the backbone fine-tuned after the heads."""

    defaults = {**WHOLE, "members": 1, "search": "scan"}

    card = Card(
        name="sgjnd-plus",
        title="SG-JND with our additions (ResNet-50, fine-tuned)",
        references=(SG_JND,),
        cost="heavy",
        deviations=(
            SETTINGS_OURS,
            STAND_IN,
            "Heads are trained on the frozen backbone first; stages are reduced to principal components found there; a "
            "distance a stage and the pixels, as one more stage, are inputs; the level is an input of the head.",
            "It learns the share of people who notice instead of hard decisions; patches cover the picture.",
            "Levels are found in two batches and a logistic fit instead of a window sliding over all 100.",
        ),
    )

    def train(self, training_set: TrainingSet, *, seed: int, folder: Path | None, progress: Progress) -> Fitted[Model]:
        return fit_whole(self.extractor(), training_set, seed=seed, folder=folder, progress=progress)


@final
class SgJndLite(SgJndPredictor):
    """SG-JND for processors without a GPU.

    The backbone is not trained: its features are computed once a picture, at a grid of levels, whatever the folds and
    truths.
    """

    quick: ClassVar[dict[str, Any]] = {"settings": {"most_patches": 8, "grid_levels": 8, "members": 1, "epochs": 6}}

    card = Card(
        name="sgjnd-lite",
        title="SG-JND on frozen EfficientNet-Lite0",
        references=(SG_JND,),
        deviations=(
            SETTINGS_OURS,
            "The backbone is EfficientNet-Lite0 with its ImageNet weights, frozen, instead of a fine-tuned ResNet-50; "
            "its stages are reduced to their principal components.",
            "The pixels themselves are one more stage, finer than the backbone's first; each stage's distance is an "
            "input.",
            "The level is an input of the head, and the heads of three trainings are averaged.",
            "It learns the share of people who notice instead of hard decisions; patches cover the picture.",
            "A logistic curve is fitted to the probabilities at 20 levels instead of a window sliding over all 100.",
        ),
    )

    def train(self, training_set: TrainingSet, *, seed: int, folder: Path | None, progress: Progress) -> Fitted[Model]:
        return fit_frozen(self.extractor(), training_set, seed=seed, folder=folder, progress=progress)
