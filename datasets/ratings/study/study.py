"""A study as its raters meet it: what each of them sees next. The page decides nothing, this does."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from datasets.common.hashing import sha256_of_bytes
from datasets.ratings.study.database import Database
from datasets.ratings.study.fields import Refused
from datasets.ratings.study.issue import issue
from datasets.ratings.study.made_up import MadeUpLadder, verdict_on_pair
from datasets.ratings.study.plan import QUESTIONS, Slot, plan
from datasets.ratings.study.prepare import StudyPicture
from datasets.ratings.study.settings import SECONDS_A_PICTURE, STEPS, StudySettings

SITTING_S = 30 * 60.0
"""After a longer break, practice comes again."""

SHOW_MS = 2000
"""A yes/no question's flicker."""

_PRACTICE = {"slider": 3, "yes-no": 4}

Row = sqlite3.Row


@final
@dataclass(frozen=True)
class Study:
    """One study that is going on.

    :param pictures: by name.
    :param consent: the text.
    :param invited_only: whether a rater needs an invitation.
    :param now: seconds since 1970.
    """

    root: Path
    settings: StudySettings
    pictures: Mapping[str, StudyPicture]
    consent: str
    database: Database
    invited_only: bool = False
    now: Callable[[], float] = field(default=time.time)

    @property
    def each(self) -> int:
        """Pictures that one person rates."""
        return min(self.settings.per_rater, len(self.pictures))

    def plan_of(self, session: Row) -> list[Slot]:
        """A person's trials but practice."""
        return plan(self.settings.trial, self.each, session["seed"])

    def state(self, connection: sqlite3.Connection, session: Row | None) -> dict[str, Any]:
        """What a rater sees; the next trial is issued where there is none.

        :param session: None where the browser has none.
        """
        if session is None:
            return self.welcome()
        if session["state"] == "checks":
            return self.checks(session)
        if session["state"] == "rating":
            trial = self.open_trial(connection, session) or issue(self, connection, session)
            if isinstance(trial, float):
                return {
                    "stage": "pause",
                    "retry_s": max(5, round(trial)),
                    "progress": self._progress(connection, session),
                }
            if trial is not None:
                return self._trial(connection, session, trial)
            connection.execute("UPDATE session SET state = 'done' WHERE id = ?", (session["id"],))
        elif session["state"] == "withdrawn":
            return {"stage": "withdrawn"}
        return {"stage": "done", "ratings": self.ratings(connection, session)}

    def checks(self, session: Row, distance_cm: float | None = None) -> dict[str, Any]:
        """What the page checks before the first trial.

        :param distance_cm: another than the study's, that suits the screen.
        """
        return {
            "stage": "checks",
            "viewing": session["viewing"],
            "aim_px_per_degree": round(self.settings.aim_px_per_degree, 2),
            "distance_cm": distance_cm or self.settings.distance_cm,
            "largest": list(self.largest),
            "probe": "/api/probe.jpg",
        }

    @property
    def largest(self) -> tuple[int, int]:
        """Width and height that hold every picture."""
        pictures = self.pictures.values()
        return max(picture.width for picture in pictures), max(picture.height for picture in pictures)

    def open_trial(self, connection: sqlite3.Connection, session: Row) -> Row | None:
        """The trial that the rater is to answer, practice first; None where one is to be issued."""
        unanswered = (
            "SELECT trial.* FROM trial LEFT JOIN answer ON answer.trial = number WHERE session = ? AND attempt IS NULL"
        )
        waiting: list[Row] = connection.execute(f"{unanswered} ORDER BY place", (session["id"],)).fetchall()
        if not waiting or (waiting[0]["place"] >= 0 and self.practice_due(connection, session)):
            return None
        return waiting[0]

    def shown(self, trial: Row, step: int) -> tuple[str, int]:
        """The picture and the step of its own ladder that a trial shows at a step; 0 is the reference.

        :raises Refused: where the trial has no such step for its viewer.
        """
        if trial["step"] is not None:
            if step not in (0, trial["step"]):
                raise Refused(404, "this question shows another step")
            return trial["picture"], step
        if not 0 <= step <= STEPS:
            raise Refused(404, f"steps are 0 to {STEPS}")
        return trial["picture"], MadeUpLadder.parse(trial["ladder"]).step_of(step) if trial["ladder"] else step

    def ratings(self, connection: sqlite3.Connection, session: Row) -> int:
        """Pictures that a person has rated."""
        a_picture = "SELECT picture FROM trial JOIN answer ON answer.trial = number WHERE session = ? AND kind = 'main'"
        enough = f"{a_picture} GROUP BY picture HAVING COUNT(*) >= ?"
        return len(connection.execute(enough, (session["id"], self.answers_a_rating)).fetchall())

    @property
    def answers_a_rating(self) -> int:
        """Answers that make a rating."""
        return 1 if self.settings.trial == "slider" else QUESTIONS

    def welcome(self) -> dict[str, Any]:
        """What a new rater sees."""
        settings = self.settings
        return {
            "stage": "welcome",
            "consent": self.consent,
            "consent_sha256": settings.consent_sha256,
            "needs_invitation": self.invited_only,
            "study": {
                "trial": settings.trial,
                "flicker_hz": settings.flicker,
                "pictures": self.each,
                "minutes": round(5 + 1.25 * self.each * SECONDS_A_PICTURE / 60),
                "distance_cm": settings.distance_cm,
            },
        }

    def _trial(self, connection: sqlite3.Connection, session: Row, trial: Row) -> dict[str, Any]:
        picture = self.pictures[trial["picture"]]
        state = {
            "stage": "trial",
            "trial": trial["number"],
            "kind": self.settings.trial,
            "practice": trial["kind"] == "practice",
            "feedback": self._feedback(connection, session),
            "width": picture.width,
            "height": picture.height,
            "zoom_k": session["zoom_k"],
            "steps": STEPS,
            "flickers_until": STEPS if trial["ladder"] else picture.last_step(session["viewing"]),
            "switch_ms": self.settings.switch_ms,
            "viewing": session["viewing"],
            "progress": self._progress(connection, session),
            "checks": self.checks(session, session["distance_cm"]),
        }
        return state if trial["step"] is None else {**state, "shown": trial["step"], "show_ms": SHOW_MS}

    def _progress(self, connection: sqlite3.Connection, session: Row) -> list[int]:
        answered = "SELECT COUNT(*) FROM trial JOIN answer ON answer.trial = number WHERE session = ? AND place >= 0"
        return [connection.execute(answered, (session["id"],)).fetchone()[0], len(self.plan_of(session))]

    def _feedback(self, connection: sqlite3.Connection, session: Row) -> str | None:
        answered = (
            "SELECT trial.*, answer.step AS answered, censored, noticed FROM trial "
            "JOIN answer ON answer.trial = number WHERE session = ? ORDER BY received DESC, issued DESC LIMIT 1"
        )
        last = connection.execute(answered, (session["id"],)).fetchone()
        if last is None or last["kind"] != "practice":
            return None
        return f"practice_{verdict_of(last)}"

    def practice_due(self, connection: sqlite3.Connection, session: Row) -> bool:
        """Whether this sitting began without its practice: practice comes first, and again after a longer break."""
        answered = (
            "SELECT received, kind FROM trial JOIN answer ON answer.trial = number WHERE session = ? ORDER BY received"
        )
        sitting: list[str] = []
        before = 0.0
        for row in connection.execute(answered, (session["id"],)):
            if row["received"] - before > SITTING_S:
                sitting = []
            sitting.append(row["kind"])
            before = row["received"]
        if self.now() - before > SITTING_S:
            sitting = []
        return set(sitting) <= {"practice"} and len(sitting) < _PRACTICE[self.settings.trial]


def verdict_of(row: Row) -> str:
    """Of an answered trial whose right answer is known.

    :param row: a trial with its answer's `answered` (step), `censored` and `noticed`.
    """
    if row["ladder"] is None:
        return verdict_on_pair(row["step"], noticed=bool(row["noticed"]))
    return MadeUpLadder.parse(row["ladder"]).verdict(row["answered"], censored=bool(row["censored"]))


def hash_of(secret: str) -> str:
    """What is stored of a cookie, an invitation or a code."""
    return sha256_of_bytes(secret)
