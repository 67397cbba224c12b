"""Protects the page of methods: it is what the cards say, and it has every name."""

from __future__ import annotations

from pathlib import Path

from baselines.catalogue import main, methods_page
from baselines.interface.card import KINDS
from baselines.interface.registry import registry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "methods.md"


def test_the_page_is_what_the_cards_say(tmp_path, capsys):
    page = PAGE.read_text(encoding="utf-8")
    assert page == methods_page(), "run: python -m baselines.catalogue --write docs/methods.md"
    assert main(["--write", str(tmp_path / "methods.md")]) == 0
    assert (tmp_path / "methods.md").read_bytes() == PAGE.read_bytes()
    assert main([]) == 0
    assert capsys.readouterr().out == methods_page()


def test_every_name_is_in_the_table_of_its_kind_once():
    sections = dict(zip(KINDS, methods_page().split("\n## ")[1:], strict=True))
    for name, entry in registry().items():
        if entry.kind in KINDS:
            tables = [line for line in sections[entry.kind].splitlines() if line.startswith("|")]
            assert "\n".join(tables).count(f"`{name}`") == 1
