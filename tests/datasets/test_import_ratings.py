"""Protects the import of ratings: from a CSV to a set that predictors run on, and never over anyone's files."""

import csv
import functools
import json
import re

import numpy as np
import pytest
from PIL import Image

from datasets.common.errors import DataError, UserError
from datasets.core.dataset import OpenOptions
from datasets.import_ratings import main
from datasets.ratings.judgement import judge
from datasets.sets import open_dataset
from protocols import run_benchmark
from protocols.store.record import DatasetRecord

PICTURES = [f"photo {number}.png" for number in range(1, 17)]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr("datasets.import_ratings.judge", functools.partial(judge, draws=20))


def jnds(seed=17, raters=12):
    rng = np.random.default_rng(seed)
    levels = 45 + 9 * rng.standard_normal(len(PICTURES)) + 2 * rng.standard_normal((raters, 1))
    levels = np.clip(np.round(levels + 6 * rng.standard_normal(levels.shape)), 1, 100).astype(int)
    levels[3] = 50  # who left the handle where it was
    return levels


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "jnds.csv"
    rows = [f"s{r},{name},{level}" for r, row in enumerate(jnds()) for name, level in zip(PICTURES, row, strict=True)]
    path.write_text("\n".join(["subject,image,jnd_qf", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(1, 17):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"photo {number}.png")
    return folder


def test_from_a_table_and_photographs_to_a_set(table, photos, tmp_path, capsys):
    out = tmp_path / "set"
    assert main([str(table), "--out", str(out), "--pictures", str(photos), "--pixels-per-degree", "40"]) == 0
    said = capsys.readouterr().out
    assert "Column 'subject' is taken for the rater." in said and "excluded: s3: r with the others is 0.00" in said
    dataset = open_dataset("rated", out)
    assert len(dataset.pictures) == 16 and dataset.has_pixels
    picture = dataset.pictures[0]
    assert (picture.name, picture.pixels_per_degree) == ("photo-1", 40)
    assert sorted(picture.samples) == sorted(row[0] for r, row in enumerate(jnds()) if r != 3)
    assert dataset.folds("by-source").numbers == [1, 2, 3, 4, 5]
    assert any("1 of 12 people were excluded" in note for note in dataset.notes)
    assert "  excluded: s3: r with the others is 0.00 over 16 pictures, below 0.3" in dataset.screening
    assert DatasetRecord.of(dataset, OpenOptions(), out).screening == dataset.screening
    shown = re.findall(r'<img src="([^"]+)"', (out / "report" / "index.html").read_text(encoding="utf-8"))
    assert len(shown) == 16 and all((out / "report" / address).is_file() for address in shown)
    with (out / "report" / "pictures.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert float(row["mean"]) == pytest.approx(picture.samples.mean(), rel=1e-3)
    assert float(row["mean_unscreened"]) == pytest.approx(jnds()[:, 0].mean(), rel=1e-3)
    assert float(row["mean_low"]) < float(row["mean"]) < float(row["mean_high"])
    page = (out / "report" / "index.html").read_text(encoding="utf-8")
    assert "<svg" in page and "http" not in page.replace("http-equiv", "")
    assert json.loads((out / "rated.json").read_text())["rules"]["agreement"] == 0.3


def test_predictors_run_on_it(table, tmp_path):
    main([str(table), "--out", str(tmp_path / "set")])
    run = {"root": tmp_path / "set", "results": tmp_path / "results", "quiet": True}
    row = run_benchmark("rated", ["constant"], **run).iloc[0]
    assert (row["status"], row["n"], row["failed"]) == ("complete", 16, 0)
    assert 3 < row["mae"] < 15


def test_nothing_is_overwritten_without_a_word(table, tmp_path):
    out = tmp_path / "set"
    main([str(table), "--out", str(out)])
    before = (out / "samples.csv").read_text()
    with pytest.raises(UserError, match=r"holds an earlier import.*--restart"):
        main([str(table), "--out", str(out)])
    (out / "my-notes.txt").write_text("mine")
    main([str(table), "--out", str(out), "--restart"])
    assert (out / "samples.csv").read_text() == before and (out / "my-notes.txt").read_text() == "mine"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "rated.json").write_text("{}")
    for folder in (tmp_path, tmp_path / "other"):
        with pytest.raises(UserError, match="is not empty, and no import made it"):
            main([str(table), "--out", str(folder), "--restart"])
    with pytest.raises(UserError, match="is a file"):
        main([str(table), "--out", str(table)])


def test_what_fails_leaves_no_folder(table, photos, tmp_path):
    (photos / "photo 5.png").unlink()
    with pytest.raises(UserError, match="has no picture photo-5"):
        main([str(table), "--out", str(tmp_path / "set"), "--pictures", str(photos)])
    with pytest.raises(UserError, match="two flags"):
        main([str(table), "--out", str(tmp_path / "set"), "--rater", "image", "--picture", "image"])
    assert not (tmp_path / "set").exists()


def test_a_set_that_was_not_finished_does_not_open(table, photos, tmp_path):
    (photos / "photo 5.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"photo 5\.png"):
        main([str(table), "--out", str(tmp_path / "set"), "--pictures", str(photos)])
    with pytest.raises(DataError, match="was not finished"):
        open_dataset("rated", tmp_path / "set")


def answers(path, each):
    rng = np.random.default_rng(18)
    rows = ["worker,picture,qf,noticed"]
    for rater in range(8):
        for number in range(4):
            for level in rng.integers(5, 96, each):
                rows.append(f"w{rater},p{number},{level},{'yes' if level <= 40 + 5 * number + rater else 'no'}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_many_answers_become_samples(tmp_path):
    out = tmp_path / "set"
    assert main([str(answers(tmp_path / "a.csv", 10)), "--out", str(out)]) == 0
    dataset = open_dataset("rated", out)
    assert [
        round(picture.samples.mean() - 43.5 - 5 * n) for n, picture in enumerate(dataset.pictures)
    ] == pytest.approx([0] * 4, abs=5)
    assert (out / "report" / "population.csv").is_file()


def test_few_answers_give_a_curve_and_no_set_and_it_says_why(tmp_path, capsys):
    out = tmp_path / "set"
    assert main([str(answers(tmp_path / "a.csv", 5)), "--out", str(out)]) == 1
    assert "No set was made: a person's JND needs 6 answers" in capsys.readouterr().out
    with (out / "report" / "population.csv").open(encoding="utf-8") as file:
        halves = [float(row["sur50"]) for row in csv.DictReader(file)]
    assert halves == pytest.approx([43.5, 48.5, 53.5, 58.5], abs=4)
    with pytest.raises(DataError, match="was not finished"):
        open_dataset("rated", out)


def test_shares_give_a_curve_and_no_set(tmp_path, capsys):
    path = tmp_path / "midd.csv"
    rows = [
        f"kodim{n:02d}.png,{q},{1 / (1 + np.exp((q - 45 - n) / 8)):.4f}" for n in range(24) for q in range(20, 100, 10)
    ]
    path.write_text("\n".join(["image,QF,ratio", *rows]) + "\n", encoding="utf-8")
    assert main([str(path), "--format", "midd-cap", "--out", str(tmp_path / "m")]) == 1
    said = capsys.readouterr().out
    assert "fall with quality, so they are of people who noticed" in said and "nobody's JNDs" in said
    with (tmp_path / "m" / "report" / "population.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["sur50"]) for row in rows] == pytest.approx([45 + n for n in range(24)], abs=2)
    assert float(rows[0]["sur75"]) == pytest.approx(45 + 8 * np.log(3), abs=2)


def test_a_matrix_of_vvc_jnd_is_a_set_of_labels(tmp_path):
    path = tmp_path / "vvc.csv"
    rng = np.random.default_rng(19)
    matrix = np.clip(np.round(30 + 4 * rng.standard_normal((50, 1)) + 3 * rng.standard_normal((50, 20))), 13, 51)
    np.savetxt(path, matrix, fmt="%d", delimiter=",")
    assert main([str(path), "--format", "vvc-jnd", "--out", str(tmp_path / "v")]) == 0
    dataset = open_dataset("rated", tmp_path / "v")
    assert (dataset.codec.name, dataset.codec.sign, dataset.has_pixels) == ("vvc", -1, False)
    assert dataset.pictures[6].samples.tolist() == matrix[6].tolist()
    assert (tmp_path / "v" / "samples.csv").read_text().startswith("picture,source,rater,jnd_qp,censored\n")


def test_where_nobody_is_left_there_is_a_report_and_no_set(tmp_path, capsys):
    path = tmp_path / "two.csv"
    rows = [f"{rater},p{n},{level}" for n in range(16) for rater, level in (("a", 20 + 3 * n), ("b", 80 - 3 * n))]
    path.write_text("\n".join(["rater,picture,qf", *rows]) + "\n", encoding="utf-8")
    assert main([str(path), "--out", str(tmp_path / "set")]) == 1
    said = capsys.readouterr().out
    assert "Nobody is left" in said and "Agreement over fewer than 30 pictures errs" in said
    assert "below 0.3" in (tmp_path / "set" / "raters.csv").read_text()


@pytest.mark.parametrize("rows", ["a,p,40\n", "a,p,40\na,q,50\n", "a,p,40\nb,p,41\nb,p,43\n"])
def test_the_smallest_tables_are_sets(tmp_path, rows):
    (tmp_path / "s.csv").write_text("rater,picture,qf\n" + rows, encoding="utf-8")
    assert main([str(tmp_path / "s.csv"), "--out", str(tmp_path / "set")]) == 0
    assert open_dataset("rated", tmp_path / "set").pictures[0].samples[0] == 40


def test_names_of_raters_are_text_everywhere(tmp_path):
    path = tmp_path / "hostile.csv"
    names = ["=1+1", "<script>alert(1)</script>", "@x", "Ünal"]
    path.write_text(
        "rater,image,qf\n" + "".join(f"{name},p,{40 + n}\n" for n, name in enumerate(names)), encoding="utf-8"
    )
    assert main([str(path), "--out", str(tmp_path / "h")]) == 0
    assert open_dataset("rated", tmp_path / "h").pictures[0].samples.size == 4
    assert "'=1+1" in (tmp_path / "h" / "raters.csv").read_text(encoding="utf-8")
    page = (tmp_path / "h" / "report" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
