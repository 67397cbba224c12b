"""Protects the way from answers to a set: exact levels, who is left out, and that scripts are never people."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image

from datasets.core.ladder import ShippedLadder
from datasets.ratings.study.collected import collect
from datasets.ratings.study.export import export
from datasets.ratings.study.folder import new_about, read_about
from datasets.ratings.study.settings import CODEC
from datasets.ratings.yes_no import Answer, personal_jnds
from datasets.sets import open_dataset
from protocols import run
from tests.datasets.ratings.study.scripts import Script, client_of, display_of, knowing, truth_of

CRITERION = 5.0


def rater(study, rate, **display):
    script = Script(client_of(study), display_of(study, **display), rate)
    return script, script.rate_all(script.begin())


def rmse(first, second):
    return float(np.sqrt(np.mean((first.astype(float) - second) ** 2)))


def seeing(send, criterion):
    """Looks at the served pictures alone: the first step whose error passes the criterion."""

    def decoded(trial, step):
        return np.array(Image.open(io.BytesIO(send("GET", f"/api/picture/{trial}/{step}")[1])).convert("RGB"))

    def rate(state):
        reference = decoded(state["trial"], 0)
        differs = lambda step: rmse(decoded(state["trial"], step), reference) > criterion  # noqa: E731
        if state["kind"] == "yes-no":
            return {"noticed": state["shown"] > 0 and differs(state["shown"])}
        last = state["flickers_until"]
        seen = next(step for step in range(1, last + 1) if differs(step)) if differs(last) else None
        return {"step": seen or 100, "censored": seen is None}

    return rate


def computed_level(study, name, criterion):
    """The level that Python computes from the ladder's files."""
    reference = np.array(Image.open(study.root / "pictures" / f"{name}.png"))
    for level in range(100, 0, -1):
        if rmse(CODEC.decode((study.root / "levels" / name / f"{level}.jpg").read_bytes()), reference) > criterion:
            return level
    return 1


def test_scripts_that_see_the_pictures_give_the_level_that_python_computes(new_study, capsys):
    study = new_study(per_rater=8, raters=1)
    for criterion in (CRITERION, 7.0, 1000.0):
        send = client_of(study)
        script = Script(send, display_of(study), seeing(send, criterion))
        script.rate_all(script.begin())
        object.__setattr__(study, "settings", dataclasses.replace(study.settings, raters=9))
    export(study, new_about(study.settings))
    with (study.root / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"picture", "source", "rater", "jnd_qf", "censored"} and len(rows) == 24
    raters = list(dict.fromkeys(row["rater"] for row in rows))
    given = {name: {row["picture"]: int(row["jnd_qf"]) for row in rows if row["rater"] == name} for name in raters}
    expected = {c: {name: computed_level(study, name, c) for name in study.pictures} for c in (CRITERION, 7.0, 1000.0)}
    for levels in given.values():
        assert any(levels.items() <= of.items() for of in expected.values())
    assert {row["jnd_qf"] for row in rows if row["censored"] == "1"} == {"1"}
    assert sum(row["censored"] == "1" for row in rows) == 8


def test_yes_and_no_become_what_python_computes_of_the_same_answers(new_study):
    study = new_study(trial="yes-no", per_rater=8)
    send = client_of(study)
    script = Script(send, display_of(study), seeing(send, CRITERION))
    answers, state = [], script.begin()
    while state["stage"] == "trial":
        trial = truth_of(study, state["trial"])
        if trial["kind"] == "main":
            noticed = computed_level(study, trial["picture"], CRITERION) >= 101 - state["shown"]
            answers.append(Answer("r", trial["picture"], 101 - state["shown"], noticed))
        _, state = script.answer(state)
    table = collect(study).table
    expected = {name: jnd.level for (_, name), jnd in personal_jnds(answers, CODEC).items()}
    assert dict(zip(table.pictures, table.jnds[0], strict=True)) == expected
    for name, level in expected.items():
        assert abs(level - computed_level(study, name, CRITERION)) < 5
    assert collect(study).sessions[table.raters[0]].failed_catches == 0


def test_planted_raters_are_screened_and_strict_ones_stay(new_study):
    study = new_study(per_rater=16)
    rng = np.random.default_rng(2)
    steps = {
        name: int(step) for name, step in zip(study.pictures, rng.permutation(np.linspace(25, 80, 16)), strict=True)
    }
    strict = {name: step - 18 for name, step in steps.items()}
    honest = [rater(study, knowing(study, steps, seed, noise=2))[0] for seed in range(8)]
    honest += [rater(study, knowing(study, strict, 20 + seed, noise=2))[0] for seed in range(2)]
    planted = {
        "fixed": lambda state: {"step": 45},
        "random": lambda state: {"step": int(rng.integers(75, 101))},  # behind every catch, whichever the study draws
        "hasty": lambda state: {**knowing(study, steps)(state), "ms": 2000},
        "zoomed": lambda state: {**knowing(study, steps)(state), "device_pixel_ratio": 1 + (state["progress"][0] > 3)},
        "dropping": lambda state: {**knowing(study, steps)(state), "dropped": 0.3},
    }
    for rate in planted.values():
        rater(study, rate)
    export(study, new_about(study.settings))
    with study.database.reading() as connection:
        order = [row["id"] for row in connection.execute("SELECT id FROM session ORDER BY started")]
    with (study.root / "raters.csv").open() as file:
        verdicts = {row["rater"]: row for row in csv.DictReader(file)}
    kept = [verdicts[name]["kept"] for name in order]
    assert kept == ["yes"] * len(honest) + ["no"] * len(planted), [verdicts[name]["reasons"] for name in order]
    reasons = [verdicts[name]["reasons"] for name in order[len(honest) :]]
    for reason, says in zip(
        reasons, ("r with the others", "catch", "2.0 s a slider", "zoom", "dropped 30 %"), strict=True
    ):
        assert says in reason


def test_a_set_of_scripts_opens_runs_and_says_so_everywhere(new_study, tmp_path, capsys):
    study = new_study(per_rater=16)
    for seed in range(3):
        rater(study, knowing(study, {name: 30 + 3 * turn for turn, name in enumerate(study.pictures)}, seed, noise=2))
    assert export(study, new_about(study.settings))
    said = capsys.readouterr().out
    assert "Scripts gave these ratings; nobody was asked." in said and "people" not in said
    for name in ("summary.txt", "index.html", "pictures.csv"):
        told = (study.root / "report" / name).read_text().lower()
        assert "people" not in told and "person" not in told
    dataset = open_dataset("rated", study.root)
    assert dataset.card.samples == "simulated observers: scripts, not people" and len(dataset.pictures) == 16
    assert dataset.pictures[0].pixels_per_degree == pytest.approx(39.58, abs=0.01)
    assert isinstance(dataset.pictures[0].ladder, ShippedLadder) and len(dataset.folds("by-source").numbers) == 5
    results = ["--results", str(tmp_path / "results"), "--report", str(tmp_path / "report"), "--jobs", "1"]
    given = ["--dataset", "rated", "--root", str(study.root), "--predictors", "constant", "psnr", *results]
    assert run.main(given) == 0
    assert "scripts, not people" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    page = (tmp_path / "report" / "datasets" / "rated.html").read_text(encoding="utf-8")
    assert "Scripts gave these ratings; nobody was asked." in page and page.count('class="strip"') == 16
    assert "simulated observers" in (tmp_path / "report" / "leaderboard.csv").read_text(encoding="utf-8")


def test_scripts_never_enter_a_set_of_people(new_study, capsys):
    study = new_study(per_rater=4)
    steps = dict.fromkeys(study.pictures, 40)
    rater(study, knowing(study, dict.fromkeys(study.pictures, 90)))
    rater(study, knowing(study, steps), automated=False, px_per_cm=36.0)
    rater(study, knowing(study, steps), automated=False, px_per_cm=40.0)
    swap = Script(client_of(study), display_of(study, automated=False), knowing(study, steps))
    swap.come_in(photosensitive=True)
    swap.rate_all(swap.send("POST", "/api/display", swap.display)[1])
    about = new_about(study.settings)
    assert export(study, about)
    said = capsys.readouterr().out
    assert "1 sessions of scripts are left out" in said and "1 sessions with the other viewing are left out" in said
    dataset = open_dataset("rated", study.root)
    assert dataset.card.samples.startswith("people") and {s for p in dataset.pictures for s in p.samples} == {61}
    assert dataset.pictures[0].pixels_per_degree == pytest.approx(39.58 * 38 / 37.8, rel=0.01)
    assert export(study, read_about(study.root), "swap") and "1 people" in capsys.readouterr().out


def test_without_ratings_there_is_no_set(new_study, capsys):
    study = new_study()
    assert not export(study, new_about(study.settings)) and "no set" in capsys.readouterr().out
    assert json.loads((study.root / "rated.json").read_text())["finished"] is False


def test_who_withdraws_is_not_in_the_set(new_study):
    study = new_study(per_rater=4)
    steps = dict.fromkeys(study.pictures, 40)
    rater(study, knowing(study, steps))
    script, done = rater(study, knowing(study, steps))
    script.send("POST", "/api/withdraw", {"code": done["withdrawal_code"]})
    export(study, new_about(study.settings))
    assert len((study.root / "raters.csv").read_text().splitlines()) == 2
