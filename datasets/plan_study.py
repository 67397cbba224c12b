"""`python -m datasets.plan_study`: how many people a study of JNDs needs, how long it takes, and what it will know."""

from __future__ import annotations

import argparse
import math
import sys

import numpy as np

from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.core.gev import fit_gev_many
from datasets.ratings.screening import ENOUGH_PICTURES
from datasets.ratings.study.settings import SECONDS_A_PICTURE

PERSON_SD_QF = 10.16
"""Standard deviation of one person's JND on a picture, mean of MCL-JCI's 50 pictures (first JND, 30 subjects each)."""

SHAPE = 0.12
"""Of the GEVs fitted to them, median."""

COUNTS = (15, 25, 40)
_STUDIES = 1000

_EPILOG = """\
examples:
  python -m datasets.plan_study --pictures 50 --target-se 2
  python -m datasets.plan_study --pictures 200 --target-se 2 --per-rater 30     each person rates 30 of them

The numbers come from MCL-JCI's first JNDs (50 pictures, JPEG, 30 subjects each): one person's JND has a standard
deviation of 10.16 QF on a picture. Your pictures, task and people may differ; the report of
datasets.import_ratings measures it.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0.
    :raises UserError: for a number that makes no study.
    """
    arguments = _parser().parse_args(argv)
    pictures, each = arguments.pictures, min(arguments.per_rater or arguments.pictures, arguments.pictures)
    if pictures < 1 or each < 1:
        raise UserError("--pictures and --per-rater are 1 or more")
    if not 0.1 <= arguments.target_se <= 100 or not 1 <= arguments.seconds <= 3600:
        raise UserError("--target-se is 0.1 to 100 QF, --seconds 1 to 3600")
    needed = people_for(arguments.target_se)
    print(f"{pictures} pictures, {each} by each person, {arguments.seconds:g} s a picture\n")
    print(f"{'ratings':>9} {'people':>7} {'minutes':>9} {'hours':>7} {'error of the':>13} {'95 % width':>11}")
    print(f"{'a picture':>9} {'in all':>7} {'a person':>9} {'in all':>7} {'mean, QF':>13} {'of sur75':>11}")
    for count in sorted({needed, *COUNTS}):
        people = math.ceil(count * pictures / each)
        minutes = each * arguments.seconds / 60
        error, width = PERSON_SD_QF / math.sqrt(count), sur75_width(count)
        mark = f"  <- a standard error of {arguments.target_se:g} QF" if count == needed else ""
        hours = people * minutes / 60
        print(f"{count:>9} {people:>7} {minutes:>9.0f} {hours:>7.1f} {error:>13.1f} {width:>11.0f}{mark}")
    print(
        f"\nFrom MCL-JCI: one person's JND has a standard deviation of {PERSON_SD_QF} QF on a picture, with GEV shape "
        f"{SHAPE}.\nWho is screened out comes on top: of 73 crowd workers on plain pairs, 28 failed over 3 of 10 traps."
    )
    if each < ENOUGH_PICTURES:
        print(f"Let each person rate {ENOUGH_PICTURES} or more: over fewer, agreement with the others judges badly.")
    return 0


def people_for(standard_error: float) -> int:
    """The number of people at which a picture's mean has this standard error, in QF."""
    return math.ceil((PERSON_SD_QF / standard_error) ** 2 - 1e-9)


def sur75_width(people: int) -> float:
    """How wide the middle 95 % of a picture's `sur75` are over studies of so many people, in QF."""
    if people < 3:
        return math.nan
    from scipy.stats import genextreme

    scale = PERSON_SD_QF / float(genextreme.std(-SHAPE))
    samples = genextreme.rvs(
        -SHAPE, 40, scale, (people, _STUDIES), random_state=0
    ).T  # more people are these and others
    levels = fit_gev_many(np.clip(np.round(samples), 1, 100)).quantile(0.75)
    low, high = np.quantile(levels, [0.025, 0.975])
    return float(high - low)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "datasets.plan_study", "How many people a study of JNDs needs, and what more or fewer would give.", _EPILOG
    )
    add = parser.add_argument
    add("--pictures", type=int, required=True, metavar="N", help="to be rated")
    add("--target-se", type=float, default=2.0, metavar="QF", help="standard error of a picture's mean (default 2)")
    add("--per-rater", type=int, metavar="N", help="pictures that each person rates (default: all)")
    add(
        "--seconds",
        type=float,
        default=SECONDS_A_PICTURE,
        metavar="S",
        help=f"of one person on a picture (default {SECONDS_A_PICTURE:g})",
    )
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
