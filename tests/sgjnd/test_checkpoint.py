"""Protects checkpoints: read back, they predict the same; anything else is refused by name, and nothing unpickled."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from baselines.learned.network.checkpoint_file import SCHEMA
from baselines.learned.network.extractor import Looker
from datasets.common.errors import DataError, UserError
from sgjnd.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sgjnd.lite import SgJndLite

ABOUT = {"data": "crops of four photographs", "truth": "mean"}


@pytest.fixture
def saved(fitted_lite, tmp_path) -> Path:
    path = tmp_path / "deeper" / "mine.safetensors"
    looker = Looker(fitted_lite.config(), device="cpu")
    save_checkpoint(path, fitted_lite.fitted_, looker.config, looker.chosen, looker.channels, ABOUT)
    return path


def changed(path: Path, **header: object) -> None:
    """Write the file again with another header; a value of None takes the entry away."""
    with safe_open(path, framework="pt") as stream:
        kept = json.loads(stream.metadata()["jnd-bench"])
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no dict)
    kept = {name: value for name, value in {**kept, **header}.items() if value is not None}
    save_file(tensors, path, metadata={"jnd-bench": json.dumps(kept)})


def settings_of(path: Path) -> dict[str, object]:
    with safe_open(path, framework="pt") as stream:
        return dict(json.loads(stream.metadata()["jnd-bench"])["config"])


def predictor_of(checkpoint: Checkpoint) -> SgJndLite:
    predictor = SgJndLite(settings=vars(checkpoint.config), device="cpu")
    predictor.fitted_ = checkpoint.fitted
    return predictor


def test_what_is_read_back_predicts_the_same(saved, fitted_lite, rated_pictures):
    checkpoint = load_checkpoint(saved)
    assert checkpoint.config == fitted_lite.config() and checkpoint.about == ABOUT
    assert checkpoint.backbone_sha256 == Looker(checkpoint.config, device="cpu").chosen.sha256
    assert checkpoint.fitted.prior == fitted_lite.fitted_.prior
    predictor = predictor_of(checkpoint)
    for picture in rated_pictures[-2:]:
        asked = picture.without_samples()
        assert predictor.predict(asked).level == fitted_lite.predict(asked).level
        assert np.array_equal(predictor.predict(asked).sur, fitted_lite.predict(asked).sur)


def test_a_read_network_is_ready_to_answer(saved):
    assert not any(module.training for module in load_checkpoint(saved).fitted.model.modules())


def test_a_checkpoint_is_small_and_the_same_for_the_same_network(saved, fitted_lite, tmp_path):
    looker = Looker(fitted_lite.config(), device="cpu")
    again = tmp_path / "again.safetensors"
    save_checkpoint(again, fitted_lite.fitted_, looker.config, looker.chosen, looker.channels, ABOUT)
    assert again.read_bytes() == saved.read_bytes() and saved.stat().st_size < 1 << 20
    assert [path.name for path in saved.parent.iterdir()] == ["mine.safetensors"]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"absent\.safetensors: there is no such checkpoint\. python -m sgjnd\.train"):
        load_checkpoint(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("size", [0, 5, 100, -1])
def test_a_cut_off_file_is_told(saved, size):
    saved.write_bytes(saved.read_bytes()[:size])
    with pytest.raises(DataError, match=r"mine\.safetensors: cannot be read as a checkpoint .*python -m sgjnd\.train"):
        load_checkpoint(saved)


def test_a_flipped_bit_among_the_numbers_is_told(saved):
    content = bytearray(saved.read_bytes())
    content[-1000] ^= 1
    saved.write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.safetensors: .*not those that were written: copy the file again"):
        load_checkpoint(saved)


def test_a_foreign_safetensors_file_is_told(tmp_path):
    for metadata in (None, {"format": "pt"}, {"jnd-bench": "{"}, {"jnd-bench": "[1]"}):
        save_file({"weight": torch.zeros(3)}, path := tmp_path / "foreign.safetensors", metadata=metadata)
        with pytest.raises(DataError, match=r"foreign\.safetensors"):
            load_checkpoint(path)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ({"schema": SCHEMA + 1}, f"its schema is {SCHEMA + 1}, this program reads {SCHEMA}"),
        ({"prior": None}, "prior"),
        ({"channels": [1, 2, 3]}, "size mismatch|Error"),
        ({"channels": "many"}, "not supported"),
        ({"share": "much"}, "could not convert"),
        ({"about": None}, "about"),
        ({"about": ["a list"]}, "list"),
        ({"config": ["a list"]}, "setting"),
        ({"prior": {"position": 50.0, "spread": -1.0, "scale": 3.0}}, "spread"),
    ],
)
def test_a_header_that_does_not_fit_is_told(saved, header, text):
    changed(saved, **header)
    with pytest.raises(DataError, match=rf"mine\.safetensors: is no checkpoint .*({text}).*Train it again"):
        load_checkpoint(saved)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"widht": 8}, "There is no setting of SG-JND 'widht'"),
        ({"width": 16}, "loading state_dict"),
        ({"members": 3}, "loading state_dict"),
        ({"attention": False}, "loading state_dict"),
        ({"search": "telepathy"}, "telepathy"),
        ({"width": "wide"}, "whole number"),
    ],
)
def test_settings_that_the_network_was_not_trained_with_are_told(saved, settings, text):
    changed(saved, config={**settings_of(saved), **settings})
    with pytest.raises(DataError, match=rf"mine\.safetensors: is no checkpoint .*{text}"):
        load_checkpoint(saved)


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
        load_checkpoint(path)
    assert not trace.exists()
