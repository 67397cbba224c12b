"""Which sections differ in their codec alone, so that their bytes can be compared; and why others cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from datasets.codecs.jpeg import Jpeg
from reports.results.section import Section

_OF_REFERENCE = ["width_px", "height_px", "gradient", "colourfulness"]
_SAME_FACT = 1e-4
"""Relative: what is computed of the same pixels differs by less between machines."""
_NAMED = 3
"""Pictures that a reason names."""


@final
@dataclass(frozen=True)
class NotCompared:
    """Two sections of one data set in two codecs that do not compare, and why, in a sentence."""

    datasets: tuple[str, str]
    reason: str


def alike_sections(sections: Sequence[Section]) -> Iterator[list[list[Section]]]:
    """For each data set under one setting its sections, those together that compare, one a codec."""
    by_setting: dict[tuple[object, ...], list[Section]] = {}
    for section in sections:
        identity, dataset = section.identity, section.dataset
        key = (dataset.opening_name, identity.folds, identity.truth, identity.jnd, identity.limit)
        by_setting.setdefault(key, []).append(section)
    for members in by_setting.values():
        # Of several states of a codec's data the first has most runs.
        members.sort(key=lambda section: (section.state, section.dataset.codec != Jpeg.name, section.dataset.codec))
        alike: list[list[Section]] = []
        for section in members:
            for group in alike:
                taken = {other.dataset.codec for other in group}
                if section.dataset.codec not in taken and not _why_not(group[0], section):
                    group.append(section)
                    break
            else:
                alike.append([section])
        yield alike


def not_compared(sections: Sequence[Section]) -> list[NotCompared]:
    """Where a reader would expect a comparison and there is none: the same data set, but other pictures or people."""
    pairs = []
    for alike in alike_sections(sections):
        first, *others = (members[0] for members in alike)
        for other in others:
            if first.dataset.codec != other.dataset.codec:
                both = f"{first.dataset.heading} and {other.dataset.heading} ({first.settings})"
                why = _why_not(first, other) or "other runs of that codec are, which were made from other data"
                pairs.append(NotCompared((first.dataset.name, other.dataset.name), f"{both} are not compared: {why}."))
    return pairs


def _why_not(first: Section, second: Section) -> str:
    """Why two sections of different codecs do not compare; empty where they do."""
    if first.dataset.samples != second.dataset.samples:
        return f"the samples are of {first.dataset.samples} and of {second.dataset.samples}"
    pictures, others = (set(zip(s.grid.pictures, s.grid.sources, strict=True)) for s in (first, second))
    if pictures != others:
        return f"only {len(pictures & others)} of {len(pictures | others)} pictures are the same in both"
    table, other_table = first.pictures_table, second.pictures_table
    if table is not None and other_table is not None:
        facts, other_facts = (known[_OF_REFERENCE].to_numpy(float) for known in (table, other_table))
        same = np.isclose(facts, other_facts, rtol=_SAME_FACT, atol=0, equal_nan=True).all(axis=1)
        differing = table["picture"].astype(str)[~same].tolist()
        if differing:
            named = ", ".join(differing[:_NAMED]) + (", ..." if len(differing) > _NAMED else "")
            return f"{len(differing)} pictures of the same name have other pixels: {named}"
    if any(np.isnan(section.grid.of_any("true_bytes")).all() for section in (first, second)):
        return "no sizes are known"
    return ""
