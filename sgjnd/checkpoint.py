"""Trained SG-JND networks as files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from baselines.learned.network.checkpoint_file import (
    FAILURES,
    filled,
    fitted_of,
    read_checkpoint,
    unusable,
    write_checkpoint,
)
from baselines.learned.network.training_set import Fitted
from baselines.learned.network.weights import NONE, Chosen, build, choose
from sgjnd.config import Config

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.learned.network.nets.backbone import Backbone
    from sgjnd.nets.model import Model

_BACKBONE = "backbone."
"""Before the names of a trained backbone's tensors."""
SHIPPED = Path(__file__).parent / "checkpoints" / "sgjnd-lite-simulated.safetensors"
"""Trained by the project on simulated observers; its header says on what."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network with all that using it needs.

    :param fitted: the network, and how its probabilities become a level.
    :param config: the settings it was trained with.
    :param backbone_sha256: of the weights its features came from.
    :param about: what it was trained on, in sentences by name (`data`, `samples`, `truth`, ...).
    """

    fitted: Fitted[Model]
    config: Config
    backbone_sha256: str
    about: Mapping[str, str]


def save_checkpoint(
    path: Path,
    fitted: Fitted[Model],
    config: Config,
    chosen: Chosen,
    channels: tuple[int, ...],
    about: Mapping[str, str],
) -> None:
    """Write a checkpoint whole: the heads, and the backbone too where it was trained.

    :param config: kept with the backbone that it came to, and the heads that are left.
    :param channels: of the backbone's stages.
    """
    state = dict(fitted.model.state_dict())
    if fitted.backbone is not None:
        state |= {_BACKBONE + name: tensor for name, tensor in fitted.backbone.state_dict().items()}
    kept = dataclasses.replace(config, backbone=chosen.backbone, members=len(fitted.model.members))
    header = {
        "config": dataclasses.asdict(kept),
        "channels": list(channels),
        "backbone": chosen.backbone,
        "backbone_sha256": chosen.sha256,
        "about": dict(about),
    }
    write_checkpoint(path, state, fitted, header)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    :raises UserError: where there is no such file.
    :raises DataError: where it is damaged, no checkpoint of this project, or of another version of it.
    """
    from sgjnd.nets.model import Model

    header, tensors = read_checkpoint(path)
    try:
        if not isinstance(header["config"], dict):
            raise TypeError("its settings are no object")
        config = Config.of(header["config"])
        backbone = _backbone(str(header["backbone"]), tensors)
        heads = {name: one for name, one in tensors.items() if not name.startswith(_BACKBONE)}
        channels = tuple(header["channels"])
        model = filled(lambda: Model(config, channels), heads, members=max(config.members, len(channels)))
        about = {str(name): str(text) for name, text in header["about"].items()}
        return Checkpoint(fitted_of(header, model, backbone), config, str(header["backbone_sha256"]), about)
    except FAILURES as error:
        raise unusable(path, error) from error


def _backbone(name: str, tensors: Mapping[str, Tensor]) -> Backbone | None:
    """The backbone that was trained; None where the file holds heads alone."""
    state = {key.removeprefix(_BACKBONE): one for key, one in tensors.items() if key.startswith(_BACKBONE)}
    if not state:
        return None
    backbone = build(choose(name, NONE))  # of a known size, whatever the file says
    backbone.load_state_dict(state)
    return backbone
