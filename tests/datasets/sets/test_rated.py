"""Protects the opening of sets that people rated: only whole ones open, screening holds, every fault names its file."""

import json

import numpy as np
import pytest
from PIL import Image

from datasets.codecs import codec_named
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError, UserError
from datasets.core.dataset import OpenOptions
from datasets.core.folds import make_folds
from datasets.core.ladder import ShippedLadder
from datasets.sets import open_dataset
from protocols.store.record import DatasetRecord

ABOUT = {"finished": True, "automated": False, "codec": "jpeg", "pixels_per_degree": 30.5, "geometry_known": True}


@pytest.fixture
def root(tmp_path):
    """Four pictures of two sources; rater c is excluded, d rated nothing but p3, e noticed nothing."""
    rows = [f"p{n},s{n // 2},{rater},{40 + n + 2 * r},0" for n in range(3) for r, rater in enumerate("abc")]
    rows += ["p3,s1,c,50,0", "p0,s0,e,1,1"]
    return write(tmp_path / "set", rows)


def write(root, rows, about=ABOUT):
    (root / "pictures").mkdir(parents=True)
    (root / "rated.json").write_text(json.dumps(about))
    (root / "samples.csv").write_text("picture,source,rater,jnd_qf,censored\n" + "".join(f"{row}\n" for row in rows))
    (root / "raters.csv").write_text("rater,kept,reasons\na,yes,\nb,yes,\nc,no,failed 3 of 4 catch trials\ne,yes,\n")
    make_folds(["s0", "s1"], 2, seed=0, path=root / "folds.csv")
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "pictures" / f"p{number}.png")
    return root


def test_samples_of_those_who_are_kept_with_notes(root):
    dataset = open_dataset("rated", root)
    assert dataset.card.samples == "people, collected by whoever made the set" and not dataset.card.redistributable
    assert [(picture.name, picture.source, picture.samples.tolist()) for picture in dataset.pictures] == [
        ("p0", "s0", [40, 42, 1]),
        ("p1", "s0", [41, 43]),
        ("p2", "s1", [42, 44]),
    ]
    assert dataset.pictures[0].pixels_per_degree == 30.5
    notes = " ".join(dataset.notes)
    assert "7 samples of 3 people, 2 to 3 a picture" in notes and "1 of 4 people were excluded" in notes
    assert "1 pictures have no sample left" in notes and "1 say that nothing was noticed" in notes
    assert "14.3 % of the samples are QF 1" in notes and "That is much" in notes and "compressed here" in notes
    assert dataset.folds("by-source").numbers == [1, 2]


def test_a_set_that_scripts_rated_says_so_wherever_data_are_named(root):
    (root / "rated.json").write_text(json.dumps({**ABOUT, "automated": True}))
    dataset = open_dataset("rated", root).afresh()
    assert dataset.card.samples == "simulated observers: scripts, not people"
    assert (dataset.card.title, type(dataset).card.title) == ("Rated by scripts", "Rated by people")
    assert "7 samples of 3 scripts" in dataset.notes[0] and not any("people" in note for note in dataset.notes)
    record = DatasetRecord.of(dataset, OpenOptions(), root)
    assert record.is_simulated and record.heading == "Rated by scripts (simulated observers: scripts, not people)"


def test_what_raters_saw_is_what_predictors_read(root):
    for name in ("p0", "p1", "p2"):
        folder = root / "levels" / name
        folder.mkdir(parents=True)
        pixels = np.array(Image.open(root / "pictures" / f"{name}.png"))
        for level in range(1, 101):
            (folder / f"{level}.jpg").write_bytes(Jpeg().encode(pixels, level))
    dataset = open_dataset("rated", root)
    assert isinstance(dataset.pictures[1].ladder, ShippedLadder)
    assert dataset.pictures[1].ladder.files[7] == root / "levels" / "p1" / "7.jpg"
    (root / "levels" / "p1" / "7.jpg").unlink()
    with pytest.raises(DataError, match=r"p1/7\.jpg: no such file"):
        open_dataset("rated", root)


def test_labels_only_and_quantisers(tmp_path):
    root = write(tmp_path / "qp", [], {**ABOUT, "codec": "bpg"})
    (root / "samples.csv").write_text("picture,source,rater,jnd_qp,censored\np0,p0,a,30.5,0\n")
    assert not open_dataset("rated", root).has_pixels  # references alone: no encoder of BPG is assumed
    for path in (root / "pictures").iterdir():
        path.unlink()
    (root / "pictures").rmdir()
    dataset = open_dataset("rated", root)
    assert dataset.codec.name == "bpg" and dataset.pictures[0].samples.tolist() == [30.5]
    assert any("Labels only" in note for note in dataset.notes)


def test_vvc_is_a_codec_of_labels():
    codec = codec_named("vvc")
    assert codec is not None and (codec.levels[0], codec.levels[-1]) == (51, 13)
    with pytest.raises(UserError, match="labels"):
        codec.encode(np.zeros((8, 8, 3), np.uint8), 30)
    with pytest.raises(ValueError, match="cannot be decoded"):
        codec.decode(b"")


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({**ABOUT, "finished": False}, "was not finished"),
        ({**ABOUT, "automated": None}, "is damaged"),
        ({**ABOUT, "codec": "png"}, "is damaged"),
        ({**ABOUT, "codec": ["jpeg"]}, "is damaged"),
        ({**ABOUT, "pixels_per_degree": -1}, "is damaged"),
        ({"finished": True}, "is damaged"),
        ([], "is damaged"),
        (7, "is damaged"),
    ],
)
def test_only_whole_sets_of_people_open(root, about, says):
    (root / "rated.json").write_text(json.dumps(about))
    with pytest.raises(DataError, match=rf"rated\.json: .*{says}"):
        open_dataset("rated", root)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("../p,s0,a,40,0", "expected names"),
        ("p0,,a,40,0", "expected names"),
        ("p0,s0,,40,0", "expected names"),
        ("p0,s1,b,40,0", "two sources"),
        ("p0,s0,a,41,0", "two samples of one rater"),
        ("p1,s0,a,0,0", "jnd_qf is '0'"),
        ("p1,s0,a,101,0", "jnd_qf is '101'"),
        ("p1,s0,a,nan,0", "jnd_qf is 'nan'"),
        ("p1,s0,a,٤٢,0", "jnd_qf is"),
        ("p1,s0,a,40,no", "censored is 'no'"),
        ("p1,s0,a,40,0,7", "is no CSV"),
    ],
)
def test_a_line_that_is_no_sample_is_named(root, row, says):
    (root / "samples.csv").write_text(f"picture,source,rater,jnd_qf,censored\np0,s0,a,40,0\n{row}\n", encoding="utf-8")
    with pytest.raises(DataError, match=rf"samples\.csv, line 3: .*{says}"):
        open_dataset("rated", root)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rater,kept\na,yes\nb,yes\n", "knows nothing of the rater 'c'"),
        ("rater,kept\na,maybe\n", "line 2"),
        ("rater,kept\na,yes\na,no\n", "line 3"),
        ("rater\na\n", "expected the columns"),
        ("rater,kept\na,no\nb,no\nc,no\ne,no\n", "keeps no rater"),
    ],
)
def test_who_is_kept_must_be_known(root, text, says):
    (root / "raters.csv").write_text(text)
    with pytest.raises(DataError, match=rf"raters\.csv.*{says}"):
        open_dataset("rated", root)


@pytest.mark.parametrize("file", ["rated.json", "samples.csv", "raters.csv", "pictures/p2.png"])
def test_a_missing_file_is_named(root, file):
    (root / file).unlink()
    with pytest.raises(DataError, match=rf"{file}: (no such file|cannot be read)"):
        open_dataset("rated", root)


def test_folds_of_one_source_are_asked_for_in_vain(root):
    (root / "folds.csv").unlink()
    with pytest.raises(DataError, match=r"folds\.csv: .*two sources"):
        open_dataset("rated", root).folds("by-source")


@pytest.mark.parametrize(
    "options", [OpenOptions(jnd=2), OpenOptions(anchor="best-level"), OpenOptions(level_direction="down")]
)
def test_what_it_cannot_give_is_refused(root, options):
    with pytest.raises(UserError, match="first JND against the source"):
        open_dataset("rated", root, options)


def test_the_manifest_changes_with_samples_raters_and_pictures(root):
    hashes = {open_dataset("rated", root).manifest.sha256}
    (root / "raters.csv").write_text((root / "raters.csv").read_text().replace("c,no", "c,yes"))
    hashes.add(open_dataset("rated", root).manifest.sha256)
    (root / "samples.csv").write_text((root / "samples.csv").read_text().replace(",41,", ",45,"))
    hashes.add(open_dataset("rated", root).manifest.sha256)
    (root / "pictures" / "p1.png").write_bytes((root / "pictures" / "p0.png").read_bytes() + b"0")
    hashes.add(open_dataset("rated", root).manifest.sha256)
    assert len(hashes) == 4
