"""Protects reports on ladders with steps: what stands between two rungs is interpolated, and rungs alone are shown."""

import numpy as np
import pytest

from datasets.codecs.webp import WebP
from protocols.store.store import Store
from reports.pages.picture import PictureTruth, shown_levels
from tests.reports.conftest import read_sections


@pytest.fixture
def truth(tmp_path, store_run) -> PictureTruth:
    """A picture of a set in WebP, whose curve is a straight line."""
    facts = {"codec": "webp", "unit": "quality", "level_lowest": 0, "level_highest": 100}
    run = store_run(tmp_path, "constant", info={"dataset": facts})
    lines = [(WebP().levels / 100).tolist() for _ in run.predictions.index]
    Store(tmp_path).write(run.record, run.predictions.assign(codec="webp", true_sur=lines, sur=lines))
    (section,) = read_sections(tmp_path)
    return PictureTruth(section, section.grid.pictures[0], "mean")


def test_the_share_who_notice_is_interpolated_between_rungs(truth):
    assert [truth.noticing(level) for level in (0.0, 50.0, 51.0, 100.0)] == pytest.approx([1, 0.5, 0.49, 0])


def test_pixels_are_shown_of_levels_that_exist(truth):
    shown = shown_levels([truth])
    assert shown and set(shown) <= set(WebP().levels.tolist())
    assert abs(next(iter(shown)) - truth.true) <= 2


def test_the_distribution_on_the_axis_has_no_gaps(truth):
    bars = truth.axis.bars
    assert len(bars) > 20
    assert max(np.diff([bar.x for bar in bars])) < 1.5 * min(np.diff([bar.x for bar in bars]))


def test_the_caption_names_the_codec(truth):
    assert "levels in WebP quality 0 to 100" in truth.section.caption
