"""`sgjnd-fast`: SG-JND's student, which sees the reference alone, once, at half its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from baselines.interface.card import Card
from baselines.learned.network.extractor import FeatureExtractor
from baselines.learned.network.frozen_backbone import weights_of
from baselines.learned.network.imagenet_weights import channels_of
from baselines.learned.network.patches import patches_of
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.search.fit import LogisticCurve
from baselines.learned.network.search.rules import Ask
from baselines.learned.network.settings import FeatureSettings, TrainingSettings, count, positive
from baselines.learned.network.training_set import Fitted, Progress, TrainingSet
from datasets.common.threads import one_torch_thread
from datasets.core.codec import Codec
from datasets.core.imaging import halved
from datasets.core.picture import Picture

if TYPE_CHECKING:
    from sgjnd.nets.kernel_regression import KernelRegression


@final
@dataclass(frozen=True)
class FastSettings(FeatureSettings, TrainingSettings):
    """Settings of `sgjnd-fast`; those of levels, of epochs and of the search have nothing to decide in it.

    Tokens are cells of 32 pixels at half size, 64 of the photograph: as large as `sgjnd-lite`'s.

    :param misfit: of the support vector regression: what a level of error costs against a smooth function.
    :param tolerated: levels that a training error may have for free: about the standard error of a mean over 30
        subjects.
    :param reach: of the kernel: its gamma times the number of features.
    :param supports: pictures that a network in a file remembers; a fit finds how many it needs.
    """

    title = "sgjnd-fast"

    most_patches: int = count(16)
    token_cells: int = count(4)
    misfit: float = positive(40.0)
    tolerated: float = positive(2.0)
    reach: float = positive(0.3)
    supports: int = count(1)


@final
class SgJndFast(NetworkPredictor["KernelRegression"]):
    """Support vector regression of the level on means and spreads of a frozen backbone's tokens; nothing is compressed.

    The SUR curve is logistic, as wide as the training pictures' on average.
    """

    card = Card(
        name="sgjnd-fast",
        title="SG-JND's student on the reference alone, at half size",
        deviations=(
            "Ours: a stand-in for sgjnd-lite that sees no compressed picture; nothing of the paper's network is in it.",
        ),
    )

    def config(self) -> FastSettings:
        return FastSettings.of(self.settings)

    def extractor(self) -> FeatureExtractor[FastSettings]:
        """Of the pretrained backbone, as the settings say."""
        return FeatureExtractor(self.config(), device=self.device)

    def ingredients(self) -> Mapping[str, str]:
        return weights_of(self.config())

    def remark(self, picture: Picture) -> str:
        return f"features of the reference at half size, of {self.extractor().chosen.why}, in {self.config().precision}"

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """As `features`, those of `features_of`."""
        return {"features": self.features_of(halved(picture.reference))}

    def features_of(self, rgb: np.ndarray) -> np.ndarray:
        """Means and spreads of the tokens' channels, shape (2 channels,).

        :param rgb: the reference at half its size, uint8, shape (height, width, 3).
        """
        config, extractor = self.config(), self.extractor()
        patches = patches_of(rgb, config.patch_pixels, config.most_patches, config.places)
        with one_torch_thread():
            tokens = extractor.tokeniser().reference(rgb, patches).tokens.astype(float)
        return np.concatenate([tokens.mean(axis=(0, 1)), tokens.std(axis=(0, 1))])

    def train(
        self, training_set: TrainingSet, *, seed: int, folder: Path | None, progress: Progress
    ) -> Fitted[KernelRegression]:
        """Fit the regression; nothing of it is random."""
        from sgjnd.nets.kernel_regression import KernelRegression

        config = self.config()
        features = np.stack([measured["features"] for measured in training_set.measurements()])
        positions = np.asarray(training_set.codec.position(training_set.true_levels), dtype=float)
        network = KernelRegression.fitted(
            features, positions, misfit=config.misfit, tolerated=config.tolerated, reach=config.reach
        )
        return training_set.fitted(network, config.label)

    def new_network(self) -> KernelRegression:
        from baselines.learned.network.nets.tokens import PIXEL_REFERENCE
        from sgjnd.nets.kernel_regression import KernelRegression

        config = self.config()
        channels = sum(channels_of(self.extractor().chosen.backbone)) + (PIXEL_REFERENCE if config.pixels else 0)
        return KernelRegression(config.supports, 2 * channels, config.reach)

    def pinned_settings(self) -> dict[str, Any]:
        """With the backbone that was used, and the size of the network that was fitted."""
        supports = len(self.fitted_.model.get_buffer("weights"))
        return {**super().pinned_settings(), "backbone": self.extractor().chosen.backbone, "supports": supports}

    def ask(self, picture: Picture) -> Ask:
        noticeable = self.curve(picture).noticeable(len(picture.codec.levels))
        return lambda positions: noticeable[np.asarray(positions)]

    def curve(self, picture: Picture) -> LogisticCurve:
        """Through the regressed level at the truth's share; no level is asked about."""
        return self.curve_of(self.measurement(picture)["features"], picture.codec)

    def curve_of(self, features: np.ndarray, codec: Codec) -> LogisticCurve:
        """As `curve`, of what `features_of` gives."""
        fitted, count = self.fitted_, len(codec.levels)
        scale = fitted.prior.scale
        half = fitted.model(features) - scale * float(np.log(fitted.share / (1 - fitted.share)))
        return LogisticCurve.at(half, scale, np.empty(0), count)
