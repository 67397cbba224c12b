"""The server of a study killed -9 while scripts rate: no answer that was acknowledged is lost or doubled."""

import pytest

from tests.datasets.ratings.study.conftest import photos  # noqa: F401  # a fixture
from tests.datasets.ratings.study.killed import assert_nothing_lost, killed
from tests.survival.conftest import cases


@pytest.mark.slow(reason="starts and kills a server twenty times")
def test_twenty_kills_lose_no_acknowledged_answer(photos, tmp_path, survived):  # noqa: F811
    kills = cases(20)
    with killed(photos, tmp_path / "study", kills=kills, seconds=4, raters=12) as (scripts, stored):
        assert_nothing_lost(scripts, stored)
        survived("SIGKILL of a study's server", kills)
        survived("answers acknowledged before or after one", sum(len(script.acknowledged) for script in scripts))
