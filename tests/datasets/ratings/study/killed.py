"""The real command, killed again and again while scripts rate over HTTP."""

from __future__ import annotations

import contextlib
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets.common.hashing import sha256_of_bytes
from datasets.ratings.study.settings import CODEC
from tests.datasets.ratings.study.scripts import Script, http_client

DISPLAY = {"px_per_cm": 37.8, "distance_cm": 60, "device_pixel_ratio": 1, "refresh_hz": 60}
DISPLAY |= {"viewport": [1900, 900], "browser": "script 1", "automated": True}  # type: ignore[dict-item]


@contextlib.contextmanager
def serving(photos: Path, out: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The command from its first reply on; killed at the end."""
    command = [sys.executable, "-m", "datasets.rate", str(photos), "--out", str(out), "--crop", "none"]
    command += ["--port", str(port), "--raters", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            while (line := process.stdout.readline()) and "Ctrl-C" not in line:
                pass
            assert line, "the server ended"
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def killed(
    photos: Path, out: Path, *, kills: int, seconds: float, raters: int
) -> Iterator[tuple[list[Script], dict[tuple[int, str], Any]]]:
    """Rate, with SIGKILL to the server so many times; gives the scripts, and what is stored at the end.

    :param seconds: between a start and a kill, at most.
    """
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stopped, moments = threading.Event(), random.Random(1)
    scripts = [_script(port) for _ in range(raters)]
    threads = [threading.Thread(target=_rate_until, args=(script, stopped)) for script in scripts]
    try:
        for turn in range(kills + 1):
            with serving(photos, out, port):
                if not turn:
                    for thread in threads:
                        thread.start()
                time.sleep(seconds * (1 if turn == kills else moments.random()))
                if turn == kills:
                    stopped.set()
                    for thread in threads:
                        thread.join()
    finally:
        stopped.set()
    with contextlib.closing(sqlite3.connect(out / "ratings.sqlite")) as connection:
        rows = connection.execute("SELECT trial, attempt, step FROM answer").fetchall()
    yield scripts, {(trial, attempt): step for trial, attempt, step in rows}


def assert_nothing_lost(scripts: list[Script], stored: dict[tuple[int, str], Any]) -> None:
    """What was acknowledged is stored as it was sent, once; what else is stored was sent, and its reply was lost."""
    acknowledged = {key: step for script in scripts for key, step in script.acknowledged.items()}
    changed = {key: (step, stored.get(key)) for key, step in acknowledged.items() if stored.get(key) != step}
    assert not changed, changed
    assert len(stored) - len(acknowledged) <= len(scripts), (len(stored), len(acknowledged))
    assert len({trial for trial, _ in stored}) == len({attempt for _, attempt in stored}) == len(stored)


def _script(port: int) -> Script:
    """One that sends the same answer again, as the page does."""
    return Script(http_client(port), dict(DISPLAY), lambda state: {"step": state["trial"] % 100 + 1})


def _rate_until(script: Script, stopped: threading.Event) -> None:
    state: dict[str, Any] | None = None
    while not stopped.is_set():
        if state is None or state["stage"] != "trial":
            state = _as_a_new_person(script)
            stopped.wait(0 if state else 0.2)
            continue
        attempt = str(uuid.uuid4())
        while not stopped.is_set():  # the page, too, sends an answer until it is acknowledged
            status, reply = script.answer(state, attempt=attempt)
            if status in (200, 409):
                state = reply if status == 200 else reply["state"]
                break
            stopped.wait(0.2)


def _as_a_new_person(script: Script) -> dict[str, Any] | None:
    try:
        if not script.send("POST", "/api/leave", {})[0]:  # still the person before
            return None
        content = script.send("GET", "/api/probe.jpg")[1]
        rgb = CODEC.decode(content)
        rgba = b"".join(bytes((*pixel, 255)) for pixel in rgb.reshape(-1, 3).tolist())
        script.display["decoded_sha256"] = sha256_of_bytes(rgba)
        state: dict[str, Any] = script.begin()
    except (TypeError, ValueError):  # a reply did not arrive
        return None
    return state if isinstance(state, dict) and state.get("stage") == "trial" else None
