"""BibTeX that parses, and JSON as its description says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reports.results.section import Section
from reports.tables.latex import bibtex, cited_works, references_bib
from reports.tables.report_json import report_json
from tests.reports.conftest import read_sections

REPOSITORY = Path(__file__).parents[3]
EVIL = '{Braces} \\ & % $ # _ ~ ^ " @misc{x, }'
PAPER = {
    "authors": ["C.-H. Chou", "Y.-C. Li"],
    "title": "A coder, based on a profile",
    "venue": "IEEE TCSVT 5(6):467-476",
    "year": 1995,
    "doi": "10.1109/76.475889",
}


@pytest.fixture
def sections(tmp_path, store_run) -> list[Section]:
    store_run(tmp_path, "constant")
    store_run(tmp_path, "chou1995", info={"card": {"references": [PAPER]}})
    evil = {**PAPER, "authors": [], "title": EVIL, "doi": EVIL, "url": EVIL}
    store_run(tmp_path, "psnr", failing=2, info={"card": {"references": [evil]}})
    store_run(tmp_path, "lost", failing=24, info={"card": {"name": "chou1995", "references": [PAPER]}})
    study = {"authors": ["L. Jin", "others"], "title": "A study", "venue": "IS&T Electronic Imaging", "year": 2016}
    store_run(tmp_path, "constant", dataset="mcl-jci", info={"dataset": {"references": [study]}})
    return read_sections(tmp_path)


def _entries(text: str) -> dict[str, dict[str, str]]:
    """A strict reader of what the file may hold: entries with a key, and fields between balanced braces."""
    entries: dict[str, dict[str, str]] = {}
    for block in re.split(r"\n(?=@)", text)[1:]:
        head, *lines = block.strip().splitlines()
        key = re.fullmatch(r"@[a-z]+\{([a-z0-9_-]+),", head)
        assert key and lines.pop() == "}", head
        assert key[1] not in entries
        entries[key[1]] = {}
        for line in lines:
            field = re.fullmatch(r"  ([a-z]+) = \{(.*)\},", line)
            assert field, line
            depth = 0
            for letter in field[2]:
                depth += (letter == "{") - (letter == "}")
                assert depth >= 0, line
            assert depth == 0, line
            assert not re.search(r"(?<!\\)[&%$#_]", field[2]) or field[1] in ("doi", "eprint", "url")
            entries[key[1]][field[1]] = field[2]
    return entries


def test_what_was_used_can_be_cited(sections):
    entries = _entries(references_bib(sections))
    assert set(entries) == {"chou1995", "psnr", "data-mcl-jci"}
    chou = entries["chou1995"]
    assert chou["author"] == "C.-H. Chou and Y.-C. Li"
    assert chou["title"] == "{A coder, based on a profile}"
    assert chou["year"] == "1995"
    assert chou["doi"] == "10.1109/76.475889"
    assert entries["data-mcl-jci"]["author"] == "L. Jin and others"
    assert entries["psnr"]["note"].startswith(
        r"\textbraceleft{}Braces\textbraceright{} \textbackslash{} \& \% \$ \# \_"
    )


def test_cards_of_one_name_and_two_papers_get_keys_of_their_own(tmp_path, store_run):
    store_run(tmp_path, "one", info={"card": {"name": "same", "references": [PAPER]}})
    store_run(tmp_path, "two", info={"card": {"name": "same", "references": [{**PAPER, "title": "Another"}]}})
    keys = [work.key for work in cited_works(read_sections(tmp_path))]
    assert len(set(keys)) == 2
    assert all(key.startswith("same-") for key in keys)


def test_a_line_break_cannot_end_an_entry():
    assert bibtex("a\n}\n@misc{b,") == r"a \textbraceright{} @misc\textbraceleft{}b,"


def _names(value: Any, path: str = "") -> set[str]:
    """Every name in the JSON as the description writes it; what has no fixed names is not looked into."""
    if isinstance(value, list):
        return set().union(*(_names(item, f"{path}[]") for item in value)) if value else set()
    if not isinstance(value, dict) or path.endswith(
        (".scores", ".parameters", ".fitted", ".versions", ".machine", ".card")
    ):
        return set()
    if path.endswith(".facts[]"):
        return set()
    names = set()
    for name, inner in value.items():
        inside = f"{path}.{name}".removeprefix(".")
        names |= {inside} | _names(inner, inside)
    return names


def test_every_name_of_the_json_is_described_and_every_described_name_is_there(
    demo_results, sections, tmp_path, store_codec_run, store_run
):
    for codec in ("jpeg", "webp"):
        store_codec_run(tmp_path / "codecs", codec)
    for jnd in (1, 2):
        store_run(tmp_path / "jnds", jnd=jnd)
    described = re.findall(r"^\| `([^`]+)` \|", (REPOSITORY / "docs" / "report-schema.md").read_text(), re.MULTILINE)
    assert len(described) == len(set(described))
    reports = (sections, read_sections(demo_results), *map(read_sections, (tmp_path / "codecs", tmp_path / "jnds")))
    given = set().union(*(_names(json.loads(report_json(report))) for report in reports))
    # Single JNDs are not stored with these runs, so there is no ceiling.
    assert given == {name for name in described if ".ceilings[]" not in name}


def test_the_json_says_what_the_table_says(sections):
    content = json.loads(report_json(sections))
    demo = content["sections"][0]
    assert [row["predictor"] for row in demo["rows"]] == [row.predictor for row in sections[0].rows]
    lost = next(row for row in demo["rows"] if row["predictor"] == "lost")
    assert lost["status"] == "failed"
    assert lost["scores"]["mae"] is None
    assert "no edges" in lost["failures"][0]
    chou = next(row for row in demo["rows"] if row["predictor"] == "chou1995")
    assert chou["scores"]["mae"] == sections[0].rows[0].scores["mae"]


def test_no_folder_of_the_machine_stands_in_the_json(tmp_path, store_run):
    store_run(tmp_path, "constant", info={"dataset": {"root": "/home/me/secret", "options": {"jnd": 1}}})
    assert "secret" not in report_json(read_sections(tmp_path))
