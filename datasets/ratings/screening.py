"""Who is left out of a set: rules whose thresholds stand before the first answer, applied to whole sessions.

Nothing is deleted and no single answer is dropped: a strict person stays, a person who did not look goes, with the
reason. The thresholds are ours; the report gives every truth with and without screening.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from datasets.ratings.bias_model import BiasModel
from datasets.ratings.table import RatingTable

ENOUGH_PICTURES = 30
"""For a person's agreement with the others. Of MCL-JCI's people, who are all taken for honest, the rule would exclude
15 % over 15 of its pictures, 5 % over 30, none over all 50."""


@dataclass(frozen=True)
class ScreeningRules:
    """Thresholds. A rule that needs what a session has not is passed over.

    :param failed_catches: out at this share of failed catch trials or more.
    :param warned_catches: warned of above this share.
    :param least_catches: fewer say nothing.
    :param repeat_sd: out above this standard deviation of one answer, from pictures rated twice, in hundredths of the
        codec's levels: QF for JPEG.
    :param least_repeats: fewer say nothing.
    :param agreement: out below this correlation with the others.
    :param least_shared: over fewer pictures it says nothing.
    :param slider_seconds: out below this median time of a slider trial.
    :param answer_seconds: out below this median time of a yes/no answer after the flicker.
    :param dropped_frames: out above this share.
    :param geometry_off: out where pixels per degree are further from the aim than this share.
    """

    failed_catches: float = 0.5
    warned_catches: float = 0.25
    least_catches: int = 2
    repeat_sd: float = 15.0
    least_repeats: int = 3
    agreement: float = 0.3
    least_shared: int = 15
    slider_seconds: float = 5.0
    answer_seconds: float = 1.0
    dropped_frames: float = 0.1
    geometry_off: float = 0.25


@dataclass(frozen=True)
class Session:
    """What is known of how someone rated, besides the JNDs; what nobody recorded is None.

    :param catches: trials whose right answer is known.
    :param failed_catches: of these.
    :param slider_seconds: median of slider trials.
    :param answer_seconds: median of yes/no answers after the flicker.
    :param dropped_frames: share in [0, 1].
    :param geometry_off: by how much pixels per degree are off the aim, as a share of it.
    :param display_changed: whether zoom or pixel ratio changed.
    :param decoded_exactly: whether the browser's decoder gave the server's pixels.
    """

    catches: int = 0
    failed_catches: int = 0
    slider_seconds: float | None = None
    answer_seconds: float | None = None
    dropped_frames: float | None = None
    geometry_off: float | None = None
    display_changed: bool | None = None
    decoded_exactly: bool | None = None


@dataclass(frozen=True)
class Verdict:
    """What screening says of one rater.

    :param rater: who.
    :param pictures: rated.
    :param bias: by which the JNDs lie above the others', in levels.
    :param noise_sd: in levels.
    :param agreement: Pearson's r with the others; NaN where it is not defined.
    :param shared: the pictures it is over.
    :param repeat_sd: standard deviation of one answer, in levels; NaN where nothing was rated twice.
    :param reasons: for leaving the person out; none keeps them.
    :param warnings: what is odd, and no reason.
    """

    rater: str
    pictures: int
    bias: float
    noise_sd: float
    agreement: float
    shared: int
    repeat_sd: float
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def kept(self) -> bool:
        """Whether the person's JNDs enter the set."""
        return not self.reasons


def screen(
    table: RatingTable,
    model: BiasModel,
    rules: ScreeningRules,
    *,
    levels: int,
    sessions: Mapping[str, Session] | None = None,
) -> list[Verdict]:
    """Judge every rater of a table, in its order.

    :param model: fitted to the whole table, everybody in it.
    :param levels: how many the codec has.
    :param sessions: what is known of how each rated, by rater.
    """
    verdicts = []
    for index, rater in enumerate(table.raters):
        agreement, shared = model.agreement(table.jnds, index)
        twice = table.again[table.again[:, 0] == index]
        repeat_sd = math.sqrt(float(((twice[:, 3] - twice[:, 2]) ** 2).mean()) / 2) if len(twice) else math.nan
        session = (sessions or {}).get(rater, Session())
        reasons = session_faults(session, rules)
        if len(twice) >= rules.least_repeats and repeat_sd > rules.repeat_sd * levels / 100:
            reasons.append(
                f"rated {len(twice)} pictures again with a standard deviation of {repeat_sd:.1f} levels, more than "
                f"{rules.repeat_sd * levels / 100:.1f}"
            )
        if shared >= rules.least_shared and agreement < rules.agreement:
            reasons.append(f"r with the others is {agreement:.2f} over {shared} pictures, below {rules.agreement:g}")
        verdicts.append(
            Verdict(
                rater,
                int(table.rated[index].sum()),
                float(model.biases[index]),
                float(model.noise_sd[index]),
                agreement,
                shared,
                repeat_sd,
                tuple(reasons),
                tuple(_warnings(session, rules, shared, len(twice))),
            )
        )
    return verdicts


def session_faults(session: Session, rules: ScreeningRules) -> list[str]:
    """What is wrong with how someone rated, whatever their JNDs; none where nothing is."""
    faults = []
    if session.catches >= rules.least_catches and session.failed_catches >= rules.failed_catches * session.catches:
        faults.append(f"failed {session.failed_catches} of {session.catches} catch trials")
    if session.slider_seconds is not None and session.slider_seconds < rules.slider_seconds:
        faults.append(f"took {session.slider_seconds:.1f} s a slider, less than {rules.slider_seconds:g} s")
    if session.answer_seconds is not None and session.answer_seconds < rules.answer_seconds:
        faults.append(f"took {session.answer_seconds:.1f} s an answer, less than {rules.answer_seconds:g} s")
    if session.dropped_frames is not None and session.dropped_frames > rules.dropped_frames:
        faults.append(f"the display dropped {100 * session.dropped_frames:.0f} % of the frames")
    if session.geometry_off is not None and abs(session.geometry_off) > rules.geometry_off:
        faults.append(f"pixels per degree were {100 * session.geometry_off:+.0f} % off the aim")
    if session.display_changed:
        faults.append("zoom or pixel ratio of the display changed")
    if session.decoded_exactly is False:
        faults.append("the browser decoded other pixels than the server")
    return faults


def kept_of(verdicts: list[Verdict]) -> np.ndarray:
    """Which raters are kept, in the order of the verdicts, bool, shape (R,)."""
    return np.array([verdict.kept for verdict in verdicts], dtype=bool)


def _warnings(session: Session, rules: ScreeningRules, shared: int, repeats: int) -> list[str]:
    warnings = []
    share = session.failed_catches / session.catches if session.catches else 0.0
    if rules.warned_catches < share < rules.failed_catches:
        warnings.append(f"failed {session.failed_catches} of {session.catches} catch trials")
    if shared < rules.least_shared and repeats < rules.least_repeats and session.catches < rules.least_catches:
        warnings.append("too little is known to judge this rater")
    return warnings
