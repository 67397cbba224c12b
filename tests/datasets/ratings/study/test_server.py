"""Protects the server: who may ask for what, what raters get to see, and that a kill loses no acknowledged answer."""

import hashlib
import io
import json

import numpy as np
import pytest
from PIL import Image

from datasets.ratings.study import owner
from datasets.ratings.study.collected import collect
from datasets.ratings.study.server import MOST_BYTES
from tests.datasets.ratings.study.scripts import ORIGIN, OWNER, Script, client_of, display_of, truth_of
from tests.datasets.ratings.study.test_entry import script


@pytest.mark.parametrize("host", ["evil.example:8642", "127.0.0.1", "127.0.0.1:80", "localhost:8642"])
def test_another_host_is_refused(prepared, host):
    assert client_of(prepared)("GET", "/api/state", Host=host)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ORIGIN + "0", "https://127.0.0.1:8642", ""])
def test_another_origin_changes_nothing(prepared, origin):
    assert client_of(prepared)("POST", "/api/leave", {}, Origin=origin)[0] == 403


def test_a_form_of_another_page_changes_nothing(prepared):
    browser = client_of(prepared).browser
    as_page = {"Origin": ORIGIN, "X-JND-Rate": "1"}
    bare = browser.post("/api/leave", json={}, headers={"Origin": ORIGIN}, base_url=ORIGIN)
    form = browser.post("/api/leave", data={"a": "b"}, headers=as_page, base_url=ORIGIN)
    assert (bare.status_code, form.status_code) == (403, 415)
    large = browser.post("/api/session", data=b"{" + b" " * MOST_BYTES, headers=as_page, base_url=ORIGIN)
    assert large.status_code in (413, 415)
    json_head = as_page | {"Content-Type": "application/json"}
    for body, status in (
        (b" " * (MOST_BYTES + 1), 413),
        (b"[1]", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 9999, 400),
    ):
        reply = browser.post("/api/session", data=body, headers=json_head, base_url=ORIGIN)
        assert reply.status_code == status and "error" in reply.get_json(), body[:9]


def test_every_reply_carries_the_strict_policy(prepared):
    browser = client_of(prepared).browser
    for path in ("/", "/owner", "/page/rater.js", "/api/state", "/api/nothing", "/api/probe.jpg"):
        with browser.get(path, base_url=ORIGIN) as reply:
            headers = reply.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
    assert browser.get("/api/state", base_url=ORIGIN).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/page/../server.py", "/page/%2e%2e/server.py", "/page/..%2fserver.py", "/page/", "/rated.json"]
)
def test_no_other_file_is_served(prepared, path):
    assert client_of(prepared)("GET", path)[0] == 404


def test_pictures_come_by_the_open_trial_alone_with_no_name(new_study):
    study = new_study()
    rater, other = script(study), script(study)
    trial, others = rater.begin()["trial"], other.begin()["trial"]
    assert client_of(study)("GET", f"/api/picture/{trial}/0")[0] == 401
    for path in (f"{others}/0", f"{trial}/101", f"{trial}/-1", f"{trial}/x", "../0", f"{trial + 1}/1"):
        assert rater.send("GET", f"/api/picture/{path}")[0] == 404
    shown = truth_of(study, trial)
    start, name = json.loads(shown["ladder"])["start"], shown["picture"]
    reference = (study.root / "pictures" / f"{name}.png").read_bytes()
    seen = {step: rater.send("GET", f"/api/picture/{trial}/{step}")[1] for step in (0, start, start + 1, 100)}
    assert seen[0] == seen[start] == reference
    assert seen[100] == (study.root / "levels" / name / "5.jpg").read_bytes() != seen[start + 1]
    reply = rater.send.browser.get(f"/api/picture/{trial}/100", base_url=ORIGIN)
    assert "holiday" not in str(reply.headers) + json.dumps(rater.send("GET", "/api/state")[1])
    assert reply.headers["Cache-Control"] == "private, max-age=3600"
    rater.answer(rater.send("GET", "/api/state")[1])
    assert rater.send("GET", f"/api/picture/{trial}/0")[0] == 404


def test_the_probe_is_what_a_browser_decodes(prepared):
    content = client_of(prepared)("GET", "/api/probe.jpg")[1]
    rgba = np.array(Image.open(io.BytesIO(content)).convert("RGBA"))
    assert hashlib.sha256(rgba.tobytes()).hexdigest() == display_of(prepared)["decoded_sha256"]


def test_a_flood_of_answers_is_slowed_down(new_study):
    study = new_study()
    rater = Script(client_of(study, 5), display_of(study), lambda state: {"step": 40})
    state = rater.begin()
    statuses = []
    for _ in range(7):
        status, reply = rater.answer(state)
        statuses.append(status)
        state = reply if status == 200 else state
    assert statuses == [200] * 5 + [429] * 2
    study.now.time_s += 1
    assert rater.answer(state)[0] == 200


@pytest.mark.parametrize("token", ["", "x", OWNER[:-1], OWNER + "x", "ö"])
def test_the_owners_numbers_need_the_token(prepared, token):
    assert client_of(prepared)("GET", "/api/owner", X_JND_Owner=token.encode().decode("latin-1"))[0] == 403


def test_the_owner_sees_who_is_where(new_study):
    study = new_study(per_rater=8, raters=2)
    done, half = script(study), script(study)
    done.rate_all(done.begin())
    half.rate_all(half.begin(), most=6)
    status, seen = client_of(study)("GET", "/api/owner", X_JND_Owner=OWNER)
    assert status == 200 and [rater["stage"] for rater in seen["raters"]] == ["done", "rating"]
    assert seen["raters"][0]["done"] == seen["raters"][0]["total"] and seen["raters"][1]["done"] == 3
    assert seen["raters"][0]["catches"][0] == seen["raters"][0]["catches"][1] > 0
    assert (seen["wanted"], seen["automated"]) == (32, 2) and 8 < seen["ratings"] <= 11
    assert sum(picture["ratings"] for picture in seen["pictures"]) == seen["ratings"] and seen["minutes_left"] > 1
    assert "jnd_rate" not in json.dumps(seen) and "holiday" not in json.dumps(seen["raters"])


def test_however_often_the_owner_looks_ratings_are_judged_once_a_minute(new_study, monkeypatch):
    judged = []
    monkeypatch.setattr(owner, "collect", lambda study: judged.append(study) or collect(study))
    study = new_study(per_rater=8, raters=2)
    view = owner.OwnerView(study)
    assert view.numbers()["ratings"] == 0
    raters = [script(study), script(study)]
    for rater in raters:
        rater.rate_all(rater.begin(), most=8)
        assert view.numbers()["ratings"] == owner.OwnerView(study).numbers()["ratings"] > 0
    judged.clear()
    for _ in range(5):
        view.numbers()
    assert not judged
    study.now.time_s += owner.JUDGED_EVERY_S
    for _ in range(5):
        view.numbers()
    assert len(judged) == 1
