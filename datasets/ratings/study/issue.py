"""The next trial of a rater: which picture, and what of it. Least rated pictures first, whoever else is rating."""

from __future__ import annotations

import secrets
import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from datasets.ratings.study.adaptive import next_step
from datasets.ratings.study.made_up import MadeUpLadder
from datasets.ratings.study.plan import Slot

if TYPE_CHECKING:
    from datasets.ratings.study.study import Row, Study

LEASE_S = 20 * 60.0
"""A picture that someone is rating counts as rated for so long."""


def issue(study: Study, connection: sqlite3.Connection, session: Row) -> Row | float | None:
    """The next trial, stored; seconds to wait where others are rating all that is left; None at the end."""
    places = "SELECT MIN(place), MAX(place), COUNT(*) FROM trial WHERE session = ?"
    lowest, highest, count = connection.execute(places, (session["id"],)).fetchone()
    rng = np.random.default_rng([session["seed"], count])
    if study.practice_due(connection, session):
        return _store(
            study, connection, session, min(lowest or 0, 0) - 1, "practice", *_known(study, session, rng, count)
        )
    place = max(-1 if highest is None else highest, -1) + 1
    slots = study.plan_of(session)
    if place >= len(slots):
        return None
    slot = slots[place]
    if slot.kind == "catch" and slot.run is None:
        return _store(study, connection, session, place, "catch", *_known(study, session, rng, place))
    before = next((index for index, other in enumerate(slots) if other.run == slot.run), place)
    if before < place:
        started = "SELECT picture FROM trial WHERE session = ? AND place = ?"
        picture = str(connection.execute(started, (session["id"], before)).fetchone()[0])
    else:
        chosen = _choose(study, connection, session, rng)
        if not isinstance(chosen, str):
            return chosen
        picture = chosen
    return _store(
        study,
        connection,
        session,
        place,
        slot.kind,
        picture,
        None,
        _question(study, connection, session, slot, picture),
    )


def _question(study: Study, connection: sqlite3.Connection, session: Row, slot: Slot, picture: str) -> int | None:
    """The step that a yes/no trial shows."""
    if study.settings.trial == "slider":
        return None
    last_step = study.pictures[picture].last_step(session["viewing"])
    if slot.kind == "catch":
        return last_step if slot.plain else 0
    asked = (
        "SELECT trial.step, noticed FROM trial JOIN answer ON answer.trial = number "
        "WHERE session = ? AND picture = ? AND kind = ? ORDER BY place"
    )
    rows = connection.execute(asked, (session["id"], picture, slot.kind)).fetchall()
    return next_step([row["step"] for row in rows], [bool(row["noticed"]) for row in rows], last_step)


def _known(study: Study, session: Row, rng: np.random.Generator, turn: int) -> tuple[str, str | None, int | None]:
    """A picture with a ladder, or a pair, whose right answer is known."""
    last_step = {name: picture.last_step(session["viewing"]) for name, picture in study.pictures.items()}
    plain = [name for name in last_step if last_step[name] >= min(80, max(last_step.values()))]
    picture = plain[int(rng.integers(len(plain)))]
    if study.settings.trial == "slider":
        return picture, MadeUpLadder.drawn(last_step[picture], rng).text(), None
    return picture, None, 0 if turn % 2 else last_step[picture]


def _choose(study: Study, connection: sqlite3.Connection, session: Row, rng: np.random.Generator) -> str | float | None:
    """The least rated picture that this person has not had."""
    begun = "SELECT picture FROM trial WHERE session = ? AND (kind = 'main' OR kind = 'catch' AND ladder IS NULL)"
    had = {row["picture"] for row in connection.execute(begun, (session["id"],))}
    complete, leases = coverage(study, connection, session["viewing"], session["automated"])
    left = [name for name in study.pictures if name not in had and complete[name] < study.settings.raters]
    free = [name for name in left if complete[name] + len(leases[name]) < study.settings.raters]
    if not left:
        return None
    if not free:
        return min(min(leases[name]) for name in left) + LEASE_S - study.now()
    fewest = min(complete[name] + len(leases[name]) for name in free)
    least = [name for name in free if complete[name] + len(leases[name]) == fewest]
    return least[int(rng.integers(len(least)))]


def coverage(
    study: Study, connection: sqlite3.Connection, viewing: str, automated: int
) -> tuple[dict[str, int], dict[str, list[float]]]:
    """By picture: how many have rated it, and when those began who are rating it now."""
    started = (
        "SELECT picture, COUNT(attempt) AS answers, MAX(issued) AS issued FROM trial JOIN session ON session.id = "
        "session LEFT JOIN answer ON answer.trial = number WHERE kind = 'main' AND viewing = ? AND automated = ? "
        "GROUP BY session, picture"
    )
    complete = dict.fromkeys(study.pictures, 0)
    leases: dict[str, list[float]] = {name: [] for name in study.pictures}
    for row in connection.execute(started, (viewing, automated)):
        if row["answers"] >= study.answers_a_rating:
            complete[row["picture"]] += 1
        elif row["issued"] > study.now() - LEASE_S:
            leases[row["picture"]].append(row["issued"])
    return complete, leases


def _store(
    study: Study,
    connection: sqlite3.Connection,
    session: Row,
    place: int,
    kind: str,
    picture: str,
    ladder: str | None,
    step: int | None,
) -> Row:
    number = secrets.randbits(48)
    row = (number, session["id"], place, picture, kind, ladder, step, study.now())
    connection.execute("INSERT INTO trial VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    stored: Row = connection.execute("SELECT * FROM trial WHERE number = ?", (number,)).fetchone()
    return stored
