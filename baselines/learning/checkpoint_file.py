"""The file of a trained network: tensors as safetensors, everything else as JSON in the same file's header."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baselines.learning.lesson import Fitted
from baselines.learning.search_fit import Prior
from datasets.commands import write_atomically
from datasets.errors import DataError, UserError

if TYPE_CHECKING:
    from torch import Tensor

SCHEMA = 1
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
    try:
        with safe_open(path, framework="pt") as stream:
            header = dict(json.loads((stream.metadata() or {})[_HEADER]))
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no dict)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as a checkpoint ({type(error).__name__}: {error}). Expected a .safetensors file "
            "that python -m sgjnd.train wrote."
        ) from error
    if header.get("schema") != SCHEMA:
        raise unusable(path, f"its schema is {header.get('schema')}, this program reads {SCHEMA}")
    if header.get("tensors_sha256") != _sha256(tensors):  # safetensors has no checksum of its own
        raise unusable(path, "its tensors are not those that were written: copy the file again")
    return header, tensors


def fitted_of(header: Mapping[str, Any], network: Any, backbone: Any = None) -> Fitted[Any]:
    """The fit that a header and a network with its tensors make.

    :raises KeyError, TypeError, ValueError: where the header lacks something.
    """
    return Fitted(network.eval(), Prior(**header["prior"]), float(header["share"]), str(header["codec"]), backbone)


def unusable(path: Path, reason: object) -> DataError:
    """What is said of a checkpoint that was read and that makes no network."""
    first = (str(reason).splitlines() or ["it is empty"])[0]
    return DataError(
        f"{path}: is no checkpoint that this version can use ({first}). Train it again with python -m sgjnd.train."
    )


def _sha256(tensors: Mapping[str, Tensor]) -> str:
    import torch

    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(name.encode() + tensors[name].flatten().view(torch.uint8).numpy().tobytes())  # any type's bytes
    return found.hexdigest()
