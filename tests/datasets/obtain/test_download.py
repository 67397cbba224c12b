"""Protects fetching: resumed where the server can, whole where it cannot, two versions are never joined."""

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from datasets.common.errors import UserError
from datasets.obtain.download import download

CONTENTS = np.random.default_rng(5).bytes(20 << 14)
HALF = len(CONTENTS) // 2


class Server(ThreadingHTTPServer):
    """Serves one file and remembers which ranges it was asked for. Fields are set by each test."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents = CONTENTS
        self.ranges = True
        self.mark: dict[str, str] = {"ETag": '"v1"'}
        self.kind = "application/zip"
        self.announces_length = True
        self.cuts: list[int] = []  # how many bytes the first, second ... answer stops after
        self.statuses: list[int] = []  # errors that the first, second ... request gets instead
        self.shift = 0  # by how many bytes partial answers start wrongly
        self.pause_s = 0.0
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/sets/set.zip?dl=1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append(wanted)
        if server.statuses:
            self.send_error(server.statuses.pop(0))
            return
        same_version = self.headers.get("If-Range") in (None, *server.mark.values())
        start = int(re.findall(r"\d+", wanted)[0]) if wanted and server.ranges and same_version else None
        if start is not None and start >= len(server.contents):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.contents)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.answer(start)

    def answer(self, start: int | None) -> None:
        server = self.server
        body = server.contents[(start or 0) :]
        self.send_response(200 if start is None else 206)
        if start is not None:
            last = len(server.contents) - 1
            self.send_header("Content-Range", f"bytes {start + server.shift}-{last}/{len(server.contents)}")
        for name, value in {**server.mark, "Content-Type": server.kind}.items():
            self.send_header(name, value)
        if server.announces_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.cuts:
            body = body[: server.cuts.pop(0)]
        for at in range(0, len(body), 10_000):
            try:
                self.wfile.write(body[at : at + 10_000])
            except OSError:  # the test killed the reader
                return
            time.sleep(server.pause_s)

    def log_message(self, format: str, *arguments: object) -> None:
        """Tests read standard error themselves."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def fetch(server: Server, path: Path) -> None:
    download(server.url, path, pause_s=0, quiet=True)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_fetched_once_and_nothing_else_is_left(server, tmp_path):
    path = tmp_path / "set.zip"
    fetch(server, path)
    assert path.read_bytes() == CONTENTS and names(tmp_path) == {"set.zip"}
    fetch(server, path)
    assert server.asked == [None]


def test_a_cut_connection_is_resumed_by_itself(server, tmp_path):
    server.cuts = [HALF]
    fetch(server, tmp_path / "set.zip")
    assert (tmp_path / "set.zip").read_bytes() == CONTENTS
    assert server.asked == [None, f"bytes={HALF}-"]


@pytest.mark.parametrize("mark", [{"ETag": '"v1"'}, {"Last-Modified": "Tue, 03 Mar 2020 10:00:00 GMT"}, {}])
def test_a_later_call_goes_on_where_an_earlier_one_stopped(server, tmp_path, mark):
    server.mark = mark
    server.cuts = [HALF, 0, 0, 0, 0]
    with pytest.raises(UserError, match=rf"{HALF} bytes are kept in .*set\.zip\.part; the same command goes on"):
        fetch(server, tmp_path / "set.zip")
    assert "set.zip" not in names(tmp_path)
    server.asked.clear()
    server.cuts.clear()
    fetch(server, tmp_path / "set.zip")
    assert server.asked == [f"bytes={HALF}-"] and (tmp_path / "set.zip").read_bytes() == CONTENTS
    assert names(tmp_path) == {"set.zip"}


def test_a_server_without_ranges_is_asked_for_everything_again(server, tmp_path, capsys):
    server.ranges = False
    server.cuts = [HALF]
    fetch(server, tmp_path / "set.zip")
    assert (tmp_path / "set.zip").read_bytes() == CONTENTS
    assert "sends the whole file again" in capsys.readouterr().err


def test_a_server_without_ranges_that_always_cuts_is_given_up(server, tmp_path):
    server.ranges = False
    server.cuts = [HALF] * 50
    with pytest.raises(UserError, match="could not be fetched"):
        fetch(server, tmp_path / "set.zip")
    assert len(server.asked) == 5


@pytest.mark.parametrize("mark", ["ETag", "Last-Modified"])
def test_two_versions_of_a_file_are_never_joined(server, tmp_path, mark):
    server.mark = {mark: '"v1"'}
    server.cuts = [HALF, 0, 0, 0, 0]
    with pytest.raises(UserError):
        fetch(server, tmp_path / "set.zip")
    server.mark, server.contents, server.cuts = {mark: '"v2"'}, CONTENTS[::-1], []
    fetch(server, tmp_path / "set.zip")
    assert (tmp_path / "set.zip").read_bytes() == CONTENTS[::-1]


def test_a_server_that_answers_with_another_place_is_not_believed(server, tmp_path):
    server.cuts, server.shift = [HALF], 7
    fetch(server, tmp_path / "set.zip")
    assert (tmp_path / "set.zip").read_bytes() == CONTENTS
    assert server.asked == [None, f"bytes={HALF}-", None]


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (CONTENTS, {}),
        (CONTENTS + b"more", {}),
        (None, {"announces_length": False}),
        (None, {"statuses": [503, 429]}),
        (None, {"cuts": [2 << 14] * 9}),
    ],
    ids=["whole part", "part too long", "no length announced", "busy server", "many cuts"],
)
def test_odd_parts_and_servers_are_no_obstacle(server, tmp_path, part, fields):
    vars(server).update(fields)
    if part is not None:
        (tmp_path / "set.zip.part").write_bytes(part)
    fetch(server, tmp_path / "set.zip")
    assert (tmp_path / "set.zip").read_bytes() == CONTENTS and names(tmp_path) == {"set.zip"}


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_told_at_once(server, tmp_path, status):
    server.statuses = [status]
    with pytest.raises(UserError, match=rf"the server refuses it \({status} "):
        fetch(server, tmp_path / "set.zip")
    assert len(server.asked) == 1 and names(tmp_path) == set()


def test_a_web_page_is_not_taken_for_an_archive(server, tmp_path):
    server.kind = "text/html; charset=utf-8"
    with pytest.raises(UserError, match=r"is a web page, not an archive\. Open it in a browser"):
        fetch(server, tmp_path / "set.zip")
    assert names(tmp_path) == set()


def test_nobody_at_the_address_is_told(tmp_path):
    with Server() as closed:
        url = closed.url
    with pytest.raises(UserError, match=r"could not be fetched .*refused"):
        download(url, tmp_path / "set.zip", pause_s=0, quiet=True)


def test_no_room_is_told_before_anything_is_fetched(server, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    with pytest.raises(UserError, match=r"needs 327\.7 kB, but .* has 100 bytes free"):
        fetch(server, tmp_path / "set.zip")


def test_progress_elsewhere_than_on_a_terminal_is_lines(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("datasets.common.commands._SECONDS_BETWEEN_LINES", -1)
    server.contents = bytes(3 << 20)
    download(server.url, tmp_path / "set.zip", pause_s=0)
    assert "fetching set.zip (MiB): 3/3" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="processes end otherwise on Windows")
def test_a_kill_loses_nothing_that_is_on_the_disk(server, tmp_path):
    server.contents, server.pause_s = np.random.default_rng(6).bytes(8 << 20), 0.002
    path, part = tmp_path / "set.zip", tmp_path / "set.zip.part"
    code = "import sys, pathlib, datasets.obtain.download as d\n"
    code += "d.download(sys.argv[1], pathlib.Path(sys.argv[2]), quiet=True)"
    process = subprocess.Popen([sys.executable, "-c", code, server.url, str(path)])
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size >= 1 << 20) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = part.stat().st_size
    assert names(tmp_path) == {"set.zip.part", "set.zip.part.version"} and 0 < kept < len(server.contents)
    server.pause_s = 0
    fetch(server, path)
    assert path.read_bytes() == server.contents and server.asked[-1] == f"bytes={kept}-"
