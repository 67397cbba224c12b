"""What every command shares: its parser, how errors end it, how it shows progress, and settings of its figures."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib.util
import io
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from datasets.common.errors import UserError
from datasets.common.threads import prepare_threads

Item = TypeVar("Item")

_SECONDS_BETWEEN_LINES = 5.0
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NAMED = (PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)
"""Errors of a path that the user named, where nobody has told of it before."""


def run_command(main: Callable[[], int]) -> int:
    """Run a command's `main` and turn what ends it into an exit status.

    :returns: `main`'s status; 2 for a `UserError` or a full disk, printed without traceback; 130 for Ctrl-C; 141 where
        the reader of standard output has gone.
    """
    warnings.showwarning = _print_warning
    warnings.filterwarnings("ignore", module=r"PIL\.")  # of tags and limits, and names no file
    prepare_threads()
    if any(option.startswith("error") for option in sys.warnoptions):
        warnings.filterwarnings("default", category=UserWarning)  # what a command says to its user is no error
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack the letters of a name
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _check_current_folder()
        status = main()
        sys.stdout.flush()  # a reader that has gone must be noticed here, not when Python shuts down
        return status
    except UserError as error:
        print(printable(f"error: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        exec("")  # else, where Ctrl-C came while text was executed, Python ends by the signal instead of a status
        print("\ninterrupted: what was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.errno in _FULL:
            what_to_do = "What was finished is kept; make room and give the same command again."
        elif error.errno == errno.EROFS or (isinstance(error, _NAMED) and error.filename is not None):
            what_to_do = "Look at that path, or name another one."
        else:
            raise
        print(printable(f"error: {error}. {what_to_do}"), file=sys.stderr)
        return 2


def _check_current_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise UserError("the current folder has been removed. Change to one that is there, and try again.") from error


def command_parser(module: str, description: str | None, epilog: str = "") -> argparse.ArgumentParser:
    """The parser of `python -m MODULE`, without arguments yet; description and epilog keep their line breaks."""
    return argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def whole_number(text: str, *, least: int = 0) -> int:
    """The value of a flag for a count, or for a seed, of which every command takes the same ones."""
    if text.isascii() and text.isdecimal() and least <= int(text) < 2**32:
        return int(text)
    raise argparse.ArgumentTypeError(f"a whole number from {least} up and below 2**32, not {text!r}")


def crop_side(text: str, *, least: int) -> int | None:
    """The value of a flag for the side of crops, in pixels; None for `none`."""
    if text.lower() == "none":
        return None
    if text.isdigit() and int(text) >= least:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r}: expected a number of pixels from {least}, or none")


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


@contextlib.contextmanager
def default_matplotlib(*styles: Path) -> Iterator[None]:
    """Draw and save with matplotlib's own settings, whatever the user's are; theirs hold again afterwards.

    :param styles: files of settings on top of them.
    """
    matplotlib = _matplotlib()
    with matplotlib.rc_context(), warnings.catch_warnings():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", matplotlib.MatplotlibDeprecationWarning)  # of settings that nobody made
            defaults = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
            matplotlib.rcParams.update(defaults)
        for style in styles:
            matplotlib.rcParams.update(matplotlib.rc_params_from_file(style, use_default_template=False))
        # A letter that the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message=".*missing from font", category=UserWarning)
        yield


def _matplotlib() -> Any:
    """matplotlib with the user's settings for their own plots; without, where it refuses to be loaded with them."""
    logger = logging.getLogger("matplotlib")
    level, folder, backend = logger.level, Path.cwd(), os.environ.get("MPLBACKEND")
    logger.setLevel(logging.CRITICAL)  # what it says of settings that no figure here goes by
    try:
        import matplotlib.font_manager
    except Exception:  # a backend that is not there, or a file of settings that is no text
        if "matplotlib" in sys.modules:
            raise
        for name in [name for name in sys.modules if name.startswith("matplotlib.")]:
            del sys.modules[name]
        os.environ.pop("MPLBACKEND", None)
        spec = importlib.util.find_spec("matplotlib")
        assert spec is not None and spec.origin is not None
        os.chdir(Path(spec.origin).with_name("mpl-data"))  # where the first file of settings that it finds is its own
        import matplotlib.font_manager
    finally:
        logger.setLevel(level)
        os.chdir(folder)
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    return matplotlib


def _print_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    print(printable(f"warning: {message}"), file=sys.stderr)
