"""The rater's page on screens whose ratios of pixels are above those of every day's tests."""

import pytest

from tests.datasets.ratings.study import test_page as page

playwright, browsers, open_page, slider_study = page.playwright, page.browsers, page.open_page, page.slider_study
pytestmark = page.pytestmark


@pytest.mark.parametrize("ratio", [2, 3])
def test_a_noise_free_rater_gives_the_step_that_the_files_have(open_page, slider_study, ratio, survived):
    page.assert_the_step_of_the_files(open_page, slider_study, ratio)
    survived("screens of two and three pixels a CSS pixel")
