"""Protects the opening of simulated sets: only whole ones open, and every fault names its file."""

import json

import numpy as np
import pytest
from skimage import data

from datasets.codecs.jpeg import Jpeg
from datasets.codecs.webp import WebP
from datasets.common.errors import DataError, UserError
from datasets.core.dataset import OpenOptions
from datasets.core.folds import make_folds
from datasets.core.imaging import Box
from datasets.sets import open_dataset
from datasets.sets._simulated_samples import SampledPicture
from datasets.simulation.curves import SimulationSettings
from datasets.simulation.folder import Cut, LeftOut, SimulationFolder
from datasets.simulation.observers import LOSS_METRICS
from protocols.store.record import DatasetRecord

JPEG = Jpeg()


@pytest.fixture
def root(tmp_path):
    """A set as `datasets.simulate` writes it, but for its samples, which are made up."""
    return make(tmp_path / "set", sources=6)


def make(root, *, sources, finished=True, **settings):
    settings = SimulationSettings(**{"pixels_per_degree": 31.5, **settings})
    folder = SimulationFolder(root, settings, crop=128, max_crops=2)
    folder.begin(restart=False)
    cuts, sampled = [], {}
    for number in range(sources):
        for crop in (1, 2):
            cut = Cut(f"p{number}-{crop}", f"p{number}", f"p{number}.jpg", Box(0, 0, 128, 128))
            folder.keep(cut, np.ascontiguousarray(data.astronaut()[9 * number :][:128, 128 * crop :][:, :128]))
            cuts.append(cut)
            sampled[cut.name] = SampledPicture(cut.source, np.arange(40, 70) - number)
    if finished:
        folder.finish(sampled, cuts, [LeftOut("tiny.png", "is 3x3")], limit=None)
    return root


def test_pictures_samples_geometry_and_notes(root):
    dataset = open_dataset("simulated", root)
    assert [picture.name for picture in dataset.pictures][:3] == ["p0-1", "p0-2", "p1-1"]
    assert dataset.pictures[2].samples.tolist() == list(range(39, 69))
    assert dataset.pictures[0].pixels_per_degree == 31.5
    np.testing.assert_array_equal(dataset.pictures[0].reference, data.astronaut()[:128, 128:256])
    assert any("not from people" in note for note in dataset.notes)
    assert any("1 photograph was left out" in note for note in dataset.notes)


def test_a_set_of_another_codec_is_compressed_by_it_and_says_that_no_people_rated_it(tmp_path):
    dataset = open_dataset("simulated", make(tmp_path / "set", sources=2, codec=WebP()))
    assert (dataset.name, dataset.title) == ("simulated-webp", "Simulated observers, WebP")
    assert dataset.card.samples == "simulated observers"
    assert "No people's levels exist for WebP: nothing here was compared with people." in dataset.notes
    for picture in dataset.pictures:
        assert (picture.codec, picture.ladder.codec) == (WebP(), WebP())
    assert dataset.pictures[0].ladder.encoded(40)[8:12] == b"WEBP"
    assert dataset.pictures[0].samples.tolist() == list(range(40, 70))


@pytest.mark.parametrize(("codec", "name", "title"), [(JPEG, "", ""), (WebP(), "-webp", ", WebP")])
def test_observers_of_another_kind_are_a_set_of_their_own(tmp_path, codec, name, title):
    settings = {"pixels_per_degree": 24.3, "codec": codec, "metric": LOSS_METRICS["ssimulacra2"]}
    root = make(tmp_path / "set", sources=2, **settings)
    dataset = open_dataset("simulated", root)
    assert dataset.name == f"simulated-ssimulacra2{name}"
    assert dataset.title == f"Simulated observers with SSIMULACRA2{title}"
    assert "The samples come from simulated observers with SSIMULACRA2, not from people." in dataset.notes
    record = DatasetRecord.of(dataset, OpenOptions(), root)
    assert record.is_simulated and record.samples == "simulated observers with SSIMULACRA2"
    assert record.heading == dataset.title
    assert "SSIMULACRA 2" in record.citation and "ColorVideoVDP" not in record.citation


def test_a_metric_that_is_not_known_is_named(root):
    about = json.loads((root / "simulated.json").read_text())
    about["settings"]["metric"] = "vmaf"
    (root / "simulated.json").write_text(json.dumps(about))
    with pytest.raises(DataError, match=r"simulated\.json: no metric 'vmaf' is known"):
        open_dataset("simulated", root)


def test_a_set_of_jpeg_says_nothing_of_codecs_as_before_there_were_others(root):
    about = json.loads((root / "simulated.json").read_text())
    assert not {"codec", "metric"} & set(about["settings"])
    assert "jpeg_library" in about["made_with"]
    assert about["observed_with"]["one_jnd_loss_jod"] == 0.38
    assert (root / "samples.csv").read_text().startswith("picture,source,observer,jnd_qf\n")
    dataset = open_dataset("simulated", root)
    assert (dataset.name, dataset.title) == ("simulated", "Simulated observers")
    assert not any("No people's levels" in note for note in dataset.notes)


def test_its_codec_may_be_said_and_another_is_refused(tmp_path):
    root = make(tmp_path / "set", sources=2, codec=WebP())
    assert open_dataset("simulated", root, OpenOptions(codec="webp")).codec == WebP()
    with pytest.raises(UserError, match=r"--codec jpeg: the levels of data set 'simulated-webp' are WebP \(webp\)"):
        open_dataset("simulated", root, OpenOptions(codec="jpeg"))


@pytest.mark.parametrize("name", ["bpg", "codec-of-a-plug-in"])
def test_a_codec_that_cannot_encode_here_is_named(root, name):
    about = json.loads((root / "simulated.json").read_text())
    about["settings"]["codec"] = name
    (root / "simulated.json").write_text(json.dumps(about))
    with pytest.raises(DataError, match=rf"simulated\.json: no codec '{name}' can encode here"):
        open_dataset("simulated", root)


def test_its_own_folds_are_by_source_and_others_can_be_named(root, tmp_path):
    dataset = open_dataset("simulated", root)
    folds = dataset.folds("by-source")
    assert folds.numbers == [1, 2, 3, 4, 5]
    folds.check_covers(picture.source for picture in dataset.pictures)
    make_folds([picture.source for picture in dataset.pictures], 2, seed=0, path=tmp_path / "mine.csv")
    assert dataset.folds(str(tmp_path / "mine.csv")).numbers == [1, 2]
    with pytest.raises(UserError, match="kfold5-v1"):
        dataset.folds("kfold5-v1")


def test_one_photograph_opens_but_has_no_folds(tmp_path):
    dataset = open_dataset("simulated", make(tmp_path / "one", sources=1))
    with pytest.raises(DataError, match=r"folds\.csv.*two photographs"):
        dataset.folds("by-source")


def test_an_unfinished_set_says_how_to_finish_it(tmp_path):
    with pytest.raises(DataError, match=r"simulated\.json: the set was not finished.*same arguments"):
        open_dataset("simulated", make(tmp_path / "set", sources=2, finished=False))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"finished": true, "settings": {"pixels_per_degree": "x"}}'])
def test_a_damaged_manifest_is_named(root, text):
    (root / "simulated.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"simulated\.json: is damaged"):
        open_dataset("simulated", root)


@pytest.mark.parametrize("file", ["simulated.json", "samples.csv", "pictures/p3-2.png"])
def test_a_missing_file_is_named(root, file):
    (root / file).unlink()
    with pytest.raises(DataError, match=rf"{file}: (no such file|cannot be read)"):
        open_dataset("simulated", root)


def test_a_truncated_picture_is_named_when_it_is_read(root):
    path = root / "pictures/p3-2.png"
    path.write_bytes(path.read_bytes()[:2000])
    picture = next(picture for picture in open_dataset("simulated", root).pictures if picture.name == "p3-2")
    with pytest.raises(DataError, match=r"p3-2\.png"):
        _ = picture.reference


@pytest.mark.parametrize(
    "options", [OpenOptions(jnd=3), OpenOptions(anchor="best-level"), OpenOptions(level_direction="down")]
)
def test_what_it_cannot_give_is_refused(root, options):
    with pytest.raises(UserError, match="--"):
        open_dataset("simulated", root, options)


def test_the_manifest_changes_with_samples_settings_and_pictures(root):
    before = open_dataset("simulated", root).manifest.sha256
    assert open_dataset("simulated", root).manifest.sha256 == before
    samples = root / "samples.csv"
    samples.write_text(samples.read_text().replace(",40\n", ",41\n"))
    changed = open_dataset("simulated", root).manifest.sha256
    assert changed != before
    about = json.loads((root / "simulated.json").read_text())
    about["settings"]["seed"] = 7
    (root / "simulated.json").write_text(json.dumps(about))
    assert open_dataset("simulated", root).manifest.sha256 not in (before, changed)
