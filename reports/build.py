"""`python -m reports.build`: leaderboards, figures and the page, from the stored results alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from datasets.commands import run_command
from datasets.errors import UserError
from protocols.store import Store
from reports.figures import draw_figures
from reports.files import differing, write_files
from reports.latex import leaderboard_tex
from reports.markdown import leaderboard_markdown
from reports.page import page
from reports.published import has_published
from reports.sections import sections_of
from reports.statistics_tables import pairs_csv, truths_csv
from reports.tables import leaderboard_csv, published_csv
from reports.truths_compared import truth_rankings

EXAMPLES = """\
examples:
  python -m reports.build
      results/ -> report/: leaderboard.csv, .md, .tex, figures/ and index.html, which opens offline;
      pairs.csv says which differences are more than chance, truths.csv how the ranking changes with the truth;
      published.csv too where the methods' papers give numbers on these data sets
  python -m reports.build --results ~/runs --out ~/public/jnd
      other folders
  python -m reports.build --check
      write nothing; fail if report/ is not what results/ give

exit status: 0 all well, 1 --check found a difference, 2 a wrong request
"""


def render(results: Path, *, quiet: bool = False) -> dict[str, bytes]:
    """Every file of the report by its path in it: a pure function of the results.

    :param quiet: shows no progress.
    :raises UserError: where there are no results.
    :raises DataError: where a run's files are damaged.
    """
    sections = sections_of(Store(results).current_runs(), results)
    if not sections:
        raise UserError(
            f"{results}: {'holds no stored runs' if results.is_dir() else 'there is no such folder'}. "
            "Run 'python -m protocols.run' first, or name the folder with --results DIR."
        )
    figures = draw_figures(sections, quiet=quiet)
    texts = {
        "leaderboard.csv": leaderboard_csv(sections),
        "leaderboard.md": leaderboard_markdown(sections),
        "leaderboard.tex": leaderboard_tex(sections),
        "index.html": page(sections, figures),
        "pairs.csv": pairs_csv(sections),
        **({"truths.csv": truths_csv(sections)} if truth_rankings(sections) else {}),
        **({"published.csv": published_csv(sections)} if has_published(sections) else {}),
    }
    return {**figures, **{name: text.encode("utf-8") for name, text in texts.items()}}


def build(results: Path, out: Path, *, quiet: bool = False) -> None:
    """Write the report and remove what an earlier one wrote and this one no longer has.

    :raises UserError: where there are no results, or `out` cannot be written.
    """
    write_files(out, render(results, quiet=quiet))


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    :returns: 0, or 1 where `--check` found a difference.
    """
    p = argparse.ArgumentParser(
        prog="python -m reports.build",
        description="Build the report from stored runs: leaderboards, figures and one page that opens offline.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--results", default="results", metavar="DIR", help="stored runs (default: results)")
    p.add_argument("--out", default="report", metavar="DIR", help="where the report goes (default: report)")
    p.add_argument("--check", action="store_true", help="write nothing; exit 1 if the report is not up to date")
    p.add_argument("-q", "--quiet", action="store_true", help="errors and warnings only")
    arguments = p.parse_args(argv)
    results, out = Path(arguments.results), Path(arguments.out)
    if arguments.check:
        return _check(results, out, quiet=arguments.quiet)
    build(results, out, quiet=arguments.quiet)
    if not arguments.quiet:
        print(f"report: {out / 'index.html'}")
    return 0


def _check(results: Path, out: Path, *, quiet: bool) -> int:
    differences = differing(out, render(results, quiet=quiet))
    for line in differences:
        print(line, file=sys.stderr)
    if differences:
        print(
            f"{out} is not what {results} give. Build it again: "
            f"python -m reports.build --results {results} --out {out}",
            file=sys.stderr,
        )
        return 1
    if not quiet:
        print(f"{out} is what {results} give")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
