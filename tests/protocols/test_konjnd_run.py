"""A KonJND-1k root runs from its own files, whichever way its file indices count."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.core.imaging import luma, mse, psnr_db
from datasets.core.picture_file import decode_rgb, read_picture
from protocols.run import main
from protocols.store.store import Store


def _make_root(root: Path, ladders: Path, *, reverse: bool) -> dict[str, Path]:
    """Seven ladders under official names, rated by a seeded generator (made-up ratings, in file indices)."""
    generator = np.random.default_rng(8)
    (root / "source_image").mkdir(parents=True)
    (root / "jpeg").mkdir()
    rows, origin = [], {}
    for number, source in enumerate(sorted((ladders / "source_image").glob("*.png")), start=1):
        name = f"SRC{number:04d}"
        (root / "source_image" / f"{name}.png").symlink_to(source)
        for quality in range(1, 101):
            index = 101 - quality if reverse else quality
            target = ladders / "jpeg" / f"{source.stem}_JPEG_{quality:03d}.jpg"
            (root / "jpeg" / f"{name}_JPEG_{index:03d}.jpg").symlink_to(target)
        qualities = np.clip(np.round(generator.normal(generator.uniform(30, 55), 9, size=40)), 1, 100).astype(int)
        ratings = (101 - qualities if reverse else qualities).tolist()
        rows.append([f"{name}.png", "JPEG", 40, np.mean(ratings), np.std(ratings, ddof=1), json.dumps(ratings)])
        origin[name] = source
    columns = ["image_id", "Compression type", "No. of ratings", "mean", "std", "ratings"]
    pd.DataFrame(rows, columns=columns).to_csv(root / "subjective_ratings.csv", index=False)
    return origin


pytestmark = [
    pytest.mark.slow(reason="decodes seven ladders of 100 files several times over"),
    pytest.mark.usefixtures("small_figures"),
]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_runs_from_its_files_in_both_directions(konjnd_ladders, tmp_path, direction):
    origin = _make_root(tmp_path / "root", konjnd_ladders, reverse=direction == "down")
    flags = ["--dataset", "konjnd-1k-jpeg", "--root", str(tmp_path / "root"), "--jobs", "1", "-q"]
    flags += ["--predictors", "constant", "psnr", "--report", str(tmp_path / "report")]
    assert main([*flags, "--results", str(tmp_path / "detected")]) == 0
    assert main([*flags, "--results", str(tmp_path / "told"), "--level-direction", direction]) == 0
    detected, told = (list(Store(tmp_path / name).runs()) for name in ("detected", "told"))
    assert any(direction in note for note in detected[0].record.dataset.notes)
    for one, other in zip(detected, told, strict=True):
        pd.testing.assert_frame_equal(one.predictions.drop(columns="ms"), other.predictions.drop(columns="ms"))
    for row in detected[0].predictions.itertuples():
        _check_is_from_files(row, origin[row.picture], konjnd_ladders)


def _check_is_from_files(row, source: Path, ladders: Path) -> None:
    """The true level's size and PSNR are those of the shipped files on either side of it."""
    below = int(np.floor(row.true_level))
    files = [ladders / "jpeg" / f"{source.stem}_JPEG_{quality:03d}.jpg" for quality in (below, below + 1)]
    share = row.true_level - below
    sizes = [file.stat().st_size for file in files]
    assert row.true_bytes == pytest.approx((1 - share) * sizes[0] + share * sizes[1])
    reference = luma(read_picture(source))
    errors = [mse(reference, luma(decode_rgb(file.read_bytes()))) for file in files]
    assert row.true_psnr_db == pytest.approx(float(psnr_db((1 - share) * errors[0] + share * errors[1])))
