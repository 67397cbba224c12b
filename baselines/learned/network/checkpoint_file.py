"""The file of a trained network: tensors as safetensors, everything else as JSON in the same file's header."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from baselines.learned.network.search.fit import Prior
from baselines.learned.network.training_set import Fitted
from datasets.common.errors import DataError, UserError
from datasets.common.files import write_atomically
from datasets.common.hashing import sha256_of_pieces
from datasets.common.text_file import parse_json

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

SCHEMA = 1
MOST_BYTES = 1 << 31
"""Of a file; ResNet-50 and its heads take a twentieth."""

FAILURES = (KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError, UserError)
"""How a header or tensors fail that make no network."""

Network = TypeVar("Network", bound="Module")
_HEADER = "jnd-bench"


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], fitted: Fitted[Any], header: Mapping[str, Any]) -> None:
    """Write a checkpoint whole.

    :param tensors: of the network, by name.
    :param fitted: its codec, share and prior are kept.
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


def filled(make: Callable[[], Network], tensors: Mapping[str, Tensor], *, members: int = 1) -> Network:
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
    return Fitted(network.eval(), Prior(**header["prior"]), share, str(header["codec"]), backbone)


def unusable(path: Path, reason: object) -> DataError:
    """What is said of a checkpoint that was read and that makes no network."""
    first = (str(reason).splitlines() or ["it is empty"])[0]
    return DataError(
        f"{path}: is no checkpoint that this version can use ({first}). Train it again with python -m sgjnd.train."
    )


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
