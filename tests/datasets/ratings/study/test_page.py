"""The rater's page in a real browser, driven by a script that sees only the canvas, against the real server.

The script reads back the two frames that alternate and notices where their error passes its own criterion: so picture,
level, direction and scale are all tested. That people use the page well is not.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import CHROMIUM, photograph
from tests.rating import CRITERION, LET_IN, LOOK, WINDOW, Rater, Running, let_in, serving

pytestmark = pytest.mark.slow("starts real browsers and servers")


@pytest.fixture(scope="module")
def slider_study(tmp_path_factory) -> Iterator[Running]:
    photos = {"a": photograph(0, 96, 120), "b": photograph(1, 120, 96)}
    with serving(tmp_path_factory.mktemp("slider"), photos, trial="slider", per_rater=1, practice=0) as running:
        yield running


@pytest.fixture(scope="module")
def noise_study(tmp_path_factory) -> Iterator[Running]:
    """Noise in colours, seen from so near that it flashes, with one trial for practice."""
    noise = np.clip(np.random.default_rng(3).normal(128, 40, (128, 128, 3)), 0, 255).astype(np.uint8)
    settings = {"trial": "slider", "per_rater": 1, "practice": 1, "distance_cm": 20}
    with serving(tmp_path_factory.mktemp("noise"), {"a": noise}, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def yes_no_study(tmp_path_factory) -> Iterator[Running]:
    settings = {"trial": "yes-no", "per_rater": 1, "practice": 0}
    with serving(tmp_path_factory.mktemp("yes-no"), {"a": photograph(2, 96, 120)}, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -e '.[test]'")
    pytest.importorskip("waitress", reason="needs flask and waitress: pip install -e '.[test]'")
    if CHROMIUM is None:
        pytest.skip("needs Chromium or Chrome on the PATH")
    with sync_api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browsers(playwright) -> Iterator[Callable[[float], Any]]:
    """`browsers(ratio)`: Chromium with so many screen pixels a CSS pixel; playwright's own way to it lies."""
    started: dict[float, Any] = {}

    def start(ratio: float) -> Any:
        if ratio not in started:
            arguments = [f"--force-device-scale-factor={ratio}", WINDOW]
            started[ratio] = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        return started[ratio]

    yield start
    for browser in started.values():
        browser.close()


@pytest.fixture
def open_page(browsers) -> Iterator[Callable[..., Any]]:
    """`open_page(url, ratio)`: a page of a new browser; fails where it complained or asked for something else."""
    complaints: list[str] = []
    contexts = []

    def watch(page: Any, own: str) -> None:
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith((own, "blob:")) else complaints.append(request.url),
        )

    def make(url: str, ratio: float = 1, context: Any = None, **options: Any) -> Any:
        if context is None:
            context = browsers(ratio).new_context(no_viewport=True, **options)
            contexts.append(context)
        page = context.new_page()
        watch(page, url.partition("#")[0].removesuffix("owner"))
        page.goto(url)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def _is_complaint(message: Any) -> bool:
    offline_or_refused = "Failed to load resource" in message.text  # as some tests want it
    return (message.type == "error" and not offline_or_refused) or "Content Security" in message.text


def _threshold(errors: np.ndarray, criterion: float = CRITERION) -> int:
    """The first step that the script notices, computed from the files; its search needs one crossing only."""
    noticed = errors > criterion
    first = int(np.flatnonzero(noticed)[0])
    assert noticed[first:].all()
    return first


@pytest.mark.parametrize("ratio", [1, 1.25])
def test_a_noise_free_rater_gives_the_step_that_the_files_have(open_page, slider_study, ratio):
    """By keys alone, at ratio 1 from consent to the code of withdrawal; `tests/survival` tries ratios 2 and 3."""
    assert_the_step_of_the_files(open_page, slider_study, ratio)


def assert_the_step_of_the_files(open_page: Callable[..., Any], slider_study: Running, ratio: float) -> None:
    """And that no pixel is resampled."""
    page = open_page(slider_study.url, ratio)
    assert page.evaluate("devicePixelRatio") == ratio
    if ratio == 1:
        rater = Rater(page)
        rater.come_in()
    else:
        rater = let_in(page)
    answered = rater.rate()
    rater.wait_for(".code")
    (main,) = slider_study.answers()
    assert (main["kind"], main["step"]) == ("main", answered)
    errors = slider_study.errors(main["picture"])
    assert answered == _threshold(errors)
    assert [look["rmse"] for look in rater.looks] == pytest.approx(_errors_looked_at(errors), abs=1e-9)
    zoom = slider_study.session()["zoom_k"]
    with Image.open(slider_study.root / "pictures" / f"{main['picture']}.png") as picture:
        assert rater.looks[0]["sides"] == [side * zoom for side in picture.size]
    assert zoom == {1: 1, 1.25: 1, 2: 2, 3: 3}[ratio]
    assert (main["device_pixel_ratio"], slider_study.session()["automated"]) == (ratio, 1)


def _errors_looked_at(errors: np.ndarray) -> list[float]:
    """Of the steps in the order in which the script looks at them."""
    low, high, steps = 0, 100, [100]
    while high - low > 1:
        steps.append((low + high) // 2)
        low, high = (low, steps[-1]) if errors[steps[-1]] > CRITERION else (steps[-1], high)
    return [errors[step] for step in steps]


@pytest.mark.parametrize("ratio", [1.25])
def test_a_noise_free_rater_notices_exactly_the_steps_whose_files_differ_enough(open_page, yes_no_study, ratio):
    page = open_page(yes_no_study.url, ratio)
    rater = let_in(page)
    given = [rater.answer()]
    while not rater.is_done():  # four questions, an identical pair, now and then a plain one
        given.append(rater.answer())
    answers = yes_no_study.answers()
    errors = yes_no_study.errors("a")
    assert [bool(answer["noticed"]) for answer in answers] == given
    assert given == [bool(errors[answer["shown"]] > CRITERION) for answer in answers]
    assert {answer["kind"] for answer in answers} == {"main", "catch"} and True in given and False in given
    assert all(0 <= answer["ms_after_flicker"] < answer["ms"] for answer in answers)


CHANGES = """
async (milliseconds) => {
  const context = document.getElementById("stage").getContext("2d"), times = [], begun = performance.now();
  let before = null;
  while (performance.now() - begun < milliseconds) {
    const now = await new Promise(requestAnimationFrame);
    const { width, height } = context.canvas;
    const pixels = context.getImageData(Math.round(width / 2), Math.round(0.4 * height), 40, 40).data;
    if (before?.some((value, place) => value !== pixels[place])) times.push(now);
    before = pixels;
  }
  return times;
}
"""
"""When the middle of the picture changed."""


def test_escape_stops_the_flicker_at_once_and_so_does_leaving_the_window(open_page, slider_study):
    page = open_page(slider_study.url)
    rater = let_in(page)
    rater.start()
    page.keyboard.press("End")
    assert len(page.evaluate(CHANGES, 500)) > 1
    leaving = "window.dispatchEvent(new Event('blur'))"
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.evaluate(leaving)):
        leave()
        assert page.evaluate(LOOK, 1)["sides"] == [0, 0]  # grey
        assert page.evaluate(CHANGES, 300) == []
        assert page.get_by_role("heading", name="Stopped").is_visible()
        page.keyboard.press("ArrowLeft")  # what is pressed meanwhile moves nothing
        rater.start()
        assert page.get_by_role("slider").input_value() == "100"
        assert len(page.evaluate(CHANGES, 500)) > 1


def test_another_zoom_or_a_small_window_stops_it_and_says_what_to_do(open_page, slider_study):
    page = open_page(slider_study.url)
    rater = let_in(page)
    resized = "window.dispatchEvent(new Event('resize'))"
    page.evaluate("localStorage.setItem('jnd-rate-checked', 2)")  # on a screen of ratio 2
    rater.wait_for(".over")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="The zoom or the screen has changed").wait_for()
    assert page.get_by_role("button", name="Check my screen again").is_visible()
    assert page.evaluate(CHANGES, 200) == []
    page.evaluate(f"localStorage.setItem('jnd-rate-checked', 1); {resized}")  # changed back
    page.locator("#bar:not([inert])").wait_for()
    page.evaluate("document.getElementById('stage').style.width = '50px'")
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    page.evaluate(resized)
    page.get_by_role("heading", name="The window is too small").wait_for()
    assert page.get_by_role("button", name="Use the whole screen").is_visible()


def test_whose_system_asks_for_less_motion_swaps_by_hand_three_times_a_second_at_most(open_page, slider_study):
    page = open_page(slider_study.url, reduced_motion="reduce")
    rater = Rater(page)
    rater.come_in()
    assert slider_study.session()["viewing"] == "swap"
    rater.start()
    page.keyboard.press("End")
    assert page.evaluate(CHANGES, 400) == []
    page.evaluate(
        """() => {
          const press = (name) => window.dispatchEvent(new KeyboardEvent(name, { key: " " }));
          window.pressing = setInterval(() => press("keydown"), 40);
          window.letting = setInterval(() => press("keyup"), 70);
        }"""
    )
    times = page.evaluate(CHANGES, 1500)
    page.evaluate("() => { clearInterval(pressing); clearInterval(letting); }")
    assert len(times) > 1 and min(np.diff(times)) > 300
    page.keyboard.down("Space")
    page.locator("button:enabled", has_text="Next").wait_for()
    page.keyboard.up("Space")
    page.keyboard.press("Enter")
    rater.wait_for(".code")
    (answer,) = slider_study.answers()
    assert answer["step"] == 100 and answer["switch_ms_mean"] is None


def test_an_answer_given_offline_survives_a_reload_and_arrives_once(open_page, slider_study):
    page = open_page(slider_study.url)
    let_in(page).start()
    page.keyboard.press("End")
    button = page.locator("button:enabled", has_text="Next")
    button.wait_for()
    lost: list[str] = []
    page.route("**/api/answer", lambda route: (lost.append(route.request.post_data), route.abort()))
    button.dblclick()
    page.get_by_role("status").filter(has_text="Your answer is kept").wait_for()
    assert slider_study.answers() == []
    page.unroute("**/api/answer")
    page.reload()
    page.locator(".code").wait_for()
    (answer,) = slider_study.answers()
    assert {json.loads(sent)["attempt"] for sent in lost} == {answer["attempt"]}
    assert page.evaluate("sessionStorage.length") == 0


def test_two_tabs_and_going_back_cannot_answer_twice(open_page, noise_study):
    page = open_page(noise_study.url)
    rater = let_in(page, distance_cm=20)
    rater.start()
    other = Rater(open_page(noise_study.url, context=page.context))
    other.answer_anyhow()
    other.wait_for("h1", "Your last answer")
    page.bring_to_front()
    rater.answer_anyhow()  # what the other tab has answered
    rater.wait_for("h1", "Your last answer")
    assert len(noise_study.answers()) == 1
    page.goto("about:blank")
    page.go_back()
    rater.answer_anyhow()
    rater.wait_for(".code")
    assert [answer["kind"] for answer in noise_study.answers()] == ["practice", "main"]


def test_beyond_the_flash_limit_nothing_is_shown(open_page, noise_study):
    """What lies beyond is not even asked for, and the rater may say that nothing was seen up to there."""
    limit = noise_study.limits["a"]
    assert 20 < limit < 100
    page = open_page(noise_study.url)
    rater = let_in(page, distance_cm=20)
    rater.answer_anyhow()
    rater.wait_for("button", "Start")
    steps: list[int] = []
    page.on("request", lambda request: steps.extend(map(int, re.findall(r"/api/picture/\d+/(\d+)", request.url))))
    page.reload()
    rater.criterion = 1e9
    assert rater.rate() is None
    rater.wait_for(".code")
    assert rater.looks[-1]["rmse"] == pytest.approx(noise_study.errors("a")[limit])
    assert max(steps) == limit
    answer = noise_study.answers()[-1]
    assert (answer["step"], answer["censored"]) == (limit, 1)


SCREENSHOTS = os.environ.get("JND_BENCH_SCREENSHOTS", "")
"""Folder for screenshots; taking them takes long, so it is done where they are kept."""


OWNER_VIEW = {
    "raters": [
        {"id": "<b>3f9a1c</b>", "stage": "trial", "done": 14, "total": 30, "last_seen_s": 3, "viewing": "flicker",
         "px_per_degree": 39.6, "refresh_hz": 60, "catches": [2, 3]},
        {"id": "77c0de", "stage": "checks", "done": 0, "total": 30, "last_seen_s": 4000, "viewing": "swap",
         "px_per_degree": None, "refresh_hz": None, "catches": [0, 0]},
    ],
    "pictures": [{"name": "<i>a-photograph</i>", "ratings": 7}, {"name": "b", "ratings": 0}],
    "ratings": 14, "wanted": 780, "minutes_left": 312.4, "split_half": None, "automated": 0,
}  # fmt: skip


def test_the_pages_fit_into_their_window(open_page, noise_study):
    """And names are shown as text, whatever they have in them."""
    page = open_page(noise_study.url)

    def shoot(name: str) -> None:
        for scheme, width in (("light", 1300), ("dark", 700)):
            page.set_viewport_size({"width": width, "height": 850})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if SCREENSHOTS:
                page.screenshot(path=Path(SCREENSHOTS) / f"rate-{name}-{scheme}-{width}.png", full_page=True)

    page.locator("h1").wait_for()
    shoot("welcome")
    page.evaluate(LET_IN.replace('await send("/api/display"', 'window.unused = () => send("/api/display"'), [False, 20])
    page.reload()
    page.locator(".card").wait_for()
    shoot("checks")
    rater = let_in(page, distance_cm=20)
    page.locator(".over").wait_for()
    shoot("how")
    rater.answer_anyhow()
    page.locator(".over").wait_for()
    shoot("feedback")
    rater.start()
    page.keyboard.press("PageUp")
    shoot("slider")
    for width, most in ((600, 215), (921, 130), (1100, 130), (1300, 130)):  # as the checks take it for granted
        page.set_viewport_size({"width": width, "height": 850})
        assert page.locator("#bar").evaluate("bar => bar.offsetHeight") <= most
    page.keyboard.press("Escape")
    shoot("stopped")
    rater.start()
    page.keyboard.press("End")
    page.locator("button:enabled", has_text="I see none").click()
    page.locator(".code").wait_for()
    shoot("done")
    page.route("**/api/owner", lambda route: route.fulfill(json=OWNER_VIEW))
    page.goto(f"{noise_study.url}/owner#owner-token")
    page.get_by_role("cell", name="<b>3f9a1c</b>").wait_for()
    assert page.get_by_role("cell", name="<i>a-photograph</i>").is_visible()
    shoot("owner")


def test_the_owners_page_shows_the_servers_numbers_and_wants_its_token(open_page, noise_study):
    page = open_page(f"{noise_study.url}/owner")
    page.get_by_text("what stands behind the #").wait_for()
    page.goto(f"{noise_study.url}/owner#wrong")
    page.reload()
    page.get_by_text("Open the owner's page by the address").wait_for()
    page.goto(f"{noise_study.url}/owner#owner-token")
    page.reload()
    page.get_by_role("heading", name="Who is where").wait_for()
