"""Protects the check that training and test sources are different pictures, whatever their names and files."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

from datasets.codecs.jpeg import Jpeg
from datasets.core.ladder import CompressedLadder
from datasets.core.picture import Picture
from datasets.core.picture_file import PictureFile
from datasets.core.shared_sources import shared_sources


def picture(path, source, number, *, content=None) -> Picture:
    """A crop of a source in a file of its own."""
    if content is None:
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (8, 9, 3), dtype=np.uint8)).save(path)
    else:
        path.write_bytes(content)
    return Picture(path.stem, source, Jpeg(), 24.3, ladder_or_none=CompressedLadder(Jpeg(), PictureFile(path)))


def test_a_source_is_shared_by_name_or_by_one_of_its_pictures(tmp_path):
    test = [picture(tmp_path / f"t{number}.png", f"t{number}", number) for number in range(3)]
    training = [
        picture(tmp_path / "same.bmp", "copy", 1),  # the same pixels in another file
        picture(tmp_path / "other-crop.png", "copy", 11),
        picture(tmp_path / "other.png", "t2", 12),
        picture(tmp_path / "new.png", "new", 13),
    ]
    assert shared_sources(training, test) == {"copy", "t2"}
    assert shared_sources([p.afresh() for p in training], test) == {"copy", "t2"}, "from the stored hashes"


def test_what_has_no_pixels_is_known_by_its_name_alone(tmp_path):
    labels = [dataclasses.replace(picture(tmp_path / "a.png", "a", 1), ladder_or_none=None)]
    damaged = [picture(tmp_path / "b.png", "b", 2, content=b"no picture"), picture(tmp_path / "c.png", "c", 1)]
    assert shared_sources(damaged, labels) == set() and shared_sources(damaged, damaged[:1]) == {"b"}
