"""image_optim, the Ruby optimiser of web assets: with loss allowed it calls jpeg-recompress, asking for more."""

from __future__ import annotations

from typing import final

from baselines.interface.card import Card
from baselines.metric._quality_search import TARGETS, QualitySearch
from datasets.common.errors import UserError
from datasets.core.reference import Reference


@final
class ImageOptim(QualitySearch):
    """jpeg-recompress's search at the preset that image_optim passes on where lossy work is allowed."""

    preset: int = 3
    """Image_optim's number, 0..3, for jpeg-recompress's low, medium, high, veryhigh."""

    card = Card(
        name="image-optim",
        title="image_optim (SSIM search)",
        references=(
            Reference(
                authors=("I. Kuchin",),
                title="image_optim",
                venue="software",
                year=2012,
                url="https://github.com/toy/image_optim",
            ),
        ),
        deviations=(
            "Only its lossy JPEG worker: left alone, image_optim changes no pixel.",
            "That worker is jpeg-recompress at preset veryhigh, so all that differs for jpeg-recompress differs here.",
            "The lossless workers that follow change bytes, not pixels, and are left out.",
        ),
    )

    @property
    def target(self) -> float:
        presets = tuple(TARGETS.values())
        if self.preset not in range(len(presets)):
            raise UserError(f"image-optim has no preset {self.preset!r}. It has 0 (low) to 3 (veryhigh).")
        return presets[self.preset]
