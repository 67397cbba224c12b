"""Protects `python -m sgjnd.train`: a checkpoint that can be used, the same for the same seed, also after a kill."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from baselines.learned.network.checkpoint import load_predictor
from baselines.learned.network.extractor import FeatureExtractor
from baselines.learned.network.nets.training import History
from datasets.common.commands import run_command
from datasets.common.errors import UserError
from sgjnd import train
from sgjnd.predict import main as predict
from sgjnd.train import draw_losses
from tests.sgjnd.conftest import SMALL_NETWORK

SETTINGS = [word for name, value in SMALL_NETWORK.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture
def few(monkeypatch, rated_dataset) -> None:
    """Any name stands for the rated pictures."""
    monkeypatch.setattr(train, "open_dataset", lambda *_: rated_dataset)


@pytest.fixture
def learn(few, tmp_path) -> Callable[..., dict[str, np.ndarray]]:
    """Trains, and gives the tensors that were written."""

    def run(*flags: str) -> dict[str, np.ndarray]:
        out = tmp_path / "new" / "net.safetensors"
        assert train.main(["--out", str(out), "--device", "cpu", *SETTINGS, *flags]) == 0
        return load_file(out)

    return run


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(tensor.tobytes() == other[name].tobytes() for name, tensor in one.items())


def test_a_training_ends_with_a_checkpoint_that_predict_takes_and_a_picture_of_the_losses(learn, tmp_path, capsys):
    learn()
    out, shown = tmp_path / "new" / "net.safetensors", capsys.readouterr()
    assert sorted(path.name for path in out.parent.iterdir()) == ["net.losses.png", "net.safetensors"]
    with Image.open(out.with_suffix(".losses.png")) as image:
        image.load()
        assert image.format == "PNG"
    assert "EfficientNet-Lite0" in shown.out and f"--checkpoint {out}" in shown.out
    assert "head 2/2, epoch " in shown.err
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "black.png")
    assert predict([str(tmp_path / "black.png"), "--checkpoint", str(out), "--device", "cpu"]) == 0


def test_the_fast_one_is_a_regression_without_losses(few, tmp_path, capsys):
    out = tmp_path / "new" / "net.safetensors"
    assert train.main(["--out", str(out), "--device", "cpu", "--method", "sgjnd-fast", "--set", "misfit=5"]) == 0
    assert [path.name for path in out.parent.iterdir()] == ["net.safetensors"]
    assert f"wrote {out} (" in capsys.readouterr().out
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "black.png")
    assert predict(["--fast", str(tmp_path / "black.png"), "--checkpoint", str(out), "--device", "cpu"]) == 0
    assert predict([str(tmp_path / "black.png"), "--checkpoint", str(out), "--device", "cpu"]) == 0
    assert capsys.readouterr().out.count("black.png") == 2


def test_the_set_is_opened_in_the_codec_that_is_asked_for(monkeypatch, tmp_path):
    opened = []

    def open_dataset(name, root, options):
        opened.append((name, options.codec))
        raise UserError("that is enough")

    monkeypatch.setattr(train, "open_dataset", open_dataset)
    for flags in ([], ["--codec", "webp"]):
        with pytest.raises(UserError, match="that is enough"):
            train.main(["--out", str(tmp_path / "net.safetensors"), "--device", "cpu", *flags])
    assert opened == [("demo", ""), ("demo", "webp")]


def test_a_checkpoint_says_what_it_was_trained_on(learn, tmp_path):
    learn("--truth", "sur75", "--seed", "3")
    about = load_predictor(tmp_path / "new" / "net.safetensors").fitted_.about
    assert about["data"] == "Few crops: 4 pictures of 4 sources"
    assert about["samples"] == "criteria on the error" and about["truth"] == "sur75" and about["seed"] == "3"
    assert "EfficientNet-Lite0" in about["backbone"] and about["notes"] == "Made by tests."


def test_the_same_seed_gives_the_same_tensors_and_another_does_not(learn, monkeypatch, tmp_path):
    """Each in a cache of its own, so that nothing is read that an earlier one has trained."""
    found = []
    for number, seed in enumerate(("0", "0", "1")):
        monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path / f"cache-{number}"))
        found.append(learn("--seed", seed))
    assert same(found[0], found[1]) and not same(found[0], found[2])


def test_a_finished_training_leaves_no_state_behind(learn, empty_cache):
    """A fine-tuned network's state is hundreds of megabytes."""
    learn()
    assert not list((empty_cache / "training").rglob("*.safetensors"))


def test_what_the_result_depends_on_is_trained_anew(learn, empty_cache, capsys):
    first = learn()
    for flags in (["--truth", "median"], ["--set", "dropout=0.5"]):
        capsys.readouterr()
        learn(*flags)
        assert "head 1/2, epoch 1/4" in capsys.readouterr().err, flags
    assert same(first, learn())


def test_quiet_says_nothing(learn, capsys):
    learn("-q")
    assert capsys.readouterr() == ("", "")


def test_random_weights_must_be_asked_for_and_are_told(learn, tmp_path, capsys):
    learn("--weights", "none")
    assert "with random weights, as asked for" in capsys.readouterr().out
    assert "random weights" in load_predictor(tmp_path / "new" / "net.safetensors").fitted_.about["backbone"]


def test_the_whole_network_is_trained_and_its_checkpoint_brings_the_backbone(learn, tmp_path, capsys):
    """Predicting needs no weight file then, and does not look through the one that training started from."""
    tensors = learn(
        "--method", "sgjnd-plus", "--set", "backbone=efficientnet-lite0", "--set", "epochs=1", "--set", "members=1"
    )
    assert "whole network, epoch 1/1" in capsys.readouterr().err
    out = tmp_path / "new" / "net.safetensors"
    assert load_predictor(out).fitted_.backbone is not None and sum(t.nbytes for t in tensors.values()) > 1e7
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "black.png")
    assert predict([str(tmp_path / "black.png"), "--checkpoint", str(out), "--device", "cpu"]) == 0


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--set", "dropuot=0.3"], "Did you mean 'dropout'"),
        (["--set", "dropout"], "expected NAME=VALUE"),
        (["--set", "epochs=few"], "epochs is a whole number"),
        (["--set", "dropout=much"], "dropout is a number, not 'much'"),
        (["--set", "attention=false"], "attention is True or False, not 'false'"),
        (["--set", "label=3"], "label is a word, not 3"),
        (["--set", "label=shares"], "Did you mean 'share'"),
        (["--set", "backbone=resnet5"], "Did you mean 'resnet50'"),
        (["--weights", "no/such.pth"], "there is no such file"),
        (["--truth", "maen"], "Did you mean 'mean'"),
        (["--truth", "sqf"], "gives no 'sqf' truth"),
        (["--dataset", "dmeo"], "Did you mean 'demo'"),
        (["--dataset", "mcl-jci"], "needs --root"),
        (["--root", "/no/such/folder"], "no such folder"),
        (["--jnd", "2"], "JND"),
        (["--out", "net.pt"], "ends in .safetensors"),
        (["--out", "a-file/net.safetensors"], "a-file cannot be written"),
        (["--out", "folder.safetensors"], "expected a file name"),
    ],
)
def test_a_wrong_request_ends_with_one_clear_line_before_anything_is_trained(
    flags, says, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("a-file").write_text("")
    Path("folder.safetensors").mkdir()
    monkeypatch.setattr(FeatureExtractor, "measure", lambda *_: pytest.fail("a picture was measured"))
    status = run_command(lambda: train.main(["--out", "net.safetensors", "--device", "cpu", "-q", *flags]))
    error = capsys.readouterr().err
    assert status == 2 and says in error and error.count("\n") == 1
    assert not Path("net.safetensors").exists()


def test_a_root_of_labels_alone_is_refused(make_mcl_jci, tmp_path):
    flags = ["--dataset", "mcl-jci", "--root", str(make_mcl_jci(pictures="none"))]
    with pytest.raises(UserError, match="holds labels only, and SG-JND learns from pictures"):
        train.main([*flags, "--out", str(tmp_path / "net.safetensors")])


@pytest.fixture
def lines(monkeypatch) -> list[tuple[list[float], list[float]]]:
    """What is plotted from now on; an upright line as its place and no values."""
    from matplotlib.axes import Axes

    plotted, whole, upright = [], Axes.plot, Axes.axvline

    def plot(self, *values, **options):
        plotted.append((list(values[0]), list(values[1])))
        return whole(self, *values, **options)

    def axvline(self, x, **options):
        plotted.append(([x], []))
        return upright(self, x, **options)

    monkeypatch.setattr(Axes, "plot", plot)
    monkeypatch.setattr(Axes, "axvline", axvline)
    return plotted


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    assert image.format == "PNG"
    return image


def test_losses_are_drawn_by_epoch_from_1_and_the_best_one_is_marked(lines):
    opened(draw_losses([History([0.9, 0.6, 0.5], [0.8, 0.5, 0.7])], title="demo"))
    assert lines == [([1, 2, 3], [0.9, 0.6, 0.5]), ([1, 2, 3], [0.8, 0.5, 0.7]), ([2], [])]


def test_with_nothing_held_out_the_last_epoch_counts(lines):
    opened(draw_losses([History([0.9, 0.6])], title="demo"))
    assert lines == [([1, 2], [0.9, 0.6]), ([2], [])]


def test_every_training_has_a_panel():
    one = History([0.9], [0.8])
    few, many = (opened(draw_losses([one] * count, title="$5 and _more_")).width for count in (1, 4))
    assert many > 3 * few


def test_the_same_losses_give_the_same_file():
    histories = [History(list(np.linspace(1, 0.2, 20)), list(np.linspace(1, 0.4, 20)))]
    assert draw_losses(histories, title="demo") == draw_losses(histories, title="demo")
