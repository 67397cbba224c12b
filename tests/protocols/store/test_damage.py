"""Reading while others write must lose nothing between two names; digests must not depend on how JSON is laid out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from datasets.common.hashing import sha256_of_bytes
from protocols.store.damage import read_settled, sealed, set_aside, unsealed

OLD, NEW, OTHER = Path("old"), Path("new"), Path("other")


@pytest.mark.parametrize(
    ("listings", "gone", "expected"),
    [
        ([[OLD], [NEW], [NEW]], {OLD}, [NEW]),
        ([[], [NEW], [NEW]], set(), [NEW]),
        ([[OLD, OTHER], [OTHER], [OTHER]], {OLD}, [OTHER]),
        ([[OTHER], [NEW, OTHER], [NEW, OTHER]], set(), [NEW, OTHER]),
        ([[], []], set(), []),
    ],
    ids=["replaced while it was read", "missed by the listing", "removed", "added", "nothing there"],
)
def test_what_is_renamed_into_the_folder_meanwhile_is_read(listings, gone, expected):
    reads = []

    def read(path: Path) -> str | None:
        reads.append(path)
        return None if path in gone else path.name

    listing = iter(listings)
    found = read_settled(lambda: next(listing), read)
    assert found == {path: path.name for path in expected}
    assert len(reads) == len(set(reads)), "what was read is not read again"


def test_a_folder_that_never_settles_is_read_all_the_same():
    names = (Path(str(number)) for number in range(10_000))
    assert read_settled(lambda: [next(names)], lambda path: path.name)


def test_what_gets_its_name_again_after_it_was_not_there_is_read():
    """As where two writers in turn replace a run under one name."""
    path, contents = Path("run"), iter([None, "whole"])
    assert read_settled(lambda: [path], lambda _: next(contents)) == {path: "whole"}


def test_what_is_none_of_ours_is_read_twice_and_left():
    path, reads = Path("a folder of somebody's"), []
    assert read_settled(lambda: [path], reads.append) == {}
    assert reads == [path, path]


def test_a_digest_is_of_the_content_however_it_is_written():
    info = sealed({"b": 1.5, "a": {"10": "Größe", "9": None}, 3: (1, 2)}, b"table")
    assert info["predictions_sha256"] == sha256_of_bytes(b"table")
    for text in (json.dumps(info), json.dumps(info, indent=8, sort_keys=True, ensure_ascii=False)):
        assert unsealed(text.encode()) == info


@pytest.mark.parametrize(
    "change",
    [
        {"b": 1.25},
        {"schema_version": 1},
        {"schema_version": 99},
        {"schema_version": True},
        {"sha256": None},
        {"new": 0},
    ],
)
def test_a_changed_content_is_found(change):
    info = sealed({"b": 1.5}, b"table")
    with pytest.raises(ValueError, match=r"digest|schema version"):
        unsealed(json.dumps({**info, **change}).encode())
    with pytest.raises(ValueError, match="digest"):
        unsealed(json.dumps({name: value for name, value in info.items() if name != "sha256"}).encode())


def test_a_file_that_is_gone_cannot_be_set_aside(tmp_path):
    assert set_aside(tmp_path / "gone") is None
