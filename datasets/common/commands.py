"""What every command shares: how errors end it, how it shows progress, and how it writes files whole."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from datasets.common.errors import UserError
from datasets.common.leftovers import partial_beside, remove

Item = TypeVar("Item")

_SECONDS_BETWEEN_LINES = 5.0
_PROBE_BYTES = 65536
_FULL = (errno.ENOSPC, errno.EDQUOT)


def run_command(main: Callable[[], int]) -> int:
    """Run a command's `main` and turn what ends it into an exit status.

    :returns: `main`'s status; 2 for a `UserError` or a full disk, printed without traceback; 130 for Ctrl-C; 141 where
        the reader of standard output has gone.
    """
    warnings.showwarning = _print_warning
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack the letters of a name
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = main()
        sys.stdout.flush()  # a reader that has gone must be noticed here, not when Python shuts down
        return status
    except UserError as error:
        print(printable(f"error: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted: what was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.errno not in _FULL:
            raise
        print(f"error: {error}. What was finished is kept; make room and give the same command again.", file=sys.stderr)
        return 2


def printable(text: str) -> str:
    """Text for a terminal: what would move its cursor or turn its writing, as a file's name may, is written out."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def progress(items: Iterable[Item], what: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Item]:
    """Go through the items under a progress bar on a terminal; elsewhere with a line every few seconds at most."""
    total = total if total is not None else len(items)  # type: ignore[arg-type]
    if quiet or total == 0:
        yield from items
    elif sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=what, total=total, leave=False, dynamic_ncols=True)
    else:
        spoke = time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            if time.monotonic() - spoke > _SECONDS_BETWEEN_LINES:
                spoke = time.monotonic()
                print(f"{what}: {done}/{total}", file=sys.stderr, flush=True)


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


def write_flushed(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file, and its folder where there is none, down to the disk; a kill may leave a part of it.

    :param durable: whether to wait until the disk has it.
    :raises OSError: where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with path.open("xb") as stream:  # never through a link that lies there
        stream.write(data)
        stream.flush()
        if durable:
            os.fsync(stream.fileno())


def _print_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    print(printable(f"warning: {message}"), file=sys.stderr)
