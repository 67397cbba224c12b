"""Archives given to `datasets.get` that are broken or mean harm, beyond what the tests of unpacking themselves try."""

import io
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.common.commands import run_command
from datasets.common.errors import DataError, UserError
from datasets.get import main
from datasets.obtain.unpack import unpack
from tests.survival.conftest import cases

FILES = {"JND_samples/JND_image_01.txt": b"52 30 18\n" * 30, "SQF_data/Image_1_l_h.txt": b"100 52 30\n0.1 0.9\n"}
MUTATED = cases(150)


@pytest.fixture
def home(tmp_path) -> Path:
    """A folder with a folder for the root deep in it; whatever else appears was written outside."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    return tmp_path


def archive(home: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = home / "set.zip"
    with zipfile.ZipFile(path, "w", method) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


def outside(home: Path) -> list[str]:
    """What lies in the folder besides the archive and the root."""
    root = home / "a" / "b" / "root"
    known = {home / "set.zip", home / "a", home / "a" / "b"}
    found = (path for path in home.rglob("*") if root not in (path, *path.parents) and path not in known)
    return sorted(str(path.relative_to(home)) for path in found)


def refused(home: Path, path: Path) -> str:
    """The error that the command ends with; nothing is written outside the root, and no file is left half-written."""
    with pytest.raises(UserError) as told:
        main(["mcl-jci", str(path), "--root", str(home / "a" / "b" / "root"), "--no-hash-check"])
    assert path.name in str(told.value) and outside(home) == []
    assert not list(home.rglob(".partial-*"))
    return str(told.value)


PARTS = [
    "..",
    ".",
    "",
    "~",
    "a",
    "JND_samples",
    "C:",
    "\0",
    "\n",
    "..\\",
    "\\\\?\\x",
    "CON",
    "%2e%2e",
    "．．",
    "\u202e",
    "…",
]


@settings(max_examples=MUTATED, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=6), st.sampled_from(["/", "\\", "//"]), st.booleans())
def test_a_name_of_any_parts_stays_below_the_root(tmp_path_factory, parts, separator, absolute):
    home = tmp_path_factory.mktemp("home")
    member = zipfile.ZipInfo("placeholder")
    member.filename = (separator if absolute else "") + separator.join(parts)
    path = home / "set.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr(member, b"content")
    root = home / "a" / "b" / "root"
    try:
        done = unpack(path, root, quiet=True)
    except UserError as error:
        assert "set.zip" in str(error)
    else:
        assert done["written"] == sum(one.is_file() for one in root.rglob("*"))
    assert outside(home) == []


@settings(max_examples=MUTATED, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 40),
    st.binary(max_size=30),
)
def test_a_mutated_archive_is_unpacked_right_or_refused_by_name(tmp_path_factory, method, flips, cut, tail):
    home = tmp_path_factory.mktemp("home")
    path = archive(home, FILES, method)
    damaged = bytearray(path.read_bytes())
    for place, value in flips:
        damaged[int(place * len(damaged))] = value
    path.write_bytes(damaged[: len(damaged) - cut] + tail)
    root = home / "a" / "b" / "root"
    try:
        unpack(path, root, quiet=True)
    except UserError as error:
        assert "set.zip" in str(error)
    contents = [one.read_bytes() for one in root.rglob("*") if one.is_file()]
    assert all(content in FILES.values() or not content for content in contents), "every file is under its CRC"
    assert outside(home) == []


def test_so_many_were_tried(survived):
    survived("archives with hostile names", MUTATED)
    survived("archives with changed bytes", MUTATED)


def overlapping(count: int) -> bytes:
    """Many entries of one file's data: it is there once, and would be written as often as it is named."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(40 << 20)
    data = packed.compress(content) + packed.flush()
    sizes = struct.pack("<III", zlib.crc32(content), len(data), len(content))
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", 5, 0) + b"00000" + data
    entries = b"".join(
        b"PK\1\2"
        + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33)
        + sizes
        + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0)
        + f"{number:05d}".encode()
        for number in range(count)
    )
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(entries), len(local), 0)
    return local + entries + end


def bombs() -> dict[str, Callable[[Path], object]]:
    zeros = bytes(80 << 20)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("inner.bmp", zeros)
    return {
        "deflate": lambda path: archive(path.parent, {"a.bmp": zeros}),
        "bzip2": lambda path: archive(path.parent, {"a.bmp": zeros}, zipfile.ZIP_BZIP2),
        "entries that overlap": lambda path: path.write_bytes(overlapping(1000)),
    }


BOMBS = bombs()


@pytest.mark.parametrize("kind", BOMBS)
def test_a_zip_bomb_is_refused_before_anything_is_written(home, kind, survived):
    BOMBS[kind](home / "set.zip")
    assert (home / "set.zip").stat().st_size < 200_000
    assert "times its size" in refused(home, home / "set.zip")
    assert not (home / "a" / "b" / "root").exists()
    survived("zip bombs")


def test_archives_in_an_archive_stay_packed(home):
    """Bombs nest; nothing here unpacks twice."""
    inner = archive(home, {"b.txt": b"1"}).read_bytes()
    unpack(archive(home, {"inner.zip": inner}), home / "a" / "b" / "root", quiet=True)
    assert [path.name for path in (home / "a" / "b" / "root").iterdir()] == ["inner.zip"]


def test_a_directory_that_announces_more_than_there_is_is_refused(home, survived):
    whole = archive(home, FILES).read_bytes()
    end = whole.rfind(b"PK\5\6")
    claims = {8: 65_535, 10: 65_535, 12: 2**32 - 1, 16: 2**32 - 1}
    for at, value in claims.items():
        changed = bytearray(whole)
        struct.pack_into("<H" if at < 12 else "<I", changed, end + at, value)
        (home / "set.zip").write_bytes(changed)
        try:
            unpack(home / "set.zip", home / "a" / "b" / "root", quiet=True)
        except DataError as error:
            assert "set.zip" in str(error)
        survived("archives whose directory lies")


def test_thousands_of_entries_are_unpacked(home, survived):
    many = {f"JND_samples/{number % 100}/{number}.txt": b"1" for number in range(cases(2000))}
    done = unpack(archive(home, many), home / "a" / "b" / "root", quiet=True)
    assert done["written"] == len(many)
    survived("archives of thousands of entries")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_that_lie_in_the_root_already_lead_nowhere(home):
    """Neither the file's own name nor that of its unfinished part writes through a link."""
    root, victim = home / "a" / "b" / "root", home / "a" / "victim"
    (root / "SQF_data").mkdir(parents=True)
    victim.write_bytes(b"mine")
    (root / "SQF_data" / "Image_1_l_h.txt").symlink_to(victim)
    (root / "SQF_data" / ".partial-Image_1_l_h.txt").symlink_to(victim)
    unpack(archive(home, FILES), root, quiet=True)
    assert victim.read_bytes() == b"mine"
    assert (root / "SQF_data" / "Image_1_l_h.txt").read_bytes() == FILES["SQF_data/Image_1_l_h.txt"]
    assert not (root / "SQF_data" / "Image_1_l_h.txt").is_symlink()


def tarred(mode: str) -> bytes:
    """Links and a device, as a tar can have them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as opened:
        for name, kind in (("a", tarfile.SYMTYPE), ("b", tarfile.LNKTYPE), ("../c", tarfile.CHRTYPE), ("/d", b"0")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            opened.addfile(member)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_not_unpacked_whatever_it_is_called(home, mode, survived):
    (home / "set.zip").write_bytes(tarred(mode))
    assert "is no whole zip archive" in refused(home, home / "set.zip")
    survived("other archives named .zip")


def test_a_name_too_long_for_the_disk_is_told(home):
    told = refused(home, archive(home, {**FILES, "n" * 4000 + ".txt": b"1"}))
    assert "File name too long" in told


def test_hostile_names_of_the_archive_itself_are_told_as_they_are(home, capsys):
    for name in ("-x.zip", "a\nb.zip", "<b>.zip", "\x1b[2J.zip", "n" * 250 + ".zip"):
        (home / name).write_bytes(b"PK no")
        words = ["--root", str(home / "root"), "--no-hash-check", "--", "mcl-jci", str(home / name)]
        assert run_command(lambda words=words: main(words)) == 2
        assert "\x1b" not in capsys.readouterr().err
    assert not (home / "root").exists()
