"""Scripted raters over HTTP or Flask's test client, and a study of tiny pictures that they rate. Nobody is asked."""

from __future__ import annotations

import contextlib
import http.client
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from datasets.ratings.study.database import Database
from datasets.ratings.study.folder import new_about, prepare, write_about
from datasets.ratings.study.server import _probe, create_app
from datasets.ratings.study.settings import StudySettings
from datasets.ratings.study.study import Study

ORIGIN = "http://127.0.0.1:8642"
OWNER = "the-owner's-token"
Reply = tuple[int, Any]


class Clock:
    """Stands still until it is moved, but for a millisecond a look."""

    def __init__(self) -> None:
        self.time_s = 1e9

    def __call__(self) -> float:
        self.time_s += 0.001
        return self.time_s


def make_study(photos: Path, root: Path, **settings: Any) -> Study:
    """A study of a folder of photographs, whose clock is a test's."""
    chosen = StudySettings(**{"crop": None, "consent_sha256": "c" * 64, **settings})
    about = new_about(chosen)
    pictures = prepare(root, photos, chosen, about)
    return Study(root, chosen, pictures, "Agree?", Database(root / "ratings.sqlite"), now=Clock())


def again(study: Study, root: Path, **settings: Any) -> Study:
    """The same pictures, linked into another folder, with other settings and no answers."""
    root.mkdir()
    for part in ("pictures", "levels"):  # some 1,600 files, which nothing changes
        (root / part).symlink_to(study.root / part)
    chosen = StudySettings(**{"crop": None, "consent_sha256": "c" * 64, **settings})
    write_about(root, new_about(chosen))
    return Study(root, chosen, dict(study.pictures), "Agree?", Database(root / "ratings.sqlite"), now=Clock())


def client_of(study: Study, answers_a_second: float = 1e9) -> Callable[..., Any]:
    """`send(method, path, body)` of a new browser: status and JSON, or bytes."""
    browser = create_app(study, frozenset({ORIGIN}), OWNER, answers_a_second=answers_a_second).test_client()

    def send(method: str, path: str, body: Any = None, **headers: str) -> Reply:
        headers = {"Origin": ORIGIN, "X-JND-Rate": "1"} | {k.replace("_", "-"): v for k, v in headers.items()}
        reply = browser.open(path, method=method, json=body, headers=headers, base_url=ORIGIN)
        return reply.status_code, reply.get_json() if reply.is_json else reply.data

    send.browser = browser  # type: ignore[attr-defined]
    return send


def http_client(port: int) -> Callable[..., Any]:
    """The same over HTTP; an answer that does not arrive has status 0."""
    cookie: list[str] = []

    def send(method: str, path: str, body: Any = None) -> Reply:
        headers = {"Origin": f"http://127.0.0.1:{port}", "X-JND-Rate": "1", "Content-Type": "application/json"}
        if cookie:
            headers["Cookie"] = cookie[-1]
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            try:
                connection.request(method, path, json.dumps(body) if body is not None else None, headers)
                reply = connection.getresponse()
                content = reply.read()
            except (OSError, http.client.HTTPException):
                return 0, None
        if given := reply.getheader("Set-Cookie"):
            cookie.append(given.partition(";")[0])
        return reply.status, json.loads(content) if reply.getheader("Content-Type") == "application/json" else content

    return send


def display_of(study: Study, **more: Any) -> dict[str, Any]:
    """A display that shows pictures in the study's size."""
    return {
        "px_per_cm": 37.8,
        "distance_cm": 60,
        "device_pixel_ratio": 1,
        "refresh_hz": 60,
        "viewport": [1900, 900],
        "browser": "script 1",
        "decoded_sha256": _probe(study)[1],
        "automated": True,
        **more,
    }


@dataclass
class Script:
    """One rater.

    :param rate: the fields of an answer to a trial as the server describes it.
    :param acknowledged: step or yes/no of every answer that was acknowledged, by (trial, attempt).
    """

    send: Callable[..., Any]
    display: dict[str, Any]
    rate: Callable[[dict[str, Any]], dict[str, Any]]
    acknowledged: dict[tuple[int, str], Any] = field(default_factory=dict)

    def begin(self, **more: Any) -> Any:
        """Come in and pass the checks."""
        return self.come_in(**more) and self.send("POST", "/api/display", self.display)[1]

    def come_in(self, **more: Any) -> Any:
        """Agree."""
        welcome = self.send("GET", "/api/state")[1]
        agreed = {"consent_sha256": welcome["consent_sha256"], "adult": True, "vision": True, "invitation": None}
        return self.send("POST", "/api/session", {**agreed, "photosensitive": False, "reduced_motion": False, **more})[
            1
        ]

    def answer(self, state: dict[str, Any], **more: Any) -> Reply:
        """Answer a trial once."""
        body = {
            "trial": state["trial"],
            "attempt": str(uuid.uuid4()),
            "step": None,
            "censored": False,
            "noticed": None,
            "ms": 12000,
            "ms_after_flicker": None if state["kind"] == "slider" else 1500,
            "moves": [[0, 0], [900, 40]],
            "switch_ms_mean": 133.3,
            "switch_ms_max": 140,
            "dropped": 0.0,
            "device_pixel_ratio": self.display["device_pixel_ratio"],
            "viewport": [1900, 1000],
            **self.rate(state),
            **more,
        }
        status, reply = self.send("POST", "/api/answer", body)
        if status == 200:
            self.acknowledged[body["trial"], body["attempt"]] = (
                body["step"] if body["noticed"] is None else body["noticed"]
            )
        return status, reply

    def rate_all(self, state: dict[str, Any], most: int = 10_000) -> dict[str, Any]:
        """Answer until there is no trial any more."""
        while state["stage"] == "trial" and most:
            status, state = self.answer(state)
            assert status == 200, state
            most -= 1
        return state


def truth_of(study: Study, trial: int) -> Any:
    """What the server alone knows of a trial."""
    with study.database.reading() as connection:
        return connection.execute("SELECT * FROM trial WHERE number = ?", (trial,)).fetchone()


def knowing(study: Study, steps: dict[str, int], seed: int = 0, noise: float = 0.0) -> Callable[..., dict[str, Any]]:
    """Answers of someone who begins to see a picture's compression at its step, and made-up ladders' at the seventh."""
    rng = np.random.default_rng(seed)

    def rate(state: dict[str, Any]) -> dict[str, Any]:
        trial = truth_of(study, state["trial"])
        noise_steps = rng.normal(0, noise) if noise else 0.0
        if state["kind"] == "yes-no":
            return {"noticed": trial["step"] >= steps[trial["picture"]] + noise_steps}
        right = json.loads(trial["ladder"])["start"] + 7 if trial["ladder"] else steps[trial["picture"]]
        step = round(right + noise_steps)
        return {"step": min(max(step, 1), state["flickers_until"]), "censored": step > state["flickers_until"]}

    return rate
