"""Protects AVIF's levels: one meaning of quality, and bytes that depend on nothing but the picture and the level."""

import io
import os

import numpy as np
import pytest
from PIL import Image, features

from datasets.codecs import avif
from datasets.codecs.avif import Avif
from datasets.common.errors import UserError
from tests.datasets.codecs.pictures import PHOTOGRAPH

AvifImagePlugin = pytest.importorskip("PIL.AvifImagePlugin", reason="this Pillow has no AVIF")
pytestmark = pytest.mark.skipif(bool(Avif().unavailable()), reason=Avif().unavailable())


def test_an_older_libavif_is_refused_whose_quality_means_something_else(monkeypatch):
    monkeypatch.setattr(features, "version", lambda name: "1.3.0")
    assert "libavif 1.3.0 has another scale" in Avif().unavailable()
    with pytest.raises(UserError, match="pip install --upgrade 'Pillow"):
        Avif().encode(PHOTOGRAPH, 51)


def test_a_libavif_without_aom_is_refused(monkeypatch):
    monkeypatch.setattr(AvifImagePlugin, "get_codec_version", lambda name: None)
    assert "without the encoder aom" in Avif().unavailable()


def test_the_number_of_cores_changes_no_byte(monkeypatch):
    here = Avif().encode(PHOTOGRAPH, 51)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(64), raising=False)
    assert Avif().encode(PHOTOGRAPH, 51) == here
    assert {"max_threads": 1, "autotiling": False}.items() <= avif._SETTINGS.items()


def test_decoding_takes_one_thread(monkeypatch):
    monkeypatch.setattr(AvifImagePlugin, "DEFAULT_MAX_THREADS", 0)
    Avif().decode(Avif().encode(PHOTOGRAPH, 51))
    assert AvifImagePlugin._get_default_max_threads() == 1


def test_the_library_names_every_part_that_decides_bytes():
    library = Avif().library()
    assert all(part in library for part in ("libavif 1.", "aom ", "dav1d ", "Pillow ", "speed 8", "'tune': 'iq'"))


def test_no_two_levels_share_a_quantiser():
    files = [Avif().encode(PHOTOGRAPH[:16, :16], level) for level in Avif().levels.tolist()]
    assert len(set(files)) == len(files)


def test_files_are_4_2_0_and_have_the_pictures_size():
    encoded = Avif().encode(PHOTOGRAPH, 99)
    with Image.open(io.BytesIO(encoded)) as image:
        assert image.format == "AVIF" and image.size == PHOTOGRAPH.shape[1::-1]
    assert np.abs(Avif().decode(encoded).astype(int) - PHOTOGRAPH).mean() < 4
