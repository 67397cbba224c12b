"""Temporary names of what is being written, and which of them a dead process left behind.

Several machines may write into one folder, so a name tells the machine and the process that it belongs to.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import platform
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from datasets.common.hashing import sha256_of_bytes

PATTERN = ".partial-*"
"""Matches every temporary name, and no other."""

_NAME = re.compile(r"\.partial-(?P<host>[^-]+)-(?P<process>\d+)-")
_A_DAY_S = 24 * 60 * 60
_serial = itertools.count()


def partial_beside(path: Path) -> Path:
    """A temporary name in the same folder that no other process, and no other call, is given."""
    # The end of a long name would make one that the file system refuses.
    return path.with_name(f".partial-{host()}-{os.getpid()}-{next(_serial)}-{path.name[:40]}")


def is_abandoned(path: Path) -> bool:
    """Whether nobody writes there any more: its process on this machine is dead, or it is a day old.

    Whether a process of another machine lives cannot be known from here, so age decides there.
    """
    found = _NAME.match(path.name)
    if found and found["host"] == host():
        return not _is_alive(int(found["process"]))
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
