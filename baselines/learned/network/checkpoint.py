"""Trained predictors as files: tensors as safetensors, everything else as JSON in the same file's header.

The header names the method with its parameters, what the fit knows besides the network, and what it was trained on. A
backbone that was fine-tuned is in the file too.
"""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from baselines.interface.registry import registry
from baselines.learned.network.imagenet_weights import NONE, build, choose
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.search.fit import Prior
from baselines.learned.network.training_set import Fitted
from datasets.common.errors import DataError, UserError, check_name
from datasets.common.files import parse_json, write_atomically
from datasets.common.hashing import sha256_of_pieces

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from baselines.learned.network.nets.backbones import Backbone

SCHEMA = 2
MOST_BYTES = 1 << 31
"""Of a file; ResNet-50 and its heads take a twentieth."""

_FAILURES = (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError, UserError)
"""How a header or tensors fail that make no network."""

_HEADER = "jnd-bench"
_BACKBONE = "backbone."
"""Before the names of a fine-tuned backbone's tensors."""

Network = TypeVar("Network", bound="Module")


def save_predictor(path: Path, predictor: NetworkPredictor[Any], about: Mapping[str, str]) -> None:
    """Write a fitted predictor, whole or not at all.

    :param about: what it was trained on, in sentences by name (`data`, `samples`, `truth`, ...).
    """
    fitted = predictor.fitted_
    tensors = dict(fitted.model.state_dict())
    if fitted.backbone is not None:
        tensors |= {_BACKBONE + name: tensor for name, tensor in fitted.backbone.state_dict().items()}
    parameters = {name: value for name, value in predictor.get_params().items() if name != "device"}
    header = {
        "method": predictor.card.name,
        "parameters": {**parameters, "settings": predictor.pinned_settings()},
        "ingredients": dict(predictor.ingredients()),
        "about": dict(about),
    }
    write_checkpoint(path, tensors, fitted, header)


def load_predictor(path: Path, *, device: str = "auto") -> NetworkPredictor[Any]:
    """A fitted predictor from its file; `fitted_.about` says what it was trained on.

    :param device: `auto`, `cpu` or `cuda`.
    :raises UserError: where there is no such file.
    :raises DataError: where it is damaged, of another version, of a method that is not installed, or made with other
        weights of a backbone than are here.
    """
    header, tensors = read_checkpoint(path)
    try:
        predictor = _class_of(str(header["method"]))(**header["parameters"], device=device)
        heads = {name: tensor for name, tensor in tensors.items() if not name.startswith(_BACKBONE)}
        backbone = None
        if len(heads) < len(tensors):
            backbone = _backbone(str(header["ingredients"]["backbone"]), tensors)
        elif header["ingredients"] != dict(predictor.ingredients()):
            raise ValueError(f"it was made with {header['ingredients']}, here are {dict(predictor.ingredients())}")
        network = _filled(predictor.new_network, heads, members=getattr(predictor.config(), "members", 1))
        predictor.fitted_ = fitted_of(header, network, backbone)
        return predictor
    except DataError:
        raise
    except _FAILURES as error:
        raise unusable(path, error) from error


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], fitted: Fitted[Any], header: Mapping[str, Any]) -> None:
    """Write a checkpoint whole.

    :param tensors: of the network, by name.
    :param fitted: its codec, share and prior go into the header.
    :param header: what else using it needs; JSON-ready.
    """
    from safetensors.torch import save

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    known = {
        "schema": SCHEMA,
        "codec": fitted.codec,
        "share": fitted.share,
        "prior": {name: float(value) for name, value in dataclasses.asdict(fitted.prior).items()},
        "tensors_sha256": _sha256(plain),
    }
    write_atomically(path, save(plain, metadata={_HEADER: json.dumps({**header, **known})}))


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A checkpoint's header and tensors.

    :raises UserError: where there is no such file.
    :raises DataError: where it is damaged, no checkpoint of this project, or of another version of it.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise UserError(f"{path}: there is no such checkpoint. python -m sgjnd.train writes one.")
    if path.stat().st_size > MOST_BYTES:
        raise unusable(path, f"it has {path.stat().st_size:,} bytes, more than the {MOST_BYTES:,} that are read")
    try:
        with safe_open(path, framework="pt") as stream:
            header = dict(parse_json((stream.metadata() or {})[_HEADER]))
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no dict)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as a checkpoint ({type(error).__name__}: {error}). Expected a .safetensors file "
            "that python -m sgjnd.train wrote."
        ) from error
    if header.get("schema") != SCHEMA:
        raise unusable(path, f"its schema is {header.get('schema')}, this program reads {SCHEMA}")
    try:
        as_written = header.get("tensors_sha256") == _sha256(tensors)  # safetensors has no checksum of its own
        finite = all(map(_is_finite, tensors.values()))
    except RuntimeError as error:  # of a type that torch can name and not compute with
        raise unusable(path, error) from error
    if not as_written:
        raise unusable(path, "its tensors are not those that were written: copy the file again")
    if not finite:
        raise unusable(path, "it holds numbers that are not finite: its training has failed")
    return header, tensors


def _filled(make: Callable[[], Network], tensors: Mapping[str, Tensor], *, members: int = 1) -> Network:
    """A network with a file's tensors. That they fit is known before memory is taken for what the header announces.

    :param make: an untrained network, as the header describes it.
    :param members: how many networks it is made of by the header.
    :raises RuntimeError, ValueError: where the tensors are others than the network's.
    """
    import torch

    if members > max(len(tensors), 1):
        raise ValueError(f"it announces {members} members and has {len(tensors)} tensors")
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of torch, that nothing is copied to where there is no memory
        form = make()
        form.load_state_dict(tensors)
    for name, wanted in form.state_dict().items():
        if tensors[name].is_floating_point() != wanted.is_floating_point() or tensors[name].is_complex():
            raise ValueError(f"its tensor {name!r} is of {tensors[name].dtype}, expected {wanted.dtype}")
    network = make()
    network.load_state_dict(tensors)
    return network


def fitted_of(header: Mapping[str, Any], network: Any, backbone: Any = None) -> Fitted[Any]:
    """The fit that a header and a network with its tensors make.

    :raises KeyError, TypeError, ValueError: where the header lacks something, or its share is none.
    """
    share = float(header["share"])
    if not 0 <= share <= 1:
        raise ValueError(f"its share of people is {share}")
    about = {str(name): str(text) for name, text in header["about"].items()}
    return Fitted(network.eval(), Prior(**header["prior"]), share, str(header["codec"]), backbone, about=about)


def unusable(path: Path, reason: object) -> DataError:
    """What is said of a checkpoint that was read and that makes no network."""
    first = (str(reason).splitlines() or ["it is empty"])[0]
    return DataError(
        f"{path}: is no checkpoint that this version can use ({first}). Train it again with python -m sgjnd.train."
    )


def _class_of(method: str) -> type[NetworkPredictor[Any]]:
    classes = {entry.predictor.card.name: entry.predictor for entry in registry().values()}
    check_name("predictor", method, classes)
    predictor = classes[method]
    if not issubclass(predictor, NetworkPredictor):
        raise ValueError(f"{method} has no network")
    return predictor


def _backbone(name: str, tensors: Mapping[str, Tensor]) -> Backbone:
    backbone = build(choose(name, NONE))  # of a known size, whatever the file says
    state = {key.removeprefix(_BACKBONE): tensor for key, tensor in tensors.items() if key.startswith(_BACKBONE)}
    backbone.load_state_dict(state)
    return backbone


def _is_finite(tensor: Tensor) -> bool:
    import torch

    if not tensor.is_floating_point():
        return True
    return bool(torch.isfinite(tensor if tensor.element_size() > 2 else tensor.float()).all())


def _sha256(tensors: Mapping[str, Tensor]) -> str:
    import torch

    return sha256_of_pieces(
        name.encode() + tensors[name].flatten().view(torch.uint8).numpy().tobytes()  # any type's bytes
        for name in sorted(tensors)
    )
