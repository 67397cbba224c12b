"""What the owner's page shows of a study that is going on."""

from __future__ import annotations

import math
import statistics
from typing import Any, final

from datasets.ratings.intervals import split_half
from datasets.ratings.study.collected import collect
from datasets.ratings.study.issue import coverage
from datasets.ratings.study.study import Row, Study, verdict_of

_LONGEST_MS = 5 * 60 * 1000.0
"""Of a trial: longer ones are breaks."""

JUDGED_EVERY_S = 60.0
"""How often the ratings are judged anew while the page is open: of thousands of answers that takes a second."""


@final
class OwnerView:
    """The live numbers of a study, for whoever looks how often.

    Scripts' ratings count only where there are no people's.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._judged_at, self._viewing, self._by_scripts, self._split_half = -math.inf, "flicker", False, math.nan

    def numbers(self) -> dict[str, Any]:
        """As they are now; of how the ratings agree, as it was `JUDGED_EVERY_S` ago or later."""
        if self._study.now() - self._judged_at >= JUDGED_EVERY_S and (collected := collect(self._study)) is not None:
            self._viewing, self._by_scripts = collected.viewing, collected.by_scripts
            self._split_half = split_half(collected.table.jnds).correlation
            self._judged_at = self._study.now()
        return _numbers(self._study, self._viewing, by_scripts=self._by_scripts, half=self._split_half)


def _numbers(study: Study, viewing: str, *, by_scripts: bool, half: float) -> dict[str, Any]:
    """`minutes_left` is of all raters together, None before the first rating; `split_half` is the correlation of two
    halves of the raters, None where it is not known."""
    with study.database.reading() as connection:
        sessions = connection.execute("SELECT * FROM session WHERE state != 'withdrawn' ORDER BY started").fetchall()
        query = (
            "SELECT trial.*, answer.step AS answered, censored, noticed, ms, received FROM trial "
            "LEFT JOIN answer ON answer.trial = number WHERE session = ?"
        )
        trials = {row["id"]: connection.execute(query, (row["id"],)).fetchall() for row in sessions}
        complete, _ = coverage(study, connection, viewing, int(by_scripts))
    wanted = study.settings.raters * len(study.pictures)
    ms = [row["ms"] for rows in trials.values() for row in rows if row["received"] and row["ms"] < _LONGEST_MS]
    ratings = sum(min(count, study.settings.raters) for count in complete.values())
    trials_a_rating = statistics.fmean(len(study.plan_of(row)) for row in sessions) / study.each if sessions else 0.0
    minutes_each = statistics.fmean(ms) / 60000 * trials_a_rating if ms else None
    return {
        "raters": [_rater(study, row, trials[row["id"]]) for row in sessions],
        "pictures": [{"name": name, "ratings": count} for name, count in complete.items()],
        "ratings": sum(complete.values()),
        "wanted": wanted,
        "minutes_left": None if minutes_each is None else round((wanted - ratings) * minutes_each, 1),
        "split_half": round(half, 3) if math.isfinite(half) else None,
        "automated": sum(row["automated"] for row in sessions),
    }


def _rater(study: Study, session: Row, trials: list[Row]) -> dict[str, Any]:
    verdicts = [verdict_of(row) for row in trials if row["kind"] == "catch" and row["received"]]
    times = [time for row in trials for time in (row["issued"], row["received"]) if time]
    return {
        "id": session["id"],
        "stage": session["state"],
        "done": sum(row["place"] >= 0 and row["received"] is not None for row in trials),
        "total": len(study.plan_of(session)),
        "last_seen_s": round(study.now() - max(times, default=session["started"])),
        "viewing": session["viewing"],
        "px_per_degree": session["px_per_degree"],
        "refresh_hz": session["refresh_hz"],
        "catches": [verdicts.count("right"), len(verdicts)],
    }
