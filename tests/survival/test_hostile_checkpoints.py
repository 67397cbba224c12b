"""Files of trained networks that are broken or mean harm: one clear error that names the file, and nothing executed."""

import json
import marshal
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save

from baselines.learned.network.checkpoint import MOST_BYTES, _sha256, load_predictor, read_checkpoint, save_predictor
from baselines.learned.network.imagenet_weights import read_tensors
from baselines.learned.network.search.fit import Prior
from baselines.learned.network.training_set import Fitted
from datasets.common.errors import UserError
from sgjnd.networks import shipped
from sgjnd.predictors import SgJndLite
from tests.survival.conftest import cases

LOADERS: dict[str, Callable[[Path], object]] = {"header and tensors": read_checkpoint, "predictor": load_predictor}
FLIPPED = cases(80)
SETTINGS = {"width": 4, "heads": 1, "components": 2, "members": 2}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A checkpoint of a small untrained network, as `sgjnd.train` writes one."""
    predictor = SgJndLite(settings=SETTINGS, device="cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        predictor.fitted_ = Fitted(predictor.new_network(), Prior(50.0, 9.0, 4.0), 0.5, "jpeg")
    path = tmp_path_factory.mktemp("small") / "small.safetensors"
    save_predictor(path, predictor, {"data": "none"})
    return path


@pytest.fixture(scope="module")
def whole(small) -> bytes:
    return small.read_bytes()


@pytest.fixture(scope="module")
def parts(small) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """The header and the tensors of a checkpoint that can be used."""
    return read_checkpoint(small)


@pytest.fixture
def write(parts, tmp_path) -> Callable[..., Path]:
    """Writes the checkpoint with a changed header and changed tensors, its checksum right all the same."""

    def written(header: dict[str, Any] | None = None, tensors: dict[str, torch.Tensor] | None = None) -> Path:
        tensors = parts[1] if tensors is None else tensors
        told = {**parts[0], "tensors_sha256": _sha256(tensors), **(header or {})}
        path = tmp_path / "mine.safetensors"
        path.write_bytes(save(tensors, metadata={"jnd-bench": json.dumps(told)}))
        return path

    return written


def refused(path: Path, load: Callable[[Path], object] = load_predictor) -> str:
    """The error of a file that cannot be used."""
    with pytest.raises(UserError) as told, warnings.catch_warnings():
        warnings.simplefilter("error")
        load(path)
    assert str(path) in str(told.value) and len(str(told.value)) < 2000
    return str(told.value)


def test_the_written_file_can_be_used_where_nothing_is_changed(write):
    """Otherwise the tests below would protect nothing."""
    assert load_predictor(write()).fitted_.about


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
def test_a_file_cut_anywhere_is_refused(tmp_path, whole, load, survived):
    path = tmp_path / "cut.safetensors"
    count = cases(12)
    for number in range(count):
        path.write_bytes(whole[: round(number / count * (len(whole) - 1))])
        refused(path, load)
    survived("checkpoints cut off", count)


@settings(max_examples=FLIPPED, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4),
    st.sampled_from([8, 200, 4000, 1 << 30]),
)
def test_a_file_with_flipped_bytes_is_refused_or_as_it_was(tmp_path, whole, parts, flips, within):
    """Every tensor is under a checksum; of the header only what people wrote there can change unnoticed."""
    damaged = bytearray(whole)
    for place, value in flips:
        damaged[int(place * min(len(damaged), within))] ^= value
    path = tmp_path / "flipped.safetensors"
    path.write_bytes(damaged)
    try:
        predictor = load_predictor(path)
    except UserError as error:
        assert str(path) in str(error)
        return
    for name, tensor in parts[1].items():
        assert torch.equal(tensor, predictor.fitted_.model.state_dict()[name])


def test_so_many_were_flipped(survived):
    survived("checkpoints with flipped bytes", FLIPPED)


SIZE = 1 << 50
CLAIMS = {
    "a header of petabytes": struct.pack("<Q", SIZE) + b"{}",
    "a header of 2^64": b"\xff" * 8 + b"{}",
    "a tensor of petabytes": {"a": {"dtype": "F32", "shape": [SIZE], "data_offsets": [0, 4 * SIZE]}},
    "a tensor of 2^120 numbers": {"a": {"dtype": "F32", "shape": [1 << 60, 1 << 60], "data_offsets": [0, 16]}},
    "a tensor before the file": {"a": {"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}},
    "tensors that overlap": {n: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} for n in "ab"},
    "an unknown type": {"a": {"dtype": "PYOBJECT", "shape": [4], "data_offsets": [0, 16]}},
    "no shape": {"a": {"dtype": "F32", "data_offsets": [0, 16]}},
    "a list": [1, 2, 3],
    "a deep nest": b"\0" * 8,
}


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_header_that_claims_what_is_not_there_is_refused(tmp_path, claim, load, survived):
    content = CLAIMS[claim]
    if not isinstance(content, bytes):
        text = json.dumps(content).encode()
        content = struct.pack("<Q", len(text)) + text + bytes(16)
    (tmp_path / "claim.safetensors").write_bytes(content)
    assert "cannot be read as a checkpoint" in refused(tmp_path / "claim.safetensors", load)
    survived("checkpoint headers that claim what is not there")


def test_a_header_nested_beyond_reason_is_refused(tmp_path, parts):
    for text in ("[" * 100_000, '{"a":' * 100_000, "1" * 10_000, '{"schema": 1, "x": ' + "9" * 6000 + "}"):
        (tmp_path / "deep.safetensors").write_bytes(save(parts[1], metadata={"jnd-bench": text}))
        refused(tmp_path / "deep.safetensors")


def test_a_file_too_large_to_be_one_is_refused_by_its_size(tmp_path):
    with (tmp_path / "huge.safetensors").open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)  # a hole on the disk
    assert "2,147,483,649 bytes" in refused(tmp_path / "huge.safetensors")


HUGE = {
    "members": {"members": 1 << 20},
    "many members": {"members": 10**9},
    "width": {"width": 1 << 17},
    "wide": {"width": 10**12},
    "components": {"components": 10**9},
    "cells": {"token_cells": 10**9},
    "levels": {"grid_levels": 10**12},
    "patches": {"most_patches": 10**12, "patch_pixels": 10**12},
    "not a number": {"dropout": float("nan")},
    "infinite": {"learning_rate": float("inf")},
    "words": {"width": "32"},
    "unknown": {"__class__": "os.system"},
    "another stage": {"stages": "__import__('os')"},
}


@pytest.mark.parametrize("what", HUGE)
def test_settings_that_would_fill_the_memory_or_mean_something_else_are_refused(write, parts, what, survived):
    """Sizes are compared with the file's tensors before anything of that size is made."""
    settings = {**parts[0]["parameters"]["settings"], **HUGE[what]}
    refused(write({"parameters": {"settings": settings}}))
    survived("checkpoint settings that fit no network")


@pytest.mark.parametrize(
    "header",
    [
        {"share": float("nan")},
        {"share": -0.5},
        {"share": 1e308},
        {"share": None},
        {"prior": {"position": float("nan"), "spread": 1.0, "scale": 1.0}},
        {"prior": {"position": 50.0, "spread": float("inf"), "scale": 1.0}},
        {"prior": {"position": 50.0, "spread": 1.0, "scale": 1.0, "__init__": 1}},
        {"prior": [1, 2, 3]},
        {"ingredients": []},
        {"ingredients": None},
        {"ingredients": {"backbone": "resnet50", "weights": "none"}},
        {"parameters": None},
        {"parameters": []},
        {"parameters": {"settings": [1]}},
        {"about": "text"},
        {"about": None},
        {"schema": "1"},
        {"schema": 1e999},
        {"tensors_sha256": None},
    ],
    ids=str,
)
def test_a_header_of_wrong_values_is_refused(write, header, survived):
    refused(write(header))
    survived("checkpoint headers of wrong values")


def test_foreign_metadata_is_kept_apart(tmp_path, parts):
    """Other programs' notes in the file are neither read nor told."""
    header, tensors = parts
    kept = {"jnd-bench": json.dumps(header), "format": "pt", "__reduce__": "os.system", "evil": "<script>"}
    (tmp_path / "more.safetensors").write_bytes(save(tensors, metadata=kept))
    assert load_predictor(tmp_path / "more.safetensors").fitted_.about == header["about"]


def changed_tensors(tensors: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """Tensors that are not the network's, by what is wrong."""
    name = max(tensors, key=lambda one: tensors[one].numel())
    wrong: dict[str, torch.Tensor] = {
        "NaN": tensors[name].clone().fill_(float("nan")),
        "infinity": tensors[name].clone().fill_(float("-inf")),
        "whole numbers": tensors[name].to(torch.int64),
        "truth values": tensors[name].bool(),
        "complex numbers": tensors[name].to(torch.complex64),
        "another shape": tensors[name].flatten(),
        "no number": tensors[name][:0],
        "one number": torch.tensor(1.0),
        "half as many": tensors[name][: len(tensors[name]) // 2].contiguous(),
    }
    found = {what: {**tensors, name: tensor} for what, tensor in wrong.items()}
    found["one NaN of half precision"] = {**tensors, name: torch.full_like(tensors[name], torch.nan).half()}
    found["one too few"] = {one: tensor for one, tensor in tensors.items() if one != name}
    found["one too many"] = {**tensors, "os.system": torch.zeros(3)}
    found["none"] = {}
    found["only others"] = {f"x.{one}": tensor for one, tensor in tensors.items()}
    found["a foreign backbone"] = {**tensors, "backbone.conv1.weight": torch.zeros(3)}
    return found


def test_tensors_that_are_not_the_networks_are_refused(write, parts, survived):
    for what, tensors in changed_tensors(parts[1]).items():
        told = refused(write(tensors=tensors))
        assert "is no checkpoint that this version can use" in told, what
        survived("checkpoint tensors that fit no network")


def test_every_type_of_tensor_is_read_or_refused(write, parts, survived):
    _, tensors = parts
    name = next(iter(tensors))
    for dtype in ("float16", "bfloat16", "float64", "float8_e4m3fn", "float8_e5m2", "uint8", "int8", "int16", "uint16"):
        path = write(tensors={**tensors, name: tensors[name].to(getattr(torch, dtype))})
        if dtype in ("float16", "bfloat16", "float64", "float8_e4m3fn", "float8_e5m2"):
            assert load_predictor(path).config()
        else:
            refused(path)
        survived("checkpoint tensors of other types")


@pytest.mark.parametrize(
    "header",
    [
        {"method": "../../evil"},
        {"method": ["constant"]},
        {"method": "constant"},
        {"method": "sgjnd-lite", "parameters": {"settings": {"members": 10**9}}, "ingredients": {}},
        {"method": "sgjnd-lite", "parameters": {"settings": {"width": 1 << 17}}, "ingredients": None},
        {"method": "sgjnd-lite", "parameters": {"__class__": 1}, "ingredients": {}},
        {"method": "pwjnd2020", "parameters": {"settings": {"blocks": 1 << 20}}, "ingredients": {}},
        {"method": "pwjnd2020", "parameters": {"settings": {"hidden": 1 << 20}}, "ingredients": {}},
        {"method": "pwjnd2020", "parameters": "x", "ingredients": {}},
    ],
    ids=str,
)
def test_another_methods_header_is_refused(write, header, survived):
    refused(write(header), load_predictor)
    survived("checkpoints of another method or size")


class Trace:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def pickled(payload: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(payload))


def in_torchs_zip(payload: object, path: Path) -> None:
    """As torch lays it out, but deflated: 50 MB of zeros in 50 kB, and the pickle that is to be run first."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(payload))
        archive.writestr("archive/data/0", bytes(50 << 20))
        archive.writestr("archive/version", "3\n")


def as_code(payload: object, path: Path) -> None:
    del payload
    code = compile(f"__import__('pathlib').Path({str(path.with_name('executed'))!r}).touch()", "x", "exec")
    path.write_bytes(marshal.dumps(code))


@pytest.mark.parametrize("suffix", ["safetensors", "pth", "npy"])
@pytest.mark.parametrize("wrap", [pickled, torch.save, in_torchs_zip, as_code])
def test_what_would_run_when_it_is_read_is_refused_and_does_not_run(tmp_path, wrap, suffix, survived):
    """Neither as a checkpoint nor as weights of a backbone, whatever the file is called."""
    path, trace = tmp_path / f"network.{suffix}", tmp_path / "executed"
    wrap({"weights": torch.zeros(3), "more": Trace(trace)}, path)
    for load in (*LOADERS.values(), read_tensors):
        refused(path, load)
        assert not trace.exists()
    survived("files that would run code when read", 1 + len(LOADERS))


def test_the_trace_would_be_left(tmp_path):
    """Otherwise the test above would protect nothing."""
    pickle.loads(pickle.dumps(Trace(tmp_path / "executed")))
    assert (tmp_path / "executed").exists()


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null", "/proc/self/mem", "/etc/passwd", "."])
def test_what_is_no_file_at_all_is_refused(tmp_path, target):
    (tmp_path / "link.safetensors").symlink_to(target)
    for load in LOADERS.values():
        refused(tmp_path / "link.safetensors", load)


def test_a_name_with_markup_is_told_as_it_is(tmp_path):
    path = tmp_path / "<b>'\"{0} %s.safetensors"
    path.write_bytes(b"x" * 100)
    assert "<b>'\"{0} %s.safetensors: cannot be read" in refused(path)


@pytest.mark.parametrize("codec", shipped())
def test_the_shipped_files_hold_tensors_and_text_alone(codec):
    with safe_open(shipped()[codec], framework="pt") as stream:
        assert set(stream.metadata()) == {"jnd-bench"}
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(shipped()[codec].read_bytes())
