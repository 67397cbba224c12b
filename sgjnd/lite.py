"""`sgjnd-lite`: SG-JND's heads on a frozen EfficientNet-Lite, whose features are measured once a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

import numpy as np

from baselines.interface.card import Card
from baselines.learned.network.frozen_backbone import FrozenBackbonePredictor
from baselines.learned.network.search.rules import Ask
from baselines.learned.network.training_set import Fitted
from datasets.core.picture import Picture
from datasets.core.reference import OTHERS, Reference
from sgjnd.config import Config
from sgjnd.fitting import fit_frozen, new_model

if TYPE_CHECKING:
    from sgjnd.nets.model import Model

PAPER = Reference(
    authors=("L. Cao", OTHERS),
    title="SG-JND: Semantic-guided just noticeable distortion predictor for image compression",
    venue="IEEE ICIP, arXiv:2408.04273",
    year=2024,
)
SETTINGS_OURS = (
    "Reimplementation; settings ours. Patch size and count, stages, the attention's form, label, loss, optimiser, "
    "epochs and the search are not verified of the paper; sgjnd/config.py gives each with its reason."
)


@final
class SgJndLite(FrozenBackbonePredictor["Model"]):
    """SG-JND for processors without a GPU.

    The backbone is not trained: each picture is looked at once, at a grid of levels, whatever the folds and truths.
    """

    card = Card(
        name="sgjnd-lite",
        title="SG-JND on frozen EfficientNet-Lite0",
        references=(PAPER,),
        needs_pictures=True,
        deviations=(
            SETTINGS_OURS,
            "The backbone is EfficientNet-Lite0 with its ImageNet weights, frozen, instead of a fine-tuned ResNet-50; "
            "its stages are reduced to their principal components.",
            "The pixels themselves are one more stage, finer than the backbone's first.",
            "The level is an input of the head, and the heads of three trainings are averaged.",
            "A logistic curve is fitted to the probabilities at 20 levels instead of a window sliding over all 100.",
        ),
    )

    def config(self) -> Config:
        return Config.of(self.settings)

    def fit_network(self, pictures: Sequence[Picture], levels: np.ndarray, seed: int) -> Fitted[Model]:
        return fit_frozen(self.looker(), self.lesson(pictures, levels), seed=seed)[0]

    def new_network(self) -> Model:
        return new_model(self.config(), self.looker())

    def ask(self, picture: Picture) -> Ask:
        look, model, last = self.looks(picture), self.fitted_.model, len(picture.codec.levels) - 1

        def probabilities(positions: np.ndarray) -> np.ndarray:
            seen = look(positions)
            return model.probabilities(model.tokens(seen.reference, seen.levels, np.asarray(positions) / last))

        return probabilities
