"""Protects the one way to an answer: a network gives the same level in a run, from its file, and by the command."""

import json

from PIL import Image

from baselines.interface.registry import Registered
from baselines.learned.network.checkpoint import load_predictor, save_predictor
from datasets.core.truths import find_truth
from protocols.plan import Job
from protocols.workers.measure import apply, visit
from sgjnd.answer import photograph
from sgjnd.predict import main
from sgjnd.predictors import SgJndLite
from tests.protocols.conftest import cross_validate

SETTINGS = {
    "patch_pixels": 32,
    "most_patches": 4,
    "grid_levels": 6,
    "epochs": 2,
    "width": 8,
    "heads": 2,
    "components": 3,
    "members": 1,
    "search": "scan",
}


def test_a_run_a_file_and_the_command_give_the_same_level_to_the_last_digit(
    make_experiment, monkeypatch, tmp_path, capsys
):
    experiment = make_experiment()
    job = Job(experiment, find_truth("mean"), Registered("sgjnd-lite", SgJndLite, {"settings": SETTINGS}), "cpu")
    visits = {picture.name: visit(picture, [job.make()]) for picture in experiment.pictures}
    for picture in experiment.pictures:
        apply(visits[picture.name], picture)
    fitted, whole = [], SgJndLite.fit
    monkeypatch.setattr(
        SgJndLite, "fit", lambda self, *given, **named: fitted.append(whole(self, *given, **named)) or self
    )
    row = cross_validate(job, visits).sort_values("fold").iloc[-1]
    (picture,) = [picture for picture in experiment.pictures if picture.name == row["picture"]]
    assert not row["error"]

    save_predictor(path := tmp_path / "net.safetensors", fitted[-1], {"samples": "made by tests"})
    read = load_predictor(path, device="cpu")
    Image.fromarray(picture.reference).save(tmp_path / "photo.png")
    assert read.predict(picture.without_samples()).level == row["predicted_level"]
    assert read.predict(photograph(tmp_path / "photo.png", picture.codec)).level == row["predicted_level"]
    assert main([str(tmp_path / "photo.png"), "--json", "-q", "--checkpoint", str(path), "--device", "cpu"]) == 0
    assert json.loads(capsys.readouterr().out)["jnd"] == round(row["predicted_level"], 2)
