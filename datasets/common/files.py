"""Files read and written whole, text that comes from anyone's file, and what dead processes left half-written.

Several machines may write into one folder, so a temporary name tells the machine and the process that it belongs to.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import itertools
import json
import os
import platform
import re
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from datasets.common.errors import DataError, UserError
from datasets.common.hashing import sha256_of_bytes

PATTERN = ".partial-*"
"""Matches every temporary name, and no other."""

MOST_BYTES = 1 << 30
"""Of a file that is read whole: the largest picture in three uncompressed channels of 16 bits takes less."""

_NAME = re.compile(r"\.partial-(?P<host>[^-]+)-(?P<process>\d+)-")
_PROBE_BYTES = 65536
_A_DAY_S = 24 * 60 * 60
_serial = itertools.count()


def users_path(text: str | Path) -> Path:
    """A path as anyone writes it, `~` for a home folder among it.

    :raises UserError: where it is empty, or there is no such home folder.
    """
    if not str(text):
        raise UserError("a path is empty: is a variable of the shell not set?")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UserError(f"{text}: there is no such home folder. Write the path in full") from error


def file_named_by(variable: str, give: str) -> Path | None:
    """The file that an environment variable names; None where it names none.

    :param give: what the file should be, as the error says it.
    :raises UserError: where there is no such file.
    """
    named = os.environ.get(variable)
    if not named:
        return None
    if not (path := users_path(named)).is_file():
        raise UserError(f"{variable} names {named!r}, where there is no file. Give {give}.")
    return path


def read_whole(path: Path) -> bytes:
    """The bytes of a file that may be anyone's.

    :raises OSError: where it cannot be read.
    :raises ValueError: where it is a pipe or a device, which need never end, or has more than `MOST_BYTES`.
    """
    status = path.stat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # reading says what is wrong with a folder
        raise ValueError("it is a pipe or a device, not a file")
    if status.st_size > MOST_BYTES:
        raise ValueError(f"it has {status.st_size:,} bytes, more than the {MOST_BYTES:,} that are read")
    return path.read_bytes()


def write_atomically(path: Path, content: bytes | str, *, durable: bool = True) -> None:
    """Write a file whole or not at all: to a temporary name beside it, flushed to disk, then renamed.

    :param durable: whether to wait until the disk has it; without, a file may be damaged after the power failed.
    :raises OSError: where it cannot be written; what was there before is left as it was.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    partial = partial_beside(path)
    try:
        try:
            write_flushed(partial, data, durable=durable)
        except FileNotFoundError:  # another process has removed the folder, which was empty
            write_flushed(partial, data, durable=durable)
        partial.replace(path)
    finally:
        remove(partial)


def probe_writable(folder: Path) -> None:
    """Make a folder, write into it what a small file takes, and remove that again.

    :raises OSError: where that does not go.
    """
    partial = partial_beside(folder / "probe")
    try:
        write_flushed(partial, bytes(_PROBE_BYTES))
    finally:
        remove(partial)


def check_writable(folder: Path, flag: str) -> None:
    """Try out that a folder can be written or made, before anything is computed for it. Nothing is left there.

    :param flag: which named the folder, or a file in it.
    :raises UserError: where it cannot.
    """
    try:
        probe_writable(next(parent for parent in (folder, *folder.parents) if parent.exists()))
    except OSError as error:
        raise UserError(f"{flag}: {folder} cannot be written ({error.strerror}). Name another folder.") from error


def write_flushed(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file, and its folder where there is none, down to the disk; a kill may leave a part of it.

    :raises OSError: where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with path.open("xb") as stream:  # never through a link that lies there
        stream.write(data)
        stream.flush()
        if durable:
            os.fsync(stream.fileno())


def partial_beside(path: Path) -> Path:
    """A temporary name in the same folder that no other process, and no other call, is given."""
    # The end of a long name would make one that the file system refuses.
    return path.with_name(f".partial-{host()}-{os.getpid()}-{next(_serial)}-{path.name[:40]}")


def is_abandoned(path: Path) -> bool:
    """Whether nobody writes there any more: its process here is dead, or, if that was elsewhere, it is a day old."""
    owner = _NAME.match(path.name)
    if owner and owner["host"] == host():
        return not _is_alive(int(owner["process"]))
    try:
        return time.time() - path.lstat().st_mtime > _A_DAY_S
    except OSError:  # another process has removed it meanwhile
        return False


def sweep(paths: Iterable[Path]) -> None:
    """Remove those that are abandoned, as far as they can be removed."""
    for path in paths:
        if is_abandoned(path):
            remove(path)


def remove(path: Path) -> None:
    """Remove a file or folder as far as that is possible; one that is left takes room and does no harm."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@functools.cache
def host() -> str:
    """Names the machine, as far as process numbers mean the same there: containers count apart, a restart too."""
    name = platform.node()
    parts = [name, _boot(), _process_space()]
    readable = "".join(c if c.isalnum() and c.isascii() else "_" for c in name)[:20] or "host"
    return f"{readable}.{sha256_of_bytes(chr(10).join(parts))[:8]}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _process_space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return ""


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # there, asking would end the process; age decides
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


MOST_TEXT_BYTES = 16 << 20
"""Of a text file. KonJND-1k's ratings take 0.2 MB; a hundred times as many people would be heard."""

LONGEST_LINE = 1 << 20
"""Of a text file, in characters: room for the ratings of 200,000 people."""

_FORMULA = frozenset("=+-@\t\r")
_MOST_SHOWN = 200
"""Characters of a file that an error quotes."""


def read_text(path: Path, what_to_do: str) -> str:
    """A file's text, with or without a byte-order mark; line ends stay as they are.

    :param what_to_do: ends every error.
    :raises DataError: where it cannot be read, is no UTF-8 text, or has more than `MOST_TEXT_BYTES` or `LONGEST_LINE`.
    """
    try:
        if path.stat().st_size > MOST_TEXT_BYTES:
            raise ValueError(
                f"has {path.stat().st_size:,} bytes, more than the {MOST_TEXT_BYTES:,} that a table can have"
            )
        text = read_whole(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8 ({error.reason}). {what_to_do}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}). {what_to_do}") from error
    except ValueError as error:
        raise DataError(f"{path}: {error}. {what_to_do}") from error
    if "\0" in text:
        raise DataError(f"{path}: is no text: it has NUL characters, as UTF-16 has. {what_to_do}")
    if (longest := max(map(len, io.StringIO(text)), default=0)) > LONGEST_LINE:
        raise DataError(f"{path}: has a line of {longest:,} characters, more than {LONGEST_LINE:,}. {what_to_do}")
    return text


def read_table(
    path: Path, text: str, columns: Sequence[str], what_to_do: str
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """The rows of a CSV with a head, each with its line number; None for a cell that a short line lacks.

    :param columns: what the head must have, each once, among any others.
    :raises DataError: where a column is missing, a line is no CSV, or has more cells than the head; names the line.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        head = list(reader.fieldnames or ())
        if not set(columns) <= set(head) or len(set(head)) < len(head):
            raise DataError(
                f"{path}: expected the columns {','.join(columns)}, found {shown(head or None)}. {what_to_do}"
            )
        for row in reader:
            if None in row:
                raise csv.Error(f"more cells than the {len(head)} columns")
            yield reader.line_num, row
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: is no CSV that can be read ({error}). {what_to_do}"
        ) from error


def shown(value: object) -> str:
    """What a file has, as an error quotes it: on one line, and not too much of it."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} ..."


def spreadsheet_cell(text: str) -> str:
    """Text for a CSV that may be opened as a spreadsheet: what would be computed there begins with an apostrophe."""
    return f"'{text}" if text[:1] in _FORMULA and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def parse_json(text: str) -> Any:
    """A JSON document.

    :raises ValueError: where it is none, or nested deeper than anything honest.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
