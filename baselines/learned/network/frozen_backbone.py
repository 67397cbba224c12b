"""What predictors on a frozen backbone share: features measured once a picture, kept on disk, asked for by level."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from baselines.interface.predictor import MeasurementKey
from baselines.learned.network.extractor import Features, Gaze, Looker, device_of, has_fast_bf16
from baselines.learned.network.features import LevelTokens
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.settings import Looking
from baselines.learned.network.weights import choose
from datasets.common.errors import UserError
from datasets.core.picture import Picture

Network = TypeVar("Network")


class FrozenBackbonePredictor(NetworkPredictor[Network]):
    """A network behind a pretrained backbone."""

    @abstractmethod
    def config(self) -> Any:
        """The settings, `Looking`'s and `Teaching`'s among them."""

    def looker(self) -> Looker[Any]:
        """Looks at pictures as the settings say."""
        return Looker(self.config(), device=self.device)

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """Features of the pretrained backbone at the grid's levels."""
        return self.looker().measure(picture)

    def measurement_key(self) -> MeasurementKey:
        """The settings that features depend on; those of training do not. All methods on the backbone share it."""
        config, device = self.config(), device_of(self.device)
        names = ("backbone", "weights", "patch_pixels", "most_patches", "token_cells", "pixels", "grid_levels")
        parameters = {name: getattr(config, name) for name in names}
        return MeasurementKey(FrozenBackbonePredictor, {**parameters, "device": device, "bf16": has_fast_bf16(device)})

    def ingredients(self) -> Mapping[str, str]:
        """The backbone that the settings come to here, and the hash of its weights."""
        return weights_of(self.config())

    def remark(self, picture: Picture) -> str:
        """Which network looked at it, and in which patches."""
        config, looker = self.config(), self.looker()
        covered = "" if len(looker.patches(picture)) < config.most_patches else ", spread over the picture"
        return f"features of {looker.chosen.why}; patches of {config.patch_pixels} pixels{covered}"

    def looks(self, picture: Picture) -> Callable[[np.ndarray], Features]:
        """Takes positions, gives the picture's features there: stored ones where all are measured, else computed."""
        looker = self.looker()
        measured = looker.positions(picture.codec)
        gaze: list[Gaze] = []

        def look(positions: np.ndarray) -> Features:
            if np.isin(positions, measured).all():
                at = np.searchsorted(measured, positions)
                stored = Features.of(self.measurement(picture))
                return Features(stored.reference, LevelTokens(stored.levels.difference[at], stored.levels.distance[at]))
            if not gaze:
                gaze.append(looker.gaze(picture))
            return Features(gaze[0].reference, gaze[0].levels(positions))

        return look


def weights_of(config: Looking) -> dict[str, str]:
    """Backbone and weights by hash; where they cannot be had, that is said (a run then fails with the reason)."""
    try:
        chosen = choose(config.backbone, config.weights)
    except UserError as error:
        return {"backbone": config.backbone, "weights": f"missing: {error}"}
    return {"backbone": chosen.backbone, "weights": chosen.sha256}
