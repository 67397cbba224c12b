"""Fetching one large file over HTTP, going on where an earlier attempt stopped (pooch alone starts over)."""

from __future__ import annotations

import logging
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


def download(url: str, path: Path, *, pause_s: float = 1.0, quiet: bool = False) -> None:
    """Fetch a URL into a file, which appears only when whole; until then its bytes are kept in `<name>.part`.

    :param path: if it is there already, nothing is fetched.
    :param pause_s: wait before the first new attempt, in seconds, doubled for every further one.
    :raises UserError: where the server refuses, sends a web page, or the connection keeps breaking.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    part = path.with_name(f"{path.name}.part")
    downloader = ResumingDownloader(part, pause_s=pause_s, quiet=quiet)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent, downloader=downloader)
    except OSError as error:
        raise UserError(f"{error.filename or part}: {error.strerror or error}, while fetching {url}") from error


@final
class ResumingDownloader:
    """A pooch downloader that asks for the bytes that are missing, and for all where the server cannot do that.

    :param part: keeps the bytes between attempts; beside it, `<part>.version` keeps the server's mark of the file's
        version, so that two versions are never joined.
    :param tries: attempts without a single new byte before it gives up.
    :param pause_s: see `download`.
    """

    def __init__(self, part: Path, *, tries: int = 4, pause_s: float = 1.0, quiet: bool = False) -> None:
        self.part = part
        self.version = part.with_name(f"{part.name}.version")
        self.tries = tries
        self.pause_s = pause_s
        self.quiet = quiet

    def __call__(self, url: str, output_file: str, pooch: object, check_only: bool = False) -> None:
        import requests

        Path(output_file).unlink(missing_ok=True)  # pooch's empty placeholder, which a kill would leave behind
        most, failures = self._have(), 0
        while True:
            try:
                self._fetch_rest(url)
                break
            except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
                raise UserError(f"{url!r} is no address that can be fetched ({error})") from error
            except requests.RequestException as error:
                most, failures = max(most, self._have()), 0 if self._have() > most else failures + 1
                if failures >= self.tries:
                    where = f" {self._have()} bytes are kept in {self.part}; the same command goes on from there."
                    raise UserError(f"{url}: could not be fetched ({error}).{where if self._have() else ''}") from error
                print(f"stopped at {self._have()} bytes ({type(error).__name__}); trying again", file=sys.stderr)
                time.sleep(self.pause_s * 2**failures)
        self.part.replace(output_file)
        self.version.unlink(missing_ok=True)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _fetch_rest(self, url: str) -> None:
        import requests

        have = self._have()
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if self.version.exists():
                headers["If-Range"] = self.version.read_text(encoding="latin-1")
        with requests.get(url, headers=headers, stream=True, timeout=60) as response:
            if response.status_code == 416 and _total_of(response) == have:
                return
            start = self._start_of(response, have)
            length = response.headers.get("Content-Length", "")
            rest = int(length) if length.isdigit() else None
            require_space(self.part.parent, rest or 0, f"fetching {url}")
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
