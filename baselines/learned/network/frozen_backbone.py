"""What predictors behind a pretrained backbone share: features of each picture, measured once at a grid of levels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from baselines.interface.predictor import MeasurementKey
from baselines.learned.network.extractor import (
    FeatureExtractor,
    PictureExtractor,
    PictureFeatures,
    device_of,
)
from baselines.learned.network.imagenet_weights import AUTO, choose
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.settings import FeatureSettings
from datasets.common.errors import UserError
from datasets.core.picture import Picture

if TYPE_CHECKING:
    pass

Network = TypeVar("Network")


class FrozenBackbonePredictor(NetworkPredictor[Network]):
    """A network behind a pretrained backbone."""

    @abstractmethod
    def config(self) -> Any:
        """The settings, those of `FeatureSettings` and `TrainingSettings` among them."""

    def extractor(self) -> FeatureExtractor[Any]:
        """Of the pretrained backbone, as the settings say."""
        return FeatureExtractor(self.config(), device=self.device)

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        return self.extractor().measure(picture)

    def measurement_key(self) -> MeasurementKey:
        """The settings that features depend on; those of training do not. All methods on the backbone share it."""
        config, device = self.config(), device_of(self.device)
        names = (
            "backbone",
            "weights",
            "patch_pixels",
            "most_patches",
            "places",
            "token_cells",
            "pixels",
            "grid_levels",
        )
        parameters = {name: getattr(config, name) for name in (*names, "bf16")}
        return MeasurementKey(FrozenBackbonePredictor, {**parameters, "device": device})

    def ingredients(self) -> Mapping[str, str]:
        return weights_of(self.config())

    def remark(self, picture: Picture) -> str:
        config, extractor = self.config(), self.extractor()
        covered = "" if len(extractor.patches(picture)) < config.most_patches else ", spread over the picture"
        if config.places == "random":
            covered = " at random places"
        precision = f", in {config.precision}" if config.bf16 else ""
        return f"features of {extractor.chosen.why}{precision}; patches of {config.patch_pixels} pixels{covered}"

    def features_of(self, picture: Picture) -> Callable[[np.ndarray], PictureFeatures]:
        """A function of positions that gives the picture's features there.

        Where all of them are measured levels it takes what was measured, or measures where they are all that is
        measured; else it computes them alone.
        """
        extractor, backbone = self.extractor(), self.fitted_.backbone
        measured = extractor.positions(picture.codec)
        computed: list[PictureExtractor] = []

        def features(positions: np.ndarray) -> PictureFeatures:
            is_measured = len(positions) == len(measured) or self.measured_as in picture.measurements
            if backbone is None and is_measured and np.isin(positions, measured).all():
                at = np.searchsorted(measured, positions)
                grid = PictureFeatures.of(self.measurement(picture))
                return PictureFeatures(grid.reference, grid.difference[at], grid.distance[at])
            if not computed:
                computed.append(FeatureExtractor(extractor.config, device=self.device, backbone=backbone).of(picture))
            return computed[0].extract(positions)

        return features

    def backbone_name(self) -> str:
        """A name of `BACKBONES`: the one that the settings come to here."""
        config = self.config()
        return str(config.backbone if config.backbone != AUTO else self.extractor().chosen.backbone)

    def pinned_settings(self) -> dict[str, Any]:
        """With the backbone that was used, so that the file's network has one form everywhere."""
        return {**super().pinned_settings(), "backbone": self.backbone_name()}


def weights_of(config: FeatureSettings) -> dict[str, str]:
    """Backbone and weights by hash; where they cannot be had, that is said (a run then fails with the reason)."""
    try:
        chosen = choose(config.backbone, config.weights)
    except UserError as error:
        return {"backbone": config.backbone, "weights": f"missing: {error}"}
    return {"backbone": chosen.backbone, "weights": chosen.sha256}
