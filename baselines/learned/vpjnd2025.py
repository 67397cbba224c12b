"""`vpjnd2025`: a lossy-or-lossless classifier that is given a pixel-domain JND map of the reference too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from baselines.interface.card import Card, PublishedNumber
from baselines.interface.predictor import MeasurementKey
from baselines.learned.network.pixel_predictor import PixelPredictor, PixelSettings
from baselines.learned.network.search import STRATEGIES
from baselines.learned.network.settings import choice
from baselines.pixel.wu2017 import Wu2017
from datasets.core.picture import Picture
from datasets.core.reference import Reference

_SQF = "The truth is inferred to be sqf; the folds are unknown."
_UNKNOWN = "Truth, folds and what is saved against are not known here."


@final
@dataclass(frozen=True)
class VpJnd2025Settings(PixelSettings):
    """Settings of `vpjnd2025`."""

    title = "vpjnd2025"
    search: str = choice("blocks", STRATEGIES)


@final
class VpJnd2025(PixelPredictor):
    """Tells whether a level looks lossy; the JND map is a channel of both inputs, and weighs the patches."""

    card = Card(
        name="vpjnd2025",
        title="VP-JND 2025",
        references=(
            Reference(
                authors=(),
                title="VP-JND, visual-perception-assisted picture-wise JND prediction",
                venue="IEEE TCSVT",
                year=2025,
            ),
        ),
        cost="heavy",
        published=(
            PublishedNumber("mcl-jci", "sqf (inferred)", "QF MAE", 3.92, _SQF, score="mae"),
            PublishedNumber("mcl-jci", "sqf (inferred)", "'average precision' (%)", 94.82, _SQF),
            PublishedNumber(
                "mcl-jci",
                "sqf (inferred)",
                "bit saving against QF 100 (%)",
                89.35,
                _SQF,
                score="bytes_saved",
                score_factor=0.01,
            ),
            PublishedNumber("konjnd-1k-jpeg", "unknown", "bit saving (%)", 85.46, _UNKNOWN),
            PublishedNumber("konjnd-1k-bpg", "unknown", "bit saving (%)", 41.13, _UNKNOWN),
        ),
        deviations=(
            "Reimplementation from the published description: a classifier of reference and level whose input holds "
            "the reference's pixel-domain JND map, a branch of the map that weighs the patches, crops aligned with "
            "JPEG's blocks, a binary search over blocks of levels. The network, its sizes, loss, optimiser, epochs and "
            "the search's lengths are ours.",
            "The JND map is that of wu2017, in grey levels; which model the paper draws it by is not known here.",
            "Trained from random weights on the training folds alone; no picture of another set is used.",
            "`vpjnd2025-fast` is a smaller network (4 blocks, 8 to 64 channels), trained for fewer epochs, for two "
            "cores.",
        ),
    )
    step = 8
    has_plane = True
    settings_class = VpJnd2025Settings

    def measure(self, picture: Picture) -> dict[str, np.ndarray]:
        """The JND map in grey levels as `map`, float16, shape (height, width)."""
        return {"map": Wu2017().jnd_map(picture.reference_luma).astype(np.float16)}

    def measurement_key(self) -> MeasurementKey:
        return MeasurementKey(VpJnd2025, {})

    def plane(self, picture: Picture) -> np.ndarray:
        return self.measurement(picture)["map"]
