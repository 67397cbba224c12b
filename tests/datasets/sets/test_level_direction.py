"""Protects the finding of the level direction: from tables, sizes or pixels, the same for both, and never a guess."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.codecs.bpg import Bpg
from datasets.codecs.jpeg import Jpeg
from datasets.common.errors import DataError
from datasets.sets._level_direction import (
    IndexedFiles,
    direction_by_pixels,
    direction_by_tables,
    has_standard_tables,
    level_of_index,
    rule,
    spread,
)

PHOTOGRAPH = np.ascontiguousarray(data.chelsea()[100:148, 150:214])


def jpegs(folder, name, qualities) -> IndexedFiles:
    """Files of index 1, 2, ... at these qualities."""
    files = {}
    for index, quality in enumerate(qualities, start=1):
        files[index] = folder / f"{name}_{index:03d}.jpg"
        files[index].write_bytes(Jpeg().encode(PHOTOGRAPH, quality))
    return IndexedFiles(name, files)


def decoded(folder, name, noise) -> IndexedFiles:
    """Files of index 1, 2, ... with this much noise."""
    Image.fromarray(PHOTOGRAPH).save(folder / f"{name}.png")
    files = {}
    for index, amount in enumerate(noise, start=1):
        files[index] = folder / f"{name}_{index:03d}.png"
        shifted = np.random.default_rng(index).normal(PHOTOGRAPH, amount).clip(0, 255).round().astype(np.uint8)
        Image.fromarray(shifted).save(files[index])
    return IndexedFiles(name, files, folder / f"{name}.png")


@pytest.mark.parametrize(
    ("codec", "direction", "index", "level", "words"),
    [
        (Jpeg(), "up", 30, 30, "QF = index"),
        (Jpeg(), "down", 30, 71, "QF = 101 - index"),
        (Jpeg(), "down", 1, 100, "QF = 101 - index"),
        (Bpg(), "down", 30, 30, "QP = index"),
        (Bpg(), "up", 30, 22, "QP = 52 - index"),
        (Bpg(), "up", 51, 1, "QP = 52 - index"),
    ],
)
def test_an_index_stands_for_a_level(codec, direction, index, level, words):
    assert level_of_index(index, codec, direction) == level
    assert level_of_index(level, codec, direction) == index
    assert rule(codec, direction) == words


def test_quantisation_tables_tell_the_direction(tmp_path):
    up = [jpegs(tmp_path, name, (5, 50, 95)) for name in ("SRC0001", "SRC0002")]
    look = direction_by_tables(up)
    assert look.direction == "up"
    assert look.evidence == "quantisation tables of the first and last index of SRC0001, SRC0002"
    assert direction_by_tables([jpegs(tmp_path, "SRC0003", (95, 50, 5))]).direction == "down"


def test_sizes_tell_it_where_the_tables_are_the_same(tmp_path):
    picture = jpegs(tmp_path, "SRC0001", (50, 50))
    flat = Jpeg().encode(np.full_like(PHOTOGRAPH, 90), 50)
    picture.first.write_bytes(flat)
    assert direction_by_tables([picture]).direction == "up"


def test_pictures_that_disagree_are_named(tmp_path):
    mixed = [jpegs(tmp_path, "SRC0001", (5, 95)), jpegs(tmp_path, "SRC0002", (95, 5))]
    with pytest.raises(DataError, match=r"up in SRC0001 but down in SRC0002.*mixes two versions.*--level-direction"):
        direction_by_tables(mixed)


def test_what_does_not_tell_it_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"SRC0001_002\.jpg: has the same quality as SRC0001_001\.jpg"):
        direction_by_tables([jpegs(tmp_path, "SRC0001", (50, 50))])
    with pytest.raises(DataError, match=r"SRC0505_001\.png: is no readable JPEG"):
        direction_by_tables([decoded(tmp_path, "SRC0505", (1, 2))])
    other_size = decoded(tmp_path, "SRC0506", (1, 20))
    Image.fromarray(PHOTOGRAPH[:-8]).save(other_size.last)
    with pytest.raises(DataError, match="not of the size of"):
        direction_by_pixels([other_size])
    with pytest.raises(DataError, match="without the source pictures"):
        direction_by_pixels([jpegs(tmp_path, "SRC0002", (5, 95))])
    empty = jpegs(tmp_path, "SRC0003", (5, 95))
    empty.last.write_bytes(b"")
    with pytest.raises(DataError, match=r"SRC0003_002\.jpg: is no readable JPEG.*Copy it again"):
        direction_by_tables([empty])


def test_standard_tables_are_recognised_at_their_own_level_only(tmp_path):
    files = jpegs(tmp_path, "SRC0001", range(1, 101)).files
    assert has_standard_tables(files, Jpeg())
    assert not has_standard_tables({30: files[31]}, Jpeg())
    custom = tmp_path / "custom.jpg"
    Image.fromarray(PHOTOGRAPH).save(custom, qtables=[[7] * 64, [9] * 64])
    assert not has_standard_tables({50: custom}, Jpeg())


@pytest.mark.parametrize(
    ("items", "count", "chosen"),
    [("", 3, ""), ("a", 3, "a"), ("ab", 3, "ab"), ("abcde", 3, "ace"), ("abcdefg", 5, "abdfg"), ("abc", 1, "a")],
)
def test_a_few_are_spread_from_the_first_to_the_last(items, count, chosen):
    found = spread(list(items), count)
    assert len(found) == len(chosen)
    assert found[:1] + found[-1:] == list(chosen[:1] + chosen[-1:])
