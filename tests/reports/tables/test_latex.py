"""What goes into a paper: tables that fit an article's page, and entries that BibTeX takes without a word."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess

import pytest

from reports.tables.latex import leaderboard_tex, references_bib
from tests.reports.conftest import read_sections

PAPER = r"""\documentclass[twocolumn]{article}
\usepackage[T1]{fontenc}\usepackage{booktabs}
\begin{document}\nocite{*}\input{leaderboard.tex}\bibliographystyle{plain}\bibliography{references}\end{document}
"""


@pytest.mark.skipif(not (shutil.which("pdflatex") and shutil.which("bibtex")), reason="needs pdflatex and bibtex")
def test_tables_fit_a_page_in_two_columns_and_bibtex_is_content(tmp_path, store_run):
    names = ("constant", "psnr", "chou1995", "watson1997-as-published")
    for name in names:
        store_run(tmp_path / "results", name)
    store_run(tmp_path / "results", "broken", failing=24)
    sections = read_sections(tmp_path / "results")
    # As many rows as the demo has, and more than a page has room for.
    sections += [dataclasses.replace(sections[0], rows=sections[0].rows * times) for times in (9, 14)]
    for file, text in (("leaderboard.tex", leaderboard_tex(sections)), ("references.bib", references_bib(sections))):
        (tmp_path / file).write_text(text, encoding="utf-8")
    (tmp_path / "paper.tex").write_text(PAPER, encoding="utf-8")
    for command in (["pdflatex", "-interaction=nonstopmode", "paper"], ["bibtex", "paper"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
        for complaint in ("Overfull", "Warning--", "too large", "! "):
            assert complaint not in done.stdout, done.stdout
