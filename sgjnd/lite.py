"""`sgjnd-lite`: SG-JND's heads on a frozen EfficientNet-Lite, whose features are measured once a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from baselines.predictor import Card
from datasets.picture import Picture
from sgjnd.config import Config
from sgjnd.features import LevelTokens
from sgjnd.fitting import Fitted, fit_frozen
from sgjnd.looking import Gaze, Looker
from sgjnd.network_predictor import NetworkPredictor
from sgjnd.search_rules import Ask

PAPER = (
    "L. Cao et al., SG-JND: Semantic-guided just noticeable distortion predictor for image compression, "
    "IEEE ICIP 2024, arXiv:2408.04273"
)
SETTINGS_OURS = (
    "Reimplementation; settings ours. Patch size and count, stages, the attention's form, label, loss, optimiser, "
    "epochs and the search are not verified of the paper; sgjnd/config.py gives each with its reason."
)


@final
class SgJndLite(NetworkPredictor):
    """SG-JND for processors without a GPU.

    The backbone is not trained: each picture is looked at once, at a grid of levels, whatever the folds and truths.
    """

    card = Card(
        name="sgjnd-lite",
        title="SG-JND on frozen EfficientNet-Lite0",
        paper=PAPER,
        year=2024,
        kind="learned",
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

    def measurement_key(self) -> str:
        """Names the settings that features depend on; those of training do not."""
        config = self.config()
        parts = (config.backbone, config.weights, config.patch_pixels, config.most_patches, config.token_cells)
        return f"{type(self).__module__}:{type(self).__qualname__}({parts}, {config.pixels}, {config.grid_levels})"

    def remark(self, picture: Picture) -> str:
        """Which network looked at it."""
        patches = self.looker().patches(picture)
        size = self.config().patch_pixels
        covered = "" if len(patches) < self.config().most_patches else ", spread over the picture"
        return f"features of {self.looker().chosen.why}; patches of {size} pixels{covered}"

    def fit_network(self, pictures: Sequence[Picture], levels: np.ndarray, seed: int) -> Fitted:
        return fit_frozen(self.looker(), self.lesson(pictures, levels), seed=seed)[0]

    def ask(self, picture: Picture) -> Ask:
        looker, model = self.looker(), self.fitted_.model
        measured, last = looker.positions(picture.codec), len(picture.codec.levels) - 1
        gaze: list[Gaze] = []

        def probabilities(positions: np.ndarray) -> np.ndarray:
            if np.isin(positions, measured).all():
                reference, levels = self._measured_levels(looker, picture, np.searchsorted(measured, positions))
            else:
                if not gaze:
                    gaze.append(looker.gaze(picture))
                reference, levels = gaze[0].reference, gaze[0].levels(positions)
            return model.probabilities(model.tokens(reference, levels, np.asarray(positions) / last))

        return probabilities

    def _measured_levels(self, looker: Looker, picture: Picture, at: np.ndarray) -> tuple[np.ndarray, LevelTokens]:
        features = looker.features(picture, self.measurement(picture))
        return features.reference, LevelTokens(features.levels.difference[at], features.levels.distance[at])
