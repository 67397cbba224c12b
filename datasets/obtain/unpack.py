"""Unpacking a zip that came from elsewhere: nothing outside the root, no full disk, no half-written file."""

from __future__ import annotations

import lzma
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datasets.common.commands import progress
from datasets.common.errors import DataError, UserError

_GIB = 1 << 30
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Limits:
    """How much an archive may ask for before it counts as a zip bomb. The largest set here takes about 15 GB.

    :param ratio: unpacked bytes per byte of the archive; photographs reach 3, labels 10, deflate itself 1032.
    :param ratio_from_bytes: the ratio is not checked below this total.
    """

    total_bytes: int = 64 * _GIB
    files: int = 1_000_000
    ratio: float = 100.0
    ratio_from_bytes: int = 64 << 20


def unpack(archive: Path, root: Path, limits: Limits | None = None, *, quiet: bool = False) -> Counter[str]:
    """Unpack a zip into a folder. An interrupted call is resumed by the same call.

    Everything is checked before the first file is written; every file appears under its name only when whole.

    :returns: how many files were `written`, `already there`, `replaced` and, as a system's litter, `left out`.
    :raises DataError: where the archive is damaged, or asks for something it should not (the text says what).
    :raises UserError: where the disk is too small.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _refuse_bombs(archive, members, limits or Limits())
            plan, left_out = _plan(archive, members)
            root.mkdir(parents=True, exist_ok=True)
            _refuse_links_on_disk(root, plan)
            missing = (m.file_size for path, m in plan.items() if not _has_size(root / path, m.file_size))
            require_space(root, sum(missing), f"unpacking {archive.name}")
            done = [
                _unpack_one(archive, opened, member, root / path)
                for path, member in progress(plan.items(), f"unpacking {archive.name}", len(plan), quiet=quiet)
            ]
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError) as error:
        raise DataError(f"{archive}: is no whole zip archive ({error}). {_what_it_is(archive)}") from error
    except OSError as error:
        raise UserError(f"{error.filename or archive}: {error.strerror or error}, while unpacking {archive}") from error
    return Counter({"left out": left_out}) + Counter(done)


def require_space(folder: Path, needed: int, what: str) -> None:
    """Ask whether a disk has room.

    :param needed: bytes.
    :raises UserError: where it has not; names both sizes.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(f"{what} needs {readable(needed)}, but {folder} has {readable(free)} free. Make room first.")


def readable(size: int) -> str:
    """A size in bytes for people, in powers of 1000: `1.6 GB`."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} bytes"


def _refuse_bombs(archive: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    total, packed = sum(m.file_size for m in members), max(archive.stat().st_size, 1)
    complaint = None
    if len(members) > limits.files:
        complaint = f"holds {len(members)} files, more than {limits.files}"
    elif total > limits.total_bytes:
        complaint = f"would unpack to {readable(total)}, more than {readable(limits.total_bytes)}"
    elif total > limits.ratio_from_bytes and total / packed > limits.ratio:
        complaint = f"would unpack to {total / packed:.0f} times its size, more than {limits.ratio:.0f} times"
    if complaint:
        raise DataError(
            f"{archive}: {complaint}, as no set of pictures does. If you trust it, unpack it by hand into --root."
        )


def _plan(archive: Path, members: list[zipfile.ZipInfo]) -> tuple[dict[PurePosixPath, zipfile.ZipInfo], int]:
    plan: dict[PurePosixPath, zipfile.ZipInfo] = {}
    seen: dict[str, str] = {}
    left_out = 0
    for member in members:
        path = _safe_path(archive, member)
        if member.filename.endswith(("/", "\\")):
            continue
        if any(part in _LITTER for part in path.parts) or path.name.startswith("._"):
            left_out += 1
            continue
        folded = unicodedata.normalize("NFC", str(path)).casefold()  # one file on some disks
        if folded in seen:
            raise _refusal(archive, member, f"stands for the same file as {seen[folded]!r}")
        seen[folded] = member.filename
        plan[path] = member
    for path, member in plan.items():
        if any(unicodedata.normalize("NFC", str(parent)).casefold() in seen for parent in path.parents):
            raise _refusal(archive, member, "lies in a folder that is a file as well")
    return plan, left_out


def _safe_path(archive: Path, member: zipfile.ZipInfo) -> PurePosixPath:
    name = member.filename.replace("\\", "/")  # as some Windows programs pack it
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ":" in name:
        raise _refusal(archive, member, "is an absolute path or has a drive letter")
    if not parts or any(not part.strip(" .") for part in parts):
        raise _refusal(archive, member, "leads out of its folder or has no name")
    if any(ord(character) < 32 for character in name):
        raise _refusal(archive, member, "has control characters in its name")
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refusal(archive, member, "is a link or a device")
    if member.flag_bits & 0x1:
        raise DataError(f"{archive}: {member.filename!r} is encrypted. Unpack the archive by hand into --root.")
    return PurePosixPath(*parts)


def _refusal(archive: Path, member: zipfile.ZipInfo, why: str) -> DataError:
    return DataError(
        f"{archive}: its entry {member.filename!r} {why}, as in no honest set of pictures; "
        "nothing was unpacked. Get the archive from the set's owners again."
    )


def _refuse_links_on_disk(root: Path, paths: Iterable[PurePosixPath]) -> None:
    home = root.resolve()
    for folder in sorted({path.parent for path in paths}):
        if not (root / folder).resolve().is_relative_to(home):
            raise UserError(f"{root / folder}: is a link that leads out of --root {root}. Remove it, or move the root.")


def _unpack_one(archive: Path, opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> str:
    if _has_size(path, member.file_size) and _crc(path) == member.CRC:
        return "already there"
    result = "replaced" if path.exists() else "written"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")  # what a kill leaves, the next call writes over
    try:
        partial.unlink(missing_ok=True)
        with opened.open(member) as packed, partial.open("xb") as stream:  # never through a link that lies there
            shutil.copyfileobj(packed, stream, 1 << 20)
        partial.replace(path)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise DataError(f"{archive}: its entry {member.filename!r} is damaged ({error}). Fetch it again.") from error
    except NotImplementedError as error:
        raise DataError(
            f"{archive}: its entry {member.filename!r} is packed in a way that Python cannot read ({error}). "
            "Unpack the archive with 7-Zip into --root."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return result


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc


def _what_it_is(archive: Path) -> str:
    with archive.open("rb") as stream:
        start = stream.read(512).lstrip()
    kinds: Mapping[bytes, str] = {
        b"<": "It is a web page: open the address in a browser, download the archive there, and give its file.",
        b"Rar!": "It is a RAR archive: unpack it by hand into --root.",
        b"7z\xbc\xaf": "It is a 7-Zip archive: unpack it by hand into --root.",
        b"\x1f\x8b": "It is a gzip or tar.gz archive: unpack it by hand into --root.",
        b"PK": "Its end is missing or damaged: the download may have stopped early. Delete it and fetch it again.",
    }
    return next((text for magic, text in kinds.items() if start.startswith(magic)), "Expected the set's zip file.")
