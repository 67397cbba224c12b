"""Protects trained predictors as files: read back they predict the same, and what does not fit is told by name."""

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from baselines.interface.predictor import NotFittedError
from baselines.learned.network.checkpoint_file import SCHEMA
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.saved import load_predictor, save_predictor
from baselines.learned.pwjnd2020 import Pwjnd2020
from baselines.learned.surfeatnet2020 import SurFeatNet2020
from datasets.common.errors import DataError, UserError
from datasets.core.picture import Picture
from sgjnd.lite import SgJndLite

ABOUT = {"data": "crops of four photographs", "truth": "mean"}
LITE = {
    "patch_pixels": 32,
    "most_patches": 4,
    "grid_levels": 10,
    "epochs": 4,
    "width": 8,
    "heads": 2,
    "components": 3,
    "members": 2,
}
METHODS = ["learned_pwjnd", "learned_vpjnd", "learned_surfeatnet", "learned_lite"]
every_method = pytest.mark.parametrize("learned", METHODS)


@pytest.fixture(scope="module")
def learned_lite(same_source, true_levels) -> SgJndLite:
    return SgJndLite(settings=LITE, device="cpu").fit(same_source, true_levels, seed=0)


def saved(predictor: NetworkPredictor[Any], folder: Path) -> Path:
    save_predictor(path := folder / "deeper" / "mine.safetensors", predictor, ABOUT)
    return path


@pytest.fixture
def pwjnd_file(learned_pwjnd, tmp_path) -> Path:
    return saved(learned_pwjnd, tmp_path)


@pytest.fixture
def surfeatnet_file(learned_surfeatnet, tmp_path) -> Path:
    return saved(learned_surfeatnet, tmp_path)


def header_of(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="pt") as stream:
        return dict(json.loads(stream.metadata()["jnd-bench"]))


def changed(path: Path, **header: object) -> None:
    """Write the file again with another header; a value of None takes the entry away."""
    kept = {name: value for name, value in {**header_of(path), **header}.items() if value is not None}
    with safe_open(path, framework="pt") as stream:
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (no dict)
    save_file(tensors, path, metadata={"jnd-bench": json.dumps(kept)})


def answers(predictor: NetworkPredictor[Any], pictures: list[Picture]) -> list[object]:
    found: list[object] = []
    for picture in pictures:
        asked = picture.without_samples()
        found += [
            predictor.predict(asked).level,
            predictor.predict(asked).sur.tolist(),
            predictor.predict(asked).clipped,
        ]
    return found


@every_method
def test_what_is_read_back_predicts_the_same(learned, same_source, tmp_path, request):
    predictor = request.getfixturevalue(learned)
    read, about = load_predictor(saved(predictor, tmp_path), device="cpu")
    assert type(read) is type(predictor) and about == ABOUT
    assert read.get_params() == predictor.get_params() and read.config() == predictor.config()
    fitted, before = read.fitted_, predictor.fitted_
    assert (fitted.prior, fitted.share, fitted.codec) == (before.prior, before.share, before.codec)
    assert not any(module.training for module in fitted.model.modules())
    pictures = same_source[1:6:2]
    assert answers(read, pictures) == answers(predictor, pictures)
    assert len({str(one) for one in answers(read, pictures)[::3]}) > 1, "there is something to lose"


@every_method
def test_a_file_is_small_whole_and_the_same_again(learned, tmp_path, request):
    predictor = request.getfixturevalue(learned)
    path = saved(predictor, tmp_path)
    save_predictor(again := tmp_path / "again.safetensors", load_predictor(path, device="cpu")[0], ABOUT)
    assert again.read_bytes() == path.read_bytes() and path.stat().st_size < 1 << 20
    assert [one.name for one in path.parent.iterdir()] == ["mine.safetensors"]


def test_the_device_is_the_readers_own(pwjnd_file):
    assert header_of(pwjnd_file)["parameters"].keys() == {"preset", "settings"}
    assert load_predictor(pwjnd_file, device="cpu")[0].device == "cpu"
    assert load_predictor(pwjnd_file)[0].device == "auto"


def test_a_predictor_that_was_not_fitted_is_told_and_nothing_written(tmp_path):
    with pytest.raises(NotFittedError, match="call fit"):
        save_predictor(tmp_path / "a.safetensors", Pwjnd2020(), ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_a_trained_backbone_has_a_file_form_of_its_own(learned_surfeatnet, tmp_path):
    tuned = SurFeatNet2020(settings=learned_surfeatnet.settings, device="cpu")
    tuned.fitted_ = dataclasses.replace(learned_surfeatnet.fitted_, backbone=torch.nn.Identity())
    with pytest.raises(UserError, match=r"surfeatnet2020 with a trained backbone is saved by python -m sgjnd\.train"):
        save_predictor(tmp_path / "a.safetensors", tuned, ABOUT)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"absent\.safetensors: there is no such checkpoint"):
        load_predictor(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("size", [0, 100, -1])
def test_a_cut_off_file_is_told(pwjnd_file, size):
    pwjnd_file.write_bytes(pwjnd_file.read_bytes()[:size])
    with pytest.raises(DataError, match=r"mine\.safetensors: cannot be read as a checkpoint"):
        load_predictor(pwjnd_file)


def test_a_flipped_bit_among_the_numbers_is_told(pwjnd_file):
    content = bytearray(pwjnd_file.read_bytes())
    content[-100] ^= 1
    pwjnd_file.write_bytes(content)
    with pytest.raises(DataError, match="not those that were written: copy the file again"):
        load_predictor(pwjnd_file)


def test_a_foreign_safetensors_file_is_told(tmp_path):
    save_file({"weight": torch.zeros(3)}, path := tmp_path / "foreign.safetensors")
    with pytest.raises(DataError, match=r"foreign\.safetensors: cannot be read as a checkpoint"):
        load_predictor(path)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ({"schema": SCHEMA + 1}, f"its schema is {SCHEMA + 1}, this program reads {SCHEMA}"),
        ({"method": "pwjnd2021"}, r"There is no predictor 'pwjnd2021'\. Did you mean 'pwjnd2020'"),
        ({"method": "constant"}, "constant has no network"),
        ({"method": "vpjnd2025"}, "loading state_dict"),
        ({"method": None}, "method"),
        ({"parameters": {"preset": "fats"}}, "no preset of pwjnd2020 'fats'"),
        ({"parameters": {"preset": "fast"}}, "loading state_dict"),
        ({"parameters": {"speed": 3}}, "unexpected keyword"),
        ({"parameters": {"preset": "fast", "settings": {"blocks": "two"}}}, "whole number"),
        ({"parameters": ["a list"]}, "mapping"),
        ({"prior": None}, "prior"),
        ({"prior": {"position": 50.0, "spread": -1.0, "scale": 3.0}}, "spread"),
        ({"share": "much"}, "could not convert"),
        ({"about": None}, "about"),
        ({"ingredients": {"backbone": "resnet50"}}, r"it was made with \{'backbone': 'resnet50'\}, here are \{\}"),
    ],
)
def test_a_header_that_does_not_fit_is_told(pwjnd_file, header, text):
    changed(pwjnd_file, **header)
    with pytest.raises(DataError, match=rf"mine\.safetensors: is no checkpoint .*({text})"):
        load_predictor(pwjnd_file)


def test_a_tensor_too_many_or_too_few_is_told(learned_pwjnd, tmp_path):
    for name, network in (("more", torch.nn.Linear(2, 2)), ("none", torch.nn.Identity())):
        other = Pwjnd2020(preset="fast", settings=learned_pwjnd.settings)
        other.fitted_ = dataclasses.replace(learned_pwjnd.fitted_, model=network)
        save_predictor(path := tmp_path / f"{name}.safetensors", other, ABOUT)
        with pytest.raises(DataError, match="loading state_dict"):
            load_predictor(path)


def test_other_weights_of_the_backbone_are_told(surfeatnet_file):
    """Features of other weights mean other things to the network, which would answer all the same."""
    ingredients = header_of(surfeatnet_file)["ingredients"]
    assert ingredients["backbone"] == "efficientnet-lite0" and len(ingredients["weights"]) == 64
    changed(surfeatnet_file, ingredients={**ingredients, "weights": "0" * 64})
    with pytest.raises(DataError, match=r"it was made with .*0000.*, here are .*efficientnet-lite0"):
        load_predictor(surfeatnet_file)


def test_weights_that_cannot_be_had_here_are_told(surfeatnet_file, monkeypatch):
    def missing(*_: object, **__: object) -> None:
        raise UserError("the weights come in a package that is not installed")

    monkeypatch.setattr("baselines.learned.network.frozen_backbone.choose", missing)
    with pytest.raises(DataError, match="missing: the weights come in a package that is not installed"):
        load_predictor(surfeatnet_file)


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_what_pickle_wrote_is_refused_and_not_executed(tmp_path):
    path, trace = tmp_path / "network.safetensors", tmp_path / "executed"
    path.write_bytes(pickle.dumps({"method": Bomb(trace)}))
    with pytest.raises(DataError, match=r"network\.safetensors: cannot be read as a checkpoint"):
        load_predictor(path)
    assert not trace.exists()


def test_nothing_of_a_predictor_is_pickled(learned_vpjnd, tmp_path, monkeypatch):
    """Neither by us nor by a library, on the way there or back."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("pickled")

    for module, name in ((pickle, "dumps"), (pickle, "dump"), (pickle, "load"), (pickle, "loads"), (torch, "load")):
        monkeypatch.setattr(module, name, refuse)
    read, _ = load_predictor(saved(learned_vpjnd, tmp_path), device="cpu")
    assert np.array_equal(*(one.fitted_.model.quality[0].weight.detach() for one in (read, learned_vpjnd)))
