"""A rater's way in and out: consent and invitation, the display's checks, withdrawal."""

from __future__ import annotations

import base64
import hashlib
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

from datasets.ratings.study.fields import Refused, number, pair, text, truth
from datasets.ratings.study.prepare import CLOSEST
from datasets.ratings.study.settings import pixels_per_degree
from datasets.ratings.study.study import Row, Study, hash_of

_MOST_ZOOM = 16
_NEAREST_CM, _FURTHEST_CM = 30, 120
_INSIDE = 0.9
"""Of the accepted range of geometries: what a proposed distance leaves for not sitting still."""


def invite(study: Study, count: int) -> list[str]:
    """New invitations, of which only hashes are stored: 128 bits each."""
    tokens = [secrets.token_urlsafe(16) for _ in range(count)]
    with study.database.writing() as connection:
        connection.executemany("INSERT INTO invitation VALUES (?)", [(hash_of(token),) for token in tokens])
    return tokens


def session_of(connection: sqlite3.Connection, token: str | None) -> Row | None:
    """The session of a cookie."""
    if token is None:
        return None
    session: Row | None = connection.execute("SELECT * FROM session WHERE token_hash = ?", (hash_of(token),)).fetchone()
    return session


def begin(study: Study, token: str | None, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Let a rater in, or go on with the session that the invitation or the cookie has.

    :param token: of the cookie.
    :returns: the cookie's token, and what the rater sees.
    :raises Refused: without invitation where one is needed, or where a condition is not met.
    """
    invitation = None if body.get("invitation") is None else text(body, "invitation", 100)
    with study.database.writing() as connection:
        if invitation is not None:
            invited = "SELECT 1 FROM invitation WHERE token_hash = ?"
            if connection.execute(invited, (hash_of(invitation),)).fetchone() is None:
                raise Refused(403, "This invitation is not one of the study's. Ask whoever sent it.")
        token = invitation or token
        session = session_of(connection, token)
        if token and session and (invitation or session["state"] not in ("done", "withdrawn")):
            return token, study.state(connection, session)
        if study.invited_only and invitation is None:
            raise Refused(403, "This study needs an invitation. Open the whole address that you were sent.")
        if text(body, "consent_sha256", 64) != study.settings.consent_sha256:
            raise Refused(409, "The text of consent has changed. Load the page again.")
        if not (truth(body, "adult") and truth(body, "vision")):
            raise Refused(403, "Only adults with normal or corrected vision can take part.")
        swap = truth(body, "photosensitive") | truth(body, "reduced_motion")
        token, identity = invitation or secrets.token_urlsafe(16), secrets.token_hex(5)
        connection.execute(
            "INSERT INTO session "
            "(id, token_hash, code_hash, consent_sha256, started, trial_type, viewing, seed, state) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'checks')",
            (
                identity,
                hash_of(token),
                hash_of(withdrawal_code(token)),
                study.settings.consent_sha256,
                study.now(),
                study.settings.trial,
                "swap" if swap else "flicker",
                secrets.randbits(32),
            ),
        )
        return token, study.state(connection, session_of(connection, token))


def check_display(
    study: Study, connection: sqlite3.Connection, session: Row, body: Mapping[str, Any], pixels: str
) -> None:
    """Store how a rater's display shows pictures, or say what is to be changed; again where it was changed meanwhile.

    :param pixels: hash of the probe's pixels.
    :raises Refused: where it would show them otherwise than the study wants.
    """
    if session["state"] not in ("checks", "rating"):
        return
    per_cm, distance = number(body, "px_per_cm", 5, 500), number(body, "distance_cm", 20, 300)
    ratio, refresh = number(body, "device_pixel_ratio", 0.25, 10), number(body, "refresh_hz", 20, 1000)
    window, browser, automated = pair(body, "viewport", 65536), text(body, "browser", 40), truth(body, "automated")
    if text(body, "decoded_sha256", 64) != pixels:
        raise Refused(
            409,
            "This browser changes the pictures' pixels. Use a current Chrome, Edge or Firefox.",
            study.checks(session),
        )
    zooms = range(
        1, min(_MOST_ZOOM, *(int(side // needed) for side, needed in zip(window, study.largest, strict=True))) + 1
    )
    if not zooms:
        width, height = study.largest
        raise Refused(
            409,
            f"There is room for {window[0]:.0f} x {window[1]:.0f} pixels, and the pictures need {width} x {height}. "
            "Make the window larger, use the full screen (F11), or another screen.",
            study.checks(session),
        )
    aim, one = study.settings.aim_px_per_degree, pixels_per_degree(per_cm, distance)
    off, zoom = min((abs(one / zoom / aim - 1), zoom) for zoom in zooms)
    if off > 1 - CLOSEST:
        raise _another_distance(study, session, zooms, per_cm, distance)
    connection.execute(
        "UPDATE session SET px_per_cm = ?, distance_cm = ?, px_per_degree = ?, device_pixel_ratio = ?, zoom_k = ?, "
        "refresh_hz = ?, browser = ?, automated = ?, state = 'rating' WHERE id = ?",
        (per_cm, distance, one / zoom, ratio, zoom, refresh, browser, int(automated), session["id"]),
    )


def withdraw(study: Study, body: Mapping[str, Any]) -> int:
    """Delete a session's answers.

    :returns: how many there were.
    :raises Refused: where no session has the code.
    """
    code = "".join(c for c in text(body, "code", 60).upper() if c.isalnum())
    with study.database.writing() as connection:
        having = "SELECT id FROM session WHERE code_hash = ?"
        session = connection.execute(having, (hash_of(code),)).fetchone()
        if session is None:
            raise Refused(404, "No session has this code. Compare it with the one that you were shown.")
        theirs = "(SELECT number FROM trial WHERE session = ?)"
        deleted = connection.execute(f"DELETE FROM answer WHERE trial IN {theirs}", (session["id"],)).rowcount
        connection.execute("DELETE FROM trial WHERE session = ?", (session["id"],))
        connection.execute("UPDATE session SET state = 'withdrawn' WHERE id = ?", (session["id"],))
    return deleted


def withdrawal_code(token: str) -> str:
    """A session's code, made of its cookie, so that only its hash is stored: 80 bits in 16 letters and digits."""
    return base64.b32encode(hashlib.sha256(f"withdraw {token}".encode()).digest()[:10]).decode()


def _another_distance(study: Study, session: Row, zooms: range, per_cm: float, distance_cm: float) -> Refused:
    """What to say where pictures would be shown too small or too large at the distance."""
    aim, margin = study.settings.aim_px_per_degree, (1 - CLOSEST) * _INSIDE
    proposals = []
    for zoom in zooms:
        exact = aim * zoom / pixels_per_degree(per_cm, 1)
        nearest = min(max(distance_cm, exact * (1 - margin)), exact * (1 + margin))
        if _NEAREST_CM <= nearest <= _FURTHEST_CM:
            proposals.append((abs(nearest - distance_cm), round(nearest)))
    if not proposals:
        return Refused(
            409, "This screen cannot show the pictures in the study's size. Use another one.", study.checks(session)
        )
    distance = min(proposals)[1]
    return Refused(
        409,
        f"On this screen pictures have the study's size from {distance} cm. Sit at that distance from the screen.",
        study.checks(session, distance),
    )
