"""Trained predictors as files, by the method's name: any predictor whose whole fit is one network.

SG-JND's checkpoints (`sgjnd.checkpoint`) have the same form and hold more: a fine-tuned backbone, what the heads know.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baselines.interface.registry import registry
from baselines.learned.network.checkpoint_file import (
    FAILURES,
    filled,
    fitted_of,
    read_checkpoint,
    unusable,
    write_checkpoint,
)
from baselines.learned.network.frozen_backbone import FrozenBackbonePredictor
from baselines.learned.network.predictor import NetworkPredictor
from datasets.common.errors import DataError, UserError, unknown_name

_MEANINGLESS_ELSEWHERE = ("device",)


def save_predictor(path: Path, predictor: NetworkPredictor[Any], about: Mapping[str, str]) -> None:
    """Write a fitted predictor's network, whole or not at all.

    :param about: what it was trained on, in sentences by name (`data`, `samples`, `truth`, ...).
    :raises UserError: where its fit is more than one network: a fine-tuned backbone has a file form of its own.
    """
    fitted = predictor.fitted_
    if fitted.backbone is not None:
        raise UserError(f"{predictor.card.name} with a trained backbone is saved by python -m sgjnd.train")
    parameters = {name: value for name, value in predictor.get_params().items() if name not in _MEANINGLESS_ELSEWHERE}
    header = {
        "method": predictor.card.name,
        "parameters": parameters,
        "ingredients": dict(predictor.ingredients()),
        "about": dict(about),
    }
    write_checkpoint(path, fitted.model.state_dict(), fitted, header)


def load_predictor(path: Path, *, device: str = "auto") -> tuple[NetworkPredictor[Any], dict[str, str]]:
    """A fitted predictor from its file, and what it was trained on.

    :param device: `auto`, `cpu` or `cuda`.
    :raises UserError: where there is no such file.
    :raises DataError: where it is damaged, of another version, of a method that is not installed, or made with other
        weights of a backbone than are here.
    """
    header, tensors = read_checkpoint(path)
    try:
        classes = {entry.predictor.card.name: entry.predictor for entry in registry().values()}
        method = str(header["method"])
        if method not in classes:
            raise unknown_name("predictor", method, classes)
        cls = classes[method]
        if not issubclass(cls, NetworkPredictor):
            raise ValueError(f"{cls.card.name} has no network")
        predictor = cls(**header["parameters"], device=device)
        if header["ingredients"] != dict(predictor.ingredients()):
            raise ValueError(f"it was made with {header['ingredients']}, here are {dict(predictor.ingredients())}")
        if isinstance(predictor, FrozenBackbonePredictor):
            _ = predictor.looker().channels  # so that the backbone is not built where there is no memory
        network = filled(predictor.new_network, tensors, members=getattr(predictor.config(), "members", 1))
        predictor.fitted_ = fitted_of(header, network)
        return predictor, {str(name): str(text) for name, text in header["about"].items()}
    except DataError:
        raise
    except FAILURES as error:
        raise unusable(path, error) from error
