"""The routes of a study, and what they refuse: other hosts and origins, forms, large bodies, too many answers.

JSON in, JSON out. An error is `{"error": SENTENCE}`, with `"state"` where the page can go on with one. Raters get
pictures by the number of their open trial, never by a path; photographs' names never reach them.
"""

from __future__ import annotations

import collections
import functools
import hmac
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.common.files import parse_json
from datasets.common.hashing import sha256_of_bytes
from datasets.ratings.study.answers import accept
from datasets.ratings.study.entry import begin, check_display, session_of, withdraw, withdrawal_code
from datasets.ratings.study.fields import Refused
from datasets.ratings.study.owner import OwnerView
from datasets.ratings.study.prepare import level_file
from datasets.ratings.study.settings import CODEC, STEPS
from datasets.ratings.study.study import Row, Study
from datasets.sets.rated import PICTURES

if TYPE_CHECKING:
    from flask import Flask, Response

COOKIE, OWN_HEADER, OWNER_HEADER = "jnd_rate", "X-JND-Rate", "X-JND-Owner"
MOST_BYTES = 64 * 1024
ANSWERS_A_SECOND = 5

_PAGE = Path(__file__).parent / "page"
_COOKIE_S = 90 * 24 * 60 * 60
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_app(
    study: Study, origins: frozenset[str], owner_token: str, *, answers_a_second: float = ANSWERS_A_SECOND
) -> Flask:
    """The study as a WSGI application.

    :param origins: as browsers name this server, e.g. `http://127.0.0.1:8642`; others are refused.
    :param owner_token: opens the owner's numbers.
    :param answers_a_second: of one session, at most.
    """
    from flask import Flask, jsonify, request, send_file
    from werkzeug.exceptions import HTTPException

    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    hosts = {origin.partition("://")[2] for origin in origins}
    limit, view = _Limit(answers_a_second, study.now), OwnerView(study)

    @app.before_request
    def guard() -> None:
        if request.host not in hosts:
            raise Refused(403, "This address is not the study's.")
        if request.method == "POST":
            if request.headers.get("Origin") not in origins or OWN_HEADER not in request.headers:
                raise Refused(403, "Only the study's own page may send this.")
            if request.mimetype != "application/json":
                raise Refused(415, "Only JSON is taken.")

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(_HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Response, int]:
        content: dict[str, Any] = {"error": str(error)}
        if error.status == 409:
            content["state"] = error.state or _state()
        return jsonify(content), error.status

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> tuple[Response, int]:
        return jsonify({"error": error.description or error.name}), error.code or 500

    def _shown(state: Mapping[str, Any], token: str | None) -> dict[str, Any]:
        """A state as a browser gets it: the code of withdrawal is made of its cookie."""
        has_code = state["stage"] in ("trial", "pause", "done")
        return {**state, "withdrawal_code": withdrawal_code(token)} if token and has_code else dict(state)

    def _state() -> dict[str, Any]:
        token = request.cookies.get(COOKIE)
        with study.database.writing() as connection:
            return _shown(study.state(connection, session_of(connection, token)), token)

    def _body() -> dict[str, Any]:
        try:
            body = parse_json(request.get_data().decode())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "The request is no JSON object.")
        return body

    def _after(action: Callable[..., None]) -> Response:
        """The rater's next state, after something was done to the session; both or neither."""
        body, token = _body(), request.cookies.get(COOKIE)
        with study.database.writing() as connection:
            action(study, connection, _known(session_of(connection, token)), body)
            state = study.state(connection, session_of(connection, token))
        return jsonify(_shown(state, token))

    @app.get("/")
    def rater() -> Response:
        return send_file(_PAGE / "rater.html", max_age=0)

    @app.get("/owner")
    def owner_page() -> Response:
        return send_file(_PAGE / "owner.html", max_age=0)

    @app.get("/page/<name>")
    def page(name: str) -> Response:
        files = {path.name: path for path in _PAGE.iterdir() if path.is_file()}
        if name not in files:
            raise Refused(404, "There is no such file.")
        return send_file(files[name], max_age=0)

    @app.get("/api/state")
    def state() -> Response:
        return jsonify(_state())

    @app.post("/api/session")
    def session() -> Response:
        token, content = begin(study, request.cookies.get(COOKIE), _body())
        response: Response = jsonify(_shown(content, token))
        secure = any(origin.startswith("https:") and origin.endswith(f"//{request.host}") for origin in origins)
        response.set_cookie(COOKIE, token, max_age=_COOKIE_S, httponly=True, samesite="Strict", secure=secure)
        return response

    @app.post("/api/leave")
    def leave() -> Response:
        response: Response = jsonify(study.welcome())
        response.delete_cookie(COOKIE, httponly=True, samesite="Strict")
        return response

    @app.post("/api/display")
    def display() -> Response:
        return _after(functools.partial(check_display, pixels=_probe(study)[1]))

    @app.post("/api/answer")
    def answer() -> Response:
        limit.count(request.cookies.get(COOKIE, ""))
        return _after(accept)

    @app.post("/api/withdraw")
    def withdrawn() -> Response:
        return jsonify({"withdrawn": withdraw(study, _body())})

    @app.get("/api/probe.jpg")
    def probe() -> Response:
        return _picture(_probe(study)[0], "image/jpeg")

    @app.get("/api/picture/<int:number>/<int:step>")
    def picture(number: int, step: int) -> Response:
        with study.database.reading() as connection:
            opened = study.open_trial(connection, _known(session_of(connection, request.cookies.get(COOKIE))))
        if opened is None or opened["number"] != number:
            raise Refused(404, "This is not the open question.")
        name, own_step = study.shown(opened, step)
        if own_step == 0:
            return _picture((study.root / PICTURES / f"{name}.png").read_bytes(), "image/png")
        return _picture(level_file(study.root, name, own_step).read_bytes(), "image/jpeg")

    @app.get("/api/owner")
    def owner() -> Response:
        if not hmac.compare_digest(request.headers.get(OWNER_HEADER, "").encode(), owner_token.encode()):
            raise Refused(403, "Open the owner's page by the address that was printed when the study was started.")
        return jsonify(view.numbers())

    return app


class _Limit:
    """Answers of one session a second, at most."""

    def __init__(self, a_second: float, now: Callable[[], float]) -> None:
        self._a_second, self._now, self._lock = a_second, now, threading.Lock()
        self._times: dict[str, collections.deque[float]] = {}

    def count(self, session: str) -> None:
        """:raises Refused: where it is one too many."""
        with self._lock:
            now = self._now()
            times = self._times.setdefault(session, collections.deque())
            while times and times[0] <= now - 1:
                times.popleft()
            if len(times) >= self._a_second:
                raise Refused(429, "Too many answers at once. Wait a second.")
            times.append(now)
            if len(self._times) > 10000:
                self._times.clear()


def _known(session: Row | None) -> Row:
    if session is None:
        raise Refused(401, "This browser has no session. Load the page again.")
    return session


def _picture(content: bytes, kind: str) -> Response:
    from flask import Response

    return Response(content, mimetype=kind, headers={"Cache-Control": "private, max-age=3600"})


@functools.lru_cache(maxsize=4)
def _probe_of(root: Path, name: str) -> tuple[bytes, str]:
    encoded = level_file(root, name, STEPS // 2).read_bytes()
    rgb = CODEC.decode(encoded)
    rgba = np.concatenate([rgb, np.full_like(rgb[..., :1], 255)], axis=2)
    return encoded, sha256_of_bytes(rgba.tobytes())


def _probe(study: Study) -> tuple[bytes, str]:
    """A picture's file, and the hash of its pixels as RGBA."""
    return _probe_of(study.root, min(study.pictures))
