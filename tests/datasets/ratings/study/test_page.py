"""The rater's page in a real browser, driven by a script that sees only the canvas, against the real server.

The script reads back the two frames that alternate and notices where their error passes its own criterion: so picture,
level, direction and scale are all tested. That people use the page well is not.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import photograph

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WINDOW = "--window-size=900,800"
CRITERION = 6.1
"""Root of the mean squared error, in grey levels, above which the script notices a difference."""

SERVER = """
import json, socket, sys
from pathlib import Path
import numpy as np
import waitress
from PIL import Image
from datasets.ratings.study import plan, study as module
from datasets.ratings.study.database import FILE, Database
from datasets.ratings.study.prepare import prepare_picture
from datasets.ratings.study.server import create_app
from datasets.ratings.study.settings import StudySettings

root, given = Path(sys.argv[1]), json.loads(sys.argv[2])
module._PRACTICE = dict.fromkeys(("slider", "yes-no"), given.pop("practice"))  # this and the next: else it takes long
module.SHOW_MS, module.QUESTIONS, plan.QUESTIONS = 400, 4, 4
consent = "We store what you answer.\\n\\nNothing of it has your name."
settings = StudySettings(**given, raters=1000, crop=None, flicker=30, consent_sha256="0" * 64)  # fast: nobody looks
pictures = {}
for photo in sorted((root / "photos").iterdir()):
    rgb = np.array(Image.open(photo).convert("RGB"))
    name = photo.stem.partition("-")[0]
    pictures[name] = prepare_picture(root, photo.name, name, rgb, settings)
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
study = module.Study(root, settings, pictures, consent, Database(root / FILE))
app = create_app(study, frozenset({origin}), "owner-token", answers_a_second=1000)
limits = {name: picture.flickers_until for name, picture in pictures.items()}
print(json.dumps([origin, limits]), flush=True)
waitress.serve(app, sockets=[listening], threads=6)
"""

pytestmark = pytest.mark.slow("starts real browsers and servers")


@dataclass(frozen=True)
class Running:
    """A study that is served.

    :param limits: by picture: the last step that may flicker.
    """

    root: Path
    url: str
    limits: dict[str, int]

    def errors(self, picture: str) -> np.ndarray:
        """Root of the mean squared error of every step against the reference, shape (101,)."""
        reference = np.array(Image.open(self.root / "pictures" / f"{picture}.png"), float)
        files = (self.root / "levels" / picture / f"{101 - step}.jpg" for step in range(1, 101))
        return np.array(
            [0.0, *(np.sqrt(np.mean((np.array(Image.open(file), float) - reference) ** 2)) for file in files)]
        )

    def answers(self) -> list[sqlite3.Row]:
        """Of the rater who came last, in their order."""
        last = "(SELECT id FROM session ORDER BY started DESC LIMIT 1)"
        columns = "picture, kind, trial.step AS shown, answer.*"
        return self._rows(
            f"SELECT {columns} FROM trial JOIN answer ON number = trial WHERE session = {last} ORDER BY received"
        )

    def session(self) -> sqlite3.Row:
        """The rater who came last."""
        return self._rows("SELECT * FROM session ORDER BY started DESC LIMIT 1")[0]

    def _rows(self, query: str) -> list[sqlite3.Row]:
        with contextlib.closing(sqlite3.connect(self.root / "ratings.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query).fetchall()


@contextlib.contextmanager
def _serving(root: Path, photos: dict[str, np.ndarray], **settings: Any) -> Iterator[Running]:
    (root / "photos").mkdir(parents=True)
    for folder in ("pictures", "levels"):
        (root / folder).mkdir()
    for name, rgb in photos.items():
        Image.fromarray(rgb).save(root / "photos" / f"{name}.png")
    command = [sys.executable, "-c", SERVER, str(root), json.dumps(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Running(root, *json.loads(process.stdout.readline()))
        finally:
            process.kill()


@pytest.fixture(scope="module")
def slider_study(tmp_path_factory) -> Iterator[Running]:
    photos = {"a": photograph(0, 96, 120), "b": photograph(1, 120, 96)}
    with _serving(tmp_path_factory.mktemp("slider"), photos, trial="slider", per_rater=1, practice=0) as running:
        yield running


@pytest.fixture(scope="module")
def noise_study(tmp_path_factory) -> Iterator[Running]:
    """Noise in colours, seen from so near that it flashes, with one trial for practice."""
    noise = np.clip(np.random.default_rng(3).normal(128, 40, (128, 128, 3)), 0, 255).astype(np.uint8)
    settings = {"trial": "slider", "per_rater": 1, "practice": 1, "distance_cm": 20}
    with _serving(tmp_path_factory.mktemp("noise"), {"a": noise}, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def yes_no_study(tmp_path_factory) -> Iterator[Running]:
    settings = {"trial": "yes-no", "per_rater": 1, "practice": 0}
    with _serving(tmp_path_factory.mktemp("yes-no"), {"a": photograph(2, 96, 120)}, **settings) as running:
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


LOOK = """
async (frames) => {
  const canvas = document.getElementById("stage"), context = canvas.getContext("2d");
  const next = () => new Promise(requestAnimationFrame);
  const read = (x, y, w, h) => context.getImageData(x, y, w, h).data;
  for (let n = 0; n < frames; n += 1) await next();
  const [width, height] = [canvas.width, canvas.height], whole = read(0, 0, width, height);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
    const at = 4 * (y * width + x);
    if (whole[at] === 128 && whole[at + 1] === 128 && whole[at + 2] === 128) continue;
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  }
  if (right < 0) return { sides: [0, 0], frames: 0, rmse: 0 };
  const sides = [right - left + 1, bottom - top + 1], seen = [];
  for (let n = 0; n < frames; n += 1) {
    await next();
    const pixels = read(left, top, ...sides);
    if (!seen.some((other) => other.every((value, place) => value === pixels[place]))) seen.push(pixels);
  }
  let sum = 0;
  const [first, second] = [seen[0], seen[1] ?? seen[0]];
  for (let place = 0; place < first.length; place += 1) sum += (first[place] - second[place]) ** 2;
  return { sides, frames: seen.length, rmse: Math.sqrt(sum / (first.length * 3 / 4)) };
}
"""
"""What is to be seen, once the handle's place is shown: the picture's sides on the canvas, how many different frames,
and the error between them. Counted in frames of the browser, so a busy machine changes nothing."""


@dataclass
class Rater:
    """A script that rates by keys alone and sees nothing but the canvas and the sentences.

    :param frames: of the browser in which both pictures were shown anew.
    :param looks: what it saw, in order.
    """

    page: Any
    criterion: float = CRITERION
    frames: int = 5
    looks: list[dict[str, Any]] = field(default_factory=list)

    def come_in(self, *, photosensitive: bool = False) -> None:
        """Consent, and match a card of 323 CSS pixels: 96 pixels an inch at ratio 1."""
        self.wait_for("button", "Begin")
        self.reach("checkbox")
        for _ in range(4):
            name = self.page.evaluate("document.activeElement.closest('label').textContent")
            if photosensitive or "seizure" not in name:
                self.page.keyboard.press("Space")
            self.page.keyboard.press("Tab")
        self.page.keyboard.press("Enter")
        self.wait_for(".card")
        assert self.page.evaluate("document.activeElement.type") == "range"
        for key, times in (("Home", 1), ("PageUp", 3), ("PageDown", 1), ("ArrowRight", 47)):
            for _ in range(times):
                self.page.keyboard.press(key)
        self.page.keyboard.press("Tab")
        self.page.keyboard.press("Space")
        self.page.keyboard.press("Tab")
        self.page.keyboard.press("Enter")
        self.wait_for(".over")

    def reach(self, kind: str) -> None:
        """Press Tab until something of a kind has the focus."""
        for _ in range(20):
            if self.page.evaluate("document.activeElement.type") == kind:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no {kind} is reached by Tab")

    def wait_for(self, selector: str, text: str = "") -> None:
        """Until something is to be seen; asked in every frame, where playwright's own way asks twice a second."""
        seen = """([name, text]) => [...document.querySelectorAll(name)].some(
          (element) => element.checkVisibility() && element.textContent.includes(text))"""
        self.page.wait_for_function(seen, arg=[selector, text])

    def start(self) -> None:
        """Leave the panel over the trial, if there is one."""
        self.wait_for(".over, #bar:not([inert])")
        if self.page.locator(".over").is_visible():
            self.page.keyboard.press("Enter")
        self.wait_for("#bar:not([inert])")

    def look(self) -> bool:
        """Whether a difference is to be seen."""
        seen = self.page.evaluate(LOOK, self.frames)
        assert seen["frames"] <= 2
        self.looks.append(seen)
        return bool(seen["rmse"] > self.criterion)

    def go(self, before: int, after: int) -> None:
        """Move the handle by keys."""
        pages, rest = divmod(abs(after - before), 5)
        right = after > before
        for key, times in (("PageUp" if right else "PageDown", pages), ("ArrowRight" if right else "ArrowLeft", rest)):
            for _ in range(times):
                self.page.keyboard.press(key)

    def find(self) -> int | None:
        """Move the handle to where the difference begins to be seen; None where it is not seen even at the end."""
        self.page.keyboard.press("End")
        if not self.look():
            return None
        here = int(self.page.get_by_role("slider").input_value())
        low, high = 0, here
        while high - low > 1:
            middle = (low + high) // 2
            self.go(here, middle)
            here = middle
            low, high = (low, middle) if self.look() else (middle, high)
        self.go(here, high)
        return high

    def answer_anyhow(self) -> None:
        """A trial whose answer is all the same: the right end."""
        self.start()
        self.page.keyboard.press("End")
        self.wait_for("button:enabled", "Next")
        self.page.keyboard.press("Enter")

    def rate(self) -> int | None:
        """One trial with the slider."""
        self.start()
        found = self.find()
        name = "Next" if found else "I see none"
        self.wait_for("button:enabled", name)
        if found is None:
            self.reach("button")
        self.page.keyboard.press("Enter")
        return found

    def answer(self) -> bool:
        """One yes/no trial: look while it is shown, then answer."""
        self.start()
        self.wait_for(".hint", "Does it flicker?")
        noticed = self.look()
        self.wait_for(".hint", "Did it flicker?")
        self.page.keyboard.press("ArrowRight" if noticed else "ArrowLeft")
        self.page.wait_for_function("document.getElementById('bar').inert")
        return noticed


def _threshold(errors: np.ndarray, criterion: float = CRITERION) -> int:
    """The first step that the script notices, computed from the files; its search needs one crossing only."""
    noticed = errors > criterion
    first = int(np.flatnonzero(noticed)[0])
    assert noticed[first:].all()
    return first


@pytest.mark.parametrize("ratio", [1, 1.25, 2, 3])
def test_a_noise_free_rater_gives_the_step_that_the_files_have(open_page, slider_study, ratio):
    """By keys alone, at the first ratio from consent to the code of withdrawal; no pixel is resampled at any ratio."""
    page = open_page(slider_study.url, ratio)
    assert page.evaluate("devicePixelRatio") == ratio
    if ratio == 1:
        rater = Rater(page)
        rater.come_in()
    else:
        rater = _let_in(page)
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
    rater = _let_in(page)
    given = [rater.answer()]
    while (
        len(given) < 5 or page.locator("#bar").is_visible()
    ):  # four questions, an identical pair, now and then a plain one
        given.append(rater.answer())
    answers = yes_no_study.answers()
    errors = yes_no_study.errors("a")
    assert [bool(answer["noticed"]) for answer in answers] == given
    assert given == [bool(errors[answer["shown"]] > CRITERION) for answer in answers]
    assert {answer["kind"] for answer in answers} == {"main", "catch"} and True in given and False in given
    assert all(0 <= answer["ms_after_flicker"] < answer["ms"] for answer in answers)


LET_IN = """
async ([swap, distance_cm]) => {
  const headers = { "Content-Type": "application/json", "X-JND-Rate": "1" };
  const send = (path, body) => fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const { decodedSha256 } = await import("/page/display.js");
  const { consent_sha256 } = await (await fetch("/api/state")).json();
  const yes = { adult: true, vision: true, photosensitive: swap, reduced_motion: false };
  await send("/api/session", { invitation: null, consent_sha256, ...yes });
  const ratio = devicePixelRatio;
  const screen = { px_per_cm: 37.7 * ratio, distance_cm, device_pixel_ratio: ratio, viewport: [2400, 1800] };
  const decoded_sha256 = await decodedSha256("/api/probe.jpg");
  await send("/api/display", { ...screen, refresh_hz: 60, browser: "chromium 1", decoded_sha256, automated: true });
}
"""


def _let_in(page: Any, *, swap: bool = False, distance_cm: float = 60) -> Rater:
    """Past consent and checks by requests, as other tests pass them by keys."""
    page.evaluate(LET_IN, [swap, distance_cm])
    page.reload()
    return Rater(page)


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


@pytest.mark.parametrize("leave", [None, "window.dispatchEvent(new Event('blur'))"])
def test_escape_stops_the_flicker_at_once_and_so_does_leaving_the_window(open_page, slider_study, leave):
    page = open_page(slider_study.url)
    rater = _let_in(page)
    rater.start()
    page.keyboard.press("End")
    assert len(page.evaluate(CHANGES, 500)) > 1
    if leave is None:
        page.keyboard.press("Escape")
    else:
        page.evaluate(leave)
    assert page.evaluate(LOOK, 1)["sides"] == [0, 0]  # grey
    assert page.evaluate(CHANGES, 300) == []
    assert page.get_by_role("heading", name="Stopped").is_visible()
    page.keyboard.press("ArrowLeft")  # what is pressed meanwhile moves nothing
    rater.start()
    assert page.get_by_role("slider").input_value() == "100"
    assert len(page.evaluate(CHANGES, 500)) > 1


def test_another_zoom_or_a_small_window_stops_it_and_says_what_to_do(open_page, slider_study):
    page = open_page(slider_study.url)
    rater = _let_in(page)
    resized = "window.dispatchEvent(new Event('resize'))"
    checked = "localStorage.setItem('jnd-rate-checked', JSON.stringify({ state: { distance_cm: 60 }, ratio: 2 }))"
    page.evaluate(checked)  # on a screen of ratio 2
    rater.wait_for(".over")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="The zoom or the screen has changed").wait_for()
    assert page.get_by_role("button", name="Check my screen again").is_visible()
    assert page.evaluate(CHANGES, 200) == []
    page.evaluate(f"localStorage.clear(); {resized}")  # changed back
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
    _let_in(page).start()
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
    rater = _let_in(page, distance_cm=20)
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
    rater = _let_in(page, distance_cm=20)
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


@pytest.fixture(scope="module")
def shots(tmp_path_factory) -> Path:
    """Screenshots: in the folder that JND_BENCH_SCREENSHOTS names, else beside the test's other files."""
    given = os.environ.get("JND_BENCH_SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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


def test_the_pages_fit_into_their_window(open_page, noise_study, shots):
    """And names are shown as text, whatever they have in them."""
    page = open_page(noise_study.url)

    def shoot(name: str) -> None:
        for scheme, width in (("light", 1300), ("dark", 700)):
            page.set_viewport_size({"width": width, "height": 850})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.screenshot(path=shots / f"rate-{name}-{scheme}-{width}.png", full_page=True)

    page.locator("h1").wait_for()
    shoot("welcome")
    page.evaluate(LET_IN.replace('await send("/api/display"', 'window.unused = () => send("/api/display"'), [False, 20])
    page.reload()
    page.locator(".card").wait_for()
    shoot("checks")
    rater = _let_in(page, distance_cm=20)
    page.locator(".over").wait_for()
    shoot("how")
    rater.answer_anyhow()
    page.locator(".over").wait_for()
    shoot("feedback")
    rater.start()
    page.keyboard.press("PageUp")
    shoot("slider")
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
