"""Protects the table of samples: it comes back as it was written, and a damaged one names file and line."""

import numpy as np
import pytest

from datasets.codecs.avif import Avif
from datasets.common.errors import DataError
from datasets.sets._simulated_samples import SampledPicture, describe, read_samples, samples_csv

TABLE = {
    "b-1": SampledPicture("b", np.array([50, 1, 100])),
    "a-2": SampledPicture("a", np.array([20, 30, 40])),
    "a-1": SampledPicture("a", np.array([21, 31, 41])),
}


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_comes_back_sorted_by_picture(tmp_path):
    found = read_samples(write(tmp_path / "samples.csv", samples_csv(TABLE)), "")
    assert list(found) == ["a-1", "a-2", "b-1"]
    for name, picture in found.items():
        assert picture.source == TABLE[name].source
        np.testing.assert_array_equal(picture.jnds, TABLE[name].jnds)


def test_a_spreadsheets_line_ends_and_mark_are_tolerated(tmp_path):
    text = "\ufeff" + samples_csv(TABLE).replace("\n", "\r\n")
    path = tmp_path / "samples.csv"
    path.write_bytes(text.encode("utf-8"))
    assert set(read_samples(path, "")) == set(TABLE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("picture,source", "image,source", "expected the columns"),
        (",100\n", ",101\n", "line 10: jnd_qf is '101'"),
        (",100\n", ",\n", "line 10: jnd_qf is ''"),
        (",100\n", "\n", "line 10: jnd_qf is None"),
        ("b-1,b,3,", "b-1,b,4,", "line 10: source or observer out of order"),
        ("b-1,b,3,", "b-1,c,3,", "line 10: source or observer out of order"),
        ("b-1,b,3,100\n", "", "b-1 has 2 samples, others have 3"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, old, new, message):
    text = samples_csv(TABLE)
    assert old in text
    with pytest.raises(DataError, match=rf"samples\.csv.*{message}.*Do this"):
        read_samples(write(tmp_path / "samples.csv", text.replace(old, new)), "Do this.")


@pytest.mark.parametrize("text", ["", "picture,source,observer,jnd_qf\n"])
def test_an_empty_table_is_a_fault(tmp_path, text):
    with pytest.raises(DataError, match=r"samples\.csv"):
        read_samples(write(tmp_path / "samples.csv", text), "")


def test_another_codec_has_a_column_and_levels_of_its_own(tmp_path):
    table = {"a-1": SampledPicture("a", np.array([3, 50, 99]))}
    path = write(tmp_path / "samples.csv", samples_csv(table, Avif()))
    assert path.read_text(encoding="utf-8").startswith("picture,source,observer,jnd_level\na-1,a,1,3\n")
    np.testing.assert_array_equal(read_samples(path, "", Avif())["a-1"].jnds, [3, 50, 99])
    with pytest.raises(DataError, match="line 2: jnd_level is '2', expected 3 to 99"):
        read_samples(write(path, path.read_text().replace(",1,3\n", ",1,2\n")), "", Avif())


def test_the_description_counts_pictures_photographs_and_observers():
    text = describe(TABLE)
    assert text.startswith("3 pictures of 2 photographs, each with 3 simulated observers")
    assert "from 30.0 to 50.3" in text


def test_one_observer_can_be_described():
    assert "between observers 0.0" in describe({"a": SampledPicture("a", np.array([5]))})
