"""How a run is named for what it was trained on.

`psnr@25%`: a share of the training sources; `psnr@mcl-jci`: another data set; `psnr@mcl-jci+10`: ten of the test set's
sources besides.
"""

from __future__ import annotations

import re

TRAINED_ON = "training sources"
"""In a run's key parts: how many sources a fold was trained on, the mean over folds."""
FOREIGN_SETS = "trained on"
"""In a run's key parts: the other data sets that it was trained on, by label: as `--train` names it, and a hash."""
ADAPTED_TO = "rated sources of the test set"
"""In a run's key parts: how many sources of the tested data set were added to the others that it was trained on."""
_ADAPTED = re.compile(r"(?P<trained>.+@.+)\+(?P<count>\d+)")
_SHARE = re.compile(r"(?P<name>.+)@(?P<per_cent>[1-9]\d?)%")


def split_name(name: str) -> tuple[str, int]:
    """A run's predictor, and the per cent of the training sources that it was trained on."""
    match = _SHARE.fullmatch(name)
    return (match["name"], int(match["per_cent"])) if match else (name, 100)


def joined_name(name: str, per_cent: int) -> str:
    """As `split_name` takes it apart; the plain name where all sources were used."""
    return name if per_cent == 100 else f"{name}@{per_cent}%"


def transfer_name(name: str, label: str, count: int = 0) -> str:
    """The name of a run that was trained on other data sets.

    :param label: of those data sets.
    :param count: how many sources of the tested set were added.
    """
    return f"{name}@{label}+{count}" if count else f"{name}@{label}"


def split_transfer_name(name: str) -> tuple[str, str, int]:
    """A run's predictor, the label of the other data sets that it was trained on, and how many sources were added.

    The label is empty where there are none.
    """
    match = _ADAPTED.fullmatch(name)
    trained, count = (match["trained"], int(match["count"])) if match else (name, 0)
    predictor, _, label = trained.rpartition("@")
    return (predictor, label, count) if predictor and not label.endswith("%") else (name, "", 0)
