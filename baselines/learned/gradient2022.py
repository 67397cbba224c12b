"""Bondzulic et al. 2022: busy pictures are noticed at a lower PSNR, and one gradient says how busy they are."""

from __future__ import annotations

from typing import final

from baselines.interface.card import Card
from baselines.learned._psnr_regression import PsnrRegression
from datasets.core.imaging import mean_gradient
from datasets.core.picture import Picture
from datasets.core.reference import Reference


@final
class Gradient2022(PsnrRegression):
    """The mean gradient magnitude of the reference's luma, regressed to the PSNR at the JND."""

    card = Card(
        name="gradient2022",
        title="Mean gradient regression",
        references=(
            Reference(
                authors=("B. P. Bondzulic", "B. Z. Pavlovic", "N. M. Stojanovic", "V. S. Petrovic"),
                title="Picture-wise just noticeable difference prediction model for JPEG image quality assessment",
                venue="Vojnotehnicki glasnik 70",
                year=2022,
                doi="10.5937/vojtehg70-34739",
            ),
        ),
        deviations=(
            "Only the abstract could be read: that the model is the mean gradient magnitude regressed to a PSNR is "
            "known second-hand.",
            "The gradient (Sobel) and the line on its logarithm are ours.",
            "The line is fitted on the training folds; no coefficient of the paper is used.",
            "The spread of the subjects around the line, and so the SUR curve, is ours.",
        ),
    )

    def feature(self, picture: Picture) -> float:
        """Mean Sobel gradient magnitude in grey levels per pixel."""
        return mean_gradient(picture.reference_luma)
