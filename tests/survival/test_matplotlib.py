"""Figures whatever settings of matplotlib a user has."""

from tests.datasets.common.test_commands import RARE_SETTINGS, assert_the_same_figures


def test_rare_settings_of_matplotlib_change_no_figure(tmp_path, survived):
    assert_the_same_figures(RARE_SETTINGS, tmp_path)
    survived("settings of matplotlib that spoil others' figures", len(RARE_SETTINGS))
