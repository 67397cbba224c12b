"""How a run is named that was trained on a share of the training sources: `psnr@25%`."""

from __future__ import annotations

import re

TRAINED_ON = "training sources"
"""In a run's key parts: how many sources a fold was trained on, the mean over folds."""
_SHARE = re.compile(r"(?P<name>.+)@(?P<per_cent>[1-9]\d?)%")


def split_name(name: str) -> tuple[str, int]:
    """A run's predictor, and the per cent of the training sources that it was trained on."""
    match = _SHARE.fullmatch(name)
    return (match["name"], int(match["per_cent"])) if match else (name, 100)


def joined_name(name: str, per_cent: int) -> str:
    """As `split_name` takes it apart; the plain name where all sources were used."""
    return name if per_cent == 100 else f"{name}@{per_cent}%"
