"""What the owner's page shows of a study that is going on."""

from __future__ import annotations

from typing import Any

from datasets.ratings.study.study import Study


def owner_view(study: Study) -> dict[str, Any]:
    """The live numbers."""
    return {
        "raters": [],
        "pictures": [],
        "ratings": 0,
        "wanted": 0,
        "minutes_left": None,
        "split_half": None,
        "automated": 0,
    }
