"""Protects the demo set: it opens at once without a download, and its samples are what simulated observers give."""

import dataclasses
import json
import shutil
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from datasets.codecs import codec_named
from datasets.codecs.avif import Avif
from datasets.common.errors import DataError, UserError
from datasets.common.hashing import sha256_of_pixels
from datasets.core.dataset import OpenOptions
from datasets.core.picture import PIXELS_PER_DEGREE
from datasets.sets import open_dataset
from datasets.sets._simulated_samples import read_samples, samples_csv
from datasets.sets.demo import CODECS, PHOTOGRAPHS, samples_file
from datasets.simulation.make_demo import demo_jobs, demo_settings, main
from datasets.simulation.observers import LossCurve, evaluated_levels, measure_curve


@pytest.fixture(scope="module")
def demo():
    return open_dataset("demo")


@pytest.fixture(scope="module")
def provenance():
    return losses("jpeg")


def losses(codec):
    """What the observers saw, as it is committed."""
    return json.loads(samples_file(codec).with_suffix(".json").read_text(encoding="utf-8"))


every_codec = pytest.mark.parametrize("codec", CODECS)


def test_it_is_large_enough_and_says_who_rated_it(demo):
    assert len(demo.pictures) >= 24
    assert len({picture.source for picture in demo.pictures}) >= 8
    assert demo.card.samples == "simulated observers"
    assert "simulated observers" in demo.card.title
    assert any("not from people" in note for note in demo.notes)
    for picture in demo.pictures:
        assert picture.samples.shape == (30,)
        assert picture.pixels_per_degree == PIXELS_PER_DEGREE
        assert picture.samples.min() >= 1
        assert picture.samples.max() <= 100


def test_every_picture_is_a_colour_crop_of_its_own(demo):
    for picture in demo.pictures:
        height, width, channels = picture.reference.shape
        assert min(height, width) >= 256, picture.name
        assert (height % 2, width % 2, channels) == (0, 0, 3)
        assert np.ptp(picture.reference.astype(int), axis=2).mean() > 3, f"{picture.name} is grey"
        picture.ladder.forget_pixels()


def test_crops_of_a_photograph_do_not_overlap():
    for photograph in PHOTOGRAPHS:
        for (_, a), (_, b) in combinations(photograph.crops(), 2):
            apart = a.top + a.height <= b.top or b.top + b.height <= a.top
            assert apart or a.left + a.width <= b.left or b.left + b.width <= a.left
        for _, box in photograph.crops():
            assert 0 <= box.top <= photograph.size[0] - box.height
            assert 0 <= box.left <= photograph.size[1] - box.width


def test_opening_imports_nothing_heavy():
    heavy = ("torch", "skimage", "sklearn", "matplotlib", "scipy", "pandas", "pycvvdp", "cv2", "PIL")
    code = (
        "import sys; from datasets.sets.demo import Demo; from datasets.core.dataset import OpenOptions; "
        "Demo.open(None, OpenOptions()); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda photograph: photograph.source)
def test_the_table_says_what_the_files_are(photograph):
    from PIL import Image

    with Image.open(photograph.file()) as image:
        assert (image.height, image.width) == photograph.size
        assert (image.format == "JPEG") == photograph.was_jpeg
    assert photograph.terms


def test_another_file_is_refused_by_name(tmp_path):
    photograph = PHOTOGRAPHS[0]
    other = tmp_path / "astronaut.png"
    shutil.copyfile(PHOTOGRAPHS[1].file(), other)
    with pytest.raises(DataError, match=r"astronaut\.png: is not the file.*scikit-image"):
        photograph.checked_hash(other)
    with pytest.raises(DataError, match=r"skimage/data/gone\.png.*pip install"):
        dataclasses.replace(photograph, path="data/gone.png").file()


@pytest.mark.parametrize(
    "options", [OpenOptions(jnd=2), OpenOptions(anchor="best-level"), OpenOptions(level_direction="down")]
)
def test_what_it_cannot_give_is_refused(options):
    with pytest.raises(UserError, match="--"):
        open_dataset("demo", options=options)


def test_a_root_is_refused(tmp_path):
    with pytest.raises(UserError, match="--root"):
        open_dataset("demo", tmp_path)


def test_its_folds_cover_it_and_are_never_edited(demo):
    folds = demo.folds(demo.card.default_folds)
    folds.check_covers(picture.source for picture in demo.pictures)
    assert folds.numbers == [1, 2, 3, 4, 5]
    assert folds.sha256 == "2c2dfc4fba2c40d79def56cf5edd7f4c0635c446abdc5dee83c1ec10179ba607"


@every_codec
def test_committed_samples_follow_from_the_committed_losses(codec):
    settings, seen = demo_settings(codec), losses(codec)
    committed = read_samples(samples_file(codec), "", settings.codec)
    assert set(seen) - {"about"} == set(committed)
    for name, sampled in committed.items():
        curve = LossCurve(evaluated_levels(1, settings.codec), tuple(seen[name]["loss_jod"]), settings.codec)
        np.testing.assert_array_equal(settings.jnds(name, curve), sampled.jnds)
        assert sampled.jnds.shape == (30,)
    assert samples_csv(committed, settings.codec) == samples_file(codec).read_text(encoding="utf-8")


@every_codec
def test_the_losses_are_of_these_pixels(codec, demo):
    seen, lossless = losses(codec), {photograph.source for photograph in PHOTOGRAPHS if not photograph.was_jpeg}
    for picture in demo.pictures:
        if picture.source in lossless:  # a JPEG's pixels depend on the library that decodes it
            assert f"sha256:{sha256_of_pixels(picture.reference)}" == seen[picture.name]["pixels"]


@every_codec
def test_the_committed_settings_are_those_of_the_code(codec):
    about, settings = losses(codec)["about"], demo_settings(codec)
    assert about["observed_with"] == settings.observed_with()
    for name in ("display", "pixels_per_degree", "region_degrees", "every"):
        assert about["made_with"][name] == settings.made_with()[name]


@every_codec
def test_each_codec_has_the_pictures_the_folds_and_a_name_of_its_own(codec, demo):
    """So that no picture is trained on under one codec and tested under another, and no table has two codecs."""
    dataset = open_dataset("demo", options=OpenOptions(codec=codec))
    assert dataset.name == ("demo" if codec == "jpeg" else f"demo-{codec}")
    assert dataset.title.startswith("Demo (simulated observers)")
    assert [(p.name, p.source) for p in dataset.pictures] == [(p.name, p.source) for p in demo.pictures]
    assert dataset.folds("kfold5-v1") == demo.folds("kfold5-v1")
    assert (dataset.card.samples, dataset.codec) == ("simulated observers", codec_named(codec))
    assert any("No people's levels exist" in note for note in dataset.notes) == (codec != "jpeg")
    picture = dataset.pictures[0]
    level = int(dataset.codec.levels[3])
    assert picture.ladder.encoded(level) == dataset.codec.encode(picture.reference, level)


def test_a_codec_without_samples_is_refused_and_those_with_samples_are_named():
    assert {"jpeg", "webp", "avif", "jp2"} <= set(CODECS)
    with pytest.raises(UserError, match=f"--codec bpg: data set 'demo' has no samples in BPG. It has {CODECS[0]}, "):
        open_dataset("demo", options=OpenOptions(codec="bpg"))
    with pytest.raises(UserError, match=r"--codec webp: data set 'demo-v1' has no samples in WebP\. It has jpeg\."):
        open_dataset("demo-v1", options=OpenOptions(codec="webp"))


def test_where_a_codec_is_missing_the_line_that_installs_it_is_said(monkeypatch):
    monkeypatch.setattr(Avif, "unavailable", lambda self: "libavif is too old: pip install it")
    with pytest.raises(UserError, match="AVIF cannot be used here: libavif is too old: pip install it"):
        open_dataset("demo", options=OpenOptions(codec="avif"))
    assert open_dataset("demo").codec.name == "jpeg"


def test_the_command_checks_the_samples_of_a_codec(tmp_path, capsys):
    settings = demo_settings("jp2")
    for job in demo_jobs():  # as a call leaves them that was interrupted
        curve = {"levels": evaluated_levels(1, settings.codec), "loss_jod": losses("jp2")[job.name]["loss_jod"]}
        about = {"pixels": f"sha256:{sha256_of_pixels(job.read())}", "made_with": settings.made_with()}
        path = tmp_path / "work" / "jp2" / f"{job.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**about, **curve}), encoding="utf-8")
    assert main(["--codec", "jp2", "--check", "--work", str(tmp_path / "work")]) == 0
    said = capsys.readouterr().out
    assert "JND in dB: mean" in said
    assert "0 of 750 samples differ from the committed ones, by at most 0 dB" in said
    assert not (tmp_path / "work").exists()


def test_observers_disagree_nearly_as_the_subjects_of_mcl_jci(demo):
    """One subject against the mean of the others: 8.3 QF there, as on the photographs of the fit;
    the curves of these pictures are steeper."""
    jnds = np.array([picture.samples for picture in demo.pictures])
    others = (jnds.sum(axis=1, keepdims=True) - jnds) / (jnds.shape[1] - 1)
    assert abs(np.abs(jnds - others).mean() - 8.26) < 2
    assert 7 < jnds.std(axis=1, ddof=1).mean() < 12
    assert 30 < jnds.mean() < 70
    assert jnds.mean(axis=1).std() > 5


def test_every_fourth_qf_is_enough_where_time_counts(provenance):
    """What `datasets.simulate` evaluates by default, against all 100 QF."""
    settings, levels, away = demo_settings("jpeg"), evaluated_levels(4), []
    for name in set(provenance) - {"about"}:
        loss_jod = provenance[name]["loss_jod"]
        whole = LossCurve(evaluated_levels(1), tuple(loss_jod))
        part = LossCurve(levels, tuple(loss_jod[level - 1] for level in levels))
        away.append(np.abs(settings.jnds(name, part) - settings.jnds(name, whole)))
    assert np.mean(away) < 0.5
    assert np.percentile(away, 99) <= 3


def test_some_losses_computed_again_are_the_committed_ones(provenance):
    """Not exactly: JPEG libraries and processors differ in the last digits."""
    from datasets.simulation.local_loss import LocalLoss

    job = next(job for job in demo_jobs() if job.name == "astronaut-2")
    curve = measure_curve(job.read(), LocalLoss(PIXELS_PER_DEGREE).largest, every=12)
    committed = np.array(provenance[job.name]["loss_jod"])[np.array(curve.levels) - 1]
    np.testing.assert_allclose(curve.loss, committed, atol=0.01)


def test_the_first_samples_stay_loadable_with_the_same_pictures_and_folds(demo):
    first = open_dataset("demo-v1")
    assert [picture.name for picture in first.pictures] == [picture.name for picture in demo.pictures]
    assert first.folds("kfold5-v1") == demo.folds("kfold5-v1")
    assert first.pictures[0].samples.tolist() != demo.pictures[0].samples.tolist()
