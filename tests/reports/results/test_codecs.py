"""Codec next to codec: a known saving, sources as units, failures kept in N, and nothing compared that is not alike."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from protocols.store.store import Store
from reports.compare import main as compare
from reports.results.codec_groups import not_compared
from reports.results.codec_notes import codec_notes
from reports.results.codecs import CodecComparison, codec_comparisons
from reports.results.truths import truth_rankings
from tests.reports.conftest import PICTURES_TABLE, read_sections, write_pictures_table

NAMES = [f"astronaut-{index:03d}" for index in range(24)]
SOURCES = [f"source-{index // 2:02d}" for index in range(24)]


def _one(results) -> CodecComparison:
    (comparison,) = codec_comparisons(read_sections(results))
    return comparison


def test_a_known_saving_has_an_interval_without_width(tmp_path, store_codec_run):
    """WebP needs 0.8 of JPEG's bytes on every picture; the predictor is wrong by the same factor in both codecs."""
    for codec, factor in (("jpeg", 1.0), ("webp", 0.8)):
        store_codec_run(tmp_path, codec, bytes_factor=factor, predicted_factor=1.3)
    comparison = _one(tmp_path)
    (row,) = comparison.rows
    for entry in (comparison.truth.of("webp"), row.of("webp")):
        assert [entry.saving, entry.low, entry.high, entry.true_saving] == pytest.approx([0.2] * 4, abs=1e-11)
    assert row.ratio_error == pytest.approx(0, abs=1e-11)
    assert row.of("jpeg").saving is None
    assert row.of("jpeg").bytes == pytest.approx(1.3 * comparison.truth.of("jpeg").bytes)
    assert comparison.truth.of("webp").bytes == pytest.approx(0.8 * comparison.truth.of("jpeg").bytes)


def test_a_saving_is_of_geometric_means_so_that_no_picture_outweighs_another(tmp_path, store_codec_run):
    store_codec_run(tmp_path, "jpeg", pictures=2, each_a_source=True)
    store_codec_run(tmp_path, "webp", pictures=2, each_a_source=True, bytes_factor=np.array([0.5, 0.32]))
    assert _one(tmp_path).truth.of("webp").saving == pytest.approx(1 - 0.4)


def test_a_predictor_that_errs_on_one_codec_alone_has_a_wrong_saving_and_a_wrong_order(tmp_path, store_codec_run):
    for predictor, error in (("constant", 1.0), ("psnr", 1.5)):
        store_codec_run(tmp_path, "jpeg", predictor)
        store_codec_run(tmp_path, "webp", predictor, bytes_factor=0.8, predicted_factor=error)
    comparison = _one(tmp_path)
    assert [row.predictor for row in comparison.rows] == ["constant", "psnr"]
    right, wrong = comparison.rows
    assert (right.has_true_order, wrong.has_true_order) == (True, False)
    assert (right.order, wrong.order) == (["webp", "jpeg"], ["jpeg", "webp"])
    assert wrong.of("webp").saving == pytest.approx(1 - 1.2)
    assert wrong.of("webp").true_saving == pytest.approx(0.2)
    assert wrong.ratio_error == pytest.approx(0.5)
    assert "1 of 2 predictors give their codecs another order." in codec_notes(comparison)


def test_codecs_whose_difference_may_be_chance_are_named(tmp_path, store_codec_run):
    scatter = np.random.default_rng(5).lognormal(0, 0.3, 24)
    for codec, factor in (
        ("jpeg", 1.0),
        ("webp", 0.5),
        ("avif", 0.5 * scatter / np.exp(np.log(scatter).mean() - 0.01)),
    ):
        store_codec_run(tmp_path, codec, bytes_factor=factor)
    comparison = _one(tmp_path)
    assert comparison.not_told_apart == [("webp", "avif")]
    order = "Order at the true JNDs, smallest files first: WebP, AVIF, JPEG."
    assert f"{order} Not told apart by these pictures: WebP and AVIF." in codec_notes(comparison)


def test_sources_are_resampled_not_pictures(tmp_path, store_codec_run):
    """Two pictures that tell the same of a source are worth one; pictures of one source have no interval."""
    by_source = np.random.default_rng(4).lognormal(-0.2, 0.2, 12)
    ends = []
    for count, factors in ((24, np.repeat(by_source, 2)), (12, by_source)):
        folder = tmp_path / str(count)
        for codec, factor in (("jpeg", 1.0), ("webp", factors)):
            run = store_codec_run(folder, codec, pictures=count, bytes_factor=factor)
            named = run.predictions.assign(source=SOURCES[:: 24 // count])
            Store(folder).write(run.record, named)
        entry = _one(folder).truth.of("webp")
        ends.append((entry.low, entry.high))
    assert ends[0] == pytest.approx(ends[1])
    assert ends[0][0] < _one(tmp_path / "24").truth.of("webp").saving < ends[0][1]
    for codec in ("jpeg", "webp"):
        run = store_codec_run(tmp_path / "one", codec, pictures=6)
        Store(tmp_path / "one").write(run.record, run.predictions.assign(source="the one source"))
    assert _one(tmp_path / "one").truth.of("webp").low is None


def test_failed_pictures_stay_in_n_and_are_told(tmp_path, store_codec_run):
    for codec, failing in (("jpeg", 0), ("webp", 3)):
        store_codec_run(tmp_path, codec, "constant")
        store_codec_run(tmp_path, codec, "psnr", failing=failing)
    comparison = _one(tmp_path)
    whole, partly = comparison.rows
    assert (whole.predictor, whole.pictures, whole.failed) == ("constant", 24, 0)
    assert (partly.predictor, partly.pictures, partly.failed) == ("psnr", 24, 3)
    known = comparison.true_bytes[0][:21]
    assert partly.of("jpeg").bytes == pytest.approx(np.exp(np.log(known).mean()))
    assert any("psnr (3)" in note for note in codec_notes(comparison))


def test_a_predictor_of_one_codec_or_that_failed_has_no_row_and_is_named(tmp_path, store_codec_run):
    for codec in ("jpeg", "webp"):
        store_codec_run(tmp_path, codec, "constant")
    store_codec_run(tmp_path, "jpeg", "psnr")
    store_codec_run(tmp_path, "jpeg", "broken")
    store_codec_run(tmp_path, "webp", "broken", failing=24)
    comparison = _one(tmp_path)
    assert [row.predictor for row in comparison.rows] == ["constant"]
    assert comparison.one_codec_only == ["broken", "psnr"]


def test_jpeg_is_the_reference_and_without_it_the_first(tmp_path, store_codec_run):
    for codec in ("webp", "avif", "jpeg"):
        store_codec_run(tmp_path / "all", codec)
    assert [s.dataset.codec for s in _one(tmp_path / "all").sections] == ["jpeg", "avif", "webp"]
    for codec in ("webp", "avif"):
        store_codec_run(tmp_path / "two", codec)
        store_codec_run(tmp_path / "all", codec, "psnr")
    assert _one(tmp_path / "two").reference.dataset.codec == "avif"
    without = next(row for row in _one(tmp_path / "all").rows if row.predictor == "psnr")
    assert [(entry.codec, entry.saving) for entry in without.codecs] == [("avif", None), ("webp", None)]
    assert without.ratio_error is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pictures": 20}, "only 20 of 24 pictures are the same in both"),
        ({"info": {"dataset": {"samples": "30 subjects"}}}, "samples are of simulated observers and of 30 subjects"),
        ({"pixels": False}, "no sizes are known"),
    ],
)
def test_what_is_not_alike_is_not_compared_and_the_reason_is_told(change, reason, tmp_path, store_codec_run):
    store_codec_run(tmp_path, "jpeg")
    store_codec_run(tmp_path, "webp", **change)
    sections = read_sections(tmp_path)
    assert codec_comparisons(sections) == []
    (line,) = not_compared(sections)
    assert line.datasets == ("demo", "demo-webp")
    assert reason in line.reason


def test_pictures_of_one_name_and_other_pixels_are_not_compared(tmp_path, store_codec_run):
    info = {"pictures_table": PICTURES_TABLE}
    for codec, dataset in (("jpeg", "demo"), ("webp", "demo-webp"), ("avif", "demo-avif")):
        names = NAMES if codec != "avif" else [*NAMES[1:], NAMES[0]]
        write_pictures_table(tmp_path, names, SOURCES, dataset=dataset)
        store_codec_run(tmp_path, codec, info=info)
    sections = read_sections(tmp_path)
    (comparison,) = codec_comparisons(sections)
    assert [section.dataset.codec for section in comparison.sections] == ["jpeg", "webp"]
    (line,) = not_compared(sections)
    assert (
        "24 pictures of the same name have other pixels: astronaut-000, astronaut-001, astronaut-002, ..."
        in line.reason
    )


def test_another_set_truth_folds_or_limit_is_never_compared(tmp_path, store_codec_run):
    store_codec_run(tmp_path, "jpeg")
    store_codec_run(tmp_path, "webp", truth="median")
    store_codec_run(tmp_path, "webp", folds="kfold10-v1")
    store_codec_run(tmp_path, "webp", jnd=2)
    store_codec_run(tmp_path, "webp", limit=6, pictures=6)
    store_codec_run(
        tmp_path, "webp", dataset="other-webp", info={"dataset": {"name": "other-webp", "opens_as": "other"}}
    )
    sections = read_sections(tmp_path)
    assert codec_comparisons(sections) == [] == not_compared(sections)


def test_caveats_name_simulated_observers_the_factor_and_the_encoders(tmp_path, store_codec_run):
    for codec in ("jpeg", "webp", "avif"):
        store_codec_run(tmp_path, codec)
    notes = " ".join(codec_notes(_one(tmp_path)))
    assert "The observers are simulated" in notes
    assert "times 0.91 for AVIF. That factor is ours" in notes
    assert "JPEG: encoder of jpeg; AVIF: encoder of avif; WebP: encoder of webp." in notes
    assert "Intervals from 12 sources are too narrow" in notes
    for codec in ("jpeg", "webp"):
        store_codec_run(tmp_path / "people", codec, info={"dataset": {"samples": "30 subjects"}})
    notes = " ".join(codec_notes(_one(tmp_path / "people")))
    assert "simulated" not in notes and "factor" not in notes


def test_no_table_figure_truth_or_comparison_mixes_two_codecs(tmp_path, store_codec_run, capsys):
    """By their names; and where older runs name the codecs of a set alike, with the same true levels.

    Figures, ranks and critical differences are drawn of a section's own comparison and of a ranking's sections.
    """
    named, alike = tmp_path / "named", tmp_path / "alike"
    for codec, predictor, truth in itertools.product(("jpeg", "webp"), ("constant", "psnr"), ("mean", "median")):
        store_codec_run(named, codec, predictor, truth=truth, pictures=6)
        if predictor == ("constant" if codec == "jpeg" else "psnr"):
            older = {"dataset": {"name": "demo", "opens_as": ""}}
            store_codec_run(alike, codec, predictor, truth=truth, pictures=6, dataset="demo", info=older)
    for results, tables in ((named, 4), (alike, 4)):
        sections = read_sections(results)
        assert len(sections) == tables
        for section in sections:
            assert {row.record.dataset.codec for row in section.rows} == {section.dataset.codec}
            assert all(set(table["codec"]) == {section.dataset.codec} for table in section.grid.tables)
            assert set(section.comparison.predictors) == {row.predictor for row in section.rows}
        for ranking in truth_rankings(sections):
            assert len({section.dataset.codec for section in ranking.sections}) == 1
        assert len({section.title for section in sections}) == tables
    assert len(truth_rankings(read_sections(named))) == 2
    for folder, codec in (("a", "jpeg"), ("b", "webp")):
        store_codec_run(tmp_path / folder, codec, dataset="demo", info={"dataset": {"name": "demo"}})
    assert compare([str(tmp_path / "a"), str(tmp_path / "b"), "--json"]) == 1
    changes = json.loads(capsys.readouterr().out)
    assert (len(changes["removed"]), len(changes["added"]), changes["changed"]) == (1, 1, [])
