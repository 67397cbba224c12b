"""Protects the picture: its truth stays unseen, costly work is shared, copies travel light, fingerprints tell."""

import os
import pickle
import time
import warnings

import numpy as np
import pytest
from skimage import data

from datasets.codecs.jpeg import Jpeg
from datasets.common import hashing
from datasets.common.cache import CacheWarning
from datasets.common.errors import DataError
from datasets.core.codec import Codec
from datasets.core.ladder import CompressedLadder, ShippedLadder
from datasets.core.picture import Picture
from datasets.core.truths import TRUTHS


def photograph() -> np.ndarray:
    return np.ascontiguousarray(data.chelsea()[:48, :64])


def picture(**more) -> Picture:
    fields = {"codec": Jpeg(), "samples": np.array([30.0, 40.0]), "tabulated": {"sqf": 36.0}} | more
    return Picture("cat-1", "cat", pixels_per_degree=24.3, **fields)


def test_without_samples_nothing_tells_the_truth():
    original = picture()
    asked = original.without_samples()
    assert asked.samples.size == 0 and asked.tabulated == {}
    assert original.samples.tolist() == [30.0, 40.0] and original.tabulated == {"sqf": 36.0}
    assert (asked.name, asked.source, asked.codec, asked.pixels_per_degree) == ("cat-1", "cat", Jpeg(), 24.3)
    for truth in TRUTHS.values():
        with pytest.raises(Exception, match="cat-1"):
            truth.level(asked)


def test_copies_without_samples_share_memory_and_ladder():
    original = picture(ladder_or_none=CompressedLadder(Jpeg(), photograph))
    asked = original.without_samples()
    assert asked.measurements is original.measurements
    assert asked.ladder is original.ladder
    assert asked.summary() is original.summary()


def test_pickling_drops_the_memory_but_nothing_else():
    original = picture()
    original.measurements["profile"] = np.zeros(100_000)
    packed = pickle.dumps(original)
    assert len(packed) < 2_000
    copy = pickle.loads(packed)
    assert copy.measurements == {}
    assert copy.samples.tolist() == original.samples.tolist() and copy.tabulated == original.tabulated
    assert original.measurements.keys() == {"profile"}


def test_an_unmeasured_copy_has_a_memory_of_its_own():
    original = picture()
    original.measurements["profile"] = np.zeros(3)
    copy = original.unmeasured()
    copy.measurements["other"] = np.zeros(3)
    assert original.measurements.keys() == {"profile"} and copy.samples is original.samples


def test_labels_alone_say_that_there_are_no_pixels():
    labels = picture()
    assert not labels.has_pixels
    for look in (lambda: labels.ladder, lambda: labels.reference, lambda: labels.reference_luma, labels.summary):
        with pytest.raises(DataError, match=r"cat-1 has labels but no pixels.*constant"):
            look()


def test_a_picture_cannot_be_changed():
    with pytest.raises(AttributeError):
        picture().samples = np.empty(0)  # type: ignore[misc]


def seen(pixels=photograph, codec=None, **more) -> Picture:
    codec = codec or Jpeg()
    return picture(codec=codec, ladder_or_none=CompressedLadder(codec, pixels), **more)


class OtherJpeg(Codec):
    """The same levels from another library."""

    name, unit, worst_level, best_level, has_file_sizes = "jpeg", "QF", 1, 100, True
    encode, decode = Jpeg.encode, Jpeg.decode

    def library(self) -> str:
        return "another library 1.0"


def test_a_fingerprint_is_of_what_there_is_to_see():
    """What is measured of a picture is stored under it: ratings and names must not make it be measured again."""
    one = seen()
    assert one.fingerprint() == seen().fingerprint() == one.without_samples().fingerprint()
    assert one.fingerprint() == seen(samples=np.array([1.0])).fingerprint()
    renamed = Picture("other", "elsewhere", Jpeg(), 60.0, ladder_or_none=CompressedLadder(Jpeg(), photograph))
    assert renamed.fingerprint() == one.fingerprint()


def brighter() -> np.ndarray:
    pixels = photograph().copy()
    pixels[0, 0, 0] ^= 1
    return pixels


def reshaped() -> np.ndarray:
    """The same bytes as a picture of other sides."""
    return photograph().reshape(64, 48, 3)


def test_another_pixel_shape_or_library_has_another_fingerprint():
    known = {one.fingerprint() for one in (seen(), seen(brighter), seen(reshaped), seen(codec=OtherJpeg()))}
    assert len(known) == 4


def test_shipped_files_are_told_from_levels_that_are_made(tmp_path):
    def shipped(sizes) -> str:
        files = {}
        for level, size in sizes.items():
            files[level] = tmp_path / f"{level}.jpg"
            files[level].write_bytes(bytes([size % 10]) * size)
        return picture(ladder_or_none=ShippedLadder(Jpeg(), photograph, files)).fingerprint()

    assert len({shipped({1: 10, 2: 20}), shipped({1: 10, 2: 21}), shipped({1: 10}), seen().fingerprint()}) == 4
    assert shipped({1: 10, 2: 20}) == shipped({2: 20, 1: 10})


def _changed_how(path, how):
    """Change a level's file, keeping its size."""
    before, status = path.read_bytes(), path.stat()
    changed = before[:-1] + bytes([before[-1] ^ 1])
    if how == "replaced":
        path.with_suffix(".new").write_bytes(changed)
        path.with_suffix(".new").replace(path)
    else:
        path.write_bytes(changed)
    if how == "date restored":
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("how", ["written over", "replaced", "date restored"])
@pytest.mark.parametrize("age_s", [0, 3600])
@pytest.mark.parametrize("forgets", [True, False])
def test_a_level_that_was_repaired_at_the_same_size_is_another(how, age_s, forgets, tmp_path, monkeypatch):
    """Whether its hash is remembered from before, on disk or in this process, and however young the file is."""
    monkeypatch.setenv("JND_BENCH_CACHE", str(tmp_path / "cache"))
    files = {level: tmp_path / f"{level}.jpg" for level in (1, 2, 3)}
    for path in files.values():
        path.write_bytes(b"level" * 100)
        os.utime(path, (time.time() - age_s,) * 2)
    if age_s:  # as if nothing had been changed just now
        monkeypatch.setattr(hashing, "_TICK_NS", 0)
    kept = picture(ladder_or_none=ShippedLadder(Jpeg(), photograph, files))
    first = kept.fingerprint()
    if forgets:
        hashing._hashes.clear()
    assert kept.afresh().fingerprint() == first
    _changed_how(files[2], how)
    if forgets:
        hashing._hashes.clear()
    assert kept.afresh().fingerprint() != first
    with pytest.raises(DataError, match=r"2\.jpg: was changed while the run went on"):
        kept.ladder.encoded(2)
    assert kept.ladder.encoded(1) == b"level" * 100


@pytest.mark.parametrize("place", ["read-only", "damaged"])
def test_without_a_cache_levels_are_hashed_all_the_same(place, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv("JND_BENCH_CACHE", str(cache))
    if place == "read-only":
        cache.write_text("a file where the folder would be")
    files = {level: tmp_path / f"{level}.jpg" for level in (1, 2)}
    seen = []
    for content in (b"first", b"other", b"first"):
        files[1].write_bytes(content)
        files[2].write_bytes(b"second")
        for stored in cache.rglob("*.arrays") if place == "damaged" else ():
            stored.write_bytes(b"no arrays")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CacheWarning)
            seen.append(picture(ladder_or_none=ShippedLadder(Jpeg(), photograph, files)).fingerprint())
    assert seen[0] == seen[2] != seen[1]
