"""One way from a template to a page: everything escaped, nothing fetched, and only scripts whose hash is named run."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasets.common.hashing import sha256_of_bytes
from datasets.core.reference import Reference
from reports.figures.catalogue import RunFigure, Subject, SummaryFigure
from reports.figures.style import FigureFiles, for_page
from reports.results.cards import (
    CODECS_PAGE,
    INDEX,
    JNDS_PAGE,
    dataset_page,
    method_page,
    picture_page,
    predictor_page,
    section_name,
    up_from,
)
from reports.results.published import measured_under
from reports.results.row import Row
from reports.results.section import Section
from reports.results.section_scores import columns
from reports.results.verdict import remarks, verdict
from reports.results.written import cell, decimal, interval, mark, significant

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

_FOLDER = Path(__file__).parent

TABLE_SCRIPTS = ("assets/address.js", "assets/tables.js", "assets/exports.js")
"""What a page with sortable tables runs."""

INDEX_SCRIPTS = (*TABLE_SCRIPTS, "assets/charts.js", "assets/pair.js", "assets/scatter.js")

PICTURE_SCRIPTS = (*TABLE_SCRIPTS, "assets/flicker.js")


def document(template: str, page: str, *, scripts: tuple[str, ...] = TABLE_SCRIPTS, **values: Any) -> str:
    """A page's HTML.

    :param page: its path in the report; links are made relative to it.
    :param scripts: files beside this one, run in this order.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            up=up_from(page),
            style=_inlined("assets/page.css"),
            scripts=[_inlined(script) for script in scripts],
            **values,
        )
    )


def script_data(value: Any) -> str:
    """A value as JSON that may stand in a script element: nothing in it can end one."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def cited(references: Iterable[Reference]) -> Markup:
    """Works in one line for people, with links to where they are."""
    from markupsafe import Markup, escape

    lines = []
    for reference in references:
        line = escape(reference.text)
        links = {f"doi:{reference.doi}": f"https://doi.org/{quote(reference.doi)}"} if reference.doi else {}
        if reference.url.startswith("https://"):
            links[reference.url] = reference.url
        for text, address in links.items():
            link = Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, text)
            line = line.replace(escape(text), link, 1)
        lines.append(line)
    return Markup("; ").join(lines)


def data_uri(content: bytes, media_type: str) -> str:
    """The content as an address that needs no file."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def svg_uri(svg: bytes) -> Markup:
    """An SVG for pages as an address that needs no file, for an attribute in double quotes: a quarter as long as in
    base64.

    Its numbers have two decimals, hundredths of a pixel. What many elements say of their looks is said once, by class.

    :param svg: as `reports.figures.style.for_page` gives it, with a style of its own.
    """
    from markupsafe import Markup

    ids: dict[str, str] = {}
    classes: dict[str, str] = {}

    def shorter(tag: re.Match[str]) -> str:
        text = re.sub(r"(\.\d\d)\d+", r"\1", re.sub(r"\s+", " ", tag[0])).replace("; ", ";").replace('"', "'")
        text = re.sub(r" transform='rotate\(-0 [^']*'", "", text).replace(" xlink:href=", " href=")
        text = re.sub(r"(?<= d=')[^']*", lambda path: re.sub(r" ?([A-Za-z]) ?", r"\1", path[0]), text)
        text = re.sub(r"((?: id='| href='#|\(#))(\w+)", lambda at: at[1] + ids.setdefault(at[2], f"i{len(ids)}"), text)
        return re.sub(r" style='([^']*)'", lambda at: f" class='{classes.setdefault(at[1], f's{len(classes)}')}'", text)

    text = re.sub(r"<[^>]*>", shorter, svg.decode("utf-8"))
    text = re.sub(r">\s+<", "><", text).replace("\n", " ")
    rules = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    text = text.replace("</style>", f"{rules}</style>", 1)
    for letter in ("%", "&", "#", '"', "<style", "</style"):
        text = text.replace(letter, letter.replace(letter[0], f"%{ord(letter[0]):02X}"))
    return Markup(f"data:image/svg+xml;charset=utf-8,{text}")  # what could end the attribute is escaped


class FigureImages:
    """The report's figures as pages show them: the SVG itself with the page's colours, and what it shows in words.

    :param figures: by stem, as `reports.figures.catalogue.draw_figures` gives them.
    """

    def __init__(self, figures: Mapping[str, FigureFiles]) -> None:
        self._figures = figures
        self._sources: dict[str, Markup] = {}

    def of_summary(
        self, kinds: Sequence[SummaryFigure[Subject]], subject: Subject
    ) -> list[tuple[SummaryFigure[Subject], dict[str, str] | None]]:
        """Each figure of a section, or between truths, with its image; None where it has nothing to draw."""
        return [(kind, self._image(kind.stem(subject))) for kind in kinds]

    def of_run(self, kind: RunFigure, section: Section, row: Row) -> dict[str, str] | None:
        """A run's figure; None where it has none."""
        return self._image(kind.stem(section, row))

    def _image(self, stem: str) -> dict[str, str] | None:
        figure = self._figures.get(stem)
        if figure is None:
            return None
        if stem not in self._sources:  # an image stands on several pages
            self._sources[stem] = svg_uri(for_page(figure.svg))
        return {"alt": figure.alt, "source": self._sources[stem], "stem": stem}


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    functions = (
        cell,
        cited,
        columns,
        decimal,
        interval,
        mark,
        measured_under,
        remarks,
        script_data,
        section_name,
        significant,
        verdict,
    )
    page_paths = (dataset_page, method_page, picture_page, predictor_page)
    environment.globals.update(
        {function.__name__: function for function in (*functions, *page_paths)},
        index_page=INDEX,
        codecs_page=CODECS_PAGE,
        jnds_page=JNDS_PAGE,
    )
    return environment


@functools.cache
def _inlined(name: str) -> dict[str, str]:
    """A style or script, and its hash as a Content-Security-Policy names it."""
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return {"text": text, "sha256": base64.b64encode(bytes.fromhex(sha256_of_bytes(text))).decode()}
