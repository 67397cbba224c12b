"""What decoders print instead of returning it: that a JPEG is damaged, of which they make a picture all the same.

They print on standard error, so that is a file while they work, and nothing of theirs reaches the terminal.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Callable
from typing import TypeVar, final

Result = TypeVar("Result")

_ERROR = 2
"""The number of standard error."""
_OF_DECODERS = re.compile(
    rb"(?P<damage>Corrupt JPEG data.*|Premature end of JPEG.*|Inconsistent progression.*)"
    rb"|Warning: unknown JFIF.*|Invalid SOS param.*|Unknown Adobe color.*|Application transferred.*"
    rb"|\[ ?(WARN|INFO|ERROR).*"
)


def listened_to(decode: Callable[[], Result]) -> tuple[Result, str]:
    """What a decoder gives, and what damage it complained of while it did; empty where of none.

    Threads may decode at the same time. Where one of them hears a complaint, each that may have caused it decodes again
    by itself. What others print meanwhile comes afterwards.

    :param decode: may be called twice.
    """
    with _listener.changed:
        place, turn = _listener.begin()
        is_alone = _listener.active == 1
    try:
        result = decode()
    finally:
        with _listener.changed:
            complaint = _listener.complaint_from(place)
            is_alone = is_alone and _listener.turns == turn
            _listener.end()
    if complaint and not is_alone:
        with _listener.changed:
            _listener.changed.wait_for(lambda: _listener.active == 0)
            place, _ = _listener.begin()
            try:
                result = decode()
            finally:
                complaint = _listener.complaint_from(place)
                _listener.end()
    return result, complaint


@final
class _Listener:
    """Standard error while any thread decodes; used under the lock of `changed`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.active = 0
        """Threads that decode."""
        self.turns = 0
        """Times that one has begun."""
        self._file = -1
        self._before: int | None = None

    def begin(self) -> tuple[int, int]:
        """The place from which this thread hears, and its number."""
        self.turns += 1
        self.active += 1
        if self.active == 1:
            if self._file < 0:
                self._file = _new_file()
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            with contextlib.suppress(OSError):  # there is none
                self._before = os.dup(_ERROR)
            os.dup2(self._file, _ERROR)
        return os.fstat(self._file).st_size, self.turns

    def complaint_from(self, place: int) -> str:
        """The first complaint of damage after a place."""
        found = (_OF_DECODERS.match(line) for line in self._from(place).splitlines())
        return next((match["damage"].decode("ascii", "replace") for match in found if match and match["damage"]), "")

    def end(self) -> None:
        """Let the terminal have what others have printed, when the last thread has done."""
        self.active -= 1
        if self.active:
            return
        if self._before is None:
            os.close(_ERROR)
        else:
            os.dup2(self._before, _ERROR)
            os.close(self._before)
            self._before = None
            others = (line for line in self._from(0).splitlines(keepends=True) if not _OF_DECODERS.match(line))
            if text := b"".join(others):
                os.write(_ERROR, text)
        self.changed.notify_all()

    def _from(self, place: int) -> bytes:
        size = os.fstat(self._file).st_size
        if size <= place:
            return b""
        if hasattr(os, "pread"):
            return os.pread(self._file, size - place, place)
        os.lseek(self._file, place, os.SEEK_SET)  # where it stands is where others go on
        return os.read(self._file, size - place)


def _new_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("decoder-output")
    stream, name = tempfile.mkstemp()
    with contextlib.suppress(OSError):  # where it is open, some systems keep it
        os.unlink(name)  # noqa: PTH108
    return stream


_listener = _Listener()
