"""A study that is served, and a script that rates in a real browser and sees only the canvas.

The script reads back the two frames that alternate and notices where their error passes its own criterion.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

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
module.SHOW_MS, module.QUESTIONS, plan.QUESTIONS = 700, 4, 4
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
server = waitress.create_server(app, sockets=[listening], threads=8)  # listens from here on
print(json.dumps([origin, limits]), flush=True)
server.run()
"""


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

    def all_answers(self) -> list[sqlite3.Row]:
        """Of everybody, by when they came."""
        return self._rows(
            "SELECT session, picture, kind, answer.* FROM trial JOIN answer ON number = trial "
            "JOIN session ON session.id = session ORDER BY started, received"
        )

    def session(self) -> sqlite3.Row:
        """The rater who came last."""
        return self._rows("SELECT * FROM session ORDER BY started DESC LIMIT 1")[0]

    def _rows(self, query: str) -> list[sqlite3.Row]:
        with contextlib.closing(sqlite3.connect(self.root / "ratings.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query).fetchall()


@contextlib.contextmanager
def serving(root: Path, photos: dict[str, np.ndarray], **settings: Any) -> Iterator[Running]:
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

    def is_done(self) -> bool:
        """Whether all is rated, once what comes next is there."""
        self.wait_for("#bar:not([inert]), .over, .code")
        return bool(self.page.locator(".code").count())

    def look(self) -> bool:
        """Whether a difference is to be seen."""
        self.page.wait_for_function("() => !document.querySelector('.hint').textContent.includes('being loaded')")
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
        self.page.wait_for_function("() => document.getElementById('bar').inert")
        return noticed


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
  localStorage.setItem("jnd-rate-checked", ratio);
}
"""


def let_in(page: Any, *, swap: bool = False, distance_cm: float = 60) -> Rater:
    """Past consent and checks by requests, as other tests pass them by keys."""
    page.evaluate(LET_IN, [swap, distance_cm])
    page.reload()
    return Rater(page)
