"""`python -m protocols.submit`: predictions of a method that ran elsewhere become a run like any other."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path

from baselines.interface.card import Card
from baselines.interface.card_file import card_of, read_toml
from baselines.interface.registry import Registered, registry
from baselines.submitted import Submitted, check_submission
from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.common.files import users_path, write_atomically
from datasets.core.dataset import Dataset, OpenOptions
from datasets.core.folds import Folds
from datasets.sets import open_dataset
from protocols.benchmark import Request
from protocols.kfold import KFold

EXAMPLES = """\
examples:
  python -m protocols.submit --template levels.csv --dataset mcl-jci --root ~/data/MCL-JCI
      a CSV with a row for each picture and the fold that it is tested in; fill in the column 'level'
  python -m protocols.submit levels.csv --name my-matlab --dataset mcl-jci --root ~/data/MCL-JCI
      check it, and store it as the run of a predictor 'my-matlab' beside those of protocols.run
  python -m protocols.submit levels.csv --name my-matlab --card card.toml --dataset mcl-jci --root ~/data/MCL-JCI
      with the paper that it comes from

The column 'level' holds the predicted JND in the data set's levels, fractions allowed. Predict the pictures of a fold
with what was trained on the other folds alone: nobody but you can check that. A column 'fold' is compared with the
folds of the run. For SUR curves add a column for each level, sur_1 to sur_100 for JPEG: the share of satisfied people.

card.toml, all of it optional:
  title = "My method (MATLAB)"
  deviations = ["Trained on 40 pictures of the training folds."]
  [[references]]
  authors = ["A. Body", "B. Other"]
  title = "A paper"
  venue = "IEEE TIP 1(2):3-4"
  year = 2026
  doi = "10.1000/1"

Tables and figures mark the run 'submitted'. Exit status: 0 stored, or the template written; 2 a wrong request.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    arguments = _parser().parse_args(argv)
    options = OpenOptions(jnd=arguments.jnd, codec=arguments.codec)
    dataset = open_dataset(arguments.dataset, arguments.root and str(arguments.root), options)
    protocol = KFold(arguments.folds)
    (folds,) = protocol.folds(dataset)
    folds.check_covers(picture.source for picture in dataset.pictures)
    if arguments.template:
        write_atomically(arguments.file, _template(dataset, folds))
        print(f"wrote {arguments.file}: {len(dataset.pictures)} pictures, folds {folds.name}. Fill in 'level'")
        return 0
    if not arguments.name:
        raise UserError("--name: say under which name the method stands in the tables, e.g. --name my-matlab")
    if arguments.name in registry():
        raise UserError(f"--name {arguments.name}: is a predictor's name already. Choose another")
    check_submission(arguments.file, dataset.codec, dataset.pictures, folds)
    entry = Registered(arguments.name, Submitted, {"file": str(arguments.file)}, _card(arguments.name, arguments.card))
    request = Request(
        dataset=dataset,
        predictors=(entry,),
        root=arguments.root,
        protocol=protocol,
        truths=arguments.truths,
        options=options,
        results=arguments.results,
    )
    runs = request.carry_out(request.plans())
    for run in runs:
        print(f"stored {run.identity.predictor} under {run.identity.asked}: {run.record.pictures} pictures")
    print(f"tables and figures: python -m reports.build --results {arguments.results}")
    return 0


def _template(dataset: Dataset, folds: Folds) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("picture", "source", "fold", "level"))
    writer.writerows((picture.name, picture.source, folds.fold_of[picture.source], "") for picture in dataset.pictures)
    return text.getvalue()


def _card(name: str, path: Path | None) -> Card:
    if path is None:
        return Card(name=name, title=name, needs_pictures=False)
    return card_of(path, name, read_toml(path), needs_pictures=False)


def _parser() -> argparse.ArgumentParser:
    p = command_parser(
        "protocols.submit", "Check predictions of a method that ran elsewhere, and store them as a run.", EXAMPLES
    )
    add = p.add_argument
    add("file", type=users_path, metavar="FILE.csv", help="picture, level, optional fold and sur_... columns")
    add("--template", action="store_true", help="write FILE.csv instead, with a row for each picture")
    add("--name", default="", help="the method's name in tables")
    add("--card", type=users_path, metavar="FILE.toml", help="title, papers and deviations of the method")
    add("--dataset", default="demo", metavar="NAME", help="data set (default: demo)")
    add("--root", type=users_path, metavar="DIR", help="folder the data set was unpacked into")
    add("--codec", default="", metavar="NAME", help="for a set that opens in several")
    add("--folds", default="", metavar="NAME", help="shipped folds, or a CSV file (source,fold) of yours")
    add("--truths", nargs="+", default=(), metavar="NAME", help="what 'the JND' means (default: the data set's)")
    add("--jnd", type=int, default=1, choices=(1, 2, 3), help="first, second or third JND (default: 1)")
    add("--results", type=users_path, default=Path("results"), metavar="DIR", help="stored runs (default: results)")
    return p


if __name__ == "__main__":
    sys.exit(run_command(main))
