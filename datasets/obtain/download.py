"""Fetching one large file over HTTP, going on where an earlier attempt stopped."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, final

from datasets.common.commands import progress
from datasets.common.errors import UserError
from datasets.obtain.unpack import require_space

if TYPE_CHECKING:
    import requests

_BLOCK = 1 << 14
"""Bytes read at a time; at most so many are lost where a connection breaks."""
_MIB = 1 << 20
_TRIES = 4
"""Attempts without a single new byte before it gives up."""


def download(url: str, path: Path, *, pause_s: float = 1.0, quiet: bool = False) -> None:
    """Fetch a URL into a file, which appears only when whole; until then its bytes are kept in `<name>.part`.

    :param path: if it is there already, nothing is fetched.
    :param pause_s: wait before the first new attempt, in seconds, doubled for every further one.
    :raises UserError: where the server refuses, sends a web page, or the connection keeps breaking.
    """
    if path.exists():
        return
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _Download(url, part, quiet=quiet).fetch(pause_s)
        part.replace(path)
    except OSError as error:
        raise UserError(f"{error.filename or part}: {error.strerror or error}, while fetching {url}") from error


@final
class _Download:
    """Asks for the bytes that are missing, and for all where the server cannot do that.

    :param part: keeps the bytes between attempts; beside it, `<part>.version` keeps the server's mark of the file's
        version, so that two versions are never joined.
    """

    def __init__(self, url: str, part: Path, *, quiet: bool) -> None:
        self.url, self.part, self.quiet = url, part, quiet
        self.version = part.with_name(f"{part.name}.version")

    def fetch(self, pause_s: float) -> None:
        import requests

        most, failures = self._have(), 0
        while True:
            try:
                self._fetch_rest()
                break
            except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
                raise UserError(f"{self.url!r} is no address that can be fetched ({error})") from error
            except requests.RequestException as error:
                most, failures = max(most, self._have()), 0 if self._have() > most else failures + 1
                if failures >= _TRIES:
                    where = f" {self._have()} bytes are kept in {self.part}; the same command goes on from there."
                    text = f"{self.url}: could not be fetched ({error}).{where if self._have() else ''}"
                    raise UserError(text) from error
                if not self.quiet:
                    print(f"stopped at {self._have()} bytes ({type(error).__name__}); trying again", file=sys.stderr)
                time.sleep(pause_s * 2**failures)
        self.version.unlink(missing_ok=True)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _fetch_rest(self) -> None:
        import requests

        have = self._have()
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if self.version.exists():
                headers["If-Range"] = self.version.read_text(encoding="latin-1")
        with requests.get(self.url, headers=headers, stream=True, timeout=60) as response:
            if response.status_code == 416 and _total_of(response) == have:
                return
            start = self._start_of(response, have)
            length = response.headers.get("Content-Length", "")
            rest = int(length) if length.isdigit() else None
            require_space(self.part.parent, rest or 0, f"fetching {self.url}")
            if start == 0:
                self._begin(response)
            self._append(response, rest)
        if rest is not None and self._have() != start + rest:
            raise requests.ConnectionError(f"{start + rest} bytes were announced, {self._have()} came")

    def _start_of(self, response: requests.Response, have: int) -> int:
        """Where the answer's first byte belongs; raises what ends this attempt or all of them."""
        import requests

        status, url = response.status_code, response.url
        place = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", response.headers.get("Content-Range", "").strip())
        if status == 416 or (status == 206 and (place is None or int(place[1]) != have)):
            self.part.unlink(missing_ok=True)
            raise requests.ConnectionError("the server's file does not go with the bytes at hand; they are dropped")
        if 400 <= status < 500 and status not in (408, 429):
            raise UserError(f"{url}: the server refuses it ({status} {response.reason}). Is the address complete?")
        response.raise_for_status()
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise UserError(
                f"{url}: is a web page, not an archive. Open it in a browser, download the archive there, "
                "and give its file or its own address."
            )
        if have and status == 200:
            print(f"{url}: the server sends the whole file again, or another version of it", file=sys.stderr)
        return have if status == 206 else 0

    def _begin(self, response: requests.Response) -> None:
        self.part.unlink(missing_ok=True)
        tag = response.headers.get("ETag", "")
        mark = tag if tag.startswith('"') else response.headers.get("Last-Modified", "")
        if mark:
            self.version.write_text(mark, encoding="latin-1")
        else:
            self.version.unlink(missing_ok=True)

    def _append(self, response: requests.Response, rest: int | None) -> None:
        total = -(-(rest or 0) // _MIB)
        with self.part.open("ab") as stream:
            written = _write(response.iter_content(_BLOCK), stream)
            for _ in progress(written, f"fetching {self.part.stem} (MiB)", total, quiet=self.quiet):
                pass


def _write(blocks: Iterable[bytes], stream: BinaryIO) -> Iterator[None]:
    """Write blocks as they come; yields after every MiB and at the end."""
    pending = 0
    for block in blocks:
        stream.write(block)
        pending += len(block)
        if pending >= _MIB:
            yield
            pending -= _MIB
    if pending:
        yield


def _total_of(response: requests.Response) -> int | None:
    total = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    return int(total[1]) if total else None
