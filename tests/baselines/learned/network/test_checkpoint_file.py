"""Protects the checkpoint file: tensors and header come back, damage is named, and nothing in it is executed."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from baselines.learned.network.checkpoint_file import SCHEMA, fitted_of, read_checkpoint, unusable, write_checkpoint
from baselines.learned.network.search.fit import Prior
from baselines.learned.network.training_set import Fitted
from datasets.common.errors import DataError, UserError

TENSORS = {
    "weight": torch.arange(12.0).reshape(3, 4).T,
    "count": torch.tensor(7),
    "half": torch.linspace(0, 1, 500).half(),
    "nothing": torch.empty(0, 3),
}
FITTED = Fitted(torch.nn.Identity(), Prior(np.float64(40.5), 8.0, np.float32(4.0)), np.float64(0.75), "jpeg")


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "deeper" / "mine.safetensors"
    write_checkpoint(path, TENSORS, FITTED, {"method": "toy", "about": {"data": "Größe 3"}})
    return path


def test_tensors_and_header_come_back(path):
    header, tensors = read_checkpoint(path)
    assert header["method"] == "toy" and header["about"] == {"data": "Größe 3"} and header["schema"] == SCHEMA
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype and torch.equal(tensors[name], tensor)
    fitted = fitted_of(header, torch.nn.Identity().train())
    assert (fitted.prior, fitted.share, fitted.codec) == (FITTED.prior, 0.75, "jpeg")
    assert not fitted.model.training and fitted.backbone is None


def test_a_header_cannot_forge_what_the_fit_says(tmp_path):
    write_checkpoint(path := tmp_path / "a.safetensors", TENSORS, FITTED, {"share": 0.1, "schema": 99})
    assert read_checkpoint(path)[0]["share"] == 0.75


def test_parameters_that_are_trained_are_written_too(tmp_path):
    network = torch.nn.Linear(3, 2)
    write_checkpoint(path := tmp_path / "a.safetensors", dict(network.named_parameters()), FITTED, {})
    assert torch.equal(read_checkpoint(path)[1]["weight"], network.weight)


def test_the_same_network_is_the_same_file_and_written_whole(path, tmp_path):
    write_checkpoint(again := tmp_path / "again.safetensors", TENSORS, FITTED, {"method": "toy"})
    write_checkpoint(once_more := tmp_path / "more.safetensors", TENSORS, FITTED, {"method": "toy"})
    assert again.read_bytes() == once_more.read_bytes()
    assert [one.name for one in path.parent.iterdir()] == ["mine.safetensors"], "nothing half-written is left"


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"absent\.safetensors: there is no such checkpoint"):
        read_checkpoint(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("size", [0, 5, 100, -1])
def test_a_cut_off_file_is_told(path, size):
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataError, match=r"mine\.safetensors: cannot be read as a checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize("place", [-1, -400, -900])
def test_a_flipped_bit_among_the_numbers_is_told(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.safetensors: .*not those that were written: copy the file again"):
        read_checkpoint(path)


def test_tensors_that_changed_names_are_told(path):
    header, tensors = read_checkpoint(path)
    renamed = {f"{name}2": tensor.contiguous() for name, tensor in tensors.items()}
    save_file(renamed, path, metadata={"jnd-bench": json.dumps(header)})
    with pytest.raises(DataError, match="not those that were written"):
        read_checkpoint(path)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"jnd-bench": "{"}, {"jnd-bench": "[1]"}])
def test_a_foreign_safetensors_file_is_told(tmp_path, metadata):
    save_file({"weight": torch.zeros(3)}, path := tmp_path / "foreign.safetensors", metadata=metadata)
    with pytest.raises(DataError, match=r"foreign\.safetensors: cannot be read as a checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize("schema", [None, SCHEMA + 1, str(SCHEMA)])
def test_another_schema_is_told(path, schema):
    header, tensors = read_checkpoint(path)
    metadata = {"jnd-bench": json.dumps({**header, "schema": schema})}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata=metadata)
    with pytest.raises(DataError, match=rf"its schema is {schema}, this program reads {SCHEMA}"):
        read_checkpoint(path)


def test_tensors_that_numpy_does_not_know_are_written_and_read(tmp_path):
    """A network trained in bfloat16 has them."""
    tensors = {"weight": torch.linspace(0, 1, 9).bfloat16()}
    write_checkpoint(path := tmp_path / "a.safetensors", tensors, FITTED, {})
    assert torch.equal(read_checkpoint(path)[1]["weight"], tensors["weight"])


def test_reasons_are_told_in_one_line():
    assert "(first)" in str(unusable(Path("x"), "first\nsecond")) and "(it is empty)" in str(unusable(Path("x"), ""))


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("write", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))])
def test_what_torch_or_pickle_wrote_is_refused_and_not_executed(tmp_path, write):
    path, trace = tmp_path / "network.safetensors", tmp_path / "executed"
    write({"weights": torch.zeros(3), "more": Bomb(trace)}, path)
    with pytest.raises(DataError, match=r"network\.safetensors: cannot be read as a checkpoint"):
        read_checkpoint(path)
    assert not trace.exists()
