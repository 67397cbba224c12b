"""Which network answers for a codec: those that come with the installation, or one of the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from baselines.learned.network.checkpoint import load_predictor
from baselines.learned.network.predictor import NetworkPredictor
from datasets.codecs import codec_named
from datasets.common.errors import UserError
from datasets.core.codec import Codec

Networks = dict[Codec, NetworkPredictor[Any]]
"""A fitted predictor a codec."""

_FOLDER = Path(__file__).parent / "checkpoints"


def shipped(method: str = "sgjnd-lite") -> Mapping[str, Path]:
    """The checkpoints of a method that come with the installation, by the name of their codec.

    All were trained by the project on simulated observers; each header says on what.
    """
    prefix = f"{method}-simulated-"
    return {path.stem.removeprefix(prefix): path for path in sorted(_FOLDER.glob(f"{prefix}*.safetensors"))}


def load_shipped(names: Sequence[str], method: str = "sgjnd-lite", *, device: str) -> Networks:
    """The networks for codecs, in their order.

    :param names: of the codecs.
    :param method: the predictor's name.
    :param device: `auto`, `cpu` or `cuda`.
    :raises UserError: where none comes with the installation, or the codec cannot encode here; before any is loaded.
    """
    files = {codec_named(name): _shipped_file(name, method) for name in names}
    return {codec: load_predictor(file, device=device) for codec, file in files.items()}


def load_own(checkpoint: Path, names: Sequence[str], *, device: str) -> Networks:
    """The network of a checkpoint, for the codec that it was trained for.

    :param names: of the codecs that were asked for; none where the checkpoint is to say it.
    :raises UserError: where others were asked for, or the codec cannot encode here.
    """
    predictor = load_predictor(checkpoint, device=device)
    codec = codec_named(predictor.fitted_.codec)
    if set(names) - {codec.name}:
        asked = " ".join(names)
        raise UserError(
            f"--checkpoint {checkpoint}: was trained for {codec.name}, and --codec says {asked}. Leave one out"
        )
    _check_encoder(codec)
    return {codec: predictor}


def _shipped_file(name: str, method: str) -> Path:
    codec, known = codec_named(name), shipped(method)
    if codec.can_encode and name not in known:
        raise UserError(
            f"--codec {name}: no {method} for {codec.title} comes with the installation, only for {', '.join(known)}. "
            f"Train one: python -m datasets.simulate PHOTOS --codec {name} --out SET, then python -m "
            f"sgjnd.train --method {method} --dataset simulated --root SET --out mine.safetensors, and give it with "
            "--checkpoint mine.safetensors"
        )
    _check_encoder(codec)
    return known[name]


def _check_encoder(codec: Codec) -> None:
    if not codec.can_encode:
        raise UserError(f"{codec.title} ({codec.name}) is only read here: photographs cannot be compressed by it")
    codec.check_available()
