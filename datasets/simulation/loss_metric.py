"""What simulated observers see with: a metric, the loss at which they begin to notice, and how far they disagree."""

from __future__ import annotations

import importlib.metadata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from datasets.common.errors import UserError
from datasets.core.codec import Codec
from datasets.sets._simulated_samples import ObserversMetric

Loss = Callable[[np.ndarray, np.ndarray], float]
"""The loss of a reference and its compressed version, both uint8 RGB of shape (height, width, 3); zero or more."""


class LossMetric(ABC):
    """One metric and its calibration; the subclass says where its constants come from."""

    about: ClassVar[ObserversMetric]
    """As data sets and reports name it."""

    unit: ClassVar[str]
    """Of the loss, for people."""

    package: ClassVar[str]
    """The distribution, as pip knows it, that computes it."""

    install: ClassVar[str]
    """What brings the package, from the checkout's folder."""

    log_sigma: ClassVar[float]
    """Standard deviation of the logarithm of the observers' criteria."""

    one_jnd_loss: ClassVar[float]
    """At 1 JND of JPEG, over a whole picture."""

    region_factor: ClassVar[float] = 1.0
    """Carries that over to the part of a picture that `loss` looks at."""

    share_of_jpegs_loss: ClassVar[Mapping[str, float]] = {}
    """By the name of a codec: its loss at 1 JND as a share of JPEG's; 1 for every codec that is not here."""

    knows_geometry: ClassVar[bool]
    """Whether the loss depends on the pixels per degree."""

    @abstractmethod
    def loss(self, pixels_per_degree: float) -> Loss:
        """The loss at a viewing geometry.

        :raises UserError: where the package is not installed.
        """

    def one_jnd_loss_of(self, codec: Codec) -> float:
        """The loss of a whole picture at 1 JND of this codec, positive."""
        return self.one_jnd_loss * self.share_of_jpegs_loss.get(codec.name, 1.0)

    def criterion(self, codec: Codec) -> float:
        """The loss at which the middle one of the observers begins to notice, positive."""
        return self.one_jnd_loss_of(codec) * self.region_factor

    def constants(self, codec: Codec) -> dict[str, float]:
        """The calibration by name, as files of finished sets have it."""
        region = {"region_factor": self.region_factor} if self.region_factor != 1 else {}
        return {f"one_jnd_{self.loss_name}": self.one_jnd_loss_of(codec), **region, "log_sigma": self.log_sigma}

    def made_with(self, pixels_per_degree: float) -> dict[str, object]:
        """What a loss depends on besides the pictures.

        :raises UserError: where the package is not installed.
        """
        return {
            "metric": f"{self.about.title}, package {self.package} {self.version()}",
            "pixels_per_degree": pixels_per_degree,
        }

    def version(self) -> str:
        """The version of the installed package.

        :raises UserError: where it is not installed.
        """
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError as error:
            raise UserError(
                f"simulated observers with {self.about.title} need the package {self.package}, which is not "
                f"installed. Install it from the checkout's folder: {self.install}"
            ) from error

    @property
    def loss_name(self) -> str:
        """As files name the loss: with its unit, e.g. `loss_jod`."""
        return f"loss_{self.unit.lower().replace(' ', '_')}"
