"""The report's files on disk: written whole, compared, tidied, and known to be up to date or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, final

import reports
from datasets.common.errors import UserError
from datasets.common.files import PATTERN, sweep, write_atomically
from datasets.common.hashing import key_of, sha256_of_bytes
from protocols.store.record import versions
from protocols.store.store import StoredRun

Content = bytes | Callable[[], bytes]
"""A file's bytes, or what makes them when they are written: all pages with pictures at once could fill a memory."""

LIST = "report-files.json"
"""Names what the report wrote, so that nothing else in the folder is ever removed."""

STAMP = "report-built-from.json"
_PACKAGES = ("datasets", "baselines", "protocols", "reports")
"""Whose code, templates and cards decide what a report says."""


def write_files(out: Path, files: Mapping[str, Content]) -> None:
    """Write the files that differ, then remove those of an earlier report that are no longer given.

    A kill or a full disk in between leaves whole files and a list that covers them; the next call finishes the work.

    :param files: by path below `out`, with `/`.
    :raises UserError: where the folder cannot be written.
    """
    before = listed_files(out)
    try:
        _write_list(out, before | set(files))
        for name in sorted(files):
            content = content_of(files[name])
            if not _is_same(out / name, content):
                write_atomically(out / name, content)
        for name in sorted(before - set(files)):
            _remove(out, name)
        _write_list(out, set(files))
    except OSError as error:
        raise UserError(
            f"{out}: the report cannot be written ({error.strerror or error}). The stored runs are not touched; "
            "'python -m reports.build' writes the report once there is room, or into another folder."
        ) from error
    for folder in sorted({(out / name).parent for name in files}):
        sweep(folder.glob(PATTERN))


def differing(out: Path, files: Mapping[str, Content]) -> list[str]:
    """What differs on disk from the files given, one line each; empty where nothing does."""
    lines = []
    for name in sorted(files):
        if not (out / name).is_file():
            lines.append(f"missing: {out / name}")
        elif not _is_same(out / name, content_of(files[name])):
            lines.append(f"differs: {out / name}")
    stale = (name for name in sorted(listed_files(out) - set(files)) if (out / name).is_file())
    return lines + [f"no longer given: {out / name}" for name in stale]


def encoded(text: str) -> bytes:
    """A file's text in UTF-8; half a character, which JSON can hold and UTF-8 cannot, is written out."""
    return text.encode("utf-8", "backslashreplace")


def content_of(content: Content) -> bytes:
    """The bytes, made now where they were not yet."""
    return content if isinstance(content, bytes) else content()


def listed_files(out: Path) -> set[str]:
    """The files that an earlier report wrote, by path below `out`; empty where there is no report."""
    try:
        names = json.loads((out / LIST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    # The list is a file like any other: a name in it must not reach outside the report.
    return {name for name in names if isinstance(name, str) and _is_below(name)}


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _write_list(out: Path, names: set[str]) -> None:
    content = json.dumps({"files": sorted(names)}, indent=2) + "\n"
    if not _is_same(out / LIST, content.encode()):
        write_atomically(out / LIST, content)


def _is_same(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _remove(out: Path, name: str) -> None:
    (out / name).unlink(missing_ok=True)
    for folder in (out / name).parents:
        if folder == out:
            break
        try:
            folder.rmdir()
        except OSError:  # not empty, or another process is writing or removing there
            break


@final
class Stamp:
    """What a report is built from, as a hash, in a file beside it; and the texts that were printed of these results."""

    def __init__(self, results: Path, out: Path, settings: Mapping[str, Any]) -> None:
        self._path, self._out = out / STAMP, out
        self._source = _hash_of_results(results, settings)
        self._before = self._read()

    @property
    def holds(self) -> bool:
        """Whether the report was built from this, and none of its files was touched since."""
        return self._before is not None and self._before["files"] == self._files()

    def write(self) -> None:
        """Say that the report has been built from this."""
        self._before = {"source": self._source, "files": self._files(), "texts": {}}
        self._save()

    def text(self, runs: Iterable[StoredRun], make: Callable[[], str]) -> str:
        """The text of some runs: as it was made before, or made now."""
        key = sha256_of_bytes(" ".join(run.key for run in runs))
        known: dict[str, str] = self._before["texts"] if self._before is not None else {}
        if key not in known:
            known[key] = make()
            self._save()
        return known[key]

    def _save(self) -> None:
        if self._before is not None:
            write_atomically(self._path, json.dumps(self._before) + "\n")

    def _read(self) -> dict[str, Any] | None:
        try:
            stamp = json.loads(self._path.read_text(encoding="utf-8"))
            is_whole = all(isinstance(stamp[name], dict) for name in ("files", "texts"))
            return dict(stamp) if stamp["source"] == self._source and is_whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _files(self) -> dict[str, list[int]]:
        """Size and time of each file of the report; empty where one is not there."""
        files = {}
        for name in sorted(listed_files(self._out)):
            path = self._out / name
            status = path.stat() if path.is_file() else None
            files[name] = [status.st_size, status.st_mtime_ns] if status else []
        return files


def _hash_of_results(results: Path, settings: Mapping[str, Any]) -> str:
    files = [*_code(), *sorted(results.glob("*/pictures-*.parquet")), *sorted(results.glob("*/*/*/*/*"))]
    hashes = [[path.name, sha256_of_bytes(path.read_bytes())] for path in files if path.is_file()]
    return key_of({"versions": versions(), "settings": settings, "files": hashes}, digits=64)


def _code() -> list[Path]:
    home = Path(reports.__file__).parent.parent
    folders = [home / package for package in _PACKAGES]
    return sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix not in (".pyc", ".safetensors")
    )
