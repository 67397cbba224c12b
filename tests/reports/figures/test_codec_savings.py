"""Figures of codecs: the numbers of the table, the data and whose samples, and words that stand inside the edges."""

from __future__ import annotations

import numpy as np
import pytest

from reports.figures.catalogue import CODEC_FIGURES
from reports.figures.style import styled
from reports.results.codecs import CodecComparison, codec_comparisons
from tests.reports.conftest import read_sections
from tests.reports.figures.conftest import HOSTILE, words


@pytest.fixture(scope="module")
def comparison(tmp_path_factory, store_codec_run) -> CodecComparison:
    """JPEG, AVIF and WebP, with a name that is markup and a partly failed run."""
    results = tmp_path_factory.mktemp("results")
    scatter = np.random.default_rng(8).lognormal(0, 0.2, 24)
    for codec, factor in (("jpeg", 1.0), ("webp", 0.8 * scatter), ("avif", 0.5)):
        for place, predictor in enumerate((HOSTILE, "constant", *(f"m{number:02d}" for number in range(3)))):
            error = scatter ** (place * (codec == "jpeg"))
            store_codec_run(results, codec, predictor, bytes_factor=factor, predicted_factor=error)
        store_codec_run(results, codec, "partly", failing=2 * (codec == "webp"))
    (comparison,) = codec_comparisons(read_sections(results))
    return comparison


@pytest.mark.parametrize("kind", CODEC_FIGURES, ids=lambda kind: kind.name)
def test_a_figure_says_its_data_whose_samples_the_truth_and_n(kind, comparison):
    with styled():
        ((stem, figure),) = kind.draw_all(comparison).items()
    assert stem == f"figures/{kind.name}-demo-kfold5-v1-mean-jnd1"
    text = words(figure.svg)
    assert "on Demo photographs (simulated observers)" in text
    assert "JPEG, AVIF, WebP, each at its own JND; truth mean" in text
    assert "24 pictures of 12 sources" in text
    assert "JPEG, AVIF, WebP on Demo photographs" in figure.alt


def test_savings_are_those_of_the_table(comparison, monkeypatch):
    monkeypatch.setattr("reports.figures.codec_savings._MOST_ROWS", 2)
    with styled():
        drawing = CODEC_FIGURES[0].draw(comparison)
    text = words(drawing)
    assert "50.0 [50.0, 50.0]" in text
    assert "bytes that WebP saves against JPEG (%)" in text
    assert "AVIF 50.0 % at the true JNDs" in drawing.alt
    assert HOSTILE[:29] in text and "constant" in text
    assert "partly" not in text and "m02" not in text
    assert "the 2 predictors nearest by picture and the constant" in text


def test_points_are_the_pictures_bytes_at_their_true_jnds(comparison):
    with styled():
        drawing = CODEC_FIGURES[1].draw(comparison)
    jpeg, avif, _ = comparison.true_bytes / 1000
    points = drawing.figure.axes[0].lines[1].get_xydata()
    assert np.array_equal(points, np.stack([jpeg, avif], axis=1))
    assert "AVIF is smaller in 24 of 24" in drawing.alt


@pytest.mark.parametrize("kind", CODEC_FIGURES, ids=lambda kind: kind.name)
def test_no_words_of_codecs_are_cut_off(kind, comparison):
    with styled():
        figure = kind.draw(comparison).figure
        figure.canvas.draw()
        width, height = figure.canvas.get_width_height()
        texts = [*figure.texts, *(text for axes in figure.axes for text in (*axes.texts, axes.xaxis.label))]
        labels = [label for axes in figure.axes for label in (axes.yaxis.label, *axes.get_yticklabels())]
        texts += [label for label in labels if not label.get_text().replace(".", "").isdecimal()]
        for text in filter(lambda text: text.get_text().strip(), texts):
            box = text.get_window_extent()
            assert box.x0 > -1 and box.x1 < width + 1 and box.y0 > -1 and box.y1 < height + 1, text.get_text()
