"""`index.html`: one self-contained page that opens offline. Jinja2 escapes everything that comes from a run."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.axes import mae_limit
from reports.columns import COLUMNS, HOW_TO_READ, Column, interval, mark, significant
from reports.drawing import for_page
from reports.figures import RUN_FIGURES, SECTION_FIGURES, RunFigure, run_stem, section_stem
from reports.names import safe_name, section_name
from reports.published import has_published, published
from reports.rows import CeilingRow, Row
from reports.sections import Section
from reports.statistics_tables import truth_notes, truth_table
from reports.truths_compared import truth_rankings

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Method:
    """A card and the names it ran under, with their parameters."""

    card: dict[str, Any]
    ran_as: dict[str, dict[str, Any]]

    @property
    def anchor(self) -> str:
        """The id of its place on the page."""
        return f"method-{safe_name(self.card_key)}"

    @property
    def card_key(self) -> str:
        """Tells cards apart, also where two of one name differ in what they say."""
        return card_key(self.card)


def page(sections: Sequence[Section], figures: Mapping[str, bytes]) -> str:
    """The page.

    :param figures: files by path, as `reports.figures.draw_figures` gives them.
    """
    import jinja2

    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        mark=mark,
        interval=interval,
        significant=significant,
        section_name=section_name,
        method_anchor=lambda row: f"method-{safe_name(card_key(row.card))}",
        bar=interval_bar,
        groups=column_groups(),
        columns=COLUMNS,
        section_figures=lambda section: _section_images(section, figures),
        run_figures=RUN_FIGURES,
        run_images=lambda kind, section: _run_images(kind, section, figures),
        published=published,
        truth_table=truth_table,
        truth_notes=truth_notes,
    )
    return environment.get_template("page.html.j2").render(
        sections=sections,
        methods=methods(sections),
        has_published=has_published(sections),
        truth_rankings=truth_rankings(sections),
        how_to_read=HOW_TO_READ,
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        script=script,
        script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def methods(sections: Sequence[Section]) -> list[Method]:
    """Every method that ran, by name: those whose cards say the same stand together."""
    found: dict[str, Method] = {}
    for section in sections:
        for row in section.rows:
            method = found.setdefault(card_key(row.card), Method(row.card, {}))
            method.ran_as.setdefault(row.predictor, row.run.info.get("parameters", {}))
    return [found[key] for key in sorted(found)]


def card_key(card: Mapping[str, Any]) -> str:
    """The card's name, and a hash of all it says."""
    text = json.dumps(card, sort_keys=True)
    return f"{card.get('name', '')}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


@dataclass(frozen=True)
class Bar:
    """An MAE and its interval as percentages of the axis; what lies beyond the axis stands at its end."""

    mae: float
    low: float
    high: float
    control: float | None


def interval_bar(section: Section, row: Row | CeilingRow) -> Bar | None:
    """Where to draw the MAE of a row; None where it has none."""
    mae, low, high = (row.scores[name] for name in ("mae", "mae_low", "mae_high"))
    if mae is None:
        return None
    limit = mae_limit(section)
    control = section.control.scores["mae"] if section.control is not None else None

    def place(value: float) -> float:
        return round(100 * min(value, limit) / limit, 2)

    return Bar(
        mae=place(mae),
        low=place(mae if low is None else low),
        high=place(mae if high is None else high),
        control=None if control is None else place(control),
    )


def column_groups() -> list[tuple[str, list[Column]]]:
    """Columns under their common headings, in order."""
    groups: dict[str, list[Column]] = {}
    for column in COLUMNS:
        groups.setdefault(column.group, []).append(column)
    return list(groups.items())


def _section_images(section: Section, figures: Mapping[str, bytes]) -> list[dict[str, str]]:
    return [
        _image(section_stem(kind, section), kind.describe(section), figures)
        for kind in SECTION_FIGURES
        if f"{section_stem(kind, section)}.svg" in figures
    ]


def _run_images(kind: RunFigure, section: Section, figures: Mapping[str, bytes]) -> list[dict[str, str]]:
    stems = {run_stem(kind, section, row): row for row in section.rows}
    return [
        _image(stem, kind.describe(section, row), figures) for stem, row in stems.items() if f"{stem}.svg" in figures
    ]


def _image(stem: str, alt: str, figures: Mapping[str, bytes]) -> dict[str, str]:
    encoded = base64.b64encode(for_page(figures[f"{stem}.svg"])).decode()
    return {"alt": alt, "source": f"data:image/svg+xml;base64,{encoded}", "file": f"{stem}.png"}
