"""What was collected so far, as the suite judges ratings: JNDs by rater and picture, and how each session went."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from datasets.ratings.screening import Session
from datasets.ratings.study.settings import CODEC, level_of
from datasets.ratings.study.study import Row, Study, verdict_of
from datasets.ratings.table import Rating, RatingTable
from datasets.ratings.yes_no import ANSWERS_FOR_A_JND, Answer, personal_jnds


@dataclass(frozen=True)
class Collected:
    """Of the sessions of people, or, where there are none, of scripts.

    :param viewing: `flicker` or `swap`; thresholds differ, so that sets are of one of them.
    :param sessions: how each rated, by rater.
    :param px_per_degree: by rater.
    :param by_scripts: whether no people were asked.
    :param scripts: sessions of scripts with ratings, whether they count or not.
    :param swapped: sessions with ratings whose viewing is the other one.
    """

    table: RatingTable
    viewing: str
    sessions: Mapping[str, Session]
    px_per_degree: Mapping[str, float]
    by_scripts: bool
    scripts: int
    swapped: int


def collect(study: Study, viewing: str | None = None) -> Collected | None:
    """What there is; None where nobody has rated a picture.

    :param viewing: of the sessions that count; `flicker` where there are any, if none is named.
    """
    query = (
        "SELECT session, viewing, automated, px_per_degree, picture, kind, ladder, "
        "trial.step, answer.step AS answered, censored, noticed, ms, ms_after_flicker, dropped, "
        "answer.device_pixel_ratio FROM answer JOIN trial ON number = trial JOIN session ON session.id = session "
        "WHERE kind != 'practice' ORDER BY received, place"
    )
    with study.database.reading() as connection:
        rows = connection.execute(query).fetchall()
    rated = {row["session"]: row for row in rows if row["kind"] == "main"}
    scripts = {name for name, row in rated.items() if row["automated"]}
    by_scripts = bool(scripts) and len(scripts) == len(rated)
    asked = [name for name in rated if (name in scripts) == by_scripts]
    viewings = {rated[name]["viewing"] for name in asked}
    viewing = viewing or ("flicker" if "flicker" in viewings or not viewings else "swap")
    of: dict[str, list[Row]] = {name: [] for name in asked if rated[name]["viewing"] == viewing}
    for row in rows:
        if row["session"] in of:
            of[row["session"]].append(row)
    table = RatingTable.of(_ratings(study, of), {name: picture.source for name, picture in study.pictures.items()})
    if not table.raters:
        return None
    aim = study.settings.aim_px_per_degree
    return Collected(
        table,
        viewing,
        {name: _session(trials, aim) for name, trials in of.items()},
        {name: float(trials[-1]["px_per_degree"]) for name, trials in of.items()},
        by_scripts,
        len(scripts),
        len(asked) - len(of),
    )


def _ratings(study: Study, of: Mapping[str, list[Row]]) -> list[Rating]:
    """First ratings before repeats; repeats of what was rated only."""
    first: list[Rating] = []
    again: list[Rating] = []
    for kind, ratings in (("main", first), ("repeat", again)):
        rows = [row for trials in of.values() for row in trials if row["kind"] == kind]
        if study.settings.trial == "slider":
            for row in rows:
                level = float(level_of(row["answered"]))
                ratings.append(Rating(row["session"], row["picture"], level, bool(row["censored"])))
        else:
            answers = (
                Answer(row["session"], row["picture"], level_of(row["step"]), bool(row["noticed"])) for row in rows
            )
            for (rater, picture), jnd in personal_jnds(answers, CODEC).items():
                if jnd.answers >= ANSWERS_FOR_A_JND:
                    ratings.append(Rating(rater, picture, jnd.level, jnd.censored))
    rated = {(rating.rater, rating.picture) for rating in first}
    return first + [rating for rating in again if (rating.rater, rating.picture) in rated]


def _session(trials: list[Row], aim_px_per_degree: float) -> Session:
    """How a session went.

    :param trials: answered ones but practice.
    """
    catches = [verdict_of(row) for row in trials if row["kind"] == "catch"]
    sliders = [row["ms"] / 1000 for row in trials if row["step"] is None]
    after = [row["ms_after_flicker"] / 1000 for row in trials if row["ms_after_flicker"] is not None]
    dropped = [row["dropped"] for row in trials if row["dropped"] is not None]
    return Session(
        catches=len(catches),
        failed_catches=sum(verdict != "right" for verdict in catches),
        slider_seconds=_median(sliders),
        answer_seconds=_median(after),
        dropped_frames=statistics.fmean(dropped) if dropped else None,
        geometry_off=trials[-1]["px_per_degree"] / aim_px_per_degree - 1,
        display_changed=len({row["device_pixel_ratio"] for row in trials}) > 1,
        decoded_exactly=True,  # whoever has it otherwise is not let in
    )


def _median(values: Iterable[float]) -> float | None:
    listed = list(values)
    return statistics.median(listed) if listed else None
