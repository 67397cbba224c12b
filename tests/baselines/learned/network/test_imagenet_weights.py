"""Protects the backbones' weights: the right file or a clear error, never code from a file, never random unasked."""

import dataclasses
import hashlib
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf
from safetensors.torch import save_file

from baselines.learned.network.imagenet_weights import (
    BACKBONES,
    NONE,
    NOT_FETCHED,
    build,
    choose,
    read_tensors,
)
from datasets.common.errors import DataError, UserError

LITES = ("efficientnet-lite0", "efficientnet-lite2")
CATS = range(281, 286)
ESPRESSO = (967,)


@pytest.fixture
def no_memory() -> Iterator[None]:
    """What was chosen and hashed before is forgotten, and so is what the test chose."""
    choose.cache_clear()
    yield
    choose.cache_clear()


@pytest.fixture
def torch_home(tmp_path, monkeypatch, no_memory) -> Path:
    """Where downloads go: an empty folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv(NOT_FETCHED, "{}")
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def served(tmp_path_factory) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which a local server has its files."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

    folder = tmp_path_factory.mktemp("served")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def closed_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def redirect(monkeypatch, url: str, sha256: str) -> None:
    known = dataclasses.replace(BACKBONES["resnet50"], url=f"{url}/resnet50-0676ba61.pth", sha256=sha256)
    monkeypatch.setitem(BACKBONES, "resnet50", known)


def classes(name: str, photograph: np.ndarray) -> list[int]:
    """The five likeliest ImageNet classes, by the classifier that the weight file has besides the backbone."""
    chosen = choose(name)
    state = read_tensors(chosen.path)
    side = min(photograph.shape[:2])
    square = torch.from_numpy(photograph[:side, -side:]).permute(2, 0, 1)[None].float()
    with torch.inference_mode():
        pixels = nnf.interpolate(square, size=(224, 224), mode="bicubic", antialias=True).clamp(0, 255)
        last = build(chosen)(pixels)[-1]
        wide = nnf.conv2d(last, state["_conv_head.weight"])
        norm = [state[f"_bn1.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        pooled = nnf.relu6(nnf.batch_norm(wide, *norm, eps=1e-3)).mean(dim=(2, 3))
        return (pooled @ state["_fc.weight"].T + state["_fc.bias"])[0].topk(5).indices.tolist()


@pytest.mark.parametrize("name", LITES)
@pytest.mark.parametrize(("photograph", "expected"), [("coffee", ESPRESSO), ("chelsea", CATS)])
def test_real_photographs_are_recognised(name, photograph, expected):
    """A wrong padding, epsilon or scaling of pixels would still give features, and worse ones."""
    from skimage import data

    assert classes(name, getattr(data, photograph)())[0] in expected


@pytest.mark.parametrize("name", LITES)
def test_the_packages_files_are_the_ones_known(name, no_memory):
    chosen = choose(name)
    assert chosen.sha256 == BACKBONES[name].sha256 == hashlib.sha256(chosen.path.read_bytes()).hexdigest()
    assert chosen.path.name in BACKBONES[name].file and "Apache-2.0" in chosen.why


def test_a_flipped_byte_in_a_packages_file_is_refused(tmp_path, monkeypatch, no_memory):
    known = BACKBONES["efficientnet-lite0"]
    content = bytearray(choose("efficientnet-lite0").path.read_bytes())
    content[len(content) // 2] ^= 1
    choose.cache_clear()
    path = tmp_path / known.package.replace("-", "_") / known.file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (tmp_path / known.package.replace("-", "_") / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match=rf"sha256 .*, expected 579344248a93.*install {known.package} again"):
        choose("efficientnet-lite0")


def test_a_package_that_is_missing_is_named(monkeypatch, no_memory):
    known = dataclasses.replace(BACKBONES["efficientnet-lite2"], package="no-such-package")
    monkeypatch.setitem(BACKBONES, "efficientnet-lite2", known)
    with pytest.raises(UserError, match="which is not installed: pip install no-such-package"):
        choose("efficientnet-lite2")


def test_an_unknown_backbone_is_told_with_what_was_meant():
    with pytest.raises(UserError, match=r"no backbone 'efficientnet_lite0'\. Did you mean 'efficientnet-lite0'"):
        choose("efficientnet_lite0")


@pytest.mark.parametrize("name", LITES)
def test_random_weights_are_asked_for_and_seeded(name):
    chosen = choose(name, NONE)
    assert chosen.path is None and chosen.sha256 == NONE and "random" in chosen.why
    before = torch.get_rng_state()
    one, same, other = (build(chosen, seed=seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(tensor, same[key]) for key, tensor in one.items())
    assert any(not torch.equal(tensor, other[key]) for key, tensor in one.items())
    trained = build(choose(name)).state_dict()
    assert not torch.equal(one["_conv_stem.weight"], trained["_conv_stem.weight"])


def test_a_backbone_comes_in_evaluation_mode():
    assert not any(module.training for module in build(choose("efficientnet-lite0")).modules())


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_from_a_users_file_are_the_ones_used(tmp_path, suffix):
    state = build(choose("efficientnet-lite0", NONE), seed=7).state_dict()
    path = tmp_path / f"mine{suffix}"
    if suffix == ".pth":  # as training scripts write them: inside a dict, from a network on several devices
        torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}, "epoch": 3}, path)
    else:
        save_file(state, path)
    chosen = choose("efficientnet-lite0", str(path))
    assert chosen.path == path and len(chosen.sha256) == 64 and path.name in chosen.why
    assert all(torch.equal(tensor, state[name]) for name, tensor in build(chosen).state_dict().items())


def test_the_file_of_another_network_is_told():
    path = choose("efficientnet-lite2").path
    with pytest.raises(DataError, match=r"is no weight file of efficientnet-lite0: \d+ of \d+ tensors are missing"):
        build(choose("efficientnet-lite0", str(path)))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match=r"there is no such file\. Give a \.pth or \.safetensors file of resnet50"):
        choose("resnet50", str(tmp_path / "absent.pth"))


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", ["pickle", "torch", "torch's older format"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_code_in_a_file_is_not_executed(tmp_path, how, suffix):
    path, trace = tmp_path / f"evil{suffix}", tmp_path / "executed"
    content = {"_conv_stem.weight": torch.zeros(2), "more": Bomb(trace)}
    if how == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=how == "torch")
    with pytest.raises(DataError, match="cannot be read as weights"):
        read_tensors(path)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 cut off"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_damaged_file_is_told_by_name(tmp_path, content, suffix):
    (path := tmp_path / f"weights{suffix}").write_bytes(content)
    with pytest.raises(DataError, match=rf"weights{suffix}: cannot be read as weights"):
        read_tensors(path)


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, torch.zeros(3), {"state_dict": [torch.zeros(3)]}])
def test_a_file_of_other_things_is_told(tmp_path, content):
    torch.save(content, path := tmp_path / "weights.pth")
    with pytest.raises(DataError, match="cannot be read as weights"):
        read_tensors(path)


def test_weights_are_fetched_once_checked_and_kept_where_torchvision_looks(torch_home, served, monkeypatch):
    folder, url = served
    (folder / "resnet50-0676ba61.pth").write_bytes(b"weights")
    redirect(monkeypatch, url, hashlib.sha256(b"weights").hexdigest()[:8])
    chosen = choose("auto")
    assert chosen.backbone == "resnet50" and chosen.path == torch_home / "resnet50-0676ba61.pth"
    (folder / "resnet50-0676ba61.pth").unlink()
    choose.cache_clear()
    assert choose("resnet50").path.read_bytes() == b"weights"


def test_a_fetched_file_that_is_another_is_refused(torch_home, served, monkeypatch):
    folder, url = served
    (folder / "resnet50-0676ba61.pth").write_bytes(b"something else")
    redirect(monkeypatch, url, "0676ba61")
    with pytest.raises(DataError, match=r"expected 0676ba61\.\.\.\)\. Delete it, and it is fetched again"):
        choose("resnet50")


def test_without_internet_auto_takes_lite0_and_says_so(torch_home, monkeypatch):
    monkeypatch.setattr("datasets.obtain.download.time.sleep", lambda seconds: None)
    redirect(monkeypatch, closed_address(), "0676ba61")
    chosen = choose("auto")
    assert chosen.backbone == "efficientnet-lite0" and chosen.path == choose("efficientnet-lite0").path
    assert chosen.why.endswith("not resnet50: resnet50-0676ba61.pth could not be fetched")
    choose.cache_clear()
    with pytest.raises(UserError, match=r"give the file with --weights, or take the backbone efficientnet-lite0"):
        choose("resnet50")


@pytest.mark.parametrize("names", [("auto", "auto"), ("resnet50", "auto"), ("auto", "resnet50"), ("resnet50",) * 3])
def test_what_could_not_be_fetched_is_not_tried_again_by_other_predictors_and_by_workers(
    torch_home, monkeypatch, capsys, names
):
    tried = []

    def download(url, path, **_):
        tried.append(url)
        raise UserError("there is no internet")

    monkeypatch.setattr("datasets.obtain.download.download", download)
    for name in names:
        choose.cache_clear()  # as in a process that was started after the first try, and inherits its variables
        if name == "auto":
            assert choose(name).backbone == "efficientnet-lite0"
        else:
            with pytest.raises(UserError, match=r"could not be fetched .there is no internet."):
                choose(name)
    assert tried == [BACKBONES["resnet50"].url]
    program = "import json, os; print(len(json.loads(os.environ['JND_BENCH_NOT_FETCHED'])))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.strip() == b"1"
    assert capsys.readouterr() == ("", "")


def test_auto_with_a_file_or_random_weights_is_resnet50(tmp_path):
    (path := tmp_path / "mine.pth").write_bytes(b"anything")
    assert choose("auto", str(path)).backbone == choose("auto", NONE).backbone == "resnet50"
