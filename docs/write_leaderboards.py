"""Writes the leaderboards of docs/codecs.md, `python docs/write_leaderboards.py RESULTS`, from stored runs:

for codec in webp avif jp2; do python -m protocols.run --codec $codec --results RESULTS; done
"""

from __future__ import annotations

import sys
from pathlib import Path

from protocols.store.store import Store
from reports.results.published import PublishedNumbers
from reports.results.section import Section, sections_of
from reports.results.verdict import comparisons
from reports.tables.table import Table, leaderboard_table
from reports.tables.text import markdown, markdown_table

PAGE = Path(__file__).parent / "codecs.md"
START = "<!-- leaderboards: written by python docs/write_leaderboards.py RESULTS -->"
END = "<!-- end of leaderboards -->"
BEST, ALWAYS = 10, ("constant", "codec-default")
COLUMNS = ("predictor", "mae", "against_constant")


def main() -> None:
    """Write the page."""
    results = Path(sys.argv[1])
    sections = sections_of(Store(results).current_runs(), results)
    demos = [section for section in sections if section.dataset.opens_as == "demo" and section.dataset.codec != "jpeg"]
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    PAGE.write_text("\n\n".join([before + START, *map(_leaderboard, demos), END + after]), encoding="utf-8")


def _leaderboard(section: Section) -> str:
    table = leaderboard_table(section, PublishedNumbers((), ())).only(lambda column: column.name in COLUMNS)
    lines = [line for place, line in enumerate(table.lines) if place < BEST or line.cells[0].text in ALWAYS]
    shown = markdown_table(Table(table.columns, tuple(lines), table.foot))
    about = f"{section.caption} The best {BEST} of {len(table.lines)} rows, `{'` and `'.join(ALWAYS)}`."
    return "\n\n".join([f"### {markdown(section.title)}", about, shown, *map(str, comparisons(section))])


if __name__ == "__main__":
    main()
