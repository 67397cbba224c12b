"""`python -m datasets.import_ratings`: make a data set of ratings that somebody has already, as JNDs or as answers."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import sys
from collections.abc import Sequence

from datasets.common.commands import command_parser, printable, progress, run_command
from datasets.common.errors import DataError, UserError
from datasets.common.files import read_text, spreadsheet_cell, users_path
from datasets.common.hashing import sha256_of_file
from datasets.core.codec import Codec
from datasets.core.picture import PIXELS_PER_DEGREE
from datasets.ratings.csv_cells import SAVE, read_cells
from datasets.ratings.directions import SCALES
from datasets.ratings.folder import begin, copy_picture, find_pictures, write_manifest, write_report, write_tables
from datasets.ratings.imported import Imported, import_ratings, import_shares, read_vvc_jnd
from datasets.ratings.judgement import judge
from datasets.ratings.page import page
from datasets.ratings.screening import ScreeningRules
from datasets.ratings.summary import pictures_csv, population_csv, population_lines, shares_csv, summary
from datasets.ratings.table import Rating, RatingTable
from datasets.ratings.yes_no import ANSWERS_FOR_A_JND, fit_population, personal_jnds
from datasets.sets.rated import CODECS, REPORT, SUMMARY

_EPILOG = """\
examples:
  python -m datasets.import_ratings jnds.csv --out sets/mine --pictures photos    a row a JND, or a column a picture
  python -m datasets.import_ratings answers.csv --out sets/mine --answer seen     yes or no at given levels
  python -m datasets.import_ratings s.csv --out sets/mine --rater ID --picture file --level d --scale distortion
  python -m datasets.import_ratings shares.csv --format midd-cap --out midd       shares of people: a report, no set
  python -m datasets.import_ratings part1.csv --format vvc-jnd --out vvc1         a matrix of QP: labels only
  python -m protocols.run --dataset rated --root sets/mine                        compare predictors on it

Raters are screened by rules that stand before the first answer (datasets/ratings/screening.py): whole people, each
with the reason, in DIR/raters.csv; nothing is deleted. DIR/report says how far the ratings can be trusted. The names of
raters are copied as they are: use numbers that name no person. Exit status: 0 a set was made, 1 a report and no set,
2 it could not be done.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0 where a set was made, 1 where the ratings give a report and no set.
    :raises UserError: for what the user can put right; `DataError` for a file that is not what it should be.
    """
    arguments = _parser().parse_args(argv)
    codec = CODECS["vvc" if arguments.format == "vvc-jnd" else arguments.codec]
    if arguments.pixels_per_degree is not None and not 0 < arguments.pixels_per_degree < float("inf"):
        raise UserError("--pixels-per-degree is a positive number")
    if arguments.format == "midd-cap":
        return _report_shares(arguments, codec)
    imported = _read(arguments, codec)
    return _make(arguments, imported, codec) if imported.jnds else _make_of_answers(arguments, imported, codec)


def _read(arguments: argparse.Namespace, codec: Codec) -> Imported:
    if arguments.format == "vvc-jnd":
        try:
            rows = [
                row for row in csv.reader(io.StringIO(read_text(arguments.csv, SAVE), newline=""), strict=True) if row
            ]
        except csv.Error as error:
            raise DataError(f"{arguments.csv}: is no CSV that can be read ({error}). {SAVE}") from error
        return read_vvc_jnd(arguments.csv, rows, codec)
    cells = read_cells(arguments.csv, _named(arguments), arguments.ignore)
    return import_ratings(cells, codec, arguments.scale, arguments.yes)


def _make_of_answers(arguments: argparse.Namespace, imported: Imported, codec: Codec) -> int:
    """A set of the JNDs that answers tell, or only the population's curve."""
    jnds = personal_jnds(imported.answers, codec)
    enough = {key: jnd for key, jnd in jnds.items() if jnd.answers >= ANSWERS_FOR_A_JND}
    curve = fit_population(imported.answers, codec)
    files = {"population.csv": population_csv(curve, codec)}
    said = [*imported.said, *population_lines(curve, codec)]
    if not enough:
        most = max(jnd.answers for jnd in jnds.values())
        said.append(
            f"No set was made: a person's JND needs {ANSWERS_FOR_A_JND} answers on a picture, and nobody gave more "
            f"than {most}. The curve of all people stands in population.csv."
        )
        return _report_only(arguments, said, files, codec)
    sd = sum(jnd.sd for jnd in enough.values()) / len(enough)
    said.append(
        f"{len(enough)} JNDs come from {ANSWERS_FOR_A_JND} answers or more, each known to {sd:.1f} {codec.unit} "
        f"(standard deviation); {len(jnds) - len(enough)} times a person gave a picture fewer, which give none."
    )
    ratings = tuple(Rating(rater, picture, jnd.level, jnd.censored) for (rater, picture), jnd in sorted(enough.items()))
    return _make(arguments, dataclasses.replace(imported, jnds=ratings, said=tuple(said)), codec, files)


def _make(arguments: argparse.Namespace, imported: Imported, codec: Codec, files: dict[str, str] | None = None) -> int:
    table = RatingTable.of(imported.jnds, imported.source_of)
    photos = find_pictures(arguments.pictures, table.pictures, arguments.out) if arguments.pictures else {}
    begin(arguments.out, restart=arguments.restart)
    for name in progress(list(photos), "copying pictures"):
        copy_picture(arguments.out, name, photos[name])
    judgement = judge(table, codec, ScreeningRules())
    lines = summary(judgement, imported.said)
    print(printable("\n".join(lines)))
    write_tables(arguments.out, judgement)
    texts = {SUMMARY: "\n".join(lines) + "\n", "pictures.csv": pictures_csv(judgement), **(files or {})}
    write_report(arguments.out, {**texts, "index.html": page(judgement, lines, has_pictures=bool(photos))})
    usable = bool(judgement.kept.any())
    _finish(arguments, codec, imported.said, judgement.rules, usable=usable)
    if not usable:
        return 1
    print(f"the report: {arguments.out / REPORT / 'index.html'}")
    print(f"run on it: python -m protocols.run --dataset rated --root {arguments.out}")
    return 0


def _report_shares(arguments: argparse.Namespace, codec: Codec) -> int:
    shares = import_shares(read_cells(arguments.csv, _named(arguments), arguments.ignore, raters=False), codec)
    said = [
        *shares.said,
        f"{len(shares.of)} pictures with shares of people at {codec.unit} "
        f"{min(levels.min() for levels, _ in shares.of.values()):g} to "
        f"{max(levels.max() for levels, _ in shares.of.values()):g}.",
        "No set was made: shares of people are nobody's JNDs. The levels at which half and three quarters of the "
        "people see nothing stand in population.csv.",
    ]
    return _report_only(arguments, said, {"population.csv": shares_csv(shares, codec)}, codec)


def _report_only(arguments: argparse.Namespace, said: Sequence[str], files: dict[str, str], codec: Codec) -> int:
    begin(arguments.out, restart=arguments.restart)
    print(printable("\n".join(said)))
    write_report(arguments.out, {SUMMARY: "\n".join(said) + "\n", **files})
    _finish(arguments, codec, said, ScreeningRules(), usable=False)
    print(f"the report: {arguments.out / REPORT}")
    return 1


def _finish(
    arguments: argparse.Namespace, codec: Codec, said: Sequence[str], rules: ScreeningRules, *, usable: bool
) -> None:
    about = {
        "codec": codec.name,
        "pixels_per_degree": arguments.pixels_per_degree or PIXELS_PER_DEGREE,
        "geometry_known": arguments.pixels_per_degree is not None,
        "rules": dataclasses.asdict(rules),
        "made_from": {"file": spreadsheet_cell(arguments.csv.name), "sha256": sha256_of_file(arguments.csv)},
        "said": list(said),
    }
    write_manifest(arguments.out, about, finished=usable)


def _named(arguments: argparse.Namespace) -> dict[str, str]:
    roles = ("rater", "picture", "source", "level", "answer")
    return {role: value for role in roles if (value := getattr(arguments, role)) is not None}


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "datasets.import_ratings",
        "Make a data set of people's ratings that are in a CSV, as JNDs or as yes/no answers, long or wide.",
        _EPILOG,
    )
    add = parser.add_argument
    add("csv", type=users_path, metavar="CSV", help="the ratings")
    add("--out", type=users_path, required=True, metavar="DIR", help="the folder of the new set")
    add("--pictures", type=users_path, metavar="DIR", help="the photographs, named as in the CSV; without, labels only")
    add("--codec", choices=tuple(CODECS), default="jpeg", help="what the levels are of (default jpeg)")
    add("--scale", choices=SCALES, help="qf: higher is better; qp, distortion (101 - QF): higher is worse")
    add("--yes", choices=("noticed", "same"), help="what yes means: a difference was noticed, or none")
    add("--format", choices=("table", "midd-cap", "vvc-jnd"), default="table", help="of the CSV (default table)")
    add("--rater", metavar="COL", help="the column of the raters; columns not named are guessed, and said")
    add("--picture", metavar="COL", help="the column of the pictures")
    add("--source", metavar="COL", help="the column of what crops were cut from; folds keep it together")
    add("--level", metavar="COL", help="the column of the JNDs, or of the levels that were shown")
    add("--answer", metavar="COL", help="the column of the answers at a level")
    add("--ignore", metavar="COL", nargs="+", default=[], help="columns of a wide table that are none of these")
    add(
        "--pixels-per-degree",
        type=float,
        metavar="PPD",
        help=f"viewing geometry of the study (unknown: {PIXELS_PER_DEGREE}, as in KonJND-1k, is assumed)",
    )
    add("--restart", action="store_true", help="throw away what an earlier import made in DIR")
    return parser


if __name__ == "__main__":
    sys.exit(run_command(main))
