"""Answers as they arrive: stored once, whatever is sent again, by whichever tab."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from datasets.ratings.study.fields import Refused, number, pair, text, truth, whole
from datasets.ratings.study.settings import STEPS
from datasets.ratings.study.study import Row, Study

_MOST_MOVES = 2000
_A_DAY_MS = 24 * 60 * 60 * 1000.0


def accept(study: Study, connection: sqlite3.Connection, session: Row, body: Mapping[str, Any]) -> None:
    """Store an answer to the open trial; the same attempt again changes nothing.

    :raises Refused: where another answer was given before, the trial is not the open one, or a field is wrong.
    """
    trial, attempt = whole(body, "trial", 0, 2**53), text(body, "attempt", 64)
    given = "SELECT answer.attempt FROM answer JOIN trial ON number = trial WHERE number = ? AND session = ?"
    before = connection.execute(given, (trial, session["id"])).fetchone()
    if before is not None and before["attempt"] == attempt:
        return
    opened = study.open_trial(connection, session) if session["state"] == "rating" else None
    if before is not None or opened is None or opened["number"] != trial:
        raise Refused(409, "This question was answered before.")
    row = _row(study, session, opened, body)
    try:
        connection.execute(
            "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (trial, attempt, *row, study.now())
        )
    except sqlite3.IntegrityError as error:
        raise Refused(409, "This attempt belongs to another question.") from error


def _row(study: Study, session: Row, trial: Row, body: Mapping[str, Any]) -> tuple[object, ...]:
    """The columns from `step` to `viewport`."""
    step: int | None = None
    noticed: bool | None = None
    censored = False
    if trial["step"] is None:
        censored = truth(body, "censored")
        last_step = study.pictures[trial["picture"]].last_step(session["viewing"]) if not trial["ladder"] else STEPS
        step = last_step if censored else whole(body, "step", 1, last_step)
    else:
        noticed = truth(body, "noticed")
    switches = [
        None if body.get(name) is None else number(body, name, 0, high)
        for name, high in (("switch_ms_mean", 60000), ("switch_ms_max", 60000), ("dropped", 1))
    ]
    after = None if trial["step"] is None else number(body, "ms_after_flicker", 0, _A_DAY_MS)
    return (
        step,
        int(censored),
        noticed,
        number(body, "ms", 0, _A_DAY_MS),
        after,
        _moves(body),
        *switches,
        number(body, "device_pixel_ratio", 0.1, 20),
        json.dumps(pair(body, "viewport", 65536)),
    )


def _moves(body: Mapping[str, Any]) -> str:
    moves = body.get("moves")
    if not isinstance(moves, list) or len(moves) > _MOST_MOVES:
        raise Refused(400, f"moves is no list of {_MOST_MOVES} pairs or fewer")
    return json.dumps([pair({"moves": move}, "moves", _A_DAY_MS) for move in moves])
