"""Ratings from the browser to a report: though the server is killed, all are there and are the files' own levels."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import CHROMIUM, photograph
from tests.rating import CRITERION, WINDOW, Rater, Running, let_in, serving

pytestmark = pytest.mark.slow(reason="starts browsers, and rates at the speed at which people do")
NAMES = ("a", "b", "c", "d")


@pytest.fixture
def launch() -> Iterator[Any]:
    """`launch(ratio)`: a new rater's page, in a browser of its own."""
    sync_api = pytest.importorskip("playwright.sync_api")
    pytest.importorskip("waitress")
    if CHROMIUM is None:
        pytest.skip("needs Chromium or Chrome on the PATH")
    with sync_api.sync_playwright() as playwright:
        yield (
            lambda ratio: (
                playwright.chromium.launch(
                    executable_path=CHROMIUM, args=[f"--force-device-scale-factor={ratio}", WINDOW]
                )
                .new_context(no_viewport=True)
                .new_page()
            )
        )


def _serve(command: list[str], url: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return process
        except urllib.error.URLError:
            assert process.poll() is None
            time.sleep(0.2)
    raise AssertionError("the study is not served")


def test_what_a_script_sees_becomes_a_set_and_a_report_though_the_server_is_killed(
    launch, tmp_path, empty_cache, survived
):
    photos, out = tmp_path / "photos", tmp_path / "study"
    photos.mkdir()
    for number, name in enumerate(NAMES):
        Image.fromarray(photograph(number, 96, 120)).save(photos / f"{name}.png")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "datasets.rate", str(photos), "--out", str(out), "--port", str(port)]
    process = _serve(command, url)
    kills, found = 0, []
    try:
        page = launch(2)
        page.goto(url)
        rater = let_in(page)
        rater.frames = 18  # 8 frames a switch at 60 Hz
        for _ in range(3):
            rater.answer_anyhow()
            rater.wait_for("h1", "Your last answer")
        while not rater.is_done():
            found.append(rater.rate())
            if kills < 2:  # just as the answer is sent: it may have arrived or not
                process.kill()
                process.wait()
                process = _serve(command, url)
                kills += 1
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) in (0, 130)
    finally:
        process.kill()
    running = Running(out, url, {})
    answers = [answer for answer in running.answers() if answer["kind"] != "practice"]
    assert [answer["step"] for answer in answers] == found
    samples = pd.read_csv(out / "samples.csv").set_index("picture")["jnd_qf"]
    expected = {name: 101 - int(np.flatnonzero(running.errors(name) > CRITERION)[0]) for name in NAMES}
    assert samples.to_dict() == expected
    run = [sys.executable, "-m", "protocols.run", "--dataset", "rated", "--root", str(out), "--jobs", "1", "-q"]
    places = ["--results", str(tmp_path / "results"), "--report", str(tmp_path / "report")]
    assert subprocess.run([*run, *places, "--predictors", "constant", "psnr"], check=False).returncode == 0
    assert "scripts, not people" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    survived(f"kills of a server that takes ratings: {len(found)} answers, none lost or doubled", kills)


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_yes_and_no_follow_the_files_at_every_ratio(launch, tmp_path, ratio):
    photos = {"a": photograph(2, 96, 120)}
    with serving(tmp_path / "study", photos, trial="yes-no", per_rater=1, practice=1) as running:
        page = launch(ratio)
        page.goto(running.url)
        rater = let_in(page)
        given = [rater.answer()]
        while not rater.is_done():
            given.append(rater.answer())
        errors = running.errors("a")
        assert given == [bool(errors[answer["shown"]] > CRITERION) for answer in running.answers()]


def _searched(errors: np.ndarray, criterion: float) -> int:
    """The step that the script's search ends at, where the error may cross the criterion more than once."""
    low, high = 0, 100
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if errors[middle] > criterion else (middle, high)
    return high


def test_six_raters_at_once_who_reload_and_click_twice(launch, tmp_path):
    photos = {name: photograph(number, 96, 120) for number, name in enumerate(NAMES)}
    with serving(tmp_path / "study", photos, trial="slider", per_rater=4, practice=0) as running:
        first = launch(1)
        pages = [first, *(first.context.browser.new_context(no_viewport=True).new_page() for _ in range(5))]
        raters: list[Rater] = []
        for page, factor in zip(pages, np.linspace(0.7, 1.5, 6), strict=True):
            page.goto(running.url)
            raters.append(let_in(page))
            raters[-1].criterion = CRITERION * factor
        found: list[list[int]] = [[] for _ in raters]
        for sitting in range(5):  # four pictures and a catch
            for turn, rater in enumerate(raters):
                if rater.is_done():
                    continue
                if (sitting + turn) % 3 == 0:
                    rater.page.reload()
                rater.start()
                step = rater.find() or 100
                rater.wait_for("button:enabled", "Next")
                rater.page.locator("button:enabled", has_text="Next").dblclick()
                found[turn].append(step)
                rater.page.wait_for_function(
                    "() => document.querySelector('.code') || document.getElementById('bar').inert"
                )
                rater.is_done()
        assert all(rater.is_done() for rater in raters)
        errors = {name: running.errors(name) for name in NAMES}
        rows = running.all_answers()
        assert len(rows) == sum(map(len, found)) == len({row["trial"] for row in rows})
        by_rater = [
            [row for row in rows if row["session"] == session] for session in dict.fromkeys(r["session"] for r in rows)
        ]
        for rater, own, steps in zip(raters, by_rater, found, strict=True):
            assert [row["step"] for row in own] == steps
            thresholds = {name: _searched(of, rater.criterion) for name, of in errors.items()}
            assert {row["picture"]: row["step"] for row in own if row["kind"] == "main"} == thresholds


def test_a_large_picture_is_decoded_near_the_handle_alone_and_gives_the_files_level(launch, tmp_path):
    """Above 0.4 megapixels: all steps decoded at once would fill the memory."""
    photos = {"a": np.tile(photograph(0, 240, 215), (2, 4, 1))}
    with serving(tmp_path / "study", photos, trial="slider", per_rater=1, practice=0) as running:
        page = launch(1)
        page.goto(running.url)
        rater = let_in(page)
        found = rater.rate()
        assert rater.is_done() and [answer["step"] for answer in running.answers()] == [found]
        assert found == _searched(running.errors("a"), CRITERION)
        assert {tuple(look["sides"]) for look in rater.looks} == {(860, 480)}


def test_what_does_not_fit_two_fingers_enlarge_or_another_browser_shows_is_not_rated(launch, tmp_path):
    """Two fingers' zoom scales the picture and changes no pixel ratio."""
    with serving(tmp_path / "study", {"a": photograph(1, 64, 64)}, trial="slider", per_rater=1, practice=0) as running:
        page = launch(1)
        page.goto(running.url)
        rater = let_in(page)
        rater.start()
        zoom = page.context.new_cdp_session(page)
        zoom.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
        rater.wait_for("h1", "The zoom or the screen has changed")
        assert page.evaluate("document.getElementById('bar').inert")
        zoom.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 1})
        rater.wait_for("#bar:not([inert])")
        page.set_viewport_size({"width": 700, "height": 240})  # at once, where a hand makes it smaller bit by bit
        rater.wait_for("h1", "The window is too small")
        page.set_viewport_size({"width": 900, "height": 700})
        rater.wait_for("#bar:not([inert])")
        page.evaluate("localStorage.clear()")
        page.reload()  # as if another browser: its screen was never checked
        rater.wait_for(".over")
        page.keyboard.press("Enter")
        rater.wait_for("h1", "The zoom or the screen has changed")
        page.keyboard.press("Enter")
        rater.wait_for("h1", "Your screen")
