"""Protects the unpacking of strangers' zips: nothing leaves the root or is left half-written, all is resumable."""

import shutil
import stat
import struct
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from datasets.common.errors import DataError, UserError
from datasets.obtain.unpack import Limits, readable, require_space, unpack

FILES = {"JND_samples/JND_image_01.txt": b"52 30 18\n" * 30, "SQF_data/Image_1_l_h.txt": b"100 36 20\r\n", "empty": b""}


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "deep" / "root"


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    """A member that bears a name exactly as given (`ZipInfo` would change some)."""
    member = zipfile.ZipInfo("placeholder")
    member.filename = name
    member.external_attr = mode << 16
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def packed(folder: Path, members: list[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    path = folder / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for member, contents in members:
            opened.writestr(member, contents)
    return path


def archive_of_files(folder: Path) -> Path:
    return packed(folder, list(FILES.items()))


def everything_under(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_is_unpacked_and_nothing_else_is_there(tmp_path, root):
    assert unpack(archive_of_files(tmp_path), root) == {"written": 3}
    assert everything_under(root) == FILES


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_read_too(tmp_path, root, method):
    with zipfile.ZipFile(tmp_path / "set.zip", "w", method) as opened:
        opened.writestr("a.txt", b"52 30 18\n")
    unpack(tmp_path / "set.zip", root)
    assert everything_under(root) == {"a.txt": b"52 30 18\n"}


def test_progress_goes_to_standard_error_unless_quiet(tmp_path, root, capsys, monkeypatch):
    monkeypatch.setattr("datasets.common.commands._SECONDS_BETWEEN_LINES", -1)
    unpack(archive_of_files(tmp_path), root)
    assert "unpacking set.zip: 3/3" in capsys.readouterr().err
    unpack(tmp_path / "set.zip", root, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_a_second_call_keeps_what_is_right_and_puts_right_what_is_not(tmp_path, root):
    archive = archive_of_files(tmp_path)
    unpack(archive, root)
    kept = root / "SQF_data" / "Image_1_l_h.txt"
    before = kept.stat().st_mtime_ns, kept.stat().st_ino
    (root / "JND_samples" / "JND_image_01.txt").write_bytes(b"9" * len(FILES["JND_samples/JND_image_01.txt"]))
    (root / "empty").unlink()
    (root / "my notes.txt").write_text("mine", encoding="utf-8")
    assert unpack(archive, root) == {"written": 1, "already there": 1, "replaced": 1}
    assert everything_under(root) == {**FILES, "my notes.txt": b"mine"}
    assert (kept.stat().st_mtime_ns, kept.stat().st_ino) == before


def test_it_goes_on_after_it_was_broken_off(tmp_path, root):
    """A damaged entry in the middle stands for a kill: what came before is whole, and a good archive resumes."""
    archive = archive_of_files(tmp_path)
    good = archive.read_bytes()
    at = good.find(b"Image_1_l_h.txt") + len("Image_1_l_h.txt") + 2
    archive.write_bytes(good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :])
    with pytest.raises(DataError, match=r"set\.zip: its entry 'SQF_data/Image_1_l_h\.txt' is damaged.*Fetch it again"):
        unpack(archive, root)
    assert list(everything_under(root)) == ["JND_samples/JND_image_01.txt"]
    archive.write_bytes(good)
    assert unpack(archive, root) == {"written": 2, "already there": 1}
    assert everything_under(root) == FILES


def test_what_a_kill_left_half_written_is_written_over(tmp_path, root):
    (root / "SQF_data").mkdir(parents=True)
    (root / "SQF_data" / ".partial-Image_1_l_h.txt").write_bytes(b"10")
    unpack(archive_of_files(tmp_path), root)
    assert everything_under(root) == FILES


HOSTILE = {
    "up": entry("../evil.txt"),
    "up later": entry("JND_samples/../../evil.txt"),
    "up for Windows": entry("JND_samples\\..\\..\\evil.txt"),
    "up with a space": entry("JND_samples/.. /evil.txt"),
    "up, folder alone": entry("../evil/"),
    "absolute": entry("/tmp/evil.txt"),
    "absolute for Windows": entry("\\Windows\\evil.txt"),
    "share": entry("//server/evil.txt"),
    "drive": entry("C:\\evil.txt"),
    "drive, relative": entry("C:evil.txt"),
    "stream": entry("JND_samples/a.txt:evil"),
    "control characters": entry("JND_samples/evil\n.txt"),
    "no name": entry("./"),
    "symlink": entry("JND_samples/evil", stat.S_IFLNK | 0o777),
    "device": entry("evil", stat.S_IFCHR | 0o666),
    "pipe": entry("evil", stat.S_IFIFO | 0o666),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_entry_that_would_leave_the_root_is_refused_before_anything_is_written(tmp_path, root, kind):
    archive = packed(tmp_path, [*FILES.items(), (HOSTILE[kind], b"../../outside")])
    with pytest.raises(DataError, match=r"set\.zip: its entry .*nothing was unpacked"):
        unpack(archive, root)
    assert [path.name for path in tmp_path.rglob("*")] == ["set.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "second", ["empty", "./empty", "EMPTY", "SQF_data//Image_1_l_h.txt", "empty/inside.txt", "Gru\u0308n.txt"]
)
def test_two_entries_for_one_file_are_refused(tmp_path, root, second):
    archive = packed(tmp_path, [*FILES.items(), ("Gr\u00fcn.txt", b"1"), (entry(second), b"other")])
    with pytest.raises(DataError, match=r"stands for the same file as|lies in a folder that is a file as well"):
        unpack(archive, root)
    assert not root.exists()


def test_honest_oddities_are_unpacked(tmp_path, root):
    members = ["./a/./b.txt", "c\\d.txt", "source_images/[BMP]/e.txt", "x..y.txt", "größe.txt", "folder with space/f"]
    archive = packed(tmp_path, [(entry(name), name.encode()) for name in members] + [(entry("only a folder/"), b"")])
    unpack(archive, root)
    expected = {"a/b.txt", "c/d.txt", "source_images/[BMP]/e.txt", "x..y.txt", "größe.txt", "folder with space/f"}
    assert set(everything_under(root)) == expected


def test_what_operating_systems_add_is_left_out_and_counted(tmp_path, root):
    litter = ["__MACOSX/JND_samples/._JND_image_01.txt", "JND_samples/.DS_Store", "Thumbs.db", "JND_samples/._x.txt"]
    archive = packed(tmp_path, [*FILES.items(), *((name, b"litter") for name in litter)])
    assert unpack(archive, root)["left out"] == 4
    assert everything_under(root) == FILES


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        (Limits(total_bytes=200), r"would unpack to 281 bytes, more than 200 bytes"),
        (Limits(files=2), r"holds 3 files, more than 2"),
        (Limits(ratio=0.1, ratio_from_bytes=100), r"would unpack to \d+ times its size, more than 0 times"),
    ],
)
def test_limits_are_named_before_anything_is_written(tmp_path, root, limits, complaint):
    with pytest.raises(DataError, match=rf"set\.zip: {complaint}.*by hand into --root"):
        unpack(archive_of_files(tmp_path), root, limits)
    assert not root.exists()


def test_a_zip_bomb_is_refused_by_default(tmp_path, root):
    archive = packed(tmp_path, [(f"{number}.bmp", bytes(20 << 20)) for number in range(4)])
    assert archive.stat().st_size < 100_000
    with pytest.raises(DataError, match="times its size"):
        unpack(archive, root)


def test_an_entry_that_lies_about_its_size_gets_no_more_than_it_announced(tmp_path, root):
    archive = packed(tmp_path, [("bomb.bmp", bytes(1 << 20))])
    contents = bytearray(archive.read_bytes())
    directory = contents.find(b"PK\x01\x02")
    struct.pack_into("<I", contents, directory + 24, 100)
    archive.write_bytes(contents)
    with pytest.raises(DataError, match=r"bomb\.bmp' is damaged"):
        unpack(archive, root)
    assert everything_under(root) == {}


def test_a_full_disk_is_noticed_before(tmp_path, root, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    with pytest.raises(UserError, match=r"unpacking set\.zip needs 281 bytes, but .*root has 100 bytes free"):
        unpack(archive_of_files(tmp_path), root)
    assert everything_under(root) == {}
    require_space(tmp_path, 100, "something")


def test_what_is_there_already_needs_no_room(tmp_path, root, monkeypatch):
    archive = archive_of_files(tmp_path)
    unpack(archive, root)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    assert unpack(archive, root)["already there"] == 3


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_on_the_disk_does_not_lead_out(tmp_path, root):
    outside = tmp_path / "outside"
    outside.mkdir()
    root.mkdir(parents=True)
    (root / "SQF_data").symlink_to(outside)
    with pytest.raises(UserError, match=r"SQF_data: is a link that leads out of --root"):
        unpack(archive_of_files(tmp_path), root)
    assert everything_under(outside) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_root_that_is_a_link_itself_is_fine(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "disk")
    assert unpack(archive_of_files(tmp_path), tmp_path / "root")["written"] == 3


@pytest.mark.parametrize(
    ("contents", "complaint"),
    [
        (b"<!DOCTYPE html><p>Sign in", "It is a web page: open the address in a browser"),
        (b"Rar!\x1a\x07\x00", "It is a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c", "It is a 7-Zip archive"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"PK\x03\x04", "the download may have stopped early"),
        (b"", "Expected the set's zip file"),
    ],
)
def test_what_is_no_zip_is_told_by_what_it_is(tmp_path, root, contents, complaint):
    (tmp_path / "set.zip").write_bytes(contents)
    with pytest.raises(DataError, match=rf"set\.zip: is no whole zip archive.*{complaint}"):
        unpack(tmp_path / "set.zip", root)


def test_encrypted_and_foreign_entries_say_what_to_do(tmp_path, root):
    good = archive_of_files(tmp_path).read_bytes()
    directory = good.find(b"PK\x01\x02")
    for offset, value, complaint in ((8, 1, "is encrypted. Unpack"), (10, 9, "7-Zip into --root")):
        changed = bytearray(good)
        struct.pack_into("<H", changed, directory + offset, value)  # the flags, or the method: Deflate64
        (tmp_path / "set.zip").write_bytes(changed)
        with pytest.raises(DataError, match=complaint):
            unpack(tmp_path / "set.zip", root)


def test_files_that_cannot_be_written_are_named(tmp_path, root):
    (root / "empty").mkdir(parents=True)
    with pytest.raises(UserError, match=r"empty.*: Is a directory|empty.*: .*denied"):
        unpack(archive_of_files(tmp_path), root)
    with pytest.raises(UserError, match=r"none\.zip: No such file"):
        unpack(tmp_path / "none.zip", root)


def test_random_damage_never_escapes_as_another_error(tmp_path):
    whole = archive_of_files(tmp_path).read_bytes()
    random = np.random.default_rng(1)
    for trial in range(300):
        damaged = np.frombuffer(whole, np.uint8).copy()
        damaged[random.integers(len(whole), size=2)] = random.integers(256, size=2)
        (tmp_path / "set.zip").write_bytes(damaged[: None if trial % 5 else random.integers(len(whole))].tobytes())
        try:
            unpack(tmp_path / "set.zip", tmp_path / "root", quiet=True)
        except UserError as error:
            assert "set.zip" in str(error)
        assert {path.name for path in tmp_path.iterdir()} <= {"set.zip", "root"}


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (16e8, "1.6 GB")]
)
def test_sizes_are_readable(size, text):
    assert readable(size) == text
