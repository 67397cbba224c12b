"""`pwjnd2020`: Liu et al.'s lossy-or-lossless classifier on patches, and its window over the decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from baselines.interface.card import Card, PublishedNumber
from baselines.learned.network.pixel_predictor import PixelPredictor, PixelSettings
from baselines.learned.network.search import STRATEGIES
from baselines.learned.network.settings import choice
from datasets.core.reference import Reference

_PAIRS = "Measured on the paper's own set of pairs"
_UNKNOWN = "truth and folds are not known here."


@final
@dataclass(frozen=True)
class Pwjnd2020Settings(PixelSettings):
    """Settings of `pwjnd2020`."""

    title = "pwjnd2020"
    search: str = choice("window", STRATEGIES)


@final
class Pwjnd2020(PixelPredictor):
    """Tells at every level whether the picture looks lossy, and slides a window over the answers."""

    card = Card(
        name="pwjnd2020",
        title="Liu et al. 2020 (PW-JND)",
        references=(
            Reference(
                authors=("H. Liu", "Y. Zhang", "H. Zhang", "C. Fan", "S. Kwong", "C.-C. J. Kuo", "X. Fan"),
                title="Deep learning-based picture-wise just noticeable distortion prediction model for image "
                "compression",
                venue="IEEE TIP 29:641-656",
                year=2020,
            ),
        ),
        cost="heavy",
        published=(
            PublishedNumber(
                "mcl-jci", "unknown", "accuracy (%)", 92.0, f"{_PAIRS}; a constant reaches 92.2 % under sqf."
            ),
            PublishedNumber(
                "mcl-jci", "unknown", "absolute PSNR error (dB)", 0.79, f"{_PAIRS}; {_UNKNOWN}", score="psnr_mae_db"
            ),
        ),
        deviations=(
            "Reimplementation from the published description: Siamese double-convolution blocks on 64x64 patches, "
            "features of reference, level and their difference side by side, a quality and a weight for each patch, a "
            "lossy-or-lossless decision at every level, a window slid over the decisions. Channels, layers, loss, "
            "optimiser, epochs and the window's length and rule are ours.",
            "Trained from random weights on the training folds alone; no picture of another set is used.",
            "The window ends in a level with a fraction of a half, and people's curve around it has the width that the "
            "training pictures' samples have on average.",
            "`pwjnd2020-fast` is a smaller network (4 blocks, 8 to 64 channels), trained for fewer epochs, for two "
            "cores.",
        ),
    )
    settings_class = Pwjnd2020Settings
