"""Protects the way in and out: consent, invitations, what the display must show, deletion by code."""

import pytest

from datasets.ratings.study.entry import invite
from tests.datasets.ratings.study.scripts import Script, client_of, display_of, knowing


def script(study, **display):
    rate = knowing(study, dict.fromkeys(study.pictures, 40))
    return Script(client_of(study), display_of(study, **display), rate)


def test_the_way_in_leads_from_consent_to_practice(new_study):
    study = new_study(per_rater=12)
    rater = script(study)
    welcome = rater.send("GET", "/api/state")[1]
    assert welcome["stage"] == "welcome" and welcome["consent"] == "Agree?" and welcome["study"]["pictures"] == 12
    checks = rater.come_in()
    assert (checks["stage"], checks["viewing"], checks["largest"]) == ("checks", "flicker", [64, 64])
    assert checks["aim_px_per_degree"] == pytest.approx(39.58, abs=0.01)
    trial = rater.send("POST", "/api/display", rater.display)[1]
    assert trial["stage"] == "trial" and trial["practice"] and trial["zoom_k"] == 1 and trial["progress"][0] == 0
    assert trial == rater.send("GET", "/api/state")[1]


@pytest.mark.parametrize(
    ("more", "status"),
    [({"adult": False}, 403), ({"vision": False}, 403), ({"consent_sha256": "0" * 64}, 409), ({"adult": "yes"}, 400)],
)
def test_nobody_comes_in_without_consent_or_as_a_child(new_study, more, status):
    study = new_study()
    send = client_of(study)
    agreed = {
        "consent_sha256": "c" * 64,
        "adult": True,
        "vision": True,
        "photosensitive": False,
        "reduced_motion": False,
    }
    assert send("POST", "/api/session", agreed | more)[0] == status
    assert send("POST", "/api/display", display_of(study))[0] == 401


@pytest.mark.parametrize("more", [{"photosensitive": True}, {"reduced_motion": True}])
def test_nothing_flickers_for_whom_it_could_harm(new_study, more):
    assert script(new_study()).begin(**more)["viewing"] == "swap"


def test_an_invitation_is_needed_counts_once_and_leads_back(new_study):
    study = new_study()
    object.__setattr__(study, "invited_only", True)
    (token,) = invite(study, 1)
    assert token.encode() not in study.database.path.read_bytes()
    stranger, rater, elsewhere = script(study), script(study), script(study)
    assert stranger.send("GET", "/api/state")[1]["needs_invitation"]
    for invitation in (None, "guessed"):
        assert "invitation" in stranger.come_in(invitation=invitation)["error"]
    trial = rater.begin(invitation=token)
    cookie = rater.send.browser.get_cookie("jnd_rate", domain="127.0.0.1")
    assert cookie.http_only and cookie.same_site == "Strict"
    assert elsewhere.come_in(invitation=token)["trial"] == trial["trial"]


@pytest.mark.parametrize(
    ("display", "zoom"),
    [({}, 1), ({"px_per_cm": 87, "device_pixel_ratio": 2}, 2), ({"px_per_cm": 64, "distance_cm": 68}, 2)],
)
def test_pixels_are_shown_whole_in_the_size_that_is_nearest(new_study, display, zoom):
    assert script(new_study(), **display).begin()["zoom_k"] == zoom


@pytest.mark.parametrize(
    ("display", "says"),
    [
        ({"decoded_sha256": "0" * 64}, "changes the pictures' pixels"),
        ({"viewport": [600, 63]}, "need 64 x 64"),
        ({"px_per_cm": 400, "viewport": [70, 70]}, "Use another"),
    ],
)
def test_a_display_that_shows_something_else_is_told(new_study, display, says):
    reply = script(new_study(), **display).begin()
    assert says in reply["error"] and reply["state"]["stage"] == "checks"


def test_another_distance_is_proposed_and_then_taken(new_study):
    rater = script(new_study(), px_per_cm=55.5)  # 15.6 inches, 1920 pixels
    reply = rater.begin()
    distance = reply["state"]["distance_cm"]
    assert f"{distance} cm" in reply["error"] and distance != 60
    rater.display["distance_cm"] = distance
    assert rater.send("POST", "/api/display", rater.display)[1]["stage"] == "trial"


def test_a_display_can_be_checked_again_in_between(new_study):
    rater = script(new_study())
    trial = rater.begin()
    again = {**rater.display, "px_per_cm": 75.6, "device_pixel_ratio": 2}
    assert rater.send("POST", "/api/display", again)[1] == {**trial, "zoom_k": 2}


def test_the_code_deletes_a_persons_answers_and_no_others(new_study):
    study = new_study(per_rater=2)
    leaver, stayer = script(study), script(study)
    done = leaver.rate_all(leaver.begin())
    stayer.rate_all(stayer.begin())
    code = done["withdrawal_code"]
    assert done["stage"] == "done" and done["ratings"] == 2 and len(code) == 16
    assert code.encode() not in study.database.path.read_bytes()
    assert stayer.send("POST", "/api/withdraw", {"code": "A" * 16})[0] == 404
    spelled = f" {code[:4].lower()}-{code[4:]}".strip()
    assert client_of(study)("POST", "/api/withdraw", {"code": spelled}) == (
        200,
        {"withdrawn": len(leaver.acknowledged)},
    )
    assert leaver.send("GET", "/api/state")[1] == {"stage": "withdrawn"}
    with study.database.reading() as connection:
        left = connection.execute("SELECT COUNT(*) FROM answer").fetchone()[0]
    assert left == len(stayer.acknowledged)


def test_the_next_person_begins_on_the_same_computer(new_study):
    study = new_study(per_rater=1)
    rater = script(study)
    rater.rate_all(rater.begin())
    assert rater.send("POST", "/api/leave", {})[1]["stage"] == "welcome"
    assert rater.begin()["practice"]
