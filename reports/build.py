"""`python -m reports.build`: leaderboards, figures and the page, from the stored results alone."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from datasets.common.commands import command_parser, run_command
from datasets.common.errors import UserError
from datasets.common.files import check_writable, users_path
from protocols.store.store import Store
from reports.figures.catalogue import draw_figures
from reports.pages.html import FigureImages
from reports.pages.index import DEFAULT_PICTURES, USUAL_CHOICE, PictureChoice, index_text, pages
from reports.pages.report_files import Content, Stamp, differing, encoded, write_files
from reports.results.codecs import codec_comparisons
from reports.results.jnds import jnd_comparisons
from reports.results.published import has_published
from reports.results.section import sections_of
from reports.results.truths import truth_rankings
from reports.tables.csv_files import codecs_csv, jnds_csv, leaderboard_csv, pairs_csv, published_csv, truths_csv
from reports.tables.latex import leaderboard_tex, references_bib
from reports.tables.report_json import report_json
from reports.tables.text import leaderboard_markdown

EXAMPLES = """\
examples:
  python -m reports.build
      results/ -> report/: leaderboard.csv, .md, .tex, report.json, references.bib, figures/ and index.html,
      which opens offline, with pages for predictors, methods, data sets and pictures;
      pairs.csv says which differences are more than chance, truths.csv how the ranking changes with the truth;
      codecs.html and codecs.csv too where the same pictures ran in several codecs,
      jnds.html and jnds.csv where they ran under several JNDs,
      published.csv where the methods' papers give numbers on these data sets
  python -m reports.build --results ~/runs --out ~/public/jnd
      other folders
  python -m reports.build --pictures all
      a page for every picture, not only for those that predictors erred most on
  python -m reports.build --check
      write nothing; fail if report/ is not what results/ give; give it the flags that built the report

exit status: 0 all well, 1 --check found a difference, 2 a wrong request
"""

_ROUNDS = 5


def render(results: Path, choice: PictureChoice = USUAL_CHOICE, *, quiet: bool = False) -> dict[str, Content]:
    """Every file of the report by its path in it: a pure function of the results and, for pixels, of the data set.

    :param choice: which pictures get pages; those are made when they are asked for.
    :raises DataError: where a run's files are damaged.
    """
    sections = sections_of(Store(results).current_runs(), results)
    if not sections:
        raise UserError(
            f"{results}: {'holds no stored runs' if results.is_dir() else 'there is no such folder'}. "
            "Run 'python -m protocols.run' first, or name the folder with --results DIR."
        )
    figures = draw_figures(sections, quiet=quiet)
    images = FigureImages(figures)
    texts = {
        "leaderboard.csv": leaderboard_csv(sections),
        "leaderboard.md": leaderboard_markdown(sections),
        "leaderboard.tex": leaderboard_tex(sections),
        "report.json": report_json(sections),
        "references.bib": references_bib(sections),
        "index.html": index_text(sections, images, choice),
        "pairs.csv": pairs_csv(sections),
        **({"truths.csv": truths_csv(sections)} if truth_rankings(sections) else {}),
        **({"codecs.csv": codecs_csv(sections)} if codec_comparisons(sections) else {}),
        **({"jnds.csv": jnds_csv(sections)} if jnd_comparisons(sections) else {}),
        **({"published.csv": published_csv(sections)} if has_published(sections) else {}),
    }
    return {
        **{f"{stem}.png": figure.png for stem, figure in figures.items() if figure.png},
        **{f"{stem}.svg": figure.svg for stem, figure in figures.items()},
        **pages(sections, images, choice),
        **{name: encoded(text) for name, text in texts.items()},
    }


def build(results: Path, out: Path, choice: PictureChoice = USUAL_CHOICE, *, quiet: bool = False) -> None:
    """Write the report and remove what an earlier one wrote and this one no longer has.

    Where a run is stored meanwhile, the report is built again: of several processes that store runs and build the same
    report, the last one must not leave there what it saw before the others were done.

    :raises UserError: where there are no results, or `out` cannot be written.
    """
    for _ in range(_ROUNDS):
        state = Store(results).state()
        write_files(out, render(results, choice, quiet=quiet))
        if Store(results).state() == state:
            break


def refresh(results: Path, out: Path, *, quiet: bool = False) -> Stamp:
    """`build`, unless the report is there, untouched, and was built from these very results.

    :returns: a stamp that remembers the texts that were printed of the results.
    """
    stamp = Stamp(results, out, dataclasses.asdict(USUAL_CHOICE))
    if not stamp.holds:
        build(results, out, quiet=quiet)
        stamp.write()
    return stamp


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    p = command_parser(
        "reports.build",
        "Build the report from stored runs: leaderboards, figures and one page that opens offline.",
        EXAMPLES,
    )
    p.add_argument(
        "--results", type=users_path, default="results", metavar="DIR", help="stored runs (default: results)"
    )
    p.add_argument(
        "--out", type=users_path, default="report", metavar="DIR", help="where the report goes (default: report)"
    )
    p.add_argument(
        "--pictures",
        default=str(DEFAULT_PICTURES),
        type=_how_many,
        metavar="all|none|N",
        help="pages of pictures for each data set: N of those that predictors erred most on, all, or none "
        f"(default: {DEFAULT_PICTURES})",
    )
    p.add_argument(
        "--include-pictures",
        action="store_true",
        help="show the pictures of data sets that may not be passed on, too: for your own eyes, not for a web site",
    )
    p.add_argument("--check", action="store_true", help="write nothing; exit 1 if the report is not up to date")
    p.add_argument("-q", "--quiet", action="store_true", help="errors and warnings only")
    arguments = p.parse_args(argv)
    results, out = arguments.results, arguments.out
    choice = PictureChoice(arguments.pictures, arguments.include_pictures)
    if arguments.check:
        return _check(results, out, choice, quiet=arguments.quiet)
    check_writable(out, "--out")
    build(results, out, choice, quiet=arguments.quiet)
    if not arguments.quiet:
        print(f"report: {out / 'index.html'}")
    return 0


def _check(results: Path, out: Path, choice: PictureChoice, *, quiet: bool) -> int:
    differences = differing(out, render(results, choice, quiet=quiet))
    for line in differences:
        print(line, file=sys.stderr)
    if differences:
        print(
            f"{out} is not what {results} give. Build it again: "
            f"python -m reports.build --results {results} --out {out}{_flags(choice)}",
            file=sys.stderr,
        )
        return 1
    if not quiet:
        print(f"{out} is what {results} give")
    return 0


def _how_many(text: str) -> int | None:
    if text in ("all", "none"):
        return None if text == "all" else 0
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'all', 'none' or a number from 0 up, not {text!r}")
    return int(text)


def _flags(choice: PictureChoice) -> str:
    flags = "" if choice.most == DEFAULT_PICTURES else f" --pictures {'all' if choice.most is None else choice.most}"
    return flags + (" --include-pictures" if choice.include else "")


if __name__ == "__main__":
    sys.exit(run_command(main))
