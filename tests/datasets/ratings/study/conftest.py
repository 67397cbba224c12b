"""Tiny pictures that are prepared once, and studies of them."""

from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import photograph
from tests.datasets.ratings.study.scripts import again, make_study

COUNT = 16


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> Path:
    """Sixteen photographs of 64x64."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(COUNT):
        Image.fromarray(photograph(number, 64, 64)).save(folder / f"holiday {number:02}.png")
    return folder


@pytest.fixture(scope="session")
def prepared(photos, tmp_path_factory):
    study = make_study(photos, tmp_path_factory.mktemp("prepared"))
    yield study
    study.database.close()


@pytest.fixture
def new_study(prepared, tmp_path):
    """`new_study(**settings)`: the prepared pictures, and nobody has rated them."""
    made = []

    def make(**settings):
        made.append(again(prepared, tmp_path / f"study{len(made)}", **settings))
        return made[-1]

    yield make
    for study in made:
        study.database.close()
