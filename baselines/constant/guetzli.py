"""Guetzli's quality: a name for a Butteraugli distance, from a table that its authors measured once."""

from __future__ import annotations

from typing import final

import numpy as np

from baselines.constant._open_loop import OTHER_CODEC, OpenLoop
from baselines.interface.card import Card
from datasets.core.reference import OTHERS, Reference

DISTANCES = {84: 1.945, 90: 1.474, 95: 0.972, 100: 0.212}
"""Butteraugli distance by quality, at the least quality that the tool takes, its default and two more: medians over a
set of pictures that its authors compressed with libjpeg-turbo."""


@final
class Guetzli(OpenLoop):
    """The quality whose libjpeg-turbo files have, at the median, the Butteraugli distance that is asked for."""

    distance: float = DISTANCES[95]
    """Butteraugli of 2017, .212..1.945; beyond it the nearest quality of the table."""

    card = Card(
        name="guetzli-95",
        title="Guetzli's default quality",
        references=(
            Reference(
                authors=("J. Alakuijala", OTHERS),
                title="Guetzli: Perceptually Guided JPEG Encoder",
                venue="arXiv:1703.04421",
                year=2017,
            ),
        ),
        needs_pictures=False,
        deviations=(
            "Guetzli searches for its own file of the distance; here its quality is a level of the ladder, whose "
            "encoder is another one.",
            "Of its table (distance 1.945 at 84, 1.474 at 90, .972 at 95, .212 at 100) only these four are kept, and "
            "distances between them are interpolated linearly.",
            OTHER_CODEC,
        ),
    )

    def quality(self) -> float:
        """From the table, 84..100."""
        falling = sorted(DISTANCES, reverse=True)
        return float(np.interp(self.distance, [DISTANCES[quality] for quality in falling], falling))
