"""Protects trained predictors as files: read back they predict the same, damage is named, nothing is executed."""

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
from baselines.learned.network.checkpoint import (
    SCHEMA,
    fitted_of,
    load_predictor,
    read_checkpoint,
    save_predictor,
    unusable,
    write_checkpoint,
)
from baselines.learned.network.predictor import NetworkPredictor
from baselines.learned.network.search.fit import Prior
from baselines.learned.network.training_set import Fitted
from baselines.learned.pwjnd2020 import Pwjnd2020
from datasets.common.errors import DataError, UserError
from datasets.core.picture import Picture
from sgjnd.predictors import SgJndLite

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
    predictions = [predictor.predict(picture.without_samples()) for picture in pictures]
    return [value for answer in predictions for value in (answer.level, answer.sur.tolist(), answer.clipped)]


@every_method
def test_what_is_read_back_predicts_the_same(learned, same_source, tmp_path, request):
    predictor = request.getfixturevalue(learned)
    read = load_predictor(saved(predictor, tmp_path), device="cpu")
    assert type(read) is type(predictor) and read.fitted_.about == ABOUT
    assert read.config() == predictor.config() and read.device == "cpu"
    fitted, before = read.fitted_, predictor.fitted_
    assert (fitted.prior, fitted.share, fitted.codec) == (before.prior, before.share, before.codec)
    assert not any(module.training for module in fitted.model.modules())
    pictures = same_source[1:6:2]
    answers_read = answers(read, pictures)
    assert answers_read == answers(predictor, pictures)
    assert len(set(answers_read[::3])) > 1, "there is something to lose"


@every_method
def test_a_file_is_small_whole_and_the_same_again(learned, tmp_path, request):
    predictor = request.getfixturevalue(learned)
    path = saved(predictor, tmp_path)
    save_predictor(again := tmp_path / "again.safetensors", load_predictor(path, device="cpu"), ABOUT)
    assert again.read_bytes() == path.read_bytes() and path.stat().st_size < 1 << 20
    assert [one.name for one in path.parent.iterdir()] == ["mine.safetensors"]


def test_the_device_is_the_readers_own(pwjnd_file):
    assert header_of(pwjnd_file)["parameters"].keys() == {"preset", "settings"}
    assert load_predictor(pwjnd_file, device="cpu").device == "cpu"
    assert load_predictor(pwjnd_file).device == "auto"


def test_a_predictor_that_was_not_fitted_is_told_and_nothing_written(tmp_path):
    with pytest.raises(NotFittedError, match="call fit"):
        save_predictor(tmp_path / "a.safetensors", Pwjnd2020(), ABOUT)
    assert list(tmp_path.iterdir()) == []


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
        ({"about": ["a list"]}, "list"),
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


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"widht": 8}, "There is no setting of SG-JND 'widht'"),
        ({"width": 16}, "loading state_dict"),
        ({"members": 3}, "loading state_dict"),
        ({"attention": False}, "loading state_dict"),
        ({"search": "telepathy"}, "telepathy"),
        ({"width": "wide"}, "whole number"),
        (["a list"], "a list"),
    ],
)
def test_settings_that_the_network_was_not_trained_with_are_told(learned_lite, tmp_path, settings, text):
    path = saved(learned_lite, tmp_path)
    written = header_of(path)["parameters"]["settings"]
    changed(path, parameters={"settings": {**written, **settings} if isinstance(settings, dict) else settings})
    with pytest.raises(DataError, match=rf"mine\.safetensors: is no checkpoint .*{text}.*Train it again"):
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


def test_nothing_of_a_predictor_is_pickled(learned_vpjnd, tmp_path, monkeypatch):
    """Neither by us nor by a library, on the way there or back."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("pickled")

    for module, name in ((pickle, "dumps"), (pickle, "dump"), (pickle, "load"), (pickle, "loads"), (torch, "load")):
        monkeypatch.setattr(module, name, refuse)
    read = load_predictor(saved(learned_vpjnd, tmp_path), device="cpu")
    assert np.array_equal(*(one.fitted_.model.quality[0].weight.detach() for one in (read, learned_vpjnd)))
