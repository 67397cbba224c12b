"""The README's table of methods is what the cards say."""

from __future__ import annotations

from pathlib import Path

import pytest

from baselines.catalogue import END, START, methods_table, with_table
from baselines.interface.registry import registry
from datasets.common.errors import UserError

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_readme_has_the_table():
    text = README.read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python -m baselines.catalogue --write README.md"


def test_every_name_is_in_the_table_once():
    table = methods_table()
    for name, entry in registry().items():
        if entry.predictor.__module__.startswith(("baselines.", "sgjnd.")):
            assert table.count(f"`{name}`") == 1


def test_only_what_is_between_the_markers_changes():
    text = f"before\n{START}\nan earlier row\n{END}\nafter\n"
    assert with_table(text).startswith("before\n")
    assert with_table(text).endswith("\nafter\n")
    assert "an earlier row" not in with_table(text)
    with pytest.raises(UserError, match="lacks the lines"):
        with_table("no markers")
