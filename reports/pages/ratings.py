"""What the page of a data set says of the ratings themselves, where whoever collected them judged their raters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datasets.codecs import codecs
from datasets.ratings.intervals import truths_of
from datasets.ratings.page import jnd_strip, shown_estimate
from reports.results.cards import DatasetEntry

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class PictureRatings:
    """The samples of a picture.

    :param raters: how many gave one.
    :param mean: of them, in levels, and as `text` with its 95 % interval.
    :param strip: all of them, drawn.
    """

    raters: int
    mean: float
    text: str
    strip: Markup


def picture_ratings(entry: DatasetEntry) -> Mapping[str, PictureRatings]:
    """The samples by picture; empty where nothing is known of their raters, or the results do not hold the samples."""
    tables = [section.pictures_table for section in entry.sections if section.pictures_table is not None]
    codec = codecs().get(entry.records[0].codec)
    if not (entry.screening and tables and codec):
        return {}
    rows = zip(tables[0]["picture"].astype(str), tables[0]["samples"], strict=True)
    known = {name: np.asarray(jnds, dtype=float) for name, jnds in rows if len(jnds)}
    means = [truths.mean for truths in truths_of(list(known.values()), codec, draws=0)]
    return {
        name: PictureRatings(jnds.size, mean.value, shown_estimate(mean), jnd_strip(name, jnds, mean, codec))
        for (name, jnds), mean in zip(known.items(), means, strict=True)
    }
