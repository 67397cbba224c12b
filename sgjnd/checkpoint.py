"""Trained networks as files: tensors as safetensors, everything else as JSON in the same file's header."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.commands import write_atomically
from datasets.errors import DataError, UserError
from sgjnd.config import Config
from sgjnd.fitting import Fitted
from sgjnd.search_fit import Prior
from sgjnd.weights import NONE, Chosen, build, choose

if TYPE_CHECKING:
    from torch import Tensor

    from sgjnd.nets.backbone import Backbone

SCHEMA = 1
_HEADER = "jnd-bench"
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

    fitted: Fitted
    config: Config
    backbone_sha256: str
    about: Mapping[str, str]


def save_checkpoint(
    path: Path, fitted: Fitted, config: Config, chosen: Chosen, channels: tuple[int, ...], about: Mapping[str, str]
) -> None:
    """Write a checkpoint whole: the heads, and the backbone too where it was trained.

    :param config: kept with the backbone that it came to, and the heads that are left.
    :param channels: of the backbone's stages.
    """
    from safetensors.torch import save

    state = dict(fitted.model.state_dict())
    if fitted.backbone is not None:
        state |= {_BACKBONE + name: tensor for name, tensor in fitted.backbone.state_dict().items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    kept = dataclasses.replace(config, backbone=chosen.backbone, members=len(fitted.model.members))
    header = {
        "schema": SCHEMA,
        "config": dataclasses.asdict(kept),
        "channels": list(channels),
        "backbone": chosen.backbone,
        "backbone_sha256": chosen.sha256,
        "codec": fitted.codec,
        "share": fitted.share,
        "prior": {name: float(value) for name, value in dataclasses.asdict(fitted.prior).items()},
        "about": dict(about),
        "tensors_sha256": _sha256(tensors),
    }
    write_atomically(path, save(tensors, metadata={_HEADER: json.dumps(header)}))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    :raises UserError: where there is no such file.
    :raises DataError: where it is damaged, no checkpoint of this project, or of another version of it.
    """
    from sgjnd.nets.model import Model

    header, tensors = _read(path)
    try:
        if header["schema"] != SCHEMA:
            raise ValueError(f"its schema is {header['schema']}, this program reads {SCHEMA}")
        if header["tensors_sha256"] != _sha256(tensors):  # safetensors has no checksum of its own
            raise ValueError("its tensors are not those that were written: copy the file again")
        config = Config.of(header["config"])
        backbone = _backbone(str(header["backbone"]), tensors)
        model = Model(config, header["channels"])
        model.load_state_dict({name: one for name, one in tensors.items() if not name.startswith(_BACKBONE)})
        prior = Prior(**header["prior"])
        fitted = Fitted(model.eval(), prior, float(header["share"]), str(header["codec"]), backbone)
        about = {str(name): str(text) for name, text in header["about"].items()}
        return Checkpoint(fitted, config, str(header["backbone_sha256"]), about)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, UserError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path}: is no checkpoint that this version can use ({reason}). Train it again with python -m sgjnd.train."
        ) from error


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise UserError(f"{path}: there is no such checkpoint. python -m sgjnd.train writes one.")
    try:
        with safe_open(path, framework="pt") as stream:
            header = json.loads((stream.metadata() or {})[_HEADER])
            return dict(header), {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no dict)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as a checkpoint ({type(error).__name__}: {error}). Expected a .safetensors file "
            "that python -m sgjnd.train wrote."
        ) from error


def _backbone(name: str, tensors: Mapping[str, Tensor]) -> Backbone | None:
    """The backbone that was trained; None where the file holds heads alone."""
    state = {key.removeprefix(_BACKBONE): one for key, one in tensors.items() if key.startswith(_BACKBONE)}
    if not state:
        return None
    backbone = build(choose(name, NONE))
    backbone.load_state_dict(state)
    return backbone


def _sha256(tensors: Mapping[str, Tensor]) -> str:
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(name.encode() + tensors[name].numpy().tobytes())
    return found.hexdigest()
