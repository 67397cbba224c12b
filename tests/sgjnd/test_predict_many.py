"""Protects `predict --fast`: a line a photograph, in order, and none twice, whatever ended the run before."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.common.errors import UserError
from sgjnd import predict_many
from sgjnd.predict import main
from sgjnd.predict_many import LineFile


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three photographs of 64x48 pixels, and one that is damaged."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, whole in {"a.jpg": data.chelsea(), "b.png": data.coffee(), "d.webp": data.astronaut()}.items():
        Image.fromarray(np.ascontiguousarray(whole[100:148, 150:214])).save(photos / name)
    (photos / "c.jpg").write_bytes((photos / "a.jpg").read_bytes()[:600])
    return photos


@pytest.fixture
def ask(folder, monkeypatch) -> Callable[..., int]:
    """The command on the photographs, with the student that is installed, on two threads."""
    monkeypatch.setattr(predict_many, "usable_threads", lambda: 2)
    return lambda *words: main(["--fast", str(folder), "--device", "cpu", "-q", *map(str, words)])


def rows_of(path: Path) -> list[dict]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream)) if path.suffix == ".csv" else [json.loads(line) for line in stream]


def names_in(path: Path) -> list[str]:
    return [Path(row["image"]).name for row in rows_of(path)]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_each_photograph_has_a_line_in_order_and_a_damaged_one_its_reason(form, ask, tmp_path, capsys):
    out = tmp_path / f"levels.{form}"
    assert ask("--out", out) == 1
    assert names_in(out) == ["a.jpg", "b.png", "c.jpg", "d.webp"]
    rows = rows_of(out)
    assert all(1 <= float(row["level"]) <= 100 and not row["error"] for row in rows if "c.jpg" not in row["image"])
    assert not rows[2]["level"] and "cannot be read as a picture" in rows[2]["error"]
    assert "1 of 4 pictures could not be used" in capsys.readouterr().err


def test_a_killed_run_goes_on_where_it_was(ask, tmp_path, monkeypatch):
    """Its last line may be half written."""
    out = tmp_path / "levels.jsonl"
    ask("--out", out)
    whole = out.read_text()
    out.write_text("".join(whole.splitlines(keepends=True)[:2]) + whole.splitlines()[2][:20])
    asked = []
    once = predict_many.predict_line
    monkeypatch.setattr(predict_many, "predict_line", lambda *given: asked.append(given[2].name) or once(*given))
    ask("--out", out)
    assert out.read_text() == whole and sorted(asked) == ["c.jpg", "d.webp"]
    ask("--out", out)
    assert out.read_text() == whole and len(asked) == 2


def test_a_half_written_heading_is_written_again(ask, tmp_path):
    out = tmp_path / "levels.csv"
    out.write_text("image,cod")
    ask("--out", out)
    assert names_in(out) == ["a.jpg", "b.png", "c.jpg", "d.webp"]


@pytest.mark.parametrize("content", ["name,level\na.jpg,50\n", "\n", '{"image": "a.jpg"}\n', "[1]\n"])
def test_a_file_of_something_else_is_left_alone(content, ask, tmp_path):
    for form in ("csv", "jsonl"):
        out = tmp_path / f"other.{form}"
        out.write_text(content + "x")
        with pytest.raises(UserError, match=r"entry 1 is none of this command's\. Name another file"):
            ask("--out", out)


def test_answers_to_another_question_are_not_mixed_in(ask, tmp_path):
    for form in ("csv", "jsonl"):
        out = tmp_path / f"levels.{form}"
        ask("--out", out, "--sur", "0.75")
        assert ask("--out", out, "--sur", "0.75") == 0, "none is left to fail"
        with pytest.raises(UserError, match="another --codec or --sur"):
            ask("--out", out)


def test_without_a_file_lines_are_printed(ask, capsys):
    ask()
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 4 and "a.jpg: JPEG quality" in shown[0] and shown[2].startswith("left out: ")
    ask("--json", "--sur", "0.9")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(line["sur"] >= 0.9 for line in told if not line["error"])


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--save", "small"], "leave --save or --fast out"),
        (["--explain"], "leave --explain or --fast out"),
        (["--compare"], "leave --compare or --fast out"),
        (["--codec", "jpeg", "webp"], "give one to --codec"),
        (["--out", "levels.txt"], "ends in .jsonl or .csv"),
    ],
)
def test_what_it_has_no_use_for_is_refused(flags, says, ask, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=says):
        ask(*flags)


def test_out_belongs_to_it_and_so_does_its_checkpoint(folder, checkpoint_file, ask):
    with pytest.raises(UserError, match="--out belongs to --fast"):
        main([str(folder), "--out", "levels.csv"])
    with pytest.raises(UserError, match="--fast takes a checkpoint of sgjnd-fast, and this one is of sgjnd-lite"):
        ask("--checkpoint", checkpoint_file)


def test_few_photographs_are_held_at_a_time(monkeypatch):
    """However many there are: the next ones are taken when an answer is."""
    taken = []

    def files():
        for number in range(1000):
            taken.append(number)
            yield Path(f"{number}.jpg")

    monkeypatch.setattr(predict_many, "usable_threads", lambda: 2)
    monkeypatch.setattr(predict_many, "predict_line", lambda predictor, codec, path, sur: path.name)
    lines = predict_many.predict_lines(None, None, files(), None)
    assert [next(lines) for _ in range(3)] == ["0.jpg", "1.jpg", "2.jpg"] and len(taken) < 10
    lines.close()


def test_a_long_half_line_is_cut_off(tmp_path):
    path = tmp_path / "levels.jsonl"
    path.write_text("{}\n" + "x" * 200_000)
    LineFile(path)
    assert path.read_text() == "{}\n"
